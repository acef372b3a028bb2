import { fileURLToPath } from "node:url";
import { catalogue } from "../../src/components/index.ts";
import { settingsTables } from "../../src/core/assemble/base.ts";
import { once } from "../../src/core/util/once.ts";
import type { Overlay } from "../../src/core/assemble/overlay.ts";
import type { Mode } from "../../src/core/model/roles.ts";
import type { Files } from "../../src/core/output/render.ts";
import { resolve } from "../../src/core/kustomize/build.ts";
import { environments, files, type Foundation, foundation, overlayOf } from "../../src/program.ts";
import { type Answers, choices } from "../../src/settings/composition.ts";
import type { Environment, Settings } from "../../src/settings/schema.ts";
import { validate } from "../../src/settings/validate.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

/** The project's own folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

export const built: Foundation = foundation();
const tables = settingsTables(built.bases);

/** The checked settings of an environment that is not shipped. */
export const environmentOf = (name: string, settings: unknown): Environment =>
  validate(name, settings, catalogue, tables);

/** An environment, its overlay and its objects. */
export interface World {
  readonly name: string;
  readonly environment: Environment;
  readonly overlay: Overlay;
  readonly objects: readonly Manifest[];
}

/** A world that is built on first use, because most tests need few. */
const lazy = (environment: Environment): World => {
  const overlay = once((one: Environment) => overlayOf(one, built));
  const objects = once(resolve);
  return {
    name: environment.name,
    environment,
    get overlay() {
      return overlay(environment);
    },
    get objects() {
      return objects(overlay(environment));
    },
  };
};

/** @throws the error that stops its build */
export const worldOf = (environment: Environment): World => {
  const world = lazy(environment);
  void world.overlay;
  return world;
};

export const shipped: readonly World[] = (await environments(built)).map(lazy);

const foreign = {
  credentials: "by-name",
  namespaces: { stack: "telemetry", agents: "telemetry-host" },
  components: { loki: { retention: "720h" } },
} as const satisfies Partial<Settings>;

/**
 * More settings for each metrics back end, so that every value of every choice occurs in an
 * environment.
 */
const others: Readonly<Record<Answers["metrics"], Partial<Settings>>> = {
  mimir: {
    collector: "promtail",
    nodes: { runtime: "docker" },
    generators: "demo",
    exposure: { by: "gateway-api", host: "grafana.example.com", gateway: "public", gatewayNamespace: "gateways" },
    ownTraces: { ratio: "0.5" },
  },
  "thanos-receive": {
    nodes: { runtime: "docker", journal: "read" },
    exposure: { by: "ingress", host: "grafana.example.com", tlsSecret: "grafana-tls" },
    database: { by: "postgres", host: "db.example.com:6432", name: "dashboards" },
    ownTraces: {},
  },
  "thanos-sidecar": {},
};

const account = { loki: "loki@acme.iam.gserviceaccount.com", default: "others@acme.iam.gserviceaccount.com" };
const client = { default: "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e" };
const role = { default: "arn:aws:iam::123456789012:role/lgtm" };

/**
 * Settings of single environments: each kind of outside store, with and without keys; a tenant;
 * other volumes.
 */
const own = {
  mimir: {
    monolithic: { store: { kind: "azure", account: "acmeprod" } },
    scalable: {
      store: { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-" },
      tenant: "main",
      platform: "openshift",
      monitors: "prometheus-operator",
      // Alerts lead to the runbooks of that repository.
      repository: { url: "https://git.example.com/acme/stack.git", tag: "v1.2.3" },
    },
    microservices: {
      store: { kind: "gcs", bucketPrefix: "acme-" },
      tenant: "main",
      platform: "gke-autopilot",
      nodes: {},
      scaling: { loki: "keda", mimir: "keda", tempo: "keda", kedaNamespace: "autoscaling" },
    },
  },
  "thanos-receive": {
    monolithic: {
      // Claims are immutable, so other sizes need other namespaces.
      namespaces: { stack: "volatile", agents: "volatile-host" },
      volumes: { default: "none", loki: { class: "fast", size: "50Gi" }, minio: "claim" },
    },
    scalable: {
      store: { kind: "s3", region: "us-east-1", endpoint: "http://ceph.example.com:7480", bucketPrefix: "" },
      platform: "openshift",
    },
    microservices: {
      store: { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-", identity: "workload" },
      proxy: { url: "http://proxy.example.com:8118", except: "hooks.example.com,.corp.example.com" },
    },
  },
  "thanos-sidecar": {
    monolithic: {
      store: { kind: "azure", account: "acmeprod", identity: client },
      replicas: { grafana: 0, "thanos-query": 2 },
    },
    scalable: {
      store: { kind: "gcs", bucketPrefix: "acme-", identity: account },
      tenant: "main",
      platform: "gke-autopilot",
    },
    microservices: { monitors: "prometheus-operator" },
  },
} as const satisfies Readonly<Record<Answers["metrics"], Readonly<Record<Mode, Partial<Settings>>>>>;

const modesOfAll = [...new Set(built.bases.map(({ mode }) => mode))];

/**
 * Environments beyond the shipped ones: every metrics back end in every mode, credentials by name,
 * other namespaces, an outside Kafka.
 */
export const invented: readonly World[] = [
  ...modesOfAll.flatMap((mode) =>
    (Object.keys(choices.metrics) as Answers["metrics"][]).map((metrics) =>
      lazy(
        environmentOf(`every-${metrics}-${mode}`, {
          ...foreign,
          ...others[metrics],
          ...own[metrics][mode],
          mode,
          metrics,
        }),
      ),
    ),
  ),
  lazy(
    environmentOf("external-kafka", {
      mode: "microservices",
      metrics: "mimir",
      kafka: { address: "kafka.example.com:9094", sasl: "PLAIN" },
      store: { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-", identity: role },
      tenant: "main",
    }),
  ),
];

export const worlds: readonly World[] = [...shipped, ...invented];

/** An environment by name. Tests make their faulty samples from its objects. */
export const worldNamed = (name: string): World => {
  const found = worlds.find((one) => one.name === name);
  if (!found) throw new Error(`no environment ${name}. There are ${worlds.map((one) => one.name).join(", ")}.`);
  return found;
};
export const dev = worldNamed("dev");

/** All generated files, without hand-written patches. */
export const rendered = (list: readonly World[] = shipped): Files =>
  files(
    built,
    list.map(({ overlay }) => overlay),
    () => [],
  );
