import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settingsName, variable } from "../src/core/model/component.ts";
import { overlayOf } from "../src/program.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { units } from "../src/settings/units.ts";
import type { Labels } from "./lib/objects.ts";
import { built, environmentOf, type World, worldOf } from "./lib/world.ts";

type Fields = Readonly<Record<string, unknown>>;
const least = { mode: "monolithic", metrics: "mimir" };
const made = (settings: Fields): World => worldOf(environmentOf("wish", { ...least, ...settings }));
const refusal = (settings: Fields): string => {
  try {
    overlayOf(environmentOf("wish", { ...least, ...settings }), built);
    return "(nothing)";
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.message;
  }
};

describe("a text of each unit", () => {
  /** What the programs and Kubernetes take and refuse, by the page that says so. */
  const cases: readonly [unit: keyof typeof units, source: string, good: readonly string[], bad: readonly string[]][] =
    [
      [
        "bucket",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
        ["abc", "a.b-9", "x".repeat(63)],
        ["ab", "Abc", "-ab", "ab-", "a_b", "a..b", "x".repeat(64)],
      ],
      [
        "account",
        "https://learn.microsoft.com/azure/storage/common/storage-account-overview",
        ["abc", "a1b2c3"],
        ["ab", "a-b", "Abc", "x".repeat(25)],
      ],
      [
        "duration",
        "Go's and Prometheus's durations",
        ["30d", "720h", "10m", "5s", "1w", "1y", "0s"],
        ["30", "30days", "1h30m", "500ms", "-1h", "1.5h", ""],
      ],
      ["count", "a number of pods or partitions", ["1", "12"], ["0", "-1", "1.5", "01", "", "ten"]],
      [
        "size",
        "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/",
        ["1Gi", "500Gi"],
        ["1G", "0Gi", "1.5Gi", "500Mi", "10", "1gi"],
      ],
      [
        "host",
        "RFC 1123",
        ["minio:9000", "s3.eu-central-1.amazonaws.com", "a"],
        ["http://minio", "minio:", "minio:70000", "-a", "a/b", "A.example.com"],
      ],
      ["address", "RFC 1123", ["minio:9000"], ["minio", "http://minio:9000", "minio:0", "minio:65536"]],
      [
        "url",
        "RFC 3986",
        ["http://minio:9000", "https://a.example.com/x/y"],
        ["minio:9000", "ftp://a", "http://", "http://a b"],
      ],
      [
        "endpoint",
        "RFC 3986",
        ["https://ceph.example.com:8443", "http://ceph"],
        ["https://ceph.example.com/bucket", "ceph.example.com"],
      ],
      ["boolean", "YAML", ["true", "false"], ["yes", "True", "1", ""]],
      [
        "tenant",
        "https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/",
        ["team-a", "A_1.x"],
        ["", "a/b", "a b", "x".repeat(151)],
      ],
      [
        "namespace",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
        ["observability", "a-1"],
        ["A", "a.b", "-a", "a-", "x".repeat(64)],
      ],
      [
        "mechanism",
        "https://kafka.apache.org/documentation/#security_sasl",
        ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
        ["GSSAPI", "plain", ""],
      ],
      ["store", "the three kinds that all four programs know", ["s3", "gcs", "azure"], ["minio", "S3", "filesystem"]],
      ["selector", "LogQL", ['{app="cart"}'], ["app", "{}", ""]],
    ];
  for (const [unit, source, good, bad] of cases) {
    test(`${unit} passes and is refused as ${source} says`, () => {
      const { pattern } = units[unit];
      assert.deepEqual(
        good.filter((one) => !pattern.test(one)),
        [],
      );
      assert.deepEqual(
        bad.filter((one) => pattern.test(one)),
        [],
      );
    });
  }
});

describe("what an environment leaves out", () => {
  const { environment, overlay } = made({});
  test("is MinIO beside it, Alloy on its nodes, a usual cluster, Secrets of its owner's, and nothing that is not asked for", () => {
    const { store, collector, platform, credentials, generators, compose, namespaces } = environment;
    assert.deepEqual(
      [store, collector, platform, credentials, generators, compose, namespaces],
      [
        { kind: "minio" },
        "alloy",
        "kubernetes",
        "by-name",
        "none",
        "none",
        { stack: "observability", agents: "observability-agents" },
      ],
    );
    assert.deepEqual(
      overlay.parts.map(({ additions }) => additions.map(({ feature }) => feature.name)),
      [["alloy-pages", "mimir-remote-write", "node-exporter-pages"], []],
    );
    assert.deepEqual(
      overlay.parts.flatMap(({ secrets }) => secrets),
      [],
    );
  });
});

