import assert from "node:assert/strict";
import type { Rendered } from "./rendered.ts";

/** A program that a push, a query or an answer passes, with one of its limits. */
export interface Hop {
  readonly hop: string;
  readonly limit: string;
  /** The file or literal with the limit, or the program if the limit is built in. */
  readonly where: string;
  /** Where a user changes it. */
  readonly change: string;
  /**
   * In the chain's unit; Infinity means no limit, undefined means that the environment has no such
   * program.
   */
  readonly read: (rendered: Rendered) => number | undefined;
}

/** Hops in the order in which a push, query or answer passes them. */
export interface Chain {
  readonly signal: "Logs" | "Metrics" | "Traces";
  readonly about: string;
  readonly unit: "bytes" | "seconds";
  /**
   * `outlasts`: each hop waits longer than the next; `passes`: each hop lets through no more than
   * the next one accepts.
   */
  readonly rule: "outlasts" | "passes";
  readonly hops: readonly Hop[];
}

const mebibyte = 2 ** 20;
const multiples: Readonly<Record<string, number>> = {
  "": 1,
  m: mebibyte,
  MB: 1e6,
  MiB: mebibyte,
  KB: 1e3,
  KiB: 2 ** 10,
};

/** Bytes of a number, or of a text such as "24m" (nginx, memcached) or "12MiB" (Alloy, Thanos). */
export const bytes = (value: unknown): number => {
  const [, amount, unit = ""] = /^"?(\d+)([A-Za-z]*)"?$/.exec(String(value)) ?? assert.fail(`${value} is no size`);
  return Number(amount) * (multiples[unit] ?? assert.fail(`${value} has an unknown unit`));
};

/** Seconds of a text such as "2m" or "1m30s". */
export const seconds = (value: unknown): number => {
  const parts = [...String(value).matchAll(/(\d+)(ms|s|m|h)/g)];
  assert.ok(parts.length > 0, `${value} is no duration`);
  const of: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, h: 3600 };
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (of[unit as string] as number), 0);
};

/** The value of a key in a program's YAML file, or the program's default. */
const key =
  (program: string, path: string, read: (value: unknown) => number, otherwise: unknown) =>
  (rendered: Rendered): number | undefined =>
    rendered.has(program) ? read(rendered.yaml(program, `${program}.yaml`, path) ?? otherwise) : undefined;

const inFile = (program: string, path: string, read: (value: unknown) => number, otherwise: unknown) => ({
  limit: `\`${path}\``,
  where: `\`${program}.yaml\``,
  change: "a patch of the file",
  read: key(program, path, read, otherwise),
});
/** A built-in limit, which no file sets. */
const own = (program: string, limit: string, value: number, source: string) => ({
  limit,
  where: source,
  change: "fixed",
  read: ({ has }: Rendered) => (has(program) ? value : undefined),
});

const only =
  (condition: (rendered: Rendered) => boolean, read: Hop["read"]): Hop["read"] =>
  (rendered) =>
    condition(rendered) ? read(rendered) : undefined;

