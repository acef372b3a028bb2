import { readdirSync } from "node:fs";
import { stringify } from "yaml";
import { type Findings } from "./findings.ts";
import { type Placed, type Rule } from "./monitoring.ts";
import type { Labels } from "./objects.ts";
import { type Expression, promql, secondsOf, selectorsOf } from "./queries.ts";

/**
 * How a series goes on:
 *
 *     3            it stays at 3
 *     "5/s"        a counter: from 0 up, by 5 each second
 *     "100-2/s"    from 100 down, by 2 each second ("100+2/s" up)
 *     "1x9 0x20"   promtool's own notation, a sample each 30 s (or `interval`)
 *
 * https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
 */
type Values = number | string;

/** By metric with all its labels: `up{app="loki",namespace="observability",pod="loki-0"}`. */
export type Series = Readonly<Record<string, Values>>;

/** What an alert is to do. All three are tried: it fires, it stays silent, it resolves once what made it fire is as where it is silent. */
export type AlertCase = {
  /** What happens in this case, for who reads that it failed. */
  readonly name?: string;
  /** Labels that the alert is to carry. Those of the rule itself, such as `severity`, choose one of several rules of the name. */
  readonly labels?: Labels;
  /** The mode whose rule is tried. By itself the most divided one that has the alert. */
  readonly mode?: "monolithic" | "scalable" | "microservices";
  /** How long it lasts until the alert is to fire: "45m". By itself `for`, all ranges of the expression, and two minutes. */
  readonly after?: string;
  /** Between two samples, and between two evaluations; 30s by itself. Long windows are tried faster with more. */
  readonly interval?: string;
  /** Beside what each case has, in all of them: numbers that stay as they are. */
  readonly always?: Series;
} & (
  | {
      readonly fires: Series;
      /**
       * Close to the threshold, not far: of each metric of `fires`, what is just not bad enough.
       * An alert of what is absent has it there.
       */
      readonly silent: Series;
    }
  | {
      readonly fires: Series;
      /** Why it is never silent. */
      readonly neverSilent: string;
    }
);

/**
 * The cases of a component's alerts, in test/alerts/<component>.ts:
 *
 *     import type { AlertCases } from "../lib/alerts.ts";
 *
 *     const write = 'app="loki",namespace="observability",workload="write"';
 *     export const cases: AlertCases = {
 *       LokiWritesFailing: {
 *         labels: { severity: "critical", namespace: "observability" },
 *         fires: {
 *           [`loki_request_duration_seconds_count{${write},route="loki_api_v1_push",status_code="204"}`]: "9/s",
 *           [`loki_request_duration_seconds_count{${write},route="loki_api_v1_push",status_code="500"}`]: "1/s",
 *         },
 *         silent: {
 *           [`loki_request_duration_seconds_count{${write},route="loki_api_v1_push",status_code="204"}`]: "9999/s",
 *           [`loki_request_duration_seconds_count{${write},route="loki_api_v1_push",status_code="500"}`]: "1/s",
 *         },
 *       },
 *     };
 *
 * What a case says of a series that a rule records is taken for the recording's result; otherwise the recording is evaluated, too.
 * The alerts about an objective have theirs by `...burning("logs", "writes", 0.001)`.
 * An alert with two severities has two cases in a list. `make test` holds the cases against the rules, `make programs` (or
 * `npm run programs -- promtool`) has promtool try them.
 */
export type AlertCases = Readonly<Record<string, AlertCase | readonly AlertCase[]>>;

