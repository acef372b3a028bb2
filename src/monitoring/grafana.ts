import type { Monitoring, Page } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

/** What the reader chose, for series of any program of the stack. */
const here = 'namespace=~"$namespace", kube_lgtm_cluster=~"$cluster"';
const rate = (metric: string, matchers = here): string => `rate(${metric}{${matchers}}[$__rate_interval])`;

/** Samples are counted at the entrance of the back end that an environment has. */
const samples = (by: string): string =>
  `sum${by} (${rate("cortex_distributor_received_samples_total")}) or sum${by} (${rate("prometheus_tsdb_head_samples_appended_total")})`;

/** Of the recordings of each signal's requests (src/core/derive/rules.ts). */
const failed = (range: string): string => `kube_lgtm:requests_failed:ratio_rate${range}{${here}}`;
const objective = `max by (signal, way) (kube_lgtm:requests_failed:objective)`;

const overview: Page = {
  uid: "overview",
  title: "Overview",
  question: "Is my telemetry arriving, is it readable, what fails, and what does it cost?",
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Critical alerts",
          shows: "Alerts that page somebody and fire now.",
          bad: "Any: the table below says which, and its runbook what to do.",
          kind: "stat",
          unit: "short",
          ask: [['count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)', ""]],
        },
        {
          title: "Warnings",
          shows: "Alerts that are somebody's ticket and fire now.",
          bad: "One that nobody has looked at for days.",
          kind: "stat",
          unit: "short",
          ask: [['count(ALERTS{alertstate="firing", severity="warning"}) or vector(0)', ""]],
        },
        {
          title: "Targets down",
          shows: "Programs whose metrics the last scrape did not get.",
          bad: "Any: no rule about such a program can fire.",
          kind: "stat",
          unit: "short",
          ask: [[`count(up{${here}, job!="pods"} == 0) or vector(0)`, ""]],
        },
        {
          title: "Log lines",
          shows: "Lines that arrive in a second.",
          bad: "None.",
          kind: "stat",
          unit: "cps",
          ask: [[`sum(${rate("loki_distributor_lines_received_total")})`, ""]],
        },
        {
          title: "Samples",
          shows: "Samples of metrics that arrive in a second.",
          bad: "None.",
          kind: "stat",
          unit: "cps",
          ask: [[samples(""), ""]],
        },
        {
          title: "Spans",
          shows: "Spans of traces that arrive in a second.",
          bad: "None, although applications send traces.",
          kind: "stat",
          unit: "cps",
          ask: [[`sum(${rate("tempo_distributor_spans_received_total")})`, ""]],
        },
      ],
    },
    {
      title: "Is it arriving, is it readable?",
      panels: [
        {
          title: "Failed requests",
          shows: "The share of requests that failed in five minutes, by signal, for who writes and for who reads.",
          bad: "Anything above zero that stays. The page of objectives says how much of a month's budget it spends.",
          kind: "states",
          unit: "percentunit",
          height: 7,
          ask: [[`max by (signal, way) (${failed("5m")})`, "{{signal}} {{way}}"]],
          opens: { page: "slo" },
        },
        {
          title: "Writes",
          shows: "Requests in a second that bring something.",
          bad: "A line that falls.",
          unit: "reqps",
          ask: [[`sum by (signal) (kube_lgtm:requests:rate5m{way="writes", ${here}})`, "{{signal}}"]],
        },
        {
          title: "Reads",
          shows: "Requests in a second that ask for something.",
          bad: "A sudden rise: a panel or a rule that somebody added.",
          unit: "reqps",
          ask: [[`sum by (signal) (kube_lgtm:requests:rate5m{way="reads", ${here}})`, "{{signal}}"]],
        },
        {
          title: "Refused at the entrance",
          shows: "What the OTLP gateway refused in a second.",
          bad: "Above zero: senders keep it for a while and then lose it.",
          unit: "cps",
          ask: [
            [`sum(${rate("otelcol_receiver_refused_spans_total")}) or vector(0)`, "spans"],
            [`sum(${rate("otelcol_receiver_refused_log_records_total")}) or vector(0)`, "log records"],
            [`sum(${rate("otelcol_receiver_refused_metric_points_total")}) or vector(0)`, "metric points"],
          ],
        },
      ],
    },
    {
      title: "What fails?",
      panels: [
        {
          title: "Firing alerts",
          shows: "Alerts that fire now. Each has a section in docs/runbooks.",
          bad: "A critical one.",
          kind: "table",
          unit: "short",
          width: 12,
          ask: [
            [
              'max by (alertname, severity, namespace, app, pod) (ALERTS{alertstate="firing", severity=~"critical|warning|info"})',
              "",
            ],
          ],
        },
        {
          title: "Dropped for ever",
          shows: "What the back ends took no part of in a second, by reason.",
          bad: "A reason that is not your own limit: rate_limited is one, an old or broken timestamp is the sender's.",
          width: 12,
          height: 8,
          unit: "cps",
          ask: [
            [`sum by (reason) (${rate("loki_discarded_samples_total")})`, "log lines: {{reason}}"],
            [`sum by (reason) (${rate("cortex_discarded_samples_total")})`, "samples: {{reason}}"],
            [`sum by (reason) (${rate("tempo_discarded_spans_total")})`, "spans: {{reason}}"],
            ["vector(0)", "nothing else"],
          ],
        },
        {
          title: "Errors in the stack's logs",
          shows: "Lines of the stack's own programs that say error, in a second.",
          bad: "A program that writes more of them than an hour ago.",
          of: "logs",
          unit: "cps",
          width: 24,
          ask: [
            [
              'sum by (app) (rate({namespace=~"$namespace", app=~"loki|mimir|tempo|thanos|thanos-receive|prometheus|alertmanager|grafana|alloy-gateway|kafka|minio"} |~ "(?i)level=error|\\"level\\":\\"error\\"|\\\\berror\\\\b" [$__auto]))',
              "{{app}}",
            ],
          ],
          opens: { page: "logs" },
        },
      ],
    },
    {
      title: "What does it cost?",
      panels: [
        {
          title: "CPU by program",
          shows: "Cores that each program of the stack uses.",
          bad: "One that grows while the load does not.",
          kind: "stacked",
          unit: "cores",
          ask: [[`sum by (app) (${rate("process_cpu_seconds_total", `${here}, app!=""`)})`, "{{app}}"]],
        },
        {
          title: "Memory by program",
          shows: "Resident memory of each program of the stack.",
          bad: "One that grows while the load does not.",
          kind: "stacked",
          unit: "bytes",
          ask: [[`sum by (app) (process_resident_memory_bytes{${here}, app!=""})`, "{{app}}"]],
        },
        {
          title: "Volumes",
          shows: "How full the fullest volumes of the stack are.",
          bad: "Above 0.85.",
          unit: "percentunit",
          max: 1,
          ask: [
            [
              'topk(10, max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes{namespace=~"$namespace"} / kubelet_volume_stats_capacity_bytes{namespace=~"$namespace"}))',
              "{{persistentvolumeclaim}}",
            ],
          ],
        },
        {
          title: "Log bytes by tenant",
          shows: "Bytes of log lines in a second, before compression.",
          bad: "A tenant that grew beyond its share.",
          kind: "stacked",
          unit: "Bps",
          ask: [[`sum by (tenant) (${rate("loki_distributor_bytes_received_total")})`, "{{tenant}}"]],
        },
        {
          title: "Series in memory",
          shows: "Series that each program of the stack keeps in memory now; Mimir counts each copy.",
          bad: "A rise without more pods: a label with too many values.",
          kind: "stacked",
          unit: "short",
          ask: [
            [`sum by (app) (prometheus_tsdb_head_series{${here}})`, "{{app}}"],
            [`sum by (app) (cortex_ingester_memory_series{${here}})`, "{{app}}"],
          ],
        },
        {
          title: "Span bytes by tenant",
          shows: "Bytes of spans in a second, before compression.",
          bad: "A tenant that grew beyond its share.",
          kind: "stacked",
          unit: "Bps",
          ask: [[`sum by (tenant) (${rate("tempo_distributor_bytes_received_total")})`, "{{tenant}}"]],
        },
      ],
    },
  ],
};

