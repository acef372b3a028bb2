import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { resolve } from "../src/core/kustomize/build.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { namedSecrets } from "./lib/references.ts";
import { podTemplates } from "./lib/objects.ts";
import { environmentOf, rendered, type World, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const dataOf = ({ objects }: World, name: string): Readonly<Record<string, string>> => {
  const found = objects.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.replace(/-[bcdfghkmt2456789]{10}$/, "") === name,
  );
  assert.ok(found, name);
  return found["data"] as Readonly<Record<string, string>>;
};
const annotated = ({ objects }: World): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    objects
      .filter(({ kind, metadata }) => kind === "ServiceAccount" && metadata["annotations"])
      .map(({ metadata }) => [metadata.name, metadata["annotations"]]),
  );
interface Kept {
  readonly kind: "s3" | "gcs" | "azure";
  readonly by: "keys" | "accounts";
}
const stores: Readonly<Record<string, Kept>> = {
  "every-mimir-scalable": { kind: "s3", by: "keys" },
  "every-thanos-receive-scalable": { kind: "s3", by: "keys" },
  "external-kafka": { kind: "s3", by: "accounts" },
  "every-mimir-microservices": { kind: "gcs", by: "keys" },
  "every-thanos-sidecar-scalable": { kind: "gcs", by: "accounts" },
  "every-mimir-monolithic": { kind: "azure", by: "keys" },
  "every-thanos-sidecar-monolithic": { kind: "azure", by: "accounts" },
};

for (const [name, { kind, by }] of Object.entries(stores)) {
  const world = worldNamed(name);
  describe(`the store of ${name}, ${kind} by ${by}`, () => {
    test("is told to every program by literals of its settings, while its configuration stays that of the base", () => {
      const files = parse(rendered([world]).get(`${world.overlay.path}/stack/kustomization.yaml`) ?? "") as {
        configMapGenerator: { name: string; files?: string[]; literals?: string[] }[];
      };
      for (const program of ["loki", "tempo", ...(world.environment.metrics === "mimir" ? ["mimir"] : [])]) {
        assert.equal(dataOf(world, `${program}-settings`)[`${program.toUpperCase()}_STORE`], kind);
        assert.ok(!files.configMapGenerator.some((one) => one.name === program));
      }
    });
    test("takes the place of MinIO", () => {
      const runs = world.objects.filter(({ kind }) => kind !== "NetworkPolicy");
      assert.deepEqual(
        runs.filter(({ metadata }) => metadata.name.startsWith("minio")),
        [],
      );
      assert.ok(world.objects.some(({ metadata }) => metadata.name === "external-store"));
    });
    test("has keys or knows the accounts, never both", () => {
      const keys = namedSecrets(world.objects).filter((secret) => /-(s3|gcs|azure)$/.test(secret));
      const accounts = Object.keys(annotated(world));
      assert.equal(keys.length > 0, by === "keys");
      assert.equal(accounts.length > 0, keys.length === 0);
      for (const key of keys) assert.ok(key.endsWith(`-${kind}`), key);
    });
  });
}

describe("Loki at a store that is not Amazon's", () => {
  const used = (name: string): string | undefined =>
    dataOf(worldNamed(name), "loki-settings")["LOKI_USE_THANOS_OBJSTORE"];
  test("asks it as Thanos, Tempo and Mimir do, without checksums after the body", () => {
    assert.equal(used("every-thanos-receive-scalable"), "true");
    for (const name of ["dev", "every-mimir-scalable", "every-mimir-monolithic"])
      assert.equal(used(name), "false", name);
  });
  test("finds what is in the same buckets, by the same keys", () => {
    interface Client {
      readonly [field: string]: string;
    }
    const { storage_config, ruler, ruler_storage, schema_config } = parse(
      dataOf(worldNamed("every-thanos-receive-scalable"), "loki")["loki.yaml"] ?? "",
    ) as {
      storage_config: { aws: Client; object_store: { s3: Client } };
      ruler: { storage: { type: string; s3: Client } };
      ruler_storage: { backend: string; s3: Client };
      schema_config: { configs: { object_store: string }[] };
    };
    // The names of one client's fields are not those of the other (pkg/storage/bucket/s3/config.go, 3.7.6), their values are.
    const alike = (older: Client, newer: Client): void => {
      const { bucketnames, s3forcepathstyle: _, ...others } = older;
      assert.deepEqual(newer, { ...others, bucket_name: bucketnames });
    };
    alike(storage_config.aws, storage_config.object_store.s3);
    alike(ruler.storage.s3, ruler_storage.s3);
    assert.equal(ruler_storage.backend, ruler.storage.type);
    assert.deepEqual(
      schema_config.configs.map(({ object_store }) => object_store),
      [ruler.storage.type],
    );
  });
  test("is told so for no other kind of store", () => {
    const { name, file, ...settings } = worldNamed("every-mimir-monolithic").environment;
    assert.throws(
      () => worldOf(environmentOf(name, { ...settings, components: { loki: { useThanosObjstore: "true" } } })),
      (error) =>
        error instanceof SettingsError &&
        /useThanosObjstore is "true": expected a store of kind "s3"/.test(error.message),
    );
  });
});

