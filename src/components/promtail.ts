import { clusterAccess } from "../core/derive/rbac.ts";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { Component, Context, Pods, SettingsTable } from "../core/model/component.ts";
import { partOf } from "../core/derive/labels.ts";
import { compose } from "../core/derive/scrape.ts";
import { defineRoles, type Workload } from "../core/model/roles.ts";
import {
  configVolume,
  containerPorts,
  emptyDir,
  goMemoryLimit,
  httpGet,
  probes,
  resources,
  tcp,
} from "../core/derive/pod.ts";
import type { Size } from "../core/model/size.ts";
import { monitoring } from "../monitoring/promtail.ts";
import { images } from "../versions.ts";
import * as agent from "./log-agent.ts";
import * as loki from "./loki.ts";
import { apiServer } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";

export const roles = defineRoles(
  "promtail",
  { ports: { http: 3101 }, metrics: { port: "http" }, namespaceKind: "agents" },
  { server: { tier: "write", runs: "every node" } },
);

const settings = ({ wiring: { wire } }: Context): SettingsTable => ({
  cluster: { unit: "name", value: "kube-lgtm" },
  lokiUrl: {
    unit: "url",
    value: `${wire(roles.server).url(loki.roles.gateway, "http")}/loki/api/v1/push`,
  },
});

/**
 * What Promtail is told wherever it runs:
 * https://grafana.com/docs/loki/latest/send-data/promtail/configuration/
 */
const config = (scrape: object) => ({
  server: { http_listen_port: roles.server.ports.http, grpc_listen_port: 0, log_level: "info" },
  positions: { filename: "/data/positions.yaml" },
  clients: [
    {
      url: "${PROMTAIL_LOKI_URL}",
      backoff_config: {
        min_period: agent.again.first,
        max_period: agent.again.longest,
        max_retries: agent.again.times,
      },
      external_labels: { cluster: "${PROMTAIL_CLUSTER}" },
    },
  ],
  scrape_configs: [scrape],
});

/** A level that Loki would not see in the line. */
const levels = {
  match: {
    selector: agent.levels.lines,
    stages: [
      { regex: { expression: agent.levels.mark } },
      { template: { source: "level", template: agent.levels.level } },
      { structured_metadata: { level: "" } },
    ],
  },
};

/** The log files of every pod on this node, with the labels that Alloy gives them, too. */
const nodePods = {
  job_name: "pods",
  kubernetes_sd_configs: [{ role: "pod" }],
  relabel_configs: agent.rules.map(({ sources, separator, regex, replacement, target }) => ({
    source_labels: sources,
    separator,
    regex,
    replacement,
    target_label: target,
  })),
  pipeline_stages: [
    {
      match: {
        selector: agent.docker.lines,
        stages: [
          { docker: {} },
          { template: { source: "cri", template: agent.docker.asCri } },
          { output: { source: "cri" } },
        ],
      },
    },
    { cri: {} },
    levels,
    { labeldrop: ["filename"] },
  ],
};

/** The containers of this Compose project, with the labels that their pods would have. */
const containers = {
  job_name: "containers",
  docker_sd_configs: [
    {
      host: "unix:///var/run/docker.sock",
      refresh_interval: "5s",
      filters: Object.entries(partOf).map(([key, value]) => ({ name: "label", values: [`${key}=${value}`] })),
    },
  ],
  relabel_configs: [
    { target_label: "namespace", replacement: compose },
    ...Object.entries({
      app: "__meta_docker_container_label_app_kubernetes_io_name",
      container: "__meta_docker_container_label_app_kubernetes_io_component",
      // Not the container's name, which has the project's before it: Prometheus cannot know that.
      pod: "__meta_docker_container_label_com_docker_compose_service",
    }).map(([label, source]) => ({ source_labels: [source], target_label: label })),
  ],
  pipeline_stages: [levels],
};

/** Where log lines are read, and where it is noted how far. */
interface Reads {
  readonly volume: IVolume;
  readonly mountPath: string;
  readonly positions: IVolume;
}
const node: Reads = {
  volume: agent.logs,
  mountPath: agent.logsMount.mountPath,
  positions: agent.positions("promtail"),
};
const socket: Reads = {
  volume: { name: "docker", hostPath: { path: "/var/run/docker.sock" } },
  mountPath: "/var/run/docker.sock",
  positions: emptyDir("data"),
};

const size: Size = { replicas: 1, cpu: "20m", memory: "64Mi", memoryLimit: "256Mi" };

const pods = (workload: Workload, { volume, mountPath, positions }: Reads): Pods =>
  agent.pods(
    workload,
    size,
    {
      name: "promtail",
      image: images.promtail,
      args: ["-config.file=/etc/promtail/promtail.yaml", "-config.expand-env=true"],
      // It looks for pods on the node of this name only
      // (clients/pkg/promtail/targets/file/filetargetmanager.go).
      env: [agent.nodeName("HOSTNAME"), agent.namespace, ...goMemoryLimit],
      envFrom: [{ configMapRef: { name: "promtail-settings" } }],
      ports: containerPorts(workload.roles),
      // Promtail is ready when it has a target, and a node may have no pod with a log yet.
      ...probes({ ready: httpGet("/ready"), live: tcp("http"), startSeconds: 120 }),
      resources: resources(size),
      volumeMounts: [
        { name: "config", mountPath: "/etc/promtail", readOnly: true },
        { name: volume.name, mountPath, readOnly: true },
        agent.positionsMount,
      ],
    },
    [configVolume("config", "promtail"), volume, positions],
  );

/**
 * Reads the log files of every pod on its node and pushes them to Loki: the article's agent, which
 * Alloy has replaced.
 */
export const promtail: Component = {
  name: "promtail",
  namespaceKind: "agents",
  roles,
  monitoring,
  modes: { monolithic: { grouping: apart, sizes: { server: size } } },
  settings,
  withoutApi: (around) => ({
    pods: around.filter(({ component }) => component === "promtail").map((workload) => pods(workload, socket)),
    configs: [{ name: "promtail", read: "start-up", files: { "promtail.yaml": config(containers) } }],
  }),
  build({ wiring, workloads }) {
    wiring.wire(roles.server).toPlace(apiServer);
    return {
      pods: workloads.map((workload) => pods(workload, node)),
      objects: clusterAccess("promtail", [{ group: "", resources: ["pods"], verbs: ["get", "list", "watch"] }]),
      configs: [{ name: "promtail", read: "start-up", files: { "promtail.yaml": config(nodePods) } }],
    };
  },
};
