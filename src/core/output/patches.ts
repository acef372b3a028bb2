import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Overlay } from "../assemble/overlay.ts";
import { patchTargets, type Target } from "../kustomize/build.ts";
import { filesIn } from "./tree.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/** A hand-written patch that kustomize would refuse, or would apply to nothing. */
export class PatchError extends Error {}

const shape = "expected one object with apiVersion, kind and metadata.name. Put one patch into each file.";

/** What is wrong with the text of one patch, if anything. */
function problem(text: string, targets: readonly Target[]): string | undefined {
  const documents = parseAllDocuments(text);
  const [document, second] = "empty" in documents ? [] : documents;
  const error = document?.errors[0] ?? second?.errors[0];
  if (error)
    return `it is no YAML: ${error.message.split("\n")[0]?.replace(/:$/, "")}. Correct it, or remove the file.`;
  if (second) return `it holds ${documents.length} objects: ${shape}`;
  const patch = document?.toJS() as Partial<Manifest> | null | undefined;
  const name = patch?.metadata?.name;
  if (!patch?.apiVersion || !patch.kind || !name) return `it holds no object: ${shape}`;
  const namespace = patch.metadata?.namespace;
  const near = targets.filter(({ kind }) => kind === patch.kind);
  const fits = (target: Target): boolean =>
    target.apiVersion === patch.apiVersion && target.name === name && (!namespace || namespace === target.namespace);
  if (near.some(fits)) return undefined;
  const where = ({ apiVersion, namespace }: Target): string =>
    namespace ? `${apiVersion} in ${namespace}` : apiVersion;
  const elsewhere = near.filter((target) => target.name === name).map(where);
  const names = near.map((target) => target.name).sort();
  const what = `${patch.kind}/${name}`;
  if (elsewhere.length > 0) {
    const found = namespace ? `${patch.apiVersion} in ${namespace}` : patch.apiVersion;
    return `it patches ${what} as ${found}: expected ${elsewhere.join(" or ")}. Correct apiVersion or metadata.namespace.`;
  }
  const expected =
    names.length > 0 ? `one of ${names.join(", ")}` : "the kind and name of an object of this environment";
  return `it patches ${what}, which is not there: expected ${expected}. Correct metadata.name, or remove the file.`;
}

/**
 * Hand-written patches of an overlay, each of which changes one object of its environment.
 * @throws PatchError with every problem, one a line
 */
export function checkedPatches(root: string, overlay: Overlay): readonly string[] {
  const patches = filesIn(root, overlay.path, "patches")
    .map(({ path }) => path)
    .filter((path) => /\.ya?ml$/.test(path));
  const targets = patches.length > 0 ? patchTargets(overlay) : [];
  const problems = patches.flatMap((path) => {
    const wrong = problem(readFileSync(join(root, overlay.path, path), "utf8"), targets);
    return wrong ? [`${overlay.path}/${path}: ${wrong}`] : [];
  });
  if (problems.length > 0) throw new PatchError(problems.join("\n"));
  return patches;
}
