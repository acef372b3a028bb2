/** `npm run reference`: writes the files that follow from the table of settings. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { references } from "./lib/reference.ts";
import { root } from "./lib/world.ts";

for (const [path, text] of Object.entries(references())) {
  const file = `${root}/${path}`;
  const after = await format(text, { ...(await resolveConfig(file)), filepath: file });
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (before !== after) writeFileSync(file, after);
  console.log(`${before === after ? "unchanged" : "changed"} ${path}`);
}
