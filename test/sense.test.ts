import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { wildEnvironment } from "./lib/wild-settings.ts";
import { environmentOf, shipped, worldOf } from "./lib/world.ts";

const file = "src/environments/try.ts: ";

/** What the author of these settings reads, a line each: problems, or what to beware of. */
function read(settings: object): readonly string[] {
  try {
    const { warnings } = worldOf(environmentOf("try", settings)).overlay;
    return warnings.map((text) => text.replace(file, "beware: "));
  } catch (error) {
    assert.ok(error instanceof SettingsError, String((error as Error).stack));
    return error.message.split("\n").map((text) => text.replace(file, "refused: "));
  }
}

const small = { mode: "monolithic", metrics: "mimir" };
const middle = { mode: "scalable", metrics: "mimir" };
const large = { mode: "microservices", metrics: "mimir" };
const s3 = { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-" };
const loki = (values: object): object => ({ components: { loki: values } });

type Case = readonly [settings: object, first: string];
const tried = (cases: readonly Case[]): void => {
  for (const [settings, first] of cases)
    test(`${JSON.stringify(settings)}: ${first}`, () => {
      const lines = read(settings);
      assert.ok(
        lines.some((line) => line.startsWith(first)),
        lines.join("\n") || "(nothing)",
      );
    });
};

test("no shipped environment is warned of anything", () => {
  for (const { overlay } of shipped) assert.deepEqual(overlay.warnings, [], overlay.name);
});

describe("more than one of what is one for good", () => {
  // loki: grafana/loki#6779. tempo: docs/sources/tempo/operations/backend_search.md, one scheduler. MinIO: one server, one disk.
  tried([
    [{ ...small, replicas: { minio: 4 } }, "refused: replicas.minio is 4: expected at most 1"],
    [{ ...small, replicas: { loki: 2 } }, "refused: replicas.loki is 2: expected at most 1"],
    [{ ...middle, replicas: { "loki-compactor": 2 } }, "refused: replicas.loki-compactor is 2: expected at most 1"],
    [{ ...large, replicas: { "tempo-backend-scheduler": 2 } }, "refused: replicas.tempo-backend-scheduler is 2"],
    [{ ...small, replicas: { tempo: 2 } }, "refused: replicas.tempo is 2: expected at most 1"],
    [{ ...small, replicas: { "kube-state-metrics": 2 } }, "refused: replicas.kube-state-metrics is 2"],
    [{ ...small, replicas: { "alloy-events": 3 } }, "refused: replicas.alloy-events is 3"],
    [{ ...large, replicas: { "rollout-operator": 2 } }, "refused: replicas.rollout-operator is 2"],
    [{ ...middle, replicas: { kafka: 2 } }, "refused: replicas.kafka is 2: expected an odd number"],
  ]);
  test("is all right where they share the work", () => {
    assert.deepEqual(read({ ...small, metrics: "thanos-sidecar", replicas: { "thanos-compact": 2 } }), []);
    assert.deepEqual(read({ ...middle, replicas: { "loki-write": 5 } }), []);
    assert.deepEqual(
      read({ ...small, replicas: { mimir: 3 } }).filter((line) => line.startsWith("refused")),
      [],
    );
  });
});

describe("what has no effect is refused", () => {
  tried([
    [{ ...small, replicas: { kafka: 3 } }, "refused: replicas.kafka has no effect"],
    [{ ...small, volumes: { kafka: { size: "20Gi" } } }, "refused: volumes.kafka has no effect"],
    [{ ...small, components: { kafka: { partitionsTempo: "9" } } }, "refused: components.kafka has no effect"],
    [{ ...small, modes: { kafka: "microservices" } }, "refused: modes.kafka has no effect"],
    [{ ...small, egress: { kafka: [{ port: 443 }] } }, "refused: egress.kafka has no effect"],
    [
      { ...middle, replicas: { "rollout-operator": 0 }, modes: { tempo: "monolithic" } },
      "refused: replicas.rollout-operator has no effect",
    ],
    [
      { ...small, overrides: { loki: { "team-a": { retention_period: "744h" } } } },
      "refused: overrides.loki.team-a has no effect: there are no tenants",
    ],
    [
      { ...small, egress: { "thanos-query": [{ port: 443 }] } },
      'refused: egress.thanos-query has no effect: metrics "mimir" leaves thanos out',
    ],
  ]);
  test("and the one tenant that there is may have limits of its own", () =>
    assert.deepEqual(read({ ...small, overrides: { loki: { fake: { retention_period: "744h" } } } }), []));
});

describe("a workload that is switched off is warned of", () => {
  tried([
    [{ ...small, replicas: { prometheus: 0 } }, "beware: replicas.prometheus is 0: no metrics are collected"],
    [
      { ...small, replicas: { loki: 0 } },
      "beware: replicas.loki is 0: who asks it gets no answer, and what is sent to it is refused or lost",
    ],
    [{ ...small, replicas: { grafana: 0 } }, "beware: replicas.grafana is 0: who asks it gets no answer"],
    [{ ...small, replicas: { alertmanager: 0 } }, "beware: replicas.alertmanager is 0"],
    [{ ...small, replicas: { "alloy-gateway": 0 } }, "beware: replicas.alloy-gateway is 0"],
    [
      { ...middle, metrics: "thanos-receive", replicas: { "thanos-receive": 0 } },
      "beware: replicas.thanos-receive is 0",
    ],
    [{ ...middle, replicas: { kafka: 0 } }, "refused: replicas.kafka is 0"],
  ]);
});

describe("a component's setting that contradicts its environment is refused, and where it is said is named", () => {
  tried([
    [
      { ...small, ...loki({ s3Endpoint: "s3.amazonaws.com" }) },
      'refused: components.loki.s3Endpoint is "s3.amazonaws.com": expected "minio:9000", because store is "minio". Say store',
    ],
    [{ ...small, components: { tempo: { store: "gcs" } } }, 'refused: components.tempo.store is "gcs"'],
    [{ ...small, store: s3, components: { mimir: { store: "azure" } } }, 'refused: components.mimir.store is "azure"'],
    [{ ...small, ...loki({ azureAccount: "acmeprod" }) }, "refused: components.loki.azureAccount"],
    [{ ...small, ...loki({ s3Region: "eu-west-1" }) }, "refused: components.loki.s3Region"],
    [
      { ...small, store: { kind: "gcs", bucketPrefix: "acme-" }, ...loki({ s3Endpoint: "a.example.com" }) },
      "refused: components.loki.s3Endpoint",
    ],
    [{ ...small, ...loki({ authEnabled: "true" }) }, "refused: components.loki.authEnabled"],
    [
      { ...small, components: { tempo: { multitenancyEnabled: "true" } } },
      "refused: components.tempo.multitenancyEnabled",
    ],
    [
      { ...middle, tenant: "main", components: { mimir: { multitenancyEnabled: "false" } } },
      "refused: components.mimir.multitenancyEnabled",
    ],
    [
      { ...middle, components: { tempo: { kafkaAddress: "kafka.example.com:9092" } } },
      "refused: components.tempo.kafkaAddress",
    ],
    [{ ...large, components: { mimir: { kafkaTlsEnabled: "true" } } }, "refused: components.mimir.kafkaTlsEnabled"],
  ]);
  test("and its own address of the same kind of store is taken", () =>
    assert.deepEqual(read({ ...small, store: s3, ...loki({ s3Endpoint: "s3.eu-west-1.amazonaws.com" }) }), []));
});

describe("a retention that its program would not take, or takes for something else", () => {
  // Loki 3.7: docs/sources/operations/storage/retention.md. Thanos 0.42: cmd/thanos/compact.go. Tempo 3.0: modules/overrides, 0 is the
  // default of the compactor. Prometheus 3: cmd/prometheus/main.go, 0 is 15 days.
  const thanos = (values: object): object => ({ ...small, metrics: "thanos-sidecar", components: { thanos: values } });
  tried([
    [{ ...small, ...loki({ retention: "1h" }) }, 'refused: components.loki.retention is "1h": expected at least "24h"'],
    [{ ...small, ...loki({ retention: "30m" }) }, "refused: components.loki.retention"],
    [
      { ...small, ...loki({ retention: "25h" }) },
      'beware: components.loki.retention is "25h", not a multiple of "24h"',
    ],
    [{ ...small, ...loki({ retention: "0d" }) }, 'beware: components.loki.retention is "0d": that means for ever'],
    [
      { ...small, components: { tempo: { retention: "30m" } } },
      'beware: components.tempo.retention is "30m", less than "1d"',
    ],
    [{ ...small, components: { tempo: { retention: "0s" } } }, 'refused: components.tempo.retention is "0s"'],
    [{ ...small, components: { mimir: { retention: "0d" } } }, "beware: components.mimir.retention"],
    [{ ...small, components: { mimir: { retention: "3h" } } }, "beware: components.mimir.retention"],
    [{ ...small, components: { prometheus: { retention: "0h" } } }, "refused: components.prometheus.retention"],
    [{ ...small, components: { prometheus: { retention: "1h" } } }, "beware: components.prometheus.retention"],
    [thanos({ retentionRaw: "5s" }), 'refused: components.thanos.retentionRaw is "5s": expected at least "40h"'],
    [thanos({ retentionRaw: "1d", retention5m: "1d", retention1h: "1d" }), "refused: components.thanos.retention5m"],
    [thanos({ retention5m: "9d" }), 'refused: components.thanos.retention5m is "9d": expected at least "10d"'],
    [thanos({ retention1h: "20d" }), "beware: components.thanos.retention1h"],
    [thanos({ retentionRaw: "90d" }), 'beware: components.thanos.retention5m is "30d", less than retentionRaw'],
    [thanos({ retentionRaw: "0d" }), "beware: components.thanos.retentionRaw"],
    [{ ...small, ...loki({ retention: "999y" }) }, "refused: components.loki.retention"],
    [
      { ...middle, metrics: "thanos-receive", components: { "thanos-receive": { retention: "1h" } } },
      "beware: components.thanos-receive.retention",
    ],
    [
      { ...middle, tenant: "main", overrides: { loki: { a: { retention_period: "1h" } } } },
      'refused: overrides.loki.a.retention_period is "1h"',
    ],
  ]);
});

describe("what a volume cannot hold is said with the sum", () => {
  tried([
    [
      { ...small, components: { prometheus: { retention: "1y" } } },
      'beware: components.prometheus.retention is "1y": 20,000 series of the stack itself, an assumption / 30 s × 365 days × 2 bytes are 42 GB for each pod of prometheus',
    ],
    [
      {
        ...small,
        load: { activeSeries: 1e6 },
        components: { prometheus: { retention: "15d" } },
        volumes: { prometheus: { size: "20Gi" } },
      },
      "beware: components.prometheus.retention",
    ],
    [
      { ...middle, metrics: "thanos-receive", components: { "thanos-receive": { retention: "2y" } } },
      "beware: components.thanos-receive.retention",
    ],
    [
      { ...middle, load: { activeSeries: 3e6 }, volumes: { mimir: { size: "1Gi" } } },
      'beware: volumes.mimir.size is "1Gi"',
    ],
    [
      { ...small, load: { logsGBPerDay: 10 }, ...loki({ retention: "1y" }), volumes: { minio: { size: "20Gi" } } },
      "beware: the objects of this load are",
    ],
  ]);
  test("and is all right on a larger one", () =>
    assert.deepEqual(
      read({ ...small, components: { prometheus: { retention: "1y" } }, volumes: { prometheus: { size: "100Gi" } } }),
      [],
    ));
});

const bucketsMade = (objects: readonly Manifest[]): string => {
  const found = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("minio-buckets"));
  return (found?.["data"] as { readonly BUCKETS?: string } | undefined)?.BUCKETS ?? "";
};

