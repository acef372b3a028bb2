import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { IContainer } from "kubernetes-models/v1/Container";
import { parse } from "yaml";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { none, says } from "./lib/findings.ts";
import { altered, containersOf, podTemplate, podTemplates } from "./lib/objects.ts";
import { putAll, temporary } from "./lib/project.ts";
import { environmentOf, rendered, type World, worldNamed, worldOf, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const skip = kustomizes.length === 0 ? missing : false;

/** A rule of --selector.relabel-config. */
interface Share {
  readonly action: string;
  readonly source_labels: readonly string[];
  readonly modulus?: number;
}

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

const { name, file, ...settings } = worldNamed("every-thanos-receive-microservices").environment;
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

describe("Thanos stores that share the blocks", () => {
  const set = ({ objects }: World, name: string): Manifest =>
    objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === name) ?? assert.fail(name);
  const replicas = (world: World, name: string): number => (set(world, name)["spec"] as { replicas: number }).replicas;
  /** What a pod's arguments keep of the blocks. */
  const share = (world: World, name: string): readonly Share[] => {
    const [{ args = [], env = [] }] = podTemplate(set(world, name)).spec.containers as [IContainer];
    const flag = "--selector.relabel-config=";
    const text = args.find((arg) => arg.startsWith(flag)) ?? assert.fail(`${name} keeps all blocks`);
    assert.ok(
      env.some(({ name }) => name === "POD_INDEX"),
      name,
    );
    return JSON.parse(text.slice(flag.length)) as Share[];
  };
  const own = { action: "keep", source_labels: ["shard"], regex: "$(POD_INDEX)" };

  test("have every block once in each zone, however many stores an environment asks for", () => {
    for (const count of [1, 2, 5]) {
      const world = withReplicas({ "thanos-store": count });
      for (const zone of ["thanos-store-zone-a", "thanos-store-zone-b"]) {
        const [modulo, keep] = share(world, zone);
        assert.deepEqual(modulo, { ...modulo, action: "hashmod", source_labels: ["__block_id"], modulus: count });
        assert.deepEqual(keep, own);
        assert.equal(replicas(world, zone), count);
      }
    }
  });
  test("are compacted by one, or by several with streams of their own, and copies of one stream stay together", () => {
    assert.throws(() => share(worldNamed(name), "thanos-compact"), /thanos-compact keeps all blocks/);
    const [modulo, keep] = share(withReplicas({ "thanos-compact": 2 }), "thanos-compact");
    assert.equal(modulo?.modulus, 2);
    assert.deepEqual(keep, own);
    for (const label of ["__block_id", "receive_replica"]) assert.ok(!modulo.source_labels.includes(label));
  });
});

describe("Thanos rulers", () => {
  const rule = (world: World): string =>
    JSON.stringify(
      world.objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "thanos-rule"),
    );
  const url = (world: string): string | undefined =>
    dataOf(worldNamed(world).objects, "thanos-settings")["THANOS_REMOTE_WRITE_URL"];

  test("keep nothing where there are two: what they find out goes where samples go", () => {
    for (const mode of ["scalable", "microservices"]) {
      assert.match(rule(worldNamed(`every-thanos-sidecar-${mode}`)), /--remote-write.config=/);
      assert.doesNotMatch(rule(worldNamed(`every-thanos-sidecar-${mode}`)), /objstore/);
      assert.equal(url(`every-thanos-sidecar-${mode}`), "http://prometheus:9090/api/v1/write");
      assert.equal(url(`every-thanos-receive-${mode}`), "http://thanos-receive:19291/api/v1/receive");
    }
  });
  test("are told of by one alert, whichever of them found it", () => {
    assert.match(rule(worldNamed("every-thanos-sidecar-scalable")), /--alert.label-drop=rule_replica/);
  });
  test("upload what they find out where there is one", () => {
    assert.match(rule(worldNamed("every-thanos-sidecar-monolithic")), /--objstore.config-file/);
  });
});

test("what pushes to a pair of Prometheuses, or to gateways before it, reaches the same one each time", () => {
  const { objects } = worldNamed("every-thanos-sidecar-scalable");
  for (const door of ["prometheus", "otlp"]) {
    const service = objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === door);
    assert.equal((service?.["spec"] as { sessionAffinity?: string }).sessionAffinity, "ClientIP", door);
  }
});

