import { at, blocksOf, configOf, flag, type Process, rolesOf, type Tree } from "../lib/processes.ts";

/** A port that a program listens on, as it was told, or by itself where it was told nothing. */
export interface Listening {
  readonly port: number;
  /** What it speaks there. */
  readonly speaks: "http" | "grpc" | "gossip" | "other";
  /** Paths that it answers by HTTP; those that a probe, a scrape job or a client of this project asks for. */
  readonly answers?: readonly string[];
}
export type Ports = Readonly<Record<string, Listening>>;

const portIn = (address: string | undefined, otherwise: number): number =>
  Number(/:(\d+)$/.exec(address ?? "")?.[1] ?? otherwise);

/** Loki, Mimir and Tempo: `server` and `memberlist` of dskit; all three gossip on 7946 and speak gRPC on 9095 by themselves. */
const kit =
  (http: number, answers: readonly string[]) =>
  (process: Process): Ports => {
    const told = (path: string, otherwise: number): number => Number(at(configOf(process), path) ?? otherwise);
    return {
      http: { port: told("server.http_listen_port", http), speaks: "http", answers },
      grpc: { port: told("server.grpc_listen_port", 9095), speaks: "grpc" },
      gossip: { port: told("memberlist.bind_port", 7946), speaks: "gossip" },
    };
  };

const thanos = (process: Process): Ports => ({
  http: {
    port: portIn(flag(process, "--http-address"), 10902),
    speaks: "http",
    answers: ["/-/ready", "/-/healthy", "/metrics"],
  },
  ...(rolesOf(process).some((role) => ["compact", "query-frontend"].includes(role))
    ? {}
    : { grpc: { port: portIn(flag(process, "--grpc-address"), 10901), speaks: "grpc" } as const }),
  ...(rolesOf(process).includes("receive-router")
    ? { "remote-write": { port: portIn(flag(process, "--remote-write.address"), 19291), speaks: "http" } as const }
    : {}),
});

const alloyListeners: Readonly<Record<string, string>> = {
  "otelcol.receiver.otlp grpc": "otlp-grpc",
  "otelcol.receiver.otlp http": "otlp-http",
  "otelcol.receiver.jaeger grpc": "jaeger-grpc",
  "otelcol.receiver.jaeger thrift_http": "jaeger-http",
};
/**
 * Alloy listens where its receivers' `endpoint` says (docs/sources/reference/components/otelcol in v1.18.1). What an exporter in it says has a path of
 * its own (internal/component/prometheus/exporter/exporter.go).
 */
const alloy = (process: Process): Ports => {
  const found: Record<string, Listening> = {
    http: {
      port: portIn(flag(process, "--server.http.listen-addr"), 12345),
      speaks: "http",
      answers: [
        ...["/-/ready", "/-/healthy", "/metrics"],
        ...blocksOf(process)
          .filter(({ name }) => name.startsWith("prometheus.exporter."))
          .map(({ name, label }) => `/api/v0/component/${name}.${label}/metrics`),
      ],
    },
  };
  const endpoint = (text: string | undefined): number => portIn(text?.replaceAll('"', ""), 0);
  for (const block of blocksOf(process)) {
    if (block.name === "otelcol.receiver.zipkin")
      found["zipkin"] = { port: endpoint(block.attributes["endpoint"]), speaks: "other" };
    for (const inner of [...block.blocks, ...block.blocks.flatMap(({ blocks }) => blocks)]) {
      const name = alloyListeners[`${block.name} ${inner.name}`];
      if (name !== undefined) found[name] = { port: endpoint(inner.attributes["endpoint"]), speaks: "other" };
    }
  }
  return found;
};

