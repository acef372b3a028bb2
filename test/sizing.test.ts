import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { catalogue } from "../src/components/index.ts";
import { asCommitted, bases } from "../src/core/assemble/base.ts";
import { variable } from "../src/core/model/component.ts";
import { defineRoles, type Mode } from "../src/core/model/roles.ts";
import { quantity } from "../src/core/kubernetes/requests.ts";
import { podsOf, type Size } from "../src/core/model/size.ts";
import { basesOf, sizingOf, unloaded } from "../src/program.ts";
import type { Environment } from "../src/settings/schema.ts";
import { modeIn, SettingsError } from "../src/settings/validate.ts";
import type { Facts } from "../src/sizing/drivers.ts";
import { growing } from "../src/sizing/limits.ts";
import { type Load, loadFields } from "../src/sizing/load.ts";
import { type Resource, resources, takes } from "../src/sizing/rule.ts";
import { rules } from "../src/sizing/rules/index.ts";
import { days, resizing, type Sizing, sizing } from "../src/sizing/sizing.ts";
import { text } from "../src/sizing/text.ts";
import { tried } from "../src/sizing/tried.ts";
import { type Explained, explained, limitFactor } from "../src/sizing/workload.ts";
import { cli } from "./lib/project.ts";
import { built, environmentOf, root, worldNamed, worldOf } from "./lib/world.ts";
import { apart, plan } from "../src/core/model/grouping.ts";

const gibibyte = 2 ** 30;
const cores = (value: string): number => quantity(value) ?? NaN;
const gibibytes = (value: string): number => (quantity(value) ?? NaN) / gibibyte;

const back = ["mimir", "thanos-receive", "thanos-sidecar"] as const;
const modes = [...new Set(catalogue.flatMap((component) => Object.keys(component.modes) as Mode[]))];
const kinds = modes.flatMap((mode) => back.map((metrics) => ({ mode, metrics })));

const sizingFor = (mode: Mode, metrics: string, load: Load | undefined, more: object = {}): Sizing =>
  sizingOf(environmentOf("prod", { mode, metrics, load, ...more }));

const sizesOf = (environment: Environment) => resizing(sizingOf(environment));

/** The sizing of one kind of environment for any load; its bases are built once. */
function sizer(mode: Mode, metrics: string): (load: Load | undefined) => Sizing {
  const plain = environmentOf("prod", { mode, metrics });
  const own = basesOf(plain, unloaded);
  return (load) => sizing({ ...plain, load }, own);
}
const usual: Load = { logsGBPerDay: 500, activeSeries: 2e6, spansPerSecond: 30_000, metricQueriesPerSecond: 30 };

/** Everything that a workload gets, as numbers: pods, and what each of them has. */
const measures = ({ size, disk }: Explained): Readonly<Record<string, number>> => ({
  replicas: size.replicas,
  most: size.maxReplicas ?? 0,
  cpu: cores(size.cpu),
  memory: gibibytes(size.memory),
  memoryLimit: gibibytes(size.memoryLimit),
  disk: disk ? gibibytes(disk) : 0,
});

/** What in `after` is less than in `before`. */
const less = (before: Sizing, after: Sizing): readonly string[] =>
  before.workloads.flatMap((one) => {
    const other = after.workloads.find(({ workload }) => workload === one.workload);
    if (!other) return [`${one.workload} is gone`];
    const [a, b] = [measures(one), measures(other)];
    return Object.keys(a).flatMap((key) =>
      (b[key] ?? 0) < (a[key] ?? 0) ? [`${one.workload}: ${key} ${a[key]} → ${b[key]}`] : [],
    );
  });

