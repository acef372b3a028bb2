import { containersOf, type Labels, type PodTemplate, type Selector, selects, specOf } from "./reading.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Where the pods behind a cluster's DNS Service and its API server listen: policies are decided
 * there, after the Service's port has been exchanged for theirs. Which distribution listens where,
 * and who says so, is in docs/security.md.
 */
export const listening = { dns: [53, 1053, 5353, 8053], apiServer: [443, 6443, 6444, 8443, 16443] } as const;

/** What a rule of a policy names as the other end. */
export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: unknown;
}
export interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}
export interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly Port[];
}
export interface PolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}
export type Direction = "Egress" | "Ingress";

/** A pod as a network plugin sees it. */
export interface Party {
  readonly namespace: string;
  readonly labels: Labels;
}
export interface Target {
  readonly port: number;
  readonly protocol?: "TCP" | "UDP";
  /** Name that the pod gives the port. */
  readonly name?: string | undefined;
}

/** A place that is no pod: the world outside of the cluster's pod network. */
export const outside = Symbol("outside");

/**
 * The network as these objects' policies leave it, decided as the Kubernetes documentation says.
 */
export interface Network {
  /** Whether the direction's policies, all together, let this party's traffic through. */
  open(direction: Direction, self: Party, other: Party | typeof outside, target: Target): boolean;
  /** Whether a connection comes about: out of the one and into the other. */
  connects(from: Party, to: Party, target: Target): boolean;
  /** Whether a peer that a policy of this namespace names is this party. */
  isPeer(namespace: string, peer: Peer, other: Party): boolean;
  /** Whether any policy restricts this direction of the party's traffic. */
  restricted(direction: Direction, self: Party): boolean;
}

/** The directions that a policy restricts. */
export const typesOf = ({ policyTypes, egress }: PolicySpec): readonly string[] =>
  policyTypes ?? (egress ? ["Ingress", "Egress"] : ["Ingress"]);

export function network(objects: readonly Manifest[]): Network {
  const policies = objects
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map((object) => ({ namespace: object.metadata.namespace ?? "", spec: specOf<PolicySpec>(object) }));
  const namespaces = new Map(
    objects
      .filter(({ kind }) => kind === "Namespace")
      .map(({ metadata }): [string, Labels] => [metadata.name, (metadata["labels"] ?? {}) as Labels]),
  );
  const namespaceLabels = (name: string): Labels => ({ ...namespaces.get(name), "kubernetes.io/metadata.name": name });

  const isPeer: Network["isPeer"] = (policy, peer, other) => {
    if (peer.ipBlock) return false;
    const isNamespace = peer.namespaceSelector
      ? selects(peer.namespaceSelector, namespaceLabels(other.namespace))
      : other.namespace === policy;
    return isNamespace && selects(peer.podSelector ?? {}, other.labels);
  };
  const isPort = ({ protocol = "TCP", port, endPort }: Port, target: Target): boolean => {
    if (protocol !== (target.protocol ?? "TCP")) return false;
    if (port === undefined) return true;
    if (typeof port === "string") return port === target.name;
    return target.port >= port && target.port <= (endPort ?? port);
  };
  const known = new Map<Party, Readonly<Record<Direction, typeof policies>>>();
  const applying = (direction: Direction, self: Party): typeof policies => {
    const own = (one: Direction): typeof policies =>
      policies.filter(
        ({ namespace, spec }) =>
          namespace === self.namespace && typesOf(spec).includes(one) && selects(spec.podSelector, self.labels),
      );
    const found = known.get(self) ?? { Egress: own("Egress"), Ingress: own("Ingress") };
    known.set(self, found);
    return found[direction];
  };

  const open: Network["open"] = (direction, self, other, target) => {
    const applied = applying(direction, self);
    if (applied.length === 0) return true;
    return applied.some(({ namespace, spec }) =>
      ((direction === "Ingress" ? spec.ingress : spec.egress) ?? []).some((rule) => {
        const peers = direction === "Ingress" ? rule.from : rule.to;
        const met =
          !peers || peers.length === 0 || (other !== outside && peers.some((peer) => isPeer(namespace, peer, other)));
        return met && (!rule.ports || rule.ports.length === 0 || rule.ports.some((port) => isPort(port, target)));
      }),
    );
  };
  return {
    open,
    isPeer,
    connects: (from, to, target) => open("Egress", from, to, target) && open("Ingress", to, from, target),
    restricted: (direction, self) => applying(direction, self).length > 0,
  };
}

/** Every port that a pod declares. */
export const targets = (pod: PodTemplate): readonly Target[] =>
  containersOf(pod).flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, name, protocol }) => ({
      port: containerPort,
      name,
      protocol: protocol === "UDP" ? "UDP" : "TCP",
    })),
  );
