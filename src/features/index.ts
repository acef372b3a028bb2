import type { Feature } from "../core/assemble/feature.ts";
import { agentPages } from "./agent-pages.ts";
import { argocdKeepConfig } from "./argocd-keep-config.ts";
import { autopilots } from "./autopilot.ts";
import { gatewayApi, ingress } from "./exposure.ts";
import { externalKafka } from "./external-kafka.ts";
import { externalStore } from "./external-store.ts";
import { fluxKeepConfig } from "./flux-keep-config.ts";
import { grafanaDrilldown } from "./grafana-drilldown.ts";
import { grafanaPostgres } from "./grafana-postgres.ts";
import { kedas } from "./keda.ts";
import { ownTraces } from "./own-traces.ts";
import { openshift } from "./openshift.ts";
import { prometheusOperator } from "./prometheus-operator.ts";
import { proxy } from "./proxy.ts";
import { dockers, journal } from "./node-logs.ts";
import { mixinLabels } from "./mixin-labels.ts";
import { mimirRemoteWrite, thanosRemoteWrite } from "./remote-write.ts";
import { thanosSidecar } from "./thanos-sidecar.ts";

/** Every feature there is, in the order of their names. */
export const features: readonly Feature[] = [
  ...Object.values(agentPages),
  argocdKeepConfig,
  autopilots.alloy,
  dockers.alloy,
  ownTraces.alloyGateway,
  journal,
  openshift.alloy,
  externalKafka,
  externalStore,
  fluxKeepConfig,
  gatewayApi,
  grafanaDrilldown,
  grafanaPostgres,
  ownTraces.grafana,
  ingress,
  kedas.loki,
  kedas.mimir,
  kedas.tempo,
  ownTraces.loki,
  mimirRemoteWrite,
  ownTraces.mimir,
  mixinLabels,
  openshift.nodeExporter,
  openshift.stack,
  prometheusOperator,
  proxy,
  autopilots.promtail,
  dockers.promtail,
  openshift.promtail,
  ownTraces.tempo,
  ownTraces.thanosReceive,
  thanosRemoteWrite,
  thanosSidecar,
  ownTraces.thanos,
];
