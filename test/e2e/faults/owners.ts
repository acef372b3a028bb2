import { poll, sleep } from "../context.ts";
import { type Cluster, kubectl } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import type { Fault, Workload } from "./steps.ts";

/** One kind of owner, and how its pods are taken away without a loss. */
export interface Owner {
  /** app.kubernetes.io/name, and which components own something in one mode or another. */
  readonly name: string;
  readonly components: readonly string[];
  readonly port: number;
  /** Answers only where this is how the component works. */
  readonly ring: string;
  /** Posted to the pods that go: nothing more is written to them, and they are still read. */
  readonly first: readonly string[];
  /** Posted when nothing is written to them any more: what they hold goes to the object store now, not in some hours. */
  readonly flush?: readonly string[];
  /** Posted some time later, just before they are scaled away: they will leave the ring, and what they hold is flushed. */
  readonly last: readonly string[];
}

/**
 * Tempo: docs/sources/tempo/api_docs. Mimir: docs/sources/mimir/manage/run-production-environment/scaling-out.md, first with
 * ingest storage and then without.
 */
export const owners: readonly Owner[] = [
  {
    name: "tempo",
    components: ["live-store"],
    port: 3200,
    ring: "/partition-ring",
    first: ["/live-store/prepare-partition-downscale"],
    last: ["/live-store/prepare-downscale"],
  },
  {
    name: "mimir",
    components: ["ingester", "write"],
    port: 8080,
    ring: "/ingester/partition-ring",
    first: ["/ingester/prepare-partition-downscale"],
    flush: ["/ingester/flush?wait=true"],
    last: ["/ingester/prepare-shutdown"],
  },
  {
    name: "mimir",
    components: ["ingester", "write"],
    port: 8080,
    ring: "/ingester/ring",
    first: ["/ingester/prepare-instance-ring-downscale"],
    last: ["/ingester/shutdown"],
  },
];

/** Of dskit's ring pages in JSON: partitions with those that own them, or instances. */
interface Ring {
  readonly partitions?: readonly {
    readonly id: number;
    readonly state: number;
    readonly owner_ids: readonly string[];
  }[];
  readonly shards?: readonly { readonly id: string; readonly state: string }[];
}

/** What a ring holds, in words. */
export const ringText = ({ partitions = [], shards = [] }: Ring): string =>
  [
    ...partitions.map(
      ({ id, state, owner_ids: own }) => `partition ${id} state ${state} of ${own.join(" and ") || "nobody"}`,
    ),
    ...shards.map(({ id, state }) => `${id} ${state}`),
  ].join(", ");

/** Of dskit's PartitionState: nothing is written to it any more. */
const inactive = 3;

/**
 * Whether a ring has forgotten pods that were scaled away. The partitions from `replicas` on that were theirs alone are inactive then,
 * and stay so until `delete_inactive_partition_after` has passed.
 */
export const hasForgotten = (
  { partitions = [], shards = [] }: Ring,
  pods: readonly string[],
  replicas: number,
): boolean =>
  partitions.every(
    ({ id, state, owner_ids: own }) =>
      !own.some((owner) => pods.includes(owner)) && (id < replicas || (state === inactive && own.length === 0)),
  ) && shards.every(({ id }) => !pods.includes(id));

const proxied = ({ stack }: Cluster, { port }: Owner, pod: string, path: string): string =>
  `/api/v1/namespaces/${stack}/pods/${pod}:${port}/proxy${path}`;

const readRing = async (cluster: Cluster, owner: Owner, pod: string): Promise<Ring> =>
  JSON.parse(await kubectl(cluster, ["get", "--raw", proxied(cluster, owner, pod, owner.ring)]));

const post = (cluster: Cluster, owner: Owner, pod: string, path: string): Promise<string> =>
  kubectl(cluster, ["create", "--raw", proxied(cluster, owner, pod, path), "-f", "-"], "{}");

