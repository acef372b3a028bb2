import type { DataSource } from "./datasources.ts";
import { type Panel, panelsOf, type Page } from "../lib/dashboards.ts";
import type { Rule } from "../lib/monitoring.ts";
import { promql, selectorsOf, withoutVariables } from "../lib/queries.ts";

/* What Grafana asks for the pages and Prometheus for the rules, as requests to the addresses of data sources. */

export interface Question {
  /** "kube-lgtm-loki: Lines A", "LokiFlushFailing: loki_ingester_flush_queue_length". */
  readonly where: string;
  /** uid of the data source. */
  readonly source: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether it has to have a result: a rule that looks for what is bad has none while all is well. */
  readonly expects: "any" | "result";
}

/** Values of a page's variables, by name. */
export type Values = Readonly<Record<string, string>>;

const inserted = (text: string, values: Values): string =>
  withoutVariables(text, values).replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const value = values[braced ?? bare ?? ""];
    // A captured group of label_replace is no variable.
    return value ?? (/^\d/.test(bare ?? "") ? whole : ".*");
  });

/** A query as an instant one: whether there is an answer, not a picture, is asked for. */
function asked(source: DataSource, text: string, isLogs: boolean, now: number): Pick<Question, "path" | "parameters"> {
  switch (source.type) {
    case "loki":
      return isLogs
        ? {
            path: "/loki/api/v1/query_range",
            parameters: { query: text, start: `${(now - 3600) * 1e9}`, end: `${now * 1e9}`, limit: "1" },
          }
        : { path: "/loki/api/v1/query", parameters: { query: text, time: `${now * 1e9}` } };
    case "tempo":
      return /\|\s*(?:rate|count_over_time|quantile_over_time|histogram_over_time|\w+_over_time|compare)\b/.test(text)
        ? {
            path: "/api/metrics/query_range",
            parameters: { q: text, start: `${now - 1800}`, end: `${now}`, step: "60s" },
          }
        : { path: "/api/search", parameters: { q: text, start: `${now - 3600}`, end: `${now}`, limit: "1" } };
    default:
      return { path: "/api/v1/query", parameters: { query: text, time: `${now}` } };
  }
}

/** Variables as they are when a page is opened: all that there is, the first of a list, or what the text box holds. */
export function openedWith(page: Page): Values {
  const of = (query: unknown): string => (typeof query === "string" ? query : "");
  return Object.fromEntries(
    (page.templating?.list ?? []).flatMap(({ name, type, query }) => {
      if (type === "custom") return [[name, of(query).split(",")[0]?.trim() ?? ""]];
      if (type === "textbox") return [[name, of(query)]];
      return [];
    }),
  );
}

/** Variables of which one value must be chosen, with the query of their values. */
export const chosenBy = (
  page: Page,
): readonly { readonly name: string; readonly of: string; readonly label: string }[] =>
  (page.templating?.list ?? []).flatMap(({ name, type, query, multi, includeAll }) => {
    if (type !== "query" || multi || includeAll) return [];
    const text = typeof query === "string" ? query : (query?.query ?? "");
    const [, of = "up", label = ""] = /^label_values\((?:(.*),\s*)?(\w+)\)$/s.exec(text) ?? [];
    return label === "" ? [] : [{ name, of, label }];
  });

const sourceOf = (panel: Panel, target: NonNullable<Panel["targets"]>[number], metrics: string): string => {
  const uid = (target.datasource ?? panel.datasource)?.uid ?? metrics;
  return uid.startsWith("$") ? metrics : uid;
};

/** Every query of a page. */
export function questionsOfPage(
  page: Page,
  values: Values,
  sources: ReadonlyMap<string, DataSource>,
  now: number,
): readonly Question[] {
  return panelsOf(page).flatMap((panel) =>
    (panel.targets ?? []).map((target): Question => {
      const uid = sourceOf(panel, target, "metrics");
      const source = sources.get(uid);
      if (!source) throw new Error(`${page.uid}: "${panel.title}" asks the data source ${uid}, which is not there`);
      const text = inserted(target.expr ?? target.query ?? "", values);
      const isLogs = panel.type === "logs";
      return {
        where: `${page.uid}: ${panel.title} ${target.refId}`,
        source: uid,
        ...asked(source, text, isLogs, now),
        expects: "result",
      };
    }),
  );
}

/** A rule's own query, and each series that it goes by: a misspelt one makes no error, but silence. */
export function questionsOfRule({ alert, record, expr }: Rule, now: number): readonly Question[] {
  const source = { uid: "metrics", type: "prometheus", url: "" };
  const ask = (where: string, text: string, expects: Question["expects"]): Question => ({
    where,
    source: source.uid,
    ...asked(source, text, false, now),
    expects,
  });
  const name = alert ?? record ?? "";
  const selectors = selectorsOf(promql(expr).tree).map(({ name: metric, matchers }) => {
    // A status that is bad need not have been there yet: whose series it is, is what is asked.
    const text = matchers
      .filter(({ label }) => /^(?:app|workload|job|signal|way)$/.test(label))
      .map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`);
    return `${metric}${text.length > 0 ? `{${text.join(", ")}}` : ""}`;
  });
  return [
    ask(name, expr, record ? "result" : "any"),
    ...[...new Set(selectors)].map((text) => ask(`${name}: ${text}`, `count(${text})`, "result")),
  ];
}

export interface Verdict {
  readonly question: Question;
  readonly status: number;
  readonly error?: string;
  readonly isEmpty: boolean;
}

/** What a back end said. https://prometheus.io/docs/prometheus/latest/querying/api/ and the like of Loki and Tempo */
export function verdict(question: Question, status: number, body: string): Verdict {
  const failed = (error: string): Verdict => ({ question, status, error, isEmpty: true });
  if (status !== 200) return failed(`answered ${status}: ${body.trim().slice(0, 200)}`);
  try {
    const answer = JSON.parse(body) as {
      readonly status?: string;
      readonly data?: { readonly result?: readonly unknown[] | null };
      readonly traces?: readonly unknown[];
      readonly series?: readonly unknown[];
    };
    if (answer.status === "error") return failed(body.slice(0, 200));
    const found = answer.data?.result ?? answer.traces ?? answer.series ?? [];
    return { question, status, isEmpty: found.length === 0 };
  } catch {
    return failed(`answered no JSON: ${body.slice(0, 100)}`);
  }
}

const mark = "@@kube-lgtm@@";
const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A configuration of curl that asks one after the other: https://curl.se/docs/manpage.html#-K */
export const curlConfig = (
  requests: readonly { readonly url: string; readonly headers: Readonly<Record<string, string>> }[],
): string =>
  requests
    .map(({ url, headers }) =>
      [
        `url = ${quoted(url)}`,
        ...Object.entries(headers).map(([name, value]) => `header = ${quoted(`${name}: ${value}`)}`),
        "silent",
        "globoff",
        "max-time = 60",
        `write-out = ${quoted(`\\n${mark}%{http_code}\\n`)}`,
      ].join("\n"),
    )
    .join("\nnext\n");

/** The answers to them, in their order. */
export const curlAnswers = (output: string): readonly { readonly status: number; readonly body: string }[] =>
  output
    .split(new RegExp(`\\n${mark}(\\d+)\\n`))
    .slice(0, -1)
    .reduce<{ status: number; body: string }[]>((all, part, i) => {
      if (i % 2 === 0) all.push({ status: 0, body: part });
      else (all.at(-1) as { status: number }).status = Number(part);
      return all;
    }, []);
