import type { Monitoring, Page, Panel, Recording, Variable } from "../core/model/monitoring.ts";
import { alerts } from "./kubernetes/alerts.ts";
import {
  cadvisor,
  claimFree,
  claimInodesFree,
  clusters,
  dnsFailed,
  dnsSlowest,
  ksm,
  namespaces,
  throttled,
} from "./kubernetes/series.ts";

/*
 * Pages and rules about Kubernetes: its objects by kube-state-metrics, containers and volumes by
 * the kubelets, and the processes that make it.
 */

const rate = "$__rate_interval";
const container = 'container!=""';

/** CPU and memory of containers, by something. */
const cpu = (by: string, of: string): string =>
  `sum by (${by}) (rate(${cadvisor("container_cpu_usage_seconds_total", container, of)}[${rate}]))`;
const memory = (by: string, of: string): string =>
  `sum by (${by}) (${cadvisor("container_memory_working_set_bytes", container, of)})`;
const asked = (what: "requests" | "limits", resource: "cpu" | "memory", by: string, of: string): string =>
  `sum by (${by}) (${ksm(`kube_pod_container_resource_${what}`, `resource="${resource}"`, of)})`;
const capacity = (resource: string, of = clusters): string =>
  ksm("kube_node_status_allocatable", `resource="${resource}"`, of);
const network = (direction: "receive" | "transmit", what: string, by: string, of: string): string =>
  `sum by (${by}) (rate(${cadvisor(`container_network_${direction}_${what}_total`, of)}[${rate}]))`;
const restarts = (by: string, of: string): string =>
  `sum by (${by}) (increase(${ksm("kube_pod_container_status_restarts_total", of)}[${rate}]))`;
/** Pods whose phase is not the end of a Job's. */
const living = (of: string): string =>
  `max by (namespace, pod) (${ksm("kube_pod_status_phase", 'phase=~"Pending|Running|Unknown"', of)}) == 1`;
const notReady = (by: string, of: string): string =>
  `count by (${by}) (max by (namespace, pod) (${ksm("kube_pod_status_phase", 'phase=~"Pending|Unknown"', of)}) == 1 or max by (namespace, pod) (${ksm("kube_pod_status_ready", 'condition=~"false|unknown"', of)}) == 1 and on (namespace, pod) ${living(of)})`;
const zero = (query: string): string => `${query} or vector(0)`;

const panel = (
  title: string,
  unit: Panel["unit"],
  shows: string,
  bad: string,
  ask: Panel["ask"],
  more: Partial<Panel> = {},
): Panel => ({ title, shows, bad, unit, ask, ...more });

const stacked = { kind: "stacked" } as const;
const stat = { kind: "stat" } as const;
const share = { max: 1 } as const;
const bars = { kind: "bars" } as const;

const toNamespace: Partial<Panel> = {
  opens: { page: "kubernetes-namespace", with: { namespace: "${__field.labels.namespace}" } },
};
const toPod: Partial<Panel> = {
  opens: {
    page: "kubernetes-pod",
    with: { namespace: "${__field.labels.namespace}", pod: "${__field.labels.pod}" },
  },
};
const toWorkload: Partial<Panel> = {
  opens: {
    page: "kubernetes-workload",
    with: { namespace: "${__field.labels.namespace}", workload: "${__field.labels.workload}" },
  },
};
/** Which workload each pod is of: `workload_kind` and `workload`. */
const podWorkload = "kube_lgtm:pod_workload:info";

