import { type Check, type Context, now, poll, sleep } from "../context.ts";
import { askJson } from "../datasources.ts";
import { type ClusterObject, get, kubectl, list } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import { sendSample } from "../send.ts";
import { lines, loggerQuery } from "./logs.ts";
import { instant, type Sample } from "./metrics.ts";

/** An alert waits a minute, is evaluated each half, and Alertmanager hears of its end as late. */
const alertSeconds = 420;
/** A head of a minute and a half, a look at it each minute, an upload each half. */
const blockSeconds = 480;

const isActive = async (context: Context, name: string): Promise<boolean> => {
  const filter = { filter: `alertname="${name}"`, active: "true" };
  const found = await askJson<readonly { readonly status: { readonly state: string } }[]>(
    context,
    "alertmanager",
    "/api/v2/alerts",
    filter,
  );
  return found.some(({ status }) => status.state === "active");
};

const until = (context: Context, state: boolean, name: string): Promise<void> =>
  poll(alertSeconds, async () => {
    if ((await isActive(context, name)) !== state) throw new Error(`${name} is ${state ? "not " : "still "}active`);
  });

const scale = ({ cluster }: Context, replicas: number): Promise<string> =>
  kubectl(cluster, ["-n", cluster.stack, "scale", "statefulset", "prometheus", `--replicas=${replicas}`]);

const since = (start: number): string => `${Math.round((Date.now() - start) / 1000)} s`;

const down: Check = {
  name: "PrometheusDown fires while Prometheus is away, and resolves when it is back",
  async run(context) {
    const { cluster } = context;
    if (!(await get(cluster, cluster.stack, "statefulset", "thanos-rule"))) return { skipped: "no thanos-rule here" };
    if (await isActive(context, "PrometheusDown")) throw new Error("PrometheusDown was active before");
    const start = Date.now();
    try {
      await scale(context, 0);
      await until(context, true, "PrometheusDown");
    } finally {
      await scale(context, 1);
    }
    const fired = since(start);
    const back = Date.now();
    await stackReady(cluster);
    await until(context, false, "PrometheusDown");
    return `fired after ${fired}, resolved ${since(back)} after its return`;
  },
};

interface Prometheus {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly name: string; readonly args: readonly string[] }[] };
    };
  };
}

const setArguments = ({ cluster }: Context, args: readonly string[]): Promise<string> => {
  const spec = { template: { spec: { containers: [{ name: "prometheus", args }] } } };
  return kubectl(cluster, ["-n", cluster.stack, "patch", "statefulset", "prometheus", "-p", JSON.stringify({ spec })]);
};

/** The addresses that Thanos query asks, by the kind of who answers there. */
const stores = async (context: Context): Promise<Readonly<Record<string, readonly { readonly name: string }[]>>> =>
  (await askJson<{ data: Record<string, readonly { name: string }[]> }>(context, "metrics", "/api/v1/stores")).data;

/** The number that a query gives of what one kind of store alone has. */
const numberOf = async (context: Context, kind: "sidecar" | "store", query: string): Promise<number> => {
  const [store] = (await stores(context))[kind] ?? [];
  if (!store) throw new Error(`Thanos query knows no ${kind}`);
  const parameters = { query, dedup: "false", "storeMatch[]": `{__address__="${store.name}"}` };
  const { data } = await askJson<{ data: { result: readonly Sample[] } }>(
    context,
    "metrics",
    "/api/v1/query",
    parameters,
  );
  return Number(data.result[0]?.value[1] ?? 0);
};

const series = "count(count_over_time(up[1h]))";
const late = "kube_lgtm_e2e_late";

