import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asCommitted, bases } from "../src/core/assemble/base.ts";
import { type Component, namespaceNames } from "../src/core/model/component.ts";
import { defineRoles, type Mode } from "../src/core/model/roles.ts";
import type { Size } from "../src/core/model/size.ts";
import { merged } from "../src/core/kubernetes/strategic-merge.ts";
import { createWiring } from "../src/core/model/wiring.ts";
import { podTemplates } from "./lib/objects.ts";
import { network } from "./lib/policies.ts";
import { says } from "./lib/findings.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { apart, plan, together } from "../src/core/model/grouping.ts";

const size: Size = { replicas: 1, cpu: "1m", memory: "1Mi", memoryLimit: "1Mi" };

const roles = defineRoles(
  "logs",
  { ports: { http: 3100, grpc: 9095 }, metrics: { port: "http" } },
  {
    gateway: { tier: "read", entryPoint: { name: "logs-gateway", ports: ["http"] } },
    querier: { tier: "read" },
    "index-gateway": { tier: "backend", disk: "10Gi" },
    compactor: { tier: "backend", disk: "20Gi" },
  },
);
const { gateway, querier, "index-gateway": indexGateway, compactor } = roles;
const agent = defineRoles(
  "agent",
  { ports: { http: 80 }, namespaceKind: "agents" },
  { server: { tier: "write", runs: "every node" } },
);

/** A component of two modes and one agent in the other namespace that pushes to it. */
const catalogue = (addresses: string[]): readonly Component[] => [
  {
    name: "logs",
    namespaceKind: "stack",
    roles,
    modes: { monolithic: { grouping: together, sizes: {} }, microservices: { grouping: apart, sizes: {} } },
    build: ({ wiring: { wire }, workloads }) => {
      addresses.push(wire(querier).to(indexGateway, "grpc"), wire(gateway).to(querier, "http"));
      wire(compactor).to(indexGateway, "http");
      const pod = { containers: [{ name: "logs", image: "example.org/logs:1" }] };
      return { pods: workloads.map((workload) => ({ workload, size, pod })) };
    },
  },
  {
    name: "agent",
    namespaceKind: "agents",
    roles: agent,
    modes: { monolithic: { grouping: apart, sizes: {} } },
    build: ({ wiring: { wire }, workloads }) => {
      addresses.push(wire(agent.server).to(gateway, "http"));
      const pod = { containers: [{ name: "agent", image: "example.org/agent:1" }] };
      return { pods: workloads.map((workload) => ({ workload, size, pod })) };
    },
  },
];

function built(mode: Mode): { readonly addresses: readonly string[]; readonly objects: readonly Manifest[] } {
  const addresses: string[] = [];
  const all = bases(catalogue(addresses), ({ name }) => (name === "agent" ? "monolithic" : mode), asCommitted);
  const labelled = Object.values(namespaceNames).map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "app.kubernetes.io/part-of": "kube-lgtm" } },
  }));
  const placed = all.flatMap(({ component: { namespaceKind }, objects }) =>
    objects.map((object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: namespaceNames[namespaceKind] },
    })),
  );
  return { addresses, objects: [...labelled, ...placed] };
}

describe("an address that is asked for", () => {
  test("is the workload's Service where roles run apart, and opens the way there", () => {
    const { addresses, objects } = built("microservices");
    assert.deepEqual(addresses, ["logs-index-gateway:9095", "logs-querier:3100", "logs-gateway.observability:3100"]);
    const names = objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
    assert.deepEqual(names.sort(), [
      "logs-compactor-headless",
      "logs-gateway",
      "logs-index-gateway",
      "logs-index-gateway-headless",
      "logs-querier",
    ]);
  });

  test("is loopback where roles share a process, and no Service is made for it", () => {
    const { addresses, objects } = built("monolithic");
    assert.deepEqual(addresses, ["127.0.0.1:9095", "127.0.0.1:3100", "logs-gateway.observability:3100"]);
    const names = objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
    assert.deepEqual(names.sort(), ["logs-gateway", "logs-headless"]);
  });

  const { objects } = built("microservices");
  const may = (from: string, to: string, port: number): boolean => {
    const find = (name: string) => podTemplates(objects).find((pod) => pod.name === name) ?? assert.fail(name);
    return network(objects).connects(find(from), find(to), { port });
  };
  test("lets a querier reach the index gateway, on that port alone", () => {
    assert.ok(may("logs-querier", "logs-index-gateway", 9095));
    assert.ok(!may("logs-querier", "logs-index-gateway", 3100));
  });
  test("does not let the index gateway reach a querier", () =>
    assert.ok(!may("logs-index-gateway", "logs-querier", 9095)));
  test("does not let the gateway reach the index gateway, although both have such a connection with others", () => {
    assert.ok(may("logs-gateway", "logs-querier", 3100));
    assert.ok(may("logs-compactor", "logs-index-gateway", 3100));
    assert.ok(!may("logs-gateway", "logs-index-gateway", 3100));
    assert.ok(!may("logs-compactor", "logs-querier", 3100));
  });
  test("lets an agent in the other namespace reach the entry point, and nothing behind it", () => {
    assert.ok(may("agent", "logs-gateway", 3100));
    assert.ok(!may("agent", "logs-querier", 3100));
    assert.ok(!may("agent", "logs-compactor", 9095));
  });
  test("lets nobody reach who was never asked for", () => {
    for (const from of ["logs-gateway", "logs-querier", "logs-index-gateway", "agent"])
      assert.ok(!may(from, "logs-compactor", 9095), from);
  });
});

