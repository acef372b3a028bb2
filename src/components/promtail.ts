import { clusterAccess } from "../core/access.ts";
import type { Component, SettingsTable } from "../core/component.ts";
import { apart, defineRoles } from "../core/plan.ts";
import { configVolume, containerPorts, httpGet, probes, resources, tcp } from "../core/pod.ts";
import type { Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";
import * as alloy from "./alloy.ts";
import * as loki from "./loki.ts";

export const roles = defineRoles(
  "promtail",
  { ports: { http: 3101 }, metrics: { port: "http" }, home: "agents" },
  { server: { tier: "write", runs: "every node" } },
);

const settings = ({ wire }: Wiring): SettingsTable => ({
  cluster: { unit: "name", value: "kube-lgtm" },
  lokiUrl: {
    unit: "url",
    value: `http://${wire(roles.server).to(loki.roles.gateway, "http")}/loki/api/v1/push`,
  },
});

/** What Promtail is told wherever it runs: https://grafana.com/docs/loki/latest/send-data/promtail/configuration/ */
export const config = (scrape: object) => ({
  server: { http_listen_port: roles.server.ports.http, grpc_listen_port: 0, log_level: "info" },
  positions: { filename: "/data/positions.yaml" },
  clients: [{ url: "${PROMTAIL_LOKI_URL}", external_labels: { cluster: "${PROMTAIL_CLUSTER}" } }],
  scrape_configs: [scrape],
});

/** The log files of every pod on this node, with the labels that Alloy gives them, too. */
const pods = {
  job_name: "pods",
  kubernetes_sd_configs: [{ role: "pod", selectors: [{ role: "pod", field: "spec.nodeName=${NODE_NAME}" }] }],
  relabel_configs: [
    ...alloy.labels.map(({ label, source }) => ({ source_labels: [source], target_label: label })),
    {
      source_labels: alloy.appSources,
      separator: ";",
      regex: "^;*([^;]+).*$",
      target_label: "app",
    },
    {
      source_labels: ["__meta_kubernetes_pod_uid", "__meta_kubernetes_pod_container_name"],
      separator: "/",
      replacement: "/var/log/pods/*$1/*.log",
      target_label: "__path__",
    },
  ],
  pipeline_stages: [{ cri: {} }, { labeldrop: ["filename"] }],
};

/** Reads the log files of every pod on its node and pushes them to Loki: the article's agent, which Alloy has replaced. */
export const promtail: Component = {
  name: "promtail",
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
          securityContext: alloy.asRoot,
          containers: [
            {
              name: "promtail",
              image: images.promtail,
              args: ["-config.file=/etc/promtail/promtail.yaml", "-config.expand-env=true"],
              env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
              envFrom: [{ configMapRef: { name: "promtail-settings" } }],
              ports: containerPorts(workload.roles),
              // Promtail is ready when it has a target, and a node may have no pod with a log yet.
              ...probes({ ready: httpGet("/ready"), live: tcp("http"), startSeconds: 120 }),
              resources: resources({ cpu: "20m", memory: "64Mi", memoryLimit: "256Mi" }),
              volumeMounts: [
                { name: "config", mountPath: "/etc/promtail", readOnly: true },
                { name: "logs", mountPath: "/var/log", readOnly: true },
                { name: "data", mountPath: "/data" },
              ],
            },
          ],
          volumes: [
            configVolume("config", "promtail"),
            { name: "logs", hostPath: { path: "/var/log", type: "Directory" } },
            // Positions in the files: kept on the node, so that a new pod goes on where the last one stopped.
            { name: "data", hostPath: { path: "/var/lib/kube-lgtm/promtail", type: "DirectoryOrCreate" } },
          ],
        },
      })),
      objects: clusterAccess("promtail", { "": ["pods"] }, ["get", "list", "watch"]),
      configs: [{ name: "promtail", read: "start-up", files: { "promtail.yaml": config(pods) } }],
    };
  },
};
