/* What programs write and read of files, as upstream's sources and pages have it. */

/** A folder that a program writes to: without being told it would be in its working directory or below its read-only root. */
export interface DataFolder {
  readonly program: string;
  /** Only where it runs this role. */
  readonly role?: string;
  /** A path of its configuration, a flag, a variable or the place of an argument. */
  readonly config?: string;
  readonly flag?: string;
  readonly env?: string;
  readonly argument?: number;
  /** What it takes if it is told nothing, and where that is said. */
  readonly otherwise: string;
}

const inConfig = (program: string, rows: readonly (readonly [string, string, string?])[]): readonly DataFolder[] =>
  rows.map(([config, otherwise, role]) => ({ program, config, otherwise, ...(role ? { role } : {}) }));

export const dataFolders: readonly DataFolder[] = [
  // docs/sources/shared/configuration.md of Loki v3.7.6
  ...inConfig("loki", [
    ["common.path_prefix", "none: index, compactor and rules are below it"],
    ["ruler.wal.dir", "ruler-wal", "ruler"],
  ]),
  // cmd/mimir/help-all.txt.tmpl at aced80d74930
  ...inConfig("mimir", [
    ["activity_tracker.filepath", "./metrics-activity.log"],
    ["blocks_storage.tsdb.dir", "./tsdb/", "ingester"],
    ["blocks_storage.bucket_store.sync_dir", "./tsdb-sync/", "store-gateway"],
    ["compactor.data_dir", "./data-compactor/", "compactor"],
    ["ruler.rule_path", "./data-ruler/", "ruler"],
    ["alertmanager.data_dir", "./data-alertmanager/", "alertmanager"],
  ]),
  // docs/sources/tempo/configuration/manifest.md of v3.0.3
  ...inConfig("tempo", [
    ["storage.trace.wal.path", "/var/tempo/wal"],
    ["live_store.wal.path", "/var/tempo/live-store/traces", "live-store"],
    ["live_store.shutdown_marker_dir", "/var/tempo/live-store/shutdown-marker", "live-store"],
    ["block_builder.wal.path", "/var/tempo/block-builder/traces", "block-builder"],
    ["metrics_generator.storage.path", "none", "metrics-generator"],
    ["backend_scheduler.local_work_path", "/var/tempo", "backend-scheduler"],
  ]),
  ...inConfig("promtail", [["positions.filename", "/var/log/positions.yaml"]]),
  { program: "prometheus", flag: "--storage.tsdb.path", otherwise: "data/" },
  { program: "alertmanager", flag: "--storage.path", otherwise: "data/" },
  { program: "alloy", flag: "--storage.path", otherwise: "data-alloy/" },
  ...["store", "compact", "rule"].map((role) => ({
    program: "thanos",
    role,
    flag: "--data-dir",
    otherwise: "./data",
  })),
  { program: "thanos", role: "receive-ingester", flag: "--tsdb.path", otherwise: "./data" },
  { program: "minio", argument: 1, otherwise: "none" },
  // conf/defaults.ini of 12.4.0, [paths]
  { program: "grafana", env: "GF_PATHS_DATA", otherwise: "data" },
  { program: "grafana", env: "GF_PATHS_LOGS", otherwise: "data/log" },
  { program: "grafana", env: "GF_PATHS_PLUGINS", otherwise: "data/plugins" },
  { program: "kafka", role: "kafka", env: "KAFKA_LOG_DIRS", otherwise: "/tmp/kafka-logs" },
];

/** Files that a program reads again while it runs, and how it comes to see that a ConfigMap's have changed. */
export interface Reread {
  readonly program: string;
  /** The folder or file that its argument or configuration names. */
  readonly by: string;
  readonly why: string;
}

/** What the args or the configuration of a process name under a flag or key, and the program reads again by itself. */
export const rereads: readonly Reread[] = [
  {
    program: "loki",
    by: "runtime_config.file",
    why: "runtime_config.period, 10s: dskit's runtimeconfig/manager.go compares what the file holds",
  },
  { program: "mimir", by: "runtime_config.file", why: "-runtime-config.reload-period, 10s: the same of dskit" },
  {
    program: "tempo",
    by: "overrides.per_tenant_override_config",
    why: "per_tenant_override_period, 10s: the same of dskit",
  },
  {
    program: "prometheus",
    by: "--config.file",
    why: "--config.auto-reload: cmd/prometheus/main.go of 3.16.0 sums up the file and those that it includes",
  },
  { program: "prometheus", by: "rule_files", why: "the same sum: config/reload.go, GenerateChecksum" },
  { program: "prometheus", by: "scrape_config_files", why: "the same sum: config/reload.go, GenerateChecksum" },
  {
    program: "thanos",
    by: "--receive.hashrings-file",
    why: "--receive.hashrings-file-refresh-interval: pkg/receive/config.go of v0.42.5",
  },
  ...["collection", "kubernetes", "logs", "metrics", "overview", "own", "platform", "traces"].map((folder) => ({
    program: "grafana",
    by: `folder /etc/grafana/dashboards/${folder}`,
    why: "updateIntervalSeconds of a provider of files: pkg/services/provisioning/dashboards/file_reader.go of 12.4.0",
  })),
  { program: "busybox", by: "env RULES", why: "test/rulers.test.ts runs it: it looks every minute" },
  { program: "grafana", by: "env GF_SECURITY_ADMIN_USER__FILE", why: "read once: what counts later is the database" },
  {
    program: "grafana",
    by: "env GF_SECURITY_ADMIN_PASSWORD__FILE",
    why: "read once: what counts later is the database",
  },
  { program: "grafana", by: "env GF_SECURITY_SECRET_KEY__FILE", why: "read once: another key would open nothing" },
];
