import { environment } from "../settings/schema.ts";

/** Every component in its scalable mode: any pod may fail, except singletons. Metrics in Thanos's receivers. */
export default environment({
  mode: "scalable",
  metrics: "thanos-receive",
  nodes: { journal: "read" },
});
