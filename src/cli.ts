import { fileURLToPath } from "node:url";
import { type Command, type Given, main, WrongUsage } from "./core/util/command-line.ts";
import { nearest } from "./core/util/nearest.ts";
import { plan, write } from "./core/output/tree.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

const formats = ["text", "markdown", "json"] as const;
type Format = (typeof formats)[number];
const isFormat = (word: string): word is Format => formats.some((format) => format === word);

/** The environment of a name, or an error with those that there are. */
function named<T extends { readonly name: string }>(name: string, all: readonly T[]): T {
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const names = all.map((one) => one.name).sort();
  const meant = nearest(name, names);
  throw new Error(
    `There is no environment ${name}: src/environments holds ${names.join(", ")}.${meant ? ` Did you mean ${meant}?` : ""}`,
  );
}

/** Not before the arguments are known to be right: what a command imports brings all the rest with it. */
async function run(command: "build" | "check", given: Given): Promise<number> {
  const start = performance.now();
  const { handWritten } = await import("./core/output/hand-written.ts");
  const { environments, files, foundation, overlayOf } = await import("./program.ts");
  const built = foundation();
  const all = await environments(built);
  for (const name of given.operands) named(name, all);
  const overlays = all.map((environment) => overlayOf(environment, built));
  for (const { warnings } of overlays) for (const text of warnings) console.error(`beware: ${text}`);
  const planned = plan(
    root,
    overlays.map(({ path }) => path),
    files(built, overlays, (one) => handWritten(root, one)),
    { replace: given.values("replace").map((path) => path.replace(/^\.\/|\/+$/g, "")) },
  );
  const { changes, obstacles, kept } = planned;
  const writes = command === "build" && obstacles.length === 0;
  if (writes) write(root, planned);
  const milliseconds = Math.round(performance.now() - start);
  for (const { path, text } of obstacles) console.error(`${path}: ${text}`);
  if (command === "build" && !writes) console.error("Nothing was written.");
  if (given.has("json")) {
    console.log(JSON.stringify({ files: planned.files.size, changes, obstacles, kept, milliseconds }));
  } else if (command === "check" || writes) {
    for (const { kind, path } of changes) console.log(`${kind} ${path}`);
    for (const path of kept) console.log(`kept ${path}`);
    const done = writes ? "written" : "differ";
    console.log(`${planned.files.size} files, ${changes.length} ${done}, ${milliseconds} ms`);
  }
  return obstacles.length > 0 || (command === "check" && changes.length > 0) ? 1 : 0;
}

async function diff(given: Given): Promise<number> {
  const [before = "", after = ""] = given.operands;
  const format = given.value("format") ?? (given.has("json") ? "json" : "text");
  if (!isFormat(format)) throw new WrongUsage(`--format is "${format}": expected ${formats.join(", ")}.`);
  const { difference, isEmpty } = await import("./diff/difference.ts");
  const { formats: texts } = await import("./diff/formats.ts");
  const { objectsOf } = await import("./diff/sources.ts");
  const place = { root, from: process.cwd() };
  try {
    const found = difference(await objectsOf(before, place), await objectsOf(after, place));
    console.log(texts[format](before, after, found));
    return given.has("exit-code") && !isEmpty(found) ? 1 : 0;
  } catch (error) {
    if (!given.has("exit-code")) throw error;
    console.error((error as Error).message);
    return 2;
  }
}

async function size(given: Given): Promise<number> {
  const { environments, foundation, sizingOf } = await import("./program.ts");
  const { tried } = await import("./sizing/tried.ts");
  const all = await environments(foundation());
  const [name = all.some((one) => one.name === "dev") ? "dev" : (all[0]?.name ?? "")] = given.operands;
  const found = named(name, all);
  if (given.operands.length === 0)
    console.error(`No environment was named: this is ${name}. Others: make size ENV=${all.at(-1)?.name}`);
  const { text } = await import("./sizing/text.ts");
  const sizing = sizingOf({ ...found, load: tried(found.load, given.values("load")) });
  console.log(given.has("json") ? JSON.stringify(sizing) : text(sizing));
  return 0;
}

const json = { help: "the result for programs" };

const commands: readonly [Command, ...Command[]] = [
  {
    name: "build",
    operands: ["[ENV]"],
    help: "write bases/, components/ and overlays/, and say what changed",
    more: "All environments are built; ENV is only looked for. A build writes nothing when a file is in its way that it did not write.",
    make: "make build",
    options: { replace: { takes: "PATH", repeats: true, help: "write over files there that somebody changed" }, json },
    run: (given) => run("build", given),
  },
  {
    name: "check",
    operands: [],
    help: "say what a build would change, and change nothing",
    make: "make check",
    options: { json },
    run: (given) => run("check", given),
  },
  {
    name: "diff",
    operands: ["A", "B"],
    help: "say what differs by component when B takes the place of A",
    more: `A and B are each an environment, a folder with a kustomization, a file of objects, or one of the first two at a git revision:
  dev                     as its settings, patches and objects say now
  overlays/mine           as kustomize builds it
  charts.yaml             as another program rendered it
  HEAD~1:dev              as it was committed
With --exit-code: 0 nothing differs, 1 something does, 2 A or B could not be read.`,
    make: "make diff A=dev B=demo",
    options: {
      format: { takes: "FORMAT", help: "text, markdown or json" },
      json,
      "exit-code": { help: "exit with 1 when something differs" },
    },
    run: diff,
  },
  {
    name: "size",
    operands: ["[ENV]"],
    help: "say how large each workload of an environment is for its load, and why",
    make: "make size ENV=prod",
    options: { load: { takes: "FIELD=AMOUNT", repeats: true, help: "try another load: logsGBPerDay=500" }, json },
    run: size,
  },
];

process.exitCode = await main(commands);
