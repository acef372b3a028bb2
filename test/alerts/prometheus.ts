import type { AlertCases } from "../lib/alerts.ts";

const loki = 'job="loki",app="loki",workload="all",namespace="observability"';
const kubelet = 'job="kubelet",instance="worker-1",node="worker-1",metrics_path="/metrics"';
const beside = 'job="kube-scheduler",instance="10.0.0.1:10259",namespace="kube-system",pod="kube-scheduler-1"';
const cart = 'job="pods",namespace="shop",pod="cart-1"';
const server = 'app="prometheus",workload="server",namespace="observability",pod="prometheus-0"';
const one = (metric: string, more = ""): string => `${metric}{${server}${more}}`;
const critical = { severity: "critical", pod: "prometheus-0" };
const warning = { severity: "warning", pod: "prometheus-0" };

/** Of several counters that an alert adds up: the first grows, and then none does. */
const grows = (rate: string, still: string, ...metrics: readonly string[]) => ({
  fires: Object.fromEntries(metrics.map((metric, i) => [one(metric), i === 0 ? rate : 0])),
  silent: Object.fromEntries(metrics.map((metric, i) => [one(metric), i === 0 ? still : 0])),
});

export const cases: AlertCases = {
  Watchdog: { labels: { severity: "none" }, fires: {}, neverSilent: "its absence is the alarm" },
  InfoInhibitor: {
    labels: { severity: "none", hushes: "info", namespace: "shop" },
    always: { 'ALERTS{alertname="CartSlow",alertstate="firing",severity="info",namespace="shop"}': 1 },
    fires: { 'ALERTS{alertname="CartDown",alertstate="firing",severity="warning",namespace="other"}': 1 },
    silent: { 'ALERTS{alertname="CartDown",alertstate="firing",severity="warning",namespace="shop"}': 1 },
  },
  TargetDown: [
    {
      name: "a process of the stack is away",
      labels: { severity: "warning", job: "loki", pod: "loki-0" },
      fires: { [`up{${loki},pod="loki-0"}`]: 0, [`up{${loki},pod="loki-1"}`]: 1 },
      silent: { [`up{${loki},pod="loki-0"}`]: "0x18 1x1", [`up{${loki},pod="loki-1"}`]: 1 },
    },
    {
      name: "a node's kubelet is away, and what a cluster lets nobody reach never answered",
      labels: { severity: "warning", job: "kubelet", node: "worker-1" },
      fires: { [`up{${kubelet}}`]: 0, [`up{${beside}}`]: 0 },
      silent: { [`up{${kubelet}}`]: 1, [`up{${beside}}`]: 0 },
    },
    {
      name: "no port of a user's pod has metrics",
      labels: { severity: "warning", job: "pods", namespace: "shop", pod: "cart-1" },
      fires: { [`up{${cart},instance="10.1.2.3:8080"}`]: 0, [`up{${cart},instance="10.1.2.3:5432"}`]: 0 },
      silent: { [`up{${cart},instance="10.1.2.3:8080"}`]: 1, [`up{${cart},instance="10.1.2.3:5432"}`]: 0 },
    },
  ],
  PrometheusNotIngesting: {
    labels: critical,
    fires: { [one("prometheus_tsdb_head_samples_appended_total", ',type="float"')]: 1000 },
    silent: { [one("prometheus_tsdb_head_samples_appended_total", ',type="float"')]: "1/s" },
  },
  PrometheusWalFailing: {
    labels: critical,
    ...grows("1/s", "0", "prometheus_tsdb_wal_writes_failed_total", "prometheus_tsdb_wal_truncations_failed_total"),
  },
  PrometheusRefusesLateSamples: {
    labels: warning,
    ...grows("1/s", "0.05/s", "prometheus_tsdb_too_old_samples_total", "prometheus_tsdb_out_of_bound_samples_total"),
  },
  PrometheusBadConfig: {
    labels: warning,
    fires: { [one("prometheus_config_last_reload_successful")]: 0 },
    silent: { [one("prometheus_config_last_reload_successful")]: 1 },
  },
  PrometheusDiscoveryFailing: {
    labels: warning,
    ...grows("0.1/s", "0.002/s", "prometheus_sd_kubernetes_failures_total", "prometheus_target_sync_failed_total"),
  },
  PrometheusScrapeLimitHit: {
    labels: warning,
    ...grows(
      "1/s",
      "0",
      "prometheus_target_scrapes_exceeded_sample_limit_total",
      "prometheus_target_scrapes_exceeded_body_size_limit_total",
      "prometheus_target_scrape_pool_exceeded_target_limit_total",
      "prometheus_target_scrape_pool_exceeded_label_limits_total",
    ),
  },
  PrometheusSamplesTwice: {
    labels: warning,
    ...grows(
      "1/s",
      "0.05/s",
      "prometheus_target_scrapes_sample_duplicate_timestamp_total",
      "prometheus_target_scrapes_sample_out_of_order_total",
    ),
  },
  PrometheusStorageFailing: {
    labels: warning,
    ...grows(
      "0.01/s",
      "0",
      "prometheus_tsdb_compactions_failed_total",
      "prometheus_tsdb_reloads_failures_total",
      "prometheus_tsdb_head_truncations_failed_total",
      "prometheus_tsdb_checkpoint_creations_failed_total",
    ),
  },
  PrometheusRulesFailing: {
    labels: { ...warning, rule_group: "shop" },
    fires: { [one("prometheus_rule_evaluation_failures_total", ',rule_group="shop"')]: "0.1/s" },
    silent: { [one("prometheus_rule_evaluation_failures_total", ',rule_group="shop"')]: 7 },
  },
  PrometheusRulesLate: {
    labels: { ...warning, rule_group: "shop" },
    fires: { [one("prometheus_rule_group_iterations_missed_total", ',rule_group="shop"')]: "0.1/s" },
    silent: { [one("prometheus_rule_group_iterations_missed_total", ',rule_group="shop"')]: "0.001/s" },
  },
  PrometheusCannotTellAnyAlertmanager: {
    labels: critical,
    fires: {
      [one("prometheus_notifications_errors_total", ',alertmanager="a"')]: "0.9/s",
      [one("prometheus_notifications_sent_total", ',alertmanager="a"')]: "1/s",
    },
    silent: {
      [one("prometheus_notifications_errors_total", ',alertmanager="a"')]: "0.4/s",
      [one("prometheus_notifications_sent_total", ',alertmanager="a"')]: "1/s",
    },
  },
  PrometheusHasNoAlertmanager: {
    labels: warning,
    fires: { [one("prometheus_notifications_alertmanagers_discovered")]: 0 },
    silent: { [one("prometheus_notifications_alertmanagers_discovered")]: 1 },
  },
  PrometheusNotificationsWait: {
    labels: warning,
    always: { [one("prometheus_notifications_queue_capacity")]: 10000 },
    fires: { [one("prometheus_notifications_queue_length", ',alertmanager="a"')]: 6000 },
    silent: { [one("prometheus_notifications_queue_length", ',alertmanager="a"')]: 4900 },
  },
  PrometheusRemoteWriteFailing: {
    labels: { ...critical, remote_name: "r" },
    fires: {
      [one("prometheus_remote_storage_samples_failed_total", ',remote_name="r"')]: "1/s",
      [one("prometheus_remote_storage_samples_dropped_total", ',remote_name="r",reason="too_old"')]: 0,
    },
    silent: {
      [one("prometheus_remote_storage_samples_failed_total", ',remote_name="r"')]: "0.05/s",
      [one("prometheus_remote_storage_samples_dropped_total", ',remote_name="r",reason="too_old"')]: 0,
    },
  },
  PrometheusRemoteWriteBehind: {
    labels: { ...warning, remote_name: "r" },
    always: { [one("prometheus_remote_storage_queue_highest_sent_timestamp_seconds", ',remote_name="r"')]: 1000 },
    fires: { [one("prometheus_remote_storage_queue_highest_timestamp_seconds", ',remote_name="r"')]: 1400 },
    silent: { [one("prometheus_remote_storage_queue_highest_timestamp_seconds", ',remote_name="r"')]: 1250 },
  },
  PrometheusHighQueryLoad: {
    labels: warning,
    always: { [one("prometheus_engine_queries_concurrent_max")]: 20 },
    fires: { [one("prometheus_engine_queries")]: 19 },
    silent: { [one("prometheus_engine_queries")]: 15 },
  },
};