const slo: Page = {
  uid: "slo",
  title: "Objectives",
  question: "How many requests of each signal fail, and how much of a month's error budget is left?",
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Failed requests",
          shows: "The share of requests that failed in five minutes.",
          bad: "Above the objective: the budget shrinks.",
          unit: "percentunit",
          width: 12,
          ask: [[`max by (signal, way) (${failed("5m")})`, "{{signal}} {{way}}"]],
        },
        {
          title: "Requests",
          shows: "Requests in a second, of who writes and of who reads.",
          bad: "A line that ends.",
          unit: "reqps",
          width: 12,
          ask: [[`sum by (signal, way) (kube_lgtm:requests:rate5m{${here}})`, "{{signal}} {{way}}"]],
        },
      ],
    },
    {
      title: "Budget",
      panels: [
        {
          title: "Budget spent in the chosen time",
          shows: "Failed requests of the chosen time, as a multiple of what the objective allows.",
          bad: "Above 1: the objective is missed if the month goes on like this.",
          kind: "table",
          unit: "short",
          width: 12,
          ask: [
            [`max by (signal, way) (avg_over_time(${failed("1h")}[$__range])) / on (signal, way) ${objective}`, ""],
          ],
        },
        {
          title: "How fast it burns",
          shows: "The share of failed requests of an hour, as a multiple of what the objective allows.",
          bad: "Above 14.4 a month's budget lasts two days: somebody is paged.",
          unit: "short",
          width: 12,
          height: 8,
          ask: [[`max by (signal, way) (${failed("1h")}) / on (signal, way) ${objective}`, "{{signal}} {{way}}"]],
        },
        {
          title: "Over six hours",
          shows: "The same over six hours.",
          bad: "Above 6 somebody is paged.",
          unit: "short",
          width: 12,
          ask: [[`max by (signal, way) (${failed("6h")}) / on (signal, way) ${objective}`, "{{signal}} {{way}}"]],
        },
        {
          title: "Over a day",
          shows: "The same over a day.",
          bad: "Above 3 it is somebody's ticket.",
          unit: "short",
          width: 12,
          ask: [[`max by (signal, way) (${failed("1d")}) / on (signal, way) ${objective}`, "{{signal}} {{way}}"]],
        },
      ],
    },
  ],
};

