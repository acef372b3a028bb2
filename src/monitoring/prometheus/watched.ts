import type { Alert } from "../../core/model/monitoring.ts";

const whose = "kube_lgtm_cluster, namespace";
const each = `${whose}, pod`;

/**
 * What tells of a Prometheus that cannot tell itself: rules of whoever keeps its samples for long,
 * Thanos's ruler or Mimir's. Several clusters may send there.
 */
export const watchedAlerts: readonly Alert[] = [
  {
    alert: "RulerWatchdog",
    severity: "none",
    ask: "vector(1)",
    summary: "Always fires: the way of alerts is open that leads past Prometheus.",
    description: "The ruler of the long-term store reaches Alertmanager.",
    page: "prometheus",
    means: "It always fires. While it does, alerts about Prometheus itself can reach their receiver.",
    notice: "Nothing.",
    act: ["If it is missing, look at the log of the ruler, and whether it reaches Alertmanager."],
  },
  {
    alert: "PrometheusDown",
    severity: "critical",
    // Those of the last hour that are no more; and without any of them, none at all.
    ask:
      `(count by (${whose}) (last_over_time(up{app="prometheus"}[1h]))` +
      ` unless count by (${whose}) (last_over_time(up{app="prometheus"}[2m]) == 1))` +
      ` or on () absent_over_time(up{app="prometheus"}[2m])`,
    for: "3m",
    summary: "No sample of Prometheus about itself has arrived for two minutes.",
    description:
      'Prometheus of the cluster "{{ $labels.kube_lgtm_cluster }}" is down, or its samples do not reach the long-term store.',
    page: "prometheus",
    means: "Prometheus is down, or cannot send its samples. Meanwhile most alerts of the stack cannot fire.",
    notice: "Panels of metrics are empty at their right end. No alert but this one arrives.",
    act: [
      "Look whether the pod runs: `kubectl --namespace observability get pod prometheus-0`.",
      "If it does, look at its log for errors of remote write, and whether its volume is full.",
      "If it was killed for memory, raise its limit or lower the number of series.",
    ],
  },
  {
    alert: "PrometheusHasNoTargets",
    severity: "critical",
    ask: "count by (kube_lgtm_cluster) (up)" + ' <= count by (kube_lgtm_cluster) (up{app="prometheus"})',
    for: "10m",
    summary: "Prometheus scrapes nothing but itself.",
    description: 'Prometheus of the cluster "{{ $labels.kube_lgtm_cluster }}" has no other targets.',
    page: "prometheus",
    look: ["Targets down"],
    means: "Prometheus finds no pods: its rights or the way to the API server are gone, or its jobs are empty.",
    notice: "Panels of metrics are empty, and no other alert fires.",
    act: [
      "Open Prometheus's page of service discovery, and look at its log.",
      "Compare its ClusterRole and the egress to the API server with the manifests.",
    ],
  },
  {
    alert: "PrometheusCannotNotify",
    severity: "critical",
    // The Watchdog alone is sent each minute. Agents have no Alertmanager, and never had one.
    ask:
      `sum by (${each}) (rate(prometheus_notifications_sent_total{app="prometheus"}[10m])) == 0` +
      ` or max by (${each}) (prometheus_notifications_alertmanagers_discovered{app="prometheus"}) == 0` +
      ` and max by (${each}) (max_over_time(prometheus_notifications_alertmanagers_discovered{app="prometheus"}[1d])) > 0`,
    for: "5m",
    summary: "Prometheus has reached no Alertmanager for ten minutes.",
    description: "{{ $labels.namespace }}/{{ $labels.pod }} sends no alert: not even its Watchdog arrives.",
    page: "prometheus",
    means: "Prometheus finds no Alertmanager, or each of them refuses its alerts.",
    notice:
      "Alerts fire in Prometheus, and no notification follows. The dead man's switch reports that Watchdog is missing.",
    act: [
      "Look whether Alertmanager runs: `kubectl --namespace observability get pod -l app.kubernetes.io/name=alertmanager`.",
      "Look at Prometheus's log for `Error sending alerts`.",
    ],
  },
  {
    alert: "PrometheusRulesFailing",
    severity: "critical",
    ask: `sum by (${each}, rule_group) (rate(prometheus_rule_evaluation_failures_total{app="prometheus"}[5m])) > 0`,
    for: "10m",
    summary: "Prometheus cannot evaluate some of its rules.",
    description: "{{ $labels.namespace }}/{{ $labels.pod }} fails to evaluate rules of {{ $labels.rule_group }}.",
    page: "prometheus",
    means: "A rule asks for what Prometheus cannot compute: two series match one, or a query takes too long.",
    notice: "The alerts of these rules cannot fire, and their recordings have gaps.",
    act: ["Open Prometheus's page of rules: it shows the error of each rule.", "Mend the rule, or take it away."],
  },
  {
    alert: "PrometheusRulesLate",
    severity: "warning",
    ask: `sum by (${each}, rule_group) (rate(prometheus_rule_group_iterations_missed_total{app="prometheus"}[5m])) > 0`,
    for: "15m",
    summary: "Prometheus leaves out evaluations of rules, because one takes longer than its interval.",
    description: "{{ $labels.namespace }}/{{ $labels.pod }} leaves out evaluations of {{ $labels.rule_group }}.",
    page: "prometheus",
    means: "Prometheus is short of CPU, or the rules ask for too much.",
    notice: "Alerts come late.",
    act: ["Look at Prometheus's CPU.", "Find the slow rule on Prometheus's page of rules, and ask for less in it."],
  },
];
