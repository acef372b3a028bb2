import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineRoles, type Mode } from "../src/core/model/roles.ts";
import { apart, plan } from "../src/core/model/grouping.ts";
import { quantity } from "../src/core/kubernetes/requests.ts";
import { podsOf, type Sized } from "../src/core/model/size.ts";
import { bound } from "../src/sizing/bounds.ts";
import { driver, type Facts, type Own } from "../src/sizing/drivers.ts";
import { kept } from "../src/sizing/kept.ts";
import { limits } from "../src/sizing/limits.ts";
import type { Load } from "../src/sizing/load.ts";
import { cpuQuantity, diskQuantity, memoryQuantity } from "../src/sizing/numbers.ts";
import { type Resource, takes } from "../src/sizing/rule.ts";
import { rules } from "../src/sizing/rules/index.ts";
import { sizingOf } from "../src/program.ts";
import { days } from "../src/sizing/sizing.ts";
import { text } from "../src/sizing/text.ts";
import { environmentOf } from "./lib/world.ts";
import { sums } from "../src/sizing/sum.ts";
import { explained } from "../src/sizing/workload.ts";

const facts = (load: Load, more: Partial<Facts> = {}): Facts => ({
  load,
  scrapeIntervalSeconds: 30,
  senders: 1,
  queued: [],
  queueHours: 24,
  ...more,
});
const once: Own = { copies: 1, zones: 1, retentionDays: 365 };

/** What all pods of a role need of a resource, in cores or Gi, by its rule. */
const needs = (
  component: string,
  role: string,
  resource: Resource,
  load: Load,
  more: Partial<Facts> = {},
  own: Partial<Own> = {},
): number => {
  const rule = rules[component]?.[role];
  assert.ok(rule, `${component}/${role}`);
  return sums(role, rule, resource, facts(load, more), { ...once, ...own }).reduce(
    (all, { result }) => all + result,
    0,
  );
};
const near = (found: number, expected: number, what: string): void =>
  assert.ok(Math.abs(found - expected) <= expected * 0.005, `${what} is ${found}: expected ${expected}`);

describe("a load in the units of upstream's figures, by arithmetic", () => {
  const amount = (name: Parameters<typeof driver>[0], of: Facts, own = once): number => driver(name).amount(of, own);
  const load: Load = {
    logsGBPerDay: 864,
    activeSeries: 3_000_000,
    spansPerSecond: 20_000,
    bytesPerSpan: 400,
    metricQueriesPerSecond: 7,
  };
  test("864 GB of logs a day are 0.864 TB a day and 10 MB a second", () => {
    near(amount("logs", facts(load)), 0.864, "TB");
    near(amount("logRate", facts(load)), 10, "MB a second");
  });
  test("3,000,000 series each 30 s are 100,000 samples a second, and what both of a pair send is twice that", () => {
    near(amount("samples", facts(load)), 100_000, "samples");
    near(amount("samplesSent", facts(load, { senders: 2 })), 200_000, "samples sent");
    near(amount("seriesSent", facts(load, { senders: 2 })), 6_000_000, "series sent");
  });
  test("100,000 samples a second are 8.64 billion a day, for as long as they are kept: a year, where there is no end", () => {
    near(amount("samplesKept", facts(load), { ...once, retentionDays: 10 }), 86.4, "billions");
    near(amount("samplesKept", facts(load), { ...once, retentionDays: Infinity }), 8.64 * 365, "billions");
    near(amount("seriesYears", facts(load), { ...once, retentionDays: 73 }), 3_000_000 / 5, "series a year");
  });
  test("20,000 spans a second of 400 bytes are 8 MB a second, and of the usual 500 bytes 10", () => {
    near(amount("spans", facts(load)), 8, "MB");
    near(amount("spans", facts({ spansPerSecond: 20_000 })), 10, "MB");
  });
  test("Kafka takes the samples and spans that go through it, as far as they are known, and keeps them for its hours", () => {
    // 100,000 samples of 100 bytes are 10 MB a second.
    near(amount("queue", facts(load, { queued: ["sampleBytes", "spans"] })), 18, "MB a second");
    near(amount("queue", facts({ spansPerSecond: 20_000 }, { queued: ["sampleBytes", "spans"] })), 10, "MB a second");
    near(amount("queueKept", facts(load, { queued: ["spans"], queueHours: 24 })), (8 * 86_400) / 1000, "GB");
    assert.ok(Number.isNaN(amount("queue", facts({}, { queued: ["spans"] }))));
  });
});

