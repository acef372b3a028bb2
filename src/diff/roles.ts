import { containersOf, podTemplate } from "../core/kubernetes/reading.ts";
import type { Placed, Regrouping } from "./finding.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

/** All roles of a component in one process. */
const everything = "all";

const target = /^--?target=(.+)$/;

/** The roles in a workload: the list of its `-target`, as Loki, Mimir and Tempo take it, or its component label. */
export function rolesOf(workload: Manifest): readonly string[] {
  const pod = podTemplate(workload);
  const targets = containersOf(pod)
    .flatMap(({ args = [], command = [] }) => [...command, ...args])
    .flatMap((text) => target.exec(text)?.[1]?.split(",") ?? []);
  if (targets.length > 0) return [...new Set(targets)].sort();
  const role = pod.labels["app.kubernetes.io/component"];
  return role === undefined ? [] : [role];
}

const share = (a: Placed, b: Placed): boolean =>
  a.roles.some((role) => b.roles.includes(role)) ||
  (a.roles.length > 0 && b.roles.includes(everything)) ||
  (b.roles.length > 0 && a.roles.includes(everything));

const key = ({ workload, roles }: Placed): string => `${workload} ${roles.join(" ")}`;

/** Roles of one component that stand in other workloads than before; workloads that come or go with all of their roles are none. */
export function regroupings(before: readonly Placed[], after: readonly Placed[]): readonly Regrouping[] {
  const [kept, now] = [new Set(before.map(key)), new Set(after.map(key))];
  const left = before.filter((one) => !now.has(key(one)));
  const right = after.filter((one) => !kept.has(key(one)));
  const groups: { before: Placed[]; after: Placed[] }[] = [];
  const linked = (a: Placed, b: Placed): boolean => a.workload === b.workload || share(a, b);
  const add = (side: "after" | "before", one: Placed): void => {
    const other = side === "after" ? "before" : "after";
    const touched = groups.filter((group) => group[other].some((peer) => linked(one, peer)));
    const joined = {
      before: touched.flatMap((group) => group.before),
      after: touched.flatMap((group) => group.after),
    };
    joined[side].push(one);
    for (const group of touched) groups.splice(groups.indexOf(group), 1);
    groups.push(joined);
  };
  for (const one of left) add("before", one);
  for (const one of right) add("after", one);
  return groups.filter((group) => group.before.length > 0 && group.after.length > 0);
}
