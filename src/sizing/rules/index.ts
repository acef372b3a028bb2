import type { Rules } from "../rule.ts";
import { loki } from "./loki.ts";
import { mimir } from "./mimir.ts";
import { others } from "./others.ts";
import { tempo } from "./tempo.ts";
import { thanos } from "./thanos.ts";

/** How each role is sized by what it has to take. */
export const rules: Rules = { ...loki, ...mimir, ...tempo, ...thanos, ...others };

const alerting = "rules and firing alerts are no part of a load";
const makes = "it makes a load";

/** Components and roles that no rule is for, and why: they stay as they are in their mode. */
const unsized: Readonly<Record<string, string>> = {
  alertmanager: alerting,
  "alloy-events": "the objects of the cluster are no part of a load",
  flog: makes,
  generators: makes,
  grafana: "who looks at dashboards is no part of a load",
  "kafka/topics": "it only looks after topics",
  "kube-state-metrics": "the objects of the cluster are no part of a load",
  "loki/ruler": alerting,
  "mimir/alertmanager": alerting,
  "mimir/overrides-exporter": "it only tells the limits of tenants",
  "mimir/ruler": alerting,
  "rollout-operator": "it only looks on while others are replaced",
  "thanos/rule": alerting,
};

/** Why there is no rule for a role, where there is none. */
export const reasonFor = (component: string, role: string): string | undefined =>
  unsized[`${component}/${role}`] ?? unsized[component];
