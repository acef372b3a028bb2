import { parse } from "yaml";
import { inKubectl, type Kustomize, missing, output, standalone } from "../../src/core/kustomize/program.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

export { type Kustomize, missing } from "../../src/core/kustomize/program.ts";

/** Every kustomize that is to be had here: its own program first, then the one in kubectl. */
export const kustomizes: readonly Kustomize[] = [standalone(), inKubectl()].filter((one) => one !== undefined);

/** The same, for those who cannot do without. */
export function kustomize(): readonly Kustomize[] {
  if (kustomizes.length === 0) throw new Error(missing);
  return kustomizes;
}

/** By their texts: most of what one kustomize prints another one prints, too. */
const known = new Map<string, Manifest>();
const read = (text: string): Manifest => {
  const found = known.get(text) ?? (parse(text) as Manifest);
  known.set(text, found);
  return found;
};

/** The objects that it builds from a folder, and what it warns of. */
export async function build(
  one: Kustomize,
  folder: string,
): Promise<{ readonly objects: readonly Manifest[]; readonly warnings: string }> {
  const { text, warnings } = await output(one, folder);
  return { objects: text.split(/^---\n/m).map(read), warnings };
}
