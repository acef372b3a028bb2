import type { Config } from "../model/component.ts";
import type { Everywhere } from "../assemble/feature.ts";
import { configMap, type Generated, secretObject } from "./generators.ts";
import { componentLabels, partOf } from "../derive/labels.ts";
import { deletes, merged } from "../kubernetes/strategic-merge.ts";
import { once } from "../util/once.ts";
import { isTable, type Table } from "../util/values.ts";
import type { Overlay, Part, Renamed } from "../assemble/overlay.ts";
import { clusterScoped, type Manifest } from "../kubernetes/manifest.ts";

type Names = ReadonlyMap<string, string>;

/** Fields of a pod's template that name a ConfigMap or a Secret. */
const references: Readonly<Record<string, { readonly kind: "ConfigMap" | "Secret"; readonly field: string }>> = {
  configMap: { kind: "ConfigMap", field: "name" },
  configMapKeyRef: { kind: "ConfigMap", field: "name" },
  configMapRef: { kind: "ConfigMap", field: "name" },
  secret: { kind: "Secret", field: "secretName" },
  secretKeyRef: { kind: "Secret", field: "name" },
  secretRef: { kind: "Secret", field: "name" },
};

/** The list itself where nothing in it becomes anything else: most of an object stays as it is. */
const each = (list: readonly unknown[], of: (item: unknown) => unknown): readonly unknown[] => {
  const all = list.map(of);
  return all.every((item, i) => item === list[i]) ? list : all;
};
const eachField = (table: Table, of: (value: unknown, name: string) => unknown): Table => {
  const changed: Record<string, unknown> = {};
  for (const name in table) {
    const value = of(table[name], name);
    if (value !== table[name]) changed[name] = value;
  }
  return Object.keys(changed).length === 0 ? table : { ...table, ...changed };
};

/** Follows generated names into volumes, envFrom and env, and the namespace into every object and subject. */
function finished(
  object: Manifest,
  namespace: string,
  names: Readonly<Record<"ConfigMap" | "Secret", Names>>,
): Manifest {
  const walk = (value: unknown, at: string): unknown => {
    if (Array.isArray(value)) return each(value, (item) => walk(item, at));
    if (!isTable(value)) return value;
    const inner = eachField(value, walk);
    if (at === "subjects" && inner["kind"] === "ServiceAccount") return { ...inner, namespace };
    const reference = references[at];
    const name = reference && inner[reference.field];
    if (!reference || typeof name !== "string") return inner;
    const finalName = names[reference.kind].get(name) ?? name;
    return finalName === name ? inner : { ...inner, [reference.field]: finalName };
  };
  const { metadata, ...rest } = object;
  const placed = clusterScoped.has(object.kind) ? metadata : { ...metadata, namespace };
  return { ...(walk(rest, "") as Omit<Manifest, "metadata">), metadata: placed } as Manifest;
}

/** A role of the cluster, or its binding, under the name that the part gives it. */
const renamed = (object: Manifest, rights: readonly Renamed[]): Manifest => {
  const newName = (kind: string, name: string): string =>
    rights.find((one) => one.kind === kind && one.name === name)?.to ?? name;
  const metadata = { ...object.metadata, name: newName(object.kind, object.metadata.name) };
  const roleRef = object["roleRef"] as { readonly kind: string; readonly name: string } | undefined;
  return roleRef
    ? { ...object, metadata, roleRef: { ...roleRef, name: newName(roleRef.kind, roleRef.name) } }
    : { ...object, metadata };
};

/** `replicas` of a kustomization. */
const scaled = (object: Manifest, replicas: Readonly<Record<string, number>>): Manifest => {
  const count = replicas[object.metadata.name];
  const scales = object.kind === "Deployment" || object.kind === "StatefulSet";
  return count === undefined || !scales
    ? object
    : { ...object, spec: { ...(object["spec"] as Table), replicas: count } };
};

export interface Contents {
  readonly objects: readonly Manifest[];
  readonly configMaps: readonly Generated[];
  readonly secrets: readonly Generated[];
}

const id = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;

