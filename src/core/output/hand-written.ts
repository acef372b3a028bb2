import type { Overlay } from "../assemble/overlay.ts";
import type { ByHand } from "./render.ts";
import { objects } from "./objects.ts";
import { patches } from "./patches.ts";

/** Something written by hand that kustomize would refuse, leave out, or apply to nothing, or that no API server would take. */
export class HandWrittenError extends Error {}

/**
 * What somebody put into `patches/` and `objects/` of an overlay, checked.
 * @throws HandWrittenError with every problem, one a line
 */
export function handWritten(root: string, overlay: Overlay): readonly ByHand[] {
  const found = [objects(root, overlay), patches(root, overlay)];
  const problems = found.flatMap((one) => one.problems);
  if (problems.length > 0) throw new HandWrittenError(problems.join("\n"));
  return found.flatMap(({ entries }) => entries);
}
