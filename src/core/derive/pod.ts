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

/** Every program runs as this user and group, whatever its image says; volumes belong to the group. */
const user = 10001;

/** The declared ports of the roles that share a container, by number. */
export const containerPorts = (roles: readonly Role[]): IContainerPort[] =>
  Object.entries(Object.assign({}, ...roles.map(({ ports }) => ports)) as Record<string, number>)
    .sort(([, a], [, b]) => a - b)
    .map(([name, containerPort]) => ({ name, containerPort }));

type Needs = Pick<Size, "cpu" | "memory" | "memoryLimit">;

/**
 * Requests, and limits for what cannot be given back: memory and local disk. CPU has none, so that nothing is throttled.
 * @param scratch room for what is written outside of claims: emptyDirs and the container's log
 */
export const resources = ({ cpu, memory, memoryLimit }: Needs, scratch = "256Mi"): IResourceRequirements => ({
  requests: { cpu, memory, "ephemeral-storage": "32Mi" },
  limits: { memory: memoryLimit, "ephemeral-storage": scratch },
});

const seconds = {
  ready: { periodSeconds: 5, timeoutSeconds: 3 },
  live: { periodSeconds: 20, timeoutSeconds: 5 },
} as const;

export const httpGet = (path: string, port = "http"): IProbe => ({ httpGet: { path, port } });
export const tcp = (port: string): IProbe => ({ tcpSocket: { port } });

interface Probes {
  /** May it be sent requests? */
  readonly ready: IProbe;
  /** Is the process alive? Asks for less than `ready`, so that a missing neighbour restarts nobody. */
  readonly live: IProbe;
  /** How long it may take to come up (replay of a log, join of a ring) before `live` counts. */
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
 * For a program that stops listening as soon as it is told to end: keeps it from hearing so until the news that nobody is to be sent here
 * has reached every node. A connection to a pod that is gone would hang. Needs Kubernetes 1.30
 * (https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-implementations).
 */
export const untilUnrouted: ILifecycle = { preStop: { sleep: { seconds: 5 } } };

/** Begins what waits in a shell: as the first process of a container it hears of its end only where it listens. */
export const endsWhenTold = "trap 'exit 1' QUIT TERM";

/** The name of a pod: "kafka-0". */
export const podName: IEnvVar = { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } };

/** The number at the end of the name of a StatefulSet's pod: "0". Needs Kubernetes 1.28. */
export const podIndex = (variable: string): IEnvVar => ({
  name: variable,
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
});

/** The address that a cluster has given a pod, of whatever family and range. */
export const podIp: IEnvVar = { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };

/**
 * Tells Go's collector how much memory it may take, for programs that do not look it up by themselves: a million bytes of each Mi of the
 * container's limit, whoever sets that. The rest, 4.6 %, is for what the collector does not see, such as the buffers of connections
 * (https://go.dev/doc/gc-guide#Suggested_uses). Kubernetes divides a limit by a unit and by nothing else; the zeros behind it multiply.
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
 * A ConfigMap's files, and over them those of a Secret, where somebody has made it: of two files of one name that of the later source counts
 * (`collectData` of kubelet's pkg/volume/projected).
 * @param as keys of the Secret, by the names that their files have. Default: all keys, by their own names
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

/** One folder made of the ConfigMaps that are there; those of components an environment leaves out are skipped. */
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

/** ConfigMaps that a cluster may have for all who ask something outside of it: whom to trust, and the way out. */
export const outside = { certificates: "ca-bundle", proxy: "proxy-settings" } as const;

export const certificates: IVolume = {
  name: outside.certificates,
  configMap: { name: outside.certificates, optional: true },
};

/**
 * Programs of Go trust the certificates in the folder SSL_CERT_DIR beside those in the system's file (crypto/x509/root_unix.go). What a
 * component's own settings say comes after what is said to all.
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

/** The pod as its component describes it, with everything that Pod Security `restricted` and a careful reader ask of it. */
export function hardened({ workload, size, pod, usesApi, asksOutside, mustTouchHost }: Pods, zone?: string): IPodSpec {
  if (mustTouchHost && workload.namespaceKind !== "agents") {
    throw new Error(`${workload.fullName} touches the host: its component's home must be "agents".`);
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
 * What the nodes are labelled that are no machines: pods of a DaemonSet would wait there for ever. AWS Fargate; virtual-kubelet, which is
 * also Azure's virtual nodes and Alibaba's; Liqo.
 */
const unreal: Readonly<Record<string, string>> = {
  "eks.amazonaws.com/compute-type": "fargate",
  "liqo.io/type": "virtual-node",
  type: "virtual-kubelet",
};

/** A node that lacks the label is none of them. */
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

/** Which of its workload's zones a pod is of; the programs take it as the name of their availability zone. */
export const zoneLabel = "kube-lgtm.io/zone";

/** The pods of one zone go where those of the others are not, if there is such a place. */
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

/** Replicas go to different nodes and zones where there are some, and still run where there are not. */
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
