import { type AlertCases, burning, type RecordingCase, type Series } from "../lib/alerts.ts";
import { watched } from "../lib/watched.ts";

const of = (workload: string): string =>
  `app="thanos",job="thanos",namespace="observability",workload="${workload}",pod="thanos-${workload}-0"`;
const [query, frontend, store, compact, rule] = ["query", "query-frontend", "store", "compact", "rule"].map(of) as [
  string,
  string,
  string,
  string,
  string,
];
const sidecar =
  'app="prometheus",job="thanos-sidecar",container="thanos-sidecar",namespace="observability",workload="server",pod="prometheus-0"';
const receiver =
  'app="thanos-receive",job="thanos-receive",namespace="observability",workload="ingester",pod="thanos-receive-ingester-0"';

const critical = { severity: "critical", namespace: "observability" } as const;
const warning = { severity: "warning", namespace: "observability" } as const;

/** A histogram of a hundred observations in a second, of which so many are no longer than a limit. */
const within = (name: string, labels: string, limit: number, below: number): Series => ({
  [`${name}_bucket{${labels},le="${limit}"}`]: `${below}/s`,
  [`${name}_bucket{${labels},le="${limit * 2}"}`]: "100/s",
  [`${name}_bucket{${labels},le="+Inf"}`]: "100/s",
});
/** So many of a thousand in a second fail. */
const failing = (bad: string, all: string, failed: number): Series => ({
  [bad]: `${failed}/s`,
  [all]: "1000/s",
});
/** Beside what fails stands what is answered. */
const handled = (metric: string, labels: string, failed: number): Series => ({
  [`${metric}{${labels},grpc_method="Series",grpc_code="Unavailable"}`]: `${failed}/s`,
  [`${metric}{${labels},grpc_method="Series",grpc_code="OK"}`]: `${1000 - failed}/s`,
});
const operations = (labels: string, failed: number): Series =>
  failing(
    `thanos_objstore_bucket_operation_failures_total{${labels},operation="get"}`,
    `thanos_objstore_bucket_operations_total{${labels},operation="get"}`,
    failed,
  );
const reads = `${frontend},handler="query-frontend",method="get"`;

const group = `rule_group="/etc/thanos/rules/metamonitoring.yaml;metamonitoring",strategy="abort"`;

export const recordings: readonly RecordingCase[] = [
  {
    record: "kube_lgtm:requests_failed:ratio_rate5m",
    labels: { signal: "metrics", way: "reads" },
    given: {
      [`http_requests_total{${reads},code="200"}`]: "6/s",
      // A query with a fault is its author's.
      [`http_requests_total{${reads},code="422"}`]: "3/s",
      [`http_requests_total{${reads},code="504"}`]: "1/s",
      [`http_requests_total{${query},handler="query",code="500"}`]: "9/s",
    },
    is: { 'namespace="observability"': 0.1 },
  },
];

