import type { Component, Config, Context, Pods, SettingsTable } from "../core/model/component.ts";
import { defineRoles, type Workload } from "../core/model/roles.ts";
import { configVolume, podName, resources, untilUnrouted } from "../core/derive/pod.ts";
import type { Size } from "../core/model/size.ts";
import { limitSettings } from "../sizing/limits.ts";
import * as minio from "./minio.ts";
import * as prometheus from "./prometheus.ts";
import { place } from "./otlp.ts";
import { identity } from "./store.ts";
import * as thanos from "./thanos.ts";
import { apart, type Grouping } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/thanos-receive.ts";

export const roles = defineRoles(
  "thanos-receive",
  { ports: thanos.ports, metrics: { port: "http" } },
  {
    router: {
      tier: "write",
      ports: { "remote-write": 19291 },
      entryPoint: { name: "thanos-receive", ports: ["remote-write"] },
    },
    ingester: { tier: "write", disk: "10Gi", publishNotReadyAddresses: true, groups: [thanos.storeApi] },
  },
);
const { router, ingester } = roles;

/** Where it takes samples (pkg/receive/handler.go in 0.42.5). */
export const paths = { otlp: "/api/v1/otlp", remoteWrite: "/api/v1/receive" } as const;

/** All ingesters, by the names that the ring knows them by. */
const ring = ({ wiring: { wire, workloadOf }, size }: Context): Config => ({
  name: "thanos-receive-hashring",
  // Routers read it again, so that none restarts when there are more ingesters.
  read: "runtime",
  files: {
    "hashring.json": `${JSON.stringify([{ endpoints: wire(router).toPods(ingester, "grpc", size(workloadOf(ingester)).replicas) }], null, 2)}\n`,
  },
});

const settings = ({ wiring: { workloadOf }, size }: Context): SettingsTable => ({
  ...limitSettings("thanos-receive"),
  defaultTenant: { unit: "name", value: "default-tenant" },
  outOfOrderWindow: { unit: "duration", value: prometheus.latest },
  // With three copies of a sample two are written before it is acknowledged, so that one ingester
  // may be away.
  replicationFactor: { unit: "count", value: String(Math.min(3, size(workloadOf(ingester)).replicas)) },
  retention: {
    unit: "duration",
    value: "24h",
    bounds: {
      usual: "6h",
      zero: "for ever",
      fillsVolume: true,
      because:
        "a receiver writes a block every two hours, and needs some of them while the store is away (https://thanos.io/tip/components/receive.md/)",
    },
  },
  tenantHeader: { unit: "name", value: "thanos-tenant" },
});

/** What a router does; https://thanos.io/tip/components/receive.md/#ketama-recommended */
const routing = [
  "--receive.hashrings-file=/etc/thanos/hashring/hashring.json",
  // A ConfigMap's file is replaced, not written to, which Thanos sees only when it looks; the
  // default is five minutes.
  "--receive.hashrings-file-refresh-interval=15s",
  "--receive.hashrings-algorithm=ketama",
  "--receive.replication-factor=$(THANOS_RECEIVE_REPLICATION_FACTOR)",
  ...place.map((attribute) => `--receive.otlp-promote-resource-attributes=${attribute}`),
];

/** What an ingester does. At its end it writes what it holds into a block and uploads that. */
const ingesting = ({ wiring }: Context): readonly string[] => [
  `--receive.local-endpoint=${wiring.ownAddress(ingester, "grpc")}`,
  "--tsdb.path=/data",
  "--tsdb.retention=$(THANOS_RECEIVE_RETENTION)",
  "--tsdb.out-of-order.time-window=$(THANOS_RECEIVE_OUT_OF_ORDER_WINDOW)",
  "--tsdb.max-exemplars=$(THANOS_RECEIVE_MAX_EXEMPLARS)",
  thanos.objectStore.flag,
];

const pods = (workload: Workload, context: Context): Pods => {
  const { size } = context;
  const routes = workload.roles.includes(router);
  const ingests = workload.roles.includes(ingester);
  return {
    workload,
    size: size(workload),
    asksOutside: ingests ? true : undefined,
    // Routers cache DNS for 30 s. Wait 45 s between ingesters, so that a router never misses two.
    settleSeconds: ingests && size(workload).replicas > 1 ? 45 : undefined,
    pod: {
      // What kube-thanos gives it for the last block.
      terminationGracePeriodSeconds: ingests ? 900 : undefined,
      containers: [
        thanos.container(
          workload.roles,
          "receive",
          [
            ...(routes ? routing : []),
            ...(ingests ? ingesting(context) : []),
            "--receive.tenant-header=$(THANOS_RECEIVE_TENANT_HEADER)",
            "--receive.default-tenant-id=$(THANOS_RECEIVE_DEFAULT_TENANT)",
            `--receive.tenant-label-name=${thanos.tenantLabel}`,
            '--label=receive_replica="$(POD_NAME)"',
            thanos.tracing.flag,
          ],
          {
            lifecycle: routes ? untilUnrouted : undefined,
            env: [podName],
            envFrom: [{ configMapRef: { name: "thanos-receive-settings" } }, thanos.tracing.envFrom("thanos-receive")],
            resources: resources(size(workload)),
            volumeMounts: [
              ...(routes ? [{ name: "hashring", mountPath: "/etc/thanos/hashring", readOnly: true }] : []),
              ...(ingests ? [thanos.objectStore.mount, { name: "data", mountPath: "/data" }] : []),
            ],
          },
        ),
      ],
      volumes: [
        ...(routes ? [configVolume("hashring", "thanos-receive-hashring")] : []),
        ...(ingests ? [thanos.objectStore.volume] : []),
      ],
    },
  };
};

/** Both roles in one process, which has the component's own name. */
const asOne: Grouping = () => "server";
const single: Size = { replicas: 1, cpu: "50m", memory: "96Mi", memoryLimit: "1Gi" };

/**
 * Takes samples by remote write and uploads blocks: the alternative to a sidecar beside Prometheus.
 */
export const thanosReceive: Component = {
  name: "thanos-receive",
  namespaceKind: "stack",
  roles,
  monitoring,
  modes: {
    monolithic: { grouping: asOne, sizes: { server: single } },
    scalable: { grouping: asOne, sizes: { server: { ...single, replicas: 3 } } },
    microservices: {
      grouping: apart,
      sizes: {
        router: { replicas: 2, maxReplicas: 6, cpu: "100m", memory: "64Mi", memoryLimit: "512Mi" },
        ingester: { replicas: 3, cpu: "200m", memory: "256Mi", memoryLimit: "2Gi" },
      },
    },
  },
  settings,
  build(context) {
    const { wire } = context.wiring;
    wire(ingester).to(minio.roles.server, "s3");
    wire(thanos.roles.query).discovers(ingester, "grpc");
    return {
      identity: identity(context.store, "thanos"),
      pods: context.workloads.map((workload) => pods(workload, context)),
      configs: [ring(context), thanos.tracing.config("thanos-receive")],
    };
  },
};
