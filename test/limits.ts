/** `npm run limits`: writes the tables of docs/limits.md, with the values of the shipped environments. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { tables } from "./lib/hops.ts";
import { renderedOf } from "./lib/rendered.ts";
import { shipped } from "./lib/world.ts";

const page = fileURLToPath(new URL("../docs/limits.md", import.meta.url));
const before = readFileSync(page, "utf8");
const [head = ""] = before.split(/^(?=## Logs$)/m);
const after = `${head}${tables(shipped.map(({ objects }) => renderedOf(objects)))}\n`;
writeFileSync(page, after);
console.log(before === after ? "docs/limits.md shows the limits as they are" : "changed docs/limits.md");
