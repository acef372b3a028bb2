import type { Requests } from "../core/kubernetes/requests.ts";

/** What a finding is about, in the order in which a reviewer reads. */
export const topics = [
  "roles",
  "workloads",
  "replicas",
  "images",
  "resources",
  "arguments",
  "environment",
  "pods",
  "storage",
  "config",
  "secrets",
  "connections",
  "services",
  "objects",
] as const;
export type Topic = (typeof topics)[number];

/** One thing that differs. What has no `before` was added, what has no `after` removed, save where values are not told. */
export interface Finding {
  readonly topic: Topic;
  /** The object it is in: a workload, a container of one (`prometheus/thanos-sidecar`), a ConfigMap's file, an object with its kind. */
  readonly subject: string;
  /** Where in it: a flag, a variable, a path of keys. Absent where it is the subject as a whole. */
  readonly field?: string | undefined;
  readonly change: "added" | "changed" | "removed";
  /** Never the value of a Secret. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Lines that came and went, where the value is a text without keys. */
  readonly lines?: { readonly added: number; readonly removed: number } | undefined;
}

/** A workload and the roles in it. */
export interface Placed {
  readonly workload: string;
  readonly roles: readonly string[];
}

/** Roles that stand in other workloads than before. */
export interface Regrouping {
  readonly before: readonly Placed[];
  readonly after: readonly Placed[];
}

/** A way through the network that the policies open or close. `from` and `to` are workloads or places outside. */
export interface Connection {
  readonly change: "closed" | "opened";
  readonly from: string;
  readonly to: string;
  /** A number, with `/UDP` where it is not TCP, or `any port`. */
  readonly port: string;
}

/** A component, by the label `app.kubernetes.io/name` of its objects. */
export interface ComponentDifference {
  readonly name: string;
  readonly change: "added" | "changed" | "removed";
  readonly regroupings: readonly Regrouping[];
  readonly findings: readonly Finding[];
  readonly connections: readonly Connection[];
}

/** Requests before and after. */
export interface Sums {
  readonly name: string;
  readonly before: Requests;
  readonly after: Requests;
}

/** A workload whose pods are made anew when the one is applied in the place of the other. */
export interface Restart {
  readonly workload: string;
  readonly kind: string;
  readonly because: readonly string[];
}

/** An object that cannot be changed in place. */
export interface Refusal {
  readonly object: string;
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Names of the workloads of each component. */
export type Workloads = Readonly<Record<string, readonly string[]>>;

/** What differs between two sets of objects. */
export interface Difference {
  /** Namespaces of one role under two names; their objects are compared as if the names were one. */
  readonly namespaces: readonly { readonly before: string; readonly after: string }[];
  readonly workloads: { readonly before: Workloads; readonly after: Workloads };
  readonly total: Sums;
  /** Of the components whose sums differ. */
  readonly sums: readonly Sums[];
  readonly components: readonly ComponentDifference[];
  readonly restarts: readonly Restart[];
  readonly refusals: readonly Refusal[];
}
