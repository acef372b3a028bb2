import { once } from "../util/once.ts";
import type { Base } from "../model/component.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/**
 * Flux leaves an object with it as it is
 * (https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution).
 */
export const asItIs: Readonly<Record<string, string>> = { "kustomize.toolkit.fluxcd.io/substitute": "disabled" };

/**
 * In a text Flux replaces `${name}`, and takes one dollar of two away (fluxcd/pkg,
 * envsubst/parse/scan.go).
 */
export const isSubstituted = (value: unknown): boolean => {
  if (typeof value === "string") return value.includes("${") || value.includes("$$");
  return typeof value === "object" && value !== null && Object.values(value).some(isSubstituted);
};

/** Most objects of an environment are those of a base, which are looked at once. */
const objectIsSubstituted = once((object: Manifest): boolean => isSubstituted(object));

/**
 * An object that is left alone where its text has what Flux would replace: Loki, Tempo, Mimir and a
 * shell read the same `${name}`. The annotation is the object's own, never its pods', so nothing
 * restarts.
 */
export const leftAlone = (object: Manifest): Manifest =>
  objectIsSubstituted(object)
    ? {
        ...object,
        metadata: { ...object.metadata, annotations: { ...(object.metadata["annotations"] as object), ...asItIs } },
      }
    : object;

export const allLeftAlone = (base: Base): Base => ({ ...base, objects: base.objects.map(leftAlone) });
