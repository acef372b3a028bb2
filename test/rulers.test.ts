import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { logging } from "../src/monitoring/loki/watched-logs.ts";
import { catalogue } from "../src/components/index.ts";
import { ruleFiles } from "./lib/monitoring.ts";
import { podTemplates } from "./lib/objects.ts";
import { logql } from "./lib/queries.ts";
import { type World, worldNamed } from "./lib/world.ts";

/**
 * How groups of rules are set: https://grafana.com/docs/loki/latest/reference/loki-http-api/#set-rule-group ,
 * https://grafana.com/docs/mimir/latest/references/http-api/#set-rule-group ; and the tenant of those who have none.
 */
const apis = {
  loki: { port: 3100, path: "/loki/api/v1/rules", tenant: "fake" },
  mimir: { port: 8080, path: "/prometheus/config/v1/rules", tenant: "anonymous" },
} as const;
const programs = Object.keys(apis) as (keyof typeof apis)[];

/** Loaders of rules, with the container of the program beside them. */
const loadersIn = ({ objects }: World) =>
  podTemplates(objects).flatMap((pod) => {
    const { containers } = pod.spec;
    const loader = containers.find(({ name }) => name === "rules");
    return loader ? [{ pod, loader, script: loader.command?.[2] ?? "", beside: containers[0] }] : [];
  });

const literal = ({ objects }: World, config: string, key: string): unknown =>
  (
    objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(config))?.["data"] as
      Record<string, string> | undefined
  )?.[key];