/** https://grafana.com/docs/loki/latest/setup/size/ : CPU and memory requests of each component at up to 3, at 3 to 30 and at 30 TB a day. */
describe("Loki's roles take what upstream's page on sizes gives each in its three tiers", () => {
  const page: Readonly<
    Record<string, readonly [cpu: readonly [number, number, number], memory: readonly [number, number, number]]>
  > = {
    distributor: [
      [8, 80, 200],
      [2, 40, 100],
    ],
    ingester: [
      [12, 180, 600],
      [24, 540, 1200],
    ],
    "query-frontend": [
      [2, 8, 16],
      [4, 16, 64],
    ],
    querier: [
      [10, 150, 375],
      [10, 200, 750],
    ],
    "query-scheduler": [
      [2, 2, 4],
      [1, 1, 1],
    ],
    "index-gateway": [
      [2, 5, 20],
      [8, 40, 80],
    ],
    compactor: [
      [2, 6, 6],
      [10, 20, 40],
    ],
  };
  for (const [role, [cpu, memory]] of Object.entries(page)) {
    test(role, () => {
      for (const [i, terabytes] of [3, 10, 30].entries()) {
        near(needs("loki", role, "cpu", { logsGBPerDay: terabytes * 1000 }), cpu[i] ?? NaN, `CPU at ${terabytes}`);
        near(
          needs("loki", role, "memory", { logsGBPerDay: terabytes * 1000 }),
          memory[i] ?? NaN,
          `memory at ${terabytes}`,
        );
      }
    });
  }
  test("in proportion below the first tier and beyond the last, and on a line in between", () => {
    const cpu = (terabytes: number): number => needs("loki", "distributor", "cpu", { logsGBPerDay: terabytes * 1000 });
    near(cpu(1.5), 4, "half of the first");
    near(cpu(6.5), 44, "between the first and the second");
    near(cpu(60), 400, "twice the last");
  });
  /** https://grafana.com/docs/loki/latest/operations/storage/wal/ : 10-15 GB of disk for an ingester at 5 MB a second. */
  test("an ingester that takes 5 MB a second has 15 Gi for its log, and half as much again, for each copy", () =>
    near(needs("loki", "ingester", "disk", { logsGBPerDay: 432 }, {}, { copies: 3 }), 15 * 3 * 1.5, "disk"));
});

