import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineRoles, type Role } from "../src/core/model/roles.ts";
import { apart, byTier, plan, together, without } from "../src/core/model/grouping.ts";
import { podsOf, type Size, sized, zonesOf } from "../src/core/model/size.ts";
import { portOf } from "../src/core/model/store.ts";
import { createWiring, type Wiring } from "../src/core/model/wiring.ts";
import { settingsName, variable } from "../src/core/model/component.ts";

const ring = { component: "shop", name: "shop-ring", port: "ring", lists: "members" } as const;
const roles = defineRoles(
  "shop",
  { ports: { http: 80, ring: 7946 }, groups: [ring] },
  {
    door: { tier: "read", entryPoint: { name: "shop", ports: ["http"] } },
    till: { tier: "write", disk: "10Gi", ports: { grpc: 9095 } },
    store: { tier: "write", disk: "20Gi" },
    boss: { tier: "write", singleton: true },
    clerk: { tier: "read", podNames: "stable" },
  },
);
const all = Object.values(roles) as readonly Role[];
const { agent } = defineRoles(
  "agent",
  { ports: { http: 81 }, namespaceKind: "agents" },
  { agent: { tier: "write", runs: "every node" } },
);

describe("roles become workloads", () => {
  const names = (workloads: ReturnType<typeof plan>) =>
    workloads.map(({ fullName, disk, podNames }) => [fullName, disk, podNames]);
  test("one with all of them and the component's own name; it keeps the largest of their disks", () =>
    assert.deepEqual(names(plan(all, together)), [["shop", "20Gi", "stable"]]));
  test("one a tier, and one by itself that must be alone", () =>
    assert.deepEqual(names(plan(all, byTier)), [
      ["shop-read", undefined, "stable"],
      ["shop-write", "20Gi", "stable"],
      ["shop-boss", undefined, undefined],
    ]));
  test("one each, of which pods keep their names that keep a volume or ask for it", () =>
    assert.deepEqual(names(plan(all, apart)), [
      ["shop-door", undefined, undefined],
      ["shop-till", "10Gi", "stable"],
      ["shop-store", "20Gi", "stable"],
      ["shop-boss", undefined, undefined],
      ["shop-clerk", undefined, "stable"],
    ]));
  test("none that a mode leaves out", () =>
    assert.deepEqual(names(plan(all, without(["till", "store", "clerk"], together))), [
      ["shop", undefined, undefined],
    ]));
  test("with the ports that all have and their own, in the groups of all", () => {
    assert.deepEqual(roles.till.ports, { http: 80, ring: 7946, grpc: 9095 });
    assert.deepEqual(roles.till.groups, [ring]);
  });
  test("the only server of a component has the component's name", () => {
    const { server } = defineRoles("one", { ports: {} }, { server: { tier: "read" } });
    assert.deepEqual(
      plan([server], apart).map(({ fullName }) => fullName),
      ["one"],
    );
  });
});

