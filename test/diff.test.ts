import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { memoryWords } from "../src/diff/amounts.ts";
import { difference } from "../src/diff/difference.ts";
import type { Difference } from "../src/diff/finding.ts";
import { json } from "../src/diff/json.ts";
import { markdown } from "../src/diff/markdown.ts";
import { objectsOf } from "../src/diff/sources.ts";
import { text } from "../src/diff/text.ts";
import { connectionTexts } from "../src/diff/ways.ts";
import { requests } from "../src/core/kubernetes/requests.ts";
import { kustomizes, missing } from "./lib/kustomize.ts";
import { altered, idOf, without } from "./lib/objects.ts";
import { cli, put, temporary } from "./lib/project.ts";
import { built, dev, environmentOf, root, shipped, type World, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const skip = kustomizes.length === 0 ? missing : false;
const names = shipped
  .map(({ name }) => name)
  .sort()
  .join(", ");
const pairs = shipped.flatMap((a) => shipped.filter((b) => b !== a).map((b) => [a, b] as const));
const known = new Map<string, Difference>();
const between = (a: World, b: World): Difference => {
  const key = `${a.name} ${b.name}`;
  const found = known.get(key) ?? difference(a.objects, b.objects);
  known.set(key, found);
  return found;
};

/** A Job of somebody's, whose name ends with a hash of its pods. */
const job = (hash: string): Manifest => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: `shop-migration-${hash}`, namespace: "observability" },
  spec: { template: { spec: { containers: [{ name: "migration", image: "example.com/shop:1", args: [hash] }] } } },
});

/** Names with a suffix that a generator appended. */
const generatedNames = ({ objects }: World): readonly string[] =>
  objects
    .filter(({ kind }) => ["ConfigMap", "Job", "Secret"].includes(kind))
    .map(({ metadata }) => metadata.name)
    .filter((name) => /-(?:[bcdfghkmt2456789]{10}|[0-9a-f]{8})$/.test(name));

/** Values of Secrets that stand in nothing else. */
const hidden = ({ objects }: World): readonly string[] => {
  const others = JSON.stringify(objects.filter(({ kind }) => kind !== "Secret"));
  return objects
    .filter(({ kind }) => kind === "Secret")
    .flatMap(({ data }) => Object.values(data as Readonly<Record<string, string>>))
    .flatMap((value) => [value, Buffer.from(value, "base64").toString("utf8")])
    .flatMap((value) => [value, ...value.split("\n")])
    .filter((value) => value.length > 5 && !others.includes(value));
};

type Fields = Readonly<Record<string, unknown>>;
const opposite: Readonly<Record<string, string>> = {
  added: "removed",
  removed: "added",
  opened: "closed",
  closed: "opened",
};

