import { isEmpty } from "./difference.ts";
import { type Difference, topics } from "./finding.ts";
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

/** Text that Markdown takes as it is. */
const plain = (text: string): string => text.replace(/[\\`*_<>|[\]~#]/g, "\\$&");

const list = (lines: readonly string[]): string => lines.map((line) => `- ${plain(line)}`).join("\n");
const optional = (title: string, lines: readonly string[], after = ""): readonly string[] =>
  lines.length > 0 ? [`**${title}**\n\n${list(lines)}${after === "" ? "" : `\n\n${after}`}`] : [];

const row = (cells: readonly string[]): string => `| ${cells.map(plain).join(" | ")} |`;

/** What differs, as a comment on a pull request. */
export function markdown(before: string, after: string, found: Difference): string {
  const title = `### ${plain(arrow(before, after))}`;
  if (isEmpty(found)) return `${title}\n\n${nothing}`;
  const table = [
    row(["", ...sumsHead]),
    row(["", ...sumsHead].map(() => "---")),
    ...[...found.sums, found.total].map((sums) => row(sumsRow(sums))),
  ];
  const components = found.components.map((component) => {
    const lines = componentLines(component, found);
    const parts = topics.flatMap((topic) => {
      const own = lines.filter((line) => line.topic === topic);
      return own.length > 0 ? [`- **${topic}**`, ...own.map(({ text }) => `  - ${plain(text)}`)] : [];
    });
    return [`#### ${plain(componentTitle(component))}`, "", ...parts].join("\n");
  });
  const [namespaces, meaning] = namespaceLines(found);
  return [
    title,
    ...(found.sums.length > 0 ? [`${table.join("\n")}\n\n${sumsNote}`] : []),
    ...(namespaces === undefined ? [] : [`**Namespaces**: ${plain(namespaces)}. ${meaning}`]),
    ...optional("Refused by the API server", refusalLines(found), refusalAdvice),
    ...optional("Restarts", restartLines(found)),
    ...components,
  ].join("\n\n");
}
