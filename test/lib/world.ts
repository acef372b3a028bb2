import { fileURLToPath } from "node:url";
import { catalogue } from "../../src/components/index.ts";
import type { Manifest } from "../../src/core/objects.ts";
import { settingsTables } from "../../src/core/base.ts";
import type { Overlay } from "../../src/core/overlay.ts";
import type { Files } from "../../src/core/render.ts";
import { resolve } from "../../src/core/resolve.ts";
import { environments, files, type Foundation, foundation, overlayOf } from "../../src/program.ts";
import { type Answers, choices } from "../../src/settings/composition.ts";
import type { Environment, Settings } from "../../src/settings/schema.ts";
import { validate } from "../../src/settings/validate.ts";

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

/** What goes with each metrics back end, so that every answer to every choice is in some environment. */
const others: Readonly<Record<Answers["metrics"], Partial<Settings>>> = {
  mimir: {
    collector: "promtail",
    generators: "demo",
    exposure: { by: "gateway-api", host: "grafana.example.com", gateway: "public", gatewayNamespace: "gateways" },
  },
  "thanos-receive": { exposure: { by: "ingress", host: "grafana.example.com", tlsSecret: "grafana-tls" } },
  "thanos-sidecar": {},
};

const foreign = {
  credentials: "by-name",
  namespaces: { stack: "telemetry", agents: "telemetry-host" },
  components: { loki: { retention: "720h" } },
} as const satisfies Partial<Settings>;

/** What no shipped environment is: every metrics back end in every mode, credentials by name, other namespaces. */
export const invented: readonly World[] = [
  ...shippedModes.flatMap((mode) =>
    (Object.keys(choices.metrics) as Answers["metrics"][]).map((metrics) =>
      worldOf(environmentOf(`every-${metrics}-${mode}`, { ...others[metrics], ...foreign, mode, metrics })),
    ),
  ),
  worldOf(
    environmentOf("other-volumes", {
      ...foreign,
      mode: "monolithic",
      metrics: "thanos-receive",
      // Other claims cannot stand under the names of the first ones.
      namespaces: { stack: "volatile", agents: "volatile-host" },
      volumes: { default: "none", loki: { class: "fast", size: "50Gi" }, minio: "claim" },
      replicas: { grafana: 0, "thanos-query": 2 },
    }),
  ),
];

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
