import { namespaceAccess } from "../core/access.ts";
import { hasZones } from "../core/base.ts";
import type { Component } from "../core/component.ts";
import { componentLabels, type Manifest } from "../core/objects.ts";
import { apart, defineRoles } from "../core/plan.ts";
import { containerPorts, goMemoryLimit, httpGet, probes, resources } from "../core/pod.ts";
import { images } from "../versions.ts";

export const roles = defineRoles(
  "rollout-operator",
  { ports: { http: 8001 }, metrics: { port: "http" } },
  { server: { tier: "backend" } },
);

const group = "rollout-operator.grafana.com";
const budgets = "zoneawarepoddisruptionbudgets";

/** A kind of which there are no objects: the operator waits at its start until it can list them (pkg/zpdb/config_observer.go). */
const budgetKind: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${budgets}.${group}`, labels: componentLabels("rollout-operator") },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind: "ZoneAwarePodDisruptionBudget", plural: budgets, singular: "zoneawarepoddisruptionbudget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

/**
 * Rolls the zones of a workload one after the other, and a zone only while all pods of the others are ready: Kubernetes would roll
 * all of them at once (https://github.com/grafana/rollout-operator).
 */
export const rolloutOperator: Component = {
  name: "rollout-operator",
  home: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "192Mi" } },
    },
  },
  wanted: hasZones,
  outside: "left out",
  build({ wiring, workloads, size }) {
    wiring.wire(roles.server).toPlace("api-server");
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        usesApi: true,
        pod: {
          containers: [
            {
              name: "rollout-operator",
              image: images.rolloutOperator,
              args: ["-kubernetes.namespace=$(NAMESPACE)", "-log.level=info"],
              env: [
                { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
                goMemoryLimit,
              ],
              ports: containerPorts(workload.roles),
              ...probes({ ready: httpGet("/ready"), live: httpGet("/metrics"), startSeconds: 120 }),
              resources: resources(size(workload)),
            },
          ],
        },
      })),
      objects: [
        budgetKind,
        ...namespaceAccess("rollout-operator", [
          { group: "", resources: ["pods"], verbs: ["get", "list", "watch", "delete", "patch"] },
          { group: "apps", resources: ["statefulsets"], verbs: ["get", "list", "watch", "patch"] },
          { group: "apps", resources: ["statefulsets/status"], verbs: ["update"] },
          { group, resources: [budgets], verbs: ["get", "list", "watch"] },
        ]),
      ],
    };
  },
};
