import { type Check, type Context, now, poll, seconds } from "../context.ts";
import { askJson, dataSource, type DerivedField, type JsonData, type Tag } from "../datasources.ts";
import { type Line, lines, loggerQuery } from "./logs.ts";
import { instant } from "./metrics.ts";
import { type Span, spansOf } from "./traces.ts";

/** All uids that a data source's settings refer to, at any depth. */
export const references = (value: unknown): readonly string[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
        typeof item === "string" ? (/^(datasource|alertmanager)Uid$/.test(key) ? [item] : []) : references(item),
      );

type Link = readonly [
  what: string,
  from: string,
  to: string,
  uids: (data: JsonData) => readonly (string | undefined)[],
];

const links: readonly Link[] = [
  ["logs to traces", "loki", "tempo", (data) => data.derivedFields?.map((field) => field.datasourceUid) ?? []],
  ["traces to logs", "tempo", "loki", (data) => [data.tracesToLogsV2?.datasourceUid]],
  ["traces to metrics", "tempo", "metrics", (data) => [data.tracesToMetrics?.datasourceUid]],
  ["service graph", "tempo", "metrics", (data) => [data.serviceMap?.datasourceUid]],
  [
    "exemplars to traces",
    "metrics",
    "tempo",
    (data) => data.exemplarTraceIdDestinations?.map((destination) => destination.datasourceUid) ?? [],
  ],
];

const configured: Check = {
  name: "correlations refer to data sources that exist",
  async run(context) {
    const sources = await context.dataSources();
    const loose = [...sources.values()].flatMap(({ uid, jsonData }) =>
      references(jsonData).flatMap((to) => (sources.has(to) ? [] : [`${uid} refers to ${to}`])),
    );
    const absent = links.flatMap(([what, from, to, uids]) =>
      uids(sources.get(from)?.jsonData ?? {}).includes(to) ? [] : [`no ${what} (${from} to ${to})`],
    );
    if (loose.length + absent.length > 0) throw new Error([...loose, ...absent].join("; "));
    return links.map(([what]) => what).join(", ");
  },
};

/** What Loki's data source takes out of a line for a derived field. */
export const derived = (field: DerivedField, { text, labels }: Line): string | undefined => {
  const pattern = new RegExp(field.matcherRegex);
  if (field.matcherType !== "label") return pattern.exec(text)?.[1];
  return Object.entries(labels).find(([label]) => pattern.test(label))?.[1];
};

const logToTrace: Check = {
  name: "the trace id in a log line leads to its trace",
  run: (context) =>
    poll(seconds.trace, async () => {
      const fields = (await dataSource(context, "loki")).jsonData?.derivedFields ?? [];
      const [line] = await lines(context, loggerQuery(context), context.run.start, now());
      if (!line) throw new Error("no log line yet");
      const ids = fields.filter((field) => field.datasourceUid === "tempo").map((field) => derived(field, line));
      const id = ids.find((one) => one !== undefined);
      if (id === undefined) throw new Error(`no derived field finds a trace id in: ${line.text}`);
      const { length } = await spansOf(context, id);
      if (length === 0) throw new Error(`no trace ${id}, taken from: ${line.text}`);
      return `${id}, ${length} spans`;
    }),
};

const tagMatchers = (tags: readonly Tag[], { attributes }: Span): readonly string[] =>
  tags.flatMap(({ key, value }) =>
    attributes[key] === undefined ? [] : [`${value || key.replaceAll(".", "_")}="${attributes[key]}"`],
  );

const grafanaTags = ["cluster", "hostname", "namespace", "pod", "service.name", "service.namespace"].map((key) => ({
  key,
}));

