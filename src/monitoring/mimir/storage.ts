import type { Page } from "../../core/model/monitoring.ts";
import { resources } from "../shapes.ts";
import { since } from "./queries.ts";

export const storage: Page = {
  uid: "mimir-storage",
  title: "Mimir: storage and rings",
  question:
    "Do samples get from ingesters' disks into the bucket, are blocks compacted and deleted, and do pods agree?",
  rows: [
    {
      title: "Object store",
      panels: [
        {
          title: "Object store: operations",
          shows: "Operations on the bucket in a second, by the part of Mimir that asks.",
          unit: "ops",
          kind: "stacked",
          ask: [
            [
              "sum by (component) (rate(thanos_objstore_bucket_operations_total{@all}[$__rate_interval]))",
              "{{component}}",
            ],
          ],
        },
        {
          title: "Object store: failed",
          shows: "The share of operations that failed, by part and kind.",
          bad: "Anything that stays above zero.",
          unit: "percentunit",
          alert: "MimirObjectStoreFailing",
          ask: [
            [
              "sum by (component, operation) (rate(thanos_objstore_bucket_operation_failures_total{@all}[$__rate_interval])) / (sum by (component, operation) (rate(thanos_objstore_bucket_operations_total{@all}[$__rate_interval])) > 0) or 0 * sum by (component) (rate(thanos_objstore_bucket_operations_total{@all}[$__rate_interval]))",
              "{{component}} {{operation}}",
            ],
          ],
        },
        {
          title: "Object store: how long",
          shows: "How long the slowest one of a hundred operations takes, by kind.",
          bad: "Seconds for `get_range`: queries wait for it.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (operation, le) (rate(thanos_objstore_bucket_operation_duration_seconds_bucket{@all}[$__rate_interval])))",
              "{{operation}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Ingesters: from memory to the bucket",
      panels: [
        {
          title: "Ingesters: last block in the bucket",
          shows: "Time since each ingester uploaded its last block, or since it started.",
          bad: "More than four hours while samples arrive: they are on one disk alone.",
          unit: "s",
          alert: "MimirIngesterNotShipping",
          ask: [[since("cortex_ingester_shipper_last_successful_upload_timestamp_seconds", "ingester"), "{{pod}}"]],
        },
        {
          title: "Ingesters: blocks that wait",
          shows: "How long the oldest finished block of an ingester has waited for its upload.",
          bad: "An hour: uploads fail.",
          unit: "s",
          alert: "MimirBlocksWaitForUpload",
          ask: [
            [
              "time() - min by (pod) (cortex_ingester_oldest_unshipped_block_timestamp_seconds{@ingester} > 0) or 0 * max by (pod) (cortex_ingester_oldest_unshipped_block_timestamp_seconds{@ingester})",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Ingesters: what fails in their databases",
          shows: "Failures of ingesters since the point before, to write, cut, tidy up and upload.",
          bad: "Any: most often the disk is full.",
          kind: "bars",
          unit: "short",
          alert: "MimirHeadCompactionFailing",
          ask: [
            [
              "sum(increase(cortex_ingester_tsdb_wal_writes_failed_total{@ingester}[$__rate_interval]))",
              "write to the log",
            ],
            [
              "sum(increase(cortex_ingester_tsdb_wal_corruptions_total{@ingester}[$__rate_interval]))",
              "damage in the log",
            ],
            [
              "sum(increase(cortex_ingester_tsdb_compactions_failed_total{@ingester}[$__rate_interval]))",
              "cut a block",
            ],
            [
              "sum(increase(cortex_ingester_tsdb_head_truncations_failed_total{@ingester}[$__rate_interval]))",
              "free memory",
            ],
            [
              "sum(increase(cortex_ingester_tsdb_wal_truncations_failed_total{@ingester}[$__rate_interval]))",
              "shorten the log",
            ],
            [
              "sum(increase(cortex_ingester_tsdb_checkpoint_creations_failed_total{@ingester}[$__rate_interval]))",
              "make a checkpoint",
            ],
            [
              "sum(increase(cortex_ingester_tsdb_checkpoint_deletions_failed_total{@ingester}[$__rate_interval]))",
              "delete a checkpoint",
            ],
            ["sum(increase(cortex_ingester_shipper_upload_failures_total{@ingester}[$__rate_interval]))", "upload"],
          ],
        },
        {
          title: "Ingesters: how long it takes to cut a block",
          shows: "How long the slowest one of a hundred compactions of memory takes.",
          bad: "Many minutes: the ingester is short of CPU meanwhile.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le) (rate(cortex_ingester_tsdb_compaction_duration_seconds_bucket{@ingester}[$__rate_interval])))",
              "99 of 100 within",
            ],
          ],
        },
        {
          title: "How far ahead the newest sample is",
          shows: "How far the newest sample of each ingester is ahead of now, or behind.",
          bad: "Ahead by minutes: a sender's clock is wrong. Behind by minutes: samples arrive late.",
          unit: "s",
          alert: "MimirSamplesFromTheFuture",
          ask: [["max by (pod) (cortex_ingester_tsdb_head_max_timestamp_seconds{@ingester} > 0) - time()", "{{pod}}"]],
        },
        {
          title: "Memory maps of the node's limit",
          shows: "Files that a process maps into memory, as a share of what its node allows.",
          bad: "Above 0.8: at 1 the process crashes.",
          unit: "percentunit",
          alert: "MimirMemoryMapsRunOut",
          ask: [
            [
              "max by (pod) (process_memory_map_areas{@ingester|store-gateway} / process_memory_map_areas_limit{@ingester|store-gateway})",
              "{{pod}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Store-gateways",
      panels: [
        {
          title: "Store-gateways: last look at the bucket",
          shows: "Time since each store-gateway read the list of blocks, or since it started.",
          bad: "Three times `blocksSyncInterval`: queries will miss blocks.",
          unit: "s",
          alert: "MimirStoreGatewayNotSynced",
          ask: [
            [since("cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds", "store-gateway"), "{{pod}}"],
          ],
        },
        {
          title: "Store-gateways: blocks",
          shows: "Blocks that each store-gateway answers for.",
          bad: "A pod with none beside others with many.",
          unit: "short",
          ask: [["sum by (pod) (cortex_bucket_store_blocks_loaded{@store-gateway})", "{{pod}}"]],
        },
        {
          title: "Blocks that queries read, by level",
          shows: "Blocks in a second that queries read. Level 1 is straight from ingesters, higher ones are compacted.",
          bad: "Many of level 1: compactors are behind.",
          unit: "cps",
          kind: "stacked",
          ask: [
            [
              "sum by (level) (rate(cortex_bucket_store_series_blocks_queried_sum{@store-gateway}[$__rate_interval]))",
              "level {{level}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Compactors",
      panels: [
        {
          title: "Compactors: last run",
          shows: "Time since the last run that went well, or since the process started.",
          bad: "Six hours: runs fail or take too long.",
          unit: "s",
          alert: "MimirCompactionLate",
          ask: [[since("cortex_compactor_last_successful_run_timestamp_seconds", "compactor"), "{{pod}}"]],
        },
        {
          title: "Compactors: runs",
          shows: "Runs since the point before that began, ended well, or failed.",
          bad: "Any that failed.",
          unit: "short",
          ask: [
            ["sum(increase(cortex_compactor_runs_started_total{@compactor}[$__rate_interval]))", "began"],
            ["sum(increase(cortex_compactor_runs_completed_total{@compactor}[$__rate_interval]))", "ended well"],
            [
              'sum(increase(cortex_compactor_runs_failed_total{@compactor, reason="error"}[$__rate_interval]))',
              "failed",
            ],
          ],
        },
        {
          title: "Compactors: last clean-up",
          shows: "Time since what is too old was last deleted, or since the process started.",
          bad: "Six hours: the bucket grows, and the list of blocks is old.",
          unit: "s",
          alert: "MimirRetentionNotRun",
          ask: [
            [since("cortex_compactor_block_cleanup_last_successful_run_timestamp_seconds", "compactor"), "{{pod}}"],
          ],
        },
        {
          title: "Age of the lists of blocks",
          shows: "Time since the list of a tenant's blocks was written.",
          bad: "An hour: queries of the tenant fail.",
          unit: "s",
          alert: "MimirBucketIndexStale",
          ask: [
            [
              "time() - max by (user) (cortex_bucket_index_last_successful_update_timestamp_seconds{@compactor})",
              "{{user}}",
            ],
          ],
        },
        {
          title: "Blocks in the bucket",
          shows: "Blocks of all tenants, those marked for deletion, and those without all of their files.",
          bad: "A climb without end: nothing is compacted or deleted.",
          unit: "short",
          ask: [
            ["sum(max by (namespace, user) (cortex_bucket_blocks_count{@compactor}))", "all"],
            [
              "sum(max by (namespace, user) (cortex_bucket_blocks_marked_for_deletion_count{@compactor}))",
              "marked for deletion",
            ],
            ["sum(max by (namespace, user) (cortex_bucket_blocks_partials_count{@compactor}))", "without all files"],
          ],
        },
        {
          title: "Compactors: blocks marked",
          shows: "Blocks marked since the point before: to be deleted, by reason, and to be left as they are.",
          bad: "Any to be left as they are: see the compactor's log.",
          kind: "bars",
          unit: "short",
          ask: [
            [
              "sum by (reason) (increase(cortex_compactor_blocks_marked_for_deletion_total{@compactor}[$__rate_interval]))",
              "delete: {{reason}}",
            ],
            [
              "sum by (reason) (increase(cortex_compactor_blocks_marked_for_no_compaction_total{@compactor}[$__rate_interval]))",
              "leave: {{reason}}",
            ],
          ],
        },
      ],
    },
    {
      title: "Rings and gossip",
      panels: [
        {
          title: "Ring members that are not active",
          shows: "Members of each ring that join, leave, wait, or do not answer.",
          bad: "Any for longer than a restart takes.",
          unit: "short",
          alert: "MimirRingMemberUnhealthy",
          ask: [
            [
              'max by (name, state) (cortex_ring_members{@all, state!="ACTIVE"}) > 0 or 0 * max by (name) (cortex_ring_members{@all})',
              "{{name}} {{state}}",
            ],
          ],
        },
        {
          title: "Members by gossip",
          shows: "How many members each pod of Mimir gossips with.",
          bad: "Pods that differ: they have fallen apart.",
          unit: "short",
          ask: [["max by (pod) (memberlist_client_cluster_members_count{@all})", "{{pod}}"]],
        },
      ],
    },
    resources("ingester|store-gateway|compactor"),
  ],
};
