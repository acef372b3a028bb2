import { governingServiceName, type Group, type NamespaceKind, type Role, scheme, type Workload } from "./roles.ts";
import type { Place } from "./places.ts";

declare const brand: unique symbol;
/** "loki-gateway:3100", of a connection that is on record. A plain string is no Address. */
export type Address = string & { readonly [brand]: true };

/**
 * A role connects to a port of another role. `via` says how it finds the peer: by the Service, by a
 * headless Service, or as a `member` of a ring or of a discovery.
 */
export interface Connection {
  readonly from: Role | Place;
  readonly to: Role | Place;
  /** Name of the port: "http". Undefined for a place, which has no ports of a role. */
  readonly port?: string | undefined;
  readonly via: "service" | "each pod" | "member";
  /**
   * `from` connects in another of its modes, not in this one. The peer's policy lets it in anyway,
   * so that the peer's base is the same beside every mode of `from`.
   */
  readonly onlyIn?: "other modes" | undefined;
}

export interface Ask {
  /**
   * Address of the Service of the role's pods: "loki-gateway:3100". A role in the same process is
   * at 127.0.0.1.
   * @throws if the role is of another component and has no entry point with this port
   */
  to<P extends string>(to: Role<P>, port: NoInfer<P>): Address;
  /** The same as a URL, with the scheme that the port speaks: "http://loki-gateway:3100". */
  url<P extends string>(to: Role<P>, port: NoInfer<P>): string;
  /**
   * Address of the headless Service of the role's workload, for clients that balance by themselves.
   * @throws if the role is of another component
   */
  toEach<P extends string>(to: Role<P>, port: NoInfer<P>): Address;
  /**
   * Addresses of the first `count` pods: ["kafka-0.kafka-headless:9092", …].
   * @throws if the pods have no names of their own
   */
  toPods<P extends string>(to: Role<P>, port: NoInfer<P>, count: number): readonly Address[];
  /**
   * Address of the headless Service of a group: "loki-gossip:7946". Opens the way to each member.
   */
  toGroup(group: Group, members: readonly Role[]): Address;
  /** The same as a URL, with the scheme that the port of all members speaks. */
  urlToGroup(group: Group, members: readonly Role[]): string;
  /** The program finds the peer by a ring or a discovery. Only the network is opened. */
  discovers<P extends string>(to: Role<P>, port: NoInfer<P>): void;
  /** The role connects in another of its modes. The peer lets it in; nobody is let out. */
  mayConnect<P extends string>(to: Role<P>, port: NoInfer<P>): void;
  /** Calls `to` if the role connects in this mode, else `mayConnect`. */
  toIf<P extends string>(isMade: boolean, to: Role<P>, port: NoInfer<P>): void;
  /** Opens the way to something outside the bundle, such as the API server. */
  toPlace(place: Place): void;
}

export interface Wiring {
  wire(from: Role): Ask;
  /** Opens the way from outside the bundle to ports of a role. */
  allowFrom<P extends string>(place: Place, to: Role<P>, ...ports: readonly NoInfer<P>[]): void;
  /**
   * Opens the way from another namespace, and gives the URL there:
   * "http://prometheus.observability:9090".
   * @throws if the role has no entry point with this port
   */
  urlFromOutside<P extends string>(place: Place, to: Role<P>, port: NoInfer<P>): string;
  /** @throws if the role runs in no workload of its component's mode */
  workloadOf(role: Role): Workload;
  /**
   * What a pod of the role calls itself: "$(POD_NAME).kafka-headless:9092". Kubernetes expands the
   * variable in arguments and in the environment.
   * @throws if the pods have no names of their own
   */
  ownAddress<P extends string>(role: Role<P>, port: NoInfer<P>): Address;
  /** Whether the mode of its component has the role. */
  runs(role: Role): boolean;
  /** Connections in the order of their keys: all, or those of the roles of one component. */
  connections(component?: string): readonly Connection[];
}

export const isRole = (end: Role | Place): end is Role => "component" in end;

const id = (end: Role | Place): string => (isRole(end) ? `${end.component}/${end.name}` : end.name);
export const connectionKey = (c: Connection): string =>
  [id(c.from), id(c.to), c.port ?? "", c.via, c.onlyIn ?? ""].join(" ").trim();

/**
 * A fresh record of connections over these workloads.
 * @param names the namespaces' names, needed only where an address crosses from one to the other
 */
