import { clusterAccess } from "../core/derive/rbac.ts";
import type { Component, Config, Context, Pods } from "../core/model/component.ts";
import { podIdentity, scrapeJobs, staticJobs } from "../core/derive/scrape.ts";
import { defineRoles, isSecure, type Role, type Workload } from "../core/model/roles.ts";
import {
  configVolume,
  containerPorts,
  httpGet,
  optionalConfigs,
  podName,
  probes,
  resources,
} from "../core/derive/pod.ts";
import type { Sized } from "../core/model/size.ts";
import type { Address, Wiring } from "../core/model/wiring.ts";
import { images } from "../versions.ts";
import * as alertmanager from "./alertmanager.ts";
import { clusterDns, controlPlane, kubelets, kubernetesJobs, kubernetesRights } from "./kubernetes.ts";
import { place } from "./otlp.ts";
import { apiServer, type Place } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";
import { rulesConfig } from "../core/model/monitoring.ts";
import { clusterLabel } from "../core/derive/queries.ts";
import { monitoring } from "../monitoring/prometheus.ts";

export const roles = defineRoles(
  "prometheus",
  { ports: { http: 9090 }, metrics: { port: "http" } },
  {
    server: {
      tier: "write",
      disk: "10Gi",
      // Of two Prometheuses with every second sample of a series each, Thanos would drop half of
      // them: once it has taken a sample of the one, it leaves out the other's for twice the time
      // since the last (pkg/dedup/iter.go in 0.42.5).
      entryPoint: { name: "prometheus", ports: ["http"], sessionAffinity: "ClientIP" },
    },
  },
);
const { server } = roles;

/** How often everything is scraped. */
export const scrapeIntervalSeconds = 30;

/** The ConfigMap of scrape jobs, and its file with those of the stack's own processes. */
export const scrapeFiles = { config: "prometheus-scrape", stack: "stack.yaml" } as const;

/** Where others push samples, until an environment has a back end that takes them itself. */
export const paths = { otlp: "/api/v1/otlp/v1/metrics", remoteWrite: "/api/v1/write" } as const;

/**
 * Labels by which those who keep samples tell one Prometheus from another. Where the samples have a
 * label of such a name already, theirs hides it (a sidecar) or is taken for it (remote write): so
 * no name that others use. Elasticsearch's have `cluster`, Ray's `replica`, and what comes from an
 * operator's Prometheus `prometheus_replica`.
 */
export const origin = { cluster: clusterLabel, replica: "kube_lgtm_replica" } as const;

/** What has no `cluster` of its own gets that of its Prometheus, by which people ask. */
export const namedCluster = {
  source_labels: ["cluster", origin.cluster],
  regex: ";(.+)",
  target_label: "cluster",
} as const;

/**
 * So late a sample may come, behind the newest of anybody's. A sender keeps what it cannot send in
 * its write-ahead log, for some two hours (https://prometheus.io/docs/practices/remote_write/) and
 * at most for as long as a head is, three; when it gets through, others have sent what is new
 * already.
 */
export const latest = "3h";

/**
 * A back end that says "not so fast" after an outage means later, not never; Prometheus would drop
 * what it was sending.
 */
export const patience = { retry_on_http_429: true } as const;

export interface RemoteWrite {
  readonly url: string;
  readonly queue_config: typeof patience;
  readonly write_relabel_configs: readonly object[];
  readonly send_exemplars: boolean;
  readonly send_native_histograms: boolean;
}

const everyAlertmanager = (address: Address) => {
  const [name = "", port] = address.split(":");
  return { names: [name], type: "A", port: Number(port) };
};

/**
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/ ; read again by the
 * program when it changes.
 */
