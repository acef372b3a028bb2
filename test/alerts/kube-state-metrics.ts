import type { AlertCase, AlertCases, RecordingCase, Series } from "../lib/alerts.ts";

const job = 'job="kube-state-metrics",instance="kube-state-metrics"';
const at = `${job},namespace="shop"`;
const cart = `${at},pod="cart-7d4b9c-x2x7q",uid="1"`;
const kubelet = 'job="kubelet",instance="worker-1",node="worker-1",metrics_path="/metrics"';
const data = `${kubelet},namespace="shop",persistentvolumeclaim="data-db-0"`;
const api = 'job="apiserver",namespace="default",instance="192.0.2.1:6443"';
const shop = { namespace: "shop" };

const warning = (
  labels: Readonly<Record<string, string>>,
  fires: Series,
  silent: Series,
  always: Series = {},
): AlertCase => ({
  labels: { severity: "warning", ...labels },
  fires,
  silent,
  always,
});

/** Pods that a workload has of those that it asks for; `updated` says that a roll-out is under way. */
const replicas = (kind: string, wanted: string, has: string, updated: string): readonly AlertCase[] => {
  const of = (name: string): string => `kube_${kind}_${name}{${at},${kind}="cart"}`;
  const few = { [of(wanted)]: 3, [of(has)]: 2 };
  const labels = { severity: "warning", ...shop, [kind]: "cart" };
  return [
    { labels, always: { [of(updated)]: 3 }, fires: few, silent: { ...few, [of(has)]: 3 } },
    {
      name: "not while a roll-out goes on",
      labels,
      fires: { ...few, [of(updated)]: 3 },
      silent: { ...few, [of(updated)]: "0.1/s" },
    },
  ];
};

const waits = (reason: string): string =>
  `kube_pod_container_status_waiting_reason{${cart},container="cart",reason="${reason}"}`;
const phase = (name: string): string => `kube_pod_status_phase{${cart},phase="${name}"}`;
const unready = `kube_pod_status_ready{${cart},condition="false"}`;
const owner = (kind: string): string =>
  `kube_pod_owner{${cart},owner_is_controller="true",owner_kind="${kind}",owner_name="cart-7d4b9c"}`;

const hpa = (name: string): string => `kube_horizontalpodautoscaler_${name}{${at},horizontalpodautoscaler="cart"}`;
const quota = (type: string): string =>
  `kube_resourcequota{${at},resourcequota="all",resource="requests.cpu",type="${type}"}`;

const allocatable = (node: string): string =>
  `kube_node_status_allocatable{${job},node="${node}",resource="memory",unit="byte"}`;
const request = `kube_pod_container_resource_requests{${cart},container="cart",node="worker-1",resource="memory",unit="byte"}`;

const condition = (name: string, status: string): string =>
  `kube_node_status_condition{${job},node="worker-1",condition="${name}",status="${status}"}`;
const cordoned = `kube_node_spec_unschedulable{${job},node="worker-1"}`;
const node = { node: "worker-1" };

const volume = (left: string, size: string): Readonly<Record<"full" | "filling", AlertCase>> => {
  const [free, all] = [`kubelet_volume_stats_${left}{${data}}`, `kubelet_volume_stats_${size}{${data}}`];
  const labels = { ...shop, persistentvolumeclaim: "data-db-0" };
  return {
    full: {
      labels: { ...labels, severity: "critical" },
      always: { [all]: 100e6 },
      fires: { [free]: 2.9e6 },
      silent: { [free]: 3.1e6 },
    },
    filling: {
      labels: { ...labels, severity: "warning" },
      interval: "5m",
      always: { [all]: 100e6 },
      // Some 14 % are left, and none after 3.9 days; or after 4.3.
      fires: { [free]: "15000000-42/s" },
      silent: { [free]: "15000000-38/s" },
    },
  };
};
const bytes = volume("available_bytes", "capacity_bytes");
const inodes = volume("inodes_free", "inodes");

