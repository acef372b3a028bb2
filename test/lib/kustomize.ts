import { parse } from "yaml";
import { inKubectl, type Kustomize, missing, output, standalone } from "../../src/core/kustomize/program.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

export { type Kustomize, missing } from "../../src/core/kustomize/program.ts";

/** Every kustomize on this machine: the program itself first, then kubectl's. */
export const kustomizes: readonly Kustomize[] = [standalone(), inKubectl()].filter((one) => one !== undefined);

/** The same. @throws if there is none */
export function kustomize(): readonly Kustomize[] {
  if (kustomizes.length === 0) throw new Error(missing);
  return kustomizes;
}

/** Cache by text, because both kustomizes print mostly the same objects. */
const known = new Map<string, Manifest>();
const read = (text: string): Manifest => {
  const found = known.get(text) ?? (parse(text) as Manifest);
  known.set(text, found);
  return found;
};

/** The objects that kustomize builds from a folder, and its warnings. */
export async function build(
  one: Kustomize,
  folder: string,
): Promise<{ readonly objects: readonly Manifest[]; readonly warnings: string }> {
  const { text, warnings } = await output(one, folder);
  return { objects: text.split(/^---\n/m).map(read), warnings };
}
