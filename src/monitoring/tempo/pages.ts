import type { Ask, Page, Panel, Row } from "../../core/model/monitoring.ts";
import type { Mode } from "../../core/model/roles.ts";
import { resources } from "../shapes.ts";

/** Where Kafka stands between the roles. */
export const queued: readonly Mode[] = ["scalable", "microservices"];

/** Events in a second, by labels. */
const perSecond = (by: string, metric: string, matchers: string): string =>
  `sum by (${by}) (rate(${metric}{${matchers}}[$__rate_interval]))`;

/** Zeros where there is a total, so that "nothing failed" is a line and no gap. */
const orZero = (query: string, by: string, total: string, matchers: string): string =>
  `${query} or 0 * ${perSecond(by, total, matchers)}`;

/** The slowest one of a hundred, and the median. */
const quantiles = (histogram: string, matchers: string): readonly Ask[] =>
  (
    [
      [0.99, "99 of 100 within"],
      [0.5, "median"],
    ] as const
  ).map(([quantile, legend]) => [
    `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`,
    legend,
  ]);

const withoutVolumes = (row: Row): Row => ({ ...row, panels: row.panels.filter(({ title }) => title !== "Volumes") });

/** Spans by what became of them at the door. */
const accepted = "sum(rate(tempo_receiver_accepted_spans{@distributor}[$__rate_interval]))";
const refused = "sum(rate(tempo_receiver_refused_spans{@distributor}[$__rate_interval]))";

const lag = (role: string): string =>
  `max by (namespace, group, partition) (tempo_ingest_group_partition_lag_seconds{@${role}})`;

