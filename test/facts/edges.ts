/** Who connects to whom, as upstream's sources have it: what a NetworkPolicy must let through. */
export interface Edge {
  /** Program and role, as `rolesOf` of test/lib/processes.ts calls them. */
  readonly from: readonly [program: string, role?: string];
  readonly to: readonly [program: string, role?: string];
  /** A name of test/facts/ports.ts. */
  readonly port: string;
  readonly why: string;
  /** Only where `from` is told so: a path of its configuration. */
  readonly where?: string | undefined;
}

type Row = readonly [from: string, to: string, port: string, why: string, where?: string];

/** `from` and `to` may name several roles, with blanks between. */
const within = (program: string, other: string, rows: readonly Row[]): readonly Edge[] =>
  rows.flatMap(([froms, tos, port, why, where]) =>
    froms
      .split(" ")
      .flatMap((from) =>
        tos.split(" ").map((to): Edge => ({ from: [program, from], to: [other, to], port, why, where })),
      ),
  );

/** pkg/loki/modules.go of v3.7.6, the `init…` function of each role and the modules that it depends on in pkg/loki/loki.go. */
const lokiMembers =
  "distributor ingester pattern-ingester query-frontend querier query-scheduler ruler index-gateway compactor";
const loki: readonly Edge[] = [
  ...within("loki", "loki", [
    ["distributor", "ingester", "grpc", "pushes lines: initDistributor, IngesterClient"],
    ["distributor", "pattern-ingester", "grpc", "pushes what patterns are made of: PatternIngesterTee"],
    ["querier", "ingester", "grpc", "newest lines: IngesterQuerier"],
    ["querier", "pattern-ingester", "grpc", "patterns: initQuerier, pattern.NewIngesterQuerier"],
    ["querier", "index-gateway", "grpc", "index: Store, IndexGatewayRing"],
    ["querier", "query-scheduler", "grpc", "fetches queries: frontend_worker.scheduler_address"],
    ["querier", "query-frontend", "grpc", "sends the answers: pkg/querier/worker/scheduler_processor.go"],
    ["querier", "compactor", "grpc", "what is deleted: deleteRequestsClient"],
    ["query-frontend", "query-scheduler", "grpc", "puts in queries: frontend.scheduler_address"],
    ["query-frontend", "compactor", "grpc", "generations of caches: CacheGenerationLoader"],
    ["ruler", "ingester", "grpc", "newest lines: RuleEvaluator, IngesterQuerier"],
    ["ruler", "index-gateway", "grpc", "index: RuleEvaluator, Store"],
    ["ruler", "compactor", "grpc", "what is deleted: deleteRequestsClient"],
    ["ruler", "ruler", "grpc", "rules of the other shards: pkg/ruler/base/ruler.go, getShardedRules"],
    [lokiMembers, lokiMembers, "gossip", "members of one memberlist: MemberlistKV"],
  ]),
  ...within("loki", "minio", [
    ["ingester querier ruler index-gateway compactor", "minio", "s3", "chunks, index, rules: Store, RulerStorage"],
  ]),
  ...within("loki", "alertmanager", [["ruler", "alertmanager", "http", "alerts: ruler.alertmanager_url"]]),
];

/** pkg/mimir/modules.go at aced80d74930. */
const mimirMembers =
  "distributor ingester query-frontend querier query-scheduler store-gateway compactor ruler alertmanager overrides-exporter";
const mimir: readonly Edge[] = [
  ...within("mimir", "mimir", [
    ["distributor", "ingester", "grpc", "pushes samples where there is no queue: DistributorService, IngesterRing"],
    ["querier", "ingester", "grpc", "newest samples: Queryable, DistributorService"],
    ["querier", "store-gateway", "grpc", "blocks: StoreQueryable"],
    ["querier", "query-scheduler", "grpc", "fetches queries: pkg/querier/worker"],
    ["querier", "query-frontend", "grpc", "sends the answers: pkg/querier/worker/scheduler_processor.go"],
    ["query-frontend", "query-scheduler", "grpc", "puts in queries: initQueryFrontend, frontend v2"],
    ["ruler", "ingester", "grpc", "newest samples, and what rules make: DistributorService"],
    ["ruler", "store-gateway", "grpc", "blocks: StoreQueryable"],
    ["ruler", "ruler", "grpc", "rules of the other shards: pkg/ruler/ruler.go"],
    ["ruler", "query-frontend", "grpc", "rules' queries: pkg/ruler/remotequerier.go", "ruler.query_frontend"],
    ["alertmanager", "alertmanager", "grpc", "state of the other replicas: pkg/alertmanager/distributor.go"],
    [mimirMembers, mimirMembers, "gossip", "members of one memberlist: MemberlistKV"],
  ]),
  ...within("mimir", "minio", [
    ["ingester querier store-gateway compactor ruler alertmanager", "minio", "s3", "blocks, rules, configurations"],
  ]),
  ...within("mimir", "kafka", [
    ["distributor ruler", "kafka", "kafka", "writes samples: pkg/storage/ingest/writer.go", "ingest_storage"],
    ["ingester", "kafka", "kafka", "reads its partition: pkg/storage/ingest/reader.go", "ingest_storage"],
    [
      "query-frontend",
      "kafka",
      "kafka",
      "how far a strong read must be: QueryFrontendTopicOffsetsReaders",
      "ingest_storage",
    ],
  ]),
];

/** cmd/tempo/app/modules.go of v3.0.3. */
const tempoMembers =
  "distributor live-store block-builder metrics-generator query-frontend querier backend-scheduler backend-worker";
