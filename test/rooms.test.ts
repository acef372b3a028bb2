import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { circles, importsOf, picture, roomOf, rooms, source } from "./lib/imports.ts";
import { root } from "./lib/world.ts";

const imports = importsOf(source);
const order = new Map<string, number>(rooms.map(([room], i) => [room, i]));

test("no file imports itself by way of others, types included", () => {
  assert.deepEqual(circles(imports), []);
});

test("every room imports from the rooms before it only", () => {
  const upwards = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((to) => roomOf(to) !== roomOf(file))
      .filter((to) => !((order.get(roomOf(to)) ?? Infinity) < (order.get(roomOf(file)) ?? -1)))
      .map((to) => `${file} imports ${to}`),
  );
  assert.deepEqual(upwards, []);
});

test("docs/architecture.md shows the rooms as they are: npm run rooms", () => {
  assert.ok(readFileSync(join(root, "docs/architecture.md"), "utf8").includes(picture(imports)));
});
