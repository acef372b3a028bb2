import type { Alert, Monitoring, Page, Panel } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

const perPod = (metric: string): string => `sum by (pod) (rate(${metric}{@server}[$__rate_interval]))`;

/** A count of what goes wrong, per pod: above zero is bad. */
const faults = (
  title: string,
  shows: string,
  bad: string,
  asked: readonly (readonly [metric: string, what: string])[],
): Panel => ({
  title,
  shows,
  bad,
  unit: "cps",
  ask: asked.map(([metric, what]) => [perPod(metric), `{{pod}} ${what}`.trim()] as const),
});

const page: Page = {
  uid: "prometheus",
  title: "Prometheus",
  question: "Is everything scraped and kept, and are rules evaluated?",
  rows: [
    {
      title: "Targets",
      panels: [
        {
          title: "Targets down",
          shows: "Targets that the last scrape did not reach, by job.",
          bad: "More than none: what they would show is missing meanwhile.",
          unit: "short",
          ask: [['sum by (job) (up{namespace=~"$namespace", job!="pods"} == bool 0)', "{{job}}"]],
        },
        {
          title: "Targets",
          shows: "Targets by job.",
          bad: "A job that lost its targets: nothing says any more that they are down.",
          kind: "stacked",
          unit: "short",
          ask: [['count by (job) (up{namespace=~"$namespace"})', "{{job}}"]],
        },
        {
          title: "Longest scrapes",
          shows: "How long the slowest scrapes of each job take.",
          bad: "Close to ten seconds, where a scrape is given up.",
          unit: "s",
          ask: [['topk(10, max by (job) (scrape_duration_seconds{namespace=~"$namespace"}))', "{{job}}"]],
        },
        {
          title: "Samples by job",
          shows: "Samples that each job brings in a scrape.",
          bad: "A job that doubled: a label with too many values.",
          kind: "stacked",
          unit: "short",
          ask: [['sum by (job) (scrape_samples_post_metric_relabeling{namespace=~"$namespace"})', "{{job}}"]],
        },
        faults(
          "Samples that were not taken",
          "Samples of scrapes that Prometheus left out, in a second.",
          "Above zero: two targets have the same labels, or a program gives times of its own.",
          [
            ["prometheus_target_scrapes_sample_duplicate_timestamp_total", "twice"],
            ["prometheus_target_scrapes_sample_out_of_order_total", "out of order"],
            ["prometheus_target_scrapes_sample_out_of_bounds_total", "too old or too new"],
          ],
        ),
        faults(
          "Discovery",
          "Errors while Prometheus looks for targets, in a second.",
          "Above zero: new pods are not found.",
          [
            ["prometheus_sd_kubernetes_failures_total", "API server"],
            ["prometheus_sd_refresh_failures_total", "refresh"],
            ["prometheus_target_sync_failed_total", "targets"],
          ],
        ),
      ],
    },
    {
      title: "Kept",
      panels: [
        {
          title: "Samples taken",
          shows: "Samples that Prometheus takes in a second, from targets and from senders.",
          bad: "None, or twice as many as yesterday without a reason that you know.",
          unit: "cps",
          ask: [[perPod("prometheus_tsdb_head_samples_appended_total"), "{{pod}}"]],
        },
        {
          title: "Series in memory",
          shows: "Series that had a sample in the last hours.",
          bad: "A line that only rises: memory follows it.",
          unit: "short",
          ask: [["sum by (pod) (prometheus_tsdb_head_series{@server})", "{{pod}}"]],
        },
        {
          title: "Series made anew",
          shows: "Series that were not there before, in a second.",
          bad: "High without a roll-out: a label changes with each request.",
          unit: "cps",
          ask: [[perPod("prometheus_tsdb_head_series_created_total"), "{{pod}}"]],
        },
        {
          title: "Samples refused as too old",
          shows: "Samples that came later than they may, in a second.",
          bad: "Above zero: they are lost. The literal of the window is in docs/literals.md.",
          unit: "cps",
          ask: [
            [perPod("prometheus_tsdb_too_old_samples_total"), "{{pod}} too old"],
            [perPod("prometheus_tsdb_out_of_bound_samples_total"), "{{pod}} out of bounds"],
          ],
        },
        {
          title: "On disk",
          shows: "Bytes of blocks and of the write-ahead log.",
          bad: "A write-ahead log that only grows: truncation fails.",
          kind: "stacked",
          unit: "bytes",
          ask: [
            ["sum by (pod) (prometheus_tsdb_storage_blocks_bytes{@server})", "{{pod}} blocks"],
            ["sum by (pod) (prometheus_tsdb_wal_storage_size_bytes{@server})", "{{pod}} write-ahead log"],
          ],
        },
        faults(
          "Storage faults",
          "Work on blocks and on the write-ahead log that failed, in a second.",
          "Above zero: look whether the volume is full.",
          [
            ["prometheus_tsdb_compactions_failed_total", "compaction"],
            ["prometheus_tsdb_wal_writes_failed_total", "write-ahead log"],
            ["prometheus_tsdb_wal_truncations_failed_total", "truncation"],
            ["prometheus_tsdb_head_truncations_failed_total", "head"],
            ["prometheus_tsdb_reloads_failures_total", "reload"],
          ],
        ),
      ],
    },
    {
      title: "Rules and alerts",
      panels: [
        {
          title: "Slowest groups of rules",
          shows: "How long the last evaluation of each group took.",
          bad: "Close to thirty seconds, the interval: evaluations are left out.",
          unit: "s",
          ask: [
            ["topk(10, max by (rule_group) (prometheus_rule_group_last_duration_seconds{@server}))", "{{rule_group}}"],
          ],
        },
        {
          title: "Rules that fail",
          shows: "Evaluations in a second that failed, and those that were left out.",
          bad: "Above zero: alerts of this group do not fire.",
          unit: "cps",
          ask: [
            [
              "sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{@server}[$__rate_interval])) > 0 or vector(0)",
              "{{rule_group}} failed",
            ],
            [
              "sum by (rule_group) (rate(prometheus_rule_group_iterations_missed_total{@server}[$__rate_interval])) > 0 or vector(0)",
              "{{rule_group}} left out",
            ],
          ],
        },
        {
          title: "Alerts sent",
          shows: "Alerts told to Alertmanager in a second, and those that did not get there.",
          bad: "Errors, or no line: nobody is woken.",
          unit: "cps",
          ask: [
            [perPod("prometheus_notifications_sent_total"), "{{pod}} sent"],
            [perPod("prometheus_notifications_errors_total"), "{{pod}} errors"],
            [perPod("prometheus_notifications_dropped_total"), "{{pod}} dropped"],
          ],
        },
      ],
    },
    {
      title: "Queries",
      panels: [
        {
          title: "Queries at once",
          shows: "Queries that run now, as a share of those that may.",
          bad: "Close to 1: others wait.",
          unit: "percentunit",
          max: 1,
          alert: "PrometheusHighQueryLoad",
          ask: [
            [
              "max by (pod) (prometheus_engine_queries{@server} / prometheus_engine_queries_concurrent_max{@server})",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Time of a query",
          shows: "Within which time 99 of 100 requests of the HTTP API are answered, by what is asked.",
          bad: "Seconds: rules and Grafana wait as long.",
          unit: "s",
          ask: [
            [
              'histogram_quantile(0.99, sum by (le, handler) (rate(prometheus_http_request_duration_seconds_bucket{@server, handler=~"/api/v1/.+|/metrics"}[$__rate_interval])))',
              "{{handler}}",
            ],
          ],
        },
        {
          title: "Requests that failed",
          shows: "Requests of the HTTP API with a status of 5xx, in a second.",
          bad: "Above zero.",
          unit: "reqps",
          ask: [
            [
              'sum by (handler) (rate(prometheus_http_requests_total{@server, code=~"5.."}[$__rate_interval])) or 0 * sum(rate(prometheus_http_requests_total{@server}[$__rate_interval]))',
              "{{handler}}",
            ],
          ],
        },
      ],
    },
    resources("server"),
  ],
};

const log = "Look at its log: `kubectl -n <namespace> logs prometheus-0 -c prometheus --since=30m`.";
const volume = "Look whether its volume is full: the page shows it in the row Resources.";

/** A rate that should be zero, by what it counts. */
const increase = (metric: string, range = "10m", by = "namespace, pod"): string =>
  `sum by (${by}) (increase(${metric}{@server}[${range}]))`;

const alerts: readonly Alert[] = [
  {
    alert: "Watchdog",
    severity: "none",
    ask: "vector(1)",
    summary: "Always fires: while it reaches its receiver, the way of alerts is open.",
    description: "The way from Prometheus to the receivers of Alertmanager is open.",
    page: "prometheus",
    means: "It always fires. A receiver outside the cluster expects it, and wakes you when it stops.",
    notice: "Nothing. While it does not arrive, no other alert does either.",
    act: ["Look whether Prometheus runs, and whether it reaches Alertmanager.", "Look at Alertmanager's log."],
  },
  {
    alert: "InfoInhibitor",
    severity: "none",
    hushes: "info",
    ask: 'count by (namespace) (ALERTS{alertstate="firing", severity="info"}) unless on (namespace) count by (namespace) (ALERTS{alertstate="firing", severity=~"warning|critical"})',
    summary: "Fires while a namespace has alerts of severity info alone.",
    description: "{{ $labels.namespace }} has {{ $value }} alerts of severity info, and no graver one.",
    page: "overview",
    look: ["Firing alerts"],
    means: "An alert of severity info explains a graver one. Without a graver one, Alertmanager does not notify of it.",
    notice: "Nothing.",
    act: ["Do nothing: it only keeps Alertmanager quiet."],
  },
  {
    alert: "TargetDown",
    severity: "warning",
    // Not every port that a user's pod declares has metrics: it is down when none has. Nor does every
    // cluster let one reach what is beside its API server (`besideApiServer` of
    // src/components/kubernetes.ts).
    ask: 'up{job!~"pods|kube-scheduler|kube-controller-manager|etcd|kube-proxy"} == 0 or max by (job, namespace, pod) (up{job="pods"}) == 0',
    for: "10m",
    summary: "A target has not been scraped for ten minutes.",
    description: "{{ $labels.job }}: {{ or $labels.instance $labels.pod }} has not been scraped for ten minutes.",
    page: "prometheus",
    look: ["Targets down"],
    means: "Prometheus cannot read the metrics of a program, so no rule about it can fire.",
    notice: "Panels about the program are empty.",
    act: [
      "Look whether the pod runs: `kubectl get pod -A -o wide`.",
      "Open Prometheus's page of targets: it shows the error of the last scrape.",
      "A time-out or a refused connection of a pod that runs is often a NetworkPolicy of your own.",
    ],
  },
  {
    alert: "PrometheusNotIngesting",
    severity: "critical",
    ask: "sum by (namespace, pod) (rate(prometheus_tsdb_head_samples_appended_total{@server}[5m])) == 0",
    for: "10m",
    summary: "Prometheus takes no samples.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} has taken no sample for ten minutes.",
    page: "prometheus",
    look: ["Samples taken", "Storage faults"],
    means: "Nothing is scraped or written to Prometheus, so every other rule is blind, and metrics are lost.",
    notice: "Panels end ten minutes ago.",
    act: [log, volume, "Restart the pod once its volume has room: it reads its write-ahead log again."],
  },
  {
    alert: "PrometheusWalFailing",
    severity: "critical",
    ask: `${increase("prometheus_tsdb_wal_writes_failed_total")} + ${increase("prometheus_tsdb_wal_truncations_failed_total")}`,
    above: 0,
    for: "2m",
    summary: "Prometheus cannot write its write-ahead log.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} failed to write or to shorten its write-ahead log.",
    page: "prometheus",
    look: ["Storage faults", "On disk"],
    means: "Samples since the last block are in memory only. A restart loses them.",
    notice: "Nothing until the pod restarts; then a gap of up to two hours.",
    act: [volume, "Make the volume larger: see docs/use.md.", log],
  },
  {
    alert: "PrometheusRefusesLateSamples",
    severity: "warning",
    ask: `sum by (namespace, pod) (rate(prometheus_tsdb_too_old_samples_total{@server}[10m])) + sum by (namespace, pod) (rate(prometheus_tsdb_out_of_bound_samples_total{@server}[10m]))`,
    above: 0.1,
    for: "10m",
    summary: "Samples come later than Prometheus takes them.",
    description:
      "{{ $labels.pod }} in {{ $labels.namespace }} refuses {{ $value | humanize }} samples in a second as too old.",
    page: "prometheus",
    look: ["Samples refused as too old"],
    means: "A sender was away for more than three hours, or its clock is wrong. What it sends now is refused for ever.",
    notice: "A gap in the metrics of that sender.",
    act: [
      "Find the sender by the log of the OTLP gateway or of the Prometheus that writes.",
      "Set its clock, or accept the gap: the samples will not be taken later either.",
    ],
  },
  {
    alert: "PrometheusBadConfig",
    severity: "warning",
    ask: "max by (namespace, pod) (prometheus_config_last_reload_successful{@server}) == 0",
    for: "10m",
    summary: "Prometheus does not take its changed configuration.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} still runs with the configuration of before.",
    page: "prometheus",
    means: "A file of the configuration, a scrape job or a rule is wrong. The configuration of before stays in use.",
    notice: "A new job or rule has no effect. The next restart of the pod fails.",
    act: [
      log,
      "Check the file: `promtool check config` or `promtool check rules`.",
      "Mend it and apply again: Prometheus reads it within two minutes.",
    ],
  },
  {
    alert: "PrometheusDiscoveryFailing",
    severity: "warning",
    ask: `${increase("prometheus_sd_kubernetes_failures_total")} + ${increase("prometheus_target_sync_failed_total")}`,
    above: 3,
    for: "10m",
    summary: "Prometheus cannot look for targets.",
    description:
      "{{ $labels.pod }} in {{ $labels.namespace }} failed {{ $value | humanize }} times in ten minutes to look for targets.",
    page: "prometheus",
    look: ["Discovery", "Targets"],
    means: "The API server does not answer Prometheus, or refuses it. New pods are not scraped.",
    notice: "Panels about new pods are empty.",
    act: [
      "Look whether the API server answers: `kubectl get --raw /readyz`.",
      "Look at the rights: `kubectl auth can-i list pods --as=system:serviceaccount:<namespace>:prometheus`.",
      log,
    ],
  },
  {
    alert: "PrometheusScrapeLimitHit",
    severity: "warning",
    ask: `${increase("prometheus_target_scrapes_exceeded_sample_limit_total")} + ${increase("prometheus_target_scrapes_exceeded_body_size_limit_total")} + ${increase("prometheus_target_scrape_pool_exceeded_target_limit_total")} + ${increase("prometheus_target_scrape_pool_exceeded_label_limits_total")}`,
    above: 0,
    for: "10m",
    summary: "A limit of a scrape job leaves samples out.",
    description:
      "{{ $labels.pod }} in {{ $labels.namespace }} leaves out whole scrapes, because a limit of the job is reached.",
    page: "prometheus",
    look: ["Samples by job"],
    means: "A scrape job has a limit of samples, bytes, targets or labels, and a target is above it.",
    notice: "Panels about the target are empty.",
    act: [
      "Find the job on Prometheus's page of targets.",
      "Raise its limit, or drop series by metric_relabel_configs.",
    ],
  },
  {
    alert: "PrometheusSamplesTwice",
    severity: "warning",
    ask: `sum by (namespace, pod) (rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{@server}[10m])) + sum by (namespace, pod) (rate(prometheus_target_scrapes_sample_out_of_order_total{@server}[10m]))`,
    above: 0.1,
    for: "20m",
    summary: "Two targets bring the same series.",
    description:
      "{{ $labels.pod }} in {{ $labels.namespace }} leaves out {{ $value | humanize }} samples in a second that are there already.",
    page: "prometheus",
    look: ["Samples that were not taken"],
    means: "Two targets have the same labels, so one of the two is lost at random.",
    notice: "Values that jump between two pods'.",
    act: [log, "Give the job a label that tells its targets apart, such as `instance`."],
  },
  {
    alert: "PrometheusStorageFailing",
    severity: "warning",
    ask: `${increase("prometheus_tsdb_compactions_failed_total", "3h")} + ${increase("prometheus_tsdb_reloads_failures_total", "3h")} + ${increase("prometheus_tsdb_head_truncations_failed_total", "3h")} + ${increase("prometheus_tsdb_checkpoint_creations_failed_total", "3h")}`,
    above: 0,
    for: "10m",
    summary: "Prometheus cannot make its blocks.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} failed to make or to read a block within three hours.",
    page: "prometheus",
    look: ["Storage faults", "On disk"],
    means: "The write-ahead log grows until the volume is full, and nothing new reaches the bucket.",
    notice: "Nothing yet.",
    act: [volume, log, "A damaged block is named in the log: move it away, and restart the pod."],
  },
  {
    alert: "PrometheusRulesFailing",
    severity: "warning",
    ask: "sum by (namespace, pod, rule_group) (increase(prometheus_rule_evaluation_failures_total{@server}[10m]))",
    above: 0,
    for: "10m",
    summary: "Rules fail.",
    description: "Rules of {{ $labels.rule_group }} failed {{ $value | humanize }} times in ten minutes.",
    page: "prometheus",
    look: ["Rules that fail"],
    means: "A rule asks something that Prometheus cannot answer, such as a match of many with many.",
    notice: "Alerts of this rule do not fire.",
    act: [
      "Prometheus's page of rules shows the error.",
      "Mend the rule, or file an issue if it is one of the bundle's.",
    ],
  },
  {
    alert: "PrometheusRulesLate",
    severity: "warning",
    ask: "sum by (namespace, pod, rule_group) (increase(prometheus_rule_group_iterations_missed_total{@server}[10m]))",
    above: 1,
    for: "15m",
    summary: "Rules take longer than their interval.",
    description: "{{ $labels.rule_group }} left out {{ $value | humanize }} evaluations in ten minutes.",
    page: "prometheus",
    look: ["Slowest groups of rules"],
    means: "Prometheus has too little CPU for its rules, or one of them reads too many series.",
    notice: "Alerts fire late.",
    act: [
      "Give Prometheus more CPU: `resources` in docs/customise.md.",
      "Narrow the slowest rule, or evaluate it less often.",
    ],
  },
  {
    alert: "PrometheusCannotTellAnyAlertmanager",
    severity: "critical",
    ask: "min by (namespace, pod) (rate(prometheus_notifications_errors_total{@server}[5m]) / (rate(prometheus_notifications_sent_total{@server}[5m]) > 0))",
    above: 0.5,
    for: "10m",
    summary: "Alerts do not reach any Alertmanager.",
    description:
      "{{ $labels.pod }} in {{ $labels.namespace }} fails to tell {{ $value | humanizePercentage }} of its alerts.",
    page: "prometheus",
    look: ["Alerts sent"],
    means: "Alerts that fire now wake no one. Only the dead man's switch or a second ruler can tell you.",
    notice: "Nothing.",
    act: [
      "Look whether Alertmanager runs: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=alertmanager`.",
      log,
      "It runs and is not reached: look at NetworkPolicies between the two.",
    ],
  },
  {
    alert: "PrometheusHasNoAlertmanager",
    severity: "warning",
    ask: "max by (namespace, pod) (prometheus_notifications_alertmanagers_discovered{@server})",
    below: 1,
    for: "10m",
    summary: "Prometheus finds no Alertmanager.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} has found no Alertmanager for ten minutes.",
    page: "prometheus",
    look: ["Alerts sent"],
    means: "The name of Alertmanager's Service has no addresses, or DNS does not answer.",
    notice: "This Prometheus wakes no one.",
    act: [
      "Look whether Alertmanager is ready: `kubectl -n <namespace> get endpointslice`.",
      "Without Alertmanager on purpose: silence this alert, or leave the setting `alerts` out.",
    ],
  },
  {
    alert: "PrometheusNotificationsWait",
    severity: "warning",
    ask: "max by (namespace, pod) (prometheus_notifications_queue_length{@server}) / max by (namespace, pod) (prometheus_notifications_queue_capacity{@server})",
    above: 0.5,
    for: "10m",
    summary: "Alerts wait to be told to Alertmanager.",
    description:
      "The queue of {{ $labels.pod }} in {{ $labels.namespace }} is filled to {{ $value | humanizePercentage }}.",
    page: "prometheus",
    look: ["Alerts sent"],
    means: "Alertmanager is slower than alerts come. Once the queue is full, alerts are dropped.",
    notice: "Notifications come late.",
    act: ["Look at the page of Alertmanager.", "Look which alert fires a thousand times, and group it in its rule."],
  },
  {
    alert: "PrometheusRemoteWriteFailing",
    severity: "critical",
    ask: 'sum by (namespace, pod, remote_name) (rate(prometheus_remote_storage_samples_failed_total{@server}[10m])) + sum by (namespace, pod, remote_name) (rate(prometheus_remote_storage_samples_dropped_total{@server, reason!~"dropped_series|unintentionally_dropped_series"}[10m]))',
    above: 0.1,
    for: "10m",
    summary: "Samples that Prometheus sends on are refused for ever.",
    description:
      "{{ $value | humanize }} samples in a second of {{ $labels.pod }} to {{ $labels.remote_name }} are lost.",
    page: "prometheus",
    look: ["Samples taken"],
    means:
      "The back end refuses samples with a status of 4xx, other than 429 for too many requests. Prometheus does not send these again.",
    notice: "Gaps in samples older than a day, and in panels of other clusters.",
    act: [
      log,
      "The answer of the back end says why: a limit, a label, a time.",
      "A limit of Mimir: see its page of tenants.",
    ],
  },
  {
    alert: "PrometheusRemoteWriteBehind",
    severity: "warning",
    ask: "max by (namespace, pod, remote_name) (prometheus_remote_storage_queue_highest_timestamp_seconds{@server} - prometheus_remote_storage_queue_highest_sent_timestamp_seconds{@server})",
    above: 300,
    for: "15m",
    summary: "Prometheus is behind in sending samples on.",
    description: "{{ $labels.pod }} is {{ $value | humanizeDuration }} behind in sending to {{ $labels.remote_name }}.",
    page: "prometheus",
    look: ["Samples taken"],
    means: "The back end is away or slow. Prometheus keeps what it cannot send for some two hours.",
    notice: "Grafana shows metrics late.",
    act: [
      "Look at the page of writes of Mimir or Thanos.",
      "After an outage, wait: the line falls while it catches up.",
      "It rises for more than an hour: samples will be lost. Make the back end larger.",
    ],
  },
  {
    alert: "PrometheusHighQueryLoad",
    severity: "warning",
    ask: "max by (namespace, pod) (prometheus_engine_queries{@server} / prometheus_engine_queries_concurrent_max{@server})",
    above: 0.8,
    for: "15m",
    summary: "Prometheus runs nearly as many queries as it may.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} is at {{ $value | humanizePercentage }} of its queries.",
    page: "prometheus",
    look: ["Queries at once", "Time of a query"],
    means: "Rules and panels wait for each other.",
    notice: "Panels load slowly.",
    act: ["Look which page or rule asks the most.", "Give Prometheus more CPU."],
  },
];

/** Pages and rules about what scrapes and evaluates rules. */
export const monitoring: Monitoring = { folder: "Metrics", pages: [page], rules: { alerts } };
