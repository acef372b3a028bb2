import {
  type Alert,
  type Ask,
  type Monitoring,
  type Page,
  pageUid,
  type Panel,
  type PanelKind,
  type Row,
  type Variable,
} from "../model/monitoring.ts";
import { clusterLabel, isOf, resolved, type Scope } from "./queries.ts";

/** Uids of the data sources by what they answer for. */
export type Sources = Readonly<Record<"metrics" | "logs" | "traces", string>>;

const types = { metrics: "prometheus", logs: "loki", traces: "tempo" } as const;

/** Pages choose among the data sources of the metrics' type; those of logs and traces are one each. */
const sourceOf = (of: keyof Sources, sources: Sources) => ({
  type: types[of],
  uid: of === "metrics" ? "$metrics" : sources[of],
});

/** Grafana's grid is of 24 columns. */
const columns = 24;
const sizes: Readonly<Record<PanelKind, readonly [width: number, height: number]>> = {
  lines: [8, 7],
  stacked: [8, 7],
  bars: [8, 7],
  heatmap: [8, 7],
  stat: [4, 4],
  table: [columns, 8],
  states: [columns, 8],
  logs: [columns, 10],
  traces: [columns, 10],
};

const panelTypes: Readonly<Record<PanelKind, string>> = {
  lines: "timeseries",
  stacked: "timeseries",
  bars: "timeseries",
  heatmap: "heatmap",
  stat: "stat",
  table: "table",
  states: "state-timeline",
  logs: "logs",
  traces: "table",
};

const isInstant = (kind: PanelKind): boolean => kind === "stat" || kind === "table";

/** Latencies come with the traces of single requests, where a program gives them. */
const hasExemplars = (query: string): boolean => query.includes("_bucket");

const refId = (i: number): string => String.fromCharCode("A".charCodeAt(0) + i);

const target = ([query, legend]: Ask, i: number, { of = "metrics", kind = "lines" }: Panel): object => {
  const common = { refId: refId(i) };
  if (of === "traces") return { ...common, query, queryType: "traceql", limit: 20, tableType: "traces" };
  const asked = { ...common, expr: query, legendFormat: legend };
  if (of === "logs") return kind === "logs" ? { refId: refId(i), expr: query } : { ...asked, queryType: "range" };
  if (isInstant(kind)) return { ...asked, instant: true, range: false, format: kind === "table" ? "table" : undefined };
  if (kind === "heatmap") return { ...asked, format: "heatmap" };
  return { ...asked, exemplar: hasExemplars(query) ? true : undefined };
};

const colours = { good: "green", warning: "orange", critical: "red" } as const;

/** Steps as Grafana colours them; above a threshold is bad, or below it. */
const steps = (alert: Alert | undefined): readonly object[] => {
  const bad = alert?.severity === "critical" ? colours.critical : colours.warning;
  if (alert?.above !== undefined)
    return [
      { color: colours.good, value: null },
      { color: bad, value: alert.above },
    ];
  if (alert?.below !== undefined)
    return [
      { color: bad, value: null },
      { color: colours.good, value: alert.below },
    ];
  return [{ color: colours.good, value: null }];
};

const hasThreshold = (alert: Alert | undefined): boolean => alert?.above !== undefined || alert?.below !== undefined;

const custom = (kind: PanelKind, alert: Alert | undefined): object | undefined => {
  if (kind === "states") return { fillOpacity: 70, lineWidth: 0 };
  if (!["lines", "stacked", "bars"].includes(kind)) return undefined;
  return {
    drawStyle: kind === "bars" ? "bars" : "line",
    fillOpacity: kind === "lines" ? 8 : 60,
    lineWidth: 1,
    showPoints: "never",
    stacking: kind === "lines" ? undefined : { mode: "normal", group: "A" },
    thresholdsStyle: hasThreshold(alert) ? { mode: "line" } : undefined,
  };
};

