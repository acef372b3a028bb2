import type { Files } from "../../src/core/output/render.ts";

/**
 * The lines around the first place where two texts differ, in the manner of a unified diff;
 * undefined if they do not.
 */
export function excerpt(path: string, before: string, after: string): string | undefined {
  if (before === after) return undefined;
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const context = 3;
  const most = 12;
  const from = Math.max(0, start - context);
  const lines = (sign: string, list: readonly string[]): string[] => [
    ...list.slice(0, most).map((line) => sign + line),
    ...(list.length > most ? [`${sign}… ${list.length - most} more lines`] : []),
  ];
  const gone = a.slice(start, a.length - end);
  const come = b.slice(start, b.length - end);
  return [
    `--- ${path}`,
    `+++ ${path}`,
    `@@ -${start + 1},${gone.length} +${start + 1},${come.length} @@`,
    ...lines(" ", a.slice(from, start)),
    ...lines("-", gone),
    ...lines("+", come),
    ...lines(" ", a.slice(a.length - end, a.length - end + context)),
  ].join("\n");
}

/** How two sets of files differ: the paths of all that do, and an excerpt of the first. */
export function difference(before: Files, after: Files): string | undefined {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const differing = paths.filter((path) => before.get(path) !== after.get(path));
  const [first] = differing;
  if (first === undefined) return undefined;
  const text = excerpt(first, before.get(first) ?? "", after.get(first) ?? "");
  return `${differing.length} files differ: ${differing.slice(0, 10).join(", ")}\n${text}`;
}
