/** The number of letters to add, remove, change or swap with a neighbour that makes one word of another. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const above = rows[i - 1] as number[];
      const isSame = a[i - 1] === b[j - 1];
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          (above[j] as number) + 1,
          (row[j - 1] as number) + 1,
          (above[j - 1] as number) + (isSame ? 0 : 1),
          isExchanged ? ((rows[i - 2] as number[])[j - 2] as number) + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}

/** Words that differ in capitals, hyphens and underscores only are the same. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_]/g, "");

/**
 * The word that somebody probably meant. A third of its letters may be wrong, but no more than three.
 * @returns undefined if no word is near enough
 */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  const near = [...words]
    .map((one) => ({ one, far: distance(plain(word), plain(one)) }))
    .filter(({ one, far }) => far <= Math.min(3, Math.max(1, Math.floor(Math.max(one.length, word.length) / 3))))
    .toSorted((a, b) => a.far - b.far);
  return near[0]?.one;
}
