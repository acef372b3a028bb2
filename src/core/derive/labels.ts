import type { Group, Role, Workload } from "../model/roles.ts";
export const partOf = { "app.kubernetes.io/part-of": "kube-lgtm" } as const;

/**
 * What selects a workload's pods. These two labels never grow: a selector cannot be changed once it
 * is applied.
 */
export const selector = (workload: Workload): Record<string, string> => ({
  "app.kubernetes.io/name": workload.component,
  "app.kubernetes.io/component": workload.name,
});

export const labels = (workload: Workload): Record<string, string> => ({ ...selector(workload), ...partOf });
export const componentLabels = (component: string): Record<string, string> => ({
  "app.kubernetes.io/name": component,
  ...partOf,
});
export const groupLabel = (name: string): string => `kube-lgtm.io/${name}`;

/** Labels that put a workload's pods into the groups of its roles. */
export const groupLabels = (groups: readonly Group[]): Record<string, string> =>
  Object.fromEntries(groups.map(({ name }) => [groupLabel(name), "member"]));

/** The label of the pods that connect to a role from another component, if they have one. */
export const clientLabel = ({ clientLabel }: Role): Record<string, string> =>
  clientLabel === undefined ? {} : { [`kube-lgtm.io/${clientLabel}`]: "client" };

/** The label of the pods that are told to ask something outside of the cluster. */
export const outsideLabel = { "kube-lgtm.io/outside": "client" } as const;