/** The same seen from the other side, in an order of its own. */
function mirrored(value: unknown): unknown {
  if (Array.isArray(value)) return canonical(value.map(mirrored));
  if (typeof value !== "object" || value === null) return value;
  const { before, after, change, lines, ...rest } = value as Fields;
  const counts = lines as { readonly added: number; readonly removed: number } | undefined;
  const inner = Object.fromEntries(Object.entries(rest).map(([field, item]) => [field, mirrored(item)]));
  return {
    ...inner,
    before: mirrored(after),
    after: mirrored(before),
    change: opposite[String(change)] ?? change,
    lines: counts && { added: counts.removed, removed: counts.added },
  };
}
const canonical = (list: readonly unknown[]): readonly unknown[] =>
  [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
/** The same in that order. */
const twice = (found: Difference): unknown => mirrored(mirrored(found));

describe("between every two environments", () => {
  for (const [a, b] of pairs) {
    const found = between(a, b);
    const told = [text(a.name, b.name, found), markdown(a.name, b.name, found), json(a.name, b.name, found)];
    test(`${a.name} → ${b.name} is told without hashes, values of Secrets or what a program writes by mistake`, () => {
      const words = [a, b].flatMap((world) => [...generatedNames(world), ...hidden(world)]);
      assert.ok(words.length > 10);
      for (const one of told) {
        assert.deepEqual(
          words.filter((word) => one.includes(word)),
          [],
        );
        assert.doesNotMatch(one, /undefined|\[object|NaN/);
      }
    });
    test(`${a.name} → ${b.name} adds up to the environments' sums`, () => {
      assert.deepEqual(found.total.before, requests(a.objects));
      assert.deepEqual(found.total.after, requests(b.objects));
    });
    test(`${b.name} → ${a.name} is the same from the other side`, () => {
      assert.deepEqual(twice(between(b, a)), mirrored(found));
    });
    test(`${a.name} → ${b.name} fits a terminal`, () => {
      const long = (told[0] ?? "").split("\n").filter((line) => line.length > 120);
      assert.deepEqual(long, []);
    });
  }
  for (const { name, objects } of shipped) {
    test(`nothing differs between ${name} and itself`, () => {
      assert.equal(text(name, name, difference(objects, [...objects].reverse())), "Nothing differs.");
    });
  }
});

/** What is said about objects that take the place of others, without the heading and the sums, and each line in one. */
function said(from: readonly Manifest[], to: readonly Manifest[]): string {
  const whole = text("a", "b", difference(from, to)).replace(/\n(?: {17,}| {6})(?=\S)/g, " ");
  const parts = whole.split("\n\n");
  return parts.filter((part) => part !== "a → b" && !part.startsWith("sums\n")).join("\n");
}

type Step = string | number;
const idLike = (start: string, { objects } = dev): string => {
  const found = objects.map(idOf).find((id) => id === start || id.startsWith(`${start}-`));
  assert.ok(found, `no ${start}`);
  return found;
};
const valueAt = (id: string, path: readonly Step[], { objects } = dev): unknown =>
  path.reduce<unknown>(
    (at, step) => (at as Readonly<Record<Step, unknown>>)[step],
    objects.find((object) => idOf(object) === id),
  );
/** dev with one value made another. */
const made = (id: string, path: readonly Step[], change: (value: never) => unknown, world = dev) =>
  [world.objects, altered(world.objects, id, path, change(valueAt(id, path, world) as never))] as const;

const loki = "StatefulSet observability/loki";
const container: readonly Step[] = ["spec", "template", "spec", "containers", 0];
const claim: readonly Step[] = ["spec", "volumeClaimTemplates", 0, "spec"];
const grafanaPolicy = "NetworkPolicy observability/grafana";
const lokiVersion = String(valueAt(loki, [...container, "image"])).replace(/^.*:/, "");
const prometheus = "StatefulSet observability/prometheus";
const thanosVersion = JSON.stringify(dev.objects).match(/thanos:(v[\d.]+)"/)?.[1];
const policyTo = (name: string): unknown => ({
  to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": name } } }],
  ports: [{ protocol: "TCP", port: 9090 }],
});
const file = (name: string, key: string): readonly [string, readonly Step[]] => [
  idLike(`ConfigMap observability/${name}`),
  ["data", key],
];
const replaced =
  (from: RegExp | string, to: string) =>
  (content: string): string => {
    const result = content.replace(from, to);
    assert.notEqual(result, content);
    return result;
  };
const other = (settings: object): readonly Manifest[] =>
  worldOf(
    environmentOf("dev", {
      mode: "monolithic",
      metrics: "thanos-sidecar",
      nodes: { runtime: "docker" },
      credentials: "throw-away",
      ...settings,
    }),
  ).objects;
const demo = worldNamed("demo");
const refusalAdvice = "  These fields cannot be changed under one name: keep them, or delete the object first.";
const restart = (what: string): string => `restarts\n  ${what}\n`;
const found = (component: string, topic: string, ...lines: readonly string[]): string =>
  `${component}\n${lines.map((line, i) => `  ${(i === 0 ? topic : "").padEnd(13)}${line}`).join("\n")}`;

const cases: Readonly<Record<string, readonly [readonly Manifest[], readonly Manifest[], string]>> = {
  "the replicas of a workload": [
    ...made("Deployment observability/thanos-query", ["spec", "replicas"], () => 2),
    found("thanos", "replicas", "thanos-query: 1 → 2"),
  ],
  "a request": [
    ...made(loki, [...container, "resources", "requests", "cpu"], () => "250m"),
    restart("loki (StatefulSet): resources") + found("loki", "resources", "loki/loki: cpu request: 100m → 250m"),
  ],
  "a request in another spelling": [
    ...made(loki, [...container, "resources", "requests", "cpu"], () => "0.1"),
    "Nothing differs.",
  ],
  "a limit": [
    ...made(loki, [...container, "resources", "limits", "memory"], () => "2Gi"),
    restart("loki (StatefulSet): resources") + found("loki", "resources", "loki/loki: memory limit: 768Mi → 2Gi"),
  ],
  "the version of an image": [
    ...made(loki, [...container, "image"], replaced(/:[\d.]+$/, ":9.9.9")),
    restart("loki (StatefulSet): image") +
      found("loki", "images", `loki/loki: docker.io/grafana/loki: ${lokiVersion} → 9.9.9`),
  ],
  "where an image comes from": [
    ...made(loki, [...container, "image"], replaced("docker.io/", "mirror.example/")),
    restart("loki (StatefulSet): image") +
      found(
        "loki",
        "images",
        `loki/loki: docker.io/grafana/loki:${lokiVersion} → mirror.example/grafana/loki:${lokiVersion}`,
      ),
  ],
  "an argument": [
    ...made(loki, [...container, "args"], (args: readonly string[]) => [...args, "-log.level=debug"]),
    restart("loki (StatefulSet): arguments") + found("loki", "arguments", "loki/loki: -log.level: (unset) → debug"),
  ],
  "the order of arguments": [
    ...made(loki, [...container, "args"], (args: readonly string[]) => [...args].reverse()),
    restart("loki (StatefulSet): arguments") +
      found(
        "loki",
        "arguments",
        "loki/loki: order: -config.file=/etc/loki/loki.yaml, -config.expand-env=true, -target=all → -target=all, -config.expand-env=true, -config.file=/etc/loki/loki.yaml",
      ),
  ],
  "a variable of the environment": [
    ...made(loki, [...container, "env"], (env: readonly object[]) => [...env, { name: "GOGC", value: "50" }]),
    restart("loki (StatefulSet): environment") + found("loki", "environment", "loki/loki: GOGC: (unset) → 50"),
  ],
  "a variable from a Secret": [
    ...made(loki, [...container, "env"], (env: readonly object[]) => [
      ...env,
      { name: "TOKEN", valueFrom: { secretKeyRef: { name: "tokens", key: "loki" } } },
    ]),
    restart("loki (StatefulSet): environment") +
      found("loki", "environment", "loki/loki: TOKEN: (unset) → key loki of Secret tokens"),
  ],
  "a probe": [
    ...made(loki, [...container, "readinessProbe", "periodSeconds"], () => 7),
    restart("loki (StatefulSet): readinessProbe") +
      found("loki", "pods", "loki/loki: readinessProbe.periodSeconds: 5 → 7"),
  ],
  "a label of pods": [
    ...made(loki, ["spec", "template", "metadata", "labels", "team"], () => "logs"),
    restart("loki (StatefulSet): labels") + found("loki", "pods", "loki: labels.team: (unset) → logs"),
  ],
  "a setting, which restarts those that read it": [
    dev.objects,
    other({ components: { loki: { retention: "720h" } } }),
    restart("loki (StatefulSet): ConfigMap loki-settings") +
      found("loki", "config", "loki-settings: LOKI_RETENTION: 168h → 720h"),
  ],
  "a key of a YAML file": [
    ...made(...file("loki", "loki.yaml"), replaced("log_level: info", "log_level: warn")),
    found("loki", "config", "loki: server.log_level: info → warn"),
  ],
  "a key of a YAML file that goes": [
    ...made(...file("loki", "loki.yaml"), replaced(/\n {2}log_level: info/, "")),
    found("loki", "config", "loki: server.log_level: info → (unset)"),
  ],
  "a comment in a YAML file": [
    ...made(...file("loki", "loki.yaml"), replaced("server:", "# How it listens.\nserver:")),
    found("loki", "config", "loki: 1 line added, 0 removed"),
  ],
  "a rule, by its name": [
    ...made(...file("prometheus-rules-prometheus", "prometheus.yaml"), replaced(/(TargetDown[^]*?for:) \w+/, "$1 77m")),
    found(
      "prometheus",
      "config",
      "prometheus-rules-prometheus: groups[prometheus alerts].rules[TargetDown].for: 10m → 77m",
    ),
  ],
  "a text of another language": [
    dev.objects,
    altered(
      dev.objects,
      idLike("ConfigMap observability-agents/alloy"),
      ["data", "config.alloy"],
      `// One.\n// Two.\n${String(valueAt(idLike("ConfigMap observability-agents/alloy"), ["data", "config.alloy"])).replace(/\n.*\n$/, "\n")}`,
    ),
    found("alloy", "config", "alloy: config.alloy: 2 lines added, 1 removed"),
  ],
  "the value of a Secret": [
    ...made(idLike("Secret observability/minio-root"), ["data", "MINIO_ROOT_USER"], () => "aHVzaA=="),
    found("minio", "secrets", "minio-root: key MINIO_ROOT_USER changed"),
  ],
  "a key of a Secret": [
    ...made(idLike("Secret observability/minio-root"), ["data", "TOKEN"], () => "aHVzaA=="),
    found("minio", "secrets", "minio-root: key TOKEN added"),
  ],
  "the size of a claim": [
    ...made(loki, [...claim, "resources", "requests", "storage"], () => "20Gi"),
    `refused by the API server\n  ${loki}: volumeClaimTemplates[data].spec.resources.requests.storage: 10Gi → 20Gi\n${refusalAdvice}\n` +
      found("loki", "storage", "loki: volume data: claim of 10Gi → claim of 20Gi"),
  ],
  "the class of a claim": [
    ...made(loki, [...claim, "storageClassName"], () => "fast"),
    `refused by the API server\n  ${loki}: volumeClaimTemplates[data].spec.storageClassName: (unset) → fast\n${refusalAdvice}\n` +
      found("loki", "storage", "loki: volume data: claim of 10Gi → claim of 10Gi, class fast"),
  ],
  "claims, in a namespace of their own": [
    dev.objects,
    other({ volumes: { tempo: "none" }, namespaces: { stack: "telemetry", agents: "telemetry-host" } }),
    [
      "namespaces",
      "  observability → telemetry, observability-agents → telemetry-host",
      "  Objects in them are other objects: applying one leaves those of the other as they are.",
      "tempo",
      "  resources    tempo: ephemeral-storage limit: 256Mi → 10Gi",
      "  storage      tempo: volume data: claim of 10Gi → gone with the pod, at most 10Gi",
    ].join("\n"),
  ],
  "the namespaces' names, and no address that holds one": [
    dev.objects,
    other({ namespaces: { stack: "telemetry", agents: "telemetry-host" } }),
    [
      "namespaces",
      "  observability → telemetry, observability-agents → telemetry-host",
      "  Objects in them are other objects: applying one leaves those of the other as they are.",
    ].join("\n"),
  ],
  "a connection that is closed": [
    ...made(grafanaPolicy, ["spec", "egress"], (rules: readonly object[]) =>
      rules.filter((rule) => !JSON.stringify(rule).includes('"loki"')),
    ),
    found("loki", "connections", "closed grafana → loki:3100"),
  ],
  "a connection that is opened at both ends": [
    dev.objects,
    [
      [grafanaPolicy, "egress", policyTo("prometheus")] as const,
      [
        "NetworkPolicy observability/prometheus",
        "ingress",
        {
          from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "grafana" } } }],
          ports: [{ protocol: "TCP", port: 9090 }],
        },
      ] as const,
    ].reduce<readonly Manifest[]>(
      (objects, [id, direction, rule]) =>
        altered(objects, id, ["spec", direction], [...(valueAt(id, ["spec", direction]) as readonly object[]), rule]),
      dev.objects,
    ),
    found("prometheus", "connections", "opened grafana → prometheus:9090"),
  ],
  "a rule that lets everybody in": [
    ...made(grafanaPolicy, ["spec", "ingress"], (rules: readonly object[]) => [
      ...rules,
      { ports: [{ protocol: "TCP", port: 3000 }] },
    ]),
    found("grafana", "connections", "opened anywhere → grafana:3000"),
  ],
  "a rule that lets out to addresses": [
    ...made(grafanaPolicy, ["spec", "egress"], (rules: readonly object[]) => [
      ...rules,
      { to: [{ ipBlock: { cidr: "192.0.2.0/24" } }], ports: [{ protocol: "TCP", port: 443 }] },
    ]),
    found("grafana", "connections", "opened grafana → 192.0.2.0/24:443"),
  ],
  "a policy that changes no connection of these": [
    dev.objects,
    without(dev.objects, "NetworkPolicy observability/default-deny"),
    found("other", "objects", "removed NetworkPolicy observability/default-deny"),
  ],
  "the port of a Service": [
    ...made("Service observability/minio", ["spec", "ports", 0, "port"], () => 9001),
    found("minio", "services", "minio: ports[s3].port: 9000 → 9001"),
  ],
  "a Service that becomes headless": [
    ...made("Service observability/minio", ["spec", "clusterIP"], () => "None"),
    `refused by the API server\n  Service observability/minio: headless: false → true\n${refusalAdvice}\n` +
      found("minio", "services", "minio: clusterIP: (unset) → None"),
  ],
  "a Secret that is generated no longer": [
    dev.objects,
    without(dev.objects, "Secret observability/grafana-admin"),
    found(
      "grafana",
      "secrets",
      "removed grafana-admin (admin-password, admin-user, secret-key; grafana reads it either way)",
    ),
  ],
  "an object that comes": [
    dev.objects,
    [
      ...dev.objects,
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "extra", namespace: "observability", labels: { "app.kubernetes.io/name": "loki" } },
      },
    ],
    found("loki", "objects", "added ServiceAccount extra"),
  ],
  "an object that goes": [
    dev.objects,
    without(dev.objects, "Service observability/grafana-headless"),
    found("grafana", "services", "removed grafana-headless (headless, http 3000)"),
  ],
  "a right of an account": [
    ...made("ClusterRole kube-lgtm-prometheus", ["rules", 0, "verbs"], () => ["get", "list", "delete"]),
    found(
      "prometheus",
      "objects",
      "ClusterRole kube-lgtm-prometheus: rules[0].verbs: get, list, watch → get, list, delete",
    ),
  ],
  "the host of an Ingress": [
    ...made("Ingress monitoring/grafana", ["spec", "rules", 0, "host"], () => "grafana.example", demo),
    found("grafana", "objects", "Ingress grafana: spec.rules[0].host: chart-example.local → grafana.example"),
  ],
  "the kind of a workload": [
    dev.objects,
    dev.objects.map((object) =>
      idOf(object) === "Deployment observability/thanos-query" ? { ...object, kind: "StatefulSet" } : object,
    ),
    found("thanos", "workloads", "thanos-query: kind: Deployment → StatefulSet"),
  ],
  "a Job's pods, which run again under another name": [
    [...dev.objects, job("76543210")],
    [...dev.objects, job("01234567")],
    "restarts\n  shop-migration (Job): runs again\nother\n  arguments    shop-migration: argument 1: 76543210 → 01234567",
  ],
  "a container, and who reached it": [
    ...made(prometheus, ["spec", "template", "spec", "containers"], (all: readonly { readonly name: string }[]) =>
      all.filter(({ name }) => name !== "thanos-sidecar"),
    ),
    restart("prometheus (StatefulSet): containers") +
      found("prometheus", "pods", `prometheus: container thanos-sidecar: thanos ${thanosVersion} → (unset)`) +
      "\n  connections  closed prometheus → prometheus:10902\n" +
      "               closed all of thanos → prometheus:10901",
  ],
};

