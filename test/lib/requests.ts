import type { Manifest } from "../../src/core/objects.ts";

/** What the pods of an environment ask for, one pod each a workload: CPU in millicores, memory in MiB. */
export interface Requests {
  readonly cpu: number;
  readonly memory: number;
  readonly memoryLimit: number;
}

interface Workload {
  readonly replicas?: number;
  readonly template?: { readonly spec: { readonly containers: readonly Container[] } };
}
interface Container {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

const units: Readonly<Record<string, number>> = { m: 1, Mi: 1, Gi: 1024 };

/** Millicores of "100m", MiB of "256Mi" or "1Gi". */
const amount = (text: string | undefined): number => {
  const [, number, unit] = /^(\d+)(m|Mi|Gi)$/.exec(text ?? "0m") ?? [];
  if (number === undefined || unit === undefined) throw new Error(`cannot add up "${text}"`);
  return Number(number) * (units[unit] ?? 0);
};

/** The sum over the Deployments, StatefulSets and DaemonSets (one node) of an environment; Jobs end and do not count. */
export function requests(objects: readonly Manifest[]): Requests {
  const running = objects.filter(({ kind }) => ["DaemonSet", "Deployment", "StatefulSet"].includes(kind));
  const containers = running.flatMap(({ spec }) => {
    const { replicas = 1, template } = spec as Workload;
    return Array.from({ length: replicas }).flatMap(() => template?.spec.containers ?? []);
  });
  const sum = (pick: (container: Container) => string | undefined): number =>
    containers.reduce((total, container) => total + amount(pick(container)), 0);
  return {
    cpu: sum(({ resources }) => resources?.requests?.["cpu"]),
    memory: sum(({ resources }) => resources?.requests?.["memory"]),
    memoryLimit: sum(({ resources }) => resources?.limits?.["memory"]),
  };
}
