import { columns, wrapped } from "../core/util/columns.ts";
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

const block = (title: string, lines: readonly string[], indent = 6): string =>
  [title, ...lines.flatMap((line) => wrapped(`  ${line}`, indent))].join("\n");
const optional = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length > 0 ? [block(title, lines)] : [];

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
    ...(found.sums.length > 0 ? [block("sums", [...columns([["", ...sumsHead], ...rows]), sumsNote])] : []),
    ...components,
  ].join("\n\n");
}
