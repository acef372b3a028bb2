import type { SettingsTable } from "../core/model/component.ts";
import { driver, type DriverName, type Facts } from "./drivers.ts";
import { plain } from "./numbers.ts";

/** What a program refuses beyond, and what a load makes of it. */
interface Growing {
  /** As it is without a load: upstream's is less, and a cluster that is larger than a laptop meets it. */
  readonly least: number;
  readonly of: DriverName;
  /** For one of the driver's unit. */
  readonly each: number;
  readonly unit: string;
}

/** How often the mean a peak is. */
const peak = 3;
/** After an hour away a backlog goes out in twenty minutes, together with what comes meanwhile. */
const catchingUp = 4;
const rate = peak * catchingUp;
/** Seconds of the highest rate that may come at once. */
const burst = 2 * rate;
/** Live traces last for ten seconds (`max_trace_live`); every 500 bytes may be one of its own. */
const liveTraces = (1e6 / 500) * 10 * rate;

/** By component and setting. */
export const growing: Readonly<Record<string, Readonly<Record<string, Growing>>>> = {
  loki: {
    ingestionRateMb: { least: 100, of: "logRate", each: rate, unit: "MB a second" },
    ingestionBurstMb: { least: 200, of: "logRate", each: burst, unit: "MB at once" },
    // One chatty pod may have half of it.
    streamRateMb: { least: 50, of: "logRate", each: rate / 2, unit: "MB a second of a stream" },
    streamBurstMb: { least: 100, of: "logRate", each: burst / 2, unit: "MB at once of a stream" },
    // A stream is a container's output: an assumption is that each writes a MB a day, in the mean.
    maxStreams: { least: 50_000, of: "logs", each: 1_000_000, unit: "streams" },
  },
  mimir: {
    ingestionRate: { least: 1_000_000, of: "samplesSent", each: rate, unit: "samples a second" },
    ingestionBurst: { least: 2_000_000, of: "samplesSent", each: burst, unit: "samples at once" },
    // An assumption: a tenth of the series has one.
    maxExemplars: { least: 100_000, of: "series", each: 0.1, unit: "exemplars" },
  },
  tempo: {
    ingestionRateBytes: { least: 100_000_000, of: "spans", each: rate * 1e6, unit: "bytes a second" },
    ingestionBurstBytes: { least: 200_000_000, of: "spans", each: burst * 1e6, unit: "bytes at once" },
    maxLiveTraces: { least: 1_000_000, of: "spans", each: liveTraces, unit: "live traces of a live-store" },
  },
  "thanos-receive": {
    maxExemplars: { least: 100_000, of: "series", each: 0.1, unit: "exemplars" },
  },
};

/** The settings of a component that are such limits, as they are without a load. */
export const limitSettings = (component: string): SettingsTable =>
  Object.fromEntries(
    Object.entries(growing[component] ?? {}).map(([key, { least }]) => [key, { unit: "count", value: String(least) }]),
  );

/** A limit of an environment, and why it is so. */
export interface Limit {
  readonly component: string;
  readonly setting: string;
  readonly value: number;
  readonly unit: string;
  readonly words: string;
}

/** The limits of these components for a load: never less than without one. */
export const limits = (components: readonly string[], facts: Facts): readonly Limit[] =>
  components.flatMap((component) =>
    Object.entries(growing[component] ?? {}).map(([setting, { least, of, each, unit }]) => {
      const amount = driver(of).amount(facts, { copies: 1, zones: 1, retentionDays: 1 });
      const needed = Number.isNaN(amount) ? 0 : Math.ceil(Number((amount * each).toFixed(6)));
      const sum = (): string =>
        `${plain(amount)} ${driver(of).unit} × ${plain(each)} = ${plain(needed)}, at least ${plain(least)}`;
      return { component, setting, value: Math.max(least, needed), unit, words: needed > 0 ? sum() : "the least" };
    }),
  );
