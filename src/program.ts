import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { catalogue } from "./components/index.ts";
import { asCommitted, bases, settingsTables } from "./core/assemble/base.ts";
import {
  type Component,
  modesOf,
  nearestMode,
  variable,
  type Base,
  type EnvironmentValues,
} from "./core/model/component.ts";
import { type Addition, additions, additionsOver, type Feature, type Options } from "./core/assemble/feature.ts";
import { type Overlay, overlay } from "./core/assemble/overlay.ts";
import { type Mode, modes } from "./core/model/roles.ts";
import type { SizeOverrides } from "./core/model/size.ts";
import { images } from "./versions.ts";
import { additionFiles, baseFiles, type ByHand, type Files, filesOf, overlayFiles } from "./core/output/render.ts";
import { externalKafka } from "./features/external-kafka.ts";
import { kedas } from "./features/keda.ts";
import { proxy } from "./features/proxy.ts";
import { features } from "./features/index.ts";
import { composition, featuresOf, tabled } from "./settings/composition.ts";
import { answersOf, type Environment, storeOf } from "./settings/schema.ts";
import { modeIn, SettingsError, validate } from "./settings/validate.ts";
import { limiting, resizing, type Sizing, sizing } from "./sizing/sizing.ts";

/** Everything that does not depend on an environment. */
export interface Foundation {
  readonly components: readonly Component[];
  readonly bases: readonly Base[];
  readonly additions: readonly Addition[];
}

/** The bases of the components that have this mode, wired to the others as they stand beside it. */
const basesIn = (mode: Mode, components: readonly Component[]): readonly Base[] =>
  bases(
    components,
    (component) => nearestMode(component, mode),
    asCommitted,
    (_, own) => own === mode,
  );

/** All bases, one for each component and mode that it has, and all features, which are the same beside any mode. */
export function foundation(components = catalogue, offered = features): Foundation {
  const shipped = modes.filter((mode) => components.some((component) => modesOf(component).includes(mode)));
  const all = shipped.map((mode) => basesIn(mode, components));
  return { components, bases: all.flat(), additions: additions(offered, all[0] ?? [], all.flat()) };
}

/** What an environment says of its features, by their names. */
function optionsOf(environment: Environment): Readonly<Record<string, Options>> {
  const ofTables = tabled.flatMap((choice) => {
    const { by, ...given } = environment[choice] ?? {};
    return by === undefined ? [] : featuresOf(choice, by).map(({ name }) => [name, given as Options]);
  });
  const { kafka, scaling } = environment;
  const { kedaNamespace: namespace } = scaling;
  return {
    ...Object.fromEntries(ofTables),
    ...Object.fromEntries(Object.values(kedas).map(({ name }) => [name, namespace === undefined ? {} : { namespace }])),
    ...(kafka ? { [externalKafka.name]: kafka as Options } : {}),
    ...(environment.proxy ? { [proxy.name]: environment.proxy as Options } : {}),
  };
}

/** Values of components' settings: what follows from the features and the load, and what the environment says itself. */
function valuesOf(
  environment: Environment,
  limits: EnvironmentValues["components"],
  features: readonly Feature[],
): EnvironmentValues["components"] {
  const options = optionsOf(environment);
  const all = [
    ...features.map((feature) => feature.settings?.(options[feature.name] ?? {}) ?? {}),
    limits,
    environment.components,
  ];
  const names = all.flatMap((one) => Object.keys(one));
  return Object.fromEntries(names.map((name) => [name, Object.assign({}, ...all.map((one) => one[name]))]));
}

/** What a load makes of an environment: the sizes of workloads, and limits, as settings of components. */
interface Loaded {
  readonly sizes: SizeOverrides;
  readonly limits: EnvironmentValues["components"];
}
export const unloaded: Loaded = { sizes: {}, limits: {} };

/** What an environment says of how its bases are built; what it says of a workload's replicas goes before what its load asks for. */
const variation = (
  environment: Environment,
  { sizes, limits }: Loaded,
  features: readonly Feature[],
  leftOut: readonly Component[],
): EnvironmentValues => {
  const { namespaces, replicas, volumes, tenant, overrides } = environment;
  const counted = Object.entries(replicas).map(([workload, count]) => [
    workload,
    { ...sizes[workload], replicas: count },
  ]);
  const store = storeOf(environment);
  return {
    namespaces,
    volumes,
    components: valuesOf(environment, limits, features),
    store,
    leftOut: leftOut.map(({ name }) => name),
    tenant,
    overrides,
    resizing: { ...sizes, ...Object.fromEntries(counted) },
  };
};

/** The bases of an environment, built for it with these sizes. */
export function basesOf(environment: Environment, loaded: Loaded, all = catalogue): readonly Base[] {
  const { components, features } = composition(answersOf(environment), all);
  const modeOf = (component: Component): Mode => modeIn(environment, component);
  const leftOut = all.filter((component) => !components.includes(component));
  const values = variation(environment, loaded, features, leftOut);
  const own = bases(all, modeOf, values, (component) => components.includes(component));
  const others = (one: Base): readonly Base[] => own.filter((other) => other !== one);
  // The order of the components means nothing.
  return own
    .filter((one) => one.component.isNeeded?.(one, others(one)) ?? true)
    .toSorted((a, b) => (a.component.name < b.component.name ? -1 : 1));
}

