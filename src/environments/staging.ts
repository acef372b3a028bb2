import { environment } from "../settings/schema.ts";

/** Each component in its scalable mode, so that any pod but the singletons' may go away; metrics in Thanos. */
export default environment({
  mode: "scalable",
  metrics: "thanos-receive",
  nodes: { journal: "read" },
});
