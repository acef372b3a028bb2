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

const http = 3100;
const gossip = { component: "loki", name: "loki-gossip", port: "gossip", lists: "members" } as const;

const { gateway } = defineRoles(
  "loki",
  { ports: { http } },
  { gateway: { tier: "read", door: { name: "loki-gateway", ports: ["http"] } } },
);
const members = defineRoles(
  "loki",
  { ports: { http, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    distributor: { tier: "write" },
    ingester: { tier: "write", disk: "10Gi" },
    "pattern-ingester": { tier: "write" },
    "query-frontend": { tier: "read" },
    querier: { tier: "read" },
    ruler: { tier: "read" },
    "query-scheduler": { tier: "backend" },
    "index-gateway": { tier: "backend", disk: "10Gi" },
    compactor: { tier: "backend", disk: "10Gi" },
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

const secret = minio.s3Secret("loki");

const settings = ({ wiring: { wire, home }, size }: Context): SettingsTable => ({
  authEnabled: { unit: "boolean", value: "false" },
  // One ingester has nobody to wait for, and would be ready half a minute later after each restart.
  ingesterMinReady: { unit: "duration", value: podsOf(size(home(ingester))) === 1 ? "0s" : "15s" },
  replicationFactor: { unit: "count", value: String(podsOf(size(home(ingester)))) },
  retention: { unit: "duration", value: "168h" },
  s3Bucket: { unit: "name", value: minio.buckets.lokiChunks },
  s3BucketRuler: { unit: "name", value: minio.buckets.lokiRuler },
  s3Endpoint: { unit: "url", value: `http://${wire(ingester).to(minio.roles.server, "s3")}` },
  s3Region: { unit: "name", value: "us-east-1" },
});

const lifecycler = { min_ready_duration: "${LOKI_INGESTER_MIN_READY}" };

/** https://grafana.com/docs/loki/latest/configure/ */
const config = ({ wiring: { wire, home } }: Context) => ({
  auth_enabled: "${LOKI_AUTH_ENABLED}",
  server: {
    http_listen_port: querier.ports.http,
    grpc_listen_port: querier.ports.grpc,
    log_level: "info",
  },
  common: {
    path_prefix: "/data",
    replication_factor: "${LOKI_REPLICATION_FACTOR}",
    compactor_grpc_address: wire(querier).to(compactor, "grpc"),
    ring: { kvstore: { store: "memberlist" } },
    storage: {
      s3: {
        endpoint: "${LOKI_S3_ENDPOINT}",
        region: "${LOKI_S3_REGION}",
        bucketnames: "${LOKI_S3_BUCKET}",
        access_key_id: "${S3_ACCESS_KEY_ID}",
        secret_access_key: "${S3_SECRET_ACCESS_KEY}",
        s3forcepathstyle: true,
      },
    },
  },
  memberlist: memberlist(wire(ingester).toGroup(gossip, all)),
  schema_config: {
    configs: [
      {
        from: "2024-04-01",
        store: "tsdb",
        object_store: "s3",
        schema: "v13",
        index: { prefix: "index_", period: "24h" },
      },
    ],
  },
  // A ruler that shares a process with an index gateway must not ask one through the ring: its queries would hang.
  index_gateway: { mode: home(ruler) === home(indexGateway) ? "simple" : "ring" },
  compactor: { retention_enabled: true, delete_request_store: "s3" },
  limits_config: {
    retention_period: "${LOKI_RETENTION}",
    allow_structured_metadata: true,
    volume_enabled: true,
  },
  ingester: { lifecycler, wal: { replay_memory_ceiling: "400MB" } },
  pattern_ingester: { enabled: true, lifecycler },
  ruler: {
    alertmanager_url: `http://${wire(ruler).to(alertmanager.roles.server, "http")}`,
    enable_alertmanager_v2: true,
    enable_api: true,
    enable_sharding: true,
    wal: { dir: "/data/ruler-wal" },
    storage: { type: "s3", s3: { bucketnames: "${LOKI_S3_BUCKET_RULER}" } },
  },
  analytics: { reporting_enabled: false },
});

/** Connections that Loki finds through its rings or its object store: no address is written, the network must allow them. */
const found = ({ wire }: Wiring): void => {
  for (const from of all) {
    wire(from).finds(ingester, "gossip");
    wire(from).to(minio.roles.server, "s3");
  }
  for (const from of [distributor, querier, ruler]) wire(from).finds(ingester, "grpc");
  for (const from of [distributor, querier]) wire(from).finds(patternIngester, "grpc");
  for (const from of [frontend, querier]) wire(from).finds(scheduler, "grpc");
  for (const from of [querier, ruler]) wire(from).finds(indexGateway, "grpc");
  wire(querier).finds(frontend, "grpc");
  wire(ruler).finds(ruler, "grpc");
};

/** What clients may ask of Loki, by the role that answers. */
const routes = [
  [distributor, "= /loki/api/v1/push", "= /otlp/v1/logs", "= /api/prom/push"],
  [querier, "= /loki/api/v1/tail", "= /api/prom/tail"],
  [ruler, "/loki/api/v1/rules", "/prometheus/api/v1/rules", "/prometheus/api/v1/alerts", "/api/prom/rules"],
  [compactor, "= /loki/api/v1/delete"],
  [frontend, "/loki/api/", "= /ready"],
] as const;

export const loki: Component = {
  name: "loki",
  home: "stack",
  roles,
  modes: {
    monolithic: { grouping: together, sizes: { all: { replicas: 1, cpu: "100m", memory: "128Mi", memoryLimit: "768Mi" } } },
    scalable: {
      grouping: behindGateway(byTier),
      sizes: {
        gateway: nginx.size,
        write: { replicas: 3, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        read: { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        backend: { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
      },
    },
  },
  settings,
  dataSource: ({ wire }) => ({
    name: "Loki",
    uid: grafana.uids.logs,
    type: "loki",
    url: `http://${wire(grafana.roles.server).to(roles.gateway, "http")}`,
    jsonData: {
      derivedFields: [
        {
          name: "trace",
          matcherType: "regex",
          matcherRegex: '[tT]race[_-]?[iI][dD]"?[=:]\\s*"?([0-9a-f]{16,32})',
          url: "$${__value.raw}",
          urlDisplayLabel: "View trace",
          datasourceUid: grafana.uids.traces,
        },
        {
          name: "trace_id",
          matcherType: "label",
          matcherRegex: "trace_id",
          url: "$${__value.raw}",
          urlDisplayLabel: "View trace",
          datasourceUid: grafana.uids.traces,
        },
      ],
    },
  }),
  build: buildOf({
    name: "loki",
    image: images.loki,
    httpPort: http,
    writer: ingester,
    secret,
    alive: "/loki/api/v1/status/buildinfo",
    startSeconds: 300,
    config,
    found,
    gateway,
    routes,
  }),
};
