import type { Base } from "./base.ts";
import { type Config, namespaceNames } from "./component.ts";
import { addedPolicies } from "./policies.ts";
import type { Manifest } from "./objects.ts";
import type { Role, Workload } from "./plan.ts";
import { type Connection, connectionKey, createWiring, type Wiring } from "./wiring.ts";

/** An opt-in addition to bases, as a kustomize Component. */
export interface Feature {
  readonly name: string;
  /** Roles that it puts into the pods of a role that is there already. */
  readonly joins?: readonly { readonly role: Role; readonly beside: Role }[];
  build(wiring: Wiring): BuiltFeature;
}

interface BuiltFeature {
  /** Strategic-merge patches, one object each, by name. */
  readonly patches?: readonly Manifest[];
  /** Keys that replace or join those of a base's generated ConfigMap. */
  readonly merges?: readonly Config[];
}

/** What `components/<feature>` holds. */
export interface Addition {
  readonly feature: Feature;
  readonly path: string;
  readonly objects: readonly Manifest[];
  readonly patches: readonly Manifest[];
  readonly merges: readonly Config[];
  /** Those that the bases do not have already. */
  readonly connections: readonly Connection[];
}

/** The features, wired to the workloads of these bases. */
export function additions(features: readonly Feature[], bases: readonly Base[]): readonly Addition[] {
  return features.map((feature) => {
    const joined = (workload: Workload): Workload => ({
      ...workload,
      roles: [
        ...workload.roles,
        ...(feature.joins ?? []).filter(({ beside }) => workload.roles.includes(beside)).map(({ role }) => role),
      ],
    });
    const wiring = createWiring(
      bases.flatMap(({ workloads }) => workloads.map(joined)),
      namespaceNames,
    );
    const { patches = [], merges = [] } = feature.build(wiring);
    const already = new Set(bases.flatMap((base) => base.wiring.connections().map(connectionKey)));
    const added = wiring.connections().filter((connection) => !already.has(connectionKey(connection)));
    const objects = addedPolicies(feature.name, added, wiring);
    return { feature, path: `components/${feature.name}`, objects, patches, merges, connections: added };
  });
}
