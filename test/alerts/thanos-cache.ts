import type { AlertCases } from "../lib/alerts.ts";
import { cacheCases } from "../lib/cache-cases.ts";

export const cases: AlertCases = cacheCases("thanos", "Thanos", "index");
