import { fileURLToPath } from "node:url";
import { catalogue } from "../../src/components/index.ts";
import type { Manifest } from "../../src/core/objects.ts";
import { settingsTables } from "../../src/core/base.ts";
import type { Overlay } from "../../src/core/overlay.ts";
import type { Mode } from "../../src/core/plan.ts";
import type { Files } from "../../src/core/render.ts";
import { resolve } from "../../src/core/resolve.ts";
import { environments, files, type Foundation, foundation, overlayOf } from "../../src/program.ts";
import { type Answers, choices } from "../../src/settings/composition.ts";
import type { Environment, Settings, StoreSetting } from "../../src/settings/schema.ts";
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
  "thanos-receive": {
    exposure: { by: "ingress", host: "grafana.example.com", tlsSecret: "grafana-tls" },
    database: { by: "postgres", host: "db.example.com:6432", name: "dashboards" },
  },
  "thanos-sidecar": {},
};

const foreign = {
  credentials: "by-name",
  namespaces: { stack: "telemetry", agents: "telemetry-host" },
  components: { loki: { retention: "720h" } },
} as const satisfies Partial<Settings>;

const account = { loki: "loki@acme.iam.gserviceaccount.com", default: "others@acme.iam.gserviceaccount.com" };

/** Stores outside the cluster: of every kind, by keys and without. */
const stores: readonly (readonly [string, StoreSetting, Answers["metrics"], Mode])[] = [
  ["s3-keys", { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-" }, "mimir", "scalable"],
  [
    "s3-roles",
    {
      kind: "s3",
      region: "eu-central-1",
      bucketPrefix: "acme-",
      identity: { default: "arn:aws:iam::123456789012:role/lgtm" },
    },
    "thanos-sidecar",
    "scalable",
  ],
  [
    "s3-elsewhere",
    { kind: "s3", region: "us-east-1", endpoint: "http://ceph.example.com:7480", bucketPrefix: "" },
    "thanos-receive",
    "monolithic",
  ],
  ["gcs-keys", { kind: "gcs", bucketPrefix: "acme-" }, "mimir", "scalable"],
  ["gcs-accounts", { kind: "gcs", bucketPrefix: "acme-", identity: account }, "thanos-sidecar", "scalable"],
  ["azure-keys", { kind: "azure", account: "acmeprod" }, "mimir", "scalable"],
  [
    "azure-clients",
    { kind: "azure", account: "acmeprod", identity: { default: "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e" } },
    "thanos-sidecar",
    "monolithic",
  ],
];

/** What no shipped environment is: every metrics back end in every mode, credentials by name, other namespaces. */
export const invented: readonly World[] = [
  ...shippedModes.flatMap((mode) =>
    (Object.keys(choices.metrics) as Answers["metrics"][]).map((metrics) =>
      worldOf(environmentOf(`every-${metrics}-${mode}`, { ...others[metrics], ...foreign, mode, metrics })),
    ),
  ),
  ...stores.map(([name, store, metrics, mode]) =>
    worldOf(environmentOf(name, { mode, metrics, store, tenant: mode === "scalable" ? "main" : undefined })),
  ),
  worldOf(
    environmentOf("external-kafka", {
      mode: "microservices",
      metrics: "mimir",
      kafka: { address: "kafka.example.com:9094", sasl: "PLAIN" },
    }),
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
