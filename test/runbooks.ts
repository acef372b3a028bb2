/** `npm run runbooks`: writes docs/runbooks from the alerts. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { format, resolveConfig } from "prettier";
import { runbooks } from "./lib/runbooks.ts";
import { root } from "./lib/world.ts";

const pages = runbooks();
for (const [path, text] of Object.entries(pages)) {
  const file = `${root}/${path}`;
  mkdirSync(dirname(file), { recursive: true });
  const after = await format(text, { ...(await resolveConfig(file)), filepath: file });
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (before !== after) writeFileSync(file, after);
  console.log(`${before === after ? "unchanged" : "changed"} ${path}`);
}
for (const name of readdirSync(`${root}/docs/runbooks`)) {
  const path = `docs/runbooks/${name}`;
  if (path in pages) continue;
  rmSync(`${root}/${path}`);
  console.log(`removed ${path}`);
}
