import { type Built, type Context, type Pods, type SecretShape, settingsName } from "../core/component.ts";
import type { Role, Workload } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, goMemoryLimit, httpGet, probes, resources } from "../core/pod.ts";
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
  /** A path that a process answers as long as it lives. */
  readonly alive: string;
  readonly startSeconds: number;
  readonly config: (context: Context) => object;
  /** Asks for the connections that no address stands for. */
  readonly found: (wiring: Wiring) => void;
  readonly gateway: Role;
  /** What clients may ask, as paths (nginx's `location`) by the role that answers; the gateway's, if it has pods of its own. */
  readonly routes: readonly (readonly [Role, ...string[]])[];
}

function server(workload: Workload, size: Sized, program: Program): Pods {
  const { name, image, writer, secret, alive, startSeconds } = program;
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
          args: [`-config.file=/etc/${name}/${name}.yaml`, "-config.expand-env=true", target(workload)],
          env: [goMemoryLimit],
          envFrom: [{ configMapRef: { name: settingsName(name) } }, { secretRef: { name: secret.name } }],
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet("/ready"), live: httpGet(alive), startSeconds }),
          resources: resources(size, workload.disk ? undefined : "2Gi"),
          volumeMounts: [
            { name: "config", mountPath: `/etc/${name}`, readOnly: true },
            { name: "data", mountPath: "/data" },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [configVolume("config", name), ...(workload.disk ? [] : [emptyDir("data")]), emptyDir("tmp")],
    },
  };
}

/** What a component gives that is such a program: its processes, and nginx where its gateway is none of them. */
export const buildOf =
  (program: Program) =>
  (context: Context): Built => {
    const { wiring, workloads, size } = context;
    const { name, httpPort, secret, config, found, gateway, routes } = program;
    found(wiring);
    const locations = (): readonly nginx.Route[] =>
      routes.flatMap(([role, ...paths]) =>
        paths.map((path) => ({ path, upstream: wiring.wire(gateway).to(role, "http") })),
      );
    const apart = workloads.filter((workload) => workload.name === gateway.name);
    const gateways = apart.map((workload) => nginx.gateway(workload, size(workload), httpPort, locations()));
    return {
      pods: [
        ...workloads.filter((workload) => !apart.includes(workload)).map((workload) => server(workload, size(workload), program)),
        ...gateways.map(({ pods }) => pods),
      ],
      configs: [
        { name, read: "start-up", files: { [`${name}.yaml`]: config(context) } },
        ...gateways.map((one) => one.config),
      ],
      secrets: [secret],
    };
  };
