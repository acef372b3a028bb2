import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { all, type Block, parseAlloy } from "./lib/alloy.ts";
import { built, rendered } from "./lib/world.ts";
import { fileText } from "../src/core/util/text.ts";
import type { Base } from "../src/core/model/component.ts";

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

const blockOf = (blocks: readonly Block[], name: string): Block =>
  blocks.find((block) => block.name === name) ?? assert.fail(`no ${name}`);
/** The texts in an expression: those of a list, or the one that it is. */
const texts = (expression = ""): readonly string[] =>
  [...expression.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
const textOf = (block: Block, attribute: string): string => texts(block.attributes[attribute])[0] ?? "";

const prometheuses = basesOf("prometheus").map((base) => parse(fileOf(base, "prometheus.yml")));
const mimirs = basesOf("mimir").map((base) => parse(fileOf(base, "mimir.yaml")));
const lokis = basesOf("loki").map((base) => parse(fileOf(base, "loki.yaml")));
const argsOf = ({ pods }: Base): readonly string[] =>
  pods.flatMap(({ pod }) => pod.containers.flatMap(({ args = [] }) => args));

describe("what a pod pushes carries where it runs", () => {
  const [gateway = []] = gateways;
  const processor = blockOf(gateway, "otelcol.processor.k8sattributes");

  test("whatever the signal", () => {
    const outputs = all([blockOf(gateway, "otelcol.processor.memory_limiter")]).filter(({ name }) => name === "output");
    for (const signal of ["traces", "logs", "metrics"])
      for (const { attributes } of [...outputs, blockOf(processor.blocks, "output")])
        assert.match(
          attributes[signal] ?? "",
          /^\[ otelcol\.processor\.(k8sattributes|transform)\.identity\.input \]$/,
        );
  });

  test("by what it says of its pod before the address, which may be that of somebody in between", () => {
    const ways = processor.blocks
      .filter(({ name }) => name === "pod_association")
      .map(({ blocks }) => blocks.map((source) => textOf(source, "name") || textOf(source, "from")));
    assert.deepEqual(ways.at(-1), ["connection"]);
    assert.deepEqual(ways.slice(0, -1), [["k8s.pod.uid"], ["k8s.pod.ip"], ["k8s.namespace.name", "k8s.pod.name"]]);
  });

  test("never of another pod that has the same address, its node's: those pods are not looked at", () => {
    // By `k8s.pod.ip` upstream finds them, too (getIdentifiersFromAssoc in k8sattributesprocessor's internal/kube/client.go, 0.152).
    const filters = blockOf(processor.blocks, "filter").blocks.map((field) => [
      textOf(field, "key"),
      textOf(field, "value"),
    ]);
    assert.deepEqual(
      filters.find(([key]) => key === "spec.hostNetwork"),
      ["spec.hostNetwork", "false"],
    );
  });

  test("with no more rights than to read pods", () => {
    for (const base of basesOf("alloy-gateway")) {
      const rules = base.objects.filter(({ kind }) => kind === "ClusterRole").flatMap((role) => role["rules"]);
      assert.deepEqual(rules, [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }]);
    }
    // Names of owners that are in no pod would need the right to read the owners (upstream's README, "Cluster-scoped RBAC").
    const names = texts(blockOf(processor.blocks, "extract").attributes["metadata"]);
    assert.deepEqual(
      names.filter((name) => /uid$/.test(name)),
      ["k8s.pod.uid"],
    );
  });

  test("as labels of metrics, by the same names whatever keeps them", () => {
    const added = texts(blockOf(processor.blocks, "extract").attributes["metadata"]).filter(
      (one) => one !== "k8s.pod.uid",
    );
    for (const name of ["k8s.namespace.name", "k8s.pod.name", "k8s.node.name", "k8s.deployment.name"])
      assert.ok(added.includes(name), name);
    for (const { otlp } of prometheuses) assert.deepEqual(otlp.promote_resource_attributes, added);
    for (const { limits } of mimirs) assert.equal(limits.promote_otel_resource_attributes, added.join(","));
    for (const base of basesOf("thanos-receive")) {
      const flag = "--receive.otlp-promote-resource-attributes=";
      const promoted = argsOf(base).filter((one) => one.startsWith(flag));
      assert.deepEqual(
        promoted.map((one) => one.slice(flag.length)),
        added,
      );
    }
  });

  test("as the labels that lines of the nodes' files have", () => {
    const agent = parseAlloy(fileOf(basesOf("alloy")[0] as Base, "config.alloy"));
    const labels = all(agent)
      .filter(({ name }) => name === "rule")
      .map((rule) => textOf(rule, "target_label"));
    const set = all([blockOf(gateway, "otelcol.processor.transform")])
      .filter(({ name }) => name === "log_statements")
      .map(({ attributes }) => attributes["statements"] ?? "")
      .join();
    for (const label of ["namespace", "pod", "container"]) {
      assert.ok(labels.includes(label), `the agent gives no ${label}`);
      assert.match(set, new RegExp(`attributes\\["${label}"\\], resource.attributes\\["k8s\\.${label}\\.name"\\]`));
      for (const { distributor } of lokis)
        assert.ok(distributor.otlp_config.default_resource_attributes_as_index_labels.includes(label), label);
    }
  });

  test("of which Loki refuses no stream: it allows 15 labels, and none of them is new with each start of a program", () => {
    // max_label_names_per_series: v3.7.6 pkg/validation/limits.go. A pod belongs to one of these, save that a CronJob's Job has both.
    const owners = ["k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name"];
    for (const { distributor } of lokis) {
      const names: readonly string[] = distributor.otlp_config.default_resource_attributes_as_index_labels;
      assert.ok(names.filter((name) => !owners.includes(name)).length <= 15);
      assert.ok(!names.includes("service.instance.id"));
    }
  });
});

