import type { AlertCases } from "../lib/alerts.ts";

const labels = (workload: string, more = ""): string =>
  `app="loki",namespace="observability",workload="${workload}"${more && `,${more}`}`;
const all = { namespace: "observability" };
const pod = 'pod="loki-0"';

const discarded = (reason: string, tenant = "fake"): string =>
  `loki_discarded_samples_total{${labels("distributor", `tenant="${tenant}",reason="${reason}",format="loki"`)}}`;
const flushes = `loki_ingester_chunks_flush_requests_total{${labels("ingester", pod)}}`;
const flushFailures = `loki_ingester_chunks_flush_failures_total{${labels("ingester", pod)}}`;
const uploads = (status: string): string =>
  `loki_tsdb_shipper_tables_upload_operation_total{${labels("ingester", `${pod},status="${status}"`)}}`;
const disk = `loki_ingester_wal_disk_usage_percent{${labels("ingester", pod)}}`;
const start = (workload: string): string => `process_start_time_seconds{${labels(workload, pod)}}`;
const bucket = (metric: string, workload: string, le: string, more = ""): string =>
  `${metric}_bucket{${labels(workload, `le="${le}"${more && `,${more}`}`)}}`;
const request = (workload: string, route: string, status: string): string =>
  `loki_request_duration_seconds_count{${labels(workload, `route="${route}",status_code="${status}"`)}}`;
const compacted = `loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds{${labels("compactor", pod)}}`;
const retained = `loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${labels("compactor", pod)}}`;
const memcached = (status: string): string =>
  `loki_memcache_request_duration_seconds_count{${labels("querier", `name="chunks",method="Memcache.GetMulti",status_code="${status}"`)}}`;
const members = (one: string): string =>
  `loki_memberlist_client_cluster_members_count{${labels("all", `pod="${one}"`)}}`;
const unhealthy = `loki_ring_members{${labels("all", 'name="ingester",state="Unhealthy"')}}`;
const rules = (metric: string): string => `loki_prometheus_${metric}{${labels("ruler", 'user="main",rule_group="a"')}}`;

/** Ten of a hundred requests are between two bounds of a histogram. */
const latency = (metric: string, workload: string, fast: string, slow: string, more = "") => ({
  fires: {
    [bucket(metric, workload, fast, more)]: "90/s",
    [bucket(metric, workload, slow, more)]: "100/s",
    [bucket(metric, workload, "+Inf", more)]: "100/s",
  },
  silent: {
    [bucket(metric, workload, fast, more)]: "99.5/s",
    [bucket(metric, workload, slow, more)]: "100/s",
    [bucket(metric, workload, "+Inf", more)]: "100/s",
  },
});

const burn = (
  severity: "critical" | "warning",
  way: "writes" | "reads",
  good: string,
  bad: string,
  [fires, silent]: readonly [string, string],
  window = severity === "critical" ? "1h" : "1d",
) =>
  ({
    labels: { severity, signal: "logs", way, window, ...all },
    interval: severity === "critical" ? "2m" : "10m",
    fires: { [good]: "100/s", [bad]: fires },
    silent: { [good]: "100/s", [bad]: silent },
  }) as const;

const pushed = request("distributor", "loki_api_v1_push", "204");
const notPushed = request("distributor", "otlp_v1_logs", "500");
const answered = request("query-frontend", "loki_api_v1_query_range", "200");
const notAnswered = request("query-frontend", "loki_api_v1_labels", "504");

