import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { alertChecks, endSilence, silence } from "./checks/alerts.ts";
import { correlationChecks } from "./checks/correlations.ts";
import { durabilityChecks } from "./checks/durability.ts";
import { generatorChecks } from "./checks/generators.ts";
import { logChecks } from "./checks/logs.ts";
import { metricChecks } from "./checks/metrics.ts";
import { outageChecks } from "./checks/outages.ts";
import { policyChecks } from "./checks/policies.ts";
import { traceChecks } from "./checks/traces.ts";
import { type Check, type Context, once } from "./context.ts";
import { readDataSources } from "./datasources.ts";
import { cleanUp, create, probe, sender } from "./fixtures.ts";
import { type Cluster, list } from "./kubectl.ts";
import { stackReady } from "./ready.ts";
import { newRun, sends } from "./send.ts";

const usage = `usage: node --import tsx test/e2e/run.ts ENVIRONMENT [options]
Sends logs, metrics and traces into the stack of overlays/ENVIRONMENT on the cluster that kubectl points at, reads them
back through the addresses of Grafana's data sources, and restarts every StatefulSet to see that nothing is lost.

  --only TEXT              only the checks with TEXT in their name, after what they need (set-up and sending)
  --allow-down JOB         targets of this scrape job need not be up: the component is a stand-in (may be repeated)
  --outages                also take Prometheus away for a while, and let it make small blocks (ten minutes more)
  --keep                   leave the namespace kube-lgtm-e2e and the pod kube-lgtm-e2e-grafana behind
  --json                   print the table as JSON
  --namespace NAME         of the stack, if it is not the overlay's own
  --agents-namespace NAME  of the host agents, if it is not the overlay's own
  --help                   this text

$KUBECTL is the command to use in the place of kubectl. Exit code 0: all held; 1: a check failed; 2: wrong usage.`;

type Verdict = "ok" | "failed" | "skipped";

interface Row {
  readonly check: string;
  readonly result: Verdict;
  readonly seconds: number;
  readonly detail: string;
}

