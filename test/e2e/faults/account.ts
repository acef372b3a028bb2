import { firstOf, type Stream } from "./load.ts";
import { fromRanges } from "./ranges.ts";

/** One attempt to push a batch, as push.k6.ts writes it; times in Unix milliseconds. */
export interface Push {
  readonly stream: string;
  readonly batch: number;
  readonly attempt: number;
  readonly outcome: "acknowledged" | "refused" | "dropped";
  readonly status: string;
  readonly start: number;
  readonly end: number;
  readonly detail: string;
}

/** One answer to a query for the numbers from `first` to `last`, as read.k6.ts writes it. */
export interface Read {
  readonly stream: string;
  /** Age of what was asked for, and by what. */
  readonly kind: string;
  readonly first: number;
  readonly last: number;
  readonly status: string;
  readonly start: number;
  readonly end: number;
  readonly found: readonly number[];
  readonly detail: string;
}

const outcomes: readonly string[] = ["acknowledged", "refused", "dropped"];

/** Throws if a line is none of an account: the account would not be whole. */
export const parsePush = (line: string): Push => {
  const [stream = "", batch, attempt, outcome = "", status = "", start, end, ...detail] = line.split(" ");
  const push = {
    stream,
    batch: Number(batch),
    attempt: Number(attempt),
    status,
    start: Number(start),
    end: Number(end),
  };
  if (!outcomes.includes(outcome) || Number.isNaN(push.batch + push.attempt + push.start + push.end)) {
    throw new Error(`not a line of the load's account: ${line}`);
  }
  return { ...push, outcome: outcome as Push["outcome"], detail: detail.join(" ") };
};

export const parseRead = (line: string): Read => {
  const [stream = "", kind = "", first, last, status = "", start, end, found = "-", ...detail] = line.split(" ");
  const read = {
    stream,
    kind,
    first: Number(first),
    last: Number(last),
    status,
    start: Number(start),
    end: Number(end),
  };
  if (Number.isNaN(read.first + read.last + read.start + read.end)) {
    throw new Error(`not a line of the reader's account: ${line}`);
  }
  return { ...read, found: fromRanges(found), detail: detail.join(" ") };
};

/** When each batch of a stream was acknowledged, in Unix milliseconds. */
export type Acknowledged = ReadonlyMap<number, number>;

export const acknowledged = (pushes: readonly Push[], stream: string): Acknowledged =>
  new Map(
    pushes
      .filter((push) => push.stream === stream && push.outcome === "acknowledged")
      .map(({ batch, end }) => [batch, end]),
  );

/** The numbers of a stream that were acknowledged. */
export const numbersOf = (stream: Stream, batches: Acknowledged): readonly number[] =>
  [...batches.keys()].flatMap((batch) =>
    Array.from({ length: stream.itemsPerBatch }, (_, place) => firstOf(stream, batch) + place),
  );

export interface Pushed {
  /** Items that were pushed at least once. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Items that no retry would have helped. */
  readonly dropped: number;
  /** Pushes, each of a batch. */
  readonly attempts: number;
  readonly refused: number;
  /** How often each status refused or dropped a push. */
  readonly refusals: Readonly<Record<string, number>>;
}

const tally = (words: readonly string[]): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
};

/** Counts the attempts of a stream; `pushes` may be of a part of the run. */
export const countPushes = (stream: Stream, pushes: readonly Push[]): Pushed => {
  const own = pushes.filter((push) => push.stream === stream.name);
  const itemsOf = (some: readonly Push[]): number =>
    new Set(some.map(({ batch }) => batch)).size * stream.itemsPerBatch;
  const bad = own.filter(({ outcome }) => outcome !== "acknowledged");
  return {
    sent: itemsOf(own),
    acknowledged: itemsOf(own.filter(({ outcome }) => outcome === "acknowledged")),
    dropped: itemsOf(own.filter(({ outcome }) => outcome === "dropped")),
    attempts: own.length,
    refused: bad.length,
    refusals: tally(bad.map(({ status }) => status)),
  };
};

export type Judgement = "ok" | "wrong" | "failed";

