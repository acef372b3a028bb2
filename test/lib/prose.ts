/**
 * What a page must be like to be read once. `npm run prose` holds the pages to it. Pure: texts in,
 * findings out.
 */
import { posix } from "node:path";

/** Pages by their paths from the root of the project, for example "docs/use.md". */
export type Pages = ReadonlyMap<string, string>;

/** Words in a sentence: the average of a page, and the longest. */
export const limits = { average: 20, longest: 40 } as const;

/** Phrases without a noun or a verb that a reader knows, and what to write. */
export const banned: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\b(those|these|they|all) (who|that|which)\b/i, "name the programs or the people"],
  [/\b(whoever|whatever|nobody|somebody)\b/i, "name the program or the person"],
  [/\bthe ones? (that|who|which|of)\b/i, "repeat the noun"],
  [
    /\bwhat (goes|comes|is|stands|was|has|takes|keeps|reads|writes)\b/i,
    "name the thing: a relative clause is no subject",
  ],
  [/\b(stands?|standing|stood) (for|in|beside|behind|there|alone)\b/i, 'write "means", "is in" or "runs"'],
  [/\bsave (for|the|that|those)\b/i, 'write "except"'],
  [/\bas (it is|they are)\b/i, 'write "unchanged", or leave it out'],
  [/\b(mended|bears?|customary|likewise)\b/i, 'write "fixed", "carries", "usual", "also"'],
  [/\bwithout a word\b/i, 'write "without an error"'],
  [/\b(of|by|for) (it|them)(self|selves)\b/i, 'name the cause: "by default", "automatically"'],
  [/\bare there\b(?! [a-z]+ )|\bthat there (is|are)\b/i, 'write "exist", or name the number'],
];

/**
 * Marks before a fenced block, and the tests that read blocks with that mark. Blocks of yaml, ts
 * and sh have one, because an example that nothing builds goes wrong unseen. Blocks of sh need
 * none: test/pages.test.ts reads each line of a page.
 */
export const marks: Readonly<Record<string, string>> = {
  file: "test/docs.test.ts",
  settings: "test/pages.test.ts",
  error: "test/pages.test.ts",
  patch: "test/docs.test.ts",
  objstore: "test/pages.test.ts",
  alertmanager: "test/programs.ts",
  output: "test/sizing.test.ts",
  recipe: "test/recipes.test.ts",
  gitops: "test/gitops.test.ts",
};
/** The mark of a block that nothing can check, with the reason behind it. */
const unchecked = "unchecked";

/**
 * A cell of a table or an item of a list is a sentence if it ends like one, or has more words than
 * this.
 */
const longestFragment = 12;

interface Piece {
  readonly kind: "block" | "heading" | "item" | "row" | "text";
  readonly line: number;
  readonly lines: string[];
  readonly language: string;
  /** The comment before it: "file: overlays/mine/kustomization.yaml". */
  readonly mark: string | undefined;
}

function piecesOf(page: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let [fence, indent, isOpen, mark]: [string, number, boolean, string | undefined] = ["", 0, false, undefined];
  page.split("\n").forEach((source, index) => {
    const line = source.replace(/^\s*> ?(\[!\w+\])?/, "").trimEnd();
    const [, ticks = "", language = ""] = /^\s*(```+|~~~+)(\w*)/.exec(line) ?? [];
    if (fence !== "") return void (fence = ticks === fence ? "" : fence);
    const add = (kind: Piece["kind"], text: string, opens: boolean): void => {
      pieces.push({ kind, line: index + 1, lines: [text], language, mark });
      [isOpen, mark] = [opens, undefined];
    };
    const [, bullet, item] = /^(\s*(?:[-*]|\d+\.)\s+)(.*)$/.exec(line) ?? [];
    const comment = /^\s*<!--(.*)-->$/.exec(line)?.[1];
    const depth = line.search(/\S/);
    if (comment !== undefined) [mark, isOpen] = [comment.trim(), false];
    else if (depth < 0) [mark, isOpen] = [undefined, false];
    else if (ticks !== "") [fence] = [ticks, add("block", line, false)];
    else if (/^#{1,6} /.test(line)) add("heading", line.replace(/^#+ /, ""), false);
    else if (/^\s*\|/.test(line)) add("row", line, false);
    else if (bullet !== undefined && item !== undefined) [indent] = [bullet.length, add("item", item, true)];
    else if (isOpen) pieces.at(-1)?.lines.push(line.trim());
    else if (depth < indent + 4) {
      if (depth === 0) indent = 0;
      if (depth < 4 || indent > 0) add("text", line.trim(), true);
    }
  });
  return pieces;
}

const ended = /[.!?:][*_)"”]*$/;
const sentenceEnd = /(?<=[.!?][*_)"”]*)(?<!\b(?:e\.g|i\.e|etc|vs)\.)\s+(?=[*_(["“]*[A-Z0-9`])/;

/** Inline code is one word, and a link is its text. */
const plain = (text: string): string =>
  text
    .replace(/`[^`]+`/g, "`x`")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/<[^>]+>/g, " ");
const words = (text: string): number => text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** Length in words of each sentence, with its line. Headings and code have none. */
export function sentencesOf(page: string): readonly { readonly line: number; readonly words: number }[] {
  return piecesOf(page).flatMap(({ kind, line, lines }) => {
    const texts = kind === "row" ? (lines[0] ?? "").split(/(?<!\\)\|/) : kind === "heading" ? [] : [lines.join("\n")];
    return texts.flatMap((source) => {
      const text = plain(source).trim();
      let from = 0;
      return text.split(sentenceEnd).flatMap((sentence) => {
        from = text.indexOf(sentence, from);
        const found = { line: line + text.slice(0, from).split("\n").length - 1, words: words(sentence) };
        const counts = kind === "text" || ended.test(sentence) || found.words > longestFragment;
        return counts && found.words > 0 ? [found] : [];
      });
    });
  });
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { lines } of piecesOf(page).filter(({ kind }) => kind === "heading")) {
    const kept = plain((lines[0] ?? "").replaceAll("`", ""))
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "");
    const name = kept.trim().replace(/\s/g, "-");
    let count = 0;
    while (anchors.has(count === 0 ? name : `${name}-${count}`)) count += 1;
    anchors.add(count === 0 ? name : `${name}-${count}`);
  }
  return anchors;
}

