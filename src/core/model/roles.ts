/** How the roles of a component are grouped into workloads. */
export type Mode = "monolithic" | "scalable" | "microservices";
export const modes: readonly Mode[] = ["monolithic", "scalable", "microservices"];

export type Tier = "write" | "read" | "backend";

/** The stack's own namespace (Pod Security `restricted`), or the one for agents that must touch the host. */
export type NamespaceKind = "stack" | "agents";

/** A Service that clients outside the component use; its name is the same in every mode. */
export interface EntryPoint<P extends string = string> {
  readonly name: string;
  readonly ports: readonly P[];
  /** The name lists each ready pod, for clients that balance by themselves. Default: one address for all. */
  readonly headless?: true | undefined;
  /** A client is sent to the same pod each time, as long as that is ready. */
  readonly sessionAffinity?: "ClientIP" | undefined;
}

/** A headless Service over every pod that carries its label, whatever workload or component the pod belongs to. */
export interface Group<P extends string = string> {
  /** Whose base holds the Service. */
  readonly component: string;
  readonly name: string;
  readonly port: P;
  /** `members`: also pods that are not ready, so that a ring can form before anybody is ready. */
  readonly lists: "members" | "ready members";
}

/** What a port speaks. Over TLS, HTTP is "https", gRPC is "grpcs" and any other protocol is "tls". */
export type Speaks = "grpc" | "grpcs" | "http" | "https" | "tcp" | "tls";

/** A port whose name does not say what it speaks is declared: `speaks: { kafka: "tcp" }`. */
const spokenByName = (port: string): Speaks => {
  if (port.endsWith("grpc")) return "grpc";
  return port === "gossip" ? "tcp" : "http";
};

/** What Prometheus scrapes. */
export interface Metrics<P extends string = string> {
  readonly port: P;
  /** Name of the scrape job; default: the component's. */
  readonly job?: string;
  /** Default /metrics. */
  readonly path?: string;
  /**
   * What its samples speak of, if it is not the scraped process: objects of the cluster, which they name themselves, or the node that it
   * runs on. They are the same series then whichever pod they are from.
   */
  readonly about?: "cluster" | "node";
  /** Prometheus's relabelling of each sample, when it has the labels of its target. */
  readonly relabel?: readonly object[];
}

/**
 * `replicas` of a Deployment or StatefulSet, one on `every node` of a DaemonSet. Nothing is a Job: its pods cannot be changed under its name,
 * so whoever changes images, labels or tolerations of all that there is would be refused.
 */
export type Runs = "replicas" | "every node";

/** One kind of process of a component. It exists in every mode; only the company it keeps changes. */
export interface Role<P extends string = string> {
  readonly component: string;
  readonly name: string;
  readonly tier: Tier;
  readonly namespaceKind: NamespaceKind;
  readonly ports: Readonly<Record<P, number>>;
  /** By port: `{ http: "http", grpc: "grpc" }`. Nothing else says whether a port takes TLS. */
  readonly speaks: Readonly<Record<P, Speaks>>;
  readonly metrics?: Metrics<P> | undefined;
  readonly entryPoint?: EntryPoint<P> | undefined;
  readonly groups: readonly Group<P>[];
  /** Ports that take UDP, too. */
  readonly datagrams: readonly P[];
  /** Size of the volume that it keeps over a restart. */
  readonly disk?: string | undefined;
  /** Its pods keep their names over a restart; so do those that keep a volume. */
  readonly podNames?: "stable" | undefined;
  /** Two of it would undo each other's work, in whatever modes they stand. */
  readonly singleton?: true | undefined;
  /** Its pods look each other up by their own names before anybody is ready. */
  readonly publishNotReadyAddresses?: true | undefined;
  readonly runs: Runs;
  /** What a label of its clients' pods calls it, so that a policy can name them wherever it is. */
  readonly clientLabel?: string | undefined;
  /** It passes on what clients of the component ask, so that a mode may give it pods of its own: Loki's gateway. */
  readonly passesOn?: true | undefined;
  /** Why no load sizes it: it stays as large as its mode has it. Default: `src/sizing/rules` has a rule. */
  readonly unsized?: string | undefined;
}

/** Roles that share pods. */
export interface Workload {
  readonly component: string;
  readonly name: string;
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

/** Name of the headless Service that a workload's pods have their own names under. */
export const governingServiceName = ({ fullName, roles }: Workload): string =>
  roles.find(({ entryPoint }) => entryPoint?.headless)?.entryPoint?.name ?? `${fullName}-headless`;

interface Shared<P extends string> {
  readonly ports: Readonly<Record<P, number>>;
  readonly speaks?: Readonly<Partial<Record<NoInfer<P>, Speaks>>>;
  readonly metrics?: Metrics<NoInfer<P>>;
  readonly namespaceKind?: NamespaceKind;
  readonly groups?: readonly Group<NoInfer<P>>[];
  readonly unsized?: string;
}

interface Shape {
  readonly tier: Tier;
  readonly ports?: Readonly<Record<string, number>>;
  readonly speaks?: Readonly<Record<string, Speaks>>;
  readonly metrics?: Metrics;
  readonly entryPoint?: EntryPoint;
  readonly groups?: readonly Group[];
  readonly datagrams?: readonly string[];
  readonly disk?: string;
  readonly podNames?: "stable";
  readonly singleton?: true;
  readonly publishNotReadyAddresses?: true;
  readonly runs?: Runs;
  readonly clientLabel?: string;
  readonly passesOn?: true;
  readonly unsized?: string;
}

/** The ports of one row of a role table: those all roles share and its own. */
type PortsOf<P extends string, S extends Shape> = P | (S["ports"] extends object ? keyof S["ports"] & string : never);

/** Refuses fields that a row of a role table does not have: a generic parameter alone would take them. */
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
      metrics: shape.metrics ?? shared.metrics,
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
