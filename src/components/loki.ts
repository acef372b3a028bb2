import { mebibyte } from "../core/kubernetes/requests.ts";
import { type Component, type Context, settingsName, type SettingsTable, variable } from "../core/model/component.ts";
import { defineRoles, scheme } from "../core/model/roles.ts";
import { podsOf, type Size } from "../core/model/size.ts";
import type { Address, Wiring } from "../core/model/wiring.ts";
import { limitSettings } from "../sizing/limits.ts";
import { monitoring } from "../monitoring/loki.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import { buildOf, copies, member, memberlist, onlyTenant, overrides, server, shutdownDelay } from "./dskit.ts";
import * as grafana from "./grafana.ts";
import { caches, eachPod } from "./memcached.ts";
import * as minio from "./minio.ts";
import * as nginx from "./nginx.ts";
import { patience, seconds } from "./patience.ts";
import { streamLabels } from "./otlp.ts";
import { ruleTenant } from "./rule-loader.ts";
import * as store from "./store.ts";
import { logAlerts } from "../monitoring/loki/watched-logs.ts";
import { apart, behindGateway, byTier, together } from "../core/model/grouping.ts";

const http = 3100;
const gossip = { component: "loki", name: "loki-gossip", port: "gossip", lists: "members" } as const;

const { gateway } = defineRoles(
  "loki",
  { ports: { http } },
  { gateway: { tier: "read", passesOn: true, entryPoint: { name: "loki-gateway", ports: ["http"] } } },
);
const members = defineRoles(
  "loki",
  { ports: { http, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    distributor: { tier: "write" },
    ingester: { tier: "write", disk: "10Gi" },
    // What it has counted goes with it, but a pod that is killed must come back as itself: its ring
    // forgets nobody.
    "pattern-ingester": { tier: "write", podNames: "stable" },
    "query-frontend": { tier: "read" },
    querier: { tier: "read" },
    ruler: { tier: "read", unsized: alertmanager.alerting },
    "query-scheduler": { tier: "backend" },
    "index-gateway": { tier: "backend", disk: "10Gi" },
    // Of two, each would overwrite the other's list of delete requests
    // (https://github.com/grafana/loki/issues/6779).
    compactor: { tier: "backend", disk: "10Gi", singleton: true },
  },
);
export const roles = { gateway, ...members };
const {
  distributor,
  ingester,
  "pattern-ingester": patternIngester,
  "query-frontend": frontend,
  querier,
  ruler,
  "query-scheduler": scheduler,
  "index-gateway": indexGateway,
  compactor,
} = members;
const all = Object.values(members);

/**
 * Largest items as upstream has them (https://grafana.com/docs/loki/latest/operations/caching/).
 */
const cache = caches(
  "loki",
  { chunks: { largestItem: "2m" }, results: { largestItem: "5m" } },
  {
    chunks: { replicas: 2, cpu: "50m", memory: "512Mi", memoryLimit: "640Mi" },
    results: { replicas: 2, cpu: "50m", memory: "256Mi", memoryLimit: "320Mi" },
  },
);
/** Loki's memcached, in modes in which each role is a process of its own. */
export const lokiCache = cache.component;

const isApart = ({ workloadOf }: Wiring): boolean => workloadOf(frontend) !== workloadOf(querier);

/** Roles and the caches that they ask. The ingester adds what it flushes. */
const askers = [
  [ingester, cache.roles.chunks],
  [querier, cache.roles.chunks],
  [ruler, cache.roles.chunks],
  [frontend, cache.roles.results],
] as const;

const limits = overrides("loki");

/**
 * Every Alertmanager, as SRV records that Loki's ruler looks up:
 * "http://_http._tcp.alertmanager-members".
 */
const everyAlertmanager = (url: string): string =>
  url.replace(/\/\/([^:]+):\d+$/, `//_${alertmanager.members.port}._tcp.$1`);

const settings = ({ wiring: { wire, workloadOf }, size, store: kept, tenant }: Context): SettingsTable => ({
  alertmanagerDiscovery: { unit: "boolean", value: "true" },
  alertmanagerUrl: {
    unit: "url",
    value: everyAlertmanager(wire(ruler).urlToGroup(alertmanager.members, [alertmanager.roles.server])),
  },
  ...store.settings(kept, wire(ingester).to(minio.roles.server, "s3")),
  ...limitSettings("loki"),
  authEnabled: { unit: "boolean", value: String(tenant !== undefined), follows: { setting: "tenant" } },
  // A single ingester waits for no other one.
  ingesterMinReady: { unit: "duration", value: podsOf(size(workloadOf(ingester))) === 1 ? "0s" : "15s" },
  replicationFactor: { unit: "count", value: String(copies(size(workloadOf(ingester)))) },
  retention: {
    unit: "duration",
    value: "168h",
    bounds: {
      least: "24h",
      step: "24h",
      zero: "for ever",
      override: "retention_period",
      because:
        "Loki deletes by the tables of its index, one for each day, and takes 24h at least (https://grafana.com/docs/loki/latest/operations/storage/retention/)",
    },
  },
  ...ruleTenant(tenant ?? onlyTenant.loki),
  // Of the two clients of S3 that Loki 3.7 has, the older one sends checksums in a way that not all
  // stores outside of Amazon take (https://github.com/grafana/loki/issues/21926) or read right
  // (https://github.com/grafana/loki/issues/24206).
  useThanosObjstore: {
    unit: "boolean",
    value: String(kept.endpoint !== undefined),
    follows: { setting: "store", unless: ["s3"] },
  },
  // During a change of modes, keep replication factor 1 and no zone awareness. A reader may skip
  // one of four zones or ingesters, which may be the only one that holds a line.
  zoneAwareness: { unit: "boolean", value: String(size(workloadOf(ingester)).zones !== undefined) },
});

const lifecycler = { min_ready_duration: "${LOKI_INGESTER_MIN_READY}" };

/** Of these Loki reads the one that LOKI_STORE names: `common.storage` would take one only. */
const s3 = {
  endpoint: "${LOKI_S3_ENDPOINT}",
  region: "${LOKI_S3_REGION}",
  bucketnames: "${LOKI_BUCKET}",
  access_key_id: "${S3_ACCESS_KEY_ID}",
  secret_access_key: "${S3_SECRET_ACCESS_KEY}",
  insecure: "${LOKI_S3_INSECURE}",
  s3forcepathstyle: "${LOKI_S3_FORCE_PATH_STYLE}",
};
/** The same store, as the newer client calls it; it keeps objects under the same names. */
const thanosS3 = {
  endpoint: s3.endpoint,
  region: s3.region,
  bucket_name: s3.bucketnames,
  access_key_id: s3.access_key_id,
  secret_access_key: s3.secret_access_key,
  insecure: s3.insecure,
};
const gcs = { bucket_name: "${LOKI_BUCKET}" };
const azure = {
  account_name: "${LOKI_AZURE_ACCOUNT}",
  account_key: "${AZURE_STORAGE_KEY}",
  container_name: "${LOKI_BUCKET}",
  use_federated_token: "${LOKI_AZURE_FEDERATED_TOKEN}",
};
/**
 * An ingester in a zone stays in the ring while it restarts. If two zones were left, a reader would
 * accept the answer of one, which may lack what the other two have acknowledged. Its readiness does
 * not check the ring's health: with all zones unready, the rollout-operator would never start one.
 */
const inZone = { unregister_on_shutdown: false, readiness_check_ring_health: false };

const cached = (address: Address, timeout: string, maxItemSize: number) => ({
  memcached_client: { addresses: eachPod(address), timeout, max_item_size: maxItemSize },
  // Held in the memory of a process with a limit of 1Gi: upstream's 500MB is half of it.
  background: { writeback_size_limit: "64MB" },
});

/** Caches, where query-frontend and querier share no memory. */
const shared = ({ wire }: Wiring) => ({
  chunk_store_config: {
    // A chunk never changes.
    chunk_cache_config: {
      default_validity: "0s",
      ...cached(wire(querier).to(cache.roles.chunks, "memcached"), "2s", 2 * mebibyte),
    },
  },
  query_range: {
    align_queries_with_step: true,
    cache_results: true,
    cache_instant_metric_results: true,
    // Loki takes it for the results of label, series, volume, index and instant queries, too.
    results_cache: {
      cache: {
        default_validity: "12h",
        ...cached(wire(frontend).to(cache.roles.results, "memcached"), "500ms", 5 * mebibyte),
      },
    },
  },
});

/**
 * Where the schedulers are: in the DNS. Of those in a ring no more than two are asked, and one that
 * another takes the place of cancels the queries that it has (pkg/scheduler/scheduler.go in 3.7).
 */
const scheduled = ({ wire, workloadOf }: Wiring) =>
  workloadOf(scheduler) === workloadOf(querier)
    ? {}
    : {
        query_scheduler: { use_scheduler_ring: false },
        frontend: { scheduler_address: wire(frontend).toEach(scheduler, "grpc") },
        frontend_worker: { scheduler_address: wire(querier).toEach(scheduler, "grpc") },
      };

/** https://grafana.com/docs/loki/latest/configure/ */
const config = ({ wiring, wiring: { wire, workloadOf }, size }: Context) => ({
  auth_enabled: "${LOKI_AUTH_ENABLED}",
  server: { ...server(querier.ports), log_level: "info" },
  shutdown_delay: shutdownDelay(wiring, ingester, querier),
  runtime_config: { file: limits.file },
  common: {
    // Of every ring, and where the query-frontend is sent the answers to.
    ...member,
    path_prefix: "/data",
    replication_factor: "${LOKI_REPLICATION_FACTOR}",
    compactor_grpc_address: wire(querier).to(compactor, "grpc"),
    ring: { kvstore: { store: "memberlist" } },
  },
  memberlist: memberlist(wire(ingester).toGroup(gossip, all)),
  schema_config: {
    configs: [
      {
        from: "2024-04-01",
        store: "tsdb",
        object_store: "${LOKI_STORE}",
        schema: "v13",
        index: { prefix: "index_", period: "24h" },
      },
    ],
  },
  storage_config: {
    aws: s3,
    gcs,
    azure,
    use_thanos_objstore: "${LOKI_USE_THANOS_OBJSTORE}",
    object_store: { s3: thanosS3 },
  },
  // Read in the place of `ruler.storage` where that client is used.
  ruler_storage: { backend: "${LOKI_STORE}", s3: { ...thanosS3, bucket_name: "${LOKI_BUCKET_RULER}" } },
  // A ruler that shares a process with an index gateway must not ask one through the ring: its
  // queries would hang.
  index_gateway: { mode: workloadOf(ruler) === workloadOf(indexGateway) ? "simple" : "ring" },
  compactor: { retention_enabled: true, delete_request_store: "${LOKI_STORE}" },
  distributor: { otlp_config: { default_resource_attributes_as_index_labels: streamLabels } },
  limits_config: {
    retention_period: "${LOKI_RETENTION}",
    allow_structured_metadata: true,
    volume_enabled: true,
    ingestion_rate_mb: "${LOKI_INGESTION_RATE_MB}",
    ingestion_burst_size_mb: "${LOKI_INGESTION_BURST_MB}",
    per_stream_rate_limit: "${LOKI_STREAM_RATE_MB}MB",
    per_stream_rate_limit_burst: "${LOKI_STREAM_BURST_MB}MB",
    max_global_streams_per_user: "${LOKI_MAX_STREAMS}",
    // By OTLP a container of a cloud has more than the 15 that are allowed by default.
    max_label_names_per_series: 30,
    // The beginning of a long line is better than none of it.
    max_line_size_truncate: true,
    query_timeout: seconds(patience.work),
    // As long as lines are kept, whatever the retention.
    max_query_length: "0s",
  },
  ...(isApart(wiring) ? shared(wiring) : {}),
  ...scheduled(wiring),
  ingester: {
    lifecycler: {
      ...lifecycler,
      ...(size(workloadOf(ingester)).zones === undefined ? {} : inZone),
      ring: { zone_awareness_enabled: "${LOKI_ZONE_AWARENESS}" },
    },
    // About half of the smallest limit, 768Mi: replay then flushes instead of growing beyond it.
    wal: { replay_memory_ceiling: "400MB" },
  },
  pattern_ingester: { enabled: true, lifecycler },
  ruler: {
    alertmanager_url: "${LOKI_ALERTMANAGER_URL}",
    enable_alertmanager_discovery: "${LOKI_ALERTMANAGER_DISCOVERY}",
    enable_alertmanager_v2: true,
    enable_api: true,
    enable_sharding: true,
    wal: { dir: "/data/ruler-wal" },
    storage: {
      type: "${LOKI_STORE}",
      s3: { ...s3, bucketnames: "${LOKI_BUCKET_RULER}" },
      gcs: { ...gcs, bucket_name: "${LOKI_BUCKET_RULER}" },
      azure: { ...azure, container_name: "${LOKI_BUCKET_RULER}" },
    },
  },
  analytics: { reporting_enabled: false },
});

/** Connections that no address in the configuration shows: rings, caches and the store. */
const recordDiscovered = ({ wiring }: Context): void => {
  const { wire } = wiring;
  for (const from of all) wire(from).discovers(ingester, "gossip");
  for (const from of [ingester, querier, ruler, indexGateway, compactor]) wire(from).to(minio.roles.server, "s3");
  for (const from of [distributor, querier, ruler]) wire(from).discovers(ingester, "grpc");
  for (const from of [distributor, querier]) wire(from).discovers(patternIngester, "grpc");
  for (const from of [querier, ruler]) wire(from).discovers(indexGateway, "grpc");
  for (const from of [frontend, ruler]) wire(from).to(compactor, "grpc");
  wire(querier).discovers(frontend, "grpc");
  wire(ruler).discovers(ruler, "grpc");
  for (const [from, to] of askers) wire(from).toIf(isApart(wiring), to, "memcached");
};

/**
 * What clients may ask of Loki, by the role that answers
 * (https://grafana.com/docs/loki/latest/reference/loki-http-api/).
 */
const routes = [
  [distributor, "= /loki/api/v1/push", "= /otlp/v1/logs", "= /api/prom/push"],
  [querier, "= /loki/api/v1/tail", "= /api/prom/tail"],
  [ruler, "/loki/api/v1/rules", "/prometheus/api/v1/rules", "/prometheus/api/v1/alerts", "/api/prom/rules"],
  [compactor, "= /loki/api/v1/delete"],
  [frontend, "/loki/api/", "/api/prom/", "= /ready"],
] as const;

/** Of its data source. */
const uid = "loki";

const light: Size = { replicas: 2, cpu: "50m", memory: "96Mi", memoryLimit: "512Mi" };
const heavy: Size = { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" };

export const loki: Component = {
  name: "loki",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: together,
      sizes: { all: { replicas: 1, cpu: "100m", memory: "128Mi", memoryLimit: "768Mi" } },
    },
    scalable: {
      grouping: behindGateway(byTier),
      sizes: {
        gateway: nginx.size,
        write: { replicas: 3, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        read: { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        // A ring of index gateways answers as long as two of three do.
        backend: { replicas: 3, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        compactor: { replicas: 1, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
      },
    },
    microservices: {
      grouping: apart,
      sizes: {
        gateway: nginx.size,
        distributor: { ...light, maxReplicas: 6 },
        // Each zone has a copy, so that any of them may go away.
        ingester: { ...heavy, replicas: 1, zones: 3 },
        "pattern-ingester": light,
        "query-frontend": light,
        querier: { ...heavy, maxReplicas: 6 },
        ruler: heavy,
        "query-scheduler": light,
        // Their ring answers as long as two of three do.
        "index-gateway": { ...heavy, replicas: 3 },
        compactor: { ...heavy, replicas: 1 },
      },
    },
  },
  hasTenants: true,
  buckets: [
    { name: "chunks", sharedName: "loki-chunks", setting: "bucket" },
    { name: "ruler", sharedName: "loki-ruler", setting: "bucketRuler" },
    // As the article has it; nothing is kept in it.
    { name: "admin" },
  ],
  signals: { logs: uid },
  monitoring,
  evaluates: { about: "logs", alerts: logAlerts, read: "runtime" },
  problems: ({ settings: { store: kind, useThanosObjstore } }) =>
    useThanosObjstore?.value === "true" && kind?.value !== "s3"
      ? [
          `components.loki.useThanosObjstore is "true": expected a store of kind "s3", found "${kind?.value}". Remove it.`,
        ]
      : [],
  settings,
  // No other DNS has SRV records of it.
  withoutApi: () => ({
    configs: [
      {
        name: settingsName("loki"),
        read: "start-up",
        literals: {
          [variable("loki", "alertmanagerDiscovery")]: "false",
          [variable("loki", "alertmanagerUrl")]:
            `${scheme(alertmanager.roles.server, "http")}://${alertmanager.members.name}:${alertmanager.roles.server.ports.http}`,
        },
      },
    ],
  }),
  dataSource: ({ wire }, uidOf) => ({
    name: "Loki",
    uid,
    type: "loki",
    url: wire(grafana.roles.server).url(roles.gateway, "http"),
    jsonData: {
      ...grafana.patient,
      derivedFields: [
        {
          name: "trace",
          matcherType: "regex",
          matcherRegex: '[tT]race[_-]?[iI][dD]"?[=:]\\s*"?([0-9a-f]{16,32})',
          url: "$${__value.raw}",
          urlDisplayLabel: "View trace",
          datasourceUid: uidOf("traces"),
        },
        {
          name: "trace_id",
          matcherType: "label",
          matcherRegex: "trace_id",
          url: "$${__value.raw}",
          urlDisplayLabel: "View trace",
          datasourceUid: uidOf("traces"),
        },
      ],
    },
  }),
  build: buildOf({
    name: "loki",
    image: images.loki,
    writer: ingester,
    alive: "/loki/api/v1/status/buildinfo",
    startSeconds: 300,
    config,
    overrides: limits,
    // It reads the list of what is to be deleted when it starts, and ends when it cannot
    // (pkg/compactor/compactor.go).
    waits: ({ wiring, store: kept }, workload) =>
      workload.roles.includes(compactor)
        ? store.untilBuckets(kept, "loki", wiring.wire(compactor).to(minio.roles.server, "s3"), [
            "bucket",
            "bucketRuler",
          ])
        : [],
    zones: [[ingester, "-ingester.availability-zone"]],
    recordDiscovered,
    gateway: { role: gateway, routes },
    ruler: { role: ruler, api: "/loki/api/v1/rules" },
    writesToTmp: true,
  }),
};
