import type { Panel, Row } from "../core/model/monitoring.ts";

/** A rate of requests, of those that fail, and how long the others take: the first row of a page. */
export interface Entrance {
  /** "Push requests". */
  readonly title: string;
  /** The histogram of the requests, without its suffix: "loki_request_duration_seconds". */
  readonly histogram: string;
  /** Matchers of the requests: `@distributor, route=~"api_prom_push|loki_api_v1_push"`. */
  readonly matchers: string;
  /** The label with the status. Default: "status_code". */
  readonly status?: string;
  /** The label that tells kinds of requests apart. Default: "route". */
  readonly kind?: string;
}

/** Rate by status, share that failed, and quantiles of the time that answers take. */
export const red = ({
  title,
  histogram,
  matchers,
  status = "status_code",
  kind = "route",
}: Entrance): readonly Panel[] => [
  {
    title: `${title}: how many`,
    shows: "Requests in a second, by status.",
    bad: "A fall that nobody planned, or a status of 5xx.",
    kind: "stacked",
    unit: "reqps",
    ask: [[`sum by (${status}) (rate(${histogram}_count{${matchers}}[$__rate_interval]))`, `{{${status}}}`]],
  },
  {
    title: `${title}: failed`,
    shows: "The share of requests that the program failed to serve (5xx).",
    bad: "Anything that stays above zero.",
    unit: "percentunit",
    ask: [
      [
        `sum by (${kind}) (rate(${histogram}_count{${matchers}, ${status}=~"5.."}[$__rate_interval])) / sum by (${kind}) (rate(${histogram}_count{${matchers}}[$__rate_interval])) or 0 * sum by (${kind}) (rate(${histogram}_count{${matchers}}[$__rate_interval]))`,
        `{{${kind}}}`,
      ],
    ],
  },
  {
    title: `${title}: how long`,
    shows: "How long the slowest one of a hundred requests takes, and the median.",
    bad: "Seconds for writes; more than people wait for reads.",
    unit: "s",
    ask: [
      [
        `histogram_quantile(0.99, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`,
        "99 of 100 within",
      ],
      [`histogram_quantile(0.5, sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval])))`, "median"],
    ],
  },
];

/** What the pods of a component take of their limits, and whether they start again. */
export const resources = (roles = "all"): Row => ({
  title: "Resources",
  closed: true,
  panels: [
    {
      title: "CPU",
      shows: "Cores that the pods use.",
      bad: "Close to the request all day: the pods share a node with others that may need theirs.",
      unit: "cores",
      ask: [[`sum by (pod) (rate(container_cpu_usage_seconds_total{@pods/${roles}}[$__rate_interval]))`, "{{pod}}"]],
    },
    {
      title: "Memory of the limit",
      shows: "The working set of each container, as a share of its limit.",
      bad: "Above 0.9: the kernel ends a container at 1.",
      unit: "percentunit",
      max: 1,
      ask: [
        [
          `max by (pod, container) (container_memory_working_set_bytes{@pods/${roles}, container!=""}) / max by (pod, container) (container_spec_memory_limit_bytes{@pods/${roles}, container!=""} > 0)`,
          "{{pod}} {{container}}",
        ],
      ],
    },
    {
      title: "Restarts",
      shows: "Restarts of containers since the point before.",
      bad: "Any that is not a roll-out.",
      kind: "bars",
      unit: "short",
      ask: [
        [
          `sum by (pod) (increase(kube_pod_container_status_restarts_total{@pods/${roles}}[$__rate_interval])) > 0 or 0 * sum(kube_pod_container_status_restarts_total{@pods/${roles}})`,
          "{{pod}}",
        ],
      ],
    },
    {
      title: "Volumes",
      shows: "Use of the pods' volumes.",
      bad: "Above 0.85, or a line that reaches 1 within days.",
      unit: "percentunit",
      max: 1,
      ask: [
        [
          `max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{@claims/${roles}} / kubelet_volume_stats_capacity_bytes{@claims/${roles}})`,
          "{{persistentvolumeclaim}}",
        ],
      ],
    },
  ],
});
