/** `npm run prose`: which pages are slow to read, and where their links are dead. It prints nothing if none is. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deadLinks, long, sentencesOf, slow, type Pages } from "./lib/prose.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".md"),
);
const environments = readdirSync(join(root, "overlays")).map((name) => `overlays/${name}/README.md`);
const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs.map((name) => `docs/${name}`), ...environments];
const pages: Pages = new Map(
  paths.filter((path) => existsSync(join(root, path))).map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

/** Held to their links only: they quote the article, line by line and in Korean. */
const quoting = /^docs\/from-the-article/;
/** Held to the length of its sentences and to its links: many hands append entries. */
const appended = "CHANGELOG.md";

if (process.argv.includes("--count"))
  for (const [path, page] of pages) {
    const counts = sentencesOf(page).map(({ words }) => words);
    const sum = counts.reduce((one, other) => one + other, 0);
    console.log(
      `${path}: ${counts.length} sentences, ${(sum / counts.length).toFixed(1)} words on average, ${Math.max(...counts)} at most, ${long(path, page).length + slow(path, page).length} findings`,
    );
  }
else {
  const findings = [...pages].flatMap(([path, page]) => [
    ...deadLinks(path, pages, (target) => existsSync(join(root, target))),
    ...(quoting.test(path) ? [] : long(path, page)),
    ...(quoting.test(path) || path === appended ? [] : slow(path, page)),
  ]);
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) process.exitCode = 1;
}
