import type { IContainer } from "kubernetes-models/v1/Container";
import { clusterAccess } from "../core/derive/rbac.ts";
import type { Component, Context, SettingsTable } from "../core/model/component.ts";
import { defineRoles, type Workload } from "../core/model/roles.ts";
import { configVolume, containerPorts, emptyDir, httpGet, probes, resources, tcp } from "../core/derive/pod.ts";
import { template } from "../core/util/template.ts";
import { monitoring } from "../monitoring/alloy.ts";
import { images } from "../versions.ts";
import * as agent from "./log-agent.ts";
import * as loki from "./loki.ts";
import { apiServer } from "../core/model/places.ts";
import { apart } from "../core/model/grouping.ts";

export const port = 12345;

export const roles = defineRoles(
  "alloy",
  { ports: { http: port }, metrics: { port: "http" }, namespaceKind: "agents" },
  { server: { tier: "write", runs: "every node" } },
);

const mounts = [
  { name: "config", mountPath: "/etc/alloy", readOnly: true },
  { name: "data", mountPath: "/data" },
  { name: "tmp", mountPath: "/tmp" },
];

const settings = ({ wiring: { wire } }: Context): SettingsTable => ({
  cluster: { unit: "name", value: "kube-lgtm" },
  // Whose lines are put together: nobody's, because every line has a container.
  multilineSelector: { unit: "selector", value: '{container=""}' },
  multilineFirstLine: { unit: "expression", value: String.raw`^\d{4}-\d{2}-\d{2}` },
  lokiUrl: {
    unit: "url",
    value: `${wire(roles.server).url(loki.roles.gateway, "http")}/loki/api/v1/push`,
  },
});

/** How Alloy is started; what a container needs beside it, it adds. */
export const args = [
  "run",
  // All files in it: Components add to them.
  "/etc/alloy",
  "--storage.path=/data",
  `--server.http.listen-addr=0.0.0.0:${port}`,
  "--disable-reporting",
] as const;

/** A container of Alloy with its configuration in /etc/alloy. */
export const container = (
  { roles }: Workload,
  rest: Partial<IContainer> & Pick<IContainer, "envFrom" | "resources">,
): IContainer => ({
  name: "alloy",
  image: images.alloy,
  args: [...args],
  ports: containerPorts(roles),
  // Alloy's /-/healthy fails when any one pipeline does: not a reason to restart the others.
  ...probes({ ready: httpGet("/-/ready"), live: tcp("http"), startSeconds: 120 }),
  volumeMounts: mounts,
  ...rest,
});

/** A rule as Alloy has it, formatted as `alloy fmt` does. */
function rule({ why, sources, separator, regex, replacement, target }: agent.Rule): {
  readonly why: string | undefined;
  readonly lines: readonly string[];
} {
  const texts = { separator, regex, target_label: target, replacement };
  const attributes = [
    ["source_labels", `[${sources.map((source) => JSON.stringify(source)).join(", ")}]`] as const,
    ...Object.entries(texts).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, JSON.stringify(text)] as const],
    ),
  ];
  const width = Math.max(...attributes.map(([name]) => name.length));
  return { why, lines: attributes.map(([name, value]) => `${name.padEnd(width)} = ${value}`) };
}

/** Reads the log files of every pod on its node and pushes them to Loki. */
export const alloy: Component = {
  name: "alloy",
  namespaceKind: "agents",
  roles,
  monitoring,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "20m", memory: "96Mi", memoryLimit: "384Mi" } },
    },
  },
  settings,
  build({ wiring, workloads, size }) {
    wiring.wire(roles.server).toPlace(apiServer);
    return {
      pods: workloads.map((workload) =>
        agent.pods(
          workload,
          size(workload),
          container(workload, {
            env: [agent.nodeName("NODE_NAME"), agent.namespace],
            envFrom: [{ configMapRef: { name: "alloy-settings" } }],
            resources: resources(size(workload)),
            volumeMounts: [...mounts.filter(({ name }) => name !== "data"), agent.positionsMount, agent.logsMount],
          }),
          [configVolume("config", "alloy"), agent.logs, agent.positions("alloy"), emptyDir("tmp")],
        ),
      ),
      objects: clusterAccess("alloy", [{ group: "", resources: ["pods"], verbs: ["get", "list", "watch"] }]),
      configs: [
        {
          name: "alloy",
          read: "start-up",
          files: {
            "config.alloy": template("alloy-logs.alloy", {
              again: agent.again,
              docker: agent.docker,
              levels: agent.levels,
              rules: agent.rules.map(rule),
            }),
          },
        },
      ],
    };
  },
};
