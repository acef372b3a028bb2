import { alloyEvents } from "../components/alloy-events.ts";
import { alloy } from "../components/alloy.ts";
import { alloyGateway } from "../components/alloy-gateway.ts";
import { flog } from "../components/flog.ts";
import { generators } from "../components/generators.ts";
import { kafka } from "../components/kafka.ts";
import { kubeStateMetrics } from "../components/kube-state-metrics.ts";
import { mimir } from "../components/mimir.ts";
import { minio } from "../components/minio.ts";
import { nodeExporter } from "../components/node-exporter.ts";
import { prometheus } from "../components/prometheus.ts";
import { promtail } from "../components/promtail.ts";
import { thanosReceive } from "../components/thanos-receive.ts";
import { thanos } from "../components/thanos.ts";
import type { Component } from "../core/model/component.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { agentPages } from "../features/agent-pages.ts";
import { autopilots } from "../features/autopilot.ts";
import { externalKafka } from "../features/external-kafka.ts";
import { externalStore } from "../features/external-store.ts";
import { gatewayApi, ingress } from "../features/exposure.ts";
import { grafanaPostgres } from "../features/grafana-postgres.ts";
import { kedas } from "../features/keda.ts";
import { ownTraces } from "../features/own-traces.ts";
import { openshift } from "../features/openshift.ts";
import { prometheusOperator } from "../features/prometheus-operator.ts";
import { proxy } from "../features/proxy.ts";
import { dockers, journal } from "../features/node-logs.ts";
import { mimirRemoteWrite, thanosRemoteWrite } from "../features/remote-write.ts";
import { thanosSidecar } from "../features/thanos-sidecar.ts";

interface Part {
  readonly components: readonly Component[];
  readonly features: readonly Feature[];
}

/** What reads or receives on a cluster, whether its back ends are there or elsewhere. */
const collecting = { components: [alloyGateway, kubeStateMetrics, prometheus], features: [] } as const;

/**
 * What an environment chooses between, and what each answer brings with it. A component of no
 * answer is in the full stack.
 */
export const choices = {
  stack: { full: collecting, agents: collecting },
  metrics: {
    mimir: { components: [mimir], features: [mimirRemoteWrite] },
    "thanos-receive": { components: [thanos, thanosReceive], features: [thanosRemoteWrite] },
    "thanos-sidecar": { components: [thanos], features: [thanosSidecar] },
  },
  store: {
    minio: { components: [minio], features: [] },
    s3: { components: [], features: [externalStore] },
    gcs: { components: [], features: [externalStore] },
    azure: { components: [], features: [externalStore] },
  },
  kafka: {
    bundled: { components: [kafka], features: [] },
    external: { components: [], features: [externalKafka] },
  },
  proxy: {
    none: { components: [], features: [] },
    between: { components: [], features: [proxy] },
  },
  collector: {
    alloy: { components: [alloy, alloyEvents], features: [agentPages.alloy] },
    promtail: { components: [promtail], features: [agentPages.promtail] },
  },
  platform: {
    kubernetes: { components: [nodeExporter], features: [agentPages.nodeExporter] },
    openshift: {
      components: [nodeExporter],
      features: [agentPages.nodeExporter, openshift.stack, openshift.alloy, openshift.nodeExporter, openshift.promtail],
    },
    // Nothing there may read a node's /proc, /sys and mount points.
    "gke-autopilot": { components: [], features: [autopilots.alloy, autopilots.promtail] },
  },
  "nodes.runtime": {
    cri: { components: [], features: [] },
    docker: { components: [], features: [dockers.alloy, dockers.promtail] },
  },
  "nodes.journal": { none: { components: [], features: [] }, read: { components: [], features: [journal] } },
  monitors: {
    none: { components: [], features: [] },
    "prometheus-operator": { components: [], features: [prometheusOperator] },
  },
  generators: {
    none: { components: [], features: [] },
    demo: { components: [flog, generators], features: [] },
  },
  database: {
    none: { components: [], features: [] },
    postgres: { components: [], features: [grafanaPostgres] },
  },
  "scaling.loki": { cpu: { components: [], features: [] }, keda: { components: [], features: [kedas.loki] } },
  "scaling.mimir": { cpu: { components: [], features: [] }, keda: { components: [], features: [kedas.mimir] } },
  "scaling.tempo": { cpu: { components: [], features: [] }, keda: { components: [], features: [kedas.tempo] } },
  ownTraces: {
    none: { components: [], features: [] },
    sampled: { components: [], features: Object.values(ownTraces) },
  },
  exposure: {
    none: { components: [], features: [] },
    ingress: { components: [], features: [ingress] },
    "gateway-api": { components: [], features: [gatewayApi] },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Part>>>>;

export type Choice = keyof typeof choices;
export type Answers = { readonly [C in Choice]: keyof (typeof choices)[C] & string };
export const choiceNames = Object.keys(choices) as readonly Choice[];

const partsOf = (choice: Choice): Readonly<Record<string, Part>> => choices[choice];

/** Workloads that need an answer to a choice for a second pod: each pod would have its own data. */
export const shared: Readonly<Record<string, Choice>> = { grafana: "database" };

/**
 * Choices whose answers bring something; in agents without back ends the other answers bring
 * nothing.
 */
const asked = {
  full: choiceNames,
  agents: [
    "stack",
    "proxy",
    "collector",
    "platform",
    "nodes.runtime",
    "nodes.journal",
    "monitors",
    "generators",
    "ownTraces",
  ],
} as const satisfies Readonly<Record<Answers["stack"], readonly Choice[]>>;
const isAsked = (choice: Choice, { stack }: Answers): boolean => (asked[stack] as readonly Choice[]).includes(choice);

/**
 * The components and features of an environment: what its answers bring, and in the full stack what
 * no answer brings.
 */
export function composition(answers: Answers, catalogue: readonly Component[]): Part {
  const taken = choiceNames
    .filter((choice) => isAsked(choice, answers))
    .flatMap((choice) => partsOf(choice)[answers[choice]] ?? []);
  const offered = choiceNames.flatMap((choice) =>
    Object.values(partsOf(choice)).flatMap(({ components }) => components),
  );
  const chosen = taken.flatMap(({ components }) => components);
  const components = catalogue.filter(
    (component) => chosen.includes(component) || (answers.stack === "full" && !offered.includes(component)),
  );
  return {
    components,
    features: taken
      .flatMap(({ features }) => features)
      .filter(({ changes }) => changes === undefined || components.includes(changes)),
  };
}

/** The choice that decides over a component in an environment with these answers. */
export const choiceOf = (component: string, answers: Answers): Choice =>
  choiceNames.find(
    (choice) =>
      isAsked(choice, answers) &&
      Object.values(partsOf(choice)).some(({ components }) => components.some(({ name }) => name === component)),
  ) ?? "stack";

/** Settings that bring nothing to agents without back ends. */
export const withoutEffect = ({ stack }: Answers): readonly (Choice & ("database" | "exposure" | "kafka"))[] =>
  stack === "agents" ? ["database", "exposure", "kafka"] : [];
