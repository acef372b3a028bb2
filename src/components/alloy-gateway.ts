import type { IContainer } from "kubernetes-models/v1/Container";
import { clusterAccess } from "../core/derive/rbac.ts";
import type { Component, Config, Context, SettingsTable } from "../core/model/component.ts";
import { defineRoles, isSecure } from "../core/model/roles.ts";
import { configVolume, emptyDir, resources, untilUnrouted, oneContainer } from "../core/derive/pod.ts";
import { mebibyte, quantity } from "../core/kubernetes/requests.ts";
import type { Size } from "../core/model/size.ts";
import { template } from "../core/util/template.ts";
import * as alloy from "./alloy.ts";
import { onlyTenant } from "./dskit.ts";
import * as loki from "./loki.ts";
import { largestPush, lineLabels, own, place } from "./otlp.ts";
import * as prometheus from "./prometheus.ts";
import * as tempo from "./tempo.ts";
import { anyPod, apiServer } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/alloy-gateway.ts";

const entrances = {
  "otlp-grpc": 4317,
  "otlp-http": 4318,
  zipkin: 9411,
  "jaeger-grpc": 14250,
  "jaeger-http": 14268,
} as const;
const entranceNames = Object.keys(entrances) as (keyof typeof entrances)[];

export const roles = defineRoles(
  "alloy-gateway",
  { ports: { http: alloy.port, ...entrances }, metrics: { port: "http" } },
  // Through one gateway the series of a program go to one Prometheus, which see.
  { server: { tier: "write", entryPoint: { name: "otlp", ports: entranceNames, sessionAffinity: "ClientIP" } } },
);

/** As Alloy writes sizes. */
const mebibytes = (bytes: number): string => `${bytes / mebibyte}MiB`;

/** Labels of metrics that back ends make of an attribute of the resource. */
const reserved = [
  { label: "instance", attribute: "service.instance.id" },
  { label: "job", attribute: "service.name" },
];

/**
 * How far from now a point may be: as late as back ends take samples, and ten minutes ahead
 * (`maxAheadTime` in Prometheus's storage/remote/write_handler.go, `creation_grace_period` of
 * Mimir).
 */
const acceptable = { oldest: prometheus.latest, newest: "10m" } as const;

/** @param asks what it asks for the pods that push */
const config = (asks: "Kubernetes" | "nobody"): Config => ({
  name: "alloy-gateway",
  read: "start-up",
  files: {
    "config.alloy": template("alloy-gateway.alloy", {
      asksApi: asks === "Kubernetes",
      first: asks === "Kubernetes" ? "k8sattributes" : "transform",
      signals: ["trace", "log", "metric"],
      place,
      reserved,
      lineLabels,
      own,
      ...acceptable,
      ports: {
        otlpGrpc: entrances["otlp-grpc"],
        otlpHttp: entrances["otlp-http"],
        jaegerGrpc: entrances["jaeger-grpc"],
        jaegerHttp: entrances["jaeger-http"],
        zipkin: entrances.zipkin,
      },
      isTempoInsecure: !isSecure(tempo.roles.distributor, "otlp-grpc"),
      largest: { http: mebibytes(largestPush.http), grpc: mebibytes(largestPush.grpc) },
    }),
  },
});

/**
 * Series of deltas whose sums a gateway may hold, in a quarter of its memory: what is new above
 * that is left out, where without a bound everybody would be refused. 120,000 of them took 850
 * bytes each (Alloy 1.18.1, four attributes), twice that with what is to be collected.
 */
const deltaSeries = (memoryLimit: string): number => Math.floor((quantity(memoryLimit) ?? 0) / 4 / 2048);

const settings = ({ wiring: { wire, workloadOf }, size, tenant }: Context): SettingsTable => ({
  deltaSeries: { unit: "count", value: String(deltaSeries(size(workloadOf(roles.server)).memoryLimit)) },
  lokiOtlpUrl: { unit: "url", value: `${wire(roles.server).url(loki.roles.gateway, "http")}/otlp` },
  metricsOtlpUrl: {
    unit: "url",
    value: `${wire(roles.server).url(prometheus.roles.server, "http")}${prometheus.paths.otlp}`,
  },
  // Pods that pass on what others push, and do not say whose it is: it is not theirs. Those are
  // upstream's own.
  relays: { unit: "expression", value: "jaeger-agent|jaeger-collector" },
  // Its gateways name the tenant to Loki and Mimir.
  tempoTenant: { unit: "tenant", value: tenant ?? onlyTenant.tempo },
  tempoOtlpEndpoint: { unit: "address", value: wire(roles.server).to(tempo.roles.distributor, "otlp-grpc") },
});

const single: Size = { replicas: 1, cpu: "20m", memory: "96Mi", memoryLimit: "384Mi" };

/**
 * It is ready when it has read which pods there are: until then what it is sent would be of an
 * address, and another series than before. Of 5,000 pods that took nine seconds beside other work
 * on two cores, and 90 MB for good.
 */
const whenItKnowsPods = (container: IContainer): IContainer => ({
  ...container,
  readinessProbe: { ...container.readinessProbe, initialDelaySeconds: 10 },
});

/**
 * Where applications push: OTLP, Jaeger and Zipkin in, to Tempo, Loki and what keeps metrics, by
 * OTLP to each.
 */
export const alloyGateway: Component = {
  name: "alloy-gateway",
  namespaceKind: "stack",
  monitoring,
  roles,
  modes: {
    monolithic: { grouping: apart, sizes: { server: single } },
    scalable: { grouping: apart, sizes: { server: { ...single, replicas: 2 } } },
    microservices: {
      grouping: apart,
      sizes: { server: { replicas: 2, maxReplicas: 6, cpu: "200m", memory: "256Mi", memoryLimit: "768Mi" } },
    },
  },
  settings,
  withoutApi: () => ({ configs: [config("nobody")] }),
  build(context) {
    const { wiring } = context;
    wiring.allowFrom(anyPod, roles.server, ...entranceNames);
    wiring.wire(roles.server).toPlace(apiServer);
    return {
      pods: oneContainer(
        context,
        (workload, size) =>
          whenItKnowsPods(
            alloy.container(workload, {
              // Of what Alloy calls experimental its configuration has one component, which makes
              // sums of deltas.
              args: [...alloy.args, "--stability.level=experimental"],
              lifecycle: untilUnrouted,
              envFrom: [{ configMapRef: { name: "alloy-gateway-settings" } }],
              resources: resources(size),
            }),
          ),
        { volumes: [configVolume("config", "alloy-gateway"), emptyDir("data"), emptyDir("tmp")], usesApi: true },
      ),
      objects: clusterAccess("alloy-gateway", [{ group: "", resources: ["pods"], verbs: ["get", "list", "watch"] }]),
      configs: [config("Kubernetes")],
    };
  },
};
