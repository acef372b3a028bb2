import { posix } from "node:path";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IResourceFieldSelector } from "kubernetes-models/v1/ResourceFieldSelector";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { Config, Pods, Base } from "../model/component.ts";
import { connectionsOf } from "../assemble/connections.ts";
import { featuresIn, joinRoles } from "../assemble/feature.ts";
import { groupLabel, labels, selector } from "../derive/labels.ts";
import { type Overlay, type Part, settingsFile } from "../assemble/overlay.ts";
import { configPath, secretEnvPath, secretPath } from "../kustomize/paths.ts";
import type { Role, Workload } from "../model/roles.ts";
import { hardened } from "../derive/pod.ts";
import { gibibyte, mebibyte, quantity } from "../kubernetes/requests.ts";
import { contents } from "../kustomize/build.ts";
import { type Connection, isRole } from "../model/wiring.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

type Texts = Readonly<Record<string, string>>;

/** Pods of the environment as they stand under Compose, one of each workload. */
interface Pod {
  readonly workload: Workload;
  readonly part: Part;
  readonly spec: IPodSpec;
  /** Of its containers, the one that gives the service its name; the others share its network. */
  readonly main: string;
}

/** A configuration file of the twin's own, in the place of one that asks the Kubernetes API. */
type OwnFiles = ReadonlyMap<string, string | object>;

/** What `overlays/<environment>/compose` holds. */
export interface Compose {
  readonly path: string;
  readonly file: object;
  readonly files: OwnFiles;
}

/** Gives fresh volumes to the users that write to them: Docker gives them to root, and knows no fsGroup. */
const owner = "volumes";

interface World {
  readonly overlay: Overlay;
  readonly path: string;
  readonly pods: readonly Pod[];
  readonly connections: readonly Connection[];
  /** Literals and files of every ConfigMap, by its name; files by where they lie, seen from the Compose file. */
  readonly configs: ReadonlyMap<string, { readonly literals: Texts; readonly files: Texts }>;
  readonly secrets: ReadonlyMap<string, { readonly env?: string | undefined; readonly files: Texts }>;
  readonly aliases: (workload: Workload) => readonly string[];
  readonly published: ReadonlyMap<string, readonly number[]>;
}

const same = (a: Role, b: Role): boolean => a.component === b.component && a.name === b.name;

const podSpec = (object: Manifest): IPodSpec => (object["spec"] as { template: { spec: IPodSpec } }).template.spec;

/** The workload's pods: those of its component's answer to having no API, or those of its Kubernetes object. */
function podOf(workload: Workload, base: Base, part: Part, own: readonly Pods[] | undefined): Pod {
  const other = own?.find((pods) => pods.workload.fullName === workload.fullName);
  const kinds = ["DaemonSet", "Deployment", "StatefulSet"];
  const isController = ({ kind, metadata: { name } }: Manifest): boolean =>
    kinds.includes(kind) && name === workload.fullName;
  const before = base.objects.find(isController) as Manifest;
  const spec = other ? hardened(other) : podSpec(contents(part).objects.find(isController) as Manifest);
  const asksApi = !own && spec.automountServiceAccountToken;
  if (asksApi) {
    const what = `${settingsFile(part.path.split("/")[1] ?? "")}: compose is "generated", but ${base.component.name}`;
    throw new Error(`${what} asks the Kubernetes API. Choose another component in its place, or leave compose out.`);
  }
  return { workload, part, spec, main: podSpec(before).containers[0]?.name ?? "" };
}

/** The ports of every entry point, each number once. Ports that any pod may reach come first. */
function published(pods: readonly Pod[], connections: readonly Connection[]): ReadonlyMap<string, readonly number[]> {
  const admitted = (role: Role): boolean => connections.some(({ from, to }) => to === role && !isRole(from));
  const entryPoints = pods.flatMap(({ workload }) =>
    workload.roles.flatMap((role) => (role.entryPoint ? [{ workload, role, ports: role.entryPoint.ports }] : [])),
  );
  const taken = new Set<number>();
  const found = new Map<string, readonly number[]>();
  for (const { workload, role, ports } of entryPoints.toSorted(
    (a, b) => Number(admitted(b.role)) - Number(admitted(a.role)),
  )) {
    const free = ports.map((port) => role.ports[port] as number).filter((port) => !taken.has(port));
    for (const port of free) taken.add(port);
    found.set(workload.fullName, [...(found.get(workload.fullName) ?? []), ...free]);
  }
  return found;
}