/** A folder is a bucket of MinIO's: Loki's and Tempo's own Compose files make theirs so (production/docker, example/docker-compose). */
for (const name of ["dev", "dev-mimir", "staging-mimir"]) {
  test(`MinIO of ${name} has everybody's bucket before it lets anybody in, whatever became of its volume`, () => {
    const world = worldNamed(name);
    const pod = podTemplates(world.objects).find(({ id }) => id.startsWith("StatefulSet ") && id.endsWith("/minio"));
    const { command = [], args = [] } = pod?.spec.containers[0] ?? {};
    const folder = mkdtempSync(join(tmpdir(), "minio-"));
    mkdirSync(join(folder, "data"));
    const started = `#!/bin/sh\necho "$@" >${folder}/arguments; ls ${folder}/data >${folder}/seen\n`;
    writeFileSync(join(folder, "minio"), started, { mode: 0o755 });
    const [shell = "", ...script] = [...command, ...args].map((word) => word.replaceAll("/data/", `${folder}/data/`));
    const env = { PATH: `${folder}:${process.env["PATH"]}`, ...dataOf(world, "minio-buckets") };
    for (let start = 0; start < 2; start++) assert.equal(spawnSync(shell, script, { env }).status, 0);
    const read = (file: string): readonly string[] => readFileSync(join(folder, file), "utf8").trim().split(/\s+/);
    const [words, seen] = [read("arguments"), read("seen")];
    assert.deepEqual(seen, readdirSync(join(folder, "data")).sort());
    rmSync(folder, { recursive: true });
    assert.deepEqual(words, args);
    const settings = world.objects.filter(
      ({ kind, metadata }) => kind === "ConfigMap" && /-settings(-|$)/.test(metadata.name),
    );
    const named = settings.flatMap(({ data }) =>
      Object.entries(data as Readonly<Record<string, string>>).flatMap(([key, value]) =>
        /_BUCKET(_|$)/.test(key) ? [value] : [],
      ),
    );
    assert.ok(named.length >= 3);
    assert.deepEqual(
      named.filter((bucket) => !seen.includes(bucket)),
      [],
    );
  });
}

describe("a store outside the cluster", () => {
  test("has buckets of one's own names", () => {
    const { LOKI_BUCKET, LOKI_BUCKET_RULER } = dataOf(worldNamed("every-mimir-scalable"), "loki-settings");
    assert.deepEqual([LOKI_BUCKET, LOKI_BUCKET_RULER], ["acme-loki-chunks", "acme-loki-ruler"]);
    assert.equal(dataOf(worldNamed("every-mimir-monolithic"), "mimir-settings")["MIMIR_BUCKET_RULER"], "mimir-ruler");
  });
  test("is asked by host name at AWS and by path elsewhere", () => {
    const { LOKI_S3_ENDPOINT, LOKI_S3_FORCE_PATH_STYLE, LOKI_S3_INSECURE } = dataOf(
      worldNamed("every-mimir-scalable"),
      "loki-settings",
    );
    assert.deepEqual(
      [LOKI_S3_ENDPOINT, LOKI_S3_FORCE_PATH_STYLE, LOKI_S3_INSECURE],
      ["s3.eu-central-1.amazonaws.com", "false", "false"],
    );
    const { TEMPO_S3_ENDPOINT, TEMPO_S3_FORCE_PATH_STYLE, TEMPO_S3_INSECURE } = dataOf(
      worldNamed("every-thanos-receive-scalable"),
      "tempo-settings",
    );
    assert.deepEqual(
      [TEMPO_S3_ENDPOINT, TEMPO_S3_FORCE_PATH_STYLE, TEMPO_S3_INSECURE],
      ["ceph.example.com:7480", "true", "true"],
    );
  });
  test("knows each account by its own name, and Prometheus's as that of Thanos, whose sidecar it runs", () => {
    const account = (name: string) => ({ "iam.gke.io/gcp-service-account": `${name}@acme.iam.gserviceaccount.com` });
    const others = account("others");
    assert.deepEqual(annotated(worldNamed("every-thanos-sidecar-scalable")), {
      loki: account("loki"),
      prometheus: others,
      tempo: others,
      thanos: others,
    });
  });
  test("gives Azure's webhook the pods that need a token, and no other", () => {
    const marked = podTemplates(worldNamed("every-thanos-sidecar-monolithic").objects)
      .filter(({ labels }) => labels["azure.workload.identity/use"] === "true")
      .map(({ name }) => name.replace(/-.*/, ""));
    assert.deepEqual([...new Set(marked)].sort(), ["loki", "prometheus", "tempo", "thanos"]);
    const { LOKI_AZURE_FEDERATED_TOKEN, LOKI_AZURE_ACCOUNT } = dataOf(
      worldNamed("every-thanos-sidecar-monolithic"),
      "loki-settings",
    );
    assert.deepEqual([LOKI_AZURE_FEDERATED_TOKEN, LOKI_AZURE_ACCOUNT], ["true", "acmeprod"]);
    assert.equal(
      dataOf(worldNamed("every-mimir-monolithic"), "tempo-settings")["TEMPO_AZURE_FEDERATED_TOKEN"],
      "false",
    );
  });
});

