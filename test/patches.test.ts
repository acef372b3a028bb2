import assert from "node:assert/strict";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import type { Overlay } from "../src/core/assemble/overlay.ts";
import { type ByHand, overlayFiles } from "../src/core/output/render.ts";
import { faults } from "../src/core/kubernetes/faults.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { resolve } from "../src/core/kustomize/build.ts";
import { HandWrittenError, handWritten } from "../src/core/output/hand-written.ts";
import { files } from "../src/program.ts";
import { build, type Kustomize, kustomizes, missing } from "./lib/kustomize.ts";
import { isWorkload } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { built, dev, worlds } from "./lib/world.ts";

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
    handWritten(tree(patches, of), of);
  } catch (error) {
    assert.ok(error instanceof HandWrittenError, String(error));
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
      `${where}: it patches StatefulSet/lokki, which is not there: did you mean "loki"? Correct metadata.name, or, to add an object, put it into overlays/dev/objects/.`,
    );
  });
  test("when no object has a name like its own", () => {
    assert.equal(
      complaint({ "a.yaml": patch("apps/v1", "StatefulSet", "database") }),
      `${where}: it patches StatefulSet/database, which is not there: expected one of ${[...statefulSets].sort().join(", ")}. Correct metadata.name, or, to add an object, put it into overlays/dev/objects/.`,
    );
  });
  test("when no object has its kind", () => {
    assert.equal(
      complaint({ "a.yaml": patch("v1", "Pod", "loki") }),
      `${where}: it patches Pod/loki, which is not there: expected the kind and name of an object of this environment. Correct metadata.name, or, to add an object, put it into overlays/dev/objects/.`,
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
    assert.equal(handWritten(tree(Object.fromEntries(names) as Record<string, string>), overlay).length, names.length);
  });
  test("in the order of the files' names, beside a README.md", () => {
    const folder = tree({
      "b.yaml": patch("apps/v1", "StatefulSet", "loki"),
      "a.yaml": patch("apps/v1", "StatefulSet", "tempo"),
      "README.md": "mine",
      "deep/.gitkeep": "",
    });
    const patches = handWritten(folder, overlay);
    assert.deepEqual(patches, [{ patch: { path: "patches/a.yaml" } }, { patch: { path: "patches/b.yaml" } }]);
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
  "a ConfigMap without a hash": patch("v1", "ConfigMap", "prometheus-rules-prometheus", label),
  "an object of the whole cluster": patch("v1", "Namespace", "observability", label),
  "a file of JSON": JSON.stringify({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "loki", annotations: { patched: "please" } },
  }),
  "operations on the object that a target selects": `target:
  kind: StatefulSet
  name: loki
patch:
  - op: test
    path: /spec/template/spec/containers/0/name
    value: loki
  - op: add
    path: /metadata/annotations
    value: { patched: please }
  - op: copy
    from: /metadata/annotations/patched
    path: /metadata/annotations/slash~1and~0tilde
  - op: move
    from: /metadata/annotations/slash~1and~0tilde
    path: /metadata/annotations/moved
  - op: remove
    path: /metadata/annotations/moved
  - op: add
    path: /spec/template/spec/containers/0/args/-
    value: -log.level=info
  - op: replace
    path: /spec/template/spec/terminationGracePeriodSeconds
    value: 301
`,
  "what is merged into every object that a target selects": `target:
  kind: Deployment|StatefulSet
  labelSelector: app.kubernetes.io/name in (loki, tempo), app.kubernetes.io/part-of=kube-lgtm
patch:
  metadata: { annotations: { patched: please } }
  spec: { template: { spec: { nodeSelector: { disk: ssd } } } }
`,
  "a patch that is text, as kustomize has it": `target: { name: prom.*, kind: StatefulSet, group: apps, version: v1, namespace: observability }
patch: |
  - { op: add, path: /metadata/annotations, value: { patched: please } }
`,
  "a list that is replaced as a whole": patch(
    "apps/v1",
    "StatefulSet",
    "tempo",
    `${label}spec: { template: { spec: { tolerations: [{ key: a, operator: Exists }] } } }\n`,
  ),
  "a table and a list with keys that are replaced as a whole": patch(
    "apps/v1",
    "StatefulSet",
    "tempo",
    "spec: { updateStrategy: { $patch: replace, type: OnDelete }, template: { spec: { containers: [{ $patch: replace }, { name: tempo, image: busybox:1.37.0 }] } } }\n",
  ),
  "a new container with all that it needs": patch(
    "apps/v1",
    "StatefulSet",
    "tempo",
    `${label}spec: { template: { spec: { containers: [{ name: side, image: "busybox:1.37.0" }] } } }\n`,
  ),
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
  /** What each kustomize builds of the overlay with these entries; nothing where it refuses. */
  const builds = async (entries: readonly ByHand[]): Promise<readonly (readonly Manifest[] | undefined)[]> => {
    const file = `${path}/kustomization.yaml`;
    put(folder, file, overlayFiles(plain, entries, "busybox").get(file) ?? "");
    const one = (program: Kustomize): Promise<readonly Manifest[] | undefined> =>
      build(program, `${folder}/${path}`).then(
        ({ objects }) => objects,
        () => undefined,
      );
    return Promise.all(kustomizes.map(one));
  };
  /** How many of the kustomizes take this patch. */
  const takers = async (text: string): Promise<number> => {
    put(folder, `${path}/patches/x.yaml`, text);
    const built = await builds([{ patch: { path: "patches/x.yaml" } }]);
    return built.filter((objects) => JSON.stringify(objects ?? "").split('"patched":"please"').length > 1).length;
  };

  test("both kustomizes make of them what they say", { skip }, async () => {
    const texts = Object.values(taken);
    texts.forEach((text, i) => put(folder, `${path}/patches/${i + 10}.yaml`, text));
    for (const objects of await builds(handWritten(folder, plain))) {
      assert.ok(objects, "it is refused");
      // Six labels and three annotations: some say the same of one object.
      assert.equal(JSON.stringify(objects).split('"patched":"please"').length - 1, 9);
      const pod = (name: string): Record<string, unknown> => {
        const found = objects.find((one) => one.kind === "StatefulSet" && one.metadata.name === name);
        return (found?.["spec"] as { template: { spec: Record<string, unknown> } }).template.spec;
      };
      assert.equal(pod("loki")["terminationGracePeriodSeconds"], 301);
      assert.equal((pod("loki")["containers"] as { args: string[] }[])[0]?.args.at(-1), "-log.level=info");
      for (const name of ["loki", "tempo"])
        assert.deepEqual(pod(name)["nodeSelector"], { disk: "ssd", "kubernetes.io/os": "linux" });
      assert.ok(!JSON.stringify(pod("tempo")["containers"]).includes("volumeMounts"));
      assert.deepEqual(pod("tempo")["tolerations"], [{ key: "a", operator: "Exists" }]);
      assert.deepEqual((pod("tempo")["containers"] as { name: string }[]).map(({ name }) => name).sort(), [
        "side",
        "tempo",
      ]);
      assert.ok(!JSON.stringify(objects).includes("slash~"));
    }
    texts.forEach((_, i) => rmSync(join(folder, path, `patches/${i + 10}.yaml`)));
  });
  for (const [what, text] of Object.entries(taken))
    test(`takes ${what}`, () => assert.equal(complaint({ "a.yaml": text }, plain), "(nothing)"));

  for (const [what, text] of Object.entries(refused)) {
    test(`refuses ${what}`, async () => {
      if (kustomizes.length > 0)
        assert.ok((await takers(text)) < kustomizes.length, "every kustomize takes it: correct this test");
      assert.match(complaint({ "a.yaml": text }, plain), /^overlays\/dev\/patches\/a\.yaml: /);
    });
  }
});

