import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { settingsName, type Base } from "../src/core/model/component.ts";
import { nameSuffix } from "../src/core/kustomize/generators.ts";
import { excerpt } from "./lib/diff.ts";
import { none } from "./lib/findings.ts";
import { build, type Kustomize, kustomizes, missing } from "./lib/kustomize.ts";
import { altered, idOf, isWorkload, podTemplate } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { built, invented, rendered, root, shipped, type World, worldNamed } from "./lib/world.ts";
import { yaml } from "../src/core/util/text.ts";
import { clusterScoped, type Manifest } from "../src/core/kubernetes/manifest.ts";

/** npm has the program for this platform only (package.json, optionalDependencies). */
const isPackaged = process.platform === "linux" && process.arch === "x64";

test("there is a kustomize to test with", { skip: isPackaged || kustomizes.length > 0 ? false : missing }, () => {
  assert.ok(kustomizes.length > 0, missing);
});

/** One tree with everything in it that is not committed. */
const tree = temporary(after);
putAll(tree, rendered(invented));

const keyed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keyed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, keyed(inner)]),
  );
};

/** Has a feature that patches, too: one build shows both, because each one that patches takes 4.5.4 a second. */
const patchable = worldNamed("every-thanos-sidecar-monolithic");

const componentsOf = ({ overlay }: World): readonly string[] =>
  overlay.parts.flatMap(({ additions }) => additions.map(({ path }) => path));
/** Worlds that have a kustomize Component that no world before them has. */
const novel = invented.filter((world, i) => {
  const known = new Set([...shipped, patchable, ...invented.slice(0, i)].flatMap(componentsOf));
  return componentsOf(world).some((path) => !known.has(path));
});
/** Of the worlds that are not committed the slower ones of the kustomizes build each Component once. */
const worldsOf = (one: Kustomize): readonly World[] =>
  (one === kustomizes.at(-1) ? invented : novel).filter((world) => world !== patchable);

/** Fails with the first object that differs. */
function same(actual: readonly Manifest[], expected: readonly Manifest[]): void {
  const there = new Set(actual.map(idOf));
  const wanted = new Set(expected.map(idOf));
  none(
    [...there].filter((id) => !wanted.has(id)),
    "kustomize alone builds",
  );
  none(
    [...wanted].filter((id) => !there.has(id)),
    "the program alone renders",
  );
  const byId = new Map(actual.map((object) => [idOf(object), object]));
  for (const object of expected) {
    const found = byId.get(idOf(object));
    if (isDeepStrictEqual(found, object)) continue;
    const differs = excerpt(idOf(object), yaml(keyed(found)), yaml(keyed(object)));
    assert.equal(differs, undefined, `kustomize builds (-) what the program does not render (+)\n${differs}`);
    assert.deepStrictEqual(found, object);
  }
}

for (const one of kustomizes) {
  describe(one.name, () => {
    for (const { name, overlay, objects } of shipped) {
      test(`builds the committed ${name} as the program renders it`, async () => {
        const { objects: actual, warnings } = await build(one, `${root}/${overlay.path}`);
        same(actual, objects);
        assert.equal(warnings, "");
      });
    }

    for (const { name, overlay, objects } of worldsOf(one)) {
      test(`builds ${name} as the program renders it`, async () => {
        same((await build(one, `${tree}/${overlay.path}`)).objects, objects);
      });
    }

    test("lets a user put each base into a namespace of their own, change a literal and patch a workload by name", () =>
      asResources(one));

    test("lets a user patch the objects of an environment by their names alone, whatever its namespaces are called", () =>
      patched(one, patchable));

    test("gives generated names the suffix that the program expects, whatever the content", () => suffixes(one));
  });
}

/** What is left of a ConfigMap's name without its hash. */
const bare = ({ kind, metadata: { name } }: Manifest): string =>
  `${kind} ${name.replace(/-[bcdfghkmt2456789]{10}$/, "")}`;

/** What a base must give: its objects, and a ConfigMap for each configuration. */
const given = ({ objects, configs }: Base): readonly string[] => [
  ...objects.map(bare),
  ...configs.map(({ name }) => `ConfigMap ${name}`),
];

const patchOf = ({ apiVersion, kind, metadata: { name } }: Manifest): Manifest => ({
  apiVersion,
  kind,
  metadata: { name },
  spec: { template: { metadata: { annotations: { "example.com/patched": "yes" } } } },
});