/** What a recording is to say, in test/alerts/<component>.ts: `export const recordings: readonly RecordingCase[]`. */
export interface RecordingCase {
  /** "kube_lgtm:requests_failed:ratio_rate5m". */
  readonly record: string;
  /** Labels that the rule adds, to choose one of several of the name: `{ signal: "logs", way: "writes" }`. */
  readonly labels?: Labels;
  readonly mode?: AlertCase["mode"];
  readonly given: Series;
  /** Results to four digits, by the labels that the query gives: `{ 'namespace="observability"': 0.1 }`. */
  readonly is: Readonly<Record<string, number>>;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * Cases of the two alerts about an objective: "LogsWritesFailing" and "LogsWritesDegraded". The budget burns too fast over a long
 * range and over a short one; once it is well again, the short one says so (https://sre.google/workbook/alerting-on-slos/).
 * @param allowed share of requests that may fail: 0.001
 */
export function burning(signal: "logs" | "metrics" | "traces", way: "reads" | "writes", allowed: number): AlertCases {
  const share = (range: string): string =>
    `kube_lgtm:requests_failed:ratio_rate${range}{signal="${signal}",way="${way}",namespace="observability"}`;
  const one = (severity: string, factor: number, long: string, short: string): AlertCase => {
    const at = (times: number): number => Number((factor * allowed * times).toPrecision(6));
    return {
      name: `over ${long}`,
      labels: { severity, signal, way, window: long, namespace: "observability" },
      fires: { [share(long)]: at(1.02), [share(short)]: at(1.02) },
      silent: { [share(long)]: at(1.02), [share(short)]: at(0.98) },
    };
  };
  return {
    [`${capital(signal)}${capital(way)}Failing`]: [one("critical", 14.4, "1h", "5m"), one("critical", 6, "6h", "30m")],
    [`${capital(signal)}${capital(way)}Degraded`]: [one("warning", 3, "1d", "2h")],
  };
}

interface Cases {
  readonly alerts: ReadonlyMap<string, AlertCases>;
  readonly recordings: ReadonlyMap<string, readonly RecordingCase[]>;
}

/** By component. */
export async function allCases(): Promise<Cases> {
  const folder = new URL("../alerts/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const all = await Promise.all(
    files.map(async (file) => {
      const { cases, recordings = [] } = (await import(new URL(file, folder).href)) as {
        readonly cases: AlertCases;
        readonly recordings?: readonly RecordingCase[];
      };
      return { owner: file.replace(/\.ts$/, ""), cases, recordings };
    }),
  );
  return {
    alerts: new Map(all.map(({ owner, cases }) => [owner, cases])),
    recordings: new Map(all.map(({ owner, recordings }) => [owner, recordings])),
  };
}

/** A case with the rule that it is about and all rules that this one reads. */
export interface Trial {
  readonly owner: string;
  readonly alert: string;
  readonly one: AlertCase;
  readonly rule: Rule;
  readonly recordings: readonly Rule[];
}

const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);
const divided = ["microservices", "scalable", "monolithic", ""];

/** What tells a rule from others, of the same name too. */
const identityOf = ({ rule, file }: Placed): string => JSON.stringify([file.owner, rule.alert, rule.labels]);

/** Whom a case is about; undefined if no rule is. */
const ruleOf = (alerts: readonly Placed[], owner: string, alert: string, one: AlertCase): Placed | undefined =>
  alerts
    .filter(
      ({ rule, file }) =>
        file.owner === owner &&
        rule.alert === alert &&
        Object.entries(rule.labels ?? {}).every(([label, value]) => (one.labels?.[label] ?? value) === value) &&
        (one.mode ?? file.mode) === file.mode,
    )
    .sort((a, b) => divided.indexOf(a.file.mode) - divided.indexOf(b.file.mode))[0];

const metricOf = (series: string): string => /^[\w:]*/.exec(series)?.[0] ?? "";
/** Metrics of which a case has series. */
const namesOf = (one: AlertCase): ReadonlySet<string> =>
  new Set(
    [one.fires, "silent" in one ? one.silent : {}, one.always ?? {}].flatMap((series) =>
      Object.keys(series).map(metricOf),
    ),
  );

/** Recording rules that an expression reads, and those that these read; of its own file first, then of the same mode. */
function recordingsOf({ rule, file }: Placed, rules: readonly Placed[], given: ReadonlySet<string>): readonly Rule[] {
  const found = new Map<string, Placed>();
  const visit = (expr: string): void => {
    for (const { name } of selectorsOf(promql(expr).tree)) {
      if (found.has(name) || given.has(name)) continue;
      const makers = rules.filter((other) => other.rule.record === name);
      const near = (one: Placed): number => (one.file === file ? 0 : one.file.mode === file.mode ? 1 : 2);
      const [maker] = [...makers].sort((a, b) => near(a) - near(b));
      if (!maker) continue;
      found.set(name, maker);
      for (const other of rules) if (other.rule.record === name && other.file === maker.file) visit(other.rule.expr);
    }
  };
  visit(rule.expr);
  // A name may be recorded by several rules, with other labels.
  return [...found.values()].flatMap((maker) =>
    rules
      .filter((other) => other.file === maker.file && other.rule.record === maker.rule.record)
      .map((one) => one.rule),
  );
}

export function trials(
  cases: ReadonlyMap<string, AlertCases>,
  rules: readonly Placed[],
): { readonly found: readonly Trial[]; readonly faults: Findings } {
  const alerts = rules.filter(({ rule, file }) => rule.alert !== undefined && file.evaluator !== "loki");
  const found: Trial[] = [];
  const faults: string[] = [];
  const tried = new Set<string>();
  for (const [owner, all] of cases)
    for (const [alert, some] of Object.entries(all))
      for (const one of list(some)) {
        const placed = ruleOf(alerts, owner, alert, one);
        if (!placed) {
          const which = [...Object.values(one.labels ?? {}), one.mode].filter(Boolean).join(", ");
          faults.push(`test/alerts/${owner}.ts: no rule of ${owner} is called ${alert}${which && ` (${which})`}`);
          continue;
        }
        tried.add(identityOf(placed));
        found.push({ owner, alert, one, rule: placed.rule, recordings: recordingsOf(placed, rules, namesOf(one)) });
      }
  const untried = alerts.filter((one) => !tried.has(identityOf(one)));
  faults.push(
    ...new Set(
      untried.map(
        ({ rule, file }) =>
          `${file.owner}: nobody tries the alert ${rule.alert} (${Object.values(rule.labels ?? {}).join(", ")}). Add a case to test/alerts/${file.owner}.ts.`,
      ),
    ),
  );
  return { found, faults };
}

/** Seconds over which an expression looks back. */
const reach = (one: Expression, recordings: readonly Rule[], depth = 0): number => {
  const of = (inner: Expression): number => reach(inner, recordings, depth);
  switch (one.kind) {
    case "value":
      return 0;
    case "selector": {
      const makers = depth > 5 ? [] : recordings.filter(({ record }) => record === one.name);
      const below = makers.map(({ expr }) => reach(promql(expr).tree, recordings, depth + 1));
      return (one.range ?? 0) + Math.max(0, ...below);
    }
    case "subquery":
      return one.range + of(one.of);
    case "binary":
      return Math.max(of(one.left), of(one.right));
    default:
      return Math.max(0, ...one.of.map(of));
  }
};

interface Timing {
  readonly step: number;
  /** Samples until the alert is to fire, and from then until it is to have resolved. */
  readonly before: number;
  readonly after: number;
}
const timing = ({ one, rule, recordings }: Trial): Timing => {
  const step = secondsOf(one.interval ?? "30s");
  const back = reach(promql(rule.expr).tree, recordings);
  const until = one.after === undefined ? secondsOf(rule.for ?? "0s") + back + 120 : secondsOf(one.after);
  // What is gone is looked up for five minutes more.
  const rest = back + secondsOf(rule.keep_firing_for ?? "0s") + 360;
  return { step, before: Math.ceil(until / step), after: Math.ceil(rest / step) };
};

const notation = /^(?:_|stale|(?:_|-?[\d.]+(?:e[+-]?\d+)?(?:[+-][\d.]+(?:e[+-]?\d+)?)?)(?:x\d+)?|\{\{.*\}\}(?:x\d+)?)$/;
const slope = /^(-?[\d.]+(?:e[+-]?\d+)?(?=[+-]))?([+-]?[\d.]+(?:e[+-]?\d+)?)\/s$/;

/** Samples of promtool's notation. */
const samples = (text: string): number =>
  text.split(/\s+/).reduce((sum, token) => {
    const [, times] = /x(\d+)$/.exec(token) ?? [];
    return sum + (times === undefined ? 1 : Number(times) + (token.startsWith("_") ? 0 : 1));
  }, 0);

/** Whether it is promtool's notation. */
const isRaw = (values: Values): values is string => typeof values === "string" && !slope.test(values);

/** `count` samples of a series. */
const written = (values: Values | undefined, count: number, step: number): string => {
  if (values === undefined) return `stale _x${Math.max(count - 1, 1)}`;
  if (typeof values === "number") return `${values}x${count - 1}`;
  const [, from = "0", by] = slope.exec(values) ?? [];
  if (by !== undefined) {
    const rise = Number(by) * step;
    return `${from}${rise < 0 ? "" : "+"}${rise}x${count - 1}`;
  }
  const missing = count - samples(values);
  return missing > 0 ? `${values} _x${missing}` : values;
};

const shown = (labels: Labels): string =>
  Object.entries(labels)
    .map(([label, value]) => `,${label}=${JSON.stringify(value)}`)
    .join("");

/**
 * A file for `promtool test rules` that tries one case, and the file of rules that it names: only those that matter.
 * What fires is found by its series, so that a case need not repeat annotations.
 */
export function promtoolFiles(trial: Trial, rulesPath: string): { readonly rules: string; readonly test: string } {
  const { alert, one, rule, recordings } = trial;
  const { step, before, after } = timing(trial);
  const interval = `${step}s`;
  const active = `count(ALERTS{alertname=${JSON.stringify(alert)},alertstate="firing"${shown(one.labels ?? {})}})`;
  const expects = (at: number, value: number): object => ({
    expr: `(${active} > bool 0) or vector(0)`,
    eval_time: `${at * step}s`,
    exp_samples: [{ labels: "{}", value }],
  });
  const test = (name: string, series: Readonly<Record<string, string>>, ...tests: readonly object[]): object => ({
    name: `${alert}${one.name ? `, ${one.name},` : ""} ${name}`,
    interval,
    input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
    promql_expr_test: tests,
  });
  const fill = (count: number, ...all: readonly Series[]): Readonly<Record<string, string>> =>
    Object.fromEntries(
      all.flatMap((series) => Object.entries(series).map(([key, values]) => [key, written(values, count, step)])),
    );
  const always = one.always ?? {};
  const tests = [test("fires", fill(before + 1, one.fires, always), expects(before, 1))];
  if ("silent" in one) {
    const { fires, silent } = one;
    const keys = [...new Set([...Object.keys(fires), ...Object.keys(silent)])];
    const longest = Math.max(...Object.values(silent).map((values) => (isRaw(values) ? samples(values) : 0)));
    const rest = Math.max(after, longest);
    const end = before + 1 + rest;
    const change = Object.fromEntries(
      keys.map((key) => {
        const first = key in fires ? written(fires[key], before + 1, step) : `_x${before + 1}`;
        return [key, `${first} ${written(silent[key], rest + 1, step)}`];
      }),
    );
    tests.push(
      test("stays silent", fill(before + 1, silent, always), expects(before, 0)),
      test("resolves", { ...fill(end + 1, always), ...change }, expects(before, 1), expects(end, 0)),
    );
  }
  return {
    rules: stringify({ groups: [{ name: "tried", rules: [...recordings].reverse().concat(rule) }] }),
    test: stringify({ rule_files: [rulesPath], evaluation_interval: interval, tests }),
  };
}

/** The same for a recording; undefined if there is no such rule. */
export function recordingFiles(
  owner: string,
  one: RecordingCase,
  rules: readonly Placed[],
  rulesPath: string,
): { readonly rules: string; readonly test: string } | undefined {
  const makers = rules
    .filter(
      ({ rule, file }) =>
        file.owner === owner &&
        rule.record === one.record &&
        Object.entries(one.labels ?? {}).every(([label, value]) => (rule.labels?.[label] ?? value) === value) &&
        (one.mode ?? file.mode) === file.mode,
    )
    .sort((a, b) => divided.indexOf(a.file.mode) - divided.indexOf(b.file.mode));
  const [placed] = makers;
  if (!placed) return undefined;
  const read = recordingsOf(placed, rules, new Set(Object.keys(one.given).map(metricOf)));
  const steps = Math.ceil((reach(promql(placed.rule.expr).tree, read) + 120) / 30);
  const added = shown(placed.rule.labels ?? {});
  const series = Object.entries(one.given).map(([key, values]) => ({
    series: key,
    values: written(values, steps + 1, 30),
  }));
  const test = {
    name: one.record,
    interval: "30s",
    input_series: series,
    promql_expr_test: [
      {
        expr: `round(${one.record}{${added.slice(1)}}, 0.0001)`,
        eval_time: `${steps * 30}s`,
        exp_samples: Object.entries(one.is).map(([labels, value]) => ({
          labels: `{${labels}${labels === "" ? added.slice(1) : added}}`,
          value,
        })),
      },
    ],
  };
  return {
    rules: stringify({ groups: [{ name: "tried", rules: [...read].reverse().concat(placed.rule) }] }),
    test: stringify({ rule_files: [rulesPath], evaluation_interval: "30s", tests: [test] }),
  };
}

/** What is wrong with a case before anybody evaluates it. */
export function caseFaults(trial: Trial): Findings {
  const { owner, alert, one, rule, recordings } = trial;
  const faults: string[] = [];
  const say = (fault: string): void => void faults.push(`test/alerts/${owner}.ts: ${alert}: ${fault}`);
  const read = new Set(
    [rule, ...recordings].flatMap(({ expr }) => selectorsOf(promql(expr).tree).map(({ name }) => name)),
  );
  const { before, step } = timing(trial);
  const metrics = (series: Series): ReadonlySet<string> => new Set(Object.keys(series).map(metricOf));
  const silent = "silent" in one ? one.silent : {};
  for (const [key, values] of [one.fires, silent, one.always ?? {}].flatMap((series) => Object.entries(series))) {
    const { errors, tree } = promql(key);
    if (errors.length > 0 || tree.kind !== "selector" || tree.matchers.some(({ operator }) => operator !== "="))
      say(`${key} is no series: expected one such as up{app="loki",pod="loki-0"}`);
    else if (!read.has(tree.name) && !read.has("")) say(`${key}: the rule does not read ${tree.name}`);
    if (!isRaw(values)) continue;
    if (values.split(/\s+/).some((token) => !notation.test(token)))
      say(`"${values}" says nothing: expected a number, "5/s", "100-2/s" or promtool's notation`);
    else if (samples(values) > before + 1)
      say(
        `"${values}" has ${samples(values)} samples, and ${before + 1} are read: say \`after\` (now ${before * step}s)`,
      );
  }
  if ("silent" in one) {
    const there = metrics(one.silent);
    const missing = [...metrics(one.fires)].filter((name) => !there.has(name));
    if (missing.length > 0)
      say(`nothing is said of ${missing.join(", ")} where it is silent, as it would be whatever the threshold is`);
    if (JSON.stringify(one.silent) === JSON.stringify(one.fires)) say("what is silent is what fires");
    if (Object.keys(one.silent).length === 0) say("an alert without a series is silent in any case: give it one");
  }
  return faults;
}
