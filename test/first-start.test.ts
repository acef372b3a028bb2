import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { SettingsTable } from "../src/core/model/component.ts";
import { type Findings, none } from "./lib/findings.ts";
import { podTemplates } from "./lib/objects.ts";
import { temporary } from "./lib/project.ts";
import { type World, worldNamed, worlds } from "./lib/world.ts";

/**
 * Roles that end where there is no bucket, by program; seen with the real ones, with MinIO away or without buckets.
 * Tempo 3.0.3: "failed to create store". Loki 3.7.6: "failed to init delete store". Mimir: pkg/mimir/sanity_check.go, after twenty tries.
 */
const needBuckets: Readonly<Record<string, readonly string[]>> = {
  loki: ["compactor"],
  mimir: ["ingester", "querier", "store-gateway", "compactor", "ruler", "alertmanager"],
  tempo: ["query-frontend", "querier", "block-builder", "backend-scheduler", "backend-worker"],
};
/** And without the topic: Tempo's consumers, and every Mimir that has a distributor or reads what was written. */
const needTopic: Readonly<Record<string, readonly string[]>> = {
  mimir: ["distributor", "ingester", "query-frontend", "querier", "ruler"],
  tempo: ["live-store", "block-builder", "metrics-generator"],
};

const waitsOf = ({ initContainers = [] }: { readonly initContainers?: readonly IContainer[] }): readonly string[] =>
  initContainers.map(({ name }) => name);

/** Pods that would begin, and end, before what they cannot do without is there. */
const hasty = (
  { overlay, objects }: World,
  need: typeof needBuckets,
  wait: string,
  asks: (settings: SettingsTable) => boolean,
): Findings => {
  const templates = podTemplates(objects);
  return overlay.parts.flatMap(({ bases }) =>
    bases
      .filter(({ settings }) => asks(settings))
      .flatMap(({ component, workloads }) =>
        workloads
          .filter(({ roles }) => roles.some(({ name }) => need[component.name]?.includes(name)))
          .flatMap(({ fullName }) =>
            templates.filter(({ name }) => name === fullName || name.startsWith(`${fullName}-zone-`)),
          )
          .filter(({ spec }) => !waitsOf(spec).includes(wait))
          .map(({ id }) => `${id} does not wait for its ${wait}`),
      ),
  );
};

const hasBase = ({ overlay }: World, name: string): boolean =>
  overlay.parts.some(({ bases }) => bases.some(({ component }) => component.name === name));

describe("one apply on an empty cluster restarts nothing: what a program would end for is waited for", () => {
  for (const world of worlds) {
    if (hasBase(world, "minio"))
      test(`${world.name}: buckets`, () => none(hasty(world, needBuckets, "buckets", () => true)));
    else
      test(`${world.name}: nobody waits for MinIO's buckets where a store outside keeps objects`, () =>
        none(podTemplates(world.objects).flatMap(({ id, spec }) => (waitsOf(spec).includes("buckets") ? [id] : []))));
    if (hasBase(world, "kafka"))
      test(`${world.name}: the topic`, () =>
        none(hasty(world, needTopic, "topic", (settings) => "kafkaAddress" in settings)));
  }
});

const waitOf = (world: string, pod: string, name: string): IContainer =>
  podTemplates(worldNamed(world).objects)
    .find((one) => one.name === pod)
    ?.spec.initContainers?.find((one) => one.name === name) ?? assert.fail(`${world}: ${pod} has no ${name}`);

