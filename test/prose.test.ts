import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deadLinks, limits, long, marks, sentencesOf, slow } from "./lib/prose.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/world.ts";

const many = (count: number): string => `Loki ${"reads ".repeat(count - 2)}logs.`;

const samples: Readonly<Record<string, readonly [page: string, ...findings: RegExp[]]>> = {
  "a sentence that is too long": [
    `Short is good.\n\n${many(limits.longest + 1)}\n${"It is.\n".repeat(20)}`,
    /^page\.md:3: a sentence of 41 words, at most 40\. Split it/,
  ],
  "a long item of a list, though it has no full stop": [
    `- ${many(limits.longest + 1).slice(0, -1)}\n${"- It is.\n".repeat(20)}`,
    /^page\.md:1: a sentence of 41 words/,
  ],
  "a long cell of a table": [
    `| what | why |\n| --- | --- |\n| \`a\` | ${many(limits.longest + 1)} |\n\n${"It is.\n".repeat(20)}`,
    /^page\.md:3: a sentence of 41 words/,
  ],
  "a page whose sentences are long on average": [
    `${many(limits.average + 1)}\n${many(limits.average + 3)}\n`,
    /^page\.md: 22\.0 words a sentence on average, at most 20\. Split the longest: line 2 \(23\), line 1 \(21\)\.$/,
  ],
  "two sentences in a line": ["Loki reads. `mimir` writes.\n", /^page\.md:1: 2 sentences in a line\. /],
  "a sentence over two lines": ["Loki reads\nwhat came.\n", /^page\.md:1: a sentence goes on in the next line\. /],
  "a phrase without a noun": [
    "# Logs\n\nLoki keeps **those who** read.\n",
    /^page\.md:3: "those who": name the programs or the people\.$/,
  ],
  "a phrase without a noun, in a heading": ["# What goes away\n", /^page\.md:1: "What goes": /],
  "an example that no test reads": [
    "```ts\nconst one = 1;\n```\n\n<!-- unchecked: -->\n```yaml\na: 1\n```\n",
    /^page\.md:1: no test reads this ts\. Put one of <!-- file: … -->, /,
    /^page\.md:6: no test reads this yaml\. /,
  ],
  "an example that its test overlooks": [
    "- One:\n\n  <!-- settings -->\n  ```ts\n  tenant: 1\n  ```\n\n<!-- settings -->\n\n```ts\ntenant: 1\n```\n",
    /^page\.md:4: test\/pages\.test\.ts reads no indented block\. /,
    /^page\.md:10: no test reads this ts\. /,
  ],
};

describe("a page that is slow to read is reported, with its line and what to do", () => {
  for (const [name, [page, ...findings]] of Object.entries(samples))
    test(name, () => {
      const said = [...long("page.md", page), ...slow("page.md", page)];
      assert.equal(said.length, findings.length, said.join("\n"));
      for (const [index, finding] of findings.entries()) assert.match(said[index] ?? "", finding);
    });
});

test("a page in plain English passes", () => {
  const page = [
    "# Loki",
    "",
    "Run Loki 3.7. It listens on port 3100, e.g. For queries.".replace("3.7. It", "3.7.8 first, because it"),
    "Apply `kubectl apply -k overlays/dev` (see [the list](list.md)):",
    "",
    `    ${many(50)} In code, nobody counts. It is not prose.`,
    "",
    "- short item",
    "- **Data loss:** this item is a sentence.",
    "  It has a second line.",
    "",
    `      ${many(50)} Code of an item.`,
    "",
    "> [!WARNING]",
    "> Back up first.",
    "",
    "| `key` | those of a table |".replace("those of", "cells of"),
    "| --- | --- |",
    "",
    "```sh",
    many(60),
    "```",
    "",
    "<!-- file: overlays/mine/kustomization.yaml -->",
    "```yaml",
    "those who: nobody",
    "```",
    "",
    "<!-- unchecked: an excerpt of Argo CD's own file -->",
    "```yaml",
    "a: 1",
    "```",
    "",
  ].join("\n");
  assert.deepEqual([...long("page.md", page), ...slow("page.md", page)], []);
});

test("code is one word, a link is its text, headings and short cells do not count", () => {
  const page =
    "# Six words that do not count\n\nRun `make test ENV=dev` [in your clone](https://example.com/a b).\n\n| a few words | a cell that ends. |\n";
  assert.deepEqual(
    sentencesOf(page).map(({ line, words }) => [line, words]),
    [
      [3, 5],
      [5, 4],
    ],
  );
});

test("dead links are reported: files, headings of other pages, headings of the page", () => {
  const pages = new Map([
    [
      "docs/a.md",
      "# One\n\n[up](../README.md) [b](b.md#two-words) [self](#one)\n[c](c.md)\n[b](b.md#three) [self](#none)\n",
    ],
    ["docs/b.md", "## Two `words`!\n"],
  ]);
  const exists = (path: string): boolean => pages.has(path) || path === "README.md";
  assert.deepEqual(deadLinks("docs/a.md", pages, exists), [
    "docs/a.md:4: link c.md: there is no docs/c.md. Correct the path.",
    "docs/a.md:5: link b.md#three: docs/b.md has no heading #three. It has #two-words",
    "docs/a.md:5: link #none: docs/a.md has no heading #none. It has #one",
  ]);
});

test("every mark of an example is one that its test looks for", () => {
  for (const [mark, file] of Object.entries(marks))
    assert.ok(readFileSync(join(root, file), "utf8").includes(`<!-- ${mark}`), `${file} looks for no ${mark}`);
});
