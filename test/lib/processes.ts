import type { IContainer } from "kubernetes-models/v1/Container";
import { parse } from "yaml";
import { all, type Block, parseAlloy } from "./alloy.ts";
import { containersOf, idOf, type Labels, podTemplates, type PodTemplate, selects, specOf } from "./objects.ts";
import { once } from "../../src/core/util/once.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

/**
 * A container with the arguments, variables and files that its program reads. Read from the objects
 * alone, never from the record that the objects are derived from.
 */
export interface Process {
  readonly at: string;
  readonly pod: PodTemplate;
  readonly container: IContainer;
  /** The last part of its image's name, such as "loki" or "nginx-unprivileged". */
  readonly program: string;
  /** An init container that ends before the others start. */
  readonly first: boolean;
  /** With `$(VARIABLE)` replaced, if the objects have its value. */
  readonly args: readonly string[];
  readonly env: Labels;
  /**
   * Text of each file from a mounted ConfigMap or Secret, by path, with its variables unexpanded.
   */
  readonly files: ReadonlyMap<string, string>;
  /** Writable folders: from a claim, a host path, or an emptyDir. */
  readonly writable: readonly string[];
  /** Folders of ConfigMaps and Secrets that the user creates or that are optional. */
  readonly foreign: readonly string[];
}

const decoded = (value: string): string => Buffer.from(value, "base64").toString("utf8");

type Found = ReadonlyMap<string, Manifest>;

const dataOf = (found: Found, kind: "ConfigMap" | "Secret", namespace: string, name = ""): Labels | undefined => {
  const object = found.get(`${kind} ${namespace}/${name}`);
  if (!object) return undefined;
  const data = (object["data"] ?? {}) as Labels;
  return kind === "ConfigMap"
    ? data
    : Object.fromEntries(Object.entries(data).map(([key, one]) => [key, decoded(one)]));
};

const environment = (pod: PodTemplate, { env = [], envFrom = [] }: IContainer, found: Found): Labels => {
  const values: Record<string, string> = {};
  for (const { configMapRef, secretRef } of envFrom)
    Object.assign(
      values,
      dataOf(found, "ConfigMap", pod.namespace, configMapRef?.name) ??
        dataOf(found, "Secret", pod.namespace, secretRef?.name),
    );
  for (const { name, value, valueFrom } of env) {
    const field = valueFrom?.fieldRef?.fieldPath;
    if (field === "metadata.namespace") values[name] = pod.namespace;
    else if (field === "metadata.name") values[name] = `${pod.name}-0`;
    else if (value !== undefined)
      values[name] = value.replace(/\$\((\w+)\)/g, (whole, key: string) => values[key] ?? whole);
  }
  return values;
};

type Shown = Pick<Process, "files" | "writable" | "foreign">;

const shown = (pod: PodTemplate, { volumeMounts = [] }: IContainer, found: Found): Shown => {
  const files = new Map<string, string>();
  const writable: string[] = [];
  const foreign: string[] = [];
  for (const { name, mountPath, readOnly } of volumeMounts) {
    const volume = pod.spec.volumes?.find((one) => one.name === name);
    const sources = volume?.projected?.sources ?? [
      ...(volume?.configMap ? [{ configMap: volume.configMap }] : []),
      ...(volume?.secret ? [{ secret: { ...volume.secret, name: volume.secret.secretName } }] : []),
    ];
    if (sources.length === 0 && !readOnly) writable.push(mountPath);
    for (const { configMap, secret } of sources) {
      const data =
        dataOf(found, "ConfigMap", pod.namespace, configMap?.name) ??
        dataOf(found, "Secret", pod.namespace, secret?.name);
      if (!data) foreign.push(mountPath);
      const items = (configMap ?? secret)?.items;
      for (const [key, text] of Object.entries(data ?? {})) {
        const as = items ? items.find((item) => item.key === key)?.path : key;
        if (as !== undefined) files.set(`${mountPath}/${as}`, text);
      }
    }
  }
  return { files, writable, foreign };
};

const programOf = (image = ""): string => /([^/:]+)(?::[^/]*)?$/.exec(image)?.[1] ?? "";

/** Every container of an environment. */
export const processesOf = once((objects: readonly Manifest[]): readonly Process[] => {
  const found = new Map(objects.map((object) => [idOf(object), object]));
  return podTemplates(objects).flatMap((pod) =>
    containersOf(pod).map((container): Process => {
      const env = environment(pod, container, found);
      return {
        at: `${pod.id} ${container.name}`,
        pod,
        container,
        program: programOf(container.image),
        first: pod.spec.initContainers?.includes(container) ?? false,
        args: (container.args ?? []).map((arg) =>
          arg.replace(/\$\((\w+)\)/g, (whole, key: string) => env[key] ?? whole),
        ),
        env,
        ...shown(pod, container, found),
      };
    }),
  );
});

