import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { catalogue } from "../src/components/index.ts";
import { listName, withLists } from "../src/core/output/ownership.ts";
import { type Files, filesOf } from "../src/core/output/render.ts";
import { plan, write } from "../src/core/output/tree.ts";
import { features } from "../src/features/index.ts";
import { handWritten } from "../src/core/output/hand-written.ts";
import { files, type Foundation, foundation, overlayOf } from "../src/program.ts";
import { difference, excerpt } from "./lib/diff.ts";
import { dirtyTree, small } from "./lib/dirty-trees.ts";
import { put, snapshot, temporary } from "./lib/project.ts";
import { built, invented, rendered, root, shipped, worlds } from "./lib/world.ts";

const paths = shipped.map(({ overlay }) => overlay.path);

test("the committed bases, components and overlays are those that a build gives, throw-away credentials included", () => {
  const fresh = files(
    built,
    shipped.map(({ overlay }) => overlay),
    (overlay) => handWritten(root, overlay),
  );
  const { changes, obstacles, kept } = plan(root, paths, fresh);
  const [first] = changes;
  const committed = first && first.kind !== "new" ? readFileSync(join(root, first.path), "utf8") : "";
  const list = changes.map(({ kind, path }) => `${kind} ${path}`).join("\n  ");
  const text = first && excerpt(first.path, committed, fresh.get(first.path) ?? "");
  assert.ok(changes.length === 0, `run make; ${changes.length} files differ:\n  ${list}\n${text}`);
  assert.deepEqual(obstacles, []);
  assert.deepEqual(kept, [], "somebody's own credentials do not belong into the repository");
});

describe("a build depends on nothing but its sources", () => {
  const again = (from: Foundation) =>
    files(
      from,
      worlds.map(({ environment }) => overlayOf(environment, from)),
      () => [],
    );
  const all = rendered(worlds);
  test("building twice gives the same bytes", () => {
    assert.equal(difference(all, again(foundation())), undefined);
  });
  test("the order of the catalogue and the features does not matter", () => {
    assert.equal(difference(all, again(foundation([...catalogue].reverse(), [...features].reverse()))), undefined);
  });
  test("which other environments there are does not matter", () => {
    const alone = rendered(invented.slice(0, 1));
    const among = new Map([...all].filter(([path]) => alone.has(path)));
    assert.equal(difference(alone, among), undefined);
  });
  test("no two files differ in nothing but capitals, which would be one file on many systems", () => {
    assert.equal(new Set([...all.keys()].map((path) => path.toLowerCase())).size, all.size);
  });
});

test("refuses to write two texts to one path", () => {
  assert.throws(
    () =>
      filesOf([
        ["a", "1"],
        ["a", "2"],
      ]),
    { message: "a would be written twice. Give one of the two another name." },
  );
});

/** A small project: what a build of it wrote, and what the next one gives. */
const before = filesOf([
  ["bases/a/b.yaml", "b"],
  ["bases/a/deep/er/stale.yaml", "stale"],
  ["components/c/d.yaml", "d"],
  ["overlays/dev/kustomization.yaml", "dev"],
  ["overlays/dev/flux/dev-kustomization.yaml", "flux"],
  ["overlays/dev/stack/config/loki.yaml", "limits\n  line\n"],
  ["overlays/dev/stack/secrets/grafana-admin/admin-password", "strongpassword"],
  ["overlays/dev/stack/secrets/minio-root.env", "MINIO_ROOT_USER=rootuser\nMINIO_ROOT_PASSWORD=rootpass123\n"],
]);
const [dev, tried] = ["overlays/dev", "overlays/try"];
const changed = (texts: Readonly<Record<string, string>>, from: Files = before): Files =>
  new Map([...from, ...Object.entries(texts)]);
const without = (path: string, from: Files = before): Files => new Map([...from].filter(([one]) => one !== path));