describe("a load", () => {
  for (const { mode, metrics } of kinds) {
    test(`${mode} with ${metrics}: more of it never gives a workload fewer pods, or smaller ones`, () => {
      const sized = sizer(mode, metrics);
      for (const field of Object.keys(loadFields) as (keyof Load)[]) {
        const usually = usual[field] ?? loadFields[field].example;
        const steps = Array.from({ length: 20 }, (_, i) => ({ ...usual, [field]: usually * 0.001 * 2 ** i }));
        let before = sized(steps[0]);
        for (const load of steps.slice(1)) {
          const after = sized(load);
          assert.deepEqual(less(before, after), [], `${field} ${load[field]}`);
          before = after;
        }
      }
    });

    test(`${mode} with ${metrics}: no workload gets less than its mode has, and without a load nothing changes`, () => {
      const sized = sizer(mode, metrics);
      assert.deepEqual(sizesOf(environmentOf("prod", { mode, metrics })), {});
      for (const load of [{ logsGBPerDay: 0.001 }, { activeSeries: 1 }, { spansPerSecond: 1 }, usual])
        assert.deepEqual(less(sized(undefined), sized(load)), []);
    });

    test(`${mode} with ${metrics}: its quantities are as the API server writes them, limits above requests`, () => {
      for (const { workload, size, disk, sums } of sizingFor(mode, metrics, usual).workloads) {
        assert.match(size.cpu, /^(?:[1-9]\d*|[1-9]\d*m)$/, workload);
        assert.ok(!/000m$/.test(size.cpu), `${workload}: ${size.cpu}`);
        for (const memory of [size.memory, size.memoryLimit]) assert.match(memory, /^[1-9]\d*[MG]i$/, workload);
        if (disk) assert.match(disk, /^[1-9]\d*Gi$/, workload);
        if (sums.length > 0) assert.ok(gibibytes(size.memoryLimit) >= gibibytes(size.memory) * limitFactor, workload);
      }
    });

    test(`${mode} with ${metrics}: the pods together have what the sums come to`, () => {
      for (const { workload, size, disk, sums } of sizingFor(mode, metrics, usual).workloads) {
        const has: Readonly<Record<Resource, number>> = {
          cpu: cores(size.cpu),
          memory: gibibytes(size.memory),
          disk: gibibytes(disk ?? "0"),
        };
        for (const resource of resources) {
          const own = sums.filter((one) => one.resource === resource);
          const sum = (borne: string): number =>
            own.filter((one) => one.borne === borne).reduce((all, { result }) => all + result, 0);
          const each = sum("by each pod") + sum("together") / podsOf(size);
          assert.ok(
            has[resource] >= each - 1e-6,
            `${workload} has ${has[resource]} ${resource} a pod and needs ${each}`,
          );
        }
      }
    });

    test(`${mode} with ${metrics}: an environment is built with just these sizes`, () => {
      const settings = environmentOf("prod", { mode, metrics, load: usual });
      const sizes = sizesOf(settings);
      const built = bases(catalogue, (component) => modeIn(settings, component), { ...asCommitted, resizing: sizes });
      const pods = new Map(built.flatMap((base) => base.pods.map((one) => [one.workload.fullName, one.size] as const)));
      assert.ok(Object.keys(sizes).length > 5);
      for (const [workload, { disk, ...size }] of Object.entries(sizes)) {
        const found = pods.get(workload);
        assert.deepEqual({ ...found, ...size }, found, workload);
        if (disk) assert.equal(found?.disk?.size, disk, workload);
      }
    });
  }

  test("every sum that is printed comes to the number that is printed, with a calculator", () => {
    const loads: readonly Load[] = [
      usual,
      { ...usual, logsGBPerDay: 6_000, spansPerSecond: 90_000 },
      { logsGBPerDay: 40_000 },
    ];
    const all = kinds.flatMap(({ mode, metrics }) =>
      loads.map(sizer(mode, metrics)).flatMap(({ workloads }) => workloads),
    );
    const said = all.flatMap(({ sums }) => sums).filter(({ words }) => !words.endsWith("in any case"));
    assert.ok(said.length > 300);
    for (const { words, result } of said) {
      const [, terms = "", shown = ""] = /^(.*) = ([\d,.]+) (?:cores?|Gi)$/.exec(words) ?? [];
      const bare = terms
        .replace(/[A-Za-z,]+/g, "")
        .replaceAll("×", "*")
        .replaceAll("−", "-");
      assert.match(bare, /^[\d\s.+*/()-]+$/, words);
      const calculated = Function(`return ${bare}`)() as number;
      const printed = Number(shown.replaceAll(",", ""));
      assert.ok(Math.abs(calculated - printed) <= 0.02 * printed + 0.005, `${words}: ${calculated}`);
      assert.ok(Math.abs(result - printed) <= 0.01 * printed + 0.005, `${words}: ${result}`);
    }
  });

  test("a topic of Kafka has a partition for each that owns one", () => {
    for (const { mode, metrics } of kinds.filter(({ mode }) => mode === "scalable")) {
      const { partitions, workloads } = sizingFor(mode, metrics, { spansPerSecond: 200_000 });
      const replicas = (name: string): number =>
        workloads.find(({ workload }) => workload === name)?.size.replicas ?? 0;
      const owners = Math.max(replicas("tempo-live-store"), replicas("tempo-block-builder"));
      assert.equal(owners, 17);
      assert.equal(partitions["tempo"], owners);
    }
  });

  test("what an environment says itself of replicas and volumes stays as it says", () => {
    const { workloads } = sizingFor("scalable", "mimir", usual, {
      replicas: { "mimir-write": 5, "tempo-querier": 0 },
      volumes: { mimir: { size: "77Gi" } },
      components: { mimir: { replicationFactor: "3" } },
    });
    const found = (name: string): Explained => workloads.find(({ workload }) => workload === name) as Explained;
    assert.equal(found("mimir-write").size.replicas, 5);
    assert.equal(found("mimir-write").disk, "77Gi");
    assert.deepEqual(found("mimir-write").notes, [
      "as many pods as `replicas` says",
      "the volume is as `volumes` says",
    ]);
    // 5.33 cores of work for distributors, who take what both of a pair send, and 20 for ingesters, over five pods.
    assert.equal(found("mimir-write").size.cpu, "5100m");
    assert.equal(found("tempo-querier").size.replicas, 0);
    assert.equal(
      sizesOf(
        environmentOf("prod", {
          mode: "scalable",
          metrics: "mimir",
          load: usual,
          volumes: { mimir: { size: "77Gi" } },
        }),
      )["mimir-write"]?.disk,
      undefined,
    );
  });

  test("a mode that upstream gives no more than a volume for, and pods that no ordinary node takes, are warned of", () => {
    const { warnings } = sizingFor("scalable", "thanos-sidecar", { logsGBPerDay: 2000, activeSeries: 1e7 });
    assert.match(
      warnings.join("\n"),
      /^loki in mode scalable is for close to a TB a day \(https:.*\), and this is 2 TB of logs a day\.\n/,
    );
    assert.match(warnings.join("\n"), /\nEach pod of prometheus asks for 33350m CPU and 85376Mi, /);
    assert.deepEqual(sizingFor("scalable", "thanos-sidecar", { logsGBPerDay: 500 }).warnings, []);
  });
});

