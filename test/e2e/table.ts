export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Columns that line up; those of numbers to the right. The first row is the heading, the last column as long as it is. */
export const table = ([heading = [], ...rows]: readonly (readonly string[])[]): string => {
  const columns = heading.map((title, column) => {
    const cells = rows.map((row) => row[column] ?? "");
    const width = Math.max(title.length, ...cells.map(({ length }) => length));
    if (cells.every((cell) => /^\d+(\.\d+)?$/.test(cell))) return (cell: string) => cell.padStart(width);
    return (cell: string) => (column === heading.length - 1 ? cell : cell.padEnd(width));
  });
  const line = (row: readonly string[]): string => columns.map((write, column) => write(row[column] ?? "")).join(" | ");
  return [heading, ...rows].map(line).join("\n");
};

/** A word that is to be found among many: red where it says that something failed and a person looks. */
export const coloured = (word: string): string =>
  /^fail/.test(word) && process.stdout.isTTY && process.env["NO_COLOR"] === undefined
    ? `\u001b[31m${word}\u001b[0m`
    : word;
