import type { IContainer } from "kubernetes-models/v1/Container";
import { parse } from "yaml";
import type { Findings } from "./findings.ts";
import { once } from "../../src/core/util/once.ts";
import {
  byId,
  configMapsOf,
  containersOf,
  idOf,
  isWorkload,
  type Labels,
  podTemplates,
  type PodTemplate,
  secretsOf,
  specOf,
} from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

const withoutHash = (name: string): string => name.replace(/-[bcdfghkmt2456789]{10}$/, "");

/**
 * References to objects that do not exist.
 * @param expectedSecrets names of Secrets that the user creates
 */
export function nameLinks(objects: readonly Manifest[], expectedSecrets: readonly string[] = []): Findings {
  const there = new Set(objects.map(idOf));
  return podTemplates(objects).flatMap((pod) => {
    const { spec, namespace, claims } = pod;
    const say = (missing: boolean, at: string, text: string): string[] => (missing ? [`${pod.id} ${at}: ${text}`] : []);
    const volumes = [...(spec.volumes ?? []).map(({ name }) => name), ...claims];
    const mounts = containersOf(pod).flatMap((one) =>
      (one.volumeMounts ?? []).map(({ name }) => ({ at: `containers.${one.name}`, name })),
    );
    const account = spec.serviceAccountName ?? "";
    const { serviceName } = specOf<{ serviceName?: string }>(byId(objects).get(pod.id) as Manifest);
    return [
      ...configMapsOf(pod)
        .filter(({ optional }) => !optional)
        .flatMap(({ name }) => say(!there.has(`ConfigMap ${namespace}/${name}`), "spec", `no ConfigMap ${name}`)),
      ...secretsOf(pod)
        .filter(({ optional, name }) => !optional && !expectedSecrets.includes(name))
        .flatMap(({ name }) => say(!there.has(`Secret ${namespace}/${name}`), "spec", `no Secret ${name}`)),
      ...say(!there.has(`ServiceAccount ${namespace}/${account}`), "spec", `no ServiceAccount ${account}`),
      ...say(
        serviceName !== undefined && !there.has(`Service ${namespace}/${serviceName}`),
        "spec.serviceName",
        `no Service ${serviceName}`,
      ),
      ...(spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
        say(
          claim !== undefined && !there.has(`PersistentVolumeClaim ${namespace}/${claim.claimName}`),
          "spec.volumes",
          `no PersistentVolumeClaim ${claim?.claimName}`,
        ),
      ),
      ...mounts.flatMap(({ at, name }) => say(!volumes.includes(name), at, `no volume ${name}`)),
      ...volumes.flatMap((name) =>
        say(!mounts.some((mount) => mount.name === name), "spec.volumes", `nobody mounts ${name}`),
      ),
      ...volumes
        .filter((name, i) => volumes.indexOf(name) !== i)
        .map((name) => `${pod.id} spec.volumes: ${name} is there twice`),
    ];
  });
}

/**
 * Keys of the ConfigMaps and Secrets in a volume; undefined for other kinds of volumes, and for
 * objects that are not generated.
 */
function shown(pod: PodTemplate, name: string, objects: readonly Manifest[]): readonly string[] | undefined {
  const volume = pod.spec.volumes?.find((one) => one.name === name);
  const id = volume?.configMap?.name
    ? `ConfigMap ${pod.namespace}/${volume.configMap.name}`
    : volume?.secret?.secretName
      ? `Secret ${pod.namespace}/${volume.secret.secretName}`
      : undefined;
  const found = byId(objects).get(id ?? "");
  return found ? Object.keys((found["data"] ?? {}) as Labels) : undefined;
}

/** Paths in arguments and variables for which the mounted ConfigMap or Secret has no key. */
export function keyFaults(objects: readonly Manifest[]): Findings {
  return podTemplates(objects).flatMap((pod) =>
    containersOf(pod).flatMap((one) => {
      const texts = [...(one.args ?? []), ...(one.env ?? []).map(({ value = "" }) => value)];
      const paths = texts.flatMap((text) =>
        [...text.matchAll(/(?:^|=)(\/etc\/[\w./-]+)$/g)].map(([, path = ""]) => path),
      );
      return paths.flatMap((path) =>
        (one.volumeMounts ?? [])
          .filter(({ mountPath }) => path.startsWith(`${mountPath}/`))
          .filter(
            ({ name, mountPath }) => shown(pod, name, objects)?.includes(path.slice(mountPath.length + 1)) === false,
          )
          .map(({ name }) => `${pod.id} containers.${one.name}: volume ${name} has no file ${path}`),
      );
    }),
  );
}

