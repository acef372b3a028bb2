import { environment } from "../settings/schema.ts";

/**
 * The article, piece by piece: Loki in its three services, everything else in one process a role, nothing kept but Grafana's and
 * the store's own volumes; promtail, and programs that make up telemetry.
 */
export default environment({
  mode: "monolithic",
  modes: { loki: "scalable" },
  metrics: "thanos-sidecar",
  collector: "promtail",
  nodes: { runtime: "docker" },
  generators: "demo",
  compose: "generated",
  exposure: { by: "ingress", class: "nginx", host: "chart-example.local" },
  credentials: "throw-away",
  namespaces: { stack: "monitoring", agents: "monitoring-agents" },
  replicas: { "loki-backend": 1, "loki-gateway": 1, "loki-read": 1, "loki-write": 1 },
  volumes: { default: "none", grafana: { class: "local-path" }, minio: "claim" },
  components: { loki: { replicationFactor: "1" } },
});
