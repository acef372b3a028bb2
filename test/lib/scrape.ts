import { parse } from "yaml";
import { containersOf, idOf, type Labels, podTemplates, type PodTemplate, textsOf } from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

export interface Rule {
  readonly source_labels?: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly action?: string;
  readonly target_label?: string;
  readonly replacement?: string;
}

export interface Job {
  readonly job_name: string;
  readonly scrape_interval?: string;
  readonly metrics_path?: string;
  readonly scheme?: string;
  readonly authorization?: { readonly credentials_file?: string };
  readonly tls_config?: { readonly insecure_skip_verify?: boolean; readonly ca_file?: string };
  readonly track_timestamps_staleness?: boolean;
  readonly honor_labels?: boolean;
  readonly kubernetes_sd_configs: readonly {
    readonly role: string;
    readonly namespaces?: { readonly own_namespace?: boolean; readonly names?: readonly string[] };
    readonly attach_metadata?: { readonly namespace?: boolean };
    readonly selectors?: readonly { readonly role: string; readonly label?: string }[];
  }[];
  readonly relabel_configs: readonly Rule[];
  readonly metric_relabel_configs?: readonly Rule[];
}

/** One endpoint that Prometheus scrapes. */
export interface Target {
  readonly job: string;
  readonly pod: PodTemplate;
  readonly url: string;
  readonly port: number;
  readonly path: string;
  /** Labels of every sample. */
  readonly labels: Labels;
}

/** The jobs of the files that Prometheus reads. */
export const scrapeJobsOf = (objects: readonly Manifest[]): readonly Job[] =>
  textsOf(
    objects.filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "prometheus-scrape"),
  ).flatMap(({ text }) => (parse(text) as { readonly scrape_configs: readonly Job[] }).scrape_configs);

const label = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, "_");
const prefixed = (prefix: string, labels: Labels): readonly (readonly [string, string])[] =>
  Object.entries(labels).map(([key, value]) => [`__meta_kubernetes_${prefix}_${label(key)}`, value]);

const expressions = new Map<string, RegExp>();
/** An expression that must fit the whole text, as Prometheus anchors it. */
const wholly = (regex: string): RegExp => {
  const found = expressions.get(regex) ?? new RegExp(`^(?:${regex})$`, "s");
  expressions.set(regex, found);
  return found;
};

/**
 * Labels after the rules, or undefined if a rule drops the target or sample.
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
 */
export const relabelled = (labels: Labels, rules: readonly Rule[]): Labels | undefined =>
  rules.reduce<Labels | undefined>((now, rule) => {
    if (!now) return undefined;
    const { source_labels = [], separator = ";", regex = "(.*)", action = "replace", replacement = "$1" } = rule;
    const whole = wholly(regex);
    const value = source_labels.map((one) => now[one] ?? "").join(separator);
    if (action === "keep") return whole.test(value) ? now : undefined;
    if (action === "drop") return whole.test(value) ? undefined : now;
    if (action === "labeldrop") return Object.fromEntries(Object.entries(now).filter(([name]) => !whole.test(name)));
    if (action !== "replace") throw new Error(`no such action here: ${action}`);
    if (!whole.test(value)) return now;
    const { [rule.target_label ?? ""]: _, ...rest } = now;
    const made = value.replace(whole, replacement);
    return made === "" ? rest : { ...rest, [rule.target_label ?? ""]: made };
  }, labels);

/**
 * Targets that the discovery finds in a pod: each port of each container, and each container
 * without a port (`buildPod` in discovery/kubernetes/pod.go of 3.16.0).
 */
