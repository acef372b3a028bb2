/** What is pushed: log lines, traces, samples of series. */
export type Signal = "logs" | "traces" | "samples";

/** Numbered items, a batch each period. */
export interface Stream {
  readonly name: string;
  readonly signal: Signal | "scrapes";
  readonly itemsPerBatch: number;
  readonly batchSeconds: number;
  /** How long after its acknowledgement an item may still be missing in an answer, in seconds. */
  readonly visibleSeconds: number;
}

/** How a stream is pushed. */
export type Way = "loki" | "tempo" | "remote-write" | "otlp";

/** A stream whose batches are pushed in order; one that is refused is pushed again. */
export interface PushedStream extends Stream {
  readonly signal: Signal;
  readonly way: Way;
  /** host:port for Tempo's gRPC, a URL for the others. */
  readonly to: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 16 hexadecimal digits that begin the ids of its traces; its own, and not a zero first: Tempo leaves those out. */
  readonly idPrefix: string;
}

export interface Load {
  readonly run: string;
  /** When batch 0 of every stream is due, in Unix milliseconds. */
  readonly start: number;
  readonly streams: readonly PushedStream[];
}

/** A front door that is read, as Grafana. */
export interface Door {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the reader is given: the load, what of it is read, and where. */
export interface Reading extends Load {
  readonly doors: Readonly<Record<Stream["signal"], Door>>;
  readonly read: readonly Stream[];
  /** How often each is read. */
  readonly everySeconds: number;
}

/** A counter that is scraped; its one item is that it is there, from some scrapes on. */
export const scraped: Stream = {
  name: "scraped",
  signal: "scrapes",
  itemsPerBatch: 1,
  batchSeconds: 1,
  visibleSeconds: 120,
};
export const counter = { metric: "kube_lgtm_faults_seconds_total", intervalSeconds: 30 } as const;

export const metric = "kube_lgtm_faults";

/** The service.name, or service_name, of a stream's items. */
export const service = (run: string, stream: string): string => `faults-${run}-${stream}`;

export const selectors: Readonly<Record<Stream["signal"], (run: string, stream: string) => string>> = {
  logs: (run, stream) => `{service_name="${service(run, stream)}"}`,
  traces: (run, stream) => `{ resource.service.name = "${service(run, stream)}" }`,
  samples: (run, stream) => `${metric}{run="${run}", stream="${stream}"}`,
  scrapes: (run) => `${counter.metric}{run="${run}"}`,
};

/** When a batch is made, in Unix milliseconds: the time of its first item. */
export const due = ({ start }: Load, { batchSeconds }: Stream, batch: number): number =>
  start + batch * batchSeconds * 1000;

/** The newest batch that is due. */
export const batchAt = ({ start }: Load, { batchSeconds }: Stream, at: number): number =>
  Math.floor((at - start) / (batchSeconds * 1000));

export const firstOf = ({ itemsPerBatch }: Stream, batch: number): number => batch * itemsPerBatch;

/** The time of an item in Unix milliseconds; all samples of a batch have the same. */
export const timeOf = (load: Load, stream: Stream, number: number): number => {
  const { itemsPerBatch, batchSeconds, signal } = stream;
  const place = number % itemsPerBatch;
  const step = signal === "samples" ? 0 : Math.floor((batchSeconds * 1000) / itemsPerBatch);
  return due(load, stream, Math.floor(number / itemsPerBatch)) + place * step;
};

export const traceId = ({ idPrefix }: PushedStream, number: number): string =>
  `${idPrefix}${number.toString(16).padStart(16, "0")}`;

/** The number of a trace by its id. */
export const numberOfTrace = (id: string): number => parseInt(id.slice(-16), 16);

/** The number in a log line, or undefined if it is none of ours. */
export const numberOfLine = (line: string): number | undefined => {
  const found = /\bn=(\d+)/.exec(line)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** The number of a sample: its series and the batch that is its value. */
export const numberOfSample = ({ itemsPerBatch }: Stream, series: string, value: string): number =>
  Number(value) * itemsPerBatch + Number(series);
