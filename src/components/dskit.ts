import type { Config, Pods } from "../core/component.ts";
import type { Workload } from "../core/plan.ts";
import type { Address } from "../core/wiring.ts";
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

/** What differs between modes beside the grouping: how many, and how much memory each may take. */
export interface Size {
  readonly writers: number;
  readonly others: number;
  readonly memory: string;
  readonly memoryLimit: string;
}

/**
 * How long a pod may take to end: a writer hands its ring over and flushes what is asked for. The others hold nothing that is not
 * elsewhere, and some never end by themselves, because their gRPC server waits for streams that their clients keep open.
 */
export const graceSeconds = (role: "other" | "writer"): number => (role === "writer" ? 300 : 60);

interface Proxied {
  readonly workloads: readonly Workload[];
  readonly server: (workload: Workload) => Pods;
  /** Of the gateway, where it has pods of its own. */
  readonly proxies: number;
  readonly port: number;
  readonly routes: () => readonly nginx.Route[];
}

/** The pods of a component, and in front of them nginx where its gateway is not one of its processes. */
export function proxied({ workloads, server, proxies, port, routes }: Proxied): {
  readonly pods: readonly Pods[];
  readonly configs: readonly Config[];
} {
  const apart = workloads.filter(({ name }) => name === "gateway");
  const gateways = apart.map((workload) => nginx.gateway(workload, proxies, port, routes()));
  return {
    pods: [
      ...workloads.filter((workload) => !apart.includes(workload)).map(server),
      ...gateways.map(({ pods }) => pods),
    ],
    configs: gateways.map(({ config }) => config),
  };
}