const cluster: Page = {
  uid: "kubernetes-cluster",
  title: "Kubernetes: cluster",
  question: "Has the cluster room, and what in it does not work?",
  scope: "cluster",
  rows: [
    {
      title: "Not well",
      panels: [
        panel(
          "Nodes not ready",
          "short",
          "Nodes that cannot run pods now.",
          "Any.",
          [
            [
              zero(
                `count(max by (node) (${ksm("kube_node_status_condition", 'condition="Ready", status="true"', clusters)}) == 0)`,
              ),
              "nodes",
            ],
          ],
          stat,
        ),
        panel(
          "Pods not ready",
          "short",
          "Pods that should serve and do not.",
          "Any, outside of roll-outs.",
          [[zero(notReady("", clusters)), "pods"]],
          stat,
        ),
        panel(
          "Containers that crash",
          "short",
          "Containers that end soon after each start.",
          "Any.",
          [
            [
              zero(`sum(${ksm("kube_pod_container_status_waiting_reason", 'reason="CrashLoopBackOff"', clusters)})`),
              "containers",
            ],
          ],
          stat,
        ),
        panel(
          "Volumes almost full",
          "short",
          "Volumes with less than 15 % left.",
          "Any: see the page about volumes.",
          [[zero(`count(${claimFree(`, ${clusters}`)} < 0.15)`), "volumes"]],
          stat,
        ),
        panel(
          "Alerts",
          "short",
          "Alerts that fire, hints left out.",
          "Any.",
          [[zero(`count(ALERTS{alertstate="firing", severity=~"critical|warning", ${clusters}})`), "alerts"]],
          stat,
        ),
        panel(
          "Nodes",
          "short",
          "Nodes of the cluster.",
          "Fewer than yesterday.",
          [[`count(${ksm("kube_node_info", clusters)})`, "nodes"]],
          stat,
        ),
      ],
    },
    {
      title: "Room",
      panels: [
        panel(
          "CPU",
          "cores",
          "Cores that are used, asked for, and there.",
          "Requests close to what is there: no pod fits any more.",
          [
            [cpu("", clusters), "used"],
            [asked("requests", "cpu", "", clusters), "requested"],
            [`sum(${capacity("cpu")})`, "there"],
          ],
        ),
        panel(
          "Memory",
          "bytes",
          "Memory that is used, asked for, and there.",
          "Use above requests: pods share memory that was promised to none.",
          [
            [memory("", clusters), "used"],
            [asked("requests", "memory", "", clusters), "requested"],
            [`sum(${capacity("memory")})`, "there"],
          ],
        ),
        panel(
          "Pods of the node's limit",
          "percentunit",
          "Pods of each node, as a share of its limit.",
          "Above 0.95: the node takes no more.",
          [
            [
              `max by (node) (kubelet_running_pods{job="kubelet", ${clusters}}) / on (node) max by (node) (${ksm("kube_node_status_capacity", 'resource="pods"', clusters)})`,
              "{{node}}",
            ],
          ],
          { ...share, alert: "KubeletTooManyPods" },
        ),
        panel(
          "CPU requested of each node",
          "percentunit",
          "What pods ask for, as a share of what each node has for them.",
          "Near 1: no pod fits there any more.",
          [
            [
              `${asked("requests", "cpu", "node", clusters)} / on (node) max by (node) (${capacity("cpu")})`,
              "{{node}}",
            ],
          ],
          share,
        ),
        panel(
          "Memory requested of each node",
          "percentunit",
          "What pods ask for, as a share of what each node has for them.",
          "Near 1: no pod fits there any more.",
          [
            [
              `${asked("requests", "memory", "node", clusters)} / on (node) max by (node) (${capacity("memory")})`,
              "{{node}}",
            ],
          ],
          share,
        ),
        panel(
          "Nodes that are not well",
          "short",
          "Conditions of nodes that should not be so.",
          "Any: the kubelet evicts pods, or Kubernetes hears nothing of the node.",
          [
            [
              `sum by (node, condition) (${ksm("kube_node_status_condition", 'condition!="Ready", status="true"', clusters)}) > 0 or 0 * count(${ksm("kube_node_info", clusters)})`,
              "{{node}} {{condition}}",
            ],
            [
              `sum by (node) (${ksm("kube_node_status_condition", 'condition="Ready", status=~"false|unknown"', clusters)})`,
              "{{node}} not ready",
            ],
          ],
        ),
      ],
    },
    {
      title: "By namespace",
      panels: [
        panel(
          "CPU by namespace",
          "cores",
          "Cores that each namespace uses.",
          "One that grows while the others starve.",
          [[cpu("namespace", clusters), "{{namespace}}"]],
          { ...stacked, ...toNamespace },
        ),
        panel(
          "Memory by namespace",
          "bytes",
          "Memory that each namespace holds.",
          "One that only grows.",
          [[memory("namespace", clusters), "{{namespace}}"]],
          { ...stacked, ...toNamespace },
        ),
        panel(
          "Pods not ready by namespace",
          "short",
          "Pods that should serve and do not.",
          "Any that stay.",
          [
            [
              `${notReady("namespace", clusters)} or 0 * count by (namespace) (${ksm("kube_namespace_created", clusters)})`,
              "{{namespace}}",
            ],
          ],
          { ...stacked, ...toNamespace },
        ),
        panel(
          "CPU used of the requests",
          "percentunit",
          "Use as a share of what the namespace's pods ask for.",
          "Far below 1: nodes stand idle for it. Above 1: pods lean on what others leave.",
          [
            [
              `${cpu("namespace", clusters)} / on (namespace) ${asked("requests", "cpu", "namespace", clusters)}`,
              "{{namespace}}",
            ],
          ],
          toNamespace,
        ),
        panel(
          "Memory used of the requests",
          "percentunit",
          "Use as a share of what the namespace's pods ask for.",
          "Above 1: its pods are the first to be evicted.",
          [
            [
              `${memory("namespace", clusters)} / on (namespace) ${asked("requests", "memory", "namespace", clusters)}`,
              "{{namespace}}",
            ],
          ],
          toNamespace,
        ),
        panel(
          "Restarts by namespace",
          "short",
          "Containers that started again.",
          "Any that is no roll-out.",
          [[restarts("namespace", clusters), "{{namespace}}"]],
          { ...bars, ...toNamespace },
        ),
      ],
    },
    {
      title: "Network",
      closed: true,
      panels: [
        panel(
          "Received by namespace",
          "Bps",
          "Bytes that pods receive in a second.",
          "A flat top: a limit of the network.",
          [[network("receive", "bytes", "namespace", `namespace!="", ${clusters}`), "{{namespace}}"]],
          { ...stacked, ...toNamespace },
        ),
        panel(
          "Sent by namespace",
          "Bps",
          "Bytes that pods send in a second.",
          "A flat top: a limit of the network.",
          [[network("transmit", "bytes", "namespace", `namespace!="", ${clusters}`), "{{namespace}}"]],
          { ...stacked, ...toNamespace },
        ),
        panel(
          "Packets dropped by nodes",
          "cps",
          "Packets that nodes dropped in a second, received and to be sent.",
          "Any that stay.",
          [
            [network("receive", "packets_dropped", "node", `id="/", ${clusters}`), "{{node}} received"],
            [network("transmit", "packets_dropped", "node", `id="/", ${clusters}`), "{{node}} to be sent"],
          ],
        ),
      ],
    },
  ],
};

