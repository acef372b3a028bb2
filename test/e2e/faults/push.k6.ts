// Runs in k6: pushes the streams of $LOAD until it is ended, and writes a line for each attempt (see account.ts).
import { sleep } from "k6";
import encoding from "k6/encoding";
import exec from "k6/execution";
import http from "k6/http";
import grpc from "k6/net/grpc";
import { lokiPush, otlpLogs, otlpMetrics, otlpTraces, remoteWrite } from "./bodies.ts";
import { due, type Load, type PushedStream, type Signal } from "./load.ts";

const load: Load = JSON.parse(__ENV["LOAD"] ?? "");
const timeoutSeconds = 10;

export const options = {
  scenarios: {
    streams: { executor: "per-vu-iterations", vus: load.streams.length, iterations: 1, maxDuration: "240h" },
  },
};

const client = new grpc.Client();
client.load(["."], "otlp.proto");

/** "acknowledged"; "refused" is to be sent again, "dropped" would be refused again, as agents see it. */
interface Answer {
  readonly outcome: "acknowledged" | "refused" | "dropped";
  readonly status: string;
  readonly detail?: string;
}

const json = { "Content-Type": "application/json" };
const remoteWriteHeaders = {
  "Content-Type": "application/x-protobuf",
  "Content-Encoding": "snappy",
  "X-Prometheus-Remote-Write-Version": "0.1.0",
};

const post = (
  stream: PushedStream,
  path: string,
  body: string | ArrayBuffer,
  headers: Readonly<Record<string, string>>,
): Answer => {
  const params = {
    headers: { ...headers, ...stream.headers },
    timeout: `${timeoutSeconds}s`,
    tags: { name: stream.name },
  };
  const { status, error, body: answered } = http.post(`${stream.to}${path}`, body, params);
  const said = typeof answered === "string" ? answered : "";
  const partial = /"rejected(Spans|LogRecords|DataPoints)": ?"?[1-9]/.test(said);
  if (status >= 200 && status < 300) return { outcome: partial ? "refused" : "acknowledged", status: `${status}` };
  const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { outcome: final ? "dropped" : "refused", status: `${status}`, detail: error || said };
};

let connected = false;
const binary = (hex: string): string => {
  const bytes = new Uint8Array(hex.length / 2);
  for (let place = 0; place < bytes.length; place++) bytes[place] = parseInt(hex.slice(place * 2, place * 2 + 2), 16);
  return encoding.b64encode(bytes.buffer);
};

const exportSpans = (stream: PushedStream, batch: number): Answer => {
  try {
    if (!connected) client.connect(stream.to, { plaintext: true, timeout: `${timeoutSeconds}s` });
    connected = true;
    const { status, error, message } = client.invoke(
      "opentelemetry.proto.collector.trace.v1.TraceService/Export",
      otlpTraces(load, stream, batch, binary),
      { metadata: stream.headers, timeout: `${timeoutSeconds}s` },
    ) as unknown as {
      status: number;
      error?: { message?: string };
      message?: { partialSuccess?: { rejectedSpans?: string } };
    };
    const partial = Number(message?.partialSuccess?.rejectedSpans ?? 0) > 0;
    if (status === grpc.StatusOK && !partial) return { outcome: "acknowledged", status: "OK" };
    const final = status === grpc.StatusInvalidArgument;
    const detail = error?.message ?? JSON.stringify(message?.partialSuccess ?? "");
    return { outcome: final ? "dropped" : "refused", status: `grpc-${status}`, detail };
  } catch (error) {
    return { outcome: "refused", status: "grpc-connect", detail: String(error) };
  }
};

const otlp: Readonly<Record<Signal, (stream: PushedStream, batch: number) => Answer>> = {
  logs: (stream, batch) => post(stream, "/v1/logs", JSON.stringify(otlpLogs(load, stream, batch)), json),
  traces: (stream, batch) => post(stream, "/v1/traces", JSON.stringify(otlpTraces(load, stream, batch)), json),
  samples: (stream, batch) => post(stream, "/v1/metrics", JSON.stringify(otlpMetrics(load, stream, batch)), json),
};

const push: Readonly<Record<PushedStream["way"], (stream: PushedStream, batch: number) => Answer>> = {
  loki: (stream, batch) => post(stream, "", JSON.stringify(lokiPush(load, stream, batch)), json),
  tempo: exportSpans,
  "remote-write": (stream, batch) => post(stream, "", remoteWrite(load, stream, batch).buffer, remoteWriteHeaders),
  otlp: (stream, batch) => otlp[stream.signal](stream, batch),
};

export default function () {
  const stream = load.streams[exec.vu.idInTest - 1];
  if (!stream) throw new Error("more users than streams");
  for (let batch = 0; ; batch++) {
    // A stream that is behind pushes without a pause, as an agent does with what it has kept.
    sleep(Math.max(due(load, stream, batch) - Date.now(), 0) / 1000);
    for (let attempt = 1, done = false; !done; attempt++) {
      const start = Date.now();
      const { outcome, status, detail = "" } = push[stream.way](stream, batch);
      const said = detail.replace(/\s+/g, " ").slice(0, 160);
      console.log(`${stream.name} ${batch} ${attempt} ${outcome} ${status} ${start} ${Date.now()} ${said}`);
      done = outcome !== "refused";
      if (!done) sleep(1);
    }
  }
}
