import type { Monitoring, Panel } from "../core/model/monitoring.ts";
import { red, resources } from "./shapes.ts";

const writes = '@router, handler=~"receive|otlp"';
/** What no retry mends: samples that are too old, or out of order, or that cannot be read. */
const forEver = 'code=~"400|409|413|422"';

/** The Prometheus of the environment, which sends its samples here. */
const sender = 'app="prometheus", namespace=~"$namespace", kube_lgtm_cluster=~"$cluster"';

const share = (by: string, bad: string, all: string, range: string): string =>
  `sum by (${by}) (rate(${bad}[${range}])) / sum by (${by}) (rate(${all}[${range}]))`;

const replications = {
  bad: 'thanos_receive_replications_total{@router, result="error"}',
  all: "thanos_receive_replications_total{@router}",
} as const;
const forwards = {
  bad: 'thanos_receive_forward_requests_total{@router, result="error"}',
  all: "thanos_receive_forward_requests_total{@router}",
} as const;

const entrance: readonly Panel[] = [
  ...red({
    title: "Writes",
    histogram: "http_request_duration_seconds",
    matchers: writes,
    status: "code",
    kind: "handler",
  }),
  {
    title: "Writes: how long each takes",
    shows: "Requests with samples by the time that their answers take.",
    bad: "A second cloud far above the first: some ingesters are much slower than others.",
    kind: "heatmap",
    unit: "s",
    ask: [[`sum by (le) (increase(http_request_duration_seconds_bucket{${writes}}[$__rate_interval]))`, "{{le}}"]],
  },
  {
    title: "Samples by tenant",
    shows: "Samples that are taken in a second, by tenant.",
    bad: "A tenant that is gone, or that sends twice as much as yesterday.",
    kind: "stacked",
    unit: "cps",
    ask: [
      [
        'sum by (tenant) (rate(thanos_receive_write_samples_sum{@router, code=~"2.."}[$__rate_interval]))',
        "{{tenant}}",
      ],
    ],
  },
  {
    title: "Refused for ever",
    shows: "The share of requests that no retry mends, by tenant: samples too old, out of order or broken.",
    bad: "Anything that stays: senders drop these samples.",
    unit: "percentunit",
    ask: [
      [
        `${share("namespace, tenant", `http_requests_total{${writes}, ${forEver}}`, `http_requests_total{${writes}}`, "$__rate_interval")} or 0 * sum by (namespace, tenant) (rate(http_requests_total{${writes}}[$__rate_interval]))`,
        "{{tenant}}",
      ],
    ],
    alert: "ThanosReceiveRefusesSamples",
  },
];

const saturation: readonly Panel[] = [
  {
    title: "Requests that wait",
    shows: "Requests with samples that are begun and not answered.",
    bad: "A number that only grows: an ingester hangs.",
    unit: "short",
    ask: [["sum by (pod) (thanos_receive_pending_write_requests{@router})", "{{pod}}"]],
  },
  {
    title: "Wait before samples are passed on",
    shows: "How long the slowest one of a hundred requests waits for a worker.",
    bad: "Above a second: routers have too few workers for their ingesters' pace.",
    unit: "s",
    ask: [
      [
        "histogram_quantile(0.99, sum by (le) (rate(thanos_receive_forward_delay_seconds_bucket{@router}[$__rate_interval])))",
        "99 of 100 within",
      ],
    ],
  },
];

const ring: readonly Panel[] = [
  {
    title: "Ingesters in the ring",
    shows: "Ingesters that each router knows from the file of the ring.",
    bad: "Routers that differ for long: they send the same series to different ingesters.",
    unit: "short",
    ask: [["sum by (pod) (thanos_receive_hashring_nodes{@router})", "{{pod}}"]],
  },
  {
    title: "Copies that fail",
    shows: "The share of copies of samples that could not be written to enough ingesters.",
    bad: "Above zero beyond a roll-out: a further failure refuses writes.",
    unit: "percentunit",
    ask: [[share("namespace", replications.bad, replications.all, "$__rate_interval"), "failed"]],
    alert: "ThanosReceiveCopiesFailing",
  },
  {
    title: "Requests to ingesters that fail",
    shows: "The share of requests from routers to ingesters that fail.",
    bad: "Above zero beyond a roll-out.",
    unit: "percentunit",
    ask: [[share("namespace", forwards.bad, forwards.all, "$__rate_interval"), "failed"]],
    alert: "ThanosReceiveForwardsFailing",
  },
  {
    title: "Readings of the ring's file that fail",
    shows: "Readings of the file of the ring that failed.",
    bad: "Any that comes back: routers keep the old ring.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        "sum by (namespace, pod) (increase(thanos_receive_hashrings_file_errors_total{@router}[$__rate_interval]))",
        "{{pod}}",
      ],
    ],
    alert: "ThanosReceiveRingNotRead",
  },
];

