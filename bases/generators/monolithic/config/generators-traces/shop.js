// One purchase a second in a shop that does not exist, sent as a trace by OTLP over HTTP.
import http from "k6/http";
import { sleep } from "k6";

export const options = { vus: 1, duration: "8760h", discardResponseBodies: true };

// Who calls whom, with what, and how long it takes at most, in milliseconds, beside what it calls in turn.
const purchase = {
  service: "shop",
  name: "POST /purchase",
  takes: 20,
  calls: [
    { service: "catalogue", name: "GET /price", takes: 15, calls: [] },
    {
      service: "checkout",
      name: "POST /order",
      takes: 30,
      calls: [
        { service: "payment", name: "POST /charge", takes: 90, fails: 0.05, calls: [] },
        { service: "catalogue", name: "POST /reserve", takes: 25, calls: [] },
      ],
    },
  ],
};

const CLIENT = 3;
const SERVER = 2;
const ERROR = 2;

const hex = (bytes) =>
  Array.from({ length: bytes }, () =>
    Math.floor(Math.random() * 256)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
const nanoseconds = (milliseconds) => `${Math.round(milliseconds * 1000)}000`;

// The spans of a call that begins at `from`: the server's own, and around each call that it makes the client's.
function spansOf(call, traceId, parentSpanId, from) {
  const spanId = hex(8);
  const failed = Math.random() < (call.fails || 0);
  const spans = [];
  let at = from + Math.random() * call.takes;
  for (const next of call.calls) {
    const clientId = hex(8);
    const inner = spansOf(next, traceId, clientId, at + 1);
    spans.push(
      { service: call.service, traceId, spanId: clientId, parentSpanId: spanId, name: next.name, kind: CLIENT, failed: inner.failed, from: at, to: inner.to + 1 },
      ...inner.spans,
    );
    at = inner.to + 2;
  }
  const to = at + Math.random() * call.takes;
  spans.push({ service: call.service, traceId, spanId, parentSpanId, name: call.name, kind: SERVER, failed, from, to });
  return { spans, failed, to };
}

const attribute = (key, value) => ({ key, value: { stringValue: value } });

function resourceSpans(spans) {
  const services = [...new Set(spans.map(({ service }) => service))];
  return services.map((service) => ({
    resource: { attributes: [attribute("service.name", service), attribute("service.namespace", "shop")] },
    scopeSpans: [
      {
        scope: { name: "shop.js" },
        spans: spans
          .filter((span) => span.service === service)
          .map(({ traceId, spanId, parentSpanId, name, kind, failed, from, to }) => ({
            traceId,
            spanId,
            parentSpanId,
            name,
            kind,
            startTimeUnixNano: nanoseconds(from),
            endTimeUnixNano: nanoseconds(to),
            status: failed ? { code: ERROR } : {},
          })),
      },
    ],
  }));
}

export default function () {
  const traceId = hex(16);
  const { spans, failed } = spansOf(purchase, traceId, "", Date.now() - 500);
  const answer = http.post(`${__ENV.GENERATORS_OTLP_HTTP_URL}/v1/traces`, JSON.stringify({ resourceSpans: resourceSpans(spans) }), {
    headers: { "Content-Type": "application/json" },
  });
  console.log(`purchase ${failed ? "failed" : "done"}, ${spans.length} spans sent with status ${answer.status}, traceID=${traceId}`);
  sleep(1);
}
