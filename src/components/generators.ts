import type { IContainer } from "kubernetes-models/v1/Container";
import type { Component, Context, Pods } from "../core/model/component.ts";
import { defineRoles, isSecure, type Workload } from "../core/model/roles.ts";
import { configVolume, emptyDir, endsWhenTold, goMemoryLimit, resources } from "../core/derive/pod.ts";
import type { Sized } from "../core/model/size.ts";
import { template } from "../core/util/template.ts";
import { images } from "../versions.ts";
import * as alloyGateway from "./alloy-gateway.ts";
import { apart } from "../core/model/grouping.ts";

export const roles = defineRoles(
  "generators",
  { ports: {}, unsized: "it makes a load" },
  { traces: { tier: "write" }, metrics: { tier: "write" } },
);

const pod = (
  workload: Workload,
  size: Sized,
  container: Omit<IContainer, "name">,
  script?: string,
  initContainers?: IContainer[],
): Pods => ({
  workload,
  size,
  pod: {
    terminationGracePeriodSeconds: 5,
    initContainers,
    containers: [{ name: workload.name, resources: resources(size), ...container }],
    volumes: script ? [configVolume("script", script), emptyDir("tmp")] : undefined,
  },
});

/**
 * A shop that does not exist: one purchase a second as a trace over four services, and a log line
 * for each.
 */
const traces = ({ wiring: { workloadOf }, size }: Context): Pods =>
  pod(
    workloadOf(roles.traces),
    size(workloadOf(roles.traces)),
    {
      image: images.k6,
      args: ["run", "--quiet", "--no-usage-report", "--no-thresholds", "--no-summary", "/scripts/shop.js"],
      env: [{ name: "HOME", value: "/tmp" }, ...goMemoryLimit],
      envFrom: [{ configMapRef: { name: "generators-settings" } }],
      volumeMounts: [
        { name: "script", mountPath: "/scripts", readOnly: true },
        { name: "tmp", mountPath: "/tmp" },
      ],
    },
    "generators-traces",
  );

const gauge = "shop_stock";

/** The first value of the gauge, as JSON of OTLP; the shell writes the time. */
const firstValue = JSON.stringify({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "stock" } }] },
      scopeMetrics: [
        { metrics: [{ name: gauge, gauge: { dataPoints: [{ timeUnixNano: "TIME000000000", asInt: "1" }] } }] },
      ],
    },
  ],
});

/**
 * telemetrygen ends at the first value that nobody takes within ten seconds, so another program
 * sends until one is taken.
 */
const untilTaken: IContainer = {
  name: "until-taken",
  image: images.busybox,
  command: [
    "/bin/sh",
    "-c",
    [
      endsWhenTold,
      `value='${firstValue}'`,
      'until wget -q -O /dev/null --header "Content-Type: application/json" \\',
      '  --post-data "$(echo "$value" | sed "s/TIME/$(date +%s)/")" "$GENERATORS_OTLP_HTTP_URL/v1/metrics"; do sleep 2; done',
    ].join("\n"),
  ],
  envFrom: [{ configMapRef: { name: "generators-settings" } }],
  resources: resources({ cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" }),
};

/** A gauge by OTLP, once a second. */
const metrics = ({ wiring: { workloadOf, wire }, size }: Context): Pods => {
  wire(roles.metrics).to(alloyGateway.roles.server, "otlp-http");
  return pod(
    workloadOf(roles.metrics),
    size(workloadOf(roles.metrics)),
    {
      image: images.telemetrygen,
      args: [
        "metrics",
        "--otlp-endpoint=$(GENERATORS_OTLP_GRPC_ADDRESS)",
        ...(isSecure(alloyGateway.roles.server, "otlp-grpc") ? [] : ["--otlp-insecure"]),
        `--otlp-metric-name=${gauge}`,
        "--metric-type=Gauge",
        "--service=stock",
        "--rate=1",
        // Otherwise a hundred values would wait for one another.
        "--batch=false",
        "--duration=inf",
      ],
      env: [...goMemoryLimit],
      envFrom: [{ configMapRef: { name: "generators-settings" } }],
    },
    undefined,
    [untilTaken],
  );
};

/** Makes up traces and metrics and pushes them as any application would. */
export const generators: Component = {
  name: "generators",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: {
        traces: { replicas: 1, cpu: "20m", memory: "96Mi", memoryLimit: "384Mi" },
        metrics: { replicas: 1, cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" },
      },
    },
  },
  settings: ({ wiring: { wire } }) => ({
    otlpGrpcAddress: { unit: "address", value: wire(roles.metrics).to(alloyGateway.roles.server, "otlp-grpc") },
    otlpHttpUrl: { unit: "url", value: wire(roles.traces).url(alloyGateway.roles.server, "otlp-http") },
  }),
  build: (context) => ({
    pods: [traces(context), metrics(context)],
    configs: [{ name: "generators-traces", read: "start-up", files: { "shop.js": template("shop.js", {}) } }],
  }),
};
