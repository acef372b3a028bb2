import { environment } from "../settings/schema.ts";
import prod from "./prod.ts";

/** prod with Mimir instead of Thanos. */
export default environment({ ...prod, metrics: "mimir" });