const workloadOf = (query: string): string =>
  `sum by (namespace, workload) (${query} * on (namespace, pod) group_left (workload) max by (namespace, pod, workload) (${podWorkload}{${namespaces}}))`;
const missing = (kind: string, wanted: string, ready: string): string => {
  const [all, some] = [wanted, ready].map(
    (what) => `max by (namespace, ${kind}) (${ksm(`kube_${kind}_${what}`, namespaces)})`,
  );
  return `${all} - ${some} > 0 or 0 * count(${all})`;
};

const namespace: Page = {
  uid: "kubernetes-namespace",
  title: "Kubernetes: namespace",
  question: "Which workloads of a namespace do not work, and what do they take?",
  scope: "every namespace",
  rows: [
    {
      title: "Not well",
      panels: [
        panel(
          "Pods by phase",
          "short",
          "Pods by phase.",
          "`Pending` or `Unknown` that stay.",
          [[`sum by (phase) (${ksm("kube_pod_status_phase", namespaces)}) > 0`, "{{phase}}"]],
          stacked,
        ),
        panel(
          "Pods that are not ready",
          "short",
          "Pods that should serve and do not.",
          "Any, outside of roll-outs.",
          [[`${notReady("namespace, pod", namespaces)} or 0 * count(${ksm("kube_pod_info", namespaces)})`, "{{pod}}"]],
          toPod,
        ),
        panel(
          "Pods that are missing",
          "short",
          "Pods that workloads ask for and do not have.",
          "Any, outside of roll-outs.",
          [
            [missing("deployment", "spec_replicas", "status_replicas_available"), "{{deployment}}"],
            [missing("statefulset", "replicas", "status_replicas_ready"), "{{statefulset}}"],
            [missing("daemonset", "status_desired_number_scheduled", "status_number_ready"), "{{daemonset}}"],
          ],
        ),
        panel(
          "Containers that wait",
          "short",
          "Containers that cannot start, by reason.",
          "`CrashLoopBackOff`, `ImagePullBackOff`, `CreateContainerConfigError`.",
          [
            [
              `sum by (namespace, pod, reason) (${ksm("kube_pod_container_status_waiting_reason", namespaces)})`,
              "{{pod}} {{reason}}",
            ],
          ],
          toPod,
        ),
        panel(
          "Restarts",
          "short",
          "Containers that started again.",
          "Any that is no roll-out.",
          [
            [
              `${restarts("namespace, pod", namespaces)} > 0 or 0 * count(${ksm("kube_pod_info", namespaces)})`,
              "{{pod}}",
            ],
          ],
          { ...bars, ...toPod },
        ),
        panel("Jobs that failed", "short", "Jobs that failed and are still there.", "Any.", [
          [
            `sum by (namespace, job_name) (${ksm("kube_job_failed", 'condition="true"', namespaces)}) > 0`,
            "{{job_name}}",
          ],
        ]),
      ],
    },
    {
      title: "By workload",
      panels: [
        panel(
          "CPU",
          "cores",
          "Cores that each workload uses.",
          "One that grows while the others starve.",
          [[workloadOf(cpu("namespace, pod", namespaces)), "{{workload}}"]],
          { ...stacked, ...toWorkload },
        ),
        panel(
          "Memory",
          "bytes",
          "Memory that each workload holds.",
          "One that only grows.",
          [[workloadOf(memory("namespace, pod", namespaces)), "{{workload}}"]],
          { ...stacked, ...toWorkload },
        ),
        panel(
          "Memory used of the requests",
          "percentunit",
          "Use as a share of what its pods ask for.",
          "Above 1: its pods are among the first to be evicted.",
          [
            [
              `${workloadOf(memory("namespace, pod", namespaces))} / ${workloadOf(asked("requests", "memory", "namespace, pod", namespaces))}`,
              "{{workload}}",
            ],
          ],
          toWorkload,
        ),
        panel(
          "Received",
          "Bps",
          "Bytes that its pods receive in a second.",
          "A flat top: a limit.",
          [[workloadOf(network("receive", "bytes", "namespace, pod", namespaces)), "{{workload}}"]],
          { ...stacked, ...toWorkload },
        ),
        panel(
          "Sent",
          "Bps",
          "Bytes that its pods send in a second.",
          "A flat top: a limit.",
          [[workloadOf(network("transmit", "bytes", "namespace, pod", namespaces)), "{{workload}}"]],
          { ...stacked, ...toWorkload },
        ),
        panel(
          "Held back by the limit of CPU",
          "percentunit",
          "The share of periods in which a container used up its limit.",
          "Above 0.25: answers are slow, though nodes have CPU to spare.",
          [[throttled(`, ${namespaces}`, rate), "{{pod}} {{container}}"]],
          { ...share, alert: "KubeContainerThrottled", ...toPod },
        ),
      ],
    },
    {
      title: "Limits of the namespace",
      closed: true,
      panels: [
        panel(
          "Autoscalers",
          "percentunit",
          "Pods that each autoscaler runs, of those that it may.",
          "1 for long: more load is not met by more pods.",
          [
            [
              `max by (namespace, horizontalpodautoscaler) (${ksm("kube_horizontalpodautoscaler_status_current_replicas", namespaces)}) / max by (namespace, horizontalpodautoscaler) (${ksm("kube_horizontalpodautoscaler_spec_max_replicas", namespaces)})`,
              "{{horizontalpodautoscaler}}",
            ],
          ],
          share,
        ),
        panel(
          "Pods that may be away",
          "short",
          "Pods that a drain may take down now, by disruption budget.",
          "0 for long: no node of theirs can be drained.",
          [
            [
              `min by (namespace, poddisruptionbudget) (${ksm("kube_poddisruptionbudget_status_pod_disruptions_allowed", namespaces)})`,
              "{{poddisruptionbudget}}",
            ],
          ],
        ),
        panel(
          "Quota in use",
          "percentunit",
          "What is used of each quota.",
          "Above 0.9: soon no pod is admitted.",
          [
            [
              `max by (namespace, resourcequota, resource) (${ksm("kube_resourcequota", 'type="used"', namespaces)}) / max by (namespace, resourcequota, resource) (${ksm("kube_resourcequota", 'type="hard"', namespaces)} > 0)`,
              "{{resource}}",
            ],
          ],
          { ...share, alert: "KubeQuotaAlmostUsed" },
        ),
      ],
    },
  ],
};

