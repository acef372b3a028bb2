import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { none, says } from "./lib/findings.ts";
import { bytes, chains, misfits, tables } from "./lib/hops.ts";
import { altered, containersOf, idOf, podTemplates } from "./lib/objects.ts";
import { renderedOf } from "./lib/rendered.ts";
import { root, shipped, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const all = (objects: readonly Manifest[]): readonly string[] => {
  const rendered = renderedOf(objects);
  return chains.flatMap((chain) => misfits(chain, rendered));
};

describe("each program accepts what the one before it lets through, and gives up sooner", () => {
  for (const { name, objects } of worlds) test(name, () => none(all(objects)));

  test("and every chain has two hops at least in some environment", () => {
    const rendered = worlds.map(({ objects }) => renderedOf(objects));
    for (const { about, signal, hops } of chains) {
      const most = Math.max(...rendered.map((one) => hops.filter((hop) => hop.read(one) !== undefined).length));
      assert.ok(most > 1, `${signal}: ${about}: ${most} hops`);
    }
  });
});

describe("limits that do not fit are reported", () => {
  const { objects } = worldNamed("staging-mimir");
  const map = (name: string): Manifest =>
    objects.find(
      ({ kind, metadata }) =>
        kind === "ConfigMap" && new RegExp(`^${name}(-[bcdfghkmt2456789]{10})?$`).test(metadata.name),
    ) as Manifest;
  const said = (name: string, key: string, from: string, to: string): readonly string[] => {
    const found = map(name);
    const text = (found["data"] as Record<string, string>)[key] ?? "";
    assert.ok(text.includes(from), `${name} has no ${from}`);
    return all(altered(objects, idOf(found), ["data", key], text.replace(from, to)));
  };

  test("brokers of Kafka that take less than is written", () =>
    says(
      said("kafka", "KAFKA_MESSAGE_MAX_BYTES", "16000000", "1048588"),
      /^Traces: .*Kafka's topic .*16000000 bytes.* brokers .* 1048588$/,
    ));
  test("a server that closes the connection before the query is over", () =>
    says(
      said("loki", "loki.yaml", "http_server_write_timeout: 310s", "http_server_write_timeout: 30s"),
      /^Logs: Time for a query of logs: .* has 30 seconds, .*query_timeout.* 300$/,
    ));
  test("Grafana, if it does not wait", () =>
    says(
      said("grafana-settings", "GF_DATAPROXY_TIMEOUT", "360", "30"),
      /^Metrics: .*Grafana .* 30 seconds, and nginx/,
    ));
  test("a gateway that takes more than is taken behind it", () =>
    says(
      said("alloy-gateway", "config.alloy", 'max_request_body_size = "12MiB"', 'max_request_body_size = "20MiB"'),
      /^Traces: .*one trace, .* behind it 15983616$/,
    ));
});

/** Every table in a value that names a cache, with the cache's name. */
const asking = (value: unknown): readonly (readonly [string, Readonly<Record<string, unknown>>])[] => {
  if (typeof value !== "object" || value === null) return [];
  const table = value as Readonly<Record<string, unknown>>;
  const own = /_memcached\._tcp\.([a-z-]+)/.exec(JSON.stringify(table["addresses"] ?? ""))?.[1];
  return own ? [[own, table]] : Object.values(table).flatMap(asking);
};

test("nobody puts an item into a cache that is larger than the cache takes", () => {
  let asked = 0;
  for (const { name, objects } of worlds) {
    const maps = objects.filter(({ kind }) => kind === "ConfigMap");
    const texts = maps.flatMap((one) => Object.entries((one["data"] ?? {}) as Record<string, string>));
    for (const [file, text] of texts.filter(([file]) => /\.ya?ml$/.test(file))) {
      for (const [cache, client] of asking(parse(text))) {
        const args = podTemplates(objects)
          .filter((pod) => pod.name === cache)
          .flatMap((pod) => containersOf(pod).flatMap(({ args = [] }) => args));
        const takes = bytes(args.find((one) => one.startsWith("--max-item-size="))?.split("=")[1] ?? "1m");
        // Nothing said is no limit: Loki's pkg/storage/chunk/cache/memcached_client.go, dskit's and Thanos's cacheutil.
        assert.ok(
          bytes(client["max_item_size"] ?? 1e12) <= takes,
          `${name}: ${file} asks ${cache} to keep more than ${takes} bytes`,
        );
        asked += 1;
      }
    }
  }
  assert.ok(asked > 20, `${asked} clients of caches`);
});

test("docs/limits.md lists every limit with its value, its place and how to change it: npm run limits", () => {
  const page = readFileSync(join(root, "docs/limits.md"), "utf8");
  const expected = tables(shipped.map(({ objects }) => renderedOf(objects))).split("\n");
  const missing = expected.filter((line) => !page.split("\n").includes(line));
  assert.deepEqual(missing, []);
  const [, ...signals] = page.split(/^(?=## Logs)/m);
  const rows = signals
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("|"));
  assert.deepEqual(
    rows,
    expected.filter((line) => line.startsWith("|")),
    "the tables in their order, and no other",
  );
});
