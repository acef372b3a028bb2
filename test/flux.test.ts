import assert from "node:assert/strict";
import { posix } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { substituted } from "./lib/envsubst.ts";
import { none } from "./lib/findings.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { idOf } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { dev, environmentOf, rendered, shipped, worldOf, worlds } from "./lib/world.ts";
import { yaml } from "../src/core/util/text.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const files = rendered();

interface FluxSpec {
  readonly path: string;
  readonly components: readonly string[];
  readonly sourceRef: { readonly kind: string; readonly name: string };
  readonly prune: boolean;
  readonly wait: boolean;
  readonly dependsOn?: readonly { readonly name: string }[];
}

const fluxOf = (name: string, kind: string): Manifest =>
  parse(files.get(`overlays/${name}/flux/kube-lgtm-${name}-${kind}.yaml`) ?? "") as Manifest;

for (const { name, environment } of shipped) {
  describe(`Flux's objects of ${name}`, () => {
    const { metadata, spec } = fluxOf(name, "kustomization");
    const source = fluxOf(name, "gitrepository");
    const { path, components, sourceRef, prune, wait, dependsOn } = spec as FluxSpec;

    test("lead to the overlay, and to a Component that is there", () => {
      assert.ok(files.has(`${path.replace(/^\.\//, "")}/kustomization.yaml`), path);
      for (const component of components) {
        const text = files.get(`${posix.join(path, component)}/kustomization.yaml`);
        assert.match(text ?? "", /^kind: Component$/m, component);
      }
    });
    test("fetch from a source that is there, prune, and are ready when the workloads are", () => {
      assert.deepEqual(sourceRef, { kind: "GitRepository", name: source.metadata.name });
      assert.equal(source.metadata.namespace, metadata.namespace);
      assert.deepEqual([prune, wait], [true, true]);
    });
    test("wait for the Secrets that the environment does not generate", () => {
      const expected = environment.credentials === "by-name" ? [{ name: `${metadata.name}-secrets` }] : undefined;
      assert.deepEqual(dependsOn, expected);
    });
  });
}

test("a fork names its repository once", () => {
  const settings = { mode: "monolithic", metrics: "mimir", repository: { url: "https://git.example.org/ours.git" } };
  const own = rendered([worldOf(environmentOf("ours", settings))]);
  const text = own.get("overlays/ours/flux/kube-lgtm-ours-gitrepository.yaml") ?? "";
  assert.match(text, /url: https:\/\/git\.example\.org\/ours\.git\n {2}ref:\n {4}branch: main\n/);
});

const annotation = ({ metadata }: Manifest, name: string): string | undefined =>
  (metadata["annotations"] as Readonly<Record<string, string>> | undefined)?.[name];

const kept: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "flux-keep-config": { "kustomize.toolkit.fluxcd.io/prune": "disabled" },
  // https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/ : without the second the Application stays out of sync.
  "argocd-keep-config": {
    "argocd.argoproj.io/sync-options": "Prune=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
  },
};
test(
  "Components that keep configuration mark every ConfigMap and Secret and change nothing else",
  { skip: kustomizes.length === 0 ? missing : false },
  async () => {
    const tree = temporary(after);
    putAll(tree, files);
    const components = Object.keys(kept).map((name) => `../../components/${name}`);
    put(
      tree,
      "users/kept/kustomization.yaml",
      `resources: [../../overlays/dev]\ncomponents: [${components.join(", ")}]\n`,
    );
    for (const one of kustomizes) {
      const { objects } = await build(one, `${tree}/users/kept`);
      assert.deepEqual(objects.map(idOf).sort(), dev.objects.map(idOf).sort());
      const configs = objects.filter(({ kind }) => kind === "ConfigMap" || kind === "Secret");
      assert.ok(configs.length > 20);
      for (const [name, value] of Object.values(kept).flatMap((annotations) => Object.entries(annotations))) {
        const marked = (object: Manifest): boolean => annotation(object, name) === value;
        none(configs.filter((object) => !marked(object)).map(idOf));
        none(objects.filter((object) => marked(object) && !configs.includes(object)).map(idOf));
      }
    }
  },
);

