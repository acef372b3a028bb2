/**
 * `npm run mutate`: makes each edit of the list in a copy of the project, and looks whether a test sees it.
 * Not part of CI: it takes minutes. StrykerJS would change operators and literals of the program one by one; what goes wrong here are facts
 * in data, so the list is written by hand.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import { allEdits, type Edit, edited, type Place, placeOf, type Sources } from "./edits.ts";
import type { Answer } from "./worker.ts";

const usage = `usage: npm run mutate -- [--only TEXT] [--area NAME] [--every NUMBER] [--tests NAMES] [--jobs NUMBER] [--thorough] [--json FILE]
  --only      edits whose sentence, file or tests hold the text
  --area      edits of one file of test/mutate/edits
  --every     each so many-th of these: a sample
  --tests     of the tests that an edit names these files only, with blanks between them
  --jobs      how many at once; default: one a core
  --thorough  what the named tests do not see is tried with all others, too, several edits at a time
  --json      writes what became of each edit to a file`;

const expectedScore = 0.95;
const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    area: { type: "string" },
    jobs: { type: "string" },
    json: { type: "string" },
    tests: { type: "string" },
    every: { type: "string" },
    thorough: { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const below = (folder: string, path: string): readonly string[] =>
  readdirSync(join(folder, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

const sources: Sources = new Map(below(root, "src").map((path) => [path, readFileSync(join(root, path), "utf8")]));

/** Who is no witness: a page that quotes the program differs with it, and whoever changes the program mends the page. */
const isDocument = (test: string): boolean => /^(article|docs)$/.test(test);
const quotes = /(^|\s)docs\/|README|CHANGELOG/;

interface Made {
  readonly edit: Edit;
  readonly place: Place;
}

/** What became of an edit: the test or message that saw it, or nothing. */
type Fate = string | undefined;

