import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allCases, type AlertCase, caseFaults, promtoolFiles, trials } from "./lib/alerts.ts";
import { none, says } from "./lib/findings.ts";
import { alerts, type Placed, type Rule, rules } from "./lib/monitoring.ts";

describe("what alerts are to do", () => {
  test("is said of each: when it fires, stays silent and resolves", async () => {
    assert.ok(alerts.length > 2);
    const { found, faults } = trials(await allCases(), rules);
    none([...faults, ...found.flatMap(caseFaults)]);
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
