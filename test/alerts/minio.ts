import type { AlertCases } from "../lib/alerts.ts";

const minio = 'app="minio",workload="server",namespace="observability",pod="minio-0"';
const labels = { namespace: "observability" };
const set = `minio_cluster_health_erasure_set_status{${minio},pool="0",set="0"}`;
const free = `minio_cluster_capacity_usable_free_bytes{${minio}}`;
const total = `minio_cluster_capacity_usable_total_bytes{${minio}}`;
const offline = `minio_cluster_drive_offline_total{${minio}}`;
const errors = (kind: string): string => `minio_node_drive_errors_${kind}{${minio},drive="/data"}`;
const failed = `minio_s3_requests_5xx_errors_total{${minio},api="putobject"}`;
const all = `minio_s3_requests_total{${minio},api="putobject"}`;

export const cases: AlertCases = {
  MinioSetUnhealthy: {
    labels: { severity: "critical", pool: "0", set: "0", ...labels },
    fires: { [set]: 0 },
    silent: { [set]: 1 },
  },
  MinioAlmostFull: {
    labels: { severity: "critical", ...labels },
    fires: { [free]: 4, [total]: 100 },
    silent: { [free]: 6, [total]: 100 },
  },
  MinioFillsUp: {
    labels: { severity: "warning", ...labels },
    fires: { [free]: 14, [total]: 100 },
    silent: { [free]: 16, [total]: 100 },
  },
  MinioDrivesOffline: {
    labels: { severity: "warning", ...labels },
    fires: { [offline]: 1 },
    silent: { [offline]: 0 },
  },
  MinioDriveErrors: {
    labels: { severity: "warning", drive: "/data", ...labels },
    fires: { [errors("timeout")]: 9, [errors("ioerror")]: "1/s", [errors("availability")]: 3 },
    silent: { [errors("timeout")]: 9, [errors("ioerror")]: 5, [errors("availability")]: 3 },
  },
  MinioRequestsFailing: {
    labels: { severity: "warning", ...labels },
    fires: { [failed]: "2/s", [all]: "100/s" },
    silent: { [failed]: "0.9/s", [all]: "100/s" },
  },
};
