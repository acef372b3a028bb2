import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogue } from "../src/components/index.ts";
import { asCommitted, bases as allBases } from "../src/core/assemble/base.ts";
import { type Config, nearestMode, variable, type Base } from "../src/core/model/component.ts";
import type { Addition } from "../src/core/assemble/feature.ts";
import type { Mode, Role } from "../src/core/model/roles.ts";
import type { Store } from "../src/core/model/store.ts";
import { foundation } from "../src/program.ts";
import { alertRows } from "./alerting.ts";
import { apiServerRows, type Row } from "./apiserver.ts";
import { allCases, promtoolFiles, recordingFiles, trials } from "./lib/alerts.ts";
import { ruleFiles, rules } from "./lib/monitoring.ts";
import { alloyReads, promtailReads } from "./lib/reading.ts";
import { fileText } from "../src/core/util/text.ts";

/**
 * Every configuration through its own program's check, where the program is on the PATH: what a schema cannot know.
 * Prints a table; exit code 1 if a check failed, 0 otherwise. A program that is missing is named, not passed. An argument chooses programs
 * whose names hold it.
 */
const root = fileURLToPath(new URL("..", import.meta.url));

interface Check {
  readonly config: string;
  readonly program: string;
  readonly arguments: readonly string[];
  /** What it is to print. */
  readonly prints?: readonly RegExp[] | undefined;
  /** What it is not to print. */
  readonly never?: RegExp;
}

/** What the pods of a base get as environment variables. */
const environmentOf = ({ component, settings, secrets }: Base): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [variable(component.name, key), value])),
  ...Object.assign({}, ...secrets.map(({ env }) => env ?? {})),
  NODE_NAME: "node",
  // One that YAML would not take for text.
  POD_IP: "2600:1f13:b66:8203:34c3::",
  POD_NAME: "pod-0",
});

const scratch = mkdtempSync(join(tmpdir(), "kube-lgtm-programs-"));

/**
 * Prometheus names its other files by the paths they have in its pod: a copy with those of this machine.
 * @param added a feature whose files join those of the base
 */
function prometheusCheck(base: Base, added?: Addition): Check {
  const folder = join(scratch, added?.feature.name ?? "prometheus");
  const mounts: Readonly<Record<string, string>> = {
    prometheus: folder,
    "prometheus-scrape": join(folder, "scrape"),
    "prometheus-rules-prometheus": join(folder, "rules"),
  };
  const account = join(folder, "account");
  mkdirSync(account, { recursive: true });
  for (const file of ["token", "ca.crt"]) writeFileSync(join(account, file), "");
  const here = (text: string): string =>
    text.replaceAll("/etc/prometheus", folder).replaceAll("/var/run/secrets/kubernetes.io/serviceaccount", account);
  for (const { name, files = {} } of [...base.configs, ...(added?.configPatches ?? [])]) {
    const at = mounts[name];
    if (at) mkdirSync(at, { recursive: true });
    for (const [file, content] of at ? Object.entries(files) : []) {
      writeFileSync(join(at as string, file), here(fileText(content)));
    }
  }
  const config = `${added?.path ?? base.path}: prometheus.yml and what it includes`;
  return { config, program: "promtool", arguments: ["check", "config", "--lint=all", join(folder, "prometheus.yml")] };
}

const { bases, additions } = foundation();

