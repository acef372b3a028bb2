import type { Connection, Difference, Workloads } from "./finding.ts";
import { anyPort } from "./openings.ts";

/** Ways from each of some ends to each of others, by each of some ports. */
interface Bundle {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly string[];
}
type Field = keyof Bundle;

/** Bundles that are alike but for one field as one. */
function joined(bundles: readonly Bundle[], field: Field): readonly Bundle[] {
  const others = (["from", "to", "ports"] as const).filter((one) => one !== field);
  const found = new Map<string, Bundle>();
  for (const bundle of bundles) {
    const key = others.map((other) => bundle[other].join("\n")).join("\n\n");
    const before = found.get(key);
    found.set(key, before ? { ...before, [field]: [...before[field], ...bundle[field]] } : bundle);
  }
  return [...found.values()];
}

/** Orders in which ways can be bundled; which of them tells most with least depends on the ways. */
const orders: readonly (readonly Field[])[] = [
  ["ports", "from", "to"],
  ["ports", "to", "from"],
  ["from", "to", "ports"],
  ["to", "from", "ports"],
];

const few = 3;

/** Names of workloads, all of a component's as one. */
function together(names: readonly string[], workloads: Workloads): readonly string[] {
  const whole = Object.entries(workloads).filter(
    ([, list]) => list.length >= few && list.every((name) => names.includes(name)),
  );
  const told = new Set(whole.flatMap(([, list]) => list));
  return [...whole.map(([component]) => `all of ${component}`), ...names.filter((name) => !told.has(name))];
}

function bundleText({ from, to, ports }: Bundle): string {
  const ends = `${from.join(", ")} → ${to.join(", ")}`;
  const numbers = ports.filter((port) => port !== "");
  if (numbers.length === 0) return ends;
  const one = to.length === 1 && !numbers.includes(anyPort) && !to[0]?.startsWith("all of ");
  return one ? `${ends}:${numbers.join(",")}` : `${ends} on ${numbers.join(", ")}`;
}

/** Connections in as few and as short lines as they can be told in. */
export function connectionTexts(
  connections: readonly Connection[],
  workloads: Difference["workloads"],
): readonly string[] {
  const sides = { opened: workloads.after, closed: workloads.before };
  return (["opened", "closed"] as const).flatMap((change) => {
    const ways = connections
      .filter((one) => one.change === change)
      .map(({ from, to, port }): Bundle => ({ from: [from], to: [to], ports: [port] }));
    const names = (list: readonly string[]): readonly string[] => together(list, sides[change]);
    const told = orders.map((order) =>
      order
        .reduce(joined, ways as readonly Bundle[])
        .map(({ from, to, ports }) => bundleText({ from: names(from), to: names(to), ports })),
    );
    const cost = (texts: readonly string[]): number => texts.join("\n").length + few * 10 * texts.length;
    const [best = []] = told.toSorted((a, b) => cost(a) - cost(b));
    return best.map((text) => `${change} ${text}`);
  });
}
