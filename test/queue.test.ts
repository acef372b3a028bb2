import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import * as mimir from "../src/components/mimir.ts";
import * as tempo from "../src/components/tempo.ts";
import { autoscaler } from "../src/core/derive/controllers.ts";
import { quantity } from "../src/core/kubernetes/requests.ts";
import type { Mode, Role } from "../src/core/model/roles.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { altered, containersOf, idOf, isWorkload, podTemplate, specOf } from "./lib/objects.ts";
import { type Block, parseAlloy } from "./lib/alloy.ts";
import { scraped } from "./lib/scrape.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { environmentOf, type World, worldNamed, worldOf, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

type Table = Readonly<Record<string, string>>;

/** The literals of the generated ConfigMap of that name, whatever its hash. */
const literals = (objects: readonly Manifest[], name: string): Table =>
  (objects.find(
    ({ kind, metadata }) =>
      kind === "ConfigMap" && new RegExp(`^${name}(-[bcdfghkmt2456789]{10})?$`).test(metadata.name),
  )?.["data"] ?? {}) as Table;

const config = (objects: readonly Manifest[], name: string, file: string): Record<string, never> =>
  parse(literals(objects, name)[file] ?? "{}") as Record<string, never>;

interface Replicated {
  readonly replicas?: number;
}
const replicasOf = (object: Manifest): number => specOf<Replicated>(object).replicas ?? 1;

/** The sets of a workload: one, or one for each zone. */
const setsOf = (objects: readonly Manifest[], name: string): readonly Manifest[] =>
  objects.filter(
    ({ kind, metadata }) => kind === "StatefulSet" && new RegExp(`^${name}(-zone-[a-z])?$`).test(metadata.name),
  );

const owners = [
  { set: "tempo-live-store", partitions: "KAFKA_PARTITIONS_TEMPO" },
  { set: "mimir-ingester", partitions: "KAFKA_PARTITIONS_MIMIR" },
] as const;

/** Owners without a partition, and partitions that are written and that nobody makes blocks of. */
function partitionFaults(objects: readonly Manifest[]): Findings {
  const made = literals(objects, "kafka-settings");
  const written = Math.max(0, ...setsOf(objects, "tempo-live-store").map(replicasOf));
  const said = literals(objects, "tempo-settings")["TEMPO_BLOCK_BUILDER_PARTITIONS"] ?? "{}";
  const builders = setsOf(objects, "tempo-block-builder").map(replicasOf)[0] ?? 0;
  const built = Object.entries(parse(said) as Record<string, number[]>)
    .filter(([name]) => Number(name.split("-").at(-1)) < builders)
    .flatMap(([, partitions]) => partitions);
  const unbuilt = Array.from({ length: written }, (_, i) => i).filter((i) => built.filter((j) => j === i).length !== 1);
  return [
    ...owners.flatMap(({ set, partitions }) =>
      setsOf(objects, set)
        .filter((one) => made[partitions] !== undefined && replicasOf(one) > Number(made[partitions]))
        .map((one) => `${idOf(one)} has ${replicasOf(one)} pods, and its topic ${made[partitions]} partitions`),
    ),
    ...unbuilt.map((partition) => `partition ${partition} is written, and not one block-builder makes blocks of it`),
  ];
}

const queued = worlds.filter(({ objects }) => setsOf(objects, "tempo-live-store").length > 0);
const microservices = worldNamed("every-mimir-microservices");

/** What stops a build. */
function refusal(settings: object): string {
  try {
    worldOf(environmentOf("prod", { mode: "microservices", metrics: "mimir", ...settings }));
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.message;
  }
  return "(nothing)";
}

