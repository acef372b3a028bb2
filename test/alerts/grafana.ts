import type { AlertCases } from "../lib/alerts.ts";

const server = 'app="grafana",workload="server",namespace="observability",pod="grafana-0"';
const requests = (status: number): string =>
  `grafana_http_request_duration_seconds_count{${server},handler="/api/ds/query",status_code="${status}"}`;
const queries = (code: number): string =>
  `grafana_datasource_request_total{${server},datasource="Loki",code="${code}"}`;

export const cases: AlertCases = {
  GrafanaRequestsFailing: {
    labels: { severity: "warning", namespace: "observability" },
    fires: { [requests(200)]: "9/s", [requests(500)]: "1/s" },
    silent: { [requests(200)]: "9.7/s", [requests(500)]: "0.3/s" },
  },
  GrafanaDataSourceFailing: {
    labels: { severity: "warning", datasource: "Loki" },
    fires: { [queries(200)]: "1/s", [queries(502)]: "0.5/s" },
    silent: { [queries(200)]: "1/s", [queries(502)]: "0.05/s" },
  },
};
