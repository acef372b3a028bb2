import type { Monitoring } from "../core/model/monitoring.ts";
import { agentAlerts, agentPage } from "./log-agent.ts";

const agent = {
  title: "Alloy",
  name: "alloy",
  files: "loki_source_file_",
  pushes: "loki_write_",
  rows: [
    {
      title: "Alloy itself",
      panels: [
        {
          title: "Time from the file to Loki",
          shows: "How long a line takes from being read until Loki has it.",
          bad: "Minutes: lines come late.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le, node) (rate(loki_write_entry_propagation_latency_seconds_bucket{@server}[$__rate_interval])))",
              "{{node}}",
            ],
          ],
        },
        {
          title: "Parts that are not well",
          shows: "Parts of the configuration that do not run as they should, by node and state.",
          bad: "Any: something is not read, or not sent.",
          unit: "short",
          alert: "AlloyPartsUnhealthy",
          ask: [
            [
              'sum by (node, health_type) (alloy_component_controller_running_components{@server, health_type!="healthy"}) or 0 * sum by (node) (alloy_component_controller_running_components{@server})',
              "{{node}} {{health_type}}",
            ],
          ],
        },
        {
          title: "Evaluations that wait",
          shows: "Parts whose evaluation waits for its turn.",
          bad: "A queue that does not empty: Alloy does not follow what changes on its node.",
          unit: "short",
          alert: "AlloyEvaluationsWait",
          ask: [["max by (node) (alloy_component_evaluation_queue_size{@server})", "{{node}}"]],
        },
      ],
    },
  ],
} as const;

/** The log agent of the nodes. */
export const monitoring: Monitoring = {
  folder: "Collection",
  pages: [agentPage(agent)],
  rules: {
    alerts: [
      ...agentAlerts(agent),
      {
        alert: "AlloyPartsUnhealthy",
        severity: "warning",
        ask: 'sum by (namespace, node) (alloy_component_controller_running_components{@server, health_type!="healthy"})',
        above: 0,
        for: "15m",
        summary: "A part of a log agent does not run as it should.",
        description: "{{ $value }} parts of the agent of {{ $labels.node }} are not well.",
        page: "alloy",
        look: ["Parts that are not well"],
        means: "A part of the configuration ended, or could not be evaluated. The others go on.",
        notice: "Lines of the node may be missing.",
        act: [
          "See which: `kubectl -n <namespace> port-forward <pod> 12345`, then `http://localhost:12345`.",
          "If the log shows `forbidden`, the agent's ClusterRole lacks a right: apply the bundle again.",
        ],
      },
      {
        alert: "AlloyEvaluationsWait",
        severity: "warning",
        ask: "max by (namespace, node) (min_over_time(alloy_component_evaluation_queue_size{@server}[10m]))",
        above: 10,
        for: "15m",
        summary: "A log agent does not keep up with what changes on its node.",
        description: "{{ $value }} parts of the agent of {{ $labels.node }} wait for their evaluation.",
        page: "alloy",
        look: ["Evaluations that wait"],
        means: "Each new pod is an evaluation. They take milliseconds: a queue of ten for minutes is no burst.",
        notice: "Lines of new pods are missing.",
        act: ["Look whether the agent is at its CPU limit, and raise it.", "Restart the pod if it is not."],
      },
    ],
  },
};
