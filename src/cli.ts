import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { plan, write } from "./core/output/tree.ts";

const usage = `usage: cli COMMAND [--json]
  build      writes bases/, components/ and overlays/; says what changed. Where a file is in the way that somebody else wrote or
             changed, it writes nothing; --replace overlays/dev lets it write over such files there (as often as wanted)
  check      says what a build would change, and changes nothing
  diff A B   says what differs by component when B takes the place of A; --format text, markdown or json
             A and B: an environment, a folder with a kustomization, a file of objects, or one of the first two at a
             git revision (v0.1.0:dev, HEAD~1:overlays/dev)
  size ENV   says how large each workload of an environment is for its load, with the sums and where their figures come
             from; --load logsGBPerDay=500 tries another load, field by field (as often as wanted)

exit codes: 0 done; 1 a build failed, check found a difference, size found no such environment, or diff could not read A or B (that they differ is no
failure); 2 wrong usage`;

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

const formats = ["text", "markdown", "json"] as const;
type Format = (typeof formats)[number];
const isFormat = (word: string): word is Format => formats.some((format) => format === word);

interface Asked {
  readonly operands: readonly string[];
  readonly json: boolean;
  readonly format: Format;
  readonly load: readonly string[];
  readonly replace: readonly string[];
}

/** Not before the arguments are known to be right: what a command imports brings all the rest with it. */
async function run(command: "build" | "check", { json, replace }: Asked): Promise<number> {
  const start = performance.now();
  const { handWritten } = await import("./core/output/hand-written.ts");
  const { environments, files, foundation, overlayOf } = await import("./program.ts");
  const built = foundation();
  const overlays = (await environments(built)).map((environment) => overlayOf(environment, built));
  for (const { warnings } of overlays) for (const text of warnings) console.error(`beware: ${text}`);
  const planned = plan(
    root,
    overlays.map(({ path }) => path),
    files(built, overlays, (one) => handWritten(root, one)),
    { replace },
  );
  const { changes, obstacles, kept } = planned;
  const writes = command === "build" && obstacles.length === 0;
  if (writes) write(root, planned);
  const milliseconds = Math.round(performance.now() - start);
  for (const { path, text } of obstacles) console.error(`${path}: ${text}`);
  if (command === "build" && !writes) console.error("Nothing was written.");
  if (json) console.log(JSON.stringify({ files: planned.files.size, changes, obstacles, kept, milliseconds }));
  else if (command === "check" || writes) {
    for (const { kind, path } of changes) console.log(`${kind} ${path}`);
    for (const path of kept) console.log(`kept ${path}`);
    const done = writes ? "written" : "differ";
    console.log(`${planned.files.size} files, ${changes.length} ${done}, ${milliseconds} ms`);
  }
  return obstacles.length > 0 || (command === "check" && changes.length > 0) ? 1 : 0;
}

async function diff({ operands: [before = "", after = ""], format }: Asked): Promise<number> {
  const { difference } = await import("./diff/difference.ts");
  const { formats } = await import("./diff/formats.ts");
  const { objectsOf } = await import("./diff/sources.ts");
  const place = { root, from: process.cwd() };
  const found = difference(await objectsOf(before, place), await objectsOf(after, place));
  console.log(formats[format](before, after, found));
  return 0;
}

async function size({ operands: [name = ""], load, json }: Asked): Promise<number> {
  const { environments, foundation, sizingOf } = await import("./program.ts");
  const { tried } = await import("./sizing/tried.ts");
  const all = await environments(foundation());
  const found = all.find((one) => one.name === name);
  if (!found)
    throw new Error(`no such environment: ${name}. Expected one of ${all.map((one) => one.name).join(", ")}.`);
  const { text } = await import("./sizing/text.ts");
  const sizing = sizingOf({ ...found, load: tried(found.load, load) });
  console.log(json ? JSON.stringify(sizing) : text(sizing));
  return 0;
}

interface Command {
  readonly operands: number;
  /** What its operands are. */
  readonly takes: string;
  readonly run: (asked: Asked) => Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  build: { operands: 0, takes: "nothing", run: (asked) => run("build", asked) },
  check: { operands: 0, takes: "nothing", run: (asked) => run("check", asked) },
  diff: { operands: 2, takes: "A and B", run: diff },
  size: { operands: 1, takes: "ENV", run: size },
};

function wrongUsage(message: string): number {
  console.error(`${message}\n${usage}`);
  return 2;
}

async function main(): Promise<number> {
  const options = {
    format: { type: "string" },
    help: { type: "boolean" },
    json: { type: "boolean" },
    load: { type: "string", multiple: true },
    replace: { type: "string", multiple: true },
  } as const;
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return wrongUsage((error as Error).message);
  }
  const { values, positionals } = parsed;
  const [name = "", ...operands] = positionals;
  if (values.help) return (console.log(usage), 0);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command || (command.operands === 0 && operands.length > 0))
    return wrongUsage(positionals.length > 0 ? `no such command: ${positionals.join(" ")}` : "no command given");
  if (operands.length !== command.operands)
    return wrongUsage(`${name} takes ${command.takes}: ${operands.length} given`);
  const { json = false, format = json ? "json" : "text", load = [], replace = [] } = values;
  if (values.format !== undefined && name !== "diff") return wrongUsage(`${name} has no --format`);
  if (load.length > 0 && name !== "size") return wrongUsage(`${name} has no --load`);
  if (replace.length > 0 && name !== "build") return wrongUsage(`${name} has no --replace`);
  if (!isFormat(format)) return wrongUsage(`--format is "${format}": expected ${formats.join(", ")}`);
  try {
    return await command.run({ operands, json, format, load, replace });
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

process.exitCode = await main();
