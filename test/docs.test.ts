import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { SettingsError, settingsKeys } from "../src/settings/validate.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { generated, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { network, outside } from "../src/core/kubernetes/network-rules.ts";
import { requests } from "../src/core/kubernetes/requests.ts";
import { type Labels, podTemplates, secretsOf } from "./lib/objects.ts";
import { namedSecrets } from "./lib/references.ts";
import { built, environmentOf, rendered, root, shipped } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs")).map((file) => `docs/${file}`),
];
const text = (page: string): string => readFileSync(join(root, page), "utf8");
const found = (page: string, pattern: RegExp): readonly string[] =>
  [...text(page).matchAll(pattern)].map(([, one]) => one as string);

for (const page of pages) {
  test(`${page}: its links lead somewhere`, () => {
    const links = found(page, /\]\(([^)#\s]+)[^)]*\)/g).filter((link) => !link.includes("://"));
    const dead = links.filter((link) => !existsSync(join(root, dirname(page), link)));
    assert.deepEqual(dead, []);
  });

  test(`${page}: every make target that it names exists`, () => {
    const targets = new Set(found("Makefile", /^([a-z0-9]+):/gm));
    const named = found(page, /(?:^ {4}|`|\$ )make ([a-z0-9]+)/gm);
    assert.deepEqual(
      named.filter((target) => !targets.has(target)),
      [],
    );
  });

  test(`${page}: every path of ours that it names exists`, () => {
    const named = found(page, /`((?:bases|components|overlays|src|test|docs)\/[\w./-]*)`/g);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });

  test(`${page}: what it applies can be built`, { skip: kustomizes.length === 0 ? missing : false }, async () => {
    const folders = new Set(found(page, /kubectl apply -k (overlays\/[\w-]+)/g));
    for (const folder of folders) {
      const { objects } = await build(kustomizes.at(-1) as (typeof kustomizes)[number], join(root, folder));
      assert.ok(objects.length > 0, `${folder} is empty`);
    }
  });
}

test("the README's sums of requests are those of the environments", () => {
  for (const { name, objects } of shipped) {
    const { cpu, memory } = requests(objects);
    const row = text("README.md")
      .split("\n")
      .find((line) => line.startsWith(`| \`overlays/${name}\` |`));
    assert.ok(
      row?.includes(`| ${cpu}m | ${memory}Mi |`),
      `README's row of ${name} is not ${cpu}m and ${memory}Mi: ${row}`,
    );
  }
});

test("the README counts the files that a build writes", () => {
  assert.ok(
    text("README.md").includes(`\n${rendered().size} files, 0 written, `),
    `a build writes ${rendered().size} files`,
  );
});

test("the README shows the error that a wrong setting gives", () => {
  const wrong = { mode: "monolithic", metrics: "mimir", components: { loki: { retention: "30days" } } };
  assert.throws(
    () => environmentOf("dev", wrong),
    (error) => error instanceof SettingsError && text("README.md").includes(`\n${error.message}\n`),
  );
});

test("docs/use.md lists every setting of an environment, and no other", () => {
  const [, section = ""] = text("docs/use.md").split("## Settings of an environment");
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, Object.keys(settingsKeys));
});

test("docs/use.md lists every Secret that a base expects, with its keys", () => {
  const rows = text("docs/use.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  for (const { name, env = {}, files = {} } of built.bases.flatMap(({ secrets }) => secrets)) {
    const row = rows.find((line) => line.includes(`\`${name}\``));
    const absent = [...Object.keys(env), ...Object.keys(files)].filter((key) => !row?.includes(`\`${key}\``));
    assert.deepEqual(absent, [], `${name} has keys that its row lacks: ${row}`);
  }
});

test(
  "the overlays that the pages show do what they say",
  { skip: kustomizes.length === 0 ? missing : false },
  async () => {
    const folder = temporary(after);
    putAll(folder, snapshot(root, generated));
    const shown = ["docs/use.md", "docs/stores.md", "docs/tenants.md", "docs/security.md", "docs/alerts.md"]
      .map(text)
      .join("\n");
    const examples = [...shown.matchAll(/<!-- file: (\S+) -->\n```yaml\n([\s\S]*?)```/g)];
    assert.equal(examples.length, 17);
    for (const [, path, yaml] of examples) put(folder, path as string, yaml as string);
    put(
      folder,
      "overlays/alerts-out/alertmanager.yml",
      /alertmanager: whole -->\n```yaml\n([\s\S]*?)```/.exec(shown)?.[1] ?? "",
    );
    for (const kustomize of kustomizes) {
      const mine = await build(kustomize, join(folder, "overlays/mine"));
      const loki = mine.objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "loki");
      assert.match(JSON.stringify(loki), /"limits":\{[^}]*"memory":"2Gi"/);
      const logs = await build(kustomize, join(folder, "overlays/logs-only"));
      const settings = logs.objects.find(({ metadata }) => metadata.name.startsWith("loki-settings-"));
      assert.equal((settings?.["data"] as Record<string, string>)["LOKI_RETENTION"], "720h");
      assert.ok(logs.objects.every(({ metadata }) => metadata.namespace === "logs"));
      const names = logs.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.ok(names.includes("NetworkPolicy external-store"));
      const google = await build(kustomize, join(folder, "overlays/logs-at-google"));
      assert.deepEqual(namedSecrets(google.objects), []);
      assert.match(JSON.stringify(google.objects), /"iam.gke.io\/gcp-service-account":"loki@acme/);
      assert.match(JSON.stringify(google.objects), /"cidr":"169.254.169.252\/32"/);
      const tenants = await build(kustomize, join(folder, "overlays/logs-of-tenants"));
      const gateway = tenants.objects.find(({ metadata }) => metadata.name.startsWith("loki-gateway-"));
      const { "tenant.conf": line, "nginx.conf": routes } = gateway?.["data"] as Record<string, string>;
      assert.equal(line, '"" "main";\n');
      assert.match(routes ?? "", /include \/etc\/gateway\/tenant.conf;/);
      const exposed = await build(kustomize, join(folder, "overlays/exposed"));
      const ingress = exposed.objects.find(({ kind }) => kind === "Ingress");
      const rules = (ingress?.["spec"] as { rules: { host: string }[] } | undefined)?.rules;
      assert.deepEqual(
        rules?.map(({ host }) => host),
        ["grafana.example.com"],
      );
      const others = await build(kustomize, join(folder, "overlays/other-ports"));
      const ports = network(others.objects);
      const pods = podTemplates(others.objects);
      for (const target of [{ port: 31443 }, { port: 10053, protocol: "UDP" }] as const) {
        const shut = pods.filter((pod) => !ports.open("Egress", pod, outside, target)).map(({ id }) => id);
        assert.deepEqual(shut, [], `port ${target.port}`);
      }
      const out = await build(kustomize, join(folder, "overlays/alerts-out"));
      const ways = network(out.objects);
      const asking = podTemplates(out.objects).filter(({ spec }) => !spec.automountServiceAccountToken);
      for (const target of [{ port: 443 }, { port: 53, protocol: "UDP" }] as const) {
        const open = asking.filter((pod) => ways.open("Egress", pod, outside, target)).map(({ name }) => name);
        assert.ok(open.includes("alertmanager"), `port ${target.port}`);
        assert.ok(target.port === 53 || open.length === 1, open.join());
      }
      const hosts = await build(kustomize, join(folder, "overlays/hosts-outside"));
      const jobs = hosts.objects.find(({ metadata }) => metadata.name === "prometheus-scrape")?.["data"] as Labels;
      assert.deepEqual(Object.keys(jobs).sort().slice(0, 1), ["hosts.yaml"]);
      assert.ok("stack.yaml" in jobs, "the stack's own jobs are gone");
      const told = asking.find(({ name }) => name === "alertmanager");
      const receivers = out.objects.find(
        ({ kind, metadata }) => kind === "Secret" && metadata.name.startsWith("alertmanager-config-"),
      );
      assert.deepEqual(
        told && secretsOf(told).map(({ name }) => name),
        [receivers?.metadata.name],
        "a change of the receivers is not a new pod",
      );
    }
  },
);

test(
  "the overlay that docs/logs.md shows reads the pods' folders, and Docker's, from where they are",
  { skip: kustomizes.length === 0 ? missing : false },
  async () => {
    const folder = temporary(after);
    putAll(folder, snapshot(root, generated));
    for (const [, path, content] of text("docs/logs.md").matchAll(/<!-- file: (\S+) -->\n```yaml\n([\s\S]*?)```/g))
      put(folder, path as string, content as string);
    for (const kustomize of kustomizes) {
      const { objects } = await build(kustomize, join(folder, "overlays/elsewhere"));
      const alloy = podTemplates(objects).find(({ name }) => name === "alloy")?.spec;
      const mounts = (alloy?.containers[0]?.volumeMounts ?? []).map(({ name, mountPath }) => [mountPath, name]);
      const at = Object.fromEntries(mounts) as Record<string, string>;
      const on = (path: string) => alloy?.volumes?.find(({ name }) => name === at[path])?.hostPath?.path;
      assert.equal(on("/var/log/pods"), "/data/pods");
      assert.equal(on("/data/docker/containers"), "/data/docker/containers");
      assert.equal(at["/var/lib/docker/containers"], undefined);
    }
  },
);

test(
  "the overlays that docs/clusters.md shows do what they say",
  { skip: kustomizes.length === 0 ? missing : false },
  async () => {
    const folder = temporary(after);
    putAll(folder, snapshot(root, generated));
    for (const [, path, content] of text("docs/clusters.md").matchAll(/<!-- file: (\S+) -->\n```\w*\n([\s\S]*?)```/g))
      put(folder, path as string, content as string);
    for (const kustomize of kustomizes) {
      const built = async (name: string) => (await build(kustomize, join(folder, `overlays/${name}`))).objects;
      const named = (objects: readonly Manifest[], name: string) => {
        const found = objects.find(
          ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(`${name}-`),
        );
        assert.ok(found, name);
        return { name: found.metadata.name, data: found["data"] as Labels };
      };

      const trusting = await built("private-ca");
      const bundle = named(trusting, "ca-bundle");
      assert.match(bundle.data["ca.crt"] ?? "", /BEGIN CERTIFICATE/);
      const volumes = podTemplates(trusting).flatMap(({ spec }) => spec.volumes ?? []);
      const trusted = volumes.flatMap(({ name, configMap }) => (name === "ca-bundle" ? [configMap?.name] : []));
      assert.ok(trusted.length > 5);
      assert.deepEqual([...new Set(trusted)], [bundle.name]);

      const behind = await built("behind-a-proxy");
      const proxy = named(behind, "proxy-settings");
      assert.equal(proxy.data["HTTPS_PROXY"], "http://proxy.example.com:8080");
      assert.match(proxy.data["NO_PROXY"] ?? "", /,loki-ingester-headless,/);
      const ingester = podTemplates(behind).find(({ name }) => name.startsWith("loki-ingester"));
      assert.equal(ingester?.spec.containers[0]?.envFrom?.[0]?.configMapRef?.name, proxy.name);
      assert.ok(network(behind).open("Egress", ingester, outside, { port: 8080 }));

      const pods = podTemplates(await built("on-openshift"));
      assert.deepEqual(
        pods.filter(({ spec }) => spec.securityContext?.runAsUser === 10001).map(({ name }) => name),
        ["node-exporter"],
      );
      assert.equal(pods.filter(({ spec }) => spec.securityContext?.seLinuxOptions?.type === "spc_t").length, 2);
      const hosts = podTemplates(await built("on-autopilot")).flatMap(({ spec }) => spec.volumes ?? []);
      assert.deepEqual(
        hosts.flatMap(({ hostPath }) => hostPath?.path ?? []),
        ["/var/log/pods"],
      );
      const spaces = (await built("outside-a-mesh")).filter(({ kind }) => kind === "Namespace");
      assert.equal(spaces.length, 2);
      for (const { metadata } of spaces)
        assert.equal((metadata["labels"] as Labels)["istio-injection"], "disabled", metadata.name);
    }
  },
);
