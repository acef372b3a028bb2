import type { Monitoring } from "../core/model/monitoring.ts";
import { resources } from "./shapes.ts";

const by = "namespace, topic, partition";
/** Records that a group has not read; -1 where it has never said how far it is. */
const unread = `max by (consumergroup, ${by}) (kafka_consumergroup_uncommitted_offsets{@server} >= 0)`;
const written = (range: string): string =>
  `sum by (${by}) (rate(kafka_topic_partition_current_offset{@server}[${range}]))`;
/** How long it took to write what is not read. */
const behind = (range: string): string => `${unread} / on (${by}) group_left () (${written(range)} > 0)`;
const kept = `max by (${by}) (kafka_topic_partition_current_offset{@server} - kafka_topic_partition_oldest_offset{@server})`;
const hasBegunToDelete = `max by (${by}) (kafka_topic_partition_oldest_offset{@server}) > 0`;
const nearEnd = `${unread} / on (${by}) group_left () (${kept} > 0) and on (${by}) ${hasBegunToDelete}`;
const wanted = "max by (namespace, topic) (kafka_topic_partitions{@server})";
const leaderless = `${wanted} - (count by (namespace, topic) (kafka_topic_partition_leader{@server}) or 0 * ${wanted})`;
const fewCopies = "sum by (namespace, topic) (kafka_topic_partition_under_replicated_partition{@server})";

const group =
  "kubectl -n <namespace> exec kafka-0 -- /opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server localhost:9092";

