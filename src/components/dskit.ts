import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { IVolumeMount } from "kubernetes-models/v1/VolumeMount";
import { type Built, type Config, type Context, type Pods, settingsName } from "../core/model/component.ts";
import type { Role, Workload } from "../core/model/roles.ts";
import {
  configVolume,
  containerPorts,
  emptyDir,
  goMemoryLimit,
  httpGet,
  podIp,
  probes,
  resources,
  zoneLabel,
} from "../core/derive/pod.ts";
import { quoted } from "../core/util/quoted.ts";
import type { Size, Sized } from "../core/model/size.ts";
import type { Address, Wiring } from "../core/model/wiring.ts";
import * as nginx from "./nginx.ts";
import { ruleLoader } from "./rule-loader.ts";
import { largestMessage, patience, seconds } from "./patience.ts";
import * as store from "./store.ts";

/*
 * What Loki, Mimir and Tempo have in common, because they are built of one kit:
 * https://github.com/grafana/dskit
 */

/** Ports, time-outs and message sizes of a process's servers. */
export const server = ({ http, grpc }: Readonly<Record<"http" | "grpc", number>>) => ({
  http_listen_port: http,
  grpc_listen_port: grpc,
  http_server_read_timeout: seconds(patience.server),
  http_server_write_timeout: seconds(patience.server),
  grpc_server_max_recv_msg_size: largestMessage,
  grpc_server_max_send_msg_size: largestMessage,
});

const ownAddress = quoted(`\${${podIp.name}}`);

/**
 * The address that a member tells the ring. By itself a member takes an IPv4 address of a private
 * range, and ends if it has none (dskit: netutil/netutil.go, kv/memberlist/tcp_transport.go).
 */
export const member = { instance_addr: ownAddress };

/**
 * How a member finds the ring. The DNS may not know a Service for 30 s after the first apply, so it
 * is asked every 5 s without growing pauses. It is asked again for ever, so that a split ring heals
 * (https://grafana.com/docs/mimir/latest/configure/configuration-parameters/#memberlist).
 */
export const memberlist = (members: Address) => ({
  advertise_addr: ownAddress,
  join_members: [members],
  max_join_backoff: "5s",
  rejoin_interval: "1m",
});

/** Tenant that each program uses while tenants are off. Its data stays under that name. */
export const onlyTenant = { loki: "fake", mimir: "anonymous", tempo: "single-tenant" } as const;

/**
 * `-target` by roles: the aliases read, write and backend go with Loki 4; Mimir has dropped them.
 */
export const target = ({ name, roles }: Workload): string =>
  `-target=${name === "all" ? name : roles.map((role) => role.name).join(",")}`;

/**
 * Limits of single tenants, which the program re-reads when they change
 * (https://grafana.com/docs/mimir/latest/configure/about-runtime-configuration/). They have a
 * folder of their own: kubelet never updates a file that is mounted by `subPath`.
 */
export const overrides = (program: string) => {
  const volume = configVolume("overrides", `${program}-overrides`);
  const folder = "/etc/overrides";
  const config = ({ overrides }: Context): Config => ({
    name: `${program}-overrides`,
    read: "runtime",
    files: { "overrides.yaml": { overrides } },
  });
  return {
    config,
    file: `${folder}/overrides.yaml`,
    volume,
    mount: { name: volume.name, mountPath: folder, readOnly: true },
  };
};

/** The zone of a pod, as the variable that arguments name: `$(ZONE)`. */
const zone: IEnvVar = { name: "ZONE", valueFrom: { fieldRef: { fieldPath: `metadata.labels['${zoneLabel}']` } } };

/** Arguments that tell each role the zone of its pod: `flags` by role, without the zone. */
export const zoned = (
  { roles }: Workload,
  { zones }: Sized,
  flags: readonly (readonly [Role, string])[],
): { readonly args: readonly string[]; readonly env: readonly IEnvVar[] } =>
  zones === undefined
    ? { args: [], env: [] }
    : { args: flags.filter(([role]) => roles.includes(role)).map(([, flag]) => `${flag}=$(ZONE)`), env: [zone] };

/** If another replica can answer, wait 5 s on SIGTERM so that endpoints are updated first. */
export const shutdownDelay = ({ workloadOf }: Wiring, writer: Role, reader: Role): string | undefined =>
  workloadOf(writer) === workloadOf(reader) ? undefined : "5s";

/** Replication factor of a ring: the number of zones, or without zones at most three. */
export const copies = ({ replicas, zones }: Size): number => zones ?? Math.min(3, replicas);

/**
 * Seconds that a pod may take to end; both are assumptions. A writer leaves the ring and flushes
 * what is asked for. The others hold nothing of their own, and some never end by themselves: their
 * gRPC server waits for streams that clients keep open.
 */
const graceSeconds = { writer: 300, other: 60 } as const;

/** Further files of a program, and where else it must get to. */
export interface Beside extends Pick<Pods, "waysOut"> {
  readonly volumes?: readonly IVolume[];
  /** Of the program itself. */
  readonly mounts?: readonly IVolumeMount[];
}

