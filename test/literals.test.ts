import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { unused, meaningOf } from "./lib/meanings.ts";
import { allLiterals, imagesPage, literalsPage } from "./lib/literals.ts";
import { built, root, shipped } from "./lib/world.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const [literals, images] = [read("docs/literals.md"), read("docs/images.md")];

interface Kustomization {
  readonly configMapGenerator?: readonly { readonly name: string; readonly literals?: readonly string[] }[];
}
/** The committed files of each base, as their users find them. */
const bases = readdirSync(join(root, "bases"), { recursive: true, encoding: "utf8" }).flatMap((path) =>
  path.endsWith("kustomization.yaml") ? [`bases/${path.replace(/.kustomization\.yaml$/, "")}`] : [],
);
const committed = bases.flatMap((folder) =>
  ((parse(read(`${folder}/kustomization.yaml`)) as Kustomization).configMapGenerator ?? [])
    .filter(({ name }) => /-settings$|^minio-buckets$/.test(name))
    .map(({ name, literals = [] }) => ({ folder, name, literals })),
);
const section = (name: string): string => literals.split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";

test("docs/literals.md and docs/images.md are of these bases: npm run literals", () => {
  assert.ok(literals === literalsPage(built), "docs/literals.md is out of date: run `npm run literals`");
  assert.ok(images === imagesPage(shipped), "docs/images.md is out of date: run `npm run literals`");
});

test("docs/literals.md has every literal of every base, with the default that the base has", () => {
  assert.ok(committed.length > 20);
  for (const { folder, name, literals } of committed)
    for (const literal of literals) {
      const [key = "", ...rest] = literal.split("=");
      const row = section(name)
        .split("\n")
        .find((line) => line.startsWith(`| \`${key}\` |`));
      assert.ok(row, `${folder}: ${name} has ${key}, its section has not`);
      assert.ok(row.includes(`\`${rest.join("=").replaceAll("|", "\\|")}\``), `${folder}: ${literal}, not ${row}`);
    }
});

test("docs/literals.md names every workload that reads a ConfigMap of literals", () => {
  for (const { folder, name } of committed) {
    const readers = readdirSync(join(root, folder))
      .filter((file) => /-(statefulset|deployment|daemonset)\.yaml$/.test(file))
      .filter((file) => new RegExp(`^ +name: ${name}$`, "m").test(read(`${folder}/${file}`)))
      .map((file) => file.replace(/-[a-z]+\.yaml$/, ""));
    assert.ok(readers.length > 0, `nothing reads ${name} of ${folder}`);
    const listed = section(name).split("| literal |")[0] ?? "";
    const line = listed.split("\n").find((one) => one.startsWith(`- in ${folder.split("/").at(-1)} `)) ?? listed;
    for (const reader of readers) assert.ok(line.includes(`\`${reader}\``), `${folder}: ${reader} reads ${name}`);
  }
});

test("every literal has a meaning, and no meaning is of a literal that has gone", () => {
  const all = allLiterals(built).flatMap(({ component, rows }) =>
    rows.map(({ name }): [string, string] => [component, name]),
  );
  assert.deepEqual(
    all.filter(([component, name]) => !meaningOf(component, name)).map(([, name]) => name),
    [],
  );
  assert.deepEqual(unused(all), []);
  assert.doesNotMatch(literals, /\| count \|/, "a number without the things that it counts");
});

test("docs/images.md has every image of the bases and Components", () => {
  const files = ["bases", "components"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".yaml"))
      .map((path) => read(`${folder}/${path}`)),
  );
  const named = new Set(
    files.flatMap((text) => [...text.matchAll(/^ +(?:- )?image: (\S+)$/gm)].map(([, image = ""]) => image)),
  );
  assert.ok(named.size > 15);
  for (const image of named) assert.ok(images.includes(`| \`${image}\` |`), image);
});