const kustomization = (fields: object): string =>
  yaml({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", ...fields });

/** A ConfigMap as its hash makes it, the name left out as kustomize does. */
const suffixOf = (data: Readonly<Record<string, string>>): string => nameSuffix({ kind: "ConfigMap", data });

/** One user overlay over each base, all of them in one build because 4.5.4 takes most of a second to begin patching. */
async function asResources(one: Kustomize): Promise<void> {
  // One mode at a time: a component's rights over the cluster have one name in all of its modes.
  for (const mode of new Set(built.bases.map((base) => base.mode))) {
    await asResourcesOf(
      one,
      mode,
      built.bases.filter((base) => base.mode === mode),
    );
  }
}

async function asResourcesOf(one: Kustomize, mode: string, bases: readonly Base[]): Promise<void> {
  const home = `users-${mode}-${one.name.replace(" ", "-")}`;
  const users = bases.map((base) => {
    const namespace = `${base.component.name}-${base.mode}`;
    const workload = base.objects.find(isWorkload);
    assert.ok(workload, `${base.path} has no workload`);
    const settings = base.configs.find(({ name }) => name === settingsName(base.component.name));
    const [variable] = Object.keys(settings?.literals ?? {});
    const merge = settings && { name: settings.name, behavior: "merge", literals: [`${variable}=changed`] };
    put(tree, `${home}/${namespace}/patches/workload.yaml`, yaml(patchOf(workload)));
    put(
      tree,
      `${home}/${namespace}/kustomization.yaml`,
      kustomization({
        namespace,
        resources: [`../../${base.path}`],
        configMapGenerator: merge && [merge],
        patches: [{ path: "patches/workload.yaml" }],
      }),
    );
    const suffix = suffixOf({ ...settings?.literals, [variable ?? ""]: "changed" });
    const name = settings && (settings.read === "runtime" ? settings.name : `${settings.name}-${suffix}`);
    return { base, namespace, workload, changed: name && `ConfigMap ${namespace}/${name}` };
  });
  put(tree, `${home}/kustomization.yaml`, kustomization({ resources: users.map(({ namespace }) => namespace) }));
  const { objects } = await build(one, `${tree}/${home}`);
  const byId = new Map(objects.map((object) => [idOf(object), object]));
  for (const { base, namespace, workload, changed } of users) {
    const isPlaced = ({ metadata }: Manifest): boolean => metadata.namespace === namespace;
    const placed = given(base).filter((id) => !clusterScoped.has(id.split(" ")[0] ?? ""));
    assert.deepEqual(objects.filter(isPlaced).map(bare).sort(), [...placed].sort(), `${base.path} alone`);
    for (const { kind, metadata } of base.objects) {
      const at = clusterScoped.has(kind) ? "" : `${namespace}/`;
      const found = byId.get(`${kind} ${at}${metadata.name}`);
      assert.ok(found, `${base.path}: ${kind} ${at}${metadata.name} is gone`);
      const subjects = (found["subjects"] ?? []) as readonly { readonly namespace: string }[];
      assert.deepEqual(
        subjects.filter((subject) => subject.namespace !== namespace),
        [],
        `${base.path}: subjects of ${kind} ${metadata.name}`,
      );
    }
    const pods = byId.get(`${workload.kind} ${namespace}/${workload.metadata.name}`) as Manifest;
    assert.equal(podTemplate(pods).annotations["example.com/patched"], "yes", base.path);
    assert.ok(!changed || byId.has(changed), `${base.path}: no ${changed}`);
  }
}

/** A patch in the overlay's own folder, above those that set the namespaces. */
async function patched(one: Kustomize, { name, overlay, objects }: World): Promise<void> {
  const folder = `overlays/${one.name.replace(" ", "-")}-${name}`;
  const workloads = objects.filter(isWorkload);
  const paths = workloads.map(({ metadata }) => `patches/${metadata.name}.yaml`);
  workloads.forEach((workload, i) => put(tree, `${folder}/${paths[i]}`, yaml(patchOf(workload))));
  const resources = overlay.parts.map(({ path }) => `../../${path}`);
  put(tree, `${folder}/kustomization.yaml`, kustomization({ resources, patches: paths.map((path) => ({ path })) }));
  const annotations = ["spec", "template", "metadata", "annotations", "example.com/patched"];
  const expected = workloads.reduce((now, workload) => altered(now, idOf(workload), annotations, "yes"), objects);
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
  const texts = Object.entries(awkward);
  for (const [key, text] of texts) put(tree, `${folder}/${key}`, text);
  const generators = texts.map(([key]) => ({ name: key, files: [key] }));
  put(
    tree,
    `${folder}/kustomization.yaml`,
    kustomization({
      configMapGenerator: [...generators, { name: "all", files: Object.keys(awkward) }],
      secretGenerator: generators,
    }),
  );
  const secretSuffix = (key: string, text: string): string =>
    nameSuffix({ kind: "Secret", type: "Opaque", data: { [key]: Buffer.from(text).toString("base64") } });
  const expected = [
    ...texts.map(([key, text]) => `ConfigMap ${key}-${suffixOf({ [key]: text })}`),
    ...texts.map(([key, text]) => `Secret ${key}-${secretSuffix(key, text)}`),
    `ConfigMap all-${suffixOf(awkward)}`,
  ];
  assert.deepEqual((await build(one, `${tree}/${folder}`)).objects.map(idOf).sort(), expected.sort());
}

test("no base names a namespace, so that a user's own is the only one", () => {
  for (const { path, objects } of built.bases)
    for (const { metadata } of objects) assert.equal(metadata.namespace, undefined, path);
});

test("an overlay holds its settings' differences as literals of a merge, and nothing else of the base", () => {
  const files = rendered(invented);
  for (const { overlay, environment } of invented.filter(({ environment }) => environment.store.kind === "minio")) {
    const stack = parse(files.get(`${overlay.path}/stack/kustomization.yaml`) ?? "") as {
      configMapGenerator?: { name: string; behavior: string; literals: string[] }[];
    };
    assert.equal(environment.components["loki"]?.["retention"], "720h");
    const host = environment.exposure?.by === "ingress" ? environment.exposure["host"] : undefined;
    const { database } = environment;
    const literals = [
      ...(database
        ? [
            `GF_DATABASE_HOST=${database["host"]}`,
            `GF_DATABASE_NAME=${database["name"]}`,
            "GF_DATABASE_SSL_MODE=require",
          ]
        : []),
      `GF_SERVER_ROOT_URL=https://${host}/`,
    ];
    const url = { name: "grafana-settings", behavior: "merge", literals };
    assert.deepEqual(stack.configMapGenerator, [
      ...(host ? [url] : []),
      { name: "loki-settings", behavior: "merge", literals: ["LOKI_RETENTION=720h"] },
    ]);
  }
});