/** OTEL_EXPORTER_OTLP_TIMEOUT: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
const library: Hop = {
  hop: "OpenTelemetry SDK",
  limit: "`OTEL_EXPORTER_OTLP_TIMEOUT`",
  where: "the application",
  change: "the application",
  read: () => 10,
};

const gatewayDoor: Hop = {
  hop: "OTLP gateway",
  limit: "`max_request_body_size`, `max_recv_msg_size`",
  where: "`config.alloy` of `alloy-gateway`",
  change: "`largestPush` in `src/components/otlp.ts`",
  read: ({ alloy }) => {
    const [receiver] = alloy("alloy-gateway", "otelcol.receiver.otlp");
    // Defaults of the Collector: 4 MiB in configgrpc, 20 MiB in confighttp.
    const limits = receiver?.blocks
      .filter(({ name }) => name === "grpc" || name === "http")
      .map(({ name, attributes }) =>
        name === "grpc"
          ? bytes(attributes["max_recv_msg_size"] ?? "4MiB")
          : bytes(attributes["max_request_body_size"] ?? "20MiB"),
      );
    return limits && Math.max(...limits);
  },
};
/** A push grows by the attributes of its sender. */
const forwarded = (share: number): Hop => ({
  hop: "OTLP gateway, forwarded",
  limit: `the push and its sender's attributes, at most ${share} ×`,
  where: "assumed",
  change: "follows the push",
  read: (rendered) => (gatewayDoor.read(rendered) ?? NaN) * share,
});
const forwards = (exporter: string): Hop => ({
  hop: "OTLP gateway",
  limit: "`timeout`",
  where: "`config.alloy` of `alloy-gateway`",
  change: "a patch of the file",
  read: ({ alloy }) => {
    const found = alloy("alloy-gateway", `otelcol.exporter.${exporter === "tempo" ? "otlp" : "otlphttp"}`).find(
      ({ label }) => label === exporter,
    );
    const client = found?.blocks.find(({ name }) => name === "client");
    return found && seconds(found.attributes["timeout"] ?? client?.attributes["timeout"] ?? "30s");
  },
});
const nginxBody = (gateway: string): Hop => ({
  hop: `nginx, \`${gateway}\``,
  limit: "`client_max_body_size`",
  where: "`nginx.conf`",
  change: "`largestForwarded` in `src/components/otlp.ts`",
  read: ({ nginx, has }) => (has(gateway) ? bytes(nginx(gateway, "client_max_body_size") ?? "1m") : undefined),
});
const nginxTime = (gateway: string): Hop => ({
  hop: `nginx, \`${gateway}\``,
  limit: "`proxy_read_timeout`",
  where: "`nginx.conf`",
  change: "`src/components/patience.ts`",
  read: ({ nginx, has }) => (has(gateway) ? seconds(nginx(gateway, "proxy_read_timeout") ?? "60s") : undefined),
});
const grafana = (source: string): Hop => ({
  hop: "Grafana",
  limit: "`jsonData.timeout` of the data source, `GF_DATAPROXY_TIMEOUT`",
  where: `\`grafana-datasource-${source}\`, \`grafana-settings\``,
  change: "`src/components/patience.ts`",
  // conf/defaults.ini, [dataproxy]: 30
  read: ({ literal, yaml, has }) => {
    const config = `grafana-datasource-${source}`;
    const all = literal("grafana-settings", "GF_DATAPROXY_TIMEOUT") ?? 30;
    const one = yaml(config, `${source}.yaml`, "datasources.0.jsonData.timeout") ?? all;
    return has(config) ? Math.min(Number(all), Number(one)) : undefined;
  },
});
/** dskit's server.go: the default is 30 s; Mimir's is 2m. */
const answers = (program: string, otherwise: string): Hop => ({
  hop: program,
  ...inFile(program, "server.http_server_write_timeout", seconds, otherwise),
  change: "`src/components/patience.ts`",
});

const isQueued = (program: string) => (rendered: Rendered) =>
  program === "tempo"
    ? rendered.yaml("tempo", "tempo.yaml", "ingest.kafka.address") !== undefined
    : String(rendered.yaml("mimir", "mimir.yaml", "ingest_storage.enabled")) === "true";
const kafka = (program: string): readonly Hop[] => [
  {
    hop: `${program} to Kafka`,
    // maxProducerRecordDataBytesLimit = producerBatchMaxBytes - 16384
    ...own(program, "`producer_max_record_size_bytes`", 16_000_000 - 16_384, "the program, pkg/ingest/config.go"),
    read: only(isQueued(program), () => 16_000_000 - 16_384),
  },
  {
    hop: `${program} to Kafka`,
    ...own(program, "a batch of them", 16_000_000, "the program, `producerBatchMaxBytes`"),
    read: only(isQueued(program), () => 16_000_000),
  },
  {
    hop: "Kafka's topic",
    limit: "`max.message.bytes`",
    where: "the Deployment `kafka-topics`",
    change: "`largestMessage` in `src/components/kafka.ts`",
    read: ({ has, script }) =>
      has("kafka") ? bytes(/max\.message\.bytes=(\d+)/.exec(script(/^kafka-topics/))?.[1] ?? 1_048_588) : undefined,
  },
  {
    hop: "Kafka's brokers",
    limit: "`message.max.bytes`",
    where: "literal `KAFKA_MESSAGE_MAX_BYTES` of `kafka`",
    change: "that literal",
    read: ({ literal, has }) =>
      has("kafka") ? bytes(literal("kafka", "KAFKA_MESSAGE_MAX_BYTES") ?? 1_048_588) : undefined,
  },
];

