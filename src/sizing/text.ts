import { columns, wrapped } from "../core/util/columns.ts";
import { podsOf } from "../core/model/size.ts";
import { gibibyte, quantity } from "../core/kubernetes/requests.ts";
import { driver, type DriverName } from "./drivers.ts";
import { typicalSpanBytes } from "./load.ts";
import { bytes, plain, rounding } from "./numbers.ts";
import { type Resource, resources } from "./rule.ts";
import type { Sizing } from "./sizing.ts";
import type { Source } from "./sources.ts";
import { spareDisk } from "./sum.ts";
import { type Explained, limitFactor } from "./workload.ts";

const names: Readonly<Record<Resource, string>> = { cpu: "CPU", memory: "memory", disk: "disk" };
const head = ["pods", "CPU", "memory", "limit", "disk"] as const;

/** What the load comes to in the units that the sums are in. */
function loadLines({ load, facts }: Sizing): readonly string[] {
  if (!load)
    return [
      "It says no load, so everything is as its mode has it. Say `load` in its settings, or try one with --load.",
    ];
  const amount = (name: DriverName): string =>
    `${plain(driver(name).amount(facts, { copies: 1, zones: 1, retentionDays: 1 }))} ${driver(name).unit}`;
  const { logsGBPerDay, activeSeries, spansPerSecond, bytesPerSpan = typicalSpanBytes, metricQueriesPerSecond } = load;
  return [
    ...(logsGBPerDay ? [`${plain(logsGBPerDay)} GB of logs a day = ${amount("logs")} = ${amount("logRate")}`] : []),
    ...(activeSeries
      ? [
          `${plain(activeSeries)} active series / ${facts.scrapeIntervalSeconds} s = ${amount("samples")}` +
            (facts.senders > 1 ? `, from each of ${facts.senders} pods of Prometheus` : ""),
        ]
      : []),
    ...(spansPerSecond
      ? [`${plain(spansPerSecond)} spans a second × ${plain(bytesPerSpan)} bytes = ${amount("spans")}`]
      : []),
    ...(metricQueriesPerSecond ? [`${plain(metricQueriesPerSecond)} queries of metrics a second`] : []),
    `Disks are the sum × ${spareDisk}, memory limits the request × ${limitFactor}. Rounded: ${rounding}.`,
  ];
}

/** Numbers the sources as they are first cited. */
function citations() {
  const found: Source[] = [];
  const same = (a: Source, b: Source): boolean => a.page === b.page && a.says === b.says;
  return {
    cite: (source: Source): string => {
      const at = found.findIndex((one) => same(one, source));
      return `[${at === -1 ? found.push(source) : at + 1}]`;
    },
    lines: (): readonly string[] =>
      found.map(({ page, says }, i) => `[${i + 1}] ${page ? `${says}: ${page}` : `assumption: ${says}`}`),
  };
}

function why({ sums, pods, notes }: Explained, cite: (source: Source) => string): readonly string[] {
  const isMixed = new Set(sums.map(({ role }) => role)).size > 1;
  const labelled = (label: string, lines: readonly string[]): readonly string[] =>
    lines.map((line, i) => `      ${(i === 0 ? label : "").padEnd(8)}${line}`);
  const sumLines = (resource: Resource): readonly string[] =>
    sums
      .filter((one) => one.resource === resource)
      .map(({ role, words, borne, source }) => {
        const whose = isMixed ? `${role}: ` : "";
        return `${whose}${words}${borne === "by each pod" ? ", each pod" : ""} ${cite(source)}`;
      });
  return [
    ...resources.flatMap((resource) => labelled(names[resource], sumLines(resource))),
    ...labelled("pods", pods ? [pods] : []),
    ...labelled("note", notes),
  ];
}

const podsText = ({ size }: Explained): string => {
  const most = size.maxReplicas ? ` to ${size.maxReplicas}` : "";
  return size.zones ? `${size.zones} × ${size.replicas}` : `${size.replicas}${most}`;
};
const row = (one: Explained): readonly string[] => [
  podsText(one),
  one.size.cpu,
  one.size.memory,
  one.size.memoryLimit,
  one.disk ?? "",
];