describe("buckets", () => {
  test("of an environment's own names are made by MinIO", () => {
    const world = worldOf(
      environmentOf("try", {
        ...small,
        components: { loki: { bucket: "acme-loki" }, tempo: { bucket: "acme-tempo" } },
      }),
    );
    const made = bucketsMade(world.objects).split(" ");
    for (const name of ["acme-loki", "acme-tempo", "ruler", "mimir-blocks"])
      assert.ok(made.includes(name), made.join(" "));
    assert.ok(!made.includes("chunks"));
  });
  tried([
    [{ ...small, store: { ...s3, bucketPrefix: `${"a".repeat(60)}-` } }, "refused: store.bucketPrefix is"],
    [
      { ...small, ...loki({ bucket: "tempo" }) },
      'refused: components.tempo.bucket is "tempo", and so is components.loki.bucket',
    ],
    [{ ...small, metrics: "thanos-sidecar", ...loki({ bucket: "thanos" }) }, "refused: components.thanos.bucket is"],
    // validateBucketConfigs in pkg/mimir/mimir.go of 3.2
    [{ ...small, components: { mimir: { bucketRuler: "mimir-blocks" } } }, "refused: components.mimir.bucketRuler"],
    [{ ...small, ...loki({ bucketRuler: "chunks" }) }, "beware: components.loki.bucketRuler"],
    [
      { ...small, store: { kind: "azure", account: "acmeprod", bucketPrefix: "acme--" } },
      "refused: store.bucketPrefix",
    ],
    [{ ...small, store: { kind: "gcs", bucketPrefix: "google-" } }, "refused: store.bucketPrefix"],
    [{ ...small, store: s3, ...loki({ bucket: "10.0.0.1" }) }, "refused: components.loki.bucket"],
    [{ ...small, store: s3, ...loki({ bucket: "a..b" }) }, "refused: components.loki.bucket"],
  ]);
});