export const cases: AlertCases = {
  ...watched,
  ...burning("metrics", "reads", 0.01),
  ThanosReadsSlow: {
    labels: warning,
    fires: within("http_request_duration_seconds", reads, 10, 98),
    silent: within("http_request_duration_seconds", reads, 10, 99.5),
  },
  ThanosQuerierFull: {
    labels: { ...warning, pod: "thanos-query-0" },
    fires: { [`thanos_query_concurrent_gate_queries_in_flight{${query}}`]: 19 },
    silent: { [`thanos_query_concurrent_gate_queries_in_flight{${query}}`]: 17 },
    always: { [`thanos_query_concurrent_gate_queries_max{${query}}`]: 20 },
  },
  ThanosStoreCallsFailing: {
    labels: warning,
    fires: handled("grpc_client_handled_total", query, 60),
    silent: handled("grpc_client_handled_total", query, 40),
  },
  ThanosGrpcFailing: {
    labels: { ...warning, workload: "store" },
    fires: handled("grpc_server_handled_total", store, 60),
    silent: handled("grpc_server_handled_total", store, 40),
  },
  ThanosQueryLookupsFailing: {
    labels: warning,
    fires: failing(
      `thanos_query_endpoints_dns_failures_total{${query}}`,
      `thanos_query_endpoints_dns_lookups_total{${query}}`,
      60,
    ),
    silent: failing(
      `thanos_query_endpoints_dns_failures_total{${query}}`,
      `thanos_query_endpoints_dns_lookups_total{${query}}`,
      40,
    ),
  },
  ThanosStoreGateSlow: {
    labels: warning,
    fires: within("thanos_bucket_store_series_gate_queries_duration_seconds", store, 2, 98),
    silent: within("thanos_bucket_store_series_gate_queries_duration_seconds", store, 2, 99.5),
  },
  ThanosStoreBlocksNotLoading: {
    labels: { ...warning, pod: "thanos-store-0" },
    fires: { [`thanos_bucket_store_block_load_failures_total{${store}}`]: "0.001/s" },
    silent: { [`thanos_bucket_store_block_load_failures_total{${store}}`]: "0.0005/s" },
  },
  ThanosObjectStoreFailing: [
    {
      name: "a store's",
      labels: { ...warning, app: "thanos", workload: "store" },
      fires: operations(store, 12),
      silent: operations(store, 9),
    },
    {
      name: "a sidecar's",
      labels: { ...warning, app: "prometheus" },
      fires: operations(sidecar, 12),
      silent: operations(sidecar, 9),
    },
  ],
  ThanosObjectStoreSlow: {
    labels: warning,
    fires: within("thanos_objstore_bucket_operation_duration_seconds", `${store},operation="get"`, 2, 98),
    silent: within("thanos_objstore_bucket_operation_duration_seconds", `${store},operation="get"`, 2, 99.5),
  },
  ThanosBlocksNotUploaded: [
    {
      name: "by a sidecar",
      labels: { ...critical, app: "prometheus", pod: "prometheus-0" },
      after: "5h",
      fires: { [`thanos_shipper_uploads_total{${sidecar}}`]: 7 },
      silent: { [`thanos_shipper_uploads_total{${sidecar}}`]: "0.00013889/s" },
      always: { [`process_start_time_seconds{${sidecar}}`]: 0 },
    },
    {
      name: "by a receiver that runs for longer than four hours",
      labels: { ...critical, app: "thanos-receive", pod: "thanos-receive-ingester-0" },
      after: "5h",
      fires: {
        [`thanos_shipper_uploads_total{${receiver},tenant="default-tenant"}`]: 0,
        [`process_start_time_seconds{${receiver}}`]: 0,
      },
      silent: {
        [`thanos_shipper_uploads_total{${receiver},tenant="default-tenant"}`]: 0,
        [`process_start_time_seconds{${receiver}}`]: 32400,
      },
    },
  ],
  ThanosUploadsFailing: {
    labels: { ...warning, app: "prometheus", pod: "prometheus-0" },
    fires: { [`thanos_shipper_upload_failures_total{${sidecar}}`]: "0.003/s" },
    silent: { [`thanos_shipper_upload_failures_total{${sidecar}}`]: "0.002/s" },
  },
  ThanosBlocksCorrupted: {
    labels: { ...critical, app: "prometheus", pod: "prometheus-0" },
    fires: { [`thanos_shipper_corrupted_blocks_total{${sidecar}}`]: "0x10 1x11" },
    silent: { [`thanos_shipper_corrupted_blocks_total{${sidecar}}`]: 1 },
    after: "11m",
  },
  ThanosSidecarWithoutPrometheus: {
    labels: { ...warning, pod: "prometheus-0" },
    fires: { [`thanos_sidecar_prometheus_up{${sidecar}}`]: 0 },
    silent: { [`thanos_sidecar_prometheus_up{${sidecar}}`]: 1 },
  },
  ThanosCompactorHalted: {
    labels: { ...critical, pod: "thanos-compact-0" },
    fires: { [`thanos_compact_halted{${compact}}`]: 1 },
    silent: { [`thanos_compact_halted{${compact}}`]: 0 },
  },
  ThanosCompactorNotRunning: {
    labels: { ...critical, pod: "thanos-compact-0" },
    after: "26h",
    interval: "5m",
    fires: { [`thanos_compact_iterations_total{${compact}}`]: 12 },
    silent: { [`thanos_compact_iterations_total{${compact}}`]: "0.00002/s" },
    always: { [`process_start_time_seconds{${compact}}`]: 0 },
  },
  ThanosCompactionsFailing: {
    labels: { ...warning, pod: "thanos-compact-0" },
    fires: { [`thanos_compact_group_compactions_failures_total{${compact},resolution="0"}`]: "0.001/s" },
    silent: { [`thanos_compact_group_compactions_failures_total{${compact},resolution="0"}`]: "0.0005/s" },
  },
  ThanosBlocksNotDeleted: {
    labels: { ...warning, pod: "thanos-compact-0" },
    fires: { [`thanos_compact_block_cleanup_failures_total{${compact}}`]: "0.001/s" },
    silent: { [`thanos_compact_block_cleanup_failures_total{${compact}}`]: "0.0005/s" },
  },
  ThanosBucketNotRead: {
    labels: { ...warning, workload: "store" },
    fires: { [`thanos_blocks_meta_sync_failures_total{${store}}`]: "0.001/s" },
    silent: { [`thanos_blocks_meta_sync_failures_total{${store}}`]: "0.0005/s" },
  },
  ThanosRuleNotEvaluating: {
    labels: { ...critical, pod: "thanos-rule-0" },
    fires: { [`prometheus_rule_evaluations_total{${rule},${group}}`]: 40 },
    silent: { [`prometheus_rule_evaluations_total{${rule},${group}}`]: "0.0333/s" },
    always: { [`thanos_rule_loaded_rules{${rule},file="metamonitoring.yaml",group="metamonitoring"}`]: 1 },
  },
  ThanosRuleEvaluationsFailing: {
    labels: warning,
    fires: failing(
      `prometheus_rule_evaluation_failures_total{${rule},${group}}`,
      `prometheus_rule_evaluations_total{${rule},${group}}`,
      12,
    ),
    silent: failing(
      `prometheus_rule_evaluation_failures_total{${rule},${group}}`,
      `prometheus_rule_evaluations_total{${rule},${group}}`,
      9,
    ),
  },
  ThanosRuleAnswersIncomplete: {
    labels: { severity: "info", namespace: "observability", pod: "thanos-rule-0" },
    fires: { [`thanos_rule_evaluation_with_warnings_total{${rule},strategy="warn"}`]: "0.03/s" },
    silent: { [`thanos_rule_evaluation_with_warnings_total{${rule},strategy="warn"}`]: 9 },
  },
  ThanosRuleSlow: {
    labels: warning,
    fires: { [`prometheus_rule_group_last_duration_seconds{${rule},${group}}`]: 28 },
    silent: { [`prometheus_rule_group_last_duration_seconds{${rule},${group}}`]: 26 },
    always: { [`prometheus_rule_group_interval_seconds{${rule},${group}}`]: 30 },
  },
  ThanosRuleLate: {
    labels: warning,
    after: "15m",
    fires: { [`prometheus_rule_group_last_evaluation_timestamp_seconds{${rule},${group}}`]: 0 },
    silent: { [`prometheus_rule_group_last_evaluation_timestamp_seconds{${rule},${group}}`]: 3000 },
    always: { [`prometheus_rule_group_interval_seconds{${rule},${group}}`]: 30 },
  },
  ThanosRuleAlertsDropped: [
    {
      name: "by a queue that is full",
      labels: critical,
      fires: { [`thanos_alert_queue_alerts_dropped_total{${rule}}`]: "0.01/s" },
      silent: { [`thanos_alert_queue_alerts_dropped_total{${rule}}`]: 5 },
      always: { [`thanos_alert_sender_alerts_dropped_total{${rule}}`]: 0 },
    },
    {
      name: "while no Alertmanager takes them",
      labels: critical,
      fires: { [`thanos_alert_sender_alerts_dropped_total{${rule}}`]: "0.01/s" },
      silent: { [`thanos_alert_sender_alerts_dropped_total{${rule}}`]: 5 },
      always: { [`thanos_alert_queue_alerts_dropped_total{${rule}}`]: 0 },
    },
  ],
  ThanosRuleAlertmanagerLookupsFailing: {
    labels: warning,
    fires: failing(
      `thanos_rule_alertmanagers_dns_failures_total{${rule}}`,
      `thanos_rule_alertmanagers_dns_lookups_total{${rule}}`,
      60,
    ),
    silent: failing(
      `thanos_rule_alertmanagers_dns_failures_total{${rule}}`,
      `thanos_rule_alertmanagers_dns_lookups_total{${rule}}`,
      40,
    ),
  },
  ThanosRuleConfigNotLoaded: {
    labels: { ...warning, pod: "thanos-rule-0" },
    fires: { [`thanos_rule_config_last_reload_successful{${rule}}`]: 0 },
    silent: { [`thanos_rule_config_last_reload_successful{${rule}}`]: 1 },
  },
  ThanosPartDown: {
    labels: { ...warning, workload: "store" },
    fires: { [`up{${store}}`]: 0, [`up{${store.replace("-0", "-1")}}`]: 0 },
    silent: { [`up{${store}}`]: 0, [`up{${store.replace("-0", "-1")}}`]: 1 },
  },
};
