import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { Manifest } from "./manifest.ts";

export type Labels = Readonly<Record<string, string>>;

export const idOf = ({ kind, metadata }: Manifest): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;

/** The pods of a Deployment, StatefulSet, DaemonSet, Job or CronJob. */
export interface PodTemplate {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly selector: Selector | undefined;
  readonly replicas: number;
  /** Names of the claims that a StatefulSet makes for each pod. */
  readonly claims: readonly string[];
  readonly spec: IPodSpec;
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly selector?: Selector;
  readonly template: {
    readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
    spec: IPodSpec;
  };
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  /** A CronJob's. */
  readonly jobTemplate?: { readonly spec: WorkloadSpec };
}

const workloadKinds: readonly string[] = ["CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"];
export const isWorkload = ({ kind }: Manifest): boolean => workloadKinds.includes(kind);

/** The fields of an object's `spec`, as the caller knows them. */
export const specOf = <T>(object: Manifest): T => object["spec"] as T;

export function podTemplate(object: Manifest): PodTemplate {
  const spec = specOf<WorkloadSpec>(object);
  const { replicas = 1, selector, template, volumeClaimTemplates = [] } = spec.jobTemplate?.spec ?? spec;
  return {
    id: idOf(object),
    kind: object.kind,
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? "",
    labels: template.metadata?.labels ?? {},
    annotations: template.metadata?.annotations ?? {},
    selector,
    replicas,
    claims: volumeClaimTemplates.map(({ metadata }) => metadata.name),
    spec: template.spec,
  };
}

export const podTemplates = (objects: readonly Manifest[]): readonly PodTemplate[] =>
  objects.filter(isWorkload).map(podTemplate);

/** Every container of a pod, those that run first included. */
export const containersOf = ({ spec }: PodTemplate): readonly IContainer[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** The numbers of pods between which an object lets a workload be scaled, by its kind. */
const bounds: Readonly<Record<string, (spec: AutoscalerSpec) => Bounds>> = {
  HorizontalPodAutoscaler: ({ minReplicas = 1, maxReplicas }) => ({ least: minReplicas, most: maxReplicas }),
  ScaledObject: ({ minReplicaCount = 0, maxReplicaCount = 100 }) => ({ least: minReplicaCount, most: maxReplicaCount }),
};
interface Bounds {
  readonly least: number;
  readonly most: number | undefined;
}
interface AutoscalerSpec {
  readonly scaleTargetRef: { readonly kind?: string; readonly name: string };
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly minReplicaCount?: number;
  readonly maxReplicaCount?: number;
}

/** What an autoscaler scales, and between which numbers of pods; undefined of any other object. */
export function scaledBy(object: Manifest): (Bounds & { readonly kind: string; readonly name: string }) | undefined {
  const spec = specOf<AutoscalerSpec>(object);
  const found = bounds[object.kind]?.(spec);
  return found && { ...found, kind: spec.scaleTargetRef.kind ?? "Deployment", name: spec.scaleTargetRef.name };
}

/**
 * The objects as they begin: what an autoscaler scales has the number of pods that it never goes
 * below.
 */
export function quiet(objects: readonly Manifest[]): readonly Manifest[] {
  const scaled = new Map(
    objects.flatMap((object) => {
      const target = scaledBy(object);
      return target ? [[`${target.kind} ${object.metadata.namespace} ${target.name}`, target.least] as const] : [];
    }),
  );
  if (scaled.size === 0) return objects;
  return objects.map((object) => {
    const replicas = scaled.get(`${object.kind} ${object.metadata.namespace} ${object.metadata.name}`);
    return replicas === undefined ? object : { ...object, spec: { ...specOf<object>(object), replicas } };
  });
}

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Whether a label selector takes these labels; an empty one takes all. */
export function selects(selector: Selector, labels: Labels): boolean {
  const expression = ({ key, operator, values = [] }: NonNullable<Selector["matchExpressions"]>[number]): boolean => {
    const value = labels[key];
    if (operator === "Exists") return value !== undefined;
    if (operator === "DoesNotExist") return value === undefined;
    if (operator === "In") return value !== undefined && values.includes(value);
    return value === undefined || !values.includes(value);
  };
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every(expression)
  );
}

/**
 * Names of the ConfigMaps that a pod reads, by volume or environment; `optional` ones may be
 * missing.
 */
export function configMapsOf({ spec }: PodTemplate): readonly { readonly name: string; readonly optional: boolean }[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const references = [
    ...(spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap,
      ...(projected?.sources ?? []).map((source) => source.configMap),
    ]),
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.configMapKeyRef)),
  ];
  return references.flatMap((one) => (one?.name ? [{ name: one.name, optional: one.optional ?? false }] : []));
}

/** Names of the Secrets that a pod reads, by volume or environment. */
export function secretsOf({ spec }: PodTemplate): readonly { readonly name: string; readonly optional: boolean }[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const references = [
    ...(spec.volumes ?? []).flatMap(({ secret, projected }) => [
      secret && { name: secret.secretName, optional: secret.optional },
      ...(projected?.sources ?? []).map((source) => source.secret),
    ]),
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef)),
  ];
  return references.flatMap((one) => (one?.name ? [{ name: one.name, optional: one.optional ?? false }] : []));
}
