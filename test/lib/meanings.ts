/** What each literal of docs/literals.md means. `unit` is said where the kind of value says too little: "count" of what? */
export interface Meaning {
  readonly means: string;
  readonly unit?: string;
}
const m = (means: string, unit?: string): Meaning => (unit === undefined ? { means } : { means, unit });

/** Literals that several programs have, by the part of the name behind the program's. */
const shared: Readonly<Record<string, Meaning>> = {
  AZURE_ACCOUNT: m("storage account at Azure; read only if the store is `azure`"),
  AZURE_FEDERATED_TOKEN: m("Azure knows the pods by workload identity, not by a key"),
  BUCKET: m("bucket (container at Azure) of the data"),
  BUCKET_RULER: m("bucket of the ruler's rules"),
  CLUSTER: m("label that names the Kubernetes cluster"),
  INGESTER_MIN_READY: m("time that an ingester waits before it is ready; `0s` for a single ingester"),
  LOKI_URL: m("address that logs are pushed to; it names the stack's namespace"),
  REPLICATION_FACTOR: m("copies of new data; not more than there are ingesters", "copies"),
  S3_ENDPOINT: m("S3 server; read only if the store is `s3`"),
  S3_FORCE_PATH_STYLE: m("put the bucket into the path, as MinIO and Ceph need; `false` for Amazon"),
  S3_INSECURE: m("speak http to the S3 server, not https"),
  S3_REGION: m("region of the S3 bucket"),
  STORE: m("kind of object store that is used"),
  KAFKA_ADDRESS: m("Kafka broker to start from"),
  KAFKA_SASL_MECHANISM: m("how the program logs in to Kafka, where Kafka asks for it"),
  KAFKA_TLS_ENABLED: m("speak TLS to Kafka"),
  PARTITION_FORGOTTEN_AFTER: m("time after which a partition that was given up leaves the ring"),
};

