import { configVolume, emptyDir, endsWhenTold, resources } from "../core/derive/pod.ts";
import type { Component, Context, SettingsTable } from "../core/model/component.ts";
import { apart } from "../core/model/grouping.ts";
import { defineRoles } from "../core/model/roles.ts";
import { template } from "../core/util/template.ts";
import { monitoring } from "../monitoring/kafka-exporter.ts";
import { images } from "../versions.ts";
import { container, port } from "./alloy.ts";
import * as kafka from "./kafka.ts";

/** Of the part of Alloy that asks Kafka: its metrics have a path of their own. */
const part = "kafka";

export const roles = defineRoles(
  "kafka-exporter",
  {
    ports: { http: port },
    metrics: { port: "http", path: `/api/v0/component/prometheus.exporter.kafka.${part}/metrics` },
  },
  // Two would say everything twice.
  { server: { tier: "backend", singleton: true, unsized: "topics and groups are few, whatever the load" } },
);

const settings = ({ wiring: { wire } }: Context): SettingsTable => kafka.secureClientSettings(wire(roles.server));

/**
 * Alloy ends where it cannot ask Kafka at its start, and a broker is the longest to come of all:
 * it waits until one listens.
 */
const untilKafka = [
  endsWhenTold,
  "address=$KAFKA_EXPORTER_KAFKA_ADDRESS",
  'until nc -z -w 5 "${address%:*}" "${address##*:}"; do sleep 2; done',
].join("\n");

/**
 * Asks Kafka how far each group of readers is behind, and which partitions lack copies: a broker
 * has no metrics for Prometheus by itself. It asks a Kafka of somebody else, too.
 */
export const kafkaExporter: Component = {
  name: "kafka-exporter",
  namespaceKind: "stack",
  monitoring,
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "10m", memory: "96Mi", memoryLimit: "384Mi" } },
    },
  },
  isNeeded: (_, others) => others.some(kafka.asksKafka),
  settings,
  build: ({ workloads, size }) => ({
    pods: workloads.map((workload) => ({
      workload,
      size: size(workload),
      asksOutside: true,
      pod: {
        initContainers: [
          {
            name: "until-kafka",
            // For the nc of its Alpine, as those who wait for a topic do.
            image: images.kafka,
            command: ["/bin/sh", "-c", untilKafka],
            envFrom: [{ configMapRef: { name: "kafka-exporter-settings" } }],
            resources: resources({ cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" }),
          },
        ],
        containers: [
          container(workload, {
            env: [...kafka.credentials.env],
            envFrom: [{ configMapRef: { name: "kafka-exporter-settings" } }],
            resources: resources(size(workload)),
          }),
        ],
        volumes: [configVolume("config", "kafka-exporter"), emptyDir("data"), emptyDir("tmp")],
      },
    })),
    configs: [
      {
        name: "kafka-exporter",
        read: "start-up",
        files: { "config.alloy": template("kafka-exporter.alloy", { name: part }) },
      },
    ],
  }),
};