const chosenWorkload: Variable = {
  name: "workload",
  label: "Workload",
  values: { of: `${podWorkload}{${namespaces}}`, label: "workload" },
  single: true,
};
const itsPods = (query: string): string =>
  `${query} and on (namespace, pod) ${podWorkload}{${namespaces}, workload="$workload"}`;
/** Pods of a Deployment, a StatefulSet or a DaemonSet of the name: whichever it is. */
const replicas = (...metrics: readonly (readonly [kind: string, metric: string])[]): string =>
  metrics
    .map(([kind, metric]) => `sum by (namespace) (${ksm(`kube_${kind}_${metric}`, namespaces, `${kind}="$workload"`)})`)
    .join(" or ");

const workload: Page = {
  uid: "kubernetes-workload",
  title: "Kubernetes: workload",
  question: "Do the pods of a workload run, and what do they take of their limits?",
  scope: "every namespace",
  variables: [chosenWorkload],
  rows: [
    {
      title: "Pods",
      panels: [
        panel(
          "Pods",
          "short",
          "Pods that the workload asks for, has, and has of its newest version.",
          "Fewer than asked for, outside of roll-outs.",
          [
            [
              replicas(
                ["deployment", "spec_replicas"],
                ["statefulset", "replicas"],
                ["daemonset", "status_desired_number_scheduled"],
              ),
              "wanted",
            ],
            [
              replicas(
                ["deployment", "status_replicas_available"],
                ["statefulset", "status_replicas_ready"],
                ["daemonset", "status_number_available"],
              ),
              "ready",
            ],
            [
              replicas(
                ["deployment", "status_replicas_updated"],
                ["statefulset", "status_replicas_updated"],
                ["daemonset", "status_updated_number_scheduled"],
              ),
              "new",
            ],
          ],
        ),
        panel(
          "Restarts",
          "short",
          "Containers that started again.",
          "Any that is no roll-out.",
          [[itsPods(restarts("namespace, pod", namespaces)), "{{pod}}"]],
          { ...bars, ...toPod },
        ),
        panel(
          "Why containers ended last",
          "short",
          "Containers by the reason for which they ended last.",
          "`OOMKilled`: the limit of memory. `Error`: see the log.",
          [
            [
              itsPods(
                `sum by (namespace, pod, reason) (${ksm("kube_pod_container_status_last_terminated_reason", namespaces)})`,
              ),
              "{{pod}} {{reason}}",
            ],
          ],
          toPod,
        ),
      ],
    },
    {
      title: "Use",
      panels: [
        panel(
          "CPU",
          "cores",
          "Cores that each pod uses.",
          "One far above the others: the load is not spread.",
          [[itsPods(cpu("namespace, pod", namespaces)), "{{pod}}"]],
          toPod,
        ),
        panel(
          "CPU used of the requests",
          "percentunit",
          "Use as a share of what each pod asks for.",
          "Above 1 all day: it leans on what others leave. Far below: nodes stand idle for it.",
          [
            [
              itsPods(
                `${cpu("namespace, pod", namespaces)} / ${asked("requests", "cpu", "namespace, pod", namespaces)}`,
              ),
              "{{pod}}",
            ],
          ],
          toPod,
        ),
        panel(
          "Held back by the limit of CPU",
          "percentunit",
          "The share of periods in which a container used up its limit.",
          "Above 0.25: answers are slow, though nodes have CPU to spare.",
          [[itsPods(throttled(`, ${namespaces}`, rate)), "{{pod}} {{container}}"]],
          { ...share, ...toPod },
        ),
        panel(
          "Memory",
          "bytes",
          "Memory that each pod holds.",
          "A line that only grows.",
          [[itsPods(memory("namespace, pod", namespaces)), "{{pod}}"]],
          toPod,
        ),
        panel(
          "Memory used of the limit",
          "percentunit",
          "Use of each container as a share of its limit.",
          "Above 0.9: the kernel ends the container at 1.",
          [
            [
              itsPods(
                `${memory("namespace, pod, container", namespaces)} / ${asked("limits", "memory", "namespace, pod, container", namespaces)}`,
              ),
              "{{pod}} {{container}}",
            ],
          ],
          { ...share, ...toPod },
        ),
        panel(
          "Memory used of the requests",
          "percentunit",
          "Use as a share of what each pod asks for.",
          "Above 1: among the first to be evicted.",
          [
            [
              itsPods(
                `${memory("namespace, pod", namespaces)} / ${asked("requests", "memory", "namespace, pod", namespaces)}`,
              ),
              "{{pod}}",
            ],
          ],
          toPod,
        ),
      ],
    },
    {
      title: "Network",
      closed: true,
      panels: [
        panel(
          "Received",
          "Bps",
          "Bytes that each pod receives in a second.",
          "A flat top: a limit. One far above the others: the load is not spread.",
          [[itsPods(network("receive", "bytes", "namespace, pod", namespaces)), "{{pod}}"]],
          toPod,
        ),
        panel(
          "Sent",
          "Bps",
          "Bytes that each pod sends in a second.",
          "A flat top: a limit.",
          [[itsPods(network("transmit", "bytes", "namespace, pod", namespaces)), "{{pod}}"]],
          toPod,
        ),
        panel(
          "Packets dropped",
          "cps",
          "Packets that were dropped in a second.",
          "Any that stay.",
          [
            [itsPods(network("receive", "packets_dropped", "namespace, pod", namespaces)), "{{pod}} received"],
            [itsPods(network("transmit", "packets_dropped", "namespace, pod", namespaces)), "{{pod}} to be sent"],
          ],
          toPod,
        ),
      ],
    },
  ],
};

