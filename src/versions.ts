/** Every image, once: what runs, in which version, from where. Upstream's own registries only. */
export const images = {
  alertmanager: "quay.io/prometheus/alertmanager:v0.34.2",
  alloy: "docker.io/grafana/alloy:v1.18.1",
  busybox: "docker.io/library/busybox:1.37.0",
  flog: "docker.io/mingrammer/flog:0.4.3",
  grafana: "docker.io/grafana/grafana:13.2.3",
  k6: "docker.io/grafana/k6:1.8.1",
  kafka: "docker.io/apache/kafka:4.1.0",
  kubeStateMetrics: "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1",
  loki: "docker.io/grafana/loki:3.7.8",
  mc: "quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z",
  memcached: "docker.io/library/memcached:1.6.40-alpine",
  memcachedExporter: "docker.io/prom/memcached-exporter:v0.15.5",
  mimir: "docker.io/grafana/mimir:3.2.2",
  minio: "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
  nginx: "docker.io/nginxinc/nginx-unprivileged:1.30.5-alpine",
  nodeExporter: "quay.io/prometheus/node-exporter:v1.12.1",
  promtail: "docker.io/grafana/promtail:3.6.11",
  prometheus: "quay.io/prometheus/prometheus:v3.16.0",
  // Upstream's release-0.28: from 0.29 on it does not start without a kind of the cluster's own (pkg/zpdb/config_observer.go, and no flag),
  // which belongs to no environment, so that the first to go would take it from all others.
  rolloutOperator: "docker.io/grafana/rollout-operator:v0.28.8",
  telemetrygen: "ghcr.io/open-telemetry/opentelemetry-collector-contrib/telemetrygen:v0.161.0",
  tempo: "docker.io/grafana/tempo:3.0.3",
  thanos: "quay.io/thanos/thanos:v0.42.5",
} as const;

/** Grafana's apps that its image lacks, by their ids in grafana.com's catalogue. */
export const grafanaPlugins = {
  "grafana-exploretraces-app": "2.0.4",
  "grafana-lokiexplore-app": "2.6.0",
  "grafana-metricsdrilldown-app": "3.0.0",
} as const;
