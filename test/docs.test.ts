import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { network, outside } from "../src/core/kubernetes/network-rules.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { type Labels, podTemplates, secretsOf } from "./lib/objects.ts";
import { found, pages, text } from "./lib/pages.ts";
import { generated, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { namedSecrets } from "./lib/references.ts";
import { root } from "./lib/world.ts";

/** Files that the pages show, by path: `<!-- file: overlays/mine/kustomization.yaml -->` is on the line before each. */
const examples: ReadonlyMap<string, string> = new Map(
  pages.flatMap((page) =>
    [...text(page).matchAll(/<!-- file: (\S+) -->\n```\w*\n([\s\S]*?)```/g)].map(([, path = "", content = ""]) => [
      path,
      content,
    ]),
  ),
);
const overlays = [...examples.keys()].flatMap(
  (path) => /^overlays\/([\w-]+)\/kustomization\.yaml$/.exec(path)?.[1] ?? [],
);

/** Whether everything of `part` is somewhere in `whole`, as a strategic merge leaves it. */
const holds = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(part)) return part.every((one) => Array.isArray(whole) && whole.some((other) => holds(other, one)));
  if (typeof part !== "object" || part === null) return whole === part;
  return Object.entries(part).every(([key, value]) => holds((whole as Labels | undefined)?.[key], value));
};

/** Patches that the pages show for `overlays/<environment>/patches`: `<!-- patch: prod -->` is on the line before each. */
const patches = pages.flatMap((page) =>
  [...text(page).matchAll(/<!-- patch: ([\w-]+) -->\n```yaml\n([\s\S]*?)```/g)].map(
    ([, environment = "", patch = ""]) => ({ environment, patch }),
  ),
);