describe("every block of a Prometheus with a sidecar reaches the bucket", () => {
  /**
   * What keeps blocks out of it. A sidecar uploads those of the first level (`Sync` in pkg/shipper/shipper.go of Thanos 0.42.5); Prometheus
   * makes others of blocks that overlap, if it may (cmd/prometheus/main.go of 3.16.0), and of several that lie side by side, if the
   * longest block is longer than the shortest. Thanos's compactor halts at blocks that overlap, unless it is told to merge them.
   */
  const kept = (objects: readonly Manifest[]): readonly string[] => {
    const argsOf = (container: string): readonly string[] =>
      podTemplates(objects)
        .flatMap(containersOf)
        .find(({ name }) => name === container)?.args ?? assert.fail(`no ${container}`);
    const args = argsOf("prometheus");
    const valueOf = (flag: string): string | undefined =>
      args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1);
    const own = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "prometheus");
    const config = parse((own?.["data"] as Data)["prometheus.yml"] ?? "") as {
      readonly storage?: { readonly tsdb?: { readonly out_of_order_time_window?: string } };
    };
    const [shortest, longest] = ["min", "max"].map((which) => valueOf(`--storage.tsdb.${which}-block-duration`));
    const late = config.storage?.tsdb?.out_of_order_time_window !== undefined;
    const mayOverlap = args.includes("--no-storage.tsdb.allow-overlapping-compaction");
    return [
      ...(shortest === longest ? [] : [`blocks of ${shortest} become blocks of ${longest}`]),
      ...(late && !mayOverlap ? ["late samples are merged into the blocks that they overlap"] : []),
      // `Sync` ends at the first block that it cannot read or upload, unless it is told not to (the same file).
      ...["--shipper.skip-corrupted-blocks", "--shipper.allow-out-of-order-uploads"]
        .filter((flag) => !argsOf("thanos-sidecar").includes(flag))
        .map((flag) => `one block keeps all others back without ${flag}`),
      ...(late && !argsOf("thanos-compact").includes("--compact.enable-vertical-compaction")
        ? ["the compactor halts at blocks that overlap"]
        : []),
    ];
  };
  const withSidecar = worlds.filter(({ environment: { metrics } }) => metrics === "thanos-sidecar");

  test("those that late samples are in, too, in every environment", () => {
    assert.ok(withSidecar.length > 3);
    for (const { name, objects } of withSidecar) none(kept(objects), name);
  });
  test("and what would keep them out is seen", () => {
    const { objects } = worldNamed("dev");
    const id = "StatefulSet observability/prometheus";
    const containers = podTemplates(objects).find((pod) => pod.id === id)?.spec.containers ?? [];
    const at = containers.findIndex(({ name }) => name === "prometheus");
    const { args = [] } = containers[at] ?? assert.fail(id);
    const told = (args: readonly string[]) =>
      kept(altered(objects, id, ["spec", "template", "spec", "containers", at, "args"], args));
    says(told(args.filter((arg) => !arg.includes("overlapping"))), /late samples are merged/);
    says(told(args.map((arg) => arg.replace("max-block-duration=2h", "max-block-duration=2d"))), /become blocks of 2d/);
  });
});

test("what came late is soon in an answer that was kept before it came", () => {
  const frontends = worlds.flatMap(({ name, objects }) =>
    objects
      .filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("thanos-query-frontend-"))
      .flatMap(({ data }) => Object.values(data as Data).map((text) => ({ name, text }))),
  );
  assert.ok(new Set(frontends.map(({ name }) => name)).size > 5);
  for (const { name, text } of frontends) {
    const { type, config } = parse(text) as { type: string; config: { expiration?: string; validity?: string } };
    // Without it memcached keeps an answer for a day (pkg/queryfrontend/config.go of Thanos 0.42.5).
    const kept = type === "MEMCACHED" ? config.expiration : config.validity;
    assert.match(kept ?? "a day", /^([1-9]?\d{1,2}s|1?\dm)$/, `${name}: ${text}`);
  }
});
