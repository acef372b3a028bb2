import {
  type Alert,
  type Monitoring,
  type Objectives,
  pageUid,
  type Recording,
  type Signal,
  type Sli,
  usualObjectives,
  type Way,
} from "../model/monitoring.ts";
import { capital } from "../util/text.ts";
import { isOf, type OfModes, resolved, type Scope } from "./queries.ts";

/** The share of requests that may fail: 0.001. */
const budgetOf = ({ signal, way }: Pick<Sli, "signal" | "way">, objectives: Objectives): number =>
  Number((1 - objectives[signal][way] / 100).toFixed(6));

/**
 * How fast an error budget of 30 days burns: the factor, over a long range and, so that it ends soon
 * after the errors do, over a twelfth of it (https://sre.google/workbook/alerting-on-slos/, table 5-8).
 * Its third row has a factor of 1 over three days; Prometheus keeps one, and a factor of 3 spends as
 * much in it.
 */
const burns = [
  {
    factor: 14.4,
    long: "1h",
    short: "5m",
    severity: "critical",
    for: "2m",
    spends: "2 % of the month's budget in an hour",
  },
  {
    factor: 6,
    long: "6h",
    short: "30m",
    severity: "critical",
    for: "15m",
    spends: "5 % of the month's budget in six hours",
  },
  { factor: 3, long: "1d", short: "2h", severity: "warning", for: "1h", spends: "10 % of the month's budget in a day" },
] as const;

/** Ranges that the share of failed requests is recorded over; pages ask for the first. */
const ranges = [...new Set(burns.flatMap(({ short, long }) => [short, long]))];

const failedShare = (range: string): string => `kube_lgtm:requests_failed:ratio_rate${range}`;
const requestRate = "kube_lgtm:requests:rate5m";
const objective = "kube_lgtm:requests_failed:objective";

const at = (query: string, range: string): string => query.replaceAll("$range", range);

/** Fewer requests than this in a second say nothing: one that failed would burn a month's budget. */
const leastRate = 0.02;

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const recordingRules = ({ record, ask, labels }: Recording, scope: Scope): readonly Rule[] => {
  const expr = resolved(ask, scope, "rule");
  return expr === undefined ? [] : [{ record, expr, labels }];
};

/** Recordings of how many requests failed, and of how many may. None in a mode without the roles. */
function sliRules(sli: Sli, scope: Scope, objectives: Objectives): readonly Rule[] {
  const { signal, way } = sli;
  const [bad, every] = [resolved(sli.failed, scope, "rule"), resolved(sli.all, scope, "rule")];
  if (bad === undefined || every === undefined) return [];
  const labels = { signal, way };
  return [
    { record: requestRate, expr: at(every, "5m"), labels },
    ...ranges.map((range) => ({
      record: failedShare(range),
      // Without requests none has failed.
      expr: `(${at(bad, range)}) / (${at(every, range)} > ${leastRate}) or (${at(every, range)}) * 0`,
      labels,
    })),
    { record: objective, expr: `vector(${budgetOf(sli, objectives)})`, labels },
  ];
}

/** "LogsWritesFailing": its runbook is in docs/runbooks/slo.md. */
export const burnAlert = (signal: Signal, way: Way, severity: "critical" | "warning"): string =>
  `${capital(signal)}${capital(way)}${severity === "critical" ? "Failing" : "Degraded"}`;

/** What is lost, and to whom, while requests of a signal fail. */
const losses: Readonly<Record<Way, (signal: Signal) => string>> = {
  writes: (signal) => `Senders are refused, and send again for some time. After that, their ${signal} are lost.`,
  reads: (signal) => `Panels, Explore and rules that ask for ${signal} show errors.`,
};

const firstSteps: Readonly<Record<Way, readonly string[]>> = {
  writes: [
    "Look at the first row of the page: which status do senders get, since when, and from all pods or one?",
    "A 429 is a limit of the back end, not a failure: see the page of its tenants.",
    "A 5xx of every pod: look at the object store and at Kafka, by the alerts that fire beside this one.",
    "A 5xx of one pod: look at its log and its node. Delete the pod if it does not recover.",
    "The share of failed requests falls within five minutes once the cause is gone.",
  ],
  reads: [
    "Look at the first row of the page: which requests fail, since when, and for whom?",
    "Many fail by time-out: look for one costly query in the log of the query-frontend, and at the queue.",
    "All fail: look whether queriers run, and whether they reach the object store.",
    "The share of failed requests falls within five minutes once the cause is gone.",
  ],
};

type Burn = (typeof burns)[number];
const severities = ["critical", "warning"] as const;
const burnsOf = (severity: Burn["severity"]): readonly Burn[] => burns.filter((burn) => burn.severity === severity);

