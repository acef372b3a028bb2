import { type Difference, differenceTo } from "./difference.ts";
import { type Component, type Config, namespaceNames, type Unit, type Base } from "../model/component.ts";
import { addedPolicies } from "../derive/network-policies.ts";
import type { NamespaceKind, Role, Workload } from "../model/roles.ts";
import type { Place } from "../model/places.ts";
import type { Store } from "../model/store.ts";
import { allLeftAlone, leftAlone } from "../derive/substitution.ts";
import { type Connection, connectionKey, createWiring, type Wiring } from "../model/wiring.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/** Values of a feature's options: `{ host: "grafana.example.com" }`. */
export type Options = Readonly<Record<string, string>>;

/** An option of a feature, which an environment may set. */
export interface Option {
  readonly unit: Unit;
  /** What it means, for the reference and for editors. */
  readonly about: string;
  /** For errors, where the unit's own example does not fit. */
  readonly example?: string;
  /** An environment with the feature must set it. */
  readonly needed?: true;
}

/** An opt-in addition to bases: a kustomize Component, `components/<name>`. */
export interface Feature {
  /** "ingress". */
  readonly name: string;
  /** The namespace whose kustomization lists the Component. Default: the stack's. */
  readonly namespaceKind?: NamespaceKind;
  /**
   * It changes this component's pods only: an environment without the component lacks the feature.
   */
  readonly changes?: Component;
  /** Options that an environment may set, by name: "host". */
  readonly options?: Readonly<Record<string, Option>>;
  /** The setting of environments that has the options: "exposure". */
  readonly optionsIn?: string;
  /**
   * What these option values change in the overlay, compared with the committed Component.
   * @param docs where browsers find `docs` of the environment's repository
   */
  adapt?(
    options: Options,
    store: Store,
    own: Pick<Addition, "configs" | "configPatches">,
    docs: string,
  ): FeatureDifference;
  /**
   * Values of components' settings that follow from the options: `{ mimir: { kafkaAddress: … } }`.
   */
  settings?(options: Options): Readonly<Record<string, Readonly<Record<string, string>>>>;
  /**
   * Problems beside these bases, as lines: the path of the setting, the value, what was expected.
   */
  problems?(options: Options, bases: readonly Base[]): readonly string[];
  /** Likewise what works, and hardly anybody means. */
  warnings?(options: Options, bases: readonly Base[]): readonly string[];
  /** Something outside the bundle does the work of this role: S3 in place of MinIO. */
  readonly replaces?: { readonly role: Role; readonly by: Place };
  /** Roles that it adds to the pods of another role: Thanos's sidecar beside Prometheus. */
  readonly joins?: readonly { readonly role: Role; readonly beside: Role }[];
  /**
   * The Component's own contents.
   * @param bases all committed bases, in all of their modes
   */
  build?(wiring: Wiring, bases: readonly Base[]): BuiltFeature;
  /**
   * Returns the base with the feature applied. The Component holds the difference to the committed
   * base. An overlay holds what still differs when its environment's own base is reshaped.
   * @param wiring of one base a component; the workloads of `base` are its own
   */
  reshape?(base: Base, wiring: Wiring): Base;
  /**
   * `each base`: the change of each base is a Component of its own,
   * `components/<name>/loki/scalable`, because it names workloads that other modes lack. Default:
   * one Component for all bases.
   */
  readonly changesFor?: "each base";
}

export interface FeatureDifference {
  /** Secrets that it needs and that nobody generates, with their keys. */
  readonly expects?: readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** Strategic-merge patches, one object each, by name. */
  readonly patches?: readonly Manifest[];
  /** Literals and files that are merged into ConfigMaps of bases. */
  readonly configPatches?: readonly Config[];
}

interface BuiltFeature extends FeatureDifference {
  readonly objects?: readonly Manifest[];
  /**
   * ConfigMaps of its own. An overlay changes them by patches: Components run after its generators.
   */
  readonly configs?: readonly Config[];
  readonly everywhere?: readonly Everywhere[];
}

/** A patch of every object of a kind. */
export interface Everywhere {
  readonly apiVersion: string;
  readonly kind: string;
  /** `ours`: only those that carry the bundle's label. */
  readonly whose: "anybody's" | "ours";
  /** A strategic-merge patch without the fields that identify an object. */
  readonly change: Readonly<Record<string, unknown>>;
}

/** Adds annotations to every ConfigMap and Secret, also to those of others. */
export const annotating = (annotations: Readonly<Record<string, string>>): readonly Everywhere[] =>
  ["ConfigMap", "Secret"].map((kind) => ({
    apiVersion: "v1",
    kind,
    whose: "anybody's",
    change: { metadata: { annotations } },
  }));

/** The contents of `components/<feature>` or of `components/<feature>/<component>/<mode>`. */
export interface Addition {
  readonly feature: Feature;
  /** The base that it changes. Undefined if it fits any choice of bases. */
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
  /** Connections that the bases do not have already. */
  readonly connections: readonly Connection[];
}

/** A workload with the roles that these features add to its pods. */
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

/** The bases with all of these features applied. */
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

/** The difference that `reshape` makes to a committed base. Undefined if it leaves it as it is. */
const changed = (feature: Feature, base: Base, wiring: Wiring): Difference | undefined => {
  const now = feature.reshape?.(base, wiring) ?? base;
  return now === base ? undefined : differenceTo(base, allLeftAlone(now));
};

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
  const added = (wiring: Wiring): readonly Connection[] =>
    wiring.connections().filter((connection) => !already.has(connectionKey(connection)));
  return features.flatMap((feature): readonly Addition[] => {
    const fresh = (): Wiring => wiringOf([feature], beside, namespaceNames);
    const wiring = fresh();
    const built = feature.build?.(wiring, all) ?? {};
    const split = feature.changesFor === "each base";
    const shared = together(split ? [] : all.flatMap((base) => changed(feature, base, wiring) ?? []));
    const path = `components/${feature.name}`;
    const common: Addition = {
      feature,
      namespaceKind: feature.namespaceKind ?? "stack",
      path,
      objects: [
        ...(built.objects ?? []).map(leftAlone),
        ...shared.objects,
        ...addedPolicies(feature.name, added(wiring), wiring),
      ],
      patches: [...(built.patches ?? []).map(leftAlone), ...shared.patches],
      configs: built.configs ?? [],
      configPatches: [...(built.configPatches ?? []), ...shared.configPatches],
      everywhere: built.everywhere ?? [],
      replicas: shared.replicas,
      connections: added(wiring),
    };
    if (!split) return [common];
    // The connections that a base asks for are in its own Component.
    const each = all.flatMap((base): readonly Addition[] => {
      const own = fresh();
      const difference = changed(feature, base, own);
      if (!difference) return [];
      const { objects, ...rest } = together([difference]);
      return [
        {
          ...rest,
          feature,
          base,
          namespaceKind: base.component.namespaceKind,
          path: `${path}/${base.component.name}/${base.mode}`,
          objects: [...objects, ...addedPolicies(feature.name, added(own), own)],
          configs: [],
          everywhere: [],
          connections: added(own),
        },
      ];
    });
    return feature.build ? [common, ...each] : each;
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