const options = {
  only: { type: "string", default: "" },
  "allow-down": { type: "string", multiple: true },
  keep: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  outages: { type: "boolean", default: false },
  namespace: { type: "string" },
  "agents-namespace": { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const wrongUsage = (text: string): never => {
  console.error(`${text}\n${usage}`);
  process.exit(2);
};

const readArguments = () => {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return wrongUsage(message(error));
  }
};

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [environment = wrongUsage("no ENVIRONMENT given."), ...surplus] = positionals;
if (surplus.length > 0) wrongUsage(`one ENVIRONMENT expected, found also ${surplus.join(" ")}.`);
if (!existsSync(new URL(`../../overlays/${environment}/kustomization.yaml`, import.meta.url))) {
  wrongUsage(`overlays/${environment} does not exist.`);
}

/** The namespace that a part of the overlay puts its objects into. */
const namespaceOf = (part: "agents" | "stack"): string => {
  const file = new URL(`../../overlays/${environment}/${part}/kustomization.yaml`, import.meta.url);
  return (parse(readFileSync(file, "utf8")) as { readonly namespace: string }).namespace;
};

const cluster: Cluster = {
  command: (process.env["KUBECTL"] ?? "kubectl").split(" ").filter((word) => word !== ""),
  stack: values.namespace ?? namespaceOf("stack"),
  agents: values["agents-namespace"] ?? namespaceOf("agents"),
  users: "kube-lgtm-e2e",
};
const context: Context = {
  cluster,
  run: newRun(),
  probe: probe(cluster),
  sender: sender(cluster),
  allowDown: values["allow-down"] ?? [],
  dataSources: once(() => readDataSources(cluster)),
};

const rows: Row[] = [];
const say = values.json ? console.error : console.log;

/** Runs a check, prints its line and keeps its row. */
const perform = async ({ name, run }: Check): Promise<Verdict> => {
  const start = Date.now();
  const [result, detail] = await run(context).then(
    (outcome): readonly [Verdict, string] =>
      typeof outcome === "string" ? ["ok", outcome] : ["skipped", outcome.skipped],
    (error: unknown): readonly [Verdict, string] => ["failed", message(error)],
  );
  const row: Row = { check: name, result, seconds: Math.round((Date.now() - start) / 100) / 10, detail };
  rows.push(row);
  say(`${result.padEnd(7)} ${name} (${row.seconds} s): ${detail}`);
  return result;
};

const table = (): string => {
  const cells = [
    ["check", "result", "seconds", "detail"] as const,
    ...rows.map((row) => [row.check, row.result, row.seconds.toFixed(1), row.detail] as const),
  ];
  const width = (column: 0 | 1 | 2): number => Math.max(...cells.map((row) => row[column].length));
  const widths = [width(0), width(1), width(2)] as const;
  return cells
    .map(([check, result, time, detail]) =>
      [check.padEnd(widths[0]), result.padEnd(widths[1]), time.padStart(widths[2]), detail].join(" | "),
    )
    .join("\n");
};

/** The addresses that clients and data sources use, whatever mode is behind them. */
const doors: Readonly<Record<string, string>> = {
  loki: "loki-gateway:3100",
  tempo: "tempo:3200",
  metrics: environment.endsWith("-mimir") ? "mimir-gateway:8080" : "thanos-query-frontend:10902",
};

const dataSourcesNameTheDoors: Check = {
  name: `data sources name the front doors of ${environment}`,
  async run({ dataSources }) {
    const sources = await dataSources();
    const wrong = Object.entries(doors).flatMap(([uid, door]) => {
      const url = sources.get(uid)?.url;
      return url && new URL(url).host === door ? [] : [`${uid} is ${url ?? "missing"}, expected http://${door}`];
    });
    if (wrong.length > 0) throw new Error(`${wrong.join("; ")}. Is overlays/${environment} what was applied?`);
    return [...sources.values()].map(({ uid, url }) => `${uid} ${url}`).join(", ");
  },
};

const tidy = async (): Promise<void> => {
  if (values.keep) return;
  await endSilence(context).catch(() => undefined); // it ends by itself within the hour
  await cleanUp(cluster).catch((error: unknown) => say(`could not clean up: ${message(error)}`));
};

/** At once, before anything is waited for: a cluster that answers and holds the stack. */
const installed: Check = {
  name: `namespace ${cluster.stack} holds a stack`,
  async run() {
    const { length } = await list(cluster, cluster.stack, "deployments,statefulsets");
    if (length === 0) throw new Error(`nothing is in it. First: kubectl apply -k overlays/${environment}`);
    return `${length} Deployments and StatefulSets`;
  },
};

const setUp: readonly Check[] = [
  installed,
  { name: "every workload of the stack is ready", run: () => stackReady(cluster, say) },
  dataSourcesNameTheDoors,
  { name: "a user's pods and the one that stands for Grafana run", run: ({ run }) => create(cluster, run) },
];

/** Without the set-up nothing else can be judged; without one of the pushes the rest can. */
const performAll = async (): Promise<void> => {
  for (const check of setUp) if ((await perform(check)) === "failed") return;
  for (const check of [...sends, silence]) await perform(check);
  const checks = [
    logChecks,
    metricChecks,
    traceChecks,
    generatorChecks,
    correlationChecks,
    alertChecks,
    policyChecks,
    values.outages ? outageChecks : [],
  ].flat();
  const all = [...checks, ...(await durabilityChecks(context))];
  const chosen = all.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) throw new Error(`no check has "${values.only}" in its name`);
  for (const check of chosen) await perform(check);
};

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void tidy().finally(() => process.exit(1)));
}
try {
  await performAll();
} catch (error) {
  rows.push({ check: "the run itself", result: "failed", seconds: 0, detail: message(error) });
} finally {
  await tidy();
}
console.log(values.json ? JSON.stringify(rows, null, 2) : `\n${table()}`);
process.exitCode = rows.some(({ result }) => result === "failed") ? 1 : 0;