const writes: Page = {
  uid: "tempo-writes",
  title: "Tempo: writes",
  question: "Do spans arrive, which are refused, and who is behind?",
  rows: [
    {
      title: "Spans at the entrance",
      panels: [
        {
          title: "Spans taken",
          shows: "Spans that distributors take in a second, by protocol.",
          bad: "None, or a fall that nobody planned.",
          kind: "stacked",
          unit: "cps",
          ask: [[perSecond("receiver, transport", "tempo_receiver_accepted_spans", "@distributor"), "{{transport}}"]],
        },
        {
          title: "Spans refused",
          shows: "The share of spans that distributors refuse: for a limit, or because they cannot keep them.",
          bad: "Anything that stays above zero: senders give up after some time.",
          unit: "percentunit",
          max: 1,
          ask: [[`${refused} / (${accepted} + ${refused} > 0) or 0 * ${accepted}`, "refused"]],
        },
        {
          title: "How long a push takes",
          shows: "How long a distributor takes to keep a batch of spans.",
          bad: "Above 7 s: the OTLP gateway gives up after 8.",
          unit: "s",
          ask: quantiles("tempo_distributor_push_duration_seconds", "@distributor"),
        },
      ],
    },
    {
      title: "By tenant",
      panels: [
        {
          title: "Bytes by tenant",
          shows: "Bytes of spans that each tenant sends in a second.",
          bad: "Close to the literal TEMPO_INGESTION_RATE_BYTES: what is beyond is refused.",
          kind: "stacked",
          unit: "Bps",
          ask: [[perSecond("tenant", "tempo_distributor_bytes_received_total", "@distributor"), "{{tenant}}"]],
        },
        {
          title: "Spans by tenant",
          shows: "Spans that each tenant sends in a second.",
          bad: "A tenant that sends ten times what it did yesterday.",
          kind: "stacked",
          unit: "cps",
          ask: [[perSecond("tenant", "tempo_distributor_spans_received_total", "@distributor"), "{{tenant}}"]],
        },
        {
          title: "Spans discarded",
          shows: "Spans that are thrown away, by reason and tenant.",
          bad: "Any: spans that exceed a limit are lost.",
          unit: "cps",
          ask: [
            [
              orZero(
                perSecond("reason, tenant", "tempo_discarded_spans_total", "@all"),
                "tenant",
                "tempo_distributor_spans_received_total",
                "@distributor",
              ),
              "{{reason}} {{tenant}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Kafka",
      panels: [
        {
          title: "Bytes written to Kafka",
          shows: "Bytes that distributors write in a second, by partition.",
          bad: "A partition without any, while the others have some.",
          modes: queued,
          unit: "Bps",
          ask: [[perSecond("partition", "tempo_distributor_kafka_write_bytes_total", "@distributor"), "{{partition}}"]],
        },
        {
          title: "How long a write to Kafka takes",
          shows: "How long Kafka takes to keep the records of a push.",
          bad: "Seconds: Kafka's disk or a broker is slow.",
          modes: queued,
          unit: "s",
          ask: quantiles("tempo_distributor_kafka_write_latency_seconds", "@distributor"),
        },
        {
          title: "Writes to Kafka that failed",
          shows: "Records that Kafka did not take, by reason.",
          bad: "Any: senders get an error, and send again for some time.",
          modes: queued,
          unit: "cps",
          ask: [
            [
              `${perSecond("reason", "tempo_distributor_produce_failures_total", "@distributor")} or 0 * ${accepted}`,
              "{{reason}}",
            ],
          ],
        },
        {
          title: "Records that wait for Kafka",
          shows: "Bytes of records that a distributor holds until Kafka takes them, of the most that it may hold.",
          bad: "Above 0.5: at 1 the distributor refuses spans.",
          modes: queued,
          unit: "percentunit",
          max: 1,
          ask: [
            [
              'max by (pod) (tempo_distributor_buffered_produce_bytes{@distributor, quantile="1"}) / max by (pod) (tempo_distributor_buffered_produce_bytes_limit{@distributor})',
              "{{pod}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Live-stores: the newest spans",
      panels: [
        {
          title: "How far live-stores are behind",
          shows: "Seconds between the write of a record to Kafka and its reading, by partition.",
          bad: "More than a minute: searches do not find the newest spans.",
          modes: queued,
          alert: "TempoLiveStoreLagging",
          unit: "s",
          ask: [[lag("live-store"), "{{group}} {{partition}}"]],
        },
        {
          title: "Traces that are still open",
          shows: "Traces in memory that may get more spans, by tenant.",
          bad: "Close to the literal TEMPO_MAX_LIVE_TRACES.",
          kind: "stacked",
          unit: "short",
          ask: [["sum by (tenant) (tempo_live_store_live_traces{@live-store})", "{{tenant}}"]],
        },
        {
          title: "Bytes of open traces",
          shows: "Memory of the traces that are still open, by pod.",
          bad: "Close to 250 MB: writes wait until some are on the disk.",
          unit: "decbytes",
          ask: [["sum by (pod) (tempo_live_store_live_trace_bytes{@live-store})", "{{pod}}"]],
        },
        {
          title: "Time that writes wait",
          shows: "Seconds in a second that writes wait for memory or for the write-ahead log.",
          bad: "Above 0.1: the live-store cannot keep up.",
          unit: "s",
          ask: [[perSecond("pod", "tempo_live_store_back_pressure_duration_seconds_sum", "@live-store"), "{{pod}}"]],
        },
        {
          title: "Blocks completed",
          shows: "Blocks that live-stores complete in a second, and attempts that failed.",
          bad: "A failed attempt: it is tried again, and the write-ahead log grows meanwhile.",
          unit: "cps",
          ask: [
            ["sum(rate(tempo_live_store_blocks_completed_total{@live-store}[$__rate_interval]))", "completed"],
            ["sum(rate(tempo_live_store_failed_completions_total{@live-store}[$__rate_interval]))", "failed"],
          ],
        },
        {
          title: "Blocks that wait for completion",
          shows: "Blocks in the queue of each live-store.",
          bad: "A number that only grows.",
          unit: "short",
          ask: [["max by (pod) (tempo_live_store_complete_queue_length{@live-store})", "{{pod}}"]],
        },
        {
          title: "Blocks brought to the object store",
          shows: "Blocks that the live-store flushes in a second, and attempts that failed.",
          bad: "A failed attempt: the block is on the volume only until one succeeds.",
          modes: ["monolithic"],
          unit: "cps",
          ask: [
            ["sum(rate(tempo_live_store_local_blocks_flushed_total{@live-store}[$__rate_interval]))", "flushed"],
            ["sum(rate(tempo_live_store_local_failed_flushes_total{@live-store}[$__rate_interval]))", "failed"],
          ],
        },
        {
          title: "Records dropped",
          shows: "Records of Kafka that live-stores drop, by reason.",
          bad: "Any but too_old, which a live-store drops when it was away for long.",
          modes: queued,
          unit: "cps",
          ask: [
            [
              `${perSecond("reason", "tempo_live_store_records_dropped_total", "@live-store")} or 0 * sum(rate(tempo_live_store_records_processed_total{@live-store}[$__rate_interval]))`,
              "{{reason}}",
            ],
          ],
        },
        {
          title: "Live-stores that answer",
          shows: "1 for a live-store that has caught up and answers searches.",
          bad: "0 for more than ten minutes.",
          alert: "TempoLiveStoreNotReady",
          unit: "bool_on_off",
          ask: [["min by (namespace, pod) (tempo_live_store_ready{@live-store})", "{{pod}}"]],
        },
      ],
    },
    resources("distributor|live-store"),
  ],
};

const cacheUsers = "@query-frontend|querier|block-builder|backend-scheduler|backend-worker";
const total = "tempo_query_frontend_queries_total";
const served = "tempo_query_frontend_queries_within_slo_total";
const asked = perSecond("op", total, "@query-frontend");

/** Questions of Grafana over HTTP, and those that it has streamed over gRPC. */
const questions = '@query-frontend, route=~"api_.*|/tempopb.StreamingQuerier/.*"';

const reads: Page = {
  uid: "tempo-reads",
  title: "Tempo: reads",
  question: "Are questions about traces answered, how fast, and from where?",
  rows: [
    {
      title: "Questions at the entrance",
      panels: [
        {
          title: "Questions",
          shows: "Questions in a second, by kind: a trace by its id, a search, names of tags, metrics of traces.",
          bad: "A fall that nobody planned.",
          kind: "stacked",
          unit: "reqps",
          ask: [[asked, "{{op}}"]],
        },
        {
          title: "Questions that failed",
          shows: "The share of questions without an answer, by kind. A wrong question or a limit does not count.",
          bad: "Anything that stays above zero.",
          unit: "percentunit",
          max: 1,
          ask: [
            [
              `(${asked} - (${perSecond("op", served, "@query-frontend")} or 0 * ${asked})) / (${asked} > 0) or 0 * ${asked}`,
              "{{op}}",
            ],
          ],
        },
        {
          title: "How long an answer takes",
          shows: "How long people wait for an answer.",
          bad: "More than people wait. A streamed search counts until its last result.",
          unit: "s",
          ask: quantiles("tempo_request_duration_seconds", questions),
        },
        {
          title: "Answers by how long they took",
          shows: "Answers in a second, by how long each took.",
          bad: "A second band far above the usual one: one part of the answers is slow.",
          kind: "heatmap",
          unit: "s",
          width: 12,
          ask: [
            [`sum by (le) (rate(tempo_request_duration_seconds_bucket{${questions}}[$__rate_interval]))`, "{{le}}"],
          ],
        },
        {
          title: "Slowest kinds of question",
          shows: "How long 95 of 100 answers take at most, by route.",
          bad: "One route that is much slower than yesterday.",
          unit: "s",
          width: 12,
          ask: [
            [
              `histogram_quantile(0.95, sum by (le, route) (rate(tempo_request_duration_seconds_bucket{${questions}}[$__rate_interval])))`,
              "{{route}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Queue of the query-frontend",
      panels: [
        {
          title: "Jobs that wait",
          shows: "Parts of questions that wait for a querier, by tenant.",
          bad: "A number that stays high: queriers are too few.",
          kind: "stacked",
          unit: "short",
          ask: [["sum by (user) (tempo_query_frontend_queue_length{@query-frontend})", "{{user}}"]],
        },
        {
          title: "How long jobs wait",
          shows: "How long a part of a question waits for a querier.",
          bad: "Above a second.",
          unit: "s",
          ask: quantiles("tempo_query_frontend_queue_duration_seconds", "@query-frontend"),
        },
        {
          title: "Queriers connected",
          shows: "Connections of queriers to each query-frontend.",
          bad: "None: every question waits until it times out.",
          alert: "TempoQueriersMissing",
          unit: "short",
          ask: [["min by (namespace, pod) (tempo_query_frontend_connected_clients{@query-frontend})", "{{pod}}"]],
        },
        {
          title: "Bytes read",
          shows: "Bytes that questions read in a second, by kind.",
          bad: "A leap: somebody searches long ranges without a service or an attribute.",
          unit: "Bps",
          ask: [[perSecond("op", "tempo_query_frontend_bytes_inspected_total", "@query-frontend"), "{{op}}"]],
        },
        {
          title: "Jobs in a question",
          shows: "Into how many parts a question is divided.",
          bad: "Thousands: the range is long, or blocks are many and small.",
          unit: "short",
          ask: quantiles("tempo_query_frontend_jobs_per_query", "@query-frontend"),
        },
        {
          title: "Jobs tried again",
          shows: "Attempts in a second that followed a failed one.",
          bad: "Any that stay: a querier or the object store fails.",
          unit: "cps",
          ask: [["sum(rate(tempo_query_frontend_retries_sum{@query-frontend}[$__rate_interval]))", "again"]],
        },
      ],
    },
    {
      title: "Queriers and where they read",
      panels: [
        {
          title: "Jobs of queriers",
          shows: "Parts of questions that queriers work on in a second, by status.",
          bad: "A status of 5xx.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              perSecond("status_code", "tempo_request_duration_seconds_count", '@querier, route=~"querier_.*"'),
              "{{status_code}}",
            ],
          ],
        },
        {
          title: "How long a job takes",
          shows: "How long a querier works on one part of a question.",
          bad: "Above ten seconds.",
          unit: "s",
          ask: quantiles("tempo_request_duration_seconds", '@querier, route=~"querier_.*"'),
        },
        {
          title: "Questions to live-stores",
          shows: "Questions about the newest spans in a second, by status.",
          bad: "A status other than success.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              perSecond(
                "status_code",
                "tempo_request_duration_seconds_count",
                '@live-store, route=~"/tempopb.(Querier|Metrics)/.*"',
              ),
              "{{status_code}}",
            ],
          ],
        },
        {
          title: "Answers that lack the newest spans",
          shows: "Questions that a live-store refused as it was too far behind Kafka.",
          bad: "Any that stay.",
          modes: queued,
          unit: "cps",
          ask: [
            [
              `${perSecond("route", "tempo_live_store_lagged_requests_total", "@live-store")} or 0 * sum(rate(tempo_live_store_records_processed_total{@live-store}[$__rate_interval]))`,
              "{{route}}",
            ],
          ],
        },
        {
          title: "Requests to the object store",
          shows: "Requests that queriers send to the object store in a second, by operation and status.",
          bad: "A status of 5xx or 429.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              perSecond("operation, status_code", "tempodb_backend_request_duration_seconds_count", "@querier"),
              "{{operation}} {{status_code}}",
            ],
          ],
        },
        {
          title: "How long the object store takes",
          shows: "How long queriers wait for one request to the object store.",
          bad: "Above a second: every search is slow.",
          unit: "s",
          ask: quantiles("tempodb_backend_request_duration_seconds", "@querier"),
        },
      ],
    },
    {
      title: "Cache",
      panels: [
        {
          title: "Requests to memcached",
          shows: "Requests in a second, by status: 200 was found, 404 was not there.",
          bad: "500: memcached did not answer in time.",
          modes: ["microservices"],
          kind: "stacked",
          unit: "reqps",
          ask: [
            [perSecond("status_code", "tempo_memcache_request_duration_seconds_count", cacheUsers), "{{status_code}}"],
          ],
        },
        {
          title: "Requests to memcached that failed",
          shows: "The share of requests without an answer, by cache.",
          bad: "Above 0.2: reads go to the object store.",
          modes: ["microservices"],
          unit: "percentunit",
          max: 1,
          ask: [
            [
              `${perSecond("name", "tempo_memcache_request_duration_seconds_count", `${cacheUsers}, status_code="500"`)} / (${perSecond("name", "tempo_memcache_request_duration_seconds_count", cacheUsers)} > 0) or 0 * ${perSecond("name", "tempo_memcache_request_duration_seconds_count", cacheUsers)}`,
              "{{name}}",
            ],
          ],
        },
        {
          title: "How long memcached takes",
          shows: "How long a request to memcached takes.",
          bad: "Above 0.2 s, after which Tempo gives up.",
          modes: ["microservices"],
          unit: "s",
          ask: quantiles("tempo_memcache_request_duration_seconds", cacheUsers),
        },
      ],
    },
    withoutVolumes(resources("query-frontend|querier")),
  ],
};

const pollers = "query-frontend|querier|backend-scheduler|backend-worker";

const storage: Page = {
  uid: "tempo-storage",
  title: "Tempo: storage",
  question: "Do spans become blocks, and are blocks listed, compacted and deleted in time?",
  rows: [
    {
      title: "Blocks",
      panels: [
        {
          title: "Blocks in the store",
          shows: "Blocks that Tempo lists, by tenant.",
          bad: "A number that only grows: compaction is behind, or retention does not run.",
          unit: "short",
          ask: [[`max by (tenant) (tempodb_blocklist_length{@${pollers}})`, "{{tenant}}"]],
        },
        {
          title: "Bytes in the store",
          shows: "Bytes of blocks: live, and compacted ones that are to be deleted.",
          bad: "Growth after the retention has passed once.",
          kind: "stacked",
          unit: "decbytes",
          ask: [[`max by (tenant, status) (tempodb_backend_bytes_total{@${pollers}})`, "{{tenant}} {{status}}"]],
        },
        {
          title: "Age of the list of blocks",
          shows: "Seconds since the index of a tenant's blocks was written, as readers found it.",
          bad: "Ten minutes: searches miss the newest blocks.",
          alert: "TempoTenantIndexOld",
          unit: "s",
          ask: [[`max by (namespace, tenant) (tempodb_blocklist_tenant_index_age_seconds{@${pollers}})`, "{{tenant}}"]],
        },
        {
          title: "Polls of the list",
          shows: "How long a poll of the list of blocks takes.",
          bad: "More than a minute, which is the time between two polls.",
          unit: "s",
          ask: quantiles("tempodb_blocklist_poll_duration_seconds", `@${pollers}`),
        },
        {
          title: "Polls that failed",
          shows: "Polls that failed in a second, and failed reads or writes of the index.",
          bad: "Any that stay.",
          unit: "cps",
          ask: [
            [
              `sum(rate(tempodb_blocklist_poll_errors_total{@${pollers}}[$__rate_interval])) or 0 * sum(rate(tempodb_blocklist_poll_duration_seconds_count{@${pollers}}[$__rate_interval]))`,
              "polls",
            ],
            [
              `sum(rate(tempodb_blocklist_tenant_index_errors_total{@${pollers}}[$__rate_interval])) or 0 * sum(rate(tempodb_blocklist_poll_duration_seconds_count{@${pollers}}[$__rate_interval]))`,
              "index",
            ],
          ],
        },
      ],
    },
    {
      title: "Compaction and retention",
      panels: [
        {
          title: "Jobs",
          shows: "Jobs that the scheduler gives to workers in a second, those that are done, and those that failed.",
          bad: "Failed ones, or none that are done while some are given.",
          unit: "cps",
          ask: [
            [
              "sum(rate(tempo_backend_scheduler_jobs_created_total{@backend-scheduler}[$__rate_interval])) or 0 * sum(rate(tempo_backend_scheduler_work_flushes_total{@backend-scheduler}[$__rate_interval]))",
              "given",
            ],
            [
              "sum(rate(tempo_backend_scheduler_jobs_completed_total{@backend-scheduler}[$__rate_interval])) or 0 * sum(rate(tempo_backend_scheduler_work_flushes_total{@backend-scheduler}[$__rate_interval]))",
              "done",
            ],
            [
              "sum(rate(tempo_backend_scheduler_jobs_failed_total{@backend-scheduler}[$__rate_interval])) or 0 * sum(rate(tempo_backend_scheduler_work_flushes_total{@backend-scheduler}[$__rate_interval]))",
              "failed",
            ],
          ],
        },
        {
          title: "Workers that ask for work",
          shows: "Requests of workers for a job in a second. Each waits up to 15 s for one.",
          bad: "None: nothing is compacted, and nothing is deleted.",
          unit: "reqps",
          ask: [
            [
              'sum by (namespace) (rate(tempo_request_duration_seconds_count{@backend-scheduler, route="/tempopb.BackendScheduler/Next"}[$__rate_interval]))',
              "requests",
            ],
          ],
        },
        {
          title: "Blocks to compact, for each worker",
          shows: "Blocks that wait for compaction, divided by the number of workers.",
          bad: "More than 100 for hours: searches read many small blocks.",
          alert: "TempoCompactionBehind",
          unit: "short",
          ask: [
            [
              "sum by (namespace) (max by (namespace, tenant) (tempodb_compaction_outstanding_blocks{@backend-scheduler})) / count by (namespace) (tempo_build_info{@backend-worker})",
              "blocks",
            ],
          ],
        },
        {
          title: "Compactions that failed",
          shows: "Compactions that failed in a second.",
          bad: "Any that stay: small blocks pile up.",
          unit: "cps",
          ask: [["sum(rate(tempodb_compaction_errors_total{@backend-worker}[$__rate_interval]))", "failed"]],
        },
        {
          title: "Blocks deleted",
          shows: "Blocks marked for deletion in a second, deleted ones, and deletions that failed.",
          bad: "Failed ones. None at all, once spans are older than the retention.",
          unit: "cps",
          ask: [
            ["sum(rate(tempodb_retention_marked_for_deletion_total{@backend-worker}[$__rate_interval]))", "marked"],
            ["sum(rate(tempodb_retention_deleted_total{@backend-worker}[$__rate_interval]))", "deleted"],
            ["sum(rate(tempodb_retention_errors_total{@backend-worker}[$__rate_interval]))", "failed"],
          ],
        },
        {
          title: "State of the scheduler's jobs",
          shows: "Writes of the scheduler's list of jobs in a second, and those that failed.",
          bad: "Failed ones: after a restart, jobs are done twice.",
          unit: "cps",
          ask: [
            ["sum(rate(tempo_backend_scheduler_work_flushes_total{@backend-scheduler}[$__rate_interval]))", "writes"],
            [
              "sum(rate(tempo_backend_scheduler_work_flushes_failed_total{@backend-scheduler}[$__rate_interval]))",
              "failed",
            ],
          ],
        },
      ],
    },
    {
      title: "From Kafka to blocks",
      panels: [
        {
          title: "How far block-builders are behind",
          shows: "Seconds between the write of a record to Kafka and its reading, by partition.",
          bad: "Five minutes. After 15, searches miss spans; after a day Kafka deletes them.",
          modes: queued,
          alert: "TempoBlockBuilderLagging",
          unit: "s",
          ask: [[lag("block-builder"), "{{partition}}"]],
        },
        {
          title: "Blocks built",
          shows: "Blocks that block-builders bring to the store in a second, by tenant.",
          bad: "None, while spans arrive.",
          modes: queued,
          unit: "cps",
          ask: [[perSecond("tenant", "tempo_block_builder_flushed_blocks", "@block-builder"), "{{tenant}}"]],
        },
        {
          title: "How long a round takes",
          shows: "How long a block-builder takes to read all its partitions once.",
          bad: "Minutes: a round is to begin each 30 s.",
          modes: queued,
          unit: "s",
          ask: quantiles("tempo_block_builder_consume_cycle_duration_seconds", "@block-builder"),
        },
        {
          title: "Partitions",
          shows: "Partitions of the ring by state, those that live-stores read, and those that block-builders read.",
          bad: "Fewer read than are active: spans of the others are not found.",
          modes: queued,
          unit: "short",
          ask: [
            [
              'max by (state) (tempo_partition_ring_partitions{@distributor, name="livestore-partitions"})',
              "{{state}}",
            ],
            ["count(count by (partition) (tempo_live_store_partition_owned{@live-store} == 1))", "live-stores"],
            [
              "count(count by (partition) (tempo_block_builder_owned_partitions{@block-builder} == 1))",
              "block-builders",
            ],
          ],
        },
      ],
    },
    {
      title: "Rings",
      panels: [
        {
          title: "Members of the ring",
          shows: "Live-stores in the ring, by state, as the others see them.",
          bad: "One in another state than ACTIVE for minutes.",
          unit: "short",
          ask: [["max by (name, state) (tempo_ring_members{@all})", "{{name}} {{state}}"]],
        },
        {
          title: "Members of the gossip",
          shows: "How many processes each process knows.",
          bad: "A pod that knows fewer than the others: it does not see every live-store.",
          modes: queued,
          unit: "short",
          ask: [["min by (workload, pod) (tempo_memberlist_client_cluster_members_count{@all})", "{{pod}}"]],
        },
      ],
    },
    resources("block-builder|backend-scheduler|backend-worker"),
  ],
};

const generator: Page = {
  uid: "tempo-generator",
  title: "Tempo: metrics of spans",
  question: "Do the series that Tempo makes of spans reach Prometheus, all of them?",
  rows: [
    {
      title: "Spans",
      panels: [
        {
          title: "Spans counted",
          shows: "Spans that the metrics-generator reads in a second, by tenant.",
          bad: "Fewer than distributors take: see the page of writes.",
          kind: "stacked",
          unit: "cps",
          ask: [
            [perSecond("tenant", "tempo_metrics_generator_spans_received_total", "@metrics-generator"), "{{tenant}}"],
          ],
        },
        {
          title: "Spans left out",
          shows: "Spans of which no series are made, by reason. The stack's own spans are filtered on purpose.",
          bad: "outside_metrics_ingestion_slack: they were older than half a minute when they arrived.",
          unit: "cps",
          ask: [
            [
              `${perSecond(
                "reason, processor",
                "tempo_metrics_generator_spans_discarded_total",
                '@metrics-generator, reason!~".*_filtered"',
              )} or 0 * sum(rate(tempo_metrics_generator_spans_received_total{@metrics-generator}[$__rate_interval]))`,
              "{{reason}} {{processor}}",
            ],
          ],
        },
        {
          title: "How far the generator is behind",
          shows: "Seconds between the write of a record to Kafka and its reading, by partition.",
          bad: "Above 30 s: the spans are too old to be counted.",
          modes: queued,
          alert: "TempoGeneratorLagging",
          unit: "s",
          ask: [[lag("metrics-generator"), "{{partition}}"]],
        },
      ],
    },
    {
      title: "Series",
      panels: [
        {
          title: "Series",
          shows: "Series that the generator keeps, by tenant.",
          bad: "Growth without end: names of spans have ids in them.",
          kind: "stacked",
          unit: "short",
          ask: [["sum by (tenant) (tempo_metrics_generator_registry_active_series{@metrics-generator})", "{{tenant}}"]],
        },
        {
          title: "Series refused",
          shows: "Series that exceed the tenant's limit, in a second.",
          bad: "Any: services are missing from the page of services.",
          unit: "cps",
          ask: [
            [
              perSecond("tenant", "tempo_metrics_generator_registry_series_limited_total", "@metrics-generator"),
              "{{tenant}}",
            ],
          ],
        },
        {
          title: "Calls without their other side",
          shows: "Spans of a client or a server whose other side did not come, or came too late, in a second.",
          bad: "Many: a service sends no spans, or passes no trace context on.",
          unit: "cps",
          ask: [
            [
              perSecond(
                "tenant",
                "tempo_metrics_generator_processor_service_graphs_expired_edges",
                "@metrics-generator",
              ),
              "expired {{tenant}}",
            ],
            [
              perSecond(
                "tenant",
                "tempo_metrics_generator_processor_service_graphs_dropped_spans",
                "@metrics-generator",
              ),
              "dropped {{tenant}}",
            ],
          ],
        },
      ],
    },
    {
      title: "To Prometheus",
      panels: [
        {
          title: "Samples sent",
          shows: "Samples that the generator sends in a second, and those that failed for ever.",
          bad: "Failed ones: gaps in the panels of services.",
          unit: "cps",
          ask: [
            ["sum(rate(prometheus_remote_storage_samples_total{@metrics-generator}[$__rate_interval]))", "sent"],
            [
              "sum(rate(prometheus_remote_storage_samples_failed_total{@metrics-generator}[$__rate_interval]))",
              "failed",
            ],
          ],
        },
        {
          title: "Samples that wait",
          shows: "Samples that the generator has yet to send.",
          bad: "A number that only grows: Prometheus does not take them.",
          unit: "short",
          ask: [["sum by (pod) (prometheus_remote_storage_samples_pending{@metrics-generator})", "{{pod}}"]],
        },
        {
          title: "Collections that failed",
          shows: "Rounds in which the generator could not write its series down, in a second.",
          bad: "Any that stay.",
          unit: "cps",
          ask: [
            [
              `${perSecond("tenant", "tempo_metrics_generator_registry_collections_failed_total", "@metrics-generator")} or 0 * ${perSecond("tenant", "tempo_metrics_generator_registry_collections_total", "@metrics-generator")}`,
              "{{tenant}}",
            ],
          ],
        },
      ],
    },
    withoutVolumes(resources("metrics-generator")),
  ],
};

/* Series of the users' applications: they have the labels of spans, and none of the stack's. */
const clusters = 'kube_lgtm_cluster=~"$cluster"';
const entered = `service=~"$service", span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER", ${clusters}`;
const calls = "traces_spanmetrics_calls_total";
const isError = 'status_code="STATUS_CODE_ERROR"';
const top = (count: number, query: string): string => `topk(${count}, ${query})`;
const within = (quantile: number, by: string, histogram: string, matchers: string): string =>
  `histogram_quantile(${quantile}, sum by (le, ${by}) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`;
const errorShare = (by: string, matchers: string): string =>
  `${perSecond(by, calls, `${matchers}, ${isError}`)} / (${perSecond(by, calls, matchers)} > 0) or 0 * ${perSecond(by, calls, matchers)}`;

/** Calls that a chosen service makes or gets. */
const edges = (query: (matchers: string) => string): string =>
  `${query(`client=~"$service", ${clusters}`)} or ${query(`server=~"$service", ${clusters}`)}`;

const listed = (panel: Pick<Panel, "title" | "shows" | "bad" | "unit" | "ask">): Panel => ({
  ...panel,
  kind: "table",
  width: 12,
});

const services: Page = {
  uid: "services",
  title: "Services",
  question: "Which service is slow or fails, since when, and who calls whom?",
  variables: [{ name: "service", label: "Service", values: { of: calls, label: "service" } }],
  rows: [
    {
      title: "Requests that services get",
      panels: [
        {
          title: "Requests",
          shows: "Requests and messages that each service works on in a second, counted from its spans.",
          bad: "A fall that nobody planned. A service that samples its spans shows fewer than it gets.",
          unit: "reqps",
          ask: [[perSecond("service", calls, entered), "{{service}}"]],
        },
        {
          title: "Errors",
          shows: "The share of requests whose span ended with an error, by service.",
          bad: "Anything above the usual of the service.",
          unit: "percentunit",
          max: 1,
          ask: [[errorShare("service", entered), "{{service}}"]],
        },
        {
          title: "How long requests take",
          shows: "How long 95 of 100 requests take at most, by service.",
          bad: "A rise without more requests.",
          unit: "s",
          ask: [[within(0.95, "service", "traces_spanmetrics_latency", entered), "{{service}}"]],
        },
        {
          title: "Requests by how long they took",
          shows: "Requests in a second, by how long each took, of the chosen services together.",
          bad: "A second band far above the usual one.",
          kind: "heatmap",
          unit: "s",
          width: 12,
          ask: [[`sum by (le) (rate(traces_spanmetrics_latency_bucket{${entered}}[$__rate_interval]))`, "{{le}}"]],
        },
        {
          title: "Bytes of spans",
          shows: "Bytes of spans that each service sends in a second: what its traces cost.",
          bad: "A service that sends far more than the others: sample its spans.",
          kind: "stacked",
          unit: "Bps",
          width: 12,
          ask: [
            [perSecond("service", "traces_spanmetrics_size_total", `service=~"$service", ${clusters}`), "{{service}}"],
          ],
        },
      ],
    },
    {
      title: "Operations",
      panels: [
        listed({
          title: "Slowest operations",
          shows: "Operations with the longest time within which 95 of 100 end.",
          bad: "An operation that was not there yesterday.",
          unit: "s",
          ask: [[top(15, within(0.95, "service, span_name", "traces_spanmetrics_latency", entered)), "{{span_name}}"]],
        }),
        listed({
          title: "Operations that fail most",
          shows: "Operations with the most errors in a second.",
          bad: "An operation that was not there yesterday.",
          unit: "reqps",
          ask: [
            [
              top(
                15,
                `${perSecond("service, span_name", calls, `service=~"$service", ${clusters}, ${isError}`)} or 0 * ${perSecond("service, span_name", calls, entered)}`,
              ),
              "{{span_name}}",
            ],
          ],
        }),
      ],
    },
    {
      title: "Who calls whom",
      panels: [
        listed({
          title: "Calls between services",
          shows:
            "Calls in a second from each client to each server. A client or server that sends no spans is guessed.",
          bad: "A call that should not be there, or one that is gone.",
          unit: "reqps",
          ask: [
            [
              top(
                30,
                edges((matchers) => perSecond("client, server", "traces_service_graph_request_total", matchers)),
              ),
              "{{client}} {{server}}",
            ],
          ],
        }),
        listed({
          title: "Calls that fail",
          shows: "Calls in a second that ended with an error, from each client to each server.",
          bad: "Any: look at the server first.",
          unit: "reqps",
          ask: [
            [
              top(
                30,
                `${edges((matchers) => perSecond("client, server", "traces_service_graph_request_failed_total", matchers))} or 0 * ${perSecond("client, server", "traces_service_graph_request_total", `client=~"$service", ${clusters}`)}`,
              ),
              "{{client}} {{server}}",
            ],
          ],
        }),
        listed({
          title: "How long clients wait",
          shows: "How long 95 of 100 calls take at most, as the client sees it.",
          bad: "Much more than the server sees: the way between them is slow.",
          unit: "s",
          ask: [
            [
              top(
                30,
                edges((matchers) =>
                  within(0.95, "client, server", "traces_service_graph_request_client_seconds", matchers),
                ),
              ),
              "{{client}} {{server}}",
            ],
          ],
        }),
        listed({
          title: "How long servers take",
          shows: "How long 95 of 100 calls take at most, as the server sees it.",
          bad: "A server that is slow for one client only.",
          unit: "s",
          ask: [
            [
              top(
                30,
                edges((matchers) =>
                  within(0.95, "client, server", "traces_service_graph_request_server_seconds", matchers),
                ),
              ),
              "{{client}} {{server}}",
            ],
          ],
        }),
      ],
    },
    {
      title: "Traces and logs",
      panels: [
        {
          title: "Traces with an error",
          shows: "Traces of the chosen services in which a span has an error.",
          bad: "The same operation again and again: open one, and look at its first span with an error.",
          of: "traces",
          kind: "traces",
          unit: "none",
          width: 12,
          ask: [['{ resource.service.name =~ "$service" && status = error }', ""]],
        },
        {
          title: "Slow traces",
          shows: "Traces in which a span of the chosen services takes more than a second.",
          bad: "Operations that people wait for.",
          of: "traces",
          kind: "traces",
          unit: "none",
          width: 12,
          ask: [['{ resource.service.name =~ "$service" && duration > 1s }', ""]],
        },
        {
          title: "Lines about errors",
          shows: "Lines of log of the chosen services that speak of an error.",
          bad: "Lines that begin at the time of a fault above.",
          of: "logs",
          kind: "logs",
          unit: "none",
          ask: [['{service_name=~"$service", service_name=~".+"} |~ "(?i)error|exception|panic|fatal"', ""]],
        },
      ],
    },
  ],
};

export const pages: readonly Page[] = [services, writes, reads, storage, generator];