test("a patch of a user's is named in the environment's own kustomization alone", () => {
  const files = overlayFiles(overlay, [{ patch: { path: "patches/x.yaml" } }], "busybox");
  const naming = [...files].filter(([, text]) => text.includes("patches/x.yaml")).map(([path]) => path);
  assert.deepEqual(naming, [`${overlay.path}/kustomization.yaml`]);
});

const workload = (rest: string): string => patch("apps/v1", "StatefulSet", "loki", rest);
const pod = (rest: string): string => workload(`spec: { template: { spec: ${rest} } }\n`);
const targeted = (operations: string, target = "{ kind: StatefulSet, name: loki }"): string =>
  `target: ${target}\npatch:\n${operations}`;

/** Every kustomize takes these, and leaves the fault in what it prints, or leaves the file out. */
const silent: Readonly<Record<string, readonly [text: string, problem: string, file?: string]>> = {
  "an unknown field": [
    workload("spec: { replica: 3 }\n"),
    'StatefulSet/loki: spec.replica is no field of a StatefulSet: did you mean "replicas"?',
  ],
  "an unknown field of its pods": [
    pod("{ nodeSelecter: { disk: ssd } }"),
    'StatefulSet/loki: spec.template.spec.nodeSelecter is no field of a StatefulSet: did you mean "nodeSelector"?',
  ],
  "an unknown field in a list": [
    pod("{ containers: [{ name: loki, imagePullPolicie: Always }] }"),
    'StatefulSet/loki: spec.template.spec.containers[0].imagePullPolicie is no field of a StatefulSet: did you mean "imagePullPolicy"?',
  ],
  "a directive that kustomize does not know": [
    pod("{ $retainKeys: [containers] }"),
    "StatefulSet/loki: spec.template.spec.$retainKeys is no field of a StatefulSet: expected one of ",
  ],
  "a replacement where kustomize has none": [
    pod("{ tolerations: [{ $patch: replace }, { operator: Exists }] }"),
    "StatefulSet/loki: spec.template.spec.tolerations[0].$patch is no field of a StatefulSet: expected one of ",
  ],
  "a replacement of a list with keys that is not there": [
    pod("{ hostAliases: [{ $patch: replace }, { ip: 10.0.0.1, hostnames: [a] }] }"),
    "StatefulSet/loki: spec.template.spec.hostAliases[0].$patch is no field of a StatefulSet: expected one of ",
  ],
  "text where a number belongs": [
    workload('spec: { replicas: "three" }\n'),
    "StatefulSet/loki: it does not fit its kind: ",
  ],
  "an amount that is none": [
    pod('{ containers: [{ name: loki, resources: { limits: { memory: "2 gigs" } } }] }'),
    "StatefulSet/loki: it does not fit its kind: ",
  ],
  "a container that no workload has": [
    pod("{ containers: [{ name: lokki, args: [-x] }] }"),
    'StatefulSet/loki: containers has "lokki" without an image: did you mean "loki"? A new container needs an image.',
  ],
  "a mount of a volume that is not there": [
    pod("{ containers: [{ name: loki, volumeMounts: [{ name: dtaa, mountPath: /more }] }] }"),
    'StatefulSet/loki: container "loki" mounts "dtaa", and no volume has that name: did you mean "data"?',
  ],
  "a claim that loses what it does not say again": [
    workload("spec: { volumeClaimTemplates: [{ metadata: { name: data }, spec: { storageClassName: gp3 } }] }\n"),
    'StatefulSet/loki: the claim "data" lacks accessModes and resources.requests.storage: kustomize replaces the list of claims as a whole. Say all of it.',
  ],
  "labels of pods by which their workload would not know them": [
    workload('spec: { template: { metadata: { labels: { app.kubernetes.io/name: "other" } } } }\n'),
    'StatefulSet/loki: the pods\' label app.kubernetes.io/name is "other": expected "loki", by which StatefulSet/loki knows them.',
  ],
  "a target that matches nothing": [
    targeted("  - { op: remove, path: /spec/replicas }\n", "{ kind: StatefulSet, name: lokki }"),
    'no object is kind StatefulSet, name lokki: did you mean "loki"? Correct target.',
  ],
  "a target of a kind that is not there": [
    targeted("  - { op: remove, path: /spec/replicas }\n", "{ kind: StatefullSet }"),
    'no object is kind StatefullSet: did you mean "StatefulSet"? Correct target.',
  ],
  "labels that no object has": [
    targeted("  - { op: remove, path: /spec/replicas }\n", "{ labelSelector: app=web }"),
    "no object is labelSelector app=web: expected one of ",
  ],
  "an unknown field by operations": [
    targeted("  - { op: add, path: /spec/paused, value: true }\n"),
    "StatefulSet/loki: spec.paused is no field of a StatefulSet: expected one of ",
  ],
  "a file of another kind": [
    "just a note\n",
    "it would be left out: expected .yaml, .yml or .json. Give a.txt such a name, or move it out of patches/.",
    "a.txt",
  ],
};

