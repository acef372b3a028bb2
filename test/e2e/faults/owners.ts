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
  /** How long the additional owners are kept, before and after they are told to go. */
  readonly keepSeconds: number;
  /** How long is waited for the ring to forget them. */
  readonly forgetSeconds: number;
}

/** One more pod of each zone, and back. */
const upAndDown = (cluster: Cluster, owner: Owner, zones: readonly Workload[], delays: Delays): readonly Fault[] => {
  const names = zones.map(({ object }) => object.metadata.name);
  const replicas = zones[0]?.object.spec.replicas ?? 1;
  const going = names.map((name) => `${name}-${replicas}`);
  const ring = (): Promise<Ring> => readRing(cluster, owner, `${names[0]}-0`);
  const scale = (to: number): Promise<string> => {
    const sets = names.map((name) => `statefulset/${name}`);
    return kubectl(cluster, ["-n", cluster.stack, "scale", ...sets, `--replicas=${to}`]);
  };
  const postAll = async (paths: readonly string[]): Promise<void> => {
    for (const path of paths) for (const pod of going) await post(cluster, owner, pod, path);
  };
  return [
    {
      name: `scale up: ${going.join(", ")}`,
      async run() {
        await scale(replicas + 1);
        await stackReady(cluster);
        await sleep(delays.keepSeconds);
        return ringText(await ring());
      },
    },
    {
      name: `scale down: ${going.join(", ")} told to go`,
      async run() {
        await postAll(owner.first);
        await sleep(delays.keepSeconds);
        return ringText(await ring());
      },
    },
    {
      name: `scale down: ${going.join(", ")} gone`,
      async run() {
        await postAll(owner.last);
        await scale(replicas);
        await stackReady(cluster);
        const left = await poll(delays.forgetSeconds, async () => {
          const now = await ring();
          if (!hasForgotten(now, going, replicas)) throw new Error(`still in the ring: ${ringText(now)}`);
          return now;
        });
        return ringText(left);
      },
    },
  ];
};

const isOwner = ({ name, components }: Owner, { object }: Workload): boolean => {
  const { labels = {} } = object.metadata;
  const component = labels["app.kubernetes.io/component"] ?? "";
  return object.kind === "StatefulSet" && labels["app.kubernetes.io/name"] === name && components.includes(component);
};

/** For each component whose pods own something here: its zones together, by the way that its rings say it works. */
export const scaleOwners = async (
  cluster: Cluster,
  all: readonly Workload[],
  delays: Delays,
): Promise<readonly Fault[]> => {
  const steps: Fault[] = [];
  const done = new Set<string>();
  for (const owner of owners) {
    const zones = all.filter((workload) => isOwner(owner, workload));
    const first = zones[0]?.object.metadata.name;
    if (!first || done.has(owner.name)) continue;
    const answers = await readRing(cluster, owner, `${first}-0`).then(
      () => true,
      () => false,
    );
    if (!answers) continue;
    done.add(owner.name);
    steps.push(...upAndDown(cluster, owner, zones, delays));
  }
  return steps;
};
