import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { Component, Context, Pods, SettingsTable } from "../core/component.ts";
import { apart, defineRoles, together, type Workload } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, httpGet, probes, resources, zoneLabel } from "../core/pod.ts";
import type { Size, Sized } from "../core/size.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import { memberlist, target } from "./dskit.ts";
import * as grafana from "./grafana.ts";
import * as kafka from "./kafka.ts";
import * as minio from "./minio.ts";
import * as prometheus from "./prometheus.ts";

const gossip = { component: "tempo", name: "tempo-gossip", port: "gossip", lists: "members" } as const;

export const roles = defineRoles(
  "tempo",
  { ports: { http: 3200, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    distributor: {
      tier: "write",
      ports: { "otlp-grpc": 4317, "otlp-http": 4318 },
      door: { name: "tempo-distributor", ports: ["otlp-grpc", "otlp-http"] },
    },
    "live-store": { tier: "write", disk: "10Gi" },
    "block-builder": { tier: "write", disk: "10Gi" },
    "metrics-generator": { tier: "write" },
    // Not ready before a querier has found it.
    "query-frontend": { tier: "read", meets: "before ready", door: { name: "tempo", ports: ["http"] } },
    querier: { tier: "read" },
    "backend-scheduler": { tier: "backend", disk: "1Gi" },
    "backend-worker": { tier: "backend" },
  },
);
const {
  distributor,
  "live-store": liveStore,
  "block-builder": blockBuilder,
  "metrics-generator": generator,
  "query-frontend": frontend,
  querier,
  "backend-scheduler": scheduler,
  "backend-worker": worker,
} = roles;
const all = Object.values(roles);

/** Without a process of its own the distributor hands its spans to the live-store; between processes stands Kafka. */
const isQueued = ({ home }: Wiring): boolean => home(distributor) !== home(liveStore);
const secret = minio.s3Secret("tempo");

const settings = ({ wiring: { wire } }: Context): SettingsTable => ({
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

/** What stands between the roles when each is a process of its own. */
const queued = ({ wire }: Wiring) => ({
  ingest: {
    kafka: {
      address: wire(distributor).to(kafka.roles.server, "kafka"),
      topic: "tempo",
      // It would also set the brokers' default number of partitions; a Job makes the topic.
      auto_create_topic_enabled: false,
    },
  },
  block_builder: {
    partitions_per_instance: kafka.partitions.tempo,
    consume_cycle_duration: "30s",
    wal: { path: "/data/block-builder" },
  },
});

/** Connections that Tempo finds through its rings, its queue or its store: no address is written, the network must allow them. */
const found = (wiring: Wiring): void => {
  const { wire } = wiring;
  for (const from of all) wire(from).finds(liveStore, "gossip");
  for (const from of [blockBuilder, frontend, querier, scheduler, worker]) wire(from).to(minio.roles.server, "s3");
  for (const from of [distributor, liveStore, blockBuilder, generator]) {
    if (isQueued(wiring)) wire(from).to(kafka.roles.server, "kafka");
    else wire(from).expects(kafka.roles.server, "kafka");
  }
  for (const from of [querier, frontend]) wire(from).finds(liveStore, "grpc");
};

/** https://grafana.com/docs/tempo/latest/configuration/ */
const config = (wiring: Wiring) => ({
  server: {
    http_listen_port: frontend.ports.http,
    grpc_listen_port: frontend.ports.grpc,
  },
  // Grafana streams search results over gRPC on the HTTP port.
  stream_over_http_enabled: true,
  memory: { automemlimit_enabled: true },
  memberlist: memberlist(wiring.wire(liveStore).toGroup(gossip, all)),
  ...(isQueued(wiring) ? queued(wiring) : {}),
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
  backend_worker: {
    backend_scheduler_addr: wiring.wire(worker).to(scheduler, "grpc"),
    finish_on_shutdown_timeout: "2s",
  },
  querier: { frontend_worker: { frontend_address: wiring.wire(querier).toEach(frontend, "grpc") } },
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

/** The live-store's zone is that of its StatefulSet. */
const zone: IEnvVar = { name: "ZONE", valueFrom: { fieldRef: { fieldPath: `metadata.labels['${zoneLabel}']` } } };

const pods = (workload: Workload, size: Sized): Pods => {
  const isZoned = size.zones !== undefined;
  return {
    workload,
    size,
    pod: {
      // All spans are in the log within a second or two. What comes after may never end: the queue of the query-frontend waits
      // for tenants that its own clean-up, stopped by then, would have to remove (modules/frontend/queue/queue.go in 3.0.3).
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: "tempo",
          image: images.tempo,
          args: [
            "-config.file=/etc/tempo/tempo.yaml",
            "-config.expand-env=true",
            target(workload),
            ...(isZoned ? ["-live-store.instance-availability-zone=$(ZONE)"] : []),
          ],
          env: isZoned ? [zone] : undefined,
          envFrom: [{ configMapRef: { name: "tempo-settings" } }, { secretRef: { name: secret.name } }],
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet("/ready"), live: httpGet("/status/version"), startSeconds: 300 }),
          resources: resources(size, workload.disk ? undefined : "2Gi"),
          volumeMounts: [
            { name: "config", mountPath: "/etc/tempo", readOnly: true },
            { name: "data", mountPath: "/data" },
          ],
        },
      ],
      volumes: [configVolume("config", "tempo"), ...(workload.disk ? [] : [emptyDir("data")])],
    },
  };
};

const single: Size = { replicas: 1, cpu: "100m", memory: "64Mi", memoryLimit: "768Mi" };
const pair: Size = { ...single, replicas: 2 };

export const tempo: Component = {
  name: "tempo",
  home: "stack",
  roles,
  modes: {
    monolithic: { grouping: together, sizes: { all: { replicas: 1, cpu: "100m", memory: "96Mi", memoryLimit: "768Mi" } } },
    // Who owns a partition, and the scheduler, is one; of the others one may go away.
    scalable: {
      grouping: apart,
      sizes: {
        distributor: pair,
        // Two own each partition, so that the restart of one is no gap for those who read.
        "live-store": { ...single, zones: 2 },
        "block-builder": single,
        "metrics-generator": single,
        "query-frontend": pair,
        querier: pair,
        "backend-scheduler": single,
        "backend-worker": pair,
      },
    },
  },
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
  build(context) {
    found(context.wiring);
    return {
      pods: context.workloads.map((workload) => pods(workload, context.size(workload))),
      configs: [{ name: "tempo", read: "start-up", files: { "tempo.yaml": config(context.wiring) } }],
      secrets: [secret],
    };
  },
};
