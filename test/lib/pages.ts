import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./world.ts";

/** Pages that people wrote, by their paths from the root of the project. */
export const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).flatMap((file) =>
    file.endsWith(".md") ? [`docs/${file}`] : [],
  ),
];

export const text = (page: string): string => readFileSync(join(root, page), "utf8");

/** The first group of every match in a page. */
export const found = (page: string, pattern: RegExp): readonly string[] =>
  [...text(page).matchAll(pattern)].map(([, one]) => one as string);
