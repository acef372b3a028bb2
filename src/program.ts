import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { catalogue } from "./components/index.ts";
import { asCommitted, bases, docsOf, settingsTables } from "./core/assemble/base.ts";
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
import { type Objectives, usualObjectives } from "./core/model/monitoring.ts";
import type { SizeOverrides } from "./core/model/size.ts";
import { images } from "./versions.ts";
import { additionFiles, baseFiles, type ByHand, type Files, filesOf, overlayFiles } from "./core/output/render.ts";
import { features } from "./features/index.ts";
import { composition } from "./settings/composition.ts";
import { answersOf, type Environment, storeOf } from "./settings/schema.ts";
import { findings } from "./settings/sense.ts";
import { modeIn, SettingsError, validate } from "./settings/validate.ts";
import { limiting, resizing, type Sizing, sizing } from "./sizing/sizing.ts";

/** All that is the same for every environment. */
export interface Foundation {
  readonly components: readonly Component[];
  readonly bases: readonly Base[];
  readonly additions: readonly Addition[];
}

/** Bases in this mode, wired to all other components in their nearest mode. */
const basesIn = (mode: Mode, components: readonly Component[]): readonly Base[] =>
  bases(
    components,
    (component) => nearestMode(component, mode),
    asCommitted,
    (_, own) => own === mode,
  );

/** All bases, one for each component and mode, and the Components of all features. */
export function foundation(components = catalogue, offered = features): Foundation {
  const shipped = modes.filter((mode) => components.some((component) => modesOf(component).includes(mode)));
  const all = shipped.map((mode) => basesIn(mode, components));
  return { components, bases: all.flat(), additions: additions(offered, all[0] ?? [], all.flat()) };
}

/** The options of some features, by feature: `{ ingress: { host: "grafana.example.com" } }`. */
const optionsOf = (environment: Environment, features: readonly Feature[]): Readonly<Record<string, Options>> =>
  Object.fromEntries(
    features.map(({ name, options = {}, optionsIn = "" }) => {
      const said = (environment as unknown as Readonly<Record<string, unknown>>)[optionsIn] ?? {};
      return [name, Object.fromEntries(Object.entries(said).filter(([key]) => Object.hasOwn(options, key)))];
    }),
  );

/** Values of components' settings: from features, then from the load, then from the environment. */
function valuesOf(
  environment: Environment,
  limits: EnvironmentValues["components"],
  features: readonly Feature[],
): EnvironmentValues["components"] {
  const options = optionsOf(environment, features);
  const all = [
    ...features.map((feature) => feature.settings?.(options[feature.name] ?? {}) ?? {}),
    limits,
    environment.components,
  ];
  const names = all.flatMap((one) => Object.keys(one));
  return Object.fromEntries(names.map((name) => [name, Object.assign({}, ...all.map((one) => one[name]))]));
}

/** Sizes of workloads, and limits as settings of components, that follow from a load. */
interface Loaded {
  readonly sizes: SizeOverrides;
  readonly limits: EnvironmentValues["components"];
}
export const unloaded: Loaded = { sizes: {}, limits: {} };

/** Objectives of an environment, with the usual ones where it sets none. */
const objectivesOf = (own: Environment["objectives"]): Objectives => ({
  logs: { ...usualObjectives.logs, ...own.logs },
  metrics: { ...usualObjectives.metrics, ...own.metrics },
  traces: { ...usualObjectives.traces, ...own.traces },
});

/** The values that an environment's bases are built with. Its `replicas` win over its load. */
const variation = (
  environment: Environment,
  { sizes, limits }: Loaded,
  features: readonly Feature[],
  leftOut: readonly Component[],
): EnvironmentValues => {
  const { namespaces, replicas, volumes, tenant, overrides, alerts, objectives } = environment;
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
    docs: docsOf(environment.repository),
    tenant,
    overrides,
    alerts,
    objectives: objectivesOf(objectives),
    resizing: { ...sizes, ...Object.fromEntries(counted) },
  };
};

/** The bases of an environment, built with its own values and these sizes. */
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

/** Sizes of the workloads for the environment's load, with their reasons. */
export const sizingOf = (environment: Environment, all = catalogue): Sizing =>
  sizing(environment, basesOf(environment, unloaded, all));

/** Sizes and limits for the environment's load. Without a load, those of the mode stay. */
export function loadedOf(environment: Environment, all = catalogue): Loaded {
  return environment.load ? loadFrom(sizingOf(environment, all)) : unloaded;
}
const loadFrom = (found: Sizing): Loaded => ({ sizes: resizing(found), limits: limiting(found) });

/** Settings without effect, because a Component sets them after the overlay's own literals. */
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

/** Its volumes, without the sizes that it says itself: what they should be is looked for. */
const unsized = ({ volumes }: Environment): Environment["volumes"] =>
  Object.fromEntries(
    Object.entries(volumes).map(([name, volume]) => [
      name,
      typeof volume === "string" ? volume : { class: volume.class },
    ]),
  );

/** The overlay of an environment. */
export function overlayOf(environment: Environment, { components, bases: committed, additions }: Foundation): Overlay {
  const { features } = composition(answersOf(environment), components);
  const plain = basesOf(environment, unloaded, components);
  const sized = environment.load ? basesOf(environment, loadFrom(sizing(environment, plain)), components) : plain;
  const chosen = sized.map((own) => ({
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
  const options = optionsOf(environment, features);
  const found = findings({
    environment,
    catalogue: components,
    bases: all,
    sizing: sizing({ ...environment, volumes: unsized(environment) }, plain),
  });
  const problems = [
    ...all.flatMap((one) => one.component.problems?.(one, others(one)) ?? []),
    ...features.flatMap((feature) => feature.problems?.(options[feature.name] ?? {}, all) ?? []),
    ...overruled(environment, added),
    ...found.filter(({ is }) => is === "refused").map(({ text }) => text),
  ];
  if (problems.length > 0) throw new SettingsError(problems.map((text) => `${environment.file}: ${text}`).join("\n"));
  const warnings = [
    ...all.flatMap((one) => one.component.warnings?.(one, others(one)) ?? []),
    ...features.flatMap((feature) => feature.warnings?.(options[feature.name] ?? {}, all) ?? []),
    ...found.filter(({ is }) => is === "beware").map(({ text }) => text),
  ].map((text) => `${environment.file}: ${text}`);
  return overlay({ ...environment, store: storeOf(environment), options, warnings }, chosen, added);
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