interface Total {
  readonly pods: number;
  readonly cpu: number;
  readonly memory: number;
  readonly limit: number;
  readonly disk: number;
}
const totalOf = (list: readonly Explained[]): Total => {
  const all = (value: (one: Explained) => string | undefined, unit: number): number =>
    list.reduce((sum, one) => sum + (podsOf(one.size) * (quantity(value(one) ?? "0") ?? 0)) / unit, 0);
  return {
    pods: list.reduce((sum, { size }) => sum + podsOf(size), 0),
    cpu: all(({ size }) => size.cpu, 1),
    memory: all(({ size }) => size.memory, gibibyte),
    limit: all(({ size }) => size.memoryLimit, gibibyte),
    disk: all(({ disk }) => disk, gibibyte),
  };
};
const totalRow = ({ pods, cpu, memory, limit, disk }: Total): readonly string[] => [
  plain(pods),
  `${plain(cpu)}`,
  `${plain(memory)}Gi`,
  `${plain(limit)}Gi`,
  disk > 0 ? `${plain(disk)}Gi` : "",
];

function keptLines({ kept }: Sizing, cite: (source: Source) => string): readonly string[] {
  if (kept.length === 0) return [];
  const lines = kept.map(({ component, gigabytesPerDay, gigabytes, days, copies, source }) => {
    const of = copies > 1 ? ` (${copies} copies)` : "";
    const all = Number.isFinite(days) ? `× ${plain(days)} days = ${bytes(gigabytes)}` : "and nothing is deleted";
    return `  ${component}: ${bytes(gigabytesPerDay)} a day${of} ${all} ${cite(source)}`;
  });
  const sum = (of: "gigabytes" | "gigabytesPerDay"): number => kept.reduce((all, one) => all + one[of], 0);
  return [
    "object store",
    ...lines,
    `  total: ${bytes(sum("gigabytesPerDay"))} a day, ${bytes(sum("gigabytes"))} at full retention`,
  ];
}

function limitLines({ limits, load }: Sizing): readonly string[] {
  if (!load || limits.length === 0) return [];
  const lines = columns(
    limits.map(({ component, setting, value, unit, words }) => [
      `  ${component}.${setting}`,
      `${value.toLocaleString("en-US")} ${unit}: ${words}`,
    ]),
  );
  return ["limits, as settings of components", ...lines];
}

/** The sizes of an environment and their sums, for a terminal. */
export function text(sizing: Sizing): string {
  const { cite, lines } = citations();
  const { workloads, partitions, warnings } = sizing;
  const table = columns([
    ["", ...head],
    ...workloads.map((one) => [`  ${one.workload}`, ...row(one)]),
    ["total of all pods", ...totalRow(totalOf(workloads))],
  ]);
  const components = [...new Set(workloads.map(({ component }) => component))].map((name) => {
    const own = workloads.filter(({ component }) => component === name);
    const rows = own.flatMap((one) => [table[workloads.indexOf(one) + 1] ?? "", ...why(one, cite)]);
    return [`${name} (${own[0]?.mode ?? ""})`, ...rows];
  });
  const topics = Object.entries(partitions).map(
    ([topic, count]) => `  ${topic}: at least ${count}, one for each that owns one`,
  );
  const stored = keptLines(sizing, cite);
  const limited = limitLines(sizing);
  const blocks = [
    [sizing.environment, ...loadLines(sizing).map((line) => `  ${line}`)],
    ...(warnings.length > 0 ? [["beware", ...warnings.map((line) => `  ${line}`)]] : []),
    [table[0] ?? "", ...components.flat()],
    [table[0] ?? "", table.at(-1) ?? "", "  Agents on every node and sidecars are not in it."],
    ...(topics.length > 0 ? [["partitions of Kafka's topics", ...topics]] : []),
    ...(stored.length > 0 ? [stored] : []),
    ...(limited.length > 0 ? [limited] : []),
  ];
  const sources = lines();
  return [...blocks, ...(sources.length > 0 ? [["sources", ...sources.map((line) => `  ${line}`)]] : [])]
    .map((block) => block.flatMap((line) => wrapped(line, Math.max(2, line.search(/\S/)) + 4)).join("\n"))
    .join("\n\n");
}
