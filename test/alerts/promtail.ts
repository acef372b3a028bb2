import { agentCases } from "../lib/agent-cases.ts";

export const cases = agentCases({ title: "Promtail", app: "promtail", files: "promtail_", pushes: "promtail_" });
