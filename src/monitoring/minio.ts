import type { Monitoring } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

const wellSets = "min by (namespace, pool, set) (minio_cluster_health_erasure_set_status{@server})";
const free =
  "min by (namespace) (minio_cluster_capacity_usable_free_bytes{@server} / minio_cluster_capacity_usable_total_bytes{@server})";
/** A number of now, which MinIO declares to be a counter. */
const offline = "max by (namespace) (last_over_time(minio_cluster_drive_offline_total{@server}[5m]))";
const failed = (range: string): string =>
  `sum by (namespace) (rate(minio_s3_requests_5xx_errors_total{@server}[${range}])) / (sum by (namespace) (rate(minio_s3_requests_total{@server}[${range}])) > 0)`;
const driveErrors = (range: string): string =>
  ["timeout", "ioerror", "availability"]
    .map((kind) => `sum by (namespace, drive) (rate(minio_node_drive_errors_${kind}{@server}[${range}]))`)
    .join(" + ");

const ttfb = (quantile: string): string =>
  `histogram_quantile(${quantile}, sum by (le, api) (rate(minio_s3_requests_ttfb_seconds_distribution{@server, api=~"getobject|putobject|listobjectsv2|headobject"}[$__rate_interval])))`;

const room = [
  "Look which bucket grows: panel `Size of buckets`.",
  "If retention does not delete, look at the compactors' alerts: `LokiRetentionNotRun` and their like.",
  "Enlarge the volume: `kubectl -n <namespace> edit pvc data-minio-0`, if its StorageClass allows that.",
  "Or keep less: shorten the retention of logs, traces or metrics.",
];

