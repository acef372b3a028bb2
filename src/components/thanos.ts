import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvFromSource } from "kubernetes-models/v1/EnvFromSource";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { IVolumeMount } from "kubernetes-models/v1/VolumeMount";
import type { Component, Config, Context, Pods, SecretShape, SettingsTable } from "../core/model/component.ts";
import { defineRoles, isSecure, type Role } from "../core/model/roles.ts";
import {
  configVolume,
  containerPorts,
  emptyDir,
  httpGet,
  podIndex,
  podName,
  probes,
  resources,
  secretVolume,
  untilUnrouted,
} from "../core/derive/pod.ts";
import type { Size, Sizes } from "../core/model/size.ts";
import type { Bucket } from "../core/model/store.ts";
import type { Address } from "../core/model/wiring.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import * as grafana from "./grafana.ts";
import { caches, eachPod } from "./memcached.ts";
import * as minio from "./minio.ts";
import * as prometheus from "./prometheus.ts";
import { days } from "../sizing/sizing.ts";
import { identity } from "./store.ts";
import { apart } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/thanos.ts";
import { evaluatedConfig } from "../core/model/monitoring.ts";
import { watchedAlerts } from "../monitoring/prometheus/watched.ts";

/** All that serve series over gRPC: stores, rulers, sidecars, receivers. Thanos query asks them. */
export const storeApi = {
  component: "thanos",
  name: "thanos-store-api",
  port: "grpc",
  lists: "ready members",
} as const;

/**
 * Receivers put the tenant on every series, over what it has under that name: Thanos's own
 * `tenant_id` is a name that applications use.
 */
export const tenantLabel = "receive_tenant";

export const ports = { http: 10902, grpc: 10901 } as const;

