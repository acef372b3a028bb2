import { ClusterRole, ClusterRoleBinding } from "./models.ts";
import { componentLabels, manifest, type Manifest } from "./objects.ts";

/** Reading rights over the whole cluster for a component's account: resources by API group, and what may be done. */
export function clusterAccess(
  component: string,
  resourcesByGroup: Readonly<Record<string, readonly string[]>>,
  verbs: readonly ("get" | "list" | "watch")[],
): readonly Manifest[] {
  const metadata = { name: `kube-lgtm-${component}`, labels: componentLabels(component) };
  const rules = Object.entries(resourcesByGroup).map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...resources],
    verbs: [...verbs],
  }));
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name };
  // No namespace: kustomize fills in that of the account in the same build.
  const subjects = [{ kind: "ServiceAccount", name: component }];
  return [
    manifest(new ClusterRole({ metadata, rules })),
    manifest(new ClusterRoleBinding({ metadata, roleRef, subjects })),
  ];
}
