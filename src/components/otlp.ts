/* What those agree on who take OTLP: the gateway that applications push to, and the back ends behind it. */

const mebibytes = (count: number): number => count * 2 ** 20;

/**
 * Bytes of the largest push that the gateway takes, uncompressed: what is larger is refused there, in a way that no client repeats. A trace
 * is one record in Kafka, which is 15.98 MB at most (`maxProducerRecordDataBytesLimit` in Tempo's pkg/ingest/config.go, 3.0.3), with its
 * attributes of the pod. Of what OpenTelemetry's libraries send at a time, 4 MiB is much.
 */
export const largestPush = { http: mebibytes(12), grpc: mebibytes(12) } as const;

/** Bytes that everybody behind the gateway takes in one message: a push to which it has added who it came from. */
export const largestForwarded = mebibytes(24);