/** Both ranges must show it: the short one ends the alert soon after the errors end. */
const burnCondition = (sli: Pick<Sli, "signal" | "way">, { factor, long, short }: Burn, objectives: Objectives) => {
  const selector = `{signal="${sli.signal}", way="${sli.way}"}`;
  const most = Number((factor * budgetOf(sli, objectives)).toFixed(6));
  return `${failedShare(long)}${selector} > ${most} and ${failedShare(short)}${selector} > ${most}`;
};

const burnSummary = ({ signal, way }: Pick<Sli, "signal" | "way">): string => `Too many ${way} of ${signal} fail.`;

const burnRules = (sli: Sli, objectives: Objectives, links: Links): readonly Rule[] => {
  const { signal, way, page } = sli;
  return severities.flatMap((severity) =>
    burnsOf(severity).map((burn) => ({
      alert: burnAlert(signal, way, severity),
      expr: burnCondition(sli, burn, objectives),
      for: burn.for,
      labels: { severity, signal, way, window: burn.long },
      annotations: {
        summary: burnSummary(sli),
        description: `{{ $value | humanizePercentage }} of all ${way} of ${signal} failed over ${burn.long}, which spends ${burn.spends}.`,
        runbook_url: links.runbook("slo", burnAlert(signal, way, severity)),
        dashboard_url: `/d/${pageUid(page)}`,
      },
    })),
  );
};

/** What docs/runbooks/slo.md says of the alerts on objectives; by signal, way and severity. */
export const burnRunbooks = (objectives: Objectives = usualObjectives) =>
  (["logs", "metrics", "traces"] as const).flatMap((signal) =>
    (["writes", "reads"] as const).flatMap((way) =>
      severities.map((severity) => {
        const [first] = burnsOf(severity) as [Burn];
        return {
          alert: burnAlert(signal, way, severity),
          severity,
          summary: burnSummary({ signal, way }),
          page: "slo",
          look: ["Failed requests"],
          means:
            `The objective is that ${objectives[signal][way]} % of ${way} succeed over 30 days, unless the environment sets another. ` +
            `At this pace, ${burnsOf(severity)
              .map(({ spends }) => spends)
              .join(", or ")} is spent.`,
          notice: losses[way](signal),
          act: firstSteps[way],
          for: first.for,
          query: burnsOf(severity)
            .map((burn) => burnCondition({ signal, way }, burn, objectives))
            .join("\n# or\n"),
        };
      }),
    ),
  );

/** Where what an alert says more about is. */
export interface Links {
  /** The address of a section of docs/runbooks. */
  runbook(file: string, section: string): string;
}

/** Runbooks of the repository that an environment is built from, as its host shows them. */
export const linksTo = (docs: string): Links => ({
  runbook: (file, section) => `${docs}/runbooks/${file}.md#${section.toLowerCase()}`,
});

/** The condition of an alert, as Prometheus is asked it. */
export const condition = ({ ask, above, below }: Pick<Alert, "ask" | "above" | "below">): string => {
  if (above !== undefined) return `(${ask}) > ${above}`;
  if (below !== undefined) return `(${ask}) < ${below}`;
  return ask;
};

function alertRules(alert: Alert, scope: Scope, links: Links): readonly Rule[] {
  const expr = resolved(condition(alert), scope, "rule");
  if (expr === undefined) return [];
  return [
    {
      alert: alert.alert,
      expr,
      for: alert.for,
      keep_firing_for: alert.keepFiringFor,
      labels: { severity: alert.severity, ...(alert.hushes ? { hushes: alert.hushes } : {}) },
      annotations: {
        summary: alert.summary,
        description: alert.description,
        runbook_url: links.runbook(scope.component, alert.alert),
        dashboard_url: `/d/${pageUid(alert.page)}`,
      },
    },
  ];
}

/**
 * The rules of a component in a mode, as a rule file of Prometheus
 * (https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/).
 * @returns undefined if it has none
 */
export function ruleFile(
  { rules = {} }: Pick<Monitoring, "rules">,
  scope: Scope,
  links: Links,
  objectives: Objectives,
): { readonly groups: readonly object[] } | undefined {
  const { recordings = [], slis = [], alerts = [] } = rules;
  const here = <T extends OfModes>(list: readonly T[]): readonly T[] => list.filter((one) => isOf(one, scope));
  const kept = here(slis)
    .map((sli) => ({ sli, recorded: sliRules(sli, scope, objectives) }))
    .filter(({ recorded }) => recorded.length > 0);
  const groups = [
    {
      name: `${scope.component} recordings`,
      rules: [
        ...here(recordings).flatMap((one) => recordingRules(one, scope)),
        ...kept.flatMap(({ recorded }) => recorded),
      ],
    },
    {
      name: `${scope.component} alerts`,
      rules: [
        ...kept.flatMap(({ sli }) => burnRules(sli, objectives, links)),
        ...here(alerts).flatMap((alert) => alertRules(alert, scope, links)),
      ],
    },
  ].filter((group) => group.rules.length > 0);
  return groups.length > 0 ? { groups } : undefined;
}