/** Names by which others find a workload: the Services that select its pods, from both namespaces. */
function aliasesOf(overlay: Overlay, connections: readonly Connection[]): World["aliases"] {
  const services = overlay.parts.flatMap((part) =>
    contents(part)
      .objects.filter(({ kind }) => kind === "Service")
      .map((service) => ({ service, namespace: part.namespace })),
  );
  const crossed = new Set(
    connections.flatMap(({ from, to }) =>
      isRole(from) && isRole(to) && to.entryPoint && from.namespaceKind !== to.namespaceKind
        ? [to.entryPoint.name]
        : [],
    ),
  );
  return (workload) => {
    const grouped = workload.roles.flatMap(({ groups }) => groups.map(({ name }) => name));
    const own: Texts = {
      ...selector(workload),
      ...Object.fromEntries(grouped.map((name) => [groupLabel(name), "member"])),
    };
    const eachPod = connections.some(
      ({ to, via }) => via === "each pod" && isRole(to) && workload.roles.some((role) => same(role, to)),
    );
    return services
      .filter(({ service }) => {
        const { selector: wanted = {}, clusterIP } = service["spec"] as { selector?: Texts; clusterIP?: string };
        // The names of a StatefulSet's pods are asked for only where somebody balances by himself.
        const asked = clusterIP !== "None" || grouped.includes(service.metadata.name) || eachPod;
        return asked && Object.entries(wanted).every(([key, value]) => own[key] === value);
      })
      .flatMap(({ service: { metadata }, namespace }) => [
        metadata.name,
        ...(crossed.has(metadata.name) ? [`${metadata.name}.${namespace}`] : []),
      ])
      .filter((name) => name !== workload.fullName);
  };
}

/** Compose takes a path for a volume's name unless it begins with a dot. */
const fromHere = (here: string, path: string): string => {
  const found = posix.relative(here, path);
  return found.startsWith(".") ? found : `./${found}`;
};

/** Where each ConfigMap's files lie, and its literals; the twin's own take the place of a whole ConfigMap. */
function configsOf(overlay: Overlay, path: string, own: readonly Config[]): World["configs"] {
  const from = (at: string): string => fromHere(path, at);
  const found = new Map<string, { literals: Texts; files: Texts }>();
  const add = (config: Config, root: string, component?: string): void => {
    const { literals, files } = found.get(config.name) ?? { literals: {}, files: {} };
    const names = Object.keys(config.files ?? {});
    const placed = names.map((file) => [file, from(`${root}/${configPath(config, file, component)}`)]);
    found.set(config.name, {
      literals: { ...literals, ...config.literals },
      files: { ...files, ...Object.fromEntries(placed) },
    });
  };
  for (const part of overlay.parts) {
    for (const { configs, path: root, component } of part.bases)
      for (const config of configs) add(config, root, component.name);
    // What features adapt, such as the address of an Ingress, has no meaning here.
    for (const config of part.settingPatches) add(config, part.path);
    for (const { configPatches, path: root } of part.additions) for (const config of configPatches) add(config, root);
  }
  for (const config of own) {
    if (config.files) found.delete(config.name);
    add(config, path);
  }
  return found;
}

function secretsOf(overlay: Overlay, path: string): World["secrets"] {
  return new Map(
    overlay.parts.flatMap((part) =>
      part.secrets.map((secret) => {
        const at = (file: string): string => fromHere(path, `${part.path}/${file}`);
        const files = Object.keys(secret.files ?? {}).map((file) => [file, at(secretPath(secret, file))]);
        const env = secret.env ? at(secretEnvPath(secret)) : undefined;
        return [secret.name, { env, files: Object.fromEntries(files) as Texts }] as const;
      }),
    ),
  );
}

/** `$(NAME)` as Kubernetes expands it. */
const expanded = (text: string, variables: Texts): string =>
  text.replace(/\$\((\w+)\)/g, (whole, name: string) => variables[name] ?? whole);

/** The environment of a container, without what comes from Secrets. */
function environment({ env = [], envFrom = [], resources }: IContainer, pod: Pod, { configs }: World): Texts {
  const fields: Texts = {
    "metadata.name": pod.workload.podNames ? `${pod.workload.fullName}-0` : pod.workload.fullName,
    "metadata.labels['apps.kubernetes.io/pod-index']": "0",
    "metadata.namespace": "compose",
    "spec.nodeName": "compose",
  };
  const literals = envFrom.flatMap(({ configMapRef }) =>
    Object.entries(configs.get(configMapRef?.name ?? "")?.literals ?? {}),
  );
  const limit = ({ divisor = "1" }: IResourceFieldSelector): string =>
    String(Math.ceil((quantity(resources?.limits?.["memory"]) ?? 0) / (quantity(divisor) ?? 1)));
  return env.reduce<Texts>(
    (before, { name, value, valueFrom }) => ({
      ...before,
      [name]: value
        ? expanded(value, before)
        : (fields[valueFrom?.fieldRef?.fieldPath ?? ""] ??
          (valueFrom?.resourceFieldRef ? limit(valueFrom.resourceFieldRef) : "")),
    }),
    Object.fromEntries(literals),
  );
}

