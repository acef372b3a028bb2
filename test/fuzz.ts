/** `npm run fuzz -- trees 1000`: many dirty trees, each from a seed of its own; `npm run fuzz -- trees 1 4711` tries one again. */
import { join } from "node:path";
import { dirtyTree, small } from "./lib/dirty-trees.ts";
import { temporary } from "./lib/project.ts";
import { rendered } from "./lib/world.ts";

const [what = "", count = "1000", first = "0"] = process.argv.slice(2);
if (what !== "trees" || !/^\d+$/.test(count) || !/^\d+$/.test(first)) {
  console.error("usage: npm run fuzz -- trees [COUNT] [FIRST SEED]");
  process.exit(2);
}

const files = small(rendered());
const folder = temporary((clean) => process.once("exit", clean));
const start = performance.now();
const ends = { built: 0, stopped: 0, wrong: 0 };
for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  try {
    ends[dirtyTree(join(folder, "tree"), seed, files)] += 1;
  } catch (error) {
    ends.wrong += 1;
    if (ends.wrong <= 10) console.error((error as Error).stack);
  }
}
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`${count} trees: ${ends.built} built, ${ends.stopped} stopped, ${ends.wrong} wrong; ${seconds} s`);
process.exitCode = ends.wrong > 0 ? 1 : 0;
