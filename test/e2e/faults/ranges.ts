/** Numbers as text, "0-599,601": each once, in order; "-" for none. */
export const toRanges = (numbers: readonly number[]): string => {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let from = 0; from < sorted.length;) {
    let to = from;
    while (sorted[to + 1] === Number(sorted[to]) + 1) to += 1;
    ranges.push(from === to ? `${sorted[from]}` : `${sorted[from]}-${sorted[to]}`);
    from = to + 1;
  }
  return ranges.join(",") || "-";
};

/** The numbers of such a text. */
export const fromRanges = (text: string): readonly number[] =>
  text === "-"
    ? []
    : text.split(",").flatMap((range) => {
        const [from = 0, to = from] = range.split("-").map(Number);
        return Array.from({ length: to - from + 1 }, (_, place) => from + place);
      });
