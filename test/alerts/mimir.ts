import type { AlertCase, AlertCases, Series } from "../lib/alerts.ts";
import { watched } from "../lib/watched.ts";

const namespace = "observability";
/** Labels of a process of a workload, and of its own. */
const of = (workload: string, own = "", pod = `mimir-${workload}-0`): string =>
  `{app="mimir",workload="${workload}",namespace="${namespace}",pod="${pod}"${own === "" ? "" : `,${own}`}}`;
/** Labels of a container, as kubelets and kube-state-metrics have them. */
const container = (pod: string, own = ""): string =>
  `{namespace="${namespace}",pod="${pod}",container="mimir"${own === "" ? "" : `,${own}`}}`;

/** A pod that did something well at its start and never again; it is silent as long as it did so `age` ago. */
const since = (timestamp: string, workload: string, seconds: number, age: number, own = ""): AlertCase => ({
  labels: { pod: `mimir-${workload}-0` },
  after: `${Math.ceil(seconds / 60)}m`,
  interval: "5m",
  fires: { [`${timestamp}${of(workload, own)}`]: 1 },
  silent: { [`${timestamp}${of(workload, own)}`]: `${seconds - age}+1/s` },
  always: { [`process_start_time_seconds${of(workload)}`]: 1 },
});

/** So many of `all` fail, where one in a hundred, or another share, is too many. */
const share = (failed: string, all: string, labels: AlertCase["labels"], many = "2/s", few = "0.5/s"): AlertCase => ({
  ...(labels ? { labels } : {}),
  fires: { [failed]: many, [all]: "100/s" },
  silent: { [failed]: few, [all]: "100/s" },
});

/** A counter that must not move. */
const none = (metric: string, labels: AlertCase["labels"], by = "0.1/s"): AlertCase => ({
  ...(labels ? { labels } : {}),
  fires: { [metric]: by },
  silent: { [metric]: 7 },
});

const buckets = (metric: string, labels: (own: string) => string, by: Readonly<Record<string, string>>): Series =>
  Object.fromEntries(Object.entries(by).map(([le, values]) => [`${metric}${labels(`le="${le}"`)}`, values]));

const push = (own: string): string => of("distributor", `route="api_v1_push",${own}`);
const query = (own: string): string => of("query-frontend", `route="prometheus_api_v1_query_range",${own}`);
const requests = "cortex_request_duration_seconds_count";

/** Both ranges of an alert on an objective: `1h` and so on. */
const burn = (signal: "writes" | "reads", severity: string, window: string, after: string, bad: string): AlertCase => {
  const labels = signal === "writes" ? push : query;
  return {
    labels: { severity, signal: "metrics", way: signal, window },
    after,
    interval: "1m",
    fires: {
      [`${requests}${labels('status_code="500"')}`]: bad,
      [`${requests}${labels('status_code="200"')}`]: "10/s",
    },
    silent: {
      [`${requests}${labels('status_code="500"')}`]: "0.001/s",
      [`${requests}${labels('status_code="200"')}`]: "10/s",
    },
  };
};

const delay = (phase: string, sum: string, count = "10/s"): Series => ({
  [`cortex_ingest_storage_reader_receive_delay_seconds_sum${of("ingester", `phase="${phase}"`)}`]: sum,
  [`cortex_ingest_storage_reader_receive_delay_seconds_count${of("ingester", `phase="${phase}"`)}`]: count,
});

const received = `cortex_distributor_samples_in_total${of("distributor", 'user="acme"')}`;
const cache = 'name="index-cache",operation="getmulti"';
const objects = 'component="store-gateway",operation="get_range"';
const blocks = (level: string): string =>
  `cortex_bucket_store_series_blocks_queried_sum${of("store-gateway", `level="${level}",out_of_order="false",source="receive",component="store-gateway"`)}`;
const member = (state: string, count: number, observer = "distributor"): Series => ({
  [`cortex_ring_members${of(observer, `name="ingester",state="${state}"`)}`]: count,
});
const gossips = (...counts: readonly number[]): Series =>
  Object.fromEntries(
    counts.map((count, i) => [
      `memberlist_client_cluster_members_count${of("querier", "", `mimir-querier-${i}`)}`,
      count,
    ]),
  );

