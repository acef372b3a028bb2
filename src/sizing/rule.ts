import type { DriverName } from "./drivers.ts";
import type { Source } from "./sources.ts";

export const resources = ["cpu", "memory", "disk"] as const;
/** In cores and Gi; upstream's GB are taken as Gi. */
export type Resource = (typeof resources)[number];

export type Times = "copies" | "zones";

/**
 * What all pods of a role need together of one resource. Each point is an amount of the driver and what it takes: in proportion below
 * the first and beyond the last, a straight line between two. A single point at 0 is what it takes in any case.
 */
export interface Need {
  readonly of: DriverName;
  /** `copies`: each copy of the data takes as much; `zones`: each zone does all of the work. */
  readonly times: readonly Times[];
  readonly points: readonly (readonly [amount: number, takes: number])[];
  readonly source: Source;
}

/** How large a pod grows before there is another one. */
export interface LargestPod {
  readonly cpu: number;
  readonly memory: number;
  readonly disk?: number;
}

/** How one role is sized. */
export interface Rule extends Readonly<Partial<Record<Resource, readonly Need[]>>> {
  /** Its pods share the work. Without it each pod bears all of it: singletons, and what is there twice for safety. */
  readonly pod?: LargestPod | undefined;
  /** Its pods share the work only where they stand in zones. */
  readonly shared?: "in a zone";
}

/** Rules by component and role. A role without one stays as it is in its mode. */
export type Rules = Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/** For each `amount` of a driver, so much. */
export const per = (
  of: DriverName,
  amount: number,
  takes: number,
  source: Source,
  ...times: readonly Times[]
): Need => ({ of, points: [[amount, takes]], times, source });

/** As much in any case, once the load says anything of the driver. */
export const always = (of: DriverName, takes: number, source: Source): Need => per(of, 0, takes, source);

/** What a need comes to for an amount of its driver. */
export function takes(points: Need["points"], amount: number): number {
  const after = points.findIndex(([at]) => amount <= at);
  const [lastAt, lastTakes] = points.at(-1) as readonly [number, number];
  if (after === -1) return lastAt === 0 ? lastTakes : (lastTakes * amount) / lastAt;
  const [at, there] = points[after] as readonly [number, number];
  const [before, base] = points[after - 1] ?? [0, 0];
  return at === 0 ? there : base + ((there - base) * (amount - before)) / (at - before);
}
