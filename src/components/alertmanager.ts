import type { Component } from "../core/component.ts";
import { apart, defineRoles } from "../core/plan.ts";
import { configVolume, containerPorts, httpGet, probes, resources } from "../core/pod.ts";
import { images } from "../versions.ts";
import * as grafana from "./grafana.ts";

export const roles = defineRoles(
  "alertmanager",
  { ports: { http: 9093 }, metrics: { port: "http" } },
  { server: { tier: "backend", disk: "1Gi", door: { name: "alertmanager", ports: ["http"] } } },
);

/** Keeps every alert and tells nobody: receivers carry credentials, so each environment adds its own. */
const config = {
  route: { receiver: "none", group_by: ["alertname", "namespace"], group_wait: "30s", repeat_interval: "12h" },
  receivers: [{ name: "none" }],
};

export const alertmanager: Component = {
  name: "alertmanager",
  home: "stack",
  roles,
  modes: { monolithic: { grouping: apart, sizes: { server: { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "128Mi" } } } },
  dataSource: ({ wire }) => ({
    name: "Alertmanager",
    uid: grafana.uids.alerts,
    type: "alertmanager",
    url: `http://${wire(grafana.roles.server).to(roles.server, "http")}`,
    jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
  }),
  build({ workloads, size }) {
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        pod: {
          containers: [
            {
              name: "alertmanager",
              image: images.alertmanager,
              args: [
                "--config.file=/etc/alertmanager/alertmanager.yml",
                "--storage.path=/data",
                "--cluster.listen-address=",
              ],
              ports: containerPorts(workload.roles),
              ...probes({ ready: httpGet("/-/ready"), live: httpGet("/-/healthy"), startSeconds: 60 }),
              resources: resources(size(workload)),
              volumeMounts: [
                { name: "config", mountPath: "/etc/alertmanager", readOnly: true },
                { name: "data", mountPath: "/data" },
              ],
            },
          ],
          volumes: [configVolume("config", "alertmanager")],
        },
      })),
      configs: [{ name: "alertmanager", read: "start-up", files: { "alertmanager.yml": config } }],
    };
  },
};
