import { environment } from "../settings/schema.ts";

/** Everything in one process a component, small enough for a laptop; metrics in Thanos. */
export default environment({
  mode: "monolithic",
  metrics: "thanos-sidecar",
  // Those of Docker Desktop and of minikube are.
  nodes: { runtime: "docker" },
  credentials: "throw-away",
});