const grafana: Page = {
  uid: "grafana",
  title: "Grafana",
  question: "Do people get their pages, and do the data sources answer?",
  rows: [
    {
      title: "People",
      panels: [
        {
          title: "Requests: how many",
          shows: "HTTP requests in a second, by status.",
          bad: "A status of 5xx.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              "sum by (status_code) (rate(grafana_http_request_duration_seconds_count{@server}[$__rate_interval]))",
              "{{status_code}}",
            ],
          ],
        },
        {
          title: "Requests: failed",
          shows: "The share of requests that Grafana failed to serve.",
          bad: "Anything that stays above zero.",
          unit: "percentunit",
          alert: "GrafanaRequestsFailing",
          ask: [
            [
              'sum(rate(grafana_http_request_duration_seconds_count{@server, status_code=~"5.."}[$__rate_interval])) / sum(rate(grafana_http_request_duration_seconds_count{@server}[$__rate_interval])) or 0 * sum(rate(grafana_http_request_duration_seconds_count{@server}[$__rate_interval]))',
              "failed",
            ],
          ],
        },
        {
          title: "Requests: how long",
          shows: "Within which time 99 of 100 requests are answered, and the median.",
          bad: "Seconds, while the data sources answer in less.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le) (rate(grafana_http_request_duration_seconds_bucket{@server}[$__rate_interval])))",
              "99 of 100 within",
            ],
            [
              "histogram_quantile(0.5, sum by (le) (rate(grafana_http_request_duration_seconds_bucket{@server}[$__rate_interval])))",
              "median",
            ],
          ],
        },
      ],
    },
    {
      title: "Data sources",
      panels: [
        {
          title: "Queries by data source",
          shows: "Requests to each data source in a second.",
          bad: "A data source that nobody asks any more, or that everybody does.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              "sum by (datasource) (rate(grafana_datasource_request_total{@server}[$__rate_interval]))",
              "{{datasource}}",
            ],
          ],
        },
        {
          title: "Failed queries",
          shows: "Requests to each data source that did not come back with a status of 2xx, in a second.",
          bad: "Above zero: panels show errors.",
          unit: "reqps",
          alert: "GrafanaDataSourceFailing",
          ask: [
            [
              'sum by (datasource) (rate(grafana_datasource_request_total{@server, code!~"2.."}[$__rate_interval])) or 0 * sum by (datasource) (rate(grafana_datasource_request_total{@server}[$__rate_interval]))',
              "{{datasource}}",
            ],
          ],
        },
        {
          title: "Pages and people",
          shows: "Dashboards that Grafana has, and people who used it in thirty days.",
          bad: "Fewer pages than yesterday.",
          unit: "short",
          ask: [
            ["max(grafana_stat_totals_dashboard{@server})", "dashboards"],
            ["max(grafana_stat_active_users{@server})", "people"],
          ],
        },
      ],
    },
    resources("server"),
  ],
};

