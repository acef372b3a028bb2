import { type Alerts, type Receiver, severities, type Severity } from "../core/model/alerts.ts";
import type { Built, Component, Context } from "../core/model/component.ts";
import type { Way } from "../core/model/places.ts";
import { defineRoles } from "../core/model/roles.ts";
import { containerPorts, goMemoryLimit, httpGet, overlaid, podIp, probes, resources } from "../core/derive/pod.ts";
import type { Size } from "../core/model/size.ts";
import { images } from "../versions.ts";
import * as grafana from "./grafana.ts";
import { apart } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/alertmanager.ts";

/** Why no load sizes what evaluates rules or notifies people. */
export const alerting = "rules and firing alerts are no part of a load";

/** Of its data source. */
const uid = "alertmanager";

/**
 * Every Alertmanager, for those who notify: they tell each of an alert, and which of them tells
 * people is these's own affair.
 */
export const members = {
  component: "alertmanager",
  name: "alertmanager-members",
  port: "http",
  lists: "ready members",
} as const;

export const roles = defineRoles(
  "alertmanager",
  { ports: { http: 9093, gossip: 9094 }, metrics: { port: "http" } },
  {
    server: {
      tier: "backend",
      disk: "1Gi",
      datagrams: ["gossip"],
      publishNotReadyAddresses: true,
      groups: [members],
      entryPoint: { name: "alertmanager", ports: ["http"] },
      unsized: alerting,
    },
  },
);
const { server } = roles;

/**
 * Credentials of receivers, and the whole configuration of somebody who writes it: files of a
 * Secret that nobody need make.
 */
export const receivers = { name: "alertmanager-config", key: "alertmanager.yml", folder: "/etc/alertmanager" } as const;

/** The alert that always fires. */
export const watchdog = "Watchdog";

/**
 * The label of an alert that explains others: "cluster" or "node" when these are down, "info" while
 * nothing in a namespace is worse.
 */
export const hushes = "hushes";

const file = (key: string): string => `${receivers.folder}/${key}`;

/** What people read first of an alert, with its links. */
const words = [
  "{{ range .Alerts }}{{ .Annotations.summary }}",
  "{{ with .Annotations.description }}{{ . }}",
  "{{ end }}{{ with .Annotations.runbook_url }}<{{ . }}|runbook> {{ end }}{{ with .Annotations.dashboard_url }}<{{ . }}|dashboard>{{ end }}",
  "{{ end }}",
].join("\n");

/** Of each integration, its list. https://prometheus.io/docs/alerting/latest/configuration/#receiver-integration-settings */
const integrations = ({ webhook, slack, pagerduty, email }: Receiver, sendResolved: boolean): object => {
  const send_resolved = sendResolved;
  return {
    webhook_configs: webhook && [{ url_file: file(webhook), send_resolved }],
    slack_configs: slack && [{ api_url_file: file(slack), send_resolved, text: words }],
    pagerduty_configs: pagerduty && [
      {
        routing_key_file: file(pagerduty),
        send_resolved,
        // PagerDuty knows the three names that are told.
        severity: "{{ .CommonLabels.severity }}",
        description: "{{ with .CommonAnnotations.summary }}{{ . }}{{ else }}{{ .GroupLabels.alertname }}{{ end }}",
      },
    ],
    email_configs: email && [{ to: email, send_resolved }],
  };
};

/** How often people are told of what is not over. */
const again: Readonly<Record<Severity, string>> = { critical: "4h", warning: "12h", info: "24h" };

/** By namespace first: the first of the routes that match is taken. */
const routed = (alerts: Alerts) => {
  const of = (name: string, table: Alerts, more: readonly string[]) =>
    severities.map((severity) => ({
      name: `${name}${severity}`,
      ways: table[severity],
      route: {
        receiver: `${name}${severity}`,
        matchers: [...more, `severity = "${severity}"`],
        repeat_interval: again[severity],
      },
    }));
  return [
    ...Object.entries(alerts.namespaces ?? {}).flatMap(([namespace, table]) =>
      of(`${namespace}/`, table, [`namespace = "${namespace}"`]).filter(({ ways }) => ways),
    ),
    ...of("", alerts, []),
  ];
};

const told = 'severity != "none"';

/** What is not told while something else explains it. */
const inhibited = [
  { source_matchers: ['severity = "critical"'], target_matchers: ['severity =~ "warning|info"'] },
  { source_matchers: ['severity = "warning"'], target_matchers: ['severity = "info"'] },
]
  .map((rule): object => ({ ...rule, equal: ["alertname", "cluster", "namespace", "app"] }))
  .concat([
    {
      source_matchers: [`${hushes} = "cluster"`],
      target_matchers: [told, `${hushes} != "cluster"`],
      equal: ["cluster"],
    },
    {
      source_matchers: [`${hushes} = "node"`, 'node != ""'],
      target_matchers: [told, `${hushes} !~ "cluster|node"`],
      equal: ["cluster", "node"],
    },
    {
      source_matchers: [`${hushes} = "info"`],
      target_matchers: ['severity = "info"'],
      equal: ["cluster", "namespace"],
    },
  ]);

/**
 * Routes by severity and namespace to the receivers of an environment. A severity without a
 * receiver is kept, and nobody is told. https://prometheus.io/docs/alerting/latest/configuration/
 */
