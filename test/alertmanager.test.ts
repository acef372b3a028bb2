import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { network } from "../src/core/network.ts";
import type { Manifest } from "../src/core/objects.ts";
import { none } from "./lib/findings.ts";
import { containersOf, podTemplates } from "./lib/objects.ts";
import { environmentOf, type World, worldNamed, worldOf } from "./lib/world.ts";

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
    const { name, ...settings } = pair.environment;
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
