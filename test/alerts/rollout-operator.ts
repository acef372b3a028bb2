import type { AlertCases } from "../lib/alerts.ts";

const operator = 'app="rollout-operator",workload="server",namespace="observability",pod="rollout-operator-a"';
const group = `{${operator},rollout_group="mimir-ingester"}`;
const zone = (name: string): string =>
  `{job="kube-state-metrics",namespace="observability",statefulset="mimir-ingester-zone-${name}"}`;

export const cases: AlertCases = {
  RolloutOperatorNotReconciling: {
    labels: { rollout_group: "mimir-ingester" },
    fires: { [`rollout_operator_last_successful_group_reconcile_timestamp_seconds${group}`]: 0 },
    silent: { [`rollout_operator_last_successful_group_reconcile_timestamp_seconds${group}`]: "700+1/s" },
    after: "16m",
  },
  RolloutOperatorFailing: {
    labels: { rollout_group: "mimir-ingester" },
    fires: {
      [`rollout_operator_group_reconciles_failed_total${group}`]: "6/s",
      [`rollout_operator_group_reconciles_total${group}`]: "10/s",
    },
    silent: {
      [`rollout_operator_group_reconciles_failed_total${group}`]: "4/s",
      [`rollout_operator_group_reconciles_total${group}`]: "10/s",
    },
  },
  RolloutOfZoneStuck: [
    {
      name: "one pod has the new version, and no other follows",
      labels: { statefulset: "mimir-ingester-zone-a" },
      fires: { [`kube_statefulset_status_replicas_updated${zone("a")}`]: 1 },
      silent: { [`kube_statefulset_status_replicas_updated${zone("a")}`]: 3 },
      always: { [`kube_statefulset_replicas${zone("a")}`]: 3 },
    },
    {
      name: "it waits for another zone that moves on",
      labels: { statefulset: "mimir-ingester-zone-b" },
      fires: {
        [`kube_statefulset_status_replicas_updated${zone("a")}`]: 9,
        [`kube_statefulset_status_replicas_updated${zone("b")}`]: 0,
      },
      silent: {
        [`kube_statefulset_status_replicas_updated${zone("a")}`]: "0+0.002/s",
        [`kube_statefulset_status_replicas_updated${zone("b")}`]: 0,
      },
      always: { [`kube_statefulset_replicas${zone("a")}`]: 9, [`kube_statefulset_replicas${zone("b")}`]: 9 },
    },
  ],
};
