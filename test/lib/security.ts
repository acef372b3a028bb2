import type { IContainer } from "kubernetes-models/v1/Container";
import type { IProbe } from "kubernetes-models/v1/Probe";
import type { IVolume } from "kubernetes-models/v1/Volume";
import { quantity } from "../../src/core/kubernetes/requests.ts";
import type { Findings } from "./findings.ts";
import {
  containersOf,
  idOf,
  podTemplates,
  type PodTemplate,
  quiet,
  type Selector,
  selects,
  specOf,
} from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

const restrictedVolumes: readonly (keyof IVolume)[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const safeSysctls =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_unprivileged_port_start|tcp_\w+|ping_group_range))$/;
const confined = (type: string | undefined): boolean => type === "RuntimeDefault" || type === "Localhost";
const selinuxTypes: readonly (string | undefined)[] = [
  undefined,
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
];

/**
 * Violations of the Pod Security Standard `restricted`.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function restrictedFaults(pod: PodTemplate): Findings {
  const { spec } = pod;
  const own = spec.securityContext ?? {};
  const say = (wrong: boolean | undefined, at: string, text: string): string[] =>
    wrong ? [`${pod.id} ${at} ${text}`] : [];
  const container = (one: IContainer): string[] => {
    const at = `containers.${one.name}`;
    const context = one.securityContext ?? {};
    const { add = [], drop = [] } = context.capabilities ?? {};
    return [
      ...say(context.privileged, at, "is privileged"),
      ...say(context.allowPrivilegeEscalation !== false, at, "may gain privileges"),
      ...say(!drop.includes("ALL"), at, "does not drop ALL capabilities"),
      ...say(
        add.some((name) => name !== "NET_BIND_SERVICE"),
        at,
        `adds capabilities ${add.join(", ")}`,
      ),
      ...say(
        one.ports?.some(({ hostPort }) => hostPort),
        at,
        "takes a port of the host",
      ),
      ...say((context.runAsNonRoot ?? own.runAsNonRoot) !== true, at, "may run as root"),
      ...say((context.runAsUser ?? own.runAsUser) === 0, at, "runs as user 0"),
      ...say(!confined((context.seccompProfile ?? own.seccompProfile)?.type), at, "has no seccomp profile"),
      ...say((context.procMount ?? "Default") !== "Default", at, "unmasks /proc"),
      ...say(!selinuxTypes.includes((context.seLinuxOptions ?? own.seLinuxOptions)?.type), at, "sets an SELinux type"),
      ...say((context.appArmorProfile ?? own.appArmorProfile)?.type === "Unconfined", at, "turns AppArmor off"),
      ...say((context.windowsOptions ?? own.windowsOptions)?.hostProcess, at, "is a host process"),
    ];
  };
  return [
    ...say(spec.hostNetwork, "spec", "uses the host's network"),
    ...say(spec.hostPID, "spec", "sees the host's processes"),
    ...say(spec.hostIPC, "spec", "shares the host's memory"),
    ...say(
      own.sysctls?.some(({ name }) => !safeSysctls.test(name)),
      "spec",
      "sets unsafe sysctls",
    ),
    ...(spec.volumes ?? []).flatMap((volume) =>
      say(
        !restrictedVolumes.some((kind) => volume[kind]),
        `volumes.${volume.name}`,
        volume.hostPath ? `is the host's ${volume.hostPath.path}` : "is of no restricted kind",
      ),
    ),
    ...containersOf(pod).flatMap(container),
  ];
}

const handler = ({ httpGet, tcpSocket, exec, grpc }: IProbe): string =>
  JSON.stringify({ httpGet, tcpSocket, exec, grpc });

/**
 * Faults beyond the standard: service links, writable root file systems and host paths, missing
 * requests and memory limits.
 */
