import type { Page } from "../../core/model/monitoring.ts";
import { red, resources } from "../shapes.ts";

/** Pushes as they reach Loki, by its own protocol and by OTLP. */
export const pushes = '@distributor, route=~"loki_api_v1_push|otlp_v1_logs|api_prom_push"';

/**
 * Questions as they reach Loki. Where a process has both roles, the parts that the query-frontend
 * divides a question into count, too. Who follows a log asks for as long as he looks: it is left out.
 */
export const questions =
  '@query-frontend, route=~"loki_api_v1_(query|query_range|labels|label_values|label_name_values|series|patterns|index_.+|detected_.+)"';

/** How long the slowest one of a hundred takes. */
const slowest = (histogram: string, matchers: string, by = ""): string =>
  `histogram_quantile(0.99, sum by (le${by && `, ${by}`}) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`;
const median = (histogram: string, matchers: string): string =>
  `histogram_quantile(0.5, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`;

const lines = "sum by (tenant) (rate(loki_distributor_lines_received_total{@distributor}[$__rate_interval]))";

export const writes: Page = {
  uid: "loki-writes",
  title: "Loki: writes",
  question: "Does Loki take the lines that are sent to it, and does it keep them?",
  rows: [
    {
      title: "At the entrance",
      panels: [
        ...red({ title: "Pushes", histogram: "loki_request_duration_seconds", matchers: pushes }),
        {
          title: "Lines",
          shows: "Lines that Loki was sent in a second, by tenant.",
          bad: "None from a tenant that always sends, or many times what it sent yesterday.",
          kind: "stacked",
          unit: "cps",
          ask: [[lines, "{{tenant}}"]],
        },
        {
          title: "Bytes",
          shows: "Bytes of lines in a second, by tenant and protocol.",
          bad: "A tenant close to its limit: Loki refuses what is above LOKI_INGESTION_RATE_MB.",
          kind: "stacked",
          unit: "Bps",
          ask: [
            [
              "sum by (tenant, format) (rate(loki_distributor_bytes_received_total{@distributor}[$__rate_interval]))",
              "{{tenant}} {{format}}",
            ],
          ],
        },
        {
          title: "Lines refused",
          shows: "Lines in a second that Loki did not take, by tenant and reason.",
          bad: "Any: who sent them gives them up, save those of a rate or a number of streams.",
          unit: "cps",
          alert: "LokiLinesRefused",
          ask: [
            [
              `sum by (tenant, reason) (rate(loki_discarded_samples_total{@all}[$__rate_interval])) or 0 * ${lines}`,
              "{{tenant}} {{reason}}",
            ],
          ],
        },
      ],
    },
    {
      title: "To the ingesters",
      panels: [
        {
          title: "Pushes to ingesters: failed",
          shows: "The share of pushes from distributors to ingesters that failed.",
          bad: "Above zero for minutes. With three copies, one ingester that fails is not felt yet.",
          unit: "percentunit",
          ask: [
            [
              'sum by (pod) (rate(loki_ingester_client_request_duration_seconds_count{@distributor, operation="/logproto.Pusher/Push", status_code!~"2.*|success"}[$__rate_interval])) / sum by (pod) (rate(loki_ingester_client_request_duration_seconds_count{@distributor, operation="/logproto.Pusher/Push"}[$__rate_interval])) or 0 * sum by (pod) (rate(loki_ingester_client_request_duration_seconds_count{@distributor, operation="/logproto.Pusher/Push"}[$__rate_interval]))',
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Pushes to ingesters: how long",
          shows: "How long an ingester takes to write lines into its log and its memory.",
          bad: "Above half a second: a disk or a CPU is at its end.",
          unit: "s",
          ask: [
            [
              slowest(
                "loki_ingester_client_request_duration_seconds",
                '@distributor, operation="/logproto.Pusher/Push"',
              ),
              "99 of 100 within",
            ],
            [
              median(
                "loki_ingester_client_request_duration_seconds",
                '@distributor, operation="/logproto.Pusher/Push"',
              ),
              "median",
            ],
          ],
        },
        {
          title: "Streams",
          shows: "Streams that each ingester has in memory, by tenant.",
          bad: "Growth without end: a label with ever new values. The limit of a tenant is LOKI_MAX_STREAMS.",
          unit: "short",
          ask: [["sum by (pod, tenant) (loki_ingester_memory_streams{@ingester})", "{{pod}} {{tenant}}"]],
        },
      ],
    },
    {
      title: "Chunks, from memory to the store",
      panels: [
        {
          title: "Chunks in memory",
          shows: "Chunks that ingesters hold and have not written to the store.",
          bad: "A line that rises for more than two hours: chunks do not get away.",
          unit: "short",
          ask: [["sum by (pod) (loki_ingester_memory_chunks{@ingester})", "{{pod}}"]],
        },
        {
          title: "Chunks flushed",
          shows: "Chunks written to the store in a second, by what made them complete.",
          bad: "Most of them idle: streams are many and small, which makes queries slow.",
          kind: "stacked",
          unit: "ops",
          ask: [
            ["sum by (reason) (rate(loki_ingester_chunks_flushed_total{@ingester}[$__rate_interval]))", "{{reason}}"],
          ],
        },
        {
          title: "Flushes that fail",
          shows: "The share of writes of chunks to the store that failed.",
          bad: "Above zero: ingesters try again, and hold the lines meanwhile.",
          unit: "percentunit",
          alert: "LokiChunksNotFlushed",
          ask: [
            [
              "sum by (pod) (rate(loki_ingester_chunks_flush_failures_total{@ingester}[$__rate_interval])) / (sum by (pod) (rate(loki_ingester_chunks_flush_requests_total{@ingester}[$__rate_interval])) > 0) or 0 * sum by (pod) (loki_ingester_chunks_flush_requests_total{@ingester})",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Flush queue",
          shows: "Chunks that wait for being written to the store.",
          bad: "More than a hundred for a quarter of an hour: the store is slower than the lines come.",
          unit: "short",
          alert: "LokiFlushQueueLong",
          ask: [["sum by (pod) (loki_ingester_flush_queue_length{@ingester})", "{{pod}}"]],
        },
        {
          title: "How full chunks are",
          shows: "How full chunks are when they are written, and how old.",
          bad: "Below a half: streams are too many for what they hold.",
          unit: "percentunit",
          max: 1,
          ask: [[median("loki_ingester_chunk_utilization", "@ingester"), "median"]],
        },
        {
          title: "Age of chunks",
          shows: "How old chunks are when they are written to the store.",
          bad: "Above two hours, when an ingester writes any chunk.",
          unit: "s",
          ask: [
            [slowest("loki_ingester_chunk_age_seconds", "@ingester"), "99 of 100 within"],
            [median("loki_ingester_chunk_age_seconds", "@ingester"), "median"],
          ],
        },
      ],
    },
    {
      title: "Write-ahead log and index",
      panels: [
        {
          title: "Disk of the write-ahead log",
          shows: "Use of the disk that has the write-ahead log, as a share.",
          bad: "At 0.9 the ingester refuses all lines until there is room.",
          unit: "percentunit",
          max: 1,
          alert: "LokiWalDiskFull",
          ask: [["max by (pod) (loki_ingester_wal_disk_usage_percent{@ingester})", "{{pod}}"]],
        },
        {
          title: "Write-ahead log",
          shows: "Bytes that ingesters write to their log in a second.",
          bad: "None while lines arrive.",
          unit: "Bps",
          ask: [["sum by (pod) (rate(loki_ingester_wal_logged_bytes_total{@ingester}[$__rate_interval]))", "{{pod}}"]],
        },
        {
          title: "Checkpoints that fail",
          shows: "Checkpoints of the write-ahead log that failed since the point before.",
          bad: "Any: the log is never cut, and fills the disk.",
          unit: "short",
          alert: "LokiCheckpointsFailing",
          ask: [
            [
              "sum by (pod) (increase(loki_ingester_checkpoint_creations_failed_total{@ingester}[$__rate_interval]))",
              "create {{pod}}",
            ],
            [
              "sum by (pod) (increase(loki_ingester_checkpoint_deletions_failed_total{@ingester}[$__rate_interval]))",
              "delete {{pod}}",
            ],
          ],
        },
        {
          title: "Uploads of the index",
          shows: "Uploads of index tables in a second, by outcome.",
          bad: "Failures: what is not in the index cannot be found once the ingester has gone.",
          unit: "ops",
          ask: [
            [
              "sum by (status) (rate(loki_tsdb_shipper_tables_upload_operation_total{@ingester}[$__rate_interval]))",
              "{{status}}",
            ],
          ],
        },
        {
          title: "Replay",
          shows: "How long an ingester replayed its log when it started, and whether it does now.",
          bad: "Minutes: meanwhile the ingester takes no lines.",
          unit: "s",
          ask: [["max by (pod) (loki_ingester_wal_replay_duration_seconds{@ingester})", "{{pod}}"]],
        },
      ],
    },
    resources("distributor|ingester|pattern-ingester"),
  ],
};

export const reads: Page = {
  uid: "loki-reads",
  title: "Loki: reads",
  question: "Does Loki answer, how fast, and what do queries wait for?",
  rows: [
    {
      title: "At the entrance",
      panels: red({ title: "Questions", histogram: "loki_request_duration_seconds", matchers: questions }),
    },
    {
      title: "Queue",
      panels: [
        {
          title: "Queries that wait",
          shows: "Queries in the queue of the schedulers, by tenant.",
          bad: "A queue that does not empty: queriers are too few.",
          unit: "short",
          ask: [["sum by (user) (loki_query_scheduler_queue_length{@query-scheduler})", "{{user}}"]],
        },
        {
          title: "Time in the queue",
          shows: "How long queries wait until a querier takes them.",
          bad: "Above five seconds: people wait for nothing but their turn.",
          unit: "s",
          alert: "LokiQueriesWait",
          ask: [
            [slowest("loki_query_scheduler_queue_duration_seconds", "@query-scheduler"), "99 of 100 within"],
            [median("loki_query_scheduler_queue_duration_seconds", "@query-scheduler"), "median"],
          ],
        },
        {
          title: "Queriers at work",
          shows: "The share of queriers' workers that have a query.",
          bad: "At 1 all day: add queriers.",
          unit: "percentunit",
          max: 1,
          ask: [
            [
              "sum by (pod) (loki_querier_worker_inflight_queries{@querier}) / sum by (pod) (loki_querier_worker_concurrency{@querier})",
              "{{pod}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Queries",
      panels: [
        {
          title: "Queries by kind: how long",
          shows: "How long the slowest one of a hundred queries takes, by kind.",
          bad: "A kind that takes much longer than yesterday.",
          unit: "s",
          ask: [[slowest("loki_logql_querystats_latency_seconds", "@query-frontend", "type"), "{{type}}"]],
        },
        {
          title: "Bytes read in a second of a query",
          shows: "How many bytes a query reads through in each second.",
          bad: "A fall: the store, the caches or the CPU are slower.",
          unit: "Bps",
          ask: [[median("loki_logql_querystats_bytes_processed_per_seconds", "@query-frontend"), "median"]],
        },
        {
          title: "Chunks fetched",
          shows: "Chunks in a second that queries needed from the store or a cache.",
          bad: "Many times what people ask for: a query without a label that narrows it.",
          unit: "ops",
          ask: [
            [
              "sum by (type) (rate(loki_logql_querystats_downloaded_chunk_total{@query-frontend}[$__rate_interval]))",
              "{{type}}",
            ],
          ],
        },
        {
          title: "Retries",
          shows: "How often the query-frontend asked again, for one query.",
          bad: "Above zero: queriers, ingesters or the store fail sometimes.",
          unit: "short",
          ask: [
            [
              "sum by (pod) (rate(loki_query_frontend_retries_sum{@query-frontend}[$__rate_interval])) / (sum by (pod) (rate(loki_query_frontend_retries_count{@query-frontend}[$__rate_interval])) > 0) or 0 * sum by (pod) (loki_query_frontend_retries_count{@query-frontend})",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Logs that are followed",
          shows: "Connections that follow a log as it comes.",
          bad: "Growth without end: connections are not closed.",
          unit: "short",
          ask: [["sum by (pod) (loki_querier_tail_active{@querier})", "{{pod}}"]],
        },
      ],
    },
    {
      title: "What queriers ask",
      panels: [
        {
          title: "Ingesters: how long",
          shows: "How long ingesters take to answer, by call.",
          bad: "Above a second: their CPU is at its limit, or a query is over very many streams.",
          unit: "s",
          ask: [
            [
              slowest(
                "loki_ingester_client_request_duration_seconds",
                '@querier, operation=~"/logproto.Querier/.+"',
                "operation",
              ),
              "{{operation}}",
            ],
          ],
        },
        {
          title: "Index: how long",
          shows: "How long looking up in the index takes, by operation.",
          bad: "Above a second: tables are being downloaded, or very many streams match.",
          unit: "s",
          ask: [
            [slowest("loki_index_request_duration_seconds", "@querier|index-gateway", "operation"), "{{operation}}"],
          ],
        },
        {
          title: "Index gateways: how long",
          shows: "How long index gateways take to answer, by call.",
          bad: "Above a second: their CPU or disk is at its limit.",
          unit: "s",
          modes: ["scalable", "microservices"],
          ask: [[slowest("loki_index_gateway_request_duration_seconds", "@querier", "operation"), "{{operation}}"]],
        },
        {
          title: "Store: how long",
          shows: "How long the object store takes to answer those who read, by operation.",
          bad: "Above two seconds, or a step up.",
          unit: "s",
          ask: [[slowest("loki_s3_request_duration_seconds", "@querier|index-gateway", "operation"), "{{operation}}"]],
        },
      ],
    },
    {
      title: "Caches",
      panels: [
        {
          title: "Found in the cache",
          shows: "The share of keys that a cache had.",
          bad: "A fall that stays: the cache is too small, or away.",
          unit: "percentunit",
          max: 1,
          ask: [
            [
              "sum by (name) (rate(loki_cache_hits{@all}[$__rate_interval])) / (sum by (name) (rate(loki_cache_fetched_keys{@all}[$__rate_interval])) > 0)",
              "{{name}}",
            ],
          ],
        },
        {
          title: "Memcached: how long",
          shows: "How long memcached takes to answer, by cache and method.",
          bad: "Above a tenth of a second: asking the store is hardly slower.",
          unit: "s",
          modes: ["microservices"],
          ask: [[slowest("loki_memcache_request_duration_seconds", "@all", "name, method"), "{{name}} {{method}}"]],
        },
        {
          title: "Memcached: failed",
          shows: "The share of requests to memcached that failed.",
          bad: "Above a fifth: Loki reads all of it from the store.",
          unit: "percentunit",
          modes: ["microservices"],
          alert: "LokiCacheFailing",
          ask: [
            [
              'sum by (name) (rate(loki_memcache_request_duration_seconds_count{@all, status_code=~"5.."}[$__rate_interval])) / sum by (name) (rate(loki_memcache_request_duration_seconds_count{@all}[$__rate_interval])) or 0 * sum by (name) (rate(loki_memcache_request_duration_seconds_count{@all}[$__rate_interval]))',
              "{{name}}",
            ],
          ],
        },
        {
          title: "Not put into the cache",
          shows: "Items in a second that were thrown away because memcached takes them too slowly.",
          bad: "Many for hours: the cache is of no use.",
          unit: "ops",
          modes: ["microservices"],
          ask: [
            ["sum by (name) (rate(loki_cache_dropped_background_writes_total{@all}[$__rate_interval]))", "{{name}}"],
          ],
        },
      ],
    },
    resources("query-frontend|querier|query-scheduler|index-gateway"),
  ],
};

/** How long ago something was, by the time of a gauge that is zero until it has been once. */
const since = (metric: string): string => `time() - max by (namespace) (${metric}{@compactor} > 0)`;

export const maintenance: Page = {
  uid: "loki-maintenance",
  title: "Loki: maintenance",
  question: "Is what Loki keeps compacted, deleted in time and safe, and do its processes know each other?",
  rows: [
    {
      title: "Compaction and retention",
      panels: [
        {
          title: "Last compaction",
          shows: "How long ago the compactor last compacted the index.",
          bad: "More than three hours; it runs each ten minutes.",
          unit: "s",
          alert: "LokiCompactionHalted",
          ask: [
            [
              since("loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds"),
              "{{namespace}}",
            ],
          ],
        },
        {
          title: "Last retention",
          shows: "How long ago the compactor last marked what is too old.",
          bad: "More than six hours: lines are kept longer than LOKI_RETENTION says, and are paid for.",
          unit: "s",
          alert: "LokiRetentionNotRun",
          ask: [[since("loki_compactor_apply_retention_last_successful_run_timestamp_seconds"), "{{namespace}}"]],
        },
        {
          title: "How long they take",
          shows: "How long the last compaction and the last retention took.",
          bad: "Longer than the ten minutes after which the next one is due.",
          unit: "s",
          ask: [
            ["max(loki_boltdb_shipper_compact_tables_operation_duration_seconds{@compactor})", "compaction"],
            ["max(loki_compactor_apply_retention_operation_duration_seconds{@compactor})", "retention"],
          ],
        },
        {
          title: "Compactors at work",
          shows: "Processes that compact.",
          bad: "Two: each overwrites what the other one has done. None: nobody compacts.",
          unit: "short",
          alert: "LokiTooManyCompactors",
          ask: [["sum by (namespace) (loki_boltdb_shipper_compactor_running{@compactor})", "{{namespace}}"]],
        },
        {
          title: "Marked for deletion",
          shows: "Files with chunks that are to be deleted.",
          bad: "A line that rises for days: the store does not delete.",
          unit: "short",
          ask: [["sum(loki_boltdb_shipper_retention_sweeper_marker_files_current{@compactor})", "files"]],
        },
        {
          title: "Requests to delete",
          shows: "How long the oldest request to delete lines has waited since it was due.",
          bad: "More than a day.",
          unit: "s",
          alert: "LokiDeleteRequestOld",
          ask: [
            ["max by (namespace) (loki_compactor_oldest_pending_delete_request_age_seconds{@compactor})", "oldest"],
          ],
        },
      ],
    },
    {
      title: "Object store",
      panels: [
        {
          title: "Requests to the store",
          shows: "Requests to the object store in a second, by operation.",
          bad: "Lists or reads many times those of yesterday: they cost money in a cloud.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              "sum by (operation) (rate(loki_s3_request_duration_seconds_count{@all}[$__rate_interval]))",
              "{{operation}}",
            ],
          ],
        },
        {
          title: "Writes and lists that failed",
          shows: "The share of writes, deletions and lists that the store failed.",
          bad: "Above zero. Reads are left out: Loki counts a missing object as a failure.",
          unit: "percentunit",
          ask: [
            [
              'sum by (operation) (rate(loki_s3_request_duration_seconds_count{@all, operation!="S3.GetObject", status_code=~"5.."}[$__rate_interval])) / (sum by (operation) (rate(loki_s3_request_duration_seconds_count{@all, operation!="S3.GetObject"}[$__rate_interval])) > 0) or 0 * sum by (operation) (loki_s3_request_duration_seconds_count{@all, operation!="S3.GetObject"})',
              "{{operation}}",
            ],
          ],
        },
        {
          title: "Store: how long",
          shows: "How long the slowest one of a hundred requests to the store takes, by operation.",
          bad: "Above two seconds, or a step up.",
          unit: "s",
          ask: [[slowest("loki_s3_request_duration_seconds", "@all", "operation"), "{{operation}}"]],
        },
      ],
    },
    {
      title: "Rings and memberlist",
      panels: [
        {
          title: "Members that are away",
          shows: "Members of a ring whose heartbeats are older than a minute.",
          bad: "Any for a quarter of an hour: work is still shared out to them.",
          unit: "short",
          alert: "LokiRingUnhealthy",
          ask: [['max by (name) (loki_ring_members{@all, state="Unhealthy"})', "{{name}}"]],
        },
        {
          title: "Members at work",
          shows: "Members of each ring that are active.",
          bad: "Fewer than the pods that have the role.",
          unit: "short",
          ask: [['max by (name) (loki_ring_members{@all, state="ACTIVE"})', "{{name}}"]],
        },
        {
          title: "Processes that know each other",
          shows: "How many processes each one sees, and how many there are.",
          bad: "A process that sees fewer: its rings are out of date.",
          unit: "short",
          ask: [
            ["min(loki_memberlist_client_cluster_members_count{@all})", "seen by the one that sees fewest"],
            ["count(loki_memberlist_client_cluster_members_count{@all})", "there are"],
          ],
        },
      ],
    },
    {
      title: "Rules over logs",
      panels: [
        {
          title: "Evaluations that fail",
          shows: "The share of evaluations of rules that failed, by tenant.",
          bad: "Above zero: an alert over logs may be missing.",
          unit: "percentunit",
          alert: "LokiRulesFailing",
          ask: [
            [
              "sum by (user) (rate(loki_prometheus_rule_evaluation_failures_total{@ruler}[$__rate_interval])) / (sum by (user) (rate(loki_prometheus_rule_evaluations_total{@ruler}[$__rate_interval])) > 0) or on () vector(0)",
              "{{user}}",
            ],
          ],
        },
        {
          title: "Groups left out",
          shows: "Evaluations of groups in ten minutes that were left out, because the last one still ran.",
          bad: "Any: rules are evaluated too late.",
          unit: "short",
          alert: "LokiRulesMissed",
          ask: [
            [
              "sum by (user) (increase(loki_prometheus_rule_group_iterations_missed_total{@ruler}[10m])) or on () vector(0)",
              "{{user}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Processes",
      panels: [
        {
          title: "Errors that Loki logs",
          shows: "Lines with a level of error or warning that Loki's processes write in a second.",
          bad: "Far more than yesterday: the page Logs shows them.",
          unit: "cps",
          ask: [
            [
              'sum by (workload, level) (rate(loki_log_messages_total{@all, level=~"error|warn"}[$__rate_interval]))',
              "{{workload}} {{level}}",
            ],
          ],
          opens: { page: "logs", with: { app: "loki" } },
        },
        {
          title: "Limits that were not read",
          shows: "Processes that refused the last file of limits.",
          bad: "Any: it goes on with the limits from before.",
          unit: "short",
          alert: "LokiOverridesRefused",
          ask: [["sum(loki_runtime_config_last_reload_successful{@all} == bool 0)", "processes"]],
        },
      ],
    },
    resources("compactor|ruler"),
  ],
};