/** A folder in which this has been built. */
function project(last: Files = before, overlays: readonly string[] = [dev]): string {
  const folder = temporary(after);
  build(folder, last, overlays);
  return folder;
}

function build(folder: string, next: Files, overlays: readonly string[] = [dev]): ReturnType<typeof plan> {
  const planned = plan(folder, overlays, next);
  if (planned.obstacles.length === 0) write(folder, planned);
  return planned;
}

const everything = (folder: string): Files => snapshot(folder, ["."]);

/** What stops a build of a tree, which it must leave as it is. */
function obstacles(folder: string, next: Files, overlays: readonly string[] = [dev]): readonly string[] {
  const was = everything(folder);
  const found = build(folder, next, overlays).obstacles.map(({ path, text }) => `${path}: ${text}`);
  assert.equal(difference(was, everything(folder)), undefined, "a build that is stopped writes nothing");
  return found;
}
const only = (found: readonly string[], pattern: RegExp): void => {
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0] ?? "", pattern);
};

describe("the writer", () => {
  test("reports what is new, changed and removed, and writes just that", () => {
    const folder = project();
    put(folder, "README.md", "mine");
    const next = changed(
      { "bases/a/b.yaml": "new", "components/c/e.yaml": "e" },
      without("bases/a/deep/er/stale.yaml"),
    );
    const { changes } = build(folder, next);
    assert.deepEqual(changes, [
      { path: "bases/a/b.yaml", kind: "changed" },
      { path: "bases/a/deep/er/stale.yaml", kind: "removed" },
      { path: `bases/${listName}`, kind: "changed" },
      { path: "components/c/e.yaml", kind: "new" },
      { path: `components/${listName}`, kind: "changed" },
    ]);
    assert.equal(difference(everything(folder), new Map([...withLists(next), ["README.md", "mine"]])), undefined);
    assert.deepEqual(plan(folder, [dev], next).changes, []);
  });

  test("leaves no empty folder behind, and none of its own", () => {
    const folder = project();
    build(folder, without("bases/a/deep/er/stale.yaml"));
    assert.ok(!existsSync(join(folder, "bases/a/deep")));
    assert.deepEqual(readdirSync(folder).sort(), ["bases", "components", "overlays"]);
  });

  test("touches no file that stays as it is", () => {
    const folder = project();
    const { mtimeMs, ino } = statSync(join(folder, "components/c/d.yaml"));
    build(folder, changed({ "bases/a/b.yaml": "new" }));
    const now = statSync(join(folder, "components/c/d.yaml"));
    assert.deepEqual([now.mtimeMs, now.ino], [mtimeMs, ino]);
  });

  test("writes its lists as sha256sum reads them", (t) => {
    const folder = project();
    const { status, error, stdout } = spawnSync("sha256sum", ["-c", `bases/${listName}`, `${dev}/${listName}`], {
      cwd: folder,
      encoding: "utf8",
    });
    if (error) return t.skip("sha256sum is not here");
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^bases\/a\/b\.yaml: OK$/m);
  });

  test("lets a file take the place of a folder of its own, and the other way round", () => {
    const folder = project();
    const flat = changed({ "bases/a/deep": "a file" }, without("bases/a/deep/er/stale.yaml"));
    assert.deepEqual(build(folder, flat).obstacles, []);
    assert.equal(readFileSync(join(folder, "bases/a/deep"), "utf8"), "a file");
    assert.deepEqual(build(folder, before).obstacles, []);
    assert.equal(difference(everything(folder), withLists(before)), undefined);
  });

  test("takes back what it has done when a step fails", () => {
    const folder = project();
    const was = everything(folder);
    const next = changed({ "bases/a/b.yaml": "new", "bases/x/y/z.yaml": "z" }, without("components/c/d.yaml"));
    const planned = plan(folder, [dev], next);
    for (let steps = 0; steps < 6; steps += 1) {
      let left = steps;
      const failing = (from: string, to: string): void => {
        if (left-- === 0) throw new Error("no space left");
        renameSync(from, to);
      };
      assert.throws(() => write(folder, planned, failing), /no space left/);
      assert.equal(difference(was, everything(folder)), undefined, `after ${steps} steps`);
      assert.ok(!existsSync(join(folder, "bases/x")));
    }
  });

  test("knows its own files after it was killed half-way, even when the sources have changed since", () => {
    const next = changed({ "bases/a/b.yaml": "new", "bases/x/y/z.yaml": "z" }, without("bases/a/deep/er/stale.yaml"));
    for (let steps = 0; steps < 5; steps += 1) {
      const folder = project();
      const planned = plan(folder, [dev], next);
      // The steps of a write, and no more: whoever is killed takes nothing back.
      const done: [string, string | undefined][] = [];
      assert.throws(() =>
        write(folder, planned, (from, to) => {
          const path = to.startsWith(join(folder, ".cache")) ? from : to;
          const text = to === path ? readFileSync(from, "utf8") : undefined;
          if (done.length === steps) throw new Error("killed");
          done.push([path.slice(folder.length + 1), text]);
          renameSync(from, to);
        }),
      );
      for (const [path, text] of done) {
        if (text === undefined) rmSync(join(folder, path));
        else put(folder, path, text);
      }
      const later = changed({ "bases/a/b.yaml": "newest" }, without("bases/a/deep/er/stale.yaml"));
      assert.deepEqual(build(folder, later).obstacles, [], `after ${steps} steps`);
      assert.equal(difference(everything(folder), withLists(later)), undefined);
    }
  });
});