describe("one change is found, and nothing else, when it is", () => {
  for (const [what, [from, to, expected]] of Object.entries(cases))
    test(what, () => assert.equal(said(from, to), expected));
});

describe("roles that stand in other workloads", () => {
  const objects = (mode: string): readonly Manifest[] => {
    const base = built.bases.find(({ component, ...one }) => component.name === "loki" && one.mode === mode);
    assert.ok(base, mode);
    return base.objects;
  };
  const [one, three] = [objects("monolithic"), objects("scalable")];
  const roles = (from: readonly Manifest[], to: readonly Manifest[]): string | undefined =>
    said(from, to)
      .split("\n")
      .find((line) => line.startsWith("  roles"))
      ?.replace(/^ {2}roles +/, "");
  const placed =
    "loki-backend (index-gateway, query-scheduler), loki-compactor, loki-gateway, loki-read (querier, query-frontend, ruler), loki-write (distributor, ingester, pattern-ingester)";

  test("are split", () => assert.equal(roles(one, three), `split: loki → ${placed}`));
  test("are merged", () => assert.equal(roles(three, one), `merged: ${placed} → loki`));
  test("move from one to another", () => {
    const targets = (of: string, list: string): Parameters<typeof altered> => [
      three,
      of,
      [...container, "args", 2],
      `-target=${list}`,
    ];
    const [write, backend] = ["distributor,ingester", "index-gateway,pattern-ingester,query-scheduler"];
    const moved = altered(...targets("StatefulSet loki-write", write));
    const to = altered(moved, ...(targets("StatefulSet loki-backend", backend).slice(1) as [string, Step[], unknown]));
    assert.equal(
      roles(three, to),
      "regrouped: loki-backend (index-gateway, query-scheduler), loki-write (distributor, ingester, pattern-ingester) → loki-backend (index-gateway, pattern-ingester, query-scheduler), loki-write (distributor, ingester)",
    );
  });
  test("stay under another name", () => {
    const renamed = one.map((object) =>
      object.kind === "StatefulSet" ? { ...object, metadata: { ...object.metadata, name: "logs" } } : object,
    );
    assert.equal(roles(one, renamed), "renamed: loki → logs");
  });
});