const onePod = `${namespaces}, pod="$pod"`;

const pod: Page = {
  uid: "kubernetes-pod",
  title: "Kubernetes: pod",
  question: "Why does a pod not work, and which of its containers reaches a limit?",
  scope: "every namespace",
  variables: [
    {
      name: "pod",
      label: "Pod",
      values: { of: ksm("kube_pod_info", namespaces), label: "pod" },
      single: true,
    },
  ],
  rows: [
    {
      title: "State",
      panels: [
        panel("Ready containers", "short", "Containers that are ready, and that are not.", "One that is not ready.", [
          [`sum by (container) (${ksm("kube_pod_container_status_ready", onePod)})`, "{{container}}"],
        ]),
        panel(
          "Restarts",
          "short",
          "Containers that started again.",
          "Any that is no roll-out.",
          [[restarts("container", onePod), "{{container}}"]],
          bars,
        ),
        panel(
          "Why containers wait or ended",
          "short",
          "Reasons for which containers wait now, or ended last.",
          "`CrashLoopBackOff`, `ImagePullBackOff`, `OOMKilled`, `Error`.",
          [
            [
              `sum by (container, reason) (${ksm("kube_pod_container_status_waiting_reason", onePod)})`,
              "{{container}} waits: {{reason}}",
            ],
            [
              `sum by (container, reason) (${ksm("kube_pod_container_status_last_terminated_reason", onePod)})`,
              "{{container}} ended: {{reason}}",
            ],
          ],
        ),
      ],
    },
    {
      title: "Use",
      panels: [
        panel(
          "CPU",
          "cores",
          "Cores that each container uses, asks for, and may use.",
          "At its limit: it stands still for the rest of each period.",
          [
            [cpu("container", onePod), "{{container}}"],
            [asked("requests", "cpu", "container", onePod), "{{container}} requested"],
            [asked("limits", "cpu", "container", onePod), "{{container}} limit"],
          ],
        ),
        panel(
          "Memory",
          "bytes",
          "Memory that each container holds, asks for, and may hold.",
          "A line that grows to its limit: the kernel ends the container there.",
          [
            [memory("container", onePod), "{{container}}"],
            [asked("requests", "memory", "container", onePod), "{{container}} requested"],
            [asked("limits", "memory", "container", onePod), "{{container}} limit"],
          ],
        ),
        panel(
          "Held back by the limit of CPU",
          "percentunit",
          "The share of periods in which a container used up its limit.",
          "Above 0.25: answers are slow, though the node has CPU to spare.",
          [[throttled(`, ${onePod}`, rate), "{{container}}"]],
          { ...share, alert: "KubeContainerThrottled" },
        ),
        panel("Network", "Bps", "Bytes that the pod receives and sends in a second.", "A flat top: a limit.", [
          [network("receive", "bytes", "pod", onePod), "received"],
          [network("transmit", "bytes", "pod", onePod), "sent"],
        ]),
        panel(
          "Reads and writes of disks",
          "ops",
          "Reads and writes in a second, by container and device.",
          "A flat top: a limit of the disk.",
          [
            [
              `sum by (container, device) (rate(${cadvisor("container_fs_reads_total", onePod)}[${rate}]))`,
              "{{container}} {{device}} reads",
            ],
            [
              `sum by (container, device) (rate(${cadvisor("container_fs_writes_total", onePod)}[${rate}]))`,
              "{{container}} {{device}} writes",
            ],
          ],
        ),
        panel(
          "Probes that fail",
          "cps",
          "Probes in a second that did not succeed.",
          "`Liveness`: the container is ended. `Readiness`: it gets no requests.",
          [
            [
              `sum by (container, probe_type) (rate(prober_probe_total{job="kubelet-probes", result!="successful", ${onePod}}[${rate}])) or 0 * sum by (container, probe_type) (rate(prober_probe_total{job="kubelet-probes", ${onePod}}[${rate}]))`,
              "{{container}} {{probe_type}}",
            ],
          ],
        ),
      ],
    },
    {
      title: "Log",
      panels: [
        {
          title: "Log",
          shows: "Lines that the pod wrote, the newest at the top.",
          kind: "logs",
          unit: "none",
          of: "logs",
          ask: [['{namespace=~"$namespace", pod="$pod"}', ""]],
        },
      ],
    },
  ],
};

