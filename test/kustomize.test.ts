import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { settingsName } from "../src/core/base.ts";
import type { Manifest } from "../src/core/objects.ts";
import { yaml } from "../src/core/render.ts";
import { nameSuffix } from "../src/core/resolve.ts";
import { excerpt } from "./lib/diff.ts";
import { build, type Kustomize, kustomizes, missing } from "./lib/kustomize.ts";
import { idOf, isWorkload, podTemplate, sortedById } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { built, invented, rendered, root, shipped, worlds } from "./lib/world.ts";

const skip = kustomizes.length === 0 ? missing : false;

/** One tree with everything in it, so that nothing here depends on what lies on the disk. */
const tree = temporary(after);
putAll(tree, rendered(worlds));

const keyed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keyed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, keyed(inner)]),
  );
};

/** Fails with the first object that differs. */
function same(actual: readonly Manifest[], expected: readonly Manifest[]): void {
  assert.deepEqual(sortedById(actual).map(idOf), sortedById(expected).map(idOf));
  const byId = new Map(actual.map((object) => [idOf(object), object]));
  for (const object of expected) {
    const found = byId.get(idOf(object));
    const differs = excerpt(idOf(object), yaml(keyed(found)), yaml(keyed(object)));
    assert.equal(differs, undefined, `kustomize builds (-) what the program does not render (+)\n${differs}`);
    assert.deepStrictEqual(found, object);
  }
}

/** What is left of an object when its names' hashes are taken away: which object it is, whatever is in it. */
const bare = (object: Manifest): string => `${object.kind} ${object.metadata.name.replace(/-[a-z0-9]{10}$/, "")}`;

const patchOf = (object: Manifest): Manifest => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  metadata: { name: object.metadata.name },
  spec: { template: { metadata: { annotations: { "example.com/patched": "yes" } } } },
});

test("there is a kustomize to test with", { skip }, () => {
  assert.ok(kustomizes.length > 0);
});

for (const one of kustomizes) {
  describe(one.name, () => {
    for (const { name, overlay, objects } of worlds) {
      test(`builds ${name} as the program renders it`, async () => {
        const { objects: actual, warnings } = await build(one, `${tree}/${overlay.path}`);
        same(actual, objects);
        assert.equal(warnings, "");
      });
    }

    test("builds the committed overlays as the program renders them", async () => {
      for (const { overlay, objects } of shipped) same((await build(one, `${root}/${overlay.path}`)).objects, objects);
    });

    test("builds each base alone", async () => {
      await Promise.all(built.bases.map((base) => alone(one, base)));
    });

    test("lets a user put each base into a namespace of their own, change a literal and patch a workload by name", async () => {
      await Promise.all(built.bases.map((base) => asResource(one, base)));
    });

    test("lets a user patch an object of an environment by its name alone", async () => {
      await Promise.all([...shipped, ...invented].map((world) => patched(one, world)));
    });

    test("gives generated names the suffix that the program expects, whatever the content", () => suffixes(one));
  });
}

