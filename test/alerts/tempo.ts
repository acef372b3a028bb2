import { burning, type AlertCase, type AlertCases, type RecordingCase } from "../lib/alerts.ts";

const of = (workload: string, more = ""): string =>
  `app="tempo",namespace="observability",workload="${workload}",pod="tempo-${workload}-0"${more}`;
const tenant = ',tenant="team-a"';

/** A counter that goes up, and one that has gone up for as long and no more. */
const counted = (series: string, labels: AlertCase["labels"] = {}): AlertCase => ({
  labels: { ...labels, namespace: "observability" },
  fires: { [series]: "0.5/s" },
  silent: { [series]: 40 },
});

/** More than `most` within a range of `seconds`, and a little less. */
const within = (series: string, most: number, seconds: number, more: Partial<AlertCase> = {}): AlertCase => ({
  labels: { namespace: "observability" },
  fires: { [series]: `${(most * 1.1) / seconds}/s` },
  silent: { [series]: `${(most * 0.9) / seconds}/s` },
  ...more,
});

/** A gauge above or below a limit, and just on the other side. */
const gauge = (
  series: string,
  bad: number,
  good: number,
  labels: AlertCase["labels"] = {},
  more: Partial<AlertCase> = {},
): AlertCase => ({
  labels: { ...labels, namespace: "observability" },
  fires: { [series]: bad },
  silent: { [series]: good },
  ...more,
});

const lag = (workload: string, group: string): string =>
  `tempo_ingest_group_partition_lag_seconds{${of(workload)},group="${group}",partition="0"}`;
const inZone = (zone: string): string =>
  `tempo_ingest_group_partition_lag_seconds{app="tempo",namespace="observability",workload="live-store",pod="tempo-live-store-${zone}-0",group="live-store-${zone}",partition="1"}`;
const owned = (zone: string, partition: number): string =>
  `tempo_live_store_partition_owned{app="tempo",namespace="observability",workload="live-store",pod="tempo-live-store-${zone}-${partition}",partition="${partition}",zone="live-store-${zone}"}`;
const lagged = `tempo_live_store_lagged_requests_total{${of("live-store")},route="/tempopb.Querier/SearchRecent"}`;
const recentOnes = `tempo_request_duration_seconds_count{${of("live-store")},method="gRPC",route="/tempopb.Querier/SearchRecent",status_code="error",ws="false"}`;
const active = `tempo_partition_ring_partitions{${of("distributor")},name="livestore-partitions",state="Active"}`;
const inactive = `tempo_partition_ring_partitions{${of("distributor")},name="livestore-partitions",state="Inactive"}`;
const built = (partition: number): string =>
  `tempo_block_builder_owned_partitions{${of("block-builder")},partition="${partition}",state="PartitionActive"}`;
const scheduler = of("backend-scheduler");
const worker = of("backend-worker");
const next = `tempo_request_duration_seconds_count{${scheduler},method="gRPC",route="/tempopb.BackendScheduler/Next",status_code="error",ws="false"}`;
const created = `tempo_backend_scheduler_jobs_created_total{${scheduler}${tenant},job_type="JOB_TYPE_COMPACTION"}`;
const failed = `tempo_backend_scheduler_jobs_failed_total{${scheduler}${tenant},job_type="JOB_TYPE_COMPACTION"}`;
const completed = `tempo_backend_scheduler_jobs_completed_total{${scheduler}${tenant},job_type="JOB_TYPE_COMPACTION"}`;
const retained = `tempo_backend_scheduler_jobs_completed_total{${scheduler}${tenant},job_type="JOB_TYPE_RETENTION"}`;
const builder = `tempodb_blocklist_tenant_index_builder{${worker}${tenant}}`;
const request = (status: string): string =>
  `tempodb_backend_request_duration_seconds_count{${of("querier")},operation="GET",status_code="${status}"}`;
const memcached = (status: string): string =>
  `tempo_memcache_request_duration_seconds_count{${of("querier")},method="Memcache.GetMulti",name="bloom",status_code="${status}"}`;
const waited = (le: string): string =>
  `tempo_query_frontend_queue_duration_seconds_bucket{${of("query-frontend")},le="${le}"}`;
