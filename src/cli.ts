import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compare, ownedFolders, write } from "./core/tree.ts";

const usage = `usage: cli COMMAND [--json]
  build   writes bases/, components/ and overlays/; says what changed
  check   says what a build would change, and changes nothing

exit codes: 0 done; 1 a build failed, or check found a difference; 2 wrong usage`;

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

async function run(command: "build" | "check", json: boolean): Promise<number> {
  const start = performance.now();
  // Not before the arguments are known to be right: these two bring all the rest with them.
  const { checkedPatches } = await import("./core/patches.ts");
  const { environments, files, foundation, overlayOf } = await import("./program.ts");
  const built = foundation();
  const overlays = (await environments(built)).map((environment) => overlayOf(environment, built));
  const owned = ownedFolders(
    root,
    overlays.map(({ path }) => path),
  );
  const rendered = files(built, overlays, (one) => checkedPatches(root, one));
  const changes = compare(root, owned, rendered);
  if (command === "build") write(root, rendered, changes);
  const milliseconds = Math.round(performance.now() - start);
  if (json) console.log(JSON.stringify({ files: rendered.size, changes, milliseconds }));
  else {
    for (const { kind, path } of changes) console.log(`${kind} ${path}`);
    console.log(
      `${rendered.size} files, ${changes.length} ${command === "build" ? "written" : "differ"}, ${milliseconds} ms`,
    );
  }
  return command === "check" && changes.length > 0 ? 1 : 0;
}

function wrongUsage(message: string): number {
  console.error(`${message}\n${usage}`);
  return 2;
}

async function main(): Promise<number> {
  const options = { help: { type: "boolean" }, json: { type: "boolean" } } as const;
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return wrongUsage((error as Error).message);
  }
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.help) return (console.log(usage), 0);
  if (rest.length > 0 || (command !== "build" && command !== "check"))
    return wrongUsage(positionals.length > 0 ? `no such command: ${positionals.join(" ")}` : "no command given");
  try {
    return await run(command, values.json ?? false);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

process.exitCode = await main();