describe("the way to where a setting leads", () => {
  const url = "https://prometheus.example.com/api/v1/write";
  tried([
    [
      { ...small, metrics: "thanos-sidecar", components: { tempo: { remoteWriteUrl: url } } },
      "beware: components.tempo.remoteWriteUrl leads to prometheus.example.com:443, and no policy",
    ],
    [
      { ...small, store: s3, ...loki({ s3Endpoint: "ceph.example.com:7480" }) },
      "beware: components.loki.s3Endpoint leads to ceph.example.com:7480",
    ],
    [
      {
        ...large,
        kafka: { address: "kafka.example.com:9092" },
        components: { mimir: { kafkaAddress: "other.example.com:9093" } },
      },
      "beware: components.mimir.kafkaAddress leads to",
    ],
  ]);
  test("is there when the environment opens it", () =>
    assert.deepEqual(
      read({
        ...small,
        metrics: "thanos-sidecar",
        components: { tempo: { remoteWriteUrl: url } },
        egress: { tempo: [{ port: 443 }] },
      }),
      [],
    ));
});

describe("what somebody may mean is warned of", () => {
  tried([
    [{ ...small, load: { logsGBPerDay: 5000 } }, "beware: load: loki in mode monolithic is for up to"],
    [{ ...small, repository: { url: "git@github.com:acme/obs.git" } }, "beware: repository.url is by ssh"],
    [{ ...small, database: { by: "postgres", host: "db:5432", sslMode: "disable" } }, "beware: database.sslMode"],
    [
      { ...large, kafka: { address: "kafka.example.com:9092", sasl: "PLAIN" } },
      'beware: kafka.sasl is "PLAIN" without kafka.tls',
    ],
    [
      { ...small, egress: { grafana: [{ port: 443, cidr: "10.1.2.3/8" }] } },
      'beware: egress.grafana[0].cidr is "10.1.2.3/8": that is all of 10.0.0.0/8',
    ],
    [{ ...small, volumes: { minio: "none" } }, "beware: volumes.minio"],
    [
      { ...small, exposure: { by: "gateway-api", gatewayNamespace: "observability" } },
      "beware: exposure.gatewayNamespace",
    ],
  ]);
});