/** Stores outside the cluster, with keys and without: each program is to take what it then has as environment variables. */
const stores: readonly Store[] = [
  { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-", identity: "secret" },
  { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-", identity: "workload" },
  { kind: "gcs", bucketPrefix: "acme-", identity: "workload" },
  { kind: "azure", account: "acmeprod", bucketPrefix: "", identity: "secret" },
  {
    kind: "azure",
    account: "acmeprod",
    bucketPrefix: "",
    identity: { default: "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e" },
  },
];

/** A base as it is for environments with that store; its configuration is that of the committed one. */
const withStores = ({ component: { name }, mode }: Base): readonly (readonly [string, Base])[] =>
  stores.flatMap((store) =>
    bases.some(({ component, mode: own, settings }) => component.name === name && own === mode && "store" in settings)
      ? [[`${store.kind} ${store.identity === "secret" ? "by keys" : "without"}`, standing(name, mode, store)] as const]
      : [],
  );

const standing = (name: string, mode: Mode, store: Store): Base =>
  allBases(catalogue, (component) => nearestMode(component, mode), { ...asCommitted, store }).find(
    ({ component }) => component.name === name,
  ) as Base;

/** nginx wants its upstreams' names known, and its other files where they are in its pod. */
function nginxCheck(base: Base, { name, files = {} }: Config): Check {
  const folder = join(scratch, base.path.replaceAll("/", "-"), name);
  mkdirSync(folder, { recursive: true });
  const here = (text: string): string =>
    text
      .replaceAll("/tmp/", `${folder}/`)
      .replaceAll("/etc/gateway", folder)
      .replaceAll("/dev/stdout", `${folder}/access.log`)
      .replace(/proxy_pass http:\/\/[^;:]+/g, "proxy_pass http://127.0.0.1");
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), here(fileText(content)));
  const config = `${base.path}/config/${name}/nginx.conf`;
  return { config, program: "nginx", arguments: ["-t", "-c", join(folder, "nginx.conf")] };
}

/** With the arguments of each process: what is checked depends on the target. */
const eachProcess = (base: Base, flag: string, prints?: (role: Role) => RegExp): readonly Check[] =>
  base.pods.flatMap(({ workload, pod }) =>
    pod.containers
      .filter(({ name }) => name === base.component.name)
      .map(({ name: program, args = [] }) => {
        const here = (one: string): string =>
          one.replace(`/etc/${program}`, `${base.path}/config`).replace("$(ZONE)", "zone-a");
        const target = args.filter((one) => one.startsWith("-target")).join();
        return {
          config: `${base.path}/config/${program}.yaml ${target}`,
          program,
          arguments: [...args.map(here), flag],
          prints: prints && workload.roles.filter(({ name }) => name !== "gateway").map(prints),
        };
      }),
  );

/** The text of a file that a component's programs read. */
const configOf = (component: string, file: string): string => {
  const base = bases.find((one) => one.component.name === component);
  return fileText(base?.configs.find(({ name }) => name === component)?.files?.[file] ?? "");
};

/** What a feature adds to Alloy's configuration, beside that: Alloy reads both as one. */
function alloyTogether({ path, configPatches }: Addition): readonly Check[] {
  const files = Object.assign(
    {},
    ...configPatches.filter(({ name }) => name === "alloy").map((one) => one.files ?? {}),
  );
  if (Object.keys(files).length === 0) return [];
  const folder = join(scratch, path.replaceAll("/", "-"));
  mkdirSync(folder);
  for (const [file, content] of Object.entries({ "config.alloy": configOf("alloy", "config.alloy"), ...files }))
    writeFileSync(join(folder, file), fileText(content as string));
  const config = `${path}: ${Object.keys(files).join()} beside config.alloy`;
  return [
    { config, program: "alloy", arguments: ["validate", folder] },
    ...Object.keys(files).map((file) => ({
      config,
      program: "alloy",
      arguments: ["fmt", "--test", join(folder, file)],
    })),
  ];
}

/** All that a program then goes by has no ring without an address; Mimir's usage-tracker, a process of its own, is in no mode. */
const addressed = (base: Base, ...flags: readonly string[]): readonly Check[] =>
  eachProcess(base, flags[0] ?? "")
    .slice(0, 1)
    .map((check) => ({
      ...check,
      config: `${check.config}: rings`,
      arguments: [...check.arguments, ...flags.slice(1)],
      never: /^(?!usage_tracker:)\w+:\n(?: .*\n)*? +(?:instance|advertise)_addr: (?:""|'')$/m,
    }));

