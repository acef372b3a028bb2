import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import { type Built, type Config, type Context, type Pods, type SecretShape, settingsName } from "../core/component.ts";
import type { Role, Workload } from "../core/plan.ts";
import {
  configVolume,
  containerPorts,
  emptyDir,
  goMemoryLimit,
  httpGet,
  probes,
  resources,
  zoneLabel,
} from "../core/pod.ts";
import type { Sized } from "../core/size.ts";
import type { Address, Wiring } from "../core/wiring.ts";
import * as nginx from "./nginx.ts";

/* What Loki, Mimir and Tempo have in common, because they are built of one kit: https://github.com/grafana/dskit */

/**
 * How a member of a ring finds the others. A Service's name may be unknown to the DNS for half a minute after the first apply: it
 * is asked for each five seconds, not after ever longer pauses, and again for ever, so that a ring that has split heals
 * (https://grafana.com/docs/mimir/latest/configure/configuration-parameters/#memberlist).
 */
export const memberlist = (members: Address) => ({
  join_members: [members],
  max_join_backoff: "5s",
  rejoin_interval: "1m",
});

/** `-target`: everything, or the roles by name; the aliases read, write and backend go with Loki 4 and are gone from Mimir. */
export const target = ({ name, roles }: Workload): string =>
  `-target=${name === "all" ? name : roles.map((role) => role.name).join(",")}`;

/**
 * Limits of single tenants, which the program reads again whenever they change
 * (https://grafana.com/docs/mimir/latest/configure/about-runtime-configuration/): in a folder of their own, because a file that is
 * mounted by itself is never updated.
 */
export const overrides = (program: string) => {
  const volume = configVolume("overrides", `${program}-overrides`);
  const folder = "/etc/overrides";
  const config: Config = {
    name: `${program}-overrides`,
    read: "runtime",
    files: { "overrides.yaml": { overrides: {} } },
  };
  return {
    config,
    file: `${folder}/overrides.yaml`,
    volume,
    mount: { name: volume.name, mountPath: folder, readOnly: true },
  };
};

/** How a pod in a zone knows which one that is; the argument of each role that asks says `$(ZONE)`. */
const zone: IEnvVar = { name: "ZONE", valueFrom: { fieldRef: { fieldPath: `metadata.labels['${zoneLabel}']` } } };

/** What tells the roles of a workload in zones the zone of their pod: `flags` by role, without the zone. */
export const zoned = (
  { roles }: Workload,
  { zones }: Sized,
  flags: readonly (readonly [Role, string])[],
): { readonly args: readonly string[]; readonly env: readonly IEnvVar[] } =>
  zones === undefined
    ? { args: [], env: [] }
    : { args: flags.filter(([role]) => roles.includes(role)).map(([, flag]) => `${flag}=$(ZONE)`), env: [zone] };

/**
 * How long a pod may take to end: a writer hands its ring over and flushes what is asked for. The others hold nothing that is not
 * elsewhere, and some never end by themselves, because their gRPC server waits for streams that their clients keep open.
 */
const graceSeconds = { writer: 300, other: 60 } as const;

/** A program of several roles, of which each process runs some, with a gateway in front of them. */
interface Program {
  readonly name: string;
  readonly image: string;
  readonly httpPort: number;
  /** The role whose pods are the writers. */
  readonly writer: Role;
  /** S3 credentials. */
  readonly secret: SecretShape;
  /** Further variables that its configuration names. */
  readonly env?: (wiring: Wiring) => readonly IEnvVar[];
  /** A path that a process answers as long as it lives. */
  readonly alive: string;
  readonly startSeconds: number;
  readonly config: (context: Context) => object;
  /** Other files beside it, by their names. */
  readonly files?: (context: Context) => Readonly<Record<string, object>>;
  readonly overrides?: ReturnType<typeof overrides>;
  /** Arguments by which a role in zones takes the name of its own. */
  readonly zones?: readonly (readonly [Role, string])[];
  /** Asks for the connections that no address stands for. */
  readonly found: (wiring: Wiring) => void;
  readonly gateway: Role;
  /** What clients may ask, as paths (nginx's `location`) by the role that answers; the gateway's, if it has pods of its own. */
  readonly routes: readonly (readonly [Role, ...string[]])[];
}

function server(workload: Workload, { size: sizeOf, wiring }: Context, program: Program): Pods {
  const size = sizeOf(workload);
  const { name, image, writer, secret, alive, startSeconds, overrides, zones = [], env } = program;
  const zone = zoned(workload, size, zones);
  const writes = workload.roles.includes(writer);
  return {
    workload,
    size,
    pod: {
      terminationGracePeriodSeconds: graceSeconds[writes ? "writer" : "other"],
      containers: [
        {
          name,
          image,
          args: [`-config.file=/etc/${name}/${name}.yaml`, "-config.expand-env=true", target(workload), ...zone.args],
          env: [goMemoryLimit, ...(env?.(wiring) ?? []), ...zone.env],
          envFrom: [
            { configMapRef: { name: settingsName(name) } },
            { secretRef: { name: secret.name } },
          ],
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet("/ready"), live: httpGet(alive), startSeconds }),
          resources: resources(size, workload.disk ? undefined : "2Gi"),
          volumeMounts: [
            { name: "config", mountPath: `/etc/${name}`, readOnly: true },
            ...(overrides ? [overrides.mount] : []),
            { name: "data", mountPath: "/data" },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [
        configVolume("config", name),
        ...(overrides ? [overrides.volume] : []),
        ...(workload.disk ? [] : [emptyDir("data")]),
        emptyDir("tmp"),
      ],
    },
  };
}

/** What a component gives that is such a program: its processes, and nginx where its gateway is none of them. */
export const buildOf =
  (program: Program) =>
  (context: Context): Built => {
    const { wiring, workloads, size } = context;
    const { name, httpPort, secret, config, files, overrides, found, gateway, routes } = program;
    found(wiring);
    const locations = (): readonly nginx.Route[] =>
      routes
        .filter(([role]) => wiring.runs(role))
        .flatMap(([role, ...paths]) => paths.map((path) => ({ path, upstream: wiring.wire(gateway).to(role, "http") })));
    const apart = workloads.filter((workload) => workload.name === gateway.name);
    const gateways = apart.map((workload) => nginx.gateway(workload, size(workload), httpPort, locations()));
    return {
      pods: [
        ...workloads.filter((workload) => !apart.includes(workload)).map((workload) => server(workload, context, program)),
        ...gateways.map(({ pods }) => pods),
      ],
      configs: [
        { name, read: "start-up", files: { [`${name}.yaml`]: config(context), ...files?.(context) } },
        ...(overrides ? [overrides.config] : []),
        ...gateways.map((one) => one.config),
      ],
      secrets: [secret],
    };
  };
