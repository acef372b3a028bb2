/**
 * `npm run inventory -- ENV`: asks the Prometheus of an applied environment, by kubectl, which metrics and labels it has of which program, and writes the
 * names down in test/facts/metrics. Says what is new and what is gone.
 *
 *     npm run inventory -- dev                                  the cluster of kubectl's current context; $KUBECTL is another command
 *     npm run inventory -- dev=series.json,metadata.json …      answers of /api/v1/series and /api/v1/metadata that are in files
 *     npm run inventory -- loki:monolithic/all=metrics.txt      a program's /metrics, by an address or a file, as the job of the name keeps it
 *     npm run inventory -- loki-cache@memcached:microservices/chunks=metrics.txt      the same, where the job is not called as the component
 *     npm run inventory -- --forget dev …                       what the environments named have not is dropped, and not only reported
 *     npm run inventory -- --without=grafana dev …              another program stands in for it there
 *
 * Ask while the e2e load is there: much appears only with its first use.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { clusterOf, mustExist } from "./e2e/environment.ts";
import { kubectl } from "./e2e/kubectl.ts";
import {
  folder,
  type Inventory,
  inventoryText,
  type Metric,
  ofScrapes,
  readInventories,
  type Type,
} from "./lib/inventory.ts";
import type { Labels } from "./lib/objects.ts";

import { type Job, relabelled, scrapeJobsOf } from "./lib/scrape.ts";
import { shipped } from "./lib/world.ts";

/** A series, of which program and where that runs. */
interface Seen {
  readonly program: string;
  readonly place: string;
  readonly labels: Labels;
}
interface Told {
  readonly source: string;
  readonly series: readonly Seen[];
  readonly typeOf: (name: string) => string | undefined;
}

const targetLabels = ["app", "container", "instance", "job", "namespace", "node", "pod", "workload"];

/** Series of Tempo's metrics-generator are written to, not scraped: a program of its own here. */
const generated = /^traces_/;

/** What an environment's Prometheus has, without the users' own. */
function seenIn(environment: string, all: readonly Labels[]): readonly Seen[] {
  const world = shipped.find(({ name }) => name === environment);
  if (!world)
    throw new Error(`no environment ${environment}. There are ${shipped.map(({ name }) => name).join(", ")}.`);
  const bases = world.overlay.parts.flatMap((part) => part.bases);
  const modeOf = new Map(bases.map(({ component, mode }) => [component.name, mode]));
  const jobs = new Set(scrapeJobsOf(world.objects).map(({ job_name }) => job_name));
  const workloads = bases
    .flatMap(({ component, workloads }) => workloads.map(({ fullName }) => ({ component: component.name, fullName })))
    .sort((a, b) => b.fullName.length - a.fullName.length);
  /** Of series that were written before targets had the label `app`. */
  const byPod = (pod: string | undefined): string | undefined =>
    pod === undefined ? undefined : workloads.find(({ fullName }) => pod.startsWith(`${fullName}-`))?.component;
  return all.flatMap((labels): readonly Seen[] => {
    const { __name__: name = "", job = "", workload, app } = labels;
    // Of users' pods only what Prometheus makes of their scrapes is the stack's own.
    if (name.includes(":") || /^ALERTS(_FOR_STATE)?$/.test(name) || (job === "pods" && name !== "up")) return [];
    if (generated.test(name)) return [{ program: "traces", place: "/", labels }];
    // The generators' own series come by remote write, without a target.
    if (!jobs.has(job)) return name.startsWith("k6_") ? [{ program: "generators", place: "/", labels }] : [];
    if (workload === undefined) return [{ program: job, place: "/", labels }];
    const program = app ?? byPod(labels["pod"]) ?? job;
    return [{ program, place: `${modeOf.get(program) ?? ""}/${workload}`, labels: { app: program, ...labels } }];
  });
}

const suffix = /_(?:bucket|sum|count)$/;

interface Making {
  readonly labels: Set<string>;
  readonly places: Set<string>;
  type: Type;
}

