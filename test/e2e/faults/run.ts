import { parseArgs } from "node:util";
import { type Context, now, once, sleep } from "../context.ts";
import { readDataSources } from "../datasources.ts";
import { clusterOf, dataSourcesNameTheDoors, exists, installed } from "../environment.ts";
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

const usage = `usage: node --import tsx test/e2e/faults/run.ts ENVIRONMENT [options]
Pushes numbered logs, traces and samples into the stack of overlays/ENVIRONMENT on the cluster that kubectl points at,
and reads them through the front doors, without a pause, while pods of it are killed, components restarted and its store
is cut off, one after the other. At the end reads back every number that was acknowledged.

  --kill plain|hard|both   how a pod of each workload is deleted: with time to end (default), without, or one after the other
  --store-outage SECONDS   how long the object store is away (300)
  --loki-outage SECONDS    how long all of Loki is away (600: by themselves log agents give up after some eight minutes)
  --store NAMESPACE/NAME   its Deployment or StatefulSet, if it is not minio of the stack
  --switch COMPONENT=MODE  in the place of faults: put the component's other mode beside it, move its front door, take the first away
  --scale-owners           before all of that scale what owns partitions up by one, and afterwards down again
  --owner-keep SECONDS     how long the additional owners stay at least when they have been told to go; no shorter than the settings
                           partitionForgottenAfter of Tempo and Mimir say (1260)
  --owner-forget SECONDS   how long is waited for the ring to forget them (900)
  --only TEXT              only the faults with TEXT in their name (may be repeated)
  --calm SECONDS           how long nothing happens at first, and what is read then is to be compared with (60)
  --parallel               faults of logs, traces and metrics at the same time, one of each: a third of the time
  --pause SECONDS          how long every read must be good between two faults, counted to the first (15)
  --settle SECONDS         between the last and reading back (60)
  --read-every SECONDS     how often each stream is read (1); less often where reading alone takes all of the CPU there is
  --list                   print the names of the faults and do nothing
  --keep                   leave its namespace, that of the stack with -e2e, and the pods kube-lgtm-faults-* behind
  --json                   print the tables as JSON
  --namespace NAME         of the stack, if it is not the overlay's own
  --agents-namespace NAME  of the host agents, if it is not the overlay's own
  --help                   this text

$KUBECTL is the command to use in the place of kubectl. Exit code 0: all held; 1: something acknowledged is missing, or a
read failed that should not have; 2: wrong usage.`;

const text = { type: "string" } as const;
const or = <T extends string>(value: T) => ({ type: "string", default: value }) as const;
const flag = { type: "boolean", default: false } as const;

const options = {
  kill: or("plain"),
  "store-outage": or("300"),
  "loki-outage": or("600"),
  store: text,
  switch: text,
  "scale-owners": flag,
  parallel: flag,
  "owner-keep": or("1260"),
  "owner-forget": or("900"),
  only: { type: "string", multiple: true },
  calm: or("60"),
  pause: or("15"),
  settle: or("60"),
  "read-every": or("1"),
  list: flag,
  keep: flag,
  json: flag,
  namespace: text,
  "agents-namespace": text,
  help: flag,
} as const;

const wrongUsage = (reason: string): never => {
  console.error(`${reason}\n${usage}`);
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

const seconds = (
  option: "store-outage" | "loki-outage" | "owner-keep" | "owner-forget" | "calm" | "pause" | "settle" | "read-every",
): number =>
  /^\d+$/.test(values[option])
    ? Number(values[option])
    : wrongUsage(`--${option} is "${values[option]}", expected seconds.`);
const timing = {
  storeOutage: seconds("store-outage"),
  lokiOutage: seconds("loki-outage"),
  ownerKeep: seconds("owner-keep"),
  ownerForget: seconds("owner-forget"),
  calm: seconds("calm"),
  pause: seconds("pause"),
  settle: seconds("settle"),
  readEvery: seconds("read-every"),
};
const kills: Readonly<Record<string, readonly Kill[]>> = { plain: ["plain"], hard: ["hard"], both: ["plain", "hard"] };
const chosenKills = kills[values.kill] ?? wrongUsage(`--kill is "${values.kill}", expected plain, hard or both.`);

const cluster = clusterOf(environment, { stack: values.namespace, agents: values["agents-namespace"] });
const [storeNamespace = "", storeName = "", ...more] = (values.store ?? `${cluster.stack}/minio`).split("/");
if (!storeName || more.length > 0) wrongUsage(`--store is "${values.store}", expected NAMESPACE/NAME.`);

const context: Context = {
  cluster,
  run: newRun(),
  probe: probe(cluster),
  sender: sender(cluster),
  allowDown: [],
  dataSources: once(() => readDataSources(cluster)),
};
const say = values.json ? console.error : console.log;

const faults = async (): Promise<readonly Fault[]> => {
  if (values.switch) {
    const [component = "", mode = ""] = values.switch.split("=");
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
  const owners = values["scale-owners"] ? await scaleOwners(cluster, all, delays) : { first: [], last: [] };
  const wanted = values.only ?? [""];
  const among = (faults: readonly Fault[]): readonly Fault[] =>
    faults.filter(({ name }) => wanted.some((part) => name.includes(part)));
  const others = among(every);
  const chosen = [...among(owners.first), ...(values.parallel ? inParallel(others) : others), ...among(owners.last)];
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
  if (values.keep) return;
  await cleanUp(cluster).catch((error: unknown) => say(`could not clean up: ${message(error)}`));
};

const performAll = async (): Promise<void> => {
  say(`${await installed(environment).run(context)}; ${await stackReady(cluster, say)} ready`);
  await dataSourcesNameTheDoors(environment).run(context);
  const chosen = await faults();
  if (values.list) return say(chosen.map(({ name }) => name).join("\n"));
  const session = await begin(context, timing.readEvery);
  read = session.read;
  await flowing(session);
  for (const fault of [calm(timing.calm), ...chosen]) {
    current = fault;
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
  if (!values.list) await tidy();
}

const tables = (): string =>
  [table([rowHeading(read), ...rows.map(rowCells)]), table([totalHeading, ...totals.map(totalCells)])].join("\n\n");
if (!values.list) console.log(values.json ? JSON.stringify({ rows, totals, errors }, null, 2) : `\n${tables()}`);
for (const error of errors) console.error(error);
const failed = [...rows, ...totals].some(({ verdict }) => verdict === "failed");
process.exitCode = failed || errors.length > 0 ? 1 : 0;
