import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { catalogue } from "../src/components/index.ts";
import {
  acknowledged,
  compare,
  countPushes,
  countReads,
  gaps,
  judge,
  missingOf,
  numbersOf,
  parsePush,
  parseRead,
} from "./e2e/faults/account.ts";
import { lokiPush, otlpTraces, remoteWrite } from "./e2e/faults/bodies.ts";
import { batchAt, type Load, numberOfLine, numberOfTrace, type PushedStream, timeOf } from "./e2e/faults/load.ts";
import { fromRanges, toRanges } from "./e2e/faults/ranges.ts";
import { hasForgotten, ringText } from "./e2e/faults/owners.ts";
import { inParallel } from "./e2e/faults/parallel.ts";
import { verdictOf } from "./e2e/faults/row.ts";
import { type Fault, isSingleton, laneOf, lokiOutage, type Workload } from "./e2e/faults/steps.ts";
import { missing } from "./e2e/ready.ts";
import { sidesOf } from "./e2e/faults/switch.ts";
import { components } from "./e2e/signals.ts";
import { table } from "./e2e/table.ts";
import { isWorkload, podTemplate } from "./lib/objects.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const stream = (more: Partial<PushedStream> = {}): PushedStream => ({
  name: "logs",
  signal: "logs",
  way: "loki",
  to: "http://loki",
  headers: {},
  itemsPerBatch: 10,
  batchSeconds: 1,
  visibleSeconds: 5,
  idPrefix: "a000000000000001",
  ...more,
});
const logs = stream();
const load: Load = { run: "r", start: 1_700_000_000_000, streams: [logs] };

const pushes = [
  "logs 0 1 acknowledged 204 1000 1010",
  "logs 1 1 refused 503 2000 2010 upstream went away",
  "logs 1 2 acknowledged 204 3010 3020",
  "logs 2 1 dropped 400 3030 3040 too old",
  "logs 3 1 refused 0 4000 14000 request timeout",
  "traces 0 1 acknowledged OK 1000 1010",
].map(parsePush);
const batches = acknowledged(pushes, "logs");

