import type { Component, Context, SettingsTable } from "../core/component.ts";
import { behindGateway, byTier, defineRoles, together } from "../core/plan.ts";
import { podsOf } from "../core/size.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import { buildOf, memberlist } from "./dskit.ts";
import * as grafana from "./grafana.ts";
import * as minio from "./minio.ts";
import * as nginx from "./nginx.ts";

const http = 8080;
const gossip = { component: "mimir", name: "mimir-gossip", port: "gossip", lists: "members" } as const;

const { gateway } = defineRoles(
  "mimir",
  { ports: { http } },
  { gateway: { tier: "read", door: { name: "mimir-gateway", ports: ["http"] } } },
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
    ruler: { tier: "backend" },
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
  ruler,
} = members;
const all = Object.values(members);

/** Paths under the gateway: the Prometheus API, and where samples are pushed. */
export const paths = { query: "/prometheus", push: "/api/v1/push" } as const;

const secret = minio.s3Secret("mimir");

const settings = ({ wiring: { wire, home }, size }: Context): SettingsTable => ({
  // One ingester has nobody to wait for before it is ready.
  ingesterMinReady: { unit: "duration", value: podsOf(size(home(ingester))) === 1 ? "0s" : "15s" },
  multitenancyEnabled: { unit: "boolean", value: "false" },
  replicationFactor: { unit: "count", value: String(podsOf(size(home(ingester)))) },
  retention: { unit: "duration", value: "30d" },
  s3Bucket: { unit: "name", value: minio.buckets.mimirBlocks },
  s3BucketAlertmanager: { unit: "name", value: minio.buckets.mimirAlertmanager },
  s3BucketRuler: { unit: "name", value: minio.buckets.mimirRuler },
  s3Endpoint: { unit: "address", value: wire(ingester).to(minio.roles.server, "s3") },
  s3Insecure: { unit: "boolean", value: "true" },
  s3Region: { unit: "name", value: "us-east-1" },
  // Every block is at so many of them, so that one may go away.
  storeGatewayReplicationFactor: { unit: "count", value: String(Math.min(3, podsOf(size(home(storeGateway))))) },
});

/** https://grafana.com/docs/mimir/latest/configure/configuration-parameters/ */
const config = ({ wiring: { wire } }: Context) => ({
  multitenancy_enabled: "${MIMIR_MULTITENANCY_ENABLED}",
  server: { http_listen_port: querier.ports.http, grpc_listen_port: querier.ports.grpc },
  memberlist: memberlist(wire(ingester).toGroup(gossip, all)),
  common: {
    storage: {
      backend: "s3",
      s3: {
        endpoint: "${MIMIR_S3_ENDPOINT}",
        region: "${MIMIR_S3_REGION}",
        access_key_id: "${S3_ACCESS_KEY_ID}",
        secret_access_key: "${S3_SECRET_ACCESS_KEY}",
        insecure: "${MIMIR_S3_INSECURE}",
        bucket_lookup_type: "path",
      },
    },
  },
  blocks_storage: {
    s3: { bucket_name: "${MIMIR_S3_BUCKET}" },
    tsdb: { dir: "/data/tsdb" },
    bucket_store: { sync_dir: "/data/tsdb-sync" },
  },
  ruler_storage: { s3: { bucket_name: "${MIMIR_S3_BUCKET_RULER}" } },
  alertmanager_storage: { s3: { bucket_name: "${MIMIR_S3_BUCKET_ALERTMANAGER}" } },
  activity_tracker: { filepath: "/data/activity.log" },
  alertmanager: { data_dir: "/data/alertmanager" },
  compactor: { data_dir: "/data/compactor" },
  ingester: {
    ring: {
      replication_factor: "${MIMIR_REPLICATION_FACTOR}",
      min_ready_duration: "${MIMIR_INGESTER_MIN_READY}",
    },
  },
  store_gateway: { sharding_ring: { replication_factor: "${MIMIR_STORE_GATEWAY_REPLICATION_FACTOR}" } },
  query_scheduler: { service_discovery_mode: "ring" },
  ruler: {
    rule_path: "/data/ruler",
    alertmanager_url: `http://${wire(ruler).to(alertmanager.roles.server, "http")}`,
  },
  limits: {
    compactor_blocks_retention_period: "${MIMIR_RETENTION}",
    ingestion_rate: 50000,
    ingestion_burst_size: 1000000,
    max_global_exemplars_per_user: 100000,
    max_global_series_per_user: 0,
    out_of_order_time_window: "10m",
  },
  usage_stats: { enabled: false },
});

/** Connections that Mimir finds through its rings or its object store: no address is written, the network must allow them. */
const found = ({ wire }: Wiring): void => {
  for (const from of all) {
    wire(from).finds(ingester, "gossip");
    wire(from).to(minio.roles.server, "s3");
  }
  for (const from of [distributor, querier, ruler]) wire(from).finds(ingester, "grpc");
  for (const from of [querier, ruler]) wire(from).finds(storeGateway, "grpc");
  for (const from of [frontend, querier]) wire(from).finds(scheduler, "grpc");
  wire(querier).finds(frontend, "grpc");
  wire(ruler).finds(ruler, "grpc");
};

/** What clients may ask of Mimir, by the role that answers (https://grafana.com/docs/mimir/latest/references/http-api/). */
const routes = [
  [distributor, "= /api/v1/push", "= /otlp/v1/metrics"],
  [ruler, "/prometheus/config/v1/rules", "/prometheus/api/v1/rules", "/prometheus/api/v1/alerts"],
  [frontend, "/prometheus/", "= /api/v1/status/buildinfo", "= /ready"],
] as const;

export const mimir: Component = {
  name: "mimir",
  home: "stack",
  roles,
  modes: {
    monolithic: { grouping: together, sizes: { all: { replicas: 1, cpu: "100m", memory: "160Mi", memoryLimit: "1Gi" } } },
    scalable: {
      grouping: behindGateway(byTier),
      sizes: {
        gateway: nginx.size,
        write: { replicas: 3, cpu: "100m", memory: "160Mi", memoryLimit: "1536Mi" },
        read: { replicas: 2, cpu: "100m", memory: "160Mi", memoryLimit: "1536Mi" },
        backend: { replicas: 2, cpu: "100m", memory: "160Mi", memoryLimit: "1536Mi" },
      },
    },
  },
  settings,
  dataSource: ({ wire }) =>
    grafana.metricsSource("Mimir", "Mimir", `http://${wire(grafana.roles.server).to(roles.gateway, "http")}${paths.query}`),
  build: buildOf({
    name: "mimir",
    image: images.mimir,
    httpPort: http,
    writer: ingester,
    secret,
    alive: "/api/v1/status/buildinfo",
    startSeconds: 600,
    config,
    found,
    gateway,
    routes,
  }),
};
