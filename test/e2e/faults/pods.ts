import { readFileSync } from "node:fs";
import type { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import type { IPod } from "kubernetes-models/v1/Pod";
import { images } from "../../../src/versions.ts";
import { grafanaTemplate } from "../datasources.ts";
import { logger, mark, pod, scraped, standIn } from "../fixtures.ts";
import { type Cluster, kubectl, type PodName } from "../kubectl.ts";
import type { Pusher } from "./entrances.ts";
import { counter, type Load, type Reading, service } from "./load.ts";

const scripts = ["push.k6.ts", "read.k6.ts", "load.ts", "bodies.ts", "ranges.ts", "otlp.proto"] as const;
const scriptsName = "kube-lgtm-faults-scripts";

const text = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

const configMap = (namespace: string): IConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: scriptsName, namespace, labels: { ...mark } },
  data: Object.fromEntries(scripts.map((file) => [file, text(file)])),
});

/** What the pods need to be there. */
export const needed = ({ stack, users }: Cluster): readonly IConfigMap[] => [configMap(stack), configMap(users)];

const account = "/account/log";

/** k6 with its console in a file: a pod's log is rotated, and kubectl gives only the newest part of it. */
const k6 = (script: (typeof scripts)[number], load: Load) => ({
  container: {
    image: images.k6,
    command: [
      "sh",
      "-c",
      `k6 run --quiet --no-usage-report --no-thresholds --summary-mode=disabled --log-format raw --console-output ${account} ${script}
       while :; do sleep 5; done`,
    ],
    workingDir: "/scripts",
    env: [
      { name: "HOME", value: "/tmp" },
      { name: "LOAD", value: JSON.stringify(load) },
    ],
    resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { memory: "512Mi" } },
    volumeMounts: [
      { name: "scripts", mountPath: "/scripts", readOnly: true },
      { name: "account", mountPath: "/account" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  },
  volumes: [
    { name: "scripts", configMap: { name: scriptsName } },
    { name: "account", emptyDir: {} },
    { name: "tmp", emptyDir: {} },
  ],
});

export const readerName = ({ stack }: Cluster): PodName => ({ namespace: stack, name: "kube-lgtm-faults-reader" });

export const pusherName = ({ stack, users }: Cluster, { name, labels }: Pusher): PodName => ({
  namespace: labels ? stack : users,
  name,
});

/** A pod that stands for what pushes, or a user's. */
export const pusher = (cluster: Cluster, load: Load, one: Pusher): IPod => {
  const { container, volumes } = k6("push.k6.ts", { ...load, streams: one.streams });
  const name = pusherName(cluster, one);
  return one.labels ? standIn(name, one.labels, container, { volumes }) : pod(name, {}, container, { volumes });
};

/** A pod that stands for Grafana. */
export const reader = async (cluster: Cluster, load: Reading): Promise<IPod> => {
  const { metadata } = await grafanaTemplate(cluster);
  const { container, volumes } = k6("read.k6.ts", load);
  return standIn(readerName(cluster), metadata.labels, container, { volumes });
};

export const written = { stream: "pod-log", name: "logger", linesPerSecond: 5 } as const;

/** A pod whose numbered log lines the collector reads from the node, and one with a counter that Prometheus scrapes. */
export const users = (cluster: Cluster, { run, start }: Load): readonly IPod[] => [
  logger(
    cluster,
    service(run, written.stream),
    `n=0
while :; do
  echo "level=info run=$RUN n=$n"
  n=$((n + 1))
  sleep ${1 / written.linesPerSecond}
done`,
    { RUN: run },
  ),
  scraped(cluster, `${counter.metric}{run=\\"$RUN\\"} $(($(date +%s) - $START))`, {
    RUN: run,
    START: `${Math.floor(start / 1000)}`,
  }),
];

/** How many lines the pod that writes to its log has written. */
export const linesWritten = async (cluster: Cluster): Promise<number> => {
  const line = await kubectl(cluster, ["-n", cluster.users, "logs", written.name, "--tail=1"]);
  return Number(/ n=(\d+)/.exec(line)?.[1] ?? -1) + 1;
};

/** Reads on in a pod's account, from where the last call ended; whole lines only. */
export const follow = (cluster: Cluster, { namespace, name }: PodName): (() => Promise<readonly string[]>) => {
  let offset = 1;
  return async () => {
    const more = await kubectl(cluster, ["-n", namespace, "exec", name, "--", "tail", "-c", `+${offset}`, account]);
    const whole = more.slice(0, more.lastIndexOf("\n") + 1);
    offset += Buffer.byteLength(whole);
    return whole.split("\n").slice(0, -1);
  };
};

/** Ends k6 in a pod; its account stays. */
export const halt = (cluster: Cluster, { namespace, name }: PodName): Promise<string> =>
  kubectl(cluster, ["-n", namespace, "exec", name, "--", "killall", "k6"]);
