import { mebibyte } from "../core/kubernetes/requests.ts";
import type { IContainer } from "kubernetes-models/v1/Container";
import { parse } from "yaml";
import type { Component, Context, Pods, SettingsTable, Base } from "../core/model/component.ts";
import { defineRoles, type Mode, type Role, type Workload } from "../core/model/roles.ts";
import type { Size } from "../core/model/size.ts";
import type { Address, Wiring } from "../core/model/wiring.ts";
import { monitoring } from "../monitoring/tempo.ts";
import { limitSettings } from "../sizing/limits.ts";
import { images } from "../versions.ts";
import { buildOf, member, memberlist, overrides, server, shutdownDelay } from "./dskit.ts";
import * as grafana from "./grafana.ts";
import * as kafka from "./kafka.ts";
import { caches, eachPod } from "./memcached.ts";
import * as minio from "./minio.ts";
import { largestForwarded, own } from "./otlp.ts";
import { largestMessage, patience, seconds } from "./patience.ts";
import * as prometheus from "./prometheus.ts";
import * as store from "./store.ts";
import { apart, together } from "../core/model/grouping.ts";

const gossip = { component: "tempo", name: "tempo-gossip", port: "gossip", lists: "members" } as const;

export const roles = defineRoles(
  "tempo",
  { ports: { http: 3200, grpc: 9095, gossip: 7946 }, metrics: { port: "http" }, groups: [gossip] },
  {
    distributor: {
      tier: "write",
      ports: { "otlp-grpc": 4317, "otlp-http": 4318 },
      entryPoint: { name: "tempo-distributor", ports: ["otlp-grpc", "otlp-http"] },
    },
    "live-store": { tier: "write", disk: "10Gi" },
    "block-builder": { tier: "write", disk: "10Gi" },
    "metrics-generator": { tier: "write" },
    // Not ready before a querier has found it.
    "query-frontend": { tier: "read", publishNotReadyAddresses: true, entryPoint: { name: "tempo", ports: ["http"] } },
    querier: { tier: "read" },
    "backend-scheduler": { tier: "backend", disk: "1Gi", singleton: true },
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

/** Whether distributor and live-store are two processes, with Kafka between them. */
const isQueued = ({ workloadOf }: Wiring): boolean => workloadOf(distributor) !== workloadOf(liveStore);
/**
 * Roles that read the topic. In 3.0.3 they must not start before it exists. They ask ten times for
 * a broker, within a minute or two, and end (pkg/ingest/util.go). A live-store that finds a broker
 * without the topic never asks again how far it lags behind: it is unready until the first span, or
 * for `readiness_max_wait` (modules/livestore/partition_reader.go).
 */
const consumers: readonly Role[] = [liveStore, blockBuilder, generator];
/**
 * A connection of gRPC lasts: without an end it would stay with the pod that it first met, whatever
 * pods have come since. https://pkg.go.dev/google.golang.org/grpc/keepalive#ServerParameters
 */
const connection = { max_connection_age: "1m", max_connection_age_grace: "30s" } as const;
const limits = overrides("tempo");
const topic = kafka.topic("tempo", [liveStore, blockBuilder], "spans");
/** Of its data source. */
const uid = "tempo";

const cache = caches(
  "tempo",
  { server: { largestItem: "5m" }, pages: { largestItem: "1m" } },
  {
    server: { replicas: 2, cpu: "50m", memory: "256Mi", memoryLimit: "320Mi" },
    pages: { replicas: 2, cpu: "50m", memory: "512Mi", memoryLimit: "640Mi" },
  },
);
/** Tempo's memcached. */
export const tempoCache = cache.component;
/** Whether a mode has caches: those in which they have a size. */
const isCached = (mode: Mode): boolean => cache.component.modes[mode] !== undefined;
/** Roles that read or write blocks. Each of them asks every cache. */
const storing = [frontend, querier, blockBuilder, scheduler, worker] as const;

/** Number of partitions with an owner: each pod of a zone owns one, as does its twin elsewhere. */
const owners = ({ wiring: { workloadOf }, size }: Context): number => size(workloadOf(liveStore)).replicas;

/**
 * Who makes blocks of which partitions, in turn: of more than have an owner, so that nothing that
 * is written is left out when somebody adds live-stores by hand.
 */
const builtBy = (context: Context): string => {
  const { fullName } = context.wiring.workloadOf(blockBuilder);
  const { replicas } = context.size(context.wiring.workloadOf(blockBuilder));
  const partitions = Array.from({ length: Math.max(owners(context), 2 * kafka.defaultPartitions) }, (_, i) => i);
  const each = Array.from({ length: replicas }, (_, builder) => partitions.filter((i) => i % replicas === builder));
  return `{${each.map((own, builder) => `${fullName}-${builder}: [${own.join(", ")}]`).join(", ")}}`;
};

/** What is there only where Kafka stands between the roles. */
const queueSettings = (context: Context): SettingsTable => ({
  ...kafka.clientSettings(context.wiring.wire(distributor)),
  // A partition that is given up is in blocks long before, and until it is gone from the ring reads
  // ask for its owner.
  partitionForgottenAfter: { unit: "duration", value: "1h" },
  blockBuilderPartitions: { unit: "partitions", value: builtBy(context) },
});

const settings = (context: Context): SettingsTable => {
  const { wiring, store: kept, tenant } = context;
  const { wire } = wiring;
  return {
    ...store.settings(kept, wire(liveStore).to(minio.roles.server, "s3")),
    ...limitSettings("tempo"),
    // What passes in one push is kept whole; what is beyond is dropped without a word to anybody.
    maxBytesPerTrace: { unit: "count", value: String(largestForwarded) },
    ...(isQueued(wiring) ? queueSettings(context) : {}),
    multitenancyEnabled: { unit: "boolean", value: String(tenant !== undefined), follows: { setting: "tenant" } },
    remoteWriteUrl: {
      unit: "url",
      value: `${wire(generator).url(prometheus.roles.server, "http")}${prometheus.paths.remoteWrite}`,
    },
    retention: {
      unit: "duration",
      value: "168h",
      bounds: {
        usual: "1d",
        zero: "its own default, 14 days",
        override: "compaction.block_retention",
        because:
          "Tempo deletes blocks of spans that are older (https://grafana.com/docs/tempo/latest/configuration/#overrides)",
      },
    },
    // Searches ask live-stores alone for what is newer: upstream's, and less while another Tempo
    // gives way to this one, but more than blocks take to be made (`consume_cycle_duration`) and
    // listed (`blocklist_poll`).
    storeQueriedAfter: { unit: "duration", value: "15m" },
  };
};

/** What stands between the roles when each is a process of its own. */
const queued = {
  ingest: {
    kafka: {
      address: "${TEMPO_KAFKA_ADDRESS}",
      topic: topic.name,
      // It would also set the brokers' default number of partitions; the topic is made beside
      // Kafka.
      auto_create_topic_enabled: false,
      // Less than the eight seconds that the OTLP gateway gives a push: what it gives up and sends
      // again would be there twice.
      write_timeout: "7s",
      // Of SASL it knows PLAIN only, and no TLS (pkg/ingest/writer_client.go).
      sasl_username: kafka.credentials.username,
      sasl_password: kafka.credentials.password,
    },
  },
  block_builder: {
    assigned_partitions: "${TEMPO_BLOCK_BUILDER_PARTITIONS}",
    consume_cycle_duration: "30s",
    wal: { path: "/data/block-builder" },
  },
};
/** What a live-store does only where it reads a queue. */
const catchesUp = {
  // Ready when it has read what was written while it was away, so that the next zone is not rolled
  // before.
  readiness_target_lag: "10s",
  readiness_max_wait: "10m",
  partition_ring: { delete_inactive_partition_after: "${TEMPO_PARTITION_FORGOTTEN_AFTER}" },
};

const memcached = (roles: readonly string[], address: Address, maxItemSize: number) => ({
  roles,
  memcached: { addresses: eachPod(address), consistent_hash: true, max_item_size: maxItemSize, timeout: "200ms" },
});
/**
 * https://grafana.com/docs/tempo/latest/configuration/#cache ; pages are many, and would push the
 * rest out.
 */
const cachedParts = ({ wire }: Wiring) => ({
  caches: [
    memcached(
      ["bloom", "frontend-search", "parquet-column-idx", "parquet-footer", "parquet-offset-idx", "trace-id-index"],
      wire(querier).to(cache.roles.server, "memcached"),
      5 * mebibyte,
    ),
    memcached(["parquet-page"], wire(querier).to(cache.roles.pages, "memcached"), mebibyte),
  ],
});

/** Connections that no address in the configuration shows: rings, caches, Kafka and the store. */
const recordDiscovered = ({ wiring, mode }: Context): void => {
  const { wire } = wiring;
  for (const from of storing)
    for (const to of Object.values(cache.roles)) wire(from).toIf(isCached(mode), to, "memcached");
  for (const from of all) wire(from).discovers(liveStore, "gossip");
  for (const from of storing) wire(from).to(minio.roles.server, "s3");
  for (const from of [distributor, liveStore, blockBuilder, generator])
    wire(from).toIf(isQueued(wiring), kafka.roles.server, "kafka");
  wire(querier).discovers(liveStore, "grpc");
};

/**
 * No series are made of the stack's own spans: it has metrics of the same work, and of each of its
 * some hundred spans there would be a dozen series more.
 */
const notOwn = {
  exclude: { match_type: "strict", attributes: [{ key: `resource.${own.attribute}`, value: own.value }] },
};

/** https://grafana.com/docs/tempo/latest/configuration/ */
const config = ({ wiring, mode }: Context) => ({
  multitenancy_enabled: "${TEMPO_MULTITENANCY_ENABLED}",
  server: server(frontend.ports),
  shutdown_delay: shutdownDelay(wiring, liveStore, querier),
  // Grafana streams search results over gRPC on the HTTP port.
  stream_over_http_enabled: true,
  memory: { automemlimit_enabled: true },
  // One process owns partition 0 whatever stands beside it: in a ring with others, a reader would
  // ask one of those in its place.
  memberlist: {
    ...memberlist(wiring.wire(liveStore).toGroup(gossip, all)),
    cluster_label: isQueued(wiring) ? undefined : "monolithic",
  },
  ...(isQueued(wiring) ? queued : {}),
  ...(isCached(mode) ? { cache: cachedParts(wiring) } : {}),
  distributor: {
    ring: member,
    receivers: {
      otlp: {
        protocols: {
          // Sizes by their own names: the one in MiB, the other in bytes.
          grpc: {
            endpoint: `0.0.0.0:${distributor.ports["otlp-grpc"]}`,
            keepalive: { server_parameters: connection },
            max_recv_msg_size_mib: largestForwarded / mebibyte,
          },
          http: { endpoint: `0.0.0.0:${distributor.ports["otlp-http"]}`, max_request_body_size: largestForwarded },
        },
      },
    },
  },
  live_store: {
    ring: member,
    wal: { path: "/data/live-store/traces" },
    shutdown_marker_dir: "/data/live-store/shutdown-marker",
    // A span is acknowledged before it is in the write-ahead log; these bound what a killed pod can
    // lose to a few seconds.
    max_trace_idle: "2s",
    max_trace_live: "10s",
    flush_check_period: "1s",
    ...(isQueued(wiring) ? catchesUp : {}),
  },
  backend_scheduler: { local_work_path: "/data/work" },
  // In one process the scheduler stops first, so a job could not be reported any more: waiting only
  // lengthens a restart.
  backend_worker: {
    ring: member,
    backend_scheduler_addr: wiring.wire(worker).to(scheduler, "grpc"),
    finish_on_shutdown_timeout: "2s",
  },
  querier: {
    // A job is a part of a question. No longer than `block_reclaim_grace` of live-stores, 2m, for
    // which they leave files to those who read them.
    search: { query_timeout: "2m" },
    trace_by_id: { query_timeout: "2m" },
    frontend_worker: {
      frontend_address: wiring.wire(querier).toEach(frontend, "grpc"),
      grpc_client_config: { max_send_msg_size: largestMessage },
    },
  },
  metrics_generator: {
    ring: member,
    storage: {
      path: "/data/generator",
      remote_write: [{ url: "${TEMPO_REMOTE_WRITE_URL}", send_exemplars: true, queue_config: prometheus.patience }],
    },
    processor: {
      service_graphs: { wait: "10s", filter_policies: [notOwn] },
      span_metrics: { enable_target_info: true, filter_policies: [notOwn] },
    },
  },
  // Without a queue between distributor and live-store nothing lags behind, so the newest spans
  // need not be hidden.
  query_frontend: {
    query_end_cutoff: "0s",
    api_timeout: seconds(patience.work),
    // As long as spans are kept, whatever the retention.
    search: { query_backend_after: "${TEMPO_STORE_QUERIED_AFTER}", max_duration: "0s" },
    metrics: { query_backend_after: "${TEMPO_STORE_QUERIED_AFTER}" },
  },
  overrides: {
    per_tenant_override_config: limits.file,
    per_tenant_override_period: "10s",
    defaults: {
      ingestion: {
        rate_limit_bytes: "${TEMPO_INGESTION_RATE_BYTES}",
        burst_size_bytes: "${TEMPO_INGESTION_BURST_BYTES}",
        // What is beyond is dropped after it was acknowledged: before that, `max_live_traces_bytes`
        // is to make readers wait.
        max_traces_per_user: "${TEMPO_MAX_LIVE_TRACES}",
      },
      global: { max_bytes_per_trace: "${TEMPO_MAX_BYTES_PER_TRACE}" },
      compaction: { block_retention: "${TEMPO_RETENTION}" },
      metrics_generator: { processors: ["service-graphs", "span-metrics"] },
    },
  },
  storage: {
    trace: {
      // Of the three Tempo reads the one that is named here.
      backend: "${TEMPO_STORE}",
      wal: { path: "/data/wal" },
      blocklist_poll: "1m",
      s3: {
        bucket: "${TEMPO_BUCKET}",
        endpoint: "${TEMPO_S3_ENDPOINT}",
        region: "${TEMPO_S3_REGION}",
        access_key: "${S3_ACCESS_KEY_ID}",
        secret_key: "${S3_SECRET_ACCESS_KEY}",
        insecure: "${TEMPO_S3_INSECURE}",
        forcepathstyle: "${TEMPO_S3_FORCE_PATH_STYLE}",
      },
      gcs: { bucket_name: "${TEMPO_BUCKET}" },
      azure: {
        storage_account_name: "${TEMPO_AZURE_ACCOUNT}",
        storage_account_key: "${AZURE_STORAGE_KEY}",
        container_name: "${TEMPO_BUCKET}",
        use_federated_token: "${TEMPO_AZURE_FEDERATED_TOKEN}",
      },
    },
  },
  usage_report: { reporting_enabled: false },
});

/** Init containers that wait for what a process would end without. */
const waits = ({ wiring, store: kept }: Context, workload: Workload): readonly IContainer[] => {
  const runs = (roles: readonly Role[]): boolean => workload.roles.some((role) => roles.includes(role));
  return [
    ...(isQueued(wiring) && runs(consumers) ? [kafka.untilTopic("tempo", topic)] : []),
    // They end when they cannot list what is in the bucket.
    ...(runs(storing)
      ? store.untilBuckets(kept, "tempo", wiring.wire(querier).to(minio.roles.server, "s3"), ["bucket"])
      : []),
  ];
};

const single: Size = { replicas: 1, cpu: "100m", memory: "64Mi", memoryLimit: "768Mi" };
const pair: Size = { ...single, replicas: 2 };

/**
 * Partitions that no block-builder makes blocks of: what is in them would be gone with the queue.
 */
function unbuilt({ pods, settings }: Base): readonly string[] {
  const podsOf = (role: Role): Pods | undefined => pods.find(({ workload }) => workload.roles.includes(role));
  const written = podsOf(liveStore)?.size.replicas ?? 0;
  const builders = podsOf(blockBuilder);
  const said = settings["blockBuilderPartitions"]?.value;
  if (said === undefined || !builders) return [];
  const byName = parse(said) as Readonly<Record<string, readonly number[]>>;
  const there = Array.from({ length: builders.size.replicas }, (_, i) => `${builders.workload.fullName}-${i}`);
  const built = there.flatMap((name) => byName[name] ?? []);
  // One that two have would be in blocks twice.
  const wrong = Array.from({ length: written }, (_, i) => i).filter((i) => built.filter((j) => j === i).length !== 1);
  return wrong.length === 0
    ? []
    : [
        `components.tempo.blockBuilderPartitions is "${said}": expected each of the ${written} partitions that live-stores own at one of ` +
          `${there.join(", ")}; that is not so of ${wrong.join(", ")}`,
      ];
}

export const tempo: Component = {
  name: "tempo",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: together,
      sizes: { all: { replicas: 1, cpu: "100m", memory: "96Mi", memoryLimit: "768Mi" } },
    },
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
    microservices: {
      grouping: apart,
      sizes: {
        distributor: { replicas: 2, maxReplicas: 6, cpu: "200m", memory: "128Mi", memoryLimit: "1Gi" },
        "live-store": { replicas: 2, zones: 2, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
        "block-builder": { replicas: 2, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
        "metrics-generator": { replicas: 2, cpu: "200m", memory: "128Mi", memoryLimit: "1Gi" },
        "query-frontend": { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" },
        querier: { replicas: 2, maxReplicas: 6, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
        "backend-scheduler": single,
        "backend-worker": { replicas: 2, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
      },
    },
  },
  hasTenants: true,
  buckets: [{ name: "tempo", setting: "bucket" }],
  topic,
  signals: { traces: uid },
  settings,
  dataSource: ({ wire }, uidOf) => ({
    name: "Tempo",
    uid,
    type: "tempo",
    url: wire(grafana.roles.server).url(frontend, "http"),
    // No gateway stands before Tempo that could say it.
    secureJsonData: { httpHeaderValue1: `\${${grafana.tempoTenant}}` },
    jsonData: {
      ...grafana.patient,
      httpHeaderName1: "X-Scope-OrgID",
      serviceMap: { datasourceUid: uidOf("metrics") },
      nodeGraph: { enabled: true },
      streamingEnabled: { search: true, metrics: true },
      tracesToLogsV2: {
        datasourceUid: uidOf("logs"),
        spanStartTimeShift: "-10m",
        spanEndTimeShift: "10m",
        customQuery: true,
        // A line that was pushed has the id beside its text.
        query:
          '{service_name="$${__span.tags["service.name"]}"} | label_format said=`{{ contains "$${__trace.traceId}" __line__ }}` ' +
          '| said="true" or trace_id="$${__trace.traceId}" | drop said',
      },
      tracesToMetrics: {
        datasourceUid: uidOf("metrics"),
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
  problems: (own, others) => [...kafka.ownerless(own, others, liveStore, topic), ...unbuilt(own)],
  monitoring,
  build: buildOf({
    name: "tempo",
    image: images.tempo,
    writer: liveStore,
    alive: "/status/version",
    startSeconds: 300,
    config,
    overrides: limits,
    variables: (wiring) => (isQueued(wiring) ? kafka.credentials.env : []),
    waits,
    zones: [[liveStore, "-live-store.instance-availability-zone"]],
    recordDiscovered,
    // All spans are in the log within a second or two. What comes after may never end: the queue of
    // the query-frontend waits for tenants that its own clean-up, stopped by then, would have to
    // remove (modules/frontend/queue/queue.go in 3.0.3).
    graceSeconds: 30,
    findsMemoryLimit: true,
  }),
};
