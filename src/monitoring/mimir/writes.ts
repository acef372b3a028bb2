import type { Page } from "../../core/model/monitoring.ts";
import { red, resources } from "../shapes.ts";
import { pushes } from "./queries.ts";

/** What tells ingesters' own requests: distributors call them where there is no Kafka. */
const ingests = '@ingester, route="/cortex.Ingester/Push"';

export const writes: Page = {
  uid: "mimir-writes",
  title: "Mimir: writes",
  question: "Do samples arrive in Mimir, how fast, and which are refused on the way?",
  rows: [
    {
      title: "At the entrance",
      panels: [
        ...red({ title: "Write requests", histogram: "cortex_request_duration_seconds", matchers: pushes }),
        {
          title: "Write requests: how their time is spread",
          shows: "Write requests by the time that they take.",
          bad: "A band that moves up, or a second one above the first.",
          kind: "heatmap",
          unit: "s",
          ask: [[`sum by (le) (rate(cortex_request_duration_seconds_bucket{${pushes}}[$__rate_interval]))`, "{{le}}"]],
        },
        {
          title: "Samples: how many arrive",
          shows: "Samples in a second, by tenant, after copies of a pair of senders are taken out.",
          bad: "A fall that nobody planned.",
          kind: "stacked",
          unit: "cps",
          ask: [
            [
              "sum by (user) (rate(cortex_distributor_received_samples_total{@distributor}[$__rate_interval]))",
              "{{user}}",
            ],
          ],
        },
        {
          title: "Samples: how many are refused",
          shows: "Samples in a second that Mimir refuses for ever, by reason.",
          bad: "Any: they are lost. The page of tenants shows whose they are.",
          kind: "stacked",
          unit: "cps",
          alert: "MimirSamplesRefused",
          opens: { page: "mimir-tenants" },
          ask: [
            [
              "sum by (reason) (rate(cortex_discarded_samples_total{@distributor|ingester}[$__rate_interval])) or 0 * sum(rate(cortex_distributor_received_samples_total{@distributor}[$__rate_interval]))",
              "{{reason}}",
            ],
          ],
        },
      ],
    },
    {
      title: "How full it is",
      panels: [
        {
          title: "Write requests under way",
          shows: "Requests that each distributor works on at this moment.",
          bad: "A number that climbs: what takes samples is slower than what sends them.",
          unit: "short",
          ask: [["sum by (pod) (cortex_distributor_inflight_push_requests{@distributor})", "{{pod}}"]],
        },
        {
          title: "Share of the pods' limits",
          shows: "What each pod does at once, or holds, as a share of what it is allowed to.",
          bad: "Above 0.8: at 1 it refuses.",
          unit: "percentunit",
          alert: "MimirNearInstanceLimit",
          ask: [
            [
              'max by (pod) (cortex_distributor_inflight_push_requests{@distributor} / on (namespace, pod) (cortex_distributor_instance_limits{@distributor, limit="max_inflight_push_requests"} > 0))',
              "{{pod}} requests to distributors",
            ],
            [
              'max by (pod) (cortex_ingester_inflight_push_requests{@ingester} / on (namespace, pod) (cortex_ingester_instance_limits{@ingester, limit="max_inflight_push_requests"} > 0))',
              "{{pod}} requests to ingesters",
            ],
          ],
        },
        {
          title: "Requests that pods refuse to protect themselves",
          shows: "Requests in a second that a distributor or ingester refuses, by limit.",
          bad: "Any: senders try again, which adds load.",
          unit: "reqps",
          ask: [
            [
              "sum by (reason) (rate(cortex_distributor_instance_rejected_requests_total{@distributor}[$__rate_interval]))",
              "distributor {{reason}}",
            ],
            [
              "sum by (reason) (rate(cortex_ingester_instance_rejected_requests_total{@ingester}[$__rate_interval]))",
              "ingester {{reason}}",
            ],
          ],
        },
        {
          title: "Copies left out",
          shows: "Samples in a second of the second Prometheus of a pair, which Mimir leaves out.",
          bad: "None with two Prometheus: then everything is stored twice, or one of them does not send.",
          unit: "cps",
          ask: [
            [
              "sum by (user) (rate(cortex_distributor_deduped_samples_total{@distributor}[$__rate_interval])) or 0 * sum by (user) (rate(cortex_distributor_received_samples_total{@distributor}[$__rate_interval]))",
              "{{user}}",
            ],
          ],
        },
        {
          title: "Changes of the chosen Prometheus",
          shows: "How often since the point before Mimir chose the other Prometheus of a pair.",
          bad: "More than one at a time: both come and go, and samples are lost at each change.",
          kind: "bars",
          unit: "short",
          ask: [
            [
              "sum by (user, cluster) (increase(cortex_ha_tracker_elected_replica_changes_total{@distributor}[$__rate_interval]))",
              "{{user}} {{cluster}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Ingesters",
      panels: [
        {
          title: "Ingesters: pushes by status",
          shows: "Requests of distributors to ingesters in a second.",
          bad: "Any status but OK.",
          kind: "stacked",
          unit: "reqps",
          modes: ["monolithic", "scalable"],
          ask: [
            [
              `sum by (status_code) (rate(cortex_request_duration_seconds_count{${ingests}}[$__rate_interval]))`,
              "{{status_code}}",
            ],
          ],
        },
        {
          title: "Ingesters: how long a push takes",
          shows: "How long the slowest one of a hundred pushes to an ingester takes, and the median.",
          bad: "Tenths of a second: the disk or the CPU is too slow.",
          unit: "s",
          modes: ["monolithic", "scalable"],
          ask: [
            [
              `histogram_quantile(0.99, sum by (le) (rate(cortex_request_duration_seconds_bucket{${ingests}}[$__rate_interval])))`,
              "99 of 100 within",
            ],
            [
              `histogram_quantile(0.5, sum by (le) (rate(cortex_request_duration_seconds_bucket{${ingests}}[$__rate_interval])))`,
              "median",
            ],
          ],
        },
        {
          title: "Samples: how many ingesters take",
          shows: "Samples in a second that ingesters keep, and those that they fail to.",
          bad: "Failures beside the refused samples above.",
          unit: "cps",
          ask: [
            ["sum by (pod) (rate(cortex_ingester_ingested_samples_total{@ingester}[$__rate_interval]))", "{{pod}}"],
            [
              "sum by (pod) (rate(cortex_ingester_ingested_samples_failures_total{@ingester}[$__rate_interval]))",
              "{{pod}} failed",
            ],
          ],
        },
        {
          title: "Series in memory",
          shows: "Series that each ingester holds. Memory and CPU grow with them.",
          bad: "A climb that does not end with the next block, within two hours.",
          unit: "short",
          ask: [["sum by (pod) (cortex_ingester_memory_series{@ingester})", "{{pod}}"]],
        },
        {
          title: "Series that come and go",
          shows: "Series in a second that ingesters begin, and those that they drop.",
          bad: "Many that begin all the time: a label changes with each roll-out or request.",
          unit: "cps",
          ask: [
            ["sum(rate(cortex_ingester_memory_series_created_total{@ingester}[$__rate_interval]))", "begin"],
            ["sum(rate(cortex_ingester_memory_series_removed_total{@ingester}[$__rate_interval]))", "end"],
          ],
        },
        {
          title: "Exemplars in memory",
          shows: "Links from samples to traces that ingesters hold.",
          bad: "None: panels have no way to traces.",
          unit: "short",
          ask: [["sum by (pod) (cortex_ingester_tsdb_exemplar_exemplars_in_storage{@ingester})", "{{pod}}"]],
        },
      ],
    },
    resources("distributor|ingester"),
  ],
};
