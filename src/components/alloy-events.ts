import { clusterAccess } from "../core/derive/rbac.ts";
import type { Component, Context, SettingsTable } from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import { configVolume, emptyDir, resources, oneContainer } from "../core/derive/pod.ts";
import { template } from "../core/util/template.ts";
import { container, port } from "./alloy.ts";
import { again } from "./log-agent.ts";
import * as loki from "./loki.ts";
import { apiServer } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";

export const roles = defineRoles(
  "alloy-events",
  { ports: { http: port }, metrics: { port: "http" } },
  {
    server: {
      tier: "write",
      disk: "1Gi",
      singleton: true,
      unsized: "the objects of the cluster are no part of a load",
    },
  },
);

const settings = ({ wiring: { wire } }: Context): SettingsTable => ({
  cluster: { unit: "name", value: "kube-lgtm" },
  lokiUrl: {
    unit: "url",
    value: `${wire(roles.server).url(loki.roles.gateway, "http")}/loki/api/v1/push`,
  },
});

/**
 * Watches Kubernetes's events and pushes them to Loki. How far it has come is on its volume, so
 * that a pod in the place of another pushes no event again: Loki shows such an entry once, but
 * until its chunks are flushed counts it twice in metrics of logs.
 */
export const alloyEvents: Component = {
  name: "alloy-events",
  namespaceKind: "stack",
  withoutApi: "left out",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "10m", memory: "96Mi", memoryLimit: "384Mi" } },
    },
  },
  settings,
  build(context) {
    const { wiring } = context;
    wiring.wire(roles.server).toPlace(apiServer);
    return {
      pods: oneContainer(
        context,
        (workload, size) =>
          container(workload, {
            envFrom: [{ configMapRef: { name: "alloy-events-settings" } }],
            resources: resources(size),
          }),
        { volumes: [configVolume("config", "alloy-events"), emptyDir("tmp")], usesApi: true },
      ),
      objects: clusterAccess("alloy-events", [{ group: "", resources: ["events"], verbs: ["get", "list", "watch"] }]),
      configs: [
        {
          name: "alloy-events",
          read: "start-up",
          files: {
            "config.alloy": template("alloy-events.alloy", {
              again,
              warning: '{{ if eq .type "Warning" }}warn{{ else }}info{{ end }}',
            }),
          },
        },
      ],
    };
  },
};
