import type { Mode } from "../core/model/roles.ts";
import { podsOf, type Size } from "../core/model/size.ts";
import { plain } from "./numbers.ts";
import { type Resource, resources, type Rule } from "./rule.ts";
import type { Sum } from "./sum.ts";

type Growth = "larger pods" | "more pods";

/** What more work makes in a mode. */
export const growth: Readonly<Record<Mode, Growth>> = {
  monolithic: "larger pods",
  scalable: "more pods",
  microservices: "more pods",
};

type Pod = Readonly<Record<Resource, number>>;
const byResource = (amount: (resource: Resource) => number): Pod => ({
  cpu: amount("cpu"),
  memory: amount("memory"),
  disk: amount("disk"),
});

const totals = (sums: readonly Sum[], borne: Sum["borne"]): Pod =>
  byResource((resource) =>
    sums.filter((one) => one.resource === resource && one.borne === borne).reduce((all, { result }) => all + result, 0),
  );

const words: Readonly<Record<Resource, string>> = { cpu: "CPU", memory: "Gi of memory", disk: "Gi of disk" };

/** How many full pods each resource would fill, the one that fills most of them first. */
function fullPods(shared: Pod, full: Pod): { readonly pods: number; readonly why: string } {
  const filled = resources.map((resource) => {
    const pods = full[resource] > 0 ? Number((shared[resource] / full[resource]).toFixed(6)) : 0;
    const why = `${plain(shared[resource])} ${words[resource]} / ${plain(full[resource])} a full pod = ${plain(pods)}`;
    return { pods, why };
  });
  return filled.reduce((a, b) => (b.pods > a.pods ? b : a));
}

interface Grown {
  /** In each zone. */
  readonly replicas: number;
  /** Where it could be more: how it came to be so many. */
  readonly why: string | undefined;
  /** What each pod takes. */
  readonly each: Pod;
}

/**
 * Pods for these sums. They grow until they are as large as `full`, and then their number does: so more work never makes a smaller pod,
 * and what is as large as can be is not restarted for a further one.
 * @param size as it is without a load: the least number of pods
 */
export function grown(sums: readonly Sum[], own: readonly Rule[], size: Size, way: Growth): Grown {
  const shared = totals(sums, "together");
  const whole = totals(sums, "by each pod");
  const least = podsOf(size);
  const share = byResource((resource) => shared[resource] / least);
  if (way === "larger pods" || !sums.some(({ borne }) => borne === "together")) {
    return { replicas: size.replicas, why: undefined, each: byResource((one) => whole[one] + share[one]) };
  }
  const full = byResource((resource) => own.reduce((all, { pod }) => all + (pod?.[resource] ?? 0), 0));
  const { pods, why } = fullPods(shared, full);
  const { zones = 1 } = size;
  const replicas = Math.max(size.replicas, Math.ceil(pods / zones));
  const result = replicas === size.replicas ? `${least}, the least of the mode` : String(replicas * zones);
  return {
    replicas,
    why: `${why}: ${result}${zones > 1 ? `, ${replicas} in each of ${zones} zones` : ""}`,
    each: byResource((one) => whole[one] + Math.min(full[one], share[one])),
  };
}
