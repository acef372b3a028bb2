import { poll, seconds, sleep, type Signal } from "../context.ts";
import { type Cluster, type ClusterObject, get, kubectl, list } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import { served } from "../signals.ts";

/** One thing that goes wrong, or is done to the stack, while it is pushed to and read. */
export interface Fault {
  readonly name: string;
  /** What it is of, if nothing but that can suffer. */
  readonly lane?: string | undefined;
  /** Why reads of these signals may fail meanwhile, if they may. */
  readonly excuse?: { readonly signals: readonly Signal[]; readonly because: string } | undefined;
  /** Ends when the stack is Ready again; gives what the table should say of it. */
  run(): Promise<string>;
  /** Puts right what an interrupted run leaves wrong for good. */
  undo?(): Promise<unknown>;
}

export interface Workload {
  readonly namespace: string;
  readonly object: ClusterObject;
}

const kindOf = ({ object }: Workload): string => object.kind.toLowerCase();
const nameOf = ({ object }: Workload): string => object.metadata.name;

/** All that runs for as long as the stack does, by name. */
export const workloads = async (cluster: Cluster): Promise<readonly Workload[]> => {
  const of = async (namespace: string): Promise<readonly Workload[]> =>
    (await list(cluster, namespace, "deployments,statefulsets,daemonsets")).map((object) => ({ namespace, object }));
  const all = [...(await of(cluster.stack)), ...(await of(cluster.agents))];
  return all.filter(({ object }) => object.spec.replicas !== 0).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
};

const componentOf = ({ object }: Workload): string => object.metadata.labels?.["app.kubernetes.io/name"] ?? "";

const roleOf = ({ object }: Workload): string =>
  ["name", "component"].map((label) => object.metadata.labels?.[`app.kubernetes.io/${label}`] ?? "").join("/");

/** What a component is most about: faults of two lanes at a time are told apart by what is read. */
export const laneOf = (component: string): string | undefined => served(component)?.[0];

/** Whether it is the only pod of its role: zones of a role are workloads of their own. */
export const isSingleton = (all: readonly Workload[], one: Workload): boolean =>
  one.object.kind !== "DaemonSet" &&
  all
    .filter((other) => roleOf(other) === roleOf(one))
    .reduce((sum, { object }) => sum + (object.spec.replicas ?? 1), 0) === 1;

const every: readonly Signal[] = ["logs", "traces", "metrics"];

const excuse = (all: readonly Workload[], one: Workload): Fault["excuse"] => {
  const signals = served(componentOf(one)) ?? every;
  return isSingleton(all, one) ? { signals, because: "a singleton" } : undefined;
};

/** A pod of a workload, by the labels that it selects; not one that stands for it. */
const podOf = async (cluster: Cluster, { namespace, object }: Workload): Promise<ClusterObject> => {
  const labels = Object.entries(object.spec.selector?.matchLabels ?? {}).map(([label, value]) => `${label}=${value}`);
  const selector = [...labels, "kube-lgtm.io/e2e!=true"].join(",");
  const pods = await kubectl(cluster, ["-n", namespace, "get", "pods", "-l", selector, "-o", "json"]);
  const { items }: { items: readonly ClusterObject[] } = JSON.parse(pods);
  const [pod] = items.filter(({ status }) => status?.["phase"] === "Running");
  if (!pod) throw new Error(`no pod of ${object.kind} ${object.metadata.name} runs`);
  return pod;
};

const kinds = { plain: [], hard: ["--grace-period=0", "--force"] } as const;
export type Kill = keyof typeof kinds;

/** Deletes a pod, with time to end or without, and waits until the stack is Ready without it. */
export const kill = (cluster: Cluster, all: readonly Workload[], one: Workload, how: Kill): Fault => ({
  name: `${how === "hard" ? "hard kill" : "kill"} of ${nameOf(one)}`,
  lane: laneOf(componentOf(one)),
  excuse: excuse(all, one),
  async run() {
    const { metadata } = await podOf(cluster, one);
    await kubectl(cluster, ["-n", one.namespace, "delete", "pod", metadata.name, "--wait=false", ...kinds[how]]);
    await poll(seconds.restart, async () => {
      const pod = await get<ClusterObject>(cluster, one.namespace, "pod", metadata.name);
      if (pod?.metadata.uid === metadata.uid) throw new Error(`pod ${metadata.name} has not ended`);
    });
    await stackReady(cluster);
    return metadata.name;
  },
});