/** https://grafana.com/docs/mimir/latest/manage/run-production-environment/planning-capacity/ */
describe("Mimir's roles take what upstream's page on capacity says", () => {
  const rows: readonly [string, string, Resource, number, Load, Partial<Facts>?, Partial<Own>?][] = [
    ["a distributor 1 core for 25,000 samples a second", "distributor", "cpu", 1, { activeSeries: 750_000 }],
    ["a distributor 1 GB for 25,000 samples a second", "distributor", "memory", 1, { activeSeries: 750_000 }],
    ["a distributor of what both of a pair send", "distributor", "cpu", 2, { activeSeries: 750_000 }, { senders: 2 }],
    ["an ingester 1 core for 300,000 series", "ingester", "cpu", 1, { activeSeries: 300_000 }],
    ["an ingester 2.5 GB for 300,000 series", "ingester", "memory", 2.5, { activeSeries: 300_000 }],
    [
      "an ingester 5 GB of disk for 300,000 series, and half as much again",
      "ingester",
      "disk",
      7.5,
      { activeSeries: 300_000 },
    ],
    ["ingesters as much again for each copy", "ingester", "memory", 7.5, { activeSeries: 300_000 }, {}, { copies: 3 }],
    ["ingesters CPU for each copy", "ingester", "cpu", 3, { activeSeries: 300_000 }, {}, { copies: 3 }],
    ["a query-frontend 1 core for 250 queries a second", "query-frontend", "cpu", 1, { metricQueriesPerSecond: 250 }],
    ["a query-frontend 1 GB for 250 queries a second", "query-frontend", "memory", 1, { metricQueriesPerSecond: 250 }],
    ["a querier 1 core for 10 queries a second", "querier", "cpu", 1, { metricQueriesPerSecond: 10 }],
    ["a querier 1 GB for 10 queries a second", "querier", "memory", 1, { metricQueriesPerSecond: 10 }],
    ["a query-scheduler 1 core for 500 queries a second", "query-scheduler", "cpu", 1, { metricQueriesPerSecond: 500 }],
    [
      "a query-scheduler 100 MB for 500 queries a second",
      "query-scheduler",
      "memory",
      0.1,
      { metricQueriesPerSecond: 500 },
    ],
    ["a store-gateway 1 core for 10 queries a second", "store-gateway", "cpu", 1, { metricQueriesPerSecond: 10 }],
    ["a store-gateway 1 GB for 10 queries a second", "store-gateway", "memory", 1, { metricQueriesPerSecond: 10 }],
    [
      "store-gateways 13 GB of disk for a million series over a year",
      "store-gateway",
      "disk",
      13 * 1.5,
      { activeSeries: 1_000_000 },
    ],
    ["a compactor 1 core for 20 million series", "compactor", "cpu", 1, { activeSeries: 20_000_000 }],
    ["a compactor 4 GB for 20 million series", "compactor", "memory", 4, { activeSeries: 20_000_000 }],
    ["a compactor 300 GB of disk for 20 million series", "compactor", "disk", 450, { activeSeries: 20_000_000 }],
  ];
  for (const [what, role, resource, expected, load, more, own] of rows)
    test(what, () => near(needs("mimir", role, resource, load, more, own), expected, role));
});

/** https://grafana.com/docs/tempo/latest/set-up-for-tracing/setup-tempo/plan/size/ */
describe("Tempo's roles take what upstream's page on sizes says", () => {
  const at = (megabytes: number): Load => ({ spansPerSecond: megabytes * 2000 });
  const rows: readonly [string, string, Resource, number, number, Partial<Own>?][] = [
    ["a distributor 2 cores for 10 MB a second", "distributor", "cpu", 10, 2],
    ["a distributor 2 GB for 10 MB a second", "distributor", "memory", 10, 2],
    ["a live-store 1 core for 6 MB a second", "live-store", "cpu", 6, 1],
    ["a live-store 4 GB for 6 MB a second", "live-store", "memory", 6, 4],
    ["live-stores as much for each copy", "live-store", "memory", 6, 8, { copies: 2 }],
    [
      "a live-store room for the spans of an hour, and half as much again",
      "live-store",
      "disk",
      1,
      (3600 / 1000) * 1.5,
    ],
    ["a block-builder half a core for 6 MB a second", "block-builder", "cpu", 6, 0.5],
    ["a block-builder 5 GB for 6 MB a second", "block-builder", "memory", 6, 5],
    ["a querier 4 GB for 2 MB a second", "querier", "memory", 2, 4],
    ["a query-frontend 4 GB at 10 MB a second", "query-frontend", "memory", 10, 4],
    ["a query-frontend 20 GB at 100 MB a second", "query-frontend", "memory", 100, 20],
    ["a backend-scheduler 2 GB at 100 MB a second", "backend-scheduler", "memory", 100, 2],
  ];
  for (const [what, role, resource, megabytes, expected, own] of rows)
    test(what, () => near(needs("tempo", role, resource, at(megabytes), {}, own), expected, role));
});