describe("what an environment answers brings what belongs to it, and nothing else", () => {
  const always = ["alertmanager", "alloy-gateway", "grafana", "kube-state-metrics", "loki", "prometheus", "tempo"];
  const usual = [...always, "alloy", "alloy-events", "minio", "node-exporter"];
  const parts = (settings: Fields) => {
    const { parts } = made(settings).overlay;
    return [
      parts.flatMap(({ bases }) => bases.map(({ component }) => component.name)).toSorted(),
      parts
        .flatMap(({ additions }) => additions.map(({ feature }) => feature.name))
        .filter((name) => !name.endsWith("-pages"))
        .toSorted(),
    ];
  };
  const agents = ["alloy", "node-exporter", "promtail"];
  const pages = (settings: Fields): readonly string[] =>
    made(settings).overlay.parts.flatMap(({ namespaceKind, additions }) =>
      namespaceKind === "agents"
        ? []
        : additions.map(({ feature }) => feature.name).filter((name) => name.endsWith("-pages")),
    );
  const s3 = { kind: "s3", region: "eu-central-1", bucketPrefix: "x-" };
  const cases: readonly [string, Fields, readonly string[], readonly string[]][] = [
    ["Mimir, which is sent everything", {}, [...usual, "mimir"], ["mimir-remote-write"]],
    ["Thanos, with a sidecar", { metrics: "thanos-sidecar" }, [...usual, "thanos"], ["thanos-sidecar"]],
    [
      "Thanos, with receivers that are sent everything",
      { metrics: "thanos-receive" },
      [...usual, "thanos", "thanos-receive"],
      ["thanos-remote-write"],
    ],
    [
      "a store at AWS, and no MinIO",
      { store: s3 },
      [...usual.filter((one) => one !== "minio"), "mimir"],
      ["external-store", "mimir-remote-write"],
    ],
    [
      "a store at Google",
      { store: { kind: "gcs", bucketPrefix: "x-" } },
      [...usual.filter((one) => one !== "minio"), "mimir"],
      ["external-store", "mimir-remote-write"],
    ],
    [
      "a store at Azure",
      { store: { kind: "azure", account: "acme" } },
      [...usual.filter((one) => one !== "minio"), "mimir"],
      ["external-store", "mimir-remote-write"],
    ],
    [
      "Promtail, without Alloy",
      { collector: "promtail" },
      [...always, "minio", "node-exporter", "promtail", "mimir"],
      ["mimir-remote-write"],
    ],
    [
      "an Autopilot, of whose nodes nothing is read but logs",
      { platform: "gke-autopilot" },
      [...usual.filter((one) => one !== "node-exporter"), "mimir"],
      ["alloy-autopilot", "mimir-remote-write"],
    ],
    [
      "OpenShift, for those that are there",
      { platform: "openshift" },
      [...usual, "mimir"],
      ["alloy-openshift", "mimir-remote-write", "node-exporter-openshift", "openshift"],
    ],
    [
      "nodes with Docker, for the collector that is there",
      { nodes: { runtime: "docker" } },
      [...usual, "mimir"],
      ["alloy-docker", "mimir-remote-write"],
    ],
    [
      "the nodes' journal",
      { nodes: { journal: "read" } },
      [...usual, "mimir"],
      ["alloy-journal", "mimir-remote-write"],
    ],
    [
      "programs that make something up",
      { generators: "demo" },
      [...usual, "flog", "generators", "mimir"],
      ["mimir-remote-write"],
    ],
    [
      "a database and a proxy",
      { database: { by: "postgres", host: "db.example.com:5432" }, proxy: { url: "http://p.example.com:1" } },
      [...usual, "mimir"],
      ["grafana-postgres", "mimir-remote-write", "proxy"],
    ],
  ];
  for (const [what, settings, components, features] of cases)
    test(what, () => {
      assert.deepEqual(parts(settings), [components.toSorted(), features.toSorted()]);
      // Grafana and Prometheus read pages and rules of agents beside themselves.
      const there = agents.filter((agent) => components.includes(agent)).map((agent) => `${agent}-pages`);
      assert.deepEqual(pages(settings).toSorted(), there);
    });
});