const named = (volume: string, { workload }: Pod): string => `${workload.fullName}-${volume}`;

/** A volume of Compose where a claim or the data of a pod lies; a folder in memory where it is scratch. */
const keeps = (volume: IVolume | undefined, name: string): boolean =>
  volume === undefined || (volume.emptyDir !== undefined && name === "data");

interface Mounts {
  readonly volumes: readonly string[];
  readonly scratch: readonly string[];
}

/** What a container's mounts come to: files by their own paths, named volumes, paths of the host, scratch. */
function mountsOf({ volumeMounts = [] }: IContainer, pod: Pod, { configs, secrets }: World): Mounts {
  const files = (paths: Texts | undefined, at: string): readonly string[] =>
    Object.entries(paths ?? {}).map(([file, path]) => `${path}:${at}/${file}:ro`);
  const volumes = volumeMounts.flatMap(({ name, mountPath, readOnly }) => {
    const volume = pod.spec.volumes?.find((one) => one.name === name);
    const suffix = readOnly ? ":ro" : "";
    if (keeps(volume, name)) return [`${named(name, pod)}:${mountPath}${suffix}`];
    if (volume?.hostPath) return [`${volume.hostPath.path}:${mountPath}${suffix}`];
    const sources = volume?.projected?.sources?.map(({ configMap }) => configMap?.name) ?? [volume?.configMap?.name];
    return [
      ...sources.flatMap((source) => files(configs.get(source ?? "")?.files, mountPath)),
      ...files(secrets.get(volume?.secret?.secretName ?? "")?.files, mountPath),
    ];
  });
  const scratch = volumeMounts.flatMap(({ name, mountPath }) => {
    const volume = pod.spec.volumes?.find((one) => one.name === name);
    return volume?.emptyDir && !keeps(volume, name) ? [mountPath] : [];
  });
  return { volumes, scratch };
}

/** Services that are to be there first: those it calls by address. */
function dependencies(pod: Pod, { pods, connections }: World): ReadonlyMap<string, string> {
  const runs = (role: Role): Pod | undefined =>
    pods.find(({ workload }) => workload.roles.some((one) => same(one, role)));
  const calls = connections.flatMap(({ from, to, via }) =>
    isRole(from) && isRole(to) && via !== "member" && runs(from) === pod ? [runs(to)] : [],
  );
  const others = [...new Set(calls)].filter((other) => other !== undefined && other !== pod) as readonly Pod[];
  const kept = (pod.spec.containers ?? []).some(({ volumeMounts = [] }) =>
    volumeMounts.some(({ name }) =>
      keeps(
        pod.spec.volumes?.find((one) => one.name === name),
        name,
      ),
    ),
  );
  return new Map([
    ...(kept && userOf(pod) !== "0:0" ? [[owner, "service_completed_successfully"] as const] : []),
    ...others.map(({ workload }) => [workload.fullName, "service_started"] as const),
  ]);
}

const userOf = ({ spec: { securityContext } }: Pod): string =>
  `${securityContext?.runAsUser}:${securityContext?.runAsGroup}`;

/** Compose expands `$`; what our programs are to expand themselves is written with two. */
const literal = (text: string): string => text.replaceAll("$", "$$$$");

const filled = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);
const some = (table: Texts): Texts | undefined => (Object.keys(table).length > 0 ? table : undefined);

/** Compose knows bytes and powers of 1024 in whole numbers: "1.5Gi" is "1536m", "512M" is "512000000". */
export function memoryLimit({ name, resources }: IContainer): string {
  const limit = resources?.limits?.["memory"];
  const bytes = quantity(limit);
  if (bytes === undefined)
    throw new Error(`${name} has the memory limit "${limit}": expected a quantity such as "1Gi"`);
  const [unit, suffix] = (
    [
      [gibibyte, "g"],
      [mebibyte, "m"],
      [1, ""],
    ] as const
  ).find(([one]) => bytes % one === 0) ?? [1, ""];
  return `${Math.ceil(bytes / unit)}${suffix}`;
}

