import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { INetworkPolicyPort } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort";
import { NetworkPolicy } from "../kubernetes/builders.ts";
import { listening } from "../kubernetes/network-rules.ts";
import { componentLabels, labels, partOf, selector } from "./labels.ts";
import type { NamespaceKind, Role, Workload } from "../model/roles.ts";
import type { Place } from "../model/places.ts";
import { type Connection, isRole, type Wiring } from "../model/wiring.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";

export const tcp = (port: number): INetworkPolicyPort => ({ protocol: "TCP", port });

/** DNS by port, wherever a cluster's DNS pods live. */
export const names = (ports: readonly number[]): { ports: INetworkPolicyPort[] } => ({
  ports: ports.flatMap((port) => (["UDP", "TCP"] as const).map((protocol) => ({ protocol, port }))),
});
const dns = names(listening.dns);

interface Opening {
  readonly peers: readonly INetworkPolicyPeer[];
  readonly ports: readonly INetworkPolicyPort[];
}

/**
 * A peer's pods: the workload inside a component, any pod of the component from outside or through
 * a ring.
 */
const peer = (
  self: Pick<Subject, "component" | "namespaceKind">,
  other: Role,
  via: Connection["via"],
  wiring: Wiring,
): INetworkPolicyPeer => {
  const exact = self.component === other.component && via !== "member";
  const matchLabels = exact ? selector(wiring.workloadOf(other)) : { "app.kubernetes.io/name": other.component };
  return self.namespaceKind === other.namespaceKind
    ? { podSelector: { matchLabels } }
    : { namespaceSelector: { matchLabels: partOf }, podSelector: { matchLabels } };
};

/** What a port of a role speaks. */
const protocols = ({ ports, datagrams }: Role, name: string): readonly INetworkPolicyPort[] => {
  const port = tcp(ports[name] as number);
  return datagrams.includes(name) ? [port, { ...port, protocol: "UDP" }] : [port];
};

const opening = (
  self: Pick<Subject, "component" | "namespaceKind">,
  other: Role | Place,
  connection: Connection,
  wiring: Wiring,
): Opening => {
  const to = connection.to;
  const ports = isRole(to) ? protocols(to, connection.port as string) : [];
  if (!isRole(other)) return { peers: other.peers ?? [], ports: [...(other.ports ?? []).map(tcp), ...ports] };
  return { peers: [peer(self, other, connection.via, wiring)], ports };
};

/** The values with one entry for each key: what `join` makes of all that have it. */
const joined = <T>(values: readonly T[], key: (value: T) => string, join: (a: T, b: T) => T): readonly T[] => {
  const found = new Map<string, T>();
  for (const value of values) {
    const before = found.get(key(value));
    found.set(key(value), before === undefined ? value : join(before, value));
  }
  return [...found.values()];
};

const distinct = <T>(values: readonly T[]): readonly T[] =>
  joined(
    values,
    (value) => JSON.stringify(value),
    (a) => a,
  );
const byPort = (a: INetworkPolicyPort, b: INetworkPolicyPort): number => Number(a.port) - Number(b.port);

/** One rule a peer, with all of its ports; then one rule for all peers that have the same ports. */
function merged(openings: readonly Opening[]): readonly Opening[] {
  const perPeer = joined(
    openings,
    ({ peers }) => JSON.stringify(peers),
    (a, b) => ({ peers: a.peers, ports: distinct([...a.ports, ...b.ports]).toSorted(byPort) }),
  );
  return joined(
    perPeer,
    ({ peers, ports }) => (peers.length === 0 ? "anywhere" : JSON.stringify(ports)),
    (a, b) => ({ peers: distinct([...a.peers, ...b.peers]), ports: a.ports }),
  );
}

const filled = <T>(list: readonly T[]): T[] | undefined => (list.length > 0 ? [...list] : undefined);

/** Pods that a policy is for. */
interface Subject {
  readonly name: string;
  readonly component: string;
  readonly namespaceKind: NamespaceKind;
  readonly labels: Record<string, string>;
  readonly selects: Record<string, string>;
  readonly includes: (role: Role) => boolean;
}

/** Opens these connections as far as they touch the subject. `alone` closes all others. */
function policy(
  subject: Subject,
  connections: readonly Connection[],
  wiring: Wiring,
  rank: "added" | "alone",
): Manifest {
  const here = (end: Role | Place): boolean => isRole(end) && subject.includes(end);
  const ins = merged(connections.filter(({ to }) => here(to)).map((c) => opening(subject, c.from, c, wiring)));
  const outs = merged(
    connections.filter(({ from, onlyIn }) => here(from) && !onlyIn).map((c) => opening(subject, c.to, c, wiring)),
  );
  const ingress = ins.map(({ peers, ports }) => ({ from: filled(peers), ports: filled(ports) }));
  const egress = outs.map(({ peers, ports }) => ({ to: filled(peers), ports: filled(ports) }));
  return manifest(
    new NetworkPolicy({
      metadata: { name: subject.name, labels: subject.labels },
      spec: {
        podSelector: { matchLabels: subject.selects },
        policyTypes: [
          ...(rank === "alone" || ingress.length > 0 ? (["Ingress"] as const) : []),
          ...(rank === "alone" || egress.length > 0 ? (["Egress"] as const) : []),
        ],
        ingress: filled(ingress),
        egress: filled(rank === "alone" && egress.length > 0 ? [dns, ...egress] : egress),
      },
    }),
  );
}

/** The recorded connections of a workload, and DNS if it makes any. */
export const networkPolicy = (workload: Workload, wiring: Wiring): Manifest =>
  policy(
    {
      name: workload.fullName,
      component: workload.component,
      namespaceKind: workload.namespaceKind,
      labels: labels(workload),
      selects: selector(workload),
      includes: (role) =>
        role.component === workload.component && wiring.runs(role) && wiring.workloadOf(role) === workload,
    },
    wiring.connections(workload.component),
    wiring,
    "alone",
  );

/**
 * Policies that a feature adds to those of the bases: one for each component that its connections
 * touch.
 */
export function addedPolicies(
  feature: string,
  connections: readonly Connection[],
  wiring: Wiring,
): readonly Manifest[] {
  const ends = connections.flatMap(({ from, to }) => [from, to].filter(isRole));
  const kinds = [...new Map(ends.map(({ component, namespaceKind }) => [component, namespaceKind]))];
  return kinds.sort().map(([component, namespaceKind]) =>
    policy(
      {
        name: `${component}-${feature}`,
        component,
        namespaceKind,
        labels: componentLabels(component),
        selects: { "app.kubernetes.io/name": component },
        includes: (role) => role.component === component,
      },
      connections,
      wiring,
      "added",
    ),
  );
}