const claims = `, ${namespaces}`;
const volumes: Page = {
  uid: "kubernetes-volumes",
  title: "Kubernetes: volumes",
  question: "Which volumes fill, and when are they full?",
  scope: "every namespace",
  rows: [
    {
      title: "Room",
      panels: [
        panel(
          "Space left",
          "percentunit",
          "What is left of each claim's volume.",
          "Below 0.15: see when it is full. At 0 writes are lost.",
          [[claimFree(claims), "{{persistentvolumeclaim}}"]],
          { ...share, width: 12, alert: "KubePersistentVolumeFull" },
        ),
        panel(
          "Files left",
          "percentunit",
          "What is left of each volume's room for files.",
          "At 0 no file can be made, whatever space is left.",
          [[claimInodesFree(claims), "{{persistentvolumeclaim}}"]],
          { ...share, width: 12, alert: "KubePersistentVolumeInodesFull" },
        ),
        panel(
          "Space left in four days",
          "bytes",
          "What is left in four days, if the last six hours go on.",
          "Nothing: it is full before.",
          [
            [
              `min by (namespace, persistentvolumeclaim) (predict_linear(kubelet_volume_stats_available_bytes{job="kubelet"${claims}}[6h], 345600))`,
              "{{persistentvolumeclaim}}",
            ],
          ],
          { width: 12 },
        ),
        panel(
          "Bytes left",
          "bytes",
          "Bytes that are left of each volume.",
          "A line that reaches 0.",
          [
            [
              `min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes{job="kubelet"${claims}})`,
              "{{persistentvolumeclaim}}",
            ],
          ],
          { width: 12 },
        ),
      ],
    },
    {
      title: "Claims and volumes",
      panels: [
        panel(
          "Claims by phase",
          "short",
          "Claims by phase.",
          "`Pending` that stays: no volume is made. `Lost`: its volume is gone.",
          [[`sum by (phase) (${ksm("kube_persistentvolumeclaim_status_phase", namespaces)})`, "{{phase}}"]],
          stacked,
        ),
        panel(
          "Volumes by phase",
          "short",
          "Volumes of the whole cluster by phase.",
          "`Failed`, `Pending`; `Released` that stays: a disk without a claim.",
          [[`sum by (phase) (${ksm("kube_persistentvolume_status_phase", clusters)})`, "{{phase}}"]],
          stacked,
        ),
        panel(
          "Asked for by storage class",
          "bytes",
          "Bytes that the claims ask for.",
          "More than the storage has, or than you want to pay for.",
          [
            [
              `sum by (storageclass) (max by (namespace, persistentvolumeclaim) (${ksm("kube_persistentvolumeclaim_resource_requests_storage_bytes", namespaces)}) * on (namespace, persistentvolumeclaim) group_left (storageclass) max by (namespace, persistentvolumeclaim, storageclass) (${ksm("kube_persistentvolumeclaim_info", namespaces)}))`,
              "{{storageclass}}",
            ],
          ],
          stacked,
        ),
        panel(
          "Operations of the drivers",
          "ops",
          "Attaching, mounting and the like, by what came of it.",
          "`fail-unknown` that stays: pods wait for their volumes.",
          [
            [
              `sum by (operation_name, status) (rate(storage_operation_duration_seconds_count{job="kubelet", ${clusters}}[${rate}]))`,
              "{{operation_name}} {{status}}",
            ],
          ],
        ),
        panel(
          "Time that drivers take",
          "s",
          "How long the slowest one of a hundred operations takes.",
          "Minutes: pods wait for their volumes.",
          [
            [
              `histogram_quantile(0.99, sum by (operation_name, le) (rate(storage_operation_duration_seconds_bucket{job="kubelet", ${clusters}}[${rate}])))`,
              "{{operation_name}}",
            ],
          ],
        ),
      ],
    },
  ],
};

