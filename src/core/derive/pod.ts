import type { IContainer } from "kubernetes-models/v1/Container";
import type { IContainerPort } from "kubernetes-models/v1/ContainerPort";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { ILifecycle } from "kubernetes-models/v1/Lifecycle";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { IProbe } from "kubernetes-models/v1/Probe";
import type { IResourceRequirements } from "kubernetes-models/v1/ResourceRequirements";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { Context, Pods } from "../model/component.ts";
import { selector } from "./labels.ts";
import type { Role, Workload } from "../model/roles.ts";
import type { Size, Sized } from "../model/size.ts";

/**
 * Every program runs as this user and group, whatever its image says; volumes belong to the group.
 */
const user = 10001;

/** The declared ports of the roles that share a container, by number. */
export const containerPorts = (roles: readonly Role[]): IContainerPort[] =>
  Object.entries(Object.assign({}, ...roles.map(({ ports }) => ports)) as Record<string, number>)
    .sort(([, a], [, b]) => a - b)
    .map(([name, containerPort]) => ({ name, containerPort }));

type Needs = Pick<Size, "cpu" | "memory" | "memoryLimit">;

/**
 * Requests, and limits of memory and local disk. CPU has no limit, so that nothing is throttled.
 * The request of 32Mi and the limit of 256Mi of local disk are assumptions: a log of 10 MB, which
 * kubelet rotates and of which it keeps five (`containerLogMaxSize`, `containerLogMaxFiles`), and
 * small files in /tmp.
 * @param scratch limit of local disk for emptyDirs and the container's log
 */
export const resources = ({ cpu, memory, memoryLimit }: Needs, scratch = "256Mi"): IResourceRequirements => ({
  requests: { cpu, memory, "ephemeral-storage": "32Mi" },
  limits: { memory: memoryLimit, "ephemeral-storage": scratch },
});

/** A pod that answers no more gets no requests after 15 s, and is restarted after two minutes. */
const seconds = {
  ready: { periodSeconds: 5, timeoutSeconds: 3 },
  live: { periodSeconds: 20, timeoutSeconds: 5 },
} as const;

export const httpGet = (path: string, port = "http"): IProbe => ({ httpGet: { path, port } });
export const tcp = (port: string): IProbe => ({ tcpSocket: { port } });

interface Probes {
  /** May the pod be sent requests? */
  readonly ready: IProbe;
  /** Is the process alive? Checks no neighbour: a missing one would restart this pod. */
  readonly live: IProbe;
  /** Seconds for start-up (replay of a log, join of a ring) before `live` counts. */
  readonly startSeconds: number;
}

export const probes = ({
  ready,
  live,
  startSeconds,
}: Probes): Pick<IContainer, "readinessProbe" | "livenessProbe" | "startupProbe"> => ({
  startupProbe: { ...live, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: Math.ceil(startSeconds / 5) },
  readinessProbe: { ...ready, ...seconds.ready, failureThreshold: 3 },
  livenessProbe: { ...live, ...seconds.live, failureThreshold: 6 },
});

/**
 * Delays SIGTERM by 5 s, until the endpoint removal has reached every node. The programs that use
 * it stop listening at once, and a connection to a pod that is gone would hang. Needs Kubernetes
 * 1.30
 * (https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-implementations).
 */
export const untilUnrouted: ILifecycle = { preStop: { sleep: { seconds: 5 } } };

/** First line of a shell script that waits: process 1 of a container ignores SIGTERM without it. */
export const endsWhenTold = "trap 'exit 1' QUIT TERM";

/** The name of a pod: "kafka-0". */
export const podName: IEnvVar = { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } };

/** The number at the end of the name of a StatefulSet's pod: "0". Needs Kubernetes 1.28. */
export const podIndex = (variable: string): IEnvVar => ({
  name: variable,
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
});

/** The address of a pod, IPv4 or IPv6. */
export const podIp: IEnvVar = { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };

/**
 * Tells Go's collector the memory limit, for programs that do not find it by themselves: 1,000,000
 * bytes of each Mi of the container's limit. The rest, 4.6 %, is for memory that the collector does
 * not see (https://go.dev/doc/gc-guide#Suggested_uses). Kubernetes can only divide a limit by a
 * unit; the zeros behind the variable multiply.
 */
export const goMemoryLimit: readonly IEnvVar[] = [
  { name: "MEMORY_LIMIT_MI", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
  { name: "GOMEMLIMIT", value: "$(MEMORY_LIMIT_MI)000000" },
];

export const emptyDir = (name: string, sizeLimit?: string): IVolume => ({
  name,
  emptyDir: sizeLimit ? { sizeLimit } : {},
});
export const configVolume = (name: string, configMap: string): IVolume => ({ name, configMap: { name: configMap } });
export const secretVolume = (name: string, secretName: string): IVolume => ({ name, secret: { secretName } });

/**
 * Files of a ConfigMap, overlaid by those of a Secret if that exists. Of two files of one name the
 * later source counts (`collectData` of kubelet's pkg/volume/projected).
 * @param as keys of the Secret by file name. Default: all keys, by their own names
 */
export const overlaid = (
  name: string,
  configMap: string,
  secret: string,
  as?: Readonly<Record<string, string>>,
): IVolume => ({
  name,
  projected: {
    sources: [
      { configMap: { name: configMap } },
      {
        secret: {
          name: secret,
          optional: true,
          items: as && Object.entries(as).map(([path, key]) => ({ key, path })),
        },
      },
    ],
  },
});

/** One folder of the files of those ConfigMaps that exist. */
export const optionalConfigs = (name: string, configMaps: readonly string[]): IVolume => ({
  name,
  projected: { sources: configMaps.map((configMap) => ({ configMap: { name: configMap, optional: true } })) },
});

export const restrictedContainer = (container: IContainer): IContainer => ({
  ...container,
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    ...container.securityContext,
  },
});