describe("what Kubernetes or a program would refuse is refused here", () => {
  tried([
    [{ ...small, namespaces: { stack: "kube-system" } }, "refused: namespaces.stack"],
    [{ ...small, namespaces: { stack: "default" } }, "refused: namespaces.stack"],
    [{ ...small, namespaces: { agents: "observability" } }, "refused: namespaces.agents"],
    [{ ...large, scaling: { loki: "keda", kedaNamespace: "observability" } }, "refused: scaling.kedaNamespace"],
    [{ ...small, namespaces: { stack: "a".repeat(64) } }, "refused: namespaces.stack"],
    [{ ...small, volumes: { loki: { size: "0Gi" } } }, 'refused: volumes.loki.size is "0Gi"'],
    [{ ...small, volumes: { loki: { size: "1Ti" } } }, "refused: volumes.loki.size"],
    [{ ...small, proxy: { url: "http://proxy.example.com:99999" } }, "refused: proxy.url"],
    [{ ...small, egress: { grafana: [{ port: 443, cidr: "10.0.0.0/08" }] } }, "refused: egress.grafana[0].cidr"],
    [{ ...small, exposure: { by: "ingress", host: "a..b" } }, "refused: exposure.host"],
    [{ ...small, exposure: { by: "ingress", host: `${"a".repeat(64)}.example.com` } }, "refused: exposure.host"],
    [{ ...small, database: { by: "postgres", host: "db.example.com" } }, "refused: database.host is"],
    [{ ...small, database: { by: "postgres", host: "db:5432", sslMode: "tls" } }, "refused: database.sslMode"],
    [
      { ...small, replicas: { "loki-gateway": 1 } },
      'refused: replicas.loki-gateway has no effect: loki stands in mode "monolithic"',
    ],
    [{ ...small, replicas: { mimir: 1e9 } }, "refused: replicas.mimir is 1000000000"],
    [{ ...small, load: { logsGBPerDay: 1e300 } }, "refused: load.logsGBPerDay"],
    [
      { ...large, kafka: { address: "kafka.example.com:9092", tls: "enabled" } },
      'refused: kafka.tls is "enabled": Tempo',
    ],
  ]);
});

