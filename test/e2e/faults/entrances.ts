import { randomBytes } from "node:crypto";
import { parse } from "yaml";
import type { Context } from "../context.ts";
import { dataSource, headers } from "../datasources.ts";
import { type Cluster, get, list } from "../kubectl.ts";
import { type Door, type PushedStream, scraped, type Signal, type Stream } from "./load.ts";

type Labels = Readonly<Record<string, string>>;

/** A pod that pushes streams: in the place of a pod of the stack, whose labels it has, or as one of a user. */
export interface Pusher {
  readonly name: string;
  readonly labels?: Labels;
  readonly streams: readonly PushedStream[];
}

/** Of a workload, whom the NetworkPolicies take its pods for, and the ConfigMaps that it reads. */
interface Workload {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: {
        readonly containers: readonly {
          readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
        }[];
        readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
      };
    };
  };
}

const template = async (cluster: Cluster, kind: string, name: string) => {
  const found = await get<Workload>(cluster, cluster.stack, kind, name);
  if (!found) throw new Error(`no ${kind} ${name} in namespace ${cluster.stack}.`);
  const { metadata, spec } = found.spec.template;
  // Labels of rings and zones are for members only.
  const labels = Object.entries(metadata.labels).filter(([label]) => label.startsWith("app.kubernetes.io/"));
  return { labels: Object.fromEntries(labels), spec };
};

const read = async (cluster: Cluster, name: string): Promise<Readonly<Record<string, string>>> =>
  (await get<{ data?: Record<string, string> }>(cluster, cluster.stack, "configmap", name))?.data ?? {};

const setting = (settings: Readonly<Record<string, string>>, name: string): string => {
  const value = settings[name];
  if (!value) throw new Error(`alloy-gateway has no setting ${name}.`);
  return value;
};

/** Where Tempo sends what it makes of spans by remote write: what keeps metrics, or Prometheus. */
const remoteWriteUrl = async (cluster: Cluster): Promise<string> => {
  const maps = await list(cluster, cluster.stack, "configmaps");
  const url = maps.map(({ data }) => data?.["TEMPO_REMOTE_WRITE_URL"]).find((value) => value !== undefined);
  if (!url) throw new Error(`no ConfigMap of ${cluster.stack} says where Tempo sends samples.`);
  return url;
};

interface PrometheusConfig {
  readonly remote_write?: readonly { readonly url: string; readonly headers?: Readonly<Record<string, string>> }[];
}

type Kind = Pick<PushedStream, "signal" | "itemsPerBatch" | "batchSeconds" | "visibleSeconds">;

/** Modest: a whole cluster has two cores. */
const kinds: Readonly<Record<Signal, Kind>> = {
  logs: { signal: "logs", itemsPerBatch: 20, batchSeconds: 1, visibleSeconds: 5 },
  traces: { signal: "traces", itemsPerBatch: 5, batchSeconds: 1, visibleSeconds: 15 },
  samples: { signal: "samples", itemsPerBatch: 20, batchSeconds: 5, visibleSeconds: 5 },
};

/** Through a collector, which keeps what it has acknowledged for a while, and through Prometheus to what is behind it. */
const relayed = (signal: Signal): Kind => ({
  ...kinds[signal],
  itemsPerBatch: kinds[signal].itemsPerBatch / 5,
  visibleSeconds: 30,
});

const stream = (
  name: string,
  kind: Kind,
  way: PushedStream["way"],
  to: string,
  sent: PushedStream["headers"] = {},
): PushedStream => ({
  ...kind,
  name,
  way,
  to,
  headers: sent,
  idPrefix: `a${randomBytes(8).toString("hex").slice(1)}`,
});

/** What stands for what pushes to the back ends, and a user; addresses are those that the stack itself pushes to. */
export const pushers = async (context: Context): Promise<readonly Pusher[]> => {
  const { cluster } = context;
  const gateway = await template(cluster, "deployment", "alloy-gateway");
  const maps = gateway.spec.containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef));
  const settings = Object.assign({}, ...(await Promise.all(maps.map((map) => read(cluster, map?.name ?? "")))));
  const loki = new URL("/loki/api/v1/push", setting(settings, "ALLOY_GATEWAY_LOKI_OTLP_URL")).href;
  const tempo = setting(settings, "ALLOY_GATEWAY_TEMPO_OTLP_ENDPOINT");
  const tenant = headers(await dataSource(context, "tempo"));
  const metrics = await remoteWriteUrl(cluster);

  const prometheus = await template(cluster, "statefulset", "prometheus");
  const config = prometheus.spec.volumes?.find(({ name }) => name === "config")?.configMap?.name ?? "";
  const parsed: PrometheusConfig = parse((await read(cluster, config))["prometheus.yml"] ?? "{}");
  const behind = (parsed.remote_write ?? []).map(({ url, headers: sent }, place) =>
    stream(`samples-kept${place || ""}`, kinds.samples, "remote-write", url, sent),
  );

  const otlp = `http://otlp.${cluster.stack}:4318`;
  const first: Pusher = {
    name: "kube-lgtm-faults-gateway",
    labels: gateway.labels,
    streams: [
      stream("logs", kinds.logs, "loki", loki),
      stream("traces", kinds.traces, "tempo", tempo, tenant),
      stream("samples", behind.length > 0 ? relayed("samples") : kinds.samples, "remote-write", metrics),
    ],
  };
  const second: Pusher = { name: "kube-lgtm-faults-prometheus", labels: prometheus.labels, streams: behind };
  const users: Pusher = {
    name: "kube-lgtm-faults-user",
    streams: (["logs", "traces", "samples"] as const).map((signal) =>
      stream(`otlp-${signal}`, relayed(signal), "otlp", otlp),
    ),
  };
  return [first, ...(behind.length > 0 ? [second] : []), users];
};

/** What the reader reads: of each signal what is pushed to the place that keeps it, and what is scraped. */
export const readStreams = (all: readonly PushedStream[]): readonly Stream[] => {
  const samples = all.some(({ name }) => name === "samples-kept") ? "samples-kept" : "samples";
  return [...all.filter(({ name }) => ["logs", "traces", samples].includes(name)), scraped];
};

/** The front doors, as the data sources name them. */
export const doors = async (context: Context): Promise<Readonly<Record<Stream["signal"], Door>>> => {
  const door = async (uid: string): Promise<Door> => {
    const source = await dataSource(context, uid);
    return { url: source.url.replace(/\/$/, ""), headers: headers(source) };
  };
  const metrics = await door("metrics");
  return { logs: await door("loki"), traces: await door("tempo"), samples: metrics, scrapes: metrics };
};
