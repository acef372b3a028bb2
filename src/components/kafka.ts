import { capital } from "../core/util/text.ts";
import type { IContainer } from "kubernetes-models/v1/Container";
import {
  type Component,
  type Context,
  type Pods,
  settingsName,
  type SettingsTable,
  type Topic,
  variable,
  type Base,
} from "../core/model/component.ts";
import { type Ask, isRole } from "../core/model/wiring.ts";
import { defineRoles, isSecure, type Role } from "../core/model/roles.ts";
import {
  containerPorts,
  emptyDir,
  endsWhenTold,
  podIndex,
  podName,
  probes,
  resources,
  tcp,
} from "../core/derive/pod.ts";
import { mebibyte, quantity } from "../core/kubernetes/requests.ts";
import type { Size, Sized } from "../core/model/size.ts";
import { images } from "../versions.ts";
import { apart } from "../core/model/grouping.ts";
import { hasClients } from "../core/model/bases.ts";

const ports = { kafka: 9092, controller: 9093 } as const;

export const roles = defineRoles(
  "kafka",
  { ports: {} },
  {
    server: {
      tier: "write",
      ports,
      speaks: { kafka: "tcp", controller: "tcp" },
      disk: "20Gi",
      publishNotReadyAddresses: true,
      clientLabel: "kafka",
      entryPoint: { name: "kafka", ports: ["kafka"] },
    },
    topics: { tier: "write", unsized: "it only looks after topics" },
  },
);
const { server, topics: maker } = roles;

/**
 * The topic of a component. More partitions than there are owners cost nothing: nobody writes to
 * one before it has an owner. An owner of a partition that the topic lacks would have writes
 * refused.
 */
export const topic = (component: string, owners: readonly Role[], carries: Topic["carries"]): Topic => ({
  name: component,
  broker: server,
  partitions: `partitions${capital(component)}`,
  owners,
  carries,
});
export const defaultPartitions = 8;

const topicsOf = (catalogue: readonly Component[]): readonly Topic[] =>
  catalogue.flatMap(({ topic }) => topic ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/**
 * Bytes of the largest batch that Mimir and Tempo write (`producerBatchMaxBytes`,
 * pkg/storage/ingest/writer.go of Mimir and pkg/ingest/config.go of Tempo 3.0.3). Kafka's own limit
 * is 1 MiB, and what is larger is refused for good.
 * https://grafana.com/docs/mimir/latest/configure/configure-kafka-backend/
 */
export const largestMessage = 16_000_000;
/**
 * Bytes of the largest request, Kafka's and its clients' own: batches of several partitions in one.
 */
const largestRequest = 100 * mebibyte;

const secret = "kafka-client";
/** Of a variable that is empty where the Secret is not there: then nobody asks for a password. */
const credential = (name: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key: name, optional: true } },
});
/** User and password for a Kafka of somebody else, from a Secret that need not be there. */
export const credentials = {
  secret,
  env: [credential("KAFKA_SASL_USERNAME"), credential("KAFKA_SASL_PASSWORD")],
  username: "${KAFKA_SASL_USERNAME}",
  password: "${KAFKA_SASL_PASSWORD}",
} as const;

/**
 * Owners without a partition, where Kafka is the environment's own: a live-store would have the
 * distributor refuse spans, an ingester would never come up. `replicas` of the owner's workload is
 * the number of partitions, in how many zones it may stand.
 */
export function ownerless(own: Base, others: readonly Base[], owner: Role, topic: Topic): readonly string[] {
  const there = others.find(({ component }) => component.name === server.component)?.settings[topic.partitions]?.value;
  const owning = own.pods.find(({ workload }) => workload.roles.includes(owner));
  if (there === undefined || owning === undefined || owning.size.replicas <= Number(there)) return [];
  return [
    `replicas.${owning.workload.fullName} is ${owning.size.replicas}: expected at most ${there}, the partitions of its topic. ` +
      `Raise components.kafka.${topic.partitions} and apply that before there are more of them.`,
  ];
}

/** Whether a program of the base uses Kafka, and is none of its own. */
export const asksKafka = ({ component: { name }, wiring }: Base): boolean =>
  name !== server.component &&
  wiring
    .connections(name)
    .some(({ from, to, onlyIn }) => !onlyIn && isRole(from) && from.component === name && to === server);

/** Where a program finds Kafka: a setting of each that uses it. */
export const clientSettings = (ask: Ask): SettingsTable => ({
  kafkaAddress: {
    unit: "address",
    value: ask.to(server, "kafka"),
    follows: { setting: "kafka", unless: ["external"] },
  },
});

