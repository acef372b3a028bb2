import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { allCases, type AlertCase, caseFaults, promtoolFiles, recordingFiles, trials } from "./lib/alerts.ts";
import { namedFaults, pageOf, promqlFaults, type World } from "./lib/dashboards.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { readInventories } from "./lib/inventory.ts";
import { alerts, pageFiles, type Placed, type Rule, rules } from "./lib/monitoring.ts";
import { partsOf, promql, secondsOf } from "./lib/queries.ts";
import { root, shipped } from "./lib/world.ts";

const world: World = { inventories: readInventories(), rules, external: ["kube_lgtm_cluster"] };
const runbooks = join(root, "docs/runbooks");
/** The sections of each page of docs/runbooks that are about an alert. */
const sections = new Map(
  readdirSync(runbooks).map((file) => [
    file,
    [...readFileSync(join(runbooks, file), "utf8").matchAll(/^## (\S+)$/gm)].map(([, name = ""]) => name),
  ]),
);
const pages = new Map(pageFiles.map((file) => [file.path, pageOf(file).uid]));

/** https://prometheus.io/docs/practices/alerting/ and https://monitoring.mixins.dev/#guidelines-for-alert-names-labels-and-annotations */
function alertFaults({ rule, file: from }: Placed, uids: ReadonlySet<string>): Findings {
  const { alert = "", labels = {}, annotations = {} } = rule;
  const { severity = "" } = labels;
  const { summary = "", description = "", runbook_url = "", dashboard_url = "" } = annotations;
  const faults: string[] = [];
  const say = (fault: string): void => void faults.push(`${alert}: ${fault}`);
  if (!/^[A-Z][A-Za-z0-9]+$/.test(alert)) say("expected a name like LokiWritesFailing");
  if (!["critical", "warning", "info", "none"].includes(severity)) say(`severity "${severity}"`);
  if (severity !== "none" && secondsOf(rule.for ?? "0s") < 60)
    say(`it fires after ${rule.for ?? "0s"}: expected two evaluations, a minute, at least`);
  if (!/^[^{]+\.$/.test(summary))
    say(`summary "${summary}": expected a sentence without labels, which silences and mutes can go by`);
  if (description.length < 20) say(`description "${description}": expected what is so`);
  const [, file = "", anchor = ""] = /\/docs\/runbooks\/([\w-]+\.md)#(\S+)$/.exec(runbook_url) ?? [];
  if (!sections.get(file)?.some((name) => name.toLowerCase() === anchor && name === alert))
    say(`docs/runbooks/${file} has no section "## ${alert}" for ${runbook_url}`);
  const [, uid = ""] = /^\/d\/([\w-]+)/.exec(dashboard_url) ?? [];
  if (!uids.has(uid)) say(`${dashboard_url} is no page`);
  // What follows is read from expressions of Prometheus.
  if (from.evaluator === "loki") return faults;
  for (const text of [description, ...Object.values(labels)])
    for (const fault of namedFaults(text, rule.expr, world, Object.keys(labels))) say(fault);
  for (const part of partsOf(promql(rule.expr).tree))
    if (part.kind === "aggregate" && part.by?.includes("instance") && !/\bjob="/.test(rule.expr))
      say("by instance it is another alert after each restart: by pod or node");
  return faults;
}

describe("an alert", () => {
  test("says how bad it is, what is so, what to do and where to look", () => {
    none(
      shipped.flatMap(({ name, overlay }) => {
        const paths = overlay.parts.flatMap(({ bases, additions }) =>
          [...bases, ...additions].map(({ path }) => `${path}/config/`),
        );
        const isHere = (path: string): boolean => paths.some((one) => path.startsWith(one));
        const uids = new Set([...pages].flatMap(([path, uid]) => (isHere(path) ? [uid] : [])));
        return alerts
          .filter(({ file }) => isHere(file.path))
          .flatMap((one) => alertFaults(one, uids).map((fault) => `${name}: ${one.file.path}: ${fault}`));
      }),
    );
  });
  test("has a runbook, and a runbook has an alert", () => {
    const names = new Set(alerts.map(({ rule }) => rule.alert));
    none(
      [...sections].flatMap(([file, all]) =>
        all.filter((name) => !names.has(name)).map((name) => `docs/runbooks/${file}: no alert is called ${name}`),
      ),
    );
  });
  test("is reported where it lacks something", () => {
    const rule: Rule = {
      alert: "ShopDown",
      expr: 'sum by (pod) (up{app="loki"}) == 0',
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "No shop is open.",
        description: "{{ $labels.pod }} of the shop is closed.",
        runbook_url: "https://example.com/docs/runbooks/prometheus.md#watchdog",
        dashboard_url: "/d/shop",
      },
    };
    const own = alerts.find(({ file }) => file.evaluator === "prometheus")?.file as Placed["file"];
    const check = (change: Partial<Rule>, expected: RegExp): void =>
      says(alertFaults({ rule: { ...rule, ...change }, file: own }, new Set(["shop"])), expected);
    const noted = (change: object): Partial<Rule> => ({ annotations: { ...rule.annotations, ...change } });
    check({}, /prometheus.md has no section "## ShopDown"/);
    check({ alert: "shop_down" }, /expected a name like/);
    check({ labels: { severity: "page" } }, /severity "page"/);
    check({ for: "30s" }, /it fires after 30s/);
    check(noted({ summary: "{{ $labels.pod }} is closed." }), /expected a sentence without labels/);
    check(noted({ description: "" }), /expected what is so/);
    check(noted({ dashboard_url: "/d/till" }), /\/d\/till is no page/);
    check(
      noted({ description: "{{ $labels.node }} of the shop is closed." }),
      /names the label node, and the query gives pod/,
    );
    check({ expr: 'sum by (instance) (up{app="loki"}) == 0' }, /by pod or node/);
    assert.ok(promqlFaults(rule.expr, { owner: "loki", mode: "", use: "rule" }, world).length === 0);
  });
});

describe("what alerts are to do", () => {
  test("is said of each: when it fires, stays silent and resolves", async () => {
    assert.ok(alerts.length > 2);
    const cases = await allCases();
    const { found, faults } = trials(cases.alerts, rules);
    const nothing = [...cases.recordings].flatMap(([owner, all]) =>
      all
        .filter((one) => recordingFiles(owner, one, rules, "") === undefined)
        .map(({ record }) => `test/alerts/${owner}.ts: no rule of ${owner} records ${record}`),
    );
    none([...faults, ...found.flatMap(caseFaults), ...nothing]);
  });

  const placed = (rule: Rule): Placed => ({
    rule,
    file: {
      owner: "shop",
      mode: "scalable",
      config: "prometheus-rules-shop",
      path: "",
      evaluator: "prometheus",
      groups: [],
    },
  });
  const made: readonly Placed[] = [
    placed({
      alert: "ShopDown",
      expr: 'sum(shop:up:sum{app="shop"}) < 1',
      for: "5m",
      labels: { severity: "critical" },
    }),
    placed({ record: "shop:up:sum", expr: "sum by (app) (max_over_time(up[10m]))" }),
    placed({ alert: "ShopDown", expr: "vector(1)", labels: { severity: "warning" } }),
  ];
  const faulty = (one: AlertCase, expected: RegExp): void => {
    const { found } = trials(new Map([["shop", { ShopDown: { labels: { severity: "critical" }, ...one } }]]), made);
    says(found.flatMap(caseFaults), expected);
  };
  const up = 'up{app="shop",pod="a"}';

  test("is missed where nobody tries an alert, or one of its severities, or a case is of no alert", () => {
    const fires = { fires: { [up]: 0 }, silent: { [up]: 1 } };
    const { faults } = trials(
      new Map([["shop", { ShopDown: { labels: { severity: "critical" }, ...fires }, ShopOpen: fires }]]),
      made,
    );
    says(faults, /no rule of shop is called ShopOpen/);
    says(faults, /shop: nobody tries the alert ShopDown \(warning\)/);
    assert.equal(faults.length, 2);
  });
  test("is tried in earnest: nothing is silent for want of a series, or because its name is wrong", () => {
    faulty({ fires: { [up]: 0 }, silent: {} }, /nothing is said of up where it is silent/);
    faulty({ fires: { [up]: 0 }, silent: { [up]: 0 } }, /what is silent is what fires/);
    faulty({ fires: {}, silent: {} }, /an alert without a series is silent in any case/);
    faulty({ fires: { 'ups{a="b"}': 0 }, silent: { [up]: 1 } }, /the rule does not read ups/);
    faulty({ fires: { 'up{app=~"shop"}': 0 }, silent: { [up]: 1 } }, /is no series/);
    faulty({ fires: { [up]: "0-" }, silent: { [up]: 1 } }, /"0-" says nothing/);
    faulty({ fires: { [up]: "0x99" }, silent: { [up]: 1 } }, /has 100 samples, and 35 are read/);
  });
  test("is written for promtool with the recordings that the rule reads, as long as it looks back", () => {
    const { found } = trials(
      new Map([
        ["shop", { ShopDown: { labels: { severity: "critical" }, fires: { [up]: 0 }, silent: { [up]: "2/s" } } }],
      ]),
      made,
    );
    const [trial] = found;
    assert.ok(trial);
    const { rules, test } = promtoolFiles(trial, "rules.yaml");
    assert.match(rules, /record: shop:up:sum[^]*alert: ShopDown/);
    assert.doesNotMatch(rules, /vector/);
    // Five minutes of `for`, ten of the recording's range and two more: 34 steps.
    assert.match(test, /name: ShopDown fires\n[^]*?values: "0x34"[^]*?eval_time: 1020s[^]*?value: 1/);
    assert.match(test, /name: ShopDown stays silent\n[^]*?values: 0\+60x34[^]*?eval_time: 1020s[^]*?value: 0/);
    assert.match(test, /name: ShopDown resolves\n[^]*?values: 0x34 0\+60x32[^]*?eval_time: 1020s[^]*?eval_time: 2010s/);
  });
});
