import { environment } from "../settings/schema.ts";
import dev from "./dev.ts";

/** dev with Mimir instead of Thanos. */
export default environment({ ...dev, metrics: "mimir" });