const api = `job="apiserver", ${clusters}`;
const kubelet = `job="kubelet", ${clusters}`;
const dns = `, ${clusters}`;
const slowest = (histogram: string, by: string, of: string, q = 0.99): string =>
  `histogram_quantile(${q}, sum by (${by}, le) (rate(${histogram}_bucket{${of}}[${rate}])))`;

const controlPlane: Page = {
  uid: "kubernetes-control-plane",
  title: "Kubernetes: control plane",
  question: "Do the API server, the kubelets and the cluster's DNS answer, and in time?",
  scope: "cluster",
  rows: [
    {
      title: "API server",
      panels: [
        panel(
          "Requests by status",
          "reqps",
          "Requests to the API server in a second, by status.",
          "A status of 5xx, or many of 429.",
          [[`sum by (code) (rate(apiserver_request_total{${api}}[${rate}]))`, "{{code}}"]],
          stacked,
        ),
        panel(
          "Requests that fail",
          "percentunit",
          "The share of requests that the API server failed to serve (5xx), by verb.",
          "Above 0.01 for long.",
          [
            [
              `sum by (verb) (rate(apiserver_request_total{${api}, code=~"5.."}[${rate}])) / sum by (verb) (rate(apiserver_request_total{${api}}[${rate}])) or 0 * sum by (verb) (rate(apiserver_request_total{${api}}[${rate}]))`,
              "{{verb}}",
            ],
          ],
        ),
        panel(
          "Time that requests take",
          "s",
          "How long the slowest one of a hundred requests takes, without its webhooks.",
          "Above a second, of lists above five.",
          [[slowest("apiserver_request_sli_duration_seconds", "verb", `${api}, verb!~"WATCH|CONNECT"`), "{{verb}}"]],
        ),
        panel(
          "Requests in flight",
          "short",
          "Requests that are being served.",
          "A flat top: the limit, above which requests wait.",
          [[`sum by (request_kind) (apiserver_current_inflight_requests{${api}})`, "{{request_kind}}"]],
        ),
        panel(
          "Parts of the API that are away",
          "short",
          "Parts that other programs serve (metrics-server, adapters), and that do not answer.",
          "Any.",
          [
            [
              `max by (name) (aggregator_unavailable_apiservice{${api}}) > 0 or 0 * max by (name) (aggregator_unavailable_apiservice{${api}})`,
              "{{name}}",
            ],
          ],
          { alert: "KubeAggregatedApiDown" },
        ),
        panel(
          "Certificates of clients",
          "short",
          "Requests with a certificate that ends within two days, within a month, and at all.",
          "Any within two days.",
          [
            [
              `sum(increase(apiserver_client_certificate_expiration_seconds_bucket{${api}, le=~"172800(\\\\.0)?"}[${rate}]))`,
              "within two days",
            ],
            [
              `sum(increase(apiserver_client_certificate_expiration_seconds_bucket{${api}, le=~"2.592e\\\\+06|2592000(\\\\.0)?"}[${rate}]))`,
              "within a month",
            ],
            [`sum(increase(apiserver_client_certificate_expiration_seconds_count{${api}}[${rate}]))`, "all"],
          ],
        ),
        panel(
          "Queues of controllers",
          "short",
          "Objects that wait for a controller in the API server.",
          "A line that only grows.",
          [[`topk(5, sum by (name) (workqueue_depth{${api}}))`, "{{name}}"]],
        ),
        panel(
          "Size of the store",
          "bytes",
          "Bytes that etcd keeps.",
          "Close to etcd's quota, 2 GiB by default: then it takes no writes.",
          [[`max by (storage_cluster_id) (apiserver_storage_size_bytes{${api}})`, "{{storage_cluster_id}}"]],
        ),
        panel(
          "Targets that answer",
          "percentunit",
          "The share of API servers, kubelets and DNS pods that answered the last scrape.",
          "Below 1: what it would show is missing.",
          [[`avg by (job) (up{job=~"apiserver|kubelet|cadvisor|coredns|kube-state-metrics", ${clusters}})`, "{{job}}"]],
          share,
        ),
      ],
    },
    {
      title: "Kubelets",
      panels: [
        panel(
          "Time to start a pod",
          "s",
          "How long the slowest one of a hundred pods takes to start, without its images.",
          "Above five seconds; a minute is a fault.",
          [[slowest("kubelet_pod_start_sli_duration_seconds", "node", kubelet), "{{node}}"]],
          { alert: "KubeletPodStartSlow" },
        ),
        panel(
          "Time to list containers",
          "s",
          "How long the slowest one of a hundred lists of containers takes.",
          "Above a second; after three minutes the node is not ready.",
          [[slowest("kubelet_pleg_relist_duration_seconds", "node", kubelet), "{{node}}"]],
          { alert: "KubeletPlegSlow" },
        ),
        panel(
          "Errors of the container runtime",
          "ops",
          "Operations of the runtime that failed in a second.",
          "Any that stay.",
          [
            [
              `sum by (node, operation_type) (rate(kubelet_runtime_operations_errors_total{${kubelet}}[${rate}])) > 0 or 0 * sum by (node, operation_type) (rate(kubelet_runtime_operations_total{${kubelet}}[${rate}]))`,
              "{{node}} {{operation_type}}",
            ],
          ],
        ),
        panel(
          "Evictions",
          "short",
          "Pods that kubelets evicted. Empty without any.",
          "Any: the node is short of what the signal names.",
          [
            [
              `sum by (node, eviction_signal) (increase(kubelet_evictions{${kubelet}}[${rate}]))`,
              "{{node}} {{eviction_signal}}",
            ],
          ],
          { ...bars, alert: "KubeletEvicts" },
        ),
        panel(
          "Certificates of kubelets",
          "s",
          "Time until the certificates of kubelets end.",
          "Two days: the kubelet did not renew it.",
          [
            [`min by (node) (kubelet_certificate_manager_client_ttl_seconds{${kubelet}})`, "{{node}} as a client"],
            [`min by (node) (kubelet_certificate_manager_server_ttl_seconds{${kubelet}})`, "{{node}} as a server"],
          ],
        ),
      ],
    },
    {
      title: "DNS",
      panels: [
        panel(
          "DNS answers by code",
          "reqps",
          "Answers of the cluster's DNS in a second.",
          "`SERVFAIL`. `NXDOMAIN` is the search list of pods.",
          [[`sum by (rcode) (rate(coredns_dns_responses_total{job="coredns"${dns}}[${rate}]))`, "{{rcode}}"]],
          stacked,
        ),
        panel("DNS answers that failed", "percentunit", "The share of answers that are SERVFAIL.", "Above 0.03.", [
          [
            `${dnsFailed(dns, rate)} or 0 * sum by (namespace) (rate(coredns_dns_responses_total{job="coredns"${dns}}[${rate}]))`,
            "failed",
          ],
        ]),
        panel(
          "Time that DNS takes",
          "s",
          "How long the slowest one of a hundred answers takes, by zone.",
          "Above a second; programs give up after five.",
          [[dnsSlowest(dns, rate), "{{zone}}"]],
          { alert: "CoreDnsSlow" },
        ),
        panel(
          "DNS answers from memory",
          "percentunit",
          "The share of questions that CoreDNS answers from its cache.",
          "A fall: the servers above it get more questions.",
          [
            [
              `sum(rate(coredns_cache_hits_total{job="coredns"${dns}}[${rate}])) / sum(rate(coredns_cache_requests_total{job="coredns"${dns}}[${rate}]))`,
              "from memory",
            ],
          ],
          share,
        ),
      ],
    },
    {
      title: "kube-state-metrics",
      closed: true,
      panels: [
        panel(
          "Errors of kube-state-metrics",
          "ops",
          "Attempts to list and watch objects that failed in a second.",
          "Any that stay: panels and alerts about these objects are not to be trusted.",
          [
            [
              'sum by (resource) (rate(kube_state_metrics_list_total{app="kube-state-metrics", result="error"}[$__rate_interval]))',
              "list {{resource}}",
            ],
            [
              'sum by (resource) (rate(kube_state_metrics_watch_total{app="kube-state-metrics", result="error"}[$__rate_interval]))',
              "watch {{resource}}",
            ],
          ],
        ),
      ],
    },
  ],
};

