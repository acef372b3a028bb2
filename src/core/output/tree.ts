import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { isThrowAway } from "../kustomize/paths.ts";
import { folderOf, isOwn, joined, listName, withLists, type Written, written } from "./ownership.ts";
import type { Files } from "./render.ts";

export interface Change {
  readonly path: string;
  readonly kind: "changed" | "new" | "removed";
}

/** Something in the way of a build, because somebody else made it; the text says what to do. */
export interface Obstacle {
  readonly path: string;
  readonly text: string;
}

/** What a build would do with a tree. It does nothing where there are obstacles. */
export interface Plan {
  /** What it would write: the files, and the lists of them. */
  readonly files: Files;
  /** In the order of the paths. */
  readonly changes: readonly Change[];
  readonly obstacles: readonly Obstacle[];
  /** Throw-away credentials that somebody changed. */
  readonly kept: readonly string[];
}

/** Folders of an overlay that belong to people: no build reads them for its own files, or writes there. */
const peoplesFolders = ["patches", "objects", "secrets"] as const;

/** Files that operating systems leave behind. */
const isLitter = (path: string): boolean => /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini)$/.test(path);

/** Files of a person's folder that may stay there although nothing reads them. */
export const isNote = (path: string): boolean => isLitter(path) || /(^|\/)(README\.md|\.gitkeep)$/.test(path);

/** Whether a path of an overlay belongs to people; beside Flux's own objects somebody may put more of them. */
const isPeoples = (path: string): boolean => {
  const [overlays, , folder = "", ...below] = path.split("/");
  return (
    overlays === "overlays" && (peoplesFolders.some((one) => one === folder) || (folder === "flux" && below.length > 0))
  );
};

/** What stands at a path. */
type Found =
  | { readonly kind: "file"; readonly content: () => Buffer; readonly isReadOnly: boolean }
  | { readonly kind: "folder" | "link" | "special file" };

function foundAt(path: string): Found | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (stat.isFile()) return { kind: "file", content: () => readFileSync(path), isReadOnly: (stat.mode & 0o222) === 0 };
  return { kind: stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "special file" };
}

/** Everything in a folder, whatever is above it included, by paths from the root; links are not followed. */
function entriesOf(root: string, folder: string): ReadonlyMap<string, Found> {
  const entries = new Map<string, Found>();
  const visit = (path: string): void => {
    const found = foundAt(join(root, path));
    if (!found) return;
    entries.set(path, found);
    if (found.kind === "folder") for (const name of readdirSync(join(root, path))) visit(posix.join(path, name));
  };
  const [top = ""] = folder.split("/");
  const above = top === folder ? undefined : foundAt(join(root, top));
  if (above && above.kind !== "folder") entries.set(top, above);
  else visit(folder);
  return entries;
}

const listsOf = (texts: readonly (readonly [string, string | undefined])[]): Written => {
  const all = texts.flatMap(([folder, text]) => [...(text === undefined ? [] : (written(folder, text) ?? []))]);
  const found = new Map<string, Set<string>>();
  for (const [path, digests] of all) found.set(path, new Set([...(found.get(path) ?? []), ...digests]));
  return found;
};

/** The lists as they were committed, for files that somebody has put back from there. */
function committedLists(root: string, folders: readonly string[]): Written {
  const show = (folder: string): string | undefined => {
    try {
      const args = ["show", `HEAD:./${folder}/${listName}`];
      return execFileSync("git", args, {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        maxBuffer: 1 << 26,
      });
    } catch {
      return undefined; // no git, no commit, or no list in it
    }
  };
  return listsOf(folders.map((folder) => [folder, show(folder)]));
}

/** Keys of a file of variables that another one lacks. */
const lacking = (wanted: string, there: string): readonly string[] => {
  const keys = (text: string): readonly string[] =>
    text.split(/\r?\n/).flatMap((line) => /^([\w.-]+)=/.exec(line)?.[1] ?? []);
  return keys(wanted).filter((key) => !keys(there).includes(key));
};

