import type { Monitoring } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

const groups = "rollout_operator_last_successful_group_reconcile_timestamp_seconds";
/** StatefulSets that are one zone of a workload. */
const zone = 'job="kube-state-metrics", statefulset=~".+-zone-[a-z]"';

/** Pages and rules about what rolls zones one after the other. */
export const monitoring: Monitoring = {
  folder: "Platform",
  hidesStart: true,
  pages: [
    {
      uid: "rollout-operator",
      title: "Rollout operator",
      question: "Are zones rolled one after the other, and does a roll-out move on?",
      rows: [
        {
          title: "Zones",
          panels: [
            {
              title: "Pods that are not of the new version",
              shows: "Pods of each zone that the roll-out has not replaced yet.",
              bad: "A number that stays: the roll-out is stuck.",
              unit: "short",
              ask: [
                [
                  `max by (statefulset) (kube_statefulset_replicas{${zone}, namespace=~"$namespace"} - kube_statefulset_status_replicas_updated{${zone}, namespace=~"$namespace"})`,
                  "{{statefulset}}",
                ],
              ],
            },
            {
              title: "Pods that are not ready",
              shows: "Pods of each zone that are not ready.",
              bad: "More than one zone at a time: requests fail.",
              unit: "short",
              ask: [
                [
                  `max by (statefulset) (kube_statefulset_replicas{${zone}, namespace=~"$namespace"} - kube_statefulset_status_replicas_ready{${zone}, namespace=~"$namespace"})`,
                  "{{statefulset}}",
                ],
              ],
            },
          ],
        },
        {
          title: "Reconciling",
          panels: [
            {
              title: "Last look at each group",
              shows: "Time since the operator last went through a group of zones without an error.",
              bad: "Ten minutes: it looks every five at the latest.",
              unit: "s",
              alert: "RolloutOperatorNotReconciling",
              ask: [[`time() - max by (rollout_group) (${groups}{@server})`, "{{rollout_group}}"]],
            },
            {
              title: "Looks, and those that failed",
              shows: "How often in a second the operator goes through a group, and how often it fails.",
              bad: "Any that fail.",
              unit: "ops",
              ask: [
                [
                  "sum by (rollout_group) (rate(rollout_operator_group_reconciles_total{@server}[$__rate_interval]))",
                  "{{rollout_group}}",
                ],
                [
                  "sum by (rollout_group) (rate(rollout_operator_group_reconciles_failed_total{@server}[$__rate_interval]))",
                  "{{rollout_group}} failed",
                ],
              ],
            },
            {
              title: "A look: how long",
              shows: "How long the slowest one of a hundred looks takes.",
              bad: "Seconds: the API server is slow.",
              unit: "s",
              ask: [
                [
                  "histogram_quantile(0.99, sum by (rollout_group, le) (rate(rollout_operator_group_reconcile_duration_seconds_bucket{@server}[$__rate_interval])))",
                  "{{rollout_group}}",
                ],
              ],
            },
            {
              title: "Requests to the API server",
              shows: "Requests of the operator to the API server in a second, by status.",
              bad: "403: its Role lacks a right. 5xx: the API server fails.",
              unit: "reqps",
              kind: "stacked",
              ask: [
                [
                  "sum by (status_code) (rate(rollout_operator_kubernetes_api_client_request_duration_seconds_count{@server}[$__rate_interval]))",
                  "{{status_code}}",
                ],
              ],
            },
          ],
        },
        resources(),
      ],
    },
  ],
  rules: {
    alerts: [
      {
        alert: "RolloutOperatorNotReconciling",
        severity: "warning",
        ask: `time() - max by (namespace, rollout_group) (${groups}{@server})`,
        above: 600,
        for: "5m",
        summary: "The zones of a workload are not rolled.",
        description: "The group {{ $labels.rollout_group }} was last gone through {{ $value | humanizeDuration }} ago.",
        page: "rollout-operator",
        look: ["Last look at each group", "Looks, and those that failed"],
        means:
          "The rollout-operator goes through each group at every change, and each five minutes. It fails, or hangs.",
        notice: "An apply has no effect on zoned StatefulSets: their pods keep the former version.",
        act: [
          "Read its log: `kubectl -n <namespace> logs deployment/rollout-operator`.",
          "`forbidden`: apply the environment again, as its Role may be gone.",
          "Restart it: `kubectl -n <namespace> rollout restart deployment/rollout-operator`.",
        ],
      },
      {
        alert: "RolloutOperatorFailing",
        severity: "warning",
        ask: "sum by (namespace, rollout_group) (rate(rollout_operator_group_reconciles_failed_total{@server}[5m])) / (sum by (namespace, rollout_group) (rate(rollout_operator_group_reconciles_total{@server}[5m])) > 0)",
        above: 0.5,
        for: "15m",
        summary: "The rollout-operator fails at a workload's zones.",
        description: "{{ $value | humanizePercentage }} of its looks at {{ $labels.rollout_group }} fail.",
        page: "rollout-operator",
        look: ["Looks, and those that failed", "Requests to the API server"],
        means: "It cannot read or change StatefulSets or pods, or finds zones that contradict each other.",
        notice: "An apply has no effect on zoned StatefulSets.",
        act: [
          "Read its log: `kubectl -n <namespace> logs deployment/rollout-operator`.",
          "`forbidden`: apply the environment again, as its Role may be gone.",
        ],
      },
      {
        alert: "RolloutOfZoneStuck",
        severity: "warning",
        ask: `(max by (namespace, statefulset) (kube_statefulset_replicas{${zone}} - kube_statefulset_status_replicas_updated{${zone}})) and on (namespace, statefulset) max by (namespace, statefulset) (changes(kube_statefulset_status_replicas_updated{${zone}}[30m])) == 0 unless on (namespace) max by (namespace) (changes(kube_statefulset_status_replicas_updated{${zone}}[30m])) > 0`,
        above: 0,
        for: "15m",
        summary: "The roll-out of a zone does not move on.",
        description: "{{ $value }} pods of {{ $labels.statefulset }} still have the former version, and no zone moves.",
        page: "rollout-operator",
        look: ["Pods that are not of the new version", "Pods that are not ready"],
        means:
          "The operator replaces pods of one zone while all pods of the others are ready. One pod that does not get ready stops it.",
        notice: "Part of the pods have the new settings, the others the former ones.",
        act: [
          "Find the pod that is not ready: `kubectl -n <namespace> get pod -l rollout-group`.",
          "Read why: `kubectl -n <namespace> describe pod <pod>` and its log.",
          "If the new version is the cause, apply the former one: the operator rolls back in the same way.",
          "Read the operator's log for what it waits for.",
        ],
      },
    ],
  },
};
