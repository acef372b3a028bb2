import { type Check, checkOf, type Context, type Found, now, poll, type Reading, seconds } from "../context.ts";
import { askJson } from "../datasources.ts";
import { kubectl, list } from "../kubectl.ts";

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

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly phase?: string };
}
const listed = async ({ cluster }: Context, args: readonly string[]): Promise<readonly Listed[]> =>
  (JSON.parse(await kubectl(cluster, ["get", ...args, "-o", "json"])) as { readonly items: readonly Listed[] }).items;

/** The day's lines of pods that kubelet runs by itself: the control plane, where it is one of kubeadm's kind. */
const staticPods: Check = {
  name: "log lines of static pods are in Loki",
  async run(context) {
    const all = await listed(context, ["pods", "--all-namespaces"]);
    const found = all.filter(
      ({ metadata, status }) => metadata.annotations?.["kubernetes.io/config.mirror"] && status?.phase === "Running",
    );
    if (found.length === 0) return { skipped: "no static pods here" };
    return poll(seconds.logs, async () => {
      for (const { metadata } of found) {
        const query = `{namespace="${metadata.namespace}", pod="${metadata.name}"}`;
        const own = await lines(context, query, context.run.start - 86_400, now());
        if (own.length === 0) throw new Error(`nothing of ${query}`);
      }
      return found.map(({ metadata }) => metadata.name).join(", ");
    });
  },
};

/** Events of this run's own pods: one line for each version of an event that the API server still shows, and no line twice. */
export const events = (name: string): Check => ({
  name,
  async run(context) {
    const { cluster, run } = context;
    const sets = await list(cluster, cluster.stack, "statefulsets");
    if (!sets.some(({ metadata }) => metadata.name === "alloy-events")) return { skipped: "no alloy-events here" };
    return poll(seconds.logs, async () => {
      const shown = await listed(context, ["events", "-n", cluster.users]);
      const query = `{job="kubernetes-events", namespace="${cluster.users}"}`;
      const found = await lines(context, query, run.start - 60, now());
      const versions = found.map(({ text }) => (JSON.parse(text) as { readonly eventRV: string }).eventRV);
      const missing = shown.filter(({ metadata }) => !versions.includes(metadata.resourceVersion));
      if (shown.length === 0 || missing.length > 0)
        throw new Error(`${missing.length} of ${shown.length} events are missing: ${missing[0]?.metadata.name}`);
      const counted = `sum(count_over_time(${query}[${now() - run.start + 60}s]))`;
      const { data } = await askJson<{ data: { result: readonly { readonly value: readonly [number, string] }[] } }>(
        context,
        "loki",
        "/loki/api/v1/query",
        { query: counted, time: now() },
      );
      const count = Number(data.result[0]?.value[1] ?? 0);
      if (new Set(versions).size !== versions.length || count !== versions.length)
        throw new Error(`${versions.length} lines of ${new Set(versions).size} events, counted as ${count}`);
      return `${shown.length} events, ${count} lines`;
    });
  },
});

export const logChecks: readonly Check[] = [
  ...logReadings.map(checkOf),
  labels,
  staticPods,
  events("each of Kubernetes's events is in Loki once"),
];