export function hardeningFaults(pod: PodTemplate): Findings {
  const { spec } = pod;
  const say = (wrong: boolean | undefined, at: string, text: string): string[] =>
    wrong ? [`${pod.id} ${at} ${text}`] : [];
  const hostMounts = new Set((spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name));
  return [
    ...say(spec.enableServiceLinks !== false, "spec", "takes every Service's address into its environment"),
    ...say(spec.automountServiceAccountToken === undefined, "spec", "does not say whether it needs a token"),
    ...containersOf(pod).flatMap((one) => {
      const at = `containers.${one.name}`;
      return [
        ...say(one.securityContext?.readOnlyRootFilesystem !== true, at, "may write to its root file system"),
        ...(["cpu", "memory"] as const).flatMap((what) =>
          say(one.resources?.requests?.[what] === undefined, at, `requests no ${what}`),
        ),
        ...say(one.resources?.limits?.["memory"] === undefined, at, "has no memory limit"),
        ...(["memory", "ephemeral-storage"] as const).flatMap((what) =>
          say(
            (quantity(one.resources?.requests?.[what]) ?? 0) > (quantity(one.resources?.limits?.[what]) ?? Infinity),
            at,
            `requests more ${what} than its limit, which the API server refuses`,
          ),
        ),
        ...(one.volumeMounts ?? []).flatMap(({ name, readOnly }) =>
          say(hostMounts.has(name) && !readOnly, `${at}.volumeMounts.${name}`, "may write to the host"),
        ),
      ];
    }),
  ];
}

/**
 * Faults in probes of long-running containers: each needs all three, by port names, and readiness
 * must check more than liveness.
 */
export function probeFaults(pod: PodTemplate): Findings {
  if (pod.kind === "Job") return [];
  // A container without ports cannot be probed; it is alive while it runs.
  return pod.spec.containers
    .filter(({ ports }) => ports?.length)
    .flatMap((one) => {
      const at = `${pod.id} containers.${one.name}`;
      const probes = {
        startupProbe: one.startupProbe,
        readinessProbe: one.readinessProbe,
        livenessProbe: one.livenessProbe,
      };
      const named = Object.entries(probes).flatMap(([name, probe]) => {
        if (!probe) return [`${at} has no ${name}`];
        const port = probe.httpGet?.port ?? probe.tcpSocket?.port;
        if (typeof port !== "string") return [`${at}.${name} names no port`];
        return one.ports?.some((declared) => declared.name === port)
          ? []
          : [`${at}.${name} names port ${port}, which is not its own`];
      });
      // A TCP probe depends on no other program: without an HTTP endpoint it may be both.
      const alike =
        one.readinessProbe?.httpGet && one.livenessProbe && handler(one.readinessProbe) === handler(one.livenessProbe);
      return [...named, ...(alike ? [`${at} asks the same to be ready and to be alive`] : [])];
    });
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}
interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}
const reading: readonly string[] = ["get", "list", "watch"];
/** Rights beyond reading that the rollout-operator needs, in its own namespace. */
const writing: Readonly<Record<string, readonly string[]>> = {
  "Role/rollout-operator": ["delete pods", "patch statefulsets", "update statefulsets/status"],
};
/** Resources whose reading gives away credentials or grants more rights. */
const closed: readonly string[] = [
  "*",
  "secrets",
  "configmaps",
  "serviceaccounts/token",
  "nodes/proxy",
  "pods/exec",
  "pods/log",
  "pods/attach",
  "pods/portforward",
];

/**
 * Faults in RBAC: rights beyond reading, rights on secrets, bindings to missing roles or accounts,
 * unused tokens.
 */
