/** Every image, once: what runs, in which version, from where. Upstream's own registries only. */
export const images = {
  alertmanager: "quay.io/prometheus/alertmanager:v0.34.2",
  alloy: "docker.io/grafana/alloy:v1.18.1",
  grafana: "docker.io/grafana/grafana:13.2.3",
  kubeStateMetrics: "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1",
  loki: "docker.io/grafana/loki:3.7.8",
  mc: "quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z",
  mimir: "docker.io/grafana/mimir:3.2.2",
  minio: "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
  nodeExporter: "quay.io/prometheus/node-exporter:v1.12.1",
  prometheus: "quay.io/prometheus/prometheus:v3.16.0",
  tempo: "docker.io/grafana/tempo:3.0.3",
  thanos: "quay.io/thanos/thanos:v0.42.5",
} as const;