/** The same, and how it proves who it is, of a program that knows TLS and more than one mechanism. */
export const secureClientSettings = (ask: Ask): SettingsTable => ({
  ...clientSettings(ask),
  kafkaSaslMechanism: {
    unit: "mechanism",
    value: "PLAIN",
    follows: { setting: "kafka", unless: ["external"] },
  },
  kafkaTlsEnabled: {
    unit: "boolean",
    value: String(isSecure(server, "kafka")),
    follows: { setting: "kafka", unless: ["external"] },
  },
});

const folders = [
  { name: "config", mountPath: "/opt/kafka/config" },
  { name: "logs", mountPath: "/opt/kafka/logs" },
  { name: "tmp", mountPath: "/tmp" },
];

/** How long what is written stays. */
const queueHours = 24;

/** What part of the volume its topics may fill. */
const forTopics = 0.75;

/** How many partitions all topics have. */
const allPartitions = ({ settingValues, catalogue }: Context): number =>
  topicsOf(catalogue).reduce((sum, topic) => sum + Number(settingValues[topic.partitions] ?? defaultPartitions), 0);

/**
 * Bytes of each partition that are kept: a broker that has no more room would take nothing any
 * more.
 */
const retained = (context: Context, { disk }: Sized): number =>
  Math.floor(((quantity(disk?.size ?? "0") ?? 0) * forTopics) / allPartitions(context));

/**
 * Each broker is a controller, too. https://kafka.apache.org/documentation/#brokerconfigs ; the
 * image turns KAFKA_A_B into a.b, and knows no default once one is set.
 */
const configuration = (context: Context): Readonly<Record<string, string>> => {
  const size = context.size(context.wiring.workloadOf(server));
  const { replicas: count, memory, memoryLimit } = size;
  const copies = Math.min(3, count);
  const half = (of: string): string => `${Math.floor((quantity(of) ?? 0) / (2 * mebibyte))}m`;
  return {
    CLUSTER_ID: "a3ViZS1sZ3RtLWthZmthMA",
    KAFKA_HEAP_OPTS: `-Xms${half(memory)} -Xmx${half(memoryLimit)}`,
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_CONTROLLER_QUORUM_VOTERS: context.wiring
      .wire(server)
      .toPods(server, "controller", count)
      .map((address, i) => `${i}@${address}`)
      .join(","),
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_INTER_BROKER_LISTENER_NAME: "PLAINTEXT",
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    KAFKA_LISTENERS: `PLAINTEXT://:${ports.kafka},CONTROLLER://:${ports.controller}`,
    // A quorum of another size is another quorum: new members could outvote the one that knows
    // something.
    KAFKA_LOG_DIRS: count === 1 ? "/data/kafka" : `/data/kafka-of-${count}`,
    // A broker ends when it has not joined its quorum by then. On a busy node the DNS may not know
    // its name for longer than the default, a minute
    // (https://kafka.apache.org/41/configuration/broker-configs/#brokerconfigs_initial.broker.registration.timeout.ms).
    KAFKA_INITIAL_BROKER_REGISTRATION_TIMEOUT_MS: "300000",
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
    KAFKA_DEFAULT_REPLICATION_FACTOR: String(copies),
    KAFKA_MIN_INSYNC_REPLICAS: String(Math.max(1, copies - 1)),
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(copies),
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: String(copies),
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: String(Math.max(1, copies - 1)),
    KAFKA_LOG_RETENTION_HOURS: String(queueHours),
    KAFKA_LOG_RETENTION_BYTES: String(retained(context, size)),
    KAFKA_MESSAGE_MAX_BYTES: String(largestMessage),
    KAFKA_REPLICA_FETCH_MAX_BYTES: String(largestMessage),
    KAFKA_SOCKET_REQUEST_MAX_BYTES: String(largestRequest),
    // Requests wait in the heap; so many bytes of them, and then clients wait.
    KAFKA_QUEUED_MAX_REQUEST_BYTES: String(largestRequest),
    // Only whole segments are let go of.
    KAFKA_LOG_SEGMENT_BYTES: String(128 * mebibyte),
  };
};