export const config = (
  { wire }: Wiring,
  remoteWrite: readonly RemoteWrite[],
  alerts: "sent" | "kept" = "sent",
): Config => ({
  name: "prometheus",
  read: "runtime",
  files: {
    "prometheus.yml": {
      global: {
        scrape_interval: `${scrapeIntervalSeconds}s`,
        evaluation_interval: "30s",
        external_labels: { [origin.cluster]: "${PROMETHEUS_CLUSTER}", [origin.replica]: "${POD_NAME}" },
      },
      otlp: { promote_resource_attributes: place },
      storage: { tsdb: { out_of_order_time_window: latest }, exemplars: { max_exemplars: 100000 } },
      alerting:
        alerts === "kept"
          ? undefined
          : {
              // Replicas tell of one alert once.
              alert_relabel_configs: [{ regex: origin.replica, action: "labeldrop" }, namedCluster],
              alertmanagers: [
                {
                  scheme: isSecure(alertmanager.roles.server, "http") ? "https" : undefined,
                  dns_sd_configs: [
                    everyAlertmanager(wire(server).toGroup(alertmanager.members, [alertmanager.roles.server])),
                  ],
                },
              ],
            },
      rule_files: ["/etc/prometheus/rules/*.yaml"],
      scrape_config_files: ["/etc/prometheus/scrape/*.yaml"],
      remote_write: remoteWrite.length > 0 ? remoteWrite : undefined,
    },
  },
});

const annotation = (name: string): string => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;

/**
 * Pods of other namespaces that ask for it by the customary annotations, where the namespace's
 * owner opted in by label. Discovery finds each port of each container, init containers included,
 * and each container without a port. What is scraped is an address, once: no label tells apart what
 * leads to the same one.
 */
