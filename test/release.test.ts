import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { none } from "./lib/findings.ts";
import { type Baseline, baseline, changes } from "./lib/release.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const released = JSON.parse(read("release.json")) as Baseline;
const unreleased = /^## Unreleased\n([^]*?)(?=^## |$(?![^]))/m.exec(read("../CHANGELOG.md"))?.[1] ?? "";
const isTold = (id: string): boolean => unreleased.includes(`\`${id}\``);

describe("names, selectors, claims, ports, buckets, topics and uids of the last release", () => {
  const now = baseline();
  test("change only with a line in the CHANGELOG that names what has changed", () => {
    assert.ok(Object.keys(released).length > 300);
    none(
      changes(released, now)
        .filter(([id]) => !isTold(id))
        .map(
          ([id, how]) =>
            `${id} ${how}. Say in CHANGELOG.md, under Unreleased, what its owners must do, and name it there: \`${id}\`.`,
        ),
    );
  });

  const other = (id: string, from: string | RegExp, to: string): readonly string[] => {
    const shape = now[id] ?? assert.fail(`no ${id}`);
    assert.notEqual(shape.replace(from, to), shape);
    return changes(now, { ...now, [id]: shape.replace(from, to) }).map(([one]) => one);
  };
  const cases: readonly (readonly [string, string, string | RegExp, string])[] = [
    ["a claim's size", "StatefulSet loki-ingester-zone-a", "claim data 10Gi", "claim data 11Gi"],
    ["a selector", "StatefulSet loki", "name=loki", "name=lok"],
    ["the Service that governs", "StatefulSet minio", "minio-headless", "minio-pods"],
    ["a Service's port", "Service loki-gateway", "http:3100", "http:3101"],
    ["a bucket", "literal LOKI_BUCKET of loki-settings", "chunks", "lines"],
    ["a cluster's id", "literal CLUSTER_ID of kafka", /\| \S+/, "| x"],
    ["the name of a data source", "data source tempo", "Tempo", "Traces"],
    ["a schema", "schema of 2024-04-01", "index_", "loki_"],
  ];
  for (const [what, id, from, to] of cases) test(`${what} counts`, () => assert.deepEqual(other(id, from, to), [id]));
  test("what is gone counts, what is new does not", () => {
    const { "topic tempo": _, ...rest } = now;
    assert.deepEqual(changes(now, rest), [["topic tempo", "is gone"]]);
    assert.deepEqual(changes(rest, now), []);
  });
  test("an object that is in one mode more is the same, and in one less is not", () => {
    const id = "ServiceAccount loki";
    const less = (now[id] ?? "").replace(/ ?\S+\/scalable/, "");
    assert.deepEqual(changes({ [id]: less }, now), []);
    assert.equal(changes(now, { ...now, [id]: less }).length, 1);
  });
});
