import { environment } from "../settings/schema.ts";

/**
 * The system of docs/from-the-article.md: Loki in three services, the other components monolithic, Promtail, and generators of
 * logs, traces and metrics. Only Grafana and MinIO have volumes.
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
