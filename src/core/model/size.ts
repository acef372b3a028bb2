import type { Workload } from "./roles.ts";

/** How many pods a workload has, and what the principal container of each asks for. */
export interface Size {
  /** Pods; of a workload in zones, pods in each zone. */
  readonly replicas: number;
  /** Up to so many pods when there is much to do. Only for what keeps nothing and owns nothing. */
  readonly maxReplicas?: number | undefined;
  /** One StatefulSet for each of so many zones, named zone-a, zone-b … */
  readonly zones?: number | undefined;
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

/** The sizes of a component's workloads in one mode, by their names: all that differs between modes beside the grouping. */
export type Sizes = Readonly<Record<string, Size>>;

/** `claim`: as the roles say. `none`: what is written goes with the pod. Otherwise a claim of another storage class or size. */
export type Volume = "claim" | "none" | { readonly class?: string | undefined; readonly size?: string | undefined };

/** What an environment says of workloads, by their full names; the rest is as in their mode. */
export type SizeOverrides = Readonly<Record<string, Partial<Size> & { readonly disk?: string | undefined }>>;

/** The volume of each pod, whole Gi: a claim that outlives it, or a folder that goes with it. */
export interface Disk {
  readonly size: string;
  readonly class?: string | undefined;
  readonly keeps: "claim" | "nothing";
}

export interface Sized extends Size {
  readonly disk?: Disk | undefined;
}

/** The volume of a workload's pods, given what is said of its component's volumes and of its own size. */
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

/** All pods of a workload, at least. */
export const podsOf = (size: Size): number => size.replicas * (size.zones ?? 1);