/** What Kafka carries, of a broker in the cluster or of somebody else. */
export const monitoring: Monitoring = {
  folder: "Platform",
  hidesStart: true,
  pages: [
    {
      uid: "kafka",
      title: "Kafka",
      question: "Do readers keep up with writers, and has each partition its leader and its copies?",
      rows: [
        {
          title: "Readers",
          panels: [
            {
              title: "Behind, in time",
              shows: "How long it took to write what a group has not read yet, of its slowest partition.",
              bad: "Above half an hour: what people ask for is that old.",
              unit: "s",
              alert: "KafkaGroupBehind",
              ask: [[`max by (consumergroup, topic) (${behind("$__rate_interval")})`, "{{consumergroup}} {{topic}}"]],
            },
            {
              title: "Behind, in records",
              shows: "Records that a group has not read yet, of all its partitions.",
              bad: "A number that grows for minutes.",
              unit: "short",
              ask: [
                [
                  "sum by (consumergroup, topic) (kafka_consumergroup_uncommitted_offsets{@server} >= 0)",
                  "{{consumergroup}} {{topic}}",
                ],
              ],
            },
            {
              title: "Of what is kept",
              shows: "Records that a group has not read yet, as a share of those that Kafka still has.",
              bad: "At 1 the next ones are deleted unread.",
              unit: "percentunit",
              max: 1,
              alert: "KafkaUnreadNearlyDeleted",
              ask: [[`max by (consumergroup, topic) (${nearEnd})`, "{{consumergroup}} {{topic}}"]],
            },
            {
              title: "Read",
              shows: "Records in a second that a group has read and said so.",
              bad: "None while records are written.",
              unit: "cps",
              ask: [
                [
                  "sum by (consumergroup, topic) (rate(kafka_consumergroup_current_offset{@server}[$__rate_interval]))",
                  "{{consumergroup}} {{topic}}",
                ],
              ],
            },
            {
              title: "Behind by partition",
              shows: "Records that are not read yet, of the ten partitions that have most.",
              bad: "One far above the others: its reader is stuck, or away.",
              unit: "short",
              ask: [
                [
                  "topk(10, max by (consumergroup, topic, partition) (kafka_consumergroup_uncommitted_offsets{@server} >= 0))",
                  "{{consumergroup}} {{topic}}/{{partition}}",
                ],
              ],
            },
          ],
        },
        {
          title: "Topics",
          panels: [
            {
              title: "Written",
              shows: "Records in a second that are written to a topic.",
              bad: "None, while distributors have requests.",
              unit: "cps",
              ask: [
                ["sum by (topic) (rate(kafka_topic_partition_current_offset{@server}[$__rate_interval]))", "{{topic}}"],
              ],
            },
            {
              title: "Written by partition",
              shows: "Records in a second that are written to each partition.",
              bad: "A partition without records, beside others that have many.",
              unit: "cps",
              ask: [
                [
                  "sum by (topic, partition) (rate(kafka_topic_partition_current_offset{@server}[$__rate_interval]))",
                  "{{topic}}/{{partition}}",
                ],
              ],
            },
            {
              title: "Records kept",
              shows: "Records of a topic that Kafka has, read or not.",
              bad: "A fall: they are deleted by size before their time.",
              unit: "short",
              ask: [
                [
                  "sum by (topic) (kafka_topic_partition_current_offset{@server} - kafka_topic_partition_oldest_offset{@server})",
                  "{{topic}}",
                ],
              ],
            },
            {
              title: "Partitions",
              shows: "Partitions of each topic.",
              bad: "Fewer than there are ingesters or live-stores that own one.",
              unit: "short",
              ask: [["max by (topic) (kafka_topic_partitions{@server})", "{{topic}}"]],
            },
          ],
        },
        {
          title: "Brokers",
          panels: [
            {
              title: "Brokers",
              shows: "Brokers that answer.",
              bad: "Fewer than there should be.",
              unit: "short",
              ask: [["max(kafka_brokers{@server})", "brokers"]],
            },
            {
              title: "Partitions without a leader",
              shows: "Partitions to which no record can be written.",
              bad: "Any: writes fail.",
              unit: "short",
              alert: "KafkaPartitionsWithoutLeader",
              ask: [[leaderless, "{{topic}}"]],
            },
            {
              title: "Partitions without all copies",
              shows: "Partitions of which a broker lacks the newest records.",
              bad: "Any for a quarter of an hour: the next broker that fails takes records along.",
              unit: "short",
              alert: "KafkaCopiesMissing",
              ask: [[fewCopies, "{{topic}}"]],
            },
            {
              title: "Leaders by broker",
              shows: "Partitions that each broker leads.",
              bad: "One broker that leads all of them, beside others.",
              unit: "short",
              // The value is the broker's number.
              ask: [
                [
                  'count_values by (topic) ("broker", kafka_topic_partition_leader{@server})',
                  "{{topic}} broker {{broker}}",
                ],
              ],
            },
            {
              title: "Disks of brokers",
              shows: "Use of the volumes of the brokers in this cluster.",
              bad: "Above 0.85: records are to be deleted by size well before.",
              unit: "percentunit",
              max: 1,
              ask: [
                [
                  'max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{namespace=~"$namespace", persistentvolumeclaim=~"data-kafka-[0-9]+"} / kubelet_volume_stats_capacity_bytes{namespace=~"$namespace", persistentvolumeclaim=~"data-kafka-[0-9]+"})',
                  "{{persistentvolumeclaim}}",
                ],
              ],
            },
          ],
        },
        resources("server"),
      ],
    },
  ],
  rules: {
    alerts: [
      {
        alert: "KafkaPartitionsWithoutLeader",
        severity: "critical",
        ask: leaderless,
        above: 0,
        for: "5m",
        summary: "Partitions of Kafka have no leader.",
        description: "{{ $value }} partitions of the topic {{ $labels.topic }} have no leader.",
        page: "kafka",
        look: ["Partitions without a leader", "Brokers"],
        means:
          "All brokers that have the partition's records are away. A restart of a broker takes two minutes: five are none.",
        notice: "Writes to these partitions fail. Senders try again for some time, then what they send is lost.",
        act: [
          "See which broker is away: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=kafka -o wide`.",
          "Look why: `kubectl -n <namespace> describe pod <pod>`, and its log. A full volume ends a broker.",
          "Bring the same broker back with its volume: a new one has none of the records.",
          "The panel `Partitions without a leader` is at zero again once it has worked.",
        ],
      },
      {
        alert: "KafkaUnreadNearlyDeleted",
        severity: "critical",
        ask: nearEnd,
        above: 0.5,
        for: "30m",
        summary: "Kafka soon deletes records that a group has not read.",
        description:
          "{{ $labels.consumergroup }} has not read {{ $value | humanizePercentage }} of what Kafka has of {{ $labels.topic }}/{{ $labels.partition }}.",
        page: "kafka",
        look: ["Of what is kept", "Behind by partition"],
        means:
          "Kafka deletes by age and size, whether records were read or not. At a half there is about half a day, or half of the volume's share, left. A topic that has deleted nothing yet does not count.",
        notice: "Data of some hours is missing so far. It is lost when Kafka deletes its records.",
        act: [
          "See whether the reader of the partition runs: an ingester of Mimir, a live-store or a block-builder of Tempo.",
          "If it runs and is slow, give it more CPU.",
          "To win time, raise the retention of the topic and the volume of Kafka.",
          `If the group is of a pod that is gone for good, delete it: \`${group} --delete --group <group>\`.`,
        ],
      },
      {
        alert: "KafkaGroupBehind",
        severity: "warning",
        ask: `max by (namespace, consumergroup, topic) (${behind("10m")})`,
        above: 1800,
        for: "15m",
        summary: "A group of readers is half an hour behind the writers of Kafka.",
        description:
          "{{ $labels.consumergroup }} is {{ $value | humanizeDuration }} behind the writers of {{ $labels.topic }}.",
        page: "kafka",
        look: ["Behind, in time", "Read", "Behind by partition"],
        means:
          "The group reads more slowly than others write, or a partition of it has no reader. A block-builder is some minutes behind at all times: it reads a block at once.",
        notice: "Panels end half an hour ago, or the newest traces are missing.",
        act: [
          "Look at `Behind by partition`: one partition is a reader that is stuck, all of them are too few.",
          "Look at the log and the CPU of the reader: an ingester of Mimir, a live-store or a block-builder of Tempo.",
          "After an outage it catches up: then the line falls.",
          `If the group is of a pod that is gone for good, delete it: \`${group} --delete --group <group>\`.`,
        ],
      },
      {
        alert: "KafkaCopiesMissing",
        severity: "warning",
        ask: fewCopies,
        above: 0,
        for: "15m",
        summary: "Partitions of Kafka lack copies.",
        description: "{{ $value }} partitions of the topic {{ $labels.topic }} lack a copy.",
        page: "kafka",
        look: ["Partitions without all copies", "Brokers", "Disks of brokers"],
        means:
          "A broker is away or cannot follow. A roll-out brings each broker back within minutes: a quarter of an hour is no roll-out.",
        notice: "Nothing. If another broker fails, writes stop or records are lost.",
        act: [
          "See which broker is away: `kubectl -n <namespace> get pod -l app.kubernetes.io/name=kafka -o wide`.",
          "If all run, look at their logs, their CPU and their disks: one cannot follow.",
          "Restart no other broker until the panel `Partitions without all copies` is at zero.",
        ],
      },
      {
        alert: "KafkaUnseen",
        severity: "warning",
        ask: "max by (namespace) (up{@server}) unless on (namespace) kafka_topic_partitions{@server}",
        for: "15m",
        summary: "The exporter cannot see Kafka's topics.",
        description: "The exporter of {{ $labels.namespace }} has shown no topic of Kafka for a quarter of an hour.",
        page: "kafka",
        look: ["Brokers", "Partitions"],
        means: "The exporter runs and does not get an answer of Kafka, so no other alert about Kafka can fire.",
        notice: "Nothing, or all writes by Kafka fail: then other alerts fire, too.",
        act: [
          "Look at its log: `kubectl -n <namespace> logs -l app.kubernetes.io/name=kafka-exporter --tail=50`.",
          "Look whether the brokers run. Of a Kafka elsewhere, look at its address and the Secret `kafka-client`.",
          "Restart the exporter if Kafka has new addresses.",
        ],
      },
    ],
  },
};
