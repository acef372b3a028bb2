import type { AlertCases } from "../lib/alerts.ts";

const gateway = 'app="alloy-gateway",workload="server",namespace="observability",pod="alloy-gateway-1"';
const labels = { severity: "critical", namespace: "observability" };

const losses = (title: string, items: string): AlertCases => {
  const at = (outcome: string): string => `otelcol_receiver_${outcome}_${items}_total{${gateway},transport="grpc"}`;
  const failed = (permanent: boolean): string =>
    `otelcol_exporter_send_failed_${items}_total{${gateway},error_permanent="${permanent}"}`;
  return {
    [`AlloyGateway${title}Lost`]: {
      labels,
      fires: { [at("accepted")]: "98/s", [at("refused")]: "2/s", [failed(true)]: "2/s", [failed(false)]: "0/s" },
      // What may be tried again is not lost yet.
      silent: { [at("accepted")]: "60/s", [at("refused")]: "40/s", [failed(true)]: "0.9/s", [failed(false)]: "39/s" },
    },
    [`AlloyGateway${title}Refused`]: {
      labels,
      fires: { [at("accepted")]: "94/s", [at("refused")]: "6/s" },
      silent: { [at("accepted")]: "96/s", [at("refused")]: "4/s" },
    },
  };
};

const pod = { severity: "warning", namespace: "observability", pod: "alloy-gateway-1" };
const tracked = `otelcol_deltatocumulative_streams_tracked{${gateway}}`;
const limit = `otelcol_deltatocumulative_streams_limit{${gateway}}`;
const parts = `alloy_component_controller_running_components{${gateway},health_type="unhealthy"}`;
const leftOut = `otelcol_processor_filter_datapoints_filtered_total{${gateway}}`;
const points = `otelcol_receiver_accepted_metric_points_total{${gateway},transport="http"}`;

export const cases: AlertCases = {
  ...losses("Spans", "spans"),
  ...losses("Lines", "log_records"),
  ...losses("Points", "metric_points"),
  AlloyGatewayPointsLeftOut: {
    labels: { severity: "warning", namespace: "observability" },
    fires: { [leftOut]: "2/s", [points]: "100/s" },
    silent: { [leftOut]: "2/s", [points]: "300/s" },
  },
  AlloyGatewayDeltasFull: {
    labels: pod,
    fires: { [tracked]: 900, [limit]: 1000 },
    silent: { [tracked]: 840, [limit]: 1000 },
  },
  AlloyGatewayPartsUnhealthy: { labels: pod, fires: { [parts]: 1 }, silent: { [parts]: 0 } },
};
