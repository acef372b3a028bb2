/** What an environment has to take. What it does not say leaves the sizes that depend on it as they are in the mode. */
export interface Load {
  /** As they are sent, before compression; 1 GB is 10^9 bytes. */
  readonly logsGBPerDay?: number;
  /** Series that get samples at the same time, each counted once however many copies are kept. */
  readonly activeSeries?: number;
  readonly spansPerSecond?: number;
  /** Default: `typicalSpanBytes`. */
  readonly bytesPerSpan?: number;
  /** Queries of metrics: those of dashboards, rules and people together. */
  readonly metricQueriesPerSecond?: number;
}

/** Every field, with a value as an example. */
export const loadFields: Readonly<Record<keyof Load, number>> = {
  logsGBPerDay: 250,
  activeSeries: 1_000_000,
  spansPerSecond: 20_000,
  bytesPerSpan: 500,
  metricQueriesPerSecond: 25,
};

export const isAmount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value > 0;

/** What is wrong with a field's value. */
export const expectedAmount = (field: string): string => `a number above 0 such as ${loadFields[field as keyof Load]}`;

/** https://grafana.com/docs/tempo/latest/operations/manage-trace-ingestion/ */
export const typicalSpanBytes = 500;
