/** Where a figure comes from. Without a page nobody upstream has published one, and `says` is our assumption. */
export interface Source {
  readonly page?: string;
  readonly says: string;
}

export const published = (page: string, says: string): Source => ({ page, says });
export const assumed = (says: string): Source => ({ says });

const grafana = "https://grafana.com/docs";
const loki = "https://github.com/grafana/loki/blob/v3.7.6/production";
const mimir = "https://github.com/grafana/mimir/blob/main/operations/helm/charts/mimir-distributed";

/** The pages that the rules cite. */
export const pages = {
  kafkaHardware: "https://kafka.apache.org/documentation/#hwandos",
  lokiChart: `${loki}/helm/loki/values.yaml`,
  lokiCompactorDisk: `${loki}/ksonnet/loki/config.libsonnet`,
  lokiIndexGatewayDisk: `${loki}/ksonnet/loki/index-gateway.libsonnet`,
  lokiModes: `${grafana}/loki/latest/get-started/deployment-modes/`,
  lokiSize: `${grafana}/loki/latest/setup/size/`,
  lokiWal: `${grafana}/loki/latest/operations/storage/wal/`,
  mimirCapacity: `${grafana}/mimir/latest/manage/run-production-environment/planning-capacity/`,
  mimirChart: `${mimir}/values.yaml`,
  mimirLarge: `${mimir}/large.yaml`,
  prometheusStorage: "https://prometheus.io/docs/prometheus/latest/storage/",
  tempoIngestion: `${grafana}/tempo/latest/operations/manage-trace-ingestion/`,
  tempoJsonnet: "https://github.com/grafana/tempo/blob/v3.0.3/operations/jsonnet/microservices/config.libsonnet",
  tempoMigration: `${grafana}/tempo/latest/set-up-for-tracing/setup-tempo/migrate-to-3/`,
  tempoSize: `${grafana}/tempo/latest/set-up-for-tracing/setup-tempo/plan/size/`,
  thanosCompact: "https://thanos.io/tip/components/compact.md/",
} as const;
