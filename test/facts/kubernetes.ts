/*
 * What the community asks Kubernetes's own processes for, by job: names in the dashboards and rules that kube-prometheus v0.18.0 ships
 * (manifests/grafana-dashboardDefinitions.yaml, manifests/kubernetesControlPlane-prometheusRule.yaml), and of coredns-mixin. Recordings and
 * Windows are left out.
 */

const oneOf = (prefix: string, ...names: readonly string[]): readonly string[] => names.map((name) => prefix + name);

export const asked: Readonly<Record<string, readonly string[]>> = {
  kubelet: [
    ...oneOf("kubelet_volume_stats_", "available_bytes", "capacity_bytes", "used_bytes"),
    ...oneOf("kubelet_volume_stats_", "inodes", "inodes_free", "inodes_used"),
    ...oneOf("kubelet_", "running_pods", "running_containers", "node_name", "evictions"),
    ...oneOf(
      "kubelet_",
      "server_expiration_renew_errors",
      "runtime_operations_total",
      "runtime_operations_errors_total",
    ),
    ...oneOf(
      "kubelet_certificate_manager_",
      "client_ttl_seconds",
      "server_ttl_seconds",
      "client_expiration_renew_errors",
    ),
    ...oneOf("kubelet_pleg_relist_", "duration_seconds_bucket", "duration_seconds_count", "interval_seconds_bucket"),
    ...["pod_start", "pod_worker", "cgroup_manager", "runtime_operations"].map(
      (one) => `kubelet_${one}_duration_seconds_bucket`,
    ),
    ...["pod_start", "pod_worker", "cgroup_manager"].map((one) => `kubelet_${one}_duration_seconds_count`),
    ...oneOf("storage_operation_", "duration_seconds_bucket", "duration_seconds_count", "errors_total"),
    ...oneOf("rest_client_", "requests_total", "request_duration_seconds_bucket"),
    ...oneOf("process_", "cpu_seconds_total", "resident_memory_bytes"),
    ...["go_goroutines", "kubernetes_build_info", "volume_manager_total_volumes"],
  ],
  cadvisor: [
    ...oneOf("container_cpu_", "usage_seconds_total", "cfs_periods_total", "cfs_throttled_periods_total"),
    ...oneOf("container_memory_", "working_set_bytes", "rss", "cache", "swap"),
    ...["receive", "transmit"].flatMap((way) =>
      oneOf(`container_network_${way}_`, "bytes_total", "packets_total", "packets_dropped_total"),
    ),
    ...oneOf("container_fs_", "reads_total", "writes_total", "reads_bytes_total", "writes_bytes_total"),
  ],
  apiserver: [
    ...oneOf(
      "apiserver_request_",
      "total",
      "terminations_total",
      "sli_duration_seconds_bucket",
      "sli_duration_seconds_count",
    ),
    ...oneOf("apiserver_client_certificate_expiration_seconds_", "bucket", "count"),
    ...oneOf("aggregator_unavailable_apiservice", "", "_total"),
    ...oneOf("workqueue_", "adds_total", "depth", "queue_duration_seconds_bucket"),
    ...oneOf("process_", "cpu_seconds_total", "resident_memory_bytes", "start_time_seconds"),
    ...["go_goroutines", "kubernetes_build_info", "rest_client_requests_total"],
  ],
  coredns: [
    ...oneOf("coredns_cache_", "entries", "hits_total", "misses_total"),
    ...oneOf("coredns_dns_", "request_duration_seconds_bucket", "request_size_bytes_bucket", "requests_total"),
    ...oneOf("coredns_dns_", "response_size_bytes_bucket", "responses_total"),
    ...oneOf("coredns_forward_", "healthcheck_broken_total", "healthcheck_failures_total", "responses_total"),
    ...oneOf("coredns_", "panics_total", "plugin_enabled"),
    ...["go_goroutines", "process_cpu_seconds_total", "process_resident_memory_bytes"],
  ],
  "kube-scheduler": [
    ...oneOf("scheduler_", "pod_scheduling_sli_duration_seconds_bucket", "scheduling_attempt_duration_seconds_bucket"),
    ...oneOf(
      "scheduler_",
      "scheduling_algorithm_duration_seconds_bucket",
      "scheduling_algorithm_duration_seconds_count",
    ),
    ...["rest_client_requests_total", "go_goroutines", "process_resident_memory_bytes"],
  ],
  "kube-controller-manager": [
    ...oneOf("workqueue_", "adds_total", "depth", "queue_duration_seconds_bucket"),
    ...["rest_client_requests_total", "go_goroutines", "process_cpu_seconds_total"],
  ],
  "kube-proxy": [
    ...oneOf("kubeproxy_network_programming_duration_seconds_", "bucket", "count"),
    ...oneOf("kubeproxy_sync_proxy_rules_duration_seconds_", "bucket", "count"),
    ...["rest_client_requests_total", "go_goroutines"],
  ],
};

/** What is the same of a job wherever it is asked for: `le` of its histograms' buckets that upstream's objectives name (SLOs of kubernetes-mixin). */
export const objectives: readonly string[] = ["1", "1.0", "5", "5.0", "30", "30.0", "+Inf"];

/**
 * Series as a kubelet of 1.35.4 with containerd gives them at /metrics/cadvisor of a node with one pod, shortened; its timestamps are left out.
 * The network is that of a pod's pause container.
 */
const group = "/kubepods/burstable/pod5cf537e7";
const ofPod = { namespace: "kube-system", pod: "coredns-5c5577664-pflbh" };
const ofNone = { container: "", image: "", name: "", namespace: "", pod: "" };
export const cadvisorGroups = {
  node: { ...ofNone, id: "/" },
  pods: { ...ofNone, id: "/kubepods" },
  burstable: { ...ofNone, id: "/kubepods/burstable" },
  pod: { ...ofNone, ...ofPod, id: group },
  pause: { ...ofPod, container: "", image: "registry.k8s.io/pause:3.10", name: "2772960b", id: `${group}/2772960b` },
  // With Docker the pause container has a name (pkg/kubelet/dockershim of 1.23, which cri-dockerd goes on with).
  dockerPause: {
    ...ofPod,
    container: "POD",
    image: "registry.k8s.io/pause:3.10",
    name: "k8s_POD_0",
    id: `${group}/3c0b11`,
  },
  container: {
    ...ofPod,
    container: "coredns",
    image: "registry.k8s.io/coredns:v1",
    name: "3e42d736",
    id: `${group}/3e42d736`,
  },
} as const;

/** Pods of kubeadm's static manifests (cmd/kubeadm/app/phases/controlplane/manifests.go and phases/etcd/local.go, util/staticpod/utils.go of 1.35) and add-ons. */
export const systemPods: readonly {
  readonly job: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly url: string;
}[] = [
  {
    job: "kube-scheduler",
    labels: { component: "kube-scheduler", tier: "control-plane" },
    url: "https://192.0.2.7:10259/metrics",
  },
  {
    job: "kube-controller-manager",
    labels: { component: "kube-controller-manager", tier: "control-plane" },
    url: "https://192.0.2.7:10257/metrics",
  },
  { job: "etcd", labels: { component: "etcd", tier: "control-plane" }, url: "http://192.0.2.7:2381/metrics" },
  // cmd/kubeadm/app/phases/addons/proxy/manifests.go; port: cmd/kube-proxy/app/options.go, metricsBindAddress
  { job: "kube-proxy", labels: { "k8s-app": "kube-proxy" }, url: "http://192.0.2.7:10249/metrics" },
];
