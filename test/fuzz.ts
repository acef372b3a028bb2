/**
 * `npm run fuzz -- trees 1000`: many dirty trees, each from a seed of its own; `npm run fuzz -- trees 1 4711` tries one again.
 * `npm run fuzz -- settings 10000`: as many environments of settings at random.
 */
import { join } from "node:path";
import { dirtyTree, small } from "./lib/dirty-trees.ts";
import { temporary } from "./lib/project.ts";
import { wildEnvironment } from "./lib/wild-settings.ts";
import { rendered } from "./lib/world.ts";

/** What is tried with each seed: the word for how it ended. */
const kinds: Readonly<Record<string, () => (seed: number) => string>> = {
  trees: () => {
    const files = small(rendered());
    const folder = temporary((clean) => process.once("exit", clean));
    return (seed) => dirtyTree(join(folder, "tree"), seed, files);
  },
  settings: () => wildEnvironment,
};

const [what = "", count = "1000", first = "0"] = process.argv.slice(2);
if (!Object.hasOwn(kinds, what) || !/^\d+$/.test(count) || !/^\d+$/.test(first)) {
  console.error("usage: npm run fuzz -- trees|settings [COUNT] [FIRST SEED]");
  process.exit(2);
}

const tried = kinds[what]?.();
const start = performance.now();
const ends: Record<string, number> = { wrong: 0 };
for (let seed = Number(first); tried && seed < Number(first) + Number(count); seed += 1) {
  let end = "wrong";
  try {
    end = tried(seed);
  } catch (error) {
    if ((ends["wrong"] ?? 0) < 10) console.error((error as Error).message);
  }
  ends[end] = (ends[end] ?? 0) + 1;
}
const seconds = ((performance.now() - start) / 1000).toFixed(1);
const told = Object.entries(ends).map(([end, times]) => `${times} ${end}`);
console.log(`${count} ${what}: ${told.join(", ")}; ${seconds} s`);
process.exitCode = ends["wrong"] === 0 ? 0 : 1;