/** The numbers that an answer should have had: acknowledged long enough before it was asked for. */
export const missingOf = (stream: Stream, batches: Acknowledged, read: Read): readonly number[] => {
  const found = new Set(read.found);
  const asked = Array.from({ length: Math.max(read.last - read.first + 1, 0) }, (_, place) => read.first + place);
  return asked.filter((number) => {
    const at = batches.get(Math.floor(number / stream.itemsPerBatch));
    return at !== undefined && at + stream.visibleSeconds * 1000 <= read.start && !found.has(number);
  });
};

/** Whether an answer came, with status 200, and held all that it should. */
export const judge = (stream: Stream, batches: Acknowledged, read: Read): Judgement => {
  if (read.status !== "200") return "failed";
  return missingOf(stream, batches, read).length > 0 ? "wrong" : "ok";
};

export interface Judged {
  readonly read: Read;
  readonly judgement: Judgement;
}

/** The longest time without a good answer, in seconds: from the first bad one to the end of the next good one, or to `until`. */
export const longestOutage = (reads: readonly Judged[], until: number): number => {
  let longest = 0;
  let since: number | undefined;
  for (const { read, judgement } of [...reads].sort((a, b) => a.read.start - b.read.start)) {
    if (judgement !== "ok") since ??= read.start;
    else if (since !== undefined) {
      longest = Math.max(longest, read.end - since);
      since = undefined;
    }
  }
  return Math.max(longest, since === undefined ? 0 : until - since) / 1000;
};

export interface Answered {
  readonly ok: number;
  readonly wrong: number;
  readonly failed: number;
  readonly longestOutageSeconds: number;
  /** The longest that a good answer took. */
  readonly slowestSeconds: number;
  /** How often each status failed a read. */
  readonly failures: Readonly<Record<string, number>>;
  /** The first bad answer, in words. */
  readonly example?: string;
}

/** Counts the answers of a stream's reads, which may be of a part of the run that ended at `until`. */
export const countReads = (stream: Stream, batches: Acknowledged, reads: readonly Read[], until: number): Answered => {
  const own = reads
    .filter((read) => read.stream === stream.name)
    .map((read): Judged => ({ read, judgement: judge(stream, batches, read) }));
  const kinds = [...new Set(own.map(({ read }) => read.kind))];
  const of = (wanted: Judgement): readonly Judged[] => own.filter(({ judgement }) => judgement === wanted);
  const bad = own.find(({ judgement }) => judgement !== "ok");
  const what = (read: Read): string =>
    read.status === "200"
      ? `${missingOf(stream, batches, read).length} of ${read.last - read.first + 1} missing`
      : `${read.status} ${read.detail}`.trim();
  return {
    ok: of("ok").length,
    wrong: of("wrong").length,
    failed: of("failed").length,
    longestOutageSeconds: Math.max(
      0,
      ...kinds.map((kind) =>
        longestOutage(
          own.filter(({ read }) => read.kind === kind),
          until,
        ),
      ),
    ),
    slowestSeconds: Math.max(0, ...of("ok").map(({ read }) => read.end - read.start)) / 1000,
    failures: tally(of("failed").map(({ read }) => read.status)),
    example: bad ? `${bad.read.kind}: ${what(bad.read)}` : undefined,
  };
};

export interface Compared {
  readonly readBack: number;
  readonly missing: readonly number[];
  /** Surplus copies of numbers that were found more than once. */
  readonly duplicates: number;
}

/** What of the acknowledged numbers was found; `found` holds a number as often as it was there. */
export const compare = (wanted: readonly number[], found: readonly number[]): Compared => {
  const there = new Set(found);
  const missing = wanted.filter((number) => !there.has(number));
  return { readBack: wanted.length - missing.length, missing, duplicates: found.length - there.size };
};

/** The longest time between two samples and how many should have stood between them, from times in Unix seconds. */
export const gaps = (times: readonly number[], intervalSeconds: number) => {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const steps = sorted.slice(1).map((time, place) => time - (sorted[place] ?? time));
  return {
    longestSeconds: Math.max(0, ...steps),
    missing: steps.reduce((sum, step) => sum + Math.max(Math.round(step / intervalSeconds) - 1, 0), 0),
  };
};
