import { readdirSync } from "node:fs";
import { catalogue } from "./components/index.ts";
import { type Base, bases, settingsTables } from "./core/base.ts";
import { modesOf, nearestMode } from "./core/component.ts";
import { type Addition, additions } from "./core/feature.ts";
import { type Overlay, overlay } from "./core/overlay.ts";
import { modes } from "./core/plan.ts";
import { additionFiles, baseFiles, type Files, filesOf, overlayFiles } from "./core/render.ts";
import { isRole } from "./core/wiring.ts";
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
  const beside = shipped.map((mode) => bases(catalogue, (component) => nearestMode(component, mode)));
  return {
    bases: beside.flatMap((all, index) => all.filter(({ mode }) => mode === shipped[index])),
    additions: additions(features, beside[0] ?? []),
  };
}

/** Whether something of the one base connects to something of the other. */
const connects = (from: Base, to: Base): boolean =>
  from.wiring.connections().some((connection) => {
    const [a, b] = [connection.from, connection.to];
    const between = isRole(a) && isRole(b) && a.component === from.component.name && b.component === to.component.name;
    return between && from !== to && !connection.made;
  });

/** The overlay of an environment. */
export function overlayOf(environment: Environment, { bases, additions }: Foundation): Overlay {
  const { components, features } = composition(answersOf(environment), catalogue);
  const chosen = bases.filter(
    ({ component, mode }) => components.includes(component) && mode === modeIn(environment, component),
  );
  const own = chosen.filter((base) => !base.component.wanted || chosen.some((other) => connects(other, base)));
  const added = additions.filter(({ feature }) => features.includes(feature));
  const { by, ...options } = environment.exposure ?? {};
  return overlay({ ...environment, options: by ? { [by]: options } : {} }, own, added);
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
