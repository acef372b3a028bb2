import { type Check, type Context, now, poll, seconds } from "../context.ts";
import { type ClusterObject, list } from "../kubectl.ts";
import { lines } from "./logs.ts";
import { instant } from "./metrics.ts";

/** What a line of each of flog's formats looks like. */
export const formats: Readonly<Record<string, RegExp>> = {
  "apache-common": /^\S+ - \S+ \[\d{2}\/\w{3}\/\d{4}:[\d:]{8} [+-]\d{4}\] "[A-Z]+ \S+ HTTP\/[\d.]+" \d{3} \d+$/,
  "apache-error": /^\[\w{3} \w{3} \d{2} [\d:]{8} \d{4}\] \[\S+:[\w-]+\] \[pid \d+:tid \d+\] \[client [\d.]+:\d+\] /,
  rfc3164: /^<\d{1,3}>\w{3} [ \d]\d [\d:]{8} \S+ \S+\[\d+\]: /,
};

const label = "app.kubernetes.io/component";
const deployments = async ({ cluster }: Context, name: string): Promise<readonly ClusterObject[]> =>
  (await list(cluster, cluster.stack, "deployments")).filter(
    ({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === name,
  );

const flog = (format: string, pattern: RegExp): Check => ({
  name: `flog's lines in ${format} are in Loki`,
  async run(context) {
    const made = (await deployments(context, "flog")).map(({ metadata }) => metadata.labels?.[label]);
    if (!made.includes(format)) return { skipped: "no such generator here" };
    return poll(seconds.logs, async () => {
      const query = `{app="flog", container="${format}"}`;
      const found = await lines(context, query, now() - 60, now());
      const other = found.find(({ text }) => !pattern.test(text));
      if (other) throw new Error(`not in that format: ${other.text}`);
      if (found.length < 20) throw new Error(`${found.length} lines of ${query} in a minute`);
      return `${found.length} lines of ${query} in a minute`;
    });
  },
});

/** Who calls whom in the shop that the trace generator makes up. */
export const edges = [
  ["shop", "catalogue"],
  ["shop", "checkout"],
  ["checkout", "payment"],
  ["checkout", "catalogue"],
] as const;

const generated = (name: string, queries: readonly string[]): Check => ({
  name,
  async run(context) {
    if ((await deployments(context, "generators")).length === 0) return { skipped: "no generators here" };
    return poll(seconds.serviceGraph, async () => {
      for (const query of queries)
        if ((await instant(context, query)).length === 0) throw new Error(`${query} gives nothing`);
      return queries.join(", ");
    });
  },
});

export const generatorChecks: readonly Check[] = [
  ...Object.entries(formats).map(([format, pattern]) => flog(format, pattern)),
  generated(
    "the service graph shows the generated shop",
    edges.map(([from, to]) => `traces_service_graph_request_total{client="${from}", server="${to}"} > 0`),
  ),
  generated("the generated metric is in the metrics back end", ["shop_stock"]),
];
