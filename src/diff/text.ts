import { type Difference, topics } from "./finding.ts";
import { isEmpty } from "./difference.ts";
import {
  arrow,
  componentLines,
  componentTitle,
  namespaceLines,
  nothing,
  refusalAdvice,
  refusalLines,
  restartLines,
  sumsHead,
  sumsNote,
  sumsRow,
} from "./lines.ts";

const width = 120;

/** A line in several where it is too long, the others further to the right. */
function wrapped(line: string, indent: number): readonly string[] {
  if (line.length <= width) return [line];
  const space = line.lastIndexOf(" ", width);
  if (space <= indent) return [line];
  return [line.slice(0, space), ...wrapped(" ".repeat(indent) + line.slice(space + 1), indent)];
}

const block = (title: string, lines: readonly string[], indent = 6): string =>
  [title, ...lines.flatMap((line) => wrapped(`  ${line}`, indent))].join("\n");
const optional = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length > 0 ? [block(title, lines)] : [];

/** Rows with columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

const column = Math.max(...topics.map((topic) => topic.length)) + 2;

/** What differs, for a terminal. */
export function text(before: string, after: string, found: Difference): string {
  if (isEmpty(found)) return nothing;
  const rows = [...found.sums, found.total].map(sumsRow);
  const components = found.components.map((component) => {
    const lines = componentLines(component, found);
    return block(
      componentTitle(component),
      lines.map(({ topic, text }, i) => (lines[i - 1]?.topic === topic ? "" : topic).padEnd(column) + text),
      column + 4,
    );
  });
  const refused = refusalLines(found);
  return [
    arrow(before, after),
    ...optional("namespaces", namespaceLines(found)),
    ...optional("refused by the API server", refused.length > 0 ? [...refused, refusalAdvice] : []),
    ...optional("restarts", restartLines(found)),
    ...(found.sums.length > 0 ? [block("sums", [...table([["", ...sumsHead], ...rows]), sumsNote])] : []),
    ...components,
  ].join("\n\n");
}
