import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { listName, withLists } from "../../src/core/output/ownership.ts";
import type { Files } from "../../src/core/output/render.ts";
import { plan, write } from "../../src/core/output/tree.ts";
import { random, type Random } from "./random.ts";

/** Everything below a folder, links and read-only bits included, by paths. */
function taken(folder: string, below = ""): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(join(folder, below)).flatMap((name): [string, string][] => {
      const path = below === "" ? name : `${below}/${name}`;
      const stat = lstatSync(join(folder, path));
      if (stat.isDirectory()) return [...taken(folder, path)];
      if (stat.isSymbolicLink()) return [[path, `link to ${readlinkSync(join(folder, path))}`]];
      const mode = (stat.mode & 0o222) === 0 ? "read-only " : "";
      return [[path, `${mode}file ${readFileSync(join(folder, path), "latin1")}`]];
    }),
  );
}

/** What stands at a path, unless something above it is no folder. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** What a user did to a tree. */
interface Dirt {
  /** What is his now: it must be as he left it, whatever a build does. */
  readonly his: Set<string>;
  /** Overlays that were written for environments that are gone. */
  readonly gone: ReadonlySet<string>;
  /** Whether the folder's list of generated files is there. */
  readonly unlisted: Set<string>;
}

const folderOf = (path: string): string =>
  path
    .split("/")
    .slice(0, path.startsWith("overlays/") ? 2 : 1)
    .join("/");
const isThrowAway = (path: string): boolean => /^overlays\/[^/]+\/(stack|agents)\/secrets\//.test(path);
const isHisPlace = (path: string): boolean => /^overlays\/[^/]+\/(patches|objects|secrets|flux)\/./.test(path);

/** What a person calls files. */
const names = [
  "mine.yaml",
  "NOTES.md",
  "kustomization.yaml",
  "a b.txt",
  ".hidden",
  "x.yaml~",
  "ümlaut.yaml",
  listName,
  "Kustomization.yaml",
  "secret.enc.yaml",
];

/**
 * Ways to make a tree dirty. Each takes a tree that a build has written, and does one thing to it.
 */