/** All workloads of each component at once, as a change of its image or settings does. */
export const restarts = (cluster: Cluster, all: readonly Workload[]): readonly Fault[] => {
  const components = [...new Set(all.map(componentOf))];
  return components.map((component) => {
    const own = all.filter((one) => componentOf(one) === component);
    return {
      name: `restart of all of ${component}`,
      lane: laneOf(component),
      // One that is there more than once is no excuse for reads that fail.
      excuse: own.every((one) => isSingleton(all, one)) ? excuse(all, own[0] as Workload) : undefined,
      async run() {
        for (const one of own)
          await kubectl(cluster, ["-n", one.namespace, "rollout", "restart", `${kindOf(one)}/${nameOf(one)}`]);
        await stackReady(cluster);
        return own.map(nameOf).join(", ");
      },
    };
  });
};

/** What is scaled to nothing, and after a while to what it was. */
interface Away {
  readonly name: string;
  readonly workloads: readonly Workload[];
  readonly seconds: number;
  readonly excuse: NonNullable<Fault["excuse"]>;
  /** How long is waited for those who go on, once it is Ready again. */
  readonly settleSeconds?: number;
}

const away = (cluster: Cluster, { name, workloads: all, seconds: forSeconds, excuse, settleSeconds }: Away): Fault => {
  const scale = (one: Workload, replicas: number): Promise<string> =>
    kubectl(cluster, ["-n", one.namespace, "scale", `${one.object.kind}/${nameOf(one)}`, `--replicas=${replicas}`]);
  const undo = async (): Promise<void> => {
    for (const one of all) await scale(one, one.object.spec.replicas ?? 1);
  };
  return {
    name: `no ${name} for ${forSeconds} s`,
    excuse,
    async run() {
      for (const one of all) await scale(one, 0);
      await sleep(forSeconds).finally(undo);
      const back = Date.now();
      await stackReady(cluster);
      const ready = `Ready ${Math.round((Date.now() - back) / 1000)} s after its return`;
      await sleep(settleSeconds ?? 0);
      return ready;
    },
    undo,
  };
};

export interface Store {
  readonly namespace: string;
  readonly name: string;
  readonly outageSeconds: number;
}

/** The object store is away. */
export const storeOutage = async (cluster: Cluster, { namespace, name, outageSeconds }: Store): Promise<Fault> => {
  const [object] = (await list(cluster, namespace, "deployments,statefulsets")).filter(
    ({ metadata }) => metadata.name === name,
  );
  const missing = async (): Promise<never> => {
    throw new Error(`${namespace} has no Deployment or StatefulSet ${name}. Say where it is: --store`);
  };
  const fault = away(cluster, {
    name: "object store",
    workloads: object ? [{ namespace, object }] : [],
    seconds: outageSeconds,
    excuse: { signals: every, because: "no store" },
  });
  return object ? fault : { ...fault, run: missing };
};

/** The longest pause of a log agent before it pushes again: src/components/log-agent.ts. */
const agentPauseSeconds = 60;

/** All of Loki is away, for longer than agents try by themselves; what a pod writes meanwhile is counted at the end. */
export const lokiOutage = (
  cluster: Cluster,
  all: readonly Workload[],
  outageSeconds: number,
  settleSeconds = 2 * agentPauseSeconds,
): Fault =>
  away(cluster, {
    name: "Loki",
    workloads: all.filter((one) => componentOf(one) === "loki"),
    seconds: outageSeconds,
    excuse: { signals: ["logs"], because: "no Loki" },
    settleSeconds,
  });

/** Nothing goes wrong: what the other rows are to be compared with. */
export const calm = (forSeconds: number): Fault => ({
  name: "nothing",
  async run() {
    await sleep(forSeconds);
    return "";
  },
});