const checksOf = (base: Base): readonly Check[] => {
  const config = `${base.path}/config`;
  const expanded = (file: string): readonly string[] => [`-config.file=${file}`, "-config.expand-env=true"];
  // As its pods are started.
  const stability = base.pods
    .flatMap(({ pod }) => pod.containers.flatMap(({ args = [] }) => args))
    .filter((one) => one.startsWith("--stability.level="));
  const alloy = (file: string): readonly Check[] => [
    { config: file, program: "alloy", arguments: ["validate", ...stability, file] },
    { config: file, program: "alloy", arguments: ["fmt", "--test", file] },
  ];
  const table: Readonly<Record<string, () => readonly Check[]>> = {
    alertmanager: () => {
      const file = `${config}/alertmanager.yml`;
      return [{ config: file, program: "amtool", arguments: ["check-config", file] }];
    },
    alloy: () => [...alloy(`${config}/config.alloy`), ...additions.flatMap(alloyTogether)],
    "alloy-events": () => alloy(`${config}/config.alloy`),
    "kafka-exporter": () => alloy(`${config}/config.alloy`),
    "alloy-gateway": () => alloy(`${config}/config.alloy`),
    loki: () => [...eachProcess(base, "-verify-config"), ...addressed(base, "-verify-config", "-print-config-stderr")],
    // It lists its targets, whatever it is asked to run.
    mimir: () => [
      ...eachProcess(base, "-modules=true", (role) => new RegExp(`^${role.name}( |$)`, "m")),
      ...addressed(base, "-print.config"),
    ],
    generators: () => {
      const file = `${config}/generators-traces/shop.js`;
      return [{ config: file, program: "k6", arguments: ["inspect", file] }];
    },
    promtail: () => {
      const file = `${config}/promtail.yaml`;
      return [{ config: file, program: "promtail", arguments: [...expanded(file), "-check-syntax"] }];
    },
    prometheus: () => [
      prometheusCheck(base),
      ...additions
        .filter(({ configPatches }) => configPatches.some(({ name }) => name.startsWith("prometheus")))
        .map((added) => prometheusCheck(base, added)),
    ],
    tempo: () => eachProcess(base, "-config.verify=true"),
    thanos: () => {
      const file = `${config}/thanos-rules/prometheus.yaml`;
      return [{ config: file, program: "thanos", arguments: ["tools", "rules-check", `--rules=${file}`] }];
    },
  };
  return table[base.component.name]?.() ?? [];
};

const cases = await allCases();
const tried = trials(cases.alerts, rules).found;

/** Every file of rules that Prometheus's language is for, and what test/alerts says of its alerts. */
const ruleChecks: readonly Check[] = [
  ...ruleFiles
    .filter(({ evaluator }) => evaluator !== "loki")
    .map(({ path }) => ({ config: path, program: "promtool", arguments: ["check", "rules", "--lint=all", path] })),
  ...[...cases.alerts.keys()].map((owner) => {
    const folder = join(scratch, `alerts-${owner}`);
    mkdirSync(folder);
    const own = tried.filter((one) => one.owner === owner);
    const recordings = cases.recordings.get(owner) ?? [];
    const path = (name: string, i: number): string => join(folder, `${i}-${name.replaceAll(":", "_")}`);
    const written = [
      ...own.map(
        (trial, i) => [path(trial.alert, i), promtoolFiles(trial, `${path(trial.alert, i)}.rules.yaml`)] as const,
      ),
      ...recordings.map(
        (one, i) =>
          [path(one.record, i), recordingFiles(owner, one, rules, `${path(one.record, i)}.rules.yaml`)] as const,
      ),
    ];
    const tests = written.flatMap(([at, files]) => {
      if (!files) return [];
      writeFileSync(`${at}.rules.yaml`, files.rules);
      writeFileSync(`${at}.yaml`, files.test);
      return [`${at}.yaml`];
    });
    const alerts = new Set(own.map(({ alert }) => alert)).size;
    const config = `test/alerts/${owner}.ts: ${alerts} alerts, ${own.length} cases, ${recordings.length} recordings`;
    return { config, program: "promtool", arguments: ["test", "rules", ...tests] };
  }),
];

/** The examples of receivers that the docs show, each as a configuration of its own. */
const receiverChecks: readonly Check[] = [
  ...readFileSync(join(root, "docs/alerts.md"), "utf8").matchAll(
    /<!-- alertmanager: (\S+) -->\n```yaml\n([\s\S]*?)```/g,
  ),
].map(([, name = "", shown = ""]) => {
  const file = join(scratch, `alertmanager-${name}.yml`);
  writeFileSync(file, name === "whole" ? shown : `route:\n  receiver: ${name}\nreceivers:\n${shown}`);
  return { config: `docs/alerts.md: ${name}`, program: "amtool", arguments: ["check-config", file] };
});

