/*
 * What jobs the community's dashboards and alerts look for, as expressions of a whole `job`. `<namespace>` is the value of the variable.
 * Read 2026-08: grafana/loki production/loki-mixin-compiled/dashboards; grafana/tempo operations/tempo-mixin/config.libsonnet (`jobs`);
 * grafana/mimir operations/mimir-mixin/config.libsonnet (`job_names`, `job_prefix`); thanos-io/thanos mixin/config.libsonnet (`selector`);
 * kubernetes-monitoring/kubernetes-mixin config.libsonnet at 1.5.6 and prometheus-operator/kube-prometheus
 * components/k8s-control-plane.libsonnet; prometheus/node_exporter docs/node-mixin/config.libsonnet; kubernetes/kube-state-metrics
 * jsonnet/kube-state-metrics-mixin.
 */

/** By component and role. */
export const roleJobs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  loki: {
    distributor: "(<namespace>)/distributor",
    ingester: "(<namespace>)/(partition-ingester.*|ingester.*)",
    querier: "(<namespace>)/querier",
    "query-frontend": "(<namespace>)/query-frontend",
    "index-gateway": "(<namespace>)/index-gateway",
    ruler: "(<namespace>)/ruler",
    compactor: "(<namespace>)/compactor",
  },
  tempo: {
    distributor: "(<namespace>)/distributor",
    "live-store": "(<namespace>)/live-store.*",
    "block-builder": "(<namespace>)/block-builder",
    "metrics-generator": "(<namespace>)/metrics-generator",
    "query-frontend": "(<namespace>)/query-frontend",
    querier: "(<namespace>)/querier",
    "backend-scheduler": "(<namespace>)/backend-scheduler",
    "backend-worker": "(<namespace>)/backend-worker",
  },
  mimir: {
    distributor: "(<namespace>)/((distributor.*|cortex|mimir))",
    ingester: "(<namespace>)/((ingester.*|cortex|mimir))",
    "query-frontend": "(<namespace>)/((query-frontend.*|cortex|mimir))",
    querier: "(<namespace>)/((querier.*|cortex|mimir))",
    "store-gateway": "(<namespace>)/((store-gateway.*|cortex|mimir))",
    compactor: "(<namespace>)/((compactor.*|cortex|mimir))",
    ruler: "(<namespace>)/((ruler|ruler-zone-.*|cortex|mimir))",
    alertmanager: "(<namespace>)/((alertmanager|cortex|mimir))",
  },
  thanos: {
    query: ".*thanos-query.*",
    "query-frontend": ".*thanos-query-frontend.*",
    store: ".*thanos-store.*",
    rule: ".*thanos-rule.*",
    compact: ".*thanos-compact.*",
  },
  "thanos-receive": { router: ".*thanos-receive.*", ingester: ".*thanos-receive.*" },
};

/** Zones of which dashboards have rows of their own. */
export const zoneJobs: Readonly<Record<string, string>> = {
  loki: "(<namespace>)/(partition-ingester-.*|ingester-zone-.*)",
  tempo: "(<namespace>)/live-store-zone.*",
};

/** Jobs by their whole name. The API servers': kube-prometheus; "kube-apiserver" in kubernetes-mixin alone. */
export const wholeJobs: readonly string[] = [
  "alertmanager",
  "apiserver",
  "cadvisor",
  "kube-state-metrics",
  "kubelet",
  "node-exporter",
  "prometheus",
];
