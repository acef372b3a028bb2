import { createInterface } from "node:readline/promises";
import { type Command, type Given, main, WrongUsage } from "../../../src/core/util/command-line.ts";
import { type Context, now, once, sleep } from "../context.ts";
import { readDataSources } from "../datasources.ts";
import { clusterOf, dataSourcesNameTheDoors, installed, mustExist, whereTo } from "../environment.ts";
import { cleanUp, probe, sender } from "../fixtures.ts";
import { stackReady } from "../ready.ts";
import { newRun } from "../send.ts";
import { message, table } from "../table.ts";
import { counter, type Stream } from "./load.ts";
import { scaleOwners } from "./owners.ts";
import { inParallel } from "./parallel.ts";
import { linesWritten, written } from "./pods.ts";
import { cells as rowCells, examples, heading as rowHeading, perform, type Row } from "./row.ts";
import { begin, caughtUp, flowing } from "./session.ts";
import { calm, type Fault, kill, type Kill, lokiOutage, restarts, storeOutage, workloads } from "./steps.ts";
import { sidesOf, switchMode } from "./switch.ts";
import {
  cells as totalCells,
  heading as totalHeading,
  type Total,
  totalOf,
  totalOfLines,
  totalOfScrapes,
} from "./totals.ts";

const command: Command = {
  name: "faults",
  operands: ["ENV"],
  help: "kill pods, restart components and cut off the store of an applied environment, under load",
  more: `Pushes numbered logs, traces and samples into the stack of overlays/ENV on the cluster that kubectl points at, and reads them through the
front doors, without a pause, while pods of it are killed, components restarted and its store is cut off, one after the other. At the end
reads back every number that was acknowledged. Takes an hour and more; asks before it begins, or takes --yes (YES=1).
$KUBECTL is the command to use in the place of kubectl. Exit code 1: something acknowledged is missing, or a read failed that should not have.`,
  make: "make faults ENV=staging",
  options: {
    yes: { help: "do not ask whether this is the right cluster (or YES=1)" },
    kill: {
      takes: "plain|hard|both",
      help: "how a pod of each workload is deleted: with time to end (plain), without, or one after the other",
    },
    "store-outage": { takes: "SECONDS", help: "how long the object store is away (300)" },
    "loki-outage": {
      takes: "SECONDS",
      help: "how long all of Loki is away (600: by themselves log agents give up after some eight minutes)",
    },
    store: { takes: "NAMESPACE/NAME", help: "its Deployment or StatefulSet, if it is not minio of the stack" },
    switch: {
      takes: "COMPONENT=MODE",
      help: "in the place of faults: put the component's other mode beside it, move its front door, take the first away",
    },
    "scale-owners": { help: "before all of that scale what owns partitions up by one, and afterwards down again" },
    "owner-keep": {
      takes: "SECONDS",
      help: "how long the additional owners stay at least when they have been told to go; no shorter than partitionForgottenAfter (1260)",
    },
    "owner-forget": { takes: "SECONDS", help: "how long is waited for the ring to forget them (900)" },
    only: { takes: "TEXT", repeats: true, help: "only the faults with TEXT in their name" },
    calm: { takes: "SECONDS", help: "how long nothing happens at first, to compare reads with (60)" },
    parallel: { help: "faults of logs, traces and metrics at the same time, one of each: a third of the time" },
    pause: { takes: "SECONDS", help: "how long every read must be good between two faults, counted to the first (15)" },
    settle: { takes: "SECONDS", help: "between the last and reading back (60)" },
    "read-every": { takes: "SECONDS", help: "how often each stream is read (1)" },
    list: { help: "print the names of the faults and do nothing" },
    keep: { help: "leave its namespace, that of the stack with -e2e, and the pods kube-lgtm-faults-* behind" },
    json: { help: "print the tables as JSON" },
    namespace: { takes: "NAME", help: "of the stack, if it is not the overlay's own" },
    "agents-namespace": { takes: "NAME", help: "of the host agents, if it is not the overlay's own" },
  },
  run,
};

/** Whether somebody at a terminal names the environment once more, or has said so before. */
async function isMeant(given: Given, environment: string): Promise<boolean> {
  if (given.has("yes") || process.env["YES"] === "1") return true;
  if (!process.stdin.isTTY)
    throw new WrongUsage("This deletes pods and cuts off the store, and nobody is here to ask: say --yes, or YES=1.");
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask.question(`This deletes pods there and cuts off the store. Type ${environment} to go on: `);
  ask.close();
  return answer.trim() === environment;
}