const head: readonly Panel[] = [
  {
    title: "Series in memory",
    shows: "Series that each ingester holds, of all tenants.",
    bad: "Ingesters that differ much, or a growth that memory does not follow.",
    unit: "short",
    ask: [["sum by (pod) (prometheus_tsdb_head_series{@ingester})", "{{pod}}"]],
  },
  {
    title: "Samples written",
    shows: "Samples that each ingester writes in a second, copies included.",
    bad: "None at one of them.",
    unit: "wps",
    ask: [["sum by (pod) (rate(prometheus_tsdb_head_samples_appended_total{@ingester}[$__rate_interval]))", "{{pod}}"]],
  },
  {
    title: "Samples not written",
    shows: "Samples that ingesters refuse, by reason.",
    bad: "Samples too old: a sender was away for longer than the setting `outOfOrderWindow`.",
    unit: "wps",
    ask: [
      ["sum(rate(prometheus_tsdb_too_old_samples_total{@ingester}[$__rate_interval]))", "too old"],
      ["sum(rate(prometheus_tsdb_out_of_bound_samples_total{@ingester}[$__rate_interval]))", "out of bounds"],
      ["sum(rate(prometheus_tsdb_out_of_order_samples_total{@ingester}[$__rate_interval]))", "out of order"],
    ],
  },
  {
    title: "Writes to the log that fail",
    shows: "Writes to the write-ahead log that failed.",
    bad: "Any: the samples would be lost with the process.",
    unit: "wps",
    ask: [
      [
        "sum by (namespace, pod) (rate(prometheus_tsdb_wal_writes_failed_total{@ingester}[$__rate_interval]))",
        "{{pod}}",
      ],
    ],
    alert: "ThanosReceiveLogNotWritten",
  },
  {
    title: "Blocks that could not be written",
    shows: "Tries to write the series in memory into a block that failed.",
    bad: "Several in an hour: memory and the write-ahead log grow.",
    kind: "bars",
    unit: "short",
    ask: [
      [
        "sum by (namespace, pod) (increase(prometheus_tsdb_compactions_failed_total{@ingester}[$__rate_interval]))",
        "{{pod}}",
      ],
    ],
    alert: "ThanosReceiveBlocksNotWritten",
  },
  {
    title: "Blocks uploaded",
    shows: "Blocks that ingesters put into the bucket, and tries that failed.",
    bad: "None for four hours, or failures that come back.",
    kind: "bars",
    unit: "short",
    ask: [
      ["sum by (pod) (increase(thanos_shipper_uploads_total{@ingester}[$__rate_interval]))", "{{pod}}"],
      ["sum by (pod) (increase(thanos_shipper_upload_failures_total{@ingester}[$__rate_interval]))", "{{pod}} failed"],
    ],
  },
];

const tenants: readonly Panel[] = [
  {
    title: "Series by tenant",
    shows: "Series in memory by tenant, copies included.",
    bad: "A tenant that grows without end: a label of it has a new value for each request.",
    kind: "stacked",
    unit: "short",
    ask: [["sum by (tenant) (prometheus_tsdb_head_series{@ingester})", "{{tenant}}"]],
  },
];

const sending: readonly Panel[] = [
  {
    title: "How far Prometheus is behind",
    shows: "The time between the newest sample that is to be sent and the newest that was sent.",
    bad: "Minutes: what Thanos shows is so old. After two hours samples are lost.",
    unit: "s",
    ask: [
      [
        `max by (pod) (prometheus_remote_storage_queue_highest_timestamp_seconds{${sender}} - prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${sender}})`,
        "{{pod}}",
      ],
    ],
  },
  {
    title: "Samples that Prometheus sends",
    shows: "Samples that are sent, sent again and given up.",
    bad: "Given up: these are lost. Sent again: receivers are slow or away.",
    unit: "cps",
    ask: [
      [`sum(rate(prometheus_remote_storage_samples_total{${sender}}[$__rate_interval]))`, "sent"],
      [`sum(rate(prometheus_remote_storage_samples_retried_total{${sender}}[$__rate_interval]))`, "sent again"],
      [`sum(rate(prometheus_remote_storage_samples_failed_total{${sender}}[$__rate_interval]))`, "given up"],
    ],
  },
];