const places = (folder: string): string =>
  folder.startsWith("overlays/")
    ? `Patches belong in ${folder}/patches/, whole objects in ${folder}/objects/, Secrets in ${folder}/secrets/. `
    : "";
const beneath = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Everything that decides what becomes of a path. */
interface Look {
  /** What the build gives. */
  readonly files: Files;
  /** What stands in the tree. */
  readonly entries: ReadonlyMap<string, Found>;
  /** Overlays of environments that are gone. */
  readonly gone: readonly string[];
  /** A build wrote this content to this path. */
  isMine(path: string, content: () => Buffer): boolean;
  /** A build wrote to this path, whatever stands there now. */
  wasMine(path: string): boolean;
  /** Its user lets the build write over changes there. */
  isReplaced(path: string): boolean;
  /** Whether a folder has a list of what a build wrote. */
  hasList(folder: string): boolean;
}

/** What becomes of a path: a change, something in the way, a credential that stays, or nothing. */
type Verdict = Change["kind"] | { readonly obstacle: string; readonly at?: string } | "kept" | undefined;

const readOnly = (would: "overwrite" | "remove"): Verdict => ({
  obstacle: `it is read-only, and this build would ${would} it. Make it writable, and run make again.`,
});

/** What becomes of something that the build does not give. */
function ofPresent(path: string, found: Found, look: Look): Verdict {
  const folder = folderOf(path);
  if (found.kind === "folder" || look.files.has(path)) return undefined;
  const mine = found.kind === "file" && look.isMine(path, found.content);
  if (isLitter(path) || (isPeoples(path) && !mine)) {
    if (!look.gone.includes(folder) || isNote(path)) return undefined;
    return {
      obstacle:
        `src/environments/${folder.slice("overlays/".length)}.ts is gone, and nothing would read this any more. ` +
        `If the environment has another name now, move it to the overlay of that name; otherwise delete it.`,
    };
  }
  if (found.kind !== "file")
    return {
      obstacle: `it is a ${found.kind} and not a file of this program's, as is everything else in ${folder}/. Move it, and run make again.`,
    };
  if (mine || (look.wasMine(path) && look.isReplaced(path))) return found.isReadOnly ? readOnly("remove") : "removed";
  if (look.wasMine(path))
    return {
      obstacle:
        `it was changed after it was generated, and this build would remove it, because nothing gives it any more. ` +
        `Keep elsewhere what you need of it, delete it, and run make again.`,
    };
  const twin = [...look.files.keys()].find((one) => one.toLowerCase() === path.toLowerCase());
  const same = twin ? `On many systems it is the same file as ${posix.basename(twin)}. ` : "";
  return {
    obstacle:
      `it is not a file of this program's, and would be removed from ${folder}/, where everything is generated. ` +
      `${same}${places(folder)}Move it, and run make again.`,
  };
}

/** What is in the way of a file that its user or somebody else has written. */
function obstacleOf(path: string, { hasList, wasMine }: Look): string {
  const folder = folderOf(path);
  const isOverlay = folder.startsWith("overlays/");
  if (wasMine(path))
    return (
      `it was changed after it was generated, and this build would overwrite it. Put the change into src/ or into ` +
      `${isOverlay ? `${folder}/patches/` : "a patch of an overlay"}. Then delete the file, or say --replace ${path}, and run make again.`
    );
  const other = isOverlay ? ", or give the environment another name" : "";
  const lost = hasList(folder)
    ? ""
    : ` Should it be one: ${folder}/${listName}, by which a build knows its own files, does not list it; say --replace ${folder}.`;
  return `it is not a file of this program's, and this build would overwrite it. Move it${other}, and run make again.${lost}`;
}

/**
 * What becomes of a file that the build gives.
 * @param leaving files that the build removes
 */
