import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressesIn, addressesOf, portFaults, resolution, serviceFaults } from "./lib/addresses.ts";
import { none, says } from "./lib/findings.ts";
import { altered, idOf, without } from "./lib/objects.ts";
import { closedEdges } from "./lib/policies.ts";
import type { Environment } from "../src/settings/schema.ts";
import { services } from "../src/core/derive/services.ts";
import { apart, plan } from "../src/core/model/grouping.ts";
import { defineRoles } from "../src/core/model/roles.ts";
import { createWiring } from "../src/core/model/wiring.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";

const template = ["spec", "template", "spec"];

/** Hosts that an environment's author names: they lie outside of the bundle. */
const outside = ({ exposure, database, kafka, proxy, store }: Environment): readonly string[] =>
  [
    ...Object.values(exposure ?? {}),
    ...Object.values(database ?? {}),
    kafka?.address ?? "",
    proxy?.url ?? "",
    "endpoint" in store ? (store.endpoint ?? "") : "",
  ]
    .map((text) => text.replace(/^https?:\/\//, "").replace(/:\d+$/, ""))
    .filter((host) => host !== "");
const one = (text: string) =>
  addressesIn({ where: "here", namespace: "n", text, readers: [] }).map(({ host, port }) => `${host}:${port}`);

describe("every address in every configuration, argument and data source leads to somebody who listens", () => {
  for (const { name, objects, environment } of worlds) {
    test(`of ${name}`, () => {
      assert.ok(addressesOf(objects).length > 25, "too few addresses were found");
      none(resolution(objects, outside(environment)).faults);
    });
    test(`and the policies of ${name} let it through`, () => {
      const { edges } = resolution(objects);
      assert.ok(edges.length > 10, "too few connections were found");
      none(closedEdges(edges, objects));
    });
    test(`every Service of ${name} has pods that have its ports`, () => {
      none(serviceFaults(objects));
      none(portFaults(objects));
    });
  }
});

describe("addresses are found wherever they stand", () => {
  test("in URLs, lists, flags, Alloy strings and shell lines", () => {
    assert.deepEqual(one("endpoint: http://minio:9000/x"), ["minio:9000"]);
    assert.deepEqual(one("url: https://example.org"), ["example.org:443"]);
    assert.deepEqual(one("- alertmanager:9093\n"), ["alertmanager:9093"]);
    assert.deepEqual(one("--alertmanagers.url=http://alertmanager:9093"), ["alertmanager:9093"]);
    assert.deepEqual(one('endpoint = "0.0.0.0:4317"'), ["0.0.0.0:4317"]);
    assert.deepEqual(one("address: dns+thanos-store-api:10901"), ["thanos-store-api:10901"]);
    assert.deepEqual(one("server /data --address=:9000"), [":9000"]);
    assert.deepEqual(one("http_listen_port: 3100"), [":3100"]);
    assert.deepEqual(one("addresses: dnssrvnoa+_memcached._tcp.loki-cache-chunks"), ["loki-cache-chunks:memcached"]);
    assert.deepEqual(one("LOKI_URL=http://loki-gateway.observability:3100/push"), ["loki-gateway.observability:3100"]);
  });
  test("and what only looks like one is left alone", () => {
    for (const text of [
      "2024-04-01",
      "regex: (.+:\\d+)",
      "docker.io/grafana/loki:3.7.8",
      "at 12:30:00",
      "1m:30s",
      "${HOST}:${PORT}",
    ])
      assert.deepEqual(one(text), [], text);
  });
});

describe("an address that leads nowhere is reported", () => {
  const args = [...template, "containers", 0, "args"];
  const loki = "StatefulSet observability/loki";
  const faults = (...[id, path, value]: [string, readonly (number | string)[], unknown]) =>
    resolution(altered(dev.objects, id, path, value)).faults;

  test("when its Service is not there", () => {
    says(
      faults(loki, [...args, 0], "-ruler.alertmanager-url=http://alertmanger:9093"),
      /loki.*alertmanger:9093 is no Service/,
    );
    says(resolution(without(dev.objects, "Service observability/minio")).faults, /minio:9000 is no Service/);
  });
  test("when the Service has no such port", () => {
    says(faults(loki, [...args, 0], "-x=http://alertmanager:9094"), /alertmanager:9094 is no port/);
    says(faults(loki, [...args, 0], "-x=dnssrvnoa+_grpc._tcp.alertmanager"), /alertmanager:grpc is no port/);
  });
  test("when the Service's pods are others", () => {
    const path = ["spec", "selector", "app.kubernetes.io/name"];
    says(
      serviceFaults(altered(dev.objects, "Service observability/minio", path, "min")),
      /minio spec.selector selects no pod/,
    );
  });
  test("when the pods do not have the port", () => {
    const path = [...template, "containers", 0, "ports", 0, "name"];
    says(
      serviceFaults(altered(dev.objects, "StatefulSet observability/minio", path, "s4")),
      /Service.*minio.*no port s3/,
    );
    says(faults("StatefulSet observability/minio", path, "s4"), /minio:9000 leads to .*no port s3/);
  });
  test("when a process says it listens where its pod does not", () => {
    says(faults(loki, [...args, 0], "-server.http-listen-address=:3101"), /:3101 is no port of StatefulSet .*loki/);
    says(faults(loki, [...args, 0], "-peer=127.0.0.1:9096"), /127.0.0.1:9096 is no port/);
  });
  test("when it names a namespace that the environment does not have", () => {
    says(
      faults(loki, [...args, 0], "-x=http://alertmanager.monitoring:9093"),
      /alertmanager.monitoring:9093 is no Service/,
    );
    says(faults(loki, [...args, 0], "-x=http://minio.observability.svc.cluster.local:9000"), /no short name/);
  });
  test("when a data source names it", () => {
    const source = dev.objects.map(idOf).find((id) => id.includes("grafana-datasource-loki")) ?? "";
    says(faults(source, ["data", "loki.yaml"], "url: http://loki:3100"), /grafana-datasource-loki.*loki:3100/);
  });
  test("when a headless name translates the port", () => {
    const changed = altered(dev.objects, "Service observability/loki-headless", ["spec", "ports", 0, "port"], 80);
    says(serviceFaults(changed), /loki-headless.*headless, port 80/);
  });
  test("when the policies do not let it through", () => {
    const { edges } = resolution(dev.objects);
    says(
      closedEdges(edges, without(dev.objects, "NetworkPolicy observability/loki")),
      /loki may not reach .*minio port 9000/,
    );
  });
});

test("logs cross from the agents' namespace to Loki's, whatever the two are called", () => {
  const { objects } = worldNamed("every-mimir-monolithic");
  const crossing = addressesOf(objects).filter(({ host }) => host.includes("."));
  const named = crossing.filter(
    ({ namespace, host }) => namespace === "telemetry-host" && host === "loki-gateway.telemetry",
  );
  assert.ok(named.length > 0);
});

describe("an address names a Service that stands for the pods, whatever that is called", () => {
  const [one, other] = [
    defineRoles(
      "one",
      { ports: { grpc: 9095, ring: 7946 } },
      { client: { tier: "read" }, plain: { tier: "read", disk: "1Gi" } },
    ),
    defineRoles(
      "other",
      { ports: { grpc: 9095, ring: 7946 } },
      {
        asks: { tier: "read" },
        listed: { tier: "read", disk: "1Gi", entryPoint: { name: "members", ports: ["grpc"], headless: true } },
      },
    ),
  ];
  const workloads = [one, other].flatMap((roles) => plan(Object.values(roles), apart));
  const wiring = createWiring(workloads, { stack: "s", agents: "a" });
  const ports = (name: string): readonly string[] | undefined =>
    services(workloads, wiring)
      .filter(({ metadata }) => metadata.name === name)
      .map(({ spec }) => (spec as { ports: { name: string }[] }).ports.map((port) => port.name))[0];

  test("each pod of a role is found under the headless Service that its component declares", () => {
    assert.equal(wiring.wire(other.asks).toEach(other.listed, "ring"), "members:7946");
    assert.deepEqual(ports("members"), ["grpc", "ring"]);
    assert.equal(wiring.wire(one.client).toEach(one.plain, "grpc"), "one-plain-headless:9095");
    assert.deepEqual(ports("one-plain-headless"), ["grpc"]);
  });
  test("a pod says of itself the name that others know it by", () => {
    assert.equal(wiring.ownAddress(other.listed, "ring"), "$(POD_NAME).members:7946");
    assert.deepEqual(wiring.wire(other.asks).toPods(other.listed, "ring", 1), ["other-listed-0.members:7946"]);
  });
  test("pods of another component are asked for by its entry point, whose name no mode changes", () => {
    assert.throws(() => wiring.wire(one.client).toEach(other.listed, "grpc"), /of another component/);
  });
});