/** Copies of the project, one a job, which differ from it in nothing but the edit that is tried. */
function tree(): string {
  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-mutate-"));
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const path of list.toString().split("\n")) {
    if (path === "" || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Files of tests that look at files, which therefore must be as a build would write them. */
const looksAtFiles = (test: string): boolean =>
  /\b(root|rendered|readFileSync)\b|lib\/(compose|kustomize|project)\.ts/.test(
    readFileSync(join(root, "test", `${test}.test.ts`), "utf8"),
  );

/** A copy of the project with a process that runs tests in it. */
interface Bench {
  readonly folder: string;
  process: ChildProcess | undefined;
  /** How many bundles the process has loaded, none of which it can forget. */
  loaded: number;
}
const benches: Bench[] = [];
const mostLoaded = 12;

function processOf(bench: Bench): ChildProcess {
  if (bench.process && bench.loaded < mostLoaded) return bench.process;
  bench.process?.kill();
  bench.loaded = 0;
  bench.process = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), {
    cwd: bench.folder,
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return bench.process;
}

let count = 0;

/** Runs tests in a tree until the first of them fails that `about` names; gives what it says. */
async function tried(bench: Bench, tests: readonly string[], about: RegExp): Promise<Fate> {
  if (tests.length === 0) return undefined;
  const modules = [
    "test/lib/world.ts",
    ...(tests.some(looksAtFiles) ? ["test/mutate/write.ts"] : []),
    ...tests.map((test) => `test/${test}.test.ts`),
  ];
  const file = join(bench.folder, ".cache", `${(count += 1)}.mjs`);
  try {
    await bundle(bench.folder, modules, file);
  } catch (error) {
    return `it cannot be compiled: ${(error as Error).message.split("\n").slice(0, 2).join(" ")}`;
  }
  const child = processOf(bench);
  bench.loaded += 1;
  child.send({ file, about: about.source, not: quotes.source });
  const { failed, message } = await new Promise<Answer>((resolve) => {
    const end = (): void => resolve({ message: "the build ends the process" });
    child.once("exit", end);
    child.once("message", (answer: Answer) => {
      child.off("exit", end);
      resolve(answer);
    });
  });
  rmSync(file, { force: true });
  return failed === undefined ? message : `${failed}\n${message ?? ""}`;
}

/** Makes some edits in a tree, none of which may touch another, and takes them back. */
async function within<T>(folder: string, made: readonly Made[], work: () => Promise<T>): Promise<T> {
  const paths = [...new Set(made.map(({ place }) => place.path))];
  for (const path of paths) {
    const own = made.filter(({ place }) => place.path === path).map(({ place }) => place);
    const text = own.toSorted((a, b) => b.start - a.start).reduce(edited, sources.get(path) as string);
    writeFileSync(join(folder, path), text);
  }
  try {
    return await work();
  } finally {
    for (const path of paths) writeFileSync(join(folder, path), sources.get(path) as string);
  }
}

const there = (test: string): boolean => existsSync(join(root, "test", `${test}.test.ts`));

/** `x/*` are all files of tests in a folder. */
const named = ({ tests }: Edit): readonly string[] =>
  tests
    .filter((test) => values.tests === undefined || values.tests.split(" ").includes(test))
    .flatMap((test) => {
      if (!test.endsWith("/*")) return there(test) ? [test] : [];
      const folder = test.slice(0, -2);
      return existsSync(join(root, "test", folder))
        ? readdirSync(join(root, "test", folder)).flatMap((file) =>
            file.endsWith(".test.ts") ? [`${folder}/${file.replace(/\.test\.ts$/, "")}`] : [],
          )
        : [];
    });

const tryOne = (bench: Bench, one: Made): Promise<Fate> =>
  within(bench.folder, [one], () => tried(bench, named(one.edit), one.edit.about));

const everyTest = below(root, "test")
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => path.replace(/^test\//, "").replace(/\.test\.ts$/, ""))
  .filter((test) => !isDocument(test) && test !== "readme");

const overlap = (a: Place, b: Place): boolean => a.path === b.path && a.start < b.end && b.start < a.end;

/** Who of many edits is seen by any test at all: all at once, and halves of them where a test fails. */
async function tryMany(bench: Bench, made: readonly Made[], tell: (one: Made, fate: Fate) => void): Promise<void> {
  if (made.length === 0) return;
  const together = made.filter((one, i) => !made.slice(0, i).some((other) => overlap(one.place, other.place)));
  const fate = await within(bench.folder, together, () => tried(bench, everyTest, /./));
  const [first] = together;
  if (fate === undefined) for (const one of together) tell(one, undefined);
  else if (together.length === 1 && first) tell(first, fate);
  else {
    const half = Math.ceil(together.length / 2);
    await tryMany(bench, together.slice(0, half), tell);
    await tryMany(bench, together.slice(half), tell);
  }
  await tryMany(
    bench,
    made.filter((one) => !together.includes(one)),
    tell,
  );
}

const asked = allEdits(fileURLToPath(new URL("edits", import.meta.url)))
  .filter(({ area }) => values.area === undefined || area === values.area)
  .filter((edit) => {
    const text = [edit.what, edit.file, ...edit.tests].join(" ").toLowerCase();
    return values.only === undefined || text.includes(values.only.toLowerCase());
  })
  .filter((_, i) => i % Number(values.every ?? 1) === 0);
const placed = (values.tests === undefined ? asked : asked.filter((edit) => named(edit).length > 0)).map((edit) => ({
  edit,
  place: placeOf(edit, sources),
}));
const made = placed.filter((one): one is Made => typeof one.place !== "string");
const stale = placed.filter(({ place }) => typeof place === "string");

const clean = (): void => {
  for (const { process: child, folder } of benches) {
    child?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    clean();
    process.exit(130);
  });

const fates = new Map<Edit, Fate>();
const short = (text: string): string => (text.length > 150 ? `${text.slice(0, 149)}…` : text);
const tell = ({ edit }: Made, fate: Fate): void => {
  fates.set(edit, fate);
  console.log(
    `${fate === undefined ? "SURVIVED" : "killed  "}  ${edit.area}: ${edit.what}\n            ${short(fate ?? "")}`,
  );
};

const jobs = Math.max(1, Math.min(Number(values.jobs ?? availableParallelism()), made.length));
const queue = [...made];
try {
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      const bench: Bench = { folder: tree(), process: undefined, loaded: 0 };
      benches.push(bench);
      for (let one = queue.shift(); one; one = queue.shift()) tell(one, await tryOne(bench, one));
    }),
  );
  const left = made.filter(({ edit }) => fates.get(edit) === undefined);
  if (values.thorough && left.length > 0) {
    console.log(`\n${left.length} with all tests:`);
    const parts = Array.from({ length: jobs }, (_, job) => left.filter((_one, i) => i % jobs === job));
    await Promise.all(parts.map((part, job) => tryMany(benches[job] as Bench, part, tell)));
  }
} finally {
  clean();
}

const areas = [...new Set(asked.map(({ area }) => area))];
const scores = [...areas, "all"].map((area) => {
  const own = made.filter(({ edit }) => area === "all" || edit.area === area);
  const killed = own.filter(({ edit }) => fates.get(edit) !== undefined).length;
  return { area, killed, all: own.length };
});
console.log();
for (const { area, killed, all } of scores)
  console.log(
    `${area.padEnd(14)} ${String(killed).padStart(4)} of ${String(all).padStart(4)}  ${Math.round((1000 * killed) / all) / 10} %`,
  );
for (const { edit, place } of stale) console.log(`does not apply: ${edit.area}: ${edit.what}: ${place as string}`);
if (values.json)
  writeFileSync(
    values.json,
    JSON.stringify(
      Object.fromEntries([...fates].map(([{ area, what }, fate]) => [`${area}: ${what}`, fate ?? null])),
      null,
      1,
    ),
  );
const total = scores.at(-1) as (typeof scores)[number];
if (stale.length > 0 || total.killed / total.all < expectedScore) process.exitCode = 1;
