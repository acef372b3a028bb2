import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { network, outside } from "../src/core/kubernetes/network-rules.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { containersOf, type Labels, podTemplates, secretsOf, specOf } from "./lib/objects.ts";
import { generated, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { nameLinks } from "./lib/references.ts";
import { root } from "./lib/world.ts";

type Objects = readonly Manifest[];
type Pod = ReturnType<typeof podTemplates>[number];

const page = readFileSync(join(root, "docs/customise.md"), "utf8");
const [, mirrored = ""] =
  /<!-- recipe: stack agents mirror -->\n```yaml\n([^]*?)```/.exec(
    readFileSync(join(root, "docs/images.md"), "utf8"),
  ) ?? [];
/** The page's blocks, each with a comment before it: `<!-- file: path -->`, `<!-- recipe: stack agents name -->`, `<!-- run: folder -->`. */
const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`<!-- ${kind}: (.+) -->\\n\`\`\`\\w+\\n([^]*?)\`\`\``, "g"))].map(
    ([, words = "", text = ""]) => ({ words: words.split(" "), text }),
  );

interface Recipe {
  readonly name: string;
  readonly parts: readonly string[];
  readonly text: string;
}
const recipes = blocks("recipe").map(({ words, text }): Recipe => ({
  name: words.at(-1) ?? "",
  parts: words.slice(0, -1),
  text,
}));
const mirror: Recipe = { name: "mirror", parts: [], text: mirrored };

/** The page's skeleton with these recipes appended to its lists, as its reader is told to. */
function overlay(folder: string, name: string, wanted: (recipe: Recipe) => readonly string[]): string {
  for (const { words, text } of blocks("file")) put(folder, (words[0] ?? "").replace("acme", name), text);
  put(folder, `overlays/${name}/stack/shop.json`, "{}\n");
  for (const part of ["stack", "agents"]) {
    const path = `overlays/${name}/${part}/kustomization.yaml`;
    const all = parse(readFileSync(join(folder, path), "utf8")) as Record<string, unknown[]>;
    for (const { text } of [...recipes, mirror].filter((recipe) => wanted(recipe).includes(part)))
      for (const [key, items] of Object.entries(parse(text) as Record<string, unknown[]>))
        all[key] = [...(all[key] ?? []), ...items];
    put(folder, path, stringify(all));
  }
  return join(folder, "overlays", name);
}

const named = (objects: Objects, kind: string, name: string): Manifest => {
  const found = objects.find(
    (one) => one.kind === kind && one.metadata.name.replace(/-[bcdfghkmt2456789]{10}$/, "") === name,
  );
  assert.ok(found, `no ${kind} ${name}`);
  return found;
};
const data = (objects: Objects, name: string, kind = "ConfigMap") => named(objects, kind, name)["data"] as Labels;
const pod = (objects: Objects, name: string): Pod => {
  const found = podTemplates(objects).find((one) => one.name === name);
  assert.ok(found, `no workload ${name}`);
  return found;
};
const stack = (objects: Objects) => podTemplates(objects).filter(({ kind }) => kind !== "DaemonSet");
const every = (objects: Objects, holds: (one: Pod) => boolean) =>
  assert.deepEqual(
    stack(objects)
      .filter((one) => !holds(one))
      .map(({ id }) => id),
    [],
  );
interface Claim {
  readonly accessModes?: readonly string[];
  readonly storageClassName?: string;
  readonly resources?: { readonly requests?: { readonly storage?: string } };
}
const claims = (objects: Objects): readonly Claim[] =>
  objects.flatMap(
    (one) =>
      specOf<{ volumeClaimTemplates?: { spec: Claim }[] }>(one)?.volumeClaimTemplates?.map(({ spec }) => spec) ?? [],
  );
const literals = (name: string, expected: Labels) => (objects: Objects) => {
  for (const [key, value] of Object.entries(expected)) assert.equal(data(objects, name)[key], value);
};
const decoded = (objects: Objects) =>
  objects
    .filter(({ kind }) => kind === "Secret")
    .flatMap((one) => Object.values(one["data"] as Labels))
    .map((value) => Buffer.from(value, "base64").toString("utf8"))
    .join("\n");

