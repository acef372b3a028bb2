import type { IPersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { Pods, ZoneLabels } from "../model/component.ts";
import {
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  PodDisruptionBudget,
  ServiceAccount,
  StatefulSet,
} from "../kubernetes/builders.ts";
import { componentLabels, groupLabels, labels, outsideLabel, selector } from "./labels.ts";
import { emptyDir, hardened, zoneLabel } from "./pod.ts";
import { governingServiceName } from "../model/roles.ts";
import { quantity } from "../kubernetes/requests.ts";
import { type Disk, podsOf, type Size, zonesOf } from "../model/size.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";

/** The account that all pods of a component run as. */
export const account = (name: string, annotations?: Readonly<Record<string, string>>): Manifest =>
  manifest(
    new ServiceAccount({
      metadata: { name, labels: componentLabels(name), annotations },
      automountServiceAccountToken: false,
    }),
  );

/** A workload's controllers: one, or one a zone. */
export const controllers = (pods: Pods, zoneLabels: ZoneLabels | undefined): readonly Manifest[] => {
  const zones = zonesOf(pods.size);
  return zones.length > 0 ? zones.map((zone) => controller(pods, zone, zoneLabels)) : [controller(pods)];
};

/**
 * A DaemonSet for `every node`, a StatefulSet if pods keep a volume or their names, else a
 * Deployment. A DaemonSet replaces 10 % of its pods at a time: nodes are many and alike.
 */
function controller(pods: Pods, zone?: string, zoneLabels?: ZoneLabels): Manifest {
  const { workload, size } = pods;
  const name = zone ? `${workload.fullName}-${zone}` : workload.fullName;
  const own: Readonly<Record<string, string>> = zone ? { [zoneLabel]: zone } : {};
  const ofSet = zone ? zoneLabels?.ofSets(workload.fullName) : {};
  const metadata = { name, labels: { ...labels(workload), ...own, ...ofSet } };
  const matching = { matchLabels: { ...selector(workload), ...own } };
  const template = {
    metadata: {
      labels: {
        ...labels(workload),
        ...own,
        ...(zone ? zoneLabels?.ofPods(name) : {}),
        ...groupLabels(workload.roles.flatMap(({ groups }) => groups)),
        ...(pods.asksOutside ? outsideLabel : {}),
        ...pods.labels,
      },
      annotations: pods.annotations,
    },
    spec: size.disk?.keeps === "nothing" ? withoutClaim(hardened(pods, zone), size.disk) : hardened(pods, zone),
  };
  if (workload.runs === "every node") {
    const updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } } as const;
    return manifest(new DaemonSet({ metadata, spec: { selector: matching, updateStrategy, template } }));
  }
  if (!workload.podNames) {
    const replicas = size.maxReplicas === undefined ? size.replicas : undefined;
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } as const;
    return manifest(new Deployment({ metadata, spec: { replicas, selector: matching, strategy, template } }));
  }
  return manifest(
    new StatefulSet({
      metadata,
      spec: {
        replicas: size.replicas,
        serviceName: governingServiceName(workload),
        minReadySeconds: pods.settleSeconds,
        podManagementPolicy: "Parallel",
        // Kubernetes would roll all zones at the same time.
        updateStrategy: zone ? { type: "OnDelete" } : undefined,
        selector: matching,
        template,
        volumeClaimTemplates: size.disk?.keeps === "claim" ? [claim(size.disk)] : undefined,
      },
    }),
  );
}

/** With the defaults of the API server, so that the applied and the stored object are the same. */
const claim = ({ size, class: storageClassName }: Disk): IPersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: size } },
    storageClassName,
    volumeMode: "Filesystem",
  },
});

/** An emptyDir in place of the claim, limited to the claim's size. */
const withoutClaim = (spec: IPodSpec, { size }: Disk): IPodSpec => ({
  ...spec,
  containers: spec.containers.map((container) =>
    container.volumeMounts?.some(({ name }) => name === "data")
      ? {
          ...container,
          resources: {
            ...container.resources,
            limits: { ...container.resources?.limits, "ephemeral-storage": size },
          },
        }
      : container,
  ),
  volumes: [...(spec.volumes ?? []), emptyDir("data", size)],
});

/** No budget for a single pod: it would block every drain or do nothing. Zones share one. */
export const budget = ({ workload, size }: Pods): readonly Manifest[] =>
  workload.runs !== "replicas" || podsOf(size) < 2
    ? []
    : [
        manifest(
          new PodDisruptionBudget({
            metadata: { name: workload.fullName, labels: labels(workload) },
            spec: { maxUnavailable: 1, selector: { matchLabels: selector(workload) } },
          }),
        ),
      ];

/**
 * Target utilisation of a scaled pod, an assumption: until a new pod is ready, the others can take
 * a third more.
 */
export const busy = 0.75;

/** The autoscaler's target in millicores. Absolute: clusters may change requests. */
export const busyCpu = ({ cpu }: Size): string => `${Math.round((quantity(cpu) ?? 0) * 1000 * busy)}m`;

/** Removes one pod a minute, and only after ten minutes below the target. */
export const scaling = {
  scaleDown: {
    stabilizationWindowSeconds: 600,
    policies: [{ type: "Pods" as const, value: 1, periodSeconds: 60 }],
  },
};

/**
 * The autoscaler of a workload with `maxReplicas`.
 * @throws if its pods keep something
 */
export const autoscaler = ({ workload, size }: Pods): readonly Manifest[] => {
  if (size.maxReplicas === undefined) return [];
  if (workload.podNames || workload.runs !== "replicas")
    throw new Error(
      `${workload.fullName} keeps a volume or a name, or runs on every node: remove maxReplicas from its size.`,
    );
  return [
    manifest(
      new HorizontalPodAutoscaler({
        metadata: { name: workload.fullName, labels: labels(workload) },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: workload.fullName },
          minReplicas: size.replicas,
          maxReplicas: size.maxReplicas,
          metrics: [
            {
              type: "Resource",
              resource: { name: "cpu", target: { type: "AverageValue", averageValue: busyCpu(size) } },
            },
          ],
          behavior: scaling,
        },
      }),
    ),
  ];
};
