import type { Overlay } from "../assemble/overlay.ts";
import { faults } from "../kubernetes/faults.ts";
import { isKnown } from "../kubernetes/fields.ts";
import { clusterScoped, type Manifest } from "../kubernetes/manifest.ts";
import { patchTargets } from "../kustomize/build.ts";
import { documentsOf, type Found, isTable, textsIn } from "./by-hand.ts";

const groupOf = (apiVersion: string): string => (apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "");
const idOf = ({ apiVersion, kind, metadata: { name, namespace = "" } }: Manifest): string =>
  [groupOf(apiVersion), kind, namespace, name].join(" ");

/** Kinds that kustomize reads otherwise than as an object of a cluster. */
const notObjects = ["Component", "Kustomization", "List"];

/** Where an object may be: the environment's namespaces, and none where its kind has none. */
function namespaceProblem({ apiVersion, kind, metadata }: Manifest, namespaces: readonly string[]): string | undefined {
  const { namespace } = metadata;
  const isCustom = !isKnown({ apiVersion, kind });
  if (clusterScoped.has(kind) || (isCustom && kind.startsWith("Cluster")))
    return namespace === undefined
      ? undefined
      : `metadata.namespace is "${namespace}": a ${kind} is in none. Remove it.`;
  if (namespace !== undefined && namespaces.includes(namespace)) return undefined;
  const found = namespace === undefined ? "missing" : `"${namespace}"`;
  return `metadata.namespace is ${found}: expected one of this environment's, ${namespaces.join(" or ")}.`;
}

/** Hand-written objects that an overlay has beside its own. */
export function objects(root: string, overlay: Overlay): Found {
  const { texts, problems } = textsIn(root, overlay, "objects");
  const namespaces = overlay.parts.map(({ namespace }) => namespace);
  const found = [...problems];
  /** Where each object is from. */
  const taken = new Map(
    (texts.length > 0 ? patchTargets(overlay) : []).map(({ object }) => [idOf(object), "the environment"]),
  );
  for (const [path, text] of texts) {
    const say = (problem: string): void => void found.push(`${overlay.path}/${path}: ${problem}`);
    const documents = documentsOf(text);
    if (typeof documents === "string") {
      say(documents);
      continue;
    }
    if (documents.length === 0) say("it holds no object. Add one, or remove the file.");
    documents.forEach((value, i) => {
      const at = documents.length > 1 ? `document ${i + 1}: ` : "";
      const object = value as Manifest;
      if (
        !isTable(value) ||
        typeof object.apiVersion !== "string" ||
        typeof object.kind !== "string" ||
        typeof object.metadata?.name !== "string"
      )
        return say(`${at}it is no object: expected apiVersion, kind and metadata.name.`);
      const what = `${object.kind}/${object.metadata.name}`;
      if (notObjects.includes(object.kind)) return say(`${at}it is a ${object.kind}: expected the objects themselves.`);
      const wrong = namespaceProblem(object, namespaces);
      if (wrong) return say(`${at}${what}: ${wrong}`);
      const before = taken.get(idOf(object));
      if (before !== undefined)
        return say(
          `${at}${what} is there already, from ${before}. Give it another name, or, to change what is there, put a patch into ${overlay.path}/patches/.`,
        );
      taken.set(idOf(object), path);
      for (const fault of faults(object)) say(`${at}${what}: ${fault}`);
    });
  }
  return { entries: texts.map(([path]) => ({ resource: path })), problems: found };
}