describe("an environment with a tenant", () => {
  const world = worldNamed("every-mimir-scalable");
  const { objects } = world;
  const { name, file, tenant, ...settings } = world.environment;
  const without = worldOf(environmentOf(name, settings));

  test("has tenants in Loki, Mimir and Tempo", () => {
    assert.equal(dataOf(world, "loki-settings")["LOKI_AUTH_ENABLED"], "true");
    assert.equal(dataOf(world, "mimir-settings")["MIMIR_MULTITENANCY_ENABLED"], "true");
    assert.equal(dataOf(world, "tempo-settings")["TEMPO_MULTITENANCY_ENABLED"], "true");
    assert.equal(dataOf(without, "loki-settings")["LOKI_AUTH_ENABLED"], "false");
  });
  test("names it at every gateway, at Tempo's own clients, and nowhere else", () => {
    assert.equal(tenant, "main");
    for (const gateway of ["loki-gateway", "mimir-gateway"])
      assert.equal(dataOf(world, gateway)["tenant.conf"], '"" "main";\n');
    assert.equal(dataOf(world, "alloy-gateway-settings")["ALLOY_GATEWAY_TEMPO_TENANT"], "main");
    assert.equal(dataOf(world, "grafana-settings")["TEMPO_TENANT"], "main");
    const templates = (list: readonly Manifest[]) =>
      podTemplates(list).map(({ id, spec }) => [id, JSON.stringify(spec).replaceAll(/-[bcdfghkmt2456789]{10}"/g, '"')]);
    assert.deepEqual(templates(objects), templates(without.objects), "more than ConfigMaps differs");
  });
  test("merges one file of a line into each gateway's configuration, and literals", () => {
    const text = rendered([world]).get(`${world.overlay.path}/stack/kustomization.yaml`) ?? "";
    const { configMapGenerator } = parse(text) as { configMapGenerator: { name: string; files?: string[] }[] };
    assert.deepEqual(
      // Its repository says where runbooks are, which every rule has.
      configMapGenerator.flatMap(({ name, files = [] }) => (/-rules(?:-|$)/.test(name) ? [] : files)),
      ["tenant.conf=config/loki-gateway/tenant.conf", "tenant.conf=config/mimir-gateway/tenant.conf"],
    );
  });
});

describe("what holds for single tenants", () => {
  const { name, file, ...settings } = worldNamed("every-mimir-scalable").environment;
  const limits = { "team-a": { retention_period: "744h" } };
  const world = worldOf(environmentOf(name, { ...settings, overrides: { loki: limits } }));

  test("stands in the ConfigMap that the program reads again", () =>
    assert.deepEqual(parse(dataOf(world, "loki-overrides")["overrides.yaml"] ?? ""), { overrides: limits }));
  test("restarts nobody when it changes", () => {
    const other = worldOf(environmentOf(name, { ...settings, overrides: { loki: { "team-b": {} } } }));
    const rest = ({ overlay }: World) => resolve(overlay).filter(({ metadata }) => metadata.name !== "loki-overrides");
    assert.deepEqual(rest(world), rest(other));
    assert.notDeepEqual(dataOf(world, "loki-overrides"), dataOf(other, "loki-overrides"));
  });
});