const burnt = (range: string): string => `kube_lgtm:apiserver_requests_failed:ratio_rate${range}{job="apiserver"}`;
const burns = (long: string, short: string, most: number): AlertCase => ({
  name: `over ${long}`,
  labels: { severity: "warning" },
  fires: { [burnt(long)]: most * 1.02, [burnt(short)]: most * 1.02 },
  silent: { [burnt(long)]: most * 1.02, [burnt(short)]: most * 0.98 },
});

const sli = "apiserver_request_sli_duration_seconds";
const gets = `${api},component="apiserver",resource="pods",scope="resource",verb="GET",version="v1"`;
const request_ = `${api},component="apiserver",code="200",resource="pods",scope="resource",verb="GET",version="v1"`;
const dns =
  'job="coredns",namespace="kube-system",pod="coredns-1",node="worker-1",instance="10.1.0.2:9153",server="dns://:53",view=""';
const answers = (rcode: string): string =>
  `coredns_dns_responses_total{${dns},plugin="forward",rcode="${rcode}",zone="."}`;
const took = (le: string): string => `coredns_dns_request_duration_seconds_bucket{${dns},zone=".",le="${le}"}`;
const self =
  'app="kube-state-metrics",job="kube-state-metrics-telemetry",namespace="observability",workload="server",pod="kube-state-metrics-1",container="kube-state-metrics",node="worker-1",instance="10.1.0.3:8081",resource="*v1.Pod"';
const attempts = (verb: string): AlertCase => {
  const of = (result: string): string => `kube_state_metrics_${verb}_total{${self},result="${result}"}`;
  return {
    labels: { severity: "warning", namespace: "observability", resource: "*v1.Pod" },
    fires: { [of("error")]: "0.0102/s", [of("success")]: "0.9898/s" },
    silent: { [of("error")]: "0.0098/s", [of("success")]: "0.9902/s" },
  };
};
const pleg = (le: string): string => `kubelet_pleg_relist_duration_seconds_bucket{${kubelet},le="${le}"}`;
const started = (le: string): string => `kubelet_pod_start_sli_duration_seconds_bucket{${kubelet},le="${le}"}`;

