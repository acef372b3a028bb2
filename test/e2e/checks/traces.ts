import type { Check, Context, Protocol, Reading } from "../context.ts";
import { checkOf, now, poll, protocols, seconds } from "../context.ts";
import { ask, askJson } from "../datasources.ts";

type Attributes = readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];

interface RawSpan {
  readonly attributes?: Attributes;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface Trace {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: Attributes };
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}

export interface Span {
  /** Its own and its resource's. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly startMilliseconds: number;
  readonly endMilliseconds: number;
}

const flatten = (span: RawSpan, resource: Attributes = []): Span => ({
  attributes: Object.fromEntries(
    [...resource, ...(span.attributes ?? [])].map(({ key, value }) => [key, value.stringValue ?? ""]),
  ),
  startMilliseconds: Number(span.startTimeUnixNano) / 1e6,
  endMilliseconds: Number(span.endTimeUnixNano) / 1e6,
});

/** All spans of a trace; none if Tempo does not know it. */
export const spansOf = async (context: Context, traceId: string): Promise<readonly Span[]> => {
  const { status, body } = await ask(context, "tempo", `/api/v2/traces/${traceId}`);
  if (status === 404) return [];
  if (status !== 200) throw new Error(`trace ${traceId}: Tempo answered ${status}: ${body.slice(0, 200)}`);
  const { trace }: { trace?: Trace } = JSON.parse(body);
  return (trace?.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => flatten(span, resource?.attributes))),
  );
};

/** Ids of the traces with a span of a service, by TraceQL. */
const searchService = async (context: Context, service: string): Promise<readonly string[]> => {
  const q = `{ resource.service.name = "${service}" }`;
  const range = { start: context.run.start - 60, end: now() + 60, limit: 20 };
  const { traces = [] } = await askJson<{ traces?: readonly { readonly traceID: string }[] }>(
    context,
    "tempo",
    "/api/search",
    { q, ...range },
  );
  return traces.map(({ traceID }) => traceID);
};

const names = ["otlpHttp", "otlpGrpc", "zipkin", "jaeger"] as const;

export const traceReadings: readonly Reading[] = names.map((protocol) => ({
  name: `a trace sent by ${protocols[protocol]} is found by its id`,
  signal: "traces",
  seconds: protocol === "otlpGrpc" ? seconds.search : seconds.trace,
  async read(context) {
    const { services, traceIds } = context.run;
    const id = protocol === "otlpGrpc" ? (await searchService(context, services.otlpGrpc))[0] : traceIds[protocol];
    const amount = id === undefined ? 0 : (await spansOf(context, id)).length;
    return { amount, detail: `${amount} spans of trace ${id ?? "unknown"}` };
  },
}));

const search = (protocol: Protocol): Check => ({
  name: `a trace sent by ${protocols[protocol]} is found by TraceQL`,
  run: (context) =>
    poll(seconds.search, async () => {
      const { services, traceIds } = context.run;
      const found = await searchService(context, services[protocol]);
      const id = found.find((one) => protocol === "otlpGrpc" || one === traceIds[protocol]);
      if (id === undefined)
        throw new Error(`not among the traces of ${services[protocol]}: ${found.join(", ") || "none"}`);
      return `${id} of service ${services[protocol]}`;
    }),
});

export const traceChecks: readonly Check[] = [...traceReadings.map(checkOf), ...names.map(search)];
