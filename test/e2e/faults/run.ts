import { parseArgs } from "node:util";
import { type Context, now, once, poll, sleep } from "../context.ts";
import { readDataSources } from "../datasources.ts";
import { clusterOf, dataSourcesNameTheDoors, exists, installed } from "../environment.ts";
import { cleanUp, probe, sender, start } from "../fixtures.ts";
import type { PodName } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import { newRun } from "../send.ts";
import { message, table } from "../table.ts";
import {
  acknowledged,
  type Answered,
  compare,
  countPushes,
  countReads,
  gaps,
  numbersOf,
  parsePush,
  parseRead,
  type Push,
  type Pushed,
  type Read,
} from "./account.ts";
import { doors, pushers, readStreams } from "./entrances.ts";
import { batchAt, type Load, type Stream } from "./load.ts";
import { scaleOwners } from "./owners.ts";
import { counter, follow, halt, linesWritten, needed, pusher, pusherName, reader, readerName, users } from "./pods.ts";
import { toRanges } from "./ranges.ts";
import { findTraces, readBack, readScrapes, readWritten } from "./readback.ts";
import { calm, type Fault, kill, type Kill, restart, storeOutage, workloads } from "./steps.ts";

const usage = `usage: node --import tsx test/e2e/faults/run.ts ENVIRONMENT [options]
Pushes numbered logs, traces and samples into the stack of overlays/ENVIRONMENT on the cluster that kubectl points at,
and reads them through the front doors, without a pause, while pods of it are killed, workloads restarted and its store
is cut off, one after the other. At the end reads back every number that was acknowledged.

  --kill plain|hard|both   how a pod of each workload is deleted: with time to end (default), without, or one after the other
  --store-outage SECONDS   how long the object store is away (300)
  --store NAMESPACE/NAME   its Deployment or StatefulSet, if it is not minio of the stack
  --scale-owners           also scale what owns partitions up by one and down again
  --owner-keep SECONDS     how long the additional owners stay, before and after they are told to go (60)
  --owner-forget SECONDS   how long is waited for the ring to forget them (900)
  --only TEXT              only the faults with TEXT in their name (may be repeated)
  --calm SECONDS           how long nothing happens at first, and what is read then is to be compared with (60)
  --pause SECONDS          between two faults, counted to the first (15)
  --settle SECONDS         between the last and reading back (60)
  --list                   print the names of the faults and do nothing
  --keep                   leave the namespace kube-lgtm-e2e and the pods kube-lgtm-faults-* behind
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
  store: text,
  "scale-owners": flag,
  "owner-keep": or("60"),
  "owner-forget": or("900"),
  only: { type: "string", multiple: true },
  calm: or("60"),
  pause: or("15"),
  settle: or("60"),
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

const seconds = (option: "store-outage" | "owner-keep" | "owner-forget" | "calm" | "pause" | "settle"): number =>
  /^\d+$/.test(values[option])
    ? Number(values[option])
    : wrongUsage(`--${option} is "${values[option]}", expected seconds.`);
const timing = {
  storeOutage: seconds("store-outage"),
  ownerKeep: seconds("owner-keep"),
  ownerForget: seconds("owner-forget"),
  calm: seconds("calm"),
  pause: seconds("pause"),
  settle: seconds("settle"),
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
  const all = await workloads(cluster);
  const store = { namespace: storeNamespace, name: storeName, outageSeconds: timing.storeOutage };
  const delays = { keepSeconds: timing.ownerKeep, forgetSeconds: timing.ownerForget };
  const every = [
    ...all.flatMap((one) => chosenKills.map((how) => kill(cluster, all, one, how))),
    ...all.map((one) => restart(cluster, all, one)),
    storeOutage(cluster, store),
    ...(values["scale-owners"] ? scaleOwners(cluster, all, delays) : []),
  ];
  const wanted = values.only ?? [""];
  const chosen = every.filter(({ name }) => wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`no fault has "${wanted.join('" or "')}" in its name`);
  return chosen;
};

interface Row {
  readonly fault: string;
  readonly verdict: "ok" | "excused" | "failed";
  /** Until the stack was Ready again. */
  readonly seconds: number;
  readonly detail: string;
  readonly reads: Readonly<Record<string, Answered>>;
  readonly pushes: Readonly<Record<string, Pushed>>;
}

interface Total {
  readonly stream: string;
  readonly sent: number;
  readonly attempts: number;
  readonly refused: number;
  readonly dropped: number;
  readonly acknowledged: number;
  readonly readBack: number;
  readonly missing: string;
  readonly duplicates: number;
  readonly verdict: "ok" | "failed" | "reported";
}

/** The account of the run so far. */
interface Account {
  readonly load: Load;
  readonly read: readonly Stream[];
  readonly pushes: Push[];
  readonly reads: Read[];
  /** Reads what was added to the accounts in the pods. */
  update(): Promise<void>;
  /** Ends the load. */
  end(): Promise<void>;
}

const begin = async (): Promise<Account> => {
  const all = await pushers(context);
  const streams = all.flatMap((one) => one.streams);
  const load: Load = { run: context.run.id, start: Date.now() + 5000, streams };
  const read = readStreams(streams);
  const readerPod = await reader(cluster, { ...load, doors: await doors(context), read });
  await start(
    cluster,
    [...all.map((one) => pusher(cluster, load, one)), readerPod, ...users(cluster, load)],
    needed(cluster),
  );
  const pods: readonly PodName[] = all.map((one) => pusherName(cluster, one));
  const pushLogs = pods.map((pod) => follow(cluster, pod));
  const readLog = follow(cluster, readerName(cluster));
  const pushes: Push[] = [];
  const reads: Read[] = [];
  return {
    load,
    read: streams.filter(({ name }) => read.includes(name)),
    pushes,
    reads,
    async update() {
      for (const log of pushLogs) pushes.push(...(await log()).map(parsePush));
      reads.push(...(await readLog()).map(parseRead));
    },
    async end() {
      await Promise.all([...pods, readerName(cluster)].map((pod) => halt(cluster, pod)));
    },
  };
};

const rows: Row[] = [];
const totals: Total[] = [];
const errors: string[] = [];

/** Every stream pushes and every signal is read well, before anything is done to the stack. */
const flowing = (account: Account): Promise<void> =>
  poll(180, async () => {
    await account.update();
    const silent = account.load.streams.filter(({ name }) => acknowledged(account.pushes, name).size === 0);
    if (silent.length > 0) {
      const last = account.pushes.findLast(({ stream }) => stream === silent[0]?.name);
      throw new Error(
        `nothing of ${silent.map(({ name }) => name).join(", ")} was acknowledged: ${last?.status} ${last?.detail}`,
      );
    }
    const unread = account.read.filter(
      ({ name }) => !account.reads.some(({ stream, status }) => stream === name && status === "200"),
    );
    if (unread.length > 0) {
      const last = account.reads.findLast(({ stream }) => stream === unread[0]?.name);
      throw new Error(
        `nothing of ${unread.map(({ name }) => name).join(", ")} was read: ${last?.status} ${last?.detail}`,
      );
    }
  });

const sum = ({ ok, wrong, failed }: Answered): number => ok + wrong + failed;
const signalOf = { logs: "logs", traces: "traces", samples: "metrics" } as const;

/** Runs a fault and judges what was pushed and read from its start until the pause after it was over. */
const perform = async (account: Account, fault: Fault): Promise<void> => {
  const from = Date.now();
  const [done, detail] = await fault.run().then(
    (said) => [true, said] as const,
    (error: unknown) => [false, message(error)] as const,
  );
  const took = (Date.now() - from) / 1000;
  await sleep(timing.pause);
  const until = Date.now();
  await account.update();
  const during = <T extends { readonly start: number }>(some: readonly T[]): readonly T[] =>
    some.filter(({ start: at }) => at >= from && at < until);
  const reads = Object.fromEntries(
    account.read.map((stream) => [
      stream.name,
      countReads(stream, acknowledged(account.pushes, stream.name), during(account.reads), until),
    ]),
  );
  const pushes = Object.fromEntries(
    account.load.streams.map((stream) => [stream.name, countPushes(stream, during(account.pushes))]),
  );
  const bad = account.read.filter(({ name }) => Number(reads[name]?.wrong) + Number(reads[name]?.failed) > 0);
  const unread = account.read.filter(({ name }) => !reads[name] || sum(reads[name]) === 0);
  const excused = bad.every(({ signal }) => fault.excuse?.signals.includes(signalOf[signal]) ?? false);
  const verdict = !done || !excused || unread.length > 0 ? "failed" : bad.length > 0 ? "excused" : "ok";
  const why = verdict === "excused" ? `${fault.excuse?.because}; ` : "";
  const row: Row = { fault: fault.name, verdict, seconds: took, detail: `${why}${detail}`, reads, pushes };
  rows.push(row);
  say(`${rowCells(row).join(" | ")}`);
  for (const { name } of bad) say(`    ${name} ${reads[name]?.example}`);
};

const readsText = ({ ok, wrong, failed, longestOutageSeconds }: Answered): string =>
  wrong + failed === 0
    ? `${ok} ok`
    : `${ok} ok, ${wrong} wrong, ${failed} failed, ${longestOutageSeconds.toFixed(1)} s`;

const pushesText = (pushes: Readonly<Record<string, Pushed>>): string =>
  Object.entries(pushes)
    .filter(([, { refused }]) => refused > 0)
    .map(([name, { refused, refusals }]) => `${name} ${refused} (${Object.keys(refusals).join(", ")})`)
    .join("; ") || "none";

const rowCells = (row: Row): readonly string[] => [
  row.fault,
  row.verdict,
  row.seconds.toFixed(1),
  ...Object.values(row.reads).map(readsText),
  pushesText(row.pushes),
  row.detail,
];

/** A stream that is refused for good would have nothing acknowledged that could be missing. */
const caughtUp = (account: Account): Promise<void> =>
  poll(180, async () => {
    await account.update();
    const { load, pushes } = account;
    const behind = load.streams.flatMap((stream) => {
      const last = Math.max(...acknowledged(pushes, stream.name).keys());
      const seconds = (batchAt(load, stream, Date.now()) - last) * stream.batchSeconds;
      return seconds > 10 + stream.batchSeconds ? `${stream.name} is ${seconds} s behind` : [];
    });
    if (behind.length > 0) throw new Error(behind.join(", "));
  });

/** Reads all of a stream back; what is missing is looked for again, until `limit` seconds are over. */
const settle = async (account: Account, stream: Stream, limit: number): Promise<void> => {
  const counted = countPushes(stream, account.pushes);
  const batches = acknowledged(account.pushes, stream.name);
  const wanted = numbersOf(stream, batches);
  const end = Date.now() + limit * 1000;
  const look = async () => {
    const found = await readBack(context, account.load, stream, Math.max(...batches.keys()));
    const { missing } = compare(wanted, found);
    // A search may leave out what an id still finds.
    const byId = stream.signal === "traces" ? await findTraces(context, stream, missing.slice(0, 200)) : [];
    return compare(wanted, [...found, ...byId]);
  };
  let last = await look();
  while (last.missing.length > 0 && Date.now() < end) {
    await sleep(10);
    last = await look();
  }
  const { sent, attempts, refused, dropped } = counted;
  totals.push({
    stream: stream.name,
    sent,
    attempts,
    refused,
    dropped,
    acknowledged: wanted.length,
    readBack: last.readBack,
    missing: toRanges(last.missing),
    duplicates: last.duplicates,
    verdict: last.missing.length + dropped > 0 ? "failed" : "ok",
  });
};

/** What no program acknowledged: lines that a pod wrote to its log, and a counter that was scraped. */
const settleUnasked = async (account: Account, lines: number, end: number): Promise<void> => {
  const wanted = Array.from({ length: lines }, (_, number) => number);
  const found = (await readWritten(context, account.load, end)).filter((number) => number < lines);
  const { readBack: there, missing, duplicates } = compare(wanted, found);
  const none = { attempts: 0, refused: 0, dropped: 0 };
  const log = { stream: "pod-log", sent: lines, ...none, acknowledged: lines, readBack: there };
  totals.push({ ...log, missing: toRanges(missing), duplicates, verdict: missing.length > 0 ? "failed" : "ok" });
  const times = await readScrapes(context, account.load, end);
  const { longestSeconds, missing: scrapes } = gaps(times, counter.intervalSeconds);
  const scrape = { stream: "scraped", sent: 0, ...none, acknowledged: 0, readBack: times.length, duplicates: 0 };
  const said = scrapes > 0 ? `${scrapes} scrapes, longest gap ${longestSeconds} s` : "-";
  totals.push({ ...scrape, missing: said, verdict: "reported" });
};

const tidy = async (): Promise<void> => {
  if (values.keep) return;
  await cleanUp(cluster).catch((error: unknown) => say(`could not clean up: ${message(error)}`));
};

const performAll = async (): Promise<void> => {
  say(`${await installed(environment).run(context)}; ${await stackReady(cluster, say)} ready`);
  await dataSourcesNameTheDoors(environment).run(context);
  const chosen = await faults();
  if (values.list) return say(chosen.map(({ name }) => name).join("\n"));
  const account = await begin();
  await flowing(account);
  for (const fault of [calm(timing.calm), ...chosen]) await perform(account, fault);
  await caughtUp(account).catch((error: unknown) => errors.push(message(error)));
  await account.end();
  await account.update();
  const [lines, end] = [await linesWritten(cluster), now()];
  await sleep(timing.settle);
  for (const stream of account.load.streams) await settle(account, stream, 120);
  await settleUnasked(account, lines, end + timing.settle);
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

const faultTable = (): string =>
  table([
    [
      "fault",
      "verdict",
      "seconds",
      ...Object.keys(rows[0]?.reads ?? {}).map((name) => `reads of ${name}`),
      "refused and retried",
      "detail",
    ],
    ...rows.map(rowCells),
  ]);
const totalTable = (): string =>
  table([
    ["stream", "verdict", "sent", "pushes", "refused", "dropped", "acknowledged", "read back", "duplicates", "missing"],
    ...totals.map((total) => [
      total.stream,
      total.verdict,
      ...[
        total.sent,
        total.attempts,
        total.refused,
        total.dropped,
        total.acknowledged,
        total.readBack,
        total.duplicates,
      ].map(String),
      total.missing,
    ]),
  ]);
if (!values.list)
  console.log(values.json ? JSON.stringify({ rows, totals, errors }, null, 2) : `\n${faultTable()}\n\n${totalTable()}`);
for (const error of errors) console.error(error);
const failed = [...rows, ...totals].some(({ verdict }) => verdict === "failed");
process.exitCode = failed || errors.length > 0 ? 1 : 0;
