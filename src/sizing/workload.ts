import { podsOf, type Size, type Sized } from "../core/model/size.ts";
import type { Mode, Workload } from "../core/model/roles.ts";
import { gibibyte, quantity } from "../core/kubernetes/requests.ts";
import { driver, type Facts, type Own } from "./drivers.ts";
import { grown, growth } from "./growth.ts";
import { cpuQuantity, diskQuantity, memoryQuantity } from "./numbers.ts";
import { type Resource, resources, type Rule } from "./rule.ts";
import { rules } from "./rules/index.ts";
import { type Sum, sums } from "./sum.ts";

/** Memory limits are half as much again, as Mimir's page on capacity advises for peaks. */
export const limitFactor = 1.5;

/** A workload as it stands without a load. */
export interface Stood {
  readonly workload: Workload;
  readonly mode: Mode;
  readonly size: Sized;
  /** What of its size the environment says itself. */
  readonly said: { readonly replicas: boolean; readonly disk: boolean };
}

/** How a workload is sized, and why. */
export interface Explained {
  readonly component: string;
  readonly workload: string;
  readonly mode: Mode;
  readonly size: Size;
  /** Of each pod, where it has a volume. */
  readonly disk: string | undefined;
  readonly sums: readonly Sum[];
  /** Why there are so many pods, where the load decides it. */
  readonly pods: string | undefined;
  /** Why the rest is as it is. */
  readonly notes: readonly string[];
}

const inUnits = (resource: Resource, text: string): number =>
  (quantity(text) ?? 0) / (resource === "cpu" ? 1 : gibibyte);

/** Fields of the load that its roles have rules for and that a load does not say. */
function unsaid(own: readonly Rule[], facts: Facts, about: Own): readonly string[] {
  if (Object.keys(facts.load).length === 0) return [];
  const needs = own.flatMap((rule) => resources.flatMap((resource) => rule[resource] ?? []));
  const unknown = needs.map(({ of }) => driver(of)).filter(({ amount }) => Number.isNaN(amount(facts, about)));
  return [...new Set(unknown.flatMap(({ from }) => from))].filter((field) => facts.load[field] === undefined);
}

/** The size of a workload for a load. What it depends on and the load does not say stays as it is in the mode. */
export function explained({ workload, mode, size, said }: Stood, facts: Facts, about: Own): Explained {
  const { component, fullName, roles } = workload;
  const own = roles.flatMap(({ name }) => rules[component]?.[name] ?? []);
  const hasDisk = size.disk !== undefined && !said.disk;
  const found = roles.flatMap(({ name }) => {
    const rule = rules[component]?.[name];
    return rule ? resources.flatMap((resource) => sums(name, rule, resource, facts, about)) : [];
  });
  const list = found.filter(({ resource }) => resource !== "disk" || hasDisk);
  const missing = unsaid(own, facts, about).map((field) => `load.${field}`);
  const least = podsOf(size);
  const { disk: _, ...standing } = size;
  const notes = [
    ...roles.flatMap(({ name, unsized }) =>
      unsized ? [roles.length > 1 ? `${name} has no sum: ${unsized}` : `as in the mode: ${unsized}`] : [],
    ),
    ...(said.replicas && own.length > 0 ? ["as many pods as `replicas` says"] : []),
    ...(said.disk && size.disk && own.some(({ disk }) => disk) ? ["the volume is as `volumes` says"] : []),
    ...(missing.length > 0 ? [`as in the mode: ${missing.join(" or ")} is not said`] : []),
  ];
  const named = { component, workload: fullName, mode, notes };
  if (list.length === 0 || least === 0)
    return { ...named, disk: size.disk?.size, size: standing, sums: [], pods: undefined };

  const { replicas, why, each } = grown(list, own, size, said.replicas ? "larger pods" : growth[mode]);
  const atLeast = (resource: Resource, text: string, write: (amount: number) => string): string => {
    const sized = write(each[resource]);
    return inUnits(resource, sized) > inUnits(resource, text) ? sized : text;
  };
  const memory = atLeast("memory", size.memory, memoryQuantity);
  const limit = memoryQuantity(inUnits("memory", memory) * limitFactor);
  return {
    ...named,
    disk: size.disk && hasDisk ? atLeast("disk", size.disk.size, diskQuantity) : size.disk?.size,
    size: {
      ...standing,
      replicas,
      maxReplicas: size.maxReplicas && Math.ceil((size.maxReplicas * replicas) / size.replicas),
      cpu: atLeast("cpu", size.cpu, cpuQuantity),
      memory,
      memoryLimit: inUnits("memory", limit) > inUnits("memory", size.memoryLimit) ? limit : size.memoryLimit,
    },
    sums: list,
    pods: why,
  };
}
