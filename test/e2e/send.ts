import { randomBytes } from "node:crypto";
import { type Check, type Context, now, poll, type Run, seconds } from "./context.ts";
import { telemetrygen } from "./fixtures.ts";
import { apply, type ClusterObject, get, request } from "./kubectl.ts";
import { jaegerBatch } from "./thrift.ts";

/** Never begins with a zero: Tempo's search leaves those out of the ids it gives. */
const hexId = (bytes: number): string => `a${randomBytes(bytes).toString("hex").slice(1)}`;

export const newRun = (): Run => {
  const id = `${Date.now().toString(36)}${randomBytes(2).toString("hex")}`;
  const [caller, callee, otlp] = [`shop-${id}`, `stock-${id}`, `otlp-${id}`];
  return {
    id,
    start: now() - 5,
    caller,
    callee,
    otlp,
    services: { otlpHttp: caller, otlpGrpc: `grpc-${id}`, zipkin: `zipkin-${id}`, jaeger: `jaeger-${id}` },
    traceIds: { otlpHttp: hexId(16), zipkin: hexId(16), jaeger: hexId(16) },
    twins: { service: `twin-${id}`, traceIds: { sender: hexId(16), twin: hexId(16) } },
    silenced: `kube-lgtm-e2e-${id}`,
  };
};

const scope = { name: "kube-lgtm-e2e" };
const attributes = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
const resource = (service: string, more: Readonly<Record<string, string>> = {}) => ({
  attributes: attributes({ "service.name": service, ...more }),
});
const nanoseconds = (milliseconds: number): string => `${milliseconds}000000`;

/** A client span in one service and its server span in another: together one edge of the service graph. */
const otlpTraces = ({ caller, callee, traceIds }: Run, namespace: string, at: number) => {
  const spanId = hexId(8);
  const span = (from: number, to: number) => ({
    traceId: traceIds.otlpHttp,
    name: "GET /stock",
    startTimeUnixNano: nanoseconds(at - from),
    endTimeUnixNano: nanoseconds(at - to),
  });
  const client = { ...span(200, 0), spanId, kind: 3 };
  const server = { ...span(150, 50), spanId: hexId(8), parentSpanId: spanId, kind: 2 };
  const pod = { "k8s.namespace.name": namespace, "k8s.pod.name": "logger", "k8s.container.name": "logger" };
  return {
    resourceSpans: [
      { resource: resource(caller, pod), scopeSpans: [{ scope, spans: [client] }] },
      { resource: resource(callee), scopeSpans: [{ scope, spans: [server] }] },
    ],
  };
};

const otlpLogs = ({ id, otlp, traceIds }: Run, at: number) => {
  const time = { timeUnixNano: nanoseconds(at), observedTimeUnixNano: nanoseconds(at) };
  const body = { stringValue: `otlp log of run ${id}` };
  const record = { ...time, severityNumber: 9, severityText: "INFO", body, traceId: traceIds.otlpHttp };
  return { resourceLogs: [{ resource: resource(otlp), scopeLogs: [{ scope, logRecords: [record] }] }] };
};

const otlpMetrics = ({ id, otlp }: Run, at: number, name = "kube_lgtm_e2e_otlp") => {
  const dataPoints = [{ timeUnixNano: nanoseconds(at), asDouble: 7, attributes: attributes({ run: id }) }];
  const metrics = [{ name, gauge: { dataPoints } }];
  return { resourceMetrics: [{ resource: resource(otlp), scopeMetrics: [{ scope, metrics }] }] };
};

const zipkinSpans = ({ services, traceIds }: Run, at: number) => [
  {
    traceId: traceIds.zipkin,
    id: hexId(8),
    name: "get /zipkin",
    kind: "SERVER",
    timestamp: (at - 100) * 1000,
    duration: 100_000,
    localEndpoint: { serviceName: services.zipkin },
  },
];

const jaegerSpans = ({ services, traceIds }: Run, at: number): Buffer => {
  const times = { start: (at - 100) * 1000, duration: 100_000 };
  const tags = { "span.kind": "server" };
  const span = { ...times, traceId: traceIds.jaeger, spanId: hexId(8), name: "GET /jaeger", tags };
  return jaegerBatch(services.jaeger, [span]);
};

type Body = (run: Run, namespace: string, atMilliseconds: number) => object | Buffer;