export const configuration = (alerts: Alerts = {}): object => {
  const routes = routed(alerts);
  const { smtp, deadManSwitch } = alerts;
  return {
    global: {
      // Where the cluster has a proxy.
      http_config: { proxy_from_environment: true },
      smtp_smarthost: smtp?.host,
      smtp_from: smtp?.from,
      smtp_auth_username: smtp?.username,
      smtp_auth_password_file: smtp?.password && file(smtp.password),
    },
    route: {
      // Rules of others may have severities of their own, or none.
      receiver: "warning",
      repeat_interval: again.warning,
      group_by: ["cluster", "namespace", "alertname"],
      group_wait: "30s",
      group_interval: "5m",
      routes: [
        // Told again at the end of an interval in which it is due.
        {
          receiver: "dead-man-switch",
          matchers: [`alertname = "${watchdog}"`],
          group_wait: "0s",
          group_interval: "1m",
          repeat_interval: "90s",
        },
        { receiver: "nobody", matchers: ['severity = "none"'] },
        ...routes.filter(({ name }) => name !== "warning").map(({ route }) => route),
      ],
    },
    inhibit_rules: inhibited,
    receivers: [
      { name: "nobody" },
      { name: "dead-man-switch", ...integrations(deadManSwitch ?? {}, false) },
      ...routes.map(({ name, ways = {} }) => ({ name, ...integrations(ways, true) })),
    ],
  };
};

const waysIn = ({ namespaces = {}, deadManSwitch = {}, ...own }: Alerts): readonly Receiver[] => [
  deadManSwitch,
  ...[own, ...Object.values(namespaces)].flatMap((table) => severities.map((severity) => table[severity] ?? {})),
];

/** Ports outside the cluster by which these receivers are told; of a webhook, that of HTTPS. */
export const waysTo = (alerts: Alerts = {}): readonly Way[] => {
  const all = waysIn(alerts);
  return [
    ...(all.some(({ webhook, slack, pagerduty }) => webhook ?? slack ?? pagerduty) ? [{ port: 443 }] : []),
    ...(alerts.smtp && all.some(({ email }) => email) ? [{ port: Number(alerts.smtp.host.split(":")[1]) }] : []),
  ];
};

/** The Secret, with the keys that these receivers name, or else the whole configuration. */
export const credentials = (alerts: Alerts | undefined): NonNullable<Built["mayHave"]>[number] => {
  const named = waysIn(alerts ?? {}).flatMap(({ webhook, slack, pagerduty }) => [webhook, slack, pagerduty]);
  const keys = [...new Set([...named, alerts?.smtp?.password])].filter((key) => key !== undefined);
  return { name: receivers.name, keys: keys.length > 0 ? keys.toSorted() : [receivers.key] };
};

/**
 * How several know of each other what they have told
 * (https://github.com/prometheus/alertmanager#high-availability); one alone listens to nobody. They
 * come back with other addresses, so that the old ones are given up after minutes, not hours.
 */
const cluster = ({ wiring: { wire, workloadOf }, size }: Context): readonly string[] => {
  const { replicas } = size(workloadOf(server));
  if (replicas < 2) return ["--cluster.listen-address="];
  return [
    `--cluster.listen-address=0.0.0.0:${server.ports.gossip}`,
    `--cluster.advertise-address=[$(POD_IP)]:${server.ports.gossip}`,
    ...wire(server)
      .toPods(server, "gossip", replicas)
      .map((peer) => `--cluster.peer=${peer}`),
    "--cluster.reconnect-timeout=5m",
  ];
};

const single: Size = { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "128Mi" };

export const alertmanager: Component = {
  name: "alertmanager",
  namespaceKind: "stack",
  roles,
  monitoring,
  modes: {
    monolithic: { grouping: apart, sizes: { server: single } },
    scalable: { grouping: apart, sizes: { server: { ...single, replicas: 2 } } },
  },
  signals: { alerts: uid },
  dataSource: ({ wire }) => ({
    name: "Alertmanager",
    uid,
    type: "alertmanager",
    url: wire(grafana.roles.server).url(server, "http"),
    jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
  }),
  build(context) {
    const { workloads, size, alerts } = context;
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        asksOutside: true,
        waysOut: waysTo(alerts),
        pod: {
          containers: [
            {
              name: "alertmanager",
              image: images.alertmanager,
              args: [`--config.file=${file(receivers.key)}`, "--storage.path=/data", ...cluster(context)],
              env: [...(size(workload).replicas > 1 ? [podIp] : []), ...goMemoryLimit],
              ports: containerPorts(workload.roles),
              ...probes({ ready: httpGet("/-/ready"), live: httpGet("/-/healthy"), startSeconds: 60 }),
              resources: resources(size(workload)),
              volumeMounts: [
                { name: "config", mountPath: receivers.folder, readOnly: true },
                { name: "data", mountPath: "/data" },
              ],
            },
          ],
          volumes: [overlaid("config", "alertmanager", receivers.name)],
        },
      })),
      configs: [{ name: "alertmanager", read: "start-up", files: { [receivers.key]: configuration(alerts) } }],
      mayHave: [credentials(alerts)],
    };
  },
};