export const cases: AlertCases = {
  ...watched,
  MetricsWritesFailing: [
    burn("writes", "critical", "1h", "80m", "0.2/s"),
    burn("writes", "critical", "6h", "400m", "0.07/s"),
  ],
  MetricsWritesDegraded: burn("writes", "warning", "1d", "1600m", "0.04/s"),
  MetricsReadsFailing: [
    burn("reads", "critical", "1h", "80m", "2/s"),
    burn("reads", "critical", "6h", "400m", "0.7/s"),
  ],
  MetricsReadsDegraded: burn("reads", "warning", "1d", "1600m", "0.4/s"),
  MimirWritesSlow: {
    labels: { namespace },
    fires: buckets("cortex_request_duration_seconds_bucket", push, { "2.5": "9/s", "5": "10/s", "+Inf": "10/s" }),
    silent: buckets("cortex_request_duration_seconds_bucket", push, { "2.5": "10/s", "5": "10/s", "+Inf": "10/s" }),
    always: { [`${requests}${push('status_code="200"')}`]: "10/s" },
  },
  MimirReadsSlow: [
    {
      name: "people wait",
      labels: { namespace },
      fires: buckets("cortex_request_duration_seconds_bucket", query, { "10": "9/s", "25": "10/s", "+Inf": "10/s" }),
      silent: buckets("cortex_request_duration_seconds_bucket", query, { "10": "10/s", "25": "10/s", "+Inf": "10/s" }),
      always: { [`${requests}${query('status_code="200"')}`]: "10/s" },
    },
    {
      name: "nobody waits but one query in a minute",
      labels: { namespace },
      fires: {
        ...buckets("cortex_request_duration_seconds_bucket", query, { "10": "0/s", "25": "10/s", "+Inf": "10/s" }),
        [`${requests}${query('status_code="200"')}`]: "10/s",
      },
      silent: {
        ...buckets("cortex_request_duration_seconds_bucket", query, { "10": "0/s", "25": "0.02/s", "+Inf": "0.02/s" }),
        [`${requests}${query('status_code="200"')}`]: "0.02/s",
      },
    },
  ],
  MimirSamplesOverLimit: share(
    `cortex_discarded_samples_total${of("distributor", 'user="acme",reason="rate_limited"')}`,
    received,
    { user: "acme", reason: "rate_limited", severity: "critical" },
  ),
  MimirSamplesRefused: share(
    `cortex_discarded_samples_total${of("ingester", 'user="acme",reason="sample_out_of_order"')}`,
    received,
    { user: "acme", reason: "sample_out_of_order" },
  ),
  MimirSamplesFromTheFuture: {
    labels: { pod: "mimir-ingester-0" },
    fires: { [`cortex_ingester_tsdb_head_max_timestamp_seconds${of("ingester")}`]: 9000 },
    silent: { [`cortex_ingester_tsdb_head_max_timestamp_seconds${of("ingester")}`]: 4000 },
  },
  MimirNearInstanceLimit: [
    {
      name: "series",
      labels: { pod: "mimir-ingester-0", limit: "max_series" },
      fires: {
        [`cortex_ingester_memory_series${of("ingester")}`]: 85,
        [`cortex_ingester_instance_limits${of("ingester", 'limit="max_series"')}`]: 100,
      },
      silent: {
        [`cortex_ingester_memory_series${of("ingester")}`]: 85,
        [`cortex_ingester_instance_limits${of("ingester", 'limit="max_series"')}`]: 0,
      },
    },
    {
      name: "tenants",
      labels: { pod: "mimir-ingester-0", limit: "max_tenants" },
      fires: { [`cortex_ingester_memory_users${of("ingester")}`]: 81 },
      silent: { [`cortex_ingester_memory_users${of("ingester")}`]: 79 },
      always: { [`cortex_ingester_instance_limits${of("ingester", 'limit="max_tenants"')}`]: 100 },
    },
    {
      name: "requests under way",
      labels: { pod: "mimir-distributor-0", limit: "max_inflight_push_requests" },
      fires: { [`cortex_distributor_inflight_push_requests${of("distributor")}`]: 1700 },
      silent: { [`cortex_distributor_inflight_push_requests${of("distributor")}`]: 1500 },
      always: {
        [`cortex_distributor_instance_limits${of("distributor", 'limit="max_inflight_push_requests"')}`]: 2000,
      },
    },
    {
      name: "connections",
      labels: { pod: "mimir-querier-0", limit: "grpc" },
      fires: { [`cortex_tcp_connections${of("querier", 'protocol="grpc"')}`]: 90 },
      silent: { [`cortex_tcp_connections${of("querier", 'protocol="grpc"')}`]: 70 },
      always: { [`cortex_tcp_connections_limit${of("querier", 'protocol="grpc"')}`]: 100 },
    },
  ],
  MimirQueriesStuck: {
    labels: { pod: "mimir-query-scheduler-0" },
    fires: { [`cortex_query_scheduler_queue_length${of("query-scheduler", 'user="acme"')}`]: 3 },
    silent: {
      [`cortex_query_scheduler_queue_length${of("query-scheduler", 'user="acme"')}`]:
        "3x1 0x1 3x1 0x1 3x1 0x1 3x1 0x1 3x1 0x1 3x1 0x1",
    },
  },
  MimirCacheFailing: share(
    `thanos_cache_operation_failures_total${of("store-gateway", `${cache},reason="timeout"`)}`,
    `thanos_cache_operations_total${of("store-gateway", cache)}`,
    { name: "index-cache" },
    "6/s",
    "4/s",
  ),
  MimirStoreGatewayNotSynced: since(
    "cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds",
    "store-gateway",
    3600,
    2000,
    'component="store-gateway"',
  ),
  MimirUncompactedBlocksQueried: {
    labels: { severity: "info" },
    interval: "1m",
    fires: { [blocks("1")]: "1/s", [blocks("4")]: "9/s" },
    silent: { [blocks("1")]: "0.4/s", [blocks("4")]: "9/s" },
  },
  MimirObjectStoreFailing: share(
    `thanos_objstore_bucket_operation_failures_total${of("store-gateway", objects)}`,
    `thanos_objstore_bucket_operations_total${of("store-gateway", objects)}`,
    { component: "store-gateway", operation: "get_range" },
  ),
  MimirRingMemberUnhealthy: {
    labels: { name: "ingester" },
    fires: { ...member("ACTIVE", 2), ...member("Unhealthy", 1) },
    silent: { ...member("ACTIVE", 3), ...member("Unhealthy", 0) },
  },
  MimirRingMembersMismatch: [
    {
      name: "a pod that is gone is still in the ring",
      labels: { name: "ingester" },
      fires: { ...member("ACTIVE", 3), ...member("LEAVING", 1) },
      silent: { ...member("ACTIVE", 3), ...member("LEAVING", 0) },
      always: Object.fromEntries(
        [0, 1, 2].map((i) => [`up${of("ingester", 'job="mimir"', `mimir-ingester-zone-a-${i}`)}`, 1]),
      ),
    },
    {
      name: "a pod is not in the ring of compactors",
      labels: { name: "compactor" },
      fires: { [`cortex_ring_members${of("compactor", 'name="compactor",state="ACTIVE"')}`]: 1 },
      silent: { [`cortex_ring_members${of("compactor", 'name="compactor",state="ACTIVE"')}`]: 2 },
      always: Object.fromEntries([0, 1].map((i) => [`up${of("compactor", 'job="mimir"', `mimir-compactor-${i}`)}`, 1])),
    },
  ],
  MimirGossipSplit: { labels: { namespace }, fires: gossips(4, 4, 4, 4, 1), silent: gossips(5, 5, 5, 5, 5) },
  MimirGossipHasStrangers: { labels: { namespace }, fires: gossips(9, 9, 9, 9), silent: gossips(7, 7, 7, 7) },
  MimirRingStoreFailing: share(
    `cortex_kv_request_duration_seconds_count${of("ingester", 'kv_name="ingester-lifecycler",operation="CAS",status_code="500"')}`,
    `cortex_kv_request_duration_seconds_count${of("ingester", 'kv_name="ingester-lifecycler",operation="CAS",status_code="200"')}`,
    { kv_name: "ingester-lifecycler" },
    "120/s",
    "80/s",
  ),
  MimirRuntimeConfigRejected: {
    labels: { pod: "mimir-ingester-0" },
    fires: { [`cortex_runtime_config_last_reload_successful${of("ingester", 'config="mimir-runtime-config"')}`]: 0 },
    silent: { [`cortex_runtime_config_last_reload_successful${of("ingester", 'config="mimir-runtime-config"')}`]: 1 },
  },
  MimirRuntimeConfigDiffers: {
    labels: { namespace },
    fires: {
      [`cortex_runtime_config_hash${of("ingester", 'sha256="a"')}`]: 1,
      [`cortex_runtime_config_hash${of("querier", 'sha256="b"')}`]: 1,
    },
    silent: {
      [`cortex_runtime_config_hash${of("ingester", 'sha256="a"')}`]: 1,
      [`cortex_runtime_config_hash${of("querier", 'sha256="a"')}`]: 1,
    },
  },
  MimirIngesterNotShipping: [
    {
      ...since("cortex_ingester_shipper_last_successful_upload_timestamp_seconds", "ingester", 18_000, 9000),
      name: "it never does",
      labels: { pod: "mimir-ingester-0", severity: "critical" },
      always: {
        [`process_start_time_seconds${of("ingester")}`]: 1,
        [`cortex_ingester_ingested_samples_total${of("ingester", 'user="acme"')}`]: "5/s",
      },
    },
    {
      name: "nobody sends it samples",
      labels: { pod: "mimir-ingester-0" },
      after: "300m",
      interval: "5m",
      fires: { [`cortex_ingester_ingested_samples_total${of("ingester", 'user="acme"')}`]: "5/s" },
      silent: { [`cortex_ingester_ingested_samples_total${of("ingester", 'user="acme"')}`]: "900x60" },
      always: {
        [`process_start_time_seconds${of("ingester")}`]: 1,
        [`cortex_ingester_shipper_last_successful_upload_timestamp_seconds${of("ingester")}`]: 0,
      },
    },
  ],
  MimirBlocksWaitForUpload: {
    labels: { pod: "mimir-ingester-0" },
    after: "90m",
    interval: "1m",
    fires: { [`cortex_ingester_oldest_unshipped_block_timestamp_seconds${of("ingester")}`]: 60 },
    silent: { [`cortex_ingester_oldest_unshipped_block_timestamp_seconds${of("ingester")}`]: 0 },
  },
  MimirHeadCompactionFailing: none(`cortex_ingester_tsdb_compactions_failed_total${of("ingester")}`, {
    pod: "mimir-ingester-0",
  }),
  MimirWalWritesFailing: none(`cortex_ingester_tsdb_wal_writes_failed_total${of("ingester")}`, {
    pod: "mimir-ingester-0",
  }),
  MimirWalCorrupted: {
    labels: { pod: "mimir-ingester-0" },
    fires: { [`cortex_ingester_tsdb_wal_corruptions_total${of("ingester")}`]: "0.01/s" },
    silent: { [`cortex_ingester_tsdb_wal_corruptions_total${of("ingester")}`]: 1 },
    always: { [`cortex_ingester_tsdb_mmap_chunk_corruptions_total${of("ingester")}`]: 0 },
  },
  MimirTsdbUpkeepFailing: {
    labels: { pod: "mimir-ingester-0" },
    fires: { [`cortex_ingester_tsdb_checkpoint_deletions_failed_total${of("ingester")}`]: "0.01/s" },
    silent: { [`cortex_ingester_tsdb_checkpoint_deletions_failed_total${of("ingester")}`]: 1 },
    always: {
      [`cortex_ingester_tsdb_head_truncations_failed_total${of("ingester")}`]: 0,
      [`cortex_ingester_tsdb_checkpoint_creations_failed_total${of("ingester")}`]: 0,
      [`cortex_ingester_tsdb_wal_truncations_failed_total${of("ingester")}`]: 0,
    },
  },
  MimirMemoryMapsRunOut: {
    labels: { pod: "mimir-store-gateway-0" },
    fires: { [`process_memory_map_areas${of("store-gateway")}`]: 53_000 },
    silent: { [`process_memory_map_areas${of("store-gateway")}`]: 52_000 },
    always: { [`process_memory_map_areas_limit${of("store-gateway")}`]: 65_530 },
  },
  MimirMemoryNearLimit: {
    labels: { pod: "mimir-ingester-zone-a-0" },
    fires: { [`container_memory_rss${container("mimir-ingester-zone-a-0")}`]: 85 },
    silent: { [`container_memory_rss${container("mimir-ingester-zone-a-0")}`]: 79 },
    always: { [`container_spec_memory_limit_bytes${container("mimir-ingester-zone-a-0")}`]: 100 },
  },
  MimirOutOfMemory: [
    {
      name: "twice in an hour",
      labels: { pod: "mimir-compactor-0" },
      fires: { [`kube_pod_container_status_restarts_total${container("mimir-compactor-0")}`]: "0.001/s" },
      silent: { [`kube_pod_container_status_restarts_total${container("mimir-compactor-0")}`]: "0.0002/s" },
      always: {
        [`kube_pod_container_status_last_terminated_reason${container("mimir-compactor-0", 'reason="OOMKilled"')}`]: 1,
      },
    },
    {
      name: "it restarts for another reason",
      labels: { pod: "mimir-compactor-0" },
      fires: {
        [`kube_pod_container_status_last_terminated_reason${container("mimir-compactor-0", 'reason="OOMKilled"')}`]: 1,
      },
      silent: {
        [`kube_pod_container_status_last_terminated_reason${container("mimir-compactor-0", 'reason="Error"')}`]: 1,
      },
      always: { [`kube_pod_container_status_restarts_total${container("mimir-compactor-0")}`]: "0.001/s" },
    },
  ],
  MimirRetentionNotRun: since(
    "cortex_compactor_block_cleanup_last_successful_run_timestamp_seconds",
    "compactor",
    24_000,
    9000,
  ),
  MimirBucketIndexStale: {
    labels: { user: "acme" },
    after: "60m",
    fires: { [`cortex_bucket_index_last_successful_update_timestamp_seconds${of("compactor", 'user="acme"')}`]: 60 },
    silent: {
      [`cortex_bucket_index_last_successful_update_timestamp_seconds${of("compactor", 'user="acme"')}`]: "1800+1/s",
    },
  },
  MimirCompactionLate: since("cortex_compactor_last_successful_run_timestamp_seconds", "compactor", 27_000, 9000),
  MimirCompactionHalted: since("cortex_compactor_last_successful_run_timestamp_seconds", "compactor", 90_000, 9000),
  MimirCompactionFailing: {
    labels: { pod: "mimir-compactor-0" },
    interval: "5m",
    fires: { [`cortex_compactor_runs_failed_total${of("compactor", 'reason="error"')}`]: "0.0003/s" },
    silent: { [`cortex_compactor_runs_failed_total${of("compactor", 'reason="error"')}`]: "0.0001/s" },
  },
  MimirCompactorDiskFull: {
    labels: { pod: "mimir-compactor-0" },
    fires: { [`cortex_compactor_disk_out_of_space_errors_total${of("compactor")}`]: "0.001/s" },
    silent: { [`cortex_compactor_disk_out_of_space_errors_total${of("compactor")}`]: 3 },
  },
  MimirCompactorNotUploading: {
    ...since(
      "thanos_objstore_bucket_last_successful_upload_time",
      "compactor",
      24_000,
      9000,
      'bucket="blocks",component="compactor"',
    ),
    always: {
      [`process_start_time_seconds${of("compactor")}`]: 1,
      [`cortex_compactor_group_compaction_runs_started_total${of("compactor")}`]: "0.01/s",
    },
  },
  MimirBlockNotCompacted: none(
    `cortex_compactor_blocks_marked_for_no_compaction_total${of("compactor", 'reason="block-index-out-of-order-chunk"')}`,
    { reason: "block-index-out-of-order-chunk" },
    "0.001/s",
  ),
  MimirSparseHeadersFailing: none(
    `cortex_compactor_build_sparse_headers_failures_total${of("compactor")}`,
    { severity: "info" },
    "0.01/s",
  ),
  MimirRulerWritesFailing: share(
    `cortex_ruler_write_requests_failed_total${of("ruler", 'user="acme",reason="error"')}`,
    `cortex_ruler_write_requests_total${of("ruler", 'user="acme"')}`,
    { severity: "critical" },
  ),
  MimirRulerQueriesFailing: share(
    `cortex_ruler_queries_failed_total${of("ruler", 'user="acme",reason="error"')}`,
    `cortex_ruler_queries_total${of("ruler", 'user="acme"')}`,
    { severity: "critical" },
  ),
  MimirRulesFailing: none(
    `cortex_prometheus_rule_evaluation_failures_total${of("ruler", 'user="acme",rule_group="web;cart",reason="user"')}`,
    { user: "acme", rule_group: "web;cart", severity: "info" },
  ),
  MimirRulesMissed: share(
    `cortex_prometheus_rule_group_iterations_missed_total${of("ruler", 'user="acme",rule_group="web;cart"')}`,
    `cortex_prometheus_rule_group_iterations_total${of("ruler", 'user="acme",rule_group="web;cart"')}`,
    { pod: "mimir-ruler-0" },
    "6/s",
    "4/s",
  ),
  MimirRulerRingCheckFailing: none(`cortex_ruler_ring_check_errors_total${of("ruler")}`, { pod: "mimir-ruler-0" }),
  MimirNotificationsDropped: share(
    `cortex_prometheus_notifications_dropped_total${of("ruler", 'user="acme",alertmanager="http://a"')}`,
    `cortex_prometheus_notifications_sent_total${of("ruler", 'user="acme",alertmanager="http://a"')}`,
    { severity: "critical" },
  ),
  MimirAlertmanagerConfigsFailing: [
    share(
      `cortex_alertmanager_sync_configs_failed_total${of("alertmanager", 'reason="periodic"')}`,
      `cortex_alertmanager_sync_configs_total${of("alertmanager", 'reason="periodic"')}`,
      { pod: "mimir-alertmanager-0" },
      "1/s",
      "0/s",
    ),
    none(`cortex_alertmanager_ring_check_errors_total${of("alertmanager")}`, { pod: "mimir-alertmanager-0" }),
  ],
  MimirAlertmanagerConfigRejected: {
    labels: { user: "acme" },
    fires: { [`cortex_alertmanager_config_last_reload_successful${of("alertmanager", 'user="acme"')}`]: 0 },
    silent: { [`cortex_alertmanager_config_last_reload_successful${of("alertmanager", 'user="acme"')}`]: 1 },
  },
  MimirAlertmanagerStateFailing: [
    "cortex_alertmanager_partial_state_merges_failed_total",
    "cortex_alertmanager_state_replication_failed_total",
    "cortex_alertmanager_state_persist_failed_total",
    "cortex_alertmanager_state_initial_sync_completed_total",
  ].map((metric) =>
    none(`${metric}${of("alertmanager", metric.includes("initial") ? 'outcome="failed"' : "")}`, {
      pod: "mimir-alertmanager-0",
    }),
  ),
  MimirAlertmanagerNotNotifying: share(
    `cortex_alertmanager_notifications_failed_total${of("alertmanager", 'user="acme",integration="webhook",reason="other"')}`,
    `cortex_alertmanager_notifications_total${of("alertmanager", 'user="acme",integration="webhook"')}`,
    { integration: "webhook", severity: "critical" },
  ),
  MimirRecordsMissed: none(`cortex_ingest_storage_reader_missed_records_total${of("ingester")}`, {
    severity: "critical",
    pod: "mimir-ingester-0",
  }),
  MimirPartitionWithoutReader: {
    labels: { severity: "critical" },
    fires: { [`cortex_ingest_storage_reader_last_consumed_offset${of("ingester", 'partition="0"')}`]: 5 },
    silent: {
      [`cortex_ingest_storage_reader_last_consumed_offset${of("ingester", 'partition="0"')}`]: 5,
      [`cortex_ingest_storage_reader_last_consumed_offset${of("ingester", 'partition="1"', "mimir-ingester-1")}`]: 5,
    },
    always: {
      [`cortex_partition_ring_partitions${of("distributor", 'name="ingester-partitions",state="Active"')}`]: 2,
    },
  },
  MimirIngesterBehind: {
    labels: { pod: "mimir-ingester-0", severity: "warning" },
    fires: delay("running", "350/s"),
    silent: delay("running", "250/s"),
  },
  MimirIngesterFarBehind: {
    labels: { pod: "mimir-ingester-0", severity: "critical" },
    fires: delay("running", "1300/s"),
    silent: delay("running", "1100/s"),
  },
  MimirIngesterStuck: [
    {
      name: "it does nothing",
      labels: { pod: "mimir-ingester-0" },
      fires: { [`cortex_ingest_storage_reader_requests_total${of("ingester")}`]: 50 },
      silent: { [`cortex_ingest_storage_reader_requests_total${of("ingester")}`]: "1/s" },
      always: {
        [`cortex_ingest_storage_reader_buffered_fetched_records${of("ingester")}`]: 400,
        [`cortex_ingester_tsdb_forced_compactions_in_progress${of("ingester")}`]: 0,
      },
    },
    {
      name: "it cuts blocks because somebody asked it to",
      labels: { pod: "mimir-ingester-0" },
      fires: { [`cortex_ingester_tsdb_forced_compactions_in_progress${of("ingester")}`]: 0 },
      silent: { [`cortex_ingester_tsdb_forced_compactions_in_progress${of("ingester")}`]: 1 },
      always: {
        [`cortex_ingest_storage_reader_buffered_fetched_records${of("ingester")}`]: 400,
        [`cortex_ingest_storage_reader_requests_total${of("ingester")}`]: 50,
      },
    },
  ],
  MimirIngesterBatchesFailing: {
    labels: { pod: "mimir-ingester-0" },
    fires: { [`cortex_ingest_storage_reader_requests_failed_total${of("ingester", 'cause="server"')}`]: "0.1/s" },
    silent: {
      [`cortex_ingest_storage_reader_requests_failed_total${of("ingester", 'cause="server"')}`]: 3,
      [`cortex_ingest_storage_reader_requests_failed_total${of("ingester", 'cause="client"')}`]: "9/s",
    },
  },
  MimirIngesterCatchUpSlow: {
    labels: { pod: "mimir-ingester-0" },
    after: "20m",
    // Each record is later than the one before, or less late.
    fires: delay(
      "starting",
      "0 300 900 1800 3000 4500 6300 8400 10800 13500 16500 19800 23400 27300 31500 36000 40800 45900 51300 57000 63000 69300 75900 82800 90000 97500 105300 113400 121800 130500 139500 148800 158400 168300 178500 189000 199800 210900 222300 234000",
    ),
    silent: delay("starting", "30/s"),
  },
  MimirKafkaReadsFailing: {
    labels: { pod: "mimir-ingester-0" },
    fires: {
      [`cortex_ingest_storage_reader_read_errors_total${of("ingester", 'component="partition-reader",node_id="1"')}`]:
        "0.2/s",
    },
    silent: {
      [`cortex_ingest_storage_reader_read_errors_total${of("ingester", 'component="partition-reader",node_id="1"')}`]:
        "0.05/s",
    },
  },
  MimirKafkaFetchesFailing: share(
    `cortex_ingest_storage_reader_fetch_errors_total${of("ingester")}`,
    `cortex_ingest_storage_reader_fetches_total${of("ingester")}`,
    { pod: "mimir-ingester-0" },
    "11/s",
    "9/s",
  ),
  MimirOffsetsNotCommitted: share(
    `cortex_ingest_storage_reader_offset_commit_failures_total${of("ingester", 'partition="0"')}`,
    `cortex_ingest_storage_reader_offset_commit_requests_total${of("ingester", 'partition="0"')}`,
    { pod: "mimir-ingester-0" },
    "22/s",
    "18/s",
  ),
  MimirStrongReadsFailing: none(
    `cortex_ingest_storage_strong_consistency_failures_total${of("ingester", 'component="partition-reader",topic="mimir"')}`,
    { component: "partition-reader" },
  ),
  MimirStrongReadsWithoutOffset: {
    labels: { namespace },
    fires: {
      [`cortex_ingest_storage_strong_consistency_requests_total${of("ingester", 'component="partition-reader",with_offset="false"')}`]:
        "6/s",
      [`cortex_ingest_storage_strong_consistency_requests_total${of("ingester", 'component="partition-reader",with_offset="true"')}`]:
        "94/s",
    },
    silent: {
      [`cortex_ingest_storage_strong_consistency_requests_total${of("ingester", 'component="partition-reader",with_offset="false"')}`]:
        "4/s",
      [`cortex_ingest_storage_strong_consistency_requests_total${of("ingester", 'component="partition-reader",with_offset="true"')}`]:
        "96/s",
    },
  },
  MimirProducerBufferFull: {
    labels: { pod: "mimir-distributor-0" },
    fires: {
      [`cortex_ingest_storage_writer_buffered_produce_bytes_distribution${of("distributor", 'quantile="1"')}`]: 600,
    },
    silent: {
      [`cortex_ingest_storage_writer_buffered_produce_bytes_distribution${of("distributor", 'quantile="1"')}`]: 400,
    },
    always: { [`cortex_ingest_storage_writer_buffered_produce_bytes_limit${of("distributor")}`]: 1000 },
  },
};
