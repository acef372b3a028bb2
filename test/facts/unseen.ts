import type { Type } from "../lib/inventory.ts";

/** Places of Tempo's roles: where each is a process, and where all are one. */
const tempoAt = (...roles: readonly string[]): readonly string[] => [
  "monolithic/all",
  ...["scalable", "microservices"].flatMap((mode) => roles.map((role) => `${mode}/${role}`)),
];
const tempoBlocks = ["backend-scheduler", "backend-worker", "querier", "query-frontend"];

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
  "node-exporter": {
    node_md_disks: {
      type: "g",
      labels: ["device", "state"],
      why: "collector/mdadm_linux.go of 1.12.1: of nodes with a software RAID",
    },
    node_md_disks_required: {
      type: "g",
      labels: ["device"],
      why: "collector/mdadm_linux.go of 1.12.1: of nodes with a software RAID",
    },
  },
  "alloy-gateway": Object.fromEntries(
    ["log_records", "metric_points"].map((items) => [
      `otelcol_exporter_send_failed_${items}_total`,
      {
        type: "c",
        labels: [
          "component_id",
          "component_path",
          "error_permanent",
          "error_type",
          "exporter",
          "otel_scope_name",
          "server_address",
          "server_port",
          "url_path",
        ],
        why: "exporterhelper/internal/obs_report_sender.go of OpenTelemetry's collector 0.153: once a push failed",
      },
    ]),
  ),
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
  kubelet: {
    ...Object.fromEntries(
      ["client", "server"].map((use) => [
        `kubelet_certificate_manager_${use}_ttl_seconds`,
        {
          type: "g" as const,
          labels: [],
          why: "cmd/kubelet/app/server.go and pkg/kubelet/certificate/kubelet.go of Kubernetes 1.35: where the kubelet renews its certificates",
        },
      ]),
    ),
    ...Object.fromEntries(
      ["certificate_manager_client", "server"].map((use) => [
        `kubelet_${use}_expiration_renew_errors`,
        {
          type: "c" as const,
          labels: [],
          why: "pkg/kubelet/certificate/kubelet.go of Kubernetes 1.35: where the kubelet renews its certificates",
        },
      ]),
    ),
    kubelet_evictions: {
      type: "c",
      labels: ["eviction_signal"],
      why: "pkg/kubelet/metrics/metrics.go of Kubernetes 1.35: once a pod has been evicted",
    },
    ...Object.fromEntries(
      ["available_bytes", "capacity_bytes", "used_bytes", "inodes", "inodes_free", "inodes_used"].map((name) => [
        `kubelet_volume_stats_${name}`,
        {
          type: "g" as const,
          labels: ["namespace", "persistentvolumeclaim"],
          why: "pkg/kubelet/metrics/collectors/volume_stats.go of Kubernetes 1.35: of claims whose volume can be measured, which a folder of the node cannot",
        },
      ]),
    ),
  },
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
  prometheus: {
    prometheus_remote_storage_samples_dropped_total: {
      type: "c",
      labels: ["reason", "remote_name", "url"],
      why: "storage/remote/queue_manager.go of Prometheus 3.16: only where it writes on",
    },
  },
  // Tempo 3.0.3.
  tempo: {
    tempo_backend_scheduler_jobs_retry_total: {
      type: "c",
      labels: ["job_type", "tenant", "worker_id"],
      at: tempoAt("backend-scheduler"),
      why: "modules/backendscheduler/metrics.go: once a worker has lost its job",
    },
    ...Object.fromEntries(
      ["created", "completed", "failed"].map((what) => [
        `tempo_backend_scheduler_jobs_${what}_total`,
        {
          type: "c",
          labels: ["job_type", "tenant"],
          at: tempoAt("backend-scheduler"),
          why: "modules/backendscheduler/metrics.go: once there are blocks to compact, or after an hour, for retention",
        },
      ]),
    ),
    tempo_backend_worker_bad_jobs_received_total: {
      type: "c",
      labels: ["status"],
      at: tempoAt("backend-worker"),
      why: "modules/backendworker/metrics.go: once a job has no tenant",
    },
    tempo_block_builder_fetch_errors_total: {
      type: "c",
      labels: ["partition"],
      at: tempoAt("block-builder"),
      why: "modules/blockbuilder/blockbuilder.go: once Kafka fails",
    },
    tempo_block_builder_flushed_blocks: {
      type: "c",
      labels: ["tenant"],
      at: tempoAt("block-builder"),
      why: "modules/blockbuilder/tenant_store.go: once a block is made of what is in Kafka",
    },
    tempo_discarded_spans_total: {
      type: "c",
      labels: ["reason", "tenant"],
      at: tempoAt("distributor", "live-store", "backend-worker"),
      why: "modules/overrides/discarded_spans.go: once a span exceeds a limit",
    },
    tempo_distributor_produce_failures_total: {
      type: "c",
      labels: ["reason"],
      at: tempoAt("distributor"),
      why: "pkg/ingest/writer_client.go: once Kafka refuses a record",
    },
    tempo_live_store_records_dropped_total: {
      type: "c",
      labels: ["reason", "tenant"],
      at: tempoAt("live-store"),
      why: "modules/livestore/live_store.go: once a record is too old or broken",
    },
    tempo_memcache_request_duration_seconds: {
      type: "h",
      labels: ["method", "name", "status_code"],
      at: [...tempoBlocks, "block-builder"].map((role) => `microservices/${role}`),
      why: "pkg/cache/memcached.go: where there are caches, once one is asked",
    },
    tempo_metrics_generator_active_processors_update_failed_total: {
      type: "c",
      labels: ["tenant"],
      at: tempoAt("metrics-generator"),
      why: "modules/generator/instance.go: once overrides of a tenant are wrong",
    },
    tempo_metrics_generator_registry_collections_failed_total: {
      type: "c",
      labels: ["error_type", "tenant"],
      at: tempoAt("metrics-generator"),
      why: "modules/generator/registry/registry.go: once its write-ahead log cannot be written",
    },
    ...Object.fromEntries(
      ["blocklist_poll_errors_total", "blocklist_tenant_index_errors_total"].map((name) => [
        `tempodb_${name}`,
        {
          type: "c",
          labels: ["tenant"],
          at: tempoAt(...tempoBlocks),
          why: "tempodb/blocklist/poller.go: once the object store fails",
        },
      ]),
    ),
    ...Object.fromEntries(
      (
        [
          ["blocklist_length", ["tenant"]],
          ["blocklist_tenant_index_age_seconds", ["tenant"]],
          ["blocklist_tenant_index_builder", ["tenant"]],
          ["backend_bytes_total", ["status", "tenant"]],
        ] as const
      ).map(([name, labels]) => [
        `tempodb_${name}`,
        {
          type: "g",
          labels,
          at: tempoAt(...tempoBlocks),
          why: "tempodb/blocklist/poller.go: in each process that polls, once there is a block",
        },
      ]),
    ),
    tempodb_compaction_outstanding_blocks: {
      type: "g",
      labels: ["tenant"],
      at: tempoAt("backend-scheduler"),
      why: "tempodb/compactor.go: measured by the scheduler, once there is a block",
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
  // pkg/ of Mimir 3.2 (commit aced80d74930): of what nobody had used yet where it was asked.
  mimir: Object.fromEntries(
    (
      [
        ["pkg/alertmanager/alertmanager_metrics.go", "g", "cortex_alertmanager_alerts", "state user"],
        ["pkg/alertmanager/multitenant.go", "g", "cortex_alertmanager_config_last_reload_successful", "user"],
        [
          "pkg/alertmanager/alertmanager_metrics.go",
          "c",
          "cortex_alertmanager_notifications_failed_total",
          "integration reason user",
        ],
        [
          "pkg/alertmanager/alertmanager_metrics.go",
          "c",
          "cortex_alertmanager_notifications_total",
          "integration user",
        ],
        [
          "pkg/alertmanager/alertmanager_metrics.go",
          "c",
          "cortex_alertmanager_partial_state_merges_failed_total",
          "user",
        ],
        ["pkg/alertmanager/multitenant.go", "c", "cortex_alertmanager_ring_check_errors_total", ""],
        [
          "pkg/alertmanager/alertmanager_metrics.go",
          "c",
          "cortex_alertmanager_state_initial_sync_completed_total",
          "outcome",
        ],
        ["pkg/alertmanager/alertmanager_metrics.go", "c", "cortex_alertmanager_state_persist_failed_total", ""],
        ["pkg/alertmanager/alertmanager_metrics.go", "c", "cortex_alertmanager_state_replication_failed_total", "user"],
        ["pkg/alertmanager/multitenant.go", "c", "cortex_alertmanager_sync_configs_failed_total", "reason"],
        ["pkg/alertmanager/multitenant.go", "c", "cortex_alertmanager_sync_configs_total", "reason"],
        ["pkg/alertmanager/multitenant.go", "g", "cortex_alertmanager_tenants_owned", ""],
        ["pkg/compactor/blocks_cleaner.go", "g", "cortex_bucket_blocks_count", "user"],
        ["pkg/compactor/blocks_cleaner.go", "g", "cortex_bucket_blocks_marked_for_deletion_count", "user"],
        ["pkg/compactor/blocks_cleaner.go", "g", "cortex_bucket_blocks_partials_count", "user"],
        [
          "pkg/compactor/blocks_cleaner.go",
          "g",
          "cortex_bucket_index_last_successful_update_timestamp_seconds",
          "user",
        ],
        [
          "pkg/storegateway/bucket_store_metrics.go",
          "s",
          "cortex_bucket_store_series_blocks_queried",
          "component level out_of_order source",
        ],
        [
          "pkg/storegateway/bucket_store_metrics.go",
          "s",
          "cortex_bucket_store_series_data_size_fetched_bytes",
          "component data_type stage",
        ],
        [
          "pkg/storegateway/bucket_store_metrics.go",
          "h",
          "cortex_bucket_store_series_request_stage_duration_seconds",
          "component stage",
        ],
        ["pkg/util/validation/discarded_metrics.go", "c", "cortex_discarded_samples_total", "group reason user"],
        ["pkg/distributor/distributor.go", "c", "cortex_distributor_deduped_samples_total", "cluster user"],
        ["pkg/distributor/distributor.go", "c", "cortex_distributor_non_ha_samples_received_total", "user"],
        ["pkg/frontend/querymiddleware/querysharding.go", "c", "cortex_frontend_sharded_queries_total", ""],
        ["pkg/distributor/ha_tracker.go", "c", "cortex_ha_tracker_elected_replica_changes_total", "cluster user"],
        ["pkg/storage/ingest/reader.go", "g", "cortex_ingest_storage_reader_buffered_fetched_records", ""],
        ["pkg/storage/ingest/reader.go", "c", "cortex_ingest_storage_reader_fetch_errors_total", ""],
        ["pkg/storage/ingest/reader.go", "c", "cortex_ingest_storage_reader_fetches_total", ""],
        ["pkg/storage/ingest/reader.go", "g", "cortex_ingest_storage_reader_last_consumed_offset", "partition"],
        ["pkg/storage/ingest/reader.go", "c", "cortex_ingest_storage_reader_missed_records_total", ""],
        ["pkg/storage/ingest/reader.go", "c", "cortex_ingest_storage_reader_offset_commit_failures_total", "partition"],
        ["pkg/storage/ingest/reader.go", "c", "cortex_ingest_storage_reader_offset_commit_requests_total", "partition"],
        [
          "pkg/storage/ingest/reader_client.go and kprom",
          "c",
          "cortex_ingest_storage_reader_read_errors_total",
          "component node_id",
        ],
        ["pkg/storage/ingest/reader.go", "h", "cortex_ingest_storage_reader_receive_delay_seconds", "phase"],
        ["pkg/storage/ingest/pusher_metrics.go", "c", "cortex_ingest_storage_reader_requests_failed_total", "cause"],
        ["pkg/storage/ingest/pusher_metrics.go", "c", "cortex_ingest_storage_reader_requests_total", ""],
        [
          "pkg/storage/ingest/reader.go",
          "c",
          "cortex_ingest_storage_strong_consistency_failures_total",
          "component topic",
        ],
        [
          "pkg/storage/ingest/reader.go",
          "c",
          "cortex_ingest_storage_strong_consistency_requests_total",
          "component topic with_offset",
        ],
        [
          "pkg/storage/ingest/reader.go",
          "h",
          "cortex_ingest_storage_strong_consistency_wait_duration_seconds",
          "component topic",
        ],
        [
          "pkg/storage/ingest/writer_client.go",
          "s",
          "cortex_ingest_storage_writer_buffered_produce_bytes_distribution",
          "quantile",
        ],
        ["pkg/storage/ingest/writer_client.go", "g", "cortex_ingest_storage_writer_buffered_produce_bytes_limit", ""],
        ["pkg/storage/ingest/writer.go", "h", "cortex_ingest_storage_writer_latency_seconds", "outcome"],
        ["pkg/storage/ingest/writer_client.go", "c", "cortex_ingest_storage_writer_produce_records_enqueued_total", ""],
        [
          "pkg/storage/ingest/writer_client.go",
          "c",
          "cortex_ingest_storage_writer_produce_records_failed_total",
          "reason",
        ],
        ["pkg/storage/ingest/writer.go", "c", "cortex_ingest_storage_writer_sent_bytes_total", ""],
        ["pkg/util/validation/exporter/exporter.go", "g", "cortex_limits_defaults", "limit_name"],
        ["pkg/util/validation/exporter/exporter.go", "g", "cortex_limits_overrides", "limit_name user"],
        ["ring/partition_ring_watcher.go of dskit", "g", "cortex_partition_ring_partitions", "name state"],
        ["pkg/ruler/manager_metrics.go", "c", "cortex_prometheus_notifications_dropped_total", "alertmanager user"],
        ["pkg/ruler/manager_metrics.go", "c", "cortex_prometheus_notifications_errors_total", "alertmanager user"],
        ["pkg/ruler/manager_metrics.go", "g", "cortex_prometheus_notifications_queue_capacity", "user"],
        ["pkg/ruler/manager_metrics.go", "g", "cortex_prometheus_notifications_queue_length", "alertmanager user"],
        ["pkg/ruler/manager_metrics.go", "c", "cortex_prometheus_notifications_sent_total", "alertmanager user"],
        [
          "pkg/ruler/manager_metrics.go",
          "c",
          "cortex_prometheus_rule_evaluation_failures_total",
          "reason rule_group user",
        ],
        ["pkg/ruler/manager_metrics.go", "c", "cortex_prometheus_rule_evaluations_total", "rule_group user"],
        ["pkg/ruler/manager_metrics.go", "g", "cortex_prometheus_rule_group_interval_seconds", "rule_group user"],
        [
          "pkg/ruler/manager_metrics.go",
          "c",
          "cortex_prometheus_rule_group_iterations_missed_total",
          "rule_group user",
        ],
        ["pkg/ruler/manager_metrics.go", "c", "cortex_prometheus_rule_group_iterations_total", "rule_group user"],
        ["pkg/ruler/manager_metrics.go", "g", "cortex_prometheus_rule_group_last_duration_seconds", "rule_group user"],
        [
          "pkg/ruler/manager_metrics.go",
          "g",
          "cortex_prometheus_rule_group_last_evaluation_timestamp_seconds",
          "rule_group user",
        ],
        ["pkg/ruler/manager_metrics.go", "g", "cortex_prometheus_rule_group_rules", "rule_group user"],
        ["pkg/scheduler/scheduler.go", "c", "cortex_query_scheduler_cancelled_requests_total", "user"],
        ["pkg/scheduler/scheduler.go", "c", "cortex_query_scheduler_discarded_requests_total", "user"],
        ["pkg/ruler/compat.go", "c", "cortex_ruler_queries_failed_total", "reason user"],
        ["pkg/ruler/compat.go", "c", "cortex_ruler_queries_total", "user"],
        ["pkg/ruler/compat.go", "c", "cortex_ruler_write_requests_failed_total", "reason user"],
        ["pkg/ruler/compat.go", "c", "cortex_ruler_write_requests_total", "user"],
        ["cache/memcached_client_metrics.go of dskit", "c", "thanos_cache_hits_total", "backend component name"],
        [
          "cache/memcached_client_metrics.go of dskit",
          "h",
          "thanos_cache_operation_duration_seconds",
          "backend component name operation",
        ],
        [
          "cache/memcached_client_metrics.go of dskit",
          "c",
          "thanos_cache_operation_failures_total",
          "backend component name operation reason",
        ],
        [
          "cache/memcached_client_metrics.go of dskit",
          "c",
          "thanos_cache_operation_skipped_total",
          "backend component name operation reason",
        ],
        [
          "cache/memcached_client_metrics.go of dskit",
          "c",
          "thanos_cache_operations_total",
          "backend component name operation",
        ],
        ["cache/memcached_client_metrics.go of dskit", "c", "thanos_cache_requests_total", "backend component name"],
      ] as const
    ).map(([why, type, name, labels]) => [name, { type, labels: labels.split(" ").filter(Boolean), why }]),
  ),
  "rollout-operator": Object.fromEntries(
    (
      [
        ["c", "rollout_operator_group_reconciles_total", "rollout_group"],
        ["c", "rollout_operator_group_reconciles_failed_total", "rollout_group"],
        ["h", "rollout_operator_group_reconcile_duration_seconds", "rollout_group"],
        ["g", "rollout_operator_last_successful_group_reconcile_timestamp_seconds", "rollout_group"],
        ["h", "rollout_operator_kubernetes_api_client_request_duration_seconds", "method path status_code"],
      ] as const
    ).map(([type, name, labels]) => [
      name,
      {
        type,
        labels: labels.split(" ").filter(Boolean),
        why: "pkg/controller and pkg/instrumentation of v0.38.1: where there are zones",
      },
    ]),
  ),
  "kube-state-metrics": {
    ...Object.fromEntries(
      ["waiting_reason"].map((name) => [
        `kube_pod_container_status_${name}`,
        {
          type: "g" as const,
          labels: ["container", "namespace", "pod", "reason", "uid"],
          why: "internal/store/pod.go of 2.19.1: of containers that wait",
        },
      ]),
    ),
    ...Object.fromEntries(
      ["failed"].map((name) => [
        `kube_job_${name}`,
        {
          type: "g" as const,
          labels: ["condition", "job_name", "namespace"],
          why: "internal/store/job.go of 2.19.1: of Jobs that failed",
        },
      ]),
    ),
    ...Object.fromEntries(
      ["active", "start_time"].map((name) => [
        `kube_job_status_${name}`,
        {
          type: "g" as const,
          labels: ["job_name", "namespace"],
          why: "internal/store/job.go of 2.19.1: where Jobs are",
        },
      ]),
    ),
    ...Object.fromEntries(
      ["spec_max_replicas", "spec_min_replicas", "status_current_replicas", "status_desired_replicas"].map((name) => [
        `kube_horizontalpodautoscaler_${name}`,
        {
          type: "g" as const,
          labels: ["horizontalpodautoscaler", "namespace"],
          why: "internal/store/horizontalpodautoscaler.go of 2.19.1: where autoscalers are",
        },
      ]),
    ),
    ...Object.fromEntries(
      ["current_healthy", "desired_healthy", "pod_disruptions_allowed"].map((name) => [
        `kube_poddisruptionbudget_status_${name}`,
        {
          type: "g" as const,
          labels: ["namespace", "poddisruptionbudget"],
          why: "internal/store/poddisruptionbudget.go of 2.19.1: where a component has several replicas",
        },
      ]),
    ),
    kube_node_spec_taint: {
      type: "g",
      labels: ["effect", "key", "node", "value"],
      why: "internal/store/node.go of 2.19.1: of nodes with taints",
    },
    kube_resourcequota: {
      type: "g",
      labels: ["namespace", "resource", "resourcequota", "type"],
      why: "internal/store/resourcequota.go of 2.19.1: where quotas are",
    },
    ...Object.fromEntries(
      ["list", "watch"].map((verb) => [
        `kube_state_metrics_${verb}_total`,
        {
          type: "c" as const,
          labels: ["app", "container", "namespace", "node", "pod", "resource", "result", "workload"],
          why: "pkg/watch/watch.go of 2.19.1: at its own port, with the labels of a process",
        },
      ]),
    ),
    kube_pod_container_status_last_terminated_reason: {
      type: "g",
      labels: ["container", "namespace", "pod", "reason", "uid"],
      why: "internal/store/pod.go of v2.19.1: once a container has ended",
    },
  },
  minio: {
    minio_s3_requests_5xx_errors_total: {
      type: "c",
      labels: ["api", "server"],
      why: "cmd/metrics-v2.go: once a request failed",
    },
    ...Object.fromEntries(
      (
        [
          ["bucket_requests_total", "c", ["api", "bucket", "server"]],
          ["bucket_traffic_received_bytes", "g", ["bucket", "server"]],
          ["bucket_traffic_sent_bytes", "g", ["bucket", "server"]],
          ["bucket_usage_total_bytes", "g", ["bucket", "server"]],
          ["bucket_usage_object_total", "g", ["bucket", "server"]],
          ["node_drive_latency_us", "g", ["api", "drive", "server"]],
          ["node_drive_errors_timeout", "c", ["drive", "server"]],
          ["node_drive_errors_availability", "c", ["drive", "server"]],
          ["node_drive_errors_ioerror", "c", ["drive", "server"]],
        ] as const
      ).map(([name, type, labels]) => [
        `minio_${name}`,
        { type, labels, why: "cmd/metrics-v2.go: below paths of their own, /bucket and /node" },
      ]),
    ),
  },
};
