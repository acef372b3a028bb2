import { type Difference, differenceTo } from "./difference.ts";
import { type Component, type Config, namespaceNames, type Unit, type Base } from "../model/component.ts";
import { addedPolicies } from "../derive/network-policies.ts";
import type { NamespaceKind, Role, Workload } from "../model/roles.ts";
import type { Place } from "../model/places.ts";
import type { Store } from "../model/store.ts";
import { allLeftAlone, leftAlone } from "../derive/substitution.ts";
import { type Connection, connectionKey, createWiring, type Wiring } from "../model/wiring.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/** What an environment says of a feature, by the names of its options. */
export type Options = Readonly<Record<string, string>>;

/** What an environment may say of a feature: one value. */
export interface Option {
  readonly unit: Unit;
  /** What it says, for the reference and for editors. */
  readonly about: string;
  /** For errors, where that of the unit does not fit. */
  readonly example?: string;
  /** An environment that has the feature must say it. */
  readonly needed?: true;
}

/** An opt-in addition to bases, as a kustomize Component. */
export interface Feature {
  readonly name: string;
  /** In which namespace it is: its Component is listed there. Default: the stack's. */
  readonly namespaceKind?: NamespaceKind;
  /** The component whose pods it changes: an environment without that has nothing of it. Default: it is there whenever it is chosen. */
  readonly changes?: Component;
  /** What an environment may say of it; `adapt` makes of the answers what then differs from the Component. */
  readonly options?: Readonly<Record<string, Option>>;
  adapt?(options: Options, store: Store, own: Pick<Addition, "configs">): FeatureDifference;
  /** Values of components' settings that follow from its options, by component. */
  settings?(options: Options): Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What cannot work beside these bases: the path of the setting, what was found and what to do. */
  problems?(options: Options, bases: readonly Base[]): readonly string[];
  /** A role whose work something outside the bundle does. */
  readonly replaces?: { readonly role: Role; readonly by: Place };
  /** Roles that it puts into the pods of a role that is there already. */
  readonly joins?: readonly { readonly role: Role; readonly beside: Role }[];
  /** @param bases all there are, in each of their modes */
  build?(wiring: Wiring, bases: readonly Base[]): BuiltFeature;
  /**
   * The base with the feature, where the change follows from the base's own workloads and sizes. The Component holds the difference to the
   * committed base, an overlay the difference between that and its environment's own base.
   * @param wiring of one base a component; the workloads of `base` are its own
   */
  reshape?(base: Base, wiring: Wiring): Base;
  /**
   * `each base`: what `reshape` changes in a base is a Component of its own, `components/<feature>/<component>/<mode>`, because it names
   * workloads that another mode does not have. Default: one Component, `components/<feature>`, for all bases.
   */
  readonly changesFor?: "each base";
}

export interface FeatureDifference {
  /** Secrets that it needs and nobody generates, with their keys. */
  readonly expects?: readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** Strategic-merge patches, one object each, by name. */
  readonly patches?: readonly Manifest[];
  /** Keys that replace or join those of a base's generated ConfigMap. */
  readonly configPatches?: readonly Config[];
}

interface BuiltFeature extends FeatureDifference {
  readonly objects?: readonly Manifest[];
  /** ConfigMaps of its own, which a kustomization changes by patches: its generators run before its Components. */
  readonly configs?: readonly Config[];
  readonly everywhere?: readonly Everywhere[];
}

/** What changes in every object of a kind, whatever its name. */
export interface Everywhere {
  readonly apiVersion: string;
  readonly kind: string;
  /** `ours`: only those that carry the bundle's label. */
  readonly whose: "anybody's" | "ours";
  /** A strategic-merge patch without the fields that identify an object. */
  readonly change: Readonly<Record<string, unknown>>;
}

/** Annotations for everything that generators make, anybody's. */
export const annotating = (annotations: Readonly<Record<string, string>>): readonly Everywhere[] =>
  ["ConfigMap", "Secret"].map((kind) => ({
    apiVersion: "v1",
    kind,
    whose: "anybody's",
    change: { metadata: { annotations } },
  }));

