import type { Monitoring, Panel } from "../core/model/monitoring.ts";
import { red, resources } from "./shapes.ts";

/**
 * All that upload blocks: Thanos's rulers, its receivers, and its sidecars, which are in the pods of
 * Prometheus. An environment has some of them, whichever they are.
 */
const uploaders = 'app=~"thanos|thanos-receive|prometheus"';
/** Those that upload a block every two hours, whatever happens. A ruler without recordings never does. */
const steadyUploaders = 'app=~"thanos-receive|prometheus"';
const onPage = 'namespace=~"$namespace", kube_lgtm_cluster=~"$cluster"';

/** Statuses of gRPC that are the server's fault; a caller that went away is `Canceled`. */
const serverFault = 'grpc_code=~"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss"';

/** The share of `bad` in `all`, by labels; zero while there are only good ones. */
const share = (by: string, bad: string, all: string, range: string): string =>
  `sum by (${by}) (rate(${bad}[${range}])) / sum by (${by}) (rate(${all}[${range}]))`;
const shareOrZero = (by: string, bad: string, all: string): string =>
  `${share(by, bad, all, "$__rate_interval")} or 0 * sum by (${by}) (rate(${all}[$__rate_interval]))`;

const quantile = (q: number, by: string, histogram: string, range = "$__rate_interval"): string =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${histogram}[${range}])))`;

const grpcServer = {
  bad: `grpc_server_handled_total{@query|store|rule, ${serverFault}}`,
  all: "grpc_server_handled_total{@query|store|rule}",
} as const;
const grpcClient = {
  bad: `grpc_client_handled_total{@query, ${serverFault}}`,
  all: "grpc_client_handled_total{@query}",
} as const;
const lookups = {
  bad: "thanos_query_endpoints_dns_failures_total{@query}",
  all: "thanos_query_endpoints_dns_lookups_total{@query}",
} as const;
const evaluations = {
  bad: "prometheus_rule_evaluation_failures_total{@rule}",
  all: "prometheus_rule_evaluations_total{@rule}",
} as const;
const operations = (scope: string) => ({
  bad: `thanos_objstore_bucket_operation_failures_total{${scope}}`,
  all: `thanos_objstore_bucket_operations_total{${scope}}`,
});

const entrance = '@query-frontend, handler="query-frontend"';
/** What counts runs of the compactor: with it a panel shows zero where nothing has failed yet. */
const noCompaction = "0 * sum(rate(thanos_compact_iterations_total{@compact}[$__rate_interval]))";

const readsAtTheEntrance: readonly Panel[] = [
  ...red({
    title: "Reads",
    histogram: "http_request_duration_seconds",
    matchers: entrance,
    status: "code",
    kind: "handler",
  }),
  {
    title: "Reads: how long each takes",
    shows: "Requests at the query-frontend by the time that their answers take.",
    bad: "A second cloud far above the first: some queries, or some blocks, are much slower than others.",
    kind: "heatmap",
    unit: "s",
    ask: [[`sum by (le) (increase(http_request_duration_seconds_bucket{${entrance}}[$__rate_interval]))`, "{{le}}"]],
  },
];

const saturation: readonly Panel[] = [
  {
    title: "Queries at once, of those that a querier takes",
    shows: "Queries that run in a querier, as a share of its limit.",
    bad: "At 1 further queries wait.",
    unit: "percentunit",
    max: 1,
    ask: [
      [
        "max by (namespace, pod) (thanos_query_concurrent_gate_queries_in_flight{@query} / thanos_query_concurrent_gate_queries_max{@query})",
        "{{pod}}",
      ],
    ],
    alert: "ThanosQuerierFull",
  },
  {
    title: "Wait at the gate of a store",
    shows: "How long the slowest one of a hundred calls waits before a store begins with it.",
    bad: "Seconds: the stores have more calls than they serve at once.",
    unit: "s",
    ask: [
      [
        quantile(0.99, "namespace, le", "thanos_bucket_store_series_gate_queries_duration_seconds_bucket{@store}"),
        "99 of 100 within",
      ],
    ],
    alert: "ThanosStoreGateSlow",
  },
  {
    title: "Calls for series that are open",
    shows: "Calls for series that queriers and stores have begun and not finished.",
    bad: "A number that only grows: calls hang.",
    unit: "short",
    ask: [["sum by (workload, pod) (thanos_store_server_pending_series_requests{@query|store})", "{{pod}}"]],
  },
];

const frontend: readonly Panel[] = [
  {
    title: "Requests by kind",
    shows: "Requests that the query-frontend passes on or answers, by operation.",
    bad: "A kind that grows tenfold: look which page or script asks.",
    kind: "stacked",
    unit: "reqps",
    ask: [["sum by (op) (rate(thanos_query_frontend_queries_total{@query-frontend}[$__rate_interval]))", "{{op}}"]],
  },
  {
    title: "Parts answered from the cache",
    shows: "The share of parts of range queries that the cache of results has.",
    bad: "Near zero for an hour of the same pages: the cache is too small, or away.",
    unit: "percentunit",
    max: 1,
    ask: [
      [
        "sum(rate(cortex_cache_hits_total{@query-frontend}[$__rate_interval])) / sum(rate(cortex_cache_fetched_keys_total{@query-frontend}[$__rate_interval]))",
        "answered",
      ],
    ],
  },
  {
    title: "Tries again for each request",
    shows: "How often the query-frontend asks a querier again for one request.",
    bad: "Above zero: queriers fail and users wait longer.",
    unit: "short",
    ask: [
      [
        "sum(rate(cortex_query_frontend_retries_sum{@query-frontend}[$__rate_interval])) / sum(rate(cortex_query_frontend_retries_count{@query-frontend}[$__rate_interval]))",
        "tries",
      ],
    ],
  },
];

const querier: readonly Panel[] = [
  {
    title: "Requests to queriers",
    shows: "Requests that queriers answer, by kind and status.",
    bad: "A status of 5xx, or of 422 in great number: queries that cannot be evaluated.",
    kind: "stacked",
    unit: "reqps",
    ask: [["sum by (handler, code) (rate(http_requests_total{@query}[$__rate_interval]))", "{{handler}} {{code}}"]],
  },
  {
    title: "How long queriers take",
    shows: "How long the slowest one of a hundred requests takes, by kind.",
    bad: "More than people wait.",
    unit: "s",
    ask: [[quantile(0.99, "handler, le", "http_request_duration_seconds_bucket{@query}"), "{{handler}}"]],
  },
  {
    title: "Calls to stores that fail",
    shows: "The share of calls to stores, rulers, sidecars and receivers that fail by their fault.",
    bad: "Answers lack what that store has: Grafana shows a warning beside them.",
    unit: "percentunit",
    ask: [[shareOrZero("namespace", grpcClient.bad, grpcClient.all), "failed"]],
    alert: "ThanosStoreCallsFailing",
  },
  {
    title: "Stores that queriers know",
    shows: "Connections of each querier, by the kind of what serves the series.",
    bad: "Fewer than pods of that kind: answers are incomplete without an error.",
    unit: "short",
    ask: [["sum by (pod, store_type) (thanos_store_nodes_grpc_connections{@query})", "{{pod}} {{store_type}}"]],
  },
  {
    title: "Look-ups of stores that fail",
    shows: "The share of DNS look-ups of stores that fail.",
    bad: "Queriers keep the old addresses, and miss pods that are new.",
    unit: "percentunit",
    ask: [[shareOrZero("namespace", lookups.bad, lookups.all), "failed"]],
    alert: "ThanosQueryLookupsFailing",
  },
];

const stores: readonly Panel[] = [
  {
    title: "Calls over gRPC that fail",
    shows: "The share of calls that queriers, stores and rulers fail to answer, by their own fault.",
    bad: "Anything that stays above zero.",
    unit: "percentunit",
    ask: [[shareOrZero("namespace, workload", grpcServer.bad, grpcServer.all), "{{workload}}"]],
    alert: "ThanosGrpcFailing",
  },
  {
    title: "How long stores take for series",
    shows: "How long the slowest one of a hundred calls for series takes, and the median.",
    bad: "Seconds for ranges that people ask for each day.",
    unit: "s",
    ask: [
      [quantile(0.99, "le", 'grpc_server_handling_seconds_bucket{@store, grpc_method="Series"}'), "99 of 100 within"],
      [quantile(0.5, "le", 'grpc_server_handling_seconds_bucket{@store, grpc_method="Series"}'), "median"],
    ],
  },
  {
    title: "Blocks that stores serve",
    shows: "Blocks of the bucket that each store has loaded.",
    bad: "Far fewer than before: ranges of the past are gone from answers.",
    unit: "short",
    ask: [["sum by (pod) (thanos_bucket_store_blocks_loaded{@store})", "{{pod}}"]],
  },
  {
    title: "Blocks that did not load",
    shows: "Tries to load a block that failed.",
    bad: "Any that comes back: the block's time is missing from answers.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        "sum by (namespace, pod) (increase(thanos_bucket_store_block_load_failures_total{@store}[$__rate_interval]))",
        "{{pod}}",
      ],
    ],
    alert: "ThanosStoreBlocksNotLoading",
  },
  {
    title: "Answered from the index cache",
    shows: "The share of look-ups in the index that the cache answers, by kind.",
    bad: "A fall that stays: the cache is too small or away, and each query reads the bucket.",
    unit: "percentunit",
    max: 1,
    ask: [
      [
        "sum by (item_type) (rate(thanos_store_index_cache_hits_total{@store}[$__rate_interval])) / sum by (item_type) (rate(thanos_store_index_cache_requests_total{@store}[$__rate_interval]))",
        "{{item_type}}",
      ],
    ],
  },
  {
    title: "How long the object store takes",
    shows: "How long the slowest one of a hundred operations of a store takes.",
    bad: "Seconds: every query that the caches do not answer waits for it.",
    unit: "s",
    ask: [
      [
        quantile(0.99, "namespace, le", "thanos_objstore_bucket_operation_duration_seconds_bucket{@store}"),
        "99 of 100 within",
      ],
    ],
    alert: "ThanosObjectStoreSlow",
  },
];

const order: readonly Panel[] = [
  {
    title: "Compactor halted",
    shows: "1 if the compactor met blocks that it cannot merge, and stopped.",
    bad: "1: no compaction, no downsampling and no retention until a person repairs the bucket.",
    unit: "short",
    ask: [["max by (namespace, pod) (thanos_compact_halted{@compact})", "{{pod}}"]],
    alert: "ThanosCompactorHalted",
  },
  {
    title: "Runs of the compactor",
    shows: "Runs that ended well: compaction, downsampling and retention.",
    bad: "None for a day.",
    kind: "bars",
    unit: "short",
    ask: [["sum by (pod) (increase(thanos_compact_iterations_total{@compact}[$__rate_interval]))", "{{pod}}"]],
  },
  {
    title: "Operations on the object store",
    shows: "Operations in a second, by kind, of all programs that use Thanos's bucket.",
    bad: "Many more reads than yesterday: each costs time, and money where the store is rented.",
    kind: "stacked",
    unit: "ops",
    ask: [
      [
        `sum by (operation) (rate(thanos_objstore_bucket_operations_total{${uploaders}, ${onPage}}[$__rate_interval]))`,
        "{{operation}}",
      ],
    ],
  },
  {
    title: "Operations on the object store that fail",
    shows: "The share of operations that fail, by program.",
    bad: "Above one in a hundred.",
    unit: "percentunit",
    ask: [
      [
        share(
          "namespace, app, workload",
          operations(`${uploaders}, ${onPage}`).bad,
          operations(`${uploaders}, ${onPage}`).all,
          "$__rate_interval",
        ),
        "{{app}} {{workload}}",
      ],
    ],
    alert: "ThanosObjectStoreFailing",
  },
  {
    title: "How long operations take",
    shows: "How long the slowest one of a hundred operations takes, by program.",
    bad: "Seconds for reads. An upload of a large block may take minutes.",
    unit: "s",
    ask: [
      [
        quantile(
          0.99,
          "app, workload, le",
          `thanos_objstore_bucket_operation_duration_seconds_bucket{${uploaders}, ${onPage}}`,
        ),
        "{{app}} {{workload}}",
      ],
    ],
  },
];

const uploads: readonly Panel[] = [
  {
    title: "Blocks uploaded",
    shows: "Blocks that sidecars, receivers and rulers put into the bucket.",
    bad: "None for four hours: each uploads one every two hours.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        `sum by (app, pod) (increase(thanos_shipper_uploads_total{${uploaders}, ${onPage}}[$__rate_interval]))`,
        "{{app}} {{pod}}",
      ],
    ],
  },
  {
    title: "Uploads that failed",
    shows: "Tries to upload a block that failed.",
    bad: "Any that comes back: the block exists in one volume only.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        `sum by (namespace, app, pod) (increase(thanos_shipper_upload_failures_total{${uploaders}, ${onPage}}[$__rate_interval]))`,
        "{{app}} {{pod}}",
      ],
    ],
    alert: "ThanosUploadsFailing",
  },
  {
    title: "Blocks that cannot be read",
    shows: "Blocks in a volume that an uploader found broken and passed over.",
    bad: "Any: two hours of samples of that pod do not reach the bucket.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        `sum by (namespace, app, pod) (increase(thanos_shipper_corrupted_blocks_total{${uploaders}, ${onPage}}[$__rate_interval]))`,
        "{{app}} {{pod}}",
      ],
    ],
    alert: "ThanosBlocksCorrupted",
  },
];

const compaction: readonly Panel[] = [
  {
    title: "Compactions",
    shows: "Compactions that made a new block, by resolution in milliseconds.",
    bad: "None for a day while blocks wait.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        `sum by (resolution) (increase(thanos_compact_group_compactions_total{@compact}[$__rate_interval])) or ${noCompaction}`,
        "{{resolution}}",
      ],
    ],
  },
  {
    title: "Compactions that failed",
    shows: "Compactions that ended with an error.",
    bad: "Several in an hour: the same blocks fail each time.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        `sum by (namespace, pod) (increase(thanos_compact_group_compactions_failures_total{@compact}[$__rate_interval])) or ${noCompaction}`,
        "{{pod}}",
      ],
    ],
    alert: "ThanosCompactionsFailing",
  },
  {
    title: "Blocks that wait",
    shows: "Blocks that are to be merged, downsampled or deleted.",
    bad: "A line that grows for days: the compactor is too slow for the samples that come in.",
    unit: "short",
    ask: [
      ["sum(thanos_compact_todo_compaction_blocks{@compact})", "merge"],
      ["sum(thanos_compact_todo_downsample_blocks{@compact})", "downsample"],
      ["sum(thanos_compact_todo_deletion_blocks{@compact})", "delete"],
    ],
  },
  {
    title: "Downsampling",
    shows: "Blocks that were downsampled, and tries that failed.",
    bad: "Failures: long ranges are slow, or lack what retention took from the raw samples.",
    kind: "bars",
    unit: "short",
    ask: [
      [`sum(increase(thanos_compact_downsample_total{@compact}[$__rate_interval])) or ${noCompaction}`, "done"],
      [
        `sum(increase(thanos_compact_downsample_failures_total{@compact}[$__rate_interval])) or ${noCompaction}`,
        "failed",
      ],
    ],
  },
  {
    title: "Blocks deleted",
    shows: "Blocks that were deleted, and deletions that failed.",
    bad: "Failures: the bucket grows beyond the retention.",
    kind: "bars",
    unit: "short",
    ask: [
      ["sum(increase(thanos_compact_blocks_cleaned_total{@compact}[$__rate_interval]))", "deleted"],
      ["sum(increase(thanos_compact_block_cleanup_failures_total{@compact}[$__rate_interval]))", "failed"],
    ],
    alert: "ThanosBlocksNotDeleted",
  },
  {
    title: "Blocks in the bucket",
    shows: "Blocks that the compactor finds, by what it makes of them.",
    bad: "Blocks without metadata, or with broken ones: uploads that were cut off.",
    unit: "short",
    ask: [["max by (state) (thanos_blocks_meta_synced{@compact} > 0)", "{{state}}"]],
  },
  {
    title: "Readings of the bucket's index that failed",
    shows: "Readings of the blocks' metadata by stores and compactors that failed.",
    bad: "Several in an hour: new blocks stay unseen.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        "sum by (namespace, workload) (increase(thanos_blocks_meta_sync_failures_total{@store|compact}[$__rate_interval]))",
        "{{workload}}",
      ],
    ],
    alert: "ThanosBucketNotRead",
  },
];

const ruler: readonly Panel[] = [
  {
    title: "Evaluations that fail",
    shows: "The share of evaluations of each group that fail.",
    bad: "Above zero: these alerts cannot fire.",
    unit: "percentunit",
    ask: [[share("namespace, rule_group", evaluations.bad, evaluations.all, "$__rate_interval"), "{{rule_group}}"]],
    alert: "ThanosRuleEvaluationsFailing",
  },
  {
    title: "Time of an evaluation, of its interval",
    shows: "How long the last evaluation of a group took, as a share of the time between two.",
    bad: "At 1 evaluations are left out.",
    unit: "percentunit",
    ask: [
      [
        "max by (namespace, rule_group) (prometheus_rule_group_last_duration_seconds{@rule} / prometheus_rule_group_interval_seconds{@rule})",
        "{{rule_group}}",
      ],
    ],
    alert: "ThanosRuleSlow",
  },
  {
    title: "Alerts dropped",
    shows: "Alerts that a ruler threw away, because its queue was full or no Alertmanager took them.",
    bad: "Any: nothing sends them again but the next evaluation.",
    unit: "cps",
    ask: [
      [
        "sum by (namespace) (rate(thanos_alert_queue_alerts_dropped_total{@rule}[$__rate_interval])) + sum by (namespace) (rate(thanos_alert_sender_alerts_dropped_total{@rule}[$__rate_interval]))",
        "dropped",
      ],
    ],
    alert: "ThanosRuleAlertsDropped",
  },
];

/** Pages and rules about reading and storing of metrics by Thanos. */
export const monitoring: Monitoring = {
  folder: "Metrics",
  pages: [
    {
      uid: "thanos-reads",
      title: "Thanos: reads",
      question: "Are queries for metrics answered, how fast, and what do they wait for?",
      rows: [
        { title: "Reads at the entrance", panels: readsAtTheEntrance },
        { title: "Saturation", panels: saturation },
        { title: "Query-frontend", panels: frontend },
        { title: "Queriers", panels: querier },
        { title: "Stores", panels: stores },
        resources("query|query-frontend|store"),
      ],
    },
    {
      uid: "thanos-storage",
      title: "Thanos: storage and rules",
      question: "Do blocks reach the bucket, are they compacted and deleted in time, and are rules evaluated?",
      rows: [
        { title: "The bucket", panels: order },
        { title: "Uploads", panels: uploads },
        { title: "Compaction and retention", panels: compaction },
        { title: "Rules that Thanos evaluates", panels: ruler },
        resources("compact|rule"),
      ],
    },
  ],
  rules: {
    slis: [
      {
        signal: "metrics",
        way: "reads",
        failed: `sum by (namespace) (rate(http_requests_total{${entrance}, code=~"5.."}[$range]))`,
        all: `sum by (namespace) (rate(http_requests_total{${entrance}}[$range]))`,
        page: "thanos-reads",
      },
    ],
    alerts: [
      {
        alert: "ThanosReadsSlow",
        severity: "warning",
        ask: quantile(0.99, "namespace, le", `http_request_duration_seconds_bucket{${entrance}}`, "10m"),
        above: 10,
        for: "15m",
        summary: "One of a hundred queries for metrics takes longer than ten seconds.",
        description:
          "In {{ $labels.namespace }}, 99 of 100 queries are answered within {{ $value | humanizeDuration }}.",
        page: "thanos-reads",
        look: ["Reads: how long", "Wait at the gate of a store", "How long the object store takes"],
        means: "The query-frontend answers slowly. People wait ten seconds for a page at most, so this is the limit.",
        notice: "Panels load slowly, and some time out.",
        act: [
          "Compare the page's rows: queriers, stores and the object store each show how long they take.",
          "Stores are slow and the object store is not: give them more memory, or a second zone.",
          "One query is slow: find it with `kubectl -n <namespace> logs deploy/thanos-query-frontend`, and shorten its range.",
          "The line falls below ten seconds within ten minutes once it works.",
        ],
      },
      {
        alert: "ThanosQuerierFull",
        severity: "warning",
        ask: "max by (namespace, pod) (thanos_query_concurrent_gate_queries_in_flight{@query} / thanos_query_concurrent_gate_queries_max{@query})",
        above: 0.9,
        for: "15m",
        summary: "A querier runs nearly as many queries at once as it may.",
        description: "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of the queries that it may run at once.",
        page: "thanos-reads",
        look: ["Queries at once, of those that a querier takes"],
        means: "Queries wait before they start. Above nine tenths the next page of many panels fills the rest.",
        notice: "Panels load slowly, although each query is cheap.",
        act: [
          "Look which requests grow: `Requests by kind` on the page.",
          "Add queriers: `kubectl -n <namespace> scale deploy/thanos-query --replicas 3`, and change it in your overlay.",
          "The share falls at once when the new pods are ready.",
        ],
      },
      {
        alert: "ThanosStoreCallsFailing",
        severity: "warning",
        ask: share("namespace", grpcClient.bad, grpcClient.all, "5m"),
        above: 0.05,
        for: "15m",
        summary: "Queriers get errors from stores, so answers are incomplete.",
        description: "In {{ $labels.namespace }}, {{ $value | humanizePercentage }} of the queriers' calls fail.",
        page: "thanos-reads",
        look: ["Calls to stores that fail", "Stores that queriers know"],
        means:
          "A store, ruler, sidecar or receiver does not answer. Queriers leave it out. A roll-out ends within the fifteen minutes.",
        notice: "Grafana shows a warning beside panels, and values of some time or pod are missing.",
        act: [
          "See which one fails: `kubectl -n <namespace> logs deploy/thanos-query | grep -i store`.",
          "Look whether its pod is ready: `kubectl -n <namespace> get pod`.",
          "A pod that is ready and refused: look for a NetworkPolicy of your own on port 10901.",
          "The share falls to zero within five minutes.",
        ],
      },
      {
        alert: "ThanosGrpcFailing",
        severity: "warning",
        ask: share("namespace, workload", grpcServer.bad, grpcServer.all, "5m"),
        above: 0.05,
        for: "10m",
        summary: "A part of Thanos fails to answer calls over gRPC.",
        description:
          "{{ $labels.workload }} in {{ $labels.namespace }} fails {{ $value | humanizePercentage }} of its calls.",
        page: "thanos-reads",
        look: ["Calls over gRPC that fail"],
        means: "It fails by its own fault: calls that their senders cancelled are not counted.",
        notice: "Answers are incomplete, with a warning in Grafana.",
        act: [
          "Read its log: `kubectl -n <namespace> logs -l app.kubernetes.io/name=thanos --prefix --tail 50`.",
          "Errors about the bucket: go on with [ThanosObjectStoreFailing](#thanosobjectstorefailing).",
          "`ResourceExhausted`: a query asks for more than a store may read. Shorten the range of that query.",
          "The share falls to zero within five minutes.",
        ],
      },
      {
        alert: "ThanosQueryLookupsFailing",
        severity: "warning",
        ask: share("namespace", lookups.bad, lookups.all, "5m"),
        above: 0.05,
        for: "15m",
        summary: "Queriers cannot look up the addresses of stores.",
        description: "In {{ $labels.namespace }}, {{ $value | humanizePercentage }} of the look-ups fail.",
        page: "thanos-reads",
        look: ["Look-ups of stores that fail"],
        means:
          "Queriers look every five seconds and keep the addresses that they have. One in twenty is no chance hit.",
        notice: "Nothing at first. After a restart of a store its series are missing.",
        act: [
          "Look whether the cluster's DNS runs: `kubectl -n kube-system get pod -l k8s-app=kube-dns`.",
          "Look whether the Service exists: `kubectl -n <namespace> get svc thanos-store-api`.",
          "The share falls to zero within five minutes.",
        ],
      },
      {
        alert: "ThanosStoreGateSlow",
        severity: "warning",
        ask: quantile(
          0.99,
          "namespace, le",
          "thanos_bucket_store_series_gate_queries_duration_seconds_bucket{@store}",
          "10m",
        ),
        above: 2,
        for: "10m",
        summary: "Calls wait for seconds before a store begins with them.",
        description: "In {{ $labels.namespace }}, 99 of 100 calls wait up to {{ $value | humanizeDuration }}.",
        page: "thanos-reads",
        look: ["Wait at the gate of a store", "How long the object store takes"],
        means:
          "Stores serve a fixed number of calls at once. Two seconds of waiting is a fifth of what a page may take.",
        notice: "Pages with long ranges load slowly.",
        act: [
          "Look whether the object store is slow: then the gate is full because of it.",
          "Look whether the index cache answers less than before, and give it more memory.",
          "In the mode with zones, add stores to each zone; each then has fewer blocks.",
          "The wait falls within ten minutes.",
        ],
      },
      {
        alert: "ThanosStoreBlocksNotLoading",
        severity: "warning",
        ask: "sum by (namespace, pod) (increase(thanos_bucket_store_block_load_failures_total{@store}[1h]))",
        above: 2,
        for: "10m",
        summary: "A store cannot load a block of the bucket.",
        description: "{{ $labels.pod }} failed {{ $value | humanize }} times in an hour to load a block.",
        page: "thanos-reads",
        look: ["Blocks that did not load", "Blocks that stores serve"],
        means: "Stores try again every few minutes. Three failures in an hour are the same block.",
        notice: "The block's time is missing from answers.",
        act: [
          "Find the block and the error: `kubectl -n <namespace> logs <pod> | grep -i block`.",
          "The volume is full: enlarge the store's volume.",
          "The block is broken: mark it for no compaction or delete it with `thanos tools bucket mark`.",
          "The alert ends within an hour.",
        ],
      },
      {
        alert: "ThanosObjectStoreFailing",
        severity: "warning",
        ask: share("namespace, app, workload", operations(uploaders).bad, operations(uploaders).all, "10m"),
        above: 0.01,
        for: "15m",
        summary: "Operations on Thanos's bucket fail.",
        description:
          "{{ $labels.app }} {{ $labels.workload }} in {{ $labels.namespace }}: {{ $value | humanizePercentage }} of its operations fail.",
        page: "thanos-storage",
        look: ["Operations on the object store that fail"],
        means: "Thanos does not count answers that it expects, such as missing objects. One in a hundred is a fault.",
        notice: "Queries about the past fail or are slow. Blocks stay in their volumes meanwhile.",
        act: [
          "Read the error: `kubectl -n <namespace> logs -l app.kubernetes.io/name=thanos --prefix | grep -i bucket`.",
          "Access denied: compare the Secret `thanos-objstore-secret` with the store's keys. Programs read it at their start.",
          "Time-outs: look at the store's own page, and at its free space.",
          "The share falls within ten minutes.",
        ],
      },
      {
        alert: "ThanosObjectStoreSlow",
        severity: "warning",
        ask: quantile(0.99, "namespace, le", "thanos_objstore_bucket_operation_duration_seconds_bucket{@store}", "10m"),
        above: 2,
        for: "15m",
        summary: "The object store answers slowly.",
        description:
          "In {{ $labels.namespace }}, 99 of 100 operations of stores take up to {{ $value | humanizeDuration }}.",
        page: "thanos-reads",
        look: ["How long the object store takes"],
        means:
          "A query needs several operations after another. With two seconds each it takes longer than people wait.",
        notice: "Pages with long ranges load slowly.",
        act: [
          "Look at the store's own page: disks, network, and other users of it.",
          "Look at the caches: each answer from them saves an operation.",
          "The time falls within ten minutes.",
        ],
      },
      {
        alert: "ThanosBlocksNotUploaded",
        severity: "critical",
        ask: `(sum by (namespace, app, pod) (increase(thanos_shipper_uploads_total{${steadyUploaders}}[4h])) < 1) and (min by (namespace, app, pod) (time() - process_start_time_seconds{${steadyUploaders}}) > 14400)`,
        for: "10m",
        summary: "A pod has uploaded no block of metrics for four hours.",
        description:
          "{{ $labels.app }}'s pod {{ $labels.pod }} in {{ $labels.namespace }} has uploaded nothing for four hours.",
        page: "thanos-storage",
        look: ["Blocks uploaded", "Uploads that failed", "Operations on the object store that fail"],
        means:
          "A block is due every two hours, the first one three hours after a first start. Samples exist in one volume only, and are deleted there after the setting `retention`, a day.",
        notice: "Nothing yet. A day later, that time is lost for ever.",
        act: [
          "Read why: `kubectl -n <namespace> logs <pod> --all-containers | grep -i upload`.",
          "Errors about the bucket: go on with [ThanosObjectStoreFailing](#thanosobjectstorefailing).",
          "You need more time: raise the setting `retention` of Prometheus or of thanos-receive, if the volume has room.",
          "It worked when `Blocks uploaded` shows the blocks. The other blocks of the volume follow.",
        ],
      },
      {
        alert: "ThanosUploadsFailing",
        severity: "warning",
        ask: `sum by (namespace, app, pod) (increase(thanos_shipper_upload_failures_total{${uploaders}}[15m]))`,
        above: 2,
        for: "15m",
        summary: "Uploads of blocks fail again and again.",
        description: "{{ $labels.app }}'s pod {{ $labels.pod }} failed {{ $value | humanize }} times in 15 minutes.",
        page: "thanos-storage",
        look: ["Uploads that failed"],
        means: "Uploads are tried every 30 seconds. More than two failures in 15 minutes are no hiccup of the network.",
        notice: "Nothing yet: the blocks stay in their volumes.",
        act: [
          "Read why: `kubectl -n <namespace> logs <pod> --all-containers | grep -i upload`.",
          "Check the keys, the bucket's name and the free space of the object store.",
          "After four hours without an upload ThanosBlocksNotUploaded pages.",
        ],
      },
      {
        alert: "ThanosBlocksCorrupted",
        severity: "critical",
        ask: `sum by (namespace, app, pod) (increase(thanos_shipper_corrupted_blocks_total{${uploaders}}[1h]))`,
        above: 0,
        for: "2m",
        summary: "A block in a volume is broken and is not uploaded.",
        description: "{{ $labels.app }}'s pod {{ $labels.pod }} in {{ $labels.namespace }} passes over a broken block.",
        page: "thanos-storage",
        look: ["Blocks that cannot be read"],
        means: "The uploader cannot read a block, and leaves it out. The volume's retention deletes it later.",
        notice: "Two hours of that pod's samples will be missing. Another replica may have them.",
        act: [
          "Find the block: `kubectl -n <namespace> logs <pod> --all-containers | grep -i corrupt`.",
          "Copy its folder from `/data` before the retention deletes it: `kubectl -n <namespace> cp`.",
          "Look at the node's disk: broken blocks mostly follow a full or a failing one.",
          "The alert ends an hour after the block is gone from the volume.",
        ],
      },
      {
        alert: "ThanosSidecarWithoutPrometheus",
        severity: "warning",
        ask: 'max by (namespace, pod) (thanos_sidecar_prometheus_up{app="prometheus"})',
        below: 1,
        for: "15m",
        summary: "A sidecar cannot reach the Prometheus beside it.",
        description: "The sidecar of {{ $labels.pod }} in {{ $labels.namespace }} does not reach its Prometheus.",
        page: "thanos-storage",
        look: ["Blocks uploaded"],
        means:
          "Prometheus does not answer the sidecar. Replay at a start may take ten minutes, so it waits for fifteen.",
        notice: "Samples of the last hours are missing from queries through Thanos.",
        act: [
          "Look at both containers: `kubectl -n <namespace> describe pod <pod>`.",
          "Read Prometheus's log: `kubectl -n <namespace> logs <pod> -c prometheus --tail 50`.",
          "The alert ends when the sidecar reaches Prometheus again, at the next scrape.",
        ],
      },
      {
        alert: "ThanosCompactorHalted",
        severity: "critical",
        ask: "max by (namespace, pod) (thanos_compact_halted{@compact})",
        above: 0,
        for: "5m",
        summary: "The compactor has stopped because of blocks that it cannot merge.",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} has halted, and does nothing until it restarts.",
        page: "thanos-storage",
        look: ["Compactor halted", "Blocks in the bucket"],
        means:
          "It found a fault in the bucket, and halts to do no harm. A restart alone halts again at the same blocks.",
        notice: "Long ranges become slower each day. The retention does not run, so the bucket grows.",
        act: [
          "Find the blocks: `kubectl -n <namespace> logs <pod> | grep -i halt`.",
          "Keep the block that it names from being merged: `kubectl -n <namespace> exec <pod> -- thanos tools bucket mark --objstore.config-file=/etc/thanos/objstore/objstore.yml --marker=no-compact-mark.json --id=<block> --details=broken`.",
          "Start it again: `kubectl -n <namespace> delete pod <pod>`.",
          "It worked when `Runs of the compactor` grows.",
        ],
      },
      {
        alert: "ThanosCompactorNotRunning",
        severity: "critical",
        ask: "(sum by (namespace, pod) (increase(thanos_compact_iterations_total{@compact}[1d])) < 1) and (min by (namespace, pod) (time() - process_start_time_seconds{@compact}) > 86400)",
        for: "30m",
        summary: "The compactor has not finished a run for a day.",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} has finished no run for a day.",
        page: "thanos-storage",
        look: ["Runs of the compactor", "Blocks that wait"],
        means:
          "A run begins every five minutes, and deletes blocks beyond the retention at its end. Merging two weeks of large blocks takes hours, not a day.",
        notice: "Long ranges become slower. Samples are kept beyond the retention, and the bucket grows.",
        act: [
          "Read what it does: `kubectl -n <namespace> logs <pod> --tail 100`.",
          "It waits for the object store, or tries again and again: go on with the alert about that.",
          "It works without a pause: share the streams among several compactors, or give it more CPU.",
          "It worked when `Runs of the compactor` grows.",
        ],
      },
      {
        alert: "ThanosCompactionsFailing",
        severity: "warning",
        ask: "sum by (namespace, pod) (increase(thanos_compact_group_compactions_failures_total{@compact}[1h]))",
        above: 2,
        for: "15m",
        summary: "Compactions fail again and again.",
        description: "{{ $labels.pod }}: {{ $value | humanize }} compactions failed in an hour.",
        page: "thanos-storage",
        look: ["Compactions that failed", "Operations on the object store that fail"],
        means: "A compaction that fails is tried again five minutes later. Three failures in an hour are no chance.",
        notice: "Nothing at first. Later, long ranges become slower.",
        act: [
          "Read why: `kubectl -n <namespace> logs <pod> | grep -i error`.",
          "No space left: enlarge the compactor's volume. It needs room for all blocks of one compaction.",
          "The alert ends within an hour.",
        ],
      },
      {
        alert: "ThanosBlocksNotDeleted",
        severity: "warning",
        ask: "sum by (namespace, pod) (increase(thanos_compact_block_cleanup_failures_total{@compact}[1h]))",
        above: 2,
        for: "15m",
        summary: "Blocks that are marked for deletion cannot be deleted.",
        description: "{{ $labels.pod }}: {{ $value | humanize }} deletions failed in an hour.",
        page: "thanos-storage",
        look: ["Blocks deleted"],
        means: "The retention marks blocks, and their deletion fails. It is tried every five minutes.",
        notice: "Nothing. The bucket grows, and samples are kept longer than the retention says.",
        act: [
          "Read why: `kubectl -n <namespace> logs <pod> | grep -i delet`.",
          "Access denied: the store's key needs the right to delete objects.",
          "The alert ends within an hour.",
        ],
      },
      {
        alert: "ThanosBucketNotRead",
        severity: "warning",
        ask: "sum by (namespace, workload) (increase(thanos_blocks_meta_sync_failures_total{@store|compact}[1h]))",
        above: 2,
        for: "15m",
        summary: "The list of blocks in the bucket cannot be read.",
        description:
          "{{ $labels.workload }} in {{ $labels.namespace }} failed {{ $value | humanize }} times in an hour to read it.",
        page: "thanos-storage",
        look: ["Readings of the bucket's index that failed"],
        means:
          "Stores and compactors read the blocks' metadata every few minutes. Three failures in an hour are no chance.",
        notice: "Blocks that are new are missing from answers once their uploaders have deleted them.",
        act: [
          "Read why: `kubectl -n <namespace> logs -l app.kubernetes.io/name=thanos --prefix | grep -i meta`.",
          "Errors about the bucket: go on with [ThanosObjectStoreFailing](#thanosobjectstorefailing).",
          "The alert ends within an hour.",
        ],
      },
      {
        alert: "ThanosRuleNotEvaluating",
        severity: "critical",
        ask: "(sum by (namespace, pod) (increase(prometheus_rule_evaluations_total{@rule}[10m])) < 1) and (sum by (namespace, pod) (thanos_rule_loaded_rules{@rule}) > 0)",
        for: "5m",
        summary: "A ruler of Thanos has rules and evaluates none.",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} has evaluated no rule for ten minutes.",
        page: "thanos-storage",
        look: ["Evaluations that fail"],
        means:
          "Rules are evaluated each 30 seconds. Recordings of this time are lost, and no alert of these rules fires.",
        notice: "An outage of Prometheus would wake no one.",
        act: [
          "Read its log: `kubectl -n <namespace> logs <pod> --tail 50`.",
          "Restart it: `kubectl -n <namespace> delete pod <pod>`.",
          "The alert ends within ten minutes.",
        ],
      },
      {
        alert: "ThanosRuleEvaluationsFailing",
        severity: "warning",
        ask: share("namespace, rule_group", evaluations.bad, evaluations.all, "10m"),
        above: 0.01,
        for: "10m",
        summary: "Evaluations of rules by Thanos fail.",
        description: "{{ $labels.rule_group }}: {{ $value | humanizePercentage }} of the evaluations fail.",
        page: "thanos-storage",
        look: ["Evaluations that fail"],
        means:
          "A rule that fails can neither record nor alert. One failure in a hundred is more than a roll-out makes.",
        notice: "Alerts of the group may be late or missing.",
        act: [
          "Read why: `kubectl -n <namespace> logs -l app.kubernetes.io/name=thanos --prefix | grep -i rule`.",
          "Many groups fail: the ruler does not reach the queriers. Look at their page.",
          "One rule fails: its expression does not match its series. Mend it in the ConfigMap `thanos-rules`.",
          "The share falls within ten minutes.",
        ],
      },
      {
        alert: "ThanosRuleAnswersIncomplete",
        severity: "info",
        ask: "sum by (namespace, pod) (increase(thanos_rule_evaluation_with_warnings_total{@rule}[15m]))",
        above: 0,
        for: "15m",
        summary: "Rules of Thanos are evaluated on incomplete answers.",
        description: "{{ $labels.pod }}: {{ $value | humanize }} evaluations in 15 minutes came with warnings.",
        page: "thanos-storage",
        look: ["Evaluations that fail"],
        means: "A querier left out a store, and said so. The rule saw fewer series than there are.",
        notice: "An alert may fire late, or one of absence may fire in error.",
        act: ["Look at [ThanosStoreCallsFailing](#thanosstorecallsfailing): the cause is the same."],
      },
      {
        alert: "ThanosRuleSlow",
        severity: "warning",
        ask: "max by (namespace, rule_group) (prometheus_rule_group_last_duration_seconds{@rule} / prometheus_rule_group_interval_seconds{@rule})",
        above: 0.9,
        for: "10m",
        summary: "Evaluation of a group of rules takes nearly as long as its interval.",
        description: "{{ $labels.rule_group }} takes {{ $value | humanizePercentage }} of its interval.",
        page: "thanos-storage",
        look: ["Time of an evaluation, of its interval"],
        means: "Beyond its interval, evaluations are left out.",
        notice: "Alerts are late.",
        act: [
          "Look how long queriers take, on the page `Thanos: reads`.",
          "Divide the group, or give it a longer `interval`.",
          "The line falls at the next evaluation.",
        ],
      },
      {
        alert: "ThanosRuleLate",
        severity: "warning",
        ask: "max by (namespace, rule_group) ((time() - prometheus_rule_group_last_evaluation_timestamp_seconds{@rule}) / prometheus_rule_group_interval_seconds{@rule})",
        above: 10,
        for: "5m",
        summary: "A group of rules was not evaluated for ten of its intervals.",
        description: "{{ $labels.rule_group }} is {{ $value | humanize }} intervals late.",
        page: "thanos-storage",
        look: ["Time of an evaluation, of its interval"],
        means: "The group hangs in a query. Ten intervals are five minutes.",
        notice: "Alerts of the group neither fire nor end.",
        act: [
          "Look at [ThanosRuleNotEvaluating](#thanosrulenotevaluating): the steps are the same.",
          "The line falls at the next evaluation.",
        ],
      },
      {
        alert: "ThanosRuleAlertsDropped",
        severity: "critical",
        ask: "sum by (namespace) (rate(thanos_alert_queue_alerts_dropped_total{@rule}[5m])) + sum by (namespace) (rate(thanos_alert_sender_alerts_dropped_total{@rule}[5m]))",
        above: 0,
        for: "10m",
        summary: "Alerts of Thanos's rulers do not reach Alertmanager.",
        description: "Rulers in {{ $labels.namespace }} have dropped alerts for ten minutes.",
        page: "thanos-storage",
        look: ["Alerts dropped"],
        means:
          "No Alertmanager took them, or the queue was full. A restart of Alertmanager takes less than ten minutes.",
        notice: "An outage of Prometheus would wake no one.",
        act: [
          "Look whether Alertmanager runs: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=alertmanager`.",
          "Read why: `kubectl -n <namespace> logs -l app.kubernetes.io/name=thanos --prefix | grep -i alertmanager`.",
          "The alert ends within five minutes.",
        ],
      },
      {
        alert: "ThanosRuleAlertmanagerLookupsFailing",
        severity: "warning",
        ask: share(
          "namespace",
          "thanos_rule_alertmanagers_dns_failures_total{@rule}",
          "thanos_rule_alertmanagers_dns_lookups_total{@rule}",
          "5m",
        ),
        above: 0.05,
        for: "15m",
        summary: "Rulers of Thanos cannot look up Alertmanager.",
        description: "In {{ $labels.namespace }}, {{ $value | humanizePercentage }} of the look-ups fail.",
        page: "thanos-storage",
        look: ["Alerts dropped"],
        means: "Rulers keep the addresses that they have. After a restart of Alertmanager they send to none.",
        notice: "Nothing until Alertmanager restarts.",
        act: [
          "Look whether the cluster's DNS runs: `kubectl -n kube-system get pod -l k8s-app=kube-dns`.",
          "Look whether Alertmanager's pods are ready: `kubectl -n <namespace> get pod`.",
          "The share falls within five minutes.",
        ],
      },
      {
        alert: "ThanosRuleConfigNotLoaded",
        severity: "warning",
        ask: "min by (namespace, pod) (thanos_rule_config_last_reload_successful{@rule})",
        below: 1,
        for: "5m",
        summary: "A ruler of Thanos did not load its rules.",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} goes on with the rules that it had.",
        page: "thanos-storage",
        look: ["Evaluations that fail"],
        means: "A rule file has a fault. At its next start the ruler would have no rules.",
        notice: "Changes of rules have no effect.",
        act: [
          "Read the fault: `kubectl -n <namespace> logs <pod> | grep -i rule`.",
          "Try the file: `thanos tools rules-check --rules=<file>`. Mend it and apply it again.",
        ],
      },
      {
        alert: "ThanosPartDown",
        severity: "warning",
        ask: "max by (namespace, workload) (up{@all})",
        below: 1,
        for: "5m",
        summary: "All pods of a part of Thanos are down.",
        description: "No pod of {{ $labels.workload }} in {{ $labels.namespace }} answers Prometheus.",
        page: "thanos-reads",
        look: ["Stores that queriers know"],
        means: "Every pod of the part was unreachable for five minutes. A roll-out or a restart is shorter.",
        notice:
          "Without queriers nothing is answered. Without stores the past is missing. Without the compactor nothing changes for days.",
        act: [
          "Look at the pods: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=thanos`.",
          "See why one does not start: `kubectl -n <namespace> describe pod <pod>`, and its log with `--previous`.",
          "The alert ends at the first scrape that works.",
        ],
      },
    ],
  },
};