describe("a file of somebody else's is never removed", () => {
  for (const path of [
    "bases/mine.yaml",
    "bases/a/mine.yaml",
    "components/c/mine",
    `${dev}/NOTES.md`,
    `${dev}/stack/x.yaml`,
  ])
    test(`${path} stops the build, which names it and says where it belongs`, () => {
      const folder = project();
      put(folder, path, "mine");
      only(
        obstacles(folder, before),
        new RegExp(`^${path}: it is not a file of this program's, and would be removed from `),
      );
    });

  for (const path of ["patches/a.yaml", "objects/deep/b.yaml", "secrets/kustomization.yaml", "flux/secrets.yaml"])
    test(`overlays/<environment>/${path} is its author's, and no build minds it`, () => {
      const folder = project();
      put(folder, `${dev}/${path}`, "mine");
      assert.deepEqual(build(folder, changed({ "bases/a/b.yaml": "new" })).obstacles, []);
      assert.equal(readFileSync(join(folder, dev, path), "utf8"), "mine");
    });

  test("what an operating system leaves behind is left alone", () => {
    const folder = project();
    put(folder, "bases/a/.DS_Store", "x");
    assert.deepEqual(build(folder, before).obstacles, []);
  });

  test("a name that differs from a generated one in capitals only is said to be the same file elsewhere", () => {
    const folder = project();
    put(folder, "bases/a/B.yaml", "mine");
    only(obstacles(folder, before), /^bases\/a\/B\.yaml: .* On many systems it is the same file as b\.yaml\. /);
  });

  test("an overlay of a user's own is none of a build's business, even as a copy of a generated one", () => {
    const folder = project();
    for (const [path, text] of withLists(before))
      if (path.startsWith(dev)) put(folder, path.replace(dev, "overlays/mine"), text);
    const was = everything(folder);
    assert.deepEqual(build(folder, before), { ...build(folder, before), changes: [], obstacles: [] });
    assert.equal(difference(was, everything(folder)), undefined);
  });

  test("an overlay of a user's own with the name of a new environment stops the build", () => {
    const folder = project();
    put(folder, "overlays/try/kustomization.yaml", "resources: [mine.yaml]\n");
    put(folder, "overlays/try/mine.yaml", "mine");
    const next = changed({ "overlays/try/kustomization.yaml": "generated" });
    const found = obstacles(folder, next, [dev, tried]);
    assert.equal(found.length, 2);
    assert.match(
      found[0] ?? "",
      /^overlays\/try\/kustomization\.yaml: .* would overwrite it\. Move it, or give the environment another name/,
    );
    assert.match(found[1] ?? "", /^overlays\/try\/mine\.yaml: /);
  });

  test("patches may be there before their environment is", () => {
    const folder = project();
    put(folder, "overlays/try/patches/loki.yaml", "mine");
    const next = changed({ "overlays/try/kustomization.yaml": "generated" });
    assert.deepEqual(build(folder, next, [dev, tried]).obstacles, []);
  });
});