describe("what nobody publishes follows from what somebody does, by arithmetic", () => {
  /** https://prometheus.io/docs/prometheus/latest/storage/ : retention x samples a second x bytes a sample, which are 1 to 2. */
  test("Prometheus has its formula's disk beside that of a head like Mimir's ingester, and half as much again", () => {
    const series = 3_000_000;
    const blocks = (86_400 * (series / 30) * 2) / 1e9;
    near(
      needs("prometheus", "server", "disk", { activeSeries: series }, {}, { retentionDays: 1 }),
      (blocks + (series / 300_000) * 5) * 1.5,
      "disk",
    );
    near(needs("prometheus", "server", "memory", { activeSeries: series }), (series / 300_000) * 2.5, "memory");
  });
  test("a broker has room for all that comes in the hours that it keeps it", () =>
    near(
      needs("kafka", "server", "disk", { spansPerSecond: 20_000 }, { queued: ["spans"], queueHours: 24 }),
      10 * 86.4 * 1.5,
      "disk",
    ));
  /** https://kafka.apache.org/documentation/#hwandos : half a minute of writes in memory, and as much for the heap. */
  test("a broker has half a minute of writes in memory beside its heap", () =>
    near(
      needs("kafka", "server", "memory", { spansPerSecond: 20_000 }, { queued: ["spans"] }),
      1 + (10 * 30 * 2) / 1000,
      "memory",
    ));
  test("MinIO has room for everybody's objects, and half as much again", () =>
    near(needs("minio", "server", "disk", {}, { objects: 400 }), 600, "disk"));
  /** https://thanos.io/tip/components/compact.md/ : two weeks of blocks twice, in the worst case; 10 GB of memory where 100 GB of disk are. */
  test("Thanos's compactor has room for two weeks of samples twice, of two bytes, and 10 GB of memory for 100 of them", () => {
    const twice = (2 * 14 * 86_400 * 100_000 * 2) / 1e9;
    near(needs("thanos", "compact", "disk", { activeSeries: 3_000_000 }), twice * 1.5, "disk");
    near(needs("thanos", "compact", "memory", { activeSeries: 3_000_000 }), 48, "memory");
  });
  test("Thanos's receivers hold what each of a pair sends, which nobody takes away, in every copy", () => {
    for (const [resource, each] of [
      ["cpu", 1],
      ["memory", 2.5],
      ["disk", 10 * 1.5],
    ] as const)
      near(
        needs("thanos-receive", "ingester", resource, { activeSeries: 300_000 }, { senders: 2 }, { copies: 3 }),
        each * 2 * 3,
        resource,
      );
  });
  test("Thanos's stores do all of the queries' work in each zone", () =>
    near(needs("thanos", "store", "cpu", { metricQueriesPerSecond: 10 }, {}, { zones: 2 }), 2, "CPU"));
});

test("a need of several points is in proportion below the first and beyond the last, and a line in between", () => {
  const points = [
    [10, 4],
    [100, 22],
  ] as const;
  assert.deepEqual(
    [5, 10, 55, 100, 200].map((amount) => takes(points, amount)),
    [2, 4, 13, 22, 44],
  );
  assert.deepEqual(
    [0.5, 100].map((amount) => takes([[0, 3]], amount)),
    [3, 3],
  );
});

describe("an amount becomes a quantity", () => {
  test("that is never less, in steps that the API server writes alike", () => {
    assert.deepEqual([0.01, 0.05, 0.051, 0.999, 1, 1.04, 2].map(cpuQuantity), [
      "50m",
      "50m",
      "100m",
      "1",
      "1",
      "1050m",
      "2",
    ]);
    assert.deepEqual([0.01, 0.0625, 0.07, 1, 1.01, 2.5].map(memoryQuantity), [
      "64Mi",
      "64Mi",
      "128Mi",
      "1Gi",
      "1088Mi",
      "2560Mi",
    ]);
    assert.deepEqual([0.1, 5, 5.1, 17].map(diskQuantity), ["5Gi", "5Gi", "10Gi", "20Gi"]);
  });
});