describe("the account of a load", () => {
  test("counts as acknowledged what was pushed with success, at whichever attempt", () => {
    assert.deepEqual(
      [...batches],
      [
        [0, 1010],
        [1, 3020],
      ],
    );
    assert.equal(toRanges(numbersOf(logs, batches)), "0-19");
  });
  test("counts a batch once, however often it was pushed, and every push that was not taken", () => {
    assert.deepEqual(countPushes(logs, pushes), {
      sent: 40,
      acknowledged: 20,
      dropped: 10,
      attempts: 5,
      refused: 3,
      refusals: { "503": 1, "400": 1, "0": 1 },
    });
  });
  test("does not pass over a line that it cannot read", () => {
    assert.throws(() => parsePush("logs 0 1 acknow"), /not a line of the load's account: logs 0 1 acknow/);
    assert.throws(() => parsePush("logs 0 1 acknow 204 1 2"), /not a line of the load's account/);
    assert.throws(() => parseRead("logs new-range x"), /not a line of the reader's account/);
  });
});

describe("an answer", () => {
  const read = (line: string) => parseRead(`logs new-range 0 29 ${line}`);

  test("is good if it holds what was acknowledged long enough before", () => {
    assert.equal(judge(logs, batches, read("200 9000 9100 0-19")), "ok");
  });
  test("may lack what was acknowledged just before, and what never was", () => {
    assert.equal(judge(logs, batches, read("200 8000 8100 0-9")), "ok");
    assert.equal(judge(logs, batches, read("200 6000 6100 -")), "ok");
  });
  test("is wrong if one number of those is not there", () => {
    assert.equal(judge(logs, batches, read("200 9000 9100 0-12,14-19")), "wrong");
    assert.deepEqual(missingOf(logs, batches, read("200 9000 9100 0-12,14-19")), [13]);
  });
  test("has failed without status 200, whatever it holds", () => {
    assert.equal(judge(logs, batches, read("503 9000 9100 0-19 no healthy upstream")), "failed");
  });
});

describe("the reads of a fault", () => {
  const read = (kind: string, start: number, status: string) =>
    parseRead(`logs ${kind} 0 19 ${status} ${start} ${start + 100} ${status === "200" ? "0-19" : "-"}`);

  test("give the longest time without a good answer to one kind of query", () => {
    const reads = [
      read("new-range", 10_000, "200"),
      read("new-range", 12_000, "503"),
      read("old-range", 13_000, "200"),
      read("new-range", 14_000, "500"),
      read("new-range", 16_000, "200"),
      read("new-range", 18_000, "503"),
    ];
    const { ok, failed, wrong, longestOutageSeconds, failures, example } = countReads(logs, batches, reads, 19_000);
    assert.deepEqual(
      { ok, failed, wrong, longestOutageSeconds },
      { ok: 3, failed: 3, wrong: 0, longestOutageSeconds: 4.1 },
    );
    assert.deepEqual(failures, { "503": 2, "500": 1 });
    assert.equal(example, "new-range: 503");
  });
  test("tell how long the slowest good answer took", () => {
    const reads = [read("new-range", 10_000, "200"), { ...read("new-range", 11_000, "200"), end: 19_500 }];
    assert.equal(countReads(logs, batches, reads, 20_000).slowestSeconds, 8.5);
  });
  test("count an outage that does not end to the end of what was watched", () => {
    const reads = [read("new-range", 10_000, "503")];
    assert.equal(countReads(logs, batches, reads, 40_000).longestOutageSeconds, 30);
  });
});

describe("a fault", () => {
  const answered = { ok: 9, wrong: 0, failed: 0, longestOutageSeconds: 0, slowestSeconds: 0, failures: {} };
  const verdict = (excuse: Fault["excuse"], more: Partial<typeof answered>) =>
    verdictOf({ name: "kill", excuse, run: async () => "" }, [[logs, { ...answered, ...more }]]);
  const singleton = { signals: ["logs"], because: "a singleton" } as const;

  test("is borne if every read was good", () => assert.equal(verdict(undefined, {}), "ok"));
  test("has failed with one bad read", () => assert.equal(verdict(undefined, { wrong: 1 }), "failed"));
  test("is excused for bad reads of what a singleton serves, and of nothing else", () => {
    assert.equal(verdict(singleton, { failed: 1 }), "excused");
    assert.equal(verdict({ ...singleton, signals: ["traces"] }, { failed: 1 }), "failed");
  });
  test("has failed if nothing was read", () => assert.equal(verdict(singleton, { ok: 0 }), "failed"));
});

describe("faults in parallel", () => {
  const fault = (name: string, lane?: string, more: Partial<Fault> = {}): Fault => ({
    name,
    lane,
    run: async () => `${name} done`,
    ...more,
  });
  test("are told apart by components that there are", () => {
    const there = catalogue.map(({ name }) => name);
    assert.deepEqual(
      components.filter((name) => !there.includes(name)),
      [],
    );
  });
  test("are one of each lane at a time, and what all need alone", async () => {
    const excuse = { signals: ["logs"], because: "a singleton" } as const;
    const faults = inParallel([
      fault("a", laneOf("loki"), { excuse }),
      fault("b", laneOf("alloy-gateway")),
      fault("c", laneOf("tempo-cache")),
      fault("d", laneOf("loki-cache")),
    ]);
    assert.deepEqual(
      faults.map(({ name }) => name),
      ["a + c", "d", "b"],
    );
    assert.deepEqual(faults[0]?.excuse, excuse);
    assert.equal(faults[1]?.excuse, undefined);
    assert.equal(await faults[0]?.run(), "a done + c done");
  });
});

test("Loki is away as a whole, and comes back as it was: nothing else is touched", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-faults-"));
  const said = join(folder, "said");
  // A kubectl that writes down what it is told, and knows of nothing.
  const command = ["sh", "-c", `printf '%s\\n' "$*" >> ${said}; echo '{"items":[]}'`, "kubectl"];
  const one = (kind: string, component: string, name: string, replicas: number): Workload => ({
    namespace: "stack",
    object: {
      kind,
      metadata: { name, uid: name, labels: { "app.kubernetes.io/name": component } },
      spec: { replicas },
    },
  });
  const all = [
    one("StatefulSet", "loki", "loki-write", 3),
    one("Deployment", "loki", "loki-gateway", 2),
    one("StatefulSet", "loki-cache", "loki-cache", 1),
    one("StatefulSet", "tempo", "tempo", 1),
  ];
  const fault = lokiOutage({ command, stack: "stack", agents: "agents", users: "users" }, all, 0, 0);
  await fault.run();
  assert.equal(fault.name, "no Loki for 0 s");
  assert.deepEqual(fault.excuse?.signals, ["logs"]);
  const scaled = readFileSync(said, "utf8")
    .split("\n")
    .filter((line) => line.includes(" scale "));
  assert.deepEqual(scaled, [
    "-n stack scale StatefulSet/loki-write --replicas=0",
    "-n stack scale Deployment/loki-gateway --replicas=0",
    "-n stack scale StatefulSet/loki-write --replicas=3",
    "-n stack scale Deployment/loki-gateway --replicas=2",
  ]);
  rmSync(folder, { recursive: true });
});

describe("a ring", () => {
  const partition = (id: number, ...owners: string[]) => ({ id, state: 2, owner_ids: owners });

  test("has forgotten owners only when their partition has gone with them", () => {
    const before = { partitions: [partition(0, "store-0"), partition(1, "store-1")] };
    assert.equal(hasForgotten(before, ["store-1"], 1), false);
    assert.equal(hasForgotten({ partitions: [partition(0, "store-0"), partition(1)] }, ["store-1"], 1), false);
    const inactive = { ...partition(1), state: 3 };
    assert.equal(hasForgotten({ partitions: [partition(0, "store-0"), inactive] }, ["store-1"], 1), true);
    assert.equal(
      hasForgotten({ partitions: [partition(0, "store-0"), { ...inactive, owner_ids: ["store-1"] }] }, ["store-1"], 1),
      false,
    );
    assert.equal(hasForgotten({ partitions: [partition(0, "store-0")] }, ["store-1"], 1), true);
    assert.equal(ringText(before), "partition 0 state 2 of store-0, partition 1 state 2 of store-1");
  });
  test("of instances has forgotten them when they are not in it", () => {
    const shards = [{ id: "ingester-0", state: "ACTIVE" }];
    assert.equal(hasForgotten({ shards }, ["ingester-1"], 1), true);
    assert.equal(hasForgotten({ shards }, ["ingester-0"], 0), false);
  });
});

describe("what is read back", () => {
  test("lacks every acknowledged number that is not there, and counts surplus copies", () => {
    assert.deepEqual(compare([0, 1, 2, 3], [0, 1, 1, 3, 9]), { readBack: 3, missing: [2], duplicates: 1 });
  });
  test("shows where a counter was not scraped", () => {
    assert.deepEqual(gaps([100, 130, 130.4, 220, 250], 30), { longestSeconds: 89.6, missing: 2 });
  });
});

describe("numbers", () => {
  test("become ranges and numbers again", () => {
    assert.equal(toRanges([3, 1, 2, 2, 7, 9, 10]), "1-3,7,9-10");
    assert.deepEqual(fromRanges("1-3,7"), [1, 2, 3, 7]);
    assert.equal(toRanges([]), "-");
    assert.deepEqual(fromRanges("-"), []);
  });
  test("stand in what is pushed, and are found in it again", () => {
    const traces = stream({ name: "traces", signal: "traces" });
    const text = JSON.stringify(otlpTraces(load, traces, 3));
    const ids = [...text.matchAll(/"traceId":"([0-9a-f]{32})"/g)].map(([, id = ""]) => numberOfTrace(id));
    assert.equal(toRanges(ids), "30-39");
    const lines = JSON.stringify(lokiPush(load, logs, 3)).match(/n=\d+/g) ?? [];
    assert.equal(toRanges(lines.map((line) => numberOfLine(line) ?? -1)), "30-39");
  });
  test("have times of their own within their batch, and samples their batch's", () => {
    assert.equal(timeOf(load, logs, 31), load.start + 3100);
    assert.equal(timeOf(load, stream({ signal: "samples" }), 31), load.start + 3000);
    assert.equal(batchAt(load, logs, load.start + 3999), 3);
  });
});

describe("a remote write", () => {
  const samples = stream({ name: "s", signal: "samples", itemsPerBatch: 2 });
  const bytes = Buffer.from(remoteWrite(load, samples, 5));

  test("is one literal of Snappy's block format", () => {
    const length = ((bytes[0] ?? 0) % 128) | ((bytes[1] ?? 0) << 7);
    assert.equal(bytes.length, 2 + 3 + length);
    assert.equal(bytes[2], 61 << 2);
    assert.equal(bytes.readUInt16LE(3), length - 1);
  });
  test("holds each series' labels in order, its value and its time", () => {
    const text = bytes.toString("latin1");
    const names = [...text.matchAll(/__name__|run|series|stream/g)].map(([name]) => name);
    assert.deepEqual(names, [...["__name__", "run", "series", "stream"], ...["__name__", "run", "series", "stream"]]);
    const at = bytes.indexOf(Buffer.from([0x09, 0, 0, 0, 0, 0, 0, 0x14, 0x40, 0x10]));
    assert.ok(at > 0, "no sample with the value 5");
    let time = 0;
    for (let place = 0; place < 6; place++) time += ((bytes[at + 10 + place] ?? 0) % 128) * 128 ** place;
    assert.equal(time, load.start + 5000);
  });
});

describe("a workload", () => {
  const workload = (name: string, component: string, replicas: number): Workload => ({
    namespace: "stack",
    object: {
      kind: "StatefulSet",
      metadata: {
        name,
        uid: name,
        labels: { "app.kubernetes.io/name": "tempo", "app.kubernetes.io/component": component },
      },
      spec: { replicas },
    },
  });
  const zones = [workload("live-store-zone-a", "live-store", 1), workload("live-store-zone-b", "live-store", 1)];
  const scheduler = workload("backend-scheduler", "backend-scheduler", 1);

  test("of one pod is a singleton, but not if its role has another zone", () => {
    const all = [...zones, scheduler];
    assert.deepEqual(
      all.map((one) => isSingleton(all, one)),
      [false, false, true],
    );
  });
});

describe("a Deployment that is being rolled out", () => {
  const deployment = (status: Readonly<Record<string, number>>) =>
    missing({
      kind: "Deployment",
      metadata: { name: "alloy", uid: "1", generation: 2 },
      spec: { replicas: 1 },
      status: { observedGeneration: 2, ...status },
    });

  test("is not done while it is the old pod that is available", () => {
    assert.equal(deployment({ replicas: 2, updatedReplicas: 1, availableReplicas: 1 }), "Deployment alloy 0/1");
    assert.equal(deployment({ replicas: 1, updatedReplicas: 1, availableReplicas: 1 }), undefined);
  });
});

test("a table's columns line up, those of numbers to the right", () => {
  const rows = [
    ["check", "seconds", "detail"],
    ["a", "1.0", "x"],
    ["bc", "120.5", "yz"],
  ];
  assert.equal(table(rows), "check | seconds | detail\na     |     1.0 | x\nbc    |   120.5 | yz");
});

/** What a literal is for the pods of a workload, as the ConfigMap that they name has it. */
const literalOf = (objects: readonly Manifest[], workload: string, literal: string): string | undefined => {
  const found = objects.find((object) => isWorkload(object) && object.metadata.name === workload);
  const names = JSON.stringify(found ? podTemplate(found) : undefined);
  const config = objects.find(
    ({ kind, metadata }) => kind === "ConfigMap" && /-settings-/.test(metadata.name) && names.includes(metadata.name),
  );
  return (config?.["data"] as Readonly<Record<string, string>> | undefined)?.[literal];
};

describe("two modes of a component side by side", () => {
  for (const component of ["loki", "mimir"]) {
    test(`${component}: writers keep all copies, readers ask every writer until the first mode is gone`, async () => {
      const environment = component === "loki" ? "dev" : "dev-mimir";
      const { together, after } = await sidesOf(environment, component, "scalable");
      const copies = `${component.toUpperCase()}_REPLICATION_FACTOR`;
      assert.equal(literalOf(together, `${component}-write`, copies), "3");
      assert.equal(literalOf(together, `${component}-read`, copies), "1");
      assert.equal(literalOf(together, `${component}-backend`, copies), "1");
      for (const workload of ["write", "read", "backend"])
        assert.equal(literalOf(after, `${component}-${workload}`, copies), "3");
    });
  }

  test("of Mimir the one that is there is set to follow the store first", async () => {
    const { installed, before } = await sidesOf("dev-mimir", "mimir", "scalable");
    assert.equal(literalOf(installed, "mimir", "MIMIR_BLOCKS_SYNC_INTERVAL"), "15m");
    assert.equal(literalOf(before, "mimir", "MIMIR_BLOCKS_SYNC_INTERVAL"), "15s");
  });

  test("is refused where there is no such component or mode", async () => {
    await assert.rejects(sidesOf("dev", "nothing", "scalable"), /nothing is no component/);
    await assert.rejects(sidesOf("dev", "loki", "huge"), /loki has the modes monolithic/);
  });
});