describe("a file of somebody else's is never overwritten", () => {
  test("a generated file that was edited by hand stops the build, whether it would change or go", () => {
    const folder = project();
    put(folder, "bases/a/b.yaml", "edited");
    put(folder, "bases/a/deep/er/stale.yaml", "edited");
    const found = obstacles(folder, without("bases/a/deep/er/stale.yaml"));
    assert.match(
      found[0] ?? "",
      /^bases\/a\/b\.yaml: it was changed after it was generated, and this build would overwrite it\./,
    );
    assert.match(
      found[1] ?? "",
      /^bases\/a\/deep\/er\/stale\.yaml: it was changed after it was generated, and this build would remove it/,
    );
    assert.equal(found.length, 2);
  });

  test("an edit that says what the next build gives is no obstacle", () => {
    const folder = project();
    put(folder, "bases/a/b.yaml", "new");
    assert.deepEqual(build(folder, changed({ "bases/a/b.yaml": "new" })).obstacles, []);
  });

  test("a generated file that was deleted by hand is written again", () => {
    const folder = project();
    rmSync(join(folder, "bases/a/b.yaml"));
    build(folder, before);
    assert.equal(difference(everything(folder), withLists(before)), undefined);
  });

  test("a file that was there first stops the build", () => {
    const folder = project();
    put(folder, "components/new/x.yaml", "mine");
    only(
      obstacles(folder, changed({ "components/new/x.yaml": "generated" })),
      /^components\/new\/x\.yaml: it is not a file of this program's, and this build would overwrite it/,
    );
  });

  test("a link, a folder or a pipe in the place of a file stops the build", () => {
    const folder = project();
    const outside = temporary(after);
    put(outside, "precious", "precious");
    for (const name of ["b.yaml", "deep"]) rmSync(join(folder, "bases/a", name), { recursive: true });
    rmSync(join(folder, "components/c/d.yaml"));
    symlinkSync(join(outside, "precious"), join(folder, "bases/a/b.yaml"));
    symlinkSync(outside, join(folder, "bases/a/deep"));
    mkdirSync(join(folder, "components/c/d.yaml"));
    assert.deepEqual(
      obstacles(folder, before).map((text) => text.split(",")[0]),
      [
        "bases/a/b.yaml: it is a link",
        "bases/a/deep: it is a link and not a file of this program's",
        "components/c/d.yaml: it is a folder",
      ],
    );
    assert.equal(readFileSync(join(outside, "precious"), "utf8"), "precious");
    assert.ok(lstatSync(join(folder, "bases/a/b.yaml")).isSymbolicLink());
  });

  test("a pipe is not read, which would wait for ever", (t) => {
    const folder = project();
    rmSync(join(folder, "bases/a/b.yaml"));
    if (spawnSync("mkfifo", [join(folder, "bases/a/b.yaml")]).status !== 0) return t.skip("no pipes here");
    only(obstacles(folder, before), /^bases\/a\/b\.yaml: it is a special file/);
  });

  test("bases or an overlay that is a link to somewhere else stops the build", () => {
    for (const name of ["bases", "overlays", dev]) {
      const folder = project();
      const outside = temporary(after);
      renameSync(join(folder, name), join(outside, "kept"));
      symlinkSync(join(outside, "kept"), join(folder, name));
      const was = snapshot(outside, ["kept"]);
      const found = build(
        folder,
        changed({ "bases/a/b.yaml": "new", "overlays/dev/kustomization.yaml": "new" }),
      ).obstacles;
      assert.deepEqual(
        found.map(({ path }) => path),
        [name],
      );
      assert.equal(difference(was, snapshot(outside, ["kept"])), undefined);
    }
  });

  test("a file in the place of a folder stops the build", () => {
    const folder = project();
    put(folder, "bases/new", "mine");
    only(obstacles(folder, changed({ "bases/new/x.yaml": "x" })), /^bases\/new: /);
  });

  test("a read-only file stops the build that would change it, and no other", () => {
    const folder = project();
    chmodSync(join(folder, "bases/a/b.yaml"), 0o444);
    assert.deepEqual(build(folder, before).obstacles, []);
    only(
      obstacles(folder, changed({ "bases/a/b.yaml": "new" })),
      /^bases\/a\/b\.yaml: it is read-only, and this build would overwrite it/,
    );
    only(obstacles(folder, without("bases/a/b.yaml")), /it is read-only, and this build would remove it/);
  });

  test("--replace writes over what is named, and over nothing else", () => {
    const folder = project();
    put(folder, "bases/a/b.yaml", "edited");
    put(folder, "components/c/d.yaml", "edited");
    put(folder, "bases/a/mine.yaml", "mine");
    const found = plan(folder, [dev], before, { replace: ["bases"] });
    assert.deepEqual(found.changes, [{ path: "bases/a/b.yaml", kind: "changed" }]);
    assert.deepEqual(
      found.obstacles.map(({ path }) => path),
      ["bases/a/mine.yaml", "components/c/d.yaml"],
    );
  });
});

