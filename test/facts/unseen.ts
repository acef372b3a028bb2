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
  // Alloy's prometheus.exporter.kafka.
  "kafka-exporter": Object.fromEntries(
    (
      [
        ["kafka_brokers", []],
        ["kafka_broker_info", ["address", "id"]],
        ["kafka_topic_partitions", ["topic"]],
        ["kafka_topic_partition_current_offset", ["partition", "topic"]],
        ["kafka_topic_partition_oldest_offset", ["partition", "topic"]],
        ["kafka_topic_partition_in_sync_replica", ["partition", "topic"]],
        ["kafka_topic_partition_leader", ["partition", "topic"]],
        ["kafka_topic_partition_leader_is_preferred", ["partition", "topic"]],
        ["kafka_topic_partition_replicas", ["partition", "topic"]],
        ["kafka_topic_partition_under_replicated_partition", ["partition", "topic"]],
        ["kafka_consumergroup_current_offset", ["consumergroup", "partition", "topic"]],
        ["kafka_consumergroup_current_offset_sum", ["consumergroup", "topic"]],
        ["kafka_consumergroup_uncommitted_offsets", ["consumergroup", "partition", "topic"]],
        ["kafka_consumergroup_uncommitted_offsets_sum", ["consumergroup", "topic"]],
        ["kafka_consumer_lag_millis", ["consumergroup", "partition", "topic"]],
        ["kafka_consumergroup_members", ["consumergroup"]],
      ] as const
    ).map(([name, labels]) => [
      name,
      {
        type: "g",
        labels,
        why: "exporter/exporter.go of github.com/grafana/kafka_exporter at 5e3488ad9f9a, which Alloy 1.18.1 has",
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
  loki: {
    loki_cache_dropped_background_writes_total: {
      type: "c",
      labels: ["name"],
      at: ["ingester", "querier", "query-frontend", "ruler"].map((workload) => `microservices/${workload}`),
      why: "pkg/storage/chunk/cache/background.go of 3.7.6: of caches of their own, such as memcached",
    },
    loki_discarded_samples_total: {
      type: "c",
      labels: ["format", "policy", "reason", "retention_hours", "tenant"],
      why: "pkg/validation/validate.go: once a line has been refused",
    },
    loki_ingester_chunks_flushed_total: {
      type: "c",
      labels: ["reason"],
      why: "pkg/ingester/metrics.go: once a chunk is in the store, half an hour after its last line",
    },
    loki_memcache_request_duration_seconds: {
      type: "h",
      labels: ["method", "name", "status_code"],
      at: ["ingester", "querier", "query-frontend", "ruler"].map((workload) => `microservices/${workload}`),
      why: "pkg/storage/chunk/cache/memcached.go: of caches of their own",
    },
    loki_prometheus_notifications_dropped_total: {
      type: "c",
      labels: ["alertmanager", "user"],
      why: "pkg/ruler/base/notifier.go: where a tenant has rules",
    },
    ...Object.fromEntries(
      ["rule_evaluations_total", "rule_evaluation_failures_total", "rule_group_iterations_missed_total"].map((name) => [
        `loki_prometheus_${name}`,
        {
          type: "c",
          labels: ["rule_group", "user"],
          why: "pkg/ruler/base/manager_metrics.go: where a tenant has rules",
        },
      ]),
    ),
    loki_query_scheduler_discarded_requests_total: {
      type: "c",
      labels: ["user"],
      why: "pkg/queue/metrics.go: once a queue was full",
    },
  },
  alertmanager: {
    alertmanager_cluster_members: {
      type: "g",
      labels: [],
      at: ["scalable/server"],
      why: "cluster/cluster.go of Alertmanager 0.34: only where several listen to each other",
    },
  },
  mimir: {
    cortex_discarded_samples_total: {
      type: "c",
      labels: ["group", "reason", "user"],
      why: "pkg/util/validation/discarded_metrics.go of Mimir 3.2: only once a sample is refused",
    },
  },
  prometheus: Object.fromEntries(
    (
      [
        ["prometheus_remote_storage_samples_failed_total", "c", ["remote_name", "url"]],
        ["prometheus_remote_storage_samples_dropped_total", "c", ["reason", "remote_name", "url"]],
        ["prometheus_remote_storage_queue_highest_timestamp_seconds", "g", ["remote_name", "url"]],
        ["prometheus_remote_storage_queue_highest_sent_timestamp_seconds", "g", ["remote_name", "url"]],
      ] as const
    ).map(([name, type, labels]) => [
      name,
      { type, labels, why: "storage/remote/queue_manager.go of Prometheus 3.16: only where it writes on" },
    ]),
  ),
  tempo: {
    tempo_discarded_spans_total: {
      type: "c",
      labels: ["reason", "tenant"],
      why: "modules/overrides/discarded_spans.go of Tempo 3.0: only once a span is refused",
    },
  },
  thanos: Object.fromEntries(
    [
      ["group_compactions", "pkg/compact/compact.go"],
      ["group_compactions_failures", "pkg/compact/compact.go"],
      ["downsample", "cmd/thanos/downsample.go"],
      ["downsample_failures", "cmd/thanos/downsample.go"],
    ].map(([name, file]) => [
      `thanos_compact_${name}_total`,
      {
        type: "c",
        labels: ["resolution"],
        why: `${file} of Thanos 0.42.5: of a compactor that found blocks to merge or to downsample`,
      },
    ]),
  ),
};