const tempo = (process: Process): Ports => {
  const receivers = at(configOf(process), "distributor.receivers.otlp.protocols") as Tree | undefined;
  const endpoint = (protocol: string): string | undefined =>
    at(receivers, `${protocol}.endpoint`) as string | undefined;
  return {
    ...kit(3200, ["/ready", "/metrics", "/status/version"])(process),
    ...(rolesOf(process).includes("distributor") && receivers
      ? {
          "otlp-grpc": { port: portIn(endpoint("grpc"), 4317), speaks: "grpc" },
          "otlp-http": { port: portIn(endpoint("http"), 4318), speaks: "http" },
        }
      : {}),
  };
};

const kafkaListener = ({ env }: Process, name: string): number =>
  portIn(
    (env["KAFKA_LISTENERS"] ?? "").split(",").find((one) => one.startsWith(`${name}:`)),
    0,
  );

const minioMetrics = ["bucket", "cluster", "node", "resource"].map((of) => `/minio/v2/metrics/${of}`);

/** Where each program listens, and what it answers there. What is said of a version was read in the source of that version. */
export const listening: Readonly<Record<string, (process: Process) => Ports>> = {
  // Defaults: docs/sources/shared/configuration.md of v3.7.6. Paths: pkg/loki/loki.go of v3.7.6, `Run`.
  loki: kit(3100, ["/ready", "/metrics", "/loki/api/v1/status/buildinfo"]),
  // Defaults: cmd/mimir/help.txt.tmpl at aced80d74930. Paths: pkg/api/api.go and pkg/mimir/mimir.go there.
  mimir: kit(8080, ["/ready", "/metrics", "/api/v1/status/buildinfo"]),
  // Defaults: docs/sources/tempo/configuration/manifest.md of v3.0.3. Paths: cmd/tempo/app/app.go.
  tempo,
  // cmd/thanos/config.go of v0.42.5 (`grpcConfig`, `httpConfig`), cmd/thanos/receive.go; pkg/prober/http.go.
  thanos,
  // cmd/prometheus/main.go of 3.16.0; web/web.go.
  prometheus: (process) => ({
    http: {
      port: portIn(flag(process, "--web.listen-address"), 9090),
      speaks: "http",
      answers: ["/-/ready", "/-/healthy", "/metrics"],
    },
  }),
  // cmd/alertmanager/main.go of 0.34.2; ui/web.go. An empty --cluster.listen-address is no gossip.
  alertmanager: (process) => ({
    http: {
      port: portIn(flag(process, "--web.listen-address"), 9093),
      speaks: "http",
      answers: ["/-/ready", "/-/healthy", "/metrics"],
    },
    ...(flag(process, "--cluster.listen-address") === ""
      ? {}
      : { gossip: { port: portIn(flag(process, "--cluster.listen-address"), 9094), speaks: "gossip" } as const }),
  }),
  // conf/defaults.ini of 12.4.0, [server] http_port; pkg/api/http_server.go. Its own alerting gossips where it is told to.
  grafana: ({ env }) => ({
    http: { port: Number(env["GF_SERVER_HTTP_PORT"] ?? 3000), speaks: "http", answers: ["/api/health", "/metrics"] },
    ...(env["GF_UNIFIED_ALERTING_HA_PEERS"]
      ? {
          gossip: {
            port: portIn(env["GF_UNIFIED_ALERTING_HA_LISTEN_ADDRESS"], 9094),
            speaks: "gossip",
          } as const,
        }
      : {}),
  }),
  alloy,
  // clients/cmd/promtail of Loki v3.6: `server` of dskit; clients/pkg/promtail/server/server.go.
  promtail: (process) => ({
    http: {
      port: Number(at(configOf(process), "server.http_listen_port") ?? 80),
      speaks: "http",
      answers: ["/ready", "/metrics"],
    },
  }),
  // `kube-state-metrics --help` of 2.19.1; pkg/app/server.go: /livez beside the metrics, /readyz beside its own.
  "kube-state-metrics": (process) => ({
    http: {
      port: Number(flag(process, "--port") ?? 8080),
      speaks: "http",
      answers: ["/metrics", "/livez", "/healthz"],
    },
    telemetry: {
      port: Number(flag(process, "--telemetry-port") ?? 8081),
      speaks: "http",
      answers: ["/metrics", "/readyz"],
    },
  }),
  // node_exporter.go of 1.12.1
  "node-exporter": (process) => ({
    http: { port: portIn(flag(process, "--web.listen-address"), 9100), speaks: "http", answers: ["/", "/metrics"] },
  }),
  // cmd/minio of 2026-02-12; cmd/healthcheck-router.go, cmd/metrics-router.go
  minio: (process) => ({
    s3: {
      port: portIn(flag(process, "--address"), 9000),
      speaks: "http",
      answers: ["/minio/health/ready", "/minio/health/live", "/minio/health/cluster", ...minioMetrics],
    },
    console: { port: portIn(flag(process, "--console-address"), 0), speaks: "http" },
  }),
  // https://kafka.apache.org/41/documentation.html#brokerconfigs_listeners; one that only asks listens nowhere
  kafka: (process): Ports =>
    process.env["KAFKA_LISTENERS"]
      ? {
          kafka: { port: kafkaListener(process, "PLAINTEXT"), speaks: "other" },
          controller: { port: kafkaListener(process, "CONTROLLER"), speaks: "other" },
        }
      : {},
  // https://docs.memcached.org/serverguide/configuring/
  memcached: (process) => ({ memcached: { port: Number(flag(process, "--port") ?? 11211), speaks: "other" } }),
  // main.go of 0.14.3
  "memcached-exporter": (process) => ({
    exporter: { port: portIn(flag(process, "--web.listen-address"), 9150), speaks: "http", answers: ["/metrics"] },
  }),
  // https://nginx.org/en/docs/http/ngx_http_core_module.html#listen: only what a server says
  "nginx-unprivileged": ({ files }) => {
    const conf = [...files].find(([path]) => path.endsWith("nginx.conf"))?.[1] ?? "";
    const answers = [...conf.matchAll(/location = (\S+) \{\s+default_type/g)].map(([, path = ""]) => path);
    return { http: { port: Number(/listen (\d+);/.exec(conf)?.[1]), speaks: "http", answers } };
  },
  // cmd/rollout-operator/main.go of v0.38.1, `-server.port`
  "rollout-operator": (process) => ({
    http: { port: Number(flag(process, "-server.port") ?? 8001), speaks: "http", answers: ["/ready", "/metrics"] },
  }),
};

/** Programs that listen nowhere. */
export const silent: readonly string[] = ["busybox", "flog", "k6", "mc", "telemetrygen"];

/** Where a process listens. */
export const portsOf = (process: Process): Ports => {
  if (process.first || silent.includes(process.program)) return {};
  const found = listening[process.program];
  if (!found)
    throw new Error(`${process.at}: nobody has written down where ${process.program} listens: test/facts/ports.ts.`);
  return found(process);
};

/**
 * Ports that a pod may declare although nobody listens there yet: with one replica there is no gossip, and an environment that asks for two does not
 * change what others know of it.
 */
export const dormant: readonly (readonly [program: string, port: number])[] = [
  ["alertmanager", 9094],
  ["grafana", 9094],
  // Of Thanos's sub-commands these serve no series.
  ["thanos", 10901],
];

/**
 * Seconds that a start may take at least before a probe ends it. Prometheus's operator gives a replay of the write-ahead log 900 s
 * (makeStatefulSetSpec in pkg/prometheus/server/statefulset.go), and Mimir's chart no limit; Grafana migrates its database, Kafka recovers its
 * log, MinIO heals. The rest only opens its ports, on a node that starts everything at once.
 */
export const leastStart: Readonly<Record<string, number>> = {
  loki: 300,
  mimir: 600,
  tempo: 300,
  prometheus: 600,
  thanos: 300,
  grafana: 300,
  kafka: 120,
  minio: 120,
  "nginx-unprivileged": 120,
};
export const leastStartOfOthers = 30;