describe("the overlays that the pages show", { skip: kustomizes.length === 0 ? missing : false }, () => {
  const folder = temporary(after);
  putAll(folder, snapshot(root, generated));
  putAll(folder, examples);
  const [, receivers = ""] = /alertmanager: whole -->\n```yaml\n([\s\S]*?)```/.exec(text("docs/alerts.md")) ?? [];
  put(folder, "overlays/alerts-out/alertmanager.yml", receivers);

  for (const kustomize of kustomizes) {
    const by = kustomize.name;
    const made = new Map<string, Promise<readonly Manifest[]>>();
    const shown = (name: string): Promise<readonly Manifest[]> => {
      const objects = made.get(name) ?? build(kustomize, join(folder, "overlays", name)).then((one) => one.objects);
      made.set(name, objects);
      return objects;
    };
    const named = (objects: readonly Manifest[], name: string) => {
      const found = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(`${name}-`));
      assert.ok(found, name);
      return { name: found.metadata.name, data: found["data"] as Labels };
    };

    for (const [index, { environment, patch }] of patches.entries())
      test(`a patch for ${environment}: ${patch.split("\n")[1]}, is taken by ${by}`, async () => {
        const name = `patched-${index}`;
        put(folder, `overlays/${name}/patch.yaml`, patch);
        put(
          folder,
          `overlays/${name}/kustomization.yaml`,
          `resources: [../${environment}/stack]\npatches: [path: patch.yaml]\n`,
        );
        const { kind, metadata, spec } = parse(patch) as Manifest;
        const patched = (await shown(name)).find((one) => one.kind === kind && one.metadata.name === metadata.name);
        assert.ok(holds(patched?.["spec"], spec), `${kind} ${metadata.name} has not all of the patch`);
      });
    for (const name of overlays)
      test(`${name} can be built by ${by}`, async () => assert.ok((await shown(name)).length > 0));
    const says = (name: string, check: (objects: readonly Manifest[]) => void): void =>
      void test(`${name} does what its page says, by ${by}`, async () => check(await shown(name)));

    says("mine", (objects) => {
      const loki = objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "loki");
      assert.match(JSON.stringify(loki), /"limits":\{[^}]*"memory":"2Gi"/);
    });
    says("logs-only", (objects) => {
      assert.equal(named(objects, "loki-settings").data["LOKI_RETENTION"], "720h");
      const namespaces = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
      assert.deepEqual(namespaces.sort(), ["logs", "logs-agents"]);
      const used = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
      assert.deepEqual([...used].sort(), namespaces);
      assert.ok(objects.some(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "external-store"));
      const ways = network(objects);
      const [agent, loki] = ["alloy", "loki"].map((name) => podTemplates(objects).find((one) => one.name === name));
      assert.ok(agent && loki && ways.open("Egress", agent, loki, { port: 3100 }));
      assert.ok(ways.open("Ingress", loki, agent, { port: 3100 }), "nothing sends a log");
      assert.match(named(objects, "alloy-settings").data["ALLOY_LOKI_URL"] ?? "", /loki-gateway\.logs:3100/);
    });
    says("logs-at-google", (objects) => {
      assert.deepEqual(namedSecrets(objects), []);
      assert.match(JSON.stringify(objects), /"iam.gke.io\/gcp-service-account":"loki@acme/);
      assert.match(JSON.stringify(objects), /"cidr":"169.254.169.252\/32"/);
    });
    says("logs-of-tenants", (objects) => {
      const { "tenant.conf": line, "nginx.conf": routes } = named(objects, "loki-gateway").data;
      assert.equal(line, '"" "main";\n');
      assert.match(routes ?? "", /include \/etc\/gateway\/tenant.conf;/);
    });
    says("other-ports", (objects) => {
      const ports = network(objects);
      for (const target of [{ port: 31443 }, { port: 10053, protocol: "UDP" }] as const) {
        const shut = podTemplates(objects).filter((pod) => !ports.open("Egress", pod, outside, target));
        assert.deepEqual(
          shut.map(({ id }) => id),
          [],
          `port ${target.port}`,
        );
      }
    });
    says("alerts-out", (objects) => {
      const ways = network(objects);
      const asking = podTemplates(objects).filter(({ spec }) => !spec.automountServiceAccountToken);
      for (const target of [{ port: 443 }, { port: 53, protocol: "UDP" }] as const) {
        const open = asking.filter((pod) => ways.open("Egress", pod, outside, target)).map(({ name }) => name);
        assert.ok(open.includes("alertmanager"), `port ${target.port}`);
        assert.ok(target.port === 53 || open.length === 1, open.join());
      }
      const told = asking.find(({ name }) => name === "alertmanager");
      const receivers = objects.find(
        ({ kind, metadata }) => kind === "Secret" && metadata.name.startsWith("alertmanager-config-"),
      );
      assert.deepEqual(
        told && secretsOf(told).map(({ name }) => name),
        [receivers?.metadata.name],
        "a change of the receivers is not a new pod",
      );
    });
    says("hosts-outside", (objects) => {
      const jobs = objects.find(({ metadata }) => metadata.name === "prometheus-scrape")?.["data"] as Labels;
      assert.deepEqual(Object.keys(jobs).sort().slice(0, 1), ["hosts.yaml"]);
      assert.ok("stack.yaml" in jobs, "the stack's own jobs are gone");
    });
    says("elsewhere", (objects) => {
      const alloy = podTemplates(objects).find(({ name }) => name === "alloy")?.spec;
      const mounts = (alloy?.containers[0]?.volumeMounts ?? []).map(({ name, mountPath }) => [mountPath, name]);
      const at = Object.fromEntries(mounts) as Record<string, string>;
      const on = (path: string) => alloy?.volumes?.find(({ name }) => name === at[path])?.hostPath?.path;
      assert.equal(on("/var/log/pods"), "/data/pods");
      assert.equal(on("/data/docker/containers"), "/data/docker/containers");
      assert.equal(at["/var/lib/docker/containers"], undefined);
    });
    says("private-ca", (objects) => {
      const bundle = named(objects, "ca-bundle");
      assert.match(bundle.data["ca.crt"] ?? "", /BEGIN CERTIFICATE/);
      const volumes = podTemplates(objects).flatMap(({ spec }) => spec.volumes ?? []);
      const trusted = volumes.flatMap(({ name, configMap }) => (name === "ca-bundle" ? [configMap?.name] : []));
      assert.ok(trusted.length > 5);
      assert.deepEqual([...new Set(trusted)], [bundle.name]);
    });
    says("behind-a-proxy", (objects) => {
      const proxy = named(objects, "proxy-settings");
      assert.equal(proxy.data["HTTPS_PROXY"], "http://proxy.example.com:8080");
      assert.match(proxy.data["NO_PROXY"] ?? "", /,loki-ingester-headless,/);
      const ingester = podTemplates(objects).find(({ name }) => name.startsWith("loki-ingester"));
      assert.equal(ingester?.spec.containers[0]?.envFrom?.[0]?.configMapRef?.name, proxy.name);
      assert.ok(network(objects).open("Egress", ingester, outside, { port: 8080 }));
    });
    says("two-families", (objects) => {
      const double = objects.flatMap(({ spec }) =>
        (spec as { readonly ipFamilyPolicy?: string } | undefined)?.ipFamilyPolicy
          ? [spec as { clusterIP?: string }]
          : [],
      );
      assert.ok(double.length > 3);
      assert.ok(double.every(({ clusterIP }) => clusterIP !== "None"));
    });
    says("on-openshift", (objects) => {
      const pods = podTemplates(objects);
      assert.deepEqual(
        pods.filter(({ spec }) => spec.securityContext?.runAsUser === 10001).map(({ name }) => name),
        ["node-exporter"],
      );
      assert.equal(pods.filter(({ spec }) => spec.securityContext?.seLinuxOptions?.type === "spc_t").length, 2);
    });
    says("on-autopilot", (objects) => {
      const volumes = podTemplates(objects).flatMap(({ spec }) => spec.volumes ?? []);
      assert.deepEqual(
        volumes.flatMap(({ hostPath }) => hostPath?.path ?? []),
        ["/var/log/pods"],
      );
    });
    says("outside-a-mesh", (objects) => {
      const namespaces = objects.filter(({ kind }) => kind === "Namespace");
      assert.equal(namespaces.length, 2);
      for (const { metadata } of namespaces)
        assert.equal((metadata["labels"] as Labels)["istio-injection"], "disabled", metadata.name);
    });
  }
});

for (const page of pages)
  test(`${page}: what it applies can be built`, { skip: kustomizes.length === 0 ? missing : false }, async () => {
    const folders = new Set(found(page, /kubectl apply -k (overlays\/[\w-]+)/g));
    // Overlays that the pages show are built below.
    for (const folder of [...folders].filter((one) => !examples.has(`${one}/kustomization.yaml`))) {
      const { objects } = await build(kustomizes.at(-1) as (typeof kustomizes)[number], join(root, folder));
      assert.ok(objects.length > 0, `${folder} is empty`);
    }
  });