describe("a duration is so many days", () => {
  const known: Readonly<Record<string, number>> = {
    "24h": 1,
    "36h": 1.5,
    "1440m": 1,
    "86400s": 1,
    "30d": 30,
    "2w": 14,
    "1y": 365,
  };
  for (const [text, expected] of Object.entries(known)) test(text, () => assert.equal(days(text), expected));
  test("and without end, where nothing is deleted after it", () => assert.equal(days("0s"), Infinity));
});

describe("the object store holds", () => {
  test("a fifth of the logs that are sent", () =>
    near(kept("loki", 10, 1, facts({ logsGBPerDay: 100 }))[0]?.gigabytes ?? NaN, 200, "GB"));
  test("a third of the spans that are sent", () =>
    near(kept("tempo", 1, 1, facts({ spansPerSecond: 20_000 }))[0]?.gigabytes ?? NaN, (10 * 86.4) / 3, "GB"));
  /** https://grafana.com/docs/mimir/latest/manage/run-production-environment/planning-capacity/ and Prometheus's page on storage. */
  test("two bytes of a sample: those of Mimir once, of Thanos from each of a pair", () => {
    const day = (86_400 * 100_000 * 2) / 1e9;
    near(kept("mimir", 7, 1, facts({ activeSeries: 3_000_000 }))[0]?.gigabytes ?? NaN, 7 * day, "GB");
    near(kept("thanos", 7, 2, facts({ activeSeries: 3_000_000 }))[0]?.gigabytes ?? NaN, 2 * 7 * day, "GB");
  });
});

test("a limit of a small load is what it is without one", () => {
  const [all] = [limits(["loki", "mimir", "tempo"], facts({ logsGBPerDay: 1, activeSeries: 1000, spansPerSecond: 1 }))];
  assert.ok(
    all.every(
      ({ value, component, setting }) =>
        value === limits([component], facts({})).find((one) => one.setting === setting)?.value,
    ),
  );
});

/** https://grafana.com/docs/loki/latest/get-started/deployment-modes/ : about 20 GB a day in one process, close to a TB a day in three. */
test("a mode of Loki is warned of beyond what upstream says that it is good for, and not before", () => {
  const said = (mode: Mode, logsGBPerDay: number): number => bound("loki", mode, facts({ logsGBPerDay })).length;
  assert.deepEqual(
    [
      said("monolithic", 19),
      said("monolithic", 21),
      said("scalable", 999),
      said("scalable", 1001),
      said("microservices", 50_000),
    ],
    [0, 1, 0, 1, 0],
  );
});