export const cases: AlertCases = {
  KubePodCrashLooping: warning(
    { ...shop, pod: "cart-7d4b9c-x2x7q", container: "cart" },
    // Between two waits it runs for a moment.
    {
      [waits("CrashLoopBackOff")]:
        "1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1 1 _ _ 1",
    },
    { [waits("CrashLoopBackOff")]: 0 },
  ),
  KubePodNotReady: [
    {
      ...warning(
        { ...shop, pod: "cart-7d4b9c-x2x7q" },
        { [phase("Pending")]: 1 },
        { [phase("Pending")]: 0 },
        { [owner("ReplicaSet")]: 1, [unready]: 0, [phase("Running")]: 0 },
      ),
      name: "without a node",
    },
    {
      ...warning(
        { ...shop, pod: "cart-7d4b9c-x2x7q" },
        { [unready]: 1, [phase("Running")]: 1 },
        { [unready]: 0, [phase("Running")]: 1 },
        { [owner("ReplicaSet")]: 1, [phase("Pending")]: 0 },
      ),
      name: "it runs and its probe fails",
    },
    {
      ...warning(
        { ...shop, pod: "cart-7d4b9c-x2x7q" },
        { [phase("Pending")]: 1, [owner("ReplicaSet")]: 1 },
        { [phase("Pending")]: 1, [owner("Job")]: 1 },
        { [unready]: 0, [phase("Running")]: 0 },
      ),
      name: "unless it is a Job's",
    },
  ],
  KubeContainerWaiting: warning(
    { ...shop, pod: "cart-7d4b9c-x2x7q", container: "cart", reason: "ImagePullBackOff" },
    { [waits("ImagePullBackOff")]: 1 },
    { [waits("ImagePullBackOff")]: 0 },
  ),
  KubeContainerOutOfMemory: {
    labels: { severity: "info", ...shop, container: "cart" },
    always: { [`kube_pod_container_status_last_terminated_reason{${cart},container="cart",reason="OOMKilled"}`]: 1 },
    fires: { [`kube_pod_container_status_restarts_total{${cart},container="cart"}`]: "0.01/s" },
    silent: { [`kube_pod_container_status_restarts_total{${cart},container="cart"}`]: 5 },
  },
  KubeContainerThrottled: {
    labels: { severity: "info", ...shop, container: "cart" },
    ...(() => {
      const of = (name: string): string =>
        `container_cpu_cfs_${name}_total{job="cadvisor",instance="worker-1",node="worker-1",namespace="shop",pod="cart-7d4b9c-x2x7q",container="cart",id="/x",image="x",name="x"}`;
      return {
        always: { [of("periods")]: "10/s" },
        fires: { [of("throttled_periods")]: "2.6/s" },
        silent: { [of("throttled_periods")]: "2.4/s" },
      };
    })(),
  },
  KubeDeploymentReplicasMismatch: replicas(
    "deployment",
    "spec_replicas",
    "status_replicas_available",
    "status_replicas_updated",
  ),
  KubeDeploymentRolloutStuck: warning(
    { ...shop, deployment: "cart" },
    {
      [`kube_deployment_status_condition{${at},deployment="cart",condition="Progressing",reason="ProgressDeadlineExceeded",status="false"}`]: 1,
    },
    {
      [`kube_deployment_status_condition{${at},deployment="cart",condition="Progressing",reason="ProgressDeadlineExceeded",status="false"}`]: 0,
    },
  ),
  KubeStatefulSetReplicasMismatch: replicas(
    "statefulset",
    "replicas",
    "status_replicas_ready",
    "status_replicas_updated",
  ),
  KubeStatefulSetUpdateStuck: (() => {
    const of = (name: string, more = ""): string => `kube_statefulset_${name}{${at},statefulset="db"${more}}`;
    const always = {
      [of("replicas")]: 3,
      [of("status_current_revision", ',revision="db-1"')]: 1,
      [of("status_update_revision", ',revision="db-2"')]: 1,
    };
    return [
      warning(
        { ...shop, statefulset: "db" },
        { [of("status_replicas_updated")]: 1 },
        { [of("status_replicas_updated")]: 3 },
        always,
      ),
      {
        ...warning(
          { ...shop, statefulset: "db" },
          { [of("status_replicas_updated")]: 1 },
          { [of("status_replicas_updated")]: "0.01/s" },
          always,
        ),
        name: "not while one pod after the other changes",
      },
    ];
  })(),
  KubeDaemonSetRolloutStuck: (() => {
    const of = (name: string): string => `kube_daemonset_status_${name}{${at},daemonset="agent"}`;
    const labels = { ...shop, daemonset: "agent" };
    return [
      {
        ...warning(
          labels,
          { [of("number_available")]: 2 },
          { [of("number_available")]: 3 },
          { [of("desired_number_scheduled")]: 3, [of("updated_number_scheduled")]: 3 },
        ),
        name: "a node without a pod that works",
      },
      {
        ...warning(
          labels,
          { [of("updated_number_scheduled")]: 2 },
          { [of("updated_number_scheduled")]: 3 },
          { [of("desired_number_scheduled")]: 3, [of("number_available")]: 3 },
        ),
        name: "a node with an old pod",
      },
    ];
  })(),
  KubeDaemonSetMisscheduled: warning(
    { ...shop, daemonset: "agent" },
    { [`kube_daemonset_status_number_misscheduled{${at},daemonset="agent"}`]: 1 },
    { [`kube_daemonset_status_number_misscheduled{${at},daemonset="agent"}`]: 0 },
  ),
  KubeGenerationMismatch: ["deployment", "statefulset", "daemonset"].map((kind) => {
    const of = (name: string): string => `kube_${kind}_${name}{${at},${kind}="cart"}`;
    return {
      ...warning(
        { ...shop, [kind]: "cart" },
        { [of("status_observed_generation")]: 4 },
        { [of("status_observed_generation")]: 5 },
        { [of("metadata_generation")]: 5 },
      ),
      name: `of a ${kind}`,
    };
  }),
  KubeJobFailed: warning(
    { ...shop, job_name: "report" },
    { [`kube_job_failed{${at},job_name="report",condition="true"}`]: 1 },
    { [`kube_job_failed{${at},job_name="report",condition="true"}`]: 0 },
  ),
  KubeJobNotCompleted: {
    ...warning(
      { ...shop, job_name: "report" },
      { [`kube_job_status_active{${at},job_name="report"}`]: 1 },
      { [`kube_job_status_active{${at},job_name="report"}`]: 0 },
      { [`kube_job_status_start_time{${at},job_name="report"}`]: 0 },
    ),
    interval: "5m",
    after: "12h20m",
  },
  KubeHpaMaxedOut: [
    warning(
      { ...shop, horizontalpodautoscaler: "cart" },
      { [hpa("status_current_replicas")]: 9 },
      { [hpa("status_current_replicas")]: 8 },
      { [hpa("spec_max_replicas")]: 9, [hpa("spec_min_replicas")]: 2 },
    ),
    {
      ...warning(
        { ...shop, horizontalpodautoscaler: "cart" },
        { [hpa("spec_min_replicas")]: 2 },
        { [hpa("spec_min_replicas")]: 9 },
        { [hpa("spec_max_replicas")]: 9, [hpa("status_current_replicas")]: 9 },
      ),
      name: "unless its number is fixed",
    },
  ],
  KubeHpaReplicasMismatch: warning(
    { ...shop, horizontalpodautoscaler: "cart" },
    { [hpa("status_desired_replicas")]: 5 },
    { [hpa("status_desired_replicas")]: 4 },
    { [hpa("status_current_replicas")]: 4 },
  ),
  KubePdbNotEnoughHealthyPods: warning(
    { ...shop, poddisruptionbudget: "cart" },
    { [`kube_poddisruptionbudget_status_current_healthy{${at},poddisruptionbudget="cart"}`]: 1 },
    { [`kube_poddisruptionbudget_status_current_healthy{${at},poddisruptionbudget="cart"}`]: 2 },
    { [`kube_poddisruptionbudget_status_desired_healthy{${at},poddisruptionbudget="cart"}`]: 2 },
  ),
  KubeQuotaAlmostUsed: {
    labels: { severity: "info", ...shop, resource: "requests.cpu" },
    always: { [quota("hard")]: 100 },
    fires: { [quota("used")]: 91 },
    silent: { [quota("used")]: 89 },
  },
  KubeNodesOvercommitted: [
    {
      labels: { severity: "info", resource: "memory" },
      always: { [allocatable("worker-1")]: 16e9, [allocatable("worker-2")]: 8e9, [phase("Running")]: 1 },
      fires: { [request]: 8.1e9 },
      silent: { [request]: 7.9e9 },
    },
    {
      name: "pods that ended hold nothing",
      labels: { severity: "info", resource: "memory" },
      always: { [allocatable("worker-1")]: 16e9, [allocatable("worker-2")]: 8e9, [request]: 9e9 },
      fires: { [phase("Running")]: 1 },
      silent: { [phase("Running")]: 0 },
    },
  ],
  KubePersistentVolumeFillingUp: bytes.filling,
  KubePersistentVolumeFull: bytes.full,
  KubePersistentVolumeInodesFillingUp: inodes.filling,
  KubePersistentVolumeInodesFull: inodes.full,
  KubePersistentVolumeErrors: warning(
    { persistentvolume: "pvc-1", phase: "Failed" },
    { [`kube_persistentvolume_status_phase{${job},persistentvolume="pvc-1",phase="Failed"}`]: 1 },
    { [`kube_persistentvolume_status_phase{${job},persistentvolume="pvc-1",phase="Failed"}`]: 0 },
  ),
  KubePersistentVolumeClaimLost: {
    labels: { severity: "critical", ...shop, persistentvolumeclaim: "data-db-0" },
    fires: { [`kube_persistentvolumeclaim_status_phase{${at},persistentvolumeclaim="data-db-0",phase="Lost"}`]: 1 },
    silent: { [`kube_persistentvolumeclaim_status_phase{${at},persistentvolumeclaim="data-db-0",phase="Lost"}`]: 0 },
  },
  KubeNodeNotReady: [
    warning(node, { [condition("Ready", "false")]: 1 }, { [condition("Ready", "false")]: 0 }, { [cordoned]: 0 }),
    {
      ...warning(
        node,
        { [condition("Ready", "false")]: 1, [cordoned]: 0 },
        { [condition("Ready", "false")]: 1, [cordoned]: 1 },
      ),
      name: "unless it was taken out of service",
    },
  ],
  KubeNodeUnreachable: warning(
    node,
    {
      [`kube_node_spec_taint{${job},node="worker-1",key="node.kubernetes.io/unreachable",value="",effect="NoExecute"}`]: 1,
    },
    {
      [`kube_node_spec_taint{${job},node="worker-1",key="node.kubernetes.io/unreachable",value="",effect="NoExecute"}`]:
        "stale",
    },
  ),
  KubeNodePressure: warning(
    { ...node, condition: "DiskPressure" },
    { [condition("DiskPressure", "true")]: 1 },
    { [condition("DiskPressure", "true")]: 0 },
  ),
  KubeNodeReadinessFlapping: warning(
    node,
    { [condition("Ready", "true")]: `${Array.from({ length: 8 }, () => "1x3 0x3").join(" ")}` },
    { [condition("Ready", "true")]: 1 },
    { [cordoned]: 0 },
  ),
  KubeletDown: warning(node, { [`up{${kubelet}}`]: 0 }, { [`up{${kubelet}}`]: 1 }),
  KubeletTooManyPods: {
    labels: { severity: "info", ...node },
    always: { [`kube_node_status_capacity{${job},node="worker-1",resource="pods",unit="integer"}`]: 110 },
    fires: { [`kubelet_running_pods{${kubelet}}`]: 105 },
    silent: { [`kubelet_running_pods{${kubelet}}`]: 104 },
  },
  KubeletEvicts: {
    labels: { severity: "info", ...node, eviction_signal: "memory.available" },
    fires: { [`kubelet_evictions{${kubelet},eviction_signal="memory.available"}`]: "0.01/s" },
    silent: { [`kubelet_evictions{${kubelet},eviction_signal="memory.available"}`]: 7 },
  },
  KubeletPlegSlow: warning(
    node,
    { [pleg("1.0")]: "0.9/s", [pleg("10.0")]: "1/s", [pleg("+Inf")]: "1/s" },
    { [pleg("1.0")]: "1/s", [pleg("10.0")]: "1/s", [pleg("+Inf")]: "1/s" },
  ),
  KubeletPodStartSlow: warning(
    node,
    { [started("60.0")]: "0.9/s", [started("120.0")]: "1/s", [started("+Inf")]: "1/s" },
    { [started("60.0")]: "1/s", [started("120.0")]: "1/s", [started("+Inf")]: "1/s" },
  ),
  KubeletCertificateExpires: ["client", "server"].map((use) => ({
    ...warning(
      node,
      { [`kubelet_certificate_manager_${use}_ttl_seconds{${kubelet}}`]: 172_000 },
      { [`kubelet_certificate_manager_${use}_ttl_seconds{${kubelet}}`]: 173_000 },
    ),
    name: `as a ${use}`,
  })),
  KubeletCertificateRenewalFails: ["certificate_manager_client", "server"].map((use) => ({
    ...warning(
      node,
      { [`kubelet_${use}_expiration_renew_errors{${kubelet}}`]: "0.01/s" },
      { [`kubelet_${use}_expiration_renew_errors{${kubelet}}`]: 3 },
    ),
    name: use,
  })),
  KubeApiDown: warning(
    { severity: "critical", hushes: "cluster" },
    { [`up{${api}}`]: 0, 'up{job="apiserver",namespace="default",instance="192.0.2.2:6443"}': 0 },
    { [`up{${api}}`]: 0, 'up{job="apiserver",namespace="default",instance="192.0.2.2:6443"}': 1 },
  ),
  KubeApiErrorBudgetBurns: [burns("1h", "5m", 0.144), burns("6h", "30m", 0.06)],
  KubeApiSlow: warning(
    {},
    { [`${sli}_bucket{${gets},le="5.0"}`]: "98.98/s", [`${sli}_count{${gets}}`]: "100/s" },
    { [`${sli}_bucket{${gets},le="5.0"}`]: "99.02/s", [`${sli}_count{${gets}}`]: "100/s" },
  ),
  KubeApiRequestsTerminated: warning(
    {},
    { [`apiserver_request_terminations_total{${request_}}`]: "30/s" },
    { [`apiserver_request_terminations_total{${request_}}`]: "20/s" },
    { [`apiserver_request_total{${request_},dry_run=""}`]: "100/s" },
  ),
  KubeClientCertificateExpires: warning(
    {},
    { [`apiserver_client_certificate_expiration_seconds_bucket{${api},le="172800.0"}`]: "0.1/s" },
    { [`apiserver_client_certificate_expiration_seconds_bucket{${api},le="172800.0"}`]: 9 },
  ),
  KubeAggregatedApiDown: warning(
    { name: "v1beta1.metrics.k8s.io" },
    { [`aggregator_unavailable_apiservice{${api},name="v1beta1.metrics.k8s.io"}`]: 1 },
    { [`aggregator_unavailable_apiservice{${api},name="v1beta1.metrics.k8s.io"}`]: 0 },
  ),
  CoreDnsErrorsHigh: warning(
    { namespace: "kube-system" },
    { [answers("SERVFAIL")]: "3.1/s" },
    { [answers("SERVFAIL")]: "2.95/s" },
    { [answers("NOERROR")]: "96.9/s" },
  ),
  CoreDnsSlow: warning(
    { namespace: "kube-system", zone: "." },
    { [took("2.048")]: "0.9/s", [took("4.096")]: "0.9/s", [took("8.192")]: "1/s", [took("+Inf")]: "1/s" },
    { [took("2.048")]: "0.985/s", [took("4.096")]: "1/s", [took("8.192")]: "1/s", [took("+Inf")]: "1/s" },
  ),
  CoreDnsForwardBroken: warning(
    { namespace: "kube-system" },
    {
      [`coredns_forward_healthcheck_broken_total{job="coredns",namespace="kube-system",pod="coredns-1",node="worker-1",instance="10.1.0.2:9153"}`]:
        "0.1/s",
    },
    {
      [`coredns_forward_healthcheck_broken_total{job="coredns",namespace="kube-system",pod="coredns-1",node="worker-1",instance="10.1.0.2:9153"}`]: 4,
    },
  ),
  KubeStateMetricsListErrors: attempts("list"),
  KubeStateMetricsWatchErrors: attempts("watch"),
};