export function accessFaults(objects: readonly Manifest[]): Findings {
  const roles = objects.filter(({ kind }) => kind === "ClusterRole" || kind === "Role");
  // A binding to an OpenShift SCC admits a pod; it gives its programs no rights.
  const bindings = objects.filter(
    ({ kind, roleRef }) =>
      /^(Cluster)?RoleBinding$/.test(kind) && !/^system:openshift:scc:/.test((roleRef as Subject).name),
  );
  const accounts = objects.filter(({ kind }) => kind === "ServiceAccount");
  const subjects = bindings.flatMap((binding) => (binding["subjects"] ?? []) as readonly Subject[]);
  const bound = (namespace: string, name: string): boolean =>
    subjects.some(
      (subject) => subject.kind === "ServiceAccount" && subject.name === name && subject.namespace === namespace,
    );
  return [
    ...roles.flatMap((role) =>
      ((role["rules"] ?? []) as readonly Rule[]).flatMap(
        ({ verbs, resources = [], apiGroups = [], nonResourceURLs = [] }, i) => {
          const at = `${idOf(role)} rules.${i}`;
          return [
            ...verbs
              .filter((verb) => !reading.includes(verb))
              .flatMap((verb) => resources.map((resource) => `${verb} ${resource}`))
              .filter((right) => !writing[`${role.kind}/${role.metadata.name}`]?.includes(right))
              .map((right) => `${at} allows ${right}`),
            ...resources.filter((resource) => closed.includes(resource)).map((resource) => `${at} opens ${resource}`),
            ...(apiGroups.includes("*") ? [`${at} opens every API group`] : []),
            ...nonResourceURLs.filter((url) => url.includes("*")).map((url) => `${at} opens ${url}`),
          ];
        },
      ),
    ),
    ...bindings.flatMap((binding) => {
      const { kind, name } = binding["roleRef"] as Subject;
      const found = roles.some((role) => role.kind === kind && role.metadata.name === name);
      const list = (binding["subjects"] ?? []) as readonly Subject[];
      return [
        ...(found ? [] : [`${idOf(binding)} roleRef: no ${kind} ${name}`]),
        ...(list.length === 0 ? [`${idOf(binding)} subjects is empty`] : []),
        ...list
          .filter(
            ({ name, namespace }) =>
              !accounts.some(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
          )
          .map(({ name, namespace }) => `${idOf(binding)} subjects: no ServiceAccount ${namespace}/${name}`),
      ];
    }),
    ...accounts
      .filter((account) => account["automountServiceAccountToken"] !== false)
      .map((account) => `${idOf(account)} hands out its token to every pod`),
    ...podTemplates(objects).flatMap(({ id, namespace, spec }) => {
      const needs = bound(namespace, spec.serviceAccountName ?? "default");
      const has = spec.automountServiceAccountToken === true;
      if (needs === has) return [];
      return [needs ? `${id} has rights and no token to use them` : `${id} has a token that nothing is bound to`];
    }),
  ];
}

/** Images without one of these versions as their tag. */
export function imageFaults(objects: readonly Manifest[], images: readonly string[]): Findings {
  return podTemplates(objects).flatMap((pod) =>
    containersOf(pod).flatMap(({ name, image = "" }) => {
      const at = `${pod.id} containers.${name}`;
      const tag = /:([\w][\w.-]*)(@sha256:[0-9a-f]{64})?$/.exec(image)?.[1];
      if (tag === undefined) return [`${at}: image ${image} has no tag`];
      if (tag === "latest") return [`${at}: image ${image} is whatever is newest`];
      return images.includes(image) ? [] : [`${at}: image ${image} does not stand in src/versions.ts`];
    }),
  );
}

interface Budget {
  readonly minAvailable?: number | string;
  readonly maxUnavailable?: number | string;
  readonly selector?: Selector;
}
const share = (value: number | string, of: number): number =>
  typeof value === "number" ? value : Math.ceil((Number.parseFloat(value) / 100) * of);

/**
 * Workloads of several replicas without a budget or spread, and budgets that block every drain or
 * select nothing.
 */
export function budgetFaults(objects: readonly Manifest[]): Findings {
  const pods = podTemplates(quiet(objects));
  const budgets = objects.filter(({ kind }) => kind === "PodDisruptionBudget");
  const covers = (budget: Manifest, pod: PodTemplate): boolean => {
    const { selector } = specOf<Budget>(budget);
    return budget.metadata.namespace === pod.namespace && selector !== undefined && selects(selector, pod.labels);
  };
  return [
    ...pods
      .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
      .filter((pod) => {
        const same = (one: PodTemplate): boolean =>
          one.namespace === pod.namespace &&
          ["name", "component"].every(
            (key) => one.labels[`app.kubernetes.io/${key}`] === pod.labels[`app.kubernetes.io/${key}`],
          );
        return pods.filter(same).reduce((sum, { replicas }) => sum + replicas, 0) > 1;
      })
      .flatMap((pod) => {
        const found = budgets.filter((budget) => covers(budget, pod));
        return [
          ...(found.length === 1 ? [] : [`${pod.id} has ${found.length} PodDisruptionBudgets: expected one`]),
          ...(pod.replicas < 2 || pod.spec.topologySpreadConstraints?.length
            ? []
            : [`${pod.id} may have all replicas on one node`]),
        ];
      }),
    ...budgets.flatMap((budget) => {
      const selected = pods.filter((pod) => covers(budget, pod));
      const count = selected.reduce((sum, { replicas }) => sum + replicas, 0);
      const { minAvailable, maxUnavailable } = specOf<Budget>(budget);
      if (count === 0) return [`${idOf(budget)} selects no pod`];
      if (minAvailable === undefined && maxUnavailable === undefined) return [`${idOf(budget)} says no number`];
      const spared =
        maxUnavailable === undefined ? count - share(minAvailable ?? 0, count) : share(maxUnavailable, count);
      return spared > 0 ? [] : [`${idOf(budget)} blocks every drain: none of ${count} pods may be away`];
    }),
  ];
}

type NodeLabels = Readonly<Record<string, string>>;
const linux: NodeLabels = { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" };

/** Labels of a usual node, and of nodes on which our containers cannot run. */
export const nodes = {
  machine: linux,
  // https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-os
  Windows: { ...linux, "kubernetes.io/os": "windows" },
  // https://docs.aws.amazon.com/eks/latest/userguide/fargate.html
  Fargate: { ...linux, "eks.amazonaws.com/compute-type": "fargate" },
  // Virtual nodes of Azure and Alibaba: https://learn.microsoft.com/azure/aks/virtual-nodes-cli
  "virtual-kubelet": { ...linux, type: "virtual-kubelet", "kubernetes.io/role": "agent" },
  Liqo: { ...linux, "liqo.io/type": "virtual-node" },
} as const satisfies Readonly<Record<string, NodeLabels>>;

/**
 * Whether the scheduler accepts a node's labels: the selector, and all expressions of one of the
 * required terms.
 */
function mayRunOn({ spec }: PodTemplate, labels: NodeLabels): boolean {
  const { nodeSelector = {}, affinity } = spec;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const holds = (key: string, operator: string, values: readonly string[] = []): boolean => {
    const value = labels[key];
    if (operator === "In") return value !== undefined && values.includes(value);
    if (operator === "NotIn") return value === undefined || !values.includes(value);
    if (operator === "Exists") return value !== undefined;
    if (operator === "DoesNotExist") return value === undefined;
    throw new Error(`operator ${operator} is not known here: teach it to this function.`);
  };
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (required === undefined ||
      required.some(({ matchExpressions = [] }) =>
        matchExpressions.every(({ key, operator, values }) => holds(key, operator, values)),
      ))
  );
}

/**
 * Pods that could be scheduled to a node where their image does not run, or that fit no node. A
 * DaemonSet tolerates every taint.
 */
export const placementFaults = (pod: PodTemplate): Findings => [
  ...(mayRunOn(pod, nodes.machine) ? [] : [`${pod.id} runs on no machine`]),
  ...(Object.keys(nodes) as (keyof typeof nodes)[])
    .filter((node) => node === "Windows" || (node !== "machine" && pod.kind === "DaemonSet"))
    .filter((node) => mayRunOn(pod, nodes[node]))
    .map((node) => `${pod.id} may come to a node of ${node}`),
];
