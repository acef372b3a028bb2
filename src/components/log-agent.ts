import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { IVolumeMount } from "kubernetes-models/v1/VolumeMount";
import type { Pods } from "../core/component.ts";
import type { Workload } from "../core/plan.ts";
import type { Sized } from "../core/size.ts";

/* What the agents have in common that read the log files of a node's pods. */

/** Labels of a log line beside `app`, by what discovery calls them. */
export const labels = Object.entries({ namespace: "namespace", pod: "pod_name", container: "pod_container_name" }).map(
  ([label, name]) => ({ label, source: `__meta_kubernetes_${name}` }),
);

/** The first of these that a pod has gives the label `app`; written one after the other, with `separator` between them. */
export const app = {
  sources: [
    "__meta_kubernetes_pod_label_app_kubernetes_io_name",
    "__meta_kubernetes_pod_label_app",
    "__meta_kubernetes_pod_container_name",
  ],
  separator: ";",
  regex: "^;*([^;]+).*$",
} as const;

/** A container's log files, by its pod's uid and its name. */
export const files = {
  sources: ["__meta_kubernetes_pod_uid", "__meta_kubernetes_pod_container_name"],
  separator: "/",
  path: "/var/log/pods/*$1/*.log",
} as const;

export const logs: IVolume = { name: "logs", hostPath: { path: "/var/log", type: "Directory" } };
export const logsMount = { name: logs.name, mountPath: "/var/log", readOnly: true } as const;

/** How far each file has been read: kept on the node, so that a new pod goes on where the last one stopped. */
export const positions = (component: string): IVolume => ({
  name: "data",
  hostPath: { path: `/var/lib/kube-lgtm/${component}`, type: "DirectoryOrCreate" },
});

/** In a folder of its namespace, so that the agents of two environments on one node do not share one. */
export const positionsMount: IVolumeMount = { name: "data", mountPath: "/data", subPathExpr: "$(NAMESPACE)" };
export const namespace: IEnvVar = {
  name: "NAMESPACE",
  valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
};

export const nodeName = (variable: string): IEnvVar => ({
  name: variable,
  valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } },
});

/** One pod on every node, as root without capabilities, because log files are root's. */
export const pods = (workload: Workload, size: Sized, container: IContainer, volumes: IVolume[]): Pods => ({
  workload,
  size,
  usesApi: true,
  mustTouchHost: "reads the node's log files, which belong to root",
  pod: {
    tolerations: [{ operator: "Exists" }],
    securityContext: {
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
      fsGroup: undefined,
      fsGroupChangePolicy: undefined,
    },
    containers: [container],
    volumes,
  },
});
