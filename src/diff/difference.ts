import { isDeepStrictEqual } from "node:util";
import type { PolicySpec } from "../core/kubernetes/network-rules.ts";
import { isWorkload, podTemplate, selects, specOf } from "../core/kubernetes/reading.ts";
import { requests } from "../core/kubernetes/requests.ts";
import { connections } from "./connections.ts";
import { refusals, restarts } from "./consequences.ts";
import {
  type ComponentDifference,
  type Connection,
  type Difference,
  type Finding,
  type Sums,
  topics,
  type Workloads,
} from "./finding.ts";
import { objectFindings } from "./objects.ts";
import { regroupings, rolesOf } from "./roles.ts";
import { noComponent } from "./owners.ts";
import { type Pair, type Sides, sides } from "./sides.ts";
import { workloadFindings } from "./workloads.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

const runsPods = ({ before, after }: Pair): boolean => [before, after].some((object) => object && isWorkload(object));

/** Whether one of these connections begins or ends at pods that the policy is for. */
function isTold(pair: Pair, found: readonly Connection[], { before, after, nameOf }: Sides): boolean {
  const selected = (policy: Manifest | undefined, objects: readonly Manifest[]): readonly string[] =>
    policy === undefined
      ? []
      : objects
          .filter(isWorkload)
          .filter(({ metadata }) => metadata.namespace === policy.metadata.namespace)
          .filter((object) => selects(specOf<PolicySpec>(policy).podSelector, podTemplate(object).labels))
          .map(nameOf);
  const names = [...selected(pair.before, before), ...selected(pair.after, after)];
  return found.some(({ from, to }) => names.includes(from) || names.includes(to));
}

const byTopic = (a: Finding, b: Finding): number =>
  topics.indexOf(a.topic) - topics.indexOf(b.topic) || (keyOf(a) < keyOf(b) ? -1 : 1);
const keyOf = ({ subject, field = "" }: Finding): string => `${subject}\n${field}`;

/** Sums of the workloads of each component. */
function sums(pairs: readonly Pair[]): { readonly total: Sums; readonly sums: readonly Sums[] } {
  const of = (name: string, some: readonly Pair[]): Sums => ({
    name,
    before: requests(some.flatMap(({ before }) => before ?? [])),
    after: requests(some.flatMap(({ after }) => after ?? [])),
  });
  const names = [...new Set(pairs.map(({ component }) => component))].sort();
  const each = names.map((name) =>
    of(
      name,
      pairs.filter(({ component }) => component === name),
    ),
  );
  return {
    total: of("total", pairs),
    sums: each.filter(({ before, after }) => !isDeepStrictEqual(before, after)),
  };
}

/** Whether a component stands on both sides, by the objects that are its own. */
function fate(pairs: readonly Pair[]): ComponentDifference["change"] {
  if (pairs.every(({ before }) => !before)) return "added";
  return pairs.every(({ after }) => !after) ? "removed" : "changed";
}

/** What differs between two sets of objects, wherever they come from: by component, and what follows when one replaces the other. */
export function difference(before: readonly Manifest[], after: readonly Manifest[]): Difference {
  const both = sides(before, after);
  const { pairs, same } = both;
  const ways = connections(both);
  const componentOf = new Map(pairs.filter(runsPods).map(({ name, component }) => [name, component]));
  const homeOf = ({ from, to }: Connection): string => componentOf.get(to) ?? componentOf.get(from) ?? noComponent;
  const findings = (pair: Pair): readonly Finding[] => {
    if (runsPods(pair)) return workloadFindings(pair, same);
    return pair.kind === "NetworkPolicy" && isTold(pair, ways, both) ? [] : objectFindings(pair, both);
  };
  const names = [...new Set([...pairs.map(({ component }) => component), ...ways.map(homeOf)])].sort();
  const components = names.map((name): ComponentDifference => {
    const own = pairs.filter(({ component }) => component === name);
    const placed = (side: "after" | "before") =>
      own.filter(runsPods).flatMap((pair) => {
        const object = pair[side];
        return object ? [{ workload: pair.name, roles: rolesOf(object) }] : [];
      });
    return {
      name,
      change: fate(own),
      regroupings: regroupings(placed("before"), placed("after")),
      findings: own.flatMap(findings).sort(byTopic),
      connections: ways.filter((way) => homeOf(way) === name),
    };
  });
  const workloads = (side: "after" | "before"): Workloads => {
    const own = (name: string): readonly string[] =>
      pairs.filter((pair) => pair.component === name && runsPods(pair) && pair[side]).map((pair) => pair.name);
    return Object.fromEntries(names.map((name) => [name, own(name)] as const).filter(([, list]) => list.length > 0));
  };
  return {
    namespaces: both.namespaces,
    workloads: { before: workloads("before"), after: workloads("after") },
    ...sums(pairs),
    components: components.filter(
      ({ regroupings, findings, connections }) => regroupings.length + findings.length + connections.length > 0,
    ),
    restarts: restarts(before, after, both),
    refusals: refusals(before, after),
  };
}

/** Whether there is nothing to say. */
export const isEmpty = ({ namespaces, components, restarts, refusals }: Difference): boolean =>
  namespaces.length + components.length + restarts.length + refusals.length === 0;
