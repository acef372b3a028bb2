import type { Component, Pods, SettingsTable } from "../core/component.ts";
import { defineRoles, together, type Workload } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, goMemoryLimit, httpGet, probes, resources } from "../core/pod.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import * as grafana from "./grafana.ts";
import * as minio from "./minio.ts";

const gossip = { component: "mimir", name: "mimir-gossip", port: "gossip", lists: "members" } as const;

export const roles = defineRoles(
  "mimir",
  { ports: { http: 8080, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    gateway: { tier: "read", door: { name: "mimir-gateway", ports: ["http"] } },
    distributor: { tier: "write" },
    ingester: { tier: "write", disk: "20Gi" },
    "query-frontend": { tier: "read" },
    querier: { tier: "read" },
    "query-scheduler": { tier: "backend" },
    "store-gateway": { tier: "backend" },
    compactor: { tier: "backend" },
    ruler: { tier: "backend" },
  },
);
const { distributor, ingester, querier, ruler, "store-gateway": storeGateway } = roles;
const members = Object.values(roles).filter((role) => role !== roles.gateway);

/** Paths under the gateway: the Prometheus API, and where samples are pushed. */
export const paths = { query: "/prometheus", push: "/api/v1/push" } as const;

const secret = minio.s3Secret("mimir");

const settings = ({ wire }: Wiring): SettingsTable => ({
  multitenancyEnabled: { unit: "boolean", value: "false" },
  replicationFactor: { unit: "count", value: "1" },
  retention: { unit: "duration", value: "30d" },
  s3Bucket: { unit: "name", value: minio.buckets.mimirBlocks },
  s3BucketAlertmanager: { unit: "name", value: minio.buckets.mimirAlertmanager },
  s3BucketRuler: { unit: "name", value: minio.buckets.mimirRuler },
  s3Endpoint: { unit: "address", value: wire(ingester).to(minio.roles.server, "s3") },
  s3Insecure: { unit: "boolean", value: "true" },
  s3Region: { unit: "name", value: "us-east-1" },
});

/** https://grafana.com/docs/mimir/latest/configure/configuration-parameters/ */
const config = ({ wire }: Wiring) => ({
  multitenancy_enabled: "${MIMIR_MULTITENANCY_ENABLED}",
  server: { http_listen_port: querier.ports.http, grpc_listen_port: querier.ports.grpc },
  memberlist: { join_members: [wire(ingester).toGroup(gossip, members)] },
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
  // One ingester has nobody to wait for before it is ready.
  ingester: { ring: { replication_factor: "${MIMIR_REPLICATION_FACTOR}", min_ready_duration: "0s" } },
  store_gateway: { sharding_ring: { replication_factor: "${MIMIR_REPLICATION_FACTOR}" } },
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

/** Connections that Mimir finds through its ring or its object store: no address is written, the network must allow them. */
const found = ({ wire }: Wiring): void => {
  for (const from of members) {
    wire(from).finds(ingester, "gossip");
    wire(from).to(minio.roles.server, "s3");
  }
  for (const from of [distributor, querier, ruler]) wire(from).finds(ingester, "grpc");
  for (const from of [querier, ruler]) wire(from).finds(storeGateway, "grpc");
};

const pods = (workload: Workload): Pods => ({
  workload,
  replicas: 1,
  pod: {
    terminationGracePeriodSeconds: 300,
    containers: [
      {
        name: "mimir",
        image: images.mimir,
        args: ["-config.file=/etc/mimir/mimir.yaml", "-config.expand-env=true", `-target=${workload.name}`],
        env: [goMemoryLimit],
        envFrom: [{ configMapRef: { name: "mimir-settings" } }, { secretRef: { name: secret.name } }],
        ports: containerPorts(workload.roles),
        ...probes({ ready: httpGet("/ready"), live: httpGet("/api/v1/status/buildinfo"), startSeconds: 600 }),
        resources: resources({ cpu: "100m", memory: "160Mi", memoryLimit: "1Gi" }),
        volumeMounts: [
          { name: "config", mountPath: "/etc/mimir", readOnly: true },
          { name: "data", mountPath: "/data" },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [configVolume("config", "mimir"), emptyDir("tmp")],
  },
});

export const mimir: Component = {
  name: "mimir",
  home: "stack",
  roles,
  grouping: { monolithic: together },
  settings,
  dataSource: ({ wire }) =>
    grafana.metricsSource("Mimir", "Mimir", `http://${wire(grafana.roles.server).to(roles.gateway, "http")}${paths.query}`),
  build({ wiring, workloads }) {
    found(wiring);
    return {
      pods: workloads.map(pods),
      configs: [{ name: "mimir", read: "start-up", files: { "mimir.yaml": config(wiring) } }],
      secrets: [secret],
    };
  },
};