const members = (workload: string): string => `tempo_memberlist_client_cluster_members_count{${of(workload)}}`;
const generator = `${of("metrics-generator")}${tenant}`;

export const cases: AlertCases = {
  TempoSpansDiscarded: counted(`tempo_discarded_spans_total{${of("distributor")},reason="rate_limited"${tenant}}`, {
    reason: "rate_limited",
    tenant: "team-a",
  }),
  TempoSpansLost: counted(`tempo_discarded_spans_total{${of("all")},reason="live_traces_exceeded"${tenant}}`, {
    tenant: "team-a",
  }),
  TempoQueueWritesFailing: counted(`tempo_distributor_produce_failures_total{${of("distributor")},reason="timeout"}`, {
    reason: "timeout",
  }),
  TempoLiveStoreLagging: gauge(lag("live-store", "live-store-zone-a"), 210, 190, { partition: "0" }),
  TempoPartitionUnread: {
    labels: { partition: "1", namespace: "observability" },
    fires: { [inZone("zone-a")]: 310, [inZone("zone-b")]: 900 },
    silent: { [inZone("zone-a")]: 290, [inZone("zone-b")]: 900 },
  },
  TempoPartitionUnowned: [
    {
      name: "one of two is read by no one",
      labels: { namespace: "observability" },
      fires: { [active]: 2, [owned("zone-a", 0)]: 1, [owned("zone-b", 0)]: 1, [owned("zone-a", 1)]: 0 },
      silent: { [active]: 2, [owned("zone-a", 0)]: 1, [owned("zone-b", 0)]: 1, [owned("zone-a", 1)]: 1 },
    },
    {
      name: "no live-store is left",
      fires: { [active]: 2 },
      silent: { [active]: 0, [owned("zone-a", 0)]: 1 },
    },
  ],
  TempoPartitionOwnedOnce: {
    labels: { namespace: "observability" },
    fires: { [owned("zone-a", 0)]: 1, [owned("zone-b", 0)]: 0 },
    silent: { [owned("zone-a", 0)]: 1, [owned("zone-b", 0)]: 1 },
  },
  TempoLiveStoreNotReady: [
    gauge(`tempo_live_store_ready{${of("live-store")}}`, 0, 1, { pod: "tempo-live-store-0" }),
    gauge(`tempo_live_store_ready{${of("all")}}`, 0, 1, {}, { mode: "monolithic" }),
  ],
  TempoReadsLackNewest: {
    labels: { namespace: "observability" },
    fires: { [lagged]: "0.6/s", [recentOnes]: "1/s" },
    silent: { [lagged]: "0.4/s", [recentOnes]: "1/s" },
  },
  TempoRecordsDropped: [
    counted(`tempo_live_store_records_dropped_total{${of("live-store")},reason="decoding_failed"${tenant}}`, {
      reason: "decoding_failed",
    }),
    {
      name: "too old ones are dropped on purpose",
      fires: {
        [`tempo_live_store_records_dropped_total{${of("live-store")},reason="instance_not_found"${tenant}}`]: "1/s",
      },
      silent: { [`tempo_live_store_records_dropped_total{${of("live-store")},reason="too_old"${tenant}}`]: "1/s" },
    },
  ],
  TempoCompletionsFailing: within(`tempo_live_store_failed_completions_total{${of("live-store")}}`, 2, 900),
  TempoFlushesFailing: within(`tempo_live_store_local_failed_flushes_total{${of("all")}}`, 2, 900),
  TempoBlockBuilderLagging: gauge(lag("block-builder", "block-builder"), 310, 290, { partition: "0" }),
  TempoBlockBuilderFarBehind: gauge(lag("block-builder", "block-builder"), 910, 890, { partition: "0" }),
  TempoPartitionUnbuilt: [
    {
      name: "one of three is built by no one",
      labels: { namespace: "observability" },
      fires: { [active]: 2, [inactive]: 1, [built(0)]: 1, [built(1)]: 1 },
      silent: { [active]: 2, [inactive]: 0, [built(0)]: 1, [built(1)]: 1 },
    },
    {
      name: "no block-builder is left",
      fires: { [active]: 1 },
      silent: { [active]: 1, [built(0)]: 1 },
    },
  ],
  TempoBlockBuilderFetchFailing: counted(
    `tempo_block_builder_fetch_errors_total{${of("block-builder")},partition="1"}`,
    {
      partition: "1",
    },
  ),
  TempoBlocklistPollsFailing: within(`tempodb_blocklist_poll_errors_total{${of("querier")},tenant=""}`, 2, 3600),
  TempoBlocklistStale: {
    labels: { pod: "tempo-querier-0", namespace: "observability" },
    fires: { [`tempodb_blocklist_poll_duration_seconds_count{${of("querier")}}`]: 7 },
    silent: { [`tempodb_blocklist_poll_duration_seconds_count{${of("querier")}}`]: `${2 / 900}/s` },
  },
  TempoTenantIndexFailing: within(`tempodb_blocklist_tenant_index_errors_total{${of("querier")}${tenant}}`, 30, 3600, {
    labels: { tenant: "team-a" },
  }),
  TempoTenantIndexUnbuilt: {
    labels: { tenant: "team-a", namespace: "observability" },
    fires: { [builder]: 0 },
    silent: { [builder]: 1 },
    always: { [`tempodb_blocklist_length{${of("querier")}${tenant}}`]: 3 },
  },
  TempoTenantIndexOld: gauge(`tempodb_blocklist_tenant_index_age_seconds{${of("querier")}${tenant}}`, 610, 590, {
    tenant: "team-a",
  }),
  TempoCompactionsFailing: within(`tempodb_compaction_errors_total{${worker}}`, 2, 3600),
  TempoCompactionBehind: {
    labels: { namespace: "observability" },
    interval: "5m",
    fires: { [`tempodb_compaction_outstanding_blocks{${scheduler}${tenant}}`]: 101 },
    silent: { [`tempodb_compaction_outstanding_blocks{${scheduler}${tenant}}`]: 99 },
    always: { [`tempo_build_info{${worker},version="3.0.3"}`]: 1 },
  },
  TempoBackendJobsFailing: {
    labels: { namespace: "observability" },
    fires: { [failed]: "0.006/s" },
    silent: { [failed]: "0.004/s" },
    always: { [created]: "0.1/s" },
  },
  TempoBackendWorkHalted: {
    labels: { namespace: "observability" },
    fires: { [failed]: "0.01/s", [completed]: 5 },
    silent: { [failed]: "0.01/s", [completed]: "0.01/s" },
  },
  TempoBackendWorkersAbsent: {
    labels: { namespace: "observability" },
    fires: { [next]: 100 },
    silent: { [next]: `${2 / 1800}/s` },
  },
  TempoBackendJobsRepeated: within(
    `tempo_backend_scheduler_jobs_retry_total{${scheduler}${tenant},job_type="JOB_TYPE_COMPACTION",worker_id="worker-0"}`,
    20,
    60,
  ),
  TempoBackendJobsInvalid: counted(`tempo_backend_worker_bad_jobs_received_total{${worker},status="no_tenant"}`, {
    status: "no_tenant",
  }),
  TempoCompactionIdle: within(`tempo_backend_scheduler_compaction_tenant_empty_job_total{${scheduler}}`, 10, 60),
  TempoSchedulerStateFailing: within(`tempo_backend_scheduler_work_flushes_failed_total{${scheduler}}`, 2, 1800),
  TempoRetentionFailing: within(`tempodb_retention_errors_total{${worker}}`, 2, 3600),
  TempoRetentionNotRun: {
    labels: { namespace: "observability" },
    interval: "1m",
    fires: { [retained]: 4 },
    silent: { [retained]: `${2 / 10800}/s` },
  },
  TempoObjectStoreFailing: {
    labels: { namespace: "observability" },
    fires: { [request("503")]: "0.6/s", [request("200")]: "10/s" },
    silent: { [request("503")]: "0.5/s", [request("200")]: "10/s" },
  },
  TempoQueriersMissing: gauge(`tempo_query_frontend_connected_clients{${of("query-frontend")}}`, 0, 1, {
    pod: "tempo-query-frontend-0",
  }),
  TempoQueriesWaiting: {
    labels: { namespace: "observability" },
    fires: { [waited("5")]: "0.98/s", [waited("10")]: "1/s", [waited("+Inf")]: "1/s" },
    silent: { [waited("5")]: "1/s", [waited("10")]: "1/s", [waited("+Inf")]: "1/s" },
  },
  TempoCacheFailing: {
    labels: { name: "bloom", namespace: "observability" },
    fires: { [memcached("500")]: "2.1/s", [memcached("200")]: "7.9/s" },
    silent: { [memcached("500")]: "1.9/s", [memcached("200")]: "8.1/s" },
  },
  TempoOverridesRejected: gauge(
    `tempo_runtime_config_last_reload_successful{${of("distributor")},config="overrides"}`,
    0,
    1,
  ),
  TempoRingMemberUnhealthy: gauge(`tempo_ring_members{${of("querier")},name="live-store",state="Unhealthy"}`, 1, 0, {
    name: "live-store",
  }),
  TempoGossipSplit: {
    labels: { namespace: "observability" },
    fires: { [members("querier")]: 4, [members("distributor")]: 5 },
    silent: { [members("querier")]: 5, [members("distributor")]: 5 },
  },
  TempoGeneratorLagging: gauge(lag("metrics-generator", "metrics-generator"), 310, 290, { partition: "0" }),
  TempoGeneratorProcessorsFailing: counted(
    `tempo_metrics_generator_active_processors_update_failed_total{${generator}}`,
    { tenant: "team-a" },
  ),
  TempoGeneratorCollectionsFailing: within(
    `tempo_metrics_generator_registry_collections_failed_total{${generator},error_type="append"}`,
    2,
    600,
    { labels: { tenant: "team-a" } },
  ),
  TempoGeneratorSendingFailing: counted(
    `prometheus_remote_storage_samples_failed_total{${generator},remote_name="x",url="http://prometheus:9090/api/v1/write"}`,
    { tenant: "team-a" },
  ),
  TempoGeneratorSeriesRefused: counted(`tempo_metrics_generator_registry_series_limited_total{${generator}}`, {
    tenant: "team-a",
  }),
  TempoServiceGraphIncomplete: {
    labels: { tenant: "team-a", namespace: "observability" },
    fires: { [`tempo_metrics_generator_processor_service_graphs_dropped_spans{${generator}}`]: "0.6/s" },
    silent: { [`tempo_metrics_generator_processor_service_graphs_dropped_spans{${generator}}`]: "0.4/s" },
    always: { [`tempo_metrics_generator_spans_received_total{${generator}}`]: "100/s" },
  },
  ...burning("traces", "writes", 0.001),
  ...burning("traces", "reads", 0.01),
};

