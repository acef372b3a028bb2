/** How the roles of a component are grouped into workloads. */
export type Mode = "monolithic" | "scalable" | "microservices";
export const modes: readonly Mode[] = ["monolithic", "scalable", "microservices"];

export type Tier = "write" | "read" | "backend";

/**
 * The stack's own namespace (Pod Security `restricted`), or the one for agents that must touch the
 * host.
 */
export type NamespaceKind = "stack" | "agents";

/** The Service that clients of other components use. Its name is the same in every mode. */
export interface EntryPoint<P extends string = string> {
  /** "loki-gateway". */
  readonly name: string;
  /** Ports of the role that the Service has: ["http"]. */
  readonly ports: readonly P[];
  /** A headless Service: its name lists the pods. Default: one cluster address for all pods. */
  readonly headless?: true | undefined;
  /** The Service's field: a client stays with one pod while that pod is ready. */
  readonly sessionAffinity?: "ClientIP" | undefined;
}

/**
 * A headless Service over every pod that carries its label, whatever workload or component the pod
 * belongs to.
 */
export interface Group<P extends string = string> {
  /** The component whose base holds the Service: "loki". */
  readonly component: string;
  /** "loki-gossip". */
  readonly name: string;
  readonly port: P;
  /** `members` lists pods that are not ready, too: a ring forms before any pod is ready. */
  readonly lists: "members" | "ready members";
}

/**
 * What a port speaks. Over TLS, HTTP is "https", gRPC is "grpcs" and any other protocol is "tls".
 */
export type Speaks = "grpc" | "grpcs" | "http" | "https" | "tcp" | "tls";

/** A port whose name does not say what it speaks is declared: `speaks: { kafka: "tcp" }`. */
const spokenByName = (port: string): Speaks => {
  if (port.endsWith("grpc")) return "grpc";
  return port === "gossip" ? "tcp" : "http";
};

/** An endpoint that Prometheus scrapes. */
export interface Metrics<P extends string = string> {
  readonly port: P;
  /** Name of the scrape job: "thanos-sidecar". Default: the component's name. */
  readonly job?: string;
  /** "/minio/v2/metrics/cluster". Default: "/metrics". */
  readonly path?: string;
  /**
   * What the samples describe: the objects of the cluster, or the node. Such a series is the same
   * whichever pod it comes from. Default: the scraped process.
   */
  readonly about?: "cluster" | "node";
  /** Prometheus's `metric_relabel_configs` of the job. */
  readonly relabel?: readonly object[];
}

/**
 * `replicas` become a Deployment or a StatefulSet, `every node` becomes a DaemonSet. Nothing
 * becomes a Job: the API server refuses a change of a Job's pods, such as another image, under its
 * name.
 */
export type Runs = "replicas" | "every node";

/** Of a role with one pod: any second pod does harm, or any that is no shard of the same workload. */
export type Singleton = true | "but for shards";

/**
 * One kind of process of a component, such as Loki's ingester. A mode decides which roles share
 * pods, and may leave a role out.
 */
export interface Role<P extends string = string> {
  /** "loki". */
  readonly component: string;
  /** "ingester". */
  readonly name: string;
  readonly tier: Tier;
  readonly namespaceKind: NamespaceKind;
  /** `{ http: 3100, grpc: 9095 }`. */
  readonly ports: Readonly<Record<P, number>>;
  /** By port: `{ http: "http", grpc: "grpc" }`. Nothing else says whether a port takes TLS. */
  readonly speaks: Readonly<Record<P, Speaks>>;
  /** Endpoints with metrics. Each that differs in more than its port has a job of its own. */
  readonly metrics: readonly Metrics<P>[];
  readonly entryPoint?: EntryPoint<P> | undefined;
  readonly groups: readonly Group<P>[];
  /** Ports that take UDP beside TCP: ["gossip"]. */
  readonly datagrams: readonly P[];
  /** Size of the volume that its pods keep over a restart: "10Gi". Default: no volume. */
  readonly disk?: string | undefined;
  /** Its pods keep their names over a restart, without a volume: a StatefulSet. */
  readonly podNames?: "stable" | undefined;
  /** There may be only one pod of it, in any mode: Loki's compactor. */
  readonly singleton?: Singleton | undefined;
  /** The field of its headless Service: pods look each other up before any of them is ready. */
  readonly publishNotReadyAddresses?: true | undefined;
  readonly runs: Runs;
  /**
   * Pods that connect to the role get the label `kube-lgtm.io/<clientLabel>`: "object-store". A
   * policy finds the clients by it when a feature replaces the role.
   */
  readonly clientLabel?: string | undefined;
  /** It passes requests on to the other roles, and may have pods of its own: Loki's gateway. */
  readonly passesOn?: true | undefined;
  /**
   * Why no rule sizes the role for a load: "it only looks after topics". Its size is that of the
   * mode. Default: `src/sizing/rules` has a rule.
   */
  readonly unsized?: string | undefined;
}