describe("a checkout is recognised", () => {
  const next = changed(
    { "overlays/dev/stack/config/loki.yaml": "limits\n  other\n" },
    without("bases/a/deep/er/stale.yaml"),
  );

  test("with the line ends of Windows", () => {
    const folder = project();
    for (const [path, text] of everything(folder)) put(folder, path, text.replaceAll("\n", "\r\n"));
    assert.deepEqual(build(folder, next).obstacles, []);
    assert.equal(difference(everything(folder), withLists(next)), undefined);
  });

  test("after git has joined the lists of two branches", () => {
    for (const [start, middle, end] of [
      ["<<<<<<< ours\n", "=======\n", ">>>>>>> theirs\n"],
      ["", "", ""],
    ]) {
      const folder = project();
      const theirs = withLists(changed({ "bases/a/b.yaml": "theirs" }));
      put(folder, "bases/a/b.yaml", "theirs");
      const list = `bases/${listName}`;
      put(folder, list, `${start}${withLists(before).get(list)}${middle}${theirs.get(list)}${end}`);
      assert.deepEqual(build(folder, next).obstacles, []);
      assert.equal(difference(everything(folder), withLists(next)), undefined);
    }
  });

  test("where files were put back from the last commit", (t) => {
    const folder = project();
    const git = (...args: readonly string[]): number | null =>
      spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], { cwd: folder }).status;
    if (git("init", "-q") !== 0) return t.skip("git is not here");
    assert.equal(git("add", "-A"), 0);
    assert.equal(git("commit", "-qm", "built"), 0);
    build(folder, next);
    assert.equal(git("checkout", "-q", "HEAD", "--", "overlays/dev/stack"), 0);
    assert.deepEqual(build(folder, next).obstacles, []);
  });

  test("of which the lists are missing: what is as it is built is taken, what differs stops the build", () => {
    const folder = project();
    for (const name of ["bases", "components", dev]) rmSync(join(folder, name, listName));
    only(
      obstacles(folder, changed({ "bases/a/b.yaml": "new" })),
      /^bases\/a\/b\.yaml: .* bases\/generated\.sha256, by which a build knows its own files, does not list it; say --replace bases\.$/,
    );
    assert.deepEqual(build(folder, before).obstacles, []);
    assert.equal(difference(everything(folder), withLists(before)), undefined);
  });

  test("but not by a file of somebody else's that has the name of a list", () => {
    const folder = project();
    put(folder, `bases/${listName}`, "shopping: milk\n");
    only(obstacles(folder, before), /^bases\/generated\.sha256: /);
  });
});

