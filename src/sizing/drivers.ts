import { type Load, typicalSpanBytes } from "./load.ts";

const secondsPerDay = 86_400;
const daysPerYear = 365;

/**
 * Bytes of a sample in Kafka. An assumption: Alloy needs 1.5 MiB a second to take in and send on a million series each minute
 * (https://grafana.com/docs/alloy/latest/set-up/estimate-resource-usage/), which is 94 bytes a sample.
 */
const queuedSampleBytes = 100;

/** What a rule may need to know beside the load. */
export interface Facts {
  readonly load: Load;
  readonly scrapeIntervalSeconds: number;
  /** Pods of Prometheus: each scrapes everything, and sends it on where samples are pushed. */
  readonly senders: number;
  /** What goes through Kafka. */
  readonly queued: readonly ("sampleBytes" | "spans")[];
  /** How long Kafka keeps it. */
  readonly queueHours: number;
  /** Gi of the object store at full retention, where that has an end. */
  readonly objects?: number | undefined;
}

/** What differs from workload to workload. */
export interface Own {
  /** How many of them hold the same data; of what reads the object store, how many copies are there. */
  readonly copies: number;
  readonly zones: number;
  /** How long its component keeps data; of several resolutions, the sum. */
  readonly retentionDays: number;
}

/** Something that sizes grow with. */
interface Driver {
  readonly unit: string;
  /** Fields of the load that it is made of. */
  readonly from: readonly (keyof Load)[];
  /** NaN where the load does not say enough. */
  readonly amount: (facts: Facts, own: Own) => number;
}

const samples = ({ load, scrapeIntervalSeconds }: Facts): number => (load.activeSeries ?? NaN) / scrapeIntervalSeconds;
const spans = ({ load }: Facts): number =>
  ((load.spansPerSecond ?? NaN) * (load.bytesPerSpan ?? typicalSpanBytes)) / 1e6;

const queueParts: Readonly<Record<Facts["queued"][number], (facts: Facts) => number>> = {
  sampleBytes: (facts) => (samples(facts) * queuedSampleBytes) / 1e6,
  spans,
};

/** What goes through Kafka, as far as the load says it. */
function queue(facts: Facts): number {
  const known = facts.queued.map((one) => queueParts[one](facts)).filter((amount) => !Number.isNaN(amount));
  return known.length > 0 ? known.reduce((a, b) => a + b) : NaN;
}

/** Data without an end is sized as if it were kept for a year. */
const endingDays = ({ retentionDays }: Own): number => (Number.isFinite(retentionDays) ? retentionDays : daysPerYear);

export const drivers = {
  logs: {
    unit: "TB of logs a day",
    from: ["logsGBPerDay"],
    amount: ({ load }) => (load.logsGBPerDay ?? NaN) / 1e3,
  },
  logRate: {
    unit: "MB of logs a second",
    from: ["logsGBPerDay"],
    amount: ({ load }) => ((load.logsGBPerDay ?? NaN) * 1e3) / secondsPerDay,
  },
  series: { unit: "series", from: ["activeSeries"], amount: ({ load }) => load.activeSeries ?? NaN },
  samples: { unit: "samples a second", from: ["activeSeries"], amount: samples },
  samplesSent: {
    unit: "samples sent a second",
    from: ["activeSeries"],
    amount: (facts) => samples(facts) * facts.senders,
  },
  seriesSent: {
    unit: "series sent",
    from: ["activeSeries"],
    amount: ({ load, senders }) => (load.activeSeries ?? NaN) * senders,
  },
  samplesKept: {
    unit: "billion samples kept",
    from: ["activeSeries"],
    amount: (facts, own) => (samples(facts) * endingDays(own) * secondsPerDay) / 1e9,
  },
  seriesYears: {
    unit: "series kept for a year",
    from: ["activeSeries"],
    amount: ({ load }, own) => ((load.activeSeries ?? NaN) * endingDays(own)) / daysPerYear,
  },
  spans: { unit: "MB of spans a second", from: ["spansPerSecond"], amount: spans },
  queries: {
    unit: "queries a second",
    from: ["metricQueriesPerSecond"],
    amount: ({ load }) => load.metricQueriesPerSecond ?? NaN,
  },
  queue: { unit: "MB a second into Kafka", from: ["activeSeries", "spansPerSecond"], amount: queue },
  queueKept: {
    unit: "GB kept in Kafka",
    from: ["activeSeries", "spansPerSecond"],
    amount: (facts) => (queue(facts) * facts.queueHours * 3600) / 1e3,
  },
  objects: {
    unit: "GB of objects",
    from: ["logsGBPerDay", "activeSeries", "spansPerSecond"],
    amount: ({ objects }) => objects ?? NaN,
  },
} as const satisfies Readonly<Record<string, Driver>>;

export type DriverName = keyof typeof drivers;

export const driver = (name: DriverName): Driver => drivers[name];
