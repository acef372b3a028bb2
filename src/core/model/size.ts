import type { Workload } from "./roles.ts";

/** How many pods a workload has, and the resources of the main container of each. */
export interface Size {
  /** Number of pods. Of a workload with zones, the pods in each zone. */
  readonly replicas: number;
  /** Upper bound for the autoscaler. Stateless workloads only. Default: no autoscaler. */
  readonly maxReplicas?: number | undefined;
  /** Number of zones: one StatefulSet each, named zone-a, zone-b … */
  readonly zones?: number | undefined;
  /** Request, as a Kubernetes quantity of cores: "100m". */
  readonly cpu: string;
  /** Request, as a Kubernetes quantity of bytes: "128Mi". */
  readonly memory: string;
  /** Limit, as a Kubernetes quantity of bytes: "768Mi". */
  readonly memoryLimit: string;
}

/** Sizes of a component's workloads in one mode, by name: `{ write: …, read: … }`. */
export type Sizes = Readonly<Record<string, Size>>;

/**
 * `claim` is a volume as the roles say. `none` is a folder that goes with the pod. A table is a
 * claim of another storage class or size.
 */
export type Volume = "claim" | "none" | { readonly class?: string | undefined; readonly size?: string | undefined };

/** Sizes that an environment changes, by full name: `{ "loki-write": { replicas: 5 } }`. */
export type SizeOverrides = Readonly<Record<string, Partial<Size> & { readonly disk?: string | undefined }>>;

/** The volume of each pod, in whole Gi: a claim, or a folder that goes with the pod. */
export interface Disk {
  readonly size: string;
  readonly class?: string | undefined;
  readonly keeps: "claim" | "nothing";
}

export interface Sized extends Size {
  readonly disk?: Disk | undefined;
}

/** The volume of a workload's pods, or undefined if its roles keep nothing. */
function diskOf({ disk }: Workload, volume: Volume, size: string | undefined): Disk | undefined {
  if (disk === undefined) return undefined;
  if (volume === "none") return { size: size ?? disk, keeps: "nothing" };
  const { class: storageClass, size: asked } = volume === "claim" ? {} : volume;
  return { size: size ?? asked ?? disk, class: storageClass, keeps: "claim" };
}

/**
 * The size of a workload: that of its mode, with what an environment says of it.
 * @throws if the mode's table has no row for it
 */
export function sized(
  workload: Workload,
  table: Sizes,
  resizing: SizeOverrides,
  volumes: Readonly<Record<string, Volume>>,
): Sized {
  const row = table[workload.name];
  if (!row) throw new Error(`${workload.component} has no size for ${workload.name}. Add it to the sizes of its mode.`);
  const { disk, ...own } = resizing[workload.fullName] ?? {};
  const size = { ...row, ...own };
  const maxReplicas = size.maxReplicas === undefined ? undefined : Math.max(size.maxReplicas, size.replicas);
  return {
    ...size,
    maxReplicas,
    disk: diskOf(workload, volumes[workload.component] ?? volumes["default"] ?? "claim", disk),
  };
}

/** Names of the zones of a workload; none where it has one StatefulSet. */
export const zonesOf = ({ zones = 0 }: Size): readonly string[] =>
  Array.from({ length: zones }, (_, i) => `zone-${String.fromCharCode("a".charCodeAt(0) + i)}`);

/** Number of pods of a workload in all zones, without those that an autoscaler adds. */
export const podsOf = (size: Size): number => size.replicas * (size.zones ?? 1);
