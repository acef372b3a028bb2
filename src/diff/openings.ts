import {
  type Direction,
  listening,
  type Network,
  type Peer,
  type PolicySpec,
  type Port,
  typesOf,
} from "../core/kubernetes/network-rules.ts";
import { type PodTemplate, type Selector, selects, specOf } from "../core/kubernetes/reading.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

/** A workload's pods under the name that both sides know them by. */
export interface Node {
  readonly name: string;
  readonly pod: PodTemplate;
}

/** What one rule of a workload's policy opens to something that is none of the workloads of its side. */
export interface Opening {
  readonly workload: string;
  readonly direction: Direction;
  readonly end: string;
  readonly port: string;
  /** Selector of pods that are not there. */
  readonly absent: Selector | undefined;
}

export const anyPort = "any port";
export const anywhere = "anywhere";
/** Names are looked up wherever they may be; the ports say no more. */
export const nameService = "DNS";
const namePorts: ReadonlySet<string> = new Set(listening.dns.flatMap((port) => [`${port}`, `${port}/UDP`]));

/** `3100`, `53/UDP`, `8000-8010`. */
export function portWords({ protocol = "TCP", port, endPort }: Port): string {
  if (port === undefined) return anyPort;
  return `${port}${endPort === undefined ? "" : `-${endPort}`}${protocol === "TCP" ? "" : `/${protocol}`}`;
}

function selectorWords({ matchLabels = {}, matchExpressions = [] }: Selector): string {
  const { "app.kubernetes.io/name": name, "app.kubernetes.io/component": component, ...others } = matchLabels;
  const own = [name, component].filter((word) => word !== undefined).join("-");
  const rest = [
    ...Object.entries(others).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => `${key} ${operator} ${values.join(",")}`.trim()),
  ];
  return [own, ...rest.sort()].filter((word) => word !== "").join(" ");
}

function peerWords({ podSelector = {}, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) {
    const { cidr, except = [] } = ipBlock as { readonly cidr: string; readonly except?: readonly string[] };
    return [cidr, ...except.map((one) => `without ${one}`)].join(" ");
  }
  const pods = selectorWords(podSelector) || "any pod";
  const namespaces = namespaceSelector ? selectorWords(namespaceSelector) : "";
  return pods === "any pod" && namespaces !== "" ? `any pod of namespaces with ${namespaces}` : pods;
}

interface Rule {
  readonly direction: Direction;
  readonly peers: readonly Peer[];
  readonly ports: readonly Port[];
}

const rulesOf = (spec: PolicySpec): readonly Rule[] => {
  const all = [
    ...(spec.ingress ?? []).map(({ from = [], ports = [] }) => ({ direction: "Ingress", peers: from, ports }) as const),
    ...(spec.egress ?? []).map(({ to = [], ports = [] }) => ({ direction: "Egress", peers: to, ports }) as const),
  ];
  return all.filter(({ direction }) => typesOf(spec).includes(direction));
};

/** The other ends of a rule that are none of these workloads. */
function endsOf({ peers }: Rule, isHere: (peer: Peer) => boolean): readonly Pick<Opening, "absent" | "end">[] {
  if (peers.length === 0) return [{ end: anywhere, absent: undefined }];
  const isWide = ({ podSelector, namespaceSelector }: Peer): boolean => namespaceSelector !== undefined && !podSelector;
  return peers
    .filter((peer) => isWide(peer) || !isHere(peer))
    .map((peer) => ({ end: peerWords(peer), absent: isWide(peer) ? undefined : peer.podSelector }));
}

/** What the policies open to places outside, and to pods that are not there. */
export function openings(objects: readonly Manifest[], nodes: readonly Node[], net: Network): readonly Opening[] {
  return objects
    .filter(({ kind }) => kind === "NetworkPolicy")
    .flatMap((policy) => {
      const { namespace = "" } = policy.metadata;
      const spec = specOf<PolicySpec>(policy);
      const own = nodes.filter(({ pod }) => pod.namespace === namespace && selects(spec.podSelector, pod.labels));
      const isHere = (peer: Peer): boolean => nodes.some(({ pod }) => net.isPeer(namespace, peer, pod));
      return rulesOf(spec).flatMap((rule) => {
        const ports = rule.ports.length > 0 ? rule.ports.map(portWords) : [anyPort];
        const { direction } = rule;
        return endsOf(rule, isHere).flatMap(({ end, absent }) =>
          ports.flatMap((port) => {
            const names = direction === "Egress" && end === anywhere && namePorts.has(port);
            const way = names ? { end: nameService, port: "" } : { end, port };
            return own.map(({ name }) => ({ workload: name, direction, absent, ...way }));
          }),
        );
      });
    });
}
