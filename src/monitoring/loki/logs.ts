import type { Page } from "../../core/model/monitoring.ts";

/**
 * Every stream has a `service_name`: of a node's files it is the label `app`
 * (https://grafana.com/docs/loki/latest/get-started/labels/#default-labels-for-all-users).
 */
const streams = '{service_name=~".+", service_name=~"$app", namespace=~"$namespace", pod=~"$pod"}';
const lines = `${streams} | detected_level=~"$level" |~ \`(?i)$search\``;
const errors = `${streams} | detected_level=~"error|critical|fatal" |~ \`(?i)$search\``;
const pods = 'namespace=~"$namespace", pod=~"$pod"';

/** Lines of any program, and what their pods use meanwhile. */
export const logs: Page = {
  uid: "logs",
  title: "Logs",
  question: "What do programs log, and which of them log errors?",
  // Their namespaces are those of all logs, not of the targets only.
  scope: "cluster",
  variables: [
    {
      name: "namespace",
      label: "Namespace",
      values: { of: '{service_name=~".+"}', label: "namespace", from: "logs" },
    },
    {
      name: "app",
      label: "App or service",
      values: { of: '{service_name=~".+", namespace=~"$namespace"}', label: "service_name", from: "logs" },
    },
    {
      name: "pod",
      label: "Pod",
      values: {
        of: '{service_name=~".+", service_name=~"$app", namespace=~"$namespace"}',
        label: "pod",
        from: "logs",
      },
    },
    {
      name: "level",
      label: "Level",
      values: { list: ["critical", "fatal", "error", "warn", "info", "debug", "trace", "unknown"], several: true },
    },
    { name: "search", label: "Text", values: { typed: "" } },
  ],
  rows: [
    {
      title: "Lines",
      panels: [
        {
          title: "Lines by level",
          shows: "Lines that match, by their level.",
          bad: "A step up of errors; after a roll-out it is the new version.",
          kind: "bars",
          unit: "short",
          of: "logs",
          width: 12,
          ask: [[`sum by (detected_level) (count_over_time(${lines} [$__auto]))`, "{{detected_level}}"]],
        },
        {
          title: "Errors by app",
          shows: "The ten programs that log most errors.",
          bad: "A program that had none before.",
          unit: "short",
          of: "logs",
          width: 12,
          ask: [
            [
              `topk(10, sum by (namespace, service_name) (count_over_time(${errors} [$__auto])))`,
              "{{namespace}} {{service_name}}",
            ],
          ],
        },
        {
          title: "Matching lines",
          shows: "The lines themselves, the newest first.",
          kind: "logs",
          unit: "none",
          of: "logs",
          height: 14,
          ask: [[lines, ""]],
        },
      ],
    },
    {
      title: "Who writes, and what the pods use",
      closed: true,
      panels: [
        {
          title: "Bytes by app",
          shows: "The ten programs that log most, in bytes in a second.",
          bad: "A program that has begun to log far more: it fills the tenant's limit and the store.",
          unit: "Bps",
          of: "logs",
          ask: [
            [
              `topk(10, sum by (namespace, service_name) (bytes_rate(${streams} [$__auto])))`,
              "{{namespace}} {{service_name}}",
            ],
          ],
        },
        {
          title: "CPU of the pods",
          shows: "Cores that the chosen pods use, the ten that use most.",
          bad: "A step that comes with the errors.",
          unit: "cores",
          ask: [
            [
              `topk(10, sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{${pods}, container!=""}[$__rate_interval])))`,
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Memory of the pods",
          shows: "The working set of the chosen pods, the ten that use most.",
          bad: "A line that rises until the pod restarts.",
          unit: "bytes",
          ask: [
            [
              `topk(10, sum by (namespace, pod) (container_memory_working_set_bytes{${pods}, container!=""}))`,
              "{{pod}}",
            ],
          ],
        },
      ],
    },
  ],
};