const message = (program: string, otherwise: number): Hop => ({
  hop: `${program}, any role`,
  ...inFile(program, "server.grpc_server_max_recv_msg_size", bytes, otherwise),
  change: "`src/components/patience.ts`",
});

/** Every path through an environment with more than one limit. */
export const chains: readonly Chain[] = [
  {
    signal: "Logs",
    about: "Size of a push: logs from Alloy or Promtail",
    unit: "bytes",
    rule: "passes",
    hops: [
      // internal/component/loki/write/types.go of Alloy 1.18; clients/pkg/promtail/client/config.go
      // of Loki
      { hop: "Alloy", ...own("alloy", "`batch_size`", mebibyte, "Alloy") },
      { hop: "Promtail", ...own("promtail", "`batchsize`", mebibyte, "Promtail") },
      nginxBody("loki-gateway"),
      // pkg/distributor/distributor.go
      { hop: "loki, distributor", ...inFile("loki", "distributor.max_recv_msg_size", bytes, 100 * mebibyte) },
      {
        hop: "loki, distributor to ingester",
        ...inFile("loki", "ingester_client.grpc_client_config.max_send_msg_size", bytes, 100 * mebibyte),
      },
      message("loki", 4 * mebibyte),
    ],
  },
  {
    signal: "Logs",
    about: "Size of a push: logs by OTLP",
    unit: "bytes",
    rule: "passes",
    hops: [
      gatewayDoor,
      forwarded(1.25),
      nginxBody("loki-gateway"),
      { hop: "loki, distributor", ...inFile("loki", "distributor.max_recv_msg_size", bytes, 100 * mebibyte) },
      {
        hop: "loki, distributor",
        // In MB of 2^20 bytes (pkg/distributor/ingestion_rate_strategy.go); a larger push is never
        // taken.
        ...inFile("loki", "limits_config.ingestion_burst_size_mb", (value) => Number(value) * mebibyte, 6),
        change: "`LOKI_INGESTION_BURST_MB`",
      },
    ],
  },
  {
    signal: "Logs",
    about: "Time for a push: logs from Alloy or Promtail",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      { hop: "Alloy", ...own("alloy", "`remote_timeout`", 10, "Alloy") },
      { hop: "Promtail", ...own("promtail", "`timeout`", 10, "Promtail") },
      { hop: "loki, distributor", ...inFile("loki", "ingester_client.remote_timeout", seconds, "5s") },
    ],
  },
  {
    signal: "Logs",
    about: "Time for a push: logs by OTLP",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      library,
      forwards("loki"),
      // pkg/ingester/client/client.go
      { hop: "loki, distributor", ...inFile("loki", "ingester_client.remote_timeout", seconds, "5s") },
    ],
  },
  {
    signal: "Logs",
    about: "Time for a query of logs",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      grafana("loki"),
      nginxTime("loki-gateway"),
      answers("loki", "30s"),
      { hop: "loki, querier", ...inFile("loki", "limits_config.query_timeout", seconds, "1m") },
    ],
  },
  {
    signal: "Logs",
    about: "Size of an answer to a query of logs",
    unit: "bytes",
    rule: "passes",
    hops: [
      {
        hop: "loki, querier",
        ...inFile("loki", "frontend_worker.grpc_client_config.max_send_msg_size", bytes, 100 * mebibyte),
      },
      message("loki", 4 * mebibyte),
    ],
  },
  {
    signal: "Metrics",
    about: "Size of a push: metrics by OTLP to Mimir",
    unit: "bytes",
    rule: "passes",
    hops: [
      gatewayDoor,
      forwarded(1.25),
      nginxBody("mimir-gateway"),
      // cmd/mimir/help-all.txt.tmpl: -distributor.max-otlp-request-size
      { hop: "mimir, distributor", ...inFile("mimir", "distributor.max_otlp_request_size", bytes, 100 * mebibyte) },
      message("mimir", 100 * mebibyte),
    ],
  },
  {
    signal: "Metrics",
    about: "Size of a message from Mimir to Kafka",
    unit: "bytes",
    rule: "passes",
    hops: kafka("mimir"),
  },
  {
    signal: "Metrics",
    about: "Size of a push: metrics by OTLP to Prometheus",
    unit: "bytes",
    rule: "passes",
    hops: [
      gatewayDoor,
      forwarded(1.25),
      // storage/remote/codec.go of 3.16: decodeReadLimit
      { hop: "prometheus", ...own("prometheus", "`decodeReadLimit`", 32 * mebibyte, "Prometheus") },
    ],
  },
  {
    signal: "Metrics",
    about: "Time for a push: remote write to Mimir",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      // config/config.go of Prometheus 3.16: DefaultRemoteWriteConfig
      { hop: "Prometheus", ...own("prometheus", "`remote_timeout`", 30, "Prometheus") },
      { hop: "mimir, distributor", ...inFile("mimir", "distributor.remote_timeout", seconds, "2s") },
    ],
  },
  {
    signal: "Metrics",
    about: "Time for a push: metrics by OTLP to Mimir",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      library,
      forwards("metrics"),
      { hop: "mimir, distributor", ...inFile("mimir", "distributor.remote_timeout", seconds, "2s") },
    ],
  },
  {
    signal: "Metrics",
    about: "Time for a push: metrics by OTLP to Thanos's receivers",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      library,
      forwards("metrics"),
      // cmd/thanos/receive.go of 0.42: receive-forward-timeout
      { hop: "thanos-receive, router", ...own("thanos-receive-hashring", "`--receive-forward-timeout`", 5, "Thanos") },
    ],
  },
  {
    signal: "Metrics",
    about: "Time for a query of metrics in Mimir",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      grafana("mimir"),
      nginxTime("mimir-gateway"),
      answers("mimir", "2m"),
      { hop: "mimir, querier", ...inFile("mimir", "querier.timeout", seconds, "2m") },
    ],
  },
  {
    signal: "Metrics",
    about: "Time for a query of metrics in Thanos",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      grafana("thanos"),
      // cmd/thanos/query.go of 0.42; its query-frontend has no limit of its own.
      {
        hop: "thanos-query",
        limit: "`--query.timeout`",
        where: "Thanos",
        change: "a patch of the argument",
        read: ({ flag, has }) =>
          has("thanos-query") ? seconds(flag(/^thanos-query$/, "--query.timeout") ?? "2m") : undefined,
      },
    ],
  },
  {
    signal: "Traces",
    about: "Size of a push: traces by OTLP",
    unit: "bytes",
    rule: "passes",
    hops: [
      gatewayDoor,
      forwarded(1.25),
      {
        hop: "tempo, distributor",
        limit: "`max_recv_msg_size_mib`",
        where: "`tempo.yaml`",
        change: "`largestForwarded` in `src/components/otlp.ts`",
        // go.opentelemetry.io/collector/config/configgrpc
        read: key(
          "tempo",
          "distributor.receivers.otlp.protocols.grpc.max_recv_msg_size_mib",
          (value) => Number(value) * mebibyte,
          4,
        ),
      },
      {
        hop: "tempo, distributor",
        ...inFile("tempo", "overrides.defaults.ingestion.burst_size_bytes", bytes, 30e6),
        change: "`TEMPO_INGESTION_BURST_BYTES`",
      },
    ],
  },
  {
    signal: "Traces",
    about: "Size of a push: one trace, stored whole",
    unit: "bytes",
    rule: "passes",
    hops: [
      gatewayDoor,
      forwarded(1.25),
      {
        hop: "tempo, live-store and block-builder",
        ...inFile("tempo", "overrides.defaults.global.max_bytes_per_trace", bytes, 5e6),
        change: "`TEMPO_MAX_BYTES_PER_TRACE`",
      },
    ],
  },
  {
    signal: "Traces",
    about: "Size of a push: one trace, through Kafka",
    unit: "bytes",
    rule: "passes",
    hops: [gatewayDoor, forwarded(1.25), ...kafka("tempo")],
  },
  {
    signal: "Traces",
    about: "Time for a push: traces",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      library,
      forwards("tempo"),
      {
        hop: "tempo, distributor to Kafka",
        ...inFile("tempo", "ingest.kafka.write_timeout", seconds, "10s"),
        read: only(isQueued("tempo"), key("tempo", "ingest.kafka.write_timeout", seconds, "10s")),
      },
    ],
  },
  {
    signal: "Traces",
    about: "Time for a query of traces",
    unit: "seconds",
    rule: "outlasts",
    hops: [
      grafana("tempo"),
      answers("tempo", "30s"),
      { hop: "tempo, query-frontend", ...inFile("tempo", "query_frontend.api_timeout", seconds, "24h") },
      // modules/querier/config.go of 3.0.3
      { hop: "tempo, querier", ...inFile("tempo", "querier.search.query_timeout", seconds, "30s") },
    ],
  },
  {
    signal: "Traces",
    about: "Size of an answer to a query of traces",
    unit: "bytes",
    rule: "passes",
    hops: [
      // modules/querier/config.go and cmd/tempo/app/config.go of 3.0.3
      {
        hop: "tempo, querier",
        ...inFile("tempo", "querier.frontend_worker.grpc_client_config.max_send_msg_size", bytes, 16 * mebibyte),
      },
      message("tempo", 16 * mebibyte),
    ],
  },
];

