import { poll, sleep } from "../context.ts";
import { type Cluster, kubectl } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import type { Fault, Workload } from "./steps.ts";

/** What is asked of a pod, through the API server: its port and path. */
interface Call {
  readonly method: "POST" | "DELETE";
  readonly path: string;
}

/** How the owners of partitions of one role are taken away (UPSTREAM: Tempo 2.5; Mimir 3.4 and operators' pages on scaling in). */
interface Owner {
  /** app.kubernetes.io/name and the components that may be its owners, by mode. */
  readonly name: string;
  readonly components: readonly string[];
  readonly port: number;
  /** The rings, and what they say of a partition or instance that must be gone from it at the end. */
  readonly ring: string;
  /** Before the wait: no more writes go to them, and they are still read. */
  readonly first: readonly Call[];
  /** After the wait: what they hold is flushed; then they are scaled away. */
  readonly last: readonly Call[];
}

export const owners: readonly Owner[] = [
  {
    name: "tempo",
    components: ["live-store"],
    port: 3200,
    ring: "/partition-ring",
    first: [{ method: "POST", path: "/live-store/prepare-partition-downscale" }],
    last: [{ method: "POST", path: "/live-store/prepare-downscale" }],
  },
  {
    name: "mimir",
    components: ["ingester", "write"],
    port: 8080,
    ring: "/ingester/partition-ring",
    first: [{ method: "POST", path: "/ingester/prepare-partition-downscale" }],
    last: [
      { method: "POST", path: "/ingester/prepare-shutdown" },
      { method: "POST", path: "/ingester/flush?wait=true" },
    ],
  },
];

const call = ({ stack, ...cluster }: Cluster, pod: string, port: number, { method, path }: Call): Promise<string> => {
  const url = `/api/v1/namespaces/${stack}/pods/${pod}:${port}/proxy${path}`;
  const verb = method === "POST" ? ["create", "--raw", url, "-f", "-"] : ["delete", "--raw", url];
  return kubectl({ stack, ...cluster }, verb, "{}");
};

interface PartitionRing {
  readonly partitions?: readonly {
    readonly id: number;
    readonly state: number | string;
    readonly owner_ids?: readonly string[];
  }[];
}

const partitions = async (cluster: Cluster, pod: string, owner: Owner): Promise<string> => {
  const url = `/api/v1/namespaces/${cluster.stack}/pods/${pod}:${owner.port}/proxy${owner.ring}`;
  const text = await kubectl(cluster, ["get", "--raw", url]);
  try {
    const { partitions = [] }: PartitionRing = JSON.parse(text);
    return partitions.map(({ id, state, owner_ids = [] }) => `${id} ${state} ${owner_ids.join("+")}`).join(", ");
  } catch {
    return `${text.length} bytes of ${owner.ring}`;
  }
};

export interface Delays {
  /** How long the additional owners are kept, before and after they are told to go. */
  readonly keepSeconds: number;
  /** How long is waited for the ring to forget them. */
  readonly forgetSeconds: number;
}

const isOwner = (owner: Owner, { object }: Workload): boolean => {
  const { labels = {} } = object.metadata;
  return (
    object.kind === "StatefulSet" &&
    labels["app.kubernetes.io/name"] === owner.name &&
    owner.components.includes(labels["app.kubernetes.io/component"] ?? "")
  );
};

/** One more of each StatefulSet of the owners (one for each zone), and back by the documented steps. */
const scaleOwner = (cluster: Cluster, owner: Owner, sets: readonly Workload[], delays: Delays): readonly Fault[] => {
  const names = sets.map(({ object }) => object.metadata.name);
  const replicas = sets[0]?.object.spec.replicas ?? 1;
  const scale = (to: number): Promise<string> => {
    const targets = names.map((name) => `statefulset/${name}`);
    return kubectl(cluster, ["-n", cluster.stack, "scale", ...targets, `--replicas=${to}`]);
  };
  const last = names.map((name) => `${name}-${replicas}`);
  const stays = `${names[0]}-0`;
  const callEach = async (calls: readonly Call[]): Promise<void> => {
    for (const pod of last) for (const one of calls) await call(cluster, pod, owner.port, one);
  };
  return [
    {
      name: `one more of ${names.join(", ")}`,
      async run() {
        await scale(replicas + 1);
        await stackReady(cluster);
        await sleep(delays.keepSeconds);
        return partitions(cluster, stays, owner);
      },
    },
    {
      name: `${last.join(", ")} made ready to go`,
      async run() {
        await callEach(owner.first);
        await sleep(delays.keepSeconds);
        return partitions(cluster, stays, owner);
      },
    },
    {
      name: `one less of ${names.join(", ")}`,
      async run() {
        await callEach(owner.last);
        await scale(replicas);
        await stackReady(cluster);
        const gone = last.length;
        await poll(delays.forgetSeconds, async () => {
          const now = await partitions(cluster, stays, owner);
          if (last.some((pod) => now.includes(pod))) throw new Error(`the ring still has ${gone} that went: ${now}`);
        });
        return partitions(cluster, stays, owner);
      },
    },
  ];
};

/** For each role that owns partitions here. */
export const scaleOwners = (cluster: Cluster, all: readonly Workload[], delays: Delays): readonly Fault[] =>
  owners.flatMap((owner) => {
    const sets = all.filter((workload) => isOwner(owner, workload));
    return sets.length > 0 ? scaleOwner(cluster, owner, sets, delays) : [];
  });
