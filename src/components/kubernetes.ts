import { unreal } from "../core/derive/pod.ts";
import type { Place } from "../core/model/places.ts";

/*
 * What Kubernetes says of itself: its kubelets, API servers and DNS, and the processes beside the
 * API server where a cluster lets one reach them. Jobs are called as the community's dashboards
 * expect (config.libsonnet of kubernetes-mixin 1.5.6), but for the API servers', which kube-prometheus
 * calls `apiserver`.
 */

/** Series that a job keeps: nobody asks for the others, which are many times as many. */
interface Kept {
  /** Expressions of whole names. */
  readonly names: readonly string[];
  /** Histograms of which these buckets are enough to tell good from bad. */
  readonly histograms?: readonly string[];
  /** Upper bounds of those buckets. */
  readonly bounds?: readonly number[];
}

/**
 * One rule, because a rule cannot say "all but": names, sums and counts have no `le`. Prometheus
 * writes a whole bound as "1.0" (https://prometheus.io/docs/prometheus/latest/migration/).
 */
const keep = ({ names, histograms = [], bounds = [] }: Kept): object => {
  const some = histograms.join("|");
  const les = [...bounds.map((bound) => `${bound}${Number.isInteger(bound) ? "(.0)?" : ""}`), "+Inf"].map((bound) =>
    bound.replaceAll(/[.+]/g, "\\$&"),
  );
  const parts = [
    `(${names.join("|")});.*`,
    ...(some === "" ? [] : [`(${some})_(sum|count);`, `(${some})_bucket;(${les.join("|")})`]),
  ];
  return { source_labels: ["__name__", "le"], regex: parts.join("|"), action: "keep" };
};

/** What every process says of itself. */
const process = [
  "process_(cpu_seconds_total|resident_memory_bytes|start_time_seconds|open_fds|max_fds)",
  "go_goroutines",
];
const client = ["rest_client_requests_total"];
const version = "kubernetes_build_info";
const queues: Pick<Kept, "names" | "histograms"> = {
  names: ["workqueue_(adds_total|depth)"],
  histograms: ["workqueue_queue_duration_seconds"],
};

/**
 * The account's token goes to whoever answers: kubelets serve certificates that they sign
 * themselves, unless a cluster's owner has them signed and approves each
 * (https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/), and the
 * processes beside the API server always do. All that the token may do is read.
 */
const unverified = { insecure_skip_verify: true } as const;
const account = "/var/run/secrets/kubernetes.io/serviceaccount";
const authorization = { credentials_file: `${account}/token` } as const;

const copy = (source: string, target_label: string): object => ({ source_labels: [source], target_label });

/**
 * Where kubelets listen: on the addresses of nodes, which no selector names, and at a port that a
 * node's status tells (10250 on every distribution that docs/security.md lists).
 */
export const kubelets: Place = { name: "kubelets", ports: [10250] };

const kubelet = (job: string, metrics_path: string, kept: readonly object[], more: object = {}): object => ({
  job_name: job,
  scheme: "https",
  metrics_path,
  authorization,
  tls_config: unverified,
  // Its series are about pods, and have their namespace, pod and container already.
  honor_labels: true,
  ...more,
  kubernetes_sd_configs: [{ role: "node" }],
  relabel_configs: [
    // Nobody answers there.
    ...Object.entries(unreal).map(([label, value]) => ({
      source_labels: [`__meta_kubernetes_node_label_${label.replaceAll(/\W/g, "_")}`],
      regex: value,
      action: "drop",
    })),
    copy("__meta_kubernetes_node_name", "node"),
    copy("__meta_kubernetes_node_name", "instance"),
    copy("__metrics_path__", "metrics_path"),
  ],
  metric_relabel_configs: kept,
});

/**
 * cAdvisor writes at which time it looked, which is not the time of the scrape. Without this a
 * container that is gone would go on for five minutes.
 */
const lookedAt = { track_timestamps_staleness: true } as const;

