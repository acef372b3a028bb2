import type { Component } from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import { containerPorts, goMemoryLimit, httpGet, probes, resources, tcp } from "../core/derive/pod.ts";
import { images } from "../versions.ts";
import { apart } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/node-exporter.ts";

/** In a pod's network, and so with the pod's name, it cannot know what its node is called. */
const nodename = { source_labels: ["__name__", "node"], regex: "node_uname_info;(.+)", target_label: "nodename" };

export const roles = defineRoles(
  "node-exporter",
  { ports: { http: 9100 }, metrics: { port: "http", about: "node", relabel: [nodename] }, namespaceKind: "agents" },
  { server: { tier: "read", runs: "every node" } },
);

const host = (name: string, path: string) => ({ name, hostPath: { path, type: "Directory" as const } });

export const nodeExporter: Component = {
  name: "node-exporter",
  namespaceKind: "agents",
  roles,
  monitoring,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "96Mi" } },
    },
  },
  build({ workloads, size }) {
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        mustTouchHost: "reads the node's /proc, /sys and mount points",
        pod: {
          // In a pod network of its own, so that policies can name it. What it then cannot see is
          // left out below.
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: "node-exporter",
              image: images.nodeExporter,
              args: [
                "--path.procfs=/host/proc",
                "--path.sysfs=/host/sys",
                "--path.rootfs=/host/root",
                `--web.listen-address=:${roles.server.ports.http}`,
                "--no-collector.arp",
                "--no-collector.netclass",
                "--no-collector.netdev",
                "--no-collector.netstat",
                "--no-collector.sockstat",
                "--no-collector.softnet",
                "--no-collector.udp_queues",
                "--no-collector.wifi",
                "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/(containerd|docker|kubelet)/.+)($|/)",
              ],
              env: [...goMemoryLimit],
              ports: containerPorts(workload.roles),
              ...probes({ ready: httpGet("/"), live: tcp("http"), startSeconds: 60 }),
              resources: resources(size(workload)),
              volumeMounts: [
                { name: "proc", mountPath: "/host/proc", readOnly: true },
                { name: "sys", mountPath: "/host/sys", readOnly: true },
                { name: "root", mountPath: "/host/root", readOnly: true, mountPropagation: "HostToContainer" },
              ],
            },
          ],
          volumes: [host("proc", "/proc"), host("sys", "/sys"), host("root", "/")],
        },
      })),
    };
  },
};
