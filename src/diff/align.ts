/** Places of items that belong together; undefined where one side has none. */
export type Aligned = readonly [before: number | undefined, after: number | undefined];

type Equal<T> = (before: T, after: T) => boolean;

/** Pairs of equal items in one order, as many as there can be. */
function longest<T>(
  before: readonly T[],
  after: readonly T[],
  equal: Equal<T>,
): readonly (readonly [number, number])[] {
  const width = after.length + 1;
  const best = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => best[i * width + j] ?? 0;
  const same = before.map((a) => after.map((b) => equal(a, b)));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1)
      best[i * width + j] = same[i]?.[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const pairs: (readonly [number, number])[] = [];
  for (let [i, j] = [0, 0]; i < before.length && j < after.length;) {
    if (same[i]?.[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

/** The items of two lists: equal ones together, and between them the first changed with the first, the second with the second. */
export function align<T>(before: readonly T[], after: readonly T[], equal: Equal<T>): readonly Aligned[] {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && equal(before[start] as T, after[start] as T)) start += 1;
  let end = 0;
  while (end < shorter - start && equal(before.at(-1 - end) as T, after.at(-1 - end) as T)) end += 1;
  const [a, b] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const inner = longest(a, b, equal).map(([i, j]) => [i + start, j + start] as const);
  const result: Aligned[] = Array.from({ length: start }, (_, i) => [i, i]);
  let [i, j] = [start, start];
  for (const [nextI, nextJ] of [...inner, [before.length - end, after.length - end] as const]) {
    for (; i < nextI || j < nextJ; i += 1, j += 1) result.push([i < nextI ? i : undefined, j < nextJ ? j : undefined]);
    [i, j] = [nextI + 1, nextJ + 1];
    if (nextI < before.length - end) result.push([nextI, nextJ]);
  }
  for (let k = end; k > 0; k -= 1) result.push([before.length - k, after.length - k]);
  return result;
}

/** How many lines came and went between two texts. */
export function lines(
  before: string,
  after: string,
  equal: Equal<string>,
): { readonly added: number; readonly removed: number } {
  const [a, b] = [before.trimEnd().split("\n"), after.trimEnd().split("\n")];
  const kept = align(a, b, equal).filter(
    ([i, j]) => i !== undefined && j !== undefined && equal(a[i] as string, b[j] as string),
  );
  return { added: b.length - kept.length, removed: a.length - kept.length };
}
