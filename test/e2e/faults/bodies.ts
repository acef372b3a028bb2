import { firstOf, type Load, metric, type PushedStream, service, type Stream, timeOf, traceId } from "./load.ts";

/** The numbers of a batch with their times in Unix nanoseconds. */
const items = (load: Load, stream: Stream, batch: number) =>
  Array.from({ length: stream.itemsPerBatch }, (_, place) => {
    const number = firstOf(stream, batch) + place;
    return { number, time: `${timeOf(load, stream, number)}000000` };
  });

const line = (load: Load, stream: Stream, number: number): string =>
  `level=info run=${load.run} stream=${stream.name} n=${number} msg="order shipped"`;

/** The body of a push to Loki. */
export const lokiPush = (load: Load, stream: Stream, batch: number): object => ({
  streams: [
    {
      stream: { service_name: service(load.run, stream.name) },
      values: items(load, stream, batch).map(({ number, time }) => [time, line(load, stream, number)]),
    },
  ],
});

const attributes = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
const resource = (load: Load, stream: Stream) => ({
  attributes: attributes({ "service.name": service(load.run, stream.name) }),
});

/** OTLP traces of one span each; `id` writes hexadecimal digits as the transport wants them. */
export const otlpTraces = (load: Load, stream: PushedStream, batch: number, id = (hex: string) => hex): object => ({
  resourceSpans: [
    {
      resource: resource(load, stream),
      scopeSpans: [
        {
          spans: items(load, stream, batch).map(({ number, time }) => ({
            traceId: id(traceId(stream, number)),
            spanId: id(`b${number.toString(16).padStart(15, "0")}`),
            name: "ship order",
            kind: 2,
            startTimeUnixNano: time,
            endTimeUnixNano: time,
          })),
        },
      ],
    },
  ],
});

export const otlpLogs = (load: Load, stream: Stream, batch: number): object => ({
  resourceLogs: [
    {
      resource: resource(load, stream),
      scopeLogs: [
        {
          logRecords: items(load, stream, batch).map(({ number, time }) => ({
            timeUnixNano: time,
            observedTimeUnixNano: time,
            severityText: "INFO",
            body: { stringValue: line(load, stream, number) },
          })),
        },
      ],
    },
  ],
});

const labels = (load: Load, stream: Stream, series: number) => ({
  run: load.run,
  series: `${series}`,
  stream: stream.name,
});

export const otlpMetrics = (load: Load, stream: Stream, batch: number): object => ({
  resourceMetrics: [
    {
      resource: resource(load, stream),
      scopeMetrics: [
        {
          metrics: [
            {
              name: metric,
              gauge: {
                dataPoints: items(load, stream, batch).map(({ time }, series) => ({
                  timeUnixNano: time,
                  asDouble: batch,
                  attributes: attributes(labels(load, stream, series)),
                })),
              },
            },
          ],
        },
      ],
    },
  ],
});

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
};
const text = (value: string): number[] => [...value].map((character) => character.charCodeAt(0));
/** A field of wire type 2. */
const field = (id: number, bytes: readonly number[]): number[] => [id * 8 + 2, ...varint(bytes.length), ...bytes];
const double = (value: number): number[] => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return Array.from({ length: 8 }, (_, place) => view.getUint8(place));
};

/** Snappy's block format without compression: the length, then one literal of up to 64 KiB (google/snappy, format_description.txt). */
const snappy = (bytes: readonly number[]): number[] => {
  const last = bytes.length - 1;
  return [...varint(bytes.length), 61 * 4, last % 256, Math.floor(last / 256), ...bytes];
};

/** A WriteRequest of remote write 1.0 (prometheus/prompb): each series' sample has the batch for its value. */
export const remoteWrite = (load: Load, stream: Stream, batch: number): Uint8Array<ArrayBuffer> => {
  const series = items(load, stream, batch).flatMap(({ number }, place) => {
    const pairs = Object.entries({ __name__: metric, ...labels(load, stream, place) });
    const named = pairs.flatMap(([name, value]) => field(1, [...field(1, text(name)), ...field(2, text(value))]));
    const sample = [1 * 8 + 1, ...double(batch), 2 * 8, ...varint(timeOf(load, stream, number))];
    return field(1, [...named, ...field(2, sample)]);
  });
  return new Uint8Array(snappy(series));
};
