import type { AlertCases } from "../lib/alerts.ts";

const server = (pod: string): string => `app="alertmanager",workload="server",namespace="observability",pod="${pod}"`;
const [first, second] = [server("alertmanager-0"), server("alertmanager-1")];

export const cases: AlertCases = {
  AlertmanagerNotificationsFailing: {
    labels: { severity: "warning", integration: "webhook" },
    always: { [`alertmanager_notifications_total{${first},integration="webhook"}`]: "1/s" },
    fires: { [`alertmanager_notifications_failed_total{${first},integration="webhook",reason="other"}`]: "0.1/s" },
    silent: { [`alertmanager_notifications_failed_total{${first},integration="webhook",reason="other"}`]: "0.005/s" },
  },
  AlertmanagerBadConfig: {
    labels: { severity: "warning", pod: "alertmanager-0" },
    fires: { [`alertmanager_config_last_reload_successful{${first}}`]: 0 },
    silent: { [`alertmanager_config_last_reload_successful{${first}}`]: 1 },
  },
  AlertmanagerRefusesAlerts: {
    labels: { severity: "warning", pod: "alertmanager-0" },
    fires: { [`alertmanager_alerts_invalid_total{${first},version="v2"}`]: "0.1/s" },
    silent: { [`alertmanager_alerts_invalid_total{${first},version="v2"}`]: 5 },
  },
  AlertmanagerApart: {
    labels: { severity: "warning" },
    always: { [`alertmanager_cluster_members{${second}}`]: 2 },
    fires: { [`alertmanager_cluster_members{${first}}`]: 1 },
    silent: { [`alertmanager_cluster_members{${first}}`]: 2 },
  },
  AlertmanagersDiffer: {
    labels: { severity: "warning" },
    always: { [`alertmanager_config_hash{${first}}`]: 111 },
    fires: { [`alertmanager_config_hash{${second}}`]: 222 },
    silent: { [`alertmanager_config_hash{${second}}`]: 111 },
  },
};