export function createWiring(workloads: readonly Workload[], names: Readonly<Record<NamespaceKind, string>>): Wiring {
  const record = new Map<string, Connection>();
  /** Connections by component; `undefined` has all. Emptied by every new connection. */
  const sorted = new Map<string | undefined, Connection[]>();
  const note = (connection: Connection): void => {
    record.set(connectionKey(connection), connection);
    sorted.clear();
  };
  const sort = (): void => {
    const all = [...record.keys()].sort().map((key) => record.get(key) as Connection);
    sorted.set(undefined, all);
    for (const connection of all) {
      const ends = new Set([connection.from, connection.to].filter(isRole).map(({ component }) => component));
      for (const end of ends) sorted.set(end, [...(sorted.get(end) ?? []), connection]);
    }
  };

  const placed = new Map(workloads.flatMap((workload) => workload.roles.map((role) => [id(role), workload])));
  const placeOf = (role: Role): Workload | undefined => placed.get(id(role));
  const workloadOf = (role: Role): Workload => {
    const found = placeOf(role);
    if (!found) throw new Error(`${id(role)} runs in no workload. Add it to the roles of its component.`);
    return found;
  };

  const host = (from: Role, service: string, at: NamespaceKind): string =>
    from.namespaceKind === at ? service : `${service}.${names[at]}`;

  const entryPoint = (from: Role | Place, to: Role, port: string): string => {
    if (!to.entryPoint?.ports.includes(port)) {
      throw new Error(
        `${id(from)} asks for ${id(to)}, port ${port}, which has no entry point. Ask for a role that has one.`,
      );
    }
    return to.entryPoint.name;
  };
  const service = (from: Role, to: Role, port: string): string =>
    from.component === to.component ? workloadOf(to).fullName : entryPoint(from, to, port);

  const number = (to: Role, port: string): number => {
    const found = to.ports[port];
    if (found === undefined)
      throw new Error(`${id(to)} has no port ${port}. It has ${Object.keys(to.ports).join(", ")}.`);
    return found;
  };

  /** The name and port that pods of the role have their own names under. */
  const under = (to: Role, port: string): string => {
    const workload = workloadOf(to);
    if (!workload.podNames)
      throw new Error(`${id(to)} has pods without names of their own. Give it a disk, or podNames "stable".`);
    return `${governingServiceName(workload)}:${number(to, port)}`;
  };

  const to = (from: Role, to: Role, port: string): Address => {
    if (from.component === to.component && workloadOf(from) === workloadOf(to))
      return `127.0.0.1:${number(to, port)}` as Address;
    const address = `${host(from, service(from, to, port), to.namespaceKind)}:${number(to, port)}` as Address;
    note({ from, to, port, via: "service" });
    return address;
  };
  const mayConnect = (from: Role, to: Role, port: string): void =>
    note({ from, to, port, via: "member", onlyIn: "other modes" });

  const toGroup = (from: Role, group: Group, members: readonly Role[]): Address => {
    for (const to of members) note({ from, to, port: group.port, via: "member" });
    return `${group.name}:${number(members[0] as Role, group.port)}` as Address;
  };

  const wire = (from: Role): Ask => ({
    to: (peer, port) => to(from, peer, port),
    url: (peer, port) => `${scheme(peer, port)}://${to(from, peer, port)}`,
    toEach(to, port) {
      if (from.component !== to.component)
        throw new Error(`${id(from)} asks for each pod of ${id(to)}, which is of another component. Ask with "to".`);
      if (workloadOf(from) === workloadOf(to)) return `127.0.0.1:${number(to, port)}` as Address;
      note({ from, to, port, via: "each pod" });
      return `${governingServiceName(workloadOf(to))}:${number(to, port)}` as Address;
    },
    toPods(to, port, count) {
      const names = under(to, port);
      note({ from, to, port, via: "member" });
      return Array.from({ length: count }, (_, i) => `${workloadOf(to).fullName}-${i}.${names}` as Address);
    },
    toGroup: (group, members) => toGroup(from, group, members),
    urlToGroup: (group, members) => `${scheme(members[0] as Role, group.port)}://${toGroup(from, group, members)}`,
    discovers(to, port) {
      number(to, port);
      note({ from, to, port, via: "member" });
    },
    mayConnect: (peer, port) => mayConnect(from, peer, port),
    toIf(isMade, peer, port) {
      if (isMade) to(from, peer, port);
      else mayConnect(from, peer, port);
    },
    toPlace(place) {
      note({ from, to: place, via: "member" });
    },
  });

  return {
    wire,
    workloadOf,
    ownAddress: (role, port) => `$(POD_NAME).${under(role, port)}` as Address,
    runs: (role) => placeOf(role) !== undefined,
    allowFrom: (from, to, ...ports) => {
      for (const port of ports) note({ from, to, port, via: "service" });
    },
    urlFromOutside: (from, to, port) => {
      note({ from, to, port, via: "service" });
      return `${scheme(to, port)}://${entryPoint(from, to, port)}.${names[to.namespaceKind]}:${number(to, port)}`;
    },
    connections: (component) => {
      if (sorted.size === 0) sort();
      return sorted.get(component) ?? [];
    },
  };
}
