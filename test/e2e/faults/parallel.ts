import type { Fault } from "./steps.ts";

const joined = (parts: readonly string[]): string => parts.filter(Boolean).join(" + ");

const atOnce = (faults: readonly Fault[]): Fault => {
  const excuses = faults.flatMap(({ excuse }) => excuse ?? []);
  return {
    name: joined(faults.map(({ name }) => name)),
    excuse:
      excuses.length > 0
        ? {
            signals: excuses.flatMap(({ signals }) => signals),
            because: joined([...new Set(excuses.map(({ because }) => because))]),
          }
        : undefined,
    run: async () => joined(await Promise.all(faults.map((fault) => fault.run()))),
    undo: () => Promise.all(faults.map((fault) => fault.undo?.())),
  };
};

/** The same faults, one of each lane at a time; those without a lane alone, afterwards. */
export function inParallel(faults: readonly Fault[]): readonly Fault[] {
  const alone = faults.filter(({ lane }) => lane === undefined);
  const names = [...new Set(faults.flatMap(({ lane }) => lane ?? []))];
  const sides = names.map((name) => faults.filter(({ lane }) => lane === name));
  const rounds = Array.from({ length: Math.max(0, ...sides.map(({ length }) => length)) }, (_, i) =>
    sides.flatMap((side) => side[i] ?? []),
  );
  return [...rounds.map(atOnce), ...alone];
}