export const recordings: readonly RecordingCase[] = [
  {
    record: "kube_lgtm:pod_workload:info",
    given: {
      [owner("ReplicaSet")]: 1,
      [`kube_replicaset_owner{${at},replicaset="cart-7d4b9c",owner_is_controller="true",owner_kind="Deployment",owner_name="cart"}`]: 1,
      [`kube_pod_owner{${at},pod="db-0",uid="2",owner_is_controller="true",owner_kind="StatefulSet",owner_name="db"}`]: 1,
      [`kube_pod_owner{${at},pod="alone-zz9zz",uid="3",owner_is_controller="true",owner_kind="ReplicaSet",owner_name="alone"}`]: 1,
    },
    is: {
      'namespace="shop",pod="cart-7d4b9c-x2x7q",workload_kind="Deployment",workload="cart"': 1,
      'namespace="shop",pod="db-0",workload_kind="StatefulSet",workload="db"': 1,
      'namespace="shop",pod="alone-zz9zz",workload_kind="ReplicaSet",workload="alone"': 1,
    },
  },
  {
    record: "kube_lgtm:apiserver_requests_failed:ratio_rate5m",
    given: {
      [`apiserver_request_total{${request_},dry_run=""}`]: "95/s",
      [`apiserver_request_total{${request_.replace('"200"', '"503"')},dry_run=""}`]: "5/s",
    },
    is: { 'job="apiserver"': 0.05 },
  },
  {
    record: "kube_lgtm:apiserver_requests_failed:ratio_rate1h",
    given: { [`apiserver_request_total{${request_},dry_run=""}`]: "95/s" },
    is: { 'job="apiserver"': 0 },
  },
];