function byId(patches: readonly Manifest[]): ReadonlyMap<string, readonly Manifest[]> {
  const found = new Map<string, readonly Manifest[]>();
  for (const patch of patches) found.set(id(patch), [...(found.get(id(patch)) ?? []), patch]);
  return found;
}

const concerns = ({ kind, whose }: Everywhere, object: Manifest): boolean =>
  object.kind === kind &&
  (whose !== "ours" ||
    Object.entries(partOf).every(([key, value]) => (object.metadata["labels"] as Table | undefined)?.[key] === value));

/** A part's objects as its bases and features have them, and what its generators make. */
export const contents = once((part: Part): Contents => {
  const added = byId(part.additions.flatMap((addition) => addition.patches));
  const own = byId(part.patches);
  const everywhere = part.additions.flatMap((addition) => addition.everywhere);
  const of = (object: Manifest): readonly Table[] => [
    ...(added.get(id(object)) ?? []),
    ...everywhere.filter((one) => concerns(one, object)).map(({ change }) => change),
    ...(own.get(id(object)) ?? []),
  ];
  const replicas = Object.assign({}, ...part.additions.map((addition) => addition.replicas), part.replicas);
  const patched = (object: Manifest): Manifest =>
    scaled(
      of(object).reduce<Manifest>((now, patch) => merged(now, patch) as Manifest, object),
      replicas,
    );
  // kustomize runs a kustomization's generators before its Components.
  const merges = [...part.configPatches, ...part.additions.flatMap((addition) => addition.configPatches)];
  const patchesOf = (config: Config): readonly Config[] =>
    (own.get(`ConfigMap ${config.name}`) ?? []).map(({ data }) => ({ ...config, literals: data as Table<string> }));
  const generated = (config: Config, labels: Table<string>): Generated =>
    configMap([config, ...merges.filter(({ name }) => name === config.name), ...patchesOf(config)], labels);
  return {
    objects: [
      ...part.objects,
      ...[...part.bases, ...part.additions]
        .flatMap(({ objects }) => objects)
        .filter((object) => !of(object).some(deletes))
        .map(patched)
        .map((object) => renamed(object, part.renamed)),
    ],
    configMaps: [
      ...part.bases.flatMap(({ component, configs }) =>
        configs.map((config) => generated(config, componentLabels(component.name))),
      ),
      ...part.additions.flatMap(({ configs }) => configs.map((config) => generated(config, partOf))),
    ],
    secrets: part.secrets.map(secretObject),
  };
});

/** What a part holds, in its namespace, with the names of generated objects where others refer to them. */
export function placed({ objects, configMaps, secrets }: Contents, namespace: string): readonly Manifest[] {
  const names = (list: readonly Generated[]): Names => new Map(list.map((one) => [one.name, one.finalName]));
  const generated = [...configMaps, ...secrets].map(({ object }) => object);
  return [...objects, ...generated].map((object) =>
    finished(object, namespace, { ConfigMap: names(configMaps), Secret: names(secrets) }),
  );
}

/** Every object of an environment, as `kustomize build` gives it when no hand-written patch is there. */
export const resolve = (overlay: Overlay): readonly Manifest[] =>
  overlay.parts.flatMap((part) => placed(contents(part), part.namespace));

/** What a hand-written patch can name: generated objects have no hash yet when kustomize applies it. */
export interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  /** As it is before any hand-written patch, under this name. */
  readonly object: Manifest;
}

export const patchTargets = (overlay: Overlay): readonly Target[] =>
  overlay.parts.flatMap((part) => {
    const { objects, configMaps, secrets } = contents(part);
    const target = (object: Manifest, name = object.metadata.name): Target => {
      const { apiVersion, kind, metadata } = object;
      const namespace = clusterScoped.has(kind) ? undefined : part.namespace;
      return { apiVersion, kind, name, namespace, object: { ...object, metadata: { ...metadata, name, namespace } } };
    };
    return [
      ...objects.map((object) => target(object)),
      ...[...configMaps, ...secrets].map((one) => target(one.object, one.name)),
    ];
  });
