import { quantity } from "../kubernetes/requests.ts";
import type { Role, Workload } from "./roles.ts";

/** The workload that a role runs in: "write" for the ingester. Undefined leaves the role out. */
export type Grouping = (role: Role) => string | undefined;

export const together: Grouping = () => "all";

/** Groups roles by tier. A singleton gets a workload of its own: a tier has several pods. */
export const byTier: Grouping = ({ singleton, name, tier }) => (singleton ? name : tier);

export const apart: Grouping = (role) => role.name;

/** Like `grouping`, with the gateway in a workload of its own. */
export const behindGateway =
  (grouping: Grouping): Grouping =>
  (role) =>
    role.passesOn ? role.name : grouping(role);

/** Like `grouping`, without these roles. */
export const without =
  (absent: readonly string[], grouping: Grouping): Grouping =>
  (role) =>
    absent.includes(role.name) ? undefined : grouping(role);

/** Workloads whose full name is the component's name. */
const principal: readonly string[] = ["all", "server"];

/** @throws if a size is no quantity */
const bytes = (size: string): number => {
  const found = quantity(size);
  if (found === undefined) throw new Error(`a disk of "${size}": expected a quantity such as "10Gi"`);
  return found;
};
const largest = (sizes: readonly string[]): string | undefined =>
  sizes.length === 0 ? undefined : sizes.reduce((a, b) => (bytes(b) > bytes(a) ? b : a));

/**
 * The workloads that a grouping makes of a component's roles. Each role is in at most one. Roles
 * that share pods share a disk: the largest.
 * @throws if the disk of a role is no quantity
 */
export function plan(roles: readonly Role[], grouping: Grouping): readonly Workload[] {
  return [...new Set(roles.flatMap((role) => grouping(role) ?? []))].map((name): Workload => {
    const members = roles.filter((role) => grouping(role) === name);
    const [{ component, namespaceKind, runs }] = members as [Role];
    const fullName = principal.includes(name) ? component : `${component}-${name}`;
    return {
      component,
      name,
      fullName,
      namespaceKind,
      roles: members,
      runs,
      disk: largest(members.flatMap((r) => r.disk ?? [])),
      podNames: members.some((r) => r.disk ?? r.podNames) ? "stable" : undefined,
    };
  });
}
