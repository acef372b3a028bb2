import { governingServiceName, type Group, type NamespaceKind, type Role, scheme, type Workload } from "./roles.ts";
import type { Place } from "./places.ts";

declare const brand: unique symbol;
/** host:port that has been asked for, so that its connection is on record. A plain string is not an Address. */
export type Address = string & { readonly [brand]: true };

/** "This role talks to that role's port". `member`: the peer is found through a ring or discovery, in any workload. */
export interface Connection {
  readonly from: Role | Place;
  readonly to: Role | Place;
  /** Name of the port; undefined where a place has no ports of ours. */
  readonly port?: string | undefined;
  readonly via: "service" | "each pod" | "member";
  /** Made in some modes of `from` only: the peer lets it in all the same, so that its base does not depend on that mode. */
  readonly onlyIn?: "other modes" | undefined;
}

export interface Ask {
  /** Address of the Service that stands for the role's pods; a role of the same process is on loopback. */
  to<P extends string>(to: Role<P>, port: NoInfer<P>): Address;
  /** The same as a URL, with the scheme that the port speaks: "http://loki-gateway:3100". */
  url<P extends string>(to: Role<P>, port: NoInfer<P>): string;
  /** Address of a name that resolves to each ready pod of the role, for clients that balance by themselves. */
  toEach<P extends string>(to: Role<P>, port: NoInfer<P>): Address;
  /** Addresses of so many pods of the role, each by its own name; it is opened to all of them. */
  toPods<P extends string>(to: Role<P>, port: NoInfer<P>, count: number): readonly Address[];
  /** Address of the name that lists all members of a group; opens the way to each of `members`. */
  toGroup(group: Group, members: readonly Role[]): Address;
  /** The same as a URL, with the scheme that the port of all members speaks. */
  urlToGroup(group: Group, members: readonly Role[]): string;
  /** A peer that the program finds by itself (ring, discovery): no address is written, the network must allow it. */
  discovers<P extends string>(to: Role<P>, port: NoInfer<P>): void;
  /** A connection that the role makes in another of its modes: the peer lets it in, and nobody is let out to it. */
  mayConnect<P extends string>(to: Role<P>, port: NoInfer<P>): void;
  /** Like `to` where the condition holds in this mode, like `mayConnect` where it does not. */
  toIf<P extends string>(isMade: boolean, to: Role<P>, port: NoInfer<P>): void;
  /** Something outside the bundle. */
  toPlace(place: Place): void;
}

export interface Wiring {
  wire(from: Role): Ask;
  /** Lets something outside the bundle in. */
  allowFrom<P extends string>(place: Place, to: Role<P>, ...ports: readonly NoInfer<P>[]): void;
  /** Lets something in another namespace in; the URL of the role's entry point from there. */
  urlFromOutside<P extends string>(place: Place, to: Role<P>, port: NoInfer<P>): string;
  /** @throws if the role runs in no workload of its component's mode */
  workloadOf(role: Role): Workload;
  /**
   * The address of a pod of the role by its own name, for what the pod says of itself: `$(POD_NAME).kafka-headless:9092`. Kubernetes expands
   * the variable in arguments and environment.
   * @throws if its pods have no names of their own
   */
  ownAddress<P extends string>(role: Role<P>, port: NoInfer<P>): Address;
  /** Whether the role is there in the mode of its component. */
  runs(role: Role): boolean;
  /** Those on record, in the order of their keys: all, or those that begin or end at a role of one component. */
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
  /** By component, and all under no name; worked out when it is asked for, and again after the next connection. */
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
