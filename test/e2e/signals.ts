import type { Signal } from "./context.ts";

/** The signals that a component serves, by app.kubernetes.io/name, what it is most about first. */
const signals: Readonly<Record<string, readonly Signal[]>> = {
  alertmanager: ["alerts"],
  alloy: ["logs"],
  "alloy-events": ["logs"],
  grafana: ["dashboards"],
  "kube-state-metrics": ["metrics"],
  loki: ["logs"],
  "loki-cache": ["logs"],
  mimir: ["metrics", "alerts"],
  "mimir-cache": ["metrics", "alerts"],
  "node-exporter": ["metrics"],
  prometheus: ["metrics", "alerts"],
  promtail: ["logs"],
  tempo: ["traces", "metrics"],
  "tempo-cache": ["traces"],
  thanos: ["metrics", "alerts"],
  "thanos-cache": ["metrics"],
  "thanos-receive": ["metrics", "alerts"],
};

export const components: readonly string[] = Object.keys(signals);

/** Undefined for what all of them need: the gateway, Kafka, the store. */
export const served = (component: string): readonly Signal[] | undefined => signals[component];