describe("what a load comes to is not refused", () => {
  /** Defaults of Loki 3.7.6 (pkg/validation/limits.go), Tempo 3.0.3 (modules/overrides/config.go) and Mimir (pkg/util/validation/limits.go). */
  const upstream = {
    LOKI_INGESTION_RATE_MB: 4,
    LOKI_INGESTION_BURST_MB: 6,
    LOKI_STREAM_RATE_MB: 3,
    LOKI_STREAM_BURST_MB: 15,
    LOKI_MAX_STREAMS: 5000,
    MIMIR_INGESTION_RATE: 10_000,
    MIMIR_INGESTION_BURST: 200_000,
    TEMPO_INGESTION_RATE_BYTES: 30e6,
    TEMPO_INGESTION_BURST_BYTES: 30e6,
    TEMPO_MAX_LIVE_TRACES: 10_000,
    TEMPO_MAX_BYTES_PER_TRACE: 5e6,
  };
  const load: Load = { logsGBPerDay: 5000, activeSeries: 6e6, spansPerSecond: 40_000 };
  /** Each program's limits of an environment, by their variables. */
  const said = (settings: object): Readonly<Record<string, number>> => {
    const { objects } = worldOf(environmentOf("limited", settings));
    const maps = objects.filter(({ kind, metadata }) => kind === "ConfigMap" && /-settings(-|$)/.test(metadata.name));
    const literals = maps.flatMap((map) => Object.entries(map["data"] as Record<string, string>));
    return Object.fromEntries(literals.map(([key, value]) => [key, Number(value)]));
  };

  for (const mode of modes) {
    test(`${mode}: without a load the limits are above upstream's, and a push of the OTLP gateway passes at once`, () => {
      const found = said({ mode, metrics: "mimir" });
      for (const [key, value] of Object.entries(upstream))
        assert.ok((found[key] ?? 0) > value, `${key} is ${found[key]}`);
      const push = 24 * 2 ** 20;
      for (const key of ["LOKI_INGESTION_BURST_MB", "LOKI_STREAM_BURST_MB"])
        assert.ok((found[key] ?? 0) * 1e6 > push, key);
      for (const key of ["TEMPO_INGESTION_BURST_BYTES", "TEMPO_MAX_BYTES_PER_TRACE"])
        assert.ok((found[key] ?? 0) >= push, key);
    });

    test(`${mode}: peaks of three times the load pass, while the backlog of an hour goes out in twenty minutes`, () => {
      const found = said({ mode, metrics: "mimir", load });
      // The hour's backlog and what comes meanwhile, in a third of an hour: four times what comes.
      const times = 3 * ((1 + 1 / 3) / (1 / 3));
      const rates = {
        LOKI_INGESTION_RATE_MB: (5000 * 1e3) / 86_400,
        MIMIR_INGESTION_RATE: 6e6 / 30,
        TEMPO_INGESTION_RATE_BYTES: 40_000 * 500,
      };
      for (const [key, mean] of Object.entries(rates))
        assert.ok((found[key] ?? 0) >= mean * times - 1e-6, `${key} is ${found[key]}`);
      // A stream of each 5 MB of a day, and a trace of each span for ten seconds.
      assert.ok((found["LOKI_MAX_STREAMS"] ?? 0) >= 5000 * 200);
      assert.ok((found["TEMPO_MAX_LIVE_TRACES"] ?? 0) >= 40_000 * 10 * times);
      assert.ok((found["MIMIR_MAX_EXEMPLARS"] ?? 0) >= 6e6 / 20);
    });
  }

  test("more of it never lowers a limit, and what an environment says itself stands", () => {
    const values = (logsGBPerDay: number) =>
      sizingFor("scalable", "mimir", { logsGBPerDay }).limits.map(({ value }) => value);
    const steps = [1, 10, 300, 1000, 5000].map(values);
    steps.slice(1).forEach((after, i) => after.forEach((value, j) => assert.ok(value >= (steps[i]?.[j] ?? 0))));
    const own = said({ mode: "scalable", metrics: "mimir", load, components: { loki: { ingestionRateMb: "7" } } });
    assert.equal(own["LOKI_INGESTION_RATE_MB"], 7);
  });

  test("Thanos's receivers keep exemplars of a tenth of the series", () =>
    assert.equal(said({ mode: "scalable", metrics: "thanos-receive", load })["THANOS_RECEIVE_MAX_EXEMPLARS"], 6e5));

  test("each limit is a literal that its program reads", () => {
    for (const [component, own] of Object.entries(growing)) {
      for (const base of built.bases.filter((one) => one.component.name === component)) {
        const text = JSON.stringify([base.configs.map(({ files }) => files), base.pods.map(({ pod }) => pod)]);
        for (const setting of Object.keys(own))
          assert.match(text, new RegExp(`\\$[({]${variable(component, setting)}[)}]`), `${base.path}: ${setting}`);
      }
    }
  });
});

