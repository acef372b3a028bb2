import type { Component, Pods, SettingsTable } from "../core/component.ts";
import { defineRoles, together, type Workload } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, goMemoryLimit, httpGet, probes, resources } from "../core/pod.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import * as grafana from "./grafana.ts";
import * as minio from "./minio.ts";

const gossip = { component: "loki", name: "loki-gossip", port: "gossip", lists: "members" } as const;

export const roles = defineRoles(
  "loki",
  { ports: { http: 3100, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    gateway: { tier: "read", door: { name: "loki-gateway", ports: ["http"] } },
    distributor: { tier: "write" },
    ingester: { tier: "write", disk: "10Gi" },
    "pattern-ingester": { tier: "write" },
    "query-frontend": { tier: "read" },
    querier: { tier: "read" },
    ruler: { tier: "read" },
    "query-scheduler": { tier: "backend" },
    "index-gateway": { tier: "backend" },
    compactor: { tier: "backend" },
  },
);
const { distributor, ingester, querier, ruler, compactor } = roles;
const members = Object.values(roles).filter((role) => role !== roles.gateway);

const secret = minio.s3Secret("loki");

const settings = ({ wire }: Wiring): SettingsTable => ({
  authEnabled: { unit: "boolean", value: "false" },
  replicationFactor: { unit: "count", value: "1" },
  retention: { unit: "duration", value: "168h" },
  s3Bucket: { unit: "name", value: minio.buckets.lokiChunks },
  s3BucketRuler: { unit: "name", value: minio.buckets.lokiRuler },
  s3Endpoint: { unit: "url", value: `http://${wire(ingester).to(minio.roles.server, "s3")}` },
  s3Region: { unit: "name", value: "us-east-1" },
});

/** https://grafana.com/docs/loki/latest/configure/ */
const config = ({ wire }: Wiring) => ({
  auth_enabled: "${LOKI_AUTH_ENABLED}",
  server: {
    http_listen_port: roles.querier.ports.http,
    grpc_listen_port: roles.querier.ports.grpc,
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
  memberlist: { join_members: [wire(ingester).toGroup(gossip, members)] },
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
  compactor: { retention_enabled: true, delete_request_store: "s3" },
  limits_config: {
    retention_period: "${LOKI_RETENTION}",
    allow_structured_metadata: true,
    volume_enabled: true,
  },
  // One ingester has nobody to wait for: without these it would be ready half a minute later after each restart.
  ingester: { lifecycler: { min_ready_duration: "0s" }, wal: { replay_memory_ceiling: "400MB" } },
  pattern_ingester: { enabled: true, lifecycler: { min_ready_duration: "0s" } },
  ruler: {
    alertmanager_url: `http://${wire(ruler).to(alertmanager.roles.server, "http")}`,
    enable_alertmanager_v2: true,
    enable_api: true,
    wal: { dir: "/data/ruler-wal" },
    storage: { type: "s3", s3: { bucketnames: "${LOKI_S3_BUCKET_RULER}" } },
  },
  analytics: { reporting_enabled: false },
});

/** Connections that Loki finds through its ring or its object store: no address is written, the network must allow them. */
const found = ({ wire }: Wiring): void => {
  for (const from of members) {
    wire(from).finds(roles.ingester, "gossip");
    wire(from).to(minio.roles.server, "s3");
  }
  for (const from of [distributor, querier, ruler]) wire(from).finds(ingester, "grpc");
};

const server = (workload: Workload): Pods => ({
  workload,
  replicas: 1,
  pod: {
    // Long enough to hand the ring over and flush what is asked for; the write-ahead log covers what is not.
    terminationGracePeriodSeconds: 300,
    containers: [
      {
        name: "loki",
        image: images.loki,
        args: ["-config.file=/etc/loki/loki.yaml", "-config.expand-env=true", `-target=${workload.name}`],
        env: [goMemoryLimit],
        envFrom: [{ configMapRef: { name: "loki-settings" } }, { secretRef: { name: secret.name } }],
        ports: containerPorts(workload.roles),
        ...probes({ ready: httpGet("/ready"), live: httpGet("/loki/api/v1/status/buildinfo"), startSeconds: 300 }),
        resources: resources({ cpu: "100m", memory: "128Mi", memoryLimit: "768Mi" }),
        volumeMounts: [
          { name: "config", mountPath: "/etc/loki", readOnly: true },
          { name: "data", mountPath: "/data" },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [configVolume("config", "loki"), emptyDir("tmp")],
  },
});

export const loki: Component = {
  name: "loki",
  home: "stack",
  roles,
  grouping: { monolithic: together },
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
  build({ wiring, workloads }) {
    found(wiring);
    return {
      pods: workloads.map(server),
      configs: [{ name: "loki", read: "start-up", files: { "loki.yaml": config(wiring) } }],
      secrets: [secret],
    };
  },
};
