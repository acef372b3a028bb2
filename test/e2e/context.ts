import type { DataSource } from "./datasources.ts";
import type { Cluster, PodName } from "./kubectl.ts";

/** How long each thing may take, in seconds. */
export const seconds = {
  stackReady: 600,
  podRunning: 180,
  sent: 60,
  logs: 120,
  /** Discovery, two scrape intervals and remote write. */
  metrics: 150,
  trace: 60,
  /** Tempo's search leaves out the newest 30 s (query_frontend.query_end_cutoff). */
  search: 150,
  /** The generator waits 10 s for the other half of an edge and collects each 15 s. */
  serviceGraph: 150,
  alerts: 180,
  /** kubelet looks at a Secret that has come or gone once in a minute or two. */
  secretRead: 240,
  /** Until a deleted pod is replaced and Ready: a component may flush for minutes before it ends. */
  restart: 600,
  afterRestart: 90,
  connect: 3,
  pause: 3,
} as const;

/** How spans can be sent. */
export const protocols = {
  otlpHttp: "OTLP over HTTP",
  otlpGrpc: "OTLP over gRPC",
  zipkin: "Zipkin",
  jaeger: "Jaeger",
} as const;
export type Protocol = keyof typeof protocols;

/** Names and ids that nothing else in the cluster has. */
export interface Run {
  readonly id: string;
  /** Unix seconds. */
  readonly start: number;
  /** Calls `callee`: the edge in the service graph; also the `app` label of the pod that logs. */
  readonly caller: string;
  readonly callee: string;
  /** Service that sends a log record and a metric by OTLP. */
  readonly otlp: string;
  readonly services: Readonly<Record<Protocol, string>>;
  /** By OTLP over gRPC a program sends that chooses the id itself. */
  readonly traceIds: Readonly<Record<Exclude<Protocol, "otlpGrpc">, string>>;
  /** Two pods of one program, which do not say which of the two they are, and the trace that each of them pushes. */
  readonly twins: { readonly service: string; readonly traceIds: Readonly<Record<string, string>> };
  /** Alert name of a silence that matches nothing: what Alertmanager has to keep. */
  readonly silenced: string;
}

export interface Context {
  readonly cluster: Cluster;
  readonly run: Run;
  /** The pod that the NetworkPolicies take for Grafana, and a pod of a user. */
  readonly probe: PodName;
  readonly sender: PodName;
  /** Scrape jobs whose targets need not be up. */
  readonly allowDown: readonly string[];
  /** By uid, as Grafana would read them. */
  dataSources(): Promise<ReadonlyMap<string, DataSource>>;
}

/** What the last column of the table says, or why the check does not apply here. */
export type Outcome = string | { readonly skipped: string };

export interface Check {
  readonly name: string;
  /** Throws if what it checks does not hold. */
  run(context: Context): Promise<Outcome>;
}

export type Signal = "logs" | "metrics" | "traces" | "alerts" | "dashboards";

/** What there was, counted, so that a loss shows. */
export interface Found {
  readonly amount: number;
  readonly detail: string;
}

/** Something that went in and can be read back through a front door, now or as of an earlier time. */
export interface Reading {
  readonly name: string;
  readonly signal: Signal;
  readonly seconds: number;
  /** `at` is in Unix seconds; an amount of 0 means that nothing is there. */
  read(context: Context, at: number): Promise<Found>;
}

export const now = (): number => Math.floor(Date.now() / 1000);

export const sleep = (forSeconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, forSeconds * 1000));

/** Repeats `attempt` until it does not throw; after `limit` seconds throws its last error. */
export const poll = async <T>(limit: number, attempt: () => Promise<T>): Promise<T> => {
  const end = Date.now() + limit * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) {
        throw new Error(`${error instanceof Error ? error.message : String(error)} (after ${limit} s)`);
      }
    }
    await sleep(seconds.pause);
  }
};

/** Reads, as of now or of an earlier time, until at least `least` is there. */
export const readAtLeast = (
  context: Context,
  reading: Reading,
  least: number,
  limit: number,
  at?: number,
): Promise<Found & { readonly at: number }> =>
  poll(limit, async () => {
    const asOf = at ?? now();
    const found = await reading.read(context, asOf);
    if (found.amount < least) throw new Error(`found ${found.amount} of at least ${least}: ${found.detail}`);
    return { ...found, at: asOf };
  });

export const checkOf = (reading: Reading): Check => ({
  name: reading.name,
  run: async (context) => (await readAtLeast(context, reading, 1, reading.seconds)).detail,
});

/** Runs `work` at the first call and gives the same result at each further one. */
export const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
};