/** Runs what waits, with programs in the place of its own that fail so many times before they answer; what they were asked. */
function run(container: IContainer, fails: number, variables: Readonly<Record<string, string>>): readonly string[] {
  const folder = temporary(after);
  const asked = join(folder, "asked");
  const stub = (name: string) =>
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\necho "${name} $*" >>${asked}\n[ $(wc -l <${asked}) -gt ${fails} ]\n`,
      { mode: 0o755 },
    );
  for (const name of ["mc", "nc", "kafka-topics.sh", "wget"]) stub(name);
  writeFileSync(join(folder, "sleep"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  const [shell = "", ...args] = (container.command ?? []).map((text) =>
    text.replaceAll("/opt/kafka/bin/", `${folder}/`).replaceAll("/tmp/client", `${folder}/client`),
  );
  const env = { PATH: `${folder}:${process.env["PATH"]}`, ...variables };
  assert.equal(spawnSync(shell, args, { env, timeout: 10_000 }).status, 0);
  return existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n") : [];
}

describe("what waits for buckets", () => {
  const container = waitOf("dev", "tempo", "buckets");
  const variables = {
    TEMPO_STORE: "s3",
    TEMPO_S3_ENDPOINT: "minio:9000",
    TEMPO_BUCKET: "tempo",
    S3_ACCESS_KEY_ID: "me",
    S3_SECRET_ACCESS_KEY: "word",
  };
  test("asks until MinIO and then the bucket answer, and never ends with an error", () => {
    const asked = run(container, 5, variables);
    assert.equal(asked.length, 7);
    assert.equal(asked.at(-1), "mc ls store/tempo");
  });
  test("asks once each where all is there", () =>
    assert.deepEqual(run(container, 0, variables), [
      "mc alias set store http://minio:9000 me word",
      "mc ls store/tempo",
    ]));
  test("does not wait in a base that was led to another store", () => {
    assert.deepEqual(run(container, 0, { ...variables, TEMPO_S3_ENDPOINT: "s3.eu-central-1.amazonaws.com" }), []);
    assert.deepEqual(run(container, 0, { ...variables, TEMPO_STORE: "gcs" }), []);
  });
});

describe("what waits for Mimir's topic", () => {
  const container = waitOf("prod-mimir", "mimir-querier", "topic");
  const variables = {
    MIMIR_INGEST_STORAGE_ENABLED: "true",
    MIMIR_KAFKA_ADDRESS: "kafka:9092",
    MIMIR_KAFKA_TLS_ENABLED: "false",
    MIMIR_KAFKA_SASL_MECHANISM: "PLAIN",
    KAFKA_SASL_USERNAME: "",
  };
  test("asks until Kafka listens, and then until the topic is there", () => {
    const asked = run(container, 4, variables);
    assert.equal(asked[0], "nc -z -w 5 kafka 9092");
    assert.match(asked.at(-1) ?? "", /^kafka-topics\.sh --bootstrap-server kafka:9092 .*--describe --topic mimir$/);
  });
  test("asks nobody where samples go to the ingesters without Kafka", () =>
    assert.deepEqual(run(container, 0, { ...variables, MIMIR_INGEST_STORAGE_ENABLED: "false" }), []));
  test("waits only until somebody else's Kafka listens, which has its topics and takes no plain client", () => {
    for (const more of [{ MIMIR_KAFKA_TLS_ENABLED: "true" }, { MIMIR_KAFKA_SASL_MECHANISM: "SCRAM-SHA-512" }])
      assert.deepEqual(run(container, 0, { ...variables, ...more }), ["nc -z -w 5 kafka 9092"]);
  });
});

describe("what sends the demo's first metric", () => {
  test("sends it by OTLP's JSON until it is taken, and ends without an error", () => {
    const asked = run(waitOf("demo", "generators-metrics", "until-taken"), 3, {
      GENERATORS_OTLP_HTTP_URL: "http://otlp:4318",
    });
    assert.equal(asked.length, 4);
    // https://opentelemetry.io/docs/specs/otlp/#otlphttp-request: JSON by POST to /v1/metrics; 64-bit numbers are strings.
    const [, type, body = "", url] =
      /^wget .*--header (.+) --post-data (\{.*\}) (\S+)$/.exec(asked.at(-1) ?? "") ?? assert.fail(asked.at(-1));
    assert.equal(type, "Content-Type: application/json");
    assert.equal(url, "http://otlp:4318/v1/metrics");
    assert.match(body, /"name":"shop_stock","gauge":\{"dataPoints":\[\{"timeUnixNano":"\d{19}","asInt":"1"\}\]\}/);
  });
});

/** Kafka 4.1.0 ended a minute after its start while its own name was unknown; its log has initial.broker.registration.timeout.ms = 60000. */
test("a broker that the DNS does not know for minutes joins its quorum all the same", () => {
  for (const world of ["staging", "prod"]) {
    const kafka = worldNamed(world).objects.find(
      ({ kind, data }) => kind === "ConfigMap" && Object.hasOwn(Object(data), "KAFKA_PROCESS_ROLES"),
    );
    const { KAFKA_INITIAL_BROKER_REGISTRATION_TIMEOUT_MS: limit } = kafka?.["data"] as Record<string, string>;
    assert.ok(Number(limit) >= 300_000, `${world}: ${limit}`);
  }
});
