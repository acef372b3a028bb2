import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodSecurityContext } from "kubernetes-models/v1/PodSecurityContext";
import { clusterAccess } from "../core/access.ts";
import type { Component, SettingsTable } from "../core/component.ts";
import { apart, defineRoles, type Workload } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, httpGet, probes, resources, tcp } from "../core/pod.ts";
import { template } from "../core/template.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as loki from "./loki.ts";

export const port = 12345;

export const roles = defineRoles(
  "alloy",
  { ports: { http: port }, metrics: { port: "http" }, home: "agents" },
  { server: { tier: "write", runs: "every node" } },
);

const mounts = [
  { name: "config", mountPath: "/etc/alloy", readOnly: true },
  { name: "data", mountPath: "/data" },
  { name: "tmp", mountPath: "/tmp" },
];

/** Labels of a log line beside `app`, by what discovery calls them. */
export const labels = Object.entries({ namespace: "namespace", pod: "pod_name", container: "pod_container_name" }).map(
  ([label, name]) => ({ label, source: `__meta_kubernetes_${name}` }),
);

const settings = ({ wire }: Wiring): SettingsTable => ({
  cluster: { unit: "name", value: "kube-lgtm" },
  lokiUrl: {
    unit: "url",
    value: `http://${wire(roles.server).to(loki.roles.gateway, "http")}/loki/api/v1/push`,
  },
});

/** The first of these that a pod has gives the label `app`. */
export const appSources = [
  "__meta_kubernetes_pod_label_app_kubernetes_io_name",
  "__meta_kubernetes_pod_label_app",
  "__meta_kubernetes_pod_container_name",
] as const;

/** What a pod needs that reads root's files; its containers have no capabilities all the same. */
export const asRoot: IPodSecurityContext = {
  runAsNonRoot: false,
  runAsUser: 0,
  runAsGroup: 0,
  fsGroup: undefined,
  fsGroupChangePolicy: undefined,
};

/** A container of Alloy with its configuration in /etc/alloy. */
export const container = (
  { roles }: Workload,
  rest: Partial<IContainer> & Pick<IContainer, "envFrom" | "resources">,
): IContainer => ({
  name: "alloy",
  image: images.alloy,
  args: [
    "run",
    "/etc/alloy/config.alloy",
    "--storage.path=/data",
    `--server.http.listen-addr=0.0.0.0:${port}`,
    "--disable-reporting",
  ],
  ports: containerPorts(roles),
  // Alloy's /-/healthy fails when any one pipeline does: not a reason to restart the others.
  ...probes({ ready: httpGet("/-/ready"), live: tcp("http"), startSeconds: 120 }),
  volumeMounts: mounts,
  ...rest,
});

/** Reads the log files of every pod on its node and pushes them to Loki. */
export const alloy: Component = {
  name: "alloy",
  home: "agents",
  roles,
  grouping: { monolithic: apart },
  settings,
  build({ wiring, workloads }) {
    wiring.wire(roles.server).toPlace("api-server");
    return {
      pods: workloads.map((workload) => ({
        workload,
        replicas: 1,
        usesApi: true,
        mustTouchHost: "reads the node's log files, which belong to root",
        pod: {
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          securityContext: asRoot,
          containers: [
            container(workload, {
              env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
              envFrom: [{ configMapRef: { name: "alloy-settings" } }],
              resources: resources({ cpu: "20m", memory: "96Mi", memoryLimit: "384Mi" }),
              volumeMounts: [...mounts, { name: "logs", mountPath: "/var/log", readOnly: true }],
            }),
          ],
          volumes: [
            configVolume("config", "alloy"),
            { name: "logs", hostPath: { path: "/var/log", type: "Directory" } },
            // Positions in the files: kept on the node, so that a new pod goes on where the last one stopped.
            { name: "data", hostPath: { path: "/var/lib/kube-lgtm/alloy", type: "DirectoryOrCreate" } },
            emptyDir("tmp"),
          ],
        },
      })),
      objects: clusterAccess("alloy", { "": ["pods"] }, ["get", "list", "watch"]),
      configs: [
        { name: "alloy", read: "start-up", files: { "config.alloy": template("alloy-logs.alloy", { labels, appSources }) } },
      ],
    };
  },
};
