import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { fluxObjects } from "../src/core/assemble/flux.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { idOf, type Labels } from "./lib/objects.ts";
import { generated, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { root, shipped, worldNamed } from "./lib/world.ts";

const page = readFileSync(join(root, "docs/gitops.md"), "utf8");
/** The blocks behind `<!-- gitops: name -->`, by their names. */
const blocks = new Map(
  [...page.matchAll(/<!-- gitops: ([\w-]+) -->\n```yaml\n([^]*?)```/g)].map(([, name = "", text = ""]) => [name, text]),
);
const objects = [...blocks.values()].flatMap((text) =>
  parseAllDocuments(text).map((one) => one.toJS() as Manifest & { readonly spec: Record<string, unknown> }),
);
const named = (kind: string, name: string) => {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
  assert.ok(found, `the page shows no ${kind} ${name}`);
  return found;
};
const staging = worldNamed("staging");

test("the Flux Kustomization to copy waits, prunes and judges health as the generated one does", () => {
  const [, ours] = fluxObjects(staging.overlay);
  const { sourceRef, path, components, dependsOn, healthCheckExprs, ...rest } = named(
    "Kustomization",
    "observability",
  ).spec;
  const {
    sourceRef: _,
    path: __,
    components: ___,
    dependsOn: ____,
    healthCheckExprs: expressions,
    ...same
  } = ours?.["spec"] as Record<string, unknown>;
  assert.deepEqual(rest, same);
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replace(/\s+/g, " "));
  assert.deepEqual(plain(healthCheckExprs), plain(expressions));
  assert.equal(path, "./observability");
  const [component = ""] = components as string[];
  assert.ok(existsSync(join(root, component.replace("../kube-lgtm/", ""))), component);
  named("GitRepository", (sourceRef as Labels)["name"] ?? "");
  for (const { name } of dependsOn as { name: string }[]) named("Kustomization", name);
});

test("the source of the company's repository has this one where its overlay looks for it", () => {
  const { include } = named("GitRepository", "fleet").spec as { include: { repository: Labels; toPath: string }[] };
  assert.equal(include[0]?.toPath, "kube-lgtm");
  const { ref } = named("GitRepository", include[0]?.repository["name"] ?? "").spec as { ref: Labels };
  assert.match(ref["commit"] ?? "", /^[0-9a-f]{40}$/, "a source without a pinned commit");
});

test("the ExternalSecrets to copy bring the keys that the pods read", () => {
  const shown = objects.filter(({ kind }) => kind === "ExternalSecret");
  assert.ok(shown.length > 1);
  const expected = staging.overlay.parts.flatMap(({ expects }) => expects);
  for (const { metadata, spec } of shown) {
    const { target, data } = spec as {
      target?: { template: { data: Labels } };
      data: { secretKey: string }[];
    };
    const keys = target ? Object.keys(target.template.data) : data.map(({ secretKey }) => secretKey);
    assert.deepEqual(keys, expected.find(({ name }) => name === metadata.name)?.keys, metadata.name);
    for (const [, used = ""] of JSON.stringify(target ?? {}).matchAll(/\{\{ \.(\w+) \}\}/g))
      assert.ok(
        data.some(({ secretKey }) => secretKey === used),
        `nothing fetches ${used}`,
      );
  }
});

test("the AppProject to copy permits every object of an environment, and the Application is of it", () => {
  const project = named("AppProject", "observability").spec as {
    destinations: Labels[];
    clusterResourceWhitelist: Labels[];
  };
  assert.deepEqual(
    project.destinations.map(({ namespace }) => namespace),
    staging.overlay.parts.map(({ namespace }) => namespace).sort(),
  );
  const permitted = project.clusterResourceWhitelist.map(({ group, kind }) => `${group} ${kind}`);
  for (const { objects } of shipped)
    for (const { apiVersion, kind, metadata } of objects)
      if (metadata.namespace === undefined)
        assert.ok(permitted.includes(`${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""} ${kind}`), kind);
  assert.equal(named("Application", "observability").spec["project"], "observability");
});

for (const kustomize of kustomizes.length > 0 ? kustomizes : [undefined])
  describe(
    `a company's repository, by ${kustomize?.name ?? "no kustomize"}`,
    { skip: kustomize ? false : missing },
    () => {
      const folder = temporary(after);
      for (const [path, text] of snapshot(root, generated)) put(folder, `fleet/kube-lgtm/${path}`, text);
      putAll(
        folder,
        new Map(
          [...page.matchAll(/<!-- file: (\S+) -->\n```yaml\n([^]*?)```/g)].map(([, path = "", text = ""]) => [
            path,
            text,
          ]),
        ),
      );
      const objectsOf = async (path: string) => {
        if (!kustomize) throw new Error(missing);
        return (await build(kustomize, join(folder, path))).objects;
      };

      test("its overlay is the environment that it names, and no object more", async () =>
        assert.deepEqual((await objectsOf("fleet/observability")).map(idOf).sort(), staging.objects.map(idOf).sort()));

      test("the Components that keep configuration reach every ConfigMap of it", async () => {
        const { components } = named("Kustomization", "observability").spec as { components: string[] };
        const argo = (parse(blocks.get("argocd-component") ?? "") as { components: string[] }).components;
        for (const [component = "", annotation] of [
          [components[0], "kustomize.toolkit.fluxcd.io/prune"],
          [argo[0], "argocd.argoproj.io/sync-options"],
        ] as const) {
          // As Flux adds it to the kustomization of the path.
          put(
            folder,
            "fleet/kept/kustomization.yaml",
            `resources: [../observability]\ncomponents: [${component}]\nkind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n`,
          );
          const configs = (await objectsOf("fleet/kept")).filter(({ kind }) => kind === "ConfigMap");
          assert.ok(configs.length > 10);
          for (const { metadata } of configs)
            assert.ok(annotation in ((metadata["annotations"] ?? {}) as Labels), `${component}: ${metadata.name}`);
        }
      });
    },
  );
