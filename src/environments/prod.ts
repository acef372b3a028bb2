import { environment } from "../settings/schema.ts";

/**
 * Every role in its own workload, with sizes for a load. Objects are in S3; data that are not yet there have copies in several
 * zones. Metrics in Thanos's receivers.
 */
export default environment({
  mode: "microservices",
  metrics: "thanos-receive",
  nodes: { journal: "read" },
  store: { kind: "s3", region: "eu-central-1", bucketPrefix: "example-" },
  tenant: "main",
  load: { logsGBPerDay: 100, activeSeries: 500_000, spansPerSecond: 2_000, metricQueriesPerSecond: 10 },
  namespaces: { stack: "observability-prod", agents: "observability-prod-agents" },
  // Large enough for prod-mimir too: a switch to it cannot change an existing claim.
  volumes: { kafka: { size: "350Gi" } },
  components: {
    loki: { retention: "30d" },
    tempo: { retention: "14d" },
  },
});
