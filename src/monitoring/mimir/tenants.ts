import type { Page } from "../../core/model/monitoring.ts";

const user = 'user=~"$tenant"';
/** Each sample is in as many ingesters as the replication factor says; with Kafka, in each zone's. */
const copies = "on () group_left () max(cortex_distributor_replication_factor{@distributor})";
const series = `sum by (user) (cortex_ingester_active_series{@ingester, ${user}}) / ${copies}`;

export const tenants: Page = {
  uid: "mimir-tenants",
  title: "Mimir: tenants",
  question: "Who sends and asks how much, how close is each tenant to its limits, and whose samples are refused?",
  variables: [
    {
      name: "tenant",
      label: "Tenant",
      values: { of: "cortex_ingester_memory_series_created_total{@ingester}", label: "user" },
    },
  ],
  rows: [
    {
      title: "What tenants send",
      panels: [
        {
          title: "Samples, by tenant",
          shows: "Samples in a second that each tenant sends and Mimir takes.",
          bad: "A tenant that sends nothing, or twice as much as yesterday.",
          kind: "stacked",
          unit: "cps",
          ask: [
            [
              `sum by (user) (rate(cortex_distributor_received_samples_total{@distributor, ${user}}[$__rate_interval]))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Samples refused, by reason",
          shows: "Samples in a second that are refused for ever, by tenant and reason.",
          bad: "Any: they are lost.",
          unit: "cps",
          alert: "MimirSamplesRefused",
          ask: [
            [
              `sum by (user, reason) (rate(cortex_discarded_samples_total{@distributor|ingester, ${user}}[$__rate_interval])) or 0 * sum by (user) (rate(cortex_distributor_samples_in_total{@distributor, ${user}}[$__rate_interval]))`,
              "{{user}} {{reason}}",
            ],
          ],
        },
        {
          title: "Requests, by tenant",
          shows: "Write requests in a second, by tenant.",
          unit: "reqps",
          kind: "stacked",
          ask: [
            [
              `sum by (user) (rate(cortex_distributor_received_requests_total{@distributor, ${user}}[$__rate_interval]))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Bytes, by tenant",
          shows: "Bytes of samples in a second, by tenant.",
          unit: "Bps",
          kind: "stacked",
          ask: [
            [
              `sum by (user) (rate(cortex_distributor_received_bytes_total{@distributor, ${user}}[$__rate_interval]))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Exemplars, by tenant",
          shows: "Links from samples to traces in a second, by tenant.",
          unit: "cps",
          ask: [
            [
              `sum by (user) (rate(cortex_distributor_received_exemplars_total{@distributor, ${user}}[$__rate_interval]))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Samples without the labels of a pair",
          shows: "Samples in a second that do not say which Prometheus of a pair sent them.",
          bad: "Samples of a pair among these: both copies are kept, and refused as duplicates.",
          unit: "cps",
          ask: [
            [
              `sum by (user) (rate(cortex_distributor_non_ha_samples_received_total{@distributor, ${user}}[$__rate_interval])) or 0 * sum by (user) (rate(cortex_distributor_samples_in_total{@distributor, ${user}}[$__rate_interval]))`,
              "{{user}}",
            ],
          ],
        },
      ],
    },
    {
      title: "What tenants keep",
      panels: [
        {
          title: "Series, by tenant",
          shows: "Series of each tenant that got a sample within twenty minutes, each counted once.",
          bad: "A tenant that grows without an end.",
          kind: "stacked",
          unit: "short",
          ask: [[series, "{{user}}"]],
        },
        {
          title: "Series of the limit",
          shows: "Series of each tenant in each ingester, as a share of what it may have there.",
          bad: "Close to 1: new series are refused.",
          unit: "percentunit",
          ask: [
            [
              `max by (user) (cortex_ingester_active_series{@ingester, ${user}} / on (namespace, pod, user) max by (namespace, pod, user) (cortex_ingester_local_limits{@ingester, limit="max_global_series_per_user", ${user}}))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Samples of the limit",
          shows: "Samples of a second, as a share of the tenant's `ingestion_rate`.",
          bad: "Close to 1: more is refused.",
          unit: "percentunit",
          ask: [
            [
              `sum by (user) (rate(cortex_distributor_received_samples_total{@distributor, ${user}}[$__rate_interval])) / (max by (user) (cortex_limits_overrides{@overrides-exporter, limit_name="ingestion_rate", ${user}}) or on (user) 0 * sum by (user) (rate(cortex_distributor_received_samples_total{@distributor, ${user}}[$__rate_interval])) + on () group_left () max(cortex_limits_defaults{@overrides-exporter, limit_name="ingestion_rate"}))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Blocks, by tenant",
          shows: "Blocks of each tenant in the bucket.",
          bad: "A climb without end: nothing is compacted or deleted.",
          kind: "stacked",
          unit: "short",
          ask: [[`max by (user) (cortex_bucket_blocks_count{@compactor, ${user}})`, "{{user}}"]],
        },
        {
          title: "Limits: are they read?",
          shows: "Whether each pod could read the file of limits the last time, and how many differ.",
          bad: "0: the pod goes by the former file. More than one file: pods disagree.",
          unit: "short",
          ask: [
            ["min by (pod) (cortex_runtime_config_last_reload_successful{@all})", "{{pod}}"],
            ["count(count by (sha256) (cortex_runtime_config_hash{@all}))", "different files"],
          ],
        },
      ],
    },
    {
      title: "What tenants ask",
      panels: [
        {
          title: "Queries, by tenant",
          shows: "Queries in a second, by tenant and kind.",
          unit: "reqps",
          kind: "stacked",
          ask: [
            [
              `sum by (user, op) (rate(cortex_query_frontend_queries_total{@query-frontend, ${user}}[$__rate_interval]))`,
              "{{user}} {{op}}",
            ],
          ],
        },
        {
          title: "Samples read, by tenant",
          shows: "Samples in a second that queries of each tenant go through.",
          bad: "One tenant that reads most.",
          unit: "cps",
          kind: "stacked",
          ask: [
            [
              `sum by (user) (rate(cortex_query_samples_processed_total{@query-frontend, ${user}}[$__rate_interval]))`,
              "{{user}}",
            ],
          ],
        },
        {
          title: "Rules, by tenant",
          shows: "Rules that each tenant has Mimir evaluate.",
          unit: "short",
          kind: "stacked",
          ask: [[`sum by (user) (cortex_prometheus_rule_group_rules{@ruler, ${user}})`, "{{user}}"]],
        },
      ],
    },
    {
      title: "The largest",
      panels: [
        {
          title: "Tenants by series",
          shows: "The twenty tenants with most series.",
          kind: "table",
          unit: "short",
          width: 12,
          ask: [[`topk(20, ${series})`, "{{user}}"]],
        },
        {
          title: "Tenants by samples",
          shows: "The twenty tenants that send most samples in a second.",
          kind: "table",
          unit: "cps",
          width: 12,
          ask: [
            [
              `topk(20, sum by (user) (rate(cortex_distributor_received_samples_total{@distributor, ${user}}[$__rate_interval])))`,
              "{{user}}",
            ],
          ],
        },
      ],
    },
  ],
};
