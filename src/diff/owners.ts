import { configMapsOf, type Labels, podTemplates, type PodTemplate, secretsOf } from "../core/kubernetes/reading.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

const labelled = (labels: unknown): string | undefined => (labels as Labels | undefined)?.["app.kubernetes.io/name"];

/** The component of a workload's pods. */
const componentOfPods = (pod: PodTemplate): string | undefined => labelled(pod.labels);

/** What belongs to no component. */
export const noComponent = "other";

/** The component of an object: by its label, its pods' label, or by who reads it. */
export function owners(objects: readonly Manifest[]): (object: Manifest) => readonly string[] {
  const pods = podTemplates(objects);
  const readers = (object: Manifest): readonly string[] => {
    const names = { ConfigMap: configMapsOf, Secret: secretsOf }[object.kind];
    if (!names) return [];
    return pods
      .filter(({ namespace }) => namespace === object.metadata.namespace)
      .filter((pod) => names(pod).some(({ name }) => name === object.metadata.name))
      .flatMap((pod) => componentOfPods(pod) ?? []);
  };
  return (object) => {
    const own =
      labelled(object.metadata["labels"]) ??
      pods
        .filter(({ id }) => id === `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`)
        .flatMap((pod) => componentOfPods(pod) ?? [])[0];
    return own === undefined ? readers(object) : [own];
  };
}

/** One of several components that share an object: the one that it is named for. */
export function chosen(name: string, candidates: readonly string[]): string {
  const distinct = [...new Set(candidates)].sort();
  if (distinct.length === 1) return distinct[0] as string;
  return distinct.find((one) => name === one || name.startsWith(`${one}-`)) ?? noComponent;
}
