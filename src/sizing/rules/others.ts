import { always, per, type Rules } from "../rule.ts";
import { assumed, pages, published } from "../sources.ts";

const head = assumed(
  "as Mimir's ingester, which holds the same TSDB: 1 core, 2.5 GB and 5 GB of disk every 300,000 series",
);
const relayed = assumed("Alloy passes 5 MB of spans a second (10,000 spans of 500 bytes) on with one core and 512 Mi");
const buffered = published(
  pages.kafkaHardware,
  "30 seconds of writes in memory; twice that here, because half of it is the heap",
);

export const others: Rules = {
  prometheus: {
    server: {
      cpu: [per("series", 300_000, 1, head)],
      memory: [per("series", 300_000, 2.5, head)],
      disk: [
        per("series", 300_000, 5, head),
        per(
          "samplesKept",
          1,
          2,
          published(pages.prometheusStorage, "retention x samples a second x 1-2 bytes; 2 are taken"),
        ),
      ],
    },
  },
  // Its number is that of the members of its quorum; each holds a copy of everything.
  kafka: {
    server: {
      cpu: [per("queue", 20, 1, assumed("a broker takes 20 MB a second with one core, its copies' included"))],
      memory: [
        always("queue", 1, assumed("1 Gi, half of it heap, for a broker without traffic")),
        per("queue", 1, 0.06, buffered),
      ],
      disk: [per("queueKept", 1, 1, assumed("arithmetic: MB a second x seconds of retention, a copy on each broker"))],
    },
  },
  "alloy-gateway": {
    server: {
      pod: { cpu: 2, memory: 1 },
      cpu: [per("spans", 5, 1, relayed)],
      memory: [per("spans", 5, 0.5, relayed)],
    },
  },
  minio: {
    server: { disk: [per("objects", 1, 1, assumed("arithmetic: what the components keep at full retention"))] },
  },
};