const door = (what: string): string =>
  `tempo_receiver_${what}_spans{${of("distributor")},receiver="otlp/otlp_receiver",transport="grpc"}`;
const queries = (what: string): string =>
  `tempo_query_frontend_${what}_total{${of("query-frontend")},op="search",result="completed"${tenant}}`;
const writes = { signal: "traces", way: "writes" } as const;
const reads = { signal: "traces", way: "reads" } as const;

export const recordings: readonly RecordingCase[] = [
  {
    // What is refused for a limit of the sender is not the stack's fault: 3 of 10 are, and 2 of these for a limit.
    record: "kube_lgtm:requests_failed:ratio_rate5m",
    labels: writes,
    given: {
      [door("accepted")]: "7/s",
      [door("refused")]: "3/s",
      [`tempo_discarded_spans_total{${of("distributor")},reason="rate_limited"${tenant}}`]: "2/s",
    },
    is: { 'namespace="observability"': 0.1 },
  },
  {
    record: "kube_lgtm:requests_failed:ratio_rate30m",
    labels: writes,
    given: { [door("accepted")]: "9/s", [door("refused")]: "1/s" },
    is: { 'namespace="observability"': 0.1 },
  },
  {
    record: "kube_lgtm:requests_failed:ratio_rate5m",
    labels: reads,
    given: { [queries("queries")]: "1/s", [queries("queries_within_slo")]: "0.75/s" },
    is: { 'namespace="observability"': 0.25 },
  },
  {
    // After a start in which every question fails, none has been within the objective.
    record: "kube_lgtm:requests_failed:ratio_rate30m",
    labels: reads,
    given: { [queries("queries")]: "1/s" },
    is: { 'namespace="observability"': 1 },
  },
];
