import { createRequire } from "node:module";

/**
 * The builders of `kubernetes-models` that are used here, by the group and version they live in.
 * They are required, not imported: a loader that runs TypeScript takes hold of every imported
 * module, which doubles the time of a build.
 */
const load = createRequire(import.meta.url);

export const { DaemonSet } = load(
  "kubernetes-models/apps/v1/DaemonSet",
) as typeof import("kubernetes-models/apps/v1/DaemonSet");
export const { Deployment } = load(
  "kubernetes-models/apps/v1/Deployment",
) as typeof import("kubernetes-models/apps/v1/Deployment");
export const { StatefulSet } = load(
  "kubernetes-models/apps/v1/StatefulSet",
) as typeof import("kubernetes-models/apps/v1/StatefulSet");
export const { HorizontalPodAutoscaler } = load(
  "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler",
) as typeof import("kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler");
export const { Ingress } = load(
  "kubernetes-models/networking.k8s.io/v1/Ingress",
) as typeof import("kubernetes-models/networking.k8s.io/v1/Ingress");
export const { NetworkPolicy } = load(
  "kubernetes-models/networking.k8s.io/v1/NetworkPolicy",
) as typeof import("kubernetes-models/networking.k8s.io/v1/NetworkPolicy");
export const { PodDisruptionBudget } = load(
  "kubernetes-models/policy/v1/PodDisruptionBudget",
) as typeof import("kubernetes-models/policy/v1/PodDisruptionBudget");
export const { ClusterRole } = load(
  "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole",
) as typeof import("kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole");
export const { ClusterRoleBinding } = load(
  "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding",
) as typeof import("kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding");
export const { Role } = load(
  "kubernetes-models/rbac.authorization.k8s.io/v1/Role",
) as typeof import("kubernetes-models/rbac.authorization.k8s.io/v1/Role");
export const { RoleBinding } = load(
  "kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding",
) as typeof import("kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding");
export const { Namespace } = load("kubernetes-models/v1/Namespace") as typeof import("kubernetes-models/v1/Namespace");
export const { Service } = load("kubernetes-models/v1/Service") as typeof import("kubernetes-models/v1/Service");
export const { ServiceAccount } = load(
  "kubernetes-models/v1/ServiceAccount",
) as typeof import("kubernetes-models/v1/ServiceAccount");
