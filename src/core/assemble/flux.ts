import type { Overlay, Repository } from "./overlay.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/** Where Flux keeps its own objects, as `flux bootstrap` makes it. */
const namespace = "flux-system";

/**
 * When a StatefulSet is as it should be. Flux takes one whose zones are rolled by the
 * rollout-operator (`OnDelete`) for ready whatever its pods do (cli-utils, kstatus/status/core.go),
 * so this is said here, in CEL, for all of them. Flux 2.5 or later.
 */
const statefulSetsReady = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  current: [
    "has(status.observedGeneration) && status.observedGeneration == metadata.generation",
    "(spec.replicas == 0 || (has(status.updatedReplicas) && status.updatedReplicas == spec.replicas " +
      "&& has(status.readyReplicas) && status.readyReplicas == spec.replicas))",
  ].join(" && "),
};

/** Flux takes no address of the form that scp has (https://fluxcd.io/flux/components/source/gitrepositories/#url). */
const address = (url: string): string => url.replace(/^([\w.-]+@[\w.-]+):(?!\/)/, "ssh://$1/");

/** https://fluxcd.io/flux/components/source/gitrepositories/ */
const sourceSpec = ({ url, secretRef, branch, tag, semver, commit }: Repository) => {
  const isNamed = [branch, tag, semver, commit].some((one) => one !== undefined);
  return {
    interval: "5m",
    url: address(url),
    ref: isNamed ? defined({ branch, tag, semver, commit }) : { branch: "main" },
    ...(secretRef === undefined ? {} : { secretRef: { name: secretRef } }),
  };
};
const defined = (fields: Readonly<Record<string, string | undefined>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The Component that keeps ConfigMaps until nobody reads them any more, seen from an overlay. */
const keepConfig = "../../components/flux-keep-config";

/**
 * What Flux applies the environment by: a source and a Kustomization of it
 * (https://fluxcd.io/flux/components/kustomize/kustomizations/). An environment that expects its
 * Secrets waits for the Kustomization that brings them.
 */
export function fluxObjects({ name, path, repository, credentials }: Overlay): readonly Manifest[] {
  const metadata = { name: `kube-lgtm-${name}`, namespace };
  return [
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata,
      spec: sourceSpec(repository),
    },
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata,
      spec: {
        interval: "1h",
        retryInterval: "2m",
        // Zones are rolled one after the other, each when the pods of the one before are ready.
        timeout: "30m",
        sourceRef: { kind: "GitRepository", name: metadata.name },
        path: `./${path}`,
        components: [keepConfig],
        prune: true,
        // Ready when every workload of it is: the health checks of all, so none is named.
        wait: true,
        healthCheckExprs: [statefulSetsReady],
        ...(credentials === "by-name" ? { dependsOn: [{ name: `${metadata.name}-secrets` }] } : {}),
      },
    },
  ];
}