/** ConfigMaps that a cluster may have for programs that ask outside: certificates and a proxy. */
export const outside = { certificates: "ca-bundle", proxy: "proxy-settings" } as const;

export const certificates: IVolume = {
  name: outside.certificates,
  configMap: { name: outside.certificates, optional: true },
};

/**
 * Go programs trust the certificates in SSL_CERT_DIR beside those in the system's file
 * (crypto/x509/root_unix.go). The component's own settings come later, so they win.
 */
export const askingOutside = (container: IContainer): IContainer => ({
  ...container,
  env: [...(container.env ?? []), { name: "SSL_CERT_DIR", value: "/etc/ca-bundle" }],
  envFrom: [{ configMapRef: { name: outside.proxy, optional: true } }, ...(container.envFrom ?? [])],
  volumeMounts: [
    ...(container.volumeMounts ?? []),
    { name: certificates.name, mountPath: "/etc/ca-bundle", readOnly: true },
  ],
});

/** A container whose probes ask its ports as they speak: by HTTPS where a role's port does. */
export const probedAs =
  (roles: readonly Role[]) =>
  (container: IContainer): IContainer => {
    const isHttps = ({ httpGet }: IProbe): boolean =>
      roles.some(({ ports, speaks }) => {
        const name = Object.keys(ports).find((port) => port === httpGet?.port);
        return name !== undefined && speaks[name] === "https";
      });
    const probes = (["startupProbe", "readinessProbe", "livenessProbe"] as const).flatMap((name) => {
      const probe = container[name];
      if (!probe?.httpGet || !isHttps(probe)) return [];
      return [[name, { ...probe, httpGet: { ...probe.httpGet, scheme: "HTTPS" } }] as const];
    });
    return { ...container, ...Object.fromEntries(probes) };
  };

/**
 * The pod as its component describes it, with all that Pod Security `restricted` requires.
 * @throws if the pods touch the host outside the agents' namespace
 */
export function hardened({ workload, size, pod, usesApi, asksOutside, mustTouchHost }: Pods, zone?: string): IPodSpec {
  if (mustTouchHost && workload.namespaceKind !== "agents") {
    throw new Error(`${workload.fullName} touches the host: set the namespaceKind of its component to "agents".`);
  }
  const { containers, initContainers, volumes, securityContext, ...rest } = pod;
  return {
    serviceAccountName: workload.component,
    automountServiceAccountToken: usesApi ?? false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
      ...securityContext,
    },
    ...rest,
    // Every image is Linux's.
    nodeSelector: { "kubernetes.io/os": "linux", ...rest.nodeSelector },
    affinity: zone ? awayFromOtherZones(workload, zone) : workload.runs === "every node" ? onRealNodes : undefined,
    topologySpreadConstraints:
      size.replicas > 1 ? spread(zone ? { ...selector(workload), [zoneLabel]: zone } : selector(workload)) : undefined,
    initContainers: initContainers?.map(restrictedContainer),
    containers: containers
      .map(asksOutside ? askingOutside : (one) => one)
      .map(probedAs(workload.roles))
      .map(restrictedContainer),
    volumes: asksOutside ? [...(volumes ?? []), certificates] : volumes,
  };
}

/**
 * Labels of nodes that are no machines: a DaemonSet's pods would be pending there for ever. AWS
 * Fargate, Liqo, and virtual-kubelet, which Azure's and Alibaba's virtual nodes use.
 */
export const unreal: Readonly<Record<string, string>> = {
  "eks.amazonaws.com/compute-type": "fargate",
  "liqo.io/type": "virtual-node",
  type: "virtual-kubelet",
};

/** A node without the label is a machine. */
const onRealNodes: IPodSpec["affinity"] = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: Object.entries(unreal).map(([key, value]) => ({ key, operator: "NotIn", values: [value] })),
        },
      ],
    },
  },
};

/**
 * Which of its workload's zones a pod is of; the programs take it as the name of their availability
 * zone.
 */
export const zoneLabel = "kube-lgtm.io/zone";

/** Pods of one zone prefer nodes and zones without pods of the other zones. */
const awayFromOtherZones = (workload: Workload, zone: string): IPodSpec["affinity"] => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
      (topologyKey) => ({
        weight: 100,
        podAffinityTerm: {
          topologyKey,
          labelSelector: {
            matchLabels: selector(workload),
            matchExpressions: [{ key: zoneLabel, operator: "NotIn", values: [zone] }],
          },
        },
      }),
    ),
  },
});

/** Replicas spread over nodes and zones, but are never pending for it. */
export const spread = (matchLabels: Record<string, string>): IPodSpec["topologySpreadConstraints"] =>
  ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  }));

/**
 * Pods of a component whose every pod is one container.
 * @param container the container of a workload, sized for it
 * @param more volumes of the pod, and what else holds for the pods
 */
export const oneContainer = (
  { workloads, size }: Pick<Context, "workloads" | "size">,
  container: (workload: Workload, size: Sized) => IContainer,
  { volumes, ...more }: { readonly volumes?: IVolume[] } & Pick<Pods, "usesApi" | "asksOutside"> = {},
): readonly Pods[] =>
  workloads.map((workload) => ({
    workload,
    size: size(workload),
    ...more,
    pod: { containers: [container(workload, size(workload))], volumes },
  }));
