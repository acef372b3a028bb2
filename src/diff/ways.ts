import type { Connection } from "./finding.ts";
import { anyPort } from "./openings.ts";

const grouped = <T>(values: readonly T[], key: (value: T) => string): readonly (readonly [T, ...T[]])[] => {
  const found = new Map<string, [T, ...T[]]>();
  for (const value of values) {
    const members = found.get(key(value));
    if (members) members.push(value);
    else found.set(key(value), [value]);
  }
  return [...found.values()];
};

interface Bundle {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly string[];
}

const bundleText = ({ from, to, ports }: Bundle): string => {
  const ways = `${from.join(", ")} → `;
  const numbers = ports.filter((port) => port !== "");
  if (numbers.length === 0) return ways + to.join(", ");
  return to.length === 1 && !numbers.includes(anyPort)
    ? `${ways}${to[0]}:${numbers.join(",")}`
    : `${ways}${to.join(", ")} on ${numbers.join(", ")}`;
};

/** Connections in as few lines as they can be told in: first by their ports, then by where they come from and lead to. */
export function connectionTexts(connections: readonly Connection[]): readonly string[] {
  return (["opened", "closed"] as const).flatMap((change) => {
    const ways = connections.filter((one) => one.change === change);
    const byEnds = grouped(ways, ({ from, to }) => `${from}\n${to}`).map((some): Bundle => ({
      from: [some[0].from],
      to: [some[0].to],
      ports: some.map(({ port }) => port),
    }));
    const byTarget = grouped(byEnds, ({ to, ports }) => [...to, ...ports].join("\n")).map((some): Bundle => ({
      ...some[0],
      from: some.flatMap(({ from }) => from),
    }));
    const bundles = grouped(byTarget, ({ from, ports }) => [...from, "", ...ports].join("\n")).map((some): Bundle => ({
      ...some[0],
      to: some.flatMap(({ to }) => to),
    }));
    return bundles.map((bundle) => `${change} ${bundleText(bundle)}`);
  });
}