/** The sizes that an environment's load gives its workloads, and why. */
export const sizingOf = (environment: Environment, all = catalogue): Sizing =>
  sizing(environment, basesOf(environment, unloaded, all));

/** What an environment's load makes of it; without a load nothing, which leaves what the mode has. */
export function loadedOf(environment: Environment, all = catalogue): Loaded {
  if (!environment.load) return unloaded;
  const found = sizingOf(environment, all);
  return { sizes: resizing(found), limits: limiting(found) };
}

/** Settings that a feature has the last word on, because kustomize runs Components after an overlay's own literals are merged. */
const overruled = ({ components }: Environment, added: readonly Addition[]): readonly string[] =>
  Object.entries(components).flatMap(([component, values]) =>
    Object.keys(values).flatMap((key) =>
      added
        .filter(({ configPatches }) =>
          configPatches.some(({ literals = {} }) => Object.hasOwn(literals, variable(component, key))),
        )
        .map(({ path }) => `components.${component}.${key} has no effect: ${path} says it. Remove the setting.`),
    ),
  );

/** Ways out of workloads that nobody wants here. */
const leadingNowhere = ({ egress }: Environment, bases: readonly Base[]): readonly string[] => {
  const here = new Set(bases.flatMap(({ workloads }) => workloads.map(({ fullName }) => fullName)));
  return Object.keys(egress)
    .filter((workload) => !here.has(workload))
    .map((workload) => `egress.${workload} has no effect: there is no such workload here. Remove it.`);
};

/** The overlay of an environment. */
export function overlayOf(environment: Environment, { components, bases: committed, additions }: Foundation): Overlay {
  const { features } = composition(answersOf(environment), components);
  const chosen = basesOf(environment, loadedOf(environment, components), components).map((own) => ({
    own,
    base: committed.find(({ path }) => path === own.path) as Base,
  }));
  const all = chosen.map(({ own }) => own);
  const others = (one: Base): readonly Base[] => all.filter((other) => other !== one);
  const added = additionsOver(
    additions,
    features,
    chosen.map(({ base }) => base),
  );
  const options = optionsOf(environment);
  const problems = [
    ...all.flatMap((one) => one.component.problems?.(one, others(one)) ?? []),
    ...features.flatMap((feature) => feature.problems?.(options[feature.name] ?? {}, all) ?? []),
    ...overruled(environment, added),
    ...leadingNowhere(environment, all),
  ];
  if (problems.length > 0) throw new SettingsError(problems.map((text) => `${environment.file}: ${text}`).join("\n"));
  return overlay({ ...environment, store: storeOf(environment), options }, chosen, added);
}

const folder = new URL("./environments/", import.meta.url);

const endings = /\.(ts|yaml)$/;
const environmentFiles = (): readonly string[] => readdirSync(folder).filter((file) => endings.test(file));
const nameOf = (file: string): string => file.replace(endings, "");

/** Names of the environments that there are, in order. */
export const environmentNames = (): readonly string[] => environmentFiles().map(nameOf).sort();

/**
 * What a settings file says.
 * @throws SettingsError that names it, whatever is wrong
 */
async function settingsIn(file: string): Promise<unknown> {
  const url = new URL(file, folder);
  try {
    if (file.endsWith(".yaml")) return parse(readFileSync(url, "utf8"));
    return ((await import(url.href)) as { readonly default?: unknown }).default;
  } catch (error) {
    const [found = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new SettingsError(`src/environments/${file}: cannot be read: ${found}`);
  }
}

/** The environments of `src/environments`, checked; all of their problems in one error. */
export async function environments(built: Foundation): Promise<readonly Environment[]> {
  const tables = settingsTables(built.bases);
  const read = async (file: string): Promise<Environment | SettingsError> => {
    try {
      return validate(nameOf(file), await settingsIn(file), built.components, tables, `src/environments/${file}`);
    } catch (error) {
      if (error instanceof SettingsError) return error;
      throw error;
    }
  };
  const all = await Promise.all(environmentFiles().toSorted().map(read));
  const wrong = all.filter((one) => one instanceof SettingsError);
  if (wrong.length > 0) throw new SettingsError(wrong.map(({ message }) => message).join("\n"));
  return all as Environment[];
}

/** All files of the bases, the features and these overlays. */
export function files(
  built: Foundation,
  overlays: readonly Overlay[],
  byHand: (overlay: Overlay) => readonly ByHand[],
): Files {
  return filesOf([
    ...built.bases.flatMap((base) => [...baseFiles(base)]),
    ...built.additions.flatMap((addition) => [...additionFiles(addition)]),
    ...overlays.flatMap((one) => [...overlayFiles(one, byHand(one), images.busybox)]),
  ]);
}