const ofKubelets: readonly object[] = [
  kubelet("kubelet", "/metrics", [
    keep({
      names: [
        ...process,
        ...client,
        version,
        "kubelet_volume_stats_.+",
        "kubelet_running_(pods|containers)",
        "kubelet_(node_name|evictions|server_expiration_renew_errors|started_pods_errors_total)",
        "kubelet_started_containers_errors_total",
        "kubelet_certificate_manager_.+",
        "kubelet_pleg_(last_seen_seconds|discard_events)",
        "kubelet_pleg_relist_(duration|interval)_seconds_(bucket|sum|count)",
        "kubelet_runtime_operations_(errors_)?total",
        "storage_operation_errors_total",
        "volume_manager_total_volumes",
      ],
      histograms: [
        "kubelet_(pod_start(_sli)?|pod_worker|cgroup_manager|runtime_operations)_duration_seconds",
        "storage_operation_duration_seconds",
        "rest_client_request_duration_seconds",
      ],
      // The last five are of runtime_operations, which has bounds of its own.
      bounds: [
        0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 0.078125, 0.48828125, 3.0517578125, 19.073486328125, 119.20928955078125,
      ],
    }),
  ]),
  kubelet(
    "cadvisor",
    "/metrics/cadvisor",
    [
      keep({
        names: [
          "container_cpu_usage_seconds_total",
          "container_cpu_cfs_(periods|throttled_periods|throttled_seconds)_total",
          "container_memory_(working_set_bytes|rss|cache|swap)",
          "container_spec_memory_limit_bytes",
          "container_oom_events_total",
          "container_start_time_seconds",
          "container_network_(receive|transmit)_(bytes|packets|packets_dropped|errors)_total",
          "container_fs_(reads|writes)(_bytes)?_total",
          "machine_(cpu_cores|memory_bytes)",
        ],
      }),
      // Groups of the node between its root and its pods: they are the sums of what is in them.
      { source_labels: ["pod", "id"], regex: ";/.+", action: "drop" },
      // So is a pod's own group, beside which its pause container holds the network alone.
      {
        source_labels: ["__name__", "pod", "container"],
        regex: "container_(cpu|memory|spec|oom|start|fs)_.+;.+;(POD)?",
        action: "drop",
      },
    ],
    lookedAt,
  ),
  // Containers are left out, which cAdvisor has, too: a sum over both would be twice as much.
  kubelet(
    "kubelet-resource",
    "/metrics/resource",
    [keep({ names: ["(node|pod)_(cpu_usage_seconds_total|memory_working_set_bytes)", "(resource_)?scrape_error"] })],
    lookedAt,
  ),
  kubelet("kubelet-probes", "/metrics/probes", [keep({ names: ["prober_probe_total"] })]),
];

/** An API server's certificate names it, and is signed by the cluster's own authority. */
const apiServers = {
  job_name: "apiserver",
  scheme: "https",
  authorization,
  tls_config: { ca_file: `${account}/ca.crt`, server_name: "kubernetes" },
  kubernetes_sd_configs: [
    {
      role: "endpointslice",
      namespaces: { names: ["default"] },
      selectors: [
        { role: "endpointslice", label: "kubernetes.io/service-name=kubernetes" },
        { role: "service", field: "metadata.name=kubernetes" },
        // What is behind it is no pod: none is asked for.
        { role: "pod", field: "metadata.name=kubernetes" },
      ],
    },
  ],
  relabel_configs: [
    { source_labels: ["__meta_kubernetes_endpointslice_port_name"], regex: "https", action: "keep" },
    copy("__meta_kubernetes_namespace", "namespace"),
  ],
  metric_relabel_configs: [
    keep({
      names: [
        ...process,
        ...client,
        version,
        ...queues.names,
        "apiserver_request_(total|terminations_total)",
        "apiserver_current_inflight_requests",
        "apiserver_flowcontrol_rejected_requests_total",
        "apiserver_admission_webhook_(rejection_count|fail_open_count)",
        "apiserver_client_certificate_expiration_seconds_(bucket|sum|count)",
        "apiserver_storage_size_bytes",
        "aggregator_unavailable_apiservice(_total)?",
      ],
      histograms: ["apiserver_request_sli_duration_seconds", ...(queues.histograms ?? [])],
      // Upstream's objectives are 1, 5 and 30 seconds.
      bounds: [0.1, 1, 5, 30],
    }),
  ],
};

/** A process in a pod of kube-system. */
interface SystemProcess {
  readonly job: string;
  /** Label of its pods. */
  readonly selects: string;
  readonly port: number;
  readonly scheme?: "https";
  /** Only where a container declares the port: another program has the same label elsewhere. */
  readonly declared?: true;
  readonly kept: Kept;
}

/** The cluster's DNS, where it is CoreDNS. */
const dns: SystemProcess = {
  job: "coredns",
  selects: "k8s-app=kube-dns",
  port: 9153,
  declared: true,
  kept: { names: [...process, "coredns_.+"] },
};

/**
 * By kubeadm's labels and upstream's ports (https://kubernetes.io/docs/reference/networking/ports-and-protocols/).
 * Where a provider runs them there are no such pods; kubeadm has them listen on the node's loopback
 * (`--bind-address`, `--listen-metrics-urls`, `metricsBindAddress`) until somebody changes it.
 */
