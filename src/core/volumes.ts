import type { Base } from "./base.ts";
import type { Manifest } from "./objects.ts";

/** `claim`: as in the base. `none`: what is written goes with the pod. Otherwise a claim of another storage class or size. */
export type Volume = "claim" | "none" | { readonly class?: string; readonly size?: string };

interface Claim {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
}

interface StatefulSetSpec {
  readonly template: {
    readonly spec: {
      readonly containers: readonly {
        readonly name: string;
        readonly volumeMounts?: readonly { readonly name: string }[];
      }[];
    };
  };
  readonly volumeClaimTemplates: readonly Claim[];
}

/** The claims' volumes become folders of the pod, which may grow to the size that the claims ask for. */
const withoutClaims = ({ template, volumeClaimTemplates }: StatefulSetSpec): object => {
  const sizeOf = (name: string | undefined): string | undefined =>
    volumeClaimTemplates.find((claim) => claim.metadata.name === name)?.spec.resources.requests.storage;
  const writers = template.spec.containers.flatMap(({ name, volumeMounts = [] }) => {
    const size = volumeMounts.map((mount) => sizeOf(mount.name)).find((found) => found);
    return size ? [{ name, resources: { limits: { "ephemeral-storage": size } } }] : [];
  });
  const volumes = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    emptyDir: { sizeLimit: sizeOf(name) },
  }));
  return { template: { spec: { containers: writers, volumes } }, volumeClaimTemplates: null };
};

const otherClaims = (
  { volumeClaimTemplates }: StatefulSetSpec,
  volume: Exclude<Volume, string>,
): { readonly volumeClaimTemplates: readonly object[] } => ({
  volumeClaimTemplates: volumeClaimTemplates.map((claim) => ({
    ...claim,
    spec: {
      ...claim.spec,
      storageClassName: volume.class,
      resources: { requests: { storage: volume.size ?? claim.spec.resources.requests.storage } },
    },
  })),
});

/** Patches, one a StatefulSet, that give the bases' claims another volume. */
export const volumeChanges = (bases: readonly Base[], volumes: Readonly<Record<string, Volume>>): readonly Manifest[] =>
  bases.flatMap(({ component, objects }) => {
    const volume = volumes[component.name] ?? volumes["default"];
    if (volume === undefined || volume === "claim") return [];
    return objects
      .filter(({ kind }) => kind === "StatefulSet")
      .map(({ apiVersion, kind, metadata: { name }, spec }) => ({
        apiVersion,
        kind,
        metadata: { name },
        spec: volume === "none" ? withoutClaims(spec as StatefulSetSpec) : otherClaims(spec as StatefulSetSpec, volume),
      }));
  });