/** A status of a StatefulSet of two pods, as the API server has it (apps/v1, StatefulSetStatus): what is zero is left out. */
type Status = Readonly<Record<string, number>>;
const statuses: Readonly<Record<string, readonly [boolean, number, Status]>> = {
  "that nobody has looked at": [false, 2, { replicas: 0, availableReplicas: 0 }],
  "whose pods do not run": [false, 2, { observedGeneration: 2, replicas: 2, updatedReplicas: 2 }],
  "whose pods are the old ones": [false, 2, { observedGeneration: 2, replicas: 2, readyReplicas: 2 }],
  "with one old pod": [false, 2, { observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 1 }],
  "as it was before a change": [false, 2, { observedGeneration: 1, replicas: 2, readyReplicas: 2, updatedReplicas: 2 }],
  "whose pods are new and ready": [
    true,
    2,
    { observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 2 },
  ],
  "that is to have none": [true, 0, { observedGeneration: 2, replicas: 0 }],
};
describe("Flux waits for zones, too: a StatefulSet", () => {
  const { healthCheckExprs } = fluxOf("prod", "kustomization").spec as {
    healthCheckExprs: readonly { apiVersion: string; kind: string; current: string }[];
  };
  const [{ apiVersion, kind, current } = assert.fail()] = healthCheckExprs;
  assert.deepEqual([apiVersion, kind], ["apps/v1", "StatefulSet"]);
  // What the expression uses of CEL means the same in JavaScript, but for has(): a missing field is an error there.
  const text = current.replaceAll("==", "===").replace(/has\(([\w.]+)\)/g, "($1 !== undefined)");
  const isReady = new Function("metadata", "spec", "status", `return ${text}`) as (...of: readonly object[]) => boolean;
  for (const [what, [expected, replicas, status]] of Object.entries(statuses)) {
    test(`${what} is ${expected ? "ready" : "waited for"}`, () => {
      assert.equal(isReady({ generation: 2 }, { replicas }, status), expected);
    });
  }
});

describe("post-build substitution", () => {
  const values = { cluster_name: "here" };
  const all = worlds.flatMap(({ name, objects }) =>
    objects.map((object) => ({
      id: `${name}: ${idOf(object)}`,
      text: yaml(object),
      isLeft: annotation(object, "kustomize.toolkit.fluxcd.io/substitute") === "disabled",
      isSettings: /-settings(-|$)/.test(object.metadata.name),
    })),
  );
  /** As Flux reads an object (kustomize-controller, SubstituteVariables): its whole text, unless it has the annotation. */
  const isChanged = ({ text }: { readonly text: string }, strict: boolean): boolean => {
    try {
      return substituted(text, { values, strict }) !== text;
    } catch {
      return true;
    }
  };
  const ids = (list: typeof all): readonly string[] => list.map(({ id }) => id);

  for (const strict of [true, false]) {
    test(`with one variable, ${strict ? "strict" : "lax"}, changes nothing of any environment`, () => {
      none(ids(all.filter((one) => !one.isLeft && isChanged(one, strict))));
    });
  }
  test("is off for no other object, and on for what people write their own variables into", () => {
    none(ids(all.filter((one) => one.isLeft && !isChanged(one, true))));
    assert.ok(all.filter(({ isSettings }) => isSettings).length > 20);
    none(ids(all.filter(({ isSettings, isLeft }) => isSettings && isLeft)));
  });
  test("is switched off on objects and never on their pods, so that nothing restarts", () => {
    const isInside = ({ text }: { readonly text: string }): boolean => /^ {5,}kustomize\.toolkit/m.test(text);
    none(ids(all.filter(isInside)));
  });
});
