import type { Rules } from "../rule.ts";
import { loki } from "./loki.ts";
import { mimir } from "./mimir.ts";
import { others } from "./others.ts";
import { tempo } from "./tempo.ts";
import { thanos } from "./thanos.ts";

/** How each role is sized by what it has to take. */
export const rules: Rules = { ...loki, ...mimir, ...tempo, ...thanos, ...others };
