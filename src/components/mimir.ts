import { mebibyte } from "../core/kubernetes/requests.ts";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { Component, Context, SettingsTable, Base } from "../core/model/component.ts";
import { defineRoles, type Role, type Workload } from "../core/model/roles.ts";
import { overlaid } from "../core/derive/pod.ts";
import { podsOf, type Size } from "../core/model/size.ts";
import type { Address, Wiring } from "../core/model/wiring.ts";
import { limitSettings } from "../sizing/limits.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import {
  type Beside,
  buildOf,
  copies,
  member,
  memberlist,
  onlyTenant,
  overrides,
  server,
  shutdownDelay,
} from "./dskit.ts";
import * as grafana from "./grafana.ts";
import * as kafka from "./kafka.ts";
import { caches, eachPodWhole, namespaceVariable } from "./memcached.ts";
import * as minio from "./minio.ts";
import * as nginx from "./nginx.ts";
import * as prometheus from "./prometheus.ts";
import { place } from "./otlp.ts";
import { ruleTenant } from "./rule-loader.ts";
import * as store from "./store.ts";
import { watchedAlerts } from "../monitoring/prometheus/watched.ts";
import { apart, behindGateway, byTier, together, without } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/mimir.ts";

const http = 8080;
const gossip = { component: "mimir", name: "mimir-gossip", port: "gossip", lists: "members" } as const;

