import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { format, resolveConfig } from "prettier";
import { monitoring as lokiMonitoring } from "../src/monitoring/loki.ts";
import { dashboards } from "../src/core/derive/dashboards.ts";
import { docsOf } from "../src/core/assemble/base.ts";
import { resolved, type Scope } from "../src/core/derive/queries.ts";
import { catalogue } from "../src/components/index.ts";
import { loki } from "../src/components/loki.ts";
import { mimir } from "../src/components/mimir.ts";
import type { Component } from "../src/core/model/component.ts";
import { plan } from "../src/core/model/grouping.ts";
import type { Mode } from "../src/core/model/roles.ts";
import { pageOf } from "./lib/dashboards.ts";
import { pageFiles } from "./lib/monitoring.ts";
import { runbooks } from "./lib/runbooks.ts";
import { alerts } from "./lib/monitoring.ts";
import { environmentOf, root, worldOf } from "./lib/world.ts";

const scopeOf = (mode: Mode, { name, roles: all, modes }: Component = loki): Scope => {
  const roles = Object.values(all);
  const workloads = plan(roles, modes[mode]?.grouping ?? assert.fail());
  return { component: name, roles, mode, workloads };
};

describe("a query about a role", () => {
  test("asks for the workload that runs it in the mode", () => {
    const asked = (mode: Mode) => resolved("rate(x{@ingester}[2m])", scopeOf(mode), "rule");
    assert.equal(asked("monolithic"), 'rate(x{app="loki", workload="all"}[2m])');
    assert.equal(asked("scalable"), 'rate(x{app="loki", workload="write"}[2m])');
    assert.equal(asked("microservices"), 'rate(x{app="loki", workload="ingester"}[2m])');
  });
  test("is narrowed by what a page's reader chose, and a rule's is not", () => {
    const page = resolved('x{@all, code="500"}', scopeOf("scalable"), "page");
    assert.equal(page, 'x{app="loki", namespace=~"$namespace", kube_lgtm_cluster=~"$cluster", code="500"}');
    assert.equal(resolved('x{@all, code="500"}', scopeOf("scalable"), "rule"), 'x{app="loki", code="500"}');
  });
  test("finds the pods that Kubernetes names after the workload, and no other's", () => {
    const pods = resolved("x{@pods/all}", scopeOf("monolithic"), "rule") ?? "";
    const [, pattern = ""] = /pod=~"([^"]+)"/.exec(pods) ?? [];
    const isFound = (pod: string): boolean => new RegExp(`^(?:${pattern})$`).test(pod);
    // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id
    assert.ok(isFound("loki-0"));
    for (const other of ["loki-write-0", "loki-cache-chunks-0", "loki-gateway-59ffb78566-pshb2"])
      assert.ok(!isFound(other), other);
  });
  test("is not asked in a mode without the role, and a misspelt role stops the build", () => {
    assert.equal(resolved("x{@overrides-exporter}", scopeOf("monolithic", mimir), "rule"), undefined);
    assert.notEqual(resolved("x{@overrides-exporter}", scopeOf("microservices", mimir), "rule"), undefined);
    assert.throws(() => resolved("x{@ingestor}", scopeOf("monolithic"), "rule"), /@ingestor.*ingester/);
  });
});

// https://docs.github.com/en/repositories/working-with-files/using-files/getting-permanent-links-to-files
test("alerts lead to the runbooks of the repository that an environment is built from", () => {
  const main = "https://github.com/acme/obs/blob/main/docs";
  assert.equal(docsOf({ url: "https://github.com/acme/obs.git" }), main);
  assert.equal(docsOf({ url: "ssh://git@github.com/acme/obs.git" }), main);
  assert.equal(docsOf({ url: "git@github.com:acme/obs.git" }), main);
  assert.equal(docsOf({ url: "https://git.acme.dev/x/obs", tag: "v2" }), "https://git.acme.dev/x/obs/blob/v2/docs");
});

test("docs/runbooks says what the rules say: npm run runbooks", async () => {
  for (const [path, text] of Object.entries(runbooks())) {
    const file = join(root, path);
    const expected = await format(text, { ...(await resolveConfig(file)), filepath: file });
    assert.equal(readFileSync(file, "utf8"), expected, path);
  }
});

// Loki refuses a selector that an empty label matches: pkg/logql/syntax/parser.go of 3.7.6 (validateMatchers).
test("the page of logs lets people choose among what has logs, and asks Loki nothing that it refuses", () => {
  const sources = { metrics: "metrics", logs: "loki", traces: "tempo" };
  const { "logs.json": text = "" } = dashboards(lokiMonitoring, scopeOf("monolithic"), sources);
  const page = JSON.parse(text) as {
    readonly templating: {
      readonly list: readonly { name: string; datasource?: { uid: string }; allValue?: string }[];
    };
    readonly panels: readonly { targets?: readonly { expr: string }[]; datasource?: { uid: string } }[];
  };
  const variable = (name: string) => page.templating.list.find((one) => one.name === name);
  for (const name of ["namespace", "app", "pod"]) assert.equal(variable(name)?.datasource?.uid, "loki", name);
  assert.equal(variable("level")?.allValue, ".*");
  const asked = page.panels
    .filter(({ datasource }) => datasource?.uid === "loki")
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.equal(asked.length, 3);
  for (const expr of asked) {
    const [, selector = ""] = /\{(.+?)\}/.exec(expr.replace(/\$(app|namespace|pod)/g, ".*")) ?? [];
    const isDemanding = ([, pattern = ""]: readonly string[]): boolean => !new RegExp(`^(?:${pattern})$`).test("");
    assert.ok([...selector.matchAll(/=~"(.*?)"/g)].some(isDemanding), selector);
  }
});