describe("pods for a load", () => {
  const gibibytes = (text: string): number => (quantity(text) ?? NaN) / 2 ** 30;
  /** Mimir's ingesters, alone, in a mode. */
  const ingesters = (mode: Mode, size: Partial<Sized>, load: Load, own: Partial<Own> = {}) => {
    const { ingester } = defineRoles("mimir", { ports: {} }, { ingester: { tier: "write", disk: "1Gi" } });
    const [workload] = plan([ingester], apart);
    assert.ok(workload);
    const small: Sized = {
      replicas: 1,
      cpu: "10m",
      memory: "16Mi",
      memoryLimit: "32Mi",
      disk: { size: "1Gi", keeps: "claim" },
      ...size,
    };
    return explained({ workload, mode, size: small, said: { replicas: false, disk: false } }, facts(load), {
      ...once,
      ...own,
    });
  };
  test("are larger in a monolith, which stays one", () => {
    const { size, disk } = ingesters("monolithic", {}, { activeSeries: 3_000_000 });
    assert.deepEqual([size.replicas, size.cpu, size.memory, disk], [1, "10", "25Gi", "75Gi"]);
    assert.ok(gibibytes(size.memoryLimit) >= 1.5 * 25);
  });
  test("are more where each is as large as upstream's: 30 cores and 75 Gi are ten pods of 8 Gi", () => {
    const { size } = ingesters("microservices", {}, { activeSeries: 9_000_000 });
    // 9,000,000 / 300,000 x 2.5 = 75 Gi, of 8 Gi each.
    assert.equal(size.replicas, 10);
    assert.ok(podsOf(size) * gibibytes(size.memory) >= 75);
  });
  test("are shared among the zones, each of which has as many as the others", () => {
    const { size } = ingesters("microservices", { zones: 3 }, { activeSeries: 9_000_000 }, { copies: 3, zones: 3 });
    // Three copies are 225 Gi: 29 pods of 8 Gi, ten in each of three zones.
    assert.deepEqual([size.replicas, podsOf(size)], [10, 30]);
  });
  test("share the work: each of four asks for a quarter", () => {
    const { size } = ingesters("microservices", { replicas: 4 }, { activeSeries: 1_200_000 });
    assert.deepEqual([size.replicas, size.cpu, size.memory], [4, "1", "2560Mi"]);
  });
  test("never have less than the mode gives them", () => {
    const { size, disk } = ingesters(
      "microservices",
      { replicas: 3, cpu: "2", memory: "9Gi", memoryLimit: "40Gi", disk: { size: "99Gi", keeps: "claim" } },
      { activeSeries: 3000 },
    );
    assert.deepEqual([size.replicas, size.cpu, size.memory, size.memoryLimit, disk], [3, "2", "9Gi", "40Gi", "99Gi"]);
  });
  test("grow by the resource that fills most of them", () => {
    // 13 GB of disk for a million series over a year, half as much again, of 50 Gi each; of queries next to none.
    const { "store-gateway": role } = defineRoles(
      "mimir",
      { ports: {} },
      { "store-gateway": { tier: "backend", disk: "1Gi" } },
    );
    const [workload] = plan([role], apart);
    assert.ok(workload);
    const size: Sized = {
      replicas: 1,
      cpu: "10m",
      memory: "16Mi",
      memoryLimit: "32Mi",
      disk: { size: "1Gi", keeps: "claim" },
    };
    const found = explained(
      { workload, mode: "microservices", size, said: { replicas: false, disk: false } },
      facts({ activeSeries: 10_000_000, metricQueriesPerSecond: 1 }),
      once,
    );
    assert.equal(found.size.replicas, Math.ceil((13 * 10 * 1.5) / 50));
  });
  test("may become as many times more as the least of them", () => {
    const { size } = ingesters("microservices", { replicas: 2, maxReplicas: 6 }, { activeSeries: 9_000_000 });
    assert.equal(size.maxReplicas, (6 * size.replicas) / 2);
  });
});

describe("what `make size` prints", () => {
  const sizing = sizingOf(
    environmentOf("prod", {
      mode: "microservices",
      metrics: "mimir",
      load: { logsGBPerDay: 500, activeSeries: 5_000_000 },
    }),
  );
  const lines = text(sizing).split("\n");
  test("counts the pods of all zones in its total", () => {
    const total =
      lines
        .find((line) => line.startsWith("total of all pods"))
        ?.trim()
        .split(/ {2,}/) ?? [];
    assert.equal(
      Number(total[1]?.replaceAll(",", "")),
      sizing.workloads.reduce((sum, { size }) => sum + size.replicas * (size.zones ?? 1), 0),
    );
  });
  test("numbers its sources, each of a page's figures by itself", () => {
    const cited = sizing.workloads.flatMap(({ sums }) => sums).map(({ source }) => `${source.page} ${source.says}`);
    const kept = sizing.kept.map(({ source }) => `${source.page} ${source.says}`);
    const numbers = lines.filter((line) => /^ +\[\d+\] (assumption: )?\S/.test(line)).length;
    assert.equal(numbers, new Set([...cited, ...kept]).size);
  });
});