const blocks: Check = {
  name: "Thanos answers across the sidecar and the store once a block is uploaded, and what came late is in the store",
  async run(context) {
    const { cluster } = context;
    const found = await get<Prometheus>(cluster, cluster.stack, "statefulset", "prometheus");
    const containers = found?.spec.template.spec.containers ?? [];
    const args = containers.find(({ name }) => name === "prometheus")?.args ?? [];
    if (!containers.some(({ name }) => name === "thanos-sidecar")) return { skipped: "no sidecar here" };
    const start = Date.now();
    const samples = `sum(count_over_time(${late}{run="${context.run.id}"}[1h]))`;
    try {
      // A block takes two hours; one of a minute is made in three.
      await setArguments(
        context,
        args.map((arg) => arg.replace(/(-block-duration)=2h$/, "$1=1m")),
      );
      await stackReady(cluster);
      // The second is forty seconds late, as one that was sent again is: it gets a block of its own, of the minute of another one.
      const sent = Date.now();
      await sendSample(context, late, sent);
      await sendSample(context, late, sent - 40_000);
      await poll(blockSeconds, async () => {
        const uploads = await instant(context, 'sum(thanos_shipper_uploads_total{job="thanos-sidecar"}) > 0');
        if (uploads.length === 0) throw new Error("the sidecar has uploaded no block");
      });
      return await poll(blockSeconds, async () => {
        // The store looks for new blocks each quarter of an hour, and when it starts.
        await kubectl(cluster, ["-n", cluster.stack, "delete", "pod", "thanos-store-0"]);
        await stackReady(cluster);
        const [old, fresh] = [await numberOf(context, "store", series), await numberOf(context, "sidecar", series)];
        const kept = await numberOf(context, "store", samples);
        if (old === 0 || fresh === 0 || kept < 2) {
          throw new Error(
            `series of up: store ${old}, sidecar ${fresh}; in the store ${kept} of 2 samples, one of them late`,
          );
        }
        return `series of up: ${old} in the store, ${fresh} at the sidecar; ${kept} samples with the late one, ${since(start)} after the start`;
      });
    } finally {
      await setArguments(context, args);
      await stackReady(cluster);
    }
  },
};

const lokiAwaySeconds = 120;

/** Longer than a log agent's longest pause, a minute. */
const logsBackSeconds = 240;

const loki: Check = {
  name: "no line of a pod's log is missing after Loki was away for two minutes",
  async run(context) {
    const { cluster, run } = context;
    const all = (await list(cluster, cluster.stack, "deployments,statefulsets")).filter(
      ({ metadata, spec }) => metadata.labels?.["app.kubernetes.io/name"] === "loki" && spec.replicas !== 0,
    );
    const set = (one: ClusterObject, replicas: number): Promise<string> =>
      kubectl(cluster, ["-n", cluster.stack, "scale", `${one.kind}/${one.metadata.name}`, `--replicas=${replicas}`]);
    const start = Date.now();
    try {
      for (const one of all) await set(one, 0);
      await sleep(lokiAwaySeconds);
    } finally {
      for (const one of all) await set(one, one.spec.replicas ?? 1);
    }
    await stackReady(cluster);
    const numbers = (text: string): readonly number[] =>
      [...text.matchAll(/ seq=(\d+) /g)].map(([, number]) => Number(number));
    const tail = await kubectl(cluster, ["-n", cluster.users, "logs", "logger", "--tail=1"]);
    const [last = 0] = numbers(tail);
    return poll(logsBackSeconds, async () => {
      const found = await lines(context, loggerQuery(context), run.start, now());
      const seen = new Set(found.flatMap(({ text }) => numbers(text)));
      const missing = Array.from({ length: last }, (_, i) => i + 1).filter((number) => !seen.has(number));
      if (last === 0 || missing.length > 0)
        throw new Error(`${missing.length} of ${last} lines are missing, the first is ${missing[0]}`);
      return `all of ${last} lines, ${since(start)} after the start`;
    });
  },
};

/** Checks that take Prometheus or Loki away, or change how blocks are made, for a while. */
export const outageChecks: readonly Check[] = [loki, down, blocks];