test("the ways of a ring are one line, whatever else its members reach", () => {
  const members = ["x-a", "x-b", "x-c"];
  const ring = members.flatMap((from) => members.map((to) => ({ change: "opened", from, to, port: "7946" }) as const));
  const more = { change: "opened", from: "x-a", to: "x-b", port: "9095" } as const;
  assert.deepEqual(connectionTexts([...ring, more], { before: {}, after: { x: members, y: ["y"] } }), [
    "opened all of x → all of x on 7946",
    "opened x-a → x-b:9095",
  ]);
});

test("what a cluster adds to objects is no difference, and never shows the value of a Secret", () => {
  const live = dev.objects.map((object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      uid: "0",
      resourceVersion: "1",
      annotations: {
        ...(object.metadata["annotations"] as object | undefined),
        "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(object),
      },
    },
    status: { phase: "Active" },
  }));
  assert.equal(said(dev.objects, live), "Nothing differs.");
});

test("long lists say what came and went, or where their order differs", () => {
  const list = (names: readonly string[]): readonly Manifest[] => [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x" },
      data: { "x.json": JSON.stringify({ names }) },
    },
  ];
  const names = Array.from({ length: 30 }, (_, i) => `member-${i}`);
  assert.equal(
    said(list(names), list([...names.slice(1), "guest"])),
    found("other", "config", "x: names: member-0, 29 others → guest, 29 others"),
  );
  assert.equal(
    said(list(names), list([...names.slice(0, 27), ...names.slice(27).reverse()])),
    found(
      "other",
      "config",
      "x: names: member-27, member-28, member-29, 27 others → member-29, member-28, member-27, 27 others",
    ),
  );
});

