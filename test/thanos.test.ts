import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Manifest } from "../src/core/objects.ts";
import { kustomizes, build, missing } from "./lib/kustomize.ts";
import { putAll, temporary } from "./lib/project.ts";
import { environmentOf, rendered, type World, worldNamed, worldOf } from "./lib/world.ts";

const skip = kustomizes.length === 0 ? missing : false;

type Data = Readonly<Record<string, string>>;
const dataOf = (objects: readonly Manifest[], name: string): Data =>
  (objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(name))?.["data"] ??
    assert.fail(`no ConfigMap ${name}`)) as Data;

/** Names of the pods in the ring that routers read. */
const ring = (objects: readonly Manifest[]): readonly string[] => {
  const text = dataOf(objects, "thanos-receive-hashring")["hashring.json"] ?? "";
  const [{ endpoints }] = JSON.parse(text) as [{ readonly endpoints: readonly string[] }];
  return endpoints.map((endpoint) => endpoint.split(".")[0] ?? "");
};

const { name, ...settings } = worldNamed("every-thanos-receive-microservices").environment;
const withReplicas = (replicas: Readonly<Record<string, number>>): World =>
  worldOf(environmentOf(name, { ...settings, replicas }));

describe("the ring of Thanos receive", () => {
  const larger = withReplicas({ "thanos-receive-ingester": 5 });
  const five = [0, 1, 2, 3, 4].map((i) => `thanos-receive-ingester-${i}`);

  test("lists every ingester that an environment asks for", () => {
    assert.deepEqual(ring(worldNamed(name).objects), five.slice(0, 3));
    assert.deepEqual(ring(larger.objects), five);
  });
  test("is the one that kustomize builds", { skip }, async () => {
    const tree = temporary(after);
    putAll(tree, rendered([larger]));
    for (const one of kustomizes) {
      const { objects } = await build(one, `${tree}/${larger.overlay.path}`);
      assert.deepEqual(ring(objects), five);
    }
  });
  test("never asks for more copies than it has ingesters, which Thanos would not start with", () => {
    const factor = (world: World): string | undefined =>
      dataOf(world.objects, "thanos-receive-settings")["THANOS_RECEIVE_REPLICATION_FACTOR"];
    assert.equal(factor(larger), "3");
    assert.equal(factor(withReplicas({ "thanos-receive-ingester": 2 })), "2");
    assert.equal(factor(worldNamed("every-thanos-receive-monolithic")), "1");
  });
});
