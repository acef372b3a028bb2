import type { Mode } from "./roles.ts";

/**
 * What a component shows on pages of Grafana and is watched by. All of it is data; a query names
 * the roles that it is about by tokens, and what is about roles that a mode lacks is not in that
 * mode's base:
 *
 * - `@ingester`, `@read|write`, `@all`: matchers of the series of these roles' processes, such as
 *   `app="loki", workload=~"write"`. On a page the chosen cluster and namespace, too.
 * - `@pods/ingester`: matchers of the roles' pods for series of Kubernetes, such as
 *   `namespace=~"$namespace", pod=~"loki-write-.+"`.
 * - `@claims/ingester`: the same for `kubelet_volume_stats_*`, by the names of their claims.
 *
 * They stand between braces, first or after a comma: `rate(x_total{@ingester, code="500"}[2m])`.
 */
export interface Monitoring {
  /** The folder of Grafana that has its pages. */
  readonly folder: Folder;
  readonly pages?: readonly Page[];
  readonly rules?: Rules;
  /** Its process does not tell when it started (no `process_start_time_seconds`). */
  readonly hidesStart?: true;
}

export const folders = ["Overview", "Logs", "Traces", "Metrics", "Collection", "Platform", "Kubernetes"] as const;
export type Folder = (typeof folders)[number];

/** Ids of Grafana's units, as its field options have them. */
export type PanelUnit =
  | "none"
  | "short"
  | "bool_on_off"
  | "percentunit"
  | "s"
  | "ms"
  | "bytes"
  | "decbytes"
  | "Bps"
  | "reqps"
  | "cps"
  | "ops"
  | "wps"
  | "cores"
  | "dateTimeAsIso"
  | "dateTimeFromNow";

/** A query and the legend of its series: `["sum(up)", "{{pod}}"]`. */
export type Ask = readonly [query: string, legend: string];

/** What a panel looks like. Default: "lines". */
export type PanelKind = "lines" | "stacked" | "stat" | "table" | "heatmap" | "bars" | "logs" | "states" | "traces";

/** One question that a page answers. */
export interface Panel {
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly shows: string;
  /** What is bad, and why, in a sentence or two. */
  readonly bad?: string;
  readonly kind?: PanelKind;
  readonly unit: PanelUnit;
  /** A query whose roles the mode lacks is left out; a panel without a query is, too. */
  readonly ask: readonly Ask[];
  /** Which data source answers. Default: "metrics". */
  readonly of?: "metrics" | "logs" | "traces";
  /** The alert on the same query: its threshold is drawn. */
  readonly alert?: string;
  /** Modes that have what it asks for. Default: each that has the roles. */
  readonly modes?: readonly Mode[];
  /** Of 24. Default: 8; a stat 4; a table, logs and states 24. */
  readonly width?: number;
  /** In rows of the grid. Default: 7; a stat 4; logs 10. */
  readonly height?: number;
  /** The largest value of the axis: 1 for a share. */
  readonly max?: number;
  /** The page that a click on a series opens, by its uid, and variables from the series' labels. */
  readonly opens?: { readonly page: string; readonly with?: Readonly<Record<string, string>> };
}

/** Panels with a title of their own. */
export interface Row {
  readonly title: string;
  /** Closed until somebody opens it. */
  readonly closed?: true;
  readonly panels: readonly Panel[];
}

/** A variable of a page, beside the data source, the cluster and the namespace. */
export interface Variable {
  /** "tenant": `$tenant` in queries. */
  readonly name: string;
  readonly label: string;
  /**
   * Values: those of a label of some series, or of some streams of logs, or a list, or a text that
   * people type.
   */
  readonly values:
    | { readonly of: string; readonly label: string; readonly from?: "logs" }
    | { readonly list: readonly string[]; readonly several?: true }
    | { readonly typed: string };
  /** Whether several can be chosen, and all. Default: yes; of a list only where it says so. */
  readonly single?: true;
}

