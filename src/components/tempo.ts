import type { Component, Pods, SettingsTable } from "../core/component.ts";
import { defineRoles, together, type Workload } from "../core/plan.ts";
import { configVolume, containerPorts, httpGet, probes, resources } from "../core/pod.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as grafana from "./grafana.ts";
import * as minio from "./minio.ts";
import * as prometheus from "./prometheus.ts";

export const roles = defineRoles(
  "tempo",
  { ports: { http: 3200, grpc: 9095 }, metrics: { port: "http" } },
  {
    distributor: {
      tier: "write",
      ports: { "otlp-grpc": 4317, "otlp-http": 4318 },
      door: { name: "tempo-distributor", ports: ["otlp-grpc", "otlp-http"] },
    },
    "live-store": { tier: "write", disk: "10Gi" },
    "metrics-generator": { tier: "write" },
    "query-frontend": { tier: "read", door: { name: "tempo", ports: ["http"] } },
    querier: { tier: "read" },
    "backend-scheduler": { tier: "backend" },
    "backend-worker": { tier: "backend" },
  },
);
const { distributor, "live-store": liveStore, "metrics-generator": generator, "query-frontend": frontend } = roles;
const readers = [frontend, roles.querier, roles["backend-scheduler"], roles["backend-worker"]];

const secret = minio.s3Secret("tempo");

const settings = ({ wire }: Wiring): SettingsTable => ({
  remoteWriteUrl: {
    unit: "url",
    value: `http://${wire(generator).to(prometheus.roles.server, "http")}${prometheus.remoteWritePath}`,
  },
  retention: { unit: "duration", value: "168h" },
  s3Bucket: { unit: "name", value: minio.buckets.tempo },
  s3Endpoint: { unit: "address", value: wire(liveStore).to(minio.roles.server, "s3") },
  s3Insecure: { unit: "boolean", value: "true" },
  s3Region: { unit: "name", value: "us-east-1" },
});

/** https://grafana.com/docs/tempo/latest/configuration/ */
const config = () => ({
  server: {
    http_listen_port: frontend.ports.http,
    grpc_listen_port: frontend.ports.grpc,
  },
  // Grafana streams search results over gRPC on the HTTP port.
  stream_over_http_enabled: true,
  memory: { automemlimit_enabled: true },
  distributor: {
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `0.0.0.0:${distributor.ports["otlp-grpc"]}` },
          http: { endpoint: `0.0.0.0:${distributor.ports["otlp-http"]}` },
        },
      },
    },
  },
  live_store: {
    wal: { path: "/data/live-store/traces" },
    shutdown_marker_dir: "/data/live-store/shutdown-marker",
    // A span is acknowledged before it is in the write-ahead log; these bound what a killed pod can lose to a few seconds.
    max_trace_idle: "2s",
    max_trace_live: "10s",
    flush_check_period: "1s",
  },
  backend_scheduler: { local_work_path: "/data/work" },
  // In one process the scheduler stops first, so a job could not be reported any more: waiting only lengthens a restart.
  backend_worker: { finish_on_shutdown_timeout: "2s" },
  metrics_generator: {
    storage: {
      path: "/data/generator",
      remote_write: [{ url: "${TEMPO_REMOTE_WRITE_URL}", send_exemplars: true }],
    },
    processor: {
      service_graphs: { wait: "10s" },
      span_metrics: { enable_target_info: true },
    },
  },
  // Without a queue between distributor and live-store nothing lags behind, so the newest spans need not be hidden.
  query_frontend: { query_end_cutoff: "0s" },
  overrides: {
    defaults: {
      compaction: { block_retention: "${TEMPO_RETENTION}" },
      metrics_generator: { processors: ["service-graphs", "span-metrics"] },
    },
  },
  storage: {
    trace: {
      backend: "s3",
      wal: { path: "/data/wal" },
      blocklist_poll: "1m",
      s3: {
        bucket: "${TEMPO_S3_BUCKET}",
        endpoint: "${TEMPO_S3_ENDPOINT}",
        region: "${TEMPO_S3_REGION}",
        access_key: "${S3_ACCESS_KEY_ID}",
        secret_key: "${S3_SECRET_ACCESS_KEY}",
        insecure: "${TEMPO_S3_INSECURE}",
        forcepathstyle: true,
      },
    },
  },
  usage_report: { reporting_enabled: false },
});

const pods = (workload: Workload): Pods => ({
  workload,
  replicas: 1,
  pod: {
    // All spans are in the log within a second or two. What comes after may never end: the queue of the query-frontend waits
    // for tenants that its own clean-up, stopped by then, would have to remove (modules/frontend/queue/queue.go in 3.0.3).
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: "tempo",
        image: images.tempo,
        args: ["-config.file=/etc/tempo/tempo.yaml", "-config.expand-env=true", `-target=${workload.name}`],
        envFrom: [{ configMapRef: { name: "tempo-settings" } }, { secretRef: { name: secret.name } }],
        ports: containerPorts(workload.roles),
        ...probes({ ready: httpGet("/ready"), live: httpGet("/status/version"), startSeconds: 300 }),
        resources: resources({ cpu: "100m", memory: "96Mi", memoryLimit: "768Mi" }),
        volumeMounts: [
          { name: "config", mountPath: "/etc/tempo", readOnly: true },
          { name: "data", mountPath: "/data" },
        ],
      },
    ],
    volumes: [configVolume("config", "tempo")],
  },
});

export const tempo: Component = {
  name: "tempo",
  home: "stack",
  roles,
  grouping: { monolithic: together },
  settings,
  dataSource: ({ wire }) => ({
    name: "Tempo",
    uid: grafana.uids.traces,
    type: "tempo",
    url: `http://${wire(grafana.roles.server).to(frontend, "http")}`,
    jsonData: {
      serviceMap: { datasourceUid: grafana.uids.metrics },
      nodeGraph: { enabled: true },
      streamingEnabled: { search: true, metrics: true },
      tracesToLogsV2: {
        datasourceUid: grafana.uids.logs,
        spanStartTimeShift: "-10m",
        spanEndTimeShift: "10m",
        customQuery: true,
        query: '{service_name="$${__span.tags["service.name"]}"} |= "$${__trace.traceId}"',
      },
      tracesToMetrics: {
        datasourceUid: grafana.uids.metrics,
        spanStartTimeShift: "-10m",
        spanEndTimeShift: "10m",
        tags: [{ key: "service.name", value: "service" }],
        queries: [
          { name: "Requests", query: "sum(rate(traces_spanmetrics_calls_total{$$__tags}[5m]))" },
          {
            name: "95th percentile",
            query: "histogram_quantile(0.95, sum by (le) (rate(traces_spanmetrics_latency_bucket{$$__tags}[5m])))",
          },
        ],
      },
    },
  }),
  build({ wiring, workloads }) {
    for (const from of readers) wiring.wire(from).to(minio.roles.server, "s3");
    return {
      pods: workloads.map(pods),
      configs: [{ name: "tempo", read: "start-up", files: { "tempo.yaml": config() } }],
      secrets: [secret],
    };
  },
};
