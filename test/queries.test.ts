import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { labelsOf, logql, promql, secondsOf, selectorsOf, traceql, withoutVariables } from "./lib/queries.ts";

/* Examples are from the languages' own documentation, as named. */
describe("a query that is read", () => {
  test("has the errors that its program would report, and no others", () => {
    // https://prometheus.io/docs/prometheus/latest/querying/examples/
    for (const text of [
      'http_requests_total{job="apiserver", handler="/api/comments"}[5m]',
      "max_over_time(deriv(rate(distance_covered_total[5s])[30s:5s])[10m:])",
      "topk(3, sum by (app, proc) (rate(instance_cpu_time_ns[5m])))",
      'method_code:http_errors:rate5m{code="500"} / ignoring(code) method:http_requests:rate5m',
      'histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket{a!="b"}[10m] offset 1w)))',
      '{"http.status", code="500"} @ end()',
    ])
      assert.deepEqual(promql(text).errors, [], text);
    for (const text of ["rate(a[5m)", "sum by (a (b)", "a ==", "rate(a[$__rate_interval])", 'a{b="c"', "unknown(a)"])
      assert.equal(promql(text).errors.length, 1, text);
    // https://grafana.com/docs/loki/latest/query/query_examples/
    for (const text of [
      '{job="loki-ops/query-frontend"} |= "metrics.go" | logfmt | duration > 10s and throughput_mb < 500',
      'sum by (org_id) (sum_over_time({cluster="a"} |= "metrics.go" | logfmt | unwrap bytes_processed [1m]))',
      'sum(rate({app="foo"} | json | status >= 500 | line_format "{{.message}}" [5m])) by (route)',
    ])
      assert.deepEqual(logql(text).errors, [], text);
    for (const text of ['{app="a"', 'rate({app="a"}[5m]', '{app="a"} | = "x"'])
      assert.equal(logql(text).errors.length, 1);
    // https://grafana.com/docs/tempo/latest/traceql/construct-traceql-queries/
    for (const text of [
      '{ resource.service.name = "frontend" && span.http.status_code >= 500 } >> { status = error }',
      "{ nestedSetParent < 0 } | select(span.http.target) ",
      "{ status = error } | rate() by (resource.service.name) with(sample=true)",
      '{ name = "a" } | compare({ status = error })',
    ])
      assert.deepEqual(traceql(text).errors, [], text);
    for (const text of ["{ a", "{ status = } | rate()"]) assert.equal(traceql(text).errors.length, 1);
  });

  test("has its metrics, labels and ranges", () => {
    const [errors, all] = selectorsOf(
      promql('sum(rate(a_total{code=~"5..",app="x"}[90s])) / max_over_time(b[1h:5m] offset 1d)').tree,
    );
    assert.deepEqual(errors, {
      kind: "selector",
      name: "a_total",
      matchers: [
        { label: "code", operator: "=~", value: "5.." },
        { label: "app", operator: "=", value: "x" },
      ],
      range: 90,
    });
    assert.equal(all?.name, "b");
    assert.deepEqual(selectorsOf(promql('{__name__="c",x="y\\\\.z"}').tree)[0], {
      kind: "selector",
      name: "c",
      matchers: [
        { label: "__name__", operator: "=", value: "c" },
        { label: "x", operator: "=", value: "y\\.z" },
      ],
    });
    assert.deepEqual([secondsOf("1h30m"), secondsOf("500ms"), secondsOf("2d")], [5400, 0.5, 172_800]);
    const lines = logql('sum by (level) (count_over_time({app="a"} | json | level="error" [2m]))').tree;
    assert.deepEqual(lines.selectors, [[{ label: "app", operator: "=", value: "a" }]]);
    assert.deepEqual(
      [lines.groupings, lines.ranges, lines.functions, lines.isMetric],
      [["level"], [120], ["count_over_time"], true],
    );
  });

  // https://prometheus.io/docs/prometheus/latest/querying/operators/
  test("keeps the labels that Prometheus keeps", () => {
    const kept = (text: string): readonly string[] => {
      const { errors, tree } = promql(text);
      assert.deepEqual(errors, [], text);
      const found = labelsOf(tree, ({ name }) => new Set(name === "info" ? ["pod", "version"] : ["app", "pod", "le"]));
      return found === "any" ? ["any"] : [...found].sort();
    };
    assert.deepEqual(kept("rate(a[5m]) > 3"), ["app", "le", "pod"]);
    assert.deepEqual(kept("sum(a)"), []);
    assert.deepEqual(kept("3 < sum by (app) (a)"), ["app"]);
    assert.deepEqual(kept("sum without (pod) (a)"), ["app", "le"]);
    assert.deepEqual(kept("topk(3, a)"), ["app", "le", "pod"]);
    assert.deepEqual(kept("histogram_quantile(0.9, sum by (le, app) (a))"), ["app"]);
    assert.deepEqual(kept("a * on (pod) group_left (version) info"), ["app", "le", "pod", "version"]);
    assert.deepEqual(kept("a / on (pod) b"), ["pod"]);
    assert.deepEqual(kept("a / ignoring (le) b"), ["app", "pod"]);
    assert.deepEqual(kept("a and on (pod) info"), ["app", "le", "pod"]);
    assert.deepEqual(kept("sum by (app) (a) or info"), ["app", "pod", "version"]);
    assert.deepEqual(kept('label_replace(sum(a), "x", "$1", "y", "(.*)")'), ["x"]);
    assert.deepEqual(kept('absent(a{app="b",pod=~"c"})'), ["app"]);
    assert.deepEqual(kept('count_values("build", a)'), ["build"]);
    assert.deepEqual(kept("vector(1)"), []);
  });

  test("has variables of pages replaced where they are no text", () => {
    assert.equal(
      withoutVariables('sum by ($by) (rate(a{b=~"$c",d=~"${e:regex}"}[$__rate_interval])) > ${limit}', { limit: "3" }),
      'sum by (pod) (rate(a{b=~"$c",d=~"${e:regex}"}[2m])) > 3',
    );
  });
});