/** Roles that share pods. */
export interface Workload {
  /** "loki". */
  readonly component: string;
  /** "write"; "all" where all roles are in one, and "server" where there is one role. */
  readonly name: string;
  /** Name of its objects: "loki-write", or "loki" of the workload "all". */
  readonly fullName: string;
  readonly namespaceKind: NamespaceKind;
  readonly roles: readonly Role[];
  readonly runs: Runs;
  readonly disk?: string | undefined;
  readonly podNames?: "stable" | undefined;
}

/** @throws if the port speaks no HTTP */
export function scheme<P extends string>({ component, name, speaks }: Role<P>, port: NoInfer<P>): "http" | "https" {
  const spoken = speaks[port];
  if (spoken === "http" || spoken === "https") return spoken;
  throw new Error(`${component}/${name} speaks ${spoken} on its port ${port}, which has no URL. Ask for its address.`);
}

/** Whether a port takes TLS. */
export const isSecure = <P extends string>({ speaks }: Role<P>, port: NoInfer<P>): boolean =>
  (["grpcs", "https", "tls"] as readonly Speaks[]).includes(speaks[port]);

/** The headless Service that gives each pod of a workload a name: "kafka-headless". */
export const governingServiceName = ({ fullName, roles }: Workload): string =>
  roles.find(({ entryPoint }) => entryPoint?.headless)?.entryPoint?.name ?? `${fullName}-headless`;

interface Shared<P extends string> {
  readonly ports: Readonly<Record<P, number>>;
  readonly speaks?: Readonly<Partial<Record<NoInfer<P>, Speaks>>>;
  readonly metrics?: Metrics<NoInfer<P>> | readonly Metrics<NoInfer<P>>[];
  readonly namespaceKind?: NamespaceKind;
  readonly groups?: readonly Group<NoInfer<P>>[];
  readonly unsized?: string;
}

interface Shape {
  readonly tier: Tier;
  readonly ports?: Readonly<Record<string, number>>;
  readonly speaks?: Readonly<Record<string, Speaks>>;
  readonly metrics?: Metrics | readonly Metrics[];
  readonly entryPoint?: EntryPoint;
  readonly groups?: readonly Group[];
  readonly datagrams?: readonly string[];
  readonly disk?: string;
  readonly podNames?: "stable";
  readonly singleton?: Singleton;
  readonly publishNotReadyAddresses?: true;
  readonly runs?: Runs;
  readonly clientLabel?: string;
  readonly passesOn?: true;
  readonly unsized?: string;
}

/** The ports of one row of a role table: those all roles share and its own. */
type PortsOf<P extends string, S extends Shape> = P | (S["ports"] extends object ? keyof S["ports"] & string : never);

/**
 * Refuses fields that a row of a role table does not have: a generic parameter alone would take
 * them.
 */
type OnlyKnown<T> = { readonly [N in keyof T]: { readonly [K in Exclude<keyof T[N], keyof Shape>]: never } };

/** The roles of a component: what all of them share, then one row each. */
export function defineRoles<const P extends string, const T extends Readonly<Record<string, Shape>>>(
  component: string,
  shared: Shared<P>,
  table: T & OnlyKnown<T>,
): { readonly [N in keyof T]: Role<PortsOf<P, T[N]>> } {
  const role = ([name, shape]: [string, Shape]): [string, Role] => {
    const ports = { ...shared.ports, ...shape.ports };
    const byName = Object.fromEntries(Object.keys(ports).map((port) => [port, spokenByName(port)]));
    const found: Role = {
      component,
      name,
      tier: shape.tier,
      namespaceKind: shared.namespaceKind ?? "stack",
      ports,
      speaks: { ...byName, ...shared.speaks, ...shape.speaks },
      metrics: [shape.metrics ?? shared.metrics ?? []].flat(),
      entryPoint: shape.entryPoint,
      groups: [...(shared.groups ?? []), ...(shape.groups ?? [])],
      datagrams: shape.datagrams ?? [],
      disk: shape.disk,
      podNames: shape.podNames,
      singleton: shape.singleton,
      publishNotReadyAddresses: shape.publishNotReadyAddresses,
      runs: shape.runs ?? "replicas",
      clientLabel: shape.clientLabel,
      passesOn: shape.passesOn,
      unsized: shape.unsized ?? shared.unsized,
    };
    return [name, found];
  };
  return Object.fromEntries(Object.entries(table).map(role)) as unknown as { [N in keyof T]: Role<PortsOf<P, T[N]>> };
}
