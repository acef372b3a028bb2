import { parse } from "yaml";
import type { Manifest } from "../../src/core/objects.ts";
import { containersOf, idOf, type Labels, podTemplates, type PodTemplate, textsOf } from "./objects.ts";

interface Job {
  readonly job_name: string;
  readonly metrics_path?: string;
  readonly kubernetes_sd_configs: readonly {
    readonly role: string;
    readonly namespaces?: { readonly own_namespace?: boolean };
    readonly attach_metadata?: { readonly namespace?: boolean };
    readonly selectors?: readonly { readonly role: string; readonly label?: string }[];
  }[];
  readonly relabel_configs: readonly {
    readonly source_labels: readonly string[];
    readonly separator?: string;
    readonly regex?: string;
    readonly action?: string;
    readonly target_label?: string;
  }[];
}

/** One endpoint that Prometheus scrapes. */
export interface Target {
  readonly job: string;
  readonly pod: PodTemplate;
  readonly port: number;
  readonly path: string;
}

/** The jobs of the files that Prometheus reads. */
export const scrapeJobsOf = (objects: readonly Manifest[]): readonly Job[] =>
  textsOf(
    objects.filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "prometheus-scrape"),
  ).flatMap(({ text }) => (parse(text) as { readonly scrape_configs: readonly Job[] }).scrape_configs);

const label = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, "_");
const prefixed = (prefix: string, labels: Labels): readonly (readonly [string, string])[] =>
  Object.entries(labels).map(([key, value]) => [`__meta_kubernetes_${prefix}_${label(key)}`, value]);

/** What a job finds among these pods, decided by its discovery and its relabelling as Prometheus does. */
export function targetsOf(job: Job, objects: readonly Manifest[], own: string): readonly Target[] {
  const [discovery] = job.kubernetes_sd_configs;
  const wanted = (discovery?.selectors ?? []).flatMap(({ label = "" }) => label.split(",").filter(Boolean));
  const namespaceLabels = (name: string): Labels => {
    const found = objects.find(({ kind, metadata }) => kind === "Namespace" && metadata.name === name);
    return (found?.metadata["labels"] ?? {}) as Labels;
  };
  return podTemplates(objects)
    .filter(({ namespace }) => !discovery?.namespaces?.own_namespace || namespace === own)
    .filter(({ labels }) => wanted.every((one) => labels[one.split("=")[0] ?? ""] === one.split("=")[1]))
    .flatMap((pod) =>
      containersOf(pod).flatMap((container) =>
        (container.ports ?? []).flatMap(({ name = "", containerPort }): Target[] => {
          const meta: Labels = Object.fromEntries([
            ...prefixed("pod_label", pod.labels),
            ...prefixed("pod_annotation", pod.annotations),
            ...(discovery?.attach_metadata?.namespace
              ? prefixed("namespace_label", namespaceLabels(pod.namespace))
              : []),
            ["__meta_kubernetes_namespace", pod.namespace],
            ["__meta_kubernetes_pod_phase", "Running"],
            ["__meta_kubernetes_pod_container_port_name", name],
            ["__meta_kubernetes_pod_container_name", container.name],
          ]);
          const kept = job.relabel_configs.every(
            ({ source_labels, separator = ";", regex = "(.*)", action = "replace" }) => {
              const value = source_labels.map((one) => meta[one] ?? "").join(separator);
              const matches = new RegExp(`^(?:${regex})$`).test(value);
              return action === "keep" ? matches : action === "drop" ? !matches : true;
            },
          );
          return kept ? [{ job: job.job_name, pod, port: containerPort, path: job.metrics_path ?? "/metrics" }] : [];
        }),
      ),
    );
}

/** Every endpoint that Prometheus scrapes in an environment. */
export function scraped(objects: readonly Manifest[]): readonly Target[] {
  const prometheus = objects.find((object) => object.kind === "StatefulSet" && object.metadata.name === "prometheus");
  if (!prometheus) throw new Error(`no Prometheus among ${objects.map(idOf).join(", ")}`);
  return scrapeJobsOf(objects).flatMap((job) => targetsOf(job, objects, prometheus.metadata.namespace ?? ""));
}
