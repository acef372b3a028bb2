import { namespaceAccess } from "../core/derive/rbac.ts";
import type { Component } from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import { containerPorts, goMemoryLimit, httpGet, probes, resources, oneContainer } from "../core/derive/pod.ts";
import { images } from "../versions.ts";
import { apiServer } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";
import { hasZones } from "../core/model/bases.ts";
import { monitoring } from "../monitoring/rollout-operator.ts";

export const roles = defineRoles(
  "rollout-operator",
  { ports: { http: 8001 }, metrics: { port: "http" } },
  {
    // Two would each take the other's zone for one that is not there.
    server: { tier: "backend", singleton: true, unsized: "it only looks on while others are replaced" },
  },
);

/**
 * Rolls the zones of a workload one after the other, and a zone only while all pods of the others
 * are ready: Kubernetes would roll all of them at once
 * (https://github.com/grafana/rollout-operator).
 */
export const rolloutOperator: Component = {
  name: "rollout-operator",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "192Mi" } },
    },
  },
  isNeeded: hasZones,
  // Its README, "How updates work".
  zoneLabels: { ofSets: (workload) => ({ "rollout-group": workload }), ofPods: (set) => ({ name: set }) },
  withoutApi: "left out",
  monitoring,
  build(context) {
    const { wiring } = context;
    wiring.wire(roles.server).toPlace(apiServer);
    return {
      pods: oneContainer(
        context,
        (workload, size) => ({
          name: "rollout-operator",
          image: images.rolloutOperator,
          args: ["-kubernetes.namespace=$(NAMESPACE)", "-log.level=info"],
          env: [{ name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } }, ...goMemoryLimit],
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet("/ready"), live: httpGet("/metrics"), startSeconds: 120 }),
          resources: resources(size),
        }),
        { usesApi: true },
      ),
      objects: [
        ...namespaceAccess("rollout-operator", [
          { group: "", resources: ["pods"], verbs: ["get", "list", "watch", "delete"] },
          { group: "apps", resources: ["statefulsets"], verbs: ["get", "list", "watch", "patch"] },
          { group: "apps", resources: ["statefulsets/status"], verbs: ["update"] },
        ]),
      ],
    };
  },
};
