import type { IDaemonSetSpec } from "kubernetes-models/apps/v1/DaemonSetSpec";
import { alloy } from "../components/alloy.ts";
import { nodeExporter } from "../components/node-exporter.ts";
import { promtail } from "../components/promtail.ts";
import type { Component } from "../core/model/component.ts";
import type { Everywhere, Feature } from "../core/assemble/feature.ts";
import { RoleBinding } from "../core/kubernetes/builders.ts";
import { componentLabels } from "../core/derive/labels.ts";
import { manifest } from "../core/kubernetes/manifest.ts";

/**
 * OpenShift gives the pods of each namespace a user and groups of its own, and refuses those that
 * name others.
 */
const withoutUsers = (kind: string): Everywhere => ({
  apiVersion: "apps/v1",
  kind,
  whose: "ours",
  change: {
    spec: { template: { spec: { securityContext: { runAsUser: null, runAsGroup: null, fsGroup: null } } } },
  },
});

/** The stack's pods as its policy `restricted-v2` admits them. */
const stack: Feature = {
  name: "openshift",
  build: () => ({
    everywhere: ["Deployment", "StatefulSet"].map(withoutUsers),
  }),
};

/**
 * What SELinux lets read the folders of a node, which belong to no container: as OpenShift's own
 * log collector runs.
 */
const selinux = { type: "spc_t" } as const;

/**
 * An agent that touches the host: the policy `privileged`, of which it uses host paths, its user
 * and its SELinux type only.
 */
const agent = (changes: Component): Feature => {
  const { name } = changes;
  const spec: Pick<IDaemonSetSpec, "template"> = {
    template: { spec: { securityContext: { seLinuxOptions: selinux } } as IDaemonSetSpec["template"]["spec"] },
  };
  return {
    name: `${name}-openshift`,
    namespaceKind: "agents",
    changes,
    build: () => ({
      objects: [
        manifest(
          new RoleBinding({
            metadata: { name: `${name}-scc`, labels: componentLabels(name) },
            // Every policy that OpenShift brings has such a role, which lets its subjects use it.
            roleRef: {
              apiGroup: "rbac.authorization.k8s.io",
              kind: "ClusterRole",
              name: "system:openshift:scc:privileged",
            },
            subjects: [{ kind: "ServiceAccount", name }],
          }),
        ),
      ],
      patches: [{ apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name }, spec }],
    }),
  };
};

export const openshift = {
  stack,
  alloy: agent(alloy),
  nodeExporter: agent(nodeExporter),
  promtail: agent(promtail),
} as const satisfies Readonly<Record<string, Feature>>;