/** Names as they stand in an inventory. */
function metricsOf(
  all: readonly Seen[],
  every: readonly string[],
  typeOf: Told["typeOf"],
): ReadonlyMap<string, Metric> {
  const seen = all.filter(({ labels }) => !ofScrapes.includes(labels["__name__"] ?? ""));
  const names = new Set(seen.map(({ labels }) => labels["__name__"] ?? ""));
  const familyOf = (name: string): readonly [string, Type] => {
    const base = name.replace(suffix, "");
    if (base !== name && names.has(`${base}_bucket`)) return [base, "h"];
    if (base !== name && typeOf(base) === "summary") return [base, "s"];
    const type = typeOf(name);
    if (type === "summary") return [name, "s"];
    // A native histogram has no suffix.
    if (type === "histogram") return [name, "u"];
    return [name, type === "counter" || name.endsWith("_total") ? "c" : type === "gauge" ? "g" : "u"];
  };
  const own = new Set([...every, "__name__", "quantile"]);
  // MinIO calls the buckets of some histograms a gauge.
  const isOwn = (label: string, type: Type): boolean => own.has(label) || (label === "le" && type !== "g");
  const found = new Map<string, Making>();
  for (const { place, labels } of seen) {
    const [name, type] = familyOf(labels["__name__"] ?? "");
    const one = found.get(name) ?? { type, labels: new Set(), places: new Set() };
    found.set(name, one);
    one.places.add(place);
    for (const label of Object.keys(labels)) if (!isOwn(label, type)) one.labels.add(label);
  }
  return found;
}

/** Labels that all series have, and labels of targets that only some have. */
const everyOf = (seen: readonly Seen[]): readonly string[] =>
  targetLabels.filter((label) => seen.every(({ labels }) => labels[label] !== undefined));

/** In a pod may be more programs than the one that it is called by. */
const isItsOwn = (program: string, { labels }: Seen): boolean =>
  labels["__name__"] === `${program.replaceAll("-", "_")}_build_info`;

const versionIn = (program: string, seen: readonly Seen[]): string | undefined =>
  seen
    .filter(({ labels }) => /_build_info$|^minio_software_version_info$/.test(labels["__name__"] ?? ""))
    .sort((a, b) => Number(isItsOwn(program, b)) - Number(isItsOwn(program, a)))
    .map(({ labels }) => labels["version"]?.replace(/^v/, ""))
    .find(Boolean);

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details */
function exposition(text: string): { readonly series: readonly Labels[]; readonly types: ReadonlyMap<string, string> } {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\w+)/gm)].map(([, name = "", type = ""]) => [name, type]));
  const series = [...text.matchAll(/^([A-Za-z_:][\w:]*)(?:\{(.*)\})? /gm)].map(([, name = "", inner = ""]) => ({
    __name__: name,
    ...Object.fromEntries(
      [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", value = ""]) => [key, value]),
    ),
  }));
  return { series, types };
}

let jobsByName: ReadonlyMap<string, Job> | undefined;
/** By name. */
const allJobs = (): ReadonlyMap<string, Job> =>
  (jobsByName ??= new Map(shipped.flatMap(({ objects }) => scrapeJobsOf(objects)).map((job) => [job.job_name, job])));

/** A page of metrics as Prometheus keeps it: with the labels of the job's targets, and without what its rules drop. */
function scrapedAs(job: string, app: string, series: readonly Labels[]): readonly Labels[] {
  const found = allJobs().get(job);
  if (!found) throw new Error(`no scrape job is called ${job}`);
  const { honor_labels = false, relabel_configs, metric_relabel_configs = [] } = found;
  const made = relabel_configs.flatMap(({ target_label = "__" }) =>
    target_label.startsWith("__") ? [] : [target_label],
  );
  const target = Object.fromEntries(["instance", ...made].map((label) => [label, "x"]));
  return series.flatMap((own) => {
    const kept = Object.fromEntries(
      Object.entries(own).map(([label, value]) => [
        label in target && !honor_labels ? `exported_${label}` : label,
        value,
      ]),
    );
    const after = relabelled({ ...target, job, ...kept }, metric_relabel_configs);
    return after ? ["app" in target ? { ...after, app } : after] : [];
  });
}

