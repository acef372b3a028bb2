import type { Alert, Page, Row } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

/** An agent that reads the log files of its node, and what it calls what it counts. */
interface Agent {
  /** "Promtail": also the prefix of its alerts. */
  readonly title: string;
  /** "promtail": its component, its DaemonSet and its page. */
  readonly name: string;
  /** "promtail_": before what it counts of files, and of pushes. */
  readonly files: string;
  readonly pushes: string;
  /** What only this agent has. */
  readonly rows?: readonly Row[];
}

const failing = ({ pushes }: Agent, by: string, range: string): string => {
  const all = `${pushes}request_duration_seconds_count{@server`;
  return `sum by (${by}) (rate(${all}, status_code!~"2.."}[${range}])) / (sum by (${by}) (rate(${all}}[${range}])) > 0)`;
};

export const agentPage = (agent: Agent): Page => {
  const { title, name, files, pushes } = agent;
  return {
    uid: name,
    title: `${title}: logs of the nodes`,
    question: "Does every node's agent read all log files, and does it get the lines to Loki?",
    rows: [
      {
        title: "Lines",
        panels: [
          {
            title: "Lines sent",
            shows: "Lines that Loki took in a second, by node.",
            bad: "None from a node whose pods write.",
            kind: "stacked",
            unit: "cps",
            ask: [[`sum by (node) (rate(${pushes}sent_entries_total{@server}[$__rate_interval]))`, "{{node}}"]],
          },
          {
            title: "Lines thrown away",
            shows: "Lines in a second that the agent gave up, by node and reason.",
            bad: "Any: they are lost for ever.",
            unit: "cps",
            alert: `${title}LinesDropped`,
            ask: [
              [
                `sum by (node, reason) (rate(${pushes}dropped_entries_total{@server}[$__rate_interval]))`,
                "{{node}} {{reason}}",
              ],
            ],
          },
          {
            title: "Pushes that fail",
            shows: "The share of pushes that Loki did not take, by node.",
            bad: "Above a half: lines wait in their files, and kubelet deletes files.",
            unit: "percentunit",
            max: 1,
            alert: `${title}PushesFailing`,
            ask: [
              [
                `${failing(agent, "node", "$__rate_interval")} or 0 * sum by (node) (rate(${pushes}request_duration_seconds_count{@server}[$__rate_interval]))`,
                "{{node}}",
              ],
            ],
          },
          {
            title: "Pushes: how long",
            shows: "How long Loki takes to answer a push.",
            bad: "Seconds: look at the page `Loki: writes`.",
            unit: "s",
            ask: [
              [
                `histogram_quantile(0.99, sum by (le) (rate(${pushes}request_duration_seconds_bucket{@server}[$__rate_interval])))`,
                "99 of 100 within",
              ],
              [
                `histogram_quantile(0.5, sum by (le) (rate(${pushes}request_duration_seconds_bucket{@server}[$__rate_interval])))`,
                "median",
              ],
            ],
          },
          {
            title: "Pushed again",
            shows: "Pushes in a second that the agent tries again, by node.",
            bad: "Many for minutes: Loki is away, or refuses a tenant's rate.",
            unit: "ops",
            ask: [[`sum by (node) (rate(${pushes}batch_retries_total{@server}[$__rate_interval]))`, "{{node}}"]],
          },
          {
            title: "Lines read",
            shows: "Lines that agents read from files in a second, by node.",
            bad: "Many more than are sent.",
            unit: "cps",
            ask: [[`sum by (node) (rate(${files}read_lines_total{@server}[$__rate_interval]))`, "{{node}}"]],
          },
        ],
      },
      {
        title: "Files",
        panels: [
          {
            title: "Behind the files",
            shows: "Bytes by which files grow in a second beyond what agents read of them.",
            bad: "Above zero for a quarter of an hour: kubelet deletes files before they are read.",
            unit: "Bps",
            alert: `${title}Behind`,
            ask: [
              [
                `clamp_min(sum by (node) (rate(${files}file_bytes_total{@server}[$__rate_interval])) - sum by (node) (rate(${files}read_bytes_total{@server}[$__rate_interval])), 0)`,
                "{{node}}",
              ],
            ],
          },
          {
            title: "Who writes most",
            shows: "The ten files of which agents read the most bytes in a second.",
            bad: "A program that has begun to log far more.",
            unit: "Bps",
            ask: [[`topk(10, sum by (path) (rate(${files}read_bytes_total{@server}[$__rate_interval])))`, "{{path}}"]],
          },
          {
            title: "Agents",
            shows: "Nodes that are to have an agent, and nodes that have one that is ready.",
            bad: "Fewer ready than wanted.",
            unit: "short",
            ask: [
              [
                `sum(kube_daemonset_status_desired_number_scheduled{namespace=~"$namespace", daemonset="${name}"})`,
                "wanted",
              ],
              [`sum(kube_daemonset_status_number_ready{namespace=~"$namespace", daemonset="${name}"})`, "ready"],
            ],
          },
        ],
      },
      ...(agent.rows ?? []),
      resources("server"),
    ],
  };
};

