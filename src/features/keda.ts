import { loki, roles as lokiRoles } from "../components/loki.ts";
import { mimir, roles as mimirRoles } from "../components/mimir.ts";
import * as prometheus from "../components/prometheus.ts";
import { roles as tempoRoles, tempo } from "../components/tempo.ts";
import { type Component, modesOf, type Pods, type Base } from "../core/model/component.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { labels } from "../core/derive/labels.ts";
import type { Mode, Role } from "../core/model/roles.ts";
import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { Place } from "../core/model/places.ts";
import { busy, busyCpu, scaling } from "../core/derive/controllers.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

const { server } = prometheus.roles;

/** https://keda.sh/docs/latest/reference/scaledobject-spec/ , as far as it is used here. */
interface ScaledObject extends Manifest {
  readonly apiVersion: "keda.sh/v1alpha1";
  readonly kind: "ScaledObject";
  readonly spec: {
    readonly scaleTargetRef: { readonly apiVersion: string; readonly kind: string; readonly name: string };
    readonly minReplicaCount: number;
    readonly maxReplicaCount: number;
    readonly fallback: {
      readonly failureThreshold: number;
      readonly replicas: number;
      readonly behavior: "currentReplicasIfHigher";
    };
    readonly advanced: {
      readonly horizontalPodAutoscalerConfig: { readonly name: string; readonly behavior: typeof scaling };
    };
    readonly triggers: readonly {
      readonly type: "cpu" | "prometheus";
      readonly metricType: "AverageValue";
      readonly metadata: Readonly<Record<string, string>>;
    }[];
  };
}

/** The role that works on a component's queries, and how many wait for it. */
interface Workers {
  readonly component: Component;
  readonly role: Role;
  /** PromQL: the number of queries, or parts of them, that wait or are worked on. */
  readonly query: string;
  /** How many of them one pod works on at the same time. */
  readonly each: number;
}

/**
 * KEDA's HorizontalPodAutoscaler has the name of the one that it replaces, so KEDA takes over the
 * existing object. There are never two, which KEDA's webhook would refuse, and never none.
 */
const scaledObject = ({ workload, size }: Pods, most: number, { query, each }: Workers, url: string): ScaledObject => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: {
    name: workload.fullName,
    labels: labels(workload),
    annotations: { "scaledobject.keda.sh/transfer-hpa-ownership": "true" },
  },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: workload.fullName },
    minReplicaCount: size.replicas,
    maxReplicaCount: most,
    // While Prometheus does not answer, no pod is removed.
    fallback: { failureThreshold: 3, replicas: size.replicas, behavior: "currentReplicasIfHigher" },
    advanced: { horizontalPodAutoscalerConfig: { name: workload.fullName, behavior: scaling } },
    triggers: [
      {
        type: "prometheus",
        metricType: "AverageValue",
        metadata: {
          serverAddress: url,
          query,
          threshold: String(Math.floor(each * busy)),
          // A lack of samples is no sign of a lack of queries.
          ignoreNullValues: "false",
        },
      },
      { type: "cpu", metricType: "AverageValue", metadata: { value: busyCpu(size) } },
    ],
  },
});

/** KEDA's operator, as its own manifests and its chart label it, in a namespace of this name. */
const kedaOperator = (namespace: string): INetworkPolicyPeer => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels: { app: "keda-operator" } },
});
const operator: Place = { name: "keda", peers: [kedaOperator("keda")] };

const podsOf = ({ pods }: Base, role: Role): Pods | undefined =>
  pods.find(({ workload }) => workload.roles.includes(role));

/** Modes in which the role's workload has an autoscaler. */
const scaledIn = ({ component, role }: Workers): readonly Mode[] =>
  modesOf(component).filter((mode) => {
    const { grouping, sizes } = component.modes[mode] ?? {};
    const workload = grouping?.(role);
    return workload !== undefined && sizes?.[workload]?.maxReplicas !== undefined;
  });

/** KEDA scales a component's queriers by the number of queries, not only by their CPU. */
const keda = (workers: Workers): Feature => {
  const { component, role } = workers;
  const name = `keda-${component.name}`;
  const path = `scaling.${component.name}`;
  return {
    name,
    optionsIn: "scaling",
    options: { kedaNamespace: { unit: "namespace", about: "Where KEDA's operator runs." } },
    reshape(base, { urlFromOutside }) {
      const pods = podsOf(base, role);
      const most = pods?.size.maxReplicas;
      if (!pods || most === undefined) return base;
      const { fullName } = pods.workload;
      const url = urlFromOutside(operator, server, "http");
      const others = base.objects.filter(
        ({ kind, metadata }) => kind !== "HorizontalPodAutoscaler" || metadata.name !== fullName,
      );
      return { ...base, objects: [...others, scaledObject(pods, most, workers, url)] };
    },
    adapt: ({ kedaNamespace: namespace }) => ({
      patches:
        namespace === undefined
          ? []
          : [
              {
                apiVersion: "networking.k8s.io/v1",
                kind: "NetworkPolicy",
                metadata: { name: `${server.component}-${name}` },
                spec: {
                  ingress: [{ from: [kedaOperator(namespace)], ports: [{ protocol: "TCP", port: server.ports.http }] }],
                },
              },
            ],
    }),
    problems(_, bases) {
      const base = bases.find((one) => one.component === component);
      if (!base) return [`${path} is "keda": expected an environment with ${component.name}. Remove it.`];
      if (podsOf(base, role)?.size.maxReplicas !== undefined) return [];
      const modes = scaledIn(workers).map((mode) => `"${mode}"`);
      return [
        `${path} is "keda": in mode "${base.mode}" ${component.name} has no ${role.name} that is scaled. ` +
          `Set modes.${component.name} to ${modes.join(" or ")}, or remove it.`,
      ];
    },
  };
};

/** By component. The number of queries at once is the default of each program. */
export const kedas = {
  // https://grafana.com/docs/loki/latest/operations/autoscaling_queriers/
  loki: keda({
    component: loki,
    role: lokiRoles.querier,
    query: 'sum(max_over_time(loki_query_scheduler_inflight_requests{job="loki",quantile="0.75"}[2m]))',
    each: 4,
  }),
  // As upstream's jsonnet has it, quantile, range and what a pod does at once:
  // operations/mimir/autoscaling.libsonnet
  mimir: keda({
    component: mimir,
    role: mimirRoles.querier,
    query: 'sum(max_over_time(cortex_query_scheduler_inflight_requests{job="mimir",quantile="0.5"}[1m]))',
    each: 20,
  }),
  // Its query-frontend shows how many jobs wait, and a querier how many it is at, at one moment
  // only. How long they wait and take, in seconds a second, is how many there are on average.
  tempo: keda({
    component: tempo,
    role: tempoRoles.querier,
    query:
      'sum(rate(tempo_query_frontend_queue_duration_seconds_sum{job="tempo"}[2m])) + ' +
      '(sum(rate(tempo_request_duration_seconds_sum{job="tempo",route=~"querier_.+"}[2m])) or vector(0))',
    each: 20,
  }),
} as const satisfies Readonly<Record<string, Feature>>;