/** The page that Grafana opens with, and what is about Grafana itself. */
export const monitoring: Monitoring = {
  folder: "Overview",
  pages: [overview, slo, grafana],
  rules: {
    alerts: [
      {
        alert: "GrafanaRequestsFailing",
        severity: "warning",
        ask: 'sum by (namespace) (rate(grafana_http_request_duration_seconds_count{@server, status_code=~"5.."}[10m])) / (sum by (namespace) (rate(grafana_http_request_duration_seconds_count{@server}[10m])) > 0.05)',
        above: 0.05,
        for: "10m",
        summary: "Grafana fails to serve its pages.",
        description: "{{ $value | humanizePercentage }} of Grafana's requests in {{ $labels.namespace }} fail.",
        page: "grafana",
        look: ["Requests: failed", "Failed queries"],
        means: "More than one of twenty requests ends with a status of 5xx. Less happens while a data source restarts.",
        notice: "Pages or panels show errors, or do not load.",
        act: [
          "Look at Grafana's log: `kubectl -n <namespace> logs statefulset/grafana | grep level=error`.",
          "Errors about a data source: look at that back end first.",
          "Errors about the database: look whether the volume `data-grafana-0` is full, or whether PostgreSQL answers.",
        ],
      },
      {
        alert: "GrafanaDataSourceFailing",
        severity: "warning",
        ask: 'sum by (namespace, datasource) (rate(grafana_datasource_request_total{@server, code=~"5.."}[10m])) / (sum by (namespace, datasource) (rate(grafana_datasource_request_total{@server}[10m])) > 0.02)',
        above: 0.1,
        for: "10m",
        summary: "A data source answers Grafana with errors.",
        description:
          "{{ $value | humanizePercentage }} of the requests to {{ $labels.datasource }} fail, as Grafana in {{ $labels.namespace }} sees it.",
        page: "grafana",
        look: ["Failed queries"],
        means: "A back end is away, or takes longer than it may. One of ten requests fails for ten minutes.",
        notice: "Panels of this data source show errors.",
        act: [
          "Look at the first row of the back end's page of reads.",
          "Grafana alone sees it: look at the NetworkPolicies between Grafana and the back end.",
        ],
      },
    ],
  },
};
