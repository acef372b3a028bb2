import { driver, type DriverName, type Facts } from "./drivers.ts";
import { assumed, pages, published, type Source } from "./sources.ts";

const secondsPerDay = 86_400;

/** What a component writes to the object store. */
interface Keeping {
  readonly of: DriverName;
  /** GB a day for one of the driver's unit. */
  readonly gigabytes: number;
  /** The settings that say how long; each is of a copy of its own (resolutions). */
  readonly retentions: readonly string[];
  /** Of the same data. */
  readonly copies: "merged" | "one of each sender";
  readonly source: Source;
}

const perSample = (secondsPerDay * 2) / 1e9;

/** By component. */
export const keeping: Readonly<Record<string, Keeping>> = {
  loki: {
    of: "logs",
    gigabytes: 1e3 / 5,
    retentions: ["retention"],
    copies: "merged",
    source: assumed("a fifth of what is sent, compressed; copies of a chunk have one name and are stored once"),
  },
  tempo: {
    of: "spans",
    gigabytes: secondsPerDay / 1e3 / 3,
    retentions: ["retention"],
    copies: "merged",
    source: assumed("a third of what is sent, in compressed columns; one copy"),
  },
  mimir: {
    of: "samples",
    gigabytes: perSample,
    retentions: ["retention"],
    copies: "merged",
    source: published(pages.mimirCapacity, "2 bytes a sample for compacted blocks; copies are merged"),
  },
  thanos: {
    of: "samples",
    gigabytes: perSample,
    retentions: ["retentionRaw", "retention5m", "retention1h"],
    copies: "one of each sender",
    source: published(
      pages.thanosCompact,
      "each resolution about as large as the raw data, of which 2 bytes a sample are taken; what two of a pair scrape stays twice",
    ),
  },
};

/** What the object store holds of a component. */
export interface Kept {
  readonly component: string;
  readonly gigabytesPerDay: number;
  /** Infinity where nothing is deleted. */
  readonly gigabytes: number;
  readonly days: number;
  readonly copies: number;
  readonly source: Source;
}

/** @param days of all resolutions together */
export function kept(component: string, days: number, copies: number, facts: Facts): readonly Kept[] {
  const row = keeping[component];
  if (!row) return [];
  const amount = driver(row.of).amount(facts, { copies, zones: 1, retentionDays: days });
  if (Number.isNaN(amount)) return [];
  const gigabytesPerDay = amount * row.gigabytes * copies;
  return [{ component, gigabytesPerDay, gigabytes: gigabytesPerDay * days, days, copies, source: row.source }];
}
