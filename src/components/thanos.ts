import type { IContainer } from "kubernetes-models/v1/Container";
import type { Component, Config, Context, Pods, SecretShape } from "../core/component.ts";
import { apart, defineRoles, type Role } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, httpGet, probes, resources, secretVolume } from "../core/pod.ts";
import type { Sizes } from "../core/size.ts";
import type { Address, Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import * as grafana from "./grafana.ts";
import * as minio from "./minio.ts";

/** Whoever serves series over gRPC joins it (stores, rulers, sidecars, receivers): Thanos query asks all of them. */
export const storeApi = { component: "thanos", name: "thanos-store-api", port: "grpc", lists: "ready members" } as const;

export const ports = { http: 10902, grpc: 10901 } as const;

export const roles = defineRoles(
  "thanos",
  { ports, metrics: { port: "http" } },
  {
    query: { tier: "read" },
    "query-frontend": { tier: "read", door: { name: "thanos-query-frontend", ports: ["http"] } },
    store: { tier: "read", groups: [storeApi], disk: "5Gi" },
    compact: { tier: "backend", disk: "10Gi" },
    rule: { tier: "backend", groups: [storeApi], disk: "2Gi" },
  },
);
const { query, "query-frontend": frontend, store, compact, rule } = roles;

/** The Secret and its key that Thanos's users know; read as a file. */
export const objectStore = {
  secret: "thanos-objstore-secret",
  volume: secretVolume("objstore", "thanos-objstore-secret"),
  mount: { name: "objstore", mountPath: "/etc/thanos/objstore", readOnly: true },
  flag: "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
} as const;

const secret = (endpoint: Address): SecretShape => ({
  name: objectStore.secret,
  read: "start-up",
  files: {
    "objstore.yml": {
      type: "S3",
      config: {
        bucket: minio.buckets.thanos,
        endpoint,
        access_key: minio.throwAway.accessKey,
        secret_key: minio.throwAway.secretKey,
        insecure: true,
        bucket_lookup_type: "path",
      },
    },
  },
});

export const healthOn = (port: string) =>
  probes({ ready: httpGet("/-/ready", port), live: httpGet("/-/healthy", port), startSeconds: 300 });

/** A container of Thanos: what all of its sub-commands share. */
export const container = (role: Role, command: string, args: readonly string[], rest: Partial<IContainer> & Pick<IContainer, "resources">): IContainer => ({
  name: `thanos-${command}`,
  image: images.thanos,
  args: [command, ...args, "--enable-auto-gomemlimit"],
  ports: containerPorts([role]),
  ...healthOn("http"),
  ...rest,
});

/** https://thanos.io/tip/components/query-frontend.md/#in-memory */
const responseCache = { type: "IN-MEMORY", config: { max_size: "512MB", max_size_items: 100, validity: "120s" } };
/** https://thanos.io/tip/components/store.md/#in-memory-index-cache */
const indexCache = { type: "IN-MEMORY", config: { max_size: "300MB", max_item_size: "120MB" } };

const rules = {
  groups: [
    {
      name: "metamonitoring",
      rules: [
        {
          alert: "PrometheusDown",
          expr: 'absent(up{job="prometheus"})',
          for: "1m",
          labels: { severity: "critical" },
          annotations: { summary: "No Prometheus has reported itself up for a minute." },
        },
      ],
    },
  ],
};

const configs = ({ wire }: Wiring): readonly Config[] => [
  {
    name: "thanos-query",
    read: "start-up",
    files: { "endpoints.yaml": { endpoints: [{ address: `dns+${wire(query).toGroup(storeApi, [store, rule])}` }] } },
  },
  { name: "thanos-query-frontend", read: "start-up", files: { "response-cache.yml": responseCache } },
  { name: "thanos-rules", read: "start-up", files: { "metamonitoring.yaml": rules } },
  { name: "thanos-store", read: "start-up", files: { "index-cache.yml": indexCache } },
];

export const podName = { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } };
const data = { name: "data", mountPath: "/data" };
const mounted = (name: string) => ({ name, mountPath: `/etc/thanos/${name}`, readOnly: true });

/** The compactor is one in every mode: two would undo each other's work. */
const sizes = (replicas: number): Sizes => ({
  query: { replicas, cpu: "50m", memory: "32Mi", memoryLimit: "512Mi" },
  "query-frontend": { replicas, cpu: "20m", memory: "32Mi", memoryLimit: "768Mi" },
  store: { replicas, cpu: "50m", memory: "32Mi", memoryLimit: "768Mi" },
  compact: { replicas: 1, cpu: "50m", memory: "32Mi", memoryLimit: "1Gi" },
  rule: { replicas, cpu: "20m", memory: "32Mi", memoryLimit: "256Mi" },
});

