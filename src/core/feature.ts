import type { Base } from "./base.ts";
import { type Config, namespaceNames, type Unit } from "./component.ts";
import { addedPolicies } from "./policies.ts";
import type { Manifest } from "./objects.ts";
import type { Role, Workload } from "./plan.ts";
import type { Store } from "./store.ts";
import { type Connection, connectionKey, createWiring, type Place, type Wiring } from "./wiring.ts";

/** What an environment says of a feature, by the names of its options. */
export type Options = Readonly<Record<string, string>>;

/** An opt-in addition to bases, as a kustomize Component. */
export interface Feature {
  readonly name: string;
  /** What an environment may say of it; `adapt` makes of the answers what then differs from the Component. */
  readonly options?: Readonly<Record<string, Unit>>;
  adapt?(options: Options, store: Store): Adaptation;
  /** Values of components' settings that follow from its options, by component. */
  settings?(options: Options): Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What cannot work beside these bases: the path of the setting, what was found and what to do. */
  impossible?(options: Options, bases: readonly Base[]): readonly string[];
  /** A role whose work something outside the bundle does. */
  readonly replaces?: { readonly role: Role; readonly by: Place };
  /** Roles that it puts into the pods of a role that is there already. */
  readonly joins?: readonly { readonly role: Role; readonly beside: Role }[];
  build(wiring: Wiring): BuiltFeature;
}

export interface Adaptation {
  /** Secrets that it needs and nobody generates, with their keys. */
  readonly expects?: readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** Strategic-merge patches, one object each, by name. */
  readonly patches?: readonly Manifest[];
  /** Keys that replace or join those of a base's generated ConfigMap. */
  readonly merges?: readonly Config[];
}

interface BuiltFeature extends Adaptation {
  readonly objects?: readonly Manifest[];
  readonly annotates?: Annotates;
}

/** Annotations for every object of these kinds, whatever its name. */
export interface Annotates {
  readonly kinds: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** What `components/<feature>` holds. */
export interface Addition {
  readonly feature: Feature;
  readonly path: string;
  readonly objects: readonly Manifest[];
  readonly patches: readonly Manifest[];
  readonly merges: readonly Config[];
  readonly annotates: Annotates | undefined;
  /** Those that the bases do not have already. */
  readonly connections: readonly Connection[];
}

/** A workload with the roles that these features put into its pods. */
export const joined =
  (features: readonly Feature[]) =>
  (workload: Workload): Workload => ({
    ...workload,
    roles: [
      ...workload.roles,
      ...features.flatMap(({ joins = [] }) =>
        joins.filter(({ beside }) => workload.roles.includes(beside)).map(({ role }) => role),
      ),
    ],
  });

/** The features, wired to the workloads of these bases. */
export function additions(features: readonly Feature[], bases: readonly Base[]): readonly Addition[] {
  const already = new Set(
    [...new Set(bases.map((base) => base.wiring))].flatMap((one) => one.connections().map(connectionKey)),
  );
  return features.map((feature) => {
    const wiring = createWiring(
      bases.flatMap(({ workloads }) => workloads.map(joined([feature]))),
      namespaceNames,
    );
    const { objects = [], patches = [], merges = [], annotates } = feature.build(wiring);
    const added = wiring.connections().filter((connection) => !already.has(connectionKey(connection)));
    return {
      feature,
      path: `components/${feature.name}`,
      objects: [...objects, ...addedPolicies(feature.name, added, wiring)],
      patches,
      merges,
      annotates,
      connections: added,
    };
  });
}
