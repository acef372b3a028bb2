import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { network } from "../src/core/kubernetes/network-rules.ts";
import { none } from "./lib/findings.ts";
import { containersOf, podTemplates, secretsOf } from "./lib/objects.ts";
import { environmentOf, type World, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const pod = ({ objects }: World, name: string) =>
  podTemplates(objects).find((one) => one.name === name) ?? assert.fail(`no ${name}`);
const argsOf = (world: World): readonly string[] =>
  containersOf(pod(world, "alertmanager")).flatMap(({ args = [] }) => args);
const pair = worldNamed("every-thanos-sidecar-scalable");

describe("two Alertmanagers", () => {
  test("tell people of an alert once: each knows the other by its own name", () => {
    const peers = argsOf(pair).filter((arg) => arg.startsWith("--cluster.peer="));
    assert.deepEqual(
      peers,
      [0, 1].map((i) => `--cluster.peer=alertmanager-${i}.alertmanager-headless:9094`),
    );
  });
  test("are as many as an environment asks for", () => {
    const { name, file, ...settings } = pair.environment;
    const three = worldOf(environmentOf(name, { ...settings, replicas: { alertmanager: 3 } }));
    assert.equal(argsOf(three).filter((arg) => arg.startsWith("--cluster.peer=")).length, 3);
  });
  test("gossip in datagrams as well as over streams, and with nobody else", () => {
    const net = network(pair.objects);
    const one = pod(pair, "alertmanager");
    for (const protocol of ["TCP", "UDP"] as const) {
      assert.ok(net.connects(one, one, { port: 9094, protocol }), protocol);
      assert.ok(!net.connects(pod(pair, "prometheus"), one, { port: 9094, protocol }), protocol);
    }
    assert.ok(!net.connects(one, one, { port: 9093, protocol: "UDP" }));
  });
  test("alone listens to nobody", () =>
    assert.ok(argsOf(worldNamed("every-thanos-sidecar-monolithic")).includes("--cluster.listen-address=")));
});

describe("whoever notifies tells every Alertmanager of an alert, in every mode", () => {
  /** Lines that name Alertmanager by the one address for all. */
  const throughOneAddress = (objects: readonly Manifest[]): readonly string[] =>
    objects
      .filter(({ kind, metadata }) => !metadata.name.startsWith("grafana-datasource-") && kind !== "Service")
      .flatMap((object) =>
        (JSON.stringify(object).match(/[^"\\]*\balertmanager:9093[^"\\]*/g) ?? []).map(
          (line) => `${object.kind} ${object.metadata.name}: ${line}`,
        ),
      );
  for (const mode of ["monolithic", "scalable", "microservices"])
    for (const metrics of ["thanos-sidecar", "mimir"]) {
      test(`${metrics}, ${mode}`, () => {
        const { objects } = worldNamed(`every-${metrics}-${mode}`);
        none(throughOneAddress(objects));
        assert.match(JSON.stringify(objects), /alertmanager-members/);
      });
    }
});

type Texts = Readonly<Record<string, string>>;

/**
 * The files of a projected volume, as kubelet makes them (`collectData` in pkg/volume/projected/projected.go of Kubernetes 1.35): one source
 * after the other, later ones over earlier ones; `items` choose keys and name their files; what is optional may be missing.
 */
function filesOf(world: World, name: string, volume: string, secrets: Readonly<Record<string, Texts>>): Texts {
  const { spec, namespace } = pod(world, name);
  const sources = spec.volumes?.find((one) => one.name === volume)?.projected?.sources ?? assert.fail("not projected");
  return Object.assign(
    {},
    ...sources.map(({ configMap, secret }): Texts => {
      const found = configMap
        ? (world.objects.find((one) => one.kind === "ConfigMap" && one.metadata.name === configMap.name)?.[
            "data"
          ] as Texts)
        : secrets[secret?.name ?? ""];
      const { items, optional = false } = configMap ?? secret ?? {};
      assert.ok(found ?? optional, `${namespace}: ${configMap?.name ?? secret?.name} is neither there nor optional`);
      return items
        ? Object.fromEntries(items.flatMap(({ key, path }) => (found?.[key] ? [[path, found[key]]] : [])))
        : (found ?? {});
    }),
  ) as Texts;
}

describe("receivers of alerts", () => {
  const own = "route: {receiver: mine}\nreceivers: [{name: mine}]\n";
  const world = worldNamed("every-mimir-microservices");
  const file = argsOf(world).flatMap((arg) => /^--config.file=\/etc\/alertmanager\/(.+)$/.exec(arg)?.slice(1) ?? [])[0];

  test("are none until somebody makes the Secret: the pods start without it, and keep every alert", () => {
    const { [file ?? ""]: config = "" } = filesOf(world, "alertmanager", "config", {});
    assert.match(config, /^receivers:\n {2}- name: none\n*$/m);
  });
  test("are those of the Secret alertmanager-config, with the files that they name", () => {
    const secret = { "alertmanager.yml": own, "webhook-url": "https://example.com" };
    const files = filesOf(world, "alertmanager", "config", { "alertmanager-config": secret });
    assert.equal(files[file ?? ""], own);
    assert.equal(files["webhook-url"], "https://example.com");
  });
  test("are told of Mimir's alerts, too, where a tenant says nothing itself", () => {
    const config = containersOf(pod(world, "mimir-alertmanager")).flatMap(({ volumeMounts = [] }) =>
      volumeMounts.filter(({ name }) => name === "config").map(({ mountPath }) => mountPath),
    )[0];
    const secrets = { "alertmanager-config": { "alertmanager.yml": own } };
    const files = filesOf(world, "mimir-alertmanager", "config", secrets);
    const fallback = /fallback_config_file: (\S+)/.exec(files["mimir.yaml"] ?? "")?.[1];
    assert.equal(files[fallback?.replace(`${config}/`, "") ?? ""], own);
    assert.match(
      filesOf(world, "mimir-alertmanager", "config", {})[fallback?.replace(`${config}/`, "") ?? ""] ?? "",
      /name: none/,
    );
  });
  test("credentials of theirs are in no pod but Alertmanagers'", () => {
    const readers = podTemplates(world.objects).filter((one) =>
      secretsOf(one).some((secret) => secret.name === "alertmanager-config"),
    );
    assert.deepEqual(readers.map((one) => one.name).sort(), ["alertmanager", "mimir-alertmanager"]);
  });
});