/** What `components/<feature>` or `components/<feature>/<component>/<mode>` holds. */
export interface Addition {
  readonly feature: Feature;
  /** The only base that it can stand over. Default: any choice of bases. */
  readonly base?: Base | undefined;
  readonly namespaceKind: NamespaceKind;
  readonly path: string;
  readonly objects: readonly Manifest[];
  readonly patches: readonly Manifest[];
  readonly configs: readonly Config[];
  readonly configPatches: readonly Config[];
  readonly everywhere: readonly Everywhere[];
  /** Numbers of pods that differ, by object. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Those that the bases do not have already. */
  readonly connections: readonly Connection[];
}

/** A workload with the roles that these features put into its pods. */
export const joinRoles =
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

const wiringOf = (
  features: readonly Feature[],
  bases: readonly Base[],
  names: Readonly<Record<NamespaceKind, string>>,
): Wiring =>
  createWiring(
    bases.flatMap(({ workloads }) => workloads.map(joinRoles(features))),
    names,
  );

/** What the features make of bases that stand in namespaces of these names. */
export const reshaped = (
  features: readonly Feature[],
  bases: readonly Base[],
  names: Readonly<Record<NamespaceKind, string>>,
): readonly Base[] => {
  const wiring = wiringOf(features, bases, names);
  return bases.map((base) => allLeftAlone(features.reduce((now, { reshape }) => reshape?.(now, wiring) ?? now, base)));
};

/** The differences that a feature makes to several bases, as the contents of one Component. */
const together = (differences: readonly Difference[]) => ({
  objects: differences.flatMap(({ objects }) => objects),
  patches: differences.flatMap(({ patches }) => patches),
  configPatches: differences.flatMap(({ configPatches }) => configPatches),
  replicas: Object.assign({}, ...differences.map(({ replicas }) => replicas)) as Difference["replicas"],
});

/** What `reshape` changes in the committed bases: those that it leaves as they are are left out. */
const changed = (feature: Feature, bases: readonly Base[], wiring: Wiring): ReadonlyMap<Base, Difference> =>
  new Map(
    bases.flatMap((base) => {
      const now = feature.reshape?.(base, wiring) ?? base;
      return now === base ? [] : [[base, differenceTo(base, allLeftAlone(now))] as const];
    }),
  );

/**
 * The features, wired to the workloads of the bases that stand beside each other.
 * @param all the bases in all of their modes
 */
export function additions(
  features: readonly Feature[],
  beside: readonly Base[],
  all: readonly Base[],
): readonly Addition[] {
  const already = new Set(
    [...new Set(beside.map((base) => base.wiring))].flatMap((one) => one.connections().map(connectionKey)),
  );
  return features.flatMap((feature): readonly Addition[] => {
    const wiring = wiringOf([feature], beside, namespaceNames);
    const built = feature.build?.(wiring, all) ?? {};
    const differences = changed(feature, all, wiring);
    const added = wiring.connections().filter((connection) => !already.has(connectionKey(connection)));
    const split = feature.changesFor === "each base";
    const shared = together(split ? [] : [...differences.values()]);
    const path = `components/${feature.name}`;
    const common: Addition = {
      feature,
      namespaceKind: feature.namespaceKind ?? "stack",
      path,
      objects: [
        ...(built.objects ?? []).map(leftAlone),
        ...shared.objects,
        ...addedPolicies(feature.name, added, wiring),
      ],
      patches: [...(built.patches ?? []).map(leftAlone), ...shared.patches],
      configs: built.configs ?? [],
      configPatches: [...(built.configPatches ?? []), ...shared.configPatches],
      everywhere: built.everywhere ?? [],
      replicas: shared.replicas,
      connections: added,
    };
    if (!split) return [common];
    const each = [...differences].map(([base, difference]): Addition => ({
      feature,
      base,
      namespaceKind: base.component.namespaceKind,
      path: `${path}/${base.component.name}/${base.mode}`,
      ...together([difference]),
      configs: [],
      everywhere: [],
      connections: [],
    }));
    return feature.build || added.length > 0 ? [common, ...each] : each;
  });
}

/** The Components of an environment with these features and committed bases. */
export const additionsOver = (
  all: readonly Addition[],
  features: readonly Feature[],
  bases: readonly Base[],
): readonly Addition[] =>
  all.filter(({ feature, base }) => features.includes(feature) && (base === undefined || bases.includes(base)));

/** The features of some Components, each once. */
export const featuresIn = (additions: readonly Addition[]): readonly Feature[] => [
  ...new Set(additions.map(({ feature }) => feature)),
];
