import type { Component, Context } from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import { containerPorts, goMemoryLimit, httpGet, overlaid, podIp, probes, resources } from "../core/derive/pod.ts";
import type { Size } from "../core/model/size.ts";
import { images } from "../versions.ts";
import * as grafana from "./grafana.ts";
import { apart } from "../core/model/grouping.ts";

/** Why no load sizes what evaluates rules or notifies people. */
export const alerting = "rules and firing alerts are no part of a load";

/** Of its data source. */
const uid = "alertmanager";

/**
 * Every Alertmanager, for those who notify: they tell each of an alert, and which of them tells
 * people is these's own affair.
 */
export const members = {
  component: "alertmanager",
  name: "alertmanager-members",
  port: "http",
  lists: "ready members",
} as const;

export const roles = defineRoles(
  "alertmanager",
  { ports: { http: 9093, gossip: 9094 }, metrics: { port: "http" } },
  {
    server: {
      tier: "backend",
      disk: "1Gi",
      datagrams: ["gossip"],
      publishNotReadyAddresses: true,
      groups: [members],
      entryPoint: { name: "alertmanager", ports: ["http"] },
      unsized: alerting,
    },
  },
);
const { server } = roles;

/**
 * Whom to tell: the whole configuration, and files that it names beside it. It is a Secret, because
 * receivers carry credentials, and nobody need make it.
 */
export const receivers = { name: "alertmanager-config", key: "alertmanager.yml" } as const;

/** Until then, every alert is kept and nobody is told. */
export const silent = {
  route: { receiver: "none", group_by: ["alertname", "namespace"], group_wait: "30s", repeat_interval: "12h" },
  receivers: [{ name: "none" }],
};

/**
 * How several know of each other what they have told
 * (https://github.com/prometheus/alertmanager#high-availability); one alone listens to nobody. They
 * come back with other addresses, so that the old ones are given up after minutes, not hours.
 */
const cluster = ({ wiring: { wire, workloadOf }, size }: Context): readonly string[] => {
  const { replicas } = size(workloadOf(server));
  if (replicas < 2) return ["--cluster.listen-address="];
  return [
    `--cluster.listen-address=0.0.0.0:${server.ports.gossip}`,
    `--cluster.advertise-address=[$(POD_IP)]:${server.ports.gossip}`,
    ...wire(server)
      .toPods(server, "gossip", replicas)
      .map((peer) => `--cluster.peer=${peer}`),
    "--cluster.reconnect-timeout=5m",
  ];
};

const single: Size = { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "128Mi" };

export const alertmanager: Component = {
  name: "alertmanager",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: { grouping: apart, sizes: { server: single } },
    scalable: { grouping: apart, sizes: { server: { ...single, replicas: 2 } } },
  },
  signals: { alerts: uid },
  dataSource: ({ wire }) => ({
    name: "Alertmanager",
    uid,
    type: "alertmanager",
    url: wire(grafana.roles.server).url(server, "http"),
    jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
  }),
  build(context) {
    const { workloads, size } = context;
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        asksOutside: true,
        pod: {
          containers: [
            {
              name: "alertmanager",
              image: images.alertmanager,
              args: [`--config.file=/etc/alertmanager/${receivers.key}`, "--storage.path=/data", ...cluster(context)],
              env: [...(size(workload).replicas > 1 ? [podIp] : []), ...goMemoryLimit],
              ports: containerPorts(workload.roles),
              ...probes({ ready: httpGet("/-/ready"), live: httpGet("/-/healthy"), startSeconds: 60 }),
              resources: resources(size(workload)),
              volumeMounts: [
                { name: "config", mountPath: "/etc/alertmanager", readOnly: true },
                { name: "data", mountPath: "/data" },
              ],
            },
          ],
          volumes: [overlaid("config", "alertmanager", receivers.name)],
        },
      })),
      configs: [{ name: "alertmanager", read: "start-up", files: { [receivers.key]: silent } }],
      mayHave: [{ name: receivers.name, keys: [receivers.key] }],
    };
  },
};
