import type { Base } from "./base.ts";
import { type Manifest, selector } from "./objects.ts";
import type { Workload } from "./plan.ts";
import { spread } from "./pod.ts";
import { budget } from "./workload.ts";

interface Scaled {
  /** Disruption budgets that the bases do not have, because one replica needs none. */
  readonly objects: readonly Manifest[];
  /** Patches that spread the replicas over nodes and zones. */
  readonly patches: readonly Manifest[];
}

/** What workloads need beside a number when an environment gives more than one replica to what has one in its base. */
export function scaledUp(bases: readonly Base[], replicas: Readonly<Record<string, number>>): Scaled {
  const grown = bases.flatMap(({ workloads, objects }) => {
    const has = (kind: string, { fullName }: Workload): Manifest | undefined =>
      objects.find((object) => object.kind === kind && object.metadata.name === fullName);
    return workloads.flatMap((workload) => {
      const count = replicas[workload.fullName] ?? 0;
      const controller = has("StatefulSet", workload) ?? has("Deployment", workload);
      return count > 1 && controller && !has("PodDisruptionBudget", workload) ? [{ workload, count, controller }] : [];
    });
  });
  return {
    objects: grown.flatMap(({ workload, count }) => budget(workload, count)),
    patches: grown.map(({ workload, controller: { apiVersion, kind, metadata } }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata.name },
      spec: { template: { spec: { topologySpreadConstraints: spread(selector(workload)) } } },
    })),
  };
}
