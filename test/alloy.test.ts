import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { template } from "../src/core/util/template.ts";
import { alloyFaults, parseAlloy } from "./lib/alloy.ts";
import { none, says } from "./lib/findings.ts";
import { built } from "./lib/world.ts";

const configs = built.bases.flatMap(({ path, configs }) =>
  configs.flatMap(({ files = {} }) =>
    Object.entries(files).flatMap(([file, content]) =>
      file.endsWith(".alloy") && typeof content === "string" ? [{ where: `${path} ${file}`, content }] : [],
    ),
  ),
);

test("every Alloy configuration can be read, and what it refers to is there", () => {
  assert.ok(configs.length >= 5);
  none(configs.flatMap(({ where, content }) => alloyFaults(where, content)));
});

test("the log collector reads pods' log files and writes them to Loki", () => {
  const names = configs
    .filter(({ where }) => where.startsWith("bases/alloy/"))
    .flatMap(({ content }) => parseAlloy(content));
  assert.deepEqual(
    names.map(({ name }) => name).filter((name) => name.startsWith("loki.")),
    ["loki.source.file", "loki.process", "loki.write"],
  );
});

test("the gateway takes OTLP, Jaeger and Zipkin", () => {
  const names = configs
    .filter(({ where }) => where.startsWith("bases/alloy-gateway/monolithic "))
    .flatMap(({ content }) => parseAlloy(content));
  assert.deepEqual(
    names
      .map(({ name }) => name)
      .filter((name) => name.startsWith("otelcol.receiver."))
      .sort(),
    ["otelcol.receiver.jaeger", "otelcol.receiver.otlp", "otelcol.receiver.zipkin"],
  );
});

test("the gateway answers a push when the back end has it: nothing waits in the gateway, where a killed pod would lose it", () => {
  for (const { content } of configs.filter(({ where }) => where.startsWith("bases/alloy-gateway/"))) {
    assert.doesNotMatch(content, /processor\.batch|remote_write/);
    const exporters = content.split(/^(?=otelcol\.)/m).filter((block) => block.startsWith("otelcol.exporter."));
    assert.equal(exporters.length, 3);
    for (const exporter of exporters) assert.match(exporter, /sending_queue \{\s+enabled = false\s+\}/);
  }
});

describe("an Alloy configuration that cannot be read is reported", () => {
  const faults = (text: string) => alloyFaults("here", text);
  test("two statements on one line, as a formatter that takes it for HTML leaves them", () => {
    says(
      faults('logging {\n  level = "info" format = "logfmt"\n}'),
      /line 2: found "format", expected the end of the line/,
    );
    says(faults("// all of it is a comment now logging { }"), /holds no block/);
  });
  test("a brace too few or too many", () => {
    says(faults("logging {"), /line 1: found "end"/);
    says(faults("logging { } }"), /found "}"/);
  });
  test("a reference to nobody", () => {
    says(
      faults('a.b "c" {\n  forward_to = [loki.write.x.receiver]\n}'),
      /line 1: no component exports loki.write.x.receiver/,
    );
  });
  test("one component twice", () => says(faults('a.b "c" { }\na.b "c" { }'), /two blocks a.b.c/));
  test("and one that can be read is not", () => {
    none(
      faults(
        'a "b" {\n  x = [\n    "1",\n    sys.env("X") + "2",\n  ]\n  y = { k = true, }\n  z { }\n}\nc "d" { of = [a.b.out] }\n',
      ),
    );
  });
});

test("a template stops the build when a value is missing", () => {
  assert.throws(() => template("alloy-gateway.alloy", {}), /otlpGrpc/);
});
