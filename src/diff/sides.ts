import type { Manifest } from "../core/objects.ts";
import { configMapsOf, podTemplates, secretsOf, type Labels, type PodTemplate } from "../core/reading.ts";
import { isTable, type Same } from "./changes.ts";

/** One object before and after, under one name; undefined where it is not there. */
export interface Pair {
  readonly kind: string;
  /** Its name without what a generator appends, with its namespace where another object has the same. */
  readonly name: string;
  readonly component: string;
  readonly before: Manifest | undefined;
  readonly after: Manifest | undefined;
}

/** Two sets of objects, brought together. Generated names have lost their hashes, and namespaces of one role have one name. */
export interface Sides {
  readonly namespaces: readonly { readonly before: string; readonly after: string }[];
  readonly before: readonly Manifest[];
  readonly after: readonly Manifest[];
  readonly pairs: readonly Pair[];
  /** Name of an object's pair. */
  readonly nameOf: (object: Manifest) => string;
  readonly same: Same;
}

const clusterScoped: ReadonlySet<string> = new Set([
  "APIService",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "GatewayClass",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "PersistentVolume",
  "PriorityClass",
  "StorageClass",
  "ValidatingWebhookConfiguration",
]);

/** Workloads that run pods all the time: one name is one workload, whatever kind it has. */
const controllers: ReadonlySet<string> = new Set(["DaemonSet", "Deployment", "StatefulSet"]);
export const isController = ({ kind }: Pick<Manifest, "kind">): boolean => controllers.has(kind);

/** What kustomize appends to generated ConfigMaps and Secrets, and what we append to a Job whose pods cannot be changed. */
const suffixes: Readonly<Record<string, RegExp>> = {
  ConfigMap: /-[bcdfghkmt2456789]{10}$/,
  Job: /-[0-9a-f]{8}$/,
  Secret: /-[bcdfghkmt2456789]{10}$/,
};

/** An object's name without a generated suffix. */
export const stem = ({ kind, metadata: { name } }: Manifest): string => {
  const suffix = suffixes[kind];
  return suffix ? name.replace(suffix, "") : name;
};

const namespaceOf = ({ kind, metadata }: Manifest): string | undefined => {
  if (kind === "Namespace") return metadata.name;
  return clusterScoped.has(kind) ? undefined : (metadata.namespace ?? "");
};

/** Objects by namespace, as `<kind> <name>`. */
function contents(objects: readonly Manifest[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const object of objects) {
    const namespace = namespaceOf(object);
    if (namespace === undefined) continue;
    const members = found.get(namespace) ?? new Set();
    if (object.kind !== "Namespace") members.add(`${object.kind} ${stem(object)}`);
    found.set(namespace, members);
  }
  return found;
}

/** Namespaces under another name: of those that stand on one side only, the ones that share most objects. */
function renamed(before: readonly Manifest[], after: readonly Manifest[]): Sides["namespaces"] {
  const [a, b] = [contents(before), contents(after)];
  const candidates = [...a]
    .filter(([name]) => !b.has(name))
    .flatMap(([one, members]) =>
      [...b]
        .filter(([name]) => !a.has(name))
        .map(([other, others]) => ({
          before: one,
          after: other,
          shared: [...members].filter((member) => others.has(member)).length,
          order: [one, other].sort().join(" "),
        })),
    )
    .filter(({ shared }) => shared > 0)
    .sort((x, y) => y.shared - x.shared || (x.order < y.order ? -1 : 1));
  const found: { before: string; after: string }[] = [];
  for (const one of candidates) {
    if (!found.some(({ before, after }) => before === one.before || after === one.after))
      found.push({ before: one.before, after: one.after });
  }
  return found.sort((x, y) => (x.before < y.before ? -1 : 1));
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Texts are the same if they are when both sides' names of a namespace are put for one another. */
function sameness(namespaces: Sides["namespaces"]): Same {
  const words = (pick: "after" | "before") =>
    namespaces
      .filter((names) => names.before !== "" && names.after !== "")
      .map((names, i) => [new RegExp(`(?<![\\w-])${quoted(names[pick])}(?![\\w-])`, "g"), `\u0000${i}`] as const);
  const neutral = (text: string, list: ReturnType<typeof words>): string =>
    list.reduce((now, [name, instead]) => now.replace(name, instead), text);
  const [before, after] = [words("before"), words("after")];
  return (a, b) => a === b || (before.length > 0 && neutral(a, before) === neutral(b, after));
}

const namesNamespace: ReadonlySet<string> = new Set(["kubernetes.io/metadata.name", "namespace"]);

/** The objects with these generated names and namespaces replaced wherever they stand as a whole value. */
function neutral(objects: readonly Manifest[], namespaces: ReadonlyMap<string, string>): readonly Manifest[] {
  const key = (object: Manifest): string => `${object.kind} ${object.metadata.namespace ?? ""} ${stem(object)}`;
  const count = new Map<string, number>();
  for (const object of objects) count.set(key(object), (count.get(key(object)) ?? 0) + 1);
  // Two generations of one ConfigMap side by side keep their names.
  const short = (object: Manifest): string => (count.get(key(object)) === 1 ? stem(object) : object.metadata.name);
  const names = new Map(
    objects.filter(({ kind }) => kind in suffixes).map((object) => [object.metadata.name, short(object)]),
  );
  const walk = (value: unknown, at: string): unknown => {
    if (typeof value === "string")
      return (namesNamespace.has(at) ? namespaces.get(value) : undefined) ?? names.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => walk(item, at));
    if (!isTable(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, walk(item, field)]));
  };
  return objects.map((object) => {
    const { metadata, data, stringData, ...rest } = object;
    const namespace = metadata.namespace ?? "";
    const name = object.kind === "Namespace" ? (namespaces.get(metadata.name) ?? metadata.name) : short(object);
    const placed = clusterScoped.has(object.kind)
      ? { ...metadata, name }
      : { ...metadata, name, namespace: namespaces.get(namespace) ?? namespace };
    return {
      ...(walk(rest, "") as Manifest),
      ...(data ? { data } : {}),
      ...(stringData ? { stringData } : {}),
      metadata: placed,
    };
  });
}

