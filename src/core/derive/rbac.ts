import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "../kubernetes/builders.ts";
import { componentLabels } from "./labels.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";

/** What an account may do: resources by API group, each with the same verbs. */
interface Right<V extends string> {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly V[];
}
type Reads = "get" | "list" | "watch";

/** Paths of the API server that are no resource: "/metrics". */
interface Paths {
  readonly urls: readonly string[];
  readonly verbs: readonly "get"[];
}

const rulesOf = (rights: readonly (Right<string> | Paths)[]) =>
  rights.map((right) => {
    const verbs = [...right.verbs];
    return "urls" in right
      ? { nonResourceURLs: [...right.urls], verbs }
      : { apiGroups: [right.group], resources: [...right.resources], verbs };
  });
const apiGroup = "rbac.authorization.k8s.io";
// No namespace: kustomize fills in that of the account in the same build.
const subjectsOf = (component: string) => [{ kind: "ServiceAccount", name: component }];

/** Reading rights over the whole cluster for a component's account. */
export function clusterAccess(component: string, rights: readonly (Right<Reads> | Paths)[]): readonly Manifest[] {
  const metadata = { name: `kube-lgtm-${component}`, labels: componentLabels(component) };
  const roleRef = { apiGroup, kind: "ClusterRole", name: metadata.name };
  return [
    manifest(new ClusterRole({ metadata, rules: rulesOf(rights) })),
    manifest(new ClusterRoleBinding({ metadata, roleRef, subjects: subjectsOf(component) })),
  ];
}

/** Rights in its own namespace for a component's account. */
export function namespaceAccess(
  component: string,
  rights: readonly Right<Reads | "delete" | "patch" | "update">[],
): readonly Manifest[] {
  const metadata = { name: component, labels: componentLabels(component) };
  const roleRef = { apiGroup, kind: "Role", name: component };
  return [
    manifest(new Role({ metadata, rules: rulesOf(rights) })),
    manifest(new RoleBinding({ metadata, roleRef, subjects: subjectsOf(component) })),
  ];
}
