import type { Alert } from "../../core/model/monitoring.ts";

/** Components whose logs are the stack's own: what others log is their owners' affair. */
export const logging = [
  "alertmanager",
  "alloy",
  "alloy-events",
  "alloy-gateway",
  "grafana",
  "kafka",
  "kube-state-metrics",
  "loki",
  "mimir",
  "minio",
  "node-exporter",
  "prometheus",
  "promtail",
  "rollout-operator",
  "tempo",
  "thanos",
  "thanos-receive",
] as const;

const stack = `{app=~"${logging.join("|")}"}`;

/**
 * How many lines with such a text each pod has logged. A program that logs what people ask it for
 * logs the text of these rules, too: such lines have `query=`.
 */
const lines = (filter: string, selector = stack): string =>
  `sum by (namespace, app, pod) (count_over_time(${selector} != "query=" ${filter} [5m]))`;

const here = "{{ $labels.namespace }}/{{ $labels.pod }}";
const read = (text: string): string =>
  `Read the lines in Grafana's Explore: \`{app="…", pod="…"} |~ "${text}"\` with the pod of the alert.`;

/** Symptoms that only logs show, in the words of the programs. */
export const logAlerts: readonly Alert[] = [
  {
    alert: "LogsProgramPanicked",
    severity: "warning",
    // The Go runtime begins its line so; whoever quotes it begins with a time or a level.
    ask: lines('|~ "^(panic|fatal error): "'),
    above: 0,
    for: "1m",
    summary: "A program of the stack has panicked.",
    description: `${here} has panicked: its container restarts.`,
    page: "overview",
    means: "A program met a state that its authors ruled out, and ended.",
    notice: "Requests fail while the pod restarts. If it panics again at once, its part of the stack is away.",
    act: [
      read("^(panic|fatal error): "),
      "Look for the first line of the panic in the program's issues.",
      "If a new version or a new setting came before it, take that back.",
    ],
  },
  {
    alert: "LogsOutOfHeap",
    severity: "warning",
    // A line of Java's own, or the header of its stack.
    ask: lines('|~ "java.lang.OutOfMemoryError|runtime: out of memory"'),
    above: 0,
    for: "1m",
    summary: "A program of the stack ran out of memory.",
    description: `${here} found no more memory in its heap.`,
    page: "overview",
    means: "Kafka's heap is half of its memory limit; a Go program's is the limit. It was not enough.",
    notice: "The program is slow before, and restarts after. Kafka's clients wait meanwhile.",
    act: [read("OutOfMemoryError|out of memory"), "Raise the memory limit of the workload."],
  },
  {
    alert: "LogsDiskFull",
    severity: "critical",
    ask: lines('|= "no space left on device"'),
    above: 0,
    for: "2m",
    summary: "A program of the stack cannot write to its full disk.",
    description: `${here} reports that there is no space left on its device.`,
    page: "overview",
    means: "A volume, or the local disk of a node, is full. The program loses or refuses new data.",
    notice: "Pushes fail, or answers have gaps.",
    act: [
      "Look which volume it is: the line names the path.",
      "Enlarge the claim if its storage class allows that, or lower the retention.",
    ],
  },
  {
    alert: "LogsStoreRefuses",
    severity: "critical",
    // Codes of S3, GCS and Azure (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
    ask: lines(
      '|~ "AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|NoSuchBucket|AuthorizationFailure|AuthenticationFailed|invalid_grant"',
    ),
    above: 0,
    for: "5m",
    summary: "The object store refuses the credentials of a program.",
    description: `${here} is refused by the object store.`,
    page: "overview",
    means: "A key has expired, a right has been taken away, or a bucket is gone.",
    notice: "Nothing at first: new data waits on volumes. Then older data cannot be read, and pushes fail.",
    act: [
      read("AccessDenied|InvalidAccessKeyId|ExpiredToken"),
      "Compare the Secret or the account of the component with what the store expects.",
    ],
  },
  {
    alert: "LogsQueriesRefused",
    severity: "warning",
    ask: lines('|= "too many outstanding requests"', '{app=~"loki|mimir|tempo"}'),
    above: 0,
    for: "5m",
    summary: "Queries are refused, because too many wait already.",
    description: `${here} has refused queries for five minutes: its queue is full.`,
    page: "overview",
    means: "More is asked than the queriers answer, of one tenant or of all.",
    notice: "Panels show an error 429.",
    act: [
      "Look who asks: a page with many panels and a short refresh, or a program.",
      "Raise the replicas of the queriers, or let them follow the load with KEDA.",
    ],
  },
  {
    alert: "LogsCertificateRefused",
    severity: "warning",
    ask: lines('|= "x509: "'),
    above: 0,
    for: "10m",
    summary: "A program of the stack does not trust a certificate.",
    description: `${here} refuses the certificate of a peer.`,
    page: "overview",
    means: "A certificate has expired, is for another name, or its authority is unknown.",
    notice: "All requests over that connection fail: objects, notifications, log-ins.",
    act: [read("x509: "), "Renew the certificate, or put its authority into the ConfigMap `ca-bundle`."],
  },
];