/** Not every kustomize takes these; what it says names neither the file nor the way out. */
const told: Readonly<Record<string, readonly [text: string, problem: string]>> = {
  "operations without a target": [
    "- { op: remove, path: /spec/replicas }\n",
    "it is a list of operations and does not say for which object: expected `target:` and `patch:`, as an entry of a kustomization's patches has them.",
  ],
  "a path that is not there": [
    targeted("  - { op: replace, path: /spec/replica, value: 3 }\n"),
    "StatefulSet/loki: operation 1 (replace): /spec/replica is not there: expected one of ",
  ],
  "a path below something that is not there": [
    targeted("  - { op: add, path: /spec/template/spec/nodeSelector/a/b, value: c }\n"),
    "StatefulSet/loki: operation 1 (add): /spec/template/spec/nodeSelector/a is not there, so ",
  ],
  "an item beyond the end of a list": [
    targeted(
      "  - { op: remove, path: /spec/template/spec/containers/0/name }\n  - { op: add, path: /spec/template/spec/containers/7, value: {} }\n",
    ),
    "StatefulSet/loki: operation 2 (add): /spec/template/spec/containers/7 is not there: the list has 2 items, counted from 0",
  ],
  "a test that does not hold": [
    targeted("  - { op: test, path: /spec/template/spec/containers/0/name, value: tempo }\n"),
    'StatefulSet/loki: operation 1 (test): /spec/template/spec/containers/0/name is "loki": expected "tempo"',
  ],
  "an operation that there is not": [
    targeted("  - { op: set, path: /spec/replicas, value: 2 }\n"),
    'operation 1: op is "set": expected one of add, copy, move, remove, replace, test.',
  ],
  "an operation that lacks its value": [
    targeted("  - { op: add, path: /spec/replicas }\n"),
    "operation 1: add lacks value.",
  ],
  "a path that does not begin at the top": [
    targeted("  - { op: remove, path: spec/replicas }\n"),
    'operation 1: path is "spec/replicas": expected a path such as /spec/replicas.',
  ],
  "a misspelt field of a target": [
    targeted("  - { op: remove, path: /spec/replicas }\n", "{ knd: StatefulSet }"),
    'target.knd is no field of a target: did you mean "kind"?',
  ],
  "a target without a patch": [
    "target: { kind: StatefulSet }\n",
    "patch is undefined: expected a list of operations, or what is to be merged.",
  ],
  "another name": [
    targeted("  - { op: replace, path: /metadata/name, value: lokki }\n"),
    "StatefulSet/loki: it would have another kind, name or namespace. Leave these as they are.",
  ],
};

