import type { Page } from "../../core/model/monitoring.ts";
import { resources } from "../shapes.ts";

const share = (title: string, shows: string, bad: string, alert: string, bad_: string, all: string) => ({
  title,
  shows,
  bad,
  alert,
  unit: "percentunit" as const,
  ask: [
    [
      `sum(rate(${bad_}[$__rate_interval])) / sum(rate(${all}[$__rate_interval])) or 0 * sum(rate(${all}[$__rate_interval]))`,
      "failed",
    ] as const,
  ],
});

export const rulesPage: Page = {
  uid: "mimir-rules",
  title: "Mimir: rules",
  question: "Are tenants' rules evaluated in time, and do their alerts arrive?",
  variables: [
    {
      name: "tenant",
      label: "Tenant",
      values: { of: "cortex_prometheus_rule_group_rules{@ruler}", label: "user" },
    },
  ],
  rows: [
    {
      title: "Evaluation",
      panels: [
        {
          title: "Rules evaluated",
          shows: "Rules that are evaluated in a second, by tenant.",
          bad: "A fall that nobody planned.",
          kind: "stacked",
          unit: "ops",
          ask: [
            [
              'sum by (user) (rate(cortex_prometheus_rule_evaluations_total{@ruler, user=~"$tenant"}[$__rate_interval]))',
              "{{user}}",
            ],
          ],
        },
        {
          title: "Rules that fail, by group",
          shows: "Evaluations in a second that fail, by group, and whether by the tenant's fault or Mimir's.",
          bad: "Any by the operator: Mimir itself fails.",
          unit: "ops",
          alert: "MimirRulesFailing",
          ask: [
            [
              'sum by (user, rule_group, reason) (rate(cortex_prometheus_rule_evaluation_failures_total{@ruler, user=~"$tenant"}[$__rate_interval])) > 0 or 0 * sum(rate(cortex_prometheus_rule_evaluations_total{@ruler}[$__rate_interval]))',
              "{{user}} {{rule_group}} {{reason}}",
            ],
          ],
        },
        {
          title: "Evaluations left out",
          shows: "The share of evaluations of groups that were left out, by pod.",
          bad: "Any: a group takes longer than its interval.",
          unit: "percentunit",
          alert: "MimirRulesMissed",
          ask: [
            [
              "sum by (pod) (rate(cortex_prometheus_rule_group_iterations_missed_total{@ruler}[$__rate_interval])) / sum by (pod) (rate(cortex_prometheus_rule_group_iterations_total{@ruler}[$__rate_interval]))",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "How long groups take of their interval",
          shows: "How long the last evaluation of a group took, as a share of its interval: the ten slowest.",
          bad: "Close to 1: the next time will be left out.",
          unit: "percentunit",
          ask: [
            [
              'topk(10, max by (user, rule_group) (cortex_prometheus_rule_group_last_duration_seconds{@ruler, user=~"$tenant"} / cortex_prometheus_rule_group_interval_seconds{@ruler, user=~"$tenant"}))',
              "{{user}} {{rule_group}}",
            ],
          ],
        },
        {
          title: "How late groups are",
          shows: "Seconds since the last evaluation of a group, as a share of its interval: the ten latest.",
          bad: "Above 2: it is not evaluated at all.",
          unit: "short",
          ask: [
            [
              'topk(10, max by (user, rule_group) ((time() - cortex_prometheus_rule_group_last_evaluation_timestamp_seconds{@ruler, user=~"$tenant"}) / cortex_prometheus_rule_group_interval_seconds{@ruler, user=~"$tenant"}))',
              "{{user}} {{rule_group}}",
            ],
          ],
        },
        {
          title: "Groups by pod",
          shows: "Groups of rules that each pod evaluates.",
          bad: "A pod with none beside others with many, or a sum that falls.",
          kind: "stacked",
          unit: "short",
          ask: [["count by (pod) (cortex_prometheus_rule_group_rules{@ruler})", "{{pod}}"]],
        },
      ],
    },
    {
      title: "What rules ask and write",
      panels: [
        share(
          "Queries of rules that failed",
          "The share of queries of rules that fail by Mimir's own fault.",
          "Anything above zero: alerts stay silent.",
          "MimirRulerQueriesFailing",
          "cortex_ruler_queries_failed_total{@ruler}",
          "cortex_ruler_queries_total{@ruler}",
        ),
        share(
          "Results that could not be written",
          "The share of writes of rules' results that fail.",
          "Anything above zero: they are lost.",
          "MimirRulerWritesFailing",
          "cortex_ruler_write_requests_failed_total{@ruler}",
          "cortex_ruler_write_requests_total{@ruler}",
        ),
        {
          title: "Queries and writes of rules",
          shows: "Queries and writes of all rules in a second.",
          unit: "reqps",
          ask: [
            ["sum(rate(cortex_ruler_queries_total{@ruler}[$__rate_interval]))", "queries"],
            ["sum(rate(cortex_ruler_write_requests_total{@ruler}[$__rate_interval]))", "writes"],
          ],
        },
        {
          title: "Reading the rules: how long",
          shows: "How long a ruler takes to read its rules from the bucket.",
          bad: "A minute and more: changed rules come late.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le) (rate(cortex_ruler_sync_rules_duration_seconds_bucket{@ruler}[$__rate_interval])))",
              "99 of 100 within",
            ],
          ],
        },
      ],
    },
    {
      title: "Alerts on their way",
      panels: [
        {
          title: "Notifications",
          shows: "Alerts in a second that rulers hand over, by tenant.",
          unit: "ops",
          kind: "stacked",
          ask: [
            [
              'sum by (user) (rate(cortex_prometheus_notifications_sent_total{@ruler, user=~"$tenant"}[$__rate_interval]))',
              "{{user}}",
            ],
          ],
        },
        {
          title: "Notifications that did not arrive",
          shows: "Alerts in a second that rulers could not hand over, and those that they dropped.",
          bad: "Any.",
          unit: "ops",
          ask: [
            [
              "sum(rate(cortex_prometheus_notifications_errors_total{@ruler}[$__rate_interval])) or vector(0)",
              "failed",
            ],
            [
              "sum(rate(cortex_prometheus_notifications_dropped_total{@ruler}[$__rate_interval])) or vector(0)",
              "dropped",
            ],
          ],
        },
        {
          title: "Notifications that wait",
          shows: "Alerts that wait in rulers, as a share of what the queue holds.",
          bad: "A climb: Alertmanager does not answer.",
          unit: "percentunit",
          ask: [
            [
              "max by (user) (sum by (namespace, pod, user) (cortex_prometheus_notifications_queue_length{@ruler}) / on (namespace, pod, user) cortex_prometheus_notifications_queue_capacity{@ruler})",
              "{{user}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Own alertmanager",
      panels: [
        {
          title: "Own alertmanager: alerts",
          shows: "Alerts that Mimir's alertmanager holds, by tenant.",
          unit: "short",
          kind: "stacked",
          ask: [
            [
              'max by (user) (sum by (pod, user) (cortex_alertmanager_alerts{@alertmanager, user=~"$tenant"}))',
              "{{user}}",
            ],
          ],
        },
        {
          title: "Own alertmanager: notifications",
          shows: "Notifications in a second, and those that fail, by kind of receiver.",
          bad: "Any that fail.",
          unit: "ops",
          ask: [
            [
              "sum by (integration) (rate(cortex_alertmanager_notifications_total{@alertmanager}[$__rate_interval]))",
              "{{integration}}",
            ],
            [
              "sum by (integration) (rate(cortex_alertmanager_notifications_failed_total{@alertmanager}[$__rate_interval]))",
              "{{integration}} failed",
            ],
          ],
        },
        {
          title: "Own alertmanager: what fails",
          shows: "Failures in a second to read configurations, and to share and keep what was notified.",
          bad: "Any that stay.",
          unit: "ops",
          ask: [
            [
              "sum(rate(cortex_alertmanager_sync_configs_failed_total{@alertmanager}[$__rate_interval]))",
              "read configurations",
            ],
            [
              "sum(rate(cortex_alertmanager_state_replication_failed_total{@alertmanager}[$__rate_interval]))",
              "share with the other pod",
            ],
            ["sum(rate(cortex_alertmanager_state_persist_failed_total{@alertmanager}[$__rate_interval]))", "keep"],
            [
              "sum(rate(cortex_alertmanager_partial_state_merges_failed_total{@alertmanager}[$__rate_interval]))",
              "take from the other pod",
            ],
          ],
        },
        {
          title: "Own alertmanager: tenants by pod",
          shows: "Tenants that each pod notifies for.",
          bad: "A pod with none while others have some.",
          unit: "short",
          ask: [["max by (pod) (cortex_alertmanager_tenants_owned{@alertmanager})", "{{pod}}"]],
        },
      ],
    },
    resources("ruler|alertmanager"),
  ],
};
