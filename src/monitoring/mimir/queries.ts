/** Requests that bring samples, at Mimir's entrance: remote write and OTLP. */
export const pushes = '@distributor, route=~"api_v1_push|otlp_v1_metrics"';

/**
 * Requests that ask for series. Not `cardinality`, which answers with 500 where nobody turned it on,
 * and not the paths that ask for no series.
 */
export const asks =
  '@query-frontend, route=~"prometheus_api_v1_(query|query_range|query_exemplars|series|labels|label_name_values|metadata|read)"';

/** Seconds since something last went well in a pod, or since the pod's process started. */
export const since = (timestamp: string, role: string): string =>
  `time() - max by (namespace, pod) ((${timestamp}{@${role}} > 0) or process_start_time_seconds{@${role}})`;

/** Rings, and the roles that are in them. */
export const rings = [
  "distributor",
  "ingester",
  "querier",
  "query-scheduler",
  "store-gateway",
  "compactor",
  "ruler",
] as const;
