/** `npm run rooms`: draws the rooms of `src` into docs/architecture.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { importsOf, picture, source } from "./lib/imports.ts";

const page = fileURLToPath(new URL("../docs/architecture.md", import.meta.url));
const before = readFileSync(page, "utf8");
const after = before.replace(/^flowchart BT\n[^`]*/m, () => picture(importsOf(source)));
writeFileSync(page, after);
console.log(before === after ? "docs/architecture.md shows the rooms as they are" : "changed docs/architecture.md");
