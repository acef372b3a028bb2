import type { Monitoring } from "../core/model/monitoring.ts";
import { agentAlerts, agentPage } from "./log-agent.ts";

const agent = { title: "Promtail", name: "promtail", files: "promtail_", pushes: "promtail_" } as const;

/** The article's log agent. */
export const monitoring: Monitoring = {
  folder: "Collection",
  pages: [agentPage(agent)],
  rules: { alerts: agentAlerts(agent) },
};
