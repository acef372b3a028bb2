import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { schema } from "./lib/reference.ts";
import { difference } from "./lib/diff.ts";
import { cli, generated, projectCopy, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { withLists } from "../src/core/output/ownership.ts";
import { rendered, root } from "./lib/world.ts";

/** Every setting that there is, as a complaint lists them. */
const every = Object.keys(schema.entries)
  .map((key) => `"${key}"`)
  .join(", ");

/** One project for all of these tests, which run in their order and leave it as they found it. */
describe("the command", () => {
  const files = withLists(rendered());
  const project = temporary(after);
  before(() => projectCopy(project, files));
  const restored = (): void => putAll(project, files);
  const at = (path: string): string => join(project, path);
  const same = (): void => assert.equal(difference(files, snapshot(project, generated)), undefined);

  test("check finds nothing to do in a built tree, and says so with exit code 0", () => {
    const { code, stdout, stderr } = cli(project, "check");
    assert.equal(stderr, "");
    assert.match(stdout, new RegExp(`^${files.size} files, 0 differ, \\d+ ms\\n$`));
    assert.equal(code, 0);
  });

  test("a second build changes nothing and touches no file", () => {
    const path = at("bases/loki/monolithic/kustomization.yaml");
    const { mtimeMs, ino } = statSync(path);
    const { code, stdout } = cli(project, "build");
    assert.match(stdout, new RegExp(`^${files.size} files, 0 written, \\d+ ms\\n$`));
    assert.equal(code, 0);
    assert.deepEqual([statSync(path).mtimeMs, statSync(path).ino], [mtimeMs, ino]);
    same();
  });

  test("check says what differs with exit code 1, and changes nothing", () => {
    const service = "bases/loki/monolithic/loki-service.yaml";
    const list = "bases/generated.sha256";
    put(project, service, "stale\n");
    put(project, list, withLists(new Map([...rendered(), [service, "stale\n"]])).get(list) ?? "");
    rmSync(at("bases/minio/monolithic/minio-service.yaml"));
    const before = snapshot(project, generated);
    const { code, stdout } = cli(project, "check");
    assert.deepEqual(stdout.split("\n").slice(0, -2), [
      "changed bases/generated.sha256",
      "removed bases/loki/monolithic/loki-service.yaml",
      "new bases/minio/monolithic/minio-service.yaml",
    ]);
    assert.match(stdout, /\n\d+ files, 3 differ, \d+ ms\n$/);
    assert.equal(code, 1);
    assert.equal(difference(before, snapshot(project, generated)), undefined);
  });

  test("a build that fails says every problem, exits with 1 and writes nothing", () => {
    put(project, "src/environments/broken.ts", 'export default { mode: "huge", metrics: "mimir", x: 1 };\n');
    put(project, "src/environments/worse.ts", "export default 3;\n");
    const before = snapshot(project, generated);
    const { code, stdout, stderr } = cli(project, "build");
    assert.equal(stdout, "");
    assert.deepEqual(stderr.trimEnd().split("\n"), [
      `src/environments/broken.ts: unknown setting x; expected one of ${every}`,
      'src/environments/broken.ts: mode is "huge": expected one of "monolithic", "scalable", "microservices"',
      'src/environments/worse.ts: expected "export default environment({ … })"',
    ]);
    assert.equal(code, 1);
    assert.equal(difference(before, snapshot(project, generated)), undefined);
    for (const name of ["broken", "worse"]) rmSync(at(`src/environments/${name}.ts`));
  });

  test("build mends what differs, keeps a user's patch and lists it, and says so for machines with --json", () => {
    const patch = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: loki\nspec:\n  replicas: 1\n";
    put(project, "overlays/dev/patches/loki.yaml", patch);
    const { code, stdout } = cli(project, "build", "--json");
    const report = JSON.parse(stdout) as { files: number; changes: unknown; milliseconds: number };
    assert.deepEqual(report.changes, [
      { path: "bases/generated.sha256", kind: "changed" },
      { path: "bases/loki/monolithic/loki-service.yaml", kind: "removed" },
      { path: "bases/minio/monolithic/minio-service.yaml", kind: "new" },
      { path: "overlays/dev/generated.sha256", kind: "changed" },
      { path: "overlays/dev/kustomization.yaml", kind: "changed" },
    ]);
    assert.equal(report.files, files.size);
    assert.equal(typeof report.milliseconds, "number");
    assert.equal(code, 0);
    assert.equal(readFileSync(at("overlays/dev/patches/loki.yaml"), "utf8"), patch);
    assert.match(
      readFileSync(at("overlays/dev/kustomization.yaml"), "utf8"),
      /\npatches:\n {2}- path: patches\/loki\.yaml\n$/,
    );
  });

  test("a build with a patch that matches nothing says so, exits with 1 and writes nothing", () => {
    put(
      project,
      "overlays/dev/patches/loki.yaml",
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: lokki\n",
    );
    rmSync(at("bases/minio/monolithic/minio-service.yaml"));
    const { code, stdout, stderr } = cli(project, "build");
    assert.match(
      stderr,
      /^overlays\/dev\/patches\/loki\.yaml: it patches StatefulSet\/lokki, which is not there: did you mean "loki"/,
    );
    assert.equal(stdout, "");
    assert.equal(code, 1);
    assert.throws(() => statSync(at("bases/minio/monolithic/minio-service.yaml")), /ENOENT/);
    rmSync(at("overlays/dev/patches"), { recursive: true });
    restored();
  });

  test("a build in whose way a file is writes nothing, and build and check say so with exit code 1", () => {
    put(project, "bases/loki/mine.yaml", "mine");
    rmSync(at("bases/minio/monolithic/minio-service.yaml"));
    const [build, check] = [cli(project, "build"), cli(project, "check")];
    for (const { code, stderr } of [build, check]) {
      assert.match(
        stderr,
        /^bases\/loki\/mine\.yaml: it is not a file of this program's, and would be removed from bases\/, /,
      );
      assert.equal(code, 1);
    }
    assert.match(build.stderr, /\nNothing was written\.\n$/);
    assert.equal(build.stdout, "");
    assert.ok(!existsSync(at("bases/minio/monolithic/minio-service.yaml")));
    rmSync(at("bases/loki/mine.yaml"));
    restored();
    same();
  });

  test("a changed throw-away credential stays changed, which is told and is no difference", () => {
    const path = "overlays/dev/stack/secrets/grafana-admin/admin-password";
    put(project, path, "correct horse");
    for (const command of ["build", "check"]) {
      const { code, stdout } = cli(project, command);
      assert.match(stdout, new RegExp(`^kept ${path}\n`));
      assert.equal(code, 0);
    }
    assert.equal(readFileSync(at(path), "utf8"), "correct horse");
    restored();
    same();
  });

  test("an environment that there is not is told with those that there are", () => {
    for (const command of ["build", "size"]) {
      const { code, stdout, stderr } = cli(project, command, "stagin");
      assert.match(
        stderr,
        /^There is no environment stagin: src\/environments holds demo, dev, dev-mimir, .*\. Did you mean staging\?\n$/,
      );
      assert.deepEqual([code, stdout], [1, ""]);
    }
  });

  test("size says which environment it took where none was named", () => {
    const { code, stdout, stderr } = cli(project, "size");
    assert.match(stderr, /^No environment was named: this is dev\. Others: make size ENV=/);
    assert.ok(stdout.length > 0);
    assert.equal(code, 0);
  });

  test("diff exits with 1 where something differs if it is asked to, and with 2 where it cannot tell", () => {
    put(project, "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: b }\n");
    put(project, "b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: c }\n");
    const codes = [
      ["a.yaml", "b.yaml"],
      ["a.yaml", "b.yaml", "--exit-code"],
      ["a.yaml", "a.yaml", "--exit-code"],
      ["a.yaml", "c.yaml", "--exit-code"],
      ["a.yaml", "c.yaml"],
    ].map((args) => cli(project, "diff", ...args).code);
    assert.deepEqual(codes, [0, 1, 0, 2, 1]);
    for (const file of ["a.yaml", "b.yaml"]) rmSync(at(file));
  });

  test("wrong usage is told with exit code 2, and help with 0", () => {
    const unknown = cli(project, "paint");
    assert.match(unknown.stderr, /^There is no command paint\. Expected one of build, check, diff, size\.\n/);
    assert.equal(unknown.stdout, "");
    assert.equal(unknown.code, 2);
    assert.equal(cli(project, "build", "--fast").code, 2);
    const help = cli(project, "--help");
    assert.match(help.stdout, /Exit codes: 0 done, 1 /);
    assert.equal(help.code, 0);
  });
});

describe("make", () => {
  const make = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
    spawnSync("make", ["--no-print-directory", ...args], { cwd: root, encoding: "utf8", env });
  const skip = spawnSync("make", ["--version"]).error ? "make is not here" : false;
  const text = readFileSync(join(root, "Makefile"), "utf8");
  const targets = (/^\.PHONY: (.*)$/m.exec(text)?.[1] ?? "").split(" ").filter((one) => !["all", "node"].includes(one));

  test("help has a line for every target", { skip }, () => {
    const { stdout, status } = make(["help"]);
    assert.ok(targets.length > 10);
    for (const target of targets) assert.match(stdout, new RegExp(`^  make ${target} +\\S.{5,}$`, "m"));
    assert.equal(status, 0);
  });

  test("says which target a misspelt one was meant to be", { skip }, () => {
    for (const [word, meant] of Object.entries({ hlep: "help", biuld: "build", fault: "faults", formt: "format" })) {
      const { stderr, status } = make([word]);
      assert.match(
        stderr,
        new RegExp(`^make has no target ${word}\\. Did you mean ${meant}\\?\nmake help lists all of them\\.\n`),
      );
      assert.equal(status, 2);
    }
    assert.match(make(["sing"]).stderr, /^make has no target sing\.\nmake help/);
  });

  test("says that Node is too old, or missing, before npm fails", { skip }, () => {
    const folder = temporary(after);
    const paths = (process.env["PATH"] ?? "").split(":");
    const awk = paths.map((path) => join(path, "awk")).find((path) => existsSync(path)) ?? "awk";
    symlinkSync(awk, join(folder, "awk"));
    const withNode = (version: string | undefined): string => {
      if (version) {
        put(folder, "node", `#!/bin/sh\necho ${version}\n`);
        chmodSync(join(folder, "node"), 0o755);
      }
      return (
        make(["SHELL=/bin/sh", "node"], { ...process.env, PATH: folder, MAKEFLAGS: "" }).stderr.split("\n")[0] ?? ""
      );
    };
    const program = paths.map((path) => join(path, "make")).find((path) => existsSync(path)) ?? "make";
    symlinkSync(program, join(folder, "make"));
    assert.match(withNode(undefined), /^Node >= 20\.10 is needed, and there is none: https/);
    for (const old of ["v18.20.4", "v20.9.0"])
      assert.match(withNode(old), new RegExp(`^Node >= 20\\.10 is needed: this is ${old}\\.`));
    for (const good of ["v20.10.0", "v22.1.0", "v24.0.1"]) assert.equal(withNode(good), "");
  });

  test("does not apply an overlay that there is not", { skip }, () => {
    const { stderr, status } = make(["apply", "ENV=nope"]);
    assert.match(stderr, /^There is no overlay nope\. overlays\/ holds demo dev /);
    assert.equal(status, 2);
  });
});