describe("the rules", () => {
  test("are there for every role of a workload with replicas, or it is said why not", () => {
    const roles = catalogue
      .flatMap((component) => Object.values(component.roles))
      .filter(({ runs }) => runs === "replicas");
    const open = roles.filter(({ component, name, unsized }) => !rules[component]?.[name] && !unsized);
    assert.deepEqual(
      open.map(({ component, name }) => `${component}/${name}`),
      [],
    );
  });

  test("never ask for less where there is more, and say how large a pod becomes of what its pods share", () => {
    for (const [name, { pod, ...rule }] of Object.entries(rules).flatMap(([component, own]) =>
      Object.entries(own).map(([role, one]) => [`${component}/${role}`, one] as const),
    )) {
      for (const resource of resources) {
        for (const { points, source } of rule[resource] ?? []) {
          const amounts = points.flatMap(([at]) => [at * 0.5, at, at * 1.5]).sort((a, b) => a - b);
          const taken = amounts.map((amount) => takes(points, amount));
          assert.deepEqual(
            taken,
            taken.toSorted((a, b) => a - b),
            name,
          );
          assert.ok(source.says.length > 10 && (source.page ?? "https://").startsWith("https://"), name);
        }
        if (pod && rule[resource]) assert.ok((pod[resource] ?? 0) > 0, `${name}: no largest pod for ${resource}`);
      }
    }
  });
});

