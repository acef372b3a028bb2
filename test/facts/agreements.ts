/* What two programs must call alike, as their sources and pages have it. */

/** Metrics that rules, autoscalers and data sources may ask for, and who makes them. */
export const metrics: Readonly<Record<string, string>> = {
  up: "Prometheus, of each target: docs/concepts/jobs_instances.md of 3.16.0",
  prometheus_notifications_alertmanagers_discovered: "Prometheus: notifier/metric.go of 3.16.0",
  prometheus_notifications_sent_total: "Prometheus: the same",
  prometheus_rule_evaluation_failures_total: "Prometheus: rules/group.go of 3.16.0",
  prometheus_rule_group_iterations_missed_total: "Prometheus: the same",
  loki_query_scheduler_inflight_requests: "Loki: pkg/scheduler/scheduler.go of v3.7.6",
  cortex_query_scheduler_inflight_requests: "Mimir: pkg/scheduler/scheduler.go at aced80d74930",
  tempo_query_frontend_queue_duration_seconds_sum: "Tempo: modules/frontend/v1/frontend.go of v3.0.3",
  tempo_request_duration_seconds_sum: "Tempo: dskit's server, whose metrics begin with the program's name",
  traces_spanmetrics_calls_total: "Tempo: modules/generator/processor/spanmetrics/spanmetrics.go of v3.0.3",
  traces_spanmetrics_latency_bucket: "Tempo: the same",
};

/**
 * Which type of data source a link of another must lead to: https://grafana.com/docs/grafana/latest/datasources/loki/configure/#derived-fields,
 * …/tempo/configure-tempo-data-source/#provision-the-data-source and …/prometheus/configure/#provision-the-data-source.
 */
export const links: Readonly<Record<string, string>> = {
  derivedFields: "tempo",
  serviceMap: "prometheus",
  tracesToLogsV2: "loki",
  tracesToMetrics: "prometheus",
  exemplarTraceIdDestinations: "tempo",
  alertmanagerUid: "alertmanager",
};

/** Where a configuration names a bucket of S3, by program. Thanos's stands in objstore.yml. */
export const buckets: Readonly<Record<string, readonly (readonly [path: string, purpose: string])[]>> = {
  // docs/sources/shared/configuration.md of v3.7.6
  loki: [
    ["storage_config.aws.bucketnames", "chunks"],
    ["storage_config.object_store.s3.bucket_name", "chunks"],
    ["ruler.storage.s3.bucketnames", "rules"],
    ["ruler_storage.s3.bucket_name", "rules"],
  ],
  mimir: [
    ["blocks_storage.s3.bucket_name", "blocks"],
    ["ruler_storage.s3.bucket_name", "rules"],
    ["alertmanager_storage.s3.bucket_name", "alertmanager"],
  ],
  tempo: [["storage.trace.s3.bucket", "blocks"]],
};

/** Where a configuration says who it is to S3: the id and the secret of it. */
export const s3Keys: Readonly<Record<string, readonly (readonly [id: string, secret: string])[]>> = {
  loki: [
    ["storage_config.aws.access_key_id", "storage_config.aws.secret_access_key"],
    ["storage_config.object_store.s3.access_key_id", "storage_config.object_store.s3.secret_access_key"],
    ["ruler.storage.s3.access_key_id", "ruler.storage.s3.secret_access_key"],
    ["ruler_storage.s3.access_key_id", "ruler_storage.s3.secret_access_key"],
  ],
  mimir: [["common.storage.s3.access_key_id", "common.storage.s3.secret_access_key"]],
  tempo: [["storage.trace.s3.access_key", "storage.trace.s3.secret_key"]],
};

/** Where a program is told its topic. */
export const topics: Readonly<Record<string, string>> = {
  mimir: "ingest_storage.kafka.topic",
  tempo: "ingest.kafka.topic",
};
