import type { Alert, Monitoring, Page } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

const page: Page = {
  uid: "alertmanager",
  title: "Alertmanager",
  question: "Do alerts that fire reach their receivers?",
  rows: [
    {
      title: "Notifications",
      panels: [
        {
          title: "Notifications sent",
          shows: "Notifications by kind of receiver.",
          bad: "None, while alerts fire whose route has a receiver.",
          kind: "bars",
          unit: "short",
          ask: [
            [
              "sum by (integration) (increase(alertmanager_notifications_total{@server}[$__rate_interval]))",
              "{{integration}}",
            ],
          ],
        },
        {
          title: "Notifications that failed",
          shows: "The share of notifications that did not get to the receiver.",
          bad: "Above 0.01: somebody is not told.",
          unit: "percentunit",
          alert: "AlertmanagerNotificationsFailing",
          ask: [
            [
              "sum by (integration) (rate(alertmanager_notifications_failed_total{@server}[$__rate_interval])) / sum by (integration) (rate(alertmanager_notifications_total{@server}[$__rate_interval]) > 0) or 0 * sum by (integration) (rate(alertmanager_notifications_total{@server}[$__rate_interval]))",
              "{{integration}}",
            ],
          ],
        },
        {
          title: "Time to tell",
          shows: "Within which time 99 of 100 notifications are sent.",
          bad: "Ten seconds: the receiver is slow, and others wait.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le, integration) (rate(alertmanager_notification_latency_seconds_bucket{@server}[$__rate_interval])))",
              "{{integration}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Alerts",
      panels: [
        {
          title: "Alerts received",
          shows: "Alerts that Prometheus and the other rulers tell in a second.",
          bad: "None: Watchdog always fires.",
          unit: "cps",
          ask: [
            ["sum by (status) (rate(alertmanager_alerts_received_total{@server}[$__rate_interval]))", "{{status}}"],
          ],
        },
        {
          title: "Alerts now",
          shows: "Alerts by their state.",
          bad: "Many that are suppressed: a silence or an inhibition that is too wide.",
          unit: "short",
          ask: [["max by (state) (alertmanager_alerts{@server})", "{{state}}"]],
        },
        {
          title: "Silences",
          shows: "Silences that hold now, and those that ended.",
          bad: "One that somebody forgot.",
          unit: "short",
          ask: [["max by (state) (alertmanager_silences{@server})", "{{state}}"]],
        },
        {
          title: "Refused alerts",
          shows: "Alerts in a second that Alertmanager did not understand.",
          bad: "Above zero.",
          unit: "cps",
          ask: [["sum by (pod) (rate(alertmanager_alerts_invalid_total{@server}[$__rate_interval]))", "{{pod}}"]],
        },
        {
          title: "Members that see each other",
          shows: "How many others each Alertmanager sees, itself included.",
          bad: "Fewer than there are pods: each of them tells people by itself.",
          unit: "short",
          modes: ["scalable"],
          ask: [["max by (pod) (alertmanager_cluster_members{@server})", "{{pod}}"]],
        },
      ],
    },
    resources("server"),
  ],
};

const log = "Look at its log: `kubectl -n <namespace> logs alertmanager-0 --since=1h`.";

const alerts: readonly Alert[] = [
  {
    alert: "AlertmanagerNotificationsFailing",
    severity: "warning",
    ask: "sum by (namespace, integration) (rate(alertmanager_notifications_failed_total{@server}[15m])) / (sum by (namespace, integration) (rate(alertmanager_notifications_total{@server}[15m])) > 0)",
    above: 0.01,
    for: "10m",
    summary: "Notifications do not get to a receiver.",
    description: "{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }} fail.",
    page: "alertmanager",
    look: ["Notifications that failed"],
    means: "The receiver refuses them, or is not reached. Alertmanager tries again for some minutes.",
    notice: "The people behind that receiver are not told of an alert.",
    act: [
      log,
      "A status of 401 or 403: renew the credential in the Secret that the receiver reads.",
      "No connection: look at `egress` of the environment and at the proxy.",
    ],
  },
  {
    alert: "AlertmanagerBadConfig",
    severity: "warning",
    ask: "max by (namespace, pod) (alertmanager_config_last_reload_successful{@server}) == 0",
    for: "10m",
    summary: "Alertmanager does not take its changed configuration.",
    description: "{{ $labels.pod }} in {{ $labels.namespace }} still runs with the configuration of before.",
    page: "alertmanager",
    means: "The configuration in the Secret is wrong. The configuration of before stays in use.",
    notice: "A new receiver is not told. The next restart of the pod fails.",
    act: ["Check it: `amtool check-config alertmanager.yml`.", log],
  },
  {
    alert: "AlertmanagerRefusesAlerts",
    severity: "warning",
    ask: "sum by (namespace, pod) (increase(alertmanager_alerts_invalid_total{@server}[10m]))",
    above: 0,
    for: "10m",
    summary: "Alertmanager does not understand alerts.",
    description: "{{ $labels.pod }} refused {{ $value | humanize }} alerts in ten minutes.",
    page: "alertmanager",
    look: ["Refused alerts"],
    means: "A ruler sends alerts with labels or times that are not valid.",
    notice: "No receiver is told of these alerts.",
    act: [log, "Mend the rule whose labels the log names."],
  },
  {
    alert: "AlertmanagerApart",
    severity: "warning",
    modes: ["scalable"],
    ask: "min by (namespace) (alertmanager_cluster_members{@server}) < on (namespace) count by (namespace) (alertmanager_cluster_members{@server})",
    for: "15m",
    summary: "Alertmanagers do not see each other.",
    description: "An Alertmanager in {{ $labels.namespace }} sees {{ $value }} members, itself included.",
    page: "alertmanager",
    look: ["Members that see each other"],
    means: "Each tells people on its own, and silences made at one do not hold at the other.",
    notice: "Notifications come twice.",
    act: [log, "Look whether a NetworkPolicy of your own closes port 9094, TCP and UDP."],
  },
  {
    alert: "AlertmanagersDiffer",
    severity: "warning",
    modes: ["scalable"],
    ask: 'count by (namespace) (count_values by (namespace) ("config", alertmanager_config_hash{@server}))',
    above: 1,
    for: "20m",
    summary: "Alertmanagers have different configurations.",
    description: "The Alertmanagers in {{ $labels.namespace }} run {{ $value }} configurations.",
    page: "alertmanager",
    means: "One of them did not take a change. Which receiver is told depends on which of them tells.",
    notice: "Notifications go to the old receiver now and then.",
    act: ["Restart them one after the other: `kubectl -n <namespace> rollout restart statefulset/alertmanager`."],
  },
];

/** Pages and rules about what tells people. */
export const monitoring: Monitoring = { folder: "Metrics", pages: [page], rules: { alerts } };