const labelled = (labels: unknown): string | undefined => (labels as Labels | undefined)?.["app.kubernetes.io/name"];

/** The component of a workload's pods. */
export const componentOfPods = (pod: PodTemplate): string | undefined => labelled(pod.labels);

/** What belongs to no component. */
export const noComponent = "other";

/** The component of an object: by its label, its pods' label, or by who reads it. */
function owners(objects: readonly Manifest[]): (object: Manifest) => readonly string[] {
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
function chosen(name: string, candidates: readonly string[]): string {
  const distinct = [...new Set(candidates)].sort();
  if (distinct.length === 1) return distinct[0] as string;
  return distinct.find((one) => name === one || name.startsWith(`${one}-`)) ?? noComponent;
}

/** The objects of both sides, brought together by kind, name and the role of their namespace. */
export function sides(rawBefore: readonly Manifest[], rawAfter: readonly Manifest[]): Sides {
  const namespaces = renamed(rawBefore, rawAfter);
  const before = neutral(rawBefore, new Map());
  const after = neutral(rawAfter, new Map(namespaces.map((names) => [names.after, names.before])));
  const several = (objects: readonly Manifest[]): readonly string[] => {
    const names = objects.filter(isController).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    return names.filter((name, i) => names.indexOf(name) !== i);
  };
  const twice = new Set([...several(before), ...several(after)]);
  const place = ({ metadata }: Manifest): string => `${metadata.namespace ?? ""}/${metadata.name}`;
  const key = (object: Manifest): string =>
    isController(object) && !twice.has(place(object))
      ? `workload ${place(object)}`
      : `${object.apiVersion.replace(/\/.*/, "")} ${object.kind} ${place(object)}`;
  const byKey = (objects: readonly Manifest[]): ReadonlyMap<string, Manifest> =>
    new Map(objects.map((object) => [key(object), object]));
  const [a, b] = [byKey(before), byKey(after)];
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort();
  const [ownersBefore, ownersAfter] = [owners(before), owners(after)];
  const short = (object: Manifest): string =>
    `${isController(object) ? "workload" : object.kind} ${object.metadata.name}`;
  const shorts = keys.map((one) => short((a.get(one) ?? b.get(one)) as Manifest));
  const pairs = keys.map((one, i): Pair => {
    const [x, y] = [a.get(one), b.get(one)];
    const { kind, metadata } = (x ?? y) as Manifest;
    const unique = shorts.indexOf(shorts[i] as string) === shorts.lastIndexOf(shorts[i] as string);
    const name = unique ? metadata.name : `${metadata.namespace}/${metadata.name}`;
    const candidates = [...(x ? ownersBefore(x) : []), ...(y ? ownersAfter(y) : [])];
    return { kind, name, component: chosen(metadata.name, candidates), before: x, after: y };
  });
  const names = new Map(
    pairs.flatMap(({ name, ...pair }) => [pair.before, pair.after].map((object) => [object, name])),
  );
  const nameOf = (object: Manifest): string => names.get(object) ?? object.metadata.name;
  return { namespaces, before, after, pairs, nameOf, same: sameness(namespaces) };
}
