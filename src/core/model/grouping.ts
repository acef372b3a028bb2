import { quantity } from "../kubernetes/requests.ts";
import type { Role, Workload } from "./roles.ts";

/** A mode is nothing but the answer to "which workload does this role run in?"; a role without one is not there in that mode. */
export type Grouping = (role: Role) => string | undefined;

export const together: Grouping = () => "all";

/** A tier is several pods; a role that must be alone is not in it. */
export const byTier: Grouping = ({ singleton, name, tier }) => (singleton ? name : tier);

export const apart: Grouping = (role) => role.name;

/** The roles of a component as `grouping` says; the role that passes on what clients ask has pods of its own. */
export const behindGateway =
  (grouping: Grouping): Grouping =>
  (role) =>
    role.passesOn ? role.name : grouping(role);

/** The roles of a component as `grouping` says, save some that are not there. */
export const without =
  (absent: readonly string[], grouping: Grouping): Grouping =>
  (role) =>
    absent.includes(role.name) ? undefined : grouping(role);

/** Workloads that carry their component's bare name: all roles in one, or the one server there is. */
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
 * The workloads that a grouping makes of a component's roles; each role is in at most one. Roles that share pods share the largest disk.
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
