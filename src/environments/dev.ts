import { environment } from "../settings/schema.ts";

/** One process for each component, small enough for a laptop. Metrics in Thanos, through a sidecar of Prometheus. */
export default environment({
  mode: "monolithic",
  metrics: "thanos-sidecar",
  // For Docker Desktop and minikube.
  nodes: { runtime: "docker" },
  credentials: "throw-away",
});
