/** https://grafana.com/docs/tempo/latest/operations/manage-trace-ingestion/ */
export const typicalSpanBytes = 500;

interface Field {
  readonly about: string;
  readonly example: number;
  /** More is a slip of the pen: no cluster of these programs is known to take as much. */
  readonly most: number;
}

/** Every field. */
export const loadFields = {
  logsGBPerDay: {
    about: "Logs before compression. 1 GB is 10^9 bytes.",
    example: 250,
    most: 1_000_000,
  },
  activeSeries: {
    about: "Series that get samples at the same time, each counted once however many copies are kept.",
    example: 1_000_000,
    most: 10_000_000_000,
  },
  spansPerSecond: { about: "Spans in a second.", example: 20_000, most: 100_000_000 },
  bytesPerSpan: { about: `Bytes of a span. Default ${typicalSpanBytes}.`, example: 500, most: 10_000_000 },
  metricQueriesPerSecond: {
    about: "Queries of metrics in a second: those of dashboards, rules and people together.",
    example: 25,
    most: 100_000,
  },
} as const satisfies Readonly<Record<string, Field>>;
export type LoadField = keyof typeof loadFields;

/** What an environment has to take. What it does not say leaves the sizes that depend on it as they are in the mode. */
export type Load = { readonly [F in LoadField]?: number | undefined };

/** What is wrong with a field's value, if something is. */
export function wrongAmount(field: LoadField, value: number): string | undefined {
  const { example, most } = loadFields[field];
  if (!(value > 0)) return `expected a number above 0 such as ${example}`;
  return value > most ? `expected a number up to ${most.toLocaleString("en-US")}` : undefined;
}