describe("a patch that no API server would take, or that changes nothing, stops the build", () => {
  for (const [what, [text, problem, file = "a.yaml"]] of Object.entries({ ...silent, ...told }))
    test(what, () => {
      const found = complaint({ [file]: text });
      assert.ok(found.startsWith(`overlays/dev/patches/${file}: ${problem}`), found);
    });

  test("a link, which kustomize would not follow", () => {
    const folder = tree({ "README.md": "" });
    symlinkSync("/etc/hostname", join(folder, overlay.path, "patches/a.yaml"));
    assert.throws(() => handWritten(folder, overlay), /^Error: overlays\/dev\/patches\/a\.yaml: it is a link/);
  });

  test("a patch of what another file deletes", () => {
    const found = complaint({ "a.yaml": workload("$patch: delete\n"), "b.yaml": workload(label) });
    assert.equal(
      found,
      "overlays/dev/patches/b.yaml: it patches StatefulSet/loki, which patches/a.yaml deletes. Remove one of the two.",
    );
  });

  test("no workload of any environment has such a fault by itself", () => {
    for (const { objects } of worlds) for (const object of objects) assert.deepEqual(faults(object), []);
  });
});

describe("kustomize says nothing of what is refused here", () => {
  const skip = kustomizes.length === 0 ? missing : false;
  const folder = temporary(after);
  before(() =>
    putAll(
      folder,
      files(built, [plain], () => []),
    ),
  );
  test("so each of these faults would have reached the cluster", { skip }, async () => {
    const texts = Object.values(silent).flatMap(([text, , file]) => (file ? [] : [text]));
    const entries = texts.map((text, i): ByHand => {
      put(folder, `${path}/patches/${i}.yaml`, text);
      const { target, patch } = (parse(text) ?? {}) as { target?: object; patch?: object };
      return { patch: target ? { target, patch: stringify(patch) } : { path: `patches/${i}.yaml` } };
    });
    const file = `${path}/kustomization.yaml`;
    put(folder, file, overlayFiles(plain, entries, "busybox").get(file) ?? "");
    for (const one of kustomizes) assert.ok((await build(one, `${folder}/${path}`)).objects.length > 10);
  });
});