/** Workloads of a component in microservices, one a role, at least two pods of next to nothing. */
function alone(component: string, names: readonly string[], facts: Partial<Facts>, retentionDays = 365) {
  const roles = defineRoles(
    component,
    { ports: {} },
    Object.fromEntries(names.map((name) => [name, { tier: "read" as const }])),
  );
  const size: Size = { replicas: 2, cpu: "10m", memory: "16Mi", memoryLimit: "16Mi" };
  const known: Facts = { load: {}, scrapeIntervalSeconds: 15, senders: 1, queued: [], queueHours: 24, ...facts };
  return plan(Object.values(roles), apart).map((workload) => {
    const stood = { workload, mode: "microservices" as const, size, said: { replicas: false, disk: false } };
    return explained(stood, known, { copies: 3, zones: 1, retentionDays });
  });
}
const totals = (all: readonly Explained[]) => ({
  cpu: all.reduce((sum, { size }) => sum + size.replicas * cores(size.cpu), 0),
  memory: all.reduce((sum, { size }) => sum + size.replicas * gibibytes(size.memory), 0),
});
const within = (value: number, low: number, high: number, what: string): void =>
  assert.ok(value >= low && value <= high, `${what} is ${value}: expected ${low} to ${high}`);

describe("the totals are near those that upstream publishes", () => {
  /** https://grafana.com/docs/loki/latest/setup/size/, its sums of all components. The compactor counts twice here: two pods. */
  const tiers = [
    { terabytes: 3, cpu: 38, memory: 59 },
    { terabytes: 10, cpu: 431, memory: 857 },
    { terabytes: 30, cpu: 1221, memory: 2235 },
  ] as const;
  const components = ["distributor", "ingester", "query-frontend", "querier", "query-scheduler", "index-gateway"];
  const compactor = { cpu: [2, 6, 6], memory: [10, 20, 40] } as const;
  tiers.forEach(({ terabytes, cpu, memory }, i) => {
    test(`Loki at ${terabytes} TB a day: never less, and at most half as much again`, () => {
      const found = totals(alone("loki", components, { load: { logsGBPerDay: terabytes * 1e3 } }));
      const published = { cpu: cpu - (compactor.cpu[i] ?? 0), memory: memory - (compactor.memory[i] ?? 0) };
      within(found.cpu, published.cpu, published.cpu * 1.5, "CPU");
      within(found.memory, published.memory, published.memory * 1.5, "memory");
    });
  });

  test("Mimir at ten million series, 660,000 samples and 50 queries a second: within a quarter of large.yaml", () => {
    // https://github.com/grafana/mimir/blob/main/operations/helm/charts/mimir-distributed/large.yaml
    const large = {
      distributor: { cpu: 24, memory: 48 },
      ingester: { cpu: 94.5, memory: 216 },
      "store-gateway": { cpu: 6, memory: 36 },
    };
    const all = alone("mimir", Object.keys(large), { load: { activeSeries: 1e7, metricQueriesPerSecond: 50 } });
    const found = (name: string) => totals(all.filter(({ workload }) => workload === `mimir-${name}`));
    within(found("ingester").cpu, 94.5 * 0.75, 94.5 * 1.25, "CPU of ingesters");
    within(found("ingester").memory, 216 * 0.75, 216 * 1.25, "memory of ingesters");
    within(found("distributor").cpu, 24 * 0.75, 24 * 1.25, "CPU of distributors");
    within(found("store-gateway").cpu, 6 * 0.75, 6 * 1.25, "CPU of store-gateways");
  });

  test("Tempo at 60 MB a second: as many pods as its page says", () => {
    const all = alone("tempo", ["distributor", "live-store", "block-builder", "querier"], {
      load: { spansPerSecond: 120_000 },
    });
    // Three copies here; the live-store's page counts each copy as a replica of its own.
    assert.deepEqual(
      all.map(({ workload, size }) => [workload, size.replicas]),
      [
        ["tempo-distributor", 6],
        ["tempo-live-store", 30],
        ["tempo-block-builder", 10],
        ["tempo-querier", 30],
      ],
    );
  });

  test("Prometheus's disk is its formula, beside the head and the write-ahead log", () => {
    const { sums } = sizingFor("scalable", "thanos-sidecar", { activeSeries: 3e6 }).workloads.find(
      ({ workload }) => workload === "prometheus",
    ) as Explained;
    const [, blocks] = sums.filter(({ resource }) => resource === "disk");
    // 24 h x 3,000,000 series / 30 s x 2 bytes, and half as much again.
    assert.equal(Math.round((blocks?.result ?? 0) * 100) / 100, Math.round(86_400 * 1e5 * 2 * 1.5 * 1e-7) / 100);
  });
});

