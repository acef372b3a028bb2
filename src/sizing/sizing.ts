import { podsOf, type SizeOverrides, type Volume } from "../core/model/size.ts";
import { isRole } from "../core/model/wiring.ts";
import { bound, large } from "./bounds.ts";
import type { Facts, Own } from "./drivers.ts";
import { type Kept, keeping, kept } from "./kept.ts";
import { type Limit, limits } from "./limits.ts";
import type { Load } from "./load.ts";
import { type Explained, explained, type Stood } from "./workload.ts";
import type { Base, Topic } from "../core/model/component.ts";
import type { Role } from "../core/model/roles.ts";

/** What an environment says that sizes depend on. */
export interface Asked {
  readonly name: string;
  readonly load?: Load | undefined;
  readonly replicas: Readonly<Record<string, number>>;
  readonly volumes: Readonly<Record<string, Volume>>;
}

/** The sizes of an environment, and why they are so. */
export interface Sizing {
  readonly environment: string;
  readonly load: Load | undefined;
  readonly facts: Facts;
  readonly workloads: readonly Explained[];
  readonly kept: readonly Kept[];
  /** What its programs refuse beyond. */
  readonly limits: readonly Limit[];
  /** How many partitions each topic of Kafka needs at least: one for each that owns one. */
  readonly partitions: Readonly<Record<string, number>>;
  /** What a reader should know before relying on it. */
  readonly warnings: readonly string[];
}

const hours: Readonly<Record<string, number>> = { s: 1 / 3600, m: 1 / 60, h: 1, d: 24, w: 168, y: 8760 };

/** Days of a duration such as "720h"; nothing is deleted after "0s". */
export function days(duration: string): number {
  const found = (Number.parseInt(duration, 10) * (hours[duration.at(-1) ?? ""] ?? NaN)) / 24;
  return found === 0 ? Infinity : found;
}

/** What those bases pass through Kafka that do so in their mode. */
const queueing = (own: readonly Base[]): readonly { readonly base: Base; readonly topic: Topic }[] =>
  own.flatMap((base) => {
    const { topic } = base.component;
    return topic && asks(base, topic.broker) ? [{ base, topic }] : [];
  });
const asks = ({ component, wiring }: Base, role: Role): boolean =>
  wiring
    .connections(component.name)
    .some(({ from, to, onlyIn }) => isRole(from) && from.component === component.name && to === role && !onlyIn);

const settingOf = (own: readonly Base[], component: string, key: string): string | undefined =>
  own.find((base) => base.component.name === component)?.settings[key]?.value;

const daysOf = (own: readonly Base[], component: string): number => {
  const keys = keeping[component]?.retentions ?? ["retention"];
  const all = keys.flatMap((key) => settingOf(own, component, key) ?? []);
  return all.length > 0 ? all.reduce((sum, one) => sum + days(one), 0) : Infinity;
};

/** Pods that scrape everything, each for itself; one where there is none. */
const sendersOf = (own: readonly Base[]): number => {
  const size = own.find(({ component }) => component.scrapeIntervalSeconds !== undefined)?.pods[0]?.size;
  return Math.max(1, size ? podsOf(size) : 1);
};

/** A number that one component says of itself; undefined where no base of it is there. */
const said = (own: readonly Base[], field: "queueHours" | "scrapeIntervalSeconds"): number | undefined =>
  own.flatMap(({ component }) => component[field] ?? [])[0];

/** Copies of the same data in a component's bucket. */
const bucketCopies = (own: readonly Base[], component: string): number =>
  keeping[component]?.copies === "one of each sender" ? sendersOf(own) : 1;

/**
 * The sizes of an environment for its load.
 * @param own its bases, as they are without a load
 */
export function sizing({ name, load, replicas, volumes }: Asked, own: readonly Base[]): Sizing {
  const queued = queueing(own);
  const without: Facts = {
    load: load ?? {},
    scrapeIntervalSeconds: said(own, "scrapeIntervalSeconds") ?? 30,
    senders: sendersOf(own),
    queued: queued.map(({ topic }) => topic.carries),
    queueHours: said(own, "queueHours") ?? 24,
  };
  const stored = own.flatMap(({ component }) => {
    return kept(component.name, daysOf(own, component.name), bucketCopies(own, component.name), without);
  });
  const objects = stored.reduce((all, { gigabytes }) => all + gigabytes, 0);
  const facts: Facts = { ...without, objects: objects > 0 && Number.isFinite(objects) ? objects : undefined };

  const workloads = own.flatMap((base): readonly Explained[] => {
    const { component, mode } = base;
    const volume = volumes[component.name] ?? volumes["default"];
    return base.pods
      .filter(({ workload }) => workload.runs === "replicas")
      .map(({ workload, size }) => {
        const fixed: Stood["said"] = {
          replicas: replicas[workload.fullName] !== undefined,
          disk: typeof volume === "object" && volume.size !== undefined,
        };
        const about: Own = {
          copies: Math.max(
            bucketCopies(own, component.name),
            Number(base.settings["replicationFactor"]?.value ?? size.zones ?? 1),
          ),
          zones: size.zones ?? 1,
          retentionDays: daysOf(own, component.name),
        };
        return explained({ workload, mode, size, said: fixed }, facts, about);
      });
  });
  const replicasOf = ({ workloads: own }: Base, role: Role): number => {
    const found = own.find(({ roles }) => roles.includes(role));
    return workloads.find(({ workload }) => workload === found?.fullName)?.size.replicas ?? 0;
  };
  return {
    environment: name,
    load,
    facts,
    workloads,
    kept: stored,
    limits: limits(
      own.map(({ component }) => component.name),
      facts,
    ),
    partitions: Object.fromEntries(
      queued.map(({ base, topic }) => [
        base.component.name,
        Math.max(...topic.owners.map((role) => replicasOf(base, role))),
      ]),
    ),
    warnings: load
      ? [...own.flatMap(({ component, mode }) => bound(component.name, mode, facts)), ...workloads.flatMap(large)]
      : [],
  };
}

/** What of it an overlay builds: workloads that the load sizes, by their full names. */
export const resizing = ({ workloads }: Sizing): SizeOverrides =>
  Object.fromEntries(
    workloads
      .filter(({ sums }) => sums.length > 0)
      .map(({ workload, size: { replicas, maxReplicas, cpu, memory, memoryLimit }, disk, sums }) => [
        workload,
        {
          replicas,
          ...(maxReplicas === undefined ? {} : { maxReplicas }),
          cpu,
          memory,
          memoryLimit,
          ...(sums.some(({ resource }) => resource === "disk") ? { disk } : {}),
        },
      ]),
  );

/** The settings that its limits come to, by component. */
export const limiting = ({ limits }: Sizing): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    limits.map(({ component }) => [
      component,
      Object.fromEntries(
        limits.filter((one) => one.component === component).map(({ setting, value }) => [setting, String(value)]),
      ),
    ]),
  );
