import type { Alert, Monitoring } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

/** What applications push, and what the gateway's metrics call it. */
interface Pushed {
  /** "Spans": a part of the alerts' names. */
  readonly title: string;
  readonly items: "spans" | "log_records" | "metric_points";
  readonly keeper: string;
  /** Where its log says why the back end does not take it. */
  readonly part: string;
}

const pushed: readonly Pushed[] = [
  { title: "Spans", items: "spans", keeper: "Tempo", part: "otelcol.exporter.otlp.tempo" },
  { title: "Lines", items: "log_records", keeper: "Loki", part: "otelcol.exporter.otlphttp.loki" },
  { title: "Points", items: "metric_points", keeper: "the metrics", part: "otelcol.exporter.otlphttp.metrics" },
];

const rate = (what: string, { items }: Pushed, range: string, more = ""): string =>
  `sum by (namespace) (rate(otelcol_${what}_${items}_total{@server${more}}[${range}]))`;
const arrived = (one: Pushed, range: string): string =>
  `(${rate("receiver_accepted", one, range)} + ${rate("receiver_refused", one, range)})`;

/** Of what arrived, the share that the gateway answers with an error. */
const refused = (one: Pushed, range: string): string =>
  `${rate("receiver_refused", one, range)} / (${arrived(one, range)} > 0)`;
/** The share that a back end will not take at any later time either. */
const lost = (one: Pushed, range: string): string =>
  `${rate("exporter_send_failed", one, range, ', error_permanent="true"')} / (${arrived(one, range)} > 0)`;

/** A line of a panel for each signal: zero while nothing arrives, and nothing fails. */
const shares = (share: typeof refused): readonly (readonly [string, string])[] =>
  pushed.map((one) => [
    `${share(one, "$__rate_interval")} or 0 * ${rate("receiver_accepted", one, "$__rate_interval")}`,
    one.title,
  ]);
const rates = (what: string): readonly (readonly [string, string])[] =>
  pushed.map((one) => [rate(what, one, "$__rate_interval"), one.title]);

const logs = "kubectl -n <namespace> logs -l app.kubernetes.io/name=alloy-gateway --since=1h";

const losses = (one: Pushed): readonly Alert[] => {
  const { title, keeper, part } = one;
  const things = title.toLowerCase();
  return [
    {
      alert: `AlloyGateway${title}Lost`,
      severity: "critical",
      ask: lost(one, "5m"),
      above: 0.01,
      for: "10m",
      summary: `Pushed ${things} are refused for ever.`,
      description: `{{ $value | humanizePercentage }} of the ${things} that applications push are refused for ever.`,
      page: "otlp",
      look: ["Lost for ever", "Answers of back ends"],
      means: `A back end says that no later try can succeed, so the sender throws the ${things} away. One program in a hundred may send nonsense; above that it is a limit or a wrong tenant.`,
      notice: `Some ${things} are missing for ever.`,
      act: [
        `Read the back end's answer: \`${logs} | grep ${part}\`.`,
        "401, 403 or 404: the tenant, the credentials or the address in `alloy-gateway-settings` are wrong.",
        `400: a limit of ${keeper} or a malformed push. The answer names the reason and often the service.`,
        "The panel `Lost for ever` is at zero again once it has worked.",
      ],
    },
    {
      alert: `AlloyGateway${title}Refused`,
      severity: "critical",
      ask: refused(one, "5m"),
      above: 0.05,
      for: "15m",
      summary: `The gateway does not take the ${things} that applications push.`,
      description: `The gateway answers {{ $value | humanizePercentage }} of the ${things} with an error.`,
      page: "otlp",
      look: ["Refused", "Refused for want of memory", "Answers of back ends"],
      means: `The gateway keeps nothing: it hands a back end's error to the sender, who tries again for a minute or so and gives up then. A restart of a back end is over within minutes. A quarter of an hour is an outage in which ${things} are lost.`,
      notice: `New ${things} arrive late, or never.`,
      act: [
        `Look whether ${keeper} can be reached and answers: \`${logs} | grep ${part}\`.`,
        "Look at the page of the back end's writes: its own alerts name the cause.",
        "If the panel `Refused for want of memory` is above zero, give `alloy-gateway` more memory or more replicas.",
        "The panel `Refused` is at zero again once it has worked.",
      ],
    },
  ];
};

const limiter = 'component_id="otelcol.processor.memory_limiter.push"';
const parts =
  'sum by (namespace, pod) (alloy_component_controller_running_components{@server, health_type!="healthy"})';
const deltas =
  "max by (namespace, pod) (otelcol_deltatocumulative_streams_tracked{@server} / otelcol_deltatocumulative_streams_limit{@server})";
const leftOut = (range: string): string =>
  `sum by (namespace) (rate(otelcol_processor_filter_datapoints_filtered_total{@server}[${range}]))`;
const points = (range: string): string =>
  `sum by (namespace) (rate(otelcol_receiver_accepted_metric_points_total{@server}[${range}]))`;

