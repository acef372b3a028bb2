import { nearest } from "../util/nearest.ts";
import { schemaProblem, unknownFields } from "./fields.ts";
import type { Manifest } from "./manifest.ts";

type Table = Readonly<Record<string, unknown>>;
const tables = (value: unknown): readonly Table[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
const table = (value: unknown): Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {};

const guess = (word: string, words: readonly string[]): string => {
  const near = nearest(word, words);
  return near === undefined ? `expected one of ${words.join(", ") || "nothing"}` : `did you mean "${near}"?`;
};

/** Faults that no schema knows: what a pod's parts call each other by, and what a claim must say. */
function podFaults(object: Manifest, before: Manifest | undefined): readonly string[] {
  const spec = table(object["spec"]);
  const template = table(spec["template"]);
  const pod = table(template["spec"]);
  const named = (list: unknown): readonly string[] => tables(list).map(({ name }) => String(name));
  const podBefore = table(table(table(before?.["spec"])["template"])["spec"]);
  const volumes = [
    ...named(pod["volumes"]),
    ...tables(spec["volumeClaimTemplates"]).map(({ metadata }) => String(table(metadata)["name"])),
  ];
  const containers = (["initContainers", "containers"] as const).flatMap((list) =>
    tables(pod[list]).flatMap((container) => {
      const name = String(container["name"]);
      const image = container["image"]
        ? []
        : [
            `${list} has "${name}" without an image: ${guess(name, named(podBefore[list]))} A new container needs an image.`,
          ];
      const mounts = tables(container["volumeMounts"]).filter((mount) => !volumes.includes(String(mount["name"])));
      return [
        ...image,
        ...mounts.map(
          (mount) =>
            `container "${name}" mounts "${mount["name"]}", and no volume has that name: ${guess(String(mount["name"]), volumes)}`,
        ),
      ];
    }),
  );
  const claims = tables(spec["volumeClaimTemplates"]).flatMap((claim) => {
    const said = table(claim["spec"]);
    const lacks = [
      ...(tables(said["accessModes"]).length > 0 || Array.isArray(said["accessModes"]) ? [] : ["accessModes"]),
      ...(table(table(said["resources"])["requests"])["storage"] === undefined ? ["resources.requests.storage"] : []),
    ];
    const name = table(claim["metadata"])["name"];
    return lacks.length === 0
      ? []
      : [
          `the claim "${name}" lacks ${lacks.join(" and ")}: kustomize replaces the list of claims as a whole. Say all of it.`,
        ];
  });
  const wanted = Object.entries(table(table(spec["selector"])["matchLabels"]));
  const labels = table(table(template["metadata"])["labels"]);
  const lost = template["metadata"] === undefined ? [] : wanted.filter(([key, value]) => labels[key] !== value);
  return [
    ...containers,
    ...claims,
    ...lost.map(
      ([key, value]) =>
        `the pods' label ${key} is ${JSON.stringify(labels[key])}: expected ${JSON.stringify(value)}, by which ${object.kind}/${object.metadata.name} knows them.`,
    ),
  ];
}

/**
 * Why an API server would refuse an object, or leave a part of it out.
 * @param before the object as it was before somebody changed it
 */
export function faults(object: Manifest, before?: Manifest): readonly string[] {
  const unknown = unknownFields(object).map(
    ({ path, name, expected }) => `${path} is no field of a ${object.kind}: ${guess(name, expected)}`,
  );
  if (unknown.length > 0) return unknown;
  const schema = schemaProblem(object);
  const isWorkload = ["DaemonSet", "Deployment", "StatefulSet"].includes(object.kind);
  return [
    ...(schema === undefined ? [] : [`it does not fit its kind: ${schema}`]),
    ...(isWorkload ? podFaults(object, before) : []),
  ];
}