/** Deployments have pods by way of ReplicaSets, whose names end with a hash. */
const ofDeployments =
  `max by (namespace, pod, workload_kind, workload) (label_replace(` +
  `label_replace(${ksm("kube_pod_owner", 'owner_kind="ReplicaSet"')}, "replicaset", "$1", "owner_name", "(.+)") ` +
  `* on (namespace, replicaset) group_left (workload) ` +
  `max by (namespace, replicaset, workload) (label_replace(${ksm("kube_replicaset_owner", 'owner_kind="Deployment"')}, "workload", "$1", "owner_name", "(.+)")), ` +
  `"workload_kind", "Deployment", "", ""))`;
const ofOthers =
  `max by (namespace, pod, workload_kind, workload) (label_replace(label_replace(` +
  `${ksm("kube_pod_owner", 'owner_is_controller="true"')}, "workload_kind", "$1", "owner_kind", "(.+)"), "workload", "$1", "owner_name", "(.+)"))`;

/** Over a day, the retention of Prometheus, a third pair of ranges would not fit. */
const apiRanges = ["5m", "30m", "1h", "6h"];

const recordings: readonly Recording[] = [
  { record: podWorkload, ask: `${ofDeployments} or on (namespace, pod) ${ofOthers}` },
  ...apiRanges.map((range) => ({
    record: `kube_lgtm:apiserver_requests_failed:ratio_rate${range}`,
    // Without a failed request there is no series of one.
    ask: `sum by (job) (rate(apiserver_request_total{job="apiserver", code=~"5.."}[${range}])) / sum by (job) (rate(apiserver_request_total{job="apiserver"}[${range}])) or 0 * sum by (job) (rate(apiserver_request_total{job="apiserver"}[${range}]))`,
  })),
];

export const monitoring: Monitoring = {
  folder: "Kubernetes",
  hidesStart: true,
  pages: [cluster, namespace, workload, pod, volumes, controlPlane],
  rules: { recordings, alerts },
};