const options = (kind: PanelKind): object => {
  switch (kind) {
    case "lines":
    case "stacked":
    case "bars":
      return {
        legend: { displayMode: "list", placement: "bottom", showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "stat":
      return { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "none", textMode: "auto" };
    case "heatmap":
      return { calculate: false, yAxis: { unit: "s" }, color: { mode: "scheme", scheme: "Oranges", steps: 64 } };
    case "states":
      return { mergeValues: true, showValue: "never", rowHeight: 0.8, legend: { showLegend: true } };
    case "logs":
      return { showTime: true, wrapLogMessage: true, enableLogDetails: true, sortOrder: "Descending" };
    case "table":
    case "traces":
      return { showHeader: true, cellHeight: "sm" };
  }
};

/** Where a click on a series leads: a page with the same time, and what the series' labels say. */
const linksOf = ({ opens }: Panel): readonly object[] | undefined =>
  opens && [
    {
      title: `Open ${opens.page}`,
      url: `/d/${pageUid(opens.page)}?${[
        ...Object.entries(opens.with ?? {}).map(([variable, value]) => `var-${variable}=${value}`),
        "$__url_time_range",
      ].join("&")}`,
    },
  ];

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function panelJson(
  panel: Panel,
  asks: readonly Ask[],
  id: number,
  at: Placed,
  alert: Alert | undefined,
  sources: Sources,
) {
  const { kind = "lines", of = "metrics", title, shows, bad, unit, max } = panel;
  return {
    id,
    type: panelTypes[kind],
    title,
    description: [shows, bad].filter((text) => text !== undefined).join("\n\n"),
    datasource: sourceOf(of, sources),
    gridPos: at,
    targets: asks.map((ask, i) => target(ask, i, panel)),
    fieldConfig: {
      defaults: {
        unit,
        min: kind === "stat" || kind === "table" || kind === "logs" ? undefined : 0,
        max,
        color: kind === "stat" ? { mode: "thresholds" } : undefined,
        thresholds: kind === "stat" || hasThreshold(alert) ? { mode: "absolute", steps: steps(alert) } : undefined,
        custom: custom(kind, alert),
        links: linksOf(panel),
      },
      overrides: [],
    },
    options: options(kind),
  };
}

/** A panel with those of its queries that the mode has something for. */
interface Kept {
  readonly panel: Panel;
  readonly asks: readonly Ask[];
}

const keptOf = (panel: Panel, scope: Scope): readonly Kept[] => {
  if (!isOf(panel, scope)) return [];
  const asks = panel.ask.flatMap(([query, legend]): readonly Ask[] => {
    const text = resolved(query, scope, "page");
    return text === undefined ? [] : [[text, legend]];
  });
  return asks.length > 0 ? [{ panel, asks }] : [];
};

const sizeOf = ({ kind = "lines", width, height }: Panel) => {
  const [w, h] = sizes[kind];
  return { w: width ?? w, h: height ?? h };
};

/** Panels from left to right, and on below where a line of them is full. */
function laid(kept: readonly Kept[], top: number): { readonly at: readonly Placed[]; readonly bottom: number } {
  const at: Placed[] = [];
  let [x, y, tallest] = [0, top, 0];
  for (const { panel } of kept) {
    const { w, h } = sizeOf(panel);
    if (x + w > columns) [x, y, tallest] = [0, y + tallest, 0];
    at.push({ x, y, w, h });
    x += w;
    tallest = Math.max(tallest, h);
  }
  return { at, bottom: y + tallest };
}

/** What has a series in each namespace that can be chosen. */
const namespacesOf: Readonly<Record<NonNullable<Page["scope"]>, string | undefined>> = {
  cluster: undefined,
  namespace: "up",
  "every namespace": "kube_namespace_created",
};

/** Variables by which every page narrows its queries. */
const scopeVariables = ({ scope = "namespace" }: Page, sources: Sources): readonly object[] => {
  const namespaces = namespacesOf[scope];
  const multiple = { multi: true, includeAll: true, allValue: ".*", current: { text: ["All"], value: ["$__all"] } };
  const labelled = (name: string, label: string, query: string) => ({
    name,
    label,
    type: "query",
    datasource: sourceOf("metrics", sources),
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
    ...multiple,
  });
  return [
    {
      name: "metrics",
      label: "Metrics",
      type: "datasource",
      query: types.metrics,
      current: { text: "Metrics", value: sources.metrics },
    },
    labelled("cluster", "Cluster", `label_values(up, ${clusterLabel})`),
    ...(namespaces === undefined
      ? []
      : [labelled("namespace", "Namespace", `label_values(${namespaces}{${clusterLabel}=~"$cluster"}, namespace)`)]),
  ];
};

function variableJson({ name, label, values, single }: Variable, scope: Scope, sources: Sources): object {
  const common = { name, label };
  const all = { multi: true, includeAll: true, allValue: ".*", current: { text: ["All"], value: ["$__all"] } };
  if ("typed" in values)
    return { ...common, type: "textbox", query: values.typed, current: { text: values.typed, value: values.typed } };
  if ("list" in values)
    return {
      ...common,
      type: "custom",
      query: values.list.join(","),
      ...(values.several ? all : { current: { text: values.list[0], value: values.list[0] } }),
    };
  const asked = { ...common, type: "query", refresh: 2, sort: 1, ...(single ? {} : all) };
  if (values.from === "logs")
    return {
      ...asked,
      datasource: sourceOf("logs", sources),
      // Type 1 asks for the values of a label (public/app/plugins/datasource/loki/types.ts of Grafana 12.4.0).
      query: { label: values.label, refId: name, stream: values.of, type: 1 },
      definition: `label_values(${values.of}, ${values.label})`,
    };
  const query = `label_values(${resolved(values.of, scope, "page") ?? values.of}, ${values.label})`;
  return { ...asked, datasource: sourceOf("metrics", sources), query: { query, refId: name }, definition: query };
}

/** Alerts that fire and restarts, drawn into every panel of a page. */
const annotations = (
  alerts: readonly Alert[],
  { hidesStart }: Monitoring,
  scope: Scope,
  sources: Sources,
): readonly object[] => [
  ...(alerts.length === 0
    ? []
    : [
        {
          name: "Alerts",
          enable: true,
          iconColor: colours.critical,
          datasource: sourceOf("metrics", sources),
          expr: `ALERTS{alertstate="firing", alertname=~"${alerts.map(({ alert }) => alert).join("|")}"}`,
          titleFormat: "{{alertname}}",
          textFormat: "{{severity}} {{namespace}} {{pod}}",
          step: "60s",
        },
      ]),
  ...(hidesStart
    ? []
    : [
        {
          name: "Starts",
          enable: true,
          iconColor: "blue",
          datasource: sourceOf("metrics", sources),
          expr: `max by (workload, pod) (process_start_time_seconds{${resolved("@all", scope, "page") ?? ""}}) * 1000`,
          useValueForTime: "on",
          titleFormat: "{{workload}} started",
          textFormat: "{{pod}}",
          step: "60s",
        },
      ]),
];

const rowJson = (title: string, id: number, y: number, closed: boolean, panels: readonly object[]): object => ({
  id,
  type: "row",
  title,
  collapsed: closed,
  gridPos: { x: 0, y, w: columns, h: 1 },
  panels: closed ? panels : [],
});

/** Rows from top to bottom; one without a panel is left out. */
function rowsJson(rows: readonly Row[], scope: Scope, alerts: readonly Alert[], sources: Sources): readonly object[] {
  let [id, y] = [0, 0];
  return rows.flatMap(({ title, closed = false, panels }) => {
    const kept = panels.flatMap((panel) => keptOf(panel, scope));
    if (kept.length === 0) return [];
    const rowId = ++id;
    const top = y;
    const { at, bottom } = laid(kept, top + 1);
    const made = kept.map(({ panel, asks }, i) => {
      const alert = alerts.find((one) => one.alert === panel.alert);
      return panelJson(panel, asks, ++id, at[i] as Placed, alert, sources);
    });
    y = closed ? top + 1 : bottom;
    return [rowJson(title, rowId, top, closed, made), ...(closed ? [] : made)];
  });
}

/** Pages of Grafana's classic model, the only one that it loads from files (grafana/grafana#122663). */
const schemaVersion = 42;

const pageJson = (page: Page, monitoring: Monitoring, scope: Scope, sources: Sources): object | undefined => {
  const { folder, rules } = monitoring;
  const alerts = (rules?.alerts ?? []).filter((alert) => isOf(alert, scope) && resolved(alert.ask, scope, "rule"));
  const panels = rowsJson(page.rows, scope, alerts, sources);
  if (panels.length === 0 || !isOf(page, scope)) return undefined;
  return {
    uid: pageUid(page.uid),
    title: page.title,
    description: page.question,
    tags: ["kube-lgtm", folder.toLowerCase()],
    schemaVersion,
    editable: false,
    graphTooltip: 1,
    refresh: "1m",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    links: [
      { title: "Overview", type: "link", url: `/d/${pageUid("overview")}`, keepTime: true, includeVars: true },
      {
        title: folder,
        type: "dashboards",
        tags: ["kube-lgtm", folder.toLowerCase()],
        asDropdown: true,
        keepTime: true,
        includeVars: true,
      },
      {
        title: "Logs",
        type: "link",
        url: `/d/${pageUid("logs")}?var-app=${scope.component}`,
        keepTime: true,
        includeVars: true,
      },
    ],
    annotations: { list: annotations(alerts, monitoring, scope, sources) },
    templating: {
      list: [
        ...scopeVariables(page, sources),
        ...(page.variables ?? []).map((variable) => variableJson(variable, scope, sources)),
      ],
    },
    panels,
  };
};

/** Short JSON that a diff shows panel by panel. */
const textOf = (page: object): string => {
  const { panels, ...rest } = page as { readonly panels: readonly object[] };
  const head = JSON.stringify(rest, undefined, 1).replace(/\n}$/, ",");
  return `${head}\n "panels": [\n${panels.map((panel) => `  ${JSON.stringify(panel)}`).join(",\n")}\n ]\n}\n`;
};

/**
 * The pages of a component in a mode, as Grafana reads them from files: "loki-writes.json" to its
 * text.
 */
export function dashboards(monitoring: Monitoring, scope: Scope, sources: Sources): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (monitoring.pages ?? []).flatMap((page) => {
      const json = pageJson(page, monitoring, scope, sources);
      return json ? [[`${page.uid}.json`, textOf(json)]] : [];
    }),
  );
}