/** The value of a flag. The last one counts; undefined without one. */
export const flag = ({ args }: Process, name: string): string | undefined =>
  args.findLast((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
export const flags = ({ args }: Process, name: string): readonly string[] =>
  args.filter((arg) => arg.startsWith(`${name}=`)).map((arg) => arg.slice(name.length + 1));

/** A file with its variables expanded like `-config.expand-env`; unknown ones stay. */
export const fileOf = (process: Process, path: string): string => {
  const text = process.files.get(path);
  if (text === undefined)
    throw new Error(`${process.at} has no file ${path}. It has ${[...process.files.keys()].join(", ")}.`);
  return text.replace(/(?<!\$)\$\{(\w+)\}/g, (whole, key: string) => process.env[key] ?? whole);
};

export type Tree = Readonly<Record<string, unknown>>;

/** Cache, because most processes of a program read the same text. */
const trees = new Map<string, unknown>();
/** A YAML file with its variables expanded. */
export const yamlOf = (process: Process, path: string): unknown => {
  const text = fileOf(process, path);
  if (!trees.has(text)) trees.set(text, parse(text));
  return trees.get(text);
};

const parsed = once(
  (process: Process): Tree =>
    yamlOf(process, flag(process, "-config.file") ?? flag(process, "--config.file") ?? "") as Tree,
);
/** The YAML that a program is started with. */
export const configOf = (process: Process): Tree => parsed(process);

/** A value by its dotted path. */
export const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((now, step) => (now as Tree | undefined)?.[step], value);

const rivers = new Map<string, readonly Block[]>();
const blocks = once((process: Process): readonly Block[] => {
  const text = [...process.files].filter(([path]) => path.endsWith(".alloy")).map(([, one]) => one);
  const whole = text.join("\n");
  const found = rivers.get(whole) ?? all(parseAlloy(whole));
  rivers.set(whole, found);
  return found;
});
/** The blocks of Alloy's configuration, at any depth. */
export const blocksOf = (process: Process): readonly Block[] => blocks(process);

/** What `-target=all` starts, by program. */
const everything: Readonly<Record<string, readonly string[]>> = {
  // pkg/loki/loki.go in v3.7.6, `All` and what it depends on
  loki: [
    "distributor",
    "ingester",
    "pattern-ingester",
    "query-frontend",
    "querier",
    "query-scheduler",
    "ruler",
    "compactor",
  ],
  // pkg/mimir/modules.go at aced80d74930, `All`
  mimir: [
    "distributor",
    "ingester",
    "query-frontend",
    "querier",
    "query-scheduler",
    "store-gateway",
    "ruler",
    "compactor",
  ],
  // cmd/tempo/app/modules.go in v3.0.3, `SingleBinary`
  tempo: [
    "distributor",
    "live-store",
    "metrics-generator",
    "query-frontend",
    "querier",
    "backend-scheduler",
    "backend-worker",
  ],
};

/**
 * The roles of a process in the program's own terms: targets of Loki, Mimir and Tempo, sub-commands
 * of Thanos.
 */
export const rolesOf = (process: Process): readonly string[] => {
  const { program, args } = process;
  const all = everything[program];
  if (all) {
    const target = flag(process, "-target") ?? "all";
    return target === "all" ? all : target.split(",");
  }
  // A broker and its clients use the same image.
  if (program === "kafka") return [process.env["KAFKA_LISTENERS"] ? "kafka" : "client"];
  if (program !== "thanos") return [program === "nginx-unprivileged" ? process.pod.name : program];
  const [command = ""] = args;
  if (command !== "receive") return [command];
  // docs/components/receive.md in v0.42.5: with a hash ring a receiver routes samples; with a local
  // endpoint, or with neither, it stores them.
  const routes = flag(process, "--receive.hashrings-file") !== undefined;
  const keeps = !routes || flag(process, "--receive.local-endpoint") !== undefined;
  return [...(routes ? ["receive-router"] : []), ...(keeps ? ["receive-ingester"] : [])];
};

/** Processes that run a role of a program. */
export const running = (objects: readonly Manifest[], program: string, role: string = program): readonly Process[] =>
  processesOf(objects).filter((one) => !one.first && one.program === program && rolesOf(one).includes(role));

interface ServiceSpec {
  readonly clusterIP?: string;
  readonly selector?: Labels;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number | string }[];
}

const declared = ({ container }: Process, port: number | string): number | undefined =>
  container.ports?.find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort;

/** A process behind a Service's port, with the number of its own port. */
export interface Behind {
  readonly process: Process;
  readonly port: number;
}

/** Processes behind a port of a Service, by the ports that the pods declare. */
export const behind = (objects: readonly Manifest[], service: Manifest, port: number | string): readonly Behind[] => {
  const { selector, ports = [] } = specOf<ServiceSpec>(service);
  const found = ports.find((one) => one.port === port || one.name === port);
  if (!found || !selector) return [];
  return processesOf(objects)
    .filter(({ pod, first }) => !first && pod.namespace === service.metadata.namespace)
    .filter(({ pod }) => selects({ matchLabels: selector }, pod.labels))
    .flatMap((process) => {
      const number = declared(process, found.targetPort ?? found.port);
      return number === undefined ? [] : [{ process, port: number }];
    });
};

/** Processes behind a URL, or a host with a port, for a client in this namespace. */
export const reached = (objects: readonly Manifest[], namespace: string, address: string): readonly Behind[] => {
  const { hostname, port } = new URL(address.includes("//") ? address : `http://${address}`);
  const [name, other = namespace] = hostname.split(".");
  const service = objects.find(
    ({ kind, metadata }) => kind === "Service" && metadata.name === name && metadata.namespace === other,
  );
  return service ? behind(objects, service, Number(port)) : [];
};
