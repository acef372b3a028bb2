// Runs in k6: reads what the streams of $LOAD have pushed, as Grafana, and writes a line for each answer (see account.ts).
import { sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import {
  batchAt,
  due,
  firstOf,
  numberOfLine,
  numberOfSample,
  numberOfTrace,
  type Reading,
  selectors,
  type Stream,
  traceId,
} from "./load.ts";
import { toRanges } from "./ranges.ts";

const load: Reading = JSON.parse(__ENV["LOAD"] ?? "");
const windowSeconds = 30;

export const options = {
  scenarios: { doors: { executor: "per-vu-iterations", vus: load.read.length, iterations: 1, maxDuration: "240h" } },
};

/** Batches, the last of them included. */
interface Window {
  readonly first: number;
  readonly last: number;
}

interface Answer {
  readonly first: number;
  readonly last: number;
  readonly status: string;
  readonly found: readonly number[];
  readonly detail: string;
}

const get = (signal: Stream["signal"], path: string, parameters: Readonly<Record<string, string | number>>) => {
  const { url, headers } = load.doors[signal];
  const query = Object.entries(parameters).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return http.get(`${url}${path}${query.length > 0 ? "?" : ""}${query.join("&")}`, {
    headers: { ...headers },
    timeout: "20s",
    tags: { name: signal },
  });
};

type Response = ReturnType<typeof get>;

const answer = (
  stream: Stream,
  { first, last }: Window,
  response: Response,
  found: (body: string) => readonly number[],
): Answer => ({
  first: firstOf(stream, first),
  last: firstOf(stream, last + 1) - 1,
  status: `${response.status}`,
  found: response.status === 200 ? found(String(response.body)) : [],
  detail: response.status === 200 ? "" : response.error || String(response.body),
});

const readLogs = (stream: Stream, window: Window): Answer => {
  const query = selectors.logs(load.run, stream.name);
  const [start, end] = [due(load, stream, window.first), due(load, stream, window.last + 1)];
  const range = { query, start: `${start}000000`, end: `${end}000000`, limit: 5000, direction: "forward" };
  return answer(stream, window, get("logs", "/loki/api/v1/query_range", range), (body) => {
    const { data }: { data: { result: { values: [string, string][] }[] } } = JSON.parse(body);
    return data.result.flatMap(({ values }) => values.map(([, line]) => numberOfLine(line) ?? -1));
  });
};

const readSamples = (stream: Stream, window: Window): Answer => {
  const end = Math.floor(due(load, stream, window.last) / 1000) + 1;
  const span = (window.last - window.first + 1) * stream.batchSeconds;
  const parameters = { query: `${selectors.samples(load.run, stream.name)}[${span}s]`, time: end };
  return answer(stream, window, get("samples", "/api/v1/query", parameters), (body) => {
    const { data }: { data: { result: { metric: { series: string }; values: [number, string][] }[] } } =
      JSON.parse(body);
    return data.result.flatMap(({ metric, values }) =>
      values.map(([, value]) => numberOfSample(stream, metric.series, value)),
    );
  });
};

const readTrace = (some: Stream, window: Window): Answer => {
  const stream = load.streams.find(({ name }) => name === some.name);
  if (!stream) throw new Error(`${some.name} is not pushed`);
  const first = firstOf(stream, window.first);
  const number = first + Math.floor(Math.random() * (firstOf(stream, window.last + 1) - first));
  const response = get("traces", `/api/v2/traces/${traceId(stream, number)}`, {});
  const none = response.status === 404;
  return {
    first: number,
    last: number,
    status: none ? "200" : `${response.status}`,
    found: response.status === 200 && String(response.body).includes("resourceSpans") ? [number] : [],
    detail: response.status === 200 || none ? "" : response.error || String(response.body),
  };
};

const searchTraces = (stream: Stream, window: Window): Answer => {
  const start = Math.floor(due(load, stream, window.first) / 1000);
  const end = Math.ceil(due(load, stream, window.last + 1) / 1000);
  const q = selectors.traces(load.run, stream.name);
  return answer(stream, window, get("traces", "/api/search", { q, start, end, limit: 1000 }), (body) => {
    const { traces = [] }: { traces?: { traceID: string }[] } = JSON.parse(body);
    return traces.map(({ traceID }) => numberOfTrace(traceID));
  });
};

/** Whether the counter has a value at the end of a window: each answer should be the one series. */
const readCounter = (stream: Stream, { last }: Window): Answer => {
  const time = Math.floor(due(load, stream, last) / 1000);
  const response = get("scrapes", "/api/v1/query", { query: selectors.scrapes(load.run, stream.name), time });
  return answer(stream, { first: 0, last: 0 }, response, (body) => {
    const { data }: { data: { result: object[] } } = JSON.parse(body);
    return data.result.length > 0 ? [0] : [];
  });
};

type Ask = (stream: Stream, window: Window) => Answer;

/** What is asked in turn: of the newest data, and of the oldest. */
const turns: Readonly<Record<Stream["signal"], readonly (readonly ["new" | "old", string, Ask])[]>> = {
  logs: [
    ["new", "range", readLogs],
    ["old", "range", readLogs],
  ],
  traces: [
    ["new", "id", readTrace],
    ["old", "id", readTrace],
    ["new", "id", readTrace],
    ["new", "search", searchTraces],
  ],
  samples: [
    ["new", "query", readSamples],
    ["old", "query", readSamples],
  ],
  scrapes: [
    ["new", "query", readCounter],
    ["old", "query", readCounter],
  ],
};

const windowOf = (stream: Stream, age: "new" | "old"): Window => {
  const length = Math.ceil((stream.signal === "scrapes" ? stream.visibleSeconds : windowSeconds) / stream.batchSeconds);
  const newest = batchAt(load, stream, Date.now() - (stream.signal === "scrapes" ? 0 : stream.visibleSeconds) * 1000);
  const last = age === "new" ? newest : Math.min(newest, length - 1);
  return { first: Math.max(last - length + 1, 0), last };
};

export default function () {
  const stream = load.read[exec.vu.idInTest - 1];
  if (!stream) throw new Error("more users than streams");
  const asked = turns[stream.signal];
  sleep(Math.max(due(load, stream, 0) + (stream.visibleSeconds + windowSeconds) * 1000 - Date.now(), 0) / 1000);
  for (let turn = 0; ; turn++) {
    const start = Date.now();
    const [age, how, ask] = asked[turn % asked.length] ?? asked[0]!;
    let result: Answer;
    try {
      result = ask(stream, windowOf(stream, age));
    } catch (error) {
      result = { first: 0, last: -1, status: "unreadable", found: [], detail: String(error) };
    }
    const { first, last, status, found, detail } = result;
    const within = toRanges(found.filter((number) => number >= first && number <= last));
    const said = detail.replace(/\s+/g, " ").slice(0, 160);
    console.log(`${stream.name} ${age}-${how} ${first} ${last} ${status} ${start} ${Date.now()} ${within} ${said}`);
    sleep(Math.max(load.everySeconds * 1000 - (Date.now() - start), 100) / 1000);
  }
}
