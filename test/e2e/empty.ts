/**
 * Queries that may find nothing while a healthy stack is under the load of `make e2e`, by a part of their text or of their place, each
 * with the reason. Metrics of test/facts/unseen.ts need not be here.
 */
export const mayBeEmpty: readonly { readonly of: RegExp; readonly why: string }[] = [
  { of: /\bALERTS(?:_FOR_STATE)?\b/, why: "nothing fires" },
  { of: /mimir-reads: Store-gateways: /, why: "a young store has nothing that a query asks for" },
  { of: /kubernetes-pod: CPU C/, why: "no container of the stack has a limit of CPU" },
  { of: /kubernetes-pod: Reads and writes of disks/, why: "a pod that reads and writes nothing has no such series" },
  { of: /kubernetes-pod: Probes that fail/, why: "no probe fails" },
  { of: /kubernetes-workload: Pods/, why: "a workload is one of a Deployment, a StatefulSet and a DaemonSet" },
  { of: /kubernetes-cluster: Nodes that are not well/, why: "every node is well" },
  { of: /kubernetes-namespace: (?:Pods that are missing|Restarts)/, why: "nothing is missing, and nothing restarts" },
  { of: /otlp: Parts that are not well/, why: "every part is well" },
  { of: /overview: Series in memory/, why: "an environment has Mimir or Thanos" },
  { of: /logs: Errors by app/, why: "no program writes an error" },
  { of: /logs: (?:Lines by level|Matching lines)/, why: "the first level of the list is critical, which no line has" },
  { of: /loki-maintenance: Last (?:compaction|retention)/, why: "the first run comes ten minutes after the start" },
  { of: /services: (?:Traces with an error|Slow traces)/, why: "the traces of the load are short and without errors" },
  { of: /thanos-storage: Blocks in the bucket/, why: "the first block comes two hours after the start" },
  { of: /otelcol_exporter_send_failed_spans_total/, why: "nothing has failed" },
  { of: /prometheus_remote_storage_/, why: "with a sidecar Prometheus sends nothing on" },
  { of: /\bgrafana_(?:http|datasource|stat)_/, why: "a stand-in of Grafana (--allow-down grafana) has no metrics" },
];
