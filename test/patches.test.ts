import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import type { Overlay } from "../src/core/assemble/overlay.ts";
import { overlayFiles } from "../src/core/output/render.ts";
import { resolve } from "../src/core/kustomize/build.ts";
import { checkedPatches, PatchError } from "../src/core/output/patches.ts";
import { files } from "../src/program.ts";
import { build, type Kustomize, kustomizes, missing } from "./lib/kustomize.ts";
import { isWorkload } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { built, dev } from "./lib/world.ts";

const { overlay, objects } = dev;

/** Patches of one overlay, by their files' names. */
function tree(patches: Readonly<Record<string, string>>, { path } = overlay): string {
  const folder = temporary(after);
  for (const [name, text] of Object.entries(patches)) put(folder, `${path}/patches/${name}`, text);
  return folder;
}

/** What a user reads whose patches cannot be used. */
function complaint(patches: Readonly<Record<string, string>>, of = overlay): string {
  try {
    checkedPatches(tree(patches, of), of);
  } catch (error) {
    assert.ok(error instanceof PatchError, String(error));
    return error.message;
  }
  return "(nothing)";
}

const patch = (apiVersion: string, kind: string, name: string, rest = ""): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${rest}`;
const statefulSets = objects.filter(({ kind }) => kind === "StatefulSet").map(({ metadata }) => metadata.name);
const where = `${overlay.path}/patches/a.yaml`;

describe("a user's patch that changes nothing stops the build", () => {
  test("when no object has its name", () => {
    assert.equal(
      complaint({ "a.yaml": patch("apps/v1", "StatefulSet", "lokki") }),
      `${where}: it patches StatefulSet/lokki, which is not there: expected one of ${[...statefulSets].sort().join(", ")}. Correct metadata.name, or remove the file.`,
    );
  });
  test("when no object has its kind", () => {
    assert.equal(
      complaint({ "a.yaml": patch("v1", "Pod", "loki") }),
      `${where}: it patches Pod/loki, which is not there: expected the kind and name of an object of this environment. Correct metadata.name, or remove the file.`,
    );
  });
  test("when it is broken, with the place", () => {
    assert.match(complaint({ "a.yaml": "kind: [StatefulSet\n" }), /^overlays\/dev\/patches\/a\.yaml: .*line 2/);
  });
  test("all of them at once, each on its line", () => {
    const lines = complaint({ "a.yaml": patch("v1", "Pod", "x"), "deep/er/b.yml": patch("v1", "Pod", "y") }).split(
      "\n",
    );
    assert.deepEqual(
      lines.map((line) => line.split(":")[0]),
      ["overlays/dev/patches/a.yaml", "overlays/dev/patches/deep/er/b.yml"],
    );
  });
});

describe("a user's patch is taken", () => {
  test("for every workload of an environment", () => {
    const names = objects
      .filter(isWorkload)
      .map(({ apiVersion, kind, metadata }) => [`${metadata.name}.yaml`, patch(apiVersion, kind, metadata.name)]);
    assert.equal(
      checkedPatches(tree(Object.fromEntries(names) as Record<string, string>), overlay).length,
      names.length,
    );
  });
  test("in the order of the files' names, and other files are left alone", () => {
    const folder = tree({
      "b.yaml": patch("apps/v1", "StatefulSet", "loki"),
      "a.yaml": patch("apps/v1", "StatefulSet", "tempo"),
      "notes.md": "mine",
    });
    const patches = checkedPatches(folder, overlay);
    assert.deepEqual(patches, ["patches/a.yaml", "patches/b.yaml"]);
    const text = overlayFiles(overlay, patches, "busybox").get(`${overlay.path}/kustomization.yaml`) ?? "";
    assert.deepEqual((parse(text) as { patches: unknown }).patches, [
      { path: "patches/a.yaml" },
      { path: "patches/b.yaml" },
    ]);
  });
});

/** A small part of an environment, because 4.5.4 takes a second of CPU for a whole one. */
const plain: Overlay = {
  ...overlay,
  parts: overlay.parts.map((part) => ({
    ...part,
    bases: part.bases.filter(({ component }) => ["loki", "prometheus", "tempo"].includes(component.name)),
    additions: [],
    secrets: part.secrets.filter(({ name }) => name === "loki-s3"),
  })),
};
const label = "  labels:\n    patched: please\n";
const hashed = resolve(plain).find(({ metadata }) => metadata.name.startsWith("loki-settings-"))?.metadata.name ?? "";
const taken = {
  "a workload by its name": patch("apps/v1", "StatefulSet", "loki", label),
  "a workload by its name and namespace": patch(
    "apps/v1",
    "StatefulSet",
    "tempo",
    `  namespace: observability\n${label}`,
  ),
  "a generated ConfigMap by the name that it has in the base": patch("v1", "ConfigMap", "loki-settings", label),
  "a generated Secret by the name that it has in the base": patch("v1", "Secret", "loki-s3", label),
  "a ConfigMap without a hash": patch("v1", "ConfigMap", "prometheus-rules", label),
  "an object of the whole cluster": patch("v1", "Namespace", "observability", label),
};
const refused = {
  "a generated ConfigMap by the name with the hash": patch("v1", "ConfigMap", hashed, label),
  "a workload of another API version": patch("apps/v2", "StatefulSet", "loki", label),
  "a workload of another namespace": patch("apps/v1", "StatefulSet", "loki", `  namespace: elsewhere\n${label}`),
  "two objects in one file": `${patch("apps/v1", "StatefulSet", "loki", label)}---\n${patch("apps/v1", "StatefulSet", "tempo", label)}`,
  "an empty file": "",
  "a file of comments": "# to do\n",
  "a list": "- op: add\n  path: /metadata/labels\n  value: {}\n",
};

const { path } = overlay;

describe("the build takes the patches that every kustomize takes, and refuses before it does", () => {
  const skip = kustomizes.length === 0 ? missing : false;
  const folder = temporary(after);
  before(() =>
    putAll(
      folder,
      files(built, [plain], () => []),
    ),
  );

  /** How many of the kustomizes take these patches. */
  const takers = async (texts: readonly string[]): Promise<number> => {
    const names = texts.map((_, i) => `patches/${i}.yaml`);
    texts.forEach((text, i) => put(folder, `${path}/${names[i]}`, text));
    put(
      folder,
      `${path}/kustomization.yaml`,
      overlayFiles(plain, names, "busybox").get(`${path}/kustomization.yaml`) ?? "",
    );
    const one = (program: Kustomize): Promise<number> =>
      build(program, `${folder}/${path}`).then(
        ({ objects }) => Number(JSON.stringify(objects).split('"patched":"please"').length > texts.length),
        () => 0,
      );
    return (await Promise.all(kustomizes.map(one))).reduce((sum, count) => sum + count, 0);
  };

  test("kustomize takes those that are taken here", { skip }, async () => {
    assert.equal(await takers(Object.values(taken)), kustomizes.length);
  });
  for (const [what, text] of Object.entries(taken))
    test(`takes ${what}`, () => assert.equal(complaint({ "a.yaml": text }, plain), "(nothing)"));

  for (const [what, text] of Object.entries(refused)) {
    test(`refuses ${what}`, async () => {
      if (kustomizes.length > 0)
        assert.ok((await takers([text])) < kustomizes.length, "every kustomize takes it: correct this test");
      assert.match(complaint({ "a.yaml": text }, plain), /^overlays\/dev\/patches\/a\.yaml: /);
    });
  }
});

test("a patch of a user's is named in the environment's own kustomization alone", () => {
  const files = overlayFiles(overlay, ["patches/x.yaml"], "busybox");
  const naming = [...files].filter(([, text]) => text.includes("patches/x.yaml")).map(([path]) => path);
  assert.deepEqual(naming, [`${overlay.path}/kustomization.yaml`]);
});
