import type { INetworkPolicyEgressRule } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule";
import { NetworkPolicy } from "../kubernetes/builders.ts";
import { listening } from "../kubernetes/network-rules.ts";
import { labels, partOf, selector } from "../derive/labels.ts";
import type { Workload } from "../model/roles.ts";
import { names, tcp } from "../derive/network-policies.ts";
import { anywhere, apiServer, type Way } from "../model/places.ts";
import { type Connection, isRole } from "../model/wiring.ts";
import type { Base, Pods } from "../model/component.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";
import { ownConnections } from "../model/bases.ts";

/** Ports of the cluster that differ from the usual ones, which are always open. */
export interface Ports {
  /** Ports of the API server: [7443]. */
  readonly apiServerPorts?: readonly number[];
  /** Ports of the pods of the cluster's DNS: [10053]. */
  readonly dnsPorts?: readonly number[];
}

/** The settings `network` and `egress`: ports to open that the bases keep closed. */
export interface OpenedPorts {
  readonly network: Ports;
  /** By workload: `{ alertmanager: [{ port: 443 }] }`. */
  readonly egress: Readonly<Record<string, readonly Way[]>>;
}

/** The ways that an environment opens, and those that its pods need for what it says elsewhere. */
export const allWays = (egress: OpenedPorts["egress"], pods: readonly Pods[]): OpenedPorts["egress"] => {
  const needed = pods.filter(({ waysOut = [] }) => waysOut.length > 0);
  const of = ({ workload: { fullName }, waysOut = [] }: Pods): readonly Way[] => {
    const said = egress[fullName] ?? [];
    return [...said, ...waysOut.filter(({ port }) => !said.some((way) => way.port === port))];
  };
  return { ...egress, ...Object.fromEntries(needed.map((one) => [one.workload.fullName, of(one)])) };
};

/** A policy for the pods of several components, added to those of their bases. */
const forAll = (name: string, components: readonly string[], egress: INetworkPolicyEgressRule): readonly Manifest[] =>
  components.length === 0 || egress.ports?.length === 0
    ? []
    : [
        manifest(
          new NetworkPolicy({
            metadata: { name, labels: partOf },
            spec: {
              podSelector: {
                matchExpressions: [{ key: "app.kubernetes.io/name", operator: "In", values: [...components].sort() }],
              },
              policyTypes: ["Egress"],
              egress: [egress],
            },
          }),
        ),
      ];

/** One rule for all ports that lead to the same addresses. */
const rulesOf = (ways: readonly Way[]): INetworkPolicyEgressRule[] =>
  [...new Set(ways.map(({ cidr }) => cidr))].map((cidr) => ({
    to: cidr === undefined ? undefined : [{ ipBlock: { cidr } }],
    ports: ways.filter((way) => way.cidr === cidr).map(({ port }) => tcp(port)),
  }));

/**
 * Opens ways out for one workload. DNS is among them: the bases open it only where it is needed.
 */
const wayOut = (workload: Workload, ways: readonly Way[], dnsPorts: readonly number[]): Manifest =>
  manifest(
    new NetworkPolicy({
      metadata: { name: `${workload.fullName}-egress`, labels: labels(workload) },
      spec: {
        podSelector: { matchLabels: selector(workload) },
        policyTypes: ["Egress"],
        egress: [names(dnsPorts), ...rulesOf(ways)],
      },
    }),
  );

const made = (base: Base): readonly Connection[] =>
  ownConnections(base).filter((one) => !one.onlyIn && isRole(one.from));

const withWays = ({ egress }: OpenedPorts, bases: readonly Base[]): readonly (readonly [Workload, readonly Way[]])[] =>
  bases.flatMap(({ workloads }) =>
    workloads.flatMap((workload) => {
      const ways = egress[workload.fullName] ?? [];
      return ways.length > 0 ? [[workload, ways] as const] : [];
    }),
  );

/** The policies of `network` and `egress`, for the bases of one namespace. */
export function openedPolicies(open: OpenedPorts, bases: readonly Base[]): readonly Manifest[] {
  const { apiServerPorts = [], dnsPorts = [] } = open.network;
  const those = (isAsked: (connection: Connection) => boolean): readonly string[] =>
    bases.filter((base) => made(base).some(isAsked)).map(({ component }) => component.name);
  return [
    ...forAll(
      "api-server-ports",
      those(({ to }) => to === apiServer),
      { ports: apiServerPorts.map(tcp) },
    ),
    ...forAll(
      "dns-ports",
      those(() => true),
      names(dnsPorts),
    ),
    ...withWays(open, bases).map(([workload, ways]) => wayOut(workload, ways, [...listening.dns, ...dnsPorts])),
  ];
}

/** The connections of `egress`, for the picture of an environment. */
export const waysOut = (open: OpenedPorts, bases: readonly Base[]): readonly Connection[] =>
  withWays(open, bases).flatMap(([{ roles }, ways]) =>
    roles
      .slice(0, 1)
      .flatMap((from) =>
        ways.map(({ port }): Connection => ({ from, to: anywhere, port: String(port), via: "member" })),
      ),
  );
