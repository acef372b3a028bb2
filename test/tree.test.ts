import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { catalogue } from "../src/components/index.ts";
import { filesOf } from "../src/core/output/render.ts";
import { compare, ownedFolders, write } from "../src/core/output/tree.ts";
import { features } from "../src/features/index.ts";
import { checkedPatches } from "../src/core/output/patches.ts";
import { files, type Foundation, foundation, overlayOf } from "../src/program.ts";
import { difference, excerpt } from "./lib/diff.ts";
import { generated, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { built, invented, rendered, root, shipped, worlds } from "./lib/world.ts";

const paths = shipped.map(({ overlay }) => overlay.path);

test("the committed bases, components and overlays are those that a build gives", () => {
  const fresh = files(
    built,
    shipped.map(({ overlay }) => overlay),
    (overlay) => checkedPatches(root, overlay),
  );
  const changes = compare(root, ownedFolders(root, paths), fresh);
  const [first] = changes;
  const committed = first && first.kind !== "new" ? readFileSync(join(root, first.path), "utf8") : "";
  const list = changes.map(({ kind, path }) => `${kind} ${path}`).join("\n  ");
  const text = first && excerpt(first.path, committed, fresh.get(first.path) ?? "");
  assert.ok(changes.length === 0, `run make; ${changes.length} files differ:\n  ${list}\n${text}`);
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
});

describe("the writer", () => {
  const one = (text: string) => filesOf([["bases/a/b.yaml", text]]);

  test("reports what is new, changed and removed, and writes just that", (t) => {
    const folder = temporary((clean) => t.after(clean));
    putAll(
      folder,
      new Map([
        ["bases/a/b.yaml", "old"],
        ["bases/a/stale.yaml", "x"],
        ["bases/gone/x.yaml", "x"],
        ["README.md", "mine"],
      ]),
    );
    const next = filesOf([
      ["bases/a/b.yaml", "new"],
      ["components/c/d.yaml", "d"],
    ]);
    const changes = compare(folder, ["bases", "components"], next);
    assert.deepEqual(changes, [
      { path: "bases/a/b.yaml", kind: "changed" },
      { path: "bases/a/stale.yaml", kind: "removed" },
      { path: "bases/gone/x.yaml", kind: "removed" },
      { path: "components/c/d.yaml", kind: "new" },
    ]);
    write(folder, next, changes);
    assert.equal(difference(snapshot(folder, ["."]), new Map([...next, ["README.md", "mine"]])), undefined);
    assert.deepEqual(compare(folder, ["bases", "components"], next), []);
  });

  test("leaves no empty folder behind", (t) => {
    const folder = temporary((clean) => t.after(clean));
    put(folder, "bases/a/deep/er/x.yaml", "x");
    put(folder, "bases/b.yaml", "b");
    const next = filesOf([["bases/b.yaml", "b"]]);
    write(folder, next, compare(folder, ["bases"], next));
    assert.throws(() => snapshot(folder, ["bases/a"]), /ENOENT/);
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

  test("sees a file that somebody edited by hand", (t) => {
    const folder = temporary((clean) => t.after(clean));
    put(folder, "bases/a/b.yaml", "text");
    assert.deepEqual(compare(folder, ["bases"], one("text")), []);
    assert.deepEqual(compare(folder, ["bases"], one("text ")), [{ path: "bases/a/b.yaml", kind: "changed" }]);
  });

  test("refuses an overlay that it did not write", (t) => {
    const folder = temporary((clean) => t.after(clean));
    put(folder, "overlays/dev/kustomization.yaml", "resources: []\n");
    assert.throws(() => ownedFolders(folder, ["overlays/dev"]), {
      message:
        "overlays/dev holds files that this program did not write. Move them, or name the environment otherwise.",
    });
  });

  test("takes an overlay that holds nothing but a user's patches", (t) => {
    const folder = temporary((clean) => t.after(clean));
    put(folder, "overlays/dev/patches/loki.yaml", "x");
    assert.deepEqual(ownedFolders(folder, ["overlays/dev"]), ["bases", "components", "overlays/dev"]);
  });

  test("leaves alone an overlay of a user's own beside its own", (t) => {
    const folder = temporary((clean) => t.after(clean));
    put(folder, "overlays/mine/kustomization.yaml", "resources: []\n");
    assert.ok(!ownedFolders(folder, ["overlays/dev"]).includes("overlays/mine"));
  });

  test("owns the overlay of an environment that is gone, but not its patches", (t) => {
    const folder = temporary((clean) => t.after(clean));
    const before = rendered(shipped);
    putAll(folder, before);
    put(folder, "overlays/dev/patches/loki.yaml", "x");
    const next = rendered(shipped.filter(({ name }) => name !== "dev"));
    write(
      folder,
      next,
      compare(
        folder,
        ownedFolders(
          folder,
          paths.filter((path) => path !== "overlays/dev"),
        ),
        next,
      ),
    );
    const left = [...snapshot(folder, generated).keys()].filter((path) => path.startsWith("overlays/dev/"));
    assert.deepEqual(left, ["overlays/dev/patches/loki.yaml"]);
  });
});

after(() => assert.ok(rendered().size > 100));
