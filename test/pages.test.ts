import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { requests } from "../src/core/kubernetes/requests.ts";
import devSettings from "../src/environments/dev.ts";
import { found, pages, text } from "./lib/pages.ts";
import { schema } from "./lib/reference.ts";
import { built, dev, environmentOf, root, shipped, worldOf, worlds } from "./lib/world.ts";

for (const page of pages) {
  test(`${page}: every make target that it names exists`, () => {
    const targets = new Set(found("Makefile", /^([a-z0-9]+):/gm));
    const named = found(page, /(?:^ {4}|^|`|\$ )make ([a-z0-9]+)/gm);
    assert.deepEqual(
      named.filter((target) => !targets.has(target)),
      [],
    );
  });

  test(`${page}: every path of ours that it names exists`, () => {
    const named = found(page, /`((?:bases|components|overlays|src|test|docs)\/[\w./-]*)`/g);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
}

test("docs/environments.md has the sums of requests and volumes of every environment", () => {
  for (const { name, objects } of shipped) {
    const { cpu, memory, claims } = requests(objects);
    const row = text("docs/environments.md")
      .split("\n")
      .find((line) => line.startsWith(`| \`${name}\` | `) && line.includes("m | "));
    assert.ok(
      row?.includes(`| ${cpu}m | ${memory}Mi | ${claims / 1024}Gi |`),
      `the row of ${name} is not ${cpu}m, ${memory}Mi and ${claims / 1024}Gi: ${row}`,
    );
  }
});

test("the README asks for no less than the environment that it applies", () => {
  const { cpu, memory, claims } = requests(dev.objects);
  const [, cores = "", memories = "", volumes = ""] =
    /requests (\d+) CPU, (\d+) GiB of memory and (\d+) GiB of volumes/.exec(text("README.md")) ?? [];
  assert.ok(cpu <= Number(cores) * 1000 && memory <= Number(memories) * 1024 && claims <= Number(volumes) * 1024);
});

test("docs/use.md lists every setting of an environment, and no other", () => {
  const [, section = ""] = text("docs/use.md").split("## Settings of an environment");
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, Object.keys(schema.entries));
});

test("docs/use.md lists every Secret that a base expects, with its keys", () => {
  const rows = text("docs/use.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  for (const { name, env = {}, files = {} } of built.bases.flatMap(({ secrets }) => secrets)) {
    const row = rows.find((line) => line.includes(`\`${name}\``));
    const absent = [...Object.keys(env), ...Object.keys(files)].filter((key) => !row?.includes(`\`${key}\``));
    assert.deepEqual(absent, [], `${name} has keys that its row lacks: ${row}`);
  }
});

test("the Services, workloads and Secrets that commands of the pages name exist in some environment", () => {
  const all = shipped.flatMap(({ objects }) => objects);
  const known = new Set(all.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`));
  const secrets = worlds.flatMap(({ overlay }) => overlay.parts.flatMap((part) => [...part.expects, ...part.mayHave]));
  for (const { name } of secrets) known.add(`secret/${name}`);
  // The article's pages quote commands for its own charts.
  const wrong = pages
    .filter((page) => !page.includes("from-the-article"))
    .flatMap((page) =>
      // Secrets of Flux, of a registry and of another Prometheus are named by their owner.
      found(page, /^[ \t$]*(kubectl (?!.*(?: docker-registry |flux-system|--from-file=kubernetes)).*)$/gm).flatMap(
        (command) =>
          [
            ...command.matchAll(
              /\b(deployment|statefulset|daemonset|service|secret)(?: generic)?[/ ]([a-z][a-z0-9-]+)/g,
            ),
          ].flatMap(([, kind = "", name = ""]) => (known.has(`${kind}/${name}`) ? [] : [`${page}: ${kind}/${name}`])),
      ),
    );
  assert.deepEqual(wrong, []);
});

test("every npm script that the pages name exists", () => {
  const { scripts } = JSON.parse(text("package.json")) as { readonly scripts: object };
  const named = pages.flatMap((page) => found(page, /npm run (?:-s )?([a-z:]+)/g));
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});

/** Settings that the pages show: `<!-- settings -->` before the lines of an environment, over one with everything. */
const settings = pages.flatMap((page) =>
  [...text(page).matchAll(/<!-- settings(?:: (\w[\w ,-]*))? -->\n```ts\n([\s\S]*?)```/g)].map(
    ([, how = "", block = ""]) => ({ page, how, block }),
  ),
);

describe("the settings that the pages show are settings", () => {
  for (const { page, how, block } of settings)
    for (const lines of how.includes("one line each") ? block.trim().split("\n") : [block])
      test(`${page}: ${lines.trim().split("\n")[0]}`, () => {
        const [, inner = lines] = /export default environment\(\{([\s\S]*)\}\);/.exec(lines) ?? [];
        const said = new Function("dev", `return {${inner}\n}`)(devSettings) as object;
        const metrics = how.includes("thanos") ? "thanos-receive" : "mimir";
        void worldOf(
          environmentOf("shown", {
            mode: "microservices",
            metrics,
            ...("overrides" in said ? { tenant: "main" } : {}),
            ...said,
          }),
        );
      });
});

describe("the errors that the pages show are those of the program", () => {
  const errors = pages.flatMap((page) => [...text(page).matchAll(/<!-- error: (.+) -->\n```\n([\s\S]*?)\n```/g)]);
  for (const [, said = "", message = ""] of errors)
    test(said, () => {
      const name = /^src\/environments\/([\w-]+)\.ts/.exec(message)?.[1] ?? "";
      const wrong = new Function(`return {${said}}`)() as object;
      assert.throws(() => worldOf(environmentOf(name, { mode: "microservices", metrics: "mimir", ...wrong })), {
        message,
      });
    });
});

test("docs/stores.md shows a file for Thanos of each kind of store", () => {
  const blocks = [...text("docs/stores.md").matchAll(/<!-- objstore -->\n```yaml\n([\s\S]*?)```/g)];
  const files = blocks.map(([, block = ""]) => parse(block) as { readonly type: string; readonly config: object });
  // The keys of https://thanos.io/tip/thanos/storage.md/ for each type.
  const known: Readonly<Record<string, readonly string[]>> = {
    S3: ["bucket", "endpoint", "region", "access_key", "secret_key"],
    GCS: ["bucket", "service_account"],
    AZURE: ["storage_account", "container", "storage_account_key"],
  };
  assert.deepEqual(
    files.map(({ type, config }) => [type, Object.keys(config)]),
    Object.entries(known),
  );
});