async function alone(one: Kustomize, base: (typeof built.bases)[number]): Promise<void> {
  const { objects } = await build(one, `${tree}/${base.path}`);
  const expected = [...base.objects, ...base.configs.map(({ name }) => ({ kind: "ConfigMap", metadata: { name } }))];
  assert.deepEqual(
    objects.map(bare).sort(),
    expected.map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/-[a-z0-9]{10}$/, "")}`).sort(),
    base.path,
  );
  for (const { metadata } of objects) assert.equal(metadata.namespace, undefined, base.path);
}

async function asResource(one: Kustomize, base: (typeof built.bases)[number]): Promise<void> {
  const workload = base.objects.find(isWorkload);
  assert.ok(workload, `${base.path} has no workload`);
  const settings = base.configs.find(({ name }) => name === settingsName(base.component.name));
  const [variable] = Object.keys(settings?.literals ?? {});
  const folder = `users/${one.name.replace(" ", "-")}-${base.component.name}-${base.mode}`;
  put(tree, `${folder}/patches/workload.yaml`, yaml(patchOf(workload)));
  put(
    tree,
    `${folder}/kustomization.yaml`,
    yaml({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      namespace: "other",
      resources: [`../../${base.path}`],
      configMapGenerator:
        settings && variable
          ? [{ name: settings.name, behavior: "merge", literals: [`${variable}=changed`] }]
          : undefined,
      patches: [{ path: "patches/workload.yaml" }],
    }),
  );
  const { objects } = await build(one, `${tree}/${folder}`);
  for (const { kind, metadata } of objects.filter(({ kind }) => !kind.startsWith("ClusterRole")))
    assert.equal(metadata.namespace, "other", `${base.path}: ${kind} ${metadata.name}`);
  for (const { kind, metadata, ...rest } of objects.filter(({ kind }) => kind === "ClusterRoleBinding")) {
    for (const { namespace } of rest["subjects"] as { namespace: string }[])
      assert.equal(namespace, "other", `${base.path}: ${kind} ${metadata.name}`);
  }
  const pods = objects.find(({ kind, metadata }) => kind === workload.kind && metadata.name === workload.metadata.name);
  assert.ok(pods, `${base.path}: ${workload.metadata.name} is gone`);
  assert.equal(podTemplate(pods).annotations["example.com/patched"], "yes", base.path);
  if (!settings || !variable) return;
  const name = `${settings.name}-${nameSuffix({ kind: "ConfigMap", name: "", data: { ...settings.literals, [variable]: "changed" } })}`;
  assert.ok(
    objects.some(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name),
    `${base.path}: no ConfigMap ${name}`,
  );
}

async function patched(one: Kustomize, { name, overlay, objects }: (typeof worlds)[number]): Promise<void> {
  const folder = `overlays/${one.name.replace(" ", "-")}-${name}`;
  const workloads = objects.filter(isWorkload);
  const paths = workloads.map((workload) => `patches/${workload.metadata.name}.yaml`);
  workloads.forEach((workload, i) => put(tree, `${folder}/${paths[i]}`, yaml(patchOf(workload))));
  put(
    tree,
    `${folder}/kustomization.yaml`,
    yaml({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: overlay.parts.map(({ path }) => `../../${path}`),
      patches: paths.map((path) => ({ path })),
    }),
  );
  const expected = objects.map((object): Manifest => {
    if (!isWorkload(object)) return object;
    const copy = structuredClone(object) as unknown as { spec: { template: { metadata: { annotations?: object } } } };
    const { metadata } = copy.spec.template;
    metadata.annotations = { ...metadata.annotations, "example.com/patched": "yes" };
    return copy as unknown as Manifest;
  });
  same((await build(one, `${tree}/${folder}`)).objects, expected);
}

const awkward = {
  angles: '<a href="x">&amp;</a>',
  backslash: "a\\b\\n",
  emoji: "😀 and 日本語 and é",
  empty: "",
  lines: "one\ntwo\n\nthree\n",
  separators: "a\u2028b\u2029c",
  tab: "a\tb",
  trailing: "space \n",
} as const;

async function suffixes(one: Kustomize): Promise<void> {
  const folder = `suffixes/${one.name.replace(" ", "-")}`;
  const generators = Object.entries(awkward).map(([key, text]) => {
    put(tree, `${folder}/${key}`, text);
    return { name: key, files: [key] };
  });
  put(
    tree,
    `${folder}/kustomization.yaml`,
    yaml({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      configMapGenerator: [...generators, { name: "all", files: Object.keys(awkward) }],
      secretGenerator: generators.map(({ name, files }) => ({ name: `${name}-secret`, files })),
    }),
  );
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const expected = [
    ...Object.entries(awkward).flatMap(([key, text]) => [
      `ConfigMap ${key}-${nameSuffix({ kind: "ConfigMap", name: "", data: { [key]: text } })}`,
      `Secret ${key}-secret-${nameSuffix({ kind: "Secret", name: "", type: "Opaque", data: { [key]: base64(text) } })}`,
    ]),
    `ConfigMap all-${nameSuffix({ kind: "ConfigMap", name: "", data: awkward })}`,
  ];
  const { objects } = await build(one, `${tree}/${folder}`);
  assert.deepEqual(objects.map(idOf).sort(), expected.sort());
}

test("an overlay holds its settings' differences as literals of a merge, and nothing else of the base", () => {
  const files = rendered(invented);
  for (const { overlay, environment } of invented) {
    const stack = parse(files.get(`${overlay.path}/stack/kustomization.yaml`) ?? "") as {
      configMapGenerator?: { name: string; behavior: string; literals: string[] }[];
    };
    assert.equal(environment.components["loki"]?.["retention"], "720h");
    assert.deepEqual(stack.configMapGenerator, [
      { name: "loki-settings", behavior: "merge", literals: ["LOKI_RETENTION=720h"] },
    ]);
  }
});
