import { quiet } from "./reading.ts";
import type { Manifest } from "./manifest.ts";

/**
 * What the pods of an environment ask for, one pod each node a DaemonSet: CPU in millicores, memory
 * and claims in MiB.
 */
export interface Requests {
  readonly cpu: number;
  readonly memory: number;
  readonly memoryLimit: number;
  readonly claims: number;
}

interface Container {
  readonly restartPolicy?: string;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string | number>>;
    readonly limits?: Readonly<Record<string, string | number>>;
  };
}
interface Workload {
  readonly replicas?: number;
  readonly template?: {
    readonly spec: { readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[] };
  };
  readonly volumeClaimTemplates?: readonly { readonly spec: Container }[];
  readonly resources?: Container["resources"];
}

/** Bytes. */
export const mebibyte = 2 ** 20;
export const gibibyte = 2 ** 30;

const units: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: mebibyte,
  Gi: gibibyte,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/**
 * A Kubernetes quantity ("100m", "1.5Gi", 2) as a number of cores or bytes; undefined where it is
 * none.
 */
export function quantity(value: unknown): number | undefined {
  const [, number, unit = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|[KMGTP]i)?$/.exec(String(value)) ?? [];
  return number === undefined ? undefined : Number(number) * (units[unit] ?? 1);
}

const amount = (value: unknown): number => {
  const found = quantity(value ?? 0);
  if (found === undefined) throw new Error(`cannot add up "${String(value)}"`);
  return found;
};

const running: readonly string[] = ["DaemonSet", "Deployment", "StatefulSet"];
const round = (value: number): number => Math.round(value * 1e3) / 1e3;

/**
 * The sum at rest over the Deployments, StatefulSets and DaemonSets (one node) and the claims; Jobs
 * end and do not count.
 */
export function requests(objects: readonly Manifest[]): Requests {
  const parts = quiet(objects)
    .filter(({ kind }) => running.includes(kind))
    .map(({ spec }) => {
      const { replicas = 1, template, volumeClaimTemplates = [] } = spec as Workload;
      const sidecars = (template?.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
      return {
        replicas,
        containers: [...(template?.spec.containers ?? []), ...sidecars],
        claims: volumeClaimTemplates.map((claim) => claim.spec),
      };
    });
  const own = objects.filter(({ kind }) => kind === "PersistentVolumeClaim").map(({ spec }) => spec as Workload);
  const all = [...parts, { replicas: 1, containers: [], claims: own }];
  const sum = (of: "claims" | "containers", pick: (one: Container) => unknown): number =>
    all.reduce(
      (total, part) => total + part.replicas * part[of].reduce((inner, one) => inner + amount(pick(one)), 0),
      0,
    );
  return {
    cpu: round(sum("containers", ({ resources }) => resources?.requests?.["cpu"]) * 1e3),
    memory: round(sum("containers", ({ resources }) => resources?.requests?.["memory"]) / mebibyte),
    memoryLimit: round(sum("containers", ({ resources }) => resources?.limits?.["memory"]) / mebibyte),
    claims: round(sum("claims", ({ resources }) => resources?.requests?.["storage"]) / mebibyte),
  };
}
