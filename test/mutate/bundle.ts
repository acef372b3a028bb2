import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** As far as it is used here of esbuild, which tsx brings. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}
interface Building {
  onLoad(
    filter: { readonly filter: RegExp },
    load: (file: { readonly path: string }) => { readonly contents: string; readonly loader: "ts" },
  ): void;
  onResolve(filter: { readonly filter: RegExp }, resolve: () => { readonly path: string }): void;
}
const load = createRequire(import.meta.url);
const esbuild = createRequire(load.resolve("tsx"))("esbuild") as Esbuild;

/** Modules know where their sources are, not where the bundle is. What is imported by a name that is put together is found in a table. */
const placed = (text: string, path: string): string =>
  text
    .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
    .replaceAll("import(new URL(", "globalThis.bundled(new URL(");

const sources = (root: string) => ({
  name: "sources",
  setup: (building: Building): void => {
    building.onResolve({ filter: /^node:test$/ }, () => ({ path: join(root, "test/mutate/harness.ts") }));
    building.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: placed(readFileSync(path, "utf8"), path),
    }));
  },
});

/** The modules that the program imports by names that it puts together: its environments. */
const environments = (root: string): readonly string[] => {
  const folder = join(root, "src/environments");
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
  const table = files.map((path, i) => `${JSON.stringify(pathToFileURL(path).href)}: e${i}`);
  return [
    ...files.map((path, i) => `import * as e${i} from ${JSON.stringify(path)};`),
    `const all = { ${table.join(", ")} };`,
    "globalThis.bundled = async (url) => all[url];",
  ];
};

/**
 * A module that imports these, one after the other, and runs the tests of each before it imports the next one: `failed` of the process is
 * told of each that fails. To start tsx, and to have it read two hundred files, would take longer than most tests.
 * @param modules paths from the tree's root
 */
export const bundle = (root: string, modules: readonly string[], outfile: string): Promise<unknown> =>
  esbuild.build({
    stdin: {
      contents: [
        ...environments(root),
        'import { runAll } from "node:test";',
        "export const run = async (failed) => {",
        ...modules.map(
          (path) => `await import(${JSON.stringify(join(root, path))}); if (await runAll(failed)) return;`,
        ),
        "};",
      ].join("\n"),
      resolveDir: root,
      loader: "ts",
    },
    outfile,
    bundle: true,
    format: "esm",
    logLevel: "silent",
    packages: "external",
    platform: "node",
    plugins: [sources(root)],
    target: "node20",
  });
