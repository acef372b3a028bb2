import { createHash } from "node:crypto";
import type { Files } from "./render.ts";

/*
 * How a build knows what it wrote: each folder that it writes holds a list of its files and of their sha256, as `sha256sum` prints them.
 * The list is committed, so a fresh clone and a tarball without git know as much as the machine that built. Git's index would not do: it
 * also holds what people commit there themselves. A file is the build's own only at its path and with the listed content, so a copied
 * folder and a file that was edited later belong to whoever made them.
 */

/** Name of the list in `bases`, `components` and each `overlays/<environment>`. */
export const listName = "generated.sha256";

/** The folder whose list names this file. */
export const folderOf = (path: string): string =>
  path
    .split("/")
    .slice(0, path.startsWith("overlays/") ? 2 : 1)
    .join("/");

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

/** These files, and in each folder the list of them. */
export function withLists(files: Files): Files {
  const lists = new Map<string, string[]>();
  for (const path of [...files.keys()].sort()) {
    const folder = folderOf(path);
    lists.set(folder, [...(lists.get(folder) ?? []), `${sha256(files.get(path) as string)}  ${path}\n`]);
  }
  return new Map([
    ...files,
    ...[...lists].map(([folder, lines]) => [`${folder}/${listName}`, lines.join("")] as const),
  ]);
}

/** What a build wrote: the sha256 of a path's content. Of two lists that git has joined, both count. */
export type Written = ReadonlyMap<string, ReadonlySet<string>>;

const conflictMark = /^(<{7}|\|{7}|={7}|>{7})( |$)/;

/** What the text of a folder's list says; undefined if it is no such list. */
export function written(folder: string, text: string): Written | undefined {
  const found = new Map<string, Set<string>>();
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || conflictMark.test(line)) continue;
    const [, digest, path] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (!digest || !path || folderOf(path) !== folder) return undefined;
    found.set(path, (found.get(path) ?? new Set()).add(digest));
  }
  return found;
}

/** All lines of two lists of one folder. */
export const joined = (a: string, b: string): string =>
  [...new Set([...a.split("\n"), ...b.split("\n")])]
    .filter((line) => line !== "")
    .map((line) => `${line}\n`)
    .join("");

/** Whether a build wrote this content to this path; a checkout may have given its lines the ends of another system. */
export function isOwn(path: string, content: () => Buffer, lists: Written): boolean {
  const digests = lists.get(path);
  if (!digests) return false;
  const bytes = content();
  return (
    digests.has(sha256(bytes)) ||
    digests.has(sha256(Buffer.from(bytes.toString("latin1").replaceAll("\r\n", "\n"), "latin1")))
  );
}
