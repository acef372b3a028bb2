import { inKubectl, type Kustomize, missing, standalone } from "../../src/core/kustomize.ts";

export { build, type Kustomize, missing } from "../../src/core/kustomize.ts";

/** Every kustomize that is to be had here: its own program first, then the one in kubectl. */
export const kustomizes: readonly Kustomize[] = [standalone(), inKubectl()].filter((one) => one !== undefined);

/** The same, for those who cannot do without. */
export function kustomize(): readonly Kustomize[] {
  if (kustomizes.length === 0) throw new Error(missing);
  return kustomizes;
}
