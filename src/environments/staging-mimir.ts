import { environment } from "../settings/schema.ts";
import staging from "./staging.ts";

/** staging with Mimir in the place of Thanos. */
export default environment({ ...staging, metrics: "mimir" });
