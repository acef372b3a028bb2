import type { Page } from "../../core/model/monitoring.ts";

/** Who asks memcached. */
const cached = "@query-frontend|store-gateway|querier|ruler";
const modes = ["microservices"] as const;

export const queries: Page = {
  uid: "mimir-queries",
  title: "Mimir: queries",
  question: "What becomes of a query: does it wait, is it split, and is it answered from a cache?",
  rows: [
    {
      title: "Waiting",
      panels: [
        {
          title: "Queries that wait",
          shows: "Queries in the queue at this moment, by tenant.",
          bad: "Any that stay for minutes: queriers are too few or away.",
          unit: "short",
          alert: "MimirQueriesStuck",
          ask: [["sum by (user) (cortex_query_scheduler_queue_length{@query-scheduler})", "{{user}}"]],
        },
        {
          title: "How long they wait",
          shows: "How long the slowest one of a hundred parts of queries waits in the queue, and the median.",
          bad: "Seconds: add queriers.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le) (rate(cortex_query_scheduler_queue_duration_seconds_bucket{@query-scheduler}[$__rate_interval])))",
              "99 of 100 within",
            ],
            [
              "histogram_quantile(0.5, sum by (le) (rate(cortex_query_scheduler_queue_duration_seconds_bucket{@query-scheduler}[$__rate_interval])))",
              "median",
            ],
          ],
        },
        {
          title: "Queriers at the queue",
          shows: "Connections of queriers and of query-frontends to the queue.",
          bad: "None of queriers: nobody answers.",
          unit: "short",
          ask: [
            ["sum(cortex_query_scheduler_connected_querier_clients{@query-scheduler})", "queriers"],
            ["sum(cortex_query_scheduler_connected_frontend_clients{@query-scheduler})", "query-frontends"],
          ],
        },
        {
          title: "Queries under way",
          shows: "Queries that query-frontends have in hand, and requests that queriers work on.",
          bad: "A number that climbs.",
          unit: "short",
          ask: [
            ["sum(cortex_querier_inflight_requests{@querier})", "in queriers"],
            [
              'max(cortex_query_scheduler_inflight_requests{@query-scheduler, quantile="0.99"})',
              "in the queue or beyond",
            ],
          ],
        },
        {
          title: "Queries given up",
          shows: "Queries in a second that were cancelled in the queue, or turned away since it was full.",
          bad: "Any that were turned away.",
          unit: "reqps",
          ask: [
            [
              "sum(rate(cortex_query_scheduler_cancelled_requests_total{@query-scheduler}[$__rate_interval])) or vector(0)",
              "cancelled",
            ],
            [
              "sum(rate(cortex_query_scheduler_discarded_requests_total{@query-scheduler}[$__rate_interval])) or vector(0)",
              "turned away",
            ],
          ],
        },
        {
          title: "Parts asked again",
          shows: "Parts of queries in a second that failed and were asked again.",
          bad: "More than a few: look at the queriers' log.",
          unit: "reqps",
          ask: [["sum(rate(cortex_query_frontend_retries_sum{@query-frontend}[$__rate_interval]))", "again"]],
        },
      ],
    },
    {
      title: "Split, and answered from the cache of results",
      panels: [
        {
          title: "Parts of a query",
          shows: "Into how many parts by day, and by share of the series, queries are split in a second.",
          unit: "reqps",
          ask: [
            ["sum(rate(cortex_frontend_split_queries_total{@query-frontend}[$__rate_interval]))", "by day"],
            [
              "sum(rate(cortex_frontend_sharded_queries_total{@query-frontend}[$__rate_interval])) or vector(0)",
              "by share of the series",
            ],
          ],
        },
        {
          title: "Results from the cache",
          shows: "The share of parts whose result was in the cache.",
          bad: "Close to none while people look at the same pages: the cache is away or too small.",
          unit: "percentunit",
          max: 1,
          modes,
          ask: [
            [
              "sum by (request_type) (rate(cortex_frontend_query_result_cache_hits_total{@query-frontend}[$__rate_interval])) / sum by (request_type) (rate(cortex_frontend_query_result_cache_requests_total{@query-frontend}[$__rate_interval]))",
              "{{request_type}}",
            ],
          ],
        },
        {
          title: "Results that are not kept",
          shows: "Queries in a second whose result is not put into the cache, by reason.",
          unit: "reqps",
          modes,
          ask: [
            [
              "sum by (reason) (rate(cortex_frontend_query_result_cache_skipped_total{@query-frontend}[$__rate_interval]))",
              "{{reason}}",
            ],
          ],
        },
        {
          title: "Seconds of work, by tenant",
          shows: "Seconds that queriers work on queries of each tenant, in a second.",
          bad: "One tenant that takes most: limit it in `overrides`.",
          kind: "stacked",
          unit: "short",
          ask: [["sum by (user) (rate(cortex_query_seconds_total{@query-frontend}[$__rate_interval]))", "{{user}}"]],
        },
        {
          title: "Series fetched, by tenant",
          shows: "Series that queries of each tenant fetch in a second.",
          bad: "One tenant that fetches most.",
          kind: "stacked",
          unit: "cps",
          ask: [
            ["sum by (user) (rate(cortex_query_fetched_series_total{@query-frontend}[$__rate_interval]))", "{{user}}"],
          ],
        },
      ],
    },
    {
      title: "Memcached and other caches",
      panels: [
        {
          title: "Caches: how much they answer",
          shows: "The share of items that memcached has when it is asked, by cache.",
          bad: "A fall that stays for more than a day: the cache is too small.",
          unit: "percentunit",
          max: 1,
          modes,
          ask: [
            [
              `sum by (name) (rate(thanos_cache_hits_total{${cached}}[$__rate_interval])) / sum by (name) (rate(thanos_cache_requests_total{${cached}}[$__rate_interval]))`,
              "{{name}}",
            ],
          ],
        },
        {
          title: "Caches: operations",
          shows: "Operations on memcached in a second, by cache and kind.",
          unit: "ops",
          modes,
          ask: [
            [
              `sum by (name, operation) (rate(thanos_cache_operations_total{${cached}}[$__rate_interval]))`,
              "{{name}} {{operation}}",
            ],
          ],
        },
        {
          title: "Caches: failed",
          shows: "The share of operations that failed, by cache.",
          bad: "Anything that stays above zero: memcached is away or too slow.",
          unit: "percentunit",
          modes,
          alert: "MimirCacheFailing",
          ask: [
            [
              `sum by (name) (rate(thanos_cache_operation_failures_total{${cached}}[$__rate_interval])) / sum by (name) (rate(thanos_cache_operations_total{${cached}}[$__rate_interval])) or 0 * sum by (name) (rate(thanos_cache_operations_total{${cached}}[$__rate_interval]))`,
              "{{name}}",
            ],
          ],
        },
        {
          title: "Caches: how long",
          shows: "How long the slowest one of a hundred operations takes.",
          bad: "Above 0.2 s: the client gives up.",
          unit: "s",
          modes,
          ask: [
            [
              `histogram_quantile(0.99, sum by (name, le) (rate(thanos_cache_operation_duration_seconds_bucket{${cached}}[$__rate_interval])))`,
              "{{name}}",
            ],
          ],
        },
        {
          title: "Caches: not kept",
          shows: "Operations in a second that were left out, by reason: an item too large, or a queue that is full.",
          bad: "Many: give memcached a larger item, or the client more connections.",
          unit: "ops",
          modes,
          ask: [
            [
              `sum by (name, reason) (rate(thanos_cache_operation_skipped_total{${cached}}[$__rate_interval]))`,
              "{{name}} {{reason}}",
            ],
          ],
        },
        {
          title: "Index cache: how much it answers",
          shows: "The share of requests to the cache of indexes that had the item, by kind of item.",
          bad: "A fall that stays for more than a day: the cache is too small.",
          unit: "percentunit",
          max: 1,
          ask: [
            [
              "sum by (item_type) (rate(thanos_store_index_cache_hits_total{@store-gateway}[$__rate_interval])) / sum by (item_type) (rate(thanos_store_index_cache_requests_total{@store-gateway}[$__rate_interval]))",
              "{{item_type}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Store-gateways: steps of a query",
      panels: [
        {
          title: "Steps: how long",
          shows: "Seconds that queries spend in each step of a store-gateway, in a second.",
          bad: "Most in `load_index_header` or in fetching: caches or disks are too slow.",
          kind: "stacked",
          unit: "s",
          ask: [
            [
              "sum by (stage) (rate(cortex_bucket_store_series_request_stage_duration_seconds_sum{@store-gateway}[$__rate_interval]))",
              "{{stage}}",
            ],
          ],
        },
        {
          title: "Bytes fetched from the bucket",
          shows: "Bytes that store-gateways fetch in a second, by what they are.",
          unit: "Bps",
          kind: "stacked",
          ask: [
            [
              "sum by (data_type) (rate(cortex_bucket_store_series_data_size_fetched_bytes_sum{@store-gateway}[$__rate_interval]))",
              "{{data_type}}",
            ],
          ],
        },
        {
          title: "Indexes opened",
          shows: "Headers of blocks' indexes that are loaded and let go in a second.",
          bad: "Many all the time: too few are kept open, and queries wait for them.",
          unit: "ops",
          ask: [
            ["sum(rate(cortex_bucket_store_indexheader_lazy_load_total{@store-gateway}[$__rate_interval]))", "loaded"],
            [
              "sum(rate(cortex_bucket_store_indexheader_lazy_unload_total{@store-gateway}[$__rate_interval]))",
              "let go",
            ],
          ],
        },
      ],
    },
  ],
};