const broker = ({ wiring: { workloadOf, ownAddress }, size }: Context): Pods => ({
  workload: workloadOf(server),
  size: size(workloadOf(server)),
  // Before the next one goes, what this one missed is to be with it again.
  settleSeconds: 30,
  pod: {
    terminationGracePeriodSeconds: 120,
    containers: [
      {
        name: "kafka",
        image: images.kafka,
        env: [
          podName,
          podIndex("KAFKA_NODE_ID"),
          { name: "KAFKA_ADVERTISED_LISTENERS", value: `PLAINTEXT://${ownAddress(server, "kafka")}` },
        ],
        envFrom: [{ configMapRef: { name: "kafka" } }],
        ports: containerPorts([server]),
        ...probes({ ready: tcp("kafka"), live: tcp("controller"), startSeconds: 120 }),
        resources: resources(size(workloadOf(server))),
        volumeMounts: [...folders, { name: "data", mountPath: "/data" }],
      },
    ],
    volumes: folders.map(({ name }) => emptyDir(name)),
  },
});

/** A container that only asks Kafka for something: a small heap, and one folder to write to. */
const asking = {
  env: [
    { name: "KAFKA_HEAP_OPTS", value: "-Xmx128m" },
    { name: "LOG_DIR", value: "/tmp" },
  ],
  volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  volumes: [emptyDir("tmp")],
} as const;

/**
 * Writes down how to prove who one is, if there is something to say: a quote and a backslash mean
 * something to JAAS and to the file.
 */
const proof = [
  `escaped() { printf %s "$1" | sed 's/[\\\\"]/\\\\&/g; s/\\\\/\\\\\\\\/g'; }`,
  ": >/tmp/client.properties",
  '[ -z "$KAFKA_SASL_USERNAME" ] || cat >/tmp/client.properties <<EOF',
  "security.protocol=SASL_PLAINTEXT",
  "sasl.mechanism=PLAIN",
  "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required " +
    'username="$(escaped "$KAFKA_SASL_USERNAME")" password="$(escaped "$KAFKA_SASL_PASSWORD")";',
  "EOF",
];

/** Whether a setting of a program, which it need not have, has this value; in a shell. */
const isSet = (program: string, setting: string, value: string, otherwise: string): string =>
  `[ "\${${variable(program, setting)}:-${otherwise}}" = ${value} ]`;

/**
 * What a pod of a program waits with until its topic is there, for one that asks for it only once.
 * Speaks to Kafka without TLS and with SASL's PLAIN or none; a Kafka that wants more is somebody
 * else's, whose topics are there before, and is waited for until it listens. It writes to the
 * volume `tmp`.
 * @param only a setting without which the program asks no Kafka
 */
export const untilTopic = (program: string, topic: Topic, only?: string): IContainer => ({
  name: "topic",
  image: images.kafka,
  command: [
    "/bin/sh",
    "-c",
    [
      endsWhenTold,
      ...(only === undefined ? [] : [`${isSet(program, only, "true", "false")} || exit 0`]),
      ...proof,
      // Asking takes a program of Java each time, nc of Alpine, which the image is made from, next
      // to nothing; a broker is the longest to come.
      `address="$${variable(program, "kafkaAddress")}"`,
      'until nc -z -w 5 "${address%:*}" "${address##*:}"; do sleep 1; done',
      // Each question starts a JVM. Longer pauses leave CPU to the pod that makes the topic.
      "pause=5",
      `${isSet(program, "kafkaTlsEnabled", "false", "false")} && ${isSet(program, "kafkaSaslMechanism", "PLAIN", "PLAIN")} || exit 0`,
      `until found=$(/opt/kafka/bin/kafka-topics.sh --bootstrap-server "$address" \\`,
      `  --command-config /tmp/client.properties --describe --topic ${topic.name}); do`,
      `  echo "the topic ${topic.name} is not at $address yet"`,
      '  sleep "$pause"',
      '  [ "$pause" -ge 30 ] || pause=$((pause + 5))',
      "done",
      'echo "$found"',
      `largest=$(echo "$found" | sed -n 's/.*max\\.message\\.bytes=\\([0-9]*\\).*/\\1/p')`,
      `[ "\${largest:-0}" -ge ${largestMessage} ] || echo "beware: messages of up to ${largestMessage} bytes are written, and the topic" \\`,
      `  "${topic.name} takes \${largest:-what its broker does by default}; raise its max.message.bytes"`,
    ].join("\n"),
  ],
  env: [...asking.env, ...credentials.env],
  envFrom: [{ configMapRef: { name: settingsName(program) } }],
  resources: resources({ cpu: "10m", memory: "64Mi", memoryLimit: "512Mi" }),
  volumeMounts: [...asking.volumeMounts],
});

