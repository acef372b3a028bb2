import { podsOf, type Size, type Sized } from "../core/size.ts";
import type { Mode, Workload } from "../core/plan.ts";
import { quantity } from "../core/requests.ts";
import { driver, type Facts, type Own } from "./drivers.ts";
import { cpuQuantity, diskQuantity, memoryQuantity, plain } from "./numbers.ts";
import { type Resource, resources, type Rule } from "./rule.ts";
import { rules } from "./rules/index.ts";
import { type Sum, sums } from "./sum.ts";

/** Memory limits are half as much again, as Mimir's page on capacity advises for peaks. */
export const limitFactor = 1.5;

/** Whether more work makes more pods in a mode, or larger ones. */
const growth: Readonly<Record<Mode, "more pods" | "larger pods">> = {
  monolithic: "larger pods",
  scalable: "more pods",
  microservices: "more pods",
};

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

const gibibyte = 2 ** 30;
const inUnits = (resource: Resource, text: string): number =>
  (quantity(text) ?? 0) / (resource === "cpu" ? 1 : gibibyte);
const words: Readonly<Record<Resource, string>> = { cpu: "cores", memory: "Gi of memory", disk: "Gi of disk" };

const total = (list: readonly Sum[], resource: Resource, borne: Sum["borne"]): number =>
  list.filter((one) => one.resource === resource && one.borne === borne).reduce((all, { result }) => all + result, 0);

type Pod = Readonly<Record<Resource, number>>;
const largest = (own: readonly Rule[]): Pod => {
  const of = (resource: Resource): number => own.reduce((all, { pod }) => all + (pod?.[resource] ?? 0), 0);
  return { cpu: of("cpu"), memory: of("memory"), disk: of("disk") };
};

/** How many pods share the work, given the largest that they may be. */
function podsFor(list: readonly Sum[], pod: Pod, least: number): { readonly pods: number; readonly why: string } {
  const asked = resources.map((resource) => {
    const all = total(list, resource, "together");
    const pods = pod[resource] > 0 ? Math.ceil(Number((all / pod[resource]).toFixed(6))) : 0;
    const full = plain(pod[resource] > 0 ? all / pod[resource] : 0);
    return { pods, why: `${plain(all)} ${words[resource]} / ${plain(pod[resource])} a full pod = ${full}` };
  });
  const most = asked.reduce((a, b) => (b.pods > a.pods ? b : a));
  return most.pods > least
    ? { pods: most.pods, why: `${most.why}: ${most.pods}` }
    : { pods: least, why: `${most.why}: ${least}, the least of the mode` };
}

/** What its roles have rules for, but the load says nothing of. */
function unsaid(own: readonly Rule[], facts: Facts, about: Own): readonly string[] {
  const needs = own.flatMap((rule) => resources.flatMap((resource) => rule[resource] ?? []));
  const missing = needs
    .filter(({ of }) => Number.isNaN(driver(of).amount(facts, about)))
    .flatMap(({ of }) => driver(of).from);
  return [...new Set(missing)].filter((field) => facts.load[field] === undefined);
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
    ...(said.replicas && own.length > 0 ? ["as many pods as `replicas` says"] : []),
    ...(said.disk && size.disk && own.some(({ disk }) => disk) ? ["the volume is as `volumes` says"] : []),
    ...(missing.length > 0 ? [`without ${missing.join(" and ")} the rest is as in the mode`] : []),
  ];
  const named = { component, workload: fullName, mode, notes };
  if (list.length === 0 || least === 0)
    return { ...named, disk: size.disk?.size, size: standing, sums: [], pods: undefined };

  const shares = list.some(({ borne }) => borne === "together");
  const grows = shares && growth[mode] === "more pods" && !said.replicas;
  const pod = largest(own);
  const { pods, why } = podsFor(list, pod, least);
  const zones = size.zones ?? 1;
  const replicas = grows ? Math.ceil(pods / zones) : size.replicas;
  const each = (resource: Resource): number => {
    const share = total(list, resource, "together") / least;
    return total(list, resource, "by each pod") + (grows ? Math.min(pod[resource], share) : share);
  };
  const atLeast = (resource: Resource, text: string, write: (amount: number) => string): string => {
    const sized = write(each(resource));
    return inUnits(resource, sized) > inUnits(resource, text) ? sized : text;
  };
  const memory = atLeast("memory", size.memory, memoryQuantity);
  const limit = memoryQuantity(inUnits("memory", memory) * limitFactor);
  const disk = size.disk && hasDisk ? atLeast("disk", size.disk.size, diskQuantity) : size.disk?.size;
  const inZones = size.zones && replicas * zones > pods ? `, ${replicas} in each of ${zones} zones` : "";
  return {
    ...named,
    disk,
    size: {
      ...standing,
      replicas,
      most: size.most && Math.ceil((size.most * replicas) / size.replicas),
      cpu: atLeast("cpu", size.cpu, cpuQuantity),
      memory,
      memoryLimit: inUnits("memory", limit) > inUnits("memory", size.memoryLimit) ? limit : size.memoryLimit,
    },
    sums: list,
    pods: grows ? why + inZones : undefined,
  };
}