/**
 * Faults of a chain: an inner limit that is smaller than the outer one, or an inner timeout that is
 * longer.
 */
export function misfits({ signal, about, unit, rule, hops }: Chain, rendered: Rendered): readonly string[] {
  const there = hops.flatMap((hop) => {
    const value = hop.read(rendered);
    return value === undefined ? [] : [{ ...hop, value }];
  });
  const fits = (outer: number, inner: number): boolean => (rule === "passes" ? outer <= inner : outer > inner);
  return there.slice(1).flatMap((inner, i) => {
    const outer = there[i] as (typeof there)[number];
    return fits(outer.value, inner.value)
      ? []
      : [
          `${signal}: ${about}: ${outer.hop} (${outer.limit}) has ${outer.value} ${unit}, and ${inner.hop} (${inner.limit}) behind it ${inner.value}`,
        ];
  });
}

/** A number with its unit: "24 MiB", "30 s". */
const shown = (value: number, unit: Chain["unit"]): string => {
  if (value === Infinity) return "none";
  if (unit === "seconds") return `${value} s`;
  return value % mebibyte === 0 ? `${value / mebibyte} MiB` : `${value.toLocaleString("en-US")} bytes`;
};

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The tables of `docs/limits.md`, with the values of these environments. */
export const tables = (environments: readonly Rendered[]): string =>
  (["Logs", "Metrics", "Traces"] as const)
    .map((signal) =>
      [
        `## ${signal}`,
        ...chains
          .filter((chain) => chain.signal === signal)
          .map(({ about, unit, hops }) =>
            [
              `### ${about}`,
              "",
              row(["program", "limit", "value", "set in", "change it in"]),
              row(["---", "---", "---", "---", "---"]),
              ...hops.flatMap(({ hop, limit, where, change, read }) => {
                const values = [...new Set(environments.flatMap((one) => read(one) ?? []))].sort((a, b) => a - b);
                return values.length > 0
                  ? [row([hop, limit, values.map((value) => shown(value, unit)).join(", "), where, change])]
                  : [];
              }),
            ].join("\n"),
          ),
      ].join("\n\n"),
    )
    .join("\n\n");
