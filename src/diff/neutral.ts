import { but, isTable } from "./changes.ts";
import { isSuffixed, stem } from "./names.ts";
import { clusterScoped, type Manifest } from "../core/kubernetes/manifest.ts";

const namesNamespace: ReadonlySet<string> = new Set(["kubernetes.io/metadata.name", "namespace"]);

/** What the API server writes into an object; a Secret's last applied configuration holds its values. */
const served: readonly string[] = [
  "creationTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];
const applied = "kubectl.kubernetes.io/last-applied-configuration";

const metadataOf = ({ metadata }: Manifest): Manifest["metadata"] => {
  const { annotations, ...rest } = but(metadata, ...served) as Manifest["metadata"];
  const own = but(annotations as object | undefined, applied);
  return Object.keys(own).length > 0 ? { ...rest, annotations: own } : rest;
};

/** The objects with generated names and these namespaces replaced wherever they stand as a whole value, and without what a server adds. */
export function neutral(objects: readonly Manifest[], namespaces: ReadonlyMap<string, string>): readonly Manifest[] {
  const key = (object: Manifest): string => `${object.kind} ${object.metadata.namespace ?? ""} ${stem(object)}`;
  const count = new Map<string, number>();
  for (const object of objects) count.set(key(object), (count.get(key(object)) ?? 0) + 1);
  // Two generations of one ConfigMap side by side keep their names.
  const short = (object: Manifest): string => (count.get(key(object)) === 1 ? stem(object) : object.metadata.name);
  const own = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  // An object of the whole cluster may carry the name of the namespace that it is for.
  const unplaced = (name: string): string => {
    const end = [...own].map((namespace) => `-${namespace}`).find((suffix) => name.endsWith(suffix));
    return end === undefined ? name : name.slice(0, -end.length);
  };
  const ofCluster = objects.filter(({ kind }) => clusterScoped.has(kind) && kind !== "Namespace");
  const names = new Map([
    ...ofCluster.map(({ metadata: { name } }) => [name, unplaced(name)] as const),
    ...objects.filter(isSuffixed).map((object) => [object.metadata.name, short(object)] as const),
  ]);
  const walk = (value: unknown, at: string): unknown => {
    if (typeof value === "string")
      return (namesNamespace.has(at) ? namespaces.get(value) : undefined) ?? names.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => walk(item, at));
    if (!isTable(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, walk(item, field)]));
  };
  return objects.map((object) => {
    const metadata = metadataOf(object);
    const { data, stringData } = object;
    const rest = but(object, "data", "metadata", "status", "stringData");
    const namespace = metadata.namespace ?? "";
    const name = object.kind === "Namespace" ? (namespaces.get(metadata.name) ?? metadata.name) : short(object);
    const placed = clusterScoped.has(object.kind)
      ? { ...metadata, name: object.kind === "Namespace" ? name : unplaced(name) }
      : { ...metadata, name, namespace: namespaces.get(namespace) ?? namespace };
    return {
      ...(walk(rest, "") as Pick<Manifest, "apiVersion" | "kind">),
      ...(data ? { data } : {}),
      ...(stringData ? { stringData } : {}),
      metadata: placed,
    };
  });
}
