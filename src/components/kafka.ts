import { hasClients } from "../core/base.ts";
import type { Component, Context, Pods } from "../core/component.ts";
import { apart, defineRoles } from "../core/plan.ts";
import { containerPorts, emptyDir, probes, resources, tcp } from "../core/pod.ts";
import { images } from "../versions.ts";

const ports = { kafka: 9092, controller: 9093 } as const;

export const roles = defineRoles(
  "kafka",
  { ports: {} },
  {
    server: {
      tier: "write",
      ports,
      disk: "20Gi",
      meets: "before ready",
      door: { name: "kafka", ports: ["kafka"] },
    },
    topics: { tier: "write", runs: "once" },
  },
);
const { server, topics } = roles;

/** Partitions of each topic: at least as many as the largest number of programs that own one each. */
export const partitions = { tempo: 4 } as const;

const folders = [
  { name: "config", mountPath: "/opt/kafka/config" },
  { name: "logs", mountPath: "/opt/kafka/logs" },
  { name: "tmp", mountPath: "/tmp" },
];

/** The name of a pod, which its listeners are known by; the governing Service has the workload's name. */
const host = "$(POD_NAME).kafka-headless";

/**
 * Each broker is a controller, too. https://kafka.apache.org/documentation/#brokerconfigs ; the image turns KAFKA_A_B into a.b, and knows no default once one is set.
 */
const configuration = (count: number): Readonly<Record<string, string>> => ({
  CLUSTER_ID: "a3ViZS1sZ3RtLWthZmthMA",
  KAFKA_HEAP_OPTS: "-Xms256m -Xmx512m",
  KAFKA_PROCESS_ROLES: "broker,controller",
  KAFKA_CONTROLLER_QUORUM_VOTERS: Array.from({ length: count })
    .map((_, i) => `${i}@kafka-${i}.kafka-headless:${ports.controller}`)
    .join(","),
  KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
  KAFKA_INTER_BROKER_LISTENER_NAME: "PLAINTEXT",
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
  KAFKA_LISTENERS: `PLAINTEXT://:${ports.kafka},CONTROLLER://:${ports.controller}`,
  KAFKA_LOG_DIRS: "/data/kafka",
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
  KAFKA_DEFAULT_REPLICATION_FACTOR: String(count),
  KAFKA_MIN_INSYNC_REPLICAS: String(Math.max(1, count - 1)),
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(count),
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: String(count),
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: String(Math.max(1, count - 1)),
  KAFKA_LOG_RETENTION_HOURS: "24",
});

const broker = ({ wiring: { home }, size }: Context): Pods => ({
  workload: home(server),
  size: size(home(server)),
  pod: {
    terminationGracePeriodSeconds: 120,
    containers: [
      {
        name: "kafka",
        image: images.kafka,
        env: [
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "KAFKA_NODE_ID", valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } },
          { name: "KAFKA_ADVERTISED_LISTENERS", value: `PLAINTEXT://${host}:${ports.kafka}` },
        ],
        envFrom: [{ configMapRef: { name: "kafka" } }],
        ports: containerPorts([server]),
        ...probes({ ready: tcp("kafka"), live: tcp("controller"), startSeconds: 120 }),
        resources: resources(size(home(server))),
        volumeMounts: [...folders, { name: "data", mountPath: "/data" }],
      },
    ],
    volumes: folders.map(({ name }) => emptyDir(name)),
  },
});

/** Makes each topic, or gives it the partitions that it lacks. */
const makeTopics = (address: string): string =>
  [
    `kafka() { /opt/kafka/bin/kafka-topics.sh --bootstrap-server "${address}" "$@"; }`,
    "until kafka --list >/dev/null 2>&1; do sleep 2; done",
    "for topic in $TOPICS; do",
    '  name="${topic%%:*}" partitions="${topic##*:}"',
    '  kafka --create --if-not-exists --topic "$name" --partitions "$partitions" || exit 1',
    '  count=$(kafka --describe --topic "$name" | sed -n "s/.*PartitionCount: *\\([0-9]*\\).*/\\1/p")',
    '  [ "$count" -ge "$partitions" ] || kafka --alter --topic "$name" --partitions "$partitions" || exit 1',
    "done",
  ].join("\n");

const topicsJob = ({ wiring: { wire, home }, size }: Context): Pods => ({
  workload: home(topics),
  size: size(home(topics)),
  pod: {
    containers: [
      {
        name: "kafka",
        image: images.kafka,
        command: ["/bin/sh", "-c", makeTopics(wire(topics).to(server, "kafka"))],
        env: [{ name: "KAFKA_HEAP_OPTS", value: "-Xmx128m" }],
        envFrom: [{ configMapRef: { name: "kafka-topics" } }],
        resources: resources(size(home(topics))),
        volumeMounts: folders.filter(({ name }) => name !== "config"),
      },
    ],
    volumes: folders.filter(({ name }) => name !== "config").map(({ name }) => emptyDir(name)),
  },
});

/** The queue between those who take data and those who keep it, without ZooKeeper; there only where somebody uses it. */
export const kafka: Component = {
  name: "kafka",
  home: "stack",
  roles,
  modes: {
    scalable: {
      grouping: apart,
      sizes: {
        server: { replicas: 1, cpu: "100m", memory: "512Mi", memoryLimit: "1Gi" },
        topics: { replicas: 1, cpu: "20m", memory: "128Mi", memoryLimit: "512Mi" },
      },
    },
  },
  wanted: hasClients,
  build(context) {
    const { wire } = context.wiring;
    // Brokers and controllers find each other by their pods' names.
    for (const port of ["kafka", "controller"] as const) wire(server).finds(server, port);
    return {
      pods: [broker(context), topicsJob(context)],
      configs: [
        { name: "kafka", read: "start-up", literals: configuration(context.size(context.wiring.home(server)).replicas) },
        {
          name: "kafka-topics",
          // Without a hash in its name, because a Job that named another ConfigMap would be another pod template.
          read: "runtime",
          literals: { TOPICS: Object.entries(partitions).map(([topic, count]) => `${topic}:${count}`).join(" ") },
        },
      ],
    };
  },
};