/** Loki, Mimir or Tempo: a program of several roles, of which each process runs some. */
interface Program {
  readonly name: keyof typeof onlyTenant;
  readonly image: string;
  /** The role whose pods are the writers. */
  readonly writer: Role;
  /** Path of the liveness probe: "/status/version". */
  readonly alive: string;
  readonly startSeconds: number;
  readonly config: (context: Context) => object;
  /** Further files in the same ConfigMap, by name. */
  readonly files?: (context: Context) => Readonly<Record<string, object>>;
  /** The volume of these files, for a workload that reads further ones. */
  readonly folder?: (workload: Workload) => IVolume | undefined;
  /** What the pods of a workload have beside the program itself. */
  readonly beside?: (context: Context, workload: Workload) => Beside;
  /** The role that evaluates rules, and the path of its API: the stack's own rules go there. */
  readonly ruler?: { readonly role: Role; readonly api: string };
  /** Environment variables that the files name. */
  readonly variables?: (wiring: Wiring) => readonly IEnvVar[];
  readonly overrides: ReturnType<typeof overrides>;
  /** Init containers that wait for what the program would end without. */
  readonly waits?: (context: Context, workload: Workload) => readonly IContainer[];
  /** Flags that take the zone of a pod, by role. */
  readonly zones?: readonly (readonly [Role, string])[];
  /** Records the connections that no configured address shows. */
  readonly recordDiscovered: (context: Context) => void;
  /** nginx in front of it, where the gateway is a workload of its own. */
  readonly gateway?: Gateway;
  /** How long a pod may take to end, in seconds. Default: `graceSeconds`. */
  readonly graceSeconds?: number;
  /** It reads its container's memory limit by itself. Default: Go's collector is told the limit. */
  readonly findsMemoryLimit?: true;
  /** It writes to /tmp itself. Default: only what it waits with does. */
  readonly writesToTmp?: true;
}

interface Gateway {
  /** Clients of the component reach it by this role. */
  readonly role: Role;
  /** Paths that clients may ask for (nginx's `location`), by the role that answers. */
  readonly routes: readonly (readonly [Role, ...string[]])[];
}

/** What hands the stack's rules to the program's ruler, where the workload has it. */
function rules({ roles }: Workload, { wiring }: Context, { name, ruler }: Program) {
  if (!ruler || !roles.includes(ruler.role)) return undefined;
  return ruleLoader({ program: name, url: `${wiring.wire(ruler.role).url(ruler.role, "http")}${ruler.api}` });
}

function pods(workload: Workload, context: Context, program: Program, keys: store.Access): Pods {
  const { wiring } = context;
  const size = context.size(workload);
  const { name, image, writer, alive, startSeconds, overrides, zones = [], variables, folder } = program;
  const tmp = program.writesToTmp ? [{ name: "tmp", mountPath: "/tmp" }] : [];
  const { args, env } = zoned(workload, size, zones);
  const writes = workload.roles.includes(writer);
  const waiting = program.waits?.(context, workload) ?? [];
  const { volumes = [], mounts = [], waysOut } = program.beside?.(context, workload) ?? {};
  const loader = rules(workload, context, program);
  return {
    workload,
    size,
    asksOutside: true,
    waysOut,
    pod: {
      terminationGracePeriodSeconds: program.graceSeconds ?? graceSeconds[writes ? "writer" : "other"],
      initContainers: waiting.length > 0 ? [...waiting] : undefined,
      containers: [
        {
          name,
          image,
          args: [`-config.file=/etc/${name}/${name}.yaml`, "-config.expand-env=true", target(workload), ...args],
          env: [
            podIp,
            ...(program.findsMemoryLimit ? [] : goMemoryLimit),
            ...(variables?.(wiring) ?? []),
            ...env,
            ...keys.env,
          ],
          envFrom: [{ configMapRef: { name: settingsName(name) } }, ...keys.envFrom],
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet("/ready"), live: httpGet(alive), startSeconds }),
          resources: resources(size, workload.disk ? undefined : "2Gi"),
          volumeMounts: [
            { name: "config", mountPath: `/etc/${name}`, readOnly: true },
            overrides.mount,
            { name: "data", mountPath: "/data" },
            ...tmp,
            ...mounts,
            ...keys.volumeMounts,
          ],
        },
        ...(loader ? [loader.container] : []),
      ],
      volumes: [
        folder?.(workload) ?? configVolume("config", name),
        overrides.volume,
        ...volumes,
        ...(loader?.volumes ?? []),
        ...(workload.disk ? [] : [emptyDir("data")]),
        ...(tmp.length > 0 || waiting.length > 0 ? [emptyDir("tmp")] : []),
        ...keys.volumes,
      ],
    },
  };
}

/** nginx of a program in pods of its own: none where its gateway is no workload here. */
function gateways(
  { wiring, workloads, size }: Context,
  { role, routes }: Gateway,
  tenant: string,
): readonly nginx.Gateway[] {
  const locations = routes
    .filter(([answers]) => wiring.runs(answers))
    .flatMap(([answers, ...paths]) => paths.map((path): [string, Role] => [path, answers]));
  return workloads
    .filter(({ name }) => name === role.name)
    .map((workload) =>
      nginx.gateway(
        workload,
        size(workload),
        role.ports["http"] as number,
        locations.map(([path, answers]) => ({ path, upstream: wiring.wire(role).url(answers, "http") })),
        tenant,
      ),
    );
}

/** What a component gives that is such a program: its processes, and its gateway. */
export const buildOf =
  (program: Program) =>
  (context: Context): Built => {
    const { workloads, tenant = onlyTenant[program.name] } = context;
    const { name, config, files, overrides, recordDiscovered, gateway } = program;
    const keys = store.access(context.store, name);
    recordDiscovered(context);
    const fronts = gateway ? gateways(context, gateway, tenant) : [];
    const processes = workloads.filter((workload) => fronts.every(({ pods }) => pods.workload !== workload));
    return {
      identity: store.identity(context.store, name),
      pods: [
        ...processes.map((workload) => pods(workload, context, program, keys)),
        ...fronts.map((front) => front.pods),
      ],
      configs: [
        { name, read: "start-up", files: { [`${name}.yaml`]: config(context), ...files?.(context) } },
        overrides.config(context),
        ...fronts.map((front) => front.config),
      ],
      secrets: keys.secrets,
    };
  };