// docs/metrics/cluster/namespace-metrics.md of kube-state-metrics 2.19.1: a series for each namespace. A namespace without a program that is
// scraped has no `up`.
test("pages about Kubernetes offer every namespace, and those of the stack the namespaces with programs that are scraped", () => {
  const offered = (name: string): readonly string[] =>
    pageFiles
      .filter(({ path }) => path.endsWith(`/${name}.json`))
      .flatMap((file) => pageOf(file).templating?.list ?? [])
      .filter((variable) => variable.name === "namespace")
      .map(({ query }) => (typeof query === "string" ? query : (query?.query ?? "")));
  for (const name of ["kubernetes-namespace", "kubernetes-workload", "kubernetes-pod", "kubernetes-volumes"])
    assert.deepEqual(offered(name), ['label_values(kube_namespace_created{kube_lgtm_cluster=~"$cluster"}, namespace)']);
  assert.ok(offered("loki-writes").length > 0);
  for (const query of offered("loki-writes"))
    assert.equal(query, 'label_values(up{kube_lgtm_cluster=~"$cluster"}, namespace)');
  assert.deepEqual(offered("nodes"), []);
});

describe("objectives that an environment sets", () => {
  const rulesOf = (objectives: object): string => {
    const { objects } = worldOf(environmentOf("made", { mode: "monolithic", metrics: "mimir", objectives }));
    const map = objects.find(({ metadata }) => metadata.name === "prometheus-rules-loki");
    return (map?.["data"] as Readonly<Record<string, string>>)["loki.yaml"] ?? "";
  };
  // https://sre.google/workbook/alerting-on-slos/, table 5-8: factors of 14.4 and 6, times the share that may fail.
  test("decide at which share of failed requests somebody is paged, and the others stay as they are", () => {
    const rules = rulesOf({ logs: { writes: 99.95 } });
    assert.match(rules, /ratio_rate1h\{signal="logs", way="writes"\} > 0\.0072 and .*ratio_rate5m\{.*\} > 0\.0072/);
    assert.match(rules, /ratio_rate6h\{signal="logs", way="writes"\} > 0\.003 and/);
    assert.match(rules, /ratio_rate1h\{signal="logs", way="reads"\} > 0\.144 and/);
  });
  test("are percentages below 100, or nothing may ever fail", () => {
    for (const writes of [100, 0.999, "99.9"])
      assert.throws(() => rulesOf({ logs: { writes } }), /objectives\.logs\.writes.*a percentage from 50 to 99\.99/);
  });
});

test("each kind of alert that hushes others is there, and a warning hushes its own node at most", () => {
  const hushing = new Map(
    alerts.flatMap(({ rule: { alert, labels } }) => (labels?.["hushes"] ? [[alert, labels] as const] : [])),
  );
  assert.deepEqual([...new Set([...hushing.values()].map((labels) => labels["hushes"]))].toSorted(), [
    "cluster",
    "info",
    "node",
  ]);
  for (const [alert, { hushes, severity }] of hushing)
    if (hushes === "cluster") assert.equal(severity, "critical", alert);
});

// charts/kube-prometheus-stack/templates/grafana/dashboards-1.14 of 2026: those that its values do not switch off.
test("docs/kube-prometheus-stack.md has each of the chart's 29 dashboards, and names pages and runbooks that are there", () => {
  const page = readFileSync(join(root, "docs/kube-prometheus-stack.md"), "utf8");
  const [dashboards = "", rules = ""] = page.split("## Rules");
  const rows = [...dashboards.matchAll(/^\| (`.*?) +\| (.*?) +\| (.*?) +\|$/gm)];
  const quoted = (cell = ""): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  assert.equal(new Set(rows.flatMap(([, cell]) => quoted(cell))).size, 29);
  const titles = catalogue.flatMap(({ monitoring }) => (monitoring?.pages ?? []).map(({ title }) => title));
  const named = rows.flatMap(([, , , cell]) => quoted(cell));
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter((title) => !titles.includes(title)),
    [],
  );
  const known = new Set(alerts.map(({ rule }) => rule.alert));
  const said = [...rules.matchAll(/`([A-Z]\w+)`/g)].map(([, name = ""]) => name);
  assert.deepEqual(
    said.filter((name) => !known.has(name)),
    [],
  );
});