function soil(folder: string, last: Files, next: Files, { his, unlisted }: Dirt, { below, one, oncein }: Random): void {
  const at = (path: string): string => join(folder, path);
  const generated = [...last.keys()].filter((path) => statOf(at(path))?.isFile());
  const some = one(generated);
  const folders = [...new Set([...last.keys(), ...next.keys()].map(dirname))];
  const free = (path: string): boolean => !statOf(at(path));
  /** A path may be below something that is no folder any more. */
  const reachable = (path: string): boolean =>
    path.split("/").every((_, i, parts) => i === 0 || (statOf(at(parts.slice(0, i).join("/")))?.isDirectory() ?? true));
  const put = (path: string, text: string): void => {
    if (!reachable(path) || statOf(at(path))?.isDirectory()) return;
    mkdirSync(dirname(at(path)), { recursive: true });
    rmSync(at(path), { force: true });
    writeFileSync(at(path), text);
    his.add(path);
  };
  const mine = `somebody's own ${below(1e9)}\n`;
  const ways: readonly (() => void)[] = [
    // A file of his own, in whatever folder, under whatever name.
    () => put(`${one([...folders, "overlays/mine", "overlays/mine/stack", "docs"])}/${one(names)}`, mine),
    () =>
      put(
        `${one(["overlays/dev", "overlays/demo", "overlays/show"])}/${one(["patches", "objects", "secrets", "flux", "patches/deep/er"])}/${one(names)}`,
        mine,
      ),
    () => put(one([...next.keys()]), mine),
    // An edit of a generated file: by hand, or of a credential.
    () => put(some, oncein(2) ? `${readFileSync(at(some), "utf8")}# edited ${below(1e9)}\n` : mine),
    () => put(one(generated.filter(isThrowAway)) ?? some, mine),
    () => put(some, next.get(some) ?? mine),
    () => {
      if (!reachable(some)) return;
      rmSync(at(some));
      his.delete(some);
    },
    () => {
      const text = readFileSync(at(some), "utf8");
      if (!his.has(some)) writeFileSync(at(some), text.replaceAll("\n", "\r\n"));
    },
    () => {
      chmodSync(at(some), 0o444);
      his.add(some);
    },
    // Something else where a file was, or a folder.
    () => {
      rmSync(at(some));
      symlinkSync(one(["/etc/hostname", "nowhere", "../mine", "."]), at(some));
      his.add(some);
    },
    () => {
      rmSync(at(some));
      his.delete(some);
      put(`${some}/mine.yaml`, mine);
    },
    () => {
      const target = dirname(some);
      if (target.split("/").length < 3 || [...his].some((path) => path.startsWith(`${target}/`))) return;
      rmSync(at(target), { recursive: true });
      put(target, mine);
    },
    () => {
      const target = `overlays/${one(["dev", "demo"])}/stack/${one(["link", "config"])}`;
      if (!free(target) || !reachable(target)) return;
      mkdirSync(dirname(at(target)), { recursive: true });
      symlinkSync("../../../bases", at(target));
      his.add(target);
    },
    () => {
      const other = some.replace(/[^/]+$/, (name) =>
        name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase(),
      );
      if (free(other)) put(other, mine);
    },
    // A copy of a whole overlay, which is his from then on.
    () => {
      for (const path of generated.filter((path) => path.startsWith("overlays/dev/")))
        if (!his.has(path)) put(path.replace("overlays/dev/", "overlays/mine/"), readFileSync(at(path), "utf8"));
    },
    // The lists: lost, or joined by git.
    () => {
      const list = `${folderOf(some)}/${listName}`;
      if (his.has(list) || !existsSync(at(list))) return;
      rmSync(at(list));
      unlisted.add(folderOf(some));
    },
    () => {
      const list = `${folderOf(some)}/${listName}`;
      if (his.has(list) || !existsSync(at(list))) return;
      const text = readFileSync(at(list), "utf8");
      writeFileSync(at(list), `<<<<<<< ours\n${text}=======\n${"0".repeat(64)}  ${some}\n>>>>>>> theirs\n`);
    },
  ];
  one(ways)();
}

/**
 * The files that the next build gives: some others, some new, some gone; sometimes an environment
 * is gone or has another name.
 */
function following(last: Files, { one, oncein, below }: Random): Files {
  const next = new Map(last);
  const rename = oncein(4) ? "overlays/show/" : undefined;
  if (rename || oncein(4))
    for (const [path, text] of last)
      if (path.startsWith("overlays/demo/")) {
        next.delete(path);
        if (rename) next.set(path.replace("overlays/demo/", rename), text);
      }
  for (let i = below(8); i > 0; i -= 1) {
    const path = one([...next.keys()]);
    const way = below(3);
    if (way === 0) next.delete(path);
    else if (way === 1) next.set(path, `${next.get(path)}# of another version\n`);
    else next.set(`${dirname(path)}/new-${below(9)}.yaml`, `new ${below(100)}\n`);
  }
  return next;
}

/** A part of what a build gives, in which there is something of each kind. */
export const small = (files: Files): Files =>
  new Map(
    [...files].filter(([path]) =>
      /^(bases\/minio\/|components\/ingress\/|overlays\/(dev|demo)\/[^/]+$|overlays\/(dev|demo)\/stack\/(secrets|config)|overlays\/demo\/(flux|agents))/.test(
        path,
      ),
    ),
  );

const overlaysOf = (files: Files): readonly string[] => [
  ...new Set([...files.keys()].filter((path) => path.startsWith("overlays/")).map(folderOf)),
];

/**
 * Makes a tree dirty at random, builds over it, and throws unless all of a user's files are as he
 * left them, and either the build is whole, or nothing at all was written and each file that is in
 * the way is named.
 */
