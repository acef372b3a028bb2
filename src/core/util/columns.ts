const width = 120;

/** A line in several where it is too long, the others further to the right. */
export function wrapped(line: string, indent: number): readonly string[] {
  if (line.length <= width) return [line];
  const space = line.lastIndexOf(" ", width);
  if (space <= indent) return [line];
  return [line.slice(0, space), ...wrapped(" ".repeat(indent) + line.slice(space + 1), indent)];
}

/** Rows with columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