describe("partitions", () => {
  for (const { name, objects } of queued)
    test(`of ${name}: every owner has one, and of every one that is written a block-builder makes blocks`, () =>
      none(partitionFaults(objects)));

  test("that are missing are reported", () => {
    const { objects } = microservices;
    const set = (name: string): string => idOf(setsOf(objects, name)[0] as Manifest);
    const found = (name: string, count: number): Findings =>
      partitionFaults(altered(objects, set(name), ["spec", "replicas"], count));
    says(found("tempo-live-store", 9), /tempo-live-store-zone-a has 9 pods, and its topic 8 partitions/);
    says(found("mimir-ingester", 9), /mimir-ingester-zone-a has 9 pods/);
    says(found("tempo-block-builder", 1), /partition 1 is written, and not one block-builder/);
  });

  test("have block-builders before they have owners, so that none that is added is missed", () => {
    for (const { name, objects } of queued)
      for (const set of setsOf(objects, "tempo-live-store"))
        none(partitionFaults(altered(objects, idOf(set), ["spec", "replicas"], 8)).map((fault) => `${name}: ${fault}`));
  });

  test("follow the owners and block-builders that an environment asks for", () => {
    const components = { kafka: { partitionsTempo: "20" } };
    const replicas = { "tempo-live-store": 20, "tempo-block-builder": 3 };
    const { objects } = worldOf(
      environmentOf("more", { mode: "microservices", metrics: "mimir", components, replicas }),
    );
    const said = literals(objects, "tempo-settings")["TEMPO_BLOCK_BUILDER_PARTITIONS"];
    assert.match(
      said ?? "",
      /^\{tempo-block-builder-0: \[0, 3, 6, .*, tempo-block-builder-2: \[2, 5, 8, 11, 14, 17\]\}$/,
    );
    none(partitionFaults(objects));
  });

  const raise = "and apply that before there are more of them.";
  for (const [what, settings, expected] of [
    [
      "more live-stores than the topic has partitions",
      { replicas: { "tempo-live-store": 9 } },
      `replicas.tempo-live-store is 9: expected at most 8, the partitions of its topic. Raise components.kafka.partitionsTempo ${raise}`,
    ],
    [
      "more ingesters than the topic has partitions",
      { replicas: { "mimir-ingester": 9 } },
      `replicas.mimir-ingester is 9: expected at most 8, the partitions of its topic. Raise components.kafka.partitionsMimir ${raise}`,
    ],
    [
      "block-builders that leave partitions out",
      {
        replicas: { "tempo-live-store": 3 },
        components: { tempo: { blockBuilderPartitions: "{tempo-block-builder-0: [0, 1]}" } },
      },
      'components.tempo.blockBuilderPartitions is "{tempo-block-builder-0: [0, 1]}": expected each of the 3 partitions that live-stores own ' +
        "at one of tempo-block-builder-0, tempo-block-builder-1; that is not so of 2",
    ],
    [
      "block-builders that have a partition twice",
      {
        components: {
          tempo: { blockBuilderPartitions: "{tempo-block-builder-0: [0, 1], tempo-block-builder-1: [1]}" },
        },
      },
      'components.tempo.blockBuilderPartitions is "{tempo-block-builder-0: [0, 1], tempo-block-builder-1: [1]}": expected each of the 2 ' +
        "partitions that live-stores own at one of tempo-block-builder-0, tempo-block-builder-1; that is not so of 1",
    ],
    [
      "partitions that are written otherwise",
      { components: { tempo: { blockBuilderPartitions: "{tempo-block-builder-0: [0]tempo-block-builder-1: [1]}" } } },
      'components.tempo.blockBuilderPartitions is "{tempo-block-builder-0: [0]tempo-block-builder-1: [1]}": expected partitions by pod ' +
        'such as "{tempo-block-builder-0: [0, 2], tempo-block-builder-1: [1, 3]}"',
    ],
    [
      "brokers that cannot have a majority",
      { replicas: { kafka: 2 } },
      "replicas.kafka is 2: expected an odd number, because a quorum needs a majority",
    ],
  ] as const)
    test(`stop the build: ${what}`, () => assert.equal(refusal(settings), `src/environments/prod.ts: ${expected}`));

  test("may be more than there are owners", () => {
    assert.equal(
      refusal({ replicas: { "tempo-live-store": 9 }, components: { kafka: { partitionsTempo: "12" } } }),
      "(nothing)",
    );
  });
  test("bind no ingester of Mimir that takes writes itself", () => {
    const components = { mimir: { ingestStorageEnabled: "false" } };
    assert.equal(refusal({ replicas: { "mimir-ingester": 9 }, components }), "(nothing)");
  });
});

const partitionOwners = [tempo.roles["live-store"], mimir.roles.ingester, tempo.roles["block-builder"]];

/** Autoscalers of what owns something, whose loss of a pod would leave that without an owner. */
const scaledOwners = (objects: readonly Manifest[]): Findings =>
  objects
    .filter(({ kind }) => kind === "HorizontalPodAutoscaler")
    .filter(({ metadata: { name } }) => partitionOwners.some((role) => name === `${role.component}-${role.name}`))
    .map(idOf);

describe("who owns a partition", () => {
  test("stands under no autoscaler", () => {
    for (const { objects } of worlds) none(scaledOwners(objects));
    const [pods] = microservices.overlay.parts
      .flatMap(({ bases }) => bases.flatMap(({ pods }) => pods))
      .filter(({ workload }) => workload.roles.includes(tempo.roles["live-store"] as Role));
    assert.ok(pods);
    assert.throws(() => autoscaler({ ...pods, size: { ...pods.size, maxReplicas: 9 } }), /remove maxReplicas/);
  });

  test("shares it with one in each other zone, and knows its own", () => {
    const flags = { "tempo-live-store": "-live-store.instance-", "mimir-ingester": "-ingester.ring.instance-" };
    for (const { name, objects } of queued) {
      for (const [workload, flag] of Object.entries(flags)) {
        const sets = setsOf(objects, workload).filter(({ metadata }) => /-zone-/.test(metadata.name));
        if (setsOf(objects, workload).length === 0) continue;
        assert.ok(sets.length >= 2, `${name}: ${workload} stands in ${sets.length} zones`);
        assert.equal(new Set(sets.map(replicasOf)).size, 1, `${name}: zones of ${workload} differ in size`);
        for (const set of sets) {
          const container = containersOf(podTemplate(set)).find(({ args = [] }) =>
            args.includes(`${flag}availability-zone=$(ZONE)`),
          );
          assert.ok(container, idOf(set));
          assert.deepEqual(specOf<{ updateStrategy: object }>(set).updateStrategy, { type: "OnDelete" }, idOf(set));
        }
      }
    }
  });

  test("is not the last member of its ring to be replaced: others are there that know it", () => {
    for (const { name, objects } of queued) {
      for (const component of ["tempo", "mimir"]) {
        const deployments = objects.filter(
          (one) =>
            one.kind === "Deployment" &&
            podTemplate(one).labels[`kube-lgtm.io/${component}-gossip`] === "member" &&
            specOf<{ strategy: { rollingUpdate: { maxUnavailable: number } } }>(one).strategy.rollingUpdate
              .maxUnavailable === 0,
        );
        const there = objects.some(({ metadata }) => metadata.name === `${component}-settings`);
        assert.ok(!there || deployments.length > 0, `${name}: a roll-out may replace every member of ${component}`);
      }
    }
  });
});

/**
 * Bytes of the largest batch that both clients write, and what upstream asks of a broker because of it: "at least `16000000`"
 * (https://grafana.com/docs/mimir/latest/configure/configure-kafka-backend/; pkg/ingest/config.go of Tempo 3.0.3: `producerBatchMaxBytes`).
 */
const largestBatch = 16_000_000;
const takesIt = `Configs: min.insync.replicas=1,max.message.bytes=${largestBatch},retention.bytes=1`;

/** What a live-store waits with, as a shell runs it: with a Kafka that answers from the second time on. */
function waiting(variables: Table, configs = takesIt): { readonly said: string; readonly proof: string } {
  const [set] = setsOf(microservices.objects, "tempo-live-store");
  const init = containersOf(podTemplate(set as Manifest)).find(({ name }) => name === "topic");
  const folder = mkdtempSync(join(tmpdir(), "topic-"));
  try {
    const stub = join(folder, "kafka-topics.sh");
    const lines = [
      "#!/bin/sh",
      `[ -e ${folder}/asked ] && echo "asked $* ${configs}" && exit 0`,
      `touch ${folder}/asked`,
      "exit 1",
    ];
    writeFileSync(stub, lines.join("\n"), { mode: 0o755 });
    writeFileSync(join(folder, "nc"), '#!/bin/sh\necho "knocked $*"\n', { mode: 0o755 });
    const script = init?.command
      ?.at(-1)
      ?.replace("/opt/kafka/bin/kafka-topics.sh", stub)
      .replaceAll("/tmp/client", `${folder}/client`);
    const env = {
      PATH: `${folder}:${process.env["PATH"]}`,
      TEMPO_KAFKA_ADDRESS: "kafka:9092",
      KAFKA_SASL_USERNAME: "",
      ...variables,
    };
    const said = execFileSync("/bin/sh", ["-euc", (script ?? "").replace('sleep "$pause"', "sleep 0")], {
      env,
      encoding: "utf8",
    });
    return { said: said.replaceAll(folder, ""), proof: readFileSync(join(folder, "client.properties"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("who reads a topic waits for it", () => {
  test("in every mode in which there is a queue, and asks for nothing more because of that", () => {
    for (const { name, objects } of queued) {
      const consumers = objects.filter(
        (object) =>
          isWorkload(object) && /^tempo-(live-store|block-builder|metrics-generator)/.test(object.metadata.name),
      );
      assert.ok(consumers.length > 2, name);
      for (const consumer of consumers) {
        const [first, ...others] = containersOf(podTemplate(consumer));
        assert.equal(first?.name, "topic", `${name}: ${idOf(consumer)}`);
        // A pod asks for the most of what one that waits asks for and what all that run do.
        for (const resource of ["cpu", "memory"]) {
          const [asked, own] = [first, others.at(-1)].map((one) => quantity(one?.resources?.requests?.[resource]) ?? 0);
          assert.ok((asked as number) <= (own as number), `${name}: ${idOf(consumer)}, ${resource}`);
        }
      }
    }
  });

  test("asks again until it is there", () => {
    const { said, proof } = waiting({});
    assert.equal(
      said,
      "knocked -z -w 5 kafka 9092\n" +
        "the topic tempo is not at kafka:9092 yet\n" +
        `asked --bootstrap-server kafka:9092 --command-config /client.properties --describe --topic tempo ${takesIt}\n`,
    );
    assert.equal(proof, "");
  });

  test("says so if the topic takes no messages as large as they are written", () => {
    const beware = (configs: string): string => waiting({}, configs).said.split("\n").at(-2) ?? "";
    assert.match(
      beware("Configs: max.message.bytes=1048588"),
      /^beware: .* 16000000 .* tempo takes 1048588; raise its max/,
    );
    assert.match(beware("Configs: "), /tempo takes what its broker does by default; raise its max.message.bytes$/);
    assert.match(beware("Configs: max.message.bytes=20000000"), /^asked /);
  });

  test("says who it is, whatever the password is made of", () => {
    const { proof } = waiting({ KAFKA_SASL_USERNAME: "me", KAFKA_SASL_PASSWORD: 'a"b\\c d' });
    const line = proof.split("\n").find((one) => one.startsWith("sasl.jaas.config="));
    // A file of properties takes one backslash away, a quoted word of JAAS the other.
    const jaas = line?.replace(/\\(.)/g, "$1");
    assert.match(jaas ?? "", /PlainLoginModule required username="me" password="a\\"b\\\\c d";$/);
  });
});

/** Kafka's own settings with so many brokers. */
const brokers = (count: number): Table =>
  literals(
    worldOf(environmentOf("brokers", { mode: "scalable", metrics: "mimir", replicas: { kafka: count } })).objects,
    "kafka",
  );

describe("Kafka", () => {
  test("keeps three copies of everything on three brokers and takes what two of them have", () => {
    const three = literals(microservices.objects, "kafka");
    assert.equal(three["KAFKA_DEFAULT_REPLICATION_FACTOR"], "3");
    assert.equal(three["KAFKA_MIN_INSYNC_REPLICAS"], "2");
    assert.equal(three["KAFKA_CONTROLLER_QUORUM_VOTERS"]?.split(",").length, 3);
    const budget = microservices.objects.find(
      ({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name === "kafka",
    );
    assert.equal(specOf<{ maxUnavailable: number }>(budget as Manifest).maxUnavailable, 1);
  });
  test("begins anew with another number of brokers, for new ones could outvote the one that knows something", () => {
    const folders = [1, 3, 5].map((count) => brokers(count)["KAFKA_LOG_DIRS"]);
    assert.deepEqual(folders, ["/data/kafka", "/data/kafka-of-3", "/data/kafka-of-5"]);
  });
  test("lets go of what its volume has no room for", () => {
    for (const [size, partitionsTempo] of [
      ["20Gi", "8"],
      ["200Gi", "8"],
      ["200Gi", "64"],
    ] as const) {
      const { objects } = worldOf(
        environmentOf("room", {
          mode: "scalable",
          metrics: "mimir",
          volumes: { kafka: { size } },
          components: { kafka: { partitionsTempo } },
        }),
      );
      const made = literals(objects, "kafka-settings");
      const count = Object.values(made).reduce((sum, one) => sum + Number(one), 0);
      const { KAFKA_LOG_RETENTION_BYTES: kept, KAFKA_LOG_SEGMENT_BYTES: segment } = literals(objects, "kafka");
      assert.ok((Number(kept) + Number(segment)) * count < Number.parseInt(size, 10) * 2 ** 30);
    }
  });
  test("takes the largest batch that Tempo and Mimir write, and bears as many as come at once", () => {
    for (const { name, objects } of queued) {
      const own = literals(objects, "kafka");
      if (Object.keys(own).length === 0) continue;
      const bytes = (key: string): number => Number(own[`KAFKA_${key}`]);
      assert.ok(bytes("MESSAGE_MAX_BYTES") >= largestBatch, name);
      assert.ok(bytes("REPLICA_FETCH_MAX_BYTES") >= bytes("MESSAGE_MAX_BYTES"), name);
      assert.ok(bytes("LOG_SEGMENT_BYTES") >= bytes("MESSAGE_MAX_BYTES"), name);
      // What franz-go sends at once, and Kafka's own limit: 100 MiB. A pool smaller than one request stops a broker at its start.
      assert.ok(bytes("SOCKET_REQUEST_MAX_BYTES") >= 100 * 2 ** 20, name);
      assert.ok(bytes("QUEUED_MAX_REQUEST_BYTES") >= bytes("SOCKET_REQUEST_MAX_BYTES"), name);
      // The last request begins while the pool has a byte left.
      const most = bytes("QUEUED_MAX_REQUEST_BYTES") + bytes("SOCKET_REQUEST_MAX_BYTES");
      const [, heap] = /-Xmx(\d+)m/.exec(own["KAFKA_HEAP_OPTS"] ?? "") ?? [];
      assert.ok(Number(heap) * 2 ** 20 > 2 * most, `${name}: a heap of ${heap}m for requests of ${most} bytes`);
    }
  });
  const keeper = microservices.objects.find(
    ({ kind, metadata }) => kind === "Deployment" && metadata.name === "kafka-topics",
  ) as Manifest;
  /** What the keeper of topics asks of Kafka until it has looked once, given what Kafka says of its topics. */
  const asked = (there: string): { readonly isReady: boolean; readonly calls: readonly string[] } => {
    const [{ command, readinessProbe } = {}] = containersOf(podTemplate(keeper));
    const folder = mkdtempSync(join(tmpdir(), "topics-"));
    const stub = (tool: string, line: string): void =>
      writeFileSync(join(folder, tool), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    const calls = `echo "$*" >>${folder}/calls`;
    stub("kafka-topics.sh", `${calls}; case "$*" in *--describe*) cat ${folder}/there;; esac`);
    stub("kafka-configs.sh", calls);
    stub("nc", "exit 0");
    // The pause is the end of the first round.
    stub("sleep", `echo "$*" >>${folder}/pause; kill -9 $PPID`);
    writeFileSync(join(folder, "there"), there);
    const script = (command?.[2] ?? "").replaceAll("/tmp/", `${folder}/`).replaceAll("/opt/kafka/bin", folder);
    const env = { PATH: `${folder}:${process.env["PATH"]}`, ...literals(microservices.objects, "kafka-settings") };
    spawnSync("/bin/sh", ["-c", script.replace(/(sleep .*) &.*/, "$1")], { env });
    const [tool = "", ...args] = (readinessProbe?.exec?.command ?? []).map((word) =>
      word.replace("/tmp/", `${folder}/`),
    );
    const isReady = spawnSync(tool, args).status === 0;
    const lines = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
    rmSync(folder, { recursive: true });
    return { isReady, calls: lines.map((line) => line.replace(/^--bootstrap-server \S+ /, "")) };
  };
  const line = (name: string, partitions: number, configs: string): string =>
    `Topic: ${name}\tTopicId: x\tPartitionCount: ${partitions}\tReplicationFactor: 1\tConfigs: ${configs}\n` +
    `\tTopic: ${name}\tPartition: 0\tLeader: 0\tReplicas: 0\tIsr: 0\n`;
  const large = `max.message.bytes=${largestBatch}`;

  test("has a topic for each setting of its partitions, which takes them from the start", () => {
    const { isReady, calls } = asked("");
    assert.deepEqual(calls, [
      "--describe",
      ...["mimir", "tempo"].map((name) => `--create --if-not-exists --topic ${name} --partitions 8 --config ${large}`),
    ]);
    assert.ok(isReady);
  });
  test("takes them on topics that were there before, which get the partitions that they lack", () => {
    const { calls } = asked(line("mimir", 6, "min.insync.replicas=2") + line("tempo", 16, "min.insync.replicas=2"));
    assert.deepEqual(calls, [
      "--describe",
      "--alter --topic mimir --partitions 8",
      `--alter --entity-type topics --entity-name mimir --add-config ${large}`,
      `--alter --entity-type topics --entity-name tempo --add-config ${large}`,
    ]);
  });
  test("is only looked at where its topics are as they should be", () => {
    const { isReady, calls } = asked(line("mimir", 8, large) + line("tempo", 8, `min.insync.replicas=2,${large}`));
    assert.deepEqual(calls, ["--describe"]);
    assert.ok(isReady);
  });
});

/** The kinds of things that a world's Mimir asks Kafka for. */
const mimirOf = ({ objects }: World): Record<string, never> => config(objects, "mimir", "mimir.yaml");

describe("Mimir", () => {
  test("keeps its queue in Kafka where its roles run apart, until a literal says otherwise", () => {
    const found = mimirOf(microservices) as unknown as { readonly ingest_storage: { readonly enabled: string } };
    assert.equal(found.ingest_storage.enabled, "${MIMIR_INGEST_STORAGE_ENABLED}");
    assert.equal(literals(microservices.objects, "mimir-settings")["MIMIR_INGEST_STORAGE_ENABLED"], "true");
    const classic = worldOf(
      environmentOf("classic", {
        mode: "microservices",
        metrics: "mimir",
        components: { mimir: { ingestStorageEnabled: "false" } },
      }),
    );
    assert.equal(literals(classic.objects, "mimir-settings")["MIMIR_INGEST_STORAGE_ENABLED"], "false");
    assert.equal(literals(classic.objects, "mimir-settings")["MIMIR_REPLICATION_FACTOR"], "3");
  });
  test("has no queue, and no setting of one, where they share processes", () => {
    for (const mode of ["monolithic", "scalable"] satisfies Mode[]) {
      assert.ok(!("ingest_storage" in mimirOf(worldNamed(`every-mimir-${mode}`))), mode);
      assert.match(
        refusal({ mode, components: { mimir: { ingestStorageEnabled: "false" } } }),
        /components\.mimir\.ingestStorageEnabled has no effect: mimir stands in mode "\w+", and has it in "microservices" only/,
      );
    }
  });
  test("takes the samples of one Prometheus of a pair, and all of one that is alone", () => {
    for (const { name, objects } of worlds.filter(({ environment }) => environment.metrics === "mimir")) {
      const { limits, distributor } = config(objects, "mimir", "mimir.yaml") as unknown as {
        readonly limits: Readonly<Record<string, unknown>>;
        readonly distributor: { readonly ha_tracker: Readonly<Record<string, unknown>> };
      };
      const senders = objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "prometheus");
      const { replicas } = senders?.["spec"] as { readonly replicas: number };
      assert.equal(literals(objects, "mimir-settings")["MIMIR_ACCEPT_HA_SAMPLES"], String(replicas > 1), name);
      for (const value of [limits["accept_ha_samples"], distributor.ha_tracker["enable_ha_tracker"]]) {
        assert.equal(value, "${MIMIR_ACCEPT_HA_SAMPLES}");
      }
    }
    const pair = { mode: "monolithic", modes: { prometheus: "scalable" } } as const;
    assert.match(
      refusal(pair),
      /components\.mimir\.acceptHaSamples is "false", and 2 Prometheus send the same samples: expected "true"/,
    );
    assert.doesNotThrow(() =>
      worldOf(environmentOf("x", { ...pair, metrics: "mimir", components: { mimir: { acceptHaSamples: "true" } } })),
    );
  });
  test("is sent what applications push without a Prometheus of the pair in between, whose samples it would drop", () => {
    for (const { name, objects } of worlds.filter(({ environment }) => environment.metrics === "mimir")) {
      const [pushing] = [literals(objects, "tempo-settings"), literals(objects, "alloy-gateway-settings")].map((one) =>
        Object.entries(one).filter(([key]) => key.endsWith("REMOTE_WRITE_URL")),
      );
      assert.deepEqual(
        pushing?.map(([, url]) => url),
        ["http://mimir-gateway:8080/api/v1/push"],
        name,
      );
    }
  });
  test("tells its own alertmanager of alerts where it has one, else each of the stack's", () => {
    const url = (mode: Mode): string =>
      (
        mimirOf(worldNamed(`every-mimir-${mode}`)) as unknown as {
          readonly ruler: { readonly alertmanager_url: string };
        }
      ).ruler.alertmanager_url;
    assert.equal(url("monolithic"), "dns+http://alertmanager-members:9093");
    assert.equal(url("scalable"), "dns+http://alertmanager-members:9093");
    assert.equal(url("microservices"), "http://mimir-alertmanager:8080/alertmanager");
  });
});

describe("a Kafka of somebody else", () => {
  const { objects, overlay } = worldNamed("external-kafka");

  test("takes the place of the brokers, and its clients may go to its port", () => {
    none(objects.filter(({ metadata }) => metadata["labels"] && /^kafka(?!-exporter)/.test(metadata.name)).map(idOf));
    const policy = objects.find(({ metadata }) => metadata.name === "external-kafka") as Manifest;
    const { egress, podSelector } = specOf<{ egress: readonly object[]; podSelector: { matchLabels: Table } }>(policy);
    assert.deepEqual(egress, [{ ports: [{ protocol: "TCP", port: 9094 }] }]);
    for (const name of ["tempo-live-store-zone-a", "mimir-ingester-zone-a", "tempo-distributor", "mimir-ruler"]) {
      const pods = objects.find(({ kind, metadata }) => metadata.name === name && /Set|Deployment/.test(kind));
      for (const [label, value] of Object.entries(podSelector.matchLabels))
        assert.equal(podTemplate(pods as Manifest).labels[label], value, name);
    }
  });
  test("is known to its clients by a literal, and they to it by a Secret that the environment's page names", () => {
    assert.equal(literals(objects, "tempo-settings")["TEMPO_KAFKA_ADDRESS"], "kafka.example.com:9094");
    assert.equal(literals(objects, "mimir-settings")["MIMIR_KAFKA_ADDRESS"], "kafka.example.com:9094");
    const expected = overlay.parts.flatMap(({ expects }) => expects).find(({ name }) => name === "kafka-client");
    assert.deepEqual(expected?.keys, ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"]);
  });

  const address = "kafka.example.com:9093";
  const alone = 'Give it a listener without, or set modes.tempo to "monolithic".';
  for (const [what, settings, expected] of [
    ["no address", { kafka: {} }, /kafka\.address is missing: expected host and port/],
    [
      "an unknown field",
      { kafka: { address, user: "me" } },
      /unknown setting kafka\.user; expected one of "address", "sasl"/,
    ],
    ["a scheme", { kafka: { address: "kafka://x:1" } }, /kafka\.address is "kafka:\/\/x:1": expected host and port/],
    [
      "a mechanism that nobody knows",
      { kafka: { address, sasl: "GSSAPI" } },
      /kafka\.sasl is "GSSAPI": expected "PLAIN"/,
    ],
    ["TLS, which Tempo does not speak", { kafka: { address, tls: "enabled" } }, new RegExp(`kafka.tls .*${alone}`)],
    [
      "SCRAM, which Tempo does not speak",
      { kafka: { address, sasl: "SCRAM-SHA-512" } },
      new RegExp(`kafka.sasl .*${alone}`),
    ],
    ["nobody who asks for one", { mode: "monolithic", kafka: { address } }, /kafka has no effect: nobody asks for one/],
    [
      "settings of the brokers that are not there",
      { kafka: { address }, components: { kafka: { partitionsTempo: "9" } } },
      /components\.kafka has no effect: kafka "external" leaves it out/,
    ],
  ] as const)
    test(`stops the build with ${what}`, () => assert.match(refusal(settings), expected));

  test("may ask Mimir for TLS and SCRAM where Tempo asks for nothing", () => {
    const { objects } = worldOf(
      environmentOf("secure", {
        mode: "microservices",
        modes: { tempo: "monolithic" },
        metrics: "mimir",
        kafka: { address, tls: "enabled", sasl: "SCRAM-SHA-512" },
      }),
    );
    const said = literals(objects, "mimir-settings");
    assert.equal(said["MIMIR_KAFKA_TLS_ENABLED"], "true");
    assert.equal(said["MIMIR_KAFKA_SASL_MECHANISM"], "SCRAM-SHA-512");
  });
});

describe("the exporter of Kafka", () => {
  const alloyOf = ({ objects }: World): Block => {
    const blocks = parseAlloy(literals(objects, "kafka-exporter")["config.alloy"] ?? "");
    return blocks.find(({ name }) => name === "prometheus.exporter.kafka") ?? assert.fail("nobody asks Kafka");
  };
  const external = worldNamed("external-kafka");

  test("is there wherever somebody keeps a queue in Kafka, be it somebody else's, and nowhere else", () => {
    for (const { name, objects } of worlds) {
      const asks = objects.some((one) => {
        const template = isWorkload(one) ? podTemplate(one) : undefined;
        return template?.labels["kube-lgtm.io/kafka"] === "client" && template.name !== "kafka-exporter";
      });
      const own = objects.filter(({ kind, metadata }) => kind === "Deployment" && metadata.name === "kafka-exporter");
      assert.equal(own.length, Number(asks), name);
    }
  });
  test("is scraped where Alloy serves what this part of it asks", () => {
    // https://grafana.com/docs/alloy/latest/reference/http/ and internal/component/prometheus/exporter/exporter.go of Alloy 1.18.1
    const { label } = alloyOf(microservices);
    const targets = scraped(microservices.objects).filter(({ labels }) => labels["app"] === "kafka-exporter");
    assert.deepEqual(
      targets.map(({ path }) => path),
      [`/api/v0/component/prometheus.exporter.kafka.${label}/metrics`],
    );
  });
  test("asks the Kafka that its clients write to, and says who it is as they do", () => {
    assert.equal(
      literals(microservices.objects, "kafka-exporter-settings")["KAFKA_EXPORTER_KAFKA_ADDRESS"],
      literals(microservices.objects, "mimir-settings")["MIMIR_KAFKA_ADDRESS"],
    );
    for (const { objects } of [microservices, external]) {
      const pods = (name: string) =>
        podTemplate(
          objects.find(({ kind, metadata }) => /Set|Deployment/.test(kind) && metadata.name === name) as Manifest,
        );
      const [own, mimirs] = ["kafka-exporter", "mimir-distributor"].map((name) =>
        (pods(name).spec.containers[0]?.env ?? []).filter(({ name }) => name.startsWith("KAFKA_SASL")),
      );
      assert.equal(own?.length, 2);
      assert.deepEqual(own, mimirs);
    }
    const said = literals(external.objects, "kafka-exporter-settings");
    assert.equal(said["KAFKA_EXPORTER_KAFKA_ADDRESS"], "kafka.example.com:9094");
    const secure = worldOf(
      environmentOf("secure", {
        mode: "microservices",
        modes: { tempo: "monolithic" },
        metrics: "mimir",
        kafka: { address: "kafka.example.com:9093", tls: "enabled", sasl: "SCRAM-SHA-512" },
      }),
    );
    const { KAFKA_EXPORTER_KAFKA_TLS_ENABLED: tls, KAFKA_EXPORTER_KAFKA_SASL_MECHANISM: mechanism } = literals(
      secure.objects,
      "kafka-exporter-settings",
    );
    assert.deepEqual([tls, mechanism], ["true", "SCRAM-SHA-512"]);
  });
  test("calls each mechanism as Alloy knows it", () => {
    // exporter.go of github.com/grafana/kafka_exporter, which has it in lower case.
    const [, from = "", to = ""] =
      /^string\.replace \( .* , "([^"]*)" , "([^"]*)" \)$/.exec(
        alloyOf(microservices).attributes["sasl_mechanism"] ?? "",
      ) ?? [];
    assert.deepEqual(
      ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].map((one) => one.replaceAll(from, to).toLowerCase()),
      ["plain", "scram-sha256", "scram-sha512"],
    );
  });
  test("leaves out Kafka's own topics, and no topic of the stack", () => {
    const { attributes } = alloyOf(microservices);
    const excluded = new RegExp(JSON.parse(attributes["topics_exclude_regex"] ?? '"^$"') as string);
    assert.deepEqual(
      ["__consumer_offsets", "__transaction_state", "__cluster_metadata", "mimir", "tempo"].filter(
        (topic) => !excluded.test(topic),
      ),
      ["mimir", "tempo"],
    );
  });
  test("waits for a broker, without which Alloy ends", () => {
    const [wait] =
      podTemplate(
        microservices.objects.find(
          ({ kind, metadata }) => kind === "Deployment" && metadata.name === "kafka-exporter",
        ) as Manifest,
      ).spec.initContainers ?? [];
    const folder = mkdtempSync(join(tmpdir(), "exporter-"));
    // Nobody listens at first.
    writeFileSync(join(folder, "nc"), `#!/bin/sh\necho "$*" >>${folder}/asked\n[ $(wc -l <${folder}/asked) -gt 2 ]\n`, {
      mode: 0o755,
    });
    writeFileSync(join(folder, "sleep"), "#!/bin/sh\n", { mode: 0o755 });
    const env = {
      PATH: `${folder}:${process.env["PATH"]}`,
      ...literals(microservices.objects, "kafka-exporter-settings"),
    };
    const [shell = "", ...args] = wait?.command ?? [];
    assert.equal(spawnSync(shell, args, { env, timeout: 10_000 }).status, 0);
    const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
    rmSync(folder, { recursive: true });
    assert.deepEqual(
      asked,
      Array.from({ length: 3 }, () => "-z -w 5 kafka 9092"),
    );
  });
});