/** The LogQL that Grafana makes for "logs for this span"; undefined where it shows no link. */
export const logsQuery = (
  { tags, customQuery, query, filterByTraceID }: NonNullable<JsonData["tracesToLogsV2"]>,
  span: Span,
  traceId: string,
): string | undefined => {
  const matchers = tagMatchers(tags?.length ? tags : grafanaTags, span);
  if (customQuery) {
    return (query ?? "")
      .replaceAll(/\$\{__(?:span|trace)\.traceId\}/g, traceId)
      .replaceAll(/\$\{__span\.tags\[["']([^"']+)["']\]\}/g, (_, key: string) => span.attributes[key] ?? "")
      .replaceAll(/\$\{__tags\}|\$__tags/g, matchers.join(", "));
  }
  if (matchers.length === 0) return undefined;
  return `{${matchers.join(", ")}}${filterByTraceID ? ` |= "${traceId}"` : ""}`;
};

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a shift such as "-5m"; none is 0, as in Grafana. */
export const shift = (text = "0s"): number => {
  const [, amount, unit] = /^(-?\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const found = Object.entries(units).find(([name]) => name === unit);
  if (!found) throw new Error(`spanStartTimeShift or spanEndTimeShift is "${text}": expected a time such as "-5m"`);
  return Number(amount) * found[1];
};

/** The span of the service whose pod also logs. */
const callerSpan = async (context: Context): Promise<Span> => {
  const spans = await spansOf(context, context.run.traceIds.otlpHttp);
  const span = spans.find(({ attributes }) => attributes["service.name"] === context.run.caller);
  if (!span) throw new Error(`no span of service ${context.run.caller}`);
  return span;
};

const traceToLog: Check = {
  name: "a span leads to the log lines of its pod",
  run: (context) =>
    poll(seconds.logs, async () => {
      const options = (await dataSource(context, "tempo")).jsonData?.tracesToLogsV2 ?? {};
      const span = await callerSpan(context);
      const query = logsQuery(options, span, context.run.traceIds.otlpHttp);
      if (query === undefined) throw new Error("none of the configured tags is an attribute of the span");
      const start = Math.floor((span.startMilliseconds + shift(options.spanStartTimeShift)) / 1000);
      const end = Math.ceil((span.endMilliseconds + shift(options.spanEndTimeShift)) / 1000);
      const { length } = await lines(context, query, start, end);
      if (length === 0) throw new Error(`nothing from ${start} to ${end} for ${query}`);
      return `${length} lines of ${query}`;
    }),
};

const traceToMetrics: Check = {
  name: "a span leads to the metrics of its service",
  run: (context) =>
    poll(seconds.serviceGraph, async () => {
      const { tags = [], queries = [] } = (await dataSource(context, "tempo")).jsonData?.tracesToMetrics ?? {};
      const matchers = tagMatchers(tags, await callerSpan(context)).join(", ");
      for (const { name, query = "" } of queries) {
        const promql = query
          .replaceAll(/\$\{__tags\}|\$__tags/g, matchers)
          .replaceAll(/\$\{?__(rate_interval|interval|range)\}?/g, "5m");
        if ((await instant(context, promql)).length === 0)
          throw new Error(`${name ?? "query"} gives nothing: ${promql}`);
      }
      if (queries.length === 0) throw new Error("tracesToMetrics has no query");
      return `${queries.length} queries with ${matchers}`;
    }),
};

interface Exemplars {
  readonly data: readonly { readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>> }[] }[];
}

/** Tempo's generator attaches trace ids to the buckets of its histograms, not to its counters. */
const exemplars: Check = {
  name: "an exemplar leads to its trace",
  run: (context) =>
    poll(seconds.serviceGraph, async () => {
      const { jsonData } = await dataSource(context, "metrics");
      const labels = jsonData?.exemplarTraceIdDestinations?.map(({ name }) => name) ?? [];
      const query = `traces_spanmetrics_latency_bucket{service="${context.run.caller}"}`;
      const range = { start: context.run.start, end: now() + 60 };
      const { data } = await askJson<Exemplars>(context, "metrics", "/api/v1/query_exemplars", { query, ...range });
      const found = data.flatMap((series) => series.exemplars.map((exemplar) => exemplar.labels));
      const id = found.flatMap((exemplar) => labels.map((label) => exemplar[label])).find((one) => one !== undefined);
      if (id === undefined)
        throw new Error(`no ${labels.join(" or ")} in exemplars ${JSON.stringify(found)} of ${query}`);
      if ((await spansOf(context, id)).length === 0) throw new Error(`no trace ${id}`);
      return `${id} of ${query}`;
    }),
};

export const correlationChecks: readonly Check[] = [configured, logToTrace, traceToLog, traceToMetrics, exemplars];
