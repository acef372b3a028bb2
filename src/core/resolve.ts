import { configMap, type Generated, secretObject } from "./generated.ts";
import { componentLabels, type Manifest } from "./objects.ts";
import type { Overlay, Part } from "./overlay.ts";

type Table = Readonly<Record<string, unknown>>;
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lists that a strategic merge joins by a key instead of replacing them. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  env: "name",
  initContainers: "name",
  ports: "containerPort",
  volumeMounts: "mountPath",
  volumes: "name",
};

/** What a strategic-merge patch makes of an object, as kustomize does it: new items of a keyed list come first. */
export function merged(target: unknown, patch: unknown, field = ""): unknown {
  const key = mergeKeys[field];
  if (Array.isArray(target) && Array.isArray(patch) && key) {
    const same = (a: unknown, b: unknown): boolean => (a as Table)[key] === (b as Table)[key];
    const fresh = patch.filter((item) => !target.some((old) => same(old, item)));
    return [...fresh, ...target.map((old) => merged(old, patch.find((item) => same(old, item)) ?? {}))];
  }
  if (isTable(target) && isTable(patch)) {
    const joined = Object.entries(patch).map(([name, value]) => [
      name,
      name in target ? merged(target[name], value, name) : value,
    ]);
    return { ...target, ...Object.fromEntries(joined) };
  }
  return patch;
}

const clusterScoped = new Set(["ClusterRole", "ClusterRoleBinding", "Namespace"]);

/** Follows generated names into volumes, envFrom and env, and the namespace into every object and subject. */
function finished(
  object: Manifest,
  namespace: string,
  configMaps: ReadonlyMap<string, string>,
  secrets: ReadonlyMap<string, string>,
): Manifest {
  const named = (names: ReadonlyMap<string, string>, value: unknown, field: string): unknown =>
    isTable(value) && field in value ? { ...value, [field]: names.get(value[field] as string) ?? value[field] } : value;
  const walk = (value: unknown, field: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item, field));
    if (!isTable(value)) return value;
    const inner = Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]));
    if (field === "configMap" || field === "configMapRef" || field === "configMapKeyRef")
      return named(configMaps, inner, "name");
    if (field === "secret") return named(secrets, named(secrets, inner, "secretName"), "name");
    if (field === "secretRef" || field === "secretKeyRef") return named(secrets, inner, "name");
    if (field === "subjects" && inner["kind"] === "ServiceAccount") return { ...inner, namespace };
    return inner;
  };
  const { metadata, ...rest } = object;
  const placed = clusterScoped.has(object.kind) ? metadata : { ...metadata, namespace };
  return { ...(walk(rest, "") as Omit<Manifest, "metadata">), metadata: placed } as Manifest;
}

function partObjects(part: Part): readonly Manifest[] {
  const patches = part.additions.flatMap((addition) => addition.patches);
  const patched = (object: Manifest): Manifest =>
    patches
      .filter(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name)
      .reduce((now, patch) => merged(now, patch) as Manifest, object);
  const merges = [...part.additions.flatMap((addition) => addition.merges), ...part.merges];
  const configMaps = part.bases.flatMap(({ component, configs }) =>
    configs.map((config) =>
      configMap([config, ...merges.filter(({ name }) => name === config.name)], componentLabels(component.name)),
    ),
  );
  const secrets = part.secrets.map(secretObject);
  const names = (list: readonly Generated[]): ReadonlyMap<string, string> =>
    new Map(list.map((g) => [g.name, g.finalName]));
  return [
    ...part.objects,
    ...part.bases.flatMap(({ objects }) => objects).map(patched),
    ...part.additions.flatMap(({ objects }) => objects),
    ...[...configMaps, ...secrets].map(({ object }) => object),
  ].map((object) => finished(object, part.namespace, names(configMaps), names(secrets)));
}

/** Every object of an environment, as `kustomize build` gives it when no hand-written patch is there. */
export const resolve = (overlay: Overlay): readonly Manifest[] => overlay.parts.flatMap(partObjects);
