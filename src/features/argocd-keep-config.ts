import { annotating, type Feature } from "../core/assemble/feature.ts";

/**
 * The same for Argo CD as `flux-keep-config` for Flux: no ConfigMap is pruned, and one that is left
 * over does not put its Application out of sync
 * (https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/, compare-options).
 */
export const argocdKeepConfig: Feature = {
  name: "argocd-keep-config",
  build: () => ({
    everywhere: annotating({
      "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
      "argocd.argoproj.io/sync-options": "Prune=false",
    }),
  }),
};
