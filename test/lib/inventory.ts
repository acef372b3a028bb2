import { readdirSync, readFileSync } from "node:fs";
import { once } from "../../src/core/util/once.ts";
import { unseen } from "../facts/unseen.ts";

/*
 * Names of metrics and of their labels, as the real programs had them: test/facts/metrics, written by `npm run inventory`.
 * One file a program:
 *
 *     # loki 3.7.6, asked on 2026-11-29 in demo, prod
 *     jobs loki
 *     every app container instance job namespace node pod workload
 *     mode scalable backend compactor read write
 *     @ scalable: read write
 *     c loki_distributor_bytes_received_total tenant
 *
 * `every` are labels of all series. Below `@` stand the metrics that those workloads have, by mode (`*`: all of the mode), with the labels
 * that they have beside. Letters are types: counter, gauge, histogram (with `_bucket`, `_sum` and `_count`), summary, and u for unknown.
 */
export type Type = "c" | "g" | "h" | "s" | "u";

export interface Metric {
  readonly type: Type;
  readonly labels: ReadonlySet<string>;
  /** "scalable/write". */
  readonly places: ReadonlySet<string>;
}

export interface Inventory {
  /** "loki": the label `app`, or the job of what has none. */
  readonly program: string;
  readonly version: string;
  readonly date: string;
  readonly environments: readonly string[];
  readonly jobs: readonly string[];
  readonly every: readonly string[];
  /** By name; of histograms and summaries without what is appended. */
  readonly metrics: ReadonlyMap<string, Metric>;
}

const sorted = (all: Iterable<string>): readonly string[] => [...new Set(all)].sort();

const workloadsByMode = (places: Iterable<string>): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const place of sorted(places)) {
    const [mode = "", workload = ""] = place.split("/");
    found.set(mode, [...(found.get(mode) ?? []), workload]);
  }
  return found;
};

export function inventoryText({ program, version, date, environments, jobs, every, metrics }: Inventory): string {
  const all = workloadsByMode([...metrics.values()].flatMap(({ places }) => [...places]));
  const heading = (places: ReadonlySet<string>): string =>
    [...workloadsByMode(places)]
      .map(([mode, own]) => `${mode}: ${own.length === all.get(mode)?.length ? "*" : own.join(" ")}`)
      .join("; ");
  const sections = new Map<string, string[]>();
  for (const [name, { type, labels, places }] of [...metrics].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const lines = sections.get(heading(places)) ?? [];
    lines.push([type, name, ...sorted(labels)].join(" "));
    sections.set(heading(places), lines);
  }
  return [
    `# ${program} ${version}, asked on ${date} in ${environments.join(", ")}`,
    `jobs ${jobs.join(" ")}`,
    `every ${every.join(" ")}`,
    ...[...all].map(([mode, workloads]) => `mode ${mode} ${workloads.join(" ")}`.trimEnd()),
    ...[...sections].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([at, lines]) => [`@ ${at}`.trimEnd(), ...lines]),
    "",
  ].join("\n");
}

/** @throws if a line is of no kind */
export function inventoryOf(text: string): Inventory {
  const [, program = "", version = "", date = "", environments = ""] =
    /^# (\S+) (\S+), asked on (\S+) in (.*)$/m.exec(text) ?? [];
  const modes = new Map<string, readonly string[]>();
  const metrics = new Map<string, Metric>();
  let jobs: readonly string[] = [];
  let every: readonly string[] = [];
  let places: ReadonlySet<string> = new Set();
  for (const line of text.split("\n").slice(1)) {
    const [first = "", second = "", ...rest] = line.split(" ");
    if (first === "jobs") jobs = [second, ...rest].filter(Boolean);
    else if (first === "every") every = [second, ...rest].filter(Boolean);
    else if (first === "mode") modes.set(second, rest.length > 0 ? rest : [""]);
    else if (first === "@")
      places = new Set(
        line
          .slice(2)
          .split("; ")
          .flatMap((part) => {
            const [mode = "", own = ""] = part.split(": ");
            return (own === "*" ? (modes.get(mode) ?? []) : own.split(" ")).map((workload) => `${mode}/${workload}`);
          }),
      );
    else if (/^[cghsu]$/.test(first)) metrics.set(second, { type: first as Type, labels: new Set(rest), places });
    else if (line !== "") throw new Error(`test/facts/metrics: "${line}" is no line of an inventory`);
  }
  return { program, version, date, environments: environments.split(", "), jobs, every, metrics };
}

export const folder = new URL("../facts/metrics/", import.meta.url);

/** By program. */
export const readInventories = (): ReadonlyMap<string, Inventory> =>
  new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(".txt"))
      .map((file) => inventoryOf(readFileSync(new URL(file, folder), "utf8")))
      .map((one) => [one.program, one]),
  );

/** What Prometheus makes of every scrape: https://prometheus.io/docs/concepts/jobs_instances/ */
export const ofScrapes: readonly string[] = [
  "up",
  "scrape_duration_seconds",
  "scrape_samples_scraped",
  "scrape_samples_post_metric_relabeling",
  "scrape_series_added",
];

/** Labels of targets that are processes of the stack. */
const ofProcesses = ["app", "container", "instance", "job", "namespace", "node", "pod", "workload"];

/** A series by the name that queries use. */
export interface Known {
  readonly program: string;
  readonly jobs: readonly string[];
  readonly type: Type;
  readonly labels: ReadonlySet<string>;
  readonly places: ReadonlySet<string>;
  /** Nobody has seen it, and this is why it is there. */
  readonly why?: string;
}

const appended: Readonly<Record<Type, readonly (readonly [string, readonly string[]])[]>> = {
  c: [["", []]],
  g: [["", []]],
  u: [["", []]],
  h: [
    ["_bucket", ["le"]],
    ["_sum", []],
    ["_count", []],
  ],
  s: [
    ["", ["quantile"]],
    ["_sum", []],
    ["_count", []],
  ],
};

const index = once((inventories: ReadonlyMap<string, Inventory>): ReadonlyMap<string, readonly Known[]> => {
  const found = new Map<string, Known[]>();
  const add = (name: string, one: Known): void => void found.set(name, [...(found.get(name) ?? []), one]);
  const unasked = Object.keys(unseen).filter((program) => !inventories.has(program));
  const all = [
    ...inventories.values(),
    ...unasked.map((program) => ({ program, jobs: [program], every: ofProcesses, metrics: new Map<string, Metric>() })),
  ];
  for (const { program, jobs, every, metrics } of all) {
    const everywhere = new Set([...metrics.values()].flatMap(({ places }) => [...places]));
    const declared = Object.entries(unseen[program] ?? {}).map(
      ([name, { type, labels, at, why }]) =>
        [name, { type, labels: new Set(labels), places: at ? new Set(at) : everywhere, why }] as const,
    );
    for (const [name, { type, labels, places, why }] of [...metrics, ...declared] as readonly (readonly [
      string,
      Metric & { readonly why?: string },
    ])[])
      for (const [suffix, more] of appended[type])
        add(`${name}${suffix}`, {
          program,
          jobs,
          type: suffix === "" ? type : "c",
          labels: new Set([...every, ...labels, ...more]),
          places,
          ...(why === undefined ? {} : { why }),
        });
    for (const name of jobs.length > 0 ? ofScrapes : [])
      add(name, { program, jobs, type: "g", labels: new Set(every), places: everywhere });
  }
  return found;
});

/** All programs' series of a name. */
export const knownOf = (name: string, inventories: ReadonlyMap<string, Inventory>): readonly Known[] =>
  index(inventories).get(name) ?? [];