export interface Page {
  /** "loki-writes": its uid is "kube-lgtm-loki-writes". */
  readonly uid: string;
  /** "Loki: writes". */
  readonly title: string;
  /** The question that the page answers, as a sentence with a question mark. */
  readonly question: string;
  readonly variables?: readonly Variable[];
  /**
   * What people choose: clusters alone, for a page about nodes; of their namespaces those with
   * programs that are scraped, or every one that Kubernetes has. Default: "namespace".
   */
  readonly scope?: "cluster" | "namespace" | "every namespace";
  readonly rows: readonly Row[];
  /** Modes that have it. Default: each that has one of its panels. */
  readonly modes?: readonly Mode[];
}

export type Severity = "critical" | "warning" | "info" | "none";

/** An alert, with what its runbook says. */
export interface Alert {
  /** "LokiFlushFailing". */
  readonly alert: string;
  readonly severity: Severity;
  /**
   * What is asked of Prometheus. It keeps `namespace` and what else tells two such alerts apart, and
   * never `instance`. Ranges are at least 2m.
   */
  readonly ask: string;
  /** It fires above this, or below that. Without them, while the query has an answer. */
  readonly above?: number;
  readonly below?: number;
  /** For how long before it fires: "5m". */
  readonly for?: string;
  readonly keepFiringFor?: string;
  /** A sentence that is the same for each of its series. */
  readonly summary: string;
  /** What is so, with `{{ $labels.x }}` and `{{ $value | humanize }}`. */
  readonly description: string;
  /** uid of the page to look at. */
  readonly page: string;
  /** Titles of panels of that page to look at. */
  readonly look?: readonly string[];
  /** The runbook: what it means, what users notice, what to do, each a sentence or more. */
  readonly means: string;
  readonly notice: string;
  readonly act: readonly string[];
  /**
   * It explains others, of which nobody is told meanwhile: all of its cluster, all of its `node`, or
   * those of severity info in its namespace.
   */
  readonly hushes?: "cluster" | "node" | "info";
  readonly modes?: readonly Mode[];
}

/** A series that is computed and kept. */
export interface Recording {
  /** "loki:lines:rate5m". */
  readonly record: string;
  readonly ask: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly modes?: readonly Mode[];
}

export type Signal = "logs" | "metrics" | "traces";
export type Way = "writes" | "reads";

/** How many percent of a signal's requests are to succeed over 30 days. */
export type Objectives = Readonly<Record<Signal, Readonly<Record<Way, number>>>>;

/** A write that fails may be lost; a reader can ask again. */
export const usualObjectives: Objectives = {
  logs: { writes: 99.9, reads: 99 },
  metrics: { writes: 99.9, reads: 99 },
  traces: { writes: 99.9, reads: 99 },
};

/**
 * Requests of a signal's users at its entrance. The counts are per second, over a range `$range`,
 * without labels but `namespace`.
 */
export interface Sli {
  readonly signal: Signal;
  readonly way: Way;
  /** Requests that failed by the stack's own fault. */
  readonly failed: string;
  readonly all: string;
  /** uid of the page to look at. */
  readonly page: string;
  readonly modes?: readonly Mode[];
}

export interface Rules {
  readonly recordings?: readonly Recording[];
  readonly slis?: readonly Sli[];
  readonly alerts?: readonly Alert[];
}

/** Rules that a component's own ruler evaluates, not Prometheus. */
export interface Evaluated {
  /** What they are about: "prometheus", the file of docs/runbooks that has them. */
  readonly about: string;
  readonly alerts: readonly Alert[];
  /** Whether the ruler reads them again when they change. */
  readonly read: "start-up" | "runtime";
}

/** The ConfigMap with the rules that a component evaluates. */
export const evaluatedConfig = (component: string): string => `${component}-rules`;

export const pageUid = (page: string): string => `kube-lgtm-${page}`;

export const dashboardsConfig = (component: string): string => `grafana-dashboards-${component}`;
export const rulesConfig = (component: string): string => `prometheus-rules-${component}`;