describe("the stack's rules reach the rulers that take them by API only", () => {
  for (const mode of ["monolithic", "scalable", "microservices"])
    test(`in ${mode}: beside each ruler, at its port and path, for the tenant of the stack's data`, () => {
      const world = worldNamed(`every-mimir-${mode}`);
      const found = loadersIn(world);
      assert.deepEqual(found.map(({ beside }) => beside?.name).toSorted(), programs);
      for (const { beside, script, pod, loader } of found) {
        const { port, path, tenant } = apis[beside?.name as keyof typeof apis];
        assert.match((beside?.args ?? []).find((arg) => arg.startsWith("-target=")) ?? "", /[=,](?:all|ruler)(?:,|$)/);
        assert.match(script, new RegExp(`http://127\\.0\\.0\\.1:${port}${path}/kube-lgtm`));
        const settings = `${beside?.name}-settings`;
        assert.ok(
          loader.envFrom?.some(({ configMapRef }) => configMapRef?.name?.startsWith(settings)),
          pod.id,
        );
        const variable = `${beside?.name.toUpperCase()}_RULE_TENANT`;
        assert.match(script, new RegExp(`X-Scope-OrgID: \\$${variable}`));
        assert.equal(literal(world, settings, variable), world.environment.tenant ?? tenant);
      }
    });

  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-rulers-"));
  after(() => rmSync(folder, { recursive: true }));
  const [bin, ruler, rules, tmp] = ["bin", "ruler", "rules", "tmp"].map((name) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  }) as [string, string, string, string];
  const command = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  /* A ruler whose groups are files, as the API has it: POST sets one, GET shows those of the namespace or fails with 404, DELETE removes one. */
  command("timeout", 'shift; exec "$@"');
  command(
    "wget",
    `file=; while [ $# -gt 1 ]; do [ "$1" = --post-file ] && file="$2"; shift; done
[ -z "$file" ] || { echo "$file" >>${folder}/posted; exec cp "$file" "${ruler}/$(sed -n 's/^name: //p' "$file")"; }
ls ${ruler} | grep -q . || exit 1
echo kube-lgtm:; for group in ${ruler}/*; do sed '1s/^/    - /; 1!s/^/      /' "$group"; done`,
  );
  command(
    "nc",
    `read -r method path rest; path="$(echo "$path" | sed 's/%20/ /g')"
[ "$method" = DELETE ] && rm "${ruler}/\${path##*/}" && printf 'HTTP/1.1 202 Accepted\\r\\n'`,
  );
  // The script looks three times, and something happens before each but the first.
  command(
    "sleep",
    `[ "$1" = 3 ] && exit; echo x >>${folder}/slept; n=$(wc -l <${folder}/slept); [ -e ${folder}/event-$n ] && sh ${folder}/event-$n; [ $n -lt 3 ] || kill $PPID`,
  );
  const group = (name: string, alert: string): string =>
    `  - name: ${name}\n    rules:\n      - alert: ${alert}\n        expr: vector(1)\n`;
  const run = (events: readonly string[]): number => {
    for (const name of ["slept", "posted"]) rmSync(join(folder, name), { force: true });
    for (const name of [1, 2]) rmSync(join(folder, `event-${name}`), { force: true });
    events.forEach((event, i) => writeFileSync(join(folder, `event-${i + 1}`), event));
    const [own] = loadersIn(worldNamed("every-mimir-monolithic"));
    const script = (own?.script ?? "").replaceAll("/tmp/", `${tmp}/`);
    const env = { RULES: `${rules}/*.yaml`, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    const { status, stderr, error } = spawnSync("sh", ["-c", script], { env, encoding: "utf8", timeout: 20_000 });
    assert.ok(!error && (status === 0 || status === 143), `${error?.message ?? status}: ${stderr}`);
    return existsSync(join(folder, "posted"))
      ? readFileSync(join(folder, "posted"), "utf8").trim().split("\n").length
      : 0;
  };
  const there = (): Record<string, string> =>
    Object.fromEntries(
      spawnSync("ls", [ruler], { encoding: "utf8" })
        .stdout.trim()
        .split("\n")
        .filter((name) => name !== "")
        .map((name) => [
          name,
          (parse(readFileSync(join(ruler, name), "utf8")) as { rules: { alert: string }[] }).rules[0]?.alert ?? "",
        ]),
    );

  test("one group at a time; groups of before go", () => {
    writeFileSync(join(ruler, "of before"), "name: of before\nrules: []\n");
    writeFileSync(join(rules, "a.yaml"), `groups:\n${group("two words", "A")}${group("b", "B")}`);
    assert.equal(run([]), 2);
    assert.deepEqual(there(), { b: "B", "two words": "A" });
  });
  test("once, as long as they stay; again when the ruler has lost one, or a file has changed", () => {
    assert.equal(run([]), 0);
    assert.equal(run([`rm "${ruler}/b"`]), 2);
    assert.deepEqual(there(), { b: "B", "two words": "A" });
    assert.equal(run([`printf 'name: b\\nrules: []\\n' >"${ruler}/b"`]), 2);
    assert.deepEqual(there(), { b: "B", "two words": "A" });
    writeFileSync(join(rules, "a.yaml"), `groups:\n${group("b", "C")}`);
    assert.equal(run([]), 1);
    assert.deepEqual(there(), { b: "C" });
  });
  test("also of a ruler that has lost all of them", () => {
    assert.equal(run([`rm "${ruler}/b"`]), 1);
    assert.deepEqual(there(), { b: "C" });
  });
});

describe("rules about logs", () => {
  const files = ruleFiles.filter(({ evaluator }) => evaluator === "loki");
  const rules = files.flatMap(({ groups }) => groups.flatMap((group) => group.rules));
  test("are LogQL of the stack's own programs, over the labels that its logs have", () => {
    assert.ok(rules.length > 0);
    for (const { expr } of rules) {
      const { errors, tree } = logql(expr);
      assert.deepEqual(errors, [], expr);
      assert.ok(tree.isMetric, expr);
      for (const { label } of tree.selectors.flat()) assert.equal(label, "app", expr);
      for (const label of tree.groupings.flat()) assert.ok(["namespace", "app", "pod"].includes(label), label);
    }
  });
  test("do not find themselves: a ruler logs each query that it makes", () => {
    for (const { expr } of rules) assert.match(expr, /!= "query="/);
  });
  test("are about components that there are", () => {
    const names = catalogue.map(({ name }) => name);
    assert.deepEqual(
      logging.filter((name) => !names.includes(name)),
      [],
    );
  });
});