describe("an address", () => {
  const wiring = (grouping = apart): Wiring =>
    createWiring([...plan(all, grouping), ...plan([agent], apart)], { stack: "ours", agents: "theirs" });
  test("is the workload's Service inside a component, loopback inside a process", () => {
    assert.equal(wiring().wire(roles.door).to(roles.till, "grpc"), "shop-till:9095");
    assert.equal(wiring(together).wire(roles.door).to(roles.till, "grpc"), "127.0.0.1:9095");
  });
  test("is the entry point from another component, with its namespace where that is another one", () =>
    assert.equal(wiring().wire(agent).to(roles.door, "http"), "shop.ours:80"));
  test("of each pod is the Service that governs them, whose name lists all of them", () =>
    assert.equal(wiring().wire(roles.door).toEach(roles.till, "grpc"), "shop-till-headless:9095"));
  /** https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id : from zero. */
  test("of so many pods is one for each, counted from zero, under the Service that governs them", () =>
    assert.deepEqual(wiring().wire(roles.door).toPods(roles.till, "grpc", 2), [
      "shop-till-0.shop-till-headless:9095",
      "shop-till-1.shop-till-headless:9095",
    ]));
  test("of a group is the group's, and opens the way to each member", () => {
    const { wire, connections } = wiring();
    assert.equal(wire(roles.door).toGroup(ring, [roles.till, roles.store]), "shop-ring:7946");
    assert.deepEqual(
      connections().map(({ to, via }) => [to.name, via]),
      [
        ["store", "member"],
        ["till", "member"],
      ],
    );
  });
  test("that is only asked for in other modes lets nobody out", () => {
    const { wire, connections } = wiring();
    wire(roles.door).mayConnect(roles.till, "grpc");
    wire(roles.door).toIf(true, roles.store, "http");
    wire(roles.boss).toIf(false, roles.store, "http");
    assert.deepEqual(
      connections().map(({ from, to, onlyIn }) => [from.name, to.name, onlyIn]),
      [
        ["boss", "store", "other modes"],
        ["door", "store", undefined],
        ["door", "till", "other modes"],
      ],
    );
  });
  test("that a program finds by itself is on record, too", () => {
    const { wire, connections } = wiring();
    wire(roles.door).discovers(roles.till, "grpc");
    assert.deepEqual(
      connections("shop").map(({ from, to, port, via }) => [from.name, to.name, port, via]),
      [["door", "till", "grpc", "member"]],
    );
  });
});

describe("a size", () => {
  const row: Size = { replicas: 2, cpu: "100m", memory: "1Gi", memoryLimit: "2Gi" };
  const [workload] = plan([roles.till], apart);
  assert.ok(workload);
  const disk = (volumes: Parameters<typeof sized>[3], resized?: string) =>
    sized(workload, { till: row }, resized ? { "shop-till": { disk: resized } } : {}, volumes).disk;
  test("has the role's disk as a claim, unless an environment says otherwise of the component or of all", () => {
    assert.deepEqual(disk({}), { size: "10Gi", class: undefined, keeps: "claim" });
    assert.deepEqual(disk({ shop: { class: "fast" } }), { size: "10Gi", class: "fast", keeps: "claim" });
    assert.deepEqual(disk({ shop: { size: "5Gi" } }), { size: "5Gi", class: undefined, keeps: "claim" });
    assert.deepEqual(disk({ default: "none" }), { size: "10Gi", keeps: "nothing" });
    assert.deepEqual(disk({ default: "none", shop: "claim" })?.keeps, "claim");
    assert.deepEqual(disk({ default: "claim", shop: "none" })?.keeps, "nothing");
  });
  test("has the disk that its load asks for", () =>
    assert.equal(disk({ shop: { class: "fast" } }, "70Gi")?.size, "70Gi"));
  test("never has a most that is less than the least", () => {
    const { maxReplicas } = sized(workload, { till: { ...row, maxReplicas: 6 } }, { "shop-till": { replicas: 9 } }, {});
    assert.equal(maxReplicas, 9);
  });
  test("in zones counts the pods of all of them, which are named from a", () => {
    assert.equal(podsOf({ ...row, zones: 3 }), 6);
    assert.deepEqual([zonesOf({ ...row, zones: 3 }), zonesOf(row)], [["zone-a", "zone-b", "zone-c"], []]);
  });
});

/** RFC 9110, 4.2: 80 by http, 443 by https. */
test("a store outside is asked at the port of its endpoint, or its scheme's", () => {
  const port = (endpoint?: string): number => portOf({ kind: "s3", bucketPrefix: "", identity: "secret", endpoint });
  assert.deepEqual(
    [port(), port("https://a.example.com"), port("http://a.example.com"), port("http://a.example.com:7480")],
    [443, 443, 80, 7480],
  );
});

test("a setting's variable is its name in words", () => {
  assert.equal(variable("thanos-receive", "defaultTenant"), "THANOS_RECEIVE_DEFAULT_TENANT");
  assert.equal(variable("thanos", "retention5m"), "THANOS_RETENTION_5M");
  assert.equal(settingsName("loki"), "loki-settings");
});
