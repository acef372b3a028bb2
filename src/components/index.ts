import type { Component } from "../core/model/component.ts";
import { alertmanager } from "./alertmanager.ts";
import { alloyEvents } from "./alloy-events.ts";
import { alloyGateway } from "./alloy-gateway.ts";
import { alloy } from "./alloy.ts";
import { flog } from "./flog.ts";
import { generators } from "./generators.ts";
import { grafana } from "./grafana.ts";
import { kafkaExporter } from "./kafka-exporter.ts";
import { kafka } from "./kafka.ts";
import { kubeStateMetrics } from "./kube-state-metrics.ts";
import { loki, lokiCache } from "./loki.ts";
import { mimir, mimirCache } from "./mimir.ts";
import { minio } from "./minio.ts";
import { nodeExporter } from "./node-exporter.ts";
import { prometheus } from "./prometheus.ts";
import { promtail } from "./promtail.ts";
import { rolloutOperator } from "./rollout-operator.ts";
import { tempo, tempoCache } from "./tempo.ts";
import { thanosReceive } from "./thanos-receive.ts";
import { thanos, thanosCache } from "./thanos.ts";

/** Every component there is, in the order of their names. */
export const catalogue: readonly Component[] = [
  alertmanager,
  alloy,
  alloyEvents,
  alloyGateway,
  flog,
  generators,
  grafana,
  kafka,
  kafkaExporter,
  kubeStateMetrics,
  loki,
  lokiCache,
  mimir,
  mimirCache,
  minio,
  nodeExporter,
  prometheus,
  promtail,
  rolloutOperator,
  tempo,
  tempoCache,
  thanos,
  thanosCache,
  thanosReceive,
];
