import type { Mode, Role, Workload } from "../model/roles.ts";

/** What a component's queries may be about: the workloads of its mode. */
export interface Scope {
  readonly component: string;
  readonly roles: readonly Role[];
  readonly mode: Mode;
  readonly workloads: readonly Workload[];
}

/** Labels of what keeps the samples of several clusters; Prometheus's own samples lack them. */
export const clusterLabel = "kube_lgtm_cluster";

const chosen = {
  page: { process: `namespace=~"$namespace", ${clusterLabel}=~"$cluster"`, pod: 'namespace=~"$namespace"' },
  rule: { process: "", pod: "" },
} as const;

const token = /@(?:(pods|claims)\/)?([a-z][a-z0-9-]*(?:\|[a-z][a-z0-9-]*)*)/g;

/** How Kubernetes names the pods of a workload. */
const podsOf = ({ fullName, runs, podNames }: Workload): string => {
  if (runs === "every node") return `${fullName}-[a-z0-9]{5}`;
  if (podNames === "stable") return `${fullName}(-zone-[a-z])?-[0-9]+`;
  return `${fullName}-[a-z0-9]+-[a-z0-9]{5}`;
};

/** @throws if the component has no such role, so that a misspelt one leaves no panel out */
const workloadsOf = ({ component, roles, workloads }: Scope, names: string, query: string): readonly Workload[] => {
  if (names === "all") return workloads;
  const wanted = names.split("|");
  const unknown = wanted.find((name) => !roles.some((role) => role.name === name));
  if (unknown !== undefined)
    throw new Error(
      `The query "${query}" is about @${unknown}, and ${component} has the roles ${roles.map(({ name }) => name).join(", ")}.`,
    );
  return workloads.filter((workload) => workload.roles.some(({ name }) => wanted.includes(name)));
};

const matcher = (label: string, values: readonly string[], isPattern: boolean): string =>
  `${label}${values.length > 1 || isPattern ? "=~" : "="}${JSON.stringify(values.join("|"))}`;

const join = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join(", ");

/**
 * A query with its tokens replaced.
 * @param use on a page, the variables of the page narrow it
 * @returns undefined if the mode has none of the roles that a token names
 * @throws if a token names a role that the component does not have
 */
export function resolved(query: string, scope: Scope, use: keyof typeof chosen): string | undefined {
  let isAbsent = false;
  const text = query.replace(token, (_, kind: "pods" | "claims" | undefined, names: string) => {
    const found = workloadsOf(scope, names, query);
    if (found.length === 0) isAbsent = true;
    const { process, pod } = chosen[use];
    if (kind === "pods") return join(pod, matcher("pod", found.map(podsOf), true));
    if (kind === "claims")
      return join(
        pod,
        matcher(
          "persistentvolumeclaim",
          found.map((one) => `data-${podsOf(one)}`),
          true,
        ),
      );
    const workloads =
      names === "all"
        ? []
        : [
            matcher(
              "workload",
              found.map(({ name }) => name),
              false,
            ),
          ];
    return join(`app=${JSON.stringify(scope.component)}`, ...workloads, process);
  });
  return isAbsent ? undefined : text;
}

/** What may be said to be of some modes only. */
export interface OfModes {
  readonly modes?: readonly Mode[];
}

/** Whether a mode has it. */
export const isOf = ({ modes }: OfModes, { mode }: Scope): boolean => modes === undefined || modes.includes(mode);
