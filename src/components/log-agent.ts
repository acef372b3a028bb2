import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { IVolumeMount } from "kubernetes-models/v1/VolumeMount";
import type { Pods } from "../core/model/component.ts";
import type { Workload } from "../core/model/roles.ts";
import type { Sized } from "../core/model/size.ts";

/* What the agents have in common that read the log files of a node's pods. */

/**
 * How a label comes of others, in the terms of Prometheus's relabelling; what is not said has its
 * default there.
 */
export interface Rule {
  /** Why, where it cannot be seen; ends in a full stop. */
  readonly why?: string;
  readonly sources: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly replacement?: string;
  readonly target: string;
}

/** Where the pods' folders are; kubelet makes it, on its root or behind a link. */
const podLogs = "/var/log/pods";

const meta = (name: string): string => `__meta_kubernetes_${name}`;
const container = meta("pod_container_name");

/**
 * The labels of a container's lines, and where its log files are: in a folder that kubelet names by
 * namespace, name and uid of the pod (BuildPodLogsDirectory in pkg/kubelet/kuberuntime/helpers.go).
 * No label is added lightly: how far a file has been read is kept by its labels, too.
 */
export const rules: readonly Rule[] = [
  { sources: [meta("namespace")], target: "namespace" },
  { sources: [meta("pod_name")], target: "pod" },
  { sources: [container], target: "container" },
  {
    why: "The first of these labels that a pod has, else the container's name.",
    sources: [meta("pod_label_app_kubernetes_io_name"), meta("pod_label_app"), container],
    regex: "^;*([^;]+).*$",
    target: "app",
  },
  {
    // pkg/kubelet/pod/mirror_client.go; only what can be a uid, because whoever makes a pod may
    // write anything there.
    why: "kubelet knows a static pod by a hash, and the API server its mirror by another uid.",
    sources: [meta("pod_annotation_kubernetes_io_config_mirror"), meta("pod_uid")],
    regex: "([\\w-]+);.*|.*;(.+)",
    replacement: "$1$2",
    target: "__tmp_uid",
  },
  {
    sources: [meta("namespace"), meta("pod_name"), "__tmp_uid"],
    separator: "_",
    target: "__tmp_folder",
  },
  {
    sources: ["__tmp_folder", container],
    separator: "/",
    replacement: `${podLogs}/$1/*.log`,
    target: "__path__",
  },
];

/**
 * How an agent pushes again what Loki did not take, because it is away (5xx, no connection) or has
 * too much to do (429): for ever, because the lines wait on the node meanwhile. By themselves both
 * agents give up after ten times, some six to eight minutes. What Loki refuses for good (any other
 * 4xx) neither pushes again. Number 0 is no limit (dskit's backoff.Config).
 */
export const again = { first: "500ms", longest: "1m", times: 0 } as const;

export const logs: IVolume = { name: "logs", hostPath: { path: podLogs, type: "Directory" } };
export const logsMount = { name: logs.name, mountPath: podLogs, readOnly: true } as const;

/**
 * A runtime by CRI writes `time stream F|P line`, and Docker JSON, in parts of 16 KiB of which the
 * last ends in a line break (daemon/logger/jsonfilelog and daemon/logger/copier.go of Moby).
 * Docker's is made CRI's, and then both are read alike: parts are put together.
 */
export const docker = {
  lines: String.raw`{container=~".+"} |~ "^[{]\"log\":\".+\",\"stream\":\"std(out|err)\",.*\"time\":\"[^\"]+\"[}]$"`,
  asCri: String.raw`{{ .timestamp }} {{ .stream }} {{ if hasSuffix "\n" .output }}F{{ else }}P{{ end }} {{ trimSuffix "\n" .output }}`,
} as const;

/** What stands for a level in lines of klog, of nginx's error log and of mc, by the level. */
const marks: Readonly<Record<string, readonly string[]>> = {
  debug: ["debug"],
  info: ["I", "info", "notice"],
  warn: ["W", "warn"],
  error: ["E", "error", "ERROR"],
  critical: ["crit", "alert", "emerg"],
  fatal: ["F", "FATAL"],
};

/**
 * A line with such a mark: "W1129 13:55:36.434253", "2026/11/29 13:55:36 [warn] 7#7", "mc: <ERROR>".
 * Without backslashes, of which Promtail takes some away where it looks for variables.
 */
const marked = (mark: string): string =>
  `^(?:[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} [[]|mc: <)?${mark}(?:. [0-9]+#|> |[0-9]{4} [0-9:]{8}[.])`;

/**
 * Levels that Loki does not find in a line by itself, or finds wrongly: it knows fields named so and
 * the words for them (pkg/distributor/field_detection.go of Loki 3.7), and of klog's
 * `I1129 … err="no metrics"` makes an error. It takes one that comes with the line for what it is.
 */
export const levels = {
  lines: `{container=~".+"} |~ ${JSON.stringify(marked("[A-Za-z]+"))}`,
  mark: marked("(?P<mark>[A-Za-z]+)"),
  level: `${Object.entries(marks)
    .map(([level, words]) => `{{ if eq .mark ${words.map((word) => `"${word}"`).join(" ")} }}${level}`)
    .join("{{ else }}")}${"{{ end }}".repeat(Object.keys(marks).length)}`,
} as const;

/**
 * How far each file has been read: kept on the node, so that a new pod goes on where the last one
 * stopped.
 */
export const positions = (component: string): IVolume => ({
  name: "data",
  hostPath: { path: `/var/lib/kube-lgtm/${component}`, type: "DirectoryOrCreate" },
});

/**
 * In a folder of its namespace, so that the agents of two environments on one node do not share
 * one.
 */
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