/** The object store that the stack brings. */
export const monitoring: Monitoring = {
  folder: "Platform",
  hidesStart: true,
  pages: [
    {
      uid: "object-store",
      title: "Object store",
      question: "Does MinIO take and give objects, and has it room?",
      rows: [
        {
          title: "Requests",
          panels: [
            {
              title: "Requests",
              shows: "Requests in a second, by their kind.",
              bad: "None: back ends do not reach the store.",
              kind: "stacked",
              unit: "reqps",
              ask: [["sum by (api) (rate(minio_s3_requests_total{@server}[$__rate_interval]))", "{{api}}"]],
            },
            {
              title: "Requests that fail",
              shows: "The share of requests that MinIO answers with a 5xx.",
              bad: "Anything that stays above zero.",
              unit: "percentunit",
              max: 1,
              alert: "MinioRequestsFailing",
              ask: [
                [
                  `${failed("$__rate_interval")} or 0 * sum by (namespace) (rate(minio_s3_requests_total{@server}[$__rate_interval]))`,
                  "failed",
                ],
              ],
            },
            {
              title: "First byte: how long",
              shows: "How long the slowest one of a hundred requests waits for its first byte, by kind.",
              bad: "Seconds: the disk is slow. Questions take as long, often more than once.",
              unit: "s",
              ask: [[ttfb("0.99"), "{{api}}"]],
            },
            {
              title: "Errors of clients",
              shows: "Requests in a second that MinIO answers with a 4xx, by kind.",
              bad: "Many 403: keys are wrong. A 404 of `headobject` is often a client that asks whether it is there.",
              unit: "reqps",
              ask: [["sum by (api) (rate(minio_s3_requests_4xx_errors_total{@server}[$__rate_interval]))", "{{api}}"]],
            },
            {
              title: "Refused keys",
              shows: "Requests in a second whose signature or time was wrong.",
              bad: "Any: a Secret is not the one that MinIO has, or a clock is off.",
              unit: "reqps",
              ask: [
                ["sum(rate(minio_s3_requests_rejected_auth_total{@server}[$__rate_interval]))", "keys"],
                ["sum(rate(minio_s3_requests_rejected_timestamp_total{@server}[$__rate_interval]))", "time"],
              ],
            },
            {
              title: "Bytes",
              shows: "Bytes in a second to and from clients.",
              bad: "Close to what the disk or the network carries.",
              unit: "Bps",
              ask: [
                ["sum(rate(minio_s3_traffic_received_bytes{@server}[$__rate_interval]))", "received"],
                ["sum(rate(minio_s3_traffic_sent_bytes{@server}[$__rate_interval]))", "sent"],
              ],
            },
          ],
        },
        {
          title: "Room and health",
          panels: [
            {
              title: "Free",
              shows: "The share of the store that is free.",
              bad: "Below 0.05 writes fail soon.",
              unit: "percentunit",
              max: 1,
              alert: "MinioAlmostFull",
              ask: [[free, "free"]],
            },
            {
              title: "Sets of drives that are well",
              shows: "1 while a set of drives has enough of them to take objects.",
              bad: "0: no object is taken.",
              unit: "short",
              alert: "MinioSetUnhealthy",
              ask: [[wellSets, "pool {{pool}}, set {{set}}"]],
            },
            {
              title: "Drives offline",
              shows: "Drives that MinIO does not reach.",
              bad: "Any.",
              unit: "short",
              alert: "MinioDrivesOffline",
              ask: [[offline, "offline"]],
            },
            {
              title: "Drives: how long",
              shows: "How long calls to a drive take, by kind.",
              bad: "Above 0.1 seconds: the disk is at its limit.",
              unit: "s",
              ask: [["topk(8, max by (drive, api) (minio_node_drive_latency_us{@server}) / 1e6)", "{{drive}} {{api}}"]],
            },
            {
              title: "Errors of drives",
              shows: "Calls to a drive in a second that timed out, failed, or found it away.",
              bad: "Any that does not end.",
              unit: "cps",
              alert: "MinioDriveErrors",
              ask: [[driveErrors("$__rate_interval"), "{{drive}}"]],
            },
          ],
        },
        {
          title: "Buckets",
          panels: [
            {
              title: "Size of buckets",
              shows: "Bytes of each bucket, as MinIO's scanner found them.",
              bad: "One that grows beyond its retention.",
              kind: "stacked",
              unit: "bytes",
              ask: [["max by (bucket) (minio_bucket_usage_total_bytes{@server})", "{{bucket}}"]],
            },
            {
              title: "Objects",
              shows: "Objects of each bucket, as MinIO's scanner found them.",
              bad: "Many more than compaction should leave.",
              unit: "short",
              ask: [["max by (bucket) (minio_bucket_usage_object_total{@server})", "{{bucket}}"]],
            },
            {
              title: "Requests by bucket",
              shows: "Requests in a second to each bucket.",
              bad: "A bucket with far more than before: a cache of its back end is cold, or a question is costly.",
              unit: "reqps",
              ask: [["sum by (bucket) (rate(minio_bucket_requests_total{@server}[$__rate_interval]))", "{{bucket}}"]],
            },
            {
              title: "Received by bucket",
              shows: "Bytes in a second that clients write to each bucket.",
              bad: "None for hours: its back end uploads nothing.",
              unit: "Bps",
              ask: [
                [
                  "sum by (bucket) (rate(minio_bucket_traffic_received_bytes{@server}[$__rate_interval]))",
                  "{{bucket}}",
                ],
              ],
            },
            {
              title: "Sent by bucket",
              shows: "Bytes in a second that clients read of each bucket.",
              bad: "As many as the disk can read.",
              unit: "Bps",
              ask: [
                ["sum by (bucket) (rate(minio_bucket_traffic_sent_bytes{@server}[$__rate_interval]))", "{{bucket}}"],
              ],
            },
          ],
        },
        resources("server"),
      ],
    },
  ],
  rules: {
    alerts: [
      {
        alert: "MinioSetUnhealthy",
        severity: "critical",
        ask: wellSets,
        below: 1,
        for: "5m",
        summary: "The object store cannot take objects.",
        description: "Set {{ $labels.set }} of pool {{ $labels.pool }} has too few drives to take objects.",
        page: "object-store",
        look: ["Sets of drives that are well", "Drives offline", "Errors of drives"],
        means:
          "MinIO has fewer drives than it needs for a write. With the one drive that the bundle's MinIO has, the drive is away or cannot be written to.",
        notice:
          "Back ends keep what they are sent on their own volumes, until these are full. Questions about more than the last hours fail.",
        act: [
          "Read what MinIO says of the drive: `kubectl -n <namespace> logs minio-0 --tail=50`.",
          "Look at the volume and its node: `kubectl -n <namespace> describe pvc data-minio-0`.",
          "Restart the pod once the volume is back: `kubectl -n <namespace> delete pod minio-0`.",
          "Back ends upload what they kept within minutes.",
        ],
      },
      {
        alert: "MinioAlmostFull",
        severity: "critical",
        ask: free,
        below: 0.05,
        for: "5m",
        summary: "The object store is almost full.",
        description: "{{ $value | humanizePercentage }} of the object store are free.",
        page: "object-store",
        look: ["Free", "Size of buckets"],
        means: "MinIO refuses writes when its drive is full, and compactors can then not even make room.",
        notice: "Nothing yet. When it is full, nothing new is kept.",
        act: room,
      },
      {
        alert: "MinioFillsUp",
        severity: "warning",
        ask: free,
        below: 0.15,
        for: "30m",
        summary: "The object store fills up.",
        description: "{{ $value | humanizePercentage }} of the object store are free.",
        page: "object-store",
        look: ["Free", "Size of buckets"],
        means: "There is room for the work of compactors, and not for much more.",
        notice: "Nothing yet.",
        act: room,
      },
      {
        alert: "MinioDrivesOffline",
        severity: "warning",
        ask: offline,
        above: 0,
        for: "10m",
        summary: "MinIO does not reach a drive.",
        description: "{{ $value }} drives are offline.",
        page: "object-store",
        look: ["Drives offline", "Errors of drives"],
        means: "A drive is away, or MinIO gave it up after errors. MinioSetUnhealthy fires if too few are left.",
        notice: "Nothing, while enough drives are left.",
        act: [
          "Read what MinIO says of the drive: `kubectl -n <namespace> logs minio-0 --tail=50`.",
          "Look at the volume and its node: `kubectl -n <namespace> describe pvc data-minio-0`.",
        ],
      },
      {
        alert: "MinioDriveErrors",
        severity: "warning",
        ask: driveErrors("5m"),
        above: 0,
        for: "15m",
        summary: "Calls to a drive of the object store fail.",
        description: "{{ $value | humanize }} calls in a second to {{ $labels.drive }} fail.",
        page: "object-store",
        look: ["Errors of drives", "Drives: how long"],
        means: "The drive answers late, with errors, or not at all, for a quarter of an hour.",
        notice: "Questions take long or fail. Uploads are tried again.",
        act: [
          "Look at the node's disk: the page of the node shows how busy it is.",
          "If something else writes much to the same disk, move one of the two.",
        ],
      },
      {
        alert: "MinioRequestsFailing",
        severity: "warning",
        ask: failed("5m"),
        above: 0.01,
        for: "10m",
        summary: "MinIO fails to serve requests.",
        description: "MinIO answers {{ $value | humanizePercentage }} of the requests with a 5xx.",
        page: "object-store",
        look: ["Requests that fail", "First byte: how long", "Errors of drives"],
        means:
          "Back ends try again, so that one in a hundred does no harm. Above that they fall behind. Their own alerts say when something is lost.",
        notice: "Some questions about more than the last hours fail.",
        act: [
          "Read what MinIO says: `kubectl -n <namespace> logs minio-0 --since=1h | grep ERROR`.",
          "`SlowDown` or 503: it has more requests than its memory allows. Raise its memory or its CPU.",
          "Else look at its drive: panels `Drives: how long` and `Free`.",
        ],
      },
    ],
  },
};
