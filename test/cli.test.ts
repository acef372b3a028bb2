import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { schema } from "./lib/reference.ts";
import { difference } from "./lib/diff.ts";
import { cli, generated, projectCopy, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { withLists } from "../src/core/output/ownership.ts";
import { rendered } from "./lib/world.ts";

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
      /^overlays\/dev\/patches\/loki\.yaml: it patches StatefulSet\/lokki, which is not there: expected one of /,
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

  test("wrong usage is told with exit code 2, and help with 0", () => {
    const unknown = cli(project, "paint");
    assert.match(unknown.stderr, /^no such command: paint\nusage: /);
    assert.equal(unknown.stdout, "");
    assert.equal(unknown.code, 2);
    assert.equal(cli(project, "build", "--fast").code, 2);
    const help = cli(project, "--help");
    assert.match(help.stdout, /exit codes: 0 done; 1 /);
    assert.equal(help.code, 0);
  });
});