const said = async (place: string): Promise<string> => {
  if (!/^https?:/.test(place)) return readFileSync(place, "utf8");
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${place} answered ${answer.status}`);
  return answer.text();
};

async function told(argument: string): Promise<Told> {
  const [what = "", from] = argument.split("=", 2);
  const [whose = "", place] = what.split(":");
  const [program = "", job = program] = whose.split("@");
  if (place !== undefined) {
    const { series, types } = exposition(await said(from ?? ""));
    return {
      source: "a page of it",
      series: scrapedAs(job, program, series).map((labels) => ({ program, place, labels })),
      typeOf: (name) => types.get(name),
    };
  }
  mustExist(what);
  const cluster = clusterOf(what, {});
  const raw = (path: string): Promise<string> =>
    kubectl(cluster, ["get", "--raw", `/api/v1/namespaces/${cluster.stack}/services/prometheus:9090/proxy${path}`]);
  const [series, metadata] = from
    ? await Promise.all(from.split(",").map(said))
    : [await raw("/api/v1/series?match[]=%7B__name__%21%3D%22%22%7D"), await raw("/api/v1/metadata")];
  const types = (JSON.parse(metadata ?? '{"data":{}}') as { data: Record<string, readonly { type: string }[]> }).data;
  return {
    source: what,
    series: seenIn(what, (JSON.parse(series ?? "") as { data: readonly Labels[] }).data),
    typeOf: (name) => types[name]?.[0]?.type,
  };
}

const [, , ...given] = process.argv;
const forget = given.includes("--forget");
const without = given.flatMap((one) => /^--without=(.*)$/.exec(one)?.slice(1) ?? []);
const asked = await Promise.all(given.filter((one) => !one.startsWith("--")).map(told));
if (asked.length === 0) throw new Error("which environment? For example: npm run inventory -- dev");
mkdirSync(folder, { recursive: true });
const known = readInventories();
const today = new Date().toISOString().slice(0, 10);

const programs = [...new Set(asked.flatMap(({ series }) => series.map(({ program }) => program)))]
  .filter((program) => !without.includes(program))
  .sort();
for (const program of programs) {
  const before = known.get(program);
  const seen = asked.map((one) => ({ ...one, series: one.series.filter((series) => series.program === program) }));
  const every = everyOf(seen.flatMap(({ series }) => series));
  const now = new Map<string, Making>();
  const join = (metrics: ReadonlyMap<string, Metric>, places?: ReadonlySet<string>): void => {
    for (const [name, { type, labels, places: at }] of metrics) {
      const one = now.get(name) ?? { type, labels: new Set<string>(), places: new Set<string>() };
      now.set(name, one);
      if (one.type === "u") one.type = type;
      for (const label of labels) one.labels.add(label);
      for (const place of at) if (!places?.has(place)) one.places.add(place);
    }
  };
  for (const { series, typeOf } of seen) join(metricsOf(series, every, typeOf));
  const asks = new Set(seen.flatMap(({ series }) => series.map(({ place }) => place)));
  const gone = [...(before?.metrics ?? [])].filter(
    ([name, { places }]) => !now.has(name) && [...places].some((place) => asks.has(place)),
  );
  const added = [...now.keys()].filter((name) => before !== undefined && !before.metrics.has(name));
  if (before) join(before.metrics, forget ? asks : undefined);
  for (const [name, { places }] of now) if (places.size === 0) now.delete(name);
  const sources = seen.filter(({ series }) => series.length > 0).map(({ source }) => source);
  const inventory: Inventory = {
    program,
    version:
      versionIn(
        program,
        seen.flatMap(({ series }) => series),
      ) ??
      before?.version ??
      "unknown",
    date: today,
    environments: [...new Set([...(before?.environments ?? []), ...sources])].sort(),
    jobs: [
      ...new Set([
        ...(before?.jobs ?? []),
        ...seen.flatMap(({ series }) =>
          series.flatMap(({ labels }) => (every.includes("job") ? (labels["job"] ?? "") : [])),
        ),
      ]),
    ].sort(),
    every: before && forget === false ? every.filter((label) => before.every.includes(label)) : every,
    metrics: now,
  };
  const at = new URL(`${program}.txt`, folder);
  const text = inventoryText(inventory);
  const withoutDate = (one: string): string => one.replace(/asked on \S+/, "");
  if (existsSync(at) && withoutDate(readFileSync(at, "utf8")) === withoutDate(text)) {
    console.log(`same       ${program} ${inventory.version}: ${now.size}`);
    continue;
  }
  writeFileSync(at, text);
  const versions = before && before.version !== inventory.version ? `${before.version} → ` : "";
  console.log(`${(before ? "changed" : "new").padEnd(11)}${program} ${versions}${inventory.version}: ${now.size}`);
  for (const [name] of gone)
    console.log(`           - ${name}${forget ? "" : " (kept: nobody has seen it this time)"}`);
  for (const name of added) console.log(`           + ${name}`);
}