async function run(given: Given): Promise<number> {
  const [environment = ""] = given.operands;
  const isJson = given.has("json");
  mustExist(environment);

  const seconds = (option: string, otherwise: number): number => {
    const said = given.value(option) ?? String(otherwise);
    if (!/^\d+$/.test(said)) throw new WrongUsage(`--${option} is "${said}", expected seconds.`);
    return Number(said);
  };
  const timing = {
    storeOutage: seconds("store-outage", 300),
    lokiOutage: seconds("loki-outage", 600),
    ownerKeep: seconds("owner-keep", 1260),
    ownerForget: seconds("owner-forget", 900),
    calm: seconds("calm", 60),
    pause: seconds("pause", 15),
    settle: seconds("settle", 60),
    readEvery: seconds("read-every", 1),
  };
  const kills: Readonly<Record<string, readonly Kill[]>> = {
    plain: ["plain"],
    hard: ["hard"],
    both: ["plain", "hard"],
  };
  const how = given.value("kill") ?? "plain";
  const chosenKills = kills[how];
  if (!chosenKills) throw new WrongUsage(`--kill is "${how}", expected plain, hard or both.`);

  const cluster = clusterOf(environment, { stack: given.value("namespace"), agents: given.value("agents-namespace") });
  const [storeNamespace = "", storeName = "", ...more] = (given.value("store") ?? `${cluster.stack}/minio`).split("/");
  if (!storeName || more.length > 0)
    throw new WrongUsage(`--store is "${given.value("store")}", expected NAMESPACE/NAME.`);

  const context: Context = {
    cluster,
    run: newRun(),
    probe: probe(cluster),
    sender: sender(cluster),
    allowDown: [],
    dataSources: once(() => readDataSources(cluster)),
  };
  const say = isJson ? console.error : console.log;
  say(await whereTo(cluster, environment));
  if (!given.has("list") && !(await isMeant(given, environment))) return (console.error("Nothing was done."), 1);

  const faults = async (): Promise<readonly Fault[]> => {
    const other = given.value("switch");
    if (other !== undefined) {
      const [component = "", mode = ""] = other.split("=");
      return switchMode(cluster, await sidesOf(environment, component, mode));
    }
    const all = await workloads(cluster);
    const store = { namespace: storeNamespace, name: storeName, outageSeconds: timing.storeOutage };
    const delays = { keepSeconds: timing.ownerKeep, forgetSeconds: timing.ownerForget };
    const every = [
      ...all.flatMap((one) => chosenKills.map((how) => kill(cluster, all, one, how))),
      ...restarts(cluster, all),
      await storeOutage(cluster, store),
      lokiOutage(cluster, all, timing.lokiOutage),
    ];
    const owners = given.has("scale-owners") ? await scaleOwners(cluster, all, delays) : { first: [], last: [] };
    const wanted = given.has("only") ? given.values("only") : [""];
    const among = (faults: readonly Fault[]): readonly Fault[] =>
      faults.filter(({ name }) => wanted.some((part) => name.includes(part)));
    const others = among(every);
    const chosen = [
      ...among(owners.first),
      ...(given.has("parallel") ? inParallel(others) : others),
      ...among(owners.last),
    ];
    if (chosen.length === 0) throw new Error(`no fault has "${wanted.join('" or "')}" in its name`);
    return chosen;
  };

  const rows: Row[] = [];
  const totals: Total[] = [];
  const errors: string[] = [];
  let read: readonly Stream[] = [];
  let current: Fault | undefined;

  const tidy = async (): Promise<void> => {
    await current?.undo?.();
    if (given.has("keep")) return;
    await cleanUp(cluster).catch((error: unknown) => say(`could not clean up: ${message(error)}`));
  };

  const performAll = async (): Promise<void> => {
    say(`${await installed(environment).run(context)}; ${await stackReady(cluster, say)} ready`);
    await dataSourcesNameTheDoors(environment).run(context);
    const chosen = await faults();
    if (given.has("list")) return say(chosen.map(({ name }) => name).join("\n"));
    const session = await begin(context, timing.readEvery);
    read = session.read;
    await flowing(session);
    say(rowHeading(read).join(" | "));
    for (const [i, fault] of [calm(timing.calm), ...chosen].entries()) {
      current = fault;
      console.error(`[${i}/${chosen.length}] ${fault.name} …`);
      const row = await perform(session, fault, timing.pause);
      current = undefined;
      rows.push(row);
      say(rowCells(row).join(" | "));
      for (const example of examples(row)) say(`    ${example}`);
    }
    await caughtUp(session).catch((error: unknown) => errors.push(message(error)));
    const lines = await linesWritten(cluster);
    await session.end();
    await session.update();
    await sleep(timing.settle);
    const account = async (name: string, total: Promise<Total>): Promise<void> => {
      await total.then(
        (one) => totals.push(one),
        (error: unknown) => errors.push(`${name} could not be read back: ${message(error)}`),
      );
    };
    for (const stream of session.load.streams) await account(stream.name, totalOf(context, session, stream));
    await account(written.stream, totalOfLines(context, session, lines, now()));
    await account(counter.metric, totalOfScrapes(context, session, now()));
  };

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void tidy().finally(() => process.exit(1)));
  }
  try {
    await performAll();
  } catch (error) {
    errors.push(message(error));
  } finally {
    if (!given.has("list")) await tidy();
  }

  const tables = (): string =>
    [table([rowHeading(read), ...rows.map(rowCells)]), table([totalHeading, ...totals.map(totalCells)])].join("\n\n");
  if (!given.has("list")) console.log(isJson ? JSON.stringify({ rows, totals, errors }, null, 2) : `\n${tables()}`);
  for (const error of errors) console.error(error);
  const failed = [...rows, ...totals].some(({ verdict }) => verdict === "failed");
  return failed || errors.length > 0 ? 1 : 0;
}

process.exitCode = await main([command]);
