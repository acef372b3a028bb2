import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Asked,
  linksOf,
  modelFaults,
  type Page,
  pageOf,
  promqlFaults,
  queryFaults,
  thresholdFaults,
  variableFaults,
  type World,
} from "./lib/dashboards.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { inventoryOf, readInventories } from "./lib/inventory.ts";
import { alerts, type PageFile, pageFiles, type Placed, ruleFiles, rules } from "./lib/monitoring.ts";
import { shipped } from "./lib/world.ts";

/** What data sources of several clusters add (`clusterLabel` in src/core/derive/queries.ts). */
const external = ["kube_lgtm_cluster"];
const world: World = { inventories: readInventories(), rules, external };

const pages = pageFiles.map((file) => ({ file, page: pageOf(file) }));
const of = (file: PageFile): Asked => ({ owner: file.owner, mode: file.mode, use: "page" });
const each = (faults: (page: Page, file: PageFile) => Findings): Findings =>
  pages.flatMap(({ page, file }) => faults(page, file).map((fault) => `${file.path}: ${fault}`));

/** What an environment has of each: files below its bases and Components. */
const inEnvironments = shipped.map(({ name, overlay }) => ({
  name,
  paths: overlay.parts.flatMap(({ bases, additions }) => [...bases, ...additions].map(({ path }) => `${path}/config/`)),
}));
const isIn = (paths: readonly string[], path: string): boolean => paths.some((one) => path.startsWith(one));

describe("a page of Grafana", () => {
  test("is one that Grafana loads, small enough to apply, and each panel says what it shows in which unit", () => {
    assert.ok(pages.length > 2);
    none(each((page, { text }) => modelFaults(page, Buffer.byteLength(text))));
  });
  test("comes in a ConfigMap that the API server and kubectl take", () => {
    const bytes = new Map<string, number>();
    for (const { path, text } of pageFiles) {
      const config = path.replace(/\/[^/]+$/, "");
      bytes.set(config, (bytes.get(config) ?? 0) + Buffer.byteLength(text));
    }
    // kubectl apply keeps a copy in an annotation, and all annotations together have 256 KiB at most
    // (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-last-applied-configuration).
    none(
      [...bytes]
        .filter(([, size]) => size > 200 * 1024)
        .map(([config, size]) => `${config} has ${size} bytes: expected at most 200 KiB`),
    );
  });
  test("has an address of its own in every environment, and leads to others that are there", () => {
    none(
      inEnvironments.flatMap(({ name, paths }) => {
        const here = pages.filter(({ file }) => isIn(paths, file.path));
        const uids = new Map(here.map(({ page }) => [page.uid, page]));
        return here.flatMap(({ page, file }) => [
          ...(here.filter((other) => other.page.uid === page.uid).length > 1
            ? [`${name}: ${file.path}: another has the uid ${page.uid}`]
            : []),
          ...linksOf(page).flatMap(({ where, uid, variables }) => {
            const target = uids.get(uid);
            if (!target) return [`${name}: ${file.path}: ${where} leads to /d/${uid}, which is no page there`];
            const known = (target.templating?.list ?? []).map((one) => one.name);
            return variables
              .filter((variable) => !known.includes(variable))
              .map(
                (variable) => `${file.path}: ${where} gives /d/${uid} the variable ${variable}, which it does not have`,
              );
          }),
        ]);
      }),
    );
  });
  test("has the variables that its queries use, and no others", () => none(each(variableFaults)));
  test("asks in the languages of its data sources, for metrics and labels that the programs of its mode have", () =>
    none(each((page, file) => queryFaults(page, of(file), world))));
  test("draws the threshold at which the alert on the same query fires", () =>
    none(
      each((page, { mode }) =>
        thresholdFaults(
          page,
          alerts.filter(({ file }) => file.mode === mode).map(({ rule }) => rule),
        ),
      ),
    ));
});

