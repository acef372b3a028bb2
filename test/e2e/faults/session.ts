import { type Context, now, poll } from "../context.ts";
import { start } from "../fixtures.ts";
import { type Acknowledged, acknowledged, parsePush, parseRead, type Push, type Read } from "./account.ts";
import { doors, pushers, readStreams } from "./entrances.ts";
import { batchAt, type Load, type Stream } from "./load.ts";
import { follow, halt, needed, pusher, pusherName, reader, readerName, users } from "./pods.ts";

/** A load and a reader that run in the cluster, and their accounts as far as they were read. */
export interface Session {
  readonly load: Load;
  /** The streams that the reader reads. */
  readonly read: readonly Stream[];
  readonly pushes: readonly Push[];
  readonly reads: readonly Read[];
  /** When each batch of a stream was acknowledged; of what is scraped, the start. */
  acknowledged(stream: Stream): Acknowledged;
  /** Reads what the pods have added to their accounts. */
  update(): Promise<void>;
  /** Ends load and reader; their accounts stay. */
  end(): Promise<void>;
}

const flowSeconds = 240;
/** How far a stream that pushes as it should may be behind: the batch that is on its way. */
const behindSeconds = 10;

export const begin = async (context: Context, everySeconds: number): Promise<Session> => {
  const { cluster, run } = context;
  const all = await pushers(context);
  const streams = all.flatMap((one) => one.streams);
  // A whole second: back ends are asked in seconds.
  const load: Load = { run: run.id, start: (now() + 5) * 1000, streams };
  const read = readStreams(streams);
  const pods = [
    ...all.map((one) => pusher(cluster, load, one)),
    await reader(cluster, { ...load, doors: await doors(context), read, everySeconds }),
    ...users(cluster, load),
  ];
  await start(cluster, pods, needed(cluster));

  const names = all.map((one) => pusherName(cluster, one));
  const pushLogs = names.map((name) => follow(cluster, name));
  const readLog = follow(cluster, readerName(cluster));
  const [pushes, reads]: [Push[], Read[]] = [[], []];
  let ended = Infinity;
  return {
    load,
    read,
    pushes,
    reads,
    acknowledged: ({ name, signal }) =>
      signal === "scrapes" ? new Map([[0, load.start]]) : acknowledged(pushes, name),
    async update() {
      for (const log of pushLogs) {
        const more = (await log()).map(parsePush);
        pushes.push(...more.filter(({ outcome, end }) => outcome === "acknowledged" || end < ended));
      }
      reads.push(...(await readLog()).map(parseRead));
    },
    async end() {
      ended = Date.now(); // what is on its way then is neither acknowledged nor refused
      await Promise.all([...names, readerName(cluster)].map((name) => halt(cluster, name)));
    },
  };
};

const last = <T extends { readonly stream: string; readonly status: string; readonly detail: string }>(
  all: readonly T[],
  name: string,
): string => {
  const found = all.findLast(({ stream }) => stream === name);
  return found ? `${name}: ${found.status} ${found.detail}`.trim() : `${name}: nothing`;
};

/** Waits until every stream is acknowledged and every door has answered, before anything is done to the stack. */
export const flowing = (session: Session): Promise<void> =>
  poll(flowSeconds, async () => {
    await session.update();
    const { load, read, pushes, reads } = session;
    const refused = load.streams.filter(({ name }) => acknowledged(pushes, name).size === 0);
    const unread = read.filter(({ name }) => !reads.some(({ stream, status }) => stream === name && status === "200"));
    const faults = [
      ...refused.map(({ name }) => `not acknowledged: ${last(pushes, name)}`),
      ...unread.map(({ name }) => `not read: ${last(reads, name)}`),
    ];
    if (faults.length > 0) throw new Error(faults.join("; "));
  });

/** Waits until every stream has pushed what is due: of one that is refused for good nothing would be missing. */
export const caughtUp = (session: Session): Promise<void> =>
  poll(flowSeconds, async () => {
    await session.update();
    const { load, pushes } = session;
    const behind = load.streams.flatMap((stream) => {
      const newest = Math.max(-1, ...acknowledged(pushes, stream.name).keys());
      const seconds = (batchAt(load, stream, Date.now()) - newest) * stream.batchSeconds;
      return seconds > behindSeconds + stream.batchSeconds ? `${seconds} s behind: ${last(pushes, stream.name)}` : [];
    });
    if (behind.length > 0) throw new Error(behind.join("; "));
  });