const discovered = (pod: PodTemplate, namespaceLabels: Labels, podIp: string): readonly Labels[] => {
  const address = podIp.includes(":") ? `[${podIp}]` : podIp;
  const whole = Object.fromEntries([
    ...prefixed("pod_label", pod.labels),
    ...prefixed("pod_labelpresent", Object.fromEntries(Object.keys(pod.labels).map((key) => [key, "true"]))),
    ...prefixed("pod_annotation", pod.annotations),
    ...prefixed("namespace_label", namespaceLabels),
    ["__meta_kubernetes_namespace", pod.namespace],
    ["__meta_kubernetes_pod_name", `${pod.name}-0`],
    ["__meta_kubernetes_pod_node_name", "node1"],
    ["__meta_kubernetes_pod_ip", podIp],
    ["__meta_kubernetes_pod_phase", "Running"],
  ]);
  return containersOf(pod).flatMap((container) => {
    const own = {
      ...whole,
      __meta_kubernetes_pod_container_name: container.name,
      __meta_kubernetes_pod_container_init: String(pod.spec.initContainers?.includes(container) ?? false),
    };
    if (!container.ports?.length) return [{ ...own, __address__: podIp }];
    return container.ports.map(({ name = "", containerPort, protocol = "TCP" }) => ({
      ...own,
      __address__: `${address}:${containerPort}`,
      __meta_kubernetes_pod_container_port_name: name,
      __meta_kubernetes_pod_container_port_number: String(containerPort),
      __meta_kubernetes_pod_container_port_protocol: protocol,
    }));
  });
};

const ofJob = ({ job_name, metrics_path = "/metrics", scheme = "http" }: Job): Labels => ({
  job: job_name,
  __metrics_path__: metrics_path,
  __scheme__: scheme,
});

/** Labels of what a job's discovery finds with these, or undefined if a rule drops it. */
export const targetOf = (job: Job, meta: Labels): Labels | undefined => {
  const kept = relabelled({ ...ofJob(job), ...meta }, job.relabel_configs);
  if (!kept) return undefined;
  const visible = Object.entries(kept).filter(([name]) => !name.startsWith("__"));
  return { instance: kept["__address__"] ?? "", ...Object.fromEntries(visible) };
};

/**
 * Targets of a job among these pods, by its discovery and relabelling. Prometheus merges equal
 * targets.
 */
export function targetsOf(job: Job, objects: readonly Manifest[], own: string, podIp = "10.1.2.3"): readonly Target[] {
  const [discovery] = job.kubernetes_sd_configs;
  const wanted = (discovery?.selectors ?? []).flatMap(({ label = "" }) => label.split(",").filter(Boolean));
  const namespaceLabels = (name: string): Labels => {
    const found = objects.find(({ kind, metadata }) => kind === "Namespace" && metadata.name === name);
    return discovery?.attach_metadata?.namespace ? ((found?.metadata["labels"] ?? {}) as Labels) : {};
  };
  // A node or a slice of endpoints is no pod.
  if (discovery?.role !== "pod") return [];
  const of = ofJob(job);
  const within = discovery.namespaces?.names;
  const found = podTemplates(objects)
    .filter(({ namespace }) => !discovery.namespaces?.own_namespace || namespace === own)
    .filter(({ namespace }) => within?.includes(namespace) ?? true)
    .filter(({ labels }) => wanted.every((one) => labels[one.split("=")[0] ?? ""] === one.split("=")[1]))
    .flatMap((pod) =>
      discovered(pod, namespaceLabels(pod.namespace), podIp).flatMap((meta): (readonly [string, Target])[] => {
        const kept = relabelled({ ...of, ...meta }, job.relabel_configs);
        if (!kept) return [];
        const { __address__: address = "", __scheme__: scheme, __metrics_path__: path = "" } = kept;
        const visible = Object.entries(kept).filter(([name]) => !name.startsWith("__"));
        const labels = { instance: address, ...Object.fromEntries(visible.sort()) };
        const url = `${scheme}://${address}${path}`;
        const port = Number(address.slice(address.lastIndexOf(":") + 1));
        return [[`${pod.id} ${url} ${JSON.stringify(labels)}`, { job: job.job_name, pod, url, port, path, labels }]];
      }),
    );
  return [...new Map(found).values()];
}

/** Every endpoint that Prometheus scrapes in an environment. */
export function scraped(objects: readonly Manifest[]): readonly Target[] {
  const prometheus = objects.find((object) => object.kind === "StatefulSet" && object.metadata.name === "prometheus");
  if (!prometheus) throw new Error(`no Prometheus among ${objects.map(idOf).join(", ")}`);
  return scrapeJobsOf(objects).flatMap((job) => targetsOf(job, objects, prometheus.metadata.namespace ?? ""));
}