/** Paths in arguments, commands and variables where nothing is mounted. */
export function fileFaults(objects: readonly Manifest[]): Findings {
  return podTemplates(objects).flatMap((pod) =>
    containersOf(pod).flatMap((one) => {
      const mounts = (one.volumeMounts ?? []).map(({ mountPath }) => mountPath);
      const texts = [...(one.args ?? []), ...(one.env ?? []).map(({ value = "" }) => value)];
      return texts
        .flatMap((text) =>
          [...text.matchAll(/(?:^|=)(\/(?:etc|data|tmp|host)\/?[\w./*-]*)/g)].map(([, path = ""]) => path),
        )
        .filter((path) => !mounts.some((mount) => path === mount || path.startsWith(`${mount}/`)))
        .map((path) => `${pod.id} containers.${one.name}: nothing is mounted at ${path}`);
    }),
  );
}

/** Names of the variables in a container's environment. */
function environmentOf(
  pod: PodTemplate,
  { env = [], envFrom = [] }: IContainer,
  objects: readonly Manifest[],
  secretKeys: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const keys = (kind: string, name: string): readonly string[] => {
    const found = byId(objects).get(`${kind} ${pod.namespace}/${name}`);
    return found ? Object.keys((found["data"] ?? {}) as Labels) : (secretKeys.get(name) ?? []);
  };
  return [
    ...env.map(({ name }) => name),
    ...envFrom.flatMap(({ configMapRef, secretRef, prefix = "" }) =>
      [
        ...(configMapRef?.name ? keys("ConfigMap", configMapRef.name) : []),
        ...(secretRef?.name ? keys("Secret", secretRef.name) : []),
      ].map((key) => prefix + key),
    ),
  ];
}

const upper = "([A-Z][A-Z0-9_]+)";
const inConfigs = [
  new RegExp(`(?<!\\$)\\$\\{${upper}(?::[^}]*)?\\}`, "g"),
  new RegExp(`sys\\.env\\("${upper}"\\)`, "g"),
  new RegExp(`__ENV\\.${upper}`, "g"),
];
const inArguments = [new RegExp(`\\$\\(${upper}\\)`, "g")];
const inCommands = [new RegExp(`\\$\\{?${upper}\\b`, "g"), ...inArguments];
const namesIn = (text: string, patterns: readonly RegExp[]): readonly string[] =>
  patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = ""]) => name));

/** Names of the ConfigMaps that a container mounts. */
const mountedBy = ({ spec }: PodTemplate, { volumeMounts = [] }: IContainer): readonly string[] => {
  const mounted = new Set(volumeMounts.map(({ name }) => name));
  return (spec.volumes ?? [])
    .filter(({ name }) => mounted.has(name))
    .flatMap(({ configMap, projected }) => [configMap, ...(projected?.sources ?? []).map((source) => source.configMap)])
    .flatMap((one) => (one?.name ? [one.name] : []));
};

interface Use {
  readonly at: string;
  readonly pod: PodTemplate;
  readonly container: IContainer;
  readonly name: string;
}

/** Every variable in a container's configuration, arguments and command. */
const uses = once((objects: readonly Manifest[]): readonly Use[] =>
  podTemplates(objects).flatMap((pod) =>
    containersOf(pod).flatMap((container) => {
      const use = (at: string, names: readonly string[]): Use[] => names.map((name) => ({ at, pod, container, name }));
      const { args = [], command = [], env = [] } = container;
      const configs = mountedBy(pod, container).flatMap((name) => {
        const found = byId(objects).get(`ConfigMap ${pod.namespace}/${name}`);
        return Object.entries((found?.["data"] ?? {}) as Labels).flatMap(([key, text]) =>
          use(`ConfigMap ${pod.namespace}/${name} data.${key}`, namesIn(text, inConfigs)),
        );
      });
      return [
        ...configs,
        ...use(`${pod.id} containers.${container.name}.args`, namesIn(args.join("\n"), inArguments)),
        ...use(`${pod.id} containers.${container.name}.command`, namesIn(command.join("\n"), inCommands)),
        ...env.flatMap(({ name, value = "" }) =>
          use(`${pod.id} containers.${container.name}.env.${name}`, namesIn(value, inArguments)),
        ),
      ];
    }),
  ),
);

/**
 * Variables without a value.
 * @param secretKeys keys of the Secrets that the user creates, by name
 */
export function unsetVariables(
  objects: readonly Manifest[],
  secretKeys: ReadonlyMap<string, readonly string[]>,
  mayBeUnset: readonly string[],
): Findings {
  // In a shell, the word after ":-" is the default.
  const hasDefault = ({ command = [] }: IContainer, name: string): boolean =>
    command.some((text) => text.includes(`\${${name}:-`));
  return uses(objects)
    .filter(({ container, name }) => !mayBeUnset.includes(name) && !hasDefault(container, name))
    .filter(({ pod, container, name }) => !environmentOf(pod, container, objects, secretKeys).includes(name))
    .map(
      ({ at, pod, container, name }) =>
        `${at}: ${name} is not in the environment of ${pod.id} containers.${container.name}`,
    );
}

/**
 * Literals of settings ConfigMaps without a reader. Grafana reads all GF_ variables, OpenTelemetry's
 * SDK all OTEL_ ones, and Go reads the variables of a proxy.
 */
export function unusedSettings(objects: readonly Manifest[], mayBeUnused: readonly string[] = []): Findings {
  const used = uses(objects);
  return objects
    .filter(({ kind, metadata }) => kind === "ConfigMap" && withoutHash(metadata.name).endsWith("-settings"))
    .flatMap((config) =>
      Object.keys((config["data"] ?? {}) as Labels)
        .filter((key) => !/^(GF_.*|OTEL_.*|HTTPS_PROXY|NO_PROXY)$/.test(key) && !mayBeUnused.includes(key))
        .filter((key) => {
          const { namespace, name } = config.metadata;
          return !used.some(
            (use) =>
              use.name === key &&
              use.pod.namespace === namespace &&
              (use.container.envFrom ?? []).some(({ configMapRef }) => configMapRef?.name === name),
          );
        })
        .map((key) => `${idOf(config)} data.${key}: nobody uses it`),
    );
}

interface Source {
  readonly name: string;
  readonly uid: string;
  readonly isDefault?: boolean;
}

const referredUids = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(referredUids);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string" && /^(datasource|alertmanager)Uid$/.test(key) ? [inner] : referredUids(inner),
  );
};

/** Data sources that Grafana does not mount, or that refer to a missing data source. */
export function dataSourceFaults(objects: readonly Manifest[]): Findings {
  const configs = objects.filter(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("grafana-datasource-"),
  );
  const grafana = podTemplates(objects.filter(isWorkload)).find(({ name }) => name === "grafana");
  if (!grafana) return ["no workload grafana is there"];
  const mounted = containersOf(grafana).flatMap((container) => mountedBy(grafana, container));
  const sources = configs.flatMap((config) =>
    Object.entries((config["data"] ?? {}) as Labels).flatMap(([key, text]) => {
      const { datasources } = parse(text) as { readonly datasources: readonly Source[] };
      return datasources.map((source) => ({ at: `${idOf(config)} data.${key}`, source }));
    }),
  );
  const uids = sources.map(({ source }) => source.uid);
  const names = sources.map(({ source }) => source.name);
  const defaults = sources.filter(({ source }) => source.isDefault);
  return [
    ...configs
      .filter(({ metadata }) => !mounted.includes(metadata.name))
      .map((config) => `${idOf(config)} is not mounted by ${grafana.id}`),
    ...sources.flatMap(({ at, source }) => [
      ...(uids.filter((uid) => uid === source.uid).length > 1 ? [`${at}: uid ${source.uid} is there twice`] : []),
      ...(names.filter((name) => name === source.name).length > 1 ? [`${at}: name ${source.name} is there twice`] : []),
      ...referredUids(source)
        .filter((uid) => !uids.includes(uid))
        .map((uid) => `${at}: no data source has the uid ${uid}`),
    ]),
    ...(defaults.length === 1 ? [] : [`${grafana.id}: ${defaults.length} data sources are the default: expected one`]),
  ];
}

/** Names of the Secrets that pods need to start, without hashes, each once. */
export const namedSecrets = (objects: readonly Manifest[]): readonly string[] => {
  const needed = podTemplates(objects).flatMap((pod) => secretsOf(pod).filter(({ optional }) => !optional));
  return [...new Set(needed.map(({ name }) => withoutHash(name)))].sort();
};