/** How long until topics are looked at again, in seconds. */
const lookEvery = 120;
const largest = `max.message.bytes=${largestMessage}`;

/**
 * Makes each topic, or gives it the partitions that it lacks; and has it take messages as large as
 * they are written. Then looks again and again, because a broker without a volume forgets them.
 * Where all is well, a look is one program of Java.
 */
const keepTopics = (address: string, topics: readonly Topic[]): string =>
  [
    "trap 'exit 0' TERM",
    `kafka() { /opt/kafka/bin/kafka-topics.sh --bootstrap-server "${address}" "$@"; }`,
    `settings() { /opt/kafka/bin/kafka-configs.sh --bootstrap-server "${address}" "$@"; }`,
    "keep() {",
    `  nc -z -w 5 ${address.replace(":", " ")} && there=$(kafka --describe) || return 1`,
    `  for topic in ${topics.map(({ name, partitions }) => `${name}:$${variable("kafka", partitions)}`).join(" ")}; do`,
    '    name="${topic%%:*}" partitions="${topic##*:}"',
    '    found=$(echo "$there" | grep "^Topic: $name[[:space:]].*PartitionCount") || {',
    `      kafka --create --if-not-exists --topic "$name" --partitions "$partitions" --config ${largest} || return 1; continue; }`,
    '    count=$(echo "$found" | sed -n "s/.*PartitionCount: *\\([0-9]*\\).*/\\1/p")',
    '    [ "$count" -ge "$partitions" ] || kafka --alter --topic "$name" --partitions "$partitions" || return 1',
    `    echo "$found" | grep -q ${largest} ||`,
    `      settings --alter --entity-type topics --entity-name "$name" --add-config ${largest} || return 1`,
    "  done",
    "}",
    "while true; do",
    `  if keep; then touch /tmp/kept; pause=${lookEvery}; else rm -f /tmp/kept; pause=2; fi`,
    '  sleep "$pause" & wait $!',
    "done",
  ].join("\n");

/** Ready when the topics are as the settings say. */
const topicKeeper = ({ wiring: { wire, workloadOf }, size, catalogue }: Context): Pods => ({
  workload: workloadOf(maker),
  size: size(workloadOf(maker)),
  pod: {
    containers: [
      {
        name: "kafka",
        image: images.kafka,
        command: ["/bin/sh", "-c", keepTopics(wire(maker).to(server, "kafka"), topicsOf(catalogue))],
        env: [...asking.env],
        envFrom: [{ configMapRef: { name: settingsName("kafka") } }],
        readinessProbe: { exec: { command: ["test", "-e", "/tmp/kept"] }, periodSeconds: 10 },
        resources: resources(size(workloadOf(maker))),
        volumeMounts: [...asking.volumeMounts],
      },
    ],
    volumes: [...asking.volumes],
  },
});

const one: Size = { replicas: 1, cpu: "100m", memory: "512Mi", memoryLimit: "1Gi" };
const keeper: Size = { replicas: 1, cpu: "20m", memory: "128Mi", memoryLimit: "512Mi" };

/**
 * The queue between those who take data and those who keep it, without ZooKeeper; there only where
 * somebody uses it.
 */
export const kafka: Component = {
  name: "kafka",
  namespaceKind: "stack",
  roles,
  modes: {
    scalable: { grouping: apart, sizes: { server: one, topics: keeper } },
    microservices: {
      grouping: apart,
      sizes: { server: { replicas: 3, cpu: "200m", memory: "1Gi", memoryLimit: "2Gi" }, topics: keeper },
    },
  },
  queueHours,
  settings: ({ catalogue }) =>
    Object.fromEntries(
      topicsOf(catalogue).map(({ partitions }) => [partitions, { unit: "count", value: String(defaultPartitions) }]),
    ),
  isNeeded: hasClients,
  problems: ({ pods }) =>
    pods
      .filter(({ workload: { roles }, size }) => roles.includes(server) && size.replicas % 2 === 0)
      .map(
        ({ workload, size }) =>
          `replicas.${workload.fullName} is ${size.replicas}: expected an odd number, because a quorum needs a majority`,
      ),
  build(context) {
    const { wire } = context.wiring;
    // Brokers find each other by the names that they advertise.
    wire(server).discovers(server, "kafka");
    return {
      pods: [broker(context), topicKeeper(context)],
      configs: [{ name: "kafka", read: "start-up", literals: configuration(context) }],
    };
  },
};
