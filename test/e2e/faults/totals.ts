import { type Context, sleep } from "../context.ts";
import { compare, countPushes, gaps, numbersOf } from "./account.ts";
import { counter, type PushedStream } from "./load.ts";
import { toRanges } from "./ranges.ts";
import { findTraces, readBack, readScrapes, readWritten } from "./readback.ts";
import type { Session } from "./session.ts";

/** What became of a stream's items. */
export interface Total {
  readonly stream: string;
  readonly verdict: "ok" | "failed" | "reported";
  readonly sent: number;
  readonly pushes: number;
  readonly refused: number;
  readonly dropped: number;
  readonly acknowledged: number;
  readonly readBack: number;
  readonly duplicates: number;
  readonly missing: number;
  /** There, and yet not in the answer that a user gets. */
  readonly hidden: number;
  /** The numbers that are missing, as ranges, or what else is to be said of them. */
  readonly which: string;
}

const againSeconds = 120;
/** As many traces are asked for one by one; more that are missing are a loss, whatever an id would find. */
const tracesById = 300;

/** Until nothing is missing, or for two minutes; who gave no answer is asked again as well. */
const untilComplete = async <T extends { readonly missing: readonly number[] }>(look: () => Promise<T>): Promise<T> => {
  const end = Date.now() + againSeconds * 1000;
  for (;;) {
    const last = Date.now() >= end;
    const found = await look().catch((error: unknown) => {
      if (last) throw error;
    });
    if (found && (last || found.missing.length === 0)) return found;
    await sleep(10);
  }
};

/** Reads all of a stream back. */
export const totalOf = async (context: Context, session: Session, stream: PushedStream): Promise<Total> => {
  const batches = session.acknowledged(stream);
  const wanted = numbersOf(stream, batches);
  const newest = Math.max(-1, ...batches.keys());
  const look = async () => {
    const found = await readBack(context, session.load, stream, newest, "stored");
    const { missing } = compare(wanted, found);
    const byId = stream.signal === "traces" ? await findTraces(context, stream, missing.slice(0, tracesById)) : [];
    return compare(wanted, [...found, ...byId]);
  };
  const compared = await untilComplete(look);
  const { sent, attempts, refused, dropped } = countPushes(stream, session.pushes);
  const { readBack: there, duplicates, missing } = compared;
  const asked =
    stream.signal === "samples" ? await readBack(context, session.load, stream, newest, "asked") : undefined;
  return {
    stream: stream.name,
    verdict: missing.length + dropped > 0 ? "failed" : "ok",
    sent,
    pushes: attempts,
    refused,
    dropped,
    acknowledged: wanted.length,
    readBack: there,
    duplicates,
    missing: missing.length,
    hidden: asked ? Math.max(0, compare(wanted, asked).missing.length - missing.length) : 0,
    which: toRanges(missing),
  };
};

const unasked = { pushes: 0, refused: 0, dropped: 0, hidden: 0 } as const;

/** Of the lines that a pod wrote to its log; written is as good as acknowledged. */
export const totalOfLines = async (context: Context, session: Session, lines: number, end: number): Promise<Total> => {
  const wanted = Array.from({ length: lines }, (_, number) => number);
  const look = async () => {
    const found = await readWritten(context, session.load, end);
    return compare(
      wanted,
      found.filter((number) => number < lines),
    );
  };
  // The collector may be behind, after it was refused for a while.
  const { readBack: there, missing, duplicates } = await untilComplete(look);
  return {
    stream: "pod-log",
    verdict: missing.length > 0 ? "failed" : "ok",
    ...unasked,
    sent: lines,
    acknowledged: lines,
    readBack: there,
    duplicates,
    missing: missing.length,
    which: toRanges(missing),
  };
};

/** Of the scrapes of a counter; nobody acknowledges them, so that gaps are only reported. */
export const totalOfScrapes = async (context: Context, session: Session, end: number): Promise<Total> => {
  const times = await readScrapes(context, session.load, end);
  const { longestSeconds, missing } = gaps(times, counter.intervalSeconds);
  return {
    stream: "scraped",
    verdict: "reported",
    ...unasked,
    sent: 0,
    acknowledged: 0,
    readBack: times.length,
    duplicates: 0,
    missing,
    which: `longest gap ${longestSeconds.toFixed(1)} s`,
  };
};

export const heading: readonly string[] = [
  "stream",
  "verdict",
  "sent",
  "pushes",
  "refused",
  "dropped",
  "acknowledged",
  "read back",
  "duplicates",
  "missing",
  "hidden",
  "which",
];

export const cells = (total: Total): readonly string[] => [
  total.stream,
  total.verdict,
  ...[
    total.sent,
    total.pushes,
    total.refused,
    total.dropped,
    total.acknowledged,
    total.readBack,
    total.duplicates,
    total.missing,
    total.hidden,
  ].map(String),
  total.which,
];