const pods = ({ wiring: { wire, home }, size }: Context): readonly Pods[] => [
  {
    workload: home(query),
    size: size(home(query)),
    pod: {
      containers: [
        container(
          query,
          "query",
          [
            "--endpoint.sd-config-file=/etc/thanos/endpoints/endpoints.yaml",
            "--query.replica-label=replica",
            "--query.replica-label=rule_replica",
            "--query.replica-label=receive_replica",
            "--query.auto-downsampling",
          ],
          {
            resources: resources(size(home(query))),
            volumeMounts: [mounted("endpoints")],
          },
        ),
      ],
      volumes: [configVolume("endpoints", "thanos-query")],
    },
  },
  {
    workload: home(frontend),
    size: size(home(frontend)),
    pod: {
      containers: [
        container(
          frontend,
          "query-frontend",
          [
            `--query-frontend.downstream-url=http://${wire(frontend).to(query, "http")}`,
            "--query-range.response-cache-config-file=/etc/thanos/cache/response-cache.yml",
            "--query-frontend.compress-responses",
          ],
          {
            resources: resources(size(home(frontend))),
            volumeMounts: [mounted("cache")],
          },
        ),
      ],
      volumes: [configVolume("cache", "thanos-query-frontend")],
    },
  },
  {
    workload: home(store),
    size: size(home(store)),
    pod: {
      containers: [
        container(
          store,
          "store",
          ["--data-dir=/data", objectStore.flag, "--index-cache.config-file=/etc/thanos/cache/index-cache.yml"],
          {
            resources: resources(size(home(store))),
            volumeMounts: [mounted("cache"), objectStore.mount, data],
          },
        ),
      ],
      volumes: [configVolume("cache", "thanos-store"), objectStore.volume],
    },
  },
  {
    workload: home(compact),
    size: size(home(compact)),
    pod: {
      containers: [
        container(
          compact,
          "compact",
          [
            "--wait",
            // Late samples make blocks that overlap; without this the compactor would halt at the first of them.
            "--compact.enable-vertical-compaction",
            "--data-dir=/data",
            objectStore.flag,
            "--retention.resolution-raw=$(THANOS_RETENTION_RAW)",
            "--retention.resolution-5m=$(THANOS_RETENTION_5M)",
            "--retention.resolution-1h=$(THANOS_RETENTION_1H)",
          ],
          {
            envFrom: [{ configMapRef: { name: "thanos-settings" } }],
            resources: resources(size(home(compact))),
            volumeMounts: [objectStore.mount, data],
          },
        ),
      ],
      volumes: [objectStore.volume],
    },
  },
  {
    workload: home(rule),
    size: size(home(rule)),
    pod: {
      containers: [
        container(
          rule,
          "rule",
          [
            "--data-dir=/data",
            objectStore.flag,
            `--query=http://${wire(rule).to(query, "http")}`,
            `--alertmanagers.url=http://${wire(rule).to(alertmanager.roles.server, "http")}`,
            "--rule-file=/etc/thanos/rules/*.yaml",
            "--eval-interval=30s",
            '--label=rule_replica="$(POD_NAME)"',
            "--alert.label-drop=rule_replica",
          ],
          {
            env: [podName],
            resources: resources(size(home(rule))),
            volumeMounts: [mounted("rules"), objectStore.mount, data, { name: "tmp", mountPath: "/tmp" }],
          },
        ),
      ],
      volumes: [configVolume("rules", "thanos-rules"), objectStore.volume, emptyDir("tmp")],
    },
  },
];

export const thanos: Component = {
  name: "thanos",
  home: "stack",
  roles,
  modes: {
    monolithic: { grouping: apart, sizes: sizes(1) },
    scalable: { grouping: apart, sizes: sizes(2) },
  },
  settings: () => ({
    retentionRaw: { unit: "duration", value: "30d" },
    retention5m: { unit: "duration", value: "30d" },
    retention1h: { unit: "duration", value: "1y" },
  }),
  dataSource: ({ wire }) => grafana.metricsSource("Thanos", "Thanos", `http://${wire(grafana.roles.server).to(frontend, "http")}`),
  build(context) {
    const { wiring } = context;
    const stores = [store, compact, rule].map((role) => wiring.wire(role).to(minio.roles.server, "s3"));
    return {
      pods: pods(context),
      configs: configs(wiring),
      secrets: [secret(stores[0] as Address)],
    };
  },
};