const annotatedPods = {
  job_name: "pods",
  kubernetes_sd_configs: [{ role: "pod", attach_metadata: { namespace: true } }],
  fallback_scrape_protocol: "PrometheusText0.0.4",
  // No certificate names a pod's address. Nothing secret is sent.
  tls_config: { insecure_skip_verify: true },
  relabel_configs: [
    // No policy lets Prometheus reach other namespaces.
    { source_labels: ["__meta_kubernetes_namespace_label_kube_lgtm_io_scrape"], regex: "true", action: "keep" },
    { source_labels: [annotation("scrape")], regex: "true", action: "keep" },
    { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Pending|Failed|Succeeded", action: "drop" },
    // The port that the annotation names, whoever listens there; without it each TCP port that a
    // container declares which stays.
    {
      source_labels: [
        annotation("port"),
        "__meta_kubernetes_pod_container_init",
        "__meta_kubernetes_pod_container_port_protocol",
      ],
      regex: "\\d+;.*|[^;]*;false;TCP",
      action: "keep",
    },
    {
      source_labels: ["__meta_kubernetes_pod_ip", annotation("port")],
      regex: "([^:]+);(\\d+)",
      replacement: "$1:$2",
      target_label: "__address__",
    },
    {
      source_labels: ["__meta_kubernetes_pod_ip", annotation("port")],
      regex: "(.+:.*);(\\d+)",
      replacement: "[$1]:$2",
      target_label: "__address__",
    },
    { source_labels: [annotation("path")], regex: "(.+)", target_label: "__metrics_path__" },
    { source_labels: [annotation("scheme")], regex: "(https?)", target_label: "__scheme__" },
    ...podIdentity,
  ],
};

const rolesOf = ({ catalogue }: Context): readonly Role[] =>
  catalogue.flatMap((component) => Object.values(component.roles));

/** Label by which an owner of a namespace has its annotated pods scraped. */
const scrapeLabel = { "kube-lgtm.io/scrape": "true" } as const;
const scrapedNamespaces: Place = {
  name: "scraped-namespaces",
  peers: [{ namespaceSelector: { matchLabels: scrapeLabel } }],
};

const scraped = (context: Context): void => {
  const { wire } = context.wiring;
  for (const role of rolesOf(context)) {
    for (const { port } of role.metrics) wire(server).discovers(role, port);
  }
  wire(server).toPlace(apiServer);
  for (const place of [scrapedNamespaces, kubelets, clusterDns, controlPlane]) wire(server).toPlace(place);
};

/** Rule files of people, beside those of the components. */
export const ownRules = "prometheus-rules-own";

/** ConfigMaps with rules, of which a cluster has those of its components. */
const rulesOf = ({ catalogue }: Context): readonly string[] =>
  [...catalogue.filter(({ monitoring }) => monitoring?.rules).map(({ name }) => rulesConfig(name)), ownRules].sort();

const pods = (workload: Workload, size: Sized, rules: readonly string[]): Pods => ({
  workload,
  size,
  // The next of a pair goes when Thanos has found the one before it under its new address, for
  // which it looks each five seconds.
  settleSeconds: size.replicas > 1 ? 15 : undefined,
  usesApi: true,
  asksOutside: true,
  annotations: { "kubectl.kubernetes.io/default-container": "prometheus" },
  pod: {
    terminationGracePeriodSeconds: 300,
    containers: [
      {
        name: "prometheus",
        image: images.prometheus,
        args: [
          "--config.file=/etc/prometheus/config/prometheus.yml",
          "--storage.tsdb.path=/data",
          "--storage.tsdb.retention.time=$(PROMETHEUS_RETENTION)",
          // Blocks of one length, so that a sidecar may upload them; the local retention is too
          // short for larger ones.
          "--storage.tsdb.min-block-duration=2h",
          "--storage.tsdb.max-block-duration=2h",
          // Late samples make a block of their own, which would be merged into the others of its
          // two hours; a sidecar uploads no merged block (`Sync` in pkg/shipper/shipper.go of
          // Thanos 0.42.5), and Thanos's compactor merges them in the bucket.
          "--no-storage.tsdb.allow-overlapping-compaction",
          "--web.enable-otlp-receiver",
          "--web.enable-remote-write-receiver",
          "--enable-feature=exemplar-storage",
          "--config.auto-reload",
          "--config.auto-reload-interval=15s",
        ],
        env: [podName],
        envFrom: [{ configMapRef: { name: "prometheus-settings" } }],
        ports: containerPorts(workload.roles),
        ...probes({ ready: httpGet("/-/ready"), live: httpGet("/-/healthy"), startSeconds: 600 }),
        resources: resources(size),
        volumeMounts: [
          { name: "config", mountPath: "/etc/prometheus/config", readOnly: true },
          { name: "scrape", mountPath: "/etc/prometheus/scrape", readOnly: true },
          { name: "rules", mountPath: "/etc/prometheus/rules", readOnly: true },
          { name: "data", mountPath: "/data" },
        ],
      },
    ],
    volumes: [
      configVolume("config", "prometheus"),
      configVolume("scrape", "prometheus-scrape"),
      optionalConfigs("rules", rules),
    ],
  },
});

export const prometheus: Component = {
  name: "prometheus",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "100m", memory: "160Mi", memoryLimit: "1Gi" } },
    },
    // More than one scrape the same; what keeps their samples takes the label of the replica away
    // again.
    scalable: { grouping: apart, sizes: { server: { replicas: 2, cpu: "100m", memory: "160Mi", memoryLimit: "1Gi" } } },
  },
  scrapeIntervalSeconds,
  monitoring,
  settings: () => ({
    cluster: { unit: "name", value: "kube-lgtm" },
    retention: {
      unit: "duration",
      value: "24h",
      bounds: {
        usual: "6h",
        zero: "its own default, 15 days",
        fillsVolume: true,
        because:
          "Prometheus writes a block every two hours, and a sidecar needs three of them while the store is away (https://thanos.io/tip/components/sidecar.md/)",
      },
    },
  }),
  withoutApi: (around) => ({
    configs: [
      {
        name: scrapeFiles.config,
        read: "runtime",
        files: { [scrapeFiles.stack]: { scrape_configs: staticJobs(around) } },
      },
    ],
  }),
  build(context) {
    scraped(context);
    const silent = rolesOf(context).filter(({ metrics }) => metrics.length === 0);
    const jobs = scrapeJobs(server, context.wiring, silent);
    return {
      pods: context.workloads.map((workload) => pods(workload, context.size(workload), rulesOf(context))),
      objects: clusterAccess("prometheus", [
        { group: "", resources: ["namespaces", "pods"], verbs: ["get", "list", "watch"] },
        ...kubernetesRights,
      ]),
      configs: [
        config(context.wiring, [], context.has(alertmanager.roles.server) ? "sent" : "kept"),
        {
          name: scrapeFiles.config,
          read: "runtime",
          files: {
            [scrapeFiles.stack]: { scrape_configs: jobs },
            "kubernetes.yaml": { scrape_configs: kubernetesJobs },
            "pods.yaml": { scrape_configs: [annotatedPods] },
          },
        },
      ],
    };
  },
};