/** Pages and rules about writing of metrics to Thanos. */
export const monitoring: Monitoring = {
  folder: "Metrics",
  pages: [
    {
      uid: "thanos-receive",
      title: "Thanos: writes",
      question: "Are metrics taken from all senders, copied often enough, and written to blocks?",
      rows: [
        { title: "Writes at the entrance", panels: entrance },
        { title: "Saturation", panels: saturation },
        { title: "Ring and copies", panels: ring },
        { title: "Ingesters", panels: head },
        { title: "Tenants", panels: tenants },
        { title: "Prometheus as the sender", panels: sending },
        resources(),
      ],
    },
  ],
  rules: {
    slis: [
      {
        signal: "metrics",
        way: "writes",
        failed: `sum by (namespace) (rate(http_requests_total{${writes}, code=~"5.."}[$range]))`,
        all: `sum by (namespace) (rate(http_requests_total{${writes}}[$range]))`,
        page: "thanos-receive",
      },
    ],
    alerts: [
      {
        alert: "ThanosReceiveRefusesSamples",
        severity: "critical",
        ask: share(
          "namespace, tenant",
          `http_requests_total{${writes}, ${forEver}}`,
          `http_requests_total{${writes}}`,
          "10m",
        ),
        above: 0.01,
        for: "15m",
        summary: "Samples of a tenant are refused for ever.",
        description: "{{ $value | humanizePercentage }} of the requests of {{ $labels.tenant }} are refused for ever.",
        page: "thanos-receive",
        look: ["Refused for ever", "Samples not written"],
        means:
          "Senders drop a request that is answered with 400, 409, 413 or 422. One in a hundred is more than late samples of a restart.",
        notice: "Samples of the tenant are missing, and nothing brings them back.",
        act: [
          "See which status: the panel `Writes: how many` shows it.",
          "409: two senders send the same series, or samples are older than the setting `outOfOrderWindow`. Give each sender labels of its own, or raise the setting.",
          "400: the sender speaks another protocol, or its labels are broken. Read its own log.",
          "Read the reason: `kubectl -n <namespace> logs -l app.kubernetes.io/name=thanos-receive --prefix --tail 50`.",
          "The share falls within ten minutes.",
        ],
      },
      {
        alert: "ThanosReceiveSlow",
        severity: "warning",
        ask: `histogram_quantile(0.99, sum by (namespace, le) (rate(http_request_duration_seconds_bucket{${writes}}[10m])))`,
        above: 5,
        for: "10m",
        summary: "One of a hundred writes of metrics takes longer than five seconds.",
        description:
          "In {{ $labels.namespace }}, 99 of 100 writes are answered within {{ $value | humanizeDuration }}.",
        page: "thanos-receive",
        look: ["Writes: how long", "Requests that wait"],
        means: "Writes to ingesters time out after five seconds, so this is close to refusal.",
        notice: "Samples arrive late. Senders fall behind and fill their own logs.",
        act: [
          "Look at the ingesters: CPU, memory, and the time of their disks.",
          "One ingester is slow: see its node, and delete the pod when the others are ready.",
          "All are slow: give them more CPU, or add ingesters.",
          "The line falls within ten minutes.",
        ],
      },
      {
        alert: "ThanosReceiveCopiesFailing",
        severity: "warning",
        ask: share("namespace", replications.bad, replications.all, "5m"),
        above: 0.05,
        for: "20m",
        summary: "Samples are not copied to as many ingesters as they should be.",
        description: "In {{ $labels.namespace }}, {{ $value | humanizePercentage }} of the copies fail.",
        page: "thanos-receive",
        look: ["Copies that fail", "Requests to ingesters that fail"],
        means: "Too few ingesters take a sample. A roll-out of all ingesters is over within twenty minutes.",
        notice: "Senders are refused and send again. The objective of writes burns.",
        act: [
          "Look which ingester is away: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=thanos-receive`.",
          "See why: `kubectl -n <namespace> describe pod <pod>`, and its log with `--previous`.",
          "The share falls within five minutes.",
        ],
      },
      {
        alert: "ThanosReceiveForwardsFailing",
        severity: "info",
        ask: share("namespace", forwards.bad, forwards.all, "5m"),
        above: 0.1,
        for: "20m",
        summary: "Routers cannot pass samples on to an ingester.",
        description: "In {{ $labels.namespace }}, {{ $value | humanizePercentage }} of the requests to ingesters fail.",
        page: "thanos-receive",
        look: ["Requests to ingesters that fail"],
        means: "An ingester is away. With three copies, writes go on while one in three requests fails.",
        notice: "Nothing, unless a second ingester goes away.",
        act: ["Look at [ThanosReceiveCopiesFailing](#thanosreceivecopiesfailing): the steps are the same."],
      },
      {
        alert: "ThanosReceiveRingsDiffer",
        severity: "warning",
        ask: "max by (namespace) (thanos_receive_hashring_nodes{@router}) - min by (namespace) (thanos_receive_hashring_nodes{@router})",
        above: 0,
        for: "10m",
        summary: "Routers know different rings of ingesters.",
        description: "In {{ $labels.namespace }}, the rings of routers differ by {{ $value }} ingesters.",
        page: "thanos-receive",
        look: ["Ingesters in the ring"],
        means: "A new file of the ring reaches all routers within two minutes. Ten minutes are a fault.",
        notice: "The same series is written to different ingesters, and more memory is used.",
        act: [
          "See which router has the old ring: `Ingesters in the ring` on the page.",
          "Read its log: `kubectl -n <namespace> logs <pod> | grep -i hashring`.",
          "Restart it: `kubectl -n <namespace> delete pod <pod>`.",
        ],
      },
      {
        alert: "ThanosReceiveRingNotRead",
        severity: "warning",
        ask: "sum by (namespace, pod) (increase(thanos_receive_hashrings_file_errors_total{@router}[15m]))",
        above: 2,
        for: "15m",
        summary: "A router cannot read the file of its ring.",
        description: "{{ $labels.pod }} failed {{ $value | humanize }} times in 15 minutes to read it.",
        page: "thanos-receive",
        look: ["Readings of the ring's file that fail"],
        means: "The file is read each 15 seconds. Kubernetes replaces it in one step, so failures are no chance.",
        notice: "Nothing, until the number of ingesters changes or the router restarts.",
        act: [
          "Look at the file: `kubectl -n <namespace> get cm thanos-receive-hashring -o yaml`.",
          "It is made by the build. Apply your overlay again.",
          "The alert ends within 15 minutes.",
        ],
      },
      {
        alert: "ThanosReceiveConfigNotLoaded",
        severity: "warning",
        ask: "min by (namespace, pod) (thanos_receive_config_last_reload_successful{@router})",
        below: 1,
        for: "5m",
        summary: "A router did not take over the ring that it read.",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} goes on with the ring that it had.",
        page: "thanos-receive",
        look: ["Ingesters in the ring"],
        means: "The file has a fault. At its next start the router would have no ring.",
        notice: "Nothing, until the router restarts: then it takes no samples.",
        act: ["Look at [ThanosReceiveRingNotRead](#thanosreceiveringnotread): the steps are the same."],
      },
      {
        alert: "ThanosReceiveLogNotWritten",
        severity: "critical",
        ask: "sum by (namespace, pod) (rate(prometheus_tsdb_wal_writes_failed_total{@ingester}[5m]))",
        above: 0,
        for: "2m",
        summary: "An ingester cannot write its write-ahead log.",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} fails to write its log.",
        page: "thanos-receive",
        look: ["Writes to the log that fail", "Volumes"],
        means: "Mostly the volume is full. Samples that the log lacks are lost when the process ends.",
        notice: "Writes are refused. Samples of the last two hours may be lost.",
        act: [
          "See how full the volume is: `kubectl -n <namespace> exec <pod> -- df -h /data`.",
          "Enlarge it: raise the request of the claim, where its StorageClass allows it.",
          "Blocks are not uploaded and fill it: look at ThanosBlocksNotUploaded first.",
          "The alert ends within five minutes.",
        ],
      },
      {
        alert: "ThanosReceiveBlocksNotWritten",
        severity: "warning",
        ask: "sum by (namespace, pod) (increase(prometheus_tsdb_compactions_failed_total{@ingester}[3h]))",
        above: 2,
        for: "5m",
        summary: "An ingester cannot write its series into a block.",
        description: "{{ $labels.pod }}: {{ $value | humanize }} tries failed in three hours.",
        page: "thanos-receive",
        look: ["Blocks that could not be written", "Series in memory"],
        means: "The series in memory are written into a block every two hours. Three failures are no chance.",
        notice: "Nothing at first. Memory and the log grow until the process ends.",
        act: [
          "Read why: `kubectl -n <namespace> logs <pod> | grep -i compact`.",
          "See how full the volume is: `kubectl -n <namespace> exec <pod> -- df -h /data`.",
          "The alert ends within three hours.",
        ],
      },
      {
        alert: "ThanosReceiveDown",
        severity: "warning",
        ask: "max by (namespace, workload) (up{@all})",
        below: 1,
        for: "5m",
        summary: "All pods that take metrics for Thanos are down.",
        description: "No pod of {{ $labels.workload }} in {{ $labels.namespace }} answers Prometheus.",
        page: "thanos-receive",
        look: ["How far Prometheus is behind"],
        means: "Every pod was unreachable for five minutes. A roll-out or a restart is shorter.",
        notice: "Samples arrive late: senders keep two hours of them and send again.",
        act: [
          "Look at the pods: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=thanos-receive`.",
          "See why one does not start: `kubectl -n <namespace> describe pod <pod>`, and its log with `--previous`.",
          "It worked when `How far Prometheus is behind` falls.",
        ],
      },
    ],
  },
};