/** Flux's own build of each environment, from the Kustomization beside it. */
const fluxChecks: readonly Check[] = readdirSync(join(root, "overlays")).map((name) => {
  const config = `overlays/${name}/flux/kube-lgtm-${name}-kustomization.yaml`;
  const options = [`--path=overlays/${name}`, `--kustomization-file=${config}`, "--dry-run"];
  return { config, program: "flux", arguments: ["build", "kustomization", `kube-lgtm-${name}`, ...options] };
});

const version = (program: string): string => {
  const { stdout, stderr } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+\.\d+[\w.-]*|version ([0-9a-f]{12})/i.exec(`${stdout}${stderr}`)?.[0] ?? "unknown";
};

/** What only a program that runs knows. */
async function* rowsOf(chosen: string): AsyncGenerator<Row> {
  if (["amtool", "alertmanager"].some((program) => program.includes(chosen))) yield* alertRows();
  if ("kube-apiserver".includes(chosen)) yield* apiServerRows();
}

let failed = 0;
const all = [
  ...bases.flatMap((base) => [
    ...checksOf(base).map((check) => ({ check, variables: environmentOf(base) })),
    ...withStores(base).flatMap(([store, other]) =>
      checksOf(base)
        .slice(0, 1)
        .map(({ config, ...check }) => ({
          check: { ...check, config: `${config}, ${store}` },
          variables: environmentOf(other),
        })),
    ),
    ...base.configs
      .filter(({ files = {} }) => "nginx.conf" in files)
      .map((config) => ({ check: nginxCheck(base, config), variables: {} })),
  ]),
  ...[...receiverChecks, ...ruleChecks, ...fluxChecks].map((check) => ({ check, variables: {} })),
];
const [, , chosen = ""] = process.argv;
for (const { check, variables } of all.filter((one) => one.check.program.includes(chosen))) {
  const env = { ...process.env, ...variables };
  const run = spawnSync(check.program, check.arguments, { cwd: root, encoding: "utf8", env });
  const printed =
    (check.prints ?? []).every((one) => one.test(run.stdout)) && !check.never?.test(`${run.stdout}${run.stderr}`);
  const result = run.error ? "not there" : run.status === 0 && printed ? "ok" : "failed";
  const by = run.error ? check.program : `${check.program} ${version(check.program)}`;
  console.log(`${result.padEnd(10)}${by.padEnd(28)}${check.config}`);
  if (result !== "failed") continue;
  failed += 1;
  console.error(`${run.stdout}${run.stderr}`.trim());
}
/** The log agents over the files of a node, of all runtimes: what no check of a configuration can tell. */
for (const { program, reads, file } of [
  { program: "alloy", reads: alloyReads, file: "config.alloy" },
  { program: "promtail", reads: promtailReads, file: "promtail.yaml" },
].filter(({ program }) => program.includes(chosen))) {
  const folder = join(scratch, `node-${program}`);
  mkdirSync(folder);
  const { there, missing, surplus, output } = await reads(folder, configOf(program, file));
  const wrong = [...missing.map((one) => ["not read", one]), ...surplus.map((one) => ["read instead", one])];
  const result = !there ? "not there" : wrong.length === 0 ? "ok" : "failed";
  console.log(`${result.padEnd(10)}${program.padEnd(28)}the log files of a node, by ${file}`);
  if (result !== "failed") continue;
  failed += 1;
  console.error([...wrong.map((one) => JSON.stringify(one)), output].join("\n"));
}
for await (const { result, program, what, faults } of rowsOf(chosen)) {
  console.log(`${result.padEnd(10)}${program.padEnd(28)}${what}`);
  if (result === "failed") failed += 1;
  for (const fault of faults) console.error(fault);
}
rmSync(scratch, { recursive: true });
process.exitCode = failed > 0 ? 1 : 0;
