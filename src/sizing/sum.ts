import { driver, type Facts, type Own } from "./drivers.ts";
import { plain } from "./numbers.ts";
import { type Need, type Resource, type Rule, takes, type Times } from "./rule.ts";
import type { Source } from "./sources.ts";

/** Disks have half as much again, as Mimir's page on capacity advises for peaks. */
export const spareDisk = 1.5;

/** What a role needs of a resource, all pods together, or each pod where each bears all of it. */
export interface Sum {
  readonly role: string;
  readonly resource: Resource;
  readonly borne: "by each pod" | "together";
  /** Cores or Gi. */
  readonly result: number;
  /** How it came to that: a sum that can be checked with a calculator. */
  readonly words: string;
  readonly source: Source;
}

const units: Readonly<Record<Resource, string>> = { cpu: "cores", memory: "Gi", disk: "Gi" };
const unitOf = (resource: Resource, amount: number): string =>
  resource === "cpu" && amount === 1 ? "core" : units[resource];

const factor = (times: readonly Times[], own: Own): number => times.reduce((all, one) => all * own[one], 1);

/** The sum without its result. */
function expression({ of, points, times }: Need, resource: Resource, amount: number, own: Own): string {
  const { unit } = driver(of);
  const copied = times
    .filter((one) => own[one] > 1)
    .map((one) => ` × ${own[one]} ${one}`)
    .join("");
  const all = `${plain(amount)} ${unit}${copied}`;
  const whole = amount * factor(times, own);
  const after = points.findIndex(([at]) => whole <= at);
  const [at, there] = (after > 0 ? points[after] : points.at(after)) as readonly [number, number];
  if (after <= 0) return `${all} × ${plain(there)} ${unitOf(resource, there)}${at === 1 ? "" : ` / ${plain(at)}`}`;
  const [before, base] = points[after - 1] as readonly [number, number];
  const between = `${plain(base)} + ${plain(there - base)} × (${all} − ${plain(before)}) / (${plain(at)} − ${plain(before)})`;
  return resource === "disk" ? `(${between})` : between;
}

/** @returns undefined where the load does not say what the need depends on */
function sum(
  role: string,
  resource: Resource,
  need: Need,
  borne: Sum["borne"],
  facts: Facts,
  own: Own,
): Sum | undefined {
  const amount = driver(need.of).amount(facts, own);
  if (Number.isNaN(amount)) return undefined;
  const once = takes(need.points, amount * factor(need.times, own));
  const result = resource === "disk" ? once * spareDisk : once;
  const isFixed = need.points.at(-1)?.[0] === 0;
  const spare = resource === "disk" ? ` × ${spareDisk}` : "";
  const words = isFixed
    ? `${plain(result)} ${unitOf(resource, result)} in any case`
    : `${expression(need, resource, amount, own)}${spare} = ${plain(result)} ${unitOf(resource, result)}`;
  return { role, resource, borne, result, words, source: need.source };
}

/** Whether the pods of a role share its work or each bears all of it. */
const borneBy = ({ pod, shared }: Rule, { zones }: Own): Sum["borne"] =>
  pod && (shared !== "in a zone" || zones > 1) ? "together" : "by each pod";

/** The sums of one role of one resource. */
export const sums = (role: string, rule: Rule, resource: Resource, facts: Facts, own: Own): readonly Sum[] =>
  (rule[resource] ?? []).flatMap((need) => sum(role, resource, need, borneBy(rule, own), facts, own) ?? []);
