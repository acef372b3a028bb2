import { parseArgs } from "node:util";
import { alertChecks, endSilence, silence } from "./checks/alerts.ts";
import { correlationChecks } from "./checks/correlations.ts";
import { durabilityChecks } from "./checks/durability.ts";
import { generatorChecks } from "./checks/generators.ts";
import { logChecks } from "./checks/logs.ts";
import { metricChecks } from "./checks/metrics.ts";
import { outageChecks } from "./checks/outages.ts";
import { policyChecks } from "./checks/policies.ts";
import { receiverChecks } from "./checks/receivers.ts";
import { pushChecks } from "./checks/pushes.ts";
import { traceChecks } from "./checks/traces.ts";
import { type Check, type Context, once } from "./context.ts";
import { readDataSources } from "./datasources.ts";
import { clusterOf, dataSourcesNameTheDoors, exists, installed } from "./environment.ts";
import { cleanUp, create, probe, sender } from "./fixtures.ts";
import { stackReady } from "./ready.ts";
import { newRun, sends } from "./send.ts";
import { message, table } from "./table.ts";

const usage = `usage: node --import tsx test/e2e/run.ts ENVIRONMENT [options]
Sends logs, metrics and traces into the stack of overlays/ENVIRONMENT on the cluster that kubectl points at, reads them
back through the addresses of Grafana's data sources, and restarts every StatefulSet to see that nothing is lost.

  --only TEXT              only the checks with TEXT in their name, after what they need (set-up and sending)
  --allow-down JOB         targets of this scrape job need not be up: the component is a stand-in (may be repeated)
  --outages                also take Prometheus away for a while, and let it make small blocks (ten minutes more)
  --keep                   leave its namespace, that of the stack with -e2e, and the pod kube-lgtm-e2e-grafana behind
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
if (!exists(environment)) wrongUsage(`overlays/${environment} does not exist.`);

const cluster = clusterOf(environment, { stack: values.namespace, agents: values["agents-namespace"] });
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

const resultTable = (): string =>
  table([
    ["check", "result", "seconds", "detail"],
    ...rows.map((row) => [row.check, row.result, row.seconds.toFixed(1), row.detail]),
  ]);

const tidy = async (): Promise<void> => {
  if (values.keep) return;
  await endSilence(context).catch(() => undefined); // it ends by itself within the hour
  await cleanUp(cluster).catch((error: unknown) => say(`could not clean up: ${message(error)}`));
};

const setUp: readonly Check[] = [
  installed(environment),
  { name: "every workload of the stack is ready", run: () => stackReady(cluster, say) },
  dataSourcesNameTheDoors(environment),
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
    pushChecks,
    generatorChecks,
    correlationChecks,
    alertChecks,
    receiverChecks,
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
console.log(values.json ? JSON.stringify(rows, null, 2) : `\n${resultTable()}`);
process.exitCode = rows.some(({ result }) => result === "failed") ? 1 : 0;
