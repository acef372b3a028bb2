import { clusterAccess } from "../core/derive/rbac.ts";
import type { Component } from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import { containerPorts, goMemoryLimit, httpGet, probes, resources, oneContainer } from "../core/derive/pod.ts";
import { images } from "../versions.ts";
import { apiServer } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/kube-state-metrics.ts";

export const roles = defineRoles(
  "kube-state-metrics",
  {
    ports: { http: 8080, telemetry: 8081 },
    // The second is about itself: whether it can list and watch, and what it takes.
    metrics: [
      { port: "http", about: "cluster" },
      { port: "telemetry", job: "kube-state-metrics-telemetry" },
    ],
  },
  {
    // Two would count each object of the cluster twice, as one and the same series.
    server: { tier: "read", singleton: true, unsized: "the objects of the cluster are no part of a load" },
  },
);

/**
 * What is watched, by API group. Secrets and ConfigMaps are left out: nothing here needs to read
 * them.
 */
const watched: Readonly<Record<string, readonly string[]>> = {
  "": [
    "endpoints",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "services",
  ],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  policy: ["poddisruptionbudgets"],
  "storage.k8s.io": ["storageclasses"],
};

export const kubeStateMetrics: Component = {
  name: "kube-state-metrics",
  namespaceKind: "stack",
  roles,
  withoutApi: "left out",
  monitoring,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "192Mi" } },
    },
  },
  build(context) {
    const { wiring } = context;
    wiring.wire(roles.server).toPlace(apiServer);
    return {
      pods: oneContainer(
        context,
        (workload, size) => ({
          name: "kube-state-metrics",
          image: images.kubeStateMetrics,
          args: [
            `--port=${roles.server.ports.http}`,
            `--telemetry-port=${roles.server.ports.telemetry}`,
            `--resources=${Object.values(watched).flat().sort().join(",")}`,
          ],
          env: [...goMemoryLimit],
          ports: containerPorts(workload.roles),
          ...probes({
            ready: httpGet("/readyz", "telemetry"),
            live: httpGet("/livez", "http"),
            startSeconds: 60,
          }),
          resources: resources(size),
        }),
        { usesApi: true },
      ),
      objects: clusterAccess(
        "kube-state-metrics",
        Object.entries(watched).map(([group, resources]) => ({ group, resources, verbs: ["list", "watch"] as const })),
      ),
    };
  },
};
