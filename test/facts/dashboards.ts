/**
 * The classic model of a page: kinds/dashboard/dashboard_kind.cue of Grafana 12.4.0, which is the file's state in 13, too: the model is
 * closed to new fields. Beside it, what Grafana's own code reads of annotations (`...` there).
 */
export const model = {
  page: "id uid title description revision gnetId tags timezone editable graphTooltip time timepicker fiscalYearStartMonth liveNow weekStart refresh schemaVersion version panels templating annotations links snapshot preload",
  panel:
    "type id pluginVersion targets title description transparent datasource gridPos links repeat repeatDirection maxPerRow maxDataPoints transformations interval timeFrom timeShift hideTimeOverride timeCompare libraryPanel cacheTimeout queryCachingTTL options fieldConfig autoMigrateFrom",
  row: "type collapsed title datasource gridPos id panels repeat",
  gridPos: "h w x y static",
  fieldConfig: "defaults overrides",
  defaults:
    "displayName displayNameFromDS description path writeable filterable unit decimals min max mappings thresholds color links actions noValue custom",
  thresholds: "mode steps",
  variable:
    "type name label hide skipUrlSync description query datasource current multi allowCustomValue options refresh sort includeAll allValue regex valuesFormat regexApplyTo staticOptions staticOptionsOrder definition auto auto_count auto_min",
  link: "title type icon tooltip url tags asDropdown placement targetBlank includeVars keepTime",
  datasource: "type uid",
  color: "mode fixedColor seriesBy",
} as const;

/** Panels of Grafana's own: public/app/plugins/panel of 12.4.0. */
export const panelTypes: readonly string[] =
  "alertlist annolist barchart bargauge candlestick canvas dashlist datagrid flamegraph gauge geomap heatmap histogram logs news nodeGraph piechart stat state-timeline status-history table text timeseries traces trend xychart row".split(
    " ",
  );

/** Panels that ask nothing of a data source, and such without a value that has a unit. */
export const without: Readonly<Record<"targets" | "unit", readonly string[]>> = {
  targets: ["row", "text", "dashlist", "alertlist"],
  unit: ["row", "text", "dashlist", "alertlist", "logs", "traces", "nodeGraph"],
};

/**
 * Ids of units: packages/grafana-data/src/valueFormats/categories.ts of 12.4.0, those of time, data, rates and counts. Any other
 * text is put behind the number as it is (`getValueFormat` in valueFormats.ts), which is meant for `worded` only.
 */
export const units: readonly string[] =
  "none string short sishort percent percentunit locale bytes decbytes bits decbits kbytes mbytes gbytes tbytes pps binBps Bps binbps bps KiBs KBs MiBs MBs GiBs dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsLocal dateTimeAsSystem dateTimeFromNow hertz ns µs ms s m h d dtdurationms dtdurations dthms dtdhms cps ops reqps rps wps iops eps mps recps rowsps cpm opm reqpm rpm wpm celsius volt watt bool bool_yes_no bool_on_off".split(
    " ",
  );
export const worded: readonly string[] = ["cores"];

/** Variables that are always there: https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables */
export const builtIn =
  /^__(?:rate_interval|rate_interval_ms|interval|interval_ms|range|range_s|range_ms|from|to|auto|all|url_time_range|all_variables|dashboard|user|org|timezone|value|field|data|series|name|timeFilter)\b/;

/**
 * Labels of streams, save those of the OTLP attributes: the log agents' relabelling (src/templates/alloy-*.hbs), Loki's own
 * `service_name` (docs/sources/get-started/labels/_index.md of 3.7: `discover_service_name`), Promtail's `stream` (its stage `cri`).
 */
export const streamLabels: readonly string[] =
  "app cluster container job kind level namespace node pod service_name stream unit workload".split(" ");
