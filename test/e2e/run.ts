import { alertChecks, endSilence, silence } from "./checks/alerts.ts";
import { correlationChecks } from "./checks/correlations.ts";
import { durabilityChecks } from "./checks/durability.ts";
import { generatorChecks } from "./checks/generators.ts";
import { logChecks } from "./checks/logs.ts";
import { metricChecks } from "./checks/metrics.ts";
import { outageChecks } from "./checks/outages.ts";
import { pageChecks } from "./checks/pages.ts";
import { policyChecks } from "./checks/policies.ts";
import { receiverChecks } from "./checks/receivers.ts";
import { pushChecks } from "./checks/pushes.ts";
import { traceChecks } from "./checks/traces.ts";
import { type Check, type Context, once } from "./context.ts";
import { readDataSources } from "./datasources.ts";
import { clusterOf, dataSourcesNameTheDoors, installed, mustExist, whereTo } from "./environment.ts";
import { type Command, type Given, main } from "../../src/core/util/command-line.ts";
import { coloured } from "./table.ts";
import { cleanUp, create, probe, sender } from "./fixtures.ts";
import { stackReady } from "./ready.ts";
import { newRun, sends } from "./send.ts";
import { message, table } from "./table.ts";

type Verdict = "ok" | "failed" | "skipped";

interface Row {
  readonly check: string;
  readonly result: Verdict;
  readonly seconds: number;
  readonly detail: string;
}

const command: Command = {
  name: "e2e",
  operands: ["ENV"],
  help: "test an applied environment in the cluster that kubectl points at",
  more: `Sends logs, metrics and traces into the stack of overlays/ENV, reads them back through the addresses of Grafana's data sources, and
restarts every StatefulSet to see that nothing is lost. $KUBECTL is the command to use in the place of kubectl.`,
  make: "make e2e ENV=dev",
  options: {
    only: { takes: "TEXT", help: "only the checks with TEXT in their name, after what they need (set-up and sending)" },
    "allow-down": {
      takes: "JOB",
      repeats: true,
      help: "targets of this scrape job need not be up: the component is a stand-in",
    },
    outages: { help: "also take Prometheus away for a while, and let it make small blocks (ten minutes more)" },
    keep: { help: "leave its namespace, that of the stack with -e2e, and the pod kube-lgtm-e2e-grafana behind" },
    json: { help: "print the table as JSON" },
    namespace: { takes: "NAME", help: "of the stack, if it is not the overlay's own" },
    "agents-namespace": { takes: "NAME", help: "of the host agents, if it is not the overlay's own" },
  },
  run,
};

async function run(given: Given): Promise<number> {
  const [environment = ""] = given.operands;
  const only = given.value("only") ?? "";
  const isJson = given.has("json");
  mustExist(environment);

  const cluster = clusterOf(environment, { stack: given.value("namespace"), agents: given.value("agents-namespace") });
  const context: Context = {
    cluster,
    run: newRun(),
    probe: probe(cluster),
    sender: sender(cluster),
    allowDown: given.values("allow-down"),
    dataSources: once(() => readDataSources(cluster)),
  };

  const rows: Row[] = [];
  const say = isJson ? console.error : console.log;
  say(await whereTo(cluster, environment));

  /** Runs a check, prints its line and keeps its row. */
  const perform = async ({ name, run }: Check, place = ""): Promise<Verdict> => {
    if (process.stderr.isTTY) process.stderr.write(`${place}${name} …\r`);
    const start = Date.now();
    const [result, detail] = await run(context).then(
      (outcome): readonly [Verdict, string] =>
        typeof outcome === "string" ? ["ok", outcome] : ["skipped", outcome.skipped],
      (error: unknown): readonly [Verdict, string] => ["failed", message(error)],
    );
    const row: Row = { check: name, result, seconds: Math.round((Date.now() - start) / 100) / 10, detail };
    rows.push(row);
    say(`${place}${coloured(result.padEnd(7))} ${name} (${row.seconds} s): ${detail}`);
    return result;
  };

  const resultTable = (): string =>
    table([
      ["check", "result", "seconds", "detail"],
      ...rows.map((row) => [row.check, row.result, row.seconds.toFixed(1), row.detail]),
    ]);

  const tidy = async (): Promise<void> => {
    if (given.has("keep")) return;
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
    const [here, ...others] = setUp;
    if (here && (await perform(here)) === "failed") return;
    // Before anything is sent: a misspelt name is not to cost the minutes that sending takes.
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
      pageChecks,
      given.has("outages") ? outageChecks : [],
    ].flat();
    const isChosen = ({ name }: Check): boolean => name.includes(only);
    if (!checks.some(isChosen) && !(await durabilityChecks(context)).some(isChosen))
      throw new Error(
        `no check has "${only}" in its name. There are:\n  ${checks.map(({ name }) => name).join("\n  ")}`,
      );
    for (const check of others) if ((await perform(check)) === "failed") return;
    for (const check of [...sends, silence]) await perform(check);
    const chosen = [...checks, ...(await durabilityChecks(context))].filter(isChosen);
    for (const [i, check] of chosen.entries()) await perform(check, `[${i + 1}/${chosen.length}] `);
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
  console.log(isJson ? JSON.stringify(rows, null, 2) : `\n${resultTable()}`);
  const of = (result: Verdict): number => rows.filter((row) => row.result === result).length;
  say(`${rows.length} checks: ${of("ok")} ok, ${of("skipped")} skipped, ${of("failed")} failed`);
  return of("failed") > 0 ? 1 : 0;
}

process.exitCode = await main([command]);
