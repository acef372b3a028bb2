import type { AlertCases } from "../lib/alerts.ts";

export const cases: AlertCases = {
  PrometheusDown: {
    labels: { severity: "critical", job: "prometheus" },
    fires: { 'up{job="prometheus",pod="prometheus-0"}': "_x1" },
    silent: { 'up{job="prometheus",pod="prometheus-0"}': 1 },
  },
};