function ofGiven(path: string, text: string, look: Look, leaving: ReadonlySet<string>): Verdict {
  const { entries } = look;
  const blocked = [...ancestors(path)].reverse().find((parent) => {
    const above = entries.get(parent);
    return above && above.kind !== "folder" && !leaving.has(parent);
  });
  if (blocked !== undefined)
    return {
      at: blocked,
      obstacle: `it is a ${entries.get(blocked)?.kind}, and this build would write files below it. Move it, and run make again.`,
    };
  const found = entries.get(path);
  if (!found) return "new";
  if (found.kind === "folder") {
    const below = [...entries].filter(([one, { kind }]) => kind !== "folder" && one.startsWith(`${path}/`));
    if (below.length > 0 && below.every(([one]) => leaving.has(one))) return "new";
  }
  if (found.kind !== "file")
    return { obstacle: `it is a ${found.kind}, and this build would write a file there. Move it, and run make again.` };
  if (found.content().equals(Buffer.from(text))) return undefined;
  if (look.isMine(path, found.content) || (!isThrowAway(path) && look.isReplaced(path)))
    return found.isReadOnly ? readOnly("overwrite") : "changed";
  if (!isThrowAway(path)) return { obstacle: obstacleOf(path, look) };
  const missing = path.endsWith(".env") ? lacking(text, found.content().toString("utf8")) : [];
  if (missing.length === 0) return "kept";
  return {
    obstacle: `it lacks ${missing.join(", ")}, which is read from it. Add it, or delete the file to have it generated again.`,
  };
}

/** Looks at a tree once. */
function lookAt(root: string, overlays: readonly string[], files: Files, replace: readonly string[]): Look {
  const listText = (folder: string): string | undefined => {
    const found = foundAt(join(root, folder, listName));
    return found?.kind === "file" ? found.content().toString("utf8") : undefined;
  };
  const hasList = (folder: string): boolean => (written(folder, listText(folder) ?? "")?.size ?? 0) > 0;
  const there = foundAt(join(root, "overlays"))?.kind === "folder" ? readdirSync(join(root, "overlays")) : [];
  // An overlay with a list of its own files was written for an environment, even if that is gone.
  const gone = there
    .map((name) => `overlays/${name}`)
    .filter((folder) => !overlays.includes(folder) && foundAt(join(root, folder))?.kind === "folder")
    .filter(hasList);
  const folders = ["bases", "components", ...overlays, ...gone];
  const onDisk = listsOf(folders.map((folder) => [folder, listText(folder)]));
  let committed: Written | undefined;
  const isList = (path: string): boolean => path === `${folderOf(path)}/${listName}`;
  return {
    files,
    gone,
    hasList,
    entries: new Map(folders.flatMap((folder) => [...entriesOf(root, folder)])),
    isMine: (path, content) => {
      if (isList(path)) return written(folderOf(path), content().toString("utf8")) !== undefined;
      if (isOwn(path, content, onDisk)) return true;
      committed ??= committedLists(root, folders);
      return isOwn(path, content, committed);
    },
    wasMine: (path) => isList(path) || onDisk.has(path) || (committed?.has(path) ?? false),
    isReplaced: (path) => replace.some((one) => beneath(path, one)),
  };
}

/**
 * What a build would do with the tree.
 * @param overlays folders of the environments that there are
 * @param replace files and folders in which it may write over what somebody has changed
 */
export function plan(
  root: string,
  overlays: readonly string[],
  rendered: Files,
  { replace = [] }: { readonly replace?: readonly string[] } = {},
): Plan {
  const files = withLists(rendered);
  const look = lookAt(root, overlays, files, replace);
  const changes: Change[] = [];
  const obstacles = new Map<string, string>();
  const kept: string[] = [];
  const inTheWay = (path: string, text: string): void => void (obstacles.has(path) || obstacles.set(path, text));
  const take = (path: string, verdict: Verdict): void => {
    if (verdict === undefined) return;
    if (verdict === "kept") kept.push(path);
    else if (typeof verdict === "string") changes.push({ path, kind: verdict });
    else inTheWay(verdict.at ?? path, verdict.obstacle);
  };
  for (const [path, found] of look.entries) take(path, ofPresent(path, found, look));
  const leaving = new Set(changes.map(({ path }) => path));
  for (const [path, text] of files) take(path, ofGiven(path, text, look, leaving));
  for (const { path } of changes) {
    const parent = [...ancestors(path)].find((folder) => look.entries.get(folder)?.kind === "folder") ?? ".";
    if (!isWritable(join(root, parent)))
      inTheWay(parent, `it is a folder that this build may not write to. Change that, and run make again.`);
  }
  const byPath = <T extends { readonly path: string }>(list: readonly T[]): readonly T[] =>
    list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files,
    changes: byPath(changes),
    obstacles: byPath([...obstacles].map(([path, text]) => ({ path, text }))),
    kept: kept.sort(),
  };
}