/** What a person wants who copies the recipe. */
const wishes: Readonly<Record<string, (objects: Objects) => void>> = {
  "two-stacks": (objects) => {
    const scoped = objects.filter(({ kind }) => kind.startsWith("ClusterRole"));
    assert.ok(scoped.length > 5);
    for (const one of scoped) {
      assert.match(one.metadata.name, /-acme$/);
      const { name } = (one["roleRef"] ?? { name: one.metadata.name }) as { name: string };
      assert.ok(scoped.some(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === name));
    }
  },
  labels: (objects) => {
    for (const { metadata } of objects) assert.equal((metadata["labels"] as Labels)["team"], "platform", metadata.name);
    every(objects, ({ labels }) => labels["team"] === undefined);
  },
  registry: (objects) =>
    assert.match(pod(objects, "loki").spec.containers[0]?.image ?? "", /^registry\.example\.com\//),
  "pull-secret": (objects) =>
    assert.ok(podTemplates(objects).every(({ spec }) => spec.imagePullSecrets?.[0]?.name === "registry")),
  nodes: (objects) => {
    every(objects, ({ spec }) => spec.nodeSelector?.["pool"] === "observability" && spec.tolerations?.length === 1);
    every(objects, ({ spec }) => spec.nodeSelector?.["kubernetes.io/os"] === "linux");
    const agents = podTemplates(objects).filter(({ kind }) => kind === "DaemonSet");
    assert.ok(agents.every(({ spec }) => spec.tolerations?.some((one) => one.operator === "Exists" && !one.key)));
  },
  priority: (objects) => every(objects, ({ spec }) => spec.priorityClassName === "observability"),
  resources: (objects) => {
    const { containers } = pod(objects, "loki").spec;
    assert.deepEqual(containers.map(({ name }) => name).toSorted(), ["loki", "rules"]);
    const loki = containers.find(({ name }) => name === "loki");
    assert.equal(loki?.resources?.limits?.["memory"], "2Gi");
    assert.ok(loki?.image);
  },
  replicas: (objects) => {
    for (const name of ["thanos-query", "alloy-gateway"])
      assert.equal(specOf<{ replicas: number }>(named(objects, "Deployment", name)).replicas, 2);
  },
  "storage-class": (objects) => {
    assert.ok(claims(objects).length > 5);
    for (const { storageClassName, accessModes, resources } of claims(objects)) {
      assert.equal(storageClassName, "gp3");
      assert.ok(accessModes && resources?.requests?.storage, "the claim has lost what the API server asks for");
    }
  },
  "volume-size": (objects) =>
    assert.ok(claims(objects).some(({ resources }) => resources?.requests?.storage === "50Gi")),
  retention: (objects) => {
    literals("loki-settings", { LOKI_RETENTION: "720h" })(objects);
    literals("tempo-settings", { TEMPO_RETENTION: "336h" })(objects);
    literals("thanos-settings", { THANOS_RETENTION_5M: "90d", THANOS_RETENTION_1H: "2y" })(objects);
  },
  bucket: (objects) => {
    const made = (data(objects, "minio-buckets")["BUCKETS"] ?? "").split(" ");
    const { LOKI_BUCKET = "", LOKI_BUCKET_RULER = "" } = data(objects, "loki-settings");
    const { TEMPO_BUCKET = "" } = data(objects, "tempo-settings");
    const thanos = /bucket: (\S+)/.exec(decoded(objects))?.[1] ?? "";
    assert.equal(LOKI_BUCKET, "acme-loki");
    for (const bucket of [LOKI_BUCKET, LOKI_BUCKET_RULER, TEMPO_BUCKET, thanos])
      assert.ok(made.includes(bucket), bucket);
  },
  limits: literals("loki-settings", { LOKI_INGESTION_RATE_MB: "200", LOKI_MAX_STREAMS: "100000" }),
  "tenant-limit": (objects) => {
    assert.match(data(objects, "loki-overrides")["overrides.yaml"] ?? "", /team-a/);
    assert.equal(named(objects, "ConfigMap", "loki-overrides").metadata.name, "loki-overrides");
  },
  "cluster-name": (objects) => {
    literals("prometheus-settings", { PROMETHEUS_CLUSTER: "eu-1" })(objects);
    literals("alloy-events-settings", { ALLOY_EVENTS_CLUSTER: "eu-1" })(objects);
    literals("alloy-settings", { ALLOY_CLUSTER: "eu-1" })(objects);
    assert.match(
      data(objects, "alloy-settings")["ALLOY_LOKI_URL"] ?? "",
      /\/\/loki-gateway\.acme-observability:3100\//,
    );
  },
  credentials: (objects) => {
    const text = decoded(objects);
    assert.doesNotMatch(text, /rootpass123|rootuser|strongpassword|throw-away/, "a published password is left");
    const password = /MINIO_ROOT_PASSWORD: (\S+)/.exec(stringify(data(objects, "minio-root", "Secret")))?.[1] ?? "";
    for (const name of ["loki-s3", "tempo-s3"])
      assert.equal(data(objects, name, "Secret")["S3_SECRET_ACCESS_KEY"], password, `${name} cannot reach MinIO`);
    const store = Buffer.from(data(objects, "thanos-objstore-secret", "Secret")["objstore.yml"] ?? "", "base64");
    assert.ok(store.toString("utf8").includes(`secret_key: ${Buffer.from(password, "base64").toString("utf8")}\n`));
  },
  ingress: (objects) => {
    const ingress = specOf<{ rules: { host: string }[]; tls: { secretName: string }[] }>(
      named(objects, "Ingress", "grafana"),
    );
    assert.deepEqual([ingress.rules[0]?.host, ingress.tls[0]?.secretName], ["grafana.example.com", "grafana-tls"]);
    literals("grafana-settings", { GF_SERVER_ROOT_URL: "https://grafana.example.com/" })(objects);
    const grafana = pod(objects, "grafana");
    assert.ok(network(objects).open("Ingress", grafana, outside, { port: 3000 }));
  },
  "gateway-api": (objects) => {
    const route = specOf<{ hostnames: string[]; parentRefs: { name: string }[] }>(
      named(objects, "HTTPRoute", "grafana"),
    );
    assert.deepEqual([route.hostnames[0], route.parentRefs[0]?.name], ["grafana.example.com", "public"]);
  },
  dashboard: (objects) => {
    const { spec } = pod(objects, "grafana");
    const { metadata } = named(objects, "ConfigMap", "grafana-dashboards-own");
    const volume = spec.volumes?.find((one) =>
      one.projected?.sources?.some(({ configMap }) => configMap?.name === metadata.name),
    );
    const mount = spec.containers[0]?.volumeMounts?.find(({ name }) => name === volume?.name);
    const [provided] = Object.values(data(objects, "grafana-dashboard-providers"));
    const { providers } = parse(provided ?? "") as { providers: { options: { path: string } }[] };
    assert.ok(providers.some(({ options }) => options.path === mount?.mountPath));
  },
  "data-source": (objects) => {
    const sources = pod(objects, "grafana").spec.volumes?.find(({ name }) => name === "datasources")?.projected
      ?.sources;
    const files = (sources ?? []).flatMap(({ configMap }) => {
      const found = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap?.name);
      return Object.keys((found?.["data"] ?? {}) as Labels);
    });
    assert.deepEqual(files.sort(), ["alertmanager.yaml", "loki.yaml", "orders.yaml", "tempo.yaml", "thanos.yaml"]);
  },
  oidc: (objects) => {
    literals("grafana-settings", { GF_AUTH_GENERIC_OAUTH_ENABLED: "true" })(objects);
    const secret = named(objects, "Secret", "grafana-env").metadata.name;
    assert.ok(secretsOf(pod(objects, "grafana")).some(({ name }) => name === secret));
  },
  smtp: literals("grafana-settings", { GF_SMTP_ENABLED: "true", GF_SMTP_HOST: "smtp.example.com:587" }),
  plugin: literals("grafana-settings", { GF_PLUGINS_PREINSTALL_DISABLED: "false" }),
  drilldown: (objects) => {
    // The apps of Grafana's own list, `defaultPreinstallPlugins` in pkg/setting/setting_plugins.go, in the form id@version.
    const list = data(objects, "grafana-settings")["GF_PLUGINS_PREINSTALL"]?.split(",") ?? [];
    assert.deepEqual(
      list.map((entry) => /^(grafana-[a-z]+-app)@\d+\.\d+\.\d+(@https:\/\/[^@]+\.zip)?$/.exec(entry)?.[1]).sort(),
      ["grafana-exploretraces-app", "grafana-lokiexplore-app", "grafana-metricsdrilldown-app"],
    );
    literals("grafana-settings", {
      GF_PLUGINS_PREINSTALL_DISABLED: "false",
      GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
      GF_PLUGINS_DISABLE_PLUGINS: "grafana-pyroscope-app",
    })(objects);
    const grafana = stack(objects).find(({ name }) => name === "grafana") ?? assert.fail();
    assert.ok(network(objects).open("Egress", grafana, outside, { port: 443 }));
  },
  "drilldown-mirror": (objects) =>
    assert.match(data(objects, "grafana-settings")["GF_PLUGINS_PREINSTALL"] ?? "", /^[a-z-]+@[0-9.]+@https:\/\/mirror/),
  anonymous: literals("grafana-settings", { GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer" }),
  "scrape-job": (objects) => {
    const files = Object.keys(data(objects, "prometheus-scrape"));
    for (const file of ["hosts.yaml", "pods.yaml", "stack.yaml"]) assert.ok(files.includes(file), file);
    assert.ok(pod(objects, "prometheus").spec.volumes?.some((one) => one.configMap?.name === "prometheus-scrape"));
  },
  "alert-rule": (objects) =>
    assert.ok(
      pod(objects, "prometheus").spec.volumes?.some(({ name, projected }) => {
        const rules = named(objects, "ConfigMap", "prometheus-rules-own").metadata.name;
        return name === "rules" && projected?.sources?.some(({ configMap }) => configMap?.name === rules);
      }),
    ),
  egress: (objects) => {
    const out = network(objects);
    const open = (port: number) =>
      stack(objects).filter(
        (one) => !one.spec.automountServiceAccountToken && out.open("Egress", one, outside, { port }),
      );
    assert.deepEqual(
      open(587).map(({ name }) => name),
      ["grafana"],
    );
    assert.ok(open(443).some(({ name }) => name === "grafana"));
  },
  "own-traces": (objects) => {
    literals("tempo-settings", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otlp:4318", OTEL_TRACES_SAMPLER_ARG: "0.1" })(
      objects,
    );
    literals("grafana-settings", { GF_TRACING_OPENTELEMETRY_OTLP_ADDRESS: "otlp:4317" })(objects);
    const pods = podTemplates(objects);
    const podOf = (name: string) =>
      pods.find(({ labels }) => labels["app.kubernetes.io/name"] === name) ?? assert.fail(name);
    assert.ok(network(objects).open("Egress", podOf("tempo"), podOf("alloy-gateway"), { port: 4318 }));
  },
  "mixin-labels": (objects) =>
    assert.match(data(objects, "prometheus-scrape")["stack.yaml"] ?? "", /replacement: thanos-\$1/),
  journal: (objects) => assert.ok("journal.alloy" in data(objects, "alloy")),
};

test("every recipe of docs/customise.md says what it does", () => {
  assert.deepEqual([...new Set(recipes.map(({ name }) => name))].sort(), [...Object.keys(wishes), "by-name"].sort());
});

test("a recipe is short enough to be read", () => {
  const long = blocks("(?:recipe|file)").filter(({ text }) => text.trimEnd().split("\n").length > 14);
  assert.deepEqual(
    long.map(({ words }) => words.join(" ")),
    [],
  );
});

for (const kustomize of kustomizes.length > 0 ? kustomizes : [undefined])
  describe(`with ${kustomize?.name ?? "no kustomize"}`, { skip: kustomize ? false : missing }, () => {
    const folder = temporary(after);
    const world = (async () => {
      putAll(folder, snapshot(root, generated));
      const all = overlay(folder, "acme", ({ parts }) => parts);
      const [script] = blocks("run");
      const random = "command -v openssl >/dev/null || openssl() { echo 0123456789abcdef; }\n";
      execFileSync("sh", ["-ec", random + script?.text], { cwd: join(folder, script?.words[0] ?? "") });
      const others: Readonly<Record<string, readonly string[]>> = { "by-name": ["stack"], mirror: ["stack", "agents"] };
      const alone = overlay(folder, "other", ({ name }) => others[name] ?? []);
      if (!kustomize) throw new Error(missing);
      return { all: (await build(kustomize, all)).objects, alone: (await build(kustomize, alone)).objects };
    })();
    world.catch(() => undefined);

    for (const [name, holds] of Object.entries(wishes))
      test(`the recipe ${name} does what its reader wants, beside all others`, async () => holds((await world).all));

    test("the skeleton stands in namespaces of its own, and nothing names one that is not there", async () => {
      const { alone } = await world;
      const used = new Set(alone.flatMap(({ metadata }) => metadata.namespace ?? []));
      assert.deepEqual([...used].sort(), ["acme-observability", "acme-observability-agents"]);
      const spaces = alone.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
      assert.deepEqual(spaces.sort(), [...used].sort());
    });
    test("no pod of the skeleton with all recipes misses a ConfigMap, a Secret or a Service", async () =>
      assert.deepEqual(nameLinks((await world).all), []));
    test("docs/images.md leads every image to the registry of the company", async () => {
      const images = podTemplates((await world).alone).flatMap((one) => containersOf(one).map(({ image }) => image));
      assert.ok(images.length > 10);
      for (const image of images) assert.match(image ?? "", /^registry\.example\.com\/.+:.+/);
    });
    test("without generated Secrets pods ask for the names of the table", async () => {
      const { alone } = await world;
      assert.ok(!alone.some(({ kind }) => kind === "Secret"));
      const wanted = new Set(podTemplates(alone).flatMap((one) => secretsOf(one).map(({ name }) => name)));
      for (const name of ["grafana-admin", "loki-s3", "minio-root", "tempo-s3", "thanos-objstore-secret"])
        assert.ok(wanted.has(name), name);
    });
  });

test(
  "docs/troubleshooting.md names the errors that kustomize gives",
  { skip: kustomizes.length === 0 ? missing : false },
  async () => {
    const trouble = readFileSync(join(root, "docs/troubleshooting.md"), "utf8").toLowerCase();
    const folder = temporary(after);
    putAll(folder, snapshot(root, generated));
    const head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../dev]\n";
    const merge = "configMapGenerator: [{ name: loki-setting, behavior: merge, literals: [LOKI_RETENTION=720h] }]\n";
    for (const [name, wrong, said] of [
      ["one-namespace", "namespace: acme\n", /namespace transformation produces ID conflict/],
      ["misspelt", merge, /does not exist; cannot merge or replace/],
    ] as const) {
      put(folder, `overlays/${name}/kustomization.yaml`, head + wrong);
      for (const kustomize of kustomizes) await assert.rejects(build(kustomize, join(folder, "overlays", name)), said);
      assert.ok(
        trouble.includes(`fails with ${said.source.replace(";", "").toLowerCase()}`) ||
          trouble.includes(`fails with ${said.source.toLowerCase()}`),
        name,
      );
    }
  },
);
