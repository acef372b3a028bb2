import { environment } from "../settings/schema.ts";
import staging from "./staging.ts";

/** staging with Mimir instead of Thanos. */
export default environment({ ...staging, metrics: "mimir" });