test("a list of items without names shows what was put in between, and nothing of what moved", () => {
  const yaml = (rules: readonly string[]): readonly Manifest[] => [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x" },
      data: { "x.yaml": JSON.stringify({ rules: rules.map((action) => ({ action })) }) },
    },
  ];
  const lines = said(yaml(["keep", "drop", "hash"]), yaml(["keep", "label", "drop", "hash"]));
  assert.equal(lines, found("other", "config", "x: rules[1]: (unset) → action: label"));
  const [one, two] = [yaml(["keep", "drop"]), yaml(["drop", "keep"])];
  assert.deepEqual(twice(difference(two, one)), mirrored(difference(one, two)));
});

test("the sums before and after stand in a table, of the components whose sums differ", () => {
  const [from, to] = made(loki, [...container, "resources", "requests", "memory"], () => "1Gi");
  const table = text("a", "b", difference(from, to))
    .split("\n\n")
    .find((part) => part.startsWith("sums\n"));
  const rows = table?.split("\n").map((line) => line.trim().split(/ {2,}/));
  const [memory, more] = [requests(from).memory, requests(to).memory];
  assert.equal(more - memory, 896);
  assert.deepEqual(rows?.[1], ["CPU requests", "memory requests", "memory limits", "claims"]);
  assert.deepEqual(rows?.[2]?.slice(0, 3), ["loki", "101m", "132Mi → 1028Mi"]);
  assert.deepEqual(rows?.[3]?.slice(0, 3), [
    "total",
    `${requests(from).cpu}m`,
    memoryWords([memory, more]).join(" → "),
  ]);
});

