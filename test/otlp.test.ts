import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import type { Base } from "../src/core/base.ts";
import { fileText } from "../src/core/render.ts";
import { all, type Block, parseAlloy } from "./lib/alloy.ts";
import { built } from "./lib/world.ts";

const basesOf = (component: string): readonly Base[] =>
  built.bases.filter(({ component: { name } }) => name === component);
const fileOf = ({ configs, path }: Base, file: string): string =>
  fileText(configs.find(({ files = {} }) => file in files)?.files?.[file] ?? assert.fail(`${path}: no ${file}`));

/** The gateway's configuration in each mode. */
const gateways: readonly (readonly Block[])[] = basesOf("alloy-gateway").map((base) =>
  parseAlloy(fileOf(base, "config.alloy")),
);
const tempos = basesOf("tempo").map((base) => parse(fileOf(base, "tempo.yaml")));

const mebibyte = 2 ** 20;
const bytes = (text = ""): number => {
  const [, amount] = /^"(\d+)MiB"$/.exec(text) ?? assert.fail(`${text} is no size in MiB`);
  return Number(amount) * mebibyte;
};

describe("the largest push", () => {
  const receivers = gateways.flatMap((blocks) =>
    blocks.filter(({ name }) => name.startsWith("otelcol.receiver.")).flatMap((block) => all([block])),
  );
  const entrances = receivers.filter(({ attributes }) => "endpoint" in attributes);
  const limits = entrances.map(({ attributes: { max_recv_msg_size, max_request_body_size } }) =>
    bytes(max_recv_msg_size ?? max_request_body_size),
  );

  test("is the same at every entrance, whatever the protocol", () => {
    assert.equal(entrances.length, 3 * 5);
    assert.equal(new Set(limits).size, 1);
  });

  test("passes Tempo's door with as much again of what the gateway adds; otherwise Tempo says that it is to be sent again", () => {
    // configgrpc's max_recv_msg_size_mib, 4 where nothing is said, and confighttp's max_request_body_size in bytes.
    for (const { distributor } of tempos) {
      const { grpc, http } = distributor.receivers.otlp.protocols;
      assert.ok(grpc.max_recv_msg_size_mib * mebibyte >= 2 * Math.max(...limits), "by gRPC");
      assert.ok(http.max_request_body_size >= 2 * Math.max(...limits), "by HTTP");
    }
  });

  test("is a record of Kafka even if it is all one trace, with a quarter left for what the gateway adds", () => {
    // maxProducerRecordDataBytesLimit = producerBatchMaxBytes - 16384: Tempo 3.0.3, pkg/ingest/config.go.
    const largestRecord = 16_000_000 - 16_384;
    assert.ok(Math.max(...limits) * 1.25 <= largestRecord);
  });
});

test("a back end has once as long as OpenTelemetry's libraries wait, so that what it is slow with it does not get twice", () => {
  // OTEL_EXPORTER_OTLP_TIMEOUT is ten seconds where nothing is said (opentelemetry.io/docs/specs/otel/protocol/exporter).
  const waits = 10;
  const seconds = (text = ""): number => Number(/^"(\d+)s"$/.exec(text)?.[1] ?? assert.fail(`${text}: no seconds`));
  for (const exporter of gateways.flat().filter(({ name }) => name.startsWith("otelcol.exporter."))) {
    const client = exporter.blocks.find(({ name }) => name === "client");
    const retry = exporter.blocks.find(({ name }) => name === "retry_on_failure");
    const once = seconds(exporter.attributes["timeout"] ?? client?.attributes["timeout"]);
    assert.ok(once < waits && once > waits / 2, `${exporter.label}: ${once} s`);
    assert.ok(seconds(retry?.attributes["max_elapsed_time"]) < waits, exporter.label);
  }
});
