import { type Check, checkOf, type Context, now, poll, type Reading, seconds } from "../context.ts";
import { askJson } from "../datasources.ts";
import { probe } from "../fixtures.ts";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The vector that an instant query gives at a time in Unix seconds. */
export const instant = async (
  context: Context,
  query: string,
  at = now(),
  options: Readonly<Record<string, string>> = {},
): Promise<readonly Sample[]> => {
  const parameters = { query, time: at, ...options };
  const { data } = await askJson<{ data: { result: readonly Sample[] } }>(
    context,
    "metrics",
    "/api/v1/query",
    parameters,
  );
  return data.result;
};

/**
 * As the stores have it: where Thanos makes one series of those of a pair, it takes now this one's samples and now that one's, not
 * always as many of them.
 */
const number = async (context: Context, query: string, at: number): Promise<number> => {
  const [sample] = await instant(context, query, at, { dedup: "false" });
  return Number(sample?.value[1] ?? 0);
};

interface Series {
  readonly name: string;
  readonly selector: (context: Context) => string;
  /** The highest value that it must have had. */
  readonly value?: number;
  readonly limit?: number;
}

/** Counts samples, so that one that is missing after a restart shows; an hour is longer than a run. */
const series = ({ name, selector, value, limit }: Series): Reading => ({
  name,
  signal: "metrics",
  seconds: limit ?? seconds.metrics,
  async read(context, at) {
    const of = `${selector(context)}[1h]`;
    const amount = await number(context, `sum(count_over_time(${of}))`, at);
    const highest = amount > 0 && value !== undefined ? await number(context, `max(max_over_time(${of}))`, at) : value;
    if (highest !== value) throw new Error(`${selector(context)} is ${highest}, expected ${value}`);
    return { amount, detail: `${amount} samples of ${selector(context)}` };
  },
});

export const metricReadings: readonly Reading[] = [
  {
    name: "a user's /metrics is scraped",
    selector: ({ run }: Context) => `kube_lgtm_e2e_value{run="${run.id}"}`,
    value: 42,
  },
  {
    name: "a metric sent by OTLP is in the metrics back end",
    selector: ({ run }: Context) => `kube_lgtm_e2e_otlp{run="${run.id}"}`,
    value: 7,
  },
  { name: "the stack scrapes its components", selector: () => "up" },
  { name: "kube-state-metrics", selector: ({ cluster }: Context) => `kube_pod_info{namespace="${cluster.stack}"}` },
  { name: "node-exporter", selector: () => "node_memory_MemTotal_bytes" },
  { name: "each node's kubelet", selector: () => 'kubelet_running_pods{job="kubelet"}' },
  {
    name: "memory of the stack's containers, by cAdvisor",
    selector: ({ cluster }: Context) =>
      `container_memory_working_set_bytes{job="cadvisor", namespace="${cluster.stack}", container!=""}`,
  },
  {
    name: "CPU of the nodes, by kubelet",
    selector: () => 'node_cpu_usage_seconds_total{job="kubelet-resource"}',
  },
  {
    name: "probes of the stack's containers",
    selector: ({ cluster }: Context) =>
      `prober_probe_total{job="kubelet-probes", namespace="${cluster.stack}", result="successful"}`,
  },
  { name: "the API servers", selector: () => 'apiserver_current_inflight_requests{job="apiserver"}' },
  { name: "the cluster's DNS", selector: () => 'coredns_dns_requests_total{job="coredns"}' },
  {
    name: "service graph: the edge between two services",
    selector: ({ run }: Context) =>
      `traces_service_graph_request_total{client="${run.caller}", server="${run.callee}"}`,
    limit: seconds.serviceGraph,
  },
  {
    name: "span metrics of a service",
    selector: ({ run }: Context) => `traces_spanmetrics_calls_total{service="${run.caller}"}`,
    limit: seconds.serviceGraph,
  },
].map(series);

/** Jobs with a target in every cluster that has CoreDNS. */
const everywhere: readonly string[] = [
  "apiserver",
  "cadvisor",
  "coredns",
  "kube-state-metrics",
  "kube-state-metrics-telemetry",
  "kubelet",
  "kubelet-probes",
  "kubelet-resource",
  "node-exporter",
  "prometheus",
];

const targets: Check = {
  name: "every scrape target is up",
  run: (context) =>
    poll(seconds.metrics, async () => {
      const ours = probe(context.cluster).name;
      const allDown = await instant(context, `up{pod!="${ours}"} == 0`);
      const down = allDown.filter(({ metric }) => !context.allowDown.includes(metric["job"] ?? ""));
      if (down.length > 0) {
        const names = down.map(({ metric }) => `${metric["job"]} ${metric["pod"] ?? metric["instance"]}`);
        throw new Error(`down: ${names.join(", ")}`);
      }
      const jobs = await instant(context, "count by (job) (up)");
      const missing = everywhere.filter((job) => !jobs.some(({ metric }) => metric["job"] === job));
      if (missing.length > 0) throw new Error(`no target of ${missing.join(", ")}`);
      const names = jobs.map(({ metric, value }) => `${metric["job"]} ${value[1]}`).sort();
      return `${names.join(", ")}${allDown.length > 0 ? `; allowed to be down: ${allDown.length}` : ""}`;
    }),
};

export const metricChecks: readonly Check[] = [...metricReadings.map(checkOf), targets];
