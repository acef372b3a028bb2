import type { Page, Panel } from "../../core/model/monitoring.ts";
import { red, resources } from "../shapes.ts";
import { asks } from "./queries.ts";

const how = (title: string, shows: string, bad: string, histogram: string, matchers: string): Panel => ({
  title,
  shows,
  bad,
  unit: "s",
  ask: [
    [
      `histogram_quantile(0.99, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`,
      "99 of 100 within",
    ],
    [`histogram_quantile(0.5, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`, "median"],
  ],
});

const inner = (role: string, calls: string): string => `@${role}, route=~"${calls}"`;
const fromIngesters = inner(
  "ingester",
  "/cortex.Ingester/(QueryStream|LabelValues|LabelNames|MetricsForLabelMatchers)",
);
const fromStore = inner("store-gateway", "/gatewaypb.StoreGateway/.+");

const byStatus = (title: string, histogram: string, matchers: string): Panel => ({
  title,
  shows: "Requests in a second, by status.",
  bad: "A status that is neither OK nor 2xx, nor Canceled.",
  kind: "stacked",
  unit: "reqps",
  ask: [[`sum by (status_code) (rate(${histogram}_count{${matchers}}[$__rate_interval]))`, "{{status_code}}"]],
});

export const reads: Page = {
  uid: "mimir-reads",
  title: "Mimir: reads",
  question: "Are queries answered, how fast, and which part is slow?",
  rows: [
    {
      title: "At the entrance",
      panels: [
        ...red({ title: "Queries", histogram: "cortex_request_duration_seconds", matchers: asks }),
        {
          title: "Queries: how their time is spread",
          shows: "Queries by the time that they take.",
          bad: "A band that moves up, or a second one above the first.",
          kind: "heatmap",
          unit: "s",
          ask: [[`sum by (le) (rate(cortex_request_duration_seconds_bucket{${asks}}[$__rate_interval]))`, "{{le}}"]],
        },
        {
          title: "Queries: of what kind",
          shows: "Queries in a second, by the path that is asked.",
          unit: "reqps",
          kind: "stacked",
          ask: [
            [`sum by (route) (rate(cortex_request_duration_seconds_count{${asks}}[$__rate_interval]))`, "{{route}}"],
          ],
        },
        {
          title: "Queries: whose",
          shows: "Queries in a second, by tenant, rules among them where the query-frontend evaluates them.",
          bad: "One tenant that asks many times more than yesterday.",
          unit: "reqps",
          kind: "stacked",
          ask: [
            [
              "sum by (user) (rate(cortex_query_frontend_queries_total{@query-frontend}[$__rate_interval]))",
              "{{user}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Queriers",
      panels: [
        byStatus("Queriers: requests by status", "cortex_querier_request_duration_seconds", "@querier"),
        how(
          "Queriers: how long",
          "How long parts of queries take in queriers.",
          "As long as whole queries, while ingesters and store-gateways are fast: queriers lack CPU.",
          "cortex_querier_request_duration_seconds",
          "@querier",
        ),
        {
          title: "What queries fetch",
          shows: "Bytes of chunks and of indexes that queries fetch in a second.",
          bad: "A jump: somebody asks for more than the network and the memory can bear.",
          unit: "Bps",
          ask: [
            ["sum(rate(cortex_query_fetched_chunk_bytes_total{@all}[$__rate_interval]))", "chunks"],
            ["sum(rate(cortex_query_fetched_index_bytes_total{@all}[$__rate_interval]))", "indexes"],
          ],
        },
        {
          title: "Where queries look",
          shows: "Queries in a second that need ingesters, and that need blocks of the bucket.",
          unit: "reqps",
          ask: [
            [
              "sum by (storage) (rate(cortex_querier_queries_storage_type_total{@querier}[$__rate_interval]))",
              "{{storage}}",
            ],
          ],
        },
        {
          title: "Queries that miss blocks",
          shows: "The share of queries of the bucket for which no store-gateway had a block that they need.",
          bad: "Anything that stays above zero: these queries fail.",
          unit: "percentunit",
          ask: [
            [
              "sum(rate(cortex_querier_blocks_consistency_checks_failed_total{@querier}[$__rate_interval])) / sum(rate(cortex_querier_blocks_consistency_checks_total{@querier}[$__rate_interval])) or 0 * sum(rate(cortex_querier_blocks_consistency_checks_total{@querier}[$__rate_interval]))",
              "failed",
            ],
          ],
        },
        {
          title: "Memory of queries under way",
          shows: "What the queries that are under way are thought to hold in memory, by querier.",
          bad: "Close to the memory limit of the pod.",
          unit: "bytes",
          ask: [
            [
              "max by (pod) (cortex_querier_inflight_query_peak_estimated_memory_consumption_bytes{@querier})",
              "{{pod}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Ingesters: the last hours",
      panels: [
        byStatus("Ingesters: requests by status", "cortex_request_duration_seconds", fromIngesters),
        how(
          "Ingesters: how long",
          "How long ingesters take to answer queriers.",
          "Seconds: ingesters lack CPU, or a query asks for very many series.",
          "cortex_request_duration_seconds",
          fromIngesters,
        ),
        {
          title: "Series that a query takes from an ingester",
          shows: "How many series the largest one of a hundred queries takes from one ingester, and the median.",
          bad: "As many as the ingester has: a query without a useful matcher.",
          unit: "short",
          ask: [
            [
              'histogram_quantile(0.99, sum by (le) (rate(cortex_ingester_queried_series_bucket{@ingester, stage="merged_blocks"}[$__rate_interval])))',
              "99 of 100 below",
            ],
            [
              'histogram_quantile(0.5, sum by (le) (rate(cortex_ingester_queried_series_bucket{@ingester, stage="merged_blocks"}[$__rate_interval])))',
              "median",
            ],
          ],
        },
      ],
    },
    {
      title: "Store-gateways: what is older",
      panels: [
        byStatus("Store-gateways: requests by status", "cortex_request_duration_seconds", fromStore),
        how(
          "Store-gateways: how long",
          "How long store-gateways take to answer queriers.",
          "Seconds: see which step takes them, beside this.",
          "cortex_request_duration_seconds",
          fromStore,
        ),
        {
          title: "Queries that wait for their turn",
          shows: "Queries that each store-gateway works on, and how many it works on at most.",
          bad: "As many as it works on at most: others wait.",
          unit: "short",
          ask: [
            ['max by (pod) (cortex_bucket_stores_gate_queries_in_flight{@store-gateway, gate="query"})', "{{pod}}"],
            ['max(cortex_bucket_stores_gate_queries_concurrent_max{@store-gateway, gate="query"})', "at most"],
          ],
        },
      ],
    },
    resources("query-frontend|querier|store-gateway"),
  ],
};