/** What is posted to which port and path of the Service `otlp`; a Buffer is Thrift, all else JSON. */
const payloads: readonly (readonly [what: string, to: string, body: Body])[] = [
  ["spans by OTLP over HTTP", "4318/v1/traces", otlpTraces],
  ["a log record by OTLP", "4318/v1/logs", (run, _, at) => otlpLogs(run, at)],
  ["a metric by OTLP", "4318/v1/metrics", (run, _, at) => otlpMetrics(run, at)],
  ["a span by Zipkin", "9411/api/v2/spans", (run, _, at) => zipkinSpans(run, at)],
  ["a span by Jaeger", "14268/api/traces?format=jaeger.thrift", (run, _, at) => jaegerSpans(run, at)],
];

/** Posts until it is acknowledged. */
const push = ({ cluster, sender }: Context, to: string, content: () => object | Buffer): Promise<string> =>
  poll(seconds.sent, async () => {
    const made = content();
    const [type, body] = Buffer.isBuffer(made) ? ["x-thrift", made] : ["json", JSON.stringify(made)];
    const headers = { "Content-Type": `application/${type}` };
    const answer = await request(cluster, sender, `http://otlp.${cluster.stack}:${to}`, { headers, body });
    const { status, exit } = answer;
    if (status < 200 || status > 299) throw new Error(`otlp:${to} answered ${status} (curl ${exit}): ${answer.body}`);
    return `${status} from otlp:${to}`;
  });

const post = ([what, to, payload]: (typeof payloads)[number]): Check => ({
  name: `send ${what}`,
  run: (context) => push(context, to, () => payload(context.run, context.cluster.users, Date.now())),
});

/** One sample of this name, of any time. */
export const sendSample = (context: Context, name: string, atMilliseconds: number): Promise<string> =>
  push(context, "4318/v1/metrics", () => otlpMetrics(context.run, atMilliseconds, name));

const grpc: Check = {
  name: "send spans by OTLP over gRPC",
  async run({ cluster, run }) {
    await apply(cluster, [telemetrygen(cluster, run)]);
    return poll(seconds.podRunning, async () => {
      const pod = await get<ClusterObject>(cluster, cluster.users, "pod", "telemetrygen");
      if (pod?.status?.["phase"] !== "Succeeded") throw new Error(`telemetrygen is ${String(pod?.status?.["phase"])}`);
      return "telemetrygen ended well";
    });
  },
};

/** What each of the twins pushes: a sum by deltas, of which each is 3, and more. */
const twinBodies = ({ id, twins, traceIds }: Run, pod: string, at: number): readonly (readonly [string, object])[] => {
  const time = { startTimeUnixNano: nanoseconds(at - 1000), timeUnixNano: nanoseconds(at) };
  const point = { ...time, attributes: attributes({ run: id }) };
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...point, asInt: "3" }] };
  const metrics = [
    { name: "kube_lgtm_e2e_twin", gauge: { dataPoints: [{ ...point, asDouble: 1 }] } },
    { name: "kube_lgtm_e2e_delta", sum },
  ];
  const record = {
    timeUnixNano: time.timeUnixNano,
    body: { stringValue: `twin of run ${id}` },
    traceId: traceIds.otlpHttp,
  };
  const span = {
    traceId: twins.traceIds[pod],
    spanId: hexId(8),
    name: "twin",
    kind: 1,
    startTimeUnixNano: time.startTimeUnixNano,
    endTimeUnixNano: time.timeUnixNano,
  };
  const from = resource(twins.service);
  return [
    ["metrics", { resourceMetrics: [{ resource: from, scopeMetrics: [{ scope, metrics }] }] }],
    ["logs", { resourceLogs: [{ resource: from, scopeLogs: [{ scope, logRecords: [record] }] }] }],
    ["traces", { resourceSpans: [{ resource: from, scopeSpans: [{ scope, spans: [span] }] }] }],
  ];
};

/** Twice, because a sum that was pushed once says nothing. */
const twinSend: Check = {
  name: "send the same from two pods of one program, by deltas",
  async run({ cluster, run }) {
    for (let time = 1; time <= 2; time += 1) {
      for (const name of Object.keys(run.twins.traceIds)) {
        for (const [signal, body] of twinBodies(run, name, Date.now())) {
          const to = `http://otlp.${cluster.stack}:4318/v1/${signal}`;
          const headers = { "Content-Type": "application/json" };
          const from = { namespace: cluster.users, name };
          const { status, body: said } = await request(cluster, from, to, { headers, body: JSON.stringify(body) });
          if (status !== 200) throw new Error(`${signal} of ${name}, the ${time}. time: ${status} ${said}`);
        }
      }
    }
    return Object.keys(run.twins.traceIds).join(", ");
  },
};

/** What is pushed over HTTP. */
export const posts: readonly Check[] = payloads.map(post);
/** Everything that a user's programs push. */
export const sends: readonly Check[] = [...posts, twinSend, grpc];
