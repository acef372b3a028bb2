import { mebibyte } from "../core/kubernetes/requests.ts";

/*
 * What those agree on who take OTLP: the gateway that applications push to, and the back ends
 * behind it.
 */

const mebibytes = (count: number): number => count * mebibyte;

/**
 * Bytes of the largest push that the gateway takes, uncompressed: what is larger is refused there,
 * in a way that no client repeats. A trace is one record in Kafka, which is 15.98 MB at most
 * (`maxProducerRecordDataBytesLimit` in Tempo's pkg/ingest/config.go, 3.0.3), with its attributes
 * of the pod. Of what OpenTelemetry's libraries send at a time, 4 MiB is much.
 */
export const largestPush = { http: mebibytes(12), grpc: mebibytes(12) } as const;

/**
 * Bytes that everybody behind the gateway takes in one message: a push to which it has added who it
 * came from.
 */
export const largestForwarded = mebibytes(24);

const workload = [
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.cronjob.name",
  "k8s.job.name",
];

/**
 * Attributes of a resource that say where it runs, which the gateway adds; what keeps metrics makes
 * labels of them, `k8s_namespace_name` of the first. They cannot be `namespace` and `pod`: those
 * are often the sample's own, about something else.
 */
export const place = [
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.container.name",
  "k8s.node.name",
  ...workload,
] as const;

/**
 * What a span of the stack's own programs says of itself: that it is the stack's, and the label
 * `app` of the lines that its pod logs. Their services have names of upstream's, such as
 * `loki-querier` or `mimir-all`, which no line has.
 */
export const own = { attribute: "service.namespace", value: "kube-lgtm", app: "app" } as const;

/**
 * Labels that lines read from the nodes' files have, and which attribute gives a line that is
 * pushed the same one.
 */
export const lineLabels = Object.entries({
  namespace: "k8s.namespace.name",
  pod: "k8s.pod.name",
  container: "k8s.container.name",
}).map(([label, attribute]) => ({ label, attribute }));

/**
 * Attributes that Loki keeps as labels of streams: its own list (pkg/loghttp/push/otlp_config.go in
 * 3.7.6), save those that are the same under another name, or are another one for each start of a
 * program. With all 18 of it, a stream would have more than the 15 labels that Loki allows.
 */
export const streamLabels = [
  "service.name",
  "service.namespace",
  "deployment.environment",
  "deployment.environment.name",
  "cloud.region",
  "cloud.availability_zone",
  "k8s.cluster.name",
  "k8s.namespace.name",
  ...lineLabels.map(({ label }) => label),
  ...workload,
];
