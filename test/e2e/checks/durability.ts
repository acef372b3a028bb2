import { type Check, type Context, now, once, poll, type Reading, readAtLeast, seconds } from "../context.ts";
import { type Cluster, type ClusterObject, get, kubectl, list } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import { served } from "../signals.ts";
import { alertReadings, dashboardReadings } from "./alerts.ts";
import { newRun, posts } from "../send.ts";
import { events, logReadings } from "./logs.ts";
import { metricReadings } from "./metrics.ts";
import { traceReadings } from "./traces.ts";

const readings: readonly Reading[] = [
  ...logReadings,
  ...metricReadings,
  ...traceReadings,
  ...alertReadings,
  ...dashboardReadings,
];

interface Kept {
  readonly reading: Reading;
  readonly at: number;
  readonly amount: number;
}

/** What can be read before anything is restarted; what cannot has failed in a check of its own. */
const measure = async (context: Context): Promise<readonly Kept[]> => {
  const kept: Kept[] = [];
  for (const reading of readings) {
    const found = await readAtLeast(context, reading, 1, reading.seconds).catch(() => undefined);
    if (found) kept.push({ reading, at: found.at, amount: found.amount });
  }
  if (kept.length === 0) throw new Error("nothing could be read before the restart");
  return kept;
};

/** Reads all again as of the same times; throws with everything of which there is less. */
const compare = async (context: Context, kept: readonly Kept[]): Promise<string> => {
  const start = now();
  const lost: string[] = [];
  for (const { reading, at, amount } of kept) {
    // Prometheus tells a new Alertmanager of an alert only when it is due again.
    const limit = reading.signal === "alerts" ? seconds.alerts : seconds.afterRestart;
    const left = Math.max(limit - (now() - start), 0);
    await readAtLeast(context, reading, amount, left, at).catch((error: Error) =>
      lost.push(`${reading.name}: ${error.message}`),
    );
  }
  if (lost.length > 0) throw new Error(lost.join("; "));
  return `${kept.length} readings as before`;
};

/** Deletes a pod and waits until one of the same name is Ready in its place. */
const replace = async (cluster: Cluster, name: string): Promise<void> => {
  const before = await get<ClusterObject>(cluster, cluster.stack, "pod", name);
  if (!before) throw new Error(`no pod ${name}`);
  await kubectl(cluster, ["-n", cluster.stack, "delete", "pod", name, "--wait=false"]);
  await poll(seconds.restart, async () => {
    const pod = await get<ClusterObject>(cluster, cluster.stack, "pod", name);
    const ready = pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    if (pod?.metadata.uid === before.metadata.uid || !ready) throw new Error(`pod ${name} is not Ready again`);
  });
};

const restart = ({ metadata, spec }: ClusterObject, baseline: () => Promise<readonly Kept[]>): Check => ({
  name: `restart of ${metadata.name}: nothing acknowledged is lost`,
  async run(context) {
    const signals = served(metadata.labels?.["app.kubernetes.io/name"] ?? "");
    const kept = (await baseline()).filter(({ reading }) => signals?.includes(reading.signal) ?? true);
    for (let ordinal = 0; ordinal < (spec.replicas ?? 1); ordinal++) {
      await replace(context.cluster, `${metadata.name}-${ordinal}`);
    }
    await stackReady(context.cluster);
    return compare(context, kept);
  },
});

const emptied = ({ metadata, spec }: ClusterObject): Check => ({
  name: `restart of ${metadata.name}: it keeps nothing, and is ready again`,
  async run({ cluster }) {
    for (let ordinal = 0; ordinal < (spec.replicas ?? 1); ordinal++)
      await replace(cluster, `${metadata.name}-${ordinal}`);
    return stackReady(cluster);
  },
});

/** What pushes itself and needs no pod of the first run. */
const pushed = readings.filter(({ name }) => /OTLP over HTTP|Zipkin|Jaeger|by OTLP is/.test(name));

/** After a restart that kept nothing: a second run, all of it new. */
const anew: Check = {
  name: "after the restart of all: what is sent anew arrives",
  async run(first) {
    const context: Context = { ...first, run: newRun() };
    for (const send of posts) await send.run(context);
    const found = await Promise.all(pushed.map((reading) => readAtLeast(context, reading, 1, reading.seconds)));
    return `${found.length} readings of a second run`;
  },
};

/** One check for each StatefulSet of the stack, those that keep their data first, and one of everything after them all. */
export const durabilityChecks = async (context: Context): Promise<readonly Check[]> => {
  const sets = await list(context.cluster, context.cluster.stack, "statefulsets");
  const keeps = ({ spec }: ClusterObject): boolean => (spec.volumeClaimTemplates ?? []).length > 0;
  const baseline = once(() => measure(context));
  const all: Check = {
    name: "after the restart of all: nothing acknowledged is lost",
    run: async () => compare(context, await baseline()),
  };
  return [
    ...sets.filter(keeps).map((set) => restart(set, baseline)),
    all,
    events("after the restart of all: each of Kubernetes's events is in Loki once"),
    ...sets.filter((set) => !keeps(set)).map(emptied),
    ...(sets.every(keeps) ? [] : [anew]),
  ];
};
