import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a developer might get wrong in one place of `src`, and the tests that are to see it. */
export interface Edit {
  /** The file of the list that it is in, without its ending. */
  readonly area: string;
  readonly what: string;
  /** Where it was when it was written down; the text counts where it is now. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** Files of tests, from `test/` and without `.test.ts`. */
  readonly tests: readonly string[];
  /** Which of their tests are about it. */
  readonly about: RegExp;
}

/** Paths and texts of all files of `src`. */
export type Sources = ReadonlyMap<string, string>;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The text with any white space where it has some, and anything, as little as can be, where it has "…". */
const patternOf = (before: string): RegExp =>
  new RegExp(
    before
      .split("…")
      .map((part) => part.split(/\s+/).map(escaped).join("\\s+"))
      .join("([^]*?)"),
    "g",
  );

/** Where a text is replaced by another. */
export interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Where an edit is made: in its file, or in the only other file that has its text.
 * @returns what is wrong with it where it cannot be made
 */
export function placeOf({ file, before, after }: Edit, sources: Sources): Place | string {
  const pattern = patternOf(before);
  const found = [...sources].flatMap(([path, text]) => [...text.matchAll(pattern)].map((match) => ({ path, match })));
  const own = found.filter(({ path }) => path === file);
  const [one, another] = own.length > 0 ? own : found;
  if (!one) return "its text is nowhere in src";
  if (another) return `its text is there several times: ${[...new Set(found.map(({ path }) => path))].join(", ")}`;
  const { path, match } = one;
  const kept = match.slice(1);
  const text = after.split("…").reduce((all, part, i) => `${all}${kept[i - 1] ?? ""}${part}`);
  return { path, start: match.index, end: match.index + match[0].length, text };
}

/** The file with the replacement. */
export const edited = (text: string, { start, end, text: inserted }: Pick<Place, "end" | "start" | "text">): string =>
  text.slice(0, start) + inserted + text.slice(end);

const marked = (lines: readonly string[], mark: string): string =>
  lines
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(2))
    .join("\n");

/**
 * One edit a block: what it is; its file and the tests, with a pattern of their names in brackets if not all of them are about it; lines that begin with
 * "-" are replaced by those with "+".
 */
function parsed(area: string, block: string): Edit {
  const lines = block.split("\n").filter((line) => line !== "");
  const [what = "", where = ""] = lines;
  const [, file, tests, about] = /^(\S+): ([a-z0-9*\/ -]+?)(?: \((.+)\))?$/.exec(where) ?? [];
  const [before, after] = [marked(lines, "-"), marked(lines, "+")];
  if (!file || !tests || before === "" || before === after || !lines.slice(2).every((line) => /^[-+]( |$)/.test(line)))
    throw new Error(`edits/${area}.txt: expected a sentence, "file: tests", "- old" and "+ new" in\n${block}`);
  return { area, what, file, before, after, tests: tests.split(" "), about: new RegExp(about ?? "", "i") };
}

/** All edits of the list, in the order of their areas. */
export function allEdits(folder: string): readonly Edit[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) =>
      readFileSync(join(folder, name), "utf8")
        .split(/\n\s*\n/)
        .filter((block) => block.trim() !== "" && !block.startsWith("#"))
        .map((block) => parsed(name.replace(/\.txt$/, ""), block.trim())),
    );
}
