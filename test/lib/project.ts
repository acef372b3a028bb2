import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import type { Files } from "../../src/core/output/render.ts";
import { root } from "./world.ts";

/** A temporary folder; `after` deletes it. */
export function temporary(after: (clean: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes one file and creates its folders. */
export function put(folder: string, path: string, text: string): void {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
}

export function putAll(folder: string, files: Files): void {
  for (const [path, text] of files) put(folder, path, text);
}

/** Text of every file below a folder, by its path from there. */
export function snapshot(folder: string, below: readonly string[]): Files {
  const entries = below.flatMap((part) =>
    readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry): [string, string] => {
        const at = join(entry.parentPath, entry.name);
        return [relative(folder, at).split(sep).join("/"), readFileSync(at, "utf8")];
      }),
  );
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const generated = ["bases", "components", "overlays"];

/**
 * A copy of the project in which the program can be run; the generated folders hold these files.
 */
export function projectCopy(folder: string, files: Files): void {
  cpSync(join(root, "src"), join(folder, "src"), { recursive: true });
  for (const file of ["package.json", "tsconfig.json"]) cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  putAll(folder, files);
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program of a project's copy. */
export function cli(folder: string, ...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-opt", "--import", "tsx/esm", "src/cli.ts", ...args],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
  return { code: status, stdout, stderr };
}
