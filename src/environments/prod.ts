import { environment } from "../settings/schema.ts";

/**
 * Each role a process of its own, sized for a load; objects outside the cluster, every copy of what is not there yet in another zone;
 * metrics in Thanos, by its receivers.
 */
export default environment({
  mode: "microservices",
  metrics: "thanos-receive",
  nodes: { journal: "read" },
  store: { kind: "s3", region: "eu-central-1", bucketPrefix: "example-" },
  tenant: "main",
  load: { logsGBPerDay: 100, activeSeries: 500_000, spansPerSecond: 2_000, metricQueriesPerSecond: 10 },
  namespaces: { stack: "observability-prod", agents: "observability-prod-agents" },
  // Of Mimir's queue, too: an environment that takes its place cannot change a claim.
  volumes: { kafka: { size: "350Gi" } },
  components: {
    loki: { retention: "30d" },
    tempo: { retention: "14d" },
  },
});
