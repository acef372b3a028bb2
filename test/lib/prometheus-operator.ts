import type { IPodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { additionsOver } from "../../src/core/assemble/feature.ts";
import type { Overlay } from "../../src/core/assemble/overlay.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";
import { prometheusOperator } from "../../src/features/prometheus-operator.ts";
import type { Job, Rule } from "./scrape.ts";
import { built } from "./world.ts";

/** The objects of `components/prometheus-operator` over an environment's bases. */
export const operatorObjects = ({ parts }: Overlay): readonly Manifest[] =>
  parts.flatMap(({ bases, namespaceKind, namespace }) =>
    additionsOver(built.additions, [prometheusOperator], bases)
      .filter((one) => one.namespaceKind === namespaceKind)
      .flatMap(({ objects }) => objects)
      .map((object) => ({ ...object, metadata: { ...object.metadata, namespace } })),
  );

type Spec = IPodMonitor["spec"];
type Relabeling = NonNullable<Spec["podMetricsEndpoints"][number]["relabelings"]>[number];

const label = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, "_");

/** Refuses what the model below does not know. */
const only = <T extends object>(of: T, ...known: readonly (keyof T & string)[]): void => {
  const other = Object.entries(of).filter(
    ([key, value]) => value !== undefined && !(known as readonly string[]).includes(key),
  );
  if (other.length > 0) throw new Error(`the operator is not known here to read ${other.map(([key]) => key)}`);
};

/** `generateRelabelConfig` */
const rule = ({ sourceLabels, separator, targetLabel, regex, replacement, action, ...others }: Relabeling): Rule => {
  only(others);
  return JSON.parse(
    JSON.stringify({
      source_labels: sourceLabels,
      separator,
      target_label: targetLabel,
      regex,
      replacement,
      action: action?.toLowerCase(),
    }),
  ) as Rule;
};

/**
 * The scrape jobs that prometheus-operator 0.92.0 makes of a PodMonitor, for a Prometheus that sets
 * nothing of its own, without the rules that divide targets between shards: `generatePodMonitorConfig`, `generateK8SSDConfig` and `generateRunningFilter`
 * in pkg/prometheus/promcfg.go. test/facts/prometheus-operator.json has what the program itself
 * made of two.
 */
export function jobsOf(monitor: Manifest): readonly Job[] {
  if (monitor.kind !== "PodMonitor") return [];
  const { metadata, spec } = monitor as Manifest & { readonly spec: Spec };
  const { selector, podMetricsEndpoints, ...others } = spec;
  only(others);
  const namespace = metadata.namespace ?? "";
  const pod = (key: string): readonly string[] => [
    `__meta_kubernetes_pod_label_${label(key)}`,
    `__meta_kubernetes_pod_labelpresent_${label(key)}`,
  ];
  const actions: Readonly<Record<string, string>> = { In: "keep", NotIn: "drop" };
  const selected: readonly Rule[] = [
    ...Object.entries(selector.matchLabels ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ action: "keep", source_labels: pod(key), regex: `(${value});true` })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
      const action = actions[operator];
      if (!action) throw new Error(`the operator is not known here to read ${operator}`);
      return { action, source_labels: pod(key), regex: `(${values.join("|")});true` };
    }),
  ];
  return podMetricsEndpoints.map((endpoint, i): Job => {
    const { port = "", path, scheme, interval, honorLabels, relabelings = [], metricRelabelings, ...more } = endpoint;
    only(more);
    return {
      job_name: `podMonitor/${namespace}/${metadata.name}/${i}`,
      honor_labels: honorLabels ?? false,
      kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
      ...(interval ? { scrape_interval: interval } : {}),
      ...(path ? { metrics_path: path } : {}),
      ...(scheme ? { scheme } : {}),
      relabel_configs: [
        { source_labels: ["job"], target_label: "__tmp_prometheus_job_name" },
        { action: "drop", source_labels: ["__meta_kubernetes_pod_phase"], regex: "(Failed|Succeeded)" },
        ...selected,
        { action: "keep", source_labels: ["__meta_kubernetes_pod_container_port_name"], regex: port },
        { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
        { source_labels: ["__meta_kubernetes_pod_container_name"], target_label: "container" },
        { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
        { target_label: "job", replacement: `${namespace}/${metadata.name}` },
        { target_label: "endpoint", replacement: port },
        ...relabelings.map(rule),
      ],
      ...(metricRelabelings ? { metric_relabel_configs: metricRelabelings.map(rule) } : {}),
    };
  });
}
