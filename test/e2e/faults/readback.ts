import type { Context } from "../context.ts";
import { lines } from "../checks/logs.ts";
import { askJson, ask } from "../datasources.ts";
import { written } from "./pods.ts";
import {
  counter,
  due,
  firstOf,
  type Load,
  type PushedStream,
  numberOfLine,
  numberOfSample,
  numberOfTrace,
  selectors,
  traceId,
} from "./load.ts";

/**
 * Whether answers are as a user gets them, or as the stores have it: of samples that are kept more than once, Thanos leaves some out
 * when it goes from one replica's to another's.
 */
export type As = "asked" | "stored";

/** Reads the numbers of a stream's items that were made from one batch to another, both included. */
type Read = (
  context: Context,
  load: Load,
  stream: PushedStream,
  first: number,
  last: number,
  as: As,
) => Promise<readonly number[]>;

/** Less than what is asked for at once, with room for the lines of a part of a second. */
const linesAtOnce = 3000;

const readLogs: Read = async (context, load, stream, first, last) => {
  const [start, end] = [due(load, stream, first) / 1000, due(load, stream, last + 1) / 1000];
  const found = await lines(context, selectors.logs(load.run, stream.name), start, end);
  return found.flatMap(({ text }) => numberOfLine(text) ?? []);
};

const searchTraces: Read = async (context, load, stream, first, last) => {
  const q = selectors.traces(load.run, stream.name);
  const [start, end] = [due(load, stream, first), due(load, stream, last + 1)];
  const range = { start: Math.floor(start / 1000), end: Math.ceil(end / 1000) + 1, limit: 10_000 };
  const { traces = [] } = await askJson<{ traces?: readonly { readonly traceID: string }[] }>(
    context,
    "tempo",
    "/api/search",
    { q, ...range },
  );
  return traces.map(({ traceID }) => numberOfTrace(traceID));
};

interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

/** All samples of a selector in the seconds before a time in Unix seconds. */
const matrix = async (context: Context, selector: string, forSeconds: number, end: number, as: As = "asked") => {
  const { data } = await askJson<Matrix>(context, "metrics", "/api/v1/query", {
    query: `${selector}[${forSeconds}s]`,
    time: end,
    dedup: String(as === "asked"),
  });
  return data.result;
};

const readSamples: Read = async (context, load, stream, first, last, as) => {
  const end = Math.floor(due(load, stream, last) / 1000) + 1;
  const forSeconds = (last - first + 1) * stream.batchSeconds;
  const found = await matrix(context, selectors.samples(load.run, stream.name), forSeconds, end, as);
  const numbers = found.flatMap(({ metric, values }) =>
    values.map(([, value]) => numberOfSample(stream, metric["series"] ?? "", value)),
  );
  return as === "stored" ? [...new Set(numbers)] : numbers;
};

const reads: Readonly<Record<PushedStream["signal"], { readonly read: Read; readonly itemsAtOnce: number }>> = {
  logs: { read: readLogs, itemsAtOnce: linesAtOnce },
  traces: { read: searchTraces, itemsAtOnce: 1500 },
  samples: { read: readSamples, itemsAtOnce: 4000 },
};

/** The numbers of all items of a stream that can be read, each as often as it is there: in queries that are cheap enough. */
export const readBack = async (
  context: Context,
  load: Load,
  stream: PushedStream,
  lastBatch: number,
  as: As,
): Promise<readonly number[]> => {
  const { read, itemsAtOnce } = reads[stream.signal];
  const batches = Math.floor(itemsAtOnce / stream.itemsPerBatch);
  const found: number[] = [];
  for (let first = 0; first <= lastBatch; first += batches) {
    const last = Math.min(first + batches - 1, lastBatch);
    const [from, to] = [firstOf(stream, first), firstOf(stream, last + 1)];
    const numbers = await read(context, load, stream, first, last, as);
    found.push(...numbers.filter((number) => number >= from && number < to));
  }
  return found;
};

interface Found {
  readonly trace?: { readonly resourceSpans?: readonly unknown[] };
}
const hasSpans = (body: string): boolean => ((JSON.parse(body) as Found).trace?.resourceSpans ?? []).length > 0;

/** Of some traces, those that are found by their id. */
export const findTraces = async (
  context: Context,
  stream: PushedStream,
  numbers: readonly number[],
): Promise<readonly number[]> => {
  const found: number[] = [];
  for (const number of numbers) {
    const { status, body } = await ask(context, "tempo", `/api/v2/traces/${traceId(stream, number)}`);
    // One that is nowhere is answered with 200 as well, and without spans.
    if (status === 200 && hasSpans(body)) found.push(number);
  }
  return found;
};

/** The numbers of the lines that the pod that writes to its log has written. */
export const readWritten = async (context: Context, load: Load, end: number): Promise<readonly number[]> => {
  const step = Math.floor(linesAtOnce / written.linesPerSecond);
  const found: number[] = [];
  for (let start = Math.floor(load.start / 1000) - 60; start < end; start += step) {
    const query = `{namespace="${context.cluster.users}", pod="${written.name}"} |= "run=${load.run}"`;
    const some = await lines(context, query, start, Math.min(start + step, end));
    found.push(...some.flatMap(({ text }) => numberOfLine(text) ?? []));
  }
  return found;
};

/** When the counter was scraped, in Unix seconds; of two Prometheus, either's scrape. */
export const readScrapes = async (context: Context, load: Load, end: number): Promise<readonly number[]> => {
  const selector = `${counter.metric}{run="${load.run}"}`;
  const step = 1800;
  const times: number[] = [];
  for (let start = Math.floor(load.start / 1000); start < end; start += step) {
    const found = await matrix(context, selector, step, start + step);
    times.push(...found.flatMap(({ values }) => values.map(([time]) => time)));
  }
  return times;
};
