import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { images } from "../src/versions.ts";
import { unseen } from "./facts/unseen.ts";
import { none } from "./lib/findings.ts";
import { inventoryOf, inventoryText, knownOf, readInventories } from "./lib/inventory.ts";

const inventories = readInventories();

describe("the inventory of metrics", () => {
  test("is of the versions that run", () => {
    /** A patch release makes no metrics. */
    const minor = (version = ""): string | undefined => /(?:^|:v?)(\d+\.\d+)\./.exec(version)?.[1];
    const pinned = new Map(
      Object.entries(images).map(([name, image]) => [
        name.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`),
        minor(image),
      ]),
    );
    /** No source of a newer one could be had. */
    const older = ["grafana"];
    const compared = [...inventories.values()].filter(
      ({ program, version }) => minor(version) && pinned.get(program) && !older.includes(program),
    );
    assert.ok(compared.length > 5, String(compared.length));
    none(
      compared
        .filter(({ program, version }) => minor(version) !== pinned.get(program))
        .map(
          ({ program, version }) =>
            `test/facts/metrics/${program}.txt is of ${version}, and ${pinned.get(program)} runs: npm run inventory says what changes`,
        ),
    );
  });

  test("names only metrics that the programs document", () => {
    const types = (name: string, program: string): string =>
      knownOf(name, inventories)
        .filter((one) => one.program === program)
        .map(
          ({ type, labels }) =>
            `${type} ${[...labels]
              .filter((label) => label !== "app")
              .sort()
              .join(" ")}`,
        )
        .join("; ");
    const process = "container instance job namespace node pod workload";
    const sorted = (...labels: readonly string[]): string => [...process.split(" "), ...labels].sort().join(" ");
    // https://grafana.com/docs/loki/latest/operations/observability/ and https://prometheus.io/docs/practices/naming/
    assert.equal(
      types("loki_request_duration_seconds_bucket", "loki"),
      `c ${sorted("le", "method", "route", "status_code", "ws")}`,
    );
    assert.equal(types("prometheus_tsdb_head_samples_appended_total", "prometheus"), `c ${sorted("type")}`);
    // https://prometheus.io/docs/concepts/jobs_instances/
    assert.equal(types("up", "loki"), `g ${process}`);
    assert.equal(types("loki_request_duration_seconds", "loki"), "");
  });

  test("has nobody's addresses, names or numbers", () => {
    for (const { program, metrics } of inventories.values())
      for (const [name, { labels }] of metrics)
        for (const text of [name, ...labels]) assert.match(text, /^[A-Za-z_][\w]*$/, `${program} ${text}`);
  });

  test("says again what it has read", () => {
    for (const one of inventories.values()) assert.deepEqual(inventoryOf(inventoryText(one)), one);
  });

  test("does not list as unseen what has been seen", () => {
    none(
      Object.entries(unseen).flatMap(([program, metrics]) =>
        Object.entries(metrics)
          .filter(([name, { at = [] }]) => {
            const seen = inventories.get(program)?.metrics.get(name);
            // In other places than it has been seen in, it may be unseen.
            return seen && at.every((place) => seen.places.has(place));
          })
          .map(([name]) => `test/facts/unseen.ts: ${program} ${name} has been seen: remove it there`),
      ),
    );
  });
});
