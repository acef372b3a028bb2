import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { resolve } from "../src/core/kustomize/build.ts";
import { environments, files, foundation, overlayOf } from "../src/program.ts";
import { kustomize } from "./lib/kustomize.ts";
import { requests } from "../src/core/kubernetes/requests.ts";
import { yaml } from "../src/core/util/text.ts";

/** What a build costs. Prints tables and judges nothing: run it on an idle machine. */
const root = fileURLToPath(new URL("..", import.meta.url));

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

const least = (runs: readonly Cost[]): Cost => runs.reduce((best, run) => (run.cpu < best.cpu ? run : best));

/** Seconds that this process spends on `work`. */
function cost(work: () => void): Cost {
  const before = process.cpuUsage();
  const start = performance.now();
  work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - start) / 1e3 };
}

/** Seconds of a whole process, its start included; of five runs the one with the least CPU. */
const processCost = (command: readonly string[]): Cost =>
  least(
    Array.from({ length: 5 }, () => {
      const script = 'TIMEFORMAT="%U %S %R"; time "$@" >/dev/null';
      const timed = spawnSync("bash", ["-c", script, "bench", ...command], { cwd: root, encoding: "utf8" });
      if (timed.status !== 0) throw new Error(`${command.join(" ")} failed:\n${timed.stderr}`);
      const [user = 0, system = 0, wall = 0] = timed.stderr.trim().split(/\s+/).slice(-3).map(Number);
      return { cpu: user + system, wall };
    }),
  );

const seconds = ({ cpu, wall }: Cost): string => `${cpu.toFixed(2).padStart(7)} ${wall.toFixed(2).padStart(7)}`;
const row = (what: string, numbers: string): void => console.log(what.padEnd(58) + numbers);

const built = foundation();
const all = await environments(built);
const overlays = all.map((environment) => overlayOf(environment, built));

row("environment", " objects   bytes  CPU request  memory request  memory limit");
for (const overlay of overlays) {
  const objects = resolve(overlay);
  const bytes = objects.reduce((sum, object) => sum + Buffer.byteLength(yaml(object)), 0);
  const { cpu, memory, memoryLimit } = requests(objects);
  const columns = [`${objects.length}`.padStart(8), `${bytes}`.padStart(7), `${cpu}m`.padStart(12)];
  row(overlay.name, [...columns, `${memory}Mi`.padStart(15), `${memoryLimit}Mi`.padStart(13)].join(" "));
}
const rendered = files(built, overlays, () => []);
const bytes = [...rendered.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
console.log(`all bases, features and environments: ${rendered.size} files, ${bytes} bytes\n`);

row("seconds", "    CPU    wall");
row("render everything: one process, from its start", seconds(processCost(["npm", "run", "-s", "check:generated"])));
row("  the same without npm", seconds(processCost(["node", "--no-opt", "--import", "tsx/esm", "src/cli.ts", "check"])));
for (const { name, command } of kustomize()) {
  for (const { path } of overlays) row(`kustomize build ${path} (${name})`, seconds(processCost([...command, path])));
}
const [first] = all;
if (!first) throw new Error("src/environments holds no environment");
for (const count of [10, 100, 1000]) {
  const many = Array.from({ length: count }, (_, index) => ({ ...first, name: `bench-${index}` }));
  const work = (): void => {
    const one = foundation();
    files(
      one,
      many.map((environment) => overlayOf(environment as typeof first & object, one)),
      () => [],
    );
  };
  row(`render ${count} environments, in memory`, seconds(cost(work)));
}