export interface Delays {
  /** How long the additional owners stay after they are told to go: until what they hold is asked for in the object store. */
  readonly keepSeconds: number;
  /** How long is waited for the ring to forget them. */
  readonly forgetSeconds: number;
}

/** The workloads of one kind of owner: its zones. */
interface Owned {
  readonly owner: Owner;
  readonly names: readonly string[];
  readonly replicas: number;
  /** The pod that each zone gets for a while. */
  readonly going: readonly string[];
}

const calmSeconds = 60;

/** What is done before everything else, and what after it. */
interface Around {
  readonly first: readonly Fault[];
  readonly last: readonly Fault[];
}

/**
 * One more pod of each zone of each kind, and back: all kinds in step, and the other faults while the additional ones stay, because most
 * of the time is spent waiting.
 */
const upAndDown = (cluster: Cluster, all: readonly Owned[], delays: Delays): Around => {
  let told = 0;
  const ring = ({ owner, names }: Owned): Promise<Ring> => readRing(cluster, owner, `${names[0]}-0`);
  const rings = async (): Promise<string> => {
    const texts: string[] = [];
    for (const one of all) texts.push(`${one.owner.name}: ${ringText(await ring(one))}`);
    return texts.join("; ");
  };
  const scale = async (more: number): Promise<void> => {
    for (const { names, replicas } of all) {
      const sets = names.map((name) => `statefulset/${name}`);
      await kubectl(cluster, ["-n", cluster.stack, "scale", ...sets, `--replicas=${replicas + more}`]);
    }
    await stackReady(cluster);
  };
  const postAll = async (paths: (owner: Owner) => readonly string[]): Promise<void> => {
    for (const { owner, going } of all)
      for (const path of paths(owner)) for (const pod of going) await post(cluster, owner, pod, path);
  };
  const pods = all.flatMap(({ going }) => going).join(", ");
  return {
    first: [
      {
        name: `scale up: ${pods}`,
        async run() {
          await scale(1);
          await sleep(calmSeconds);
          return rings();
        },
      },
      {
        name: `scale down: ${pods} told to go`,
        async run() {
          await postAll(({ first }) => first);
          told = Date.now();
          await sleep(calmSeconds);
          await postAll(({ flush = [] }) => flush);
          return rings();
        },
      },
    ],
    last: [
      {
        name: `scale down: ${pods} gone`,
        async run() {
          await sleep(Math.max(0, delays.keepSeconds - (Date.now() - told) / 1000));
          await postAll(({ last }) => last);
          await scale(0);
          await poll(delays.forgetSeconds, async () => {
            for (const one of all) {
              const now = await ring(one);
              if (!hasForgotten(now, one.going, one.replicas)) throw new Error(`still in the ring: ${ringText(now)}`);
            }
          });
          return rings();
        },
      },
    ],
  };
};

const isOwner = ({ name, components }: Owner, { object }: Workload): boolean => {
  const { labels = {} } = object.metadata;
  const component = labels["app.kubernetes.io/component"] ?? "";
  return object.kind === "StatefulSet" && labels["app.kubernetes.io/name"] === name && components.includes(component);
};

/** What owns something here, in step: each component by the way that its rings say it works. */
export const scaleOwners = async (cluster: Cluster, all: readonly Workload[], delays: Delays): Promise<Around> => {
  const found: Owned[] = [];
  for (const owner of owners) {
    const zones = all.filter((workload) => isOwner(owner, workload));
    const names = zones.map(({ object }) => object.metadata.name);
    const replicas = zones[0]?.object.spec.replicas ?? 1;
    if (!names[0] || found.some((one) => one.owner.name === owner.name)) continue;
    const answers = await readRing(cluster, owner, `${names[0]}-0`).then(
      () => true,
      () => false,
    );
    if (answers) found.push({ owner, names, replicas, going: names.map((name) => `${name}-${replicas}`) });
  }
  return found.length > 0 ? upAndDown(cluster, found, delays) : { first: [], last: [] };
};