export const agentAlerts = (agent: Agent): readonly Alert[] => {
  const { title, name, files, pushes } = agent;
  const logs = `\`kubectl -n <namespace> logs <pod of the node> --since=1h\``;
  return [
    {
      alert: `${title}LinesDropped`,
      severity: "critical",
      ask: `sum by (namespace, node, reason) (rate(${pushes}dropped_entries_total{@server}[5m]))`,
      above: 0,
      for: "10m",
      summary: "A log agent throws lines away.",
      description:
        "The agent of {{ $labels.node }} throws {{ $value | humanize }} lines in a second away: {{ $labels.reason }}.",
      page: name,
      look: ["Lines thrown away"],
      means:
        "Loki refused the lines for good (4xx), so the agent gave them up. It tries all others again for ever. Ten minutes tell a program that keeps on from files of before the agent came.",
      notice: "Lines of a program are missing for ever.",
      act: [
        `Read what Loki answers: ${logs}.`,
        "See the runbook of LokiLinesRefused for the reason.",
        "401, 403 or 404: the agent's tenant, its credentials or its URL are wrong.",
        "The panel `Lines thrown away` is at zero again once it has worked.",
      ],
    },
    {
      alert: `${title}PushesFailing`,
      severity: "critical",
      ask: failing(agent, "namespace", "5m"),
      above: 0.5,
      for: "15m",
      summary: "Log agents do not get their lines to Loki.",
      description: "{{ $value | humanizePercentage }} of the pushes of {{ $labels.namespace }} fail.",
      page: name,
      look: ["Pushes that fail", "Pushed again"],
      means:
        "Loki is away, or the network to it is. Lines wait in their files, of which kubelet keeps some 50 MiB for each container: a program that logs much loses lines within the hour.",
      notice: "No new lines arrive.",
      act: [
        `Read what the agent gets for an answer: ${logs}.`,
        "`429`: a tenant is above its limit. See LokiTenantLimited.",
        "`5xx`: look at the page `Loki: writes`.",
        "No connection: look whether `loki-gateway` has endpoints, and for a NetworkPolicy of your own.",
        "Agents catch up then: the panel `Lines sent` shows it.",
      ],
    },
    {
      alert: `${title}Behind`,
      severity: "warning",
      ask: `sum by (namespace, node) (rate(${files}file_bytes_total{@server}[10m])) - sum by (namespace, node) (rate(${files}read_bytes_total{@server}[10m]))`,
      above: 100_000,
      for: "15m",
      summary: "A log agent reads more slowly than the pods of its node write.",
      description: "The agent of {{ $labels.node }} falls behind by {{ $value | humanize1024 }}B in a second.",
      page: name,
      look: ["Behind the files", "Who writes most", "Pushes: how long"],
      means: "At 100 kB in a second the 50 MiB that kubelet keeps for a container are full within ten minutes.",
      notice: "Lines of the node come late, and the oldest are lost.",
      act: [
        "If one program writes far more than others, find out why: panel `Who writes most`.",
        "If pushes take long, look at the page `Loki: writes`.",
        "If the agent is at its CPU limit, raise it.",
      ],
    },
    {
      alert: `${title}Missing`,
      severity: "warning",
      ask: `sum by (namespace) (kube_daemonset_status_desired_number_scheduled{daemonset="${name}"}) - sum by (namespace) (kube_daemonset_status_number_ready{daemonset="${name}"}) and on (namespace) sum by (namespace) (changes(kube_daemonset_status_updated_number_scheduled{daemonset="${name}"}[10m])) == 0`,
      above: 0,
      for: "15m",
      summary: "A node has no log agent that is ready.",
      description: "{{ $value }} nodes have no log agent that is ready.",
      page: name,
      look: ["Agents"],
      means:
        "The agent of a node does not start, or has no place on it. A roll-out, of which more nodes become new each few minutes, does not count.",
      notice: "Lines of these nodes are missing. Some 50 MiB of each container wait in its files.",
      act: [
        `See which: \`kubectl -n <namespace> get pod -o wide -l app.kubernetes.io/name=${name}\`.`,
        "Look why: `kubectl -n <namespace> describe pod <pod>`.",
        "If the node is full, give the DaemonSet a higher priority class.",
      ],
    },
  ];
};
