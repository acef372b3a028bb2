import type { Type } from "../lib/inventory.ts";

/**
 * Metrics that a program has only once something has happened that does not happen in a healthy cluster, by program: what
 * `npm run inventory` could not see. `why` names the source that makes the metric.
 */
export const unseen: Readonly<
  Record<
    string,
    Readonly<
      Record<
        string,
        {
          readonly type: Type;
          readonly labels: readonly string[];
          /** "microservices/distributor"; by itself everywhere. */
          readonly at?: readonly string[];
          readonly why: string;
        }
      >
    >
  >
> = {
  cadvisor: Object.fromEntries(
    [
      "container_cpu_cfs_periods_total",
      "container_cpu_cfs_throttled_periods_total",
      "container_cpu_cfs_throttled_seconds_total",
    ].map((name) => [
      name,
      {
        type: "c",
        labels: ["container", "id", "image", "name", "namespace", "pod"],
        why: "metrics/prometheus.go of cAdvisor 0.55: only of containers with a limit of CPU",
      },
    ]),
  ),
  kubelet: Object.fromEntries(
    ["available_bytes", "capacity_bytes", "used_bytes", "inodes", "inodes_free", "inodes_used"].map((name) => [
      `kubelet_volume_stats_${name}`,
      {
        type: "g",
        labels: ["namespace", "persistentvolumeclaim"],
        why: "pkg/kubelet/metrics/collectors/volume_stats.go of Kubernetes 1.35: of claims whose volume can be measured, which a folder of the node cannot",
      },
    ]),
  ),
};
