import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Overlay } from "../assemble/overlay.ts";
import type { ByHand } from "./render.ts";
import { filesIn, isNote } from "./tree.ts";

/** What is in a folder, and each problem of it on a line. */
export interface Found {
  readonly entries: readonly ByHand[];
  readonly problems: readonly string[];
}

export type Table = Readonly<Record<string, unknown>>;
export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The values of a file's YAML documents, or what is wrong with it. */
export function documentsOf(text: string): readonly unknown[] | string {
  const documents = parseAllDocuments(text);
  if ("empty" in documents) return [];
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error)
    return `it is no YAML: ${error.message.split("\n")[0]?.replace(/:$/, "")}. Correct it, or remove the file.`;
  return documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
}

/** The files of `patches/` or `objects/` that can be read, and what is wrong with the others. */
export function textsIn(
  root: string,
  overlay: Overlay,
  folder: "patches" | "objects",
): { readonly texts: readonly (readonly [path: string, text: string])[]; readonly problems: readonly string[] } {
  const all = filesIn(root, overlay.path, folder).filter(({ path }) => !isNote(path));
  const wrong = (path: string, kind: string): string | undefined => {
    if (kind !== "file") return `it is a ${kind}, which kustomize does not follow. Put the file itself there.`;
    if (/\.(ya?ml|json)$/.test(path)) return undefined;
    return `it would be left out: expected .yaml, .yml or .json. Give ${basename(path)} such a name, or move it out of ${folder}/.`;
  };
  const problems = all.flatMap(({ path, kind }) => {
    const text = wrong(path, kind);
    return text === undefined ? [] : [`${overlay.path}/${path}: ${text}`];
  });
  const texts = all
    .filter(({ path, kind }) => wrong(path, kind) === undefined)
    .map(({ path }) => [path, readFileSync(join(root, overlay.path, path), "utf8")] as const);
  return { texts, problems };
}