describe("two pods of one program are two series", () => {
  const statements = gateways
    .flatMap((blocks) => all([blockOf(blocks, "otelcol.processor.transform")]))
    .filter(({ attributes }) =>
      (attributes["statements"] ?? "").includes('set(resource.attributes["service.instance.id"]'),
    );

  test("whatever they push, and what a program says of itself stays", () => {
    assert.deepEqual([...new Set(statements.map(({ name }) => name))].sort(), [
      "log_statements",
      "metric_statements",
      "trace_statements",
    ]);
    for (const { attributes } of statements)
      assert.match(
        attributes["conditions"] ?? "",
        /^\[ `resource\.attributes\["service\.instance\.id"\] == nil or [^`]* == ""` \]$/,
      );
  });

  test("under Docker Compose, too, where nobody can be asked for a pod", () => {
    const path = "overlays/demo/compose/config/alloy-gateway/config.alloy";
    const blocks = parseAlloy(rendered().get(path) ?? assert.fail(path));
    assert.ok(!blocks.some(({ name }) => name.includes("k8sattributes")));
    assert.match(
      all([blockOf(blocks, "otelcol.processor.transform")])
        .map(({ attributes }) => attributes["statements"] ?? "")
        .join(),
      /otelcol\.client\.addr/,
    );
  });

  test("and a data point's own job and instance are not overwritten: each back end would make one series of two", () => {
    // createAttributes in Prometheus's storage/remote/otlptranslator/prometheusremotewrite/helper.go, 3.16.
    for (const blocks of gateways) {
      const points = all([blockOf(blocks, "otelcol.processor.transform")]).filter(
        (block) => textOf(block, "context") === "datapoint",
      );
      const moved = points.map(({ attributes }) => attributes["statements"] ?? "");
      for (const label of ["job", "instance"]) {
        const own = moved.find((one) => one.includes(`"exported_${label}"`)) ?? assert.fail(label);
        assert.ok(own.includes(`\`delete_key(datapoint.attributes, "${label}")\``));
      }
    }
  });
});

describe("what no back end takes", () => {
  const chain = (blocks: readonly Block[]): readonly string[] => {
    const next = (block: Block): string =>
      (blockOf(block.blocks, "output").attributes["metrics"] ?? "").split(/[ .]/).slice(1, 4).join(".");
    const names: string[] = [];
    for (let at = "otelcol.processor.transform"; at.startsWith("otelcol.processor."); at = next(blockOf(blocks, at)))
      names.push(at);
    return names;
  };

  test("is left out before it takes the rest of its push with it; deltas are added up when their series is known", () => {
    for (const blocks of gateways)
      assert.deepEqual(chain(blocks), [
        "otelcol.processor.transform",
        "otelcol.processor.filter",
        "otelcol.processor.deltatocumulative",
      ]);
  });

  test("begins where the back ends' window of late samples ends: nothing that they take is left out", () => {
    for (const blocks of gateways) {
      const conditions = all([blockOf(blocks, "otelcol.processor.filter")])
        .map(({ attributes }) => attributes["conditions"] ?? "")
        .join();
      const oldest = /datapoint\.time < Now\(\) - Duration\("(\w+)"\)/.exec(conditions)?.[1];
      for (const { storage } of prometheuses) assert.equal(storage.tsdb.out_of_order_time_window, oldest);
      for (const { limits } of mimirs) assert.equal(limits.out_of_order_time_window, oldest);
      for (const base of basesOf("thanos-receive")) assert.equal(base.settings["outOfOrderWindow"]?.value, oldest);
    }
  });

  test("the component that adds up is started: Alloy 1.18 registers it as experimental, and runs such only if it is told so", () => {
    // internal/component/otelcol/processor/deltatocumulative/deltatocumulative.go
    for (const base of basesOf("alloy-gateway")) assert.ok(argsOf(base).includes("--stability.level=experimental"));
  });

  test("sums of more series than its memory holds are not begun, so that the others are still taken", () => {
    for (const base of basesOf("alloy-gateway")) {
      const blocks = parseAlloy(fileOf(base, "config.alloy"));
      const { attributes } = blockOf(blocks, "otelcol.processor.deltatocumulative");
      assert.equal(attributes["max_streams"], 'encoding.from_json ( sys.env ( "ALLOY_GATEWAY_DELTA_SERIES" ) )');
      const series = Number(base.settings["deltaSeries"]?.value);
      const [limit = 0] = base.pods.map(({ size }) => Number.parseInt(size.memoryLimit, 10) * mebibyte);
      assert.ok(series > 10_000 && series * 2048 <= limit / 4, `${series} series in ${limit} bytes`);
    }
  });
});

test("a span leads to the lines that were pushed, which have the id beside their text", () => {
  for (const base of basesOf("tempo")) {
    const query = String(
      base.configs
        .flatMap(({ files = {} }) => Object.values(files))
        .map((one) => fileText(one))
        .join("\n"),
    );
    assert.match(query, /or trace_id="\$\$\{__trace\.traceId\}"/);
  }
});