export function dirtyTree(folder: string, seed: number, last: Files): "built" | "stopped" {
  const chance = random(seed);
  mkdirSync(folder, { recursive: true });
  const say = (text: string): string => `seed ${seed}: ${text}`;
  try {
    write(folder, plan(folder, overlaysOf(last), last));
    let from = last;
    if (chance.oncein(6)) {
      // A build that was killed half-way, which the next one is to make good.
      from = following(last, chance);
      let left = chance.below(8);
      try {
        write(folder, plan(folder, overlaysOf(from), from), (old, now) => {
          if (left-- <= 0) throw process.exit;
          renameSync(old, now);
        });
      } catch (error) {
        if (error !== process.exit) throw error;
      }
    }
    const next = following(from, chance);
    const all = withLists(next);
    const dirt: Dirt = {
      his: new Set(),
      gone: new Set(overlaysOf(last).filter((overlay) => !overlaysOf(next).includes(overlay))),
      unlisted: new Set(),
    };
    for (let i = chance.below(5); i > 0; i -= 1) soil(folder, last, next, dirt, chance);
    const before = taken(folder);
    const his = [...dirt.his].filter((path) => before.has(path));
    const planned = plan(folder, overlaysOf(next), next);
    if (planned.obstacles.length === 0) write(folder, planned);
    const now = taken(folder);

    for (const path of his) assert.equal(now.get(path), before.get(path), say(`${path} is not as its owner left it`));
    const isOwned = (path: string): boolean =>
      /^(bases|components)(\/|$)/.test(path) ||
      overlaysOf(next).includes(folderOf(path)) ||
      (dirt.gone.has(folderOf(path)) && !dirt.unlisted.has(folderOf(path)));
    /** Whether a build could only go on by removing or overwriting it. */
    const isInTheWay = (path: string): boolean => {
      const there = before.get(path) ?? "";
      const wanted = all.get(path);
      if (wanted !== undefined && there.replace(/^read-only /, "") === `file ${Buffer.from(wanted).toString("latin1")}`)
        return false;
      if (wanted !== undefined && isThrowAway(path) && /^(read-only )?file /.test(there)) return false;
      return isOwned(path) && (!isHisPlace(path) || wanted !== undefined || dirt.gone.has(folderOf(path)));
    };
    const named = planned.obstacles.map(({ path }) => path);
    const isNamed = (path: string): boolean =>
      named.some((one) => one === path || path.startsWith(`${one}/`) || one.startsWith(`${path}/`));
    for (const path of his.filter((path) => isInTheWay(path)))
      assert.ok(isNamed(path), say(`${path} is in the way, and is not named among ${named.join(", ") || "nothing"}`));
    if (planned.obstacles.length > 0) {
      assert.deepEqual(now, before, say("a build that is stopped writes nothing"));
      for (const path of named) {
        const reasons = [...his, ...[...before.keys()].filter((one) => dirt.unlisted.has(folderOf(one)))];
        assert.ok(
          reasons.some((one) => one === path || path.startsWith(`${one}/`) || one.startsWith(`${path}/`)),
          say(`nobody touched ${path}, which is called in the way`),
        );
      }
      return "stopped";
    }
    for (const [path, text] of all)
      assert.ok(
        now.get(path)?.replace(/^read-only /, "") === `file ${Buffer.from(text).toString("latin1")}` ||
          (isThrowAway(path) &&
            (dirt.his.has(path) || (dirt.unlisted.has(folderOf(path)) && planned.kept.includes(path)))),
        say(`${path} is not what the build gives`),
      );
    for (const path of now.keys()) {
      if (!isOwned(path) || all.has(path) || dirt.his.has(path)) continue;
      assert.fail(say(`${path} is left over`));
    }
    assert.ok(![...now.keys()].some((path) => path.startsWith(".cache")), say("something of the build's own is left"));
    assert.deepEqual(plan(folder, overlaysOf(next), next).changes, [], say("a second build changes nothing"));
    return "built";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