describe("whole objects of a user's", () => {
  const configMap =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: mine, namespace: observability }\ndata: { a: b }\n";
  const of = (texts: Readonly<Record<string, string>>): string => {
    const folder = temporary(after);
    for (const [name, text] of Object.entries(texts)) put(folder, `${overlay.path}/objects/${name}`, text);
    return folder;
  };
  const said = (text: string, file = "a.yaml"): string => {
    try {
      handWritten(of({ [file]: text }), overlay);
      return "(nothing)";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const own = (kind: string, name: string, namespace: string, apiVersion = "v1"): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}${namespace && `, namespace: ${namespace}`} }\n`;

  test("are built by both kustomizes beside those of the environment, and are patched and named like them", async (t) => {
    if (kustomizes.length === 0) return t.skip(missing);
    const folder = temporary(after);
    const put_ = (name: string, text: string): void => put(folder, `${path}/${name}`, text);
    put_("objects/mine.yaml", `${configMap}---\n${own("ClusterIssuer", "letsencrypt", "", "cert-manager.io/v1")}`);
    put_(
      "objects/deep/job.json",
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "reader", namespace: "observability" },
        spec: {
          containers: [{ name: "a", image: "busybox:1.37.0", envFrom: [{ configMapRef: { name: "loki-settings" } }] }],
        },
      }),
    );
    put_("objects/README.md", "mine");
    putAll(
      folder,
      files(built, [plain], (one) => handWritten(folder, one)),
    );
    for (const one of kustomizes) {
      const { objects } = await build(one, `${folder}/${path}`);
      const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      for (const id of ["ConfigMap/mine", "ClusterIssuer/letsencrypt", "Pod/reader"]) assert.ok(ids.includes(id), id);
      assert.match(
        JSON.stringify(objects.find(({ kind }) => kind === "Pod")),
        /"name":"loki-settings-[bcdfghkmt2456789]{10}"/,
      );
    }
  });

  test("are listed in the kustomization only where there are any", () => {
    const file = `${path}/kustomization.yaml`;
    const text = (byHand: readonly ByHand[]): unknown =>
      (parse(overlayFiles(overlay, byHand, "busybox").get(file) ?? "") as { resources: unknown }).resources;
    assert.deepEqual(text([]), ["agents", "stack"]);
    assert.deepEqual(text(handWritten(of({ "b.yaml": configMap }), overlay)), ["agents", "stack", "objects/b.yaml"]);
  });

  const cases: Readonly<Record<string, readonly [text: string, problem: string, file?: string]>> = {
    "without a namespace": [
      own("ConfigMap", "mine", ""),
      "ConfigMap/mine: metadata.namespace is missing: expected one of this environment's, observability or observability-agents.",
    ],
    "of another namespace": [
      own("ConfigMap", "mine", "default"),
      'ConfigMap/mine: metadata.namespace is "default": expected one of this environment\'s, ',
    ],
    "in a namespace although its kind is in none": [
      own("ClusterRole", "mine", "observability", "rbac.authorization.k8s.io/v1"),
      'ClusterRole/mine: metadata.namespace is "observability": a ClusterRole is in none. Remove it.',
    ],
    "that is there already": [
      own("StatefulSet", "loki", "observability", "apps/v1"),
      "StatefulSet/loki is there already, from the environment. Give it another name, or, to change what is there, put a patch into overlays/dev/patches/.",
    ],
    "with the name of a generated ConfigMap": [
      own("ConfigMap", "loki-settings", "observability"),
      "ConfigMap/loki-settings is there already, ",
    ],
    "that two files have": [
      `${configMap}---\n${configMap}`,
      "document 2: ConfigMap/mine is there already, from objects/a.yaml. ",
    ],
    "with an unknown field": [
      `${configMap}dta: {}\n`,
      'ConfigMap/mine: dta is no field of a ConfigMap: did you mean "data"?',
    ],
    "that lacks what its kind needs": [
      own("Service", "mine", "observability") + "spec: { ports: [{}] }\n",
      "Service/mine: it does not fit its kind: ",
    ],
    "without a name": [
      "apiVersion: v1\nkind: ConfigMap\n",
      "it is no object: expected apiVersion, kind and metadata.name.",
    ],
    "that is a kustomization": [
      own("Kustomization", "mine", "observability", "kustomize.config.k8s.io/v1beta1"),
      "it is a Kustomization: expected the objects themselves.",
    ],
    "in an empty file": ["", "it holds no object. Add one, or remove the file."],
    "in broken YAML": ["kind: [a\n", "it is no YAML: "],
    "in a file of another kind": ["x", "it would be left out: expected .yaml, .yml or .json. ", "a.tpl"],
  };
  for (const [what, [text, problem, file = "a.yaml"]] of Object.entries(cases))
    test(`one ${what} stops the build`, () => {
      const found = said(text, file);
      assert.ok(found.startsWith(`overlays/dev/objects/${file}: ${problem}`), found);
    });
});
