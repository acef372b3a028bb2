import { annotating, type Feature } from "../core/assemble/feature.ts";

/**
 * Flux prunes a ConfigMap as soon as it is no longer in its source, and then a pod of the old
 * template that restarts during the roll-out finds none
 * (https://github.com/fluxcd/flux2/issues/3378): so none is pruned.
 */
export const fluxKeepConfig: Feature = {
  name: "flux-keep-config",
  build: () => ({
    everywhere: annotating({ "kustomize.toolkit.fluxcd.io/prune": "disabled" }),
  }),
};
