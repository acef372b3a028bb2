import { readdirSync } from "node:fs";
import { catalogue } from "./components/index.ts";
import { asCommitted, type Base, bases, settingsTables, type Variation } from "./core/base.ts";
import { type Component, modesOf, nearestMode } from "./core/component.ts";
import { type Addition, additions } from "./core/feature.ts";
import { type Overlay, overlay } from "./core/overlay.ts";
import { type Mode, modes } from "./core/plan.ts";
import { additionFiles, baseFiles, type Files, filesOf, overlayFiles } from "./core/render.ts";
import { features } from "./features/index.ts";
import { composition } from "./settings/composition.ts";
import { answersOf, type Environment } from "./settings/schema.ts";
import { modeIn, SettingsError, validate } from "./settings/validate.ts";

/** Everything that does not depend on an environment. */
export interface Foundation {
  readonly bases: readonly Base[];
  readonly additions: readonly Addition[];
}

/** All bases, one for each component and mode that it has, and all features, which are the same beside any mode. */
export function foundation(): Foundation {
  const shipped = modes.filter((mode) => catalogue.some((component) => modesOf(component).includes(mode)));
  const beside = shipped.map((mode) => bases(catalogue, (component) => nearestMode(component, mode), asCommitted));
  return {
    bases: beside.flatMap((all, index) => all.filter(({ mode }) => mode === shipped[index])),
    additions: additions(features, beside[0] ?? []),
  };
}

/** What an environment says of how its bases are built. */
const variation = ({ namespaces, replicas, volumes, components }: Environment): Variation => ({
  namespaces,
  volumes,
  components,
  resizing: Object.fromEntries(Object.entries(replicas).map(([workload, count]) => [workload, { replicas: count }])),
});

/** The overlay of an environment. */
export function overlayOf(environment: Environment, { bases: committed, additions }: Foundation): Overlay {
  const { components, features } = composition(answersOf(environment), catalogue);
  const modeOf = (component: Component): Mode => modeIn(environment, component);
  const own = bases(catalogue, modeOf, variation(environment));
  const chosen = own
    .filter(({ component }) => components.includes(component))
    .map((one) => ({ own: one, base: committed.find(({ path }) => path === one.path) as Base }));
  const others = (one: Base): readonly Base[] => chosen.flatMap(({ own }) => (own === one ? [] : [own]));
  const wanted = chosen.filter(({ own: one }) => one.component.wanted?.(one, others(one)) ?? true);
  const added = additions.filter(({ feature }) => features.includes(feature));
  const { by, ...options } = environment.exposure ?? {};
  return overlay({ ...environment, options: by ? { [by]: options } : {} }, wanted, added);
}

const folder = new URL("./environments/", import.meta.url);

/** Names of the environments that there are, in order. */
export const environmentNames = (): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();

/** The environments of `src/environments`, checked; all of their problems in one error. */
export async function environments(built: Foundation): Promise<readonly Environment[]> {
  const tables = settingsTables(built.bases);
  const read = async (name: string): Promise<Environment | SettingsError> => {
    const { default: raw } = (await import(new URL(`${name}.ts`, folder).href)) as { readonly default: unknown };
    try {
      return validate(name, raw, catalogue, tables);
    } catch (error) {
      if (error instanceof SettingsError) return error;
      throw error;
    }
  };
  const all = await Promise.all(environmentNames().map(read));
  const wrong = all.filter((one) => one instanceof SettingsError);
  if (wrong.length > 0) throw new SettingsError(wrong.map(({ message }) => message).join("\n"));
  return all as Environment[];
}

/** All files of the bases, the features and these overlays. */
export function files(
  built: Foundation,
  overlays: readonly Overlay[],
  patchesOf: (overlay: Overlay) => readonly string[],
): Files {
  return filesOf([
    ...built.bases.flatMap((base) => [...baseFiles(base)]),
    ...built.additions.flatMap((addition) => [...additionFiles(addition)]),
    ...overlays.flatMap((one) => [...overlayFiles(one, patchesOf(one))]),
  ]);
}