const besideApiServer: readonly SystemProcess[] = [
  {
    job: "kube-scheduler",
    selects: "component=kube-scheduler",
    port: 10259,
    scheme: "https",
    kept: {
      names: [...process, ...client, ...queues.names, "scheduler_(pending_pods|schedule_attempts_total)"],
      histograms: [
        ...(queues.histograms ?? []),
        "scheduler_(pod_scheduling_sli|scheduling_attempt|scheduling_algorithm)_duration_seconds",
      ],
      // Exponential from 0.01 and from 0.001, of which each second one is kept.
      bounds: [
        0.01, 0.04, 0.16, 0.64, 2.56, 10.24, 40.96, 163.84, 0.001, 0.004, 0.016, 0.064, 0.256, 1.024, 4.096, 16.384,
      ],
    },
  },
  {
    job: "kube-controller-manager",
    selects: "component=kube-controller-manager",
    port: 10257,
    scheme: "https",
    kept: {
      ...queues,
      names: [...process, ...client, ...queues.names],
      bounds: [0.1, 1, 10],
    },
  },
  {
    job: "etcd",
    selects: "component=etcd",
    port: 2381,
    kept: {
      names: [
        ...process,
        "etcd_server_(has_leader|is_leader|leader_changes_seen_total|proposals_failed_total|proposals_pending)",
        "etcd_server_quota_backend_bytes",
        "etcd_mvcc_db_total_size_(in_bytes|in_use_in_bytes)",
        "etcd_disk_(wal_fsync|backend_commit)_duration_seconds_(bucket|sum|count)",
        "etcd_network_peer_round_trip_time_seconds_(bucket|sum|count)",
      ],
    },
  },
  {
    job: "kube-proxy",
    selects: "k8s-app=kube-proxy",
    port: 10249,
    kept: {
      names: [...process, ...client, "kubeproxy_sync_proxy_rules_duration_seconds_(bucket|sum|count)"],
      histograms: ["kubeproxy_network_programming_duration_seconds"],
      bounds: [0.5, 1, 5, 10, 30, 60],
    },
  },
];

/** Pods of the cluster's DNS. */
export const clusterDns: Place = {
  name: "cluster-dns",
  peers: [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
  ],
  ports: [dns.port],
};

/** On the nodes' own network, where no selector reaches. */
export const controlPlane: Place = {
  name: "control-plane",
  ports: besideApiServer.map(({ port }) => port).sort((a, b) => a - b),
};

/** A pod's address at a port that it need not declare; what leads there twice is one target. */
const at = (port: number): readonly object[] => [
  { source_labels: ["__meta_kubernetes_pod_ip"], replacement: `$1:${port}`, target_label: "__address__" },
  {
    source_labels: ["__meta_kubernetes_pod_ip"],
    regex: "(.+:.*)",
    replacement: `[$1]:${port}`,
    target_label: "__address__",
  },
];

const inSystem = ({ job, selects, port, scheme, declared, kept }: SystemProcess): object => ({
  job_name: job,
  scheme,
  ...(scheme === "https" ? { authorization, tls_config: unverified } : {}),
  kubernetes_sd_configs: [
    { role: "pod", namespaces: { names: ["kube-system"] }, selectors: [{ role: "pod", label: selects }] },
  ],
  relabel_configs: [
    { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Pending|Failed|Succeeded", action: "drop" },
    { source_labels: ["__meta_kubernetes_pod_container_init"], regex: "true", action: "drop" },
    ...(declared
      ? [{ source_labels: ["__meta_kubernetes_pod_container_port_number"], regex: `${port}`, action: "keep" }]
      : at(port)),
    copy("__meta_kubernetes_namespace", "namespace"),
    copy("__meta_kubernetes_pod_name", "pod"),
    copy("__meta_kubernetes_pod_node_name", "node"),
  ],
  metric_relabel_configs: [keep(kept)],
});

/** Every job, in the order of their names. */
export const kubernetesJobs: readonly object[] = [
  apiServers,
  ...ofKubelets,
  ...[dns, ...besideApiServer].map(inSystem),
];

/** What the jobs ask of an API server, and of a kubelet by way of it. */
export const kubernetesRights = [
  { group: "", resources: ["nodes", "services"], verbs: ["list", "watch"] },
  { group: "discovery.k8s.io", resources: ["endpointslices"], verbs: ["list", "watch"] },
  // Of a kubelet's endpoints these are /metrics and what is below it alone (pkg/kubelet/server/auth.go
  // of Kubernetes 1.35): `nodes/proxy` would let one run commands in every container.
  { group: "", resources: ["nodes/metrics"], verbs: ["get"] },
  { urls: ["/metrics"], verbs: ["get"] },
] as const;
