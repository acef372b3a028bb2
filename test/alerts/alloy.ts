import { agentCases } from "../lib/agent-cases.ts";
import type { AlertCases } from "../lib/alerts.ts";

const one = 'app="alloy",workload="server",namespace="agents",node="a"';
const labels = { severity: "warning", namespace: "agents", node: "a" };
const parts = `alloy_component_controller_running_components{${one},health_type="unhealthy"}`;
const queue = `alloy_component_evaluation_queue_size{${one}}`;

export const cases: AlertCases = {
  ...agentCases({ title: "Alloy", app: "alloy", files: "loki_source_file_", pushes: "loki_write_" }),
  AlloyPartsUnhealthy: { labels, fires: { [parts]: 1 }, silent: { [parts]: 0 } },
  AlloyEvaluationsWait: { labels, fires: { [queue]: 11 }, silent: { [queue]: 10 } },
};