const { gateway } = defineRoles(
  "mimir",
  { ports: { http } },
  { gateway: { tier: "read", passesOn: true, entryPoint: { name: "mimir-gateway", ports: ["http"] } } },
);
const members = defineRoles(
  "mimir",
  { ports: { http, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    distributor: { tier: "write" },
    ingester: { tier: "write", disk: "20Gi" },
    "query-frontend": { tier: "read" },
    querier: { tier: "read" },
    "query-scheduler": { tier: "backend" },
    "store-gateway": { tier: "backend", disk: "10Gi" },
    compactor: { tier: "backend", disk: "20Gi" },
    ruler: { tier: "backend", unsized: alertmanager.alerting },
    alertmanager: { tier: "backend", disk: "1Gi", unsized: alertmanager.alerting },
    "overrides-exporter": { tier: "backend", unsized: "it only tells the limits of tenants" },
  },
);
export const roles = { gateway, ...members };
const {
  distributor,
  ingester,
  "query-frontend": frontend,
  querier,
  "query-scheduler": scheduler,
  "store-gateway": storeGateway,
  compactor,
  ruler,
  alertmanager: ownAlertmanager,
} = members;
const all = Object.values(members);

/**
 * Paths under the gateway: the Prometheus API, where samples are pushed, and the alertmanager's
 * API.
 */
export const paths = {
  query: "/prometheus",
  otlp: "/otlp/v1/metrics",
  push: "/api/v1/push",
  alerts: "/alertmanager",
} as const;

const cached: Size = { replicas: 2, cpu: "50m", memory: "256Mi", memoryLimit: "320Mi" };
/** Largest items as upstream has them (operations/mimir/config.libsonnet). */
const cache = caches(
  "mimir",
  {
    chunks: { largestItem: "1m" },
    index: { largestItem: "5m" },
    metadata: { largestItem: "1m" },
    results: { largestItem: "5m" },
  },
  {
    chunks: { ...cached, memory: "1Gi", memoryLimit: "1280Mi" },
    index: cached,
    metadata: cached,
    results: cached,
  },
);
/** Mimir's memcached, in modes in which each role is a process of its own. */
export const mimirCache = cache.component;

/** Whether distributor and ingester are two processes, with Kafka between them. */
const isApart = ({ workloadOf }: Wiring): boolean => workloadOf(distributor) !== workloadOf(ingester);
const here = (wiring: Wiring) => all.filter((role) => wiring.runs(role));

const limits = overrides("mimir");

/** Roles and the caches that they ask. */
const askers = [
  [storeGateway, cache.roles.index],
  [storeGateway, cache.roles.chunks],
  [storeGateway, cache.roles.metadata],
  [querier, cache.roles.metadata],
  [ruler, cache.roles.metadata],
  [frontend, cache.roles.results],
] as const;
/**
 * Roles that connect to Kafka. Querier and ruler contain a distributor; the querier's writes
 * nothing.
 */
const queueing = [distributor, ingester, frontend, querier, ruler] as const;

const settings = ({ wiring, size, store: kept, tenant }: Context): SettingsTable => {
  const { wire, workloadOf } = wiring;
  const replicas = (role: typeof ingester): number => podsOf(size(workloadOf(role)));
  return {
    ...store.settings(kept, wire(ingester).to(minio.roles.server, "s3"), [
      "azureAccount",
      "s3Endpoint",
      "s3Insecure",
      "s3Region",
      "store",
    ]),
    ...limitSettings("mimir"),
    // "true": of a pair of Prometheus that send the same, the samples of one are taken. One alone
    // has nobody to be told from.
    acceptHaSamples: { unit: "boolean", value: String(replicas(distributor) > 1) },
    // How far behind readers may be of what is in the bucket: upstream's, and less while ingesters
    // give away what they alone have
    // (https://grafana.com/docs/mimir/latest/manage/run-production-environment/scaling-out/#scaling-down-ingesters).
    blocksIgnoredWithin: { unit: "duration", value: "10h" },
    blocksSyncInterval: { unit: "duration", value: "15m" },
    storeQueriedAfter: { unit: "duration", value: "12h" },
    // One ingester has nobody to wait for before it is ready.
    ingesterMinReady: { unit: "duration", value: replicas(ingester) === 1 ? "0s" : "15s" },
    ...(isApart(wiring)
      ? {
          // "false": distributors write to ingesters as in the other modes, and no Kafka is asked.
          ingestStorageEnabled: { unit: "boolean", value: "true" },
          // Of the names of Services; Mimir asks for its caches by whole names.
          clusterDomain: { unit: "name", value: "cluster.local" },
          ...kafka.secureClientSettings(wire(distributor)),
          // Upstream's: until then what its ingesters hold may be asked for there alone.
          partitionForgottenAfter: { unit: "duration", value: "13h" },
        }
      : {}),
    multitenancyEnabled: { unit: "boolean", value: String(tenant !== undefined), follows: { setting: "tenant" } },
    replicationFactor: { unit: "count", value: String(copies(size(workloadOf(ingester)))) },
    retention: {
      unit: "duration",
      value: "30d",
      bounds: {
        usual: "1d",
        zero: "for ever",
        override: "compactor_blocks_retention_period",
        because:
          "Mimir deletes blocks of samples that are older (https://grafana.com/docs/mimir/latest/configure/configure-metrics-storage-retention/)",
      },
    },
    ...ruleTenant(tenant ?? onlyTenant.mimir),
    // Every block is at so many of them, so that one may go away.
    storeGatewayReplicationFactor: { unit: "count", value: String(copies(size(workloadOf(storeGateway)))) },
  };
};

/** Mimir reads the one that MIMIR_STORE names. */
const inBucket = (bucket: string) => ({
  s3: { bucket_name: bucket },
  gcs: { bucket_name: bucket },
  azure: { container_name: bucket },
});

const memcached = (address: Address, maxItemSize: number) => ({
  backend: "memcached",
  // It uses no search domains (dskit/dns/miekgdns/resolver.go).
  memcached: { addresses: eachPodWhole(address, "${MIMIR_CLUSTER_DOMAIN}"), max_item_size: maxItemSize },
});
const mebibytes = (count: number): number => count * mebibyte;

/** What is kept in memory for those who ask again. */
const cachedBlocks = ({ wire }: Wiring) => ({
  index_cache: memcached(wire(storeGateway).to(cache.roles.index, "memcached"), mebibytes(5)),
  chunks_cache: memcached(wire(storeGateway).to(cache.roles.chunks, "memcached"), mebibytes(1)),
  metadata_cache: memcached(wire(storeGateway).to(cache.roles.metadata, "memcached"), mebibytes(1)),
});
const cachedResults = ({ wire }: Wiring) => ({
  cache_results: true,
  results_cache: memcached(wire(frontend).to(cache.roles.results, "memcached"), mebibytes(5)),
});

const topic = kafka.topic("mimir", [ingester], "sampleBytes");

/** A topic that is made beside Kafka, with more partitions than there are owners. */
const queue = {
  enabled: "${MIMIR_INGEST_STORAGE_ENABLED}",
  kafka: {
    address: "${MIMIR_KAFKA_ADDRESS}",
    topic: topic.name,
    auto_create_topic_enabled: false,
    sasl_mechanism: "${MIMIR_KAFKA_SASL_MECHANISM}",
    sasl_username: kafka.credentials.username,
    sasl_password: kafka.credentials.password,
    tls_enabled: "${MIMIR_KAFKA_TLS_ENABLED}",
  },
};

/** A pod in a zone comes back under its name: its place in the ring waits for it. */
const zonedRing = { zone_awareness_enabled: true, unregister_on_shutdown: false };

/**
 * Receivers of tenants that have none of their own: nobody, or those of the stack's Alertmanager.
 */
const fallback = "alertmanager-fallback.yaml";

/** https://grafana.com/docs/mimir/latest/configure/configuration-parameters/ */
const config = ({ wiring, size }: Context) => {
  const { wire, workloadOf } = wiring;
  const zones = (role: typeof ingester): object => (size(workloadOf(role)).zones === undefined ? {} : zonedRing);
  const own = wiring.runs(ownAlertmanager);
  return {
    multitenancy_enabled: "${MIMIR_MULTITENANCY_ENABLED}",
    shutdown_delay: shutdownDelay(wiring, ingester, querier),
    server: server(querier.ports),
    memberlist: memberlist(wire(ingester).toGroup(gossip, here(wiring))),
    runtime_config: { file: limits.file },
    common: {
      storage: {
        backend: "${MIMIR_STORE}",
        s3: {
          endpoint: "${MIMIR_S3_ENDPOINT}",
          region: "${MIMIR_S3_REGION}",
          access_key_id: "${S3_ACCESS_KEY_ID}",
          secret_access_key: "${S3_SECRET_ACCESS_KEY}",
          insecure: "${MIMIR_S3_INSECURE}",
          // By host name at AWS, by path elsewhere.
          bucket_lookup_type: "auto",
        },
        // Without a key it is asked with the token of the pod's account.
        azure: { account_name: "${MIMIR_AZURE_ACCOUNT}", account_key: "${AZURE_STORAGE_KEY}" },
      },
    },
    blocks_storage: {
      ...inBucket("${MIMIR_BUCKET}"),
      tsdb: { dir: "/data/tsdb" },
      bucket_store: {
        sync_dir: "/data/tsdb-sync",
        sync_interval: "${MIMIR_BLOCKS_SYNC_INTERVAL}",
        ignore_blocks_within: "${MIMIR_BLOCKS_IGNORED_WITHIN}",
        ...(isApart(wiring) ? cachedBlocks(wiring) : {}),
      },
    },
    ...(isApart(wiring) ? { ingest_storage: queue } : {}),
    // Where the answers of queriers are sent to.
    frontend: { address: member.instance_addr, ...(isApart(wiring) ? cachedResults(wiring) : {}) },
    distributor: {
      ring: member,
      // Kafka may take longer than an ingester
      // (https://grafana.com/docs/mimir/latest/configure/configure-kafka-backend/).
      remote_timeout: isApart(wiring) ? "5s" : undefined,
      // Each of two Prometheus sends all samples: those of one are taken.
      ha_tracker: { enable_ha_tracker: "${MIMIR_ACCEPT_HA_SAMPLES}", kvstore: { store: "memberlist" } },
    },
    ruler_storage: inBucket("${MIMIR_BUCKET_RULER}"),
    alertmanager_storage: inBucket("${MIMIR_BUCKET_ALERTMANAGER}"),
    activity_tracker: { filepath: "/data/activity.log" },
    alertmanager: own
      ? {
          data_dir: "/data/alertmanager",
          fallback_config_file: `/etc/mimir/${fallback}`,
          sharding_ring: { ...member, replication_factor: copies(size(workloadOf(ownAlertmanager))) },
        }
      : { data_dir: "/data/alertmanager", sharding_ring: member },
    compactor: {
      data_dir: "/data/compactor",
      // It writes the list of blocks that all who read the store go by.
      cleanup_interval: "${MIMIR_BLOCKS_SYNC_INTERVAL}",
      sharding_ring: {
        ...member,
        // Two that start together would both begin with what belongs to the one that is seen first.
        ...(podsOf(size(workloadOf(compactor))) > 1 && isApart(wiring) ? { wait_stability_min_duration: "1m" } : {}),
      },
    },
    ingester: {
      ring: {
        ...member,
        replication_factor: "${MIMIR_REPLICATION_FACTOR}",
        min_ready_duration: "${MIMIR_INGESTER_MIN_READY}",
        ...zones(ingester),
      },
      ...(isApart(wiring)
        ? { partition_ring: { delete_inactive_partition_after: "${MIMIR_PARTITION_FORGOTTEN_AFTER}" } }
        : {}),
    },
    store_gateway: {
      sharding_ring: {
        ...member,
        replication_factor: "${MIMIR_STORE_GATEWAY_REPLICATION_FACTOR}",
        ...zones(storeGateway),
      },
    },
    querier: { ring: member, query_store_after: "${MIMIR_STORE_QUERIED_AFTER}" },
    query_scheduler: { service_discovery_mode: "ring", ring: member },
    overrides_exporter: { ring: member },
    ruler: {
      ring: member,
      rule_path: "/data/ruler",
      alertmanager_url: own
        ? `${wire(ruler).url(ownAlertmanager, "http")}${paths.alerts}`
        : `dns+${wire(ruler).urlToGroup(alertmanager.members, [alertmanager.roles.server])}`,
      // With a queue before the ingesters, only the query-frontend knows up to where they must have
      // read it.
      ...(isApart(wiring) ? { query_frontend: { address: `dns:///${wire(ruler).toEach(frontend, "grpc")}` } } : {}),
    },
    limits: {
      accept_ha_samples: "${MIMIR_ACCEPT_HA_SAMPLES}",
      ha_cluster_label: prometheus.origin.cluster,
      ha_replica_label: prometheus.origin.replica,
      // Done after the choice between two (wrapPushWithMiddlewares in
      // pkg/distributor/distributor.go): a series is the same whoever sends it.
      drop_labels: [prometheus.origin.replica],
      compactor_blocks_retention_period: "${MIMIR_RETENTION}",
      ingestion_rate: "${MIMIR_INGESTION_RATE}",
      ingestion_burst_size: "${MIMIR_INGESTION_BURST}",
      max_global_exemplars_per_user: "${MIMIR_MAX_EXEMPLARS}",
      // Prometheus scrapes series of any number of labels, and a series of more than 30 would be
      // refused.
      max_label_names_per_series: 100,
      // Rules in a group and groups, of which Prometheus allows any number.
      ruler_max_rules_per_rule_group: 0,
      ruler_max_rule_groups_per_tenant: 0,
      max_global_series_per_user: 0,
      // Names as Prometheus makes them of OTLP.
      otel_metric_suffixes_enabled: true,
      out_of_order_time_window: prometheus.latest,
      promote_otel_resource_attributes: place.join(","),
    },
    usage_stats: { enabled: false },
  };
};

/** Connections that no address in the configuration shows: rings, caches, Kafka and the store. */
const recordDiscovered = ({ wiring }: Context): void => {
  const { wire } = wiring;
  for (const from of here(wiring)) {
    wire(from).discovers(ingester, "gossip");
    wire(from).to(minio.roles.server, "s3");
  }
  for (const from of [distributor, querier, ruler]) wire(from).discovers(ingester, "grpc");
  for (const from of [querier, ruler]) wire(from).discovers(storeGateway, "grpc");
  for (const from of [frontend, querier]) wire(from).discovers(scheduler, "grpc");
  wire(querier).discovers(frontend, "grpc");
  wire(ruler).discovers(ruler, "grpc");
  if (wiring.runs(ownAlertmanager)) {
    wire(ownAlertmanager).discovers(ownAlertmanager, "grpc");
    wire(ruler).mayConnect(alertmanager.roles.server, "http");
  }
  for (const from of queueing) wire(from).toIf(isApart(wiring), kafka.roles.server, "kafka");
  for (const [from, to] of askers) wire(from).toIf(isApart(wiring), to, "memcached");
};

/** Roles that end after 90 s without their buckets (pkg/mimir/sanity_check.go). */
const checking: readonly Role[] = [ingester, querier, storeGateway, compactor, ruler, ownAlertmanager];

/** Init containers that wait for what a process would end without. */
const waits = ({ wiring, store: kept }: Context, workload: Workload): readonly IContainer[] => {
  const runs = (roles: readonly Role[]): boolean => workload.roles.some((role) => roles.includes(role));
  return [
    ...(isApart(wiring) && runs(queueing) ? [kafka.untilTopic("mimir", topic, "ingestStorageEnabled")] : []),
    ...(runs(checking)
      ? store.untilBuckets(kept, "mimir", wiring.wire(ingester).to(minio.roles.server, "s3"), [
          "bucket",
          "bucketRuler",
          "bucketAlertmanager",
        ])
      : []),
  ];
};

/**
 * What clients may ask of Mimir, by the role that answers
 * (https://grafana.com/docs/mimir/latest/references/http-api/).
 */
const routes = [
  [distributor, "= /api/v1/push", "= /otlp/v1/metrics"],
  [ruler, "/prometheus/config/v1/rules", "/prometheus/api/v1/rules", "/prometheus/api/v1/alerts"],
  [ownAlertmanager, paths.alerts, "= /api/v1/alerts"],
  [querier, "= /api/v1/user_stats"],
  [frontend, "/prometheus/", "= /api/v1/user_limits", "= /api/v1/status/buildinfo", "= /ready"],
] as const;

/** Keys of receivers are files where the stack's Alertmanager has them, too. */
const ofReceivers = (workload: Workload, { alerts }: Context): Beside => {
  if (!workload.roles.includes(ownAlertmanager)) return {};
  const { name, folder } = alertmanager.receivers;
  return {
    waysOut: alertmanager.waysTo(alerts),
    volumes: [{ name: "receivers", secret: { secretName: name, optional: true } }],
    mounts: [{ name: "receivers", mountPath: folder, readOnly: true }],
  };
};

/** A pair of Prometheus sends the same samples, and both would be stored. */
const twiceTaken = ({ settings }: Base, others: readonly Base[]): readonly string[] => {
  const senders = others
    .flatMap(({ pods }) => pods)
    .find(({ workload }) => workload.roles.includes(prometheus.roles.server));
  if (settings["acceptHaSamples"]?.value === "true" || !senders || senders.size.replicas < 2) return [];
  return [
    `components.mimir.acceptHaSamples is "false", and ${senders.size.replicas} Prometheus send the same samples: expected "true". ` +
      "Set it, or set replicas.prometheus to 1.",
  ];
};

/** Mimir ends at its start when it has one bucket for two uses (`validateBucketConfigs` in pkg/mimir/mimir.go of 3.2). */
const sharedBuckets = ({ settings }: Base): readonly string[] =>
  ["bucketRuler", "bucketAlertmanager"]
    .filter((key) => settings[key]?.value === settings["bucket"]?.value)
    .map(
      (key) =>
        `components.mimir.${key} is "${settings[key]?.value}", and so is bucket: expected another one, which Mimir insists on`,
    );

/** Roles that `-target=all` lacks. Without its own alertmanager, Mimir notifies the stack's. */
const optional = ["alertmanager", "overrides-exporter"];

export const mimir: Component = {
  name: "mimir",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: without(optional, together),
      sizes: { all: { replicas: 1, cpu: "100m", memory: "160Mi", memoryLimit: "1Gi" } },
    },
    scalable: {
      grouping: without(optional, behindGateway(byTier)),
      sizes: {
        gateway: nginx.size,
        write: { replicas: 3, cpu: "100m", memory: "160Mi", memoryLimit: "1536Mi" },
        read: { replicas: 2, cpu: "100m", memory: "160Mi", memoryLimit: "1536Mi" },
        backend: { replicas: 2, cpu: "100m", memory: "160Mi", memoryLimit: "1536Mi" },
      },
    },
    microservices: {
      grouping: apart,
      sizes: {
        gateway: nginx.size,
        distributor: { replicas: 2, maxReplicas: 6, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
        // Three own each partition, one in each zone, so that any zone may go away.
        ingester: { replicas: 1, zones: 3, cpu: "200m", memory: "512Mi", memoryLimit: "4Gi" },
        "query-frontend": { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        querier: { replicas: 2, maxReplicas: 6, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
        "query-scheduler": { replicas: 2, cpu: "50m", memory: "96Mi", memoryLimit: "512Mi" },
        "store-gateway": { replicas: 1, zones: 3, cpu: "100m", memory: "256Mi", memoryLimit: "2Gi" },
        compactor: { replicas: 2, cpu: "100m", memory: "256Mi", memoryLimit: "2Gi" },
        ruler: { replicas: 2, cpu: "100m", memory: "160Mi", memoryLimit: "1Gi" },
        alertmanager: { replicas: 2, cpu: "50m", memory: "96Mi", memoryLimit: "512Mi" },
        "overrides-exporter": { replicas: 1, cpu: "20m", memory: "64Mi", memoryLimit: "256Mi" },
      },
    },
  },
  hasTenants: true,
  monitoring,
  buckets: [
    { name: "mimir-alertmanager", setting: "bucketAlertmanager" },
    { name: "mimir-blocks", setting: "bucket" },
    { name: "mimir-ruler", setting: "bucketRuler" },
  ],
  topic,
  evaluates: { about: "prometheus", alerts: watchedAlerts, read: "runtime" },
  signals: grafana.metricsSignal,
  settings,
  dataSource: ({ wire, runs }, uidOf) => {
    const gateway = wire(grafana.roles.server).url(roles.gateway, "http");
    const metrics = grafana.metricsSource("Mimir", `${gateway}${paths.query}`, uidOf);
    if (!runs(ownAlertmanager)) return metrics;
    return [
      metrics,
      {
        name: "Mimir Alertmanager",
        uid: "mimir-alertmanager",
        type: "alertmanager",
        url: gateway,
        jsonData: { implementation: "mimir", handleGrafanaManagedAlerts: false },
      },
    ];
  },
  problems: (own, others) => [
    ...(own.settings["ingestStorageEnabled"]?.value === "true" ? kafka.ownerless(own, others, ingester, topic) : []),
    ...twiceTaken(own, others),
    ...sharedBuckets(own),
  ],
  build: buildOf({
    name: "mimir",
    image: images.mimir,
    writer: ingester,
    waits,
    variables: (wiring) => (isApart(wiring) ? [namespaceVariable, ...kafka.credentials.env] : []),
    alive: "/api/v1/status/buildinfo",
    startSeconds: 600,
    config,
    files: ({ wiring, alerts }): Readonly<Record<string, object>> =>
      wiring.runs(ownAlertmanager) ? { [fallback]: alertmanager.configuration(alerts) } : {},
    folder: ({ roles }) =>
      roles.includes(ownAlertmanager)
        ? overlaid("config", "mimir", alertmanager.receivers.name, { [fallback]: alertmanager.receivers.key })
        : undefined,
    beside: (context, workload) => ofReceivers(workload, context),
    ruler: { role: ruler, api: "/prometheus/config/v1/rules" },
    overrides: limits,
    zones: [
      [ingester, "-ingester.ring.instance-availability-zone"],
      [storeGateway, "-store-gateway.sharding-ring.instance-availability-zone"],
    ],
    recordDiscovered,
    gateway: { role: gateway, routes },
    writesToTmp: true,
  }),
};
