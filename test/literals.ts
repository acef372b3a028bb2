/** `npm run literals`: writes the generated pages of docs/. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imagesPage, literalsPage } from "./lib/literals.ts";
import { built, root, shipped } from "./lib/world.ts";

for (const [path, text] of [
  ["docs/literals.md", literalsPage(built)],
  ["docs/images.md", imagesPage(shipped)],
] as const) {
  const at = join(root, path);
  let before: string | undefined;
  try {
    before = readFileSync(at, "utf8");
  } catch {
    before = undefined;
  }
  if (before !== text) writeFileSync(at, text);
  console.log(before === text ? `${path} is up to date` : `changed ${path}`);
}
