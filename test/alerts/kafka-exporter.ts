import type { AlertCases } from "../lib/alerts.ts";

const exporter = 'app="kafka-exporter",workload="server",namespace="observability",pod="kafka-exporter-1"';
const labels = { namespace: "observability", topic: "mimir" };
const partition = (of: number): string => `${exporter},topic="mimir",partition="${of}"`;
const group = `${partition(0)},consumergroup="ingester-0"`;

const unread = `kafka_consumergroup_uncommitted_offsets{${group}}`;
const current = `kafka_topic_partition_current_offset{${partition(0)}}`;
const oldest = `kafka_topic_partition_oldest_offset{${partition(0)}}`;
const partitions = `kafka_topic_partitions{${exporter},topic="mimir"}`;
const leader = (of: number): string => `kafka_topic_partition_leader{${partition(of)}}`;
const lacking = `kafka_topic_partition_under_replicated_partition{${partition(1)}}`;

export const cases: AlertCases = {
  KafkaPartitionsWithoutLeader: [
    {
      name: "one of two",
      labels: { severity: "critical", ...labels },
      fires: { [partitions]: 2, [leader(0)]: 0 },
      silent: { [partitions]: 2, [leader(0)]: 0, [leader(1)]: 2 },
    },
    {
      name: "all of them",
      labels: { severity: "critical", ...labels },
      fires: { [partitions]: 1 },
      silent: { [partitions]: 1, [leader(0)]: 0 },
    },
  ],
  KafkaUnreadNearlyDeleted: [
    {
      labels: { severity: "critical", consumergroup: "ingester-0", partition: "0", ...labels },
      fires: { [unread]: 600, [current]: 2000, [oldest]: 1000 },
      silent: { [unread]: 450, [current]: 2000, [oldest]: 1000 },
    },
    {
      name: "nothing has been deleted yet",
      labels: { severity: "critical", consumergroup: "ingester-0", partition: "0", ...labels },
      fires: { [unread]: 1000, [current]: 1001, [oldest]: 1 },
      silent: { [unread]: 1000, [current]: 1000, [oldest]: 0 },
    },
  ],
  KafkaGroupBehind: [
    {
      labels: { severity: "warning", consumergroup: "ingester-0", ...labels },
      fires: { [unread]: 20000, [current]: "10/s" },
      silent: { [unread]: 17000, [current]: "10/s" },
    },
    {
      name: "a group that has never read",
      labels: { severity: "warning", consumergroup: "ingester-0", ...labels },
      fires: { [unread]: 20000, [current]: "10/s" },
      silent: { [unread]: -1, [current]: "10/s" },
    },
  ],
  KafkaCopiesMissing: { labels: { severity: "warning", ...labels }, fires: { [lacking]: 1 }, silent: { [lacking]: 0 } },
  KafkaUnseen: {
    labels: { severity: "warning", namespace: "observability" },
    fires: { [`up{${exporter}}`]: 1 },
    silent: { [`up{${exporter}}`]: 1, [partitions]: 8 },
  },
};