/** The folders above a path, the nearest first. */
function* ancestors(path: string): Generator<string> {
  for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) yield folder;
}

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Where new files wait until all of them are there; git ignores it. */
const cache = ".cache";

/**
 * Carries out a plan without obstacles: each file is replaced as a whole, and a folder that is empty then goes too. A step that fails
 * takes back those before it. Should the machine stop, the lists name both what was there and what was to come, so the next build knows
 * its files whatever became of them.
 */
export function write(
  root: string,
  { files, changes, obstacles }: Plan,
  rename: (from: string, to: string) => void = renameSync,
): void {
  if (obstacles.length > 0) throw new Error(`${obstacles[0]?.path} is in the way.`);
  if (changes.length === 0) return;
  const madeCache = mkdirSync(join(root, cache), { recursive: true }) !== undefined;
  const staging = mkdtempSync(join(root, cache, "build-"));
  let steps = 0;
  const waiting = (): string => join(staging, String(steps++));
  const undo: (() => void)[] = [];
  const isList = ({ path }: Change): boolean => posix.basename(path) === listName;
  const put = (path: string, text: string): void => {
    const at = join(root, path);
    const fresh = waiting();
    writeFileSync(fresh, text);
    const before = existsSync(at) ? readFileSync(at) : undefined;
    mkdirSync(dirname(at), { recursive: true });
    undo.push(() => {
      if (before) return writeFileSync(at, before);
      rmSync(at, { force: true });
      prune(dirname(at));
    });
    rename(fresh, at);
  };
  const prune = (folder: string): void => {
    if (folder === root || readdirSync(folder).length > 0) return;
    rmdirSync(folder);
    prune(dirname(folder));
  };
  const remove = (path: string): void => {
    const at = join(root, path);
    const aside = waiting();
    undo.push(() => {
      if (!existsSync(aside)) return;
      mkdirSync(dirname(at), { recursive: true });
      renameSync(aside, at);
    });
    rename(at, aside);
    prune(dirname(at));
  };
  try {
    const lists = changes.filter(isList);
    const others = changes.filter((change) => !isList(change));
    for (const { path, kind } of lists) {
      const before = kind === "changed" ? readFileSync(join(root, path), "utf8") : "";
      if (kind !== "removed") put(path, joined(before, files.get(path) as string));
    }
    // What goes comes first: where case does not count, a new file may have the name of one that goes.
    for (const { path, kind } of others) if (kind === "removed") remove(path);
    for (const { path, kind } of others) if (kind !== "removed") put(path, files.get(path) as string);
    for (const { path, kind } of lists) {
      if (kind === "removed") remove(path);
      else put(path, files.get(path) as string);
    }
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
    if (madeCache) rmdirSync(join(root, cache));
  }
}

/** Files of one of the people's folders of an overlay, from the overlay's folder (`patches/x.yaml`), with what each of them is. */
export const filesIn = (
  root: string,
  overlay: string,
  folder: (typeof peoplesFolders)[number],
): readonly { readonly path: string; readonly kind: Found["kind"] }[] =>
  [...entriesOf(root, `${overlay}/${folder}`)]
    .filter(([path, { kind }]) => kind !== "folder" && path.startsWith(`${overlay}/${folder}`))
    .map(([path, { kind }]) => ({ path: path.slice(overlay.length + 1), kind }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
