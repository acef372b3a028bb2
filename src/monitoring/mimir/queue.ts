import type { Page } from "../../core/model/monitoring.ts";

const delay = (quantile: number, phase: string): string =>
  `histogram_quantile(${quantile}, sum by (pod, le) (rate(cortex_ingest_storage_reader_receive_delay_seconds_bucket{@ingester, phase="${phase}"}[$__rate_interval])))`;

export const queue: Page = {
  uid: "mimir-queue",
  title: "Mimir: Kafka between distributors and ingesters",
  question: "Does what distributors write into Kafka reach ingesters, in time and whole?",
  modes: ["microservices"],
  rows: [
    {
      title: "Into Kafka",
      panels: [
        {
          title: "Distributors: writes",
          shows: "Write requests to partitions in a second, by outcome.",
          bad: "Any failure: senders are refused.",
          kind: "stacked",
          unit: "reqps",
          ask: [
            [
              "sum by (outcome) (rate(cortex_ingest_storage_writer_latency_seconds_count{@distributor}[$__rate_interval]))",
              "{{outcome}}",
            ],
          ],
        },
        {
          title: "Distributors: records that fail",
          shows: "Records in a second that Kafka did not take, by reason.",
          bad: "Any.",
          unit: "cps",
          ask: [
            [
              "sum by (reason) (rate(cortex_ingest_storage_writer_produce_records_failed_total{@distributor}[$__rate_interval])) or 0 * sum(rate(cortex_ingest_storage_writer_produce_records_enqueued_total{@distributor}[$__rate_interval]))",
              "{{reason}}",
            ],
          ],
        },
        {
          title: "Distributors: how long a write takes",
          shows: "How long the slowest one of a hundred writes to Kafka takes, and the median.",
          bad: "A second and more: a broker is slow.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (le) (rate(cortex_ingest_storage_writer_latency_seconds_bucket{@distributor}[$__rate_interval])))",
              "99 of 100 within",
            ],
            [
              "histogram_quantile(0.5, sum by (le) (rate(cortex_ingest_storage_writer_latency_seconds_bucket{@distributor}[$__rate_interval])))",
              "median",
            ],
          ],
        },
        {
          title: "Distributors: bytes written",
          shows: "Bytes in a second that distributors send to Kafka.",
          unit: "Bps",
          kind: "stacked",
          ask: [
            [
              "sum by (pod) (rate(cortex_ingest_storage_writer_sent_bytes_total{@distributor}[$__rate_interval]))",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Distributors: buffer before Kafka",
          shows: "The fullest that the buffer of each distributor was within a minute, as a share of its size.",
          bad: "Above 0.5: Kafka is too slow. At 1 writes fail.",
          unit: "percentunit",
          alert: "MimirProducerBufferFull",
          ask: [
            [
              'max by (pod) (cortex_ingest_storage_writer_buffered_produce_bytes_distribution{@distributor, quantile="1"}) / max by (pod) (cortex_ingest_storage_writer_buffered_produce_bytes_limit{@distributor} > 0)',
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Partitions and their readers",
          shows: "Partitions that distributors write to, by state, and partitions that some ingester reads.",
          bad: "Fewer that are read than active ones: nobody takes their samples.",
          unit: "short",
          alert: "MimirPartitionWithoutReader",
          ask: [
            ['max by (state) (cortex_partition_ring_partitions{@all, name="ingester-partitions"})', "{{state}}"],
            ["count(count by (partition) (cortex_ingest_storage_reader_last_consumed_offset{@ingester}))", "read"],
          ],
        },
      ],
    },
    {
      title: "From Kafka into ingesters",
      panels: [
        {
          title: "From Kafka to the ingester: how long",
          shows: "How long after it was written a record reaches an ingester: the slowest one of a hundred.",
          bad: "Above 30 seconds: queries lack the newest samples.",
          unit: "s",
          alert: "MimirIngesterBehind",
          ask: [
            [delay(0.99, "running"), "{{pod}}"],
            [delay(0.99, "starting"), "{{pod}} while it starts"],
          ],
        },
        {
          title: "Records that wait in the ingester",
          shows: "Records that an ingester has fetched and not yet taken in.",
          bad: "A number that stays the same: it hangs.",
          unit: "short",
          ask: [["sum by (pod) (cortex_ingest_storage_reader_buffered_fetched_records{@ingester})", "{{pod}}"]],
        },
        {
          title: "Batches taken in, and failed",
          shows: "Batches of samples that ingesters take in, in a second, and those that fail, by whose fault.",
          bad: "Any that fail by the server's fault: the ingester tries them again and does nothing else.",
          unit: "reqps",
          ask: [
            ["sum(rate(cortex_ingest_storage_reader_requests_total{@ingester}[$__rate_interval]))", "taken in"],
            [
              "sum by (cause) (rate(cortex_ingest_storage_reader_requests_failed_total{@ingester}[$__rate_interval]))",
              "failed: {{cause}}",
            ],
          ],
        },
        {
          title: "How far each partition is read",
          shows: "Records of each partition in a second that its ingesters take in.",
          bad: "A partition that stands still.",
          unit: "cps",
          ask: [
            [
              "max by (pod, partition) (deriv(cortex_ingest_storage_reader_last_consumed_offset{@ingester}[5m]))",
              "{{pod}} partition {{partition}}",
            ],
          ],
        },
        {
          title: "Records skipped",
          shows: "Records since the point before that an ingester never got.",
          bad: "Any: they are lost to this ingester.",
          kind: "bars",
          unit: "short",
          alert: "MimirRecordsMissed",
          ask: [
            [
              "sum by (pod) (increase(cortex_ingest_storage_reader_missed_records_total{@ingester}[$__rate_interval]))",
              "{{pod}}",
            ],
          ],
        },
        {
          title: "Kafka: reads that fail",
          shows: "Fetches in a second that Kafka refuses, and connections that break.",
          bad: "Any that stay.",
          unit: "ops",
          ask: [
            [
              "sum by (pod) (rate(cortex_ingest_storage_reader_fetch_errors_total{@ingester}[$__rate_interval]))",
              "{{pod}} refused",
            ],
            [
              "sum by (pod) (rate(cortex_ingest_storage_reader_read_errors_total{@ingester}[$__rate_interval]))",
              "{{pod}} broken",
            ],
          ],
        },
        {
          title: "Kafka: commits that fail",
          shows: "Notes of how far an ingester has read, in a second, and those that fail.",
          bad: "Any that stay: the next start takes longer.",
          unit: "ops",
          ask: [
            [
              "sum(rate(cortex_ingest_storage_reader_offset_commit_requests_total{@ingester}[$__rate_interval]))",
              "all",
            ],
            [
              "sum(rate(cortex_ingest_storage_reader_offset_commit_failures_total{@ingester}[$__rate_interval]))",
              "failed",
            ],
          ],
        },
        {
          title: "Reads that wait for the newest samples",
          shows:
            "Reads in a second that wait until ingesters have read what was written before, and those that give up.",
          bad: "Any that give up: rules fail.",
          unit: "reqps",
          alert: "MimirStrongReadsFailing",
          ask: [
            [
              "sum by (component) (rate(cortex_ingest_storage_strong_consistency_requests_total{@all}[$__rate_interval]))",
              "{{component}}",
            ],
            [
              "sum by (component) (rate(cortex_ingest_storage_strong_consistency_failures_total{@all}[$__rate_interval]))",
              "{{component}} gave up",
            ],
          ],
        },
        {
          title: "How long such reads wait",
          shows: "How long the slowest one of a hundred such reads waits.",
          bad: "More than some seconds.",
          unit: "s",
          ask: [
            [
              "histogram_quantile(0.99, sum by (component, le) (rate(cortex_ingest_storage_strong_consistency_wait_duration_seconds_bucket{@all}[$__rate_interval])))",
              "{{component}}",
            ],
          ],
        },
      ],
    },
  ],
};
