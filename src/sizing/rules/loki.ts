import type { DriverName } from "../drivers.ts";
import { type Need, per, type Rules } from "../rule.ts";
import { assumed, pages, published, type Source } from "../sources.ts";

/** TB a day of upstream's three tiers: the first at its end, "3-30TB/day" at the middle of the two on a logarithmic scale. */
const tiers = [3, 10, 30] as const;

const totals = (what: string): Source =>
  published(
    pages.lokiSize,
    `${what} of the tiers up to 3, 3 to 30 and 30 TB a day, with three copies; the second is taken at 10 TB a day`,
  );
const tier = (all: readonly [number, number, number], source: Source, of: DriverName = "logs"): readonly Need[] => [
  { of, points: tiers.map((at, i) => [at, all[i] as number]), times: [], source },
];
const cpu = (...all: readonly [number, number, number]): readonly Need[] => tier(all, totals("total CPU requests"));
const memory = (...all: readonly [number, number, number]): readonly Need[] =>
  tier(all, totals("total memory requests"));

const onePattern = assumed("a pattern ingester takes what one of three ingesters takes, because it keeps one copy");
const gateway = assumed("nginx passes 50 MB a second on with one core and 100 Mi");
const cache = (size: string): Source =>
  published(pages.lokiChart, `${size} in one pod with 500m; taken at the end of the first tier, 3 TB a day`);

/** Pods are as large as those of upstream's first tier, or its second where that wastes less. */
export const loki: Rules = {
  loki: {
    gateway: {
      pod: { cpu: 1, memory: 0.5 },
      cpu: [per("logRate", 50, 1, gateway)],
      memory: [per("logRate", 50, 0.1, gateway)],
    },
    distributor: { pod: { cpu: 2, memory: 1 }, cpu: cpu(8, 80, 200), memory: memory(2, 40, 100) },
    ingester: {
      pod: { cpu: 2, memory: 4, disk: 100 },
      cpu: cpu(12, 180, 600),
      memory: memory(24, 540, 1200),
      disk: [
        per("logRate", 5, 15, published(pages.lokiWal, "10-15 GB for an ingester that takes 5 MB a second"), "copies"),
      ],
    },
    "pattern-ingester": {
      pod: { cpu: 2, memory: 4 },
      cpu: tier([4, 60, 200], onePattern),
      memory: tier([8, 180, 400], onePattern),
    },
    "query-frontend": { pod: { cpu: 1, memory: 2 }, cpu: cpu(2, 8, 16), memory: memory(4, 16, 64) },
    querier: { pod: { cpu: 1.5, memory: 2 }, cpu: cpu(10, 150, 375), memory: memory(10, 200, 750) },
    "query-scheduler": { pod: { cpu: 1, memory: 0.5 }, cpu: cpu(2, 2, 4), memory: memory(1, 1, 1) },
    "index-gateway": {
      pod: { cpu: 0.5, memory: 2, disk: 50 },
      cpu: cpu(2, 5, 20),
      memory: memory(8, 40, 80),
      disk: tier(
        [200, 500, 1000],
        published(pages.lokiIndexGatewayDisk, "50 Gi for each; as many as in the tiers of the page on sizes"),
      ),
    },
    compactor: {
      cpu: cpu(2, 6, 6),
      memory: memory(10, 20, 40),
      disk: [per("logs", 3, 10, published(pages.lokiCompactorDisk, "10 Gi; taken at 3 TB a day"))],
    },
  },
  "loki-cache": {
    chunks: {
      pod: { cpu: 0.5, memory: 10 },
      cpu: [per("logs", 3, 0.5, cache("8192 MB"))],
      memory: [per("logs", 3, 10, cache("8192 MB and a fifth more"))],
    },
    results: {
      pod: { cpu: 0.5, memory: 1.25 },
      cpu: [per("logs", 3, 0.5, cache("1024 MB"))],
      memory: [per("logs", 3, 1.25, cache("1024 MB and a fifth more"))],
    },
  },
};
