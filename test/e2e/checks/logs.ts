import { type Check, checkOf, type Context, type Found, type Reading, seconds } from "../context.ts";
import { askJson } from "../datasources.ts";

interface Streams {
  readonly data: {
    readonly result: readonly {
      readonly stream: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [string, string])[];
    }[];
  };
}

export interface Line {
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The lines that a LogQL query finds between two times in Unix seconds. */
export const lines = async (context: Context, query: string, start: number, end: number): Promise<readonly Line[]> => {
  const range = { start: `${start}000000000`, end: `${end}000000000`, limit: 4000, direction: "forward" };
  const { data } = await askJson<Streams>(context, "loki", "/loki/api/v1/query_range", { query, ...range });
  return data.result.flatMap(({ stream, values }) => values.map(([, text]) => ({ text, labels: stream })));
};

/** LogQL for what the pod `logger` of this run writes. */
export const loggerQuery = ({ cluster, run }: Context): string =>
  `{namespace="${cluster.users}", pod="logger"} |= "run=${run.id}"`;

const count = async (context: Context, query: string, at: number): Promise<Found> => {
  const found = await lines(context, query, context.run.start, at);
  return { amount: found.length, detail: `${found.length} lines of ${query}` };
};

export const logReadings: readonly Reading[] = [
  {
    name: "a pod's log lines are in Loki",
    signal: "logs",
    seconds: seconds.logs,
    read: (context, at) => count(context, loggerQuery(context), at),
  },
  {
    name: "a log record sent by OTLP is in Loki",
    signal: "logs",
    seconds: seconds.logs,
    read: (context, at) =>
      count(context, `{service_name="${context.run.otlp}"} |= "otlp log of run ${context.run.id}"`, at),
  },
  {
    name: "log lines of the stack's own pods are in Loki",
    signal: "logs",
    seconds: seconds.logs,
    read: (context, at) => count(context, `{namespace="${context.cluster.stack}", pod=~".+"}`, at),
  },
];

const labels: Check = {
  name: "a pod's log lines carry namespace, pod, container and app",
  async run(context) {
    const [line] = await lines(context, loggerQuery(context), context.run.start, Math.ceil(Date.now() / 1000));
    const { namespace, pod, container, app } = line?.labels ?? {};
    const found = JSON.stringify({ namespace, pod, container, app });
    const { users } = context.cluster;
    const wanted = JSON.stringify({ namespace: users, pod: "logger", container: "logger", app: context.run.caller });
    if (found !== wanted) throw new Error(`found ${found}, expected ${wanted}`);
    return found;
  },
};

export const logChecks: readonly Check[] = [...logReadings.map(checkOf), labels];