describe("the object store", () => {
  test("holds what is kept: a day's objects for as long as the component's own setting says", () => {
    const { kept } = sizingFor("scalable", "mimir", usual, {
      components: { loki: { retention: "30d" }, tempo: { retention: "48h" }, mimir: { retention: "1y" } },
    });
    assert.deepEqual(
      kept.map(({ component, gigabytesPerDay, days, gigabytes }) => [
        component,
        Math.round(gigabytesPerDay),
        days,
        Math.round(gigabytes),
      ]),
      [
        ["loki", 100, 30, 3000],
        ["mimir", 12, 365, 4205],
        ["tempo", 432, 2, 864],
      ],
    );
  });

  test("holds a copy of each Prometheus, and each of Thanos's resolutions", () => {
    const copies = (metrics: string) =>
      sizingFor("scalable", metrics, { activeSeries: 3e5 }).kept.map((one) => [one.component, one.copies, one.days]);
    assert.deepEqual(copies("thanos-sidecar"), [["thanos", 2, 30 + 30 + 365]]);
    assert.deepEqual(copies("thanos-receive"), [["thanos", 2, 30 + 30 + 365]]);
  });

  test("grows without end where nothing is deleted", () => {
    const sizing = sizingFor("scalable", "mimir", { logsGBPerDay: 5 }, { components: { loki: { retention: "0s" } } });
    assert.match(
      text(sizing),
      /\n {2}loki: 1 GB a day and nothing is deleted \[\d+\]\n {2}total: 1 GB a day, without end at full retention\n/,
    );
    assert.equal(days("36h"), 1.5);
  });
});

