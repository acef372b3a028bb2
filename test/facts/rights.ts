import { blocksOf, flag, type Process } from "../lib/processes.ts";

/** What a program asks of the API server, in its own group. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}
const watched = (group: string, ...resources: readonly string[]): readonly Right[] =>
  resources.map((resource) => ({ group, resource, verbs: ["list", "watch"] }));

/** Which API group a resource of kube-state-metrics is in: docs/README.md of 2.19, by https://kubernetes.io/docs/reference/kubernetes-api/. */
const groups: Readonly<Record<string, readonly string[]>> = {
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  policy: ["poddisruptionbudgets"],
  "storage.k8s.io": ["storageclasses"],
};
const groupOf = (resource: string): string =>
  Object.keys(groups).find((group) => groups[group]?.includes(resource)) ?? "";

/** What a process needs, by what it is told to do. */
export const rightsOf = (process: Process): readonly Right[] => {
  const { program, first } = process;
  if (first) return [];
  // docs/configuration/configuration.md of 3.16.0, kubernetes_sd_config: role pod; attach_metadata.namespace. Role node; role endpointslice, for
  // which discovery/kubernetes/kubernetes.go watches services and pods, too. What it scrapes of kubelets: pkg/kubelet/server/auth.go of
  // Kubernetes 1.35 asks for the subresource "metrics" for /metrics and each path below it.
  if (program === "prometheus")
    return [
      ...watched("", "pods", "namespaces", "nodes", "services"),
      ...watched("discovery.k8s.io", "endpointslices"),
      { group: "", resource: "nodes/metrics", verbs: ["get"] },
    ];
  // docs/sources/send-data/promtail/configuration.md at v3.6.0, kubernetes_sd_config
  if (program === "promtail") return watched("", "pods");
  // docs/sources/reference/components of v1.18.1: discovery.kubernetes, otelcol.processor.k8sattributes, loki.source.kubernetes_events
  if (program === "alloy")
    return blocksOf(process).flatMap(({ name }) => {
      if (name === "discovery.kubernetes" || name === "otelcol.processor.k8sattributes") return watched("", "pods");
      return name === "loki.source.kubernetes_events" ? watched("", "events") : [];
    });
  if (program === "kube-state-metrics")
    return (flag(process, "--resources") ?? "").split(",").flatMap((one) => watched(groupOf(one), one));
  // operations/rollout-operator/rollout-operator.libsonnet of v0.28.8
  if (program === "rollout-operator")
    return [
      { group: "", resource: "pods", verbs: ["list", "get", "watch", "delete"] },
      { group: "apps", resource: "statefulsets", verbs: ["list", "get", "watch", "patch"] },
      { group: "apps", resource: "statefulsets/status", verbs: ["update"] },
    ];
  return [];
};

/**
 * What a folder of the node must be that a program is told of: by flag or variable, or where its log files are. README.md of node_exporter 1.12.1;
 * https://kubernetes.io/docs/concepts/cluster-administration/logging/
 */
export const hostPaths: readonly (readonly [program: string, flag: string, host: string])[] = [
  ["node-exporter", "--path.procfs", "/proc"],
  ["node-exporter", "--path.sysfs", "/sys"],
  ["node-exporter", "--path.rootfs", "/"],
];