describe("the overlay of an environment that is gone", () => {
  const both = changed({ "overlays/try/kustomization.yaml": "try", "overlays/try/stack/x.yaml": "x" });

  test("is removed", () => {
    const folder = project(both, [dev, tried]);
    build(folder, before);
    assert.equal(difference(everything(folder), withLists(before)), undefined);
    assert.ok(!existsSync(join(folder, tried)));
  });

  for (const path of ["patches/loki.yaml", "objects/x.yaml", "secrets/x.yaml", "flux/mine.yaml"])
    test(`is not left with somebody's ${path} in silence: the build stops and says where that may go`, () => {
      const folder = project(both, [dev, tried]);
      put(folder, `${tried}/${path}`, "mine");
      only(
        obstacles(folder, before),
        new RegExp(`^${tried}/${path}: src/environments/try\\.ts is gone, and nothing would read this any more\\. `),
      );
    });

  test("stays as long as a generated file of it holds an edit", () => {
    const folder = project(both, [dev, tried]);
    put(folder, `${tried}/stack/x.yaml`, "edited");
    only(obstacles(folder, before), /^overlays\/try\/stack\/x\.yaml: it was changed after it was generated/);
  });
});

describe("a throw-away credential that somebody changed", () => {
  const [password, minio] = [
    `${dev}/stack/secrets/grafana-admin/admin-password`,
    `${dev}/stack/secrets/minio-root.env`,
  ];

  test("stays changed, and check does not call it a difference", () => {
    const folder = project();
    put(folder, password, "correct horse");
    const { changes, obstacles, kept } = build(
      folder,
      changed({ "bases/a/b.yaml": "new", [password]: "another default" }),
    );
    assert.deepEqual(obstacles, []);
    assert.deepEqual(kept, [password]);
    assert.ok(!changes.some(({ path }) => path === password));
    assert.equal(readFileSync(join(folder, password), "utf8"), "correct horse");
  });

  test("stops the build where it lacks a variable that is read from it", () => {
    const folder = project();
    put(folder, minio, "MINIO_ROOT_USER=me\n");
    only(obstacles(folder, before), /minio-root\.env: it lacks MINIO_ROOT_PASSWORD, which is read from it\. Add it/);
  });

  test("stops the build that no longer reads it", () => {
    const folder = project();
    put(folder, password, "correct horse");
    only(
      obstacles(folder, without(password)),
      /admin-password: it was changed after it was generated, and this build would remove it/,
    );
  });

  test("is generated again once it is deleted, and follows a new default as long as nobody changed it", () => {
    const folder = project();
    rmSync(join(folder, password));
    build(folder, changed({ [minio]: "MINIO_ROOT_USER=other\nMINIO_ROOT_PASSWORD=other\n" }));
    assert.equal(readFileSync(join(folder, password), "utf8"), "strongpassword");
    assert.match(readFileSync(join(folder, minio), "utf8"), /other/);
  });
});

test("dirty trees end in a whole build or in a message that names the file, and nobody loses a file", () => {
  const folder = temporary(after);
  const ends = Array.from({ length: 40 }, (_, seed) => dirtyTree(join(folder, "tree"), seed, small(rendered())));
  for (const end of ["built", "stopped"]) assert.ok(ends.filter((one) => one === end).length > 5, end);
});