describe("a wrong load stops the build with its path, what was found and what to do", () => {
  const fields = Object.keys(loadFields)
    .map((field) => `"${field}"`)
    .join(", ");
  const cases: readonly [string, unknown, string][] = [
    ["no table", 500, `load is 500: expected amounts such as ${fields}`],
    ["an unknown field", { logsTBPerDay: 1 }, 'unknown setting load.logsTBPerDay; did you mean "logsGBPerDay"?'],
    ["text", { logsGBPerDay: "500" }, 'load.logsGBPerDay is "500": expected a number above 0 such as 250'],
    ["nothing", { activeSeries: 0 }, "load.activeSeries is 0: expected a number above 0 such as 1000000"],
    ["less than nothing", { spansPerSecond: -1 }, "load.spansPerSecond is -1: expected a number above 0 such as 20000"],
    ["a size of nothing", { bytesPerSpan: null }, "load.bytesPerSpan is null: expected a number above 0 such as 500"],
    [
      "no end",
      { metricQueriesPerSecond: Infinity },
      "load.metricQueriesPerSecond is Infinity: expected a number up to 100,000",
    ],
  ];
  for (const [what, load, expected] of cases) {
    test(what, () => {
      assert.throws(
        () => environmentOf("prod", { mode: "scalable", metrics: "mimir", load }),
        (error) => error instanceof SettingsError && error.message === `src/environments/prod.ts: ${expected}`,
      );
    });
  }
});

describe("the command size", () => {
  test("without a load says that everything is as in the mode", () => {
    const { code, stdout, stderr } = cli(root, "size", "dev");
    assert.equal(stderr, "");
    assert.match(stdout, /^dev\n {2}It says no load, so everything is as its mode has it\./);
    assert.match(stdout, /\n {2}loki +1 +100m +128Mi +768Mi +10Gi\n/);
    assert.equal(code, 0);
  });

  test("tries a load, and tells it to machines", () => {
    const { code, stdout } = cli(
      root,
      "size",
      "staging",
      "--json",
      "--load",
      "logsGBPerDay=100",
      "--load",
      "activeSeries=1e6",
    );
    const sizing = JSON.parse(stdout) as Sizing;
    assert.deepEqual(sizing.load, { logsGBPerDay: 100, activeSeries: 1e6 });
    assert.equal(sizing.workloads.find(({ workload }) => workload === "prometheus")?.size.memory, "8576Mi");
    assert.equal(code, 0);
  });

  test("says what is wrong: exit code 1 for an environment, 2 for usage", () => {
    const none = cli(root, "size", "prod-eu");
    assert.match(none.stderr, /^There is no environment prod-eu: src\/environments holds demo, dev, dev-mimir, /);
    assert.equal(none.code, 1);
    const many = cli(root, "size", "dev", "demo");
    assert.match(many.stderr, /^size takes \[ENV\]: found dev demo\.\nusage: /);
    assert.equal(many.code, 2);
    assert.match(cli(root, "build", "--load", "logsGBPerDay=1").stderr, /^build has no option --load\. .*\nusage: /);
  });

  test("says every amount that is wrong", () => {
    assert.throws(() => tried({}, ["logs=3", "activeSeries=", "spansPerSecond=x", "logsGBPerDay=5"]), {
      message: [
        `--load logs=3: expected one of ${Object.keys(loadFields).join(", ")} and "=" and an amount`,
        "--load activeSeries=: expected a number above 0 such as 1000000",
        "--load spansPerSecond=x: expected a number above 0 such as 20000",
      ].join("\n"),
    });
  });
});

test("docs/sizing.md shows what the command prints", () => {
  const page = readFileSync(join(root, "docs/sizing.md"), "utf8");
  const [, environment = "", asked = "", shown = ""] =
    /<!-- output: size (\S+) (.*) -->\n```\n([^]*?)```/.exec(page) ?? [];
  const load = tried(
    undefined,
    asked.split(" ").filter((word) => word.includes("=")),
  );
  const lines = text(sizingOf({ ...worldNamed(environment).environment, load })).split("\n");
  assert.ok(shown.length > 500);
  assert.deepEqual(
    shown.split("\n").filter((line) => line !== "…" && !lines.includes(line)),
    [],
  );
});
