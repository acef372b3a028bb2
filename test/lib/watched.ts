import type { AlertCases } from "./alerts.ts";

const own = 'app="prometheus",kube_lgtm_cluster="one",namespace="observability",pod="prometheus-0"';
const sent = `prometheus_notifications_sent_total{${own},alertmanager="http://10.0.0.1:9093/api/v2/alerts"}`;
const found = `prometheus_notifications_alertmanagers_discovered{${own}}`;
const failed = `prometheus_rule_evaluation_failures_total{${own},rule_group="loki.yaml;loki alerts"}`;
const missed = `prometheus_rule_group_iterations_missed_total{${own},rule_group="loki.yaml;loki alerts"}`;
const self = `up{${own}}`;

/** Of alerts about Prometheus, whoever evaluates them. */
export const watched: AlertCases = {
  RulerWatchdog: { labels: { severity: "none" }, fires: {}, neverSilent: "its absence says that the ruler is away" },
  PrometheusDown: [
    {
      name: "it was there, and is no more",
      labels: { severity: "critical", kube_lgtm_cluster: "one", namespace: "observability" },
      after: "10m",
      fires: { [self]: "1x4 _x16", 'up{app="prometheus",kube_lgtm_cluster="two",namespace="o"}': 1 },
      silent: { [self]: 1, 'up{app="prometheus",kube_lgtm_cluster="two",namespace="o"}': 1 },
    },
    {
      name: "it was never there",
      labels: { severity: "critical", app: "prometheus" },
      fires: { 'up{app="loki"}': 1 },
      silent: { 'up{app="loki"}': 1, [self]: 1 },
    },
  ],
  PrometheusHasNoTargets: {
    labels: { severity: "critical", kube_lgtm_cluster: "one" },
    fires: { [self]: 1 },
    silent: { [self]: 1, 'up{app="loki",kube_lgtm_cluster="one"}': 1 },
  },
  PrometheusCannotNotify: [
    {
      name: "each Alertmanager refuses",
      labels: { severity: "critical", pod: "prometheus-0" },
      fires: { [sent]: 7, [found]: 1 },
      silent: { [sent]: "0.01/s", [found]: 1 },
    },
    {
      name: "it finds none any more",
      labels: { severity: "critical", pod: "prometheus-0" },
      after: "20m",
      fires: { [found]: "1x4 0x35" },
      silent: { [found]: 1 },
    },
    {
      name: "one of agents never had one",
      labels: { severity: "critical", pod: "prometheus-0" },
      after: "20m",
      fires: { [found]: "1x4 0x35" },
      silent: { [found]: 0 },
    },
  ],
  PrometheusRulesFailing: {
    labels: { severity: "critical", pod: "prometheus-0", rule_group: "loki.yaml;loki alerts" },
    fires: { [failed]: "0.01/s" },
    silent: { [failed]: 5 },
  },
  PrometheusRulesLate: {
    labels: { severity: "warning", pod: "prometheus-0", rule_group: "loki.yaml;loki alerts" },
    fires: { [missed]: "0.01/s" },
    silent: { [missed]: 5 },
  },
};
