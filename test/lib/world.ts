import { fileURLToPath } from "node:url";
import { catalogue } from "../../src/components/index.ts";
import type { Manifest } from "../../src/core/objects.ts";
import { settingsTables } from "../../src/core/base.ts";
import type { Overlay } from "../../src/core/overlay.ts";
import type { Files } from "../../src/core/render.ts";
import { resolve } from "../../src/core/resolve.ts";
import { environments, files, type Foundation, foundation, overlayOf } from "../../src/program.ts";
import { type MetricsBackEnd, metricsBackEnds } from "../../src/settings/composition.ts";
import { type Environment, validate } from "../../src/settings/schema.ts";

/** The project's own folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

export const built: Foundation = foundation();
const tables = settingsTables(built.bases);

/** The checked settings of an environment that is not shipped. */
export const environmentOf = (name: string, settings: unknown): Environment =>
  validate(name, settings, catalogue, tables);

/** An environment with everything that comes of it. */
export interface World {
  readonly name: string;
  readonly environment: Environment;
  readonly overlay: Overlay;
  readonly objects: readonly Manifest[];
}

export const worldOf = (environment: Environment): World => {
  const overlay = overlayOf(environment, built);
  return { name: environment.name, environment, overlay, objects: resolve(overlay) };
};

export const shipped: readonly World[] = (await environments(built)).map(worldOf);

const shippedModes = [...new Set(built.bases.map(({ mode }) => mode))];

/** What no shipped environment is: every metrics back end in every mode, credentials by name, other namespaces. */
export const invented: readonly World[] = shippedModes.flatMap((mode) =>
  (Object.keys(metricsBackEnds) as MetricsBackEnd[]).map((metrics) =>
    worldOf(
      environmentOf(`every-${metrics}-${mode}`, {
        mode,
        metrics,
        credentials: "by-name",
        namespaces: { stack: "telemetry", agents: "telemetry-host" },
        components: { loki: { retention: "720h" } },
      }),
    ),
  ),
);

export const worlds: readonly World[] = [...shipped, ...invented];

/** An environment by its name; its objects are what the checkers' negative cases are made from. */
export const worldNamed = (name: string): World => {
  const found = worlds.find((one) => one.name === name);
  if (!found) throw new Error(`no environment ${name}. There are ${worlds.map((one) => one.name).join(", ")}.`);
  return found;
};
export const dev = worldNamed("dev");

/** All generated files, without anybody's patches. */
export const rendered = (list: readonly World[] = shipped): Files =>
  files(
    built,
    list.map(({ overlay }) => overlay),
    () => [],
  );