export const cases: AlertCases = {
  // Of writes 0.1 % may fail, of reads 1 %.
  LogsWritesFailing: [
    burn("critical", "writes", pushed, notPushed, ["2/s", "1.2/s"]),
    burn("critical", "writes", pushed, notPushed, ["0.8/s", "0.5/s"], "6h"),
  ],
  LogsWritesDegraded: burn("warning", "writes", pushed, notPushed, ["0.5/s", "0.2/s"]),
  LogsReadsFailing: [
    burn("critical", "reads", answered, notAnswered, ["20/s", "12/s"]),
    burn("critical", "reads", answered, notAnswered, ["8/s", "5/s"], "6h"),
  ],
  LogsReadsDegraded: burn("warning", "reads", answered, notAnswered, ["5/s", "2/s"]),

  LokiLinesRefused: {
    labels: { severity: "critical", ...all, tenant: "fake", reason: "too_far_behind" },
    fires: { [discarded("too_far_behind")]: "3/s" },
    // Who is told to come again loses nothing, and one burst is over before anybody is woken.
    silent: {
      [discarded("too_far_behind")]: "0x5 40x20",
      [discarded("rate_limited")]: "9/s",
      [discarded("greater_than_max_sample_age")]: "9/s",
    },
  },
  LokiOldLinesRefused: {
    labels: { severity: "warning", ...all, tenant: "fake" },
    fires: { [discarded("greater_than_max_sample_age")]: "3/s" },
    silent: { [discarded("greater_than_max_sample_age")]: "0+90x60 5400x20", [discarded("too_far_behind")]: "3/s" },
  },
  LokiTenantLimited: {
    labels: { severity: "warning", ...all, tenant: "main", reason: "stream_limit" },
    fires: { [discarded("stream_limit", "main")]: "3/s" },
    silent: { [discarded("stream_limit", "main")]: 90, [discarded("line_too_long", "main")]: "3/s" },
  },

  LokiChunksNotFlushed: {
    labels: { severity: "critical", ...all },
    fires: { [flushes]: "2/s", [flushFailures]: "1.1/s" },
    silent: { [flushes]: "2/s", [flushFailures]: "0.9/s" },
  },
  LokiFlushQueueLong: {
    labels: { severity: "warning", ...all, pod: "loki-0" },
    fires: { [`loki_ingester_flush_queue_length{${labels("ingester", pod)}}`]: 101 },
    silent: { [`loki_ingester_flush_queue_length{${labels("ingester", pod)}}`]: 100 },
  },
  LokiWalDiskFull: {
    labels: { severity: "critical", ...all, pod: "loki-0" },
    fires: { [disk]: 0.9 },
    silent: { [disk]: 0.88 },
  },
  LokiWalDiskFilling: {
    labels: { severity: "warning", ...all, pod: "loki-0" },
    fires: { [disk]: 0.81 },
    silent: { [disk]: 0.8 },
  },
  LokiCheckpointsFailing: {
    labels: { severity: "warning", ...all, pod: "loki-0" },
    always: { [`loki_ingester_checkpoint_creations_failed_total{${labels("ingester", pod)}}`]: 0 },
    fires: { [`loki_ingester_checkpoint_deletions_failed_total{${labels("ingester", pod)}}`]: "0.01/s" },
    silent: { [`loki_ingester_checkpoint_deletions_failed_total{${labels("ingester", pod)}}`]: 7 },
  },
  LokiIndexNotUploaded: {
    labels: { severity: "critical", ...all },
    fires: { [uploads("failure")]: "0.011/s", [uploads("success")]: "0.01/s" },
    silent: { [uploads("failure")]: "0.009/s", [uploads("success")]: "0.01/s" },
  },
  LokiIndexBuildFailing: {
    labels: { severity: "warning", ...all, pod: "loki-0" },
    fires: { [`loki_tsdb_build_index_attempts_total{${labels("ingester", `${pod},status="failure"`)}}`]: "0.01/s" },
    silent: {
      [`loki_tsdb_build_index_attempts_total{${labels("ingester", `${pod},status="failure"`)}}`]: 3,
      [`loki_tsdb_build_index_attempts_total{${labels("ingester", `${pod},status="success"`)}}`]: "0.01/s",
    },
  },

  LokiPushesSlow: {
    labels: { severity: "warning", ...all },
    ...latency("loki_request_duration_seconds", "distributor", "1", "5", 'route="loki_api_v1_push"'),
  },
  LokiReadsSlow: {
    labels: { severity: "warning", ...all },
    ...latency("loki_request_duration_seconds", "query-frontend", "10", "50", 'route="loki_api_v1_query"'),
  },
  LokiQueriesWait: {
    labels: { severity: "warning", ...all },
    ...latency("loki_query_scheduler_queue_duration_seconds", "query-scheduler", "5", "10"),
  },
  LokiQueriesRefused: {
    labels: { severity: "warning", ...all, user: "main" },
    fires: { [`loki_query_scheduler_discarded_requests_total{${labels("query-scheduler", 'user="main"')}}`]: "0.1/s" },
    silent: { [`loki_query_scheduler_discarded_requests_total{${labels("query-scheduler", 'user="main"')}}`]: 12 },
  },
  LokiCacheFailing: {
    labels: { severity: "warning", ...all, name: "chunks" },
    fires: { [memcached("200")]: "7/s", [memcached("500")]: "3/s" },
    silent: { [memcached("200")]: "9/s", [memcached("500")]: "1/s", [memcached("404")]: "9/s" },
  },

  LokiCompactionHalted: [
    {
      name: "it has not succeeded since the process started",
      labels: { severity: "critical", ...all },
      after: "3h15m",
      interval: "5m",
      fires: { [compacted]: 0, [start("compactor")]: 0 },
      silent: { [compacted]: 12_000, [start("compactor")]: 0 },
    },
    {
      name: "it does not succeed any more",
      labels: { severity: "critical", ...all },
      after: "3h30m",
      interval: "5m",
      fires: { [compacted]: 600, [start("compactor")]: 0 },
      silent: { [compacted]: 12_000, [start("compactor")]: 0 },
    },
  ],
  LokiRetentionNotRun: {
    labels: { severity: "critical", ...all },
    after: "6h15m",
    interval: "5m",
    fires: { [retained]: 0, [start("compactor")]: 0 },
    silent: { [retained]: 0, [start("compactor")]: 3600 },
  },
  LokiTooManyCompactors: {
    labels: { severity: "warning", ...all },
    fires: {
      [`loki_boltdb_shipper_compactor_running{${labels("compactor", 'pod="a"')}}`]: 1,
      [`loki_boltdb_shipper_compactor_running{${labels("compactor", 'pod="b"')}}`]: 1,
    },
    silent: {
      [`loki_boltdb_shipper_compactor_running{${labels("compactor", 'pod="a"')}}`]: 1,
      [`loki_boltdb_shipper_compactor_running{${labels("compactor", 'pod="b"')}}`]: 0,
    },
  },
  LokiDeleteRequestOld: {
    labels: { severity: "warning", ...all },
    fires: { [`loki_compactor_oldest_pending_delete_request_age_seconds{${labels("compactor")}}`]: 86_500 },
    silent: { [`loki_compactor_oldest_pending_delete_request_age_seconds{${labels("compactor")}}`]: 86_300 },
  },
  LokiRingUnhealthy: {
    labels: { severity: "warning", ...all, name: "ingester" },
    fires: { [unhealthy]: 1 },
    silent: { [unhealthy]: 0 },
  },
  LokiMembersApart: {
    labels: { severity: "warning", ...all },
    fires: { [members("a")]: 3, [members("b")]: 3, [members("c")]: 1 },
    // One that has just gone is seen for a while.
    silent: { [members("a")]: 4, [members("b")]: 3, [members("c")]: 3 },
  },
  LokiOverridesRefused: {
    labels: { severity: "warning", ...all },
    fires: { [`loki_runtime_config_last_reload_successful{${labels("all")}}`]: 0 },
    silent: { [`loki_runtime_config_last_reload_successful{${labels("all")}}`]: 1 },
  },
  LokiRulesFailing: {
    labels: { severity: "warning", ...all, user: "main" },
    fires: {
      [rules("rule_evaluation_failures_total")]: "0.02/s",
      [rules("rule_evaluations_total")]: "1/s",
    },
    silent: {
      [rules("rule_evaluation_failures_total")]: "0.005/s",
      [rules("rule_evaluations_total")]: "1/s",
    },
  },
  LokiRulesMissed: {
    labels: { severity: "warning", ...all, user: "main" },
    fires: { [rules("rule_group_iterations_missed_total")]: "0.01/s" },
    silent: { [rules("rule_group_iterations_missed_total")]: 5 },
  },
  LokiAlertsNotSent: {
    labels: { severity: "warning", ...all, user: "main" },
    fires: { [rules("notifications_dropped_total")]: "0.1/s" },
    silent: { [rules("notifications_dropped_total")]: 5 },
  },
  LokiPanicked: {
    labels: { severity: "warning", ...all, workload: "ingester" },
    fires: { [`loki_panic_total{${labels("ingester")}}`]: "0.01/s" },
    silent: { [`loki_panic_total{${labels("ingester")}}`]: 1 },
  },
};
