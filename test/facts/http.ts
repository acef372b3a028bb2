/* What programs answer by HTTP, what their clients call, and who a tenant is, as upstream's sources and pages have it. */

/** Paths of an API that people and data sources ask for, by the role that answers. */
export type Api = Readonly<Record<string, readonly string[]>>;

/** docs/sources/reference/loki-http-api.md and pkg/util/constants/api_paths.go of Loki v3.7.6; who registers each: pkg/loki/modules.go. */
export const loki: Api = {
  distributor: ["/loki/api/v1/push", "/otlp/v1/logs", "/api/prom/push"],
  querier: ["/loki/api/v1/tail", "/api/prom/tail"],
  ruler: [
    "/loki/api/v1/rules",
    "/loki/api/v1/rules/team",
    "/loki/api/v1/rules/team/group",
    "/api/prom/rules",
    "/api/prom/rules/team/group",
    "/prometheus/api/v1/rules",
    "/prometheus/api/v1/alerts",
  ],
  compactor: ["/loki/api/v1/delete"],
  "query-frontend": [
    ...["query", "query_range", "labels", "label", "label/app/values", "series", "patterns", "index/stats"],
    ...["index/shards", "index/volume", "index/volume_range", "detected_labels", "detected_fields"],
    ...["detected_field/app/values", "status/buildinfo", "format_query", "drilldown-limits"],
  ]
    .map((path) => `/loki/api/v1/${path}`)
    .concat(["/api/prom/query", "/api/prom/label", "/api/prom/label/app/values", "/api/prom/series"]),
};

/** pkg/api/api.go of Mimir at aced80d74930, and docs/sources/mimir/references/http-api/index.md; under the prefixes that it has by itself. */
export const mimir: Api = {
  distributor: ["/api/v1/push", "/otlp/v1/metrics"],
  "query-frontend": [
    ...["query", "query_range", "query_exemplars", "labels", "label/job/values", "series", "read", "metadata"],
    ...["format_query", "cardinality/label_names", "cardinality/label_values", "cardinality/active_series"],
    "status/buildinfo",
  ]
    .map((path) => `/prometheus/api/v1/${path}`)
    .concat(["/api/v1/user_limits", "/api/v1/status/buildinfo"]),
  ruler: [
    "/prometheus/api/v1/rules",
    "/prometheus/api/v1/alerts",
    "/prometheus/config/v1/rules",
    "/prometheus/config/v1/rules/team",
    "/prometheus/config/v1/rules/team/group",
  ],
  alertmanager: ["/alertmanager/api/v2/alerts", "/alertmanager/api/v2/silences", "/alertmanager/", "/api/v1/alerts"],
  querier: ["/api/v1/user_stats"],
};

/** The header of a tenant: `user.OrgIDHeaderName` of github.com/grafana/weaveworks-common and dskit's user/id.go, and Thanos's pkg/tenancy/tenancy.go. */
export const tenantHeader = { kit: "X-Scope-OrgID", thanos: "THANOS-TENANT" } as const;

/** Whose everything is where there are no tenants: Loki's pkg/util/fakeauth, Mimir's `-auth.no-auth-tenant`, Tempo's pkg/util/id.go. */
export const onlyTenant = { loki: "fake", mimir: "anonymous", tempo: "single-tenant" } as const;

/** Where samples are taken, by program and protocol. */
export const samples = {
  // docs/querying/api.md of Prometheus 3.16.0
  prometheus: { "remote-write": "/api/v1/write", otlp: "/api/v1/otlp/v1/metrics" },
  // pkg/api/api.go, PrometheusPushEndpoint and OTLPPushEndpoint
  mimir: { "remote-write": "/api/v1/push", otlp: "/otlp/v1/metrics" },
  // pkg/receive/handler.go of v0.42.5, NewHandler
  thanos: { "remote-write": "/api/v1/receive", otlp: "/api/v1/otlp" },
} as const;

/**
 * What Grafana asks a data source of a type for is below its URL: https://grafana.com/docs/grafana/latest/datasources/. Loki's plugin adds
 * /loki/api/v1, Prometheus's /api/v1, Tempo's /api, that of a Prometheus's Alertmanager /api/v2 and of Mimir's /alertmanager/api/v2.
 */
export const below = {
  loki: "",
  tempo: "",
  alertmanager: "",
  thanos: "",
  prometheus: "",
  mimir: "/prometheus",
} as const;