const quantiles = (histogram: string, by: string): readonly (readonly [string, string])[] =>
  ["0.99", "0.5"].map((quantile) => [
    `histogram_quantile(${quantile}, sum by (le, ${by}) (rate(${histogram}_bucket{@server}[$__rate_interval])))`,
    `{{${by}}} ${quantile === "0.5" ? "median" : "99 of 100"}`,
  ]);

/** Where applications push. */
export const monitoring: Monitoring = {
  folder: "Collection",
  pages: [
    {
      uid: "otlp",
      title: "OTLP gateway",
      question: "Does telemetry of applications get to its back ends?",
      rows: [
        {
          title: "From applications",
          panels: [
            {
              title: "Taken",
              shows: "Spans, lines and points in a second that the gateway took and a back end has.",
              bad: "A fall that nobody planned.",
              unit: "cps",
              ask: rates("receiver_accepted"),
            },
            {
              title: "Refused",
              shows: "The share of what arrives that the gateway answers with an error.",
              bad: "Minutes above zero: senders give up after a minute or so.",
              unit: "percentunit",
              max: 1,
              alert: "AlloyGatewaySpansRefused",
              ask: shares(refused),
            },
            {
              title: "Not understood",
              shows: "Spans, lines and points in a second that failed within the gateway itself.",
              bad: "Any: no back end was asked.",
              unit: "cps",
              ask: rates("receiver_failed"),
            },
            {
              title: "Pushes by HTTP",
              shows: "Pushes in a second by HTTP, by the status of the answer.",
              bad: "4xx: a sender's fault, or a limit. 5xx: a back end's.",
              kind: "stacked",
              unit: "reqps",
              ask: [
                [
                  "sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{@server}[$__rate_interval]))",
                  "{{http_response_status_code}}",
                ],
              ],
            },
            {
              title: "Pushes by gRPC",
              shows: "Pushes in a second by gRPC, by the status of the answer.",
              bad: "Anything but OK.",
              kind: "stacked",
              unit: "reqps",
              ask: [
                [
                  "sum by (rpc_response_status_code) (rate(rpc_server_call_duration_seconds_count{@server}[$__rate_interval]))",
                  "{{rpc_response_status_code}}",
                ],
              ],
            },
            {
              title: "Pushes: how long",
              shows: "How long a sender waits for the answer, which comes when the back end has answered.",
              bad: "Eight seconds: senders stop waiting at ten, and send the same again.",
              unit: "s",
              ask: [
                [
                  "histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{@server}[$__rate_interval])))",
                  "HTTP, 99 of 100",
                ],
                [
                  "histogram_quantile(0.99, sum by (le) (rate(rpc_server_call_duration_seconds_bucket{@server}[$__rate_interval])))",
                  "gRPC, 99 of 100",
                ],
              ],
            },
          ],
        },
        {
          title: "To the back ends",
          panels: [
            {
              title: "Sent",
              shows: "Spans, lines and points in a second that back ends took.",
              bad: "Less than is taken from applications, points left out aside.",
              unit: "cps",
              ask: rates("exporter_sent"),
            },
            {
              title: "Lost for ever",
              shows: "The share of what arrives that a back end will not take at any later time either.",
              bad: "Any: senders throw it away.",
              unit: "percentunit",
              max: 1,
              alert: "AlloyGatewaySpansLost",
              ask: shares(lost),
            },
            {
              title: "In flight",
              shows: "Requests that wait for a back end's answer. There is no queue behind them.",
              bad: "A number that grows: the back end is slower than the senders.",
              unit: "short",
              ask: [["sum by (data_type) (otelcol_exporter_in_flight_requests{@server})", "{{data_type}}"]],
            },
            {
              title: "Answers of back ends",
              shows: "Answers in a second, by back end and status.",
              bad: "4xx of one back end: it refuses. 5xx: it fails.",
              kind: "stacked",
              unit: "reqps",
              ask: [
                [
                  "sum by (server_address, http_response_status_code) (rate(http_client_request_duration_seconds_count{@server}[$__rate_interval]))",
                  "{{server_address}} {{http_response_status_code}}",
                ],
                [
                  "sum by (rpc_response_status_code) (rate(rpc_client_call_duration_seconds_count{@server}[$__rate_interval]))",
                  "traces {{rpc_response_status_code}}",
                ],
              ],
            },
            {
              title: "Back ends: how long",
              shows: "How long back ends take to answer.",
              bad: "Above five seconds: a try ends at eight.",
              unit: "s",
              ask: [
                ...quantiles("http_client_request_duration_seconds", "server_address"),
                [
                  "histogram_quantile(0.99, sum by (le) (rate(rpc_client_call_duration_seconds_bucket{@server}[$__rate_interval])))",
                  "traces 99 of 100",
                ],
              ],
            },
            {
              title: "Size of pushes to back ends",
              shows: "Bytes of a request to a back end by HTTP.",
              bad: "Hundreds of bytes: senders push single lines or points, which costs CPU everywhere.",
              unit: "bytes",
              ask: quantiles("http_client_request_body_size_bytes", "server_address"),
            },
          ],
        },
        {
          title: "Inside",
          panels: [
            {
              title: "Refused for want of memory",
              shows: "Spans, lines and points in a second that the gateway refused to stay below its limit.",
              bad: "Any: it needs more memory, or more replicas.",
              unit: "cps",
              ask: [
                [
                  `clamp_min(sum by (otel_signal) (rate(otelcol_processor_incoming_items_total{@server, ${limiter}}[$__rate_interval])) - sum by (otel_signal) (rate(otelcol_processor_outgoing_items_total{@server, ${limiter}}[$__rate_interval])), 0)`,
                  "{{otel_signal}}",
                ],
              ],
            },
            {
              title: "Points left out",
              shows: "The share of points that no back end would take: too old, ahead of time or without a type.",
              bad: "Above a hundredth: a sender's clock is wrong.",
              unit: "percentunit",
              max: 1,
              alert: "AlloyGatewayPointsLeftOut",
              ask: [
                [
                  `${leftOut("$__rate_interval")} / (${points("$__rate_interval")} > 0) or 0 * ${points("$__rate_interval")}`,
                  "left out",
                ],
              ],
            },
            {
              title: "Room for deltas",
              shows: "Series of deltas that the gateway sums up, as a share of the most that it may.",
              bad: "At 1 new series are left out.",
              unit: "percentunit",
              max: 1,
              alert: "AlloyGatewayDeltasFull",
              ask: [[deltas, "{{pod}}"]],
            },
            {
              title: "Parts that are not well",
              shows: "Parts of the configuration that do not run as they should.",
              bad: "Any: something is not received, or not sent.",
              unit: "short",
              alert: "AlloyGatewayPartsUnhealthy",
              ask: [[parts, "{{pod}}"]],
            },
            {
              title: "Time by step",
              shows: "How long the slowest one of a hundred batches takes within a step, with all steps after it.",
              bad: "One step that is far above the next.",
              unit: "s",
              ask: [
                [
                  "histogram_quantile(0.99, sum by (le, component_id) (rate(otelcol_processor_internal_duration_seconds_bucket{@server}[$__rate_interval])))",
                  "{{component_id}}",
                ],
              ],
            },
          ],
        },
        resources("server"),
      ],
    },
  ],
  rules: {
    alerts: [
      ...pushed.flatMap(losses),
      {
        alert: "AlloyGatewayPointsLeftOut",
        severity: "warning",
        ask: `${leftOut("5m")} / (${points("5m")} > 0)`,
        above: 0.01,
        for: "15m",
        summary: "The gateway leaves points out that no back end would take.",
        description: "The gateway leaves {{ $value | humanizePercentage }} of the points out.",
        page: "otlp",
        look: ["Points left out"],
        means:
          "Points are older than back ends take them, more than ten minutes ahead, or without a type. One of them would take its whole push along. The sender is not told.",
        notice: "Series of some programs have gaps.",
        act: [
          "Look at the clocks of the nodes: the page of the nodes shows how far they are off.",
          "Look for a program that kept points during an outage and sends them now: it ends when all are sent.",
          "An hour of a share above a hundredth is a wrong clock of a sender outside the cluster.",
        ],
      },
      {
        alert: "AlloyGatewayDeltasFull",
        severity: "warning",
        ask: deltas,
        above: 0.85,
        for: "15m",
        summary: "A gateway can soon take no new series of deltas.",
        description: "{{ $labels.pod }} sums {{ $value | humanizePercentage }} of the most series of deltas up.",
        page: "otlp",
        look: ["Room for deltas"],
        means:
          "Programs that send deltas need a sum in the gateway. Above the limit the points of new series are left out, and the sender is not told.",
        notice: "Nothing yet. At the limit new pods have no metrics.",
        act: [
          "Have programs send cumulative metrics: `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative`.",
          "Or raise `ALLOY_GATEWAY_DELTA_SERIES` in `alloy-gateway-settings`, and its memory limit by 2 KiB a series.",
        ],
      },
      {
        alert: "AlloyGatewayPartsUnhealthy",
        severity: "warning",
        ask: parts,
        above: 0,
        for: "15m",
        summary: "A part of the gateway does not run as it should.",
        description: "{{ $value }} parts of {{ $labels.pod }} are not well.",
        page: "otlp",
        look: ["Parts that are not well"],
        means: "A part of the configuration ended, or could not be evaluated. The others go on.",
        notice: "One protocol may be refused, or one back end may get nothing.",
        act: [
          "See which: `kubectl -n <namespace> port-forward <pod> 12345`, then `http://localhost:12345`.",
          "If the log shows `forbidden`, its ClusterRole lacks a right: apply the bundle again.",
        ],
      },
    ],
  },
};
