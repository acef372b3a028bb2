import type { Type } from "../lib/inventory.ts";

/**
 * Metrics that a program has only once something has happened that does not happen in a healthy cluster, by program: what
 * `npm run inventory` could not see. `why` names the source that makes the metric.
 */
export const unseen: Readonly<
  Record<
    string,
    Readonly<
      Record<
        string,
        {
          readonly type: Type;
          readonly labels: readonly string[];
          /** "microservices/distributor"; by itself everywhere. */
          readonly at?: readonly string[];
          readonly why: string;
        }
      >
    >
  >
> = {};
