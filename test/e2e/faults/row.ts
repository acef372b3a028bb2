import { sleep } from "../context.ts";
import { message } from "../table.ts";
import { type Answered, countPushes, countReads, type Pushed } from "./account.ts";
import type { Stream } from "./load.ts";
import type { Session } from "./session.ts";
import type { Fault } from "./steps.ts";

/** What a fault did, by stream. */
export interface Row {
  readonly fault: string;
  /** Excused are reads that failed where there is one pod of a kind, and it was away. */
  readonly verdict: "ok" | "excused" | "failed";
  /** Until the stack was Ready again. */
  readonly seconds: number;
  readonly detail: string;
  readonly reads: Readonly<Record<string, Answered>>;
  readonly pushes: Readonly<Record<string, Pushed>>;
}

const signals = { logs: "logs", traces: "traces", samples: "metrics", scrapes: "metrics" } as const;

const isBad = ({ wrong, failed }: Answered): boolean => wrong + failed > 0;
const isSilent = ({ ok, wrong, failed }: Answered): boolean => ok + wrong + failed === 0;

/** The verdict on a fault that was done, by what the streams' reads came to. */
export const verdictOf = (
  fault: Fault,
  reads: readonly (readonly [stream: Stream, answered: Answered])[],
): Row["verdict"] => {
  const bad = reads.filter(([, answered]) => isBad(answered));
  const excused = bad.every(([{ signal }]) => fault.excuse?.signals.includes(signals[signal]) ?? false);
  if (!excused || reads.some(([, answered]) => isSilent(answered))) return "failed";
  return bad.length > 0 ? "excused" : "ok";
};

/** How long is waited for good answers after a fault; what is still wrong then belongs to the next row, too. */
const againSeconds = 120;

/** Waits until every answer of the last `pauseSeconds` was good; gives the time, in Unix milliseconds. */
const whenGood = async (session: Session, pauseSeconds: number): Promise<number> => {
  const limit = Date.now() + againSeconds * 1000;
  for (;;) {
    const from = Date.now();
    await sleep(pauseSeconds);
    const until = Date.now();
    await session.update();
    const recent = session.reads.filter(({ end }) => end >= from);
    const counts = session.read.map((stream) => countReads(stream, session.acknowledged(stream), recent, until));
    if (until > limit || !counts.some(isBad)) return until;
  }
};

/** Does a fault, and counts what was pushed and read from its start until reads were good for a while after its end. */
export const perform = async (session: Session, fault: Fault, pauseSeconds: number): Promise<Row> => {
  const from = Date.now();
  const { done, detail } = await fault.run().then(
    (said) => ({ done: true, detail: said }),
    (error: unknown) => ({ done: false, detail: message(error) }),
  );
  const seconds = (Date.now() - from) / 1000;
  const until = await whenGood(session, pauseSeconds);

  const during = <T extends { readonly start: number }>(all: readonly T[]): readonly T[] =>
    all.filter(({ start }) => start >= from && start < until);
  const [pushes, reads] = [during(session.pushes), during(session.reads)];
  const answered = session.read.map(
    (stream) => [stream, countReads(stream, session.acknowledged(stream), reads, until)] as const,
  );
  const verdict = done ? verdictOf(fault, answered) : "failed";
  return {
    fault: fault.name,
    verdict,
    seconds,
    detail: [verdict === "excused" ? fault.excuse?.because : "", detail].filter(Boolean).join("; "),
    reads: Object.fromEntries(answered.map(([{ name }, one]) => [name, one])),
    pushes: Object.fromEntries(session.load.streams.map((stream) => [stream.name, countPushes(stream, pushes)])),
  };
};

/** A good answer that took longer than this is worth a word. */
const slowSeconds = 3;

const readsText = (answered: Answered): string => {
  const { ok, wrong, failed, longestOutageSeconds, slowestSeconds } = answered;
  const slow = slowestSeconds > slowSeconds ? `, slowest ${slowestSeconds.toFixed(1)} s` : "";
  const bad = isBad(answered) ? `, ${wrong} wrong, ${failed} failed, outage ${longestOutageSeconds.toFixed(1)} s` : "";
  return `${ok} ok${slow}${bad}`;
};

const refusedText = (pushes: Row["pushes"]): string =>
  Object.entries(pushes)
    .filter(([, { refused }]) => refused > 0)
    .map(([name, { refused, refusals }]) => `${name} ${refused} (${Object.keys(refusals).join(", ")})`)
    .join("; ") || "none";

export const heading = (read: readonly Stream[]): readonly string[] => [
  "fault",
  "verdict",
  "seconds",
  ...read.map(({ name }) => `reads of ${name}`),
  "pushes refused and retried",
  "detail",
];

export const cells = ({ fault, verdict, seconds, reads, pushes, detail }: Row): readonly string[] => [
  fault,
  verdict,
  seconds.toFixed(1),
  ...Object.values(reads).map(readsText),
  refusedText(pushes),
  detail,
];

/** The first bad answer of each stream, in words. */
export const examples = ({ reads }: Row): readonly string[] =>
  Object.entries(reads).flatMap(([name, { example }]) => (example ? `${name} ${example}` : []));