describe("a setting that cannot be meant is refused", () => {
  const s3 = { kind: "s3", region: "eu-central-1", bucketPrefix: "x-" };
  const arn = "arn:aws:iam::123456789012:role/x";
  const cases: readonly [string, Fields, RegExp][] = [
    ["misspelt", { retension: "30d" }, /unknown setting retension/],
    ["one namespace for stack and agents", { namespaces: { stack: "a", agents: "a" } }, /namespaces\.agents is "a"/],
    ["Kubernetes's own namespace", { namespaces: { stack: "kube-system" } }, /namespaces\.stack is "kube-system"/],
    ["half a replica", { replicas: { grafana: 0.5 } }, /replicas\.grafana is 0\.5/],
    ["less than no replica", { replicas: { grafana: -1 } }, /replicas\.grafana is -1/],
    ["two Grafanas that do not know of each other", { replicas: { grafana: 2 } }, /replicas\.grafana is 2: expected 1/],
    ["a workload of another mode", { replicas: { "loki-write": 3 } }, /replicas\.loki-write has no effect/],
    ["a port beyond the last", { egress: { grafana: [{ port: 65536 }] } }, /egress\.grafana\[0\]\.port is 65536/],
    ["no port", { network: { dnsPorts: [0] } }, /network\.dnsPorts\[0\] is 0/],
    [
      "a range of IPv4 beyond its bits",
      { egress: { grafana: [{ port: 1, cidr: "10.0.0.0/33" }] } },
      /cidr is "10\.0\.0\.0\/33"/,
    ],
    ["an address that is no range", { egress: { grafana: [{ port: 1, cidr: "10.0.0.0" }] } }, /cidr is "10\.0\.0\.0"/],
    [
      "of a component that is not there",
      { components: { thanos: { retentionRaw: "1d" } } },
      /components\.thanos has no effect/,
    ],
    [
      "of a component in another of its modes",
      { components: { mimir: { kafkaAddress: "k:1" } } },
      /components\.mimir\.kafkaAddress has no effect/,
    ],
    [
      "a tenant that no gateway would name",
      { tenant: "main" },
      /tenant is "main": loki in mode "monolithic" has no gateway/,
    ],
    [
      "throw-away keys of a store outside",
      { store: s3, credentials: "throw-away" },
      /credentials is "throw-away": expected "by-name"/,
    ],
    [
      "an account that nobody gave",
      { store: { ...s3, identity: { loki: arn, tempo: arn } } },
      /store\.identity\.mimir is missing/,
    ],
    ["a store at AWS without a region", { store: { kind: "s3", bucketPrefix: "x-" } }, /store\.region is missing/],
    ["the journal for Promtail", { collector: "promtail", nodes: { journal: "read" } }, /nodes\.journal is "read"/],
    [
      "the journal of an Autopilot",
      { platform: "gke-autopilot", nodes: { journal: "read" } },
      /nodes\.journal is "read"/,
    ],
    ["a load of nothing", { load: { activeSeries: 0 } }, /load\.activeSeries is 0/],
    [
      "KEDA among the stack's pods",
      { mode: "microservices", scaling: { loki: "keda", kedaNamespace: "observability" } },
      /scaling\.kedaNamespace is "observability"/,
    ],
    [
      "two states of the repository",
      { repository: { branch: "main", tag: "v1" } },
      /repository has "branch" and "tag"/,
    ],
    ["KEDA for what is not scaled", { scaling: { loki: "keda" } }, /scaling\.loki is "keda"/],
    [
      "what a Component says",
      { components: { tempo: { remoteWriteUrl: "http://x:1/y" } } },
      /components\.tempo\.remoteWriteUrl has no effect/,
    ],
  ];
  for (const [what, settings, expected] of cases) test(what, () => assert.match(refusal(settings), expected));
  test("and one that can is not", () => {
    for (const settings of [
      { store: { ...s3, identity: { default: arn } } },
      { mode: "scalable", tenant: "main" },
      { replicas: { grafana: 2 }, database: { by: "postgres", host: "db.example.com:5432" } },
      { egress: { grafana: [{ port: 65535, cidr: "fd00::/8" }] } },
    ])
      assert.equal(refusal(settings), "(nothing)");
  });
});

describe("what an environment says", () => {
  const literal = (world: World, component: string, setting: string): string | undefined => {
    const map = world.objects.find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(settingsName(component)),
    );
    return (map?.["data"] as Labels | undefined)?.[variable(component, setting)];
  };
  const load = { logsGBPerDay: 5000, activeSeries: 9_000_000 };
  test("of a component's setting reaches its literal, and goes before what the load makes of it", () => {
    assert.equal(literal(made({ components: { loki: { retention: "31d" } } }), "loki", "retention"), "31d");
    const loaded = made({ load });
    assert.ok(Number(literal(loaded, "loki", "ingestionRateMb")) > 100);
    assert.equal(
      literal(made({ load, components: { loki: { ingestionRateMb: "7" } } }), "loki", "ingestionRateMb"),
      "7",
    );
  });
  test("of replicas goes before what the load makes of them", () => {
    const replicas = (settings: Fields): unknown =>
      made({ mode: "scalable", load, ...settings }).overlay.parts[0]?.replicas["mimir-write"];
    assert.ok(Number(replicas({})) > 3);
    assert.equal(replicas({ replicas: { "mimir-write": 4 } }), 4);
  });
  test("of one component's mode leaves the others in the environment's", () => {
    const mode = (name: string): string | undefined =>
      made({ modes: { loki: "scalable" } })
        .overlay.parts.flatMap(({ bases }) => bases)
        .find(({ component }) => component.name === name)?.mode;
    assert.deepEqual([mode("loki"), mode("mimir"), mode("tempo")], ["scalable", "monolithic", "monolithic"]);
  });
  test("of a component that lacks the mode is that of the next smaller one", () => {
    const { parts } = made({ mode: "scalable" }).overlay;
    const mode = (name: string) =>
      parts.flatMap(({ bases }) => bases).find(({ component }) => component.name === name)?.mode;
    assert.deepEqual([mode("grafana"), mode("alertmanager"), mode("loki")], ["monolithic", "scalable", "scalable"]);
  });
});