/** Links that lead nowhere. `exists` is asked for paths from the root. */
export function deadLinks(path: string, pages: Pages, exists: (path: string) => boolean): readonly string[] {
  return piecesOf(pages.get(path) ?? "").flatMap(({ line, lines }) =>
    lines.flatMap((text, index) =>
      [...text.replace(/`[^`]+`/g, "x").matchAll(/\]\(([^)\s]+)[^)]*\)/g)].flatMap(([, link = ""]) => {
        const [file = "", anchor] = link.split("#");
        if (/^[a-z]+:/.test(file)) return [];
        const target = file === "" ? path : posix.join(posix.dirname(path), file);
        const at = `${path}:${line + index}: link ${link}:`;
        if (!exists(target)) return [`${at} there is no ${target}. Correct the path.`];
        const page = pages.get(target);
        if (anchor === undefined || page === undefined || anchorsOf(page).has(anchor)) return [];
        return [
          `${at} ${target} has no heading #${anchor}. It has ${[...anchorsOf(page)].map((one) => `#${one}`).join(" ")}`,
        ];
      }),
    ),
  );
}

/**
 * Sentences that are too long, on average or one by one: file, line, what was found, what to do.
 */
export function long(path: string, page: string): readonly string[] {
  const sentences = sentencesOf(page);
  const average = sentences.reduce((sum, one) => sum + one.words, 0) / Math.max(1, sentences.length);
  const longest = sentences.toSorted((a, b) => b.words - a.words).slice(0, 5);
  return [
    ...(average > limits.average
      ? [
          `${path}: ${average.toFixed(1)} words a sentence on average, at most ${limits.average}. Split the longest: ${longest.map((one) => `line ${one.line} (${one.words})`).join(", ")}.`,
        ]
      : []),
    ...sentences
      .filter((one) => one.words > limits.longest)
      .map(
        (one) =>
          `${path}:${one.line}: a sentence of ${one.words} words, at most ${limits.longest}. Split it: one subject, one verb.`,
      ),
  ];
}

/** Everything else that makes a page slow to read, or wrong unseen. */
export function slow(path: string, page: string): readonly string[] {
  const pieces = piecesOf(page);
  const prose = pieces.flatMap((piece) =>
    piece.lines.map((text, index) => ({
      ...piece,
      text: plain(text),
      line: piece.line + index,
      last: piece.lines.length === index + 1,
    })),
  );
  return [
    ...prose.flatMap(({ kind, text, line, last }) => [
      ...banned.flatMap(([phrase, instead]) => {
        const found = phrase.exec(text)?.[0];
        return found === undefined ? [] : [`${path}:${line}: "${found}": ${instead}.`];
      }),
      ...((kind === "text" || kind === "item") && text.split(sentenceEnd).length > 1
        ? [
            `${path}:${line}: ${text.split(sentenceEnd).length} sentences in a line. Give each a line, so that a diff shows the one that changed.`,
          ]
        : []),
      ...((kind === "text" || kind === "item") && !last && !ended.test(text)
        ? [`${path}:${line}: a sentence goes on in the next line. Put it in one line.`]
        : []),
    ]),
    ...pieces
      .filter(({ kind, language }) => kind === "block" && /^(yaml|ts)$/.test(language))
      .flatMap(({ line, lines: [fence = ""], language, mark = "" }) => {
        const [, word = "", rest = ""] = /^(\w+):?\s*(.*)$/.exec(mark) ?? [];
        if (word === unchecked && rest !== "") return [];
        if (word in marks)
          return fence.startsWith("`")
            ? []
            : [`${path}:${line}: ${marks[word]} reads no indented block. Move it to the left margin.`];
        return [
          `${path}:${line}: no test reads this ${language}. Put one of <!-- ${Object.keys(marks).join(": … -->, <!-- ")}: … --> on the line before it, or <!-- ${unchecked}: the reason -->.`,
        ];
      }),
  ];
}