describe("a limit of a tenant that its program does not know is refused", () => {
  // Loki 3.7.6 by -print-config-stderr, Mimir 3.2 by its config-descriptor.json, Tempo 3.0.3 by modules/overrides/config.go.
  const of = (overrides: object): object => ({ ...middle, tenant: "main", overrides });
  tried([
    [
      of({ loki: { a: { retention_periode: "744h" } } }),
      'refused: overrides.loki.a.retention_periode is no limit of loki: did you mean "retention_period"?',
    ],
    [
      of({ mimir: { a: { max_global_series_per_users: 5 } } }),
      "refused: overrides.mimir.a.max_global_series_per_users",
    ],
    [
      of({ tempo: { a: { ingestion: { rate_limit_byte: 5 } } } }),
      "refused: overrides.tempo.a.ingestion.rate_limit_byte",
    ],
    [of({ tempo: { a: { block_retention: "48h" } } }), "refused: overrides.tempo.a.block_retention"],
  ]);
  test("and what they know is taken", () => {
    const known = {
      loki: { a: { retention_period: "744h", ingestion_rate_mb: 8, retention_stream: [], otlp_config: {} } },
      mimir: { a: { max_global_series_per_user: 5, ingestion_rate: 5, compactor_blocks_retention_period: "1y" } },
      tempo: { a: { ingestion: { rate_limit_bytes: 5 }, compaction: { block_retention: "48h" } } },
    };
    assert.deepEqual(read(of(known)), []);
  });
});

test("settings at random end in an environment whose invariants hold, or in clear messages (npm run fuzz -- settings)", () => {
  const ends = [3, 8, 13, 21, 34].map(wildEnvironment);
  assert.equal(ends.length, 5);
});
