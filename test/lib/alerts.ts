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
  /** Labels that the alert is to carry. `severity` chooses one of several rules of the name. */
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
 * An alert with two severities has two cases in a list. `make test` holds the cases against the rules, `make programs` (or
 * `npm run programs -- promtool`) has promtool try them.
 */
export type AlertCases = Readonly<Record<string, AlertCase | readonly AlertCase[]>>;

/** By component. */
export async function allCases(): Promise<ReadonlyMap<string, AlertCases>> {
  const folder = new URL("../alerts/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  return new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, AlertCases]> => {
        const { cases } = (await import(new URL(file, folder).href)) as { readonly cases: AlertCases };
        return [file.replace(/\.ts$/, ""), cases];
      }),
    ),
  );
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

/** Whom a case is about; undefined if no rule is. */
const ruleOf = (alerts: readonly Placed[], owner: string, alert: string, one: AlertCase): Placed | undefined =>
  alerts
    .filter(
      ({ rule, file }) =>
        file.owner === owner &&
        rule.alert === alert &&
        (one.labels?.["severity"] ?? rule.labels?.["severity"]) === rule.labels?.["severity"] &&
        (one.mode ?? file.mode) === file.mode,
    )
    .sort((a, b) => divided.indexOf(a.file.mode) - divided.indexOf(b.file.mode))[0];

/** Recording rules that an expression reads, and those that these read; of its own file first, then of the same mode. */
function recordingsOf({ rule, file }: Placed, rules: readonly Placed[]): readonly Rule[] {
  const found = new Map<string, Placed>();
  const visit = (expr: string): void => {
    for (const { name } of selectorsOf(promql(expr).tree)) {
      if (found.has(name)) continue;
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
  const tried = new Set<Rule["alert"]>();
  for (const [owner, all] of cases)
    for (const [alert, some] of Object.entries(all))
      for (const one of list(some)) {
        const placed = ruleOf(alerts, owner, alert, one);
        if (!placed) {
          const which = [one.labels?.["severity"], one.mode].filter(Boolean).join(", ");
          faults.push(`test/alerts/${owner}.ts: no rule of ${owner} is called ${alert}${which && ` (${which})`}`);
          continue;
        }
        tried.add(`${owner} ${alert} ${placed.rule.labels?.["severity"]}`);
        found.push({ owner, alert, one, rule: placed.rule, recordings: recordingsOf(placed, rules) });
      }
  const untried = alerts.filter(
    ({ rule, file }) => !tried.has(`${file.owner} ${rule.alert} ${rule.labels?.["severity"]}`),
  );
  faults.push(
    ...new Set(
      untried.map(
        ({ rule, file }) =>
          `${file.owner}: nobody tries the alert ${rule.alert} (${rule.labels?.["severity"]}). Add a case to test/alerts/${file.owner}.ts.`,
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

/** What is wrong with a case before anybody evaluates it. */
export function caseFaults(trial: Trial): Findings {
  const { owner, alert, one, rule, recordings } = trial;
  const faults: string[] = [];
  const say = (fault: string): void => void faults.push(`test/alerts/${owner}.ts: ${alert}: ${fault}`);
  const read = new Set(
    [rule, ...recordings].flatMap(({ expr }) => selectorsOf(promql(expr).tree).map(({ name }) => name)),
  );
  const { before, step } = timing(trial);
  const namesOf = (series: Series): ReadonlySet<string> =>
    new Set(Object.keys(series).map((key) => /^[\w:]*/.exec(key)?.[0] ?? ""));
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
    const there = namesOf(one.silent);
    const missing = [...namesOf(one.fires)].filter((name) => !there.has(name));
    if (missing.length > 0)
      say(`nothing is said of ${missing.join(", ")} where it is silent, as it would be whatever the threshold is`);
    if (JSON.stringify(one.silent) === JSON.stringify(one.fires)) say("what is silent is what fires");
    if (Object.keys(one.silent).length === 0) say("an alert without a series is silent in any case: give it one");
  }
  return faults;
}
