/**
 * Run by `run.ts` in a copy of the project with one edit: writes the generated files as a build would, so that no test fails only because
 * they are older.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rendered, root } from "../lib/world.ts";

const files = rendered();
for (const [path, text] of files) {
  const at = join(root, path);
  if (existsSync(at) && readFileSync(at, "utf8") === text) continue;
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
}
for (const folder of ["bases", "components", "overlays"]) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    const at = join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(at.slice(root.length + 1))) rmSync(at);
  }
}