const tempo: readonly Edge[] = [
  ...within("tempo", "tempo", [
    ["querier", "live-store", "grpc", "newest spans: initQuerier, LiveStoreRing, PartitionRing"],
    ["querier", "query-frontend", "grpc", "fetches queries: querier.frontend_worker.frontend_address"],
    ["backend-worker", "backend-scheduler", "grpc", "fetches jobs: backend_worker.backend_scheduler_addr"],
    [tempoMembers, tempoMembers, "gossip", "members of one memberlist: MemberlistKV, UsageReport"],
  ]),
  ...within("tempo", "minio", [
    ["query-frontend querier block-builder backend-scheduler backend-worker", "minio", "s3", "blocks: Store"],
  ]),
  ...within("tempo", "kafka", [
    ["distributor", "kafka", "kafka", "writes spans: pkg/ingest/writer.go", "ingest"],
    ["live-store block-builder metrics-generator", "kafka", "kafka", "read spans: pkg/ingest", "ingest"],
  ]),
];

/** docs/components of Thanos v0.42.5. */
const thanos: readonly Edge[] = [
  ...within("thanos", "thanos", [
    ["query", "store sidecar rule receive-ingester", "grpc", "series: query.md, Store API"],
    ["query-frontend", "query", "http", "queries: query-frontend.md, --query-frontend.downstream-url"],
    ["rule", "query", "http", "evaluates rules: rule.md, --query"],
    ["receive-router", "receive-ingester", "grpc", "passes samples on: receive.md, hash ring"],
  ]),
  ...within("thanos", "minio", [
    ["store compact sidecar receive-ingester", "minio", "s3", "blocks: --objstore.config-file"],
  ]),
  ...within("thanos", "alertmanager", [["rule", "alertmanager", "http", "alerts: rule.md, --alertmanagers.url"]]),
];

const edge = (from: Edge["from"], to: Edge["to"], port: string, why: string): Edge => ({ from, to, port, why });

const others: readonly Edge[] = [
  edge(["prometheus"], ["alertmanager"], "http", "alerts: configuration.md, alerting"),
  edge(["alertmanager"], ["alertmanager"], "gossip", "what was told to whom: README.md, High Availability"),
  edge(["alloy"], ["kafka"], "kafka", "lag: prometheus.exporter.kafka.md, kafka_uris"),
  edge(["kafka"], ["kafka"], "kafka", "replicas: brokers fetch from each other"),
  edge(["kafka", "client"], ["kafka"], "kafka", "makes topics: bin/kafka-topics.sh"),
  edge(["kafka"], ["kafka"], "controller", "quorum: controller.quorum.voters"),
  edge(["alloy"], ["nginx-unprivileged", "loki-gateway"], "http", "logs"),
  edge(["alloy"], ["tempo", "distributor"], "otlp-grpc", "spans, where it takes OTLP"),
  edge(["promtail"], ["nginx-unprivileged", "loki-gateway"], "http", "logs"),
  edge(["k6"], ["alloy"], "otlp-http", "spans that are made up"),
  edge(["telemetrygen"], ["alloy"], "otlp-grpc", "metrics that are made up"),
  ...["distributor", "query-frontend", "querier", "ruler", "compactor"].map((role) =>
    edge(["nginx-unprivileged", "loki-gateway"], ["loki", role], "http", "reference/loki-http-api.md"),
  ),
  ...["distributor", "query-frontend", "querier", "ruler", "alertmanager"].map((role) =>
    edge(["nginx-unprivileged", "mimir-gateway"], ["mimir", role], "http", "references/http-api/index.md"),
  ),
  edge(["grafana"], ["nginx-unprivileged", "loki-gateway"], "http", "data source"),
  edge(["grafana"], ["nginx-unprivileged", "mimir-gateway"], "http", "data source"),
  edge(["grafana"], ["tempo", "query-frontend"], "http", "data source; searches are streamed there, too"),
  edge(["grafana"], ["thanos", "query-frontend"], "http", "data source"),
  edge(["grafana"], ["alertmanager"], "http", "data source"),
];

export const edges: readonly Edge[] = [...loki, ...mimir, ...tempo, ...thanos, ...others];

/** Programs of which the list says everything: on their gRPC ports nobody else of their own is let in. */
export const complete: readonly string[] = ["loki", "mimir", "tempo", "thanos"];

/**
 * Which cache serves whom, by a part of its pods' names. Loki: operations/caching.md of v3.7.6, and chunks are put in when they are flushed; Mimir:
 * operations/mimir/memcached.libsonnet; Tempo: docs/sources/tempo/configuration, `cache`, by all that have a Store; Thanos: store.md, query-frontend.md.
 */
export const caches: readonly { readonly from: Edge["from"]; readonly cache: string }[] = [
  ...["ingester", "querier", "ruler"].map((role) => ({ from: ["loki", role] as const, cache: "loki-cache-chunks" })),
  { from: ["loki", "query-frontend"], cache: "loki-cache-results" },
  ...["index", "chunks", "metadata"].map((use) => ({
    from: ["mimir", "store-gateway"] as const,
    cache: `mimir-cache-${use}`,
  })),
  ...["querier", "ruler"].map((role) => ({ from: ["mimir", role] as const, cache: "mimir-cache-metadata" })),
  { from: ["mimir", "query-frontend"], cache: "mimir-cache-results" },
  ...["query-frontend", "querier", "block-builder", "backend-scheduler", "backend-worker"].flatMap((role) =>
    ["tempo-cache", "tempo-cache-pages"].map((cache) => ({ from: ["tempo", role] as const, cache })),
  ),
  ...["index", "chunks"].map((use) => ({ from: ["thanos", "store"] as const, cache: `thanos-cache-${use}` })),
  { from: ["thanos", "query-frontend"], cache: "thanos-cache-results" },
];