describe("a rule", () => {
  test("asks for metrics and labels that the programs of its mode have, over two scrapes at least", () => {
    none(
      rules
        .filter(({ file }) => file.evaluator !== "loki")
        .flatMap(({ rule, file }) =>
          promqlFaults(rule.expr, { owner: file.owner, mode: file.mode, use: "rule" }, world).map(
            (fault) => `${file.path} ${rule.alert ?? rule.record}: ${fault}, in ${rule.expr}`,
          ),
        ),
    );
    assert.ok(ruleFiles.length > 2);
  });
});

describe("a fault of a page is found:", () => {
  const inventories = new Map(
    [
      "# shop 1.0, asked on 2026-11-29 in dev\njobs shop\nevery app job namespace pod workload\nmode scalable read write\n@ scalable: *\nc requests_total code\ng queue_length queue\n@ scalable: write\nh latency_seconds route\n",
      "# till 1.0, asked on 2026-11-29 in dev\njobs till\nevery app job namespace pod\nmode \n@ : *\ng money\n",
    ].map((text) => [inventoryOf(text).program, inventoryOf(text)]),
  );
  const recording: Placed = {
    rule: {
      record: "shop:requests:rate5m",
      expr: "sum by (namespace) (rate(requests_total[5m]))",
      labels: { way: "in" },
    },
    file: { owner: "shop", mode: "scalable", config: "", path: "", evaluator: "prometheus", groups: [] },
  };
  const made: World = { inventories, rules: [recording], external: ["cluster"] };
  const asked = (use: Asked["use"]): Asked => ({ owner: "shop", mode: "scalable", use });
  const found = (text: string, use: Asked["use"] = "page"): Findings => promqlFaults(text, asked(use), made);

  test("none where there is none", () => {
    for (const text of [
      'sum by (code) (rate(requests_total{app="shop", workload="read", namespace=~"$namespace", cluster=~"$cluster"}[$__rate_interval]))',
      'histogram_quantile(0.99, sum by (le, route) (rate(latency_seconds_bucket{app="shop", workload=~"write|other"}[$__rate_interval])))',
      'sum(shop:requests:rate5m{way="in"})',
      "max by (queue, namespace) (queue_length) > 3 unless on (namespace) requests_total",
      'up{job="till"} == 0',
      "sum(rate(requests_total[$__rate_interval])) or 0 * sum(requests_total)",
    ])
      none(found(text), text);
    none(found("sum by (namespace) (increase(requests_total[5m])) > 0", "rule"));
  });
  test("queries", () => {
    says(found('rate(requests_total{pod=~"a-[0-9]+"}[5m])'), /rate over \[5m\]/);
    none(found('rate(requests_total{pod=~"a-[0-9]+"}[$__rate_interval])'));
    says(found("rate(requests_total[5m"), /no such expression at "its end"/);
    says(found("rate(requests_totals[$__rate_interval])"), /no program has requests_totals/);
    says(found('money{app="shop"}'), /money is a metric of till, not of app="shop"/);
    says(found('queue_length{code="x"}'), /queue_length has no label code/);
    says(
      found('latency_seconds_sum{app="shop", workload="read"} > 0'),
      /no metric of the workload "read" in mode scalable: it is one of write/,
    );
    says(found('queue_length{queue="a", queue=~"b|c"}'), /cannot have queue="a" and queue=~"b\|c"/);
    says(found("requests_total"), /is a counter/);
    says(found("sum(rate(requests_total[5m]))"), /rate over \[5m\]: expected \[\$__rate_interval\]/);
    says(found("sum(irate(requests_total[$__rate_interval]))"), /irate/);
    says(found("sum(rate(requests_total[1m]))", "rule"), /a range is at least 2m/);
    says(found("sum by (queue) (rate(requests_total[$__rate_interval]))"), /by \(queue\): there is no such label/);
    says(found("queue_length / on (queue) money"), /on \(queue\), which one side does not have/);
    says(found("queue_length * on (node) money"), /by the label node, which neither side has/);
    says(found('shop:requests:rate5m{code="5"}'), /recorded without the label code/);
    says(found("shop:requests:rate1m"), /nobody records shop:requests:rate1m/);
    says(found('{app="shop"}'), /a selector without a metric/);
  });

  const [sample] = pages;
  assert.ok(sample);
  const [, first] = sample.page.panels;
  assert.ok(first);
  const panel = (change: object, defaults: object = {}): Page => ({
    ...sample.page,
    panels: [
      {
        ...first,
        ...change,
        fieldConfig: { overrides: [], defaults: { ...first.fieldConfig?.defaults, ...defaults } },
      },
    ],
  });
  test("the model", () => {
    const check = (page: Page, expected: RegExp): void => says(modelFaults(page, 1), expected);
    none(modelFaults(panel({}), 1));
    check(panel({ panells: [] }), /knows no panel.panells/);
    check(panel({ type: "graph" }), /brings no panel "graph"/);
    check(panel({ title: "" }), /no title/);
    check(panel({ description: "short" }), /no description/);
    check(panel({ targets: [] }), /asks nothing/);
    check(panel({}, { unit: undefined }), /no unit/);
    check(panel({}, { unit: "parsecs" }), /no unit "parsecs"/);
    check(panel({ gridPos: { x: 20, y: 0, w: 8, h: 4 } }), /not in the grid/);
    check({ ...sample.page, panels: [first, { ...first, id: 99 }] }, /lie on each other/);
    check({ ...sample.page, panels: [first, first] }, /another has the id/);
    check({ ...sample.page, panels: Array.from({ length: 26 }, () => first) }, /26 panels/);
    check({ ...sample.page, uid: "a".repeat(41) }, /at most 40/);
    check({ ...sample.page, editable: true }, /editable is not false/);
    says(modelFaults(sample.page, 102_401), /at most 100 KB/);
  });
  test("variables", () => {
    const target = (expr: string): Page =>
      panel({ targets: [{ refId: "A", expr, datasource: { type: "prometheus", uid: "$metrics" } }] });
    says(variableFaults(target('up{a=~"$nobody"}')), /\$nobody is no variable/);
    says(variableFaults(target('up{namespace="$namespace"}')), /\$namespace may be several/);
    says(
      variableFaults({ ...sample.page, templating: { list: [{ name: "spare", type: "custom" }] } }),
      /spare changes nothing/,
    );
    says(variableFaults({ ...sample.page, templating: { list: [] } }), /no variable for the data source/);
  });
  test("data sources, legends, streams and spans", () => {
    const ask = (target: object): Findings =>
      queryFaults(panel({ targets: [{ refId: "A", ...target }] }), asked("page"), made);
    const metrics = { type: "prometheus", uid: "$metrics" };
    says(ask({ expr: "up", datasource: { type: "prometheus", uid: "metrics" } }), /expected the page's variable/);
    says(ask({ expr: "sum(queue_length)", legendFormat: "{{pod}}", datasource: metrics }), /names the label pod/);
    says(ask({ expr: 'queue_length{namespace="monitoring"}', datasource: metrics }), /a namespace is written out/);
    const logs = { type: "loki", uid: "loki" };
    says(ask({ expr: '{app="a"', datasource: logs }), /no such expression/);
    says(ask({ expr: '{ap="a"}', datasource: logs }), /no stream has the label ap/);
    says(ask({ expr: '{app=~".*"}', datasource: logs }), /Loki refuses/);
    says(ask({ query: "{ a", datasource: { type: "tempo", uid: "tempo" } }), /no such expression/);
    none(ask({ expr: '{app="a"} |= "x" | json', datasource: logs }).filter((fault) => fault.startsWith("panel")));
  });
  test("thresholds", () => {
    const of = (value: number): Page =>
      panel(
        { targets: [{ refId: "A", expr: 'sum by (pod) (queue_length{app="shop", namespace=~"$namespace"})' }] },
        { thresholds: { mode: "absolute", steps: [{ value: null }, { value }] } },
      );
    const rule = { alert: "QueueLong", expr: '(sum by (pod) (queue_length{app="shop"})) > 30' };
    none(thresholdFaults(of(30), [rule]));
    says(thresholdFaults(of(20), [rule]), /draws 20, and the alert QueueLong on the same query fires at 30/);
  });
});