describe("an address that cannot be had stops the build", () => {
  const other = defineRoles("other", { ports: { http: 80 } }, { server: { tier: "read" } });
  const workloads = [...plan(Object.values(roles), apart), ...plan(Object.values(other), apart)];
  const { wire } = createWiring(workloads, namespaceNames);

  test("when the role has no entry point", () => {
    assert.throws(() => wire(other.server).to(querier, "http"), {
      message: "other/server asks for logs/querier, port http, which has no entry point. Ask for a role that has one.",
    });
  });
  test("when the port is not behind the entry point", () => {
    assert.throws(
      () => wire(other.server).to(gateway, "grpc"),
      /other\/server asks for logs\/gateway, port grpc, which has no entry point/,
    );
  });
  test("when the port is none of the role's", () => {
    // @ts-expect-error a port that the role does not have is a type error, too
    assert.throws(() => wire(querier).to(compactor, "htpp"), {
      message: "logs/compactor has no port htpp. It has http, grpc.",
    });
  });
  test("when the role runs nowhere", () => {
    const lost = defineRoles(
      "lost",
      { ports: { http: 80 } },
      { server: { tier: "read", entryPoint: { name: "lost", ports: ["http"] } } },
    );
    assert.throws(() => createWiring([], namespaceNames).workloadOf(lost.server), {
      message: "lost/server runs in no workload. Add it to the roles of its component.",
    });
  });
});

describe("a plan", () => {
  test("names a component's only workload after the component, and others after both", () => {
    assert.deepEqual(
      plan(Object.values(roles), together).map(({ fullName }) => fullName),
      ["logs"],
    );
    assert.deepEqual(
      plan(Object.values(roles), apart).map(({ fullName }) => fullName),
      ["logs-gateway", "logs-querier", "logs-index-gateway", "logs-compactor"],
    );
  });
  test("keeps the largest disk of the roles that share pods", () => {
    assert.deepEqual(
      plan(Object.values(roles), together).map(({ disk }) => disk),
      ["20Gi"],
    );
    assert.deepEqual(
      plan(Object.values(roles), apart).map(({ disk }) => disk),
      [undefined, undefined, "10Gi", "20Gi"],
    );
  });
});

describe("a strategic merge", () => {
  test("puts first what it names, and removes what it sets to null", () => {
    const target = { containers: [{ name: "x" }, { name: "y" }], claims: [1], kept: true };
    const patch = { containers: [{ name: "z" }, { name: "y", image: "2" }], claims: null };
    assert.deepEqual(merged(target, patch), {
      containers: [{ name: "z" }, { name: "y", image: "2" }, { name: "x" }],
      kept: true,
    });
  });
  test("joins lists of named things by their names and replaces others", () => {
    const target = {
      args: ["a", "b"],
      containers: [{ name: "x", image: "1", env: [{ name: "A", value: "1" }] }],
      labels: { a: "1" },
    };
    const patch = {
      args: ["c"],
      containers: [{ name: "x", env: [{ name: "A", value: "2" }] }, { name: "y" }],
      labels: { b: "2" },
    };
    assert.deepEqual(merged(target, patch), {
      args: ["c"],
      containers: [{ name: "x", image: "1", env: [{ name: "A", value: "2" }] }, { name: "y" }],
      labels: { a: "1", b: "2" },
    });
  });
});

test("a checker that finds nothing does not pass for one that does", () => {
  assert.throws(() => says([], /anything/), /expected a finding like/);
  assert.throws(() => says(["something"], /else/), /something/);
});
