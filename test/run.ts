/**
 * `make test`: every file of tests beside this one. Files that only look at objects share one process, because each would
 * spend a second on building the same world; a file that starts programs has a process of its own, so that both cores work.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Modules by which a file of tests starts programs or writes folders. */
const startsPrograms = /from "(node:child_process|\.\/lib\/(kustomize|project)\.ts)"/;

const files = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
const isApart = (name: string): boolean => startsPrograms.test(readFileSync(`${here}${name}`, "utf8"));

if (process.env["KUBE_LGTM_TOGETHER"]) {
  for (const name of files)
    if (!isApart(name))
      await import(`./${name}`).catch((error: unknown) =>
        // Otherwise the tests of all files after it would not run.
        test(`${name} can be read`, () => {
          throw error;
        }),
      );
} else {
  const [node, ...options] = [process.execPath, "--import", "tsx", "--test", "--test-concurrency=2"];
  const list = [`${here}run.ts`, ...files.filter(isApart).map((name) => `${here}${name}`)];
  const { status } = spawnSync(node, [...options, ...process.argv.slice(2), ...list], {
    stdio: "inherit",
    env: { ...process.env, KUBE_LGTM_TOGETHER: "yes" },
  });
  process.exitCode = status ?? 1;
}
