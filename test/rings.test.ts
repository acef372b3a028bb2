import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { containersOf, podTemplates } from "./lib/objects.ts";
import { built } from "./lib/world.ts";
import { fileText } from "../src/core/util/text.ts";
import type { Base } from "../src/core/model/component.ts";

/**
 * What a process tells others of where it is, by the sections of each program's configuration: all of them, as upstream lists them. Left empty, each is
 * looked for among the interfaces: IPv4 only, and for gossip a private range only.
 * Mimir (aced80d): the fields of cmd/mimir/config-descriptor.json whose flag ends in instance-addr or advertise-addr.
 * Loki 3.7.6: docs/sources/shared/configuration.md; `common` is every ring's and the query-frontend's (pkg/loki/config_wrapper.go, applyInstanceConfigs).
 * Tempo 3.0.3: docs/sources/tempo/configuration/manifest.md.
 */
const addresses: Readonly<Record<string, readonly string[]>> = {
  loki: ["common.instance_addr", "memberlist.advertise_addr"],
  mimir: [
    "alertmanager.sharding_ring.instance_addr",
    "compactor.sharding_ring.instance_addr",
    "distributor.ring.instance_addr",
    "frontend.address",
    "ingester.ring.instance_addr",
    "memberlist.advertise_addr",
    "overrides_exporter.ring.instance_addr",
    "querier.ring.instance_addr",
    "query_scheduler.ring.instance_addr",
    "ruler.ring.instance_addr",
    "store_gateway.sharding_ring.instance_addr",
  ],
  tempo: [
    "backend_worker.ring.instance_addr",
    "distributor.ring.instance_addr",
    "live_store.ring.instance_addr",
    "memberlist.advertise_addr",
    "metrics_generator.ring.instance_addr",
  ],
};

/** As a cluster in a cloud gives the first pod of a node (https://docs.aws.amazon.com/eks/latest/userguide/deploy-ipv6-cluster.html); YAML takes it for a key. */
const awkward = "2600:1f13:b66:8203:34c3::";

const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((now, key) => (now as Readonly<Record<string, unknown>> | undefined)?.[key], value);

/** The program's configuration as it reads it in a pod of this address, which it puts into the text before it reads the text as YAML. */
function configuration({ configs, component: { name }, path }: Base, address: string): unknown {
  const file = configs.find((config) => config.name === name)?.files?.[`${name}.yaml`] ?? assert.fail(path);
  return parse(fileText(file).replaceAll("${POD_IP}", address));
}

describe("a pod is found wherever a cluster's addresses come from: each ring is told the pod's own", () => {
  for (const base of built.bases.filter(({ component }) => component.name in addresses)) {
    const { name } = base.component;
    const paths = addresses[name] ?? [];
    for (const address of ["10.1.2.3", "25.1.2.3", "240.10.0.5", "fd00:10:244::5", awkward])
      test(`${name}, ${base.mode}, ${address}`, () => {
        const read = configuration(base, address);
        assert.deepEqual(
          paths.map((path) => [path, at(read, path)]),
          paths.map((path) => [path, address]),
        );
      });
    test(`${name}, ${base.mode}: every pod knows its address`, () => {
      const programs = podTemplates(base.objects).flatMap((pod) =>
        containersOf(pod).filter((one) => one.name === name),
      );
      assert.ok(programs.length > 0);
      for (const { env = [] } of programs)
        assert.equal(env.find((one) => one.name === "POD_IP")?.valueFrom?.fieldRef?.fieldPath, "status.podIP");
    });
  }
});

test("an address and a port are told apart where the address has colons: it stands in brackets", () => {
  const written = [...built.bases, ...built.additions].flatMap(({ objects, path, ...more }) =>
    [...objects, ...("patches" in more ? more.patches : [])].flatMap((object) =>
      (JSON.stringify(object).match(/[^"]*\$\(POD_IP\)[^"]*/g) ?? []).map((text) => `${path}: ${text}`),
    ),
  );
  assert.ok(written.length > 0);
  // An attribute of OpenTelemetry is an address without a port.
  for (const text of written.filter((one) => !one.includes("k8s.pod.ip="))) assert.match(text, /\[\$\(POD_IP\)\]:\d+$/);
});
