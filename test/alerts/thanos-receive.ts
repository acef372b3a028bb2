import { type AlertCases, burning, type RecordingCase, type Series } from "../lib/alerts.ts";

const of = (workload: string, pod = `thanos-receive-${workload}-0`): string =>
  `app="thanos-receive",job="thanos-receive",namespace="observability",workload="${workload}",pod="${pod}"`;
const router = of("router", "thanos-receive-router-5d8f9-abcde");
const otherRouter = of("router", "thanos-receive-router-5d8f9-fghij");
const ingester = of("ingester");
const requests = `${router},handler="receive",method="post",tenant="shop"`;

const critical = { severity: "critical", namespace: "observability" } as const;
const warning = { severity: "warning", namespace: "observability" } as const;

const slow = (below: number): Series => ({
  [`http_request_duration_seconds_bucket{${requests},code="200",le="5"}`]: `${below}/s`,
  [`http_request_duration_seconds_bucket{${requests},code="200",le="7"}`]: "100/s",
  [`http_request_duration_seconds_bucket{${requests},code="200",le="+Inf"}`]: "100/s",
});
/** So many of a thousand in a second. */
const results = (metric: string, failed: number): Series => ({
  [`${metric}{${router},result="error"}`]: `${failed}/s`,
  [`${metric}{${router},result="success"}`]: `${1000 - failed}/s`,
});
const refused = (code: number, count: number): Series => ({
  [`http_requests_total{${requests},code="${code}"}`]: `${count}/s`,
  [`http_requests_total{${requests},code="200"}`]: `${1000 - count}/s`,
});

export const recordings: readonly RecordingCase[] = [
  {
    record: "kube_lgtm:requests_failed:ratio_rate5m",
    labels: { signal: "metrics", way: "writes" },
    given: {
      [`http_requests_total{${requests},code="200"}`]: "98/s",
      // The sender's fault.
      [`http_requests_total{${requests},code="409"}`]: "1/s",
      [`http_requests_total{${requests.replace('receive",method', 'otlp",method')},code="503"}`]: "1/s",
    },
    is: { 'namespace="observability"': 0.01 },
  },
];

export const cases: AlertCases = {
  ...burning("metrics", "writes", 0.001),
  ThanosReceiveRefusesSamples: {
    labels: { ...critical, tenant: "shop" },
    fires: refused(409, 12),
    silent: refused(409, 9),
  },
  ThanosReceiveSlow: { labels: warning, fires: slow(98), silent: slow(99.5) },
  ThanosReceiveCopiesFailing: {
    labels: warning,
    fires: results("thanos_receive_replications_total", 60),
    silent: results("thanos_receive_replications_total", 40),
  },
  ThanosReceiveForwardsFailing: {
    labels: { severity: "info", namespace: "observability" },
    fires: results("thanos_receive_forward_requests_total", 110),
    silent: results("thanos_receive_forward_requests_total", 90),
  },
  ThanosReceiveRingsDiffer: {
    labels: warning,
    fires: {
      [`thanos_receive_hashring_nodes{${router},name=""}`]: 3,
      [`thanos_receive_hashring_nodes{${otherRouter},name=""}`]: 4,
    },
    silent: {
      [`thanos_receive_hashring_nodes{${router},name=""}`]: 4,
      [`thanos_receive_hashring_nodes{${otherRouter},name=""}`]: 4,
    },
  },
  ThanosReceiveRingNotRead: {
    labels: warning,
    fires: { [`thanos_receive_hashrings_file_errors_total{${router}}`]: "0.003/s" },
    silent: { [`thanos_receive_hashrings_file_errors_total{${router}}`]: "0.002/s" },
  },
  ThanosReceiveConfigNotLoaded: {
    labels: warning,
    fires: { [`thanos_receive_config_last_reload_successful{${router}}`]: 0 },
    silent: { [`thanos_receive_config_last_reload_successful{${router}}`]: 1 },
  },
  ThanosReceiveLogNotWritten: {
    labels: { ...critical, pod: "thanos-receive-ingester-0" },
    fires: { [`prometheus_tsdb_wal_writes_failed_total{${ingester},tenant="shop"}`]: "0.1/s" },
    silent: { [`prometheus_tsdb_wal_writes_failed_total{${ingester},tenant="shop"}`]: 3 },
  },
  ThanosReceiveBlocksNotWritten: {
    labels: { ...warning, pod: "thanos-receive-ingester-0" },
    fires: { [`prometheus_tsdb_compactions_failed_total{${ingester},tenant="shop"}`]: "0.0003/s" },
    silent: { [`prometheus_tsdb_compactions_failed_total{${ingester},tenant="shop"}`]: "0.00015/s" },
  },
  ThanosReceiveDown: {
    labels: { ...warning, workload: "router" },
    fires: { [`up{${router}}`]: 0, [`up{${otherRouter}}`]: 0 },
    silent: { [`up{${router}}`]: 0, [`up{${otherRouter}}`]: 1 },
  },
};
