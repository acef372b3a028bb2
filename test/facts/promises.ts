/* What upstream asks for or advises, as numbers and switches: each with the page or file that says so. */

/** Where each program's own makers publish it. */
export const images: Readonly<Record<string, string>> = {
  alertmanager: "quay.io/prometheus",
  alloy: "docker.io/grafana",
  busybox: "docker.io/library",
  flog: "docker.io/mingrammer",
  grafana: "docker.io/grafana",
  k6: "docker.io/grafana",
  kafka: "docker.io/apache",
  "kube-state-metrics": "registry.k8s.io/kube-state-metrics",
  loki: "docker.io/grafana",
  mc: "quay.io/minio",
  memcached: "docker.io/library",
  "memcached-exporter": "docker.io/prom",
  mimir: "docker.io/grafana",
  minio: "quay.io/minio",
  "nginx-unprivileged": "docker.io/nginxinc",
  "node-exporter": "quay.io/prometheus",
  prometheus: "quay.io/prometheus",
  promtail: "docker.io/grafana",
  "rollout-operator": "docker.io/grafana",
  telemetrygen: "ghcr.io/open-telemetry/opentelemetry-collector-contrib",
  tempo: "docker.io/grafana",
  thanos: "quay.io/thanos",
};

/** A switch of a program's configuration that must be as upstream's page says for what this bundle is for. */
export interface Switch {
  readonly program: string;
  readonly path: string;
  readonly is: unknown;
  readonly why: string;
}
export const switches: readonly Switch[] = [
  {
    program: "loki",
    path: "limits_config.allow_structured_metadata",
    is: true,
    why: "OTLP is refused without: docs/sources/get-started/labels/structured-metadata.md",
  },
  {
    program: "loki",
    path: "schema_config.configs.0.schema",
    is: "v13",
    why: "structured metadata needs it: the same page",
  },
  { program: "loki", path: "schema_config.configs.0.store", is: "tsdb", why: "the same page" },
  {
    program: "loki",
    path: "limits_config.volume_enabled",
    is: true,
    why: "Grafana asks for volumes: docs/sources/visualize/grafana.md",
  },
  {
    program: "loki",
    path: "pattern_ingester.enabled",
    is: true,
    why: "patterns: docs/sources/query/logcli, Logs Drilldown",
  },
  {
    program: "loki",
    path: "compactor.retention_enabled",
    is: true,
    why: "nothing is deleted without: docs/sources/operations/storage/retention.md",
  },
  { program: "loki", path: "ruler.enable_api", is: true, why: "rules can be neither seen nor set without" },
  { program: "loki", path: "ruler.enable_sharding", is: true, why: "each ruler would evaluate all rules" },
  { program: "loki", path: "ruler.enable_alertmanager_v2", is: true, why: "Alertmanager has no API v1 since 0.27" },
  {
    program: "loki",
    path: "analytics.reporting_enabled",
    is: false,
    why: "it would send reports to stats.grafana.org",
  },
  { program: "mimir", path: "usage_stats.enabled", is: false, why: "it would send reports to stats.grafana.org" },
  {
    program: "tempo",
    path: "usage_report.reporting_enabled",
    is: false,
    why: "it would send reports to stats.grafana.org",
  },
  {
    program: "mimir",
    path: "limits.otel_metric_suffixes_enabled",
    is: true,
    why: "names as Prometheus makes them of OTLP: docs/sources/mimir/configure/configure-otel-collector.md",
  },
  {
    program: "tempo",
    path: "stream_over_http_enabled",
    is: true,
    why: "Grafana streams searches: docs/sources/tempo/api_docs/_index.md",
  },
];

/** Arguments without which a program does less than this bundle is for, or more than it should. */
export const arguments_: readonly {
  readonly program: string;
  readonly role?: string;
  readonly arg: string;
  readonly why: string;
}[] = [
  { program: "alloy", arg: "--disable-reporting", why: "it would send reports to stats.grafana.org" },
  { program: "k6", arg: "--no-usage-report", why: "it would send reports" },
  { program: "thanos", role: "compact", arg: "--wait", why: "it would end after one pass: docs/components/compact.md" },
  {
    program: "prometheus",
    arg: "--enable-feature=exemplar-storage",
    why: "exemplars are dropped: docs/feature_flags.md",
  },
  {
    program: "prometheus",
    arg: "--config.auto-reload",
    why: "its ConfigMaps have no hash: docs/feature_flags.md",
  },
];

/** Variables by which programs report to nobody and fetch nothing: conf/defaults.ini of Grafana 12.4.0; MinIO's docs/config/README.md. */
export const variables: readonly (readonly [program: string, name: string, value: string])[] = [
  ["grafana", "GF_ANALYTICS_REPORTING_ENABLED", "false"],
  ["grafana", "GF_ANALYTICS_CHECK_FOR_UPDATES", "false"],
  ["grafana", "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"],
  ["grafana", "GF_PLUGINS_PREINSTALL_DISABLED", "true"],
  ["minio", "MINIO_UPDATE", "off"],
  // Where clients made topics, they would make them with one partition: docs/…/configure-kafka-backend of Mimir.
  ["kafka", "KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false"],
  ["kafka", "KAFKA_PROCESS_ROLES", "broker,controller"],
];

/**
 * Who must be alone, and why. Loki: https://github.com/grafana/loki/issues/6779; Tempo: docs/sources/tempo/operations/backend_scheduler, and a
 * monolithic one owns partition 0.
 */
export const alone: readonly (readonly [program: string, role: string])[] = [
  ["loki", "compactor"],
  ["tempo", "backend-scheduler"],
];

/** Formats of flog: `flog --help` of 0.4.4. */
export const logFormats: readonly string[] = [
  "apache_common",
  "apache_combined",
  "apache_error",
  "rfc3164",
  "rfc5424",
  "common_log",
  "json",
];

/** Part of a container's memory that Loki may fill when it reads its log again: docs/sources/operations/storage/wal.md of v3.7.6, 75 %. */
export const largestReplay = 0.75;

/** Members of a ring of index gateways that is more than one, of which each index is at three and two must answer: docs/sources/operations/storage/tsdb.md; `index_gateway.ring`. */
export const leastIndexGateways = 3;

/** Hours. Lengths of blocks that a sidecar may upload: docs/components/sidecar.md of Thanos v0.42.5. */
export const blockHours = 2;
/** Of three blocks at least: the same page. */
export const leastBlocksKept = 3;

/** Hours that lines are kept at least: docs/sources/operations/storage/retention.md of Loki v3.7.6. */
export const leastLokiHours = 24;
/** Hours after which Thanos makes 5m of raw, and 1h of 5m, which must be there by then: docs/components/compact.md of v0.42.5, Downsampling. */
export const downsampledAfter = { raw: 40, "5m": 240 } as const;

/** Copies of what is written that a ring keeps where there are as many: three, of which one may go away (`replication_factor` of all rings). */
export const copies = 3;

/** Seconds that a writer is given to end: Loki's chart (production/helm/loki/values.yaml, 300), kube-thanos (jsonnet, 900). */
export const leastGrace: readonly (readonly [program: string, role: string, seconds: number])[] = [
  ["loki", "ingester", 300],
  ["mimir", "ingester", 300],
  ["thanos", "receive-ingester", 900],
  ["prometheus", "prometheus", 300],
  ["kafka", "kafka", 60],
];

/** Part of a container's memory that a heap of Java may be: the rest is for Kafka's buffers outside of it, and the page cache. */
export const largestHeap = 0.75;
/** Part of a container's memory that memcached may fill with items: the rest is for connections and its own tables. */
export const largestStore = 0.9;