describe("what can be compared", () => {
  const folder = temporary(after);
  const place = { root: folder, from: folder };
  const git = (...args: readonly string[]): void => {
    const who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    execFileSync("git", [...who, ...args], { cwd: folder, stdio: "pipe" });
  };
  const object = (value: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: "${value}"\n`;
  const values = (objects: readonly Manifest[]): readonly unknown[] => objects.map(({ data }) => data);
  before(() => {
    put(folder, "bases/x/x.yaml", object("1"));
    put(folder, "bases/x/kustomization.yaml", "resources:\n  - x.yaml\n");
    put(folder, "overlays/x/kustomization.yaml", "resources:\n  - ../../bases/x\n");
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "one");
    git("tag", "v1");
    put(folder, "bases/x/x.yaml", object("2"));
    git("commit", "--quiet", "--all", "--message", "two");
    put(folder, "bases/x/x.yaml", object("3"));
  });

  test("an environment, as its settings say", async () => {
    assert.equal(said(await objectsOf("dev", { root, from: root }), dev.objects), "Nothing differs.");
  });
  test("an environment with its hand-written patches", { skip }, async () => {
    const patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: thanos-query\nspec:\n  replicas: 3\n";
    put(folder, "overlays/dev/patches/query.yaml", patch);
    const lines = said(dev.objects, await objectsOf("dev", place));
    assert.equal(lines, found("thanos", "replicas", "thanos-query: 1 → 3"));
  });
  test("a folder", { skip }, async () => {
    assert.deepEqual(values(await objectsOf("overlays/x", place)), [{ a: "3" }]);
  });
  test("a file, and the items of a List in it", async () => {
    put(
      folder,
      "some.yaml",
      `${object("4")}---\n---\nkind: List\napiVersion: v1\nitems:\n  - ${object("5").trimEnd().replaceAll("\n", "\n    ")}\n`,
    );
    assert.deepEqual(values(await objectsOf("some.yaml", place)), [{ a: "4" }, { a: "5" }]);
  });
  test("an environment or a folder at a revision of git", { skip }, async () => {
    assert.deepEqual(values(await objectsOf("v1:x", place)), [{ a: "1" }]);
    assert.deepEqual(values(await objectsOf("HEAD~1:overlays/x", place)), [{ a: "1" }]);
    const lines = said(await objectsOf("v1:x", place), await objectsOf("HEAD:bases/x", place));
    assert.equal(lines, found("other", "config", "x: a: 1 → 2"));
  });

  const complaints: Readonly<Record<string, string | RegExp>> = {
    devv: `"devv" is no environment, folder or file: expected one of ${names}, a path, or <git revision>:<environment or path>.`,
    bases: "bases holds no kustomization.yaml. Name a folder that does, or a file of objects.",
    "v1:y": "v1:y: v1 holds no y. Its environments: x.",
    "v9:x": /^v9:x: git has no revision "v9" here \(fatal: .*v9\)\. Name a commit, a branch or a tag\.$/,
    "bases/x/kustomization.yaml":
      "bases/x/kustomization.yaml: document 1 is no object: expected apiVersion, kind and metadata.name. Remove it, or correct it.",
  };
  for (const [source, message] of Object.entries(complaints))
    test(`and not ${source}, which is said`, () => assert.rejects(objectsOf(source, place), { message }));
  test("and not a folder that kustomize refuses, which is said", { skip }, async () => {
    put(folder, "broken/kustomization.yaml", "resources:\n  - nowhere.yaml\n");
    await assert.rejects(objectsOf("broken", place), /^Error: broken: kustomize does not build it: .*nowhere\.yaml/);
  });
});

test("docs/use.md shows what it says", () => {
  const page = readFileSync(join(root, "docs/use.md"), "utf8");
  const [, a = "", b = "", shown = ""] = /<!-- output: diff (\S+) (\S+) -->\n```\n([^]*?)```/.exec(page) ?? [];
  const lines = text(a, b, between(worldNamed(a), worldNamed(b))).split("\n");
  assert.ok(shown.length > 500);
  assert.deepEqual(
    shown.split("\n").filter((line) => line !== "…" && !lines.includes(line)),
    [],
  );
});

describe("the command diff", () => {
  test("tells it as text, with exit code 0 although something differs", () => {
    const { code, stdout, stderr } = cli(root, "diff", "dev", "dev-mimir");
    assert.equal(stderr, "");
    assert.match(stdout, /^dev → dev-mimir\n\nrestarts\n/);
    assert.equal(code, 0);
  });
  test("tells it as Markdown, the sums first", () => {
    const { stdout } = cli(root, "diff", "dev", "demo", "--format", "markdown");
    assert.match(
      stdout,
      /^### dev → demo\n\n\| {2}\| CPU requests \|.*\n\| --- \|[^]*\n#### loki\n\n- \*\*roles\*\*\n {2}- split: loki → /,
    );
  });
  test("tells it as JSON", () => {
    const report = JSON.parse(cli(root, "diff", "dev", "dev", "--json").stdout) as Difference;
    assert.deepEqual([report.components, report.restarts, report.refusals, report.namespaces], [[], [], [], []]);
    assert.deepEqual(report.total.before, requests(dev.objects));
  });
  test("says with exit code 1 which environments there are", () => {
    const { code, stdout, stderr } = cli(root, "diff", "dev", "prodd");
    assert.ok(stderr.startsWith(`"prodd" is no environment, folder or file: expected one of ${names}, a path`), stderr);
    assert.equal(stdout, "");
    assert.equal(code, 1);
  });
  test("is told with exit code 2 how it is used", () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["diff", "dev"], /^diff takes A and B: found dev\.\nusage: /],
      [["diff", "dev", "demo", "--format", "xml"], /^--format is "xml": expected text, markdown, json\.\nusage: /],
      [["check", "--format", "json"], /^check has no option --format\. .*\nusage: /],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = cli(root, ...args);
      assert.match(stderr, message);
      assert.equal(code, 2);
    }
  });
});
