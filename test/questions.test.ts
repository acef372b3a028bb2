import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DataSource } from "./e2e/datasources.ts";
import { curlAnswers, curlConfig, openedWith, questionsOfPage, questionsOfRule, verdict } from "./e2e/questions.ts";
import { type Page, pageOf } from "./lib/dashboards.ts";
import { pageFiles } from "./lib/monitoring.ts";

const sources = new Map<string, DataSource>(
  [
    ["metrics", "prometheus"],
    ["loki", "loki"],
    ["tempo", "tempo"],
  ].map(([uid = "", type = ""]) => [uid, { uid, type, url: `http://${uid}` }]),
);
const page = (...targets: readonly object[]): Page =>
  ({
    uid: "shop",
    templating: {
      list: [
        { name: "tenant", type: "custom", query: "a,b" },
        { name: "text", type: "textbox", query: "error" },
      ],
    },
    panels: targets.map((target, id) => ({
      id,
      type: "logs" in target ? "logs" : "timeseries",
      title: `panel ${id}`,
      gridPos: { x: 0, y: 0, w: 1, h: 1 },
      targets: [{ refId: "A", ...target }],
    })),
  }) as unknown as Page;

describe("on a cluster", () => {
  test("every query of every page can be asked of its data source", () => {
    assert.ok(pageFiles.length > 2);
    for (const file of pageFiles) {
      const one = pageOf(file);
      for (const { parameters } of questionsOfPage(one, openedWith(one), sources, 0))
        assert.doesNotMatch(parameters["query"] ?? parameters["q"] ?? "", /\$(?!\d)|^$/, file.path);
    }
  });
  test("a query is asked with the values that its page opens with, as its program takes it", () => {
    const made = page(
      { expr: 'sum(rate(x{a="$tenant", b=~"$namespace"}[$__rate_interval]))', datasource: { uid: "$metrics" } },
      { expr: '{app="a"} |= "$text"', datasource: { uid: "loki" }, logs: true },
      { expr: 'rate({app="a"}[$__auto])', datasource: { uid: "loki" } },
      { query: "{ status = error }", datasource: { uid: "tempo" } },
      { query: "{ status = error } | rate()", datasource: { uid: "tempo" } },
    );
    const asked = questionsOfPage(made, openedWith(made), sources, 7200);
    assert.deepEqual(
      asked.map(({ source, path, parameters }) => [source, path, parameters["query"] ?? parameters["q"]]),
      [
        ["metrics", "/api/v1/query", 'sum(rate(x{a="a", b=~".*"}[2m]))'],
        ["loki", "/loki/api/v1/query_range", '{app="a"} |= "error"'],
        ["loki", "/loki/api/v1/query", 'rate({app="a"}[1m])'],
        ["tempo", "/api/search", "{ status = error }"],
        ["tempo", "/api/metrics/query_range", "{ status = error } | rate()"],
      ],
    );
    assert.equal(asked[1]?.parameters["start"], "3600000000000");
    assert.throws(
      () => questionsOfPage(page({ expr: "up", datasource: { uid: "gone" } }), {}, sources, 0),
      /gone, which is not there/,
    );
  });
  test("a rule is asked with each series that it goes by, whatever their state is", () => {
    const rule = { alert: "Bad", expr: 'rate(x_total{app="a",code=~"5.."}[2m]) > 0 and up{job="a"} == 1' };
    assert.deepEqual(
      questionsOfRule(rule, 1).map(({ parameters, expects }) => [parameters["query"], expects]),
      [
        [rule.expr, "any"],
        ['count(x_total{app="a"})', "result"],
        ['count(up{job="a"})', "result"],
      ],
    );
    assert.equal(questionsOfRule({ record: "r", expr: "sum(x)" }, 1)[0]?.expects, "result");
  });
  test("an error, an empty answer and a result are told apart", () => {
    const [question] = questionsOfRule({ record: "r", expr: "sum(x)" }, 1);
    assert.ok(question);
    const of = (status: number, body: string) => {
      const { error, isEmpty } = verdict(question, status, body);
      return [error?.slice(0, 12), isEmpty];
    };
    assert.deepEqual(of(200, '{"status":"success","data":{"result":[]}}'), [undefined, true]);
    assert.deepEqual(of(200, '{"status":"success","data":{"result":[{}]}}'), [undefined, false]);
    assert.deepEqual(of(200, '{"traces":[]}'), [undefined, true]);
    assert.deepEqual(of(200, '{"traces":[{}]}'), [undefined, false]);
    assert.deepEqual(of(400, "parse error"), ["answered 400", true]);
    assert.deepEqual(of(200, "<html>"), ["answered no ", true]);
    assert.deepEqual(of(0, "no answer"), ["answered 0: ", true]);
  });
  test("many requests go through one curl, and each keeps its answer", () => {
    const config = curlConfig([
      { url: 'http://a/x?q="1"', headers: { "X-Scope-OrgID": "main" } },
      { url: "http://b", headers: {} },
    ]);
    assert.match(
      config,
      /^url = "http:\/\/a\/x\?q=\\"1\\""\nheader = "X-Scope-OrgID: main"\n[^]*\nnext\nurl = "http:\/\/b"\n/,
    );
    assert.deepEqual(curlAnswers('{"a":\n1}\n@@kube-lgtm@@200\n\n@@kube-lgtm@@503\n'), [
      { status: 200, body: '{"a":\n1}' },
      { status: 503, body: "" },
    ]);
  });
});