function service(container: IContainer, pod: Pod, world: World): object {
  const { workload, spec } = pod;
  const isMain = container.name === pod.main;
  const env = environment(container, pod, world);
  const given = (texts: readonly string[] | undefined): readonly string[] | undefined =>
    texts?.map((text) => literal(expanded(text, env)));
  const { volumes, scratch } = mountsOf(container, pod, world);
  const secretEnv = (container.envFrom ?? []).flatMap(
    ({ secretRef }) => world.secrets.get(secretRef?.name ?? "")?.env ?? [],
  );
  const ports = (world.published.get(workload.fullName) ?? []).map((port) => `127.0.0.1:${port}:${port}`);
  const aliases = world.aliases(workload);
  const needs = isMain
    ? [...dependencies(pod, world)].sort().map(([name, condition]) => [name, { condition }])
    : [[workload.fullName, { condition: "service_started" }]];
  return {
    image: container.image,
    entrypoint: given(container.command),
    command: given(container.args),
    hostname: isMain ? workload.fullName : undefined,
    network_mode: isMain ? undefined : `service:${workload.fullName}`,
    networks: isMain && aliases.length > 0 ? { default: { aliases } } : undefined,
    ports: isMain ? filled(ports) : undefined,
    user: userOf(pod),
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    environment: some(Object.fromEntries(Object.entries(env).map(([key, value]) => [key, literal(value)]))),
    env_file: filled(secretEnv),
    volumes: filled(volumes),
    tmpfs: filled(scratch.map((path) => `${path}:mode=1777`)),
    labels: { ...labels(workload), ...(isMain ? {} : { "app.kubernetes.io/component": container.name }) },
    depends_on: needs.length > 0 ? Object.fromEntries(needs) : undefined,
    mem_limit: memoryLimit(container),
    stop_grace_period: `${spec.terminationGracePeriodSeconds ?? 30}s`,
    restart: "unless-stopped",
  };
}

/** The service that gives each named volume to the user that writes to it. */
function ownerService(volumes: readonly (readonly [string, string])[], shell: string): object {
  const foreign = volumes.filter(([, user]) => user !== "0:0");
  const users = [...new Set(foreign.map(([, user]) => user))];
  const chown = (user: string): string =>
    ["chown", user, ...foreign.filter(([, own]) => own === user).map(([name]) => `/volumes/${name}`)].join(" ");
  return {
    image: shell,
    command: ["sh", "-c", users.map(chown).join(" && ")],
    network_mode: "none",
    user: "0:0",
    read_only: true,
    cap_drop: ["ALL"],
    cap_add: ["CHOWN"],
    security_opt: ["no-new-privileges:true"],
    volumes: foreign.map(([name]) => `${name}:/volumes/${name}`),
    mem_limit: "32m",
    restart: "on-failure",
  };
}

const byKey = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));

/**
 * The environment as a Compose file (https://github.com/compose-spec/compose-spec): the same images, arguments and
 * configuration files from the same roles, with a Service's name as an alias of the containers behind it.
 * @param shell an image with `chown`, for the service that prepares volumes
 */
export function compose(overlay: Overlay, shell: string): Compose {
  const path = `${overlay.path}/compose`;
  const placed = overlay.parts.flatMap((part) =>
    part.bases
      .filter(({ component }) => component.withoutApi !== "left out")
      .map((base) => ({
        base,
        part,
        workloads: base.workloads.map(joinRoles(featuresIn(part.additions))),
      })),
  );
  const around = placed.flatMap(({ workloads }) => workloads);
  const own = placed.map(({ base: { component } }) =>
    typeof component.withoutApi === "function" ? component.withoutApi(around) : undefined,
  );
  const pods = placed.flatMap(({ base, part, workloads }, i) =>
    workloads.map((workload) => podOf(workload, base, part, own[i] && (own[i].pods ?? []))),
  );
  const here = (end: Connection["from"]): boolean =>
    !isRole(end) || around.some(({ component }) => component === end.component);
  const connections = connectionsOf(overlay).filter(({ from, to }) => here(from) && here(to));
  const ownConfigs = own.flatMap((one) => one?.configs ?? []);
  const world: World = {
    overlay,
    path,
    pods,
    connections,
    configs: configsOf(overlay, path, ownConfigs),
    secrets: secretsOf(overlay, path),
    aliases: aliasesOf(overlay, connections),
    published: published(pods, connections),
  };
  const services = pods.flatMap((pod) =>
    pod.spec.containers.map((container): readonly [string, object] => [
      container.name === pod.main ? pod.workload.fullName : `${pod.workload.fullName}-${container.name}`,
      service(container, pod, world),
    ]),
  );
  const volumes = pods
    .flatMap((pod) => {
      const mounted = pod.spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      return [...new Set(mounted)]
        .filter((name) =>
          keeps(
            pod.spec.volumes?.find((one) => one.name === name),
            name,
          ),
        )
        .map((name) => [named(name, pod), userOf(pod)] as const);
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    path,
    file: {
      name: `kube-lgtm-${overlay.name}`,
      services: byKey([...services, [owner, ownerService(volumes, shell)]]),
      volumes: byKey(volumes.map(([name]) => [name, {}])),
    },
    files: new Map(
      ownConfigs.flatMap((config) =>
        Object.entries(config.files ?? {}).map(([file, content]) => [`${path}/${configPath(config, file)}`, content]),
      ),
    ),
  };
}