const own: Readonly<Record<string, Meaning>> = {
  ALLOY_MULTILINE_FIRST_LINE: m("lines that do not match belong to the entry before them"),
  ALLOY_MULTILINE_SELECTOR: m("containers whose lines are joined; the default selects none"),
  ALLOY_GATEWAY_DELTA_SERIES: m("delta series that a pod adds up; further series are dropped", "series"),
  ALLOY_GATEWAY_LOKI_OTLP_URL: m("back end of pushed logs"),
  ALLOY_GATEWAY_METRICS_OTLP_URL: m("back end of pushed metrics"),
  ALLOY_GATEWAY_RELAYS: m("names of pods that push for other pods"),
  ALLOY_GATEWAY_TEMPO_OTLP_ENDPOINT: m("back end of pushed traces"),
  ALLOY_GATEWAY_TEMPO_TENANT: m("tenant of the spans; read only if Tempo has tenants"),
  ALLOY_EVENTS_LOKI_URL: m("address that Kubernetes's events are pushed to"),
  BUCKETS: m("buckets that MinIO makes, with blanks between them", "names"),
  GENERATORS_OTLP_GRPC_ADDRESS: m("where the demo's generators push by gRPC"),
  GENERATORS_OTLP_HTTP_URL: m("where the demo's generators push by HTTP"),
  KAFKA_PARTITIONS_MIMIR: m("partitions of the topic `mimir`; it can only grow", "partitions"),
  KAFKA_PARTITIONS_TEMPO: m("partitions of the topic `tempo`; it can only grow", "partitions"),
  LOKI_ALERTMANAGER_DISCOVERY: m("find every Alertmanager by SRV records of `LOKI_ALERTMANAGER_URL`"),
  LOKI_ALERTMANAGER_URL: m("Alertmanager that the ruler notifies"),
  LOKI_AUTH_ENABLED: m("tenants are on; without it the only tenant is `fake`"),
  LOKI_INGESTION_BURST_MB: m("most that a tenant may push at once", "MB"),
  LOKI_INGESTION_RATE_MB: m("most that a tenant may push", "MB a second"),
  LOKI_MAX_STREAMS: m("most active streams of a tenant", "streams"),
  LOKI_RULE_TENANT: m("tenant of the stack's own logs, to which the bundle's rules about logs belong"),
  LOKI_RETENTION: m("age at which logs are deleted; at least `24h`"),
  LOKI_STREAM_BURST_MB: m("most that one stream may take at once", "MB"),
  LOKI_STREAM_RATE_MB: m("most that one stream may take", "MB a second"),
  LOKI_USE_THANOS_OBJSTORE: m("use the newer S3 client, which stores other than Amazon's need"),
  LOKI_ZONE_AWARENESS: m("copies lie in different zones"),
  MIMIR_ACCEPT_HA_SAMPLES: m("keep the samples of one Prometheus of a pair"),
  MIMIR_BLOCKS_IGNORED_WITHIN: m("store-gateways ignore blocks younger than this"),
  MIMIR_BLOCKS_SYNC_INTERVAL: m("how often readers look for new blocks"),
  MIMIR_BUCKET_ALERTMANAGER: m("bucket of the Alertmanager's configurations"),
  MIMIR_CLUSTER_DOMAIN: m("DNS domain of the Kubernetes cluster"),
  MIMIR_INGEST_STORAGE_ENABLED: m("samples go through Kafka; `false` sends them straight to the ingesters"),
  MIMIR_INGESTION_BURST: m("most that a tenant may push at once", "samples"),
  MIMIR_INGESTION_RATE: m("most that a tenant may push", "samples a second"),
  MIMIR_MAX_EXEMPLARS: m("most exemplars of a tenant that are kept", "exemplars"),
  MIMIR_MULTITENANCY_ENABLED: m("tenants are on; without it the only tenant is `anonymous`"),
  MIMIR_RULE_TENANT: m("tenant of the stack's own samples, to which the bundle's rules about Prometheus belong"),
  MIMIR_RETENTION: m("age at which blocks are deleted"),
  MIMIR_STORE_GATEWAY_REPLICATION_FACTOR: m("store-gateways that load each block", "copies"),
  MIMIR_STORE_QUERIED_AFTER: m("queries ask the object store for samples older than this"),
  PROMETHEUS_RETENTION: m("how long Prometheus itself keeps samples; its volume must have the room"),
  TEMPO_BLOCK_BUILDER_PARTITIONS: m("partitions that each block-builder stores; spans of others are lost"),
  TEMPO_INGESTION_BURST_BYTES: m("most that a tenant may push at once", "bytes"),
  TEMPO_INGESTION_RATE_BYTES: m("most that a tenant may push", "bytes a second"),
  TEMPO_MAX_BYTES_PER_TRACE: m("largest trace; further spans of it are refused", "bytes"),
  TEMPO_MAX_LIVE_TRACES: m("most traces of a tenant in memory", "traces"),
  TEMPO_MULTITENANCY_ENABLED: m("tenants are on; without it the only tenant is `single-tenant`"),
  TEMPO_REMOTE_WRITE_URL: m("where the metrics generator sends its metrics"),
  TEMPO_RETENTION: m("age at which traces are deleted"),
  TEMPO_STORE_QUERIED_AFTER: m("searches ask the object store for spans older than this"),
  TEMPO_TENANT: m("tenant that Grafana's data source of Tempo asks for"),
  THANOS_TRACING: m("tracing configuration of Thanos, as one line of JSON; empty: no traces"),
  THANOS_REMOTE_WRITE_URL: m("where rulers send their samples"),
  THANOS_RETENTION_1H: m("age at which data of one point an hour are deleted"),
  THANOS_RETENTION_5M: m("age at which data of one point in five minutes are deleted"),
  THANOS_RETENTION_RAW: m("age at which raw samples are deleted"),
  THANOS_RECEIVE_DEFAULT_TENANT: m("tenant of a push that names none"),
  THANOS_RECEIVE_MAX_EXEMPLARS: m("most exemplars that are kept", "exemplars"),
  THANOS_RECEIVE_OUT_OF_ORDER_WINDOW: m("how late a sample may come"),
  THANOS_RECEIVE_RETENTION: m("how long receivers keep samples on their volumes"),
  THANOS_RECEIVE_TENANT_HEADER: m("HTTP header that names the tenant"),
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: m("ask grafana.com for newer plugins"),
  GF_ANALYTICS_CHECK_FOR_UPDATES: m("ask grafana.com for a newer Grafana"),
  GF_ANALYTICS_REPORTING_ENABLED: m("send usage figures to Grafana Labs"),
  GF_DATAPROXY_TIMEOUT: m("how long Grafana waits for a data source", "seconds"),
  GF_NEWS_NEWS_FEED_ENABLED: m("show grafana.com's news"),
  GF_PATHS_DATA: m("folder of Grafana's data; its volume is mounted here", "path"),
  GF_PATHS_LOGS: m("folder of Grafana's logs", "path"),
  GF_PATHS_PLUGINS: m("folder of plugins", "path"),
  GF_PLUGINS_PREINSTALL_AUTO_UPDATE: m("update plugins at each start"),
  GF_PLUGINS_PREINSTALL_DISABLED: m("download no plugin at the start"),
  GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: m("do not fetch keys that plugins are signed with"),
  GF_SECURITY_DISABLE_GRAVATAR: m("show no pictures of gravatar.com"),
  GF_SNAPSHOTS_EXTERNAL_ENABLED: m("let people publish snapshots outside"),
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: m("page that Grafana opens with", "path"),
};

/** Of `LOKI_S3_REGION` of `loki`: what is said of it, or of `S3_REGION` of all programs. */
export const meaningOf = (component: string, literal: string): Meaning | undefined =>
  own[literal] ?? shared[literal.slice(component.length + 1)];

/** Meanings that no literal has any more. */
export const unused = (literals: readonly (readonly [component: string, literal: string])[]): readonly string[] => {
  const asked = new Set(literals.flatMap(([component, literal]) => [literal, literal.slice(component.length + 1)]));
  return [...Object.keys(own), ...Object.keys(shared)].filter((name) => !asked.has(name));
};
