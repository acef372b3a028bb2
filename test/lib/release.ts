import { built, shipped } from "./world.ts";
import { type Labels, podTemplate, isWorkload, specOf } from "./objects.ts";
import { dataSourceConfig, type Base } from "../../src/core/model/component.ts";
import { fileText } from "../../src/core/util/text.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

/**
 * What an object, a literal or a name is like, by its identity: `StatefulSet loki-write`, `literal
 * LOKI_RETENTION of loki-settings`.
 */
export type Baseline = Readonly<Record<string, string>>;

const labels = (all: Labels = {}): string =>
  Object.entries(all)
    .map(([key, value]) => `${key.replace("app.kubernetes.io/", "")}=${value}`)
    .join(",");

interface Claim {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
}
interface Spec {
  readonly serviceName?: string;
  readonly volumeClaimTemplates?: readonly Claim[];
  readonly clusterIP?: string;
  readonly selector?: Labels;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
}

/**
 * What cannot change in place, or what somebody outside has written down; undefined of an object
 * that nobody refers to.
 */
function shapeOf(object: Manifest): string | undefined {
  const { serviceName, volumeClaimTemplates = [], clusterIP, selector, ports = [] } = specOf<Spec>(object) ?? {};
  if (isWorkload(object)) {
    const claims = volumeClaimTemplates.map(
      ({ metadata, spec }) =>
        `claim ${metadata.name} ${spec.resources?.requests?.storage} ${spec.accessModes?.join("+")}`,
    );
    return [
      `selects ${labels(podTemplate(object).selector?.matchLabels)}`,
      ...(serviceName ? [`governed by ${serviceName}`] : []),
      ...claims,
    ].join("; ");
  }
  if (object.kind === "Service") {
    const all = ports.map(({ name, port, protocol }) => `${name}:${port}${protocol === "UDP" ? "/UDP" : ""}`);
    return `selects ${labels(selector)}; ${all.join(" ")}${clusterIP === "None" ? "; headless" : ""}`;
  }
  if (/^(ServiceAccount|PersistentVolumeClaim|Ingress|HTTPRoute)$/.test(object.kind)) return "";
  return undefined;
}

/**
 * Literals whose values programs have written into what they keep, or that users have written down.
 */
const lasting = /(^|_)BUCKET(_|$)|^CLUSTER_ID$/;

const ofBase = ({ objects, configs, secrets, component }: Base): readonly (readonly [string, string])[] => [
  ...objects.flatMap((object): (readonly [string, string])[] => {
    const shape = shapeOf(object);
    return shape === undefined ? [] : [[`${object.kind} ${object.metadata.name}`, shape]];
  }),
  ...configs.flatMap(({ name, literals = {} }) =>
    Object.entries(literals).flatMap(([key, value]): (readonly [string, string])[] =>
      key === "BUCKETS"
        ? // A bucket more harms nobody.
          value.split(" ").map((bucket) => [`bucket ${bucket} of ${name}`, ""])
        : [[`literal ${key} of ${name}`, lasting.test(key) ? value : ""]],
    ),
  ),
  ...configs
    .filter(({ name }) => name !== dataSourceConfig(component.name))
    .flatMap(({ name, files = {} }) => Object.keys(files).map((file) => [`file ${file} of ${name}`, ""] as const)),
  ...secrets.flatMap(({ name, env = {}, files = {} }) =>
    [...Object.keys(env), ...Object.keys(files)].map((key) => [`key ${key} of Secret ${name}`, ""] as const),
  ),
  ...configs
    .filter(({ name }) => name === dataSourceConfig(component.name))
    .flatMap(({ files = {} }) => Object.values(files))
    .flatMap((content) =>
      [...fileText(content).matchAll(/^ +name: (.+)\n +uid: (\S+)\n +type: (\S+)/gm)].map(
        ([, name = "", uid = "", type = ""]) => [`data source ${uid}`, `${type} ${name}`] as const,
      ),
    ),
];

/** Names that stand in texts: topics, and what a schema calls its index. */
const named = ({ configs, pods }: Base): readonly (readonly [string, string])[] => {
  const text = [
    ...configs.flatMap(({ files = {} }) => Object.values(files).map(fileText)),
    ...pods.flatMap(({ pod }) => pod.containers.flatMap(({ command = [] }) => command)),
  ].join("\n");
  return [
    ...[...text.matchAll(/^ +topic: (\S+)$/gm)].map(([, topic = ""]) => [`topic ${topic}`, ""] as const),
    ...[...text.matchAll(/\b(\w+):\$KAFKA_PARTITIONS_\w+/g)].map(
      ([, topic = ""]) => [`made topic ${topic}`, ""] as const,
    ),
    ...[...text.matchAll(/from: "?([\d-]+)"?\n +store: (\w+)\n[^]*?schema: (\w+)\n +index:\n +prefix: (\S+)/g)].map(
      ([, from = "", store = "", schema = "", prefix = ""]) =>
        [`schema of ${from}`, `${store} ${schema} ${prefix}`] as const,
    ),
  ];
};

/** The whole of it, of all bases and environments as they are committed. */
export function baseline(): Baseline {
  const found = new Map<string, Map<string, string[]>>();
  for (const base of built.bases)
    for (const [id, shape] of [...ofBase(base), ...named(base)]) {
      const shapes = found.get(id) ?? new Map<string, string[]>();
      const where = `${base.component.name}/${base.mode}`;
      shapes.set(shape, [...new Set([...(shapes.get(shape) ?? []), where])]);
      found.set(id, shapes);
    }
  const entries = [...found].map(([id, shapes]) => {
    const texts = [...shapes].map(([shape, where]) => `${where.sort().join(" ")}${shape && ` | ${shape}`}`);
    return [id, texts.sort().join(" || ")] as const;
  });
  const environments = shipped.map(
    ({ environment: { name, namespaces } }) =>
      [`environment ${name}`, `${namespaces.stack} ${namespaces.agents}`] as const,
  );
  return Object.fromEntries([...entries, ...environments].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What has gone or become another since then. What is new harms nobody. */
export const changes = (before: Baseline, now: Baseline): readonly (readonly [string, string])[] =>
  Object.entries(before).flatMap(([id, shape]): (readonly [string, string])[] => {
    if (now[id] === undefined) return [[id, "is gone"]];
    return now[id] === shape || grown(shape, now[id]) ? [] : [[id, `was ${shape}, is ${now[id]}`]];
  });

/** The same shapes, in more bases than before. */
function grown(before: string, now: string): boolean {
  const read = (text: string) =>
    new Map(
      text.split(" || ").map((one): [string, readonly string[]] => {
        const [where = "", ...shape] = one.split(" | ");
        return [shape.join(" | "), where.split(" ")];
      }),
    );
  const [old, current] = [read(before), read(now)];
  return [...old].every(([shape, where]) => where.every((one) => current.get(shape)?.includes(one)));
}
