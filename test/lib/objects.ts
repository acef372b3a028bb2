import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { Manifest } from "../../src/core/objects.ts";

export type Labels = Readonly<Record<string, string>>;

export const idOf = ({ kind, metadata }: Manifest): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;

const collator = (a: Manifest, b: Manifest): number => (idOf(a) < idOf(b) ? -1 : 1);
export const sortedById = (objects: readonly Manifest[]): readonly Manifest[] => [...objects].sort(collator);

/** The pods of a Deployment, StatefulSet, DaemonSet or Job. */
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
}

const workloadKinds: readonly string[] = ["DaemonSet", "Deployment", "Job", "StatefulSet"];
export const isWorkload = ({ kind }: Manifest): boolean => workloadKinds.includes(kind);

/** The fields of an object's `spec`, as the caller knows them. */
export const specOf = <T>(object: Manifest): T => object["spec"] as T;

export function podTemplate(object: Manifest): PodTemplate {
  const { replicas = 1, selector, template, volumeClaimTemplates = [] } = specOf<WorkloadSpec>(object);
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

/** Names of the ConfigMaps that a pod reads, by volume or environment; `optional` ones may be missing. */
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

/** A text that an object carries to a program, with the pods that read it. */
export interface Text {
  readonly where: string;
  readonly namespace: string;
  readonly text: string;
  readonly readers: readonly PodTemplate[];
}

const decoded = (value: string): string => Buffer.from(value, "base64").toString("utf8");

/** Every text of ConfigMaps, Secrets (decoded), arguments, commands and plain environment values. */
export function textsOf(objects: readonly Manifest[]): readonly Text[] {
  const pods = podTemplates(objects);
  const stored = objects.flatMap((object): Text[] => {
    if (object.kind !== "ConfigMap" && object.kind !== "Secret") return [];
    const { namespace = "", name } = object.metadata;
    const names = object.kind === "ConfigMap" ? configMapsOf : secretsOf;
    const readers = pods.filter((pod) => pod.namespace === namespace && names(pod).some((one) => one.name === name));
    return Object.entries((object["data"] ?? {}) as Labels).map(([key, value]) => ({
      where: `${idOf(object)} data.${key}`,
      namespace,
      text: object.kind === "Secret" ? decoded(value) : value,
      readers,
    }));
  });
  const given = pods.flatMap((pod) =>
    containersOf(pod).flatMap(({ name, args = [], command = [], env = [] }): Text[] => {
      const at = (path: string, text: string): Text => ({
        where: `${pod.id} containers.${name}.${path}`,
        namespace: pod.namespace,
        text,
        readers: [pod],
      });
      return [
        ...args.map((text, i) => at(`args.${i}`, text)),
        ...command.map((text, i) => at(`command.${i}`, text)),
        ...env.flatMap((one) => (one.value === undefined ? [] : [at(`env.${one.name}`, one.value)])),
      ];
    }),
  );
  return [...stored, ...given];
}

type Step = string | number;

/** The objects with one value put in place of another, or taken away where it is undefined. */
export function altered(
  objects: readonly Manifest[],
  id: string,
  path: readonly Step[],
  value: unknown,
): readonly Manifest[] {
  const found = objects.find((object) => idOf(object) === id);
  if (!found) throw new Error(`no ${id}. There are ${objects.map(idOf).join(", ")}.`);
  const copy = structuredClone(found);
  const last = path.at(-1) as Step;
  let at = copy as unknown as Record<Step, unknown>;
  for (const step of path.slice(0, -1)) {
    at[step] ??= {};
    at = at[step] as Record<Step, unknown>;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
  return objects.map((object) => (object === found ? copy : object));
}

/** The objects without one of them. */
export function without(objects: readonly Manifest[], id: string): readonly Manifest[] {
  const rest = objects.filter((object) => idOf(object) !== id);
  if (rest.length === objects.length) throw new Error(`no ${id}. There are ${objects.map(idOf).join(", ")}.`);
  return rest;
}