export const roles = defineRoles(
  "thanos",
  { ports, metrics: { port: "http" } },
  {
    query: { tier: "read" },
    "query-frontend": { tier: "read", entryPoint: { name: "thanos-query-frontend", ports: ["http"] } },
    store: { tier: "read", groups: [storeApi], disk: "5Gi" },
    compact: { tier: "backend", disk: "10Gi", singleton: "but for shards" },
    rule: { tier: "backend", groups: [storeApi], disk: "2Gi", unsized: alertmanager.alerting },
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

const bucket: Bucket = { name: "thanos" };

const secret = (endpoint: Address): SecretShape => ({
  name: objectStore.secret,
  read: "start-up",
  files: {
    "objstore.yml": {
      type: "S3",
      config: {
        bucket: bucket.name,
        endpoint,
        access_key: minio.throwAway.accessKey,
        secret_key: minio.throwAway.secretKey,
        insecure: !isSecure(minio.roles.server, "s3"),
        bucket_lookup_type: "path",
      },
    },
  },
});

export const healthOn = (port: string) =>
  probes({ ready: httpGet("/-/ready", port), live: httpGet("/-/healthy", port), startSeconds: 300 });

/**
 * How a program is told to trace itself: by a variable, because it reads no others, with nothing in
 * it until a Component says something.
 */
export const tracing = {
  variable: "THANOS_TRACING",
  flag: "--tracing.config=$(THANOS_TRACING)",
  configName: (component: string): string => `${component}-tracing`,
  config: (component: string): Config => ({
    name: tracing.configName(component),
    read: "start-up",
    literals: { [tracing.variable]: "" },
  }),
  envFrom: (component: string): IEnvFromSource => ({ configMapRef: { name: tracing.configName(component) } }),
} as const;

/** A container of Thanos: what all of its sub-commands share. */
export const container = (
  roles: readonly Role[],
  command: string,
  args: readonly string[],
  rest: Partial<IContainer> & Pick<IContainer, "resources">,
): IContainer => ({
  name: `thanos-${command}`,
  image: images.thanos,
  args: [command, ...args, "--enable-auto-gomemlimit"],
  ports: containerPorts(roles),
  ...healthOn("http"),
  ...rest,
});

const cache = caches(
  "thanos",
  { index: { largestItem: "5m" }, chunks: { largestItem: "1m" }, results: { largestItem: "5m" } },
  {
    index: { replicas: 2, cpu: "50m", memory: "256Mi", memoryLimit: "320Mi" },
    chunks: { replicas: 2, cpu: "50m", memory: "512Mi", memoryLimit: "640Mi" },
    results: { replicas: 2, cpu: "50m", memory: "256Mi", memoryLimit: "320Mi" },
  },
);
/** Thanos's memcached, in modes in which its stores share the blocks. */
export const thanosCache = cache.component;

/** Whether stores share the blocks. Each zone has every block once, so one zone may restart. */
const isSharded = ({ wiring: { workloadOf }, size }: Context): boolean => size(workloadOf(store)).zones !== undefined;

/** Whether rulers keep nothing: more than one push their results to where samples go. */
const isStateless = ({ wiring: { workloadOf }, size }: Context): boolean => size(workloadOf(rule)).replicas > 1;

/** Whether compactors share the streams. Stop all but one while you change their number. */
const areShared = ({ wiring: { workloadOf }, size }: Context): boolean => size(workloadOf(compact)).replicas > 1;

/**
 * What a program keeps for itself, as the article has it.
 * https://thanos.io/tip/components/store.md/#in-memory-index-cache
 */
const inMemory = {
  index: { type: "IN-MEMORY", config: { max_size: "300MB", max_item_size: "120MB" } },
  results: { type: "IN-MEMORY", config: { max_size: "512MB", max_size_items: 100, validity: "120s" } },
};

/** https://thanos.io/tip/components/store.md/#memcached-index-cache */
const memcached = (address: Address, max_item_size: string, more: { readonly expiration?: string } = {}) => ({
  type: "MEMCACHED",
  config: { addresses: [eachPod(address)], max_item_size, ...more },
});

/**
 * An answer from the cache lacks late samples for no longer than this. Upstream's default: a day.
 */
const kept = { expiration: "10m" };

/**
 * Blocks of one pod of so many: the share of its number. https://thanos.io/tip/thanos/sharding.md
 */
const share = (source_labels: readonly string[], modulus: number): string => {
  const hash = { action: "hashmod", source_labels, target_label: "shard", modulus };
  const own = { action: "keep", source_labels: ["shard"], regex: "$(POD_INDEX)" };
  return `--selector.relabel-config=${JSON.stringify([hash, own])}`;
};
/** Roles and the caches that they ask. */
const askers = [
  [store, cache.roles.index],
  [store, cache.roles.chunks],
  [frontend, cache.roles.results],
] as const;

/** Connections that are made in some modes only, or that Thanos finds. */
const recordDiscovered = (context: Context): void => {
  const { wire } = context.wiring;
  for (const [from, to] of askers) wire(from).toIf(isSharded(context), to, "memcached");
  if (!isStateless(context)) wire(rule).mayConnect(prometheus.roles.server, "http");
};

/** The compactor ends at its start with less (cmd/thanos/compact.go in 0.42.5). */
const downsampling = {
  zero: "for ever",
  because:
    "Thanos makes samples of 5m after 40 hours, and of 1h after 10 days (https://thanos.io/tip/components/compact.md/#downsampling)",
} as const;

const settings = (context: Context): SettingsTable => ({
  ...(isStateless(context)
    ? {
        remoteWriteUrl: {
          unit: "url",
          value: `${context.wiring.wire(rule).url(prometheus.roles.server, "http")}${prometheus.paths.remoteWrite}`,
        },
      }
    : {}),
  retentionRaw: { unit: "duration", value: "30d", bounds: { ...downsampling, least: "40h" } },
  retention5m: { unit: "duration", value: "30d", bounds: { ...downsampling, least: "10d" } },
  retention1h: { unit: "duration", value: "1y", bounds: { ...downsampling, usual: "10d" } },
});

const storeFiles = (context: Context): Readonly<Record<string, object>> => {
  const { wire } = context.wiring;
  if (!isSharded(context)) return { "index-cache.yml": inMemory.index };
  return {
    "index-cache.yml": memcached(wire(store).to(cache.roles.index, "memcached"), "5MiB"),
    "bucket-cache.yml": memcached(wire(store).to(cache.roles.chunks, "memcached"), "1MiB"),
  };
};

/**
 * Labels that tell one stream of blocks from another; copies of one, which differ by
 * `receive_replica`, are merged.
 */
const streams = [prometheus.origin.cluster, prometheus.origin.replica, "rule_replica", tenantLabel];

const configs = (context: Context): readonly Config[] => {
  const { wire } = context.wiring;
  const results = isSharded(context)
    ? memcached(wire(frontend).to(cache.roles.results, "memcached"), "5MiB", kept)
    : inMemory.results;
  return [
    {
      name: "thanos-query",
      read: "start-up",
      files: { "endpoints.yaml": { endpoints: [{ address: `dns+${wire(query).toGroup(storeApi, [store, rule])}` }] } },
    },
    { name: "thanos-query-frontend", read: "start-up", files: { "response-cache.yml": results } },
    { name: "thanos-store", read: "start-up", files: storeFiles(context) },
    tracing.config("thanos"),
  ];
};

const data = { name: "data", mountPath: "/data" };
const mounted = (name: string) => ({ name, mountPath: `/etc/thanos/${name}`, readOnly: true });

/** One sub-command's pods: what is its own. */
interface Part {
  readonly args: readonly string[];
  /** ConfigMaps, by the folder below /etc/thanos that they are mounted at. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: readonly IEnvVar[];
  readonly envFrom?: "thanos-settings";
  readonly mounts?: readonly IVolumeMount[];
  readonly volumes?: readonly IVolume[];
}

/** The pods of a role, whose name is the sub-command's. */
const part = (
  { wiring: { workloadOf }, size }: Context,
  role: Role,
  { args, files = {}, env, envFrom, mounts = [], volumes = [] }: Part,
): Pods => ({
  workload: workloadOf(role),
  size: size(workloadOf(role)),
  asksOutside: volumes.includes(objectStore.volume) ? true : undefined,
  pod: {
    containers: [
      container([role], role.name, [...args, tracing.flag], {
        lifecycle: role === query || role === frontend ? untilUnrouted : undefined,
        env: env && [...env],
        envFrom: [...(envFrom ? [{ configMapRef: { name: envFrom } }] : []), tracing.envFrom("thanos")],
        resources: resources(size(workloadOf(role))),
        volumeMounts: [...Object.keys(files).map(mounted), ...mounts],
      }),
    ],
    volumes: [...Object.entries(files).map(([folder, config]) => configVolume(folder, config)), ...volumes],
  },
});

const queryArgs = [
  "--endpoint.sd-config-file=/etc/thanos/endpoints/endpoints.yaml",
  // Of a pair that is rolled, the second goes when the first is ready: by then it must be known
  // under its new address.
  "--store.sd-dns-interval=5s",
  `--query.replica-label=${prometheus.origin.replica}`,
  "--query.replica-label=rule_replica",
  "--query.replica-label=receive_replica",
  "--query.auto-downsampling",
];

const frontendArgs = ({ wiring: { wire } }: Context): readonly string[] => [
  `--query-frontend.downstream-url=${wire(frontend).url(query, "http")}`,
  "--query-range.response-cache-config-file=/etc/thanos/cache/response-cache.yml",
  "--query-frontend.compress-responses",
];

const storeArgs = (context: Context): readonly string[] => [
  "--data-dir=/data",
  objectStore.flag,
  "--index-cache.config-file=/etc/thanos/cache/index-cache.yml",
  ...(isSharded(context)
    ? [
        "--store.caching-bucket.config-file=/etc/thanos/cache/bucket-cache.yml",
        share(["__block_id"], context.size(context.wiring.workloadOf(store)).replicas),
      ]
    : []),
];

const compactArgs = (context: Context): readonly string[] => [
  "--wait",
  // Late samples make blocks that overlap; without this the compactor would halt at the first of
  // them.
  "--compact.enable-vertical-compaction",
  // Copies that receivers upload of the same samples become one.
  "--deduplication.replica-label=receive_replica",
  "--data-dir=/data",
  objectStore.flag,
  "--retention.resolution-raw=$(THANOS_RETENTION_RAW)",
  "--retention.resolution-5m=$(THANOS_RETENTION_5M)",
  "--retention.resolution-1h=$(THANOS_RETENTION_1H)",
  ...(areShared(context) ? [share(streams, context.size(context.wiring.workloadOf(compact)).replicas)] : []),
];

const ruleArgs = (context: Context): readonly string[] => [
  "--data-dir=/data",
  isStateless(context)
    ? `--remote-write.config=${JSON.stringify({ remote_write: [{ url: "$(THANOS_REMOTE_WRITE_URL)", send_native_histograms: true, queue_config: prometheus.patience }] })}`
    : objectStore.flag,
  `--query=${context.wiring.wire(rule).url(query, "http")}`,
  `--alertmanagers.url=dns+${context.wiring.wire(rule).urlToGroup(alertmanager.members, [alertmanager.roles.server])}`,
  "--rule-file=/etc/thanos/rules/*.yaml",
  "--eval-interval=30s",
  '--label=rule_replica="$(POD_NAME)"',
  "--alert.label-drop=rule_replica",
  `--alert.relabel-config=${JSON.stringify([prometheus.namedCluster])}`,
];

const pods = (context: Context): readonly Pods[] => {
  const blocks = { mounts: [objectStore.mount, data], volumes: [objectStore.volume] };
  const tmp = { name: "tmp", mountPath: "/tmp" };
  return [
    part(context, query, { args: queryArgs, files: { endpoints: "thanos-query" } }),
    part(context, frontend, { args: frontendArgs(context), files: { cache: "thanos-query-frontend" } }),
    part(context, store, {
      args: storeArgs(context),
      files: { cache: "thanos-store" },
      env: isSharded(context) ? [podIndex("POD_INDEX")] : undefined,
      ...blocks,
    }),
    part(context, compact, {
      args: compactArgs(context),
      env: areShared(context) ? [podIndex("POD_INDEX")] : undefined,
      envFrom: "thanos-settings",
      ...blocks,
    }),
    part(context, rule, {
      args: ruleArgs(context),
      files: { rules: evaluatedConfig("thanos") },
      env: [podName],
      ...(isStateless(context)
        ? { envFrom: "thanos-settings", mounts: [data, tmp], volumes: [emptyDir("tmp")] }
        : { mounts: [objectStore.mount, data, tmp], volumes: [objectStore.volume, emptyDir("tmp")] }),
    }),
  ];
};

/** The compactor is one in every mode: two would undo each other's work. */
const sizes = (replicas: number): Sizes => ({
  query: { replicas, cpu: "50m", memory: "32Mi", memoryLimit: "512Mi" },
  "query-frontend": { replicas, cpu: "20m", memory: "32Mi", memoryLimit: "768Mi" },
  store: { replicas, cpu: "50m", memory: "32Mi", memoryLimit: "768Mi" },
  compact: { replicas: 1, cpu: "50m", memory: "32Mi", memoryLimit: "1Gi" },
  rule: { replicas, cpu: "20m", memory: "32Mi", memoryLimit: "256Mi" },
});
const pair: Size = { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "1Gi" };

export const thanos: Component = {
  name: "thanos",
  namespaceKind: "stack",
  roles,
  monitoring,
  modes: {
    monolithic: { grouping: apart, sizes: sizes(1) },
    scalable: { grouping: apart, sizes: sizes(2) },
    microservices: {
      grouping: apart,
      sizes: {
        query: { ...pair, maxReplicas: 6 },
        "query-frontend": { ...pair, maxReplicas: 4 },
        store: { ...pair, zones: 2 },
        compact: { ...pair, replicas: 1, memoryLimit: "2Gi" },
        rule: pair,
      },
    },
  },
  settings,
  // Its ruler reads them again only when somebody tells it to.
  evaluates: { about: "prometheus", alerts: watchedAlerts, read: "start-up" },
  buckets: [bucket],
  warnings: ({ settings }) =>
    (
      [
        ["retention5m", "retentionRaw"],
        ["retention1h", "retention5m"],
      ] as const
    )
      .filter(([coarse, fine]) => days(settings[coarse]?.value ?? "0s") < days(settings[fine]?.value ?? "0s"))
      .map(
        ([coarse, fine]) =>
          `components.thanos.${coarse} is "${settings[coarse]?.value}", less than ${fine}, "${settings[fine]?.value}": ` +
          "long ranges are read from the coarser samples, which are gone first (https://thanos.io/tip/components/compact.md/)",
      ),
  signals: grafana.metricsSignal,
  dataSource: ({ wire }, uidOf) =>
    grafana.metricsSource("Thanos", wire(grafana.roles.server).url(frontend, "http"), uidOf),
  build(context) {
    recordDiscovered(context);
    const { wire } = context.wiring;
    const stores = isStateless(context) ? [store, compact] : [store, compact, rule];
    const [address] = stores.map((role) => wire(role).to(minio.roles.server, "s3"));
    return {
      identity: identity(context.store, "thanos"),
      pods: pods(context),
      configs: configs(context),
      secrets: [secret(address as Address)],
    };
  },
};
