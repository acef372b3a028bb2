import { poll, seconds } from "./context.ts";
import { type Cluster, type ClusterObject, list } from "./kubectl.ts";

type Progress = readonly [done: unknown, wanted: unknown];

const progress: Readonly<Record<string, (spec: ClusterObject["spec"], status: Status) => Progress>> = {
  Deployment: (spec, status) => [
    // Until the last pod of the old template is gone, an available one may be it.
    least(status["updatedReplicas"], status["availableReplicas"]) - surplus(status),
    spec.replicas ?? 1,
  ],
  StatefulSet: (spec, status) => [least(status["updatedReplicas"], status["readyReplicas"]), spec.replicas ?? 1],
  DaemonSet: (_, status) => [
    least(status["updatedNumberScheduled"], status["numberReady"]),
    status["desiredNumberScheduled"] ?? 1,
  ],
  Job: (spec, status) => [status["succeeded"] ?? 0, spec.completions ?? 1],
};

type Status = Readonly<Record<string, unknown>>;

const surplus = (status: Status): number =>
  Math.max(Number(status["replicas"] ?? 0) - Number(status["updatedReplicas"] ?? 0), 0);

const least = (a: unknown, b: unknown): number => Math.min(Number(a ?? 0), Number(b ?? 0));

/** "StatefulSet loki 0/1", or undefined if it is done with its newest specification. */
export const missing = ({ kind, metadata, spec, status = {} }: ClusterObject): string | undefined => {
  const [done, wanted] = progress[kind]?.(spec, status) ?? [0, 0];
  const seen = kind === "Job" || Number(status["observedGeneration"] ?? 0) >= (metadata.generation ?? 0);
  return seen && Number(done) >= Number(wanted)
    ? undefined
    : `${kind} ${metadata.name} ${Math.max(Number(done), 0)}/${wanted}`;
};

/** Waits until every workload of both namespaces is done; `report` hears what is missing whenever that changes. */
export const stackReady = (cluster: Cluster, report: (text: string) => void = () => undefined): Promise<string> => {
  let last = "";
  return poll(seconds.stackReady, async () => {
    const kinds = "deployments,statefulsets,daemonsets,jobs";
    const stack = await list(cluster, cluster.stack, kinds);
    const all = [...stack, ...(await list(cluster, cluster.agents, kinds))];
    const open = all.flatMap((workload) => missing(workload) ?? []).join(", ");
    if (open !== last && open !== "") report(`waiting for ${open}`);
    last = open;
    if (open !== "") throw new Error(`not ready: ${open}`);
    return `${all.length} workloads`;
  });
};
