import { per, type Rule, type Rules } from "../rule.ts";
import { pages, published, type Source } from "../sources.ts";

const capacity = (says: string): Source => published(pages.mimirCapacity, says);
const large = (says: string): Source => published(pages.mimirLarge, says);

const perSamples = capacity("1 core and 1 GB every 25,000 samples a second");
const perSeries = capacity("1 core, 2.5 GB and 5 GB of disk for every 300,000 series in memory");
const perQueries = capacity("1 core and 1 GB for every 10 queries a second");
const perFrontendQueries = capacity("1 core and 1 GB for every 250 queries a second");
const perScheduledQueries = capacity("1 core and 100 MB for every 500 queries a second");
const perStoreQueries = capacity(
  "1 core and 1 GB every 10 queries a second, of which a tenth reaches the store-gateway",
);
const perYear = capacity("13 GB of disk every million series, for a retention of a year and three copies");
const perCompactor = capacity("1 core, 4 GB and 300 GB of disk every 20 million series");
const perProxied = large("3 pods of 1 core and 512 Mi for 660,000 samples a second");

/** Rules of programs that hold a Prometheus TSDB or ask one are Mimir's, too. */
export const distributor = {
  pod: { cpu: 2, memory: 4 },
  cpu: [per("samplesSent", 25_000, 1, perSamples)],
  memory: [per("samplesSent", 25_000, 1, perSamples)],
} as const satisfies Rule;
export const ingester = {
  pod: { cpu: 3.5, memory: 8, disk: 50 },
  cpu: [per("series", 300_000, 1, perSeries, "copies")],
  memory: [per("series", 300_000, 2.5, perSeries, "copies")],
  disk: [per("series", 300_000, 5, perSeries, "copies")],
} as const satisfies Rule;
export const querier = {
  pod: { cpu: 2, memory: 6 },
  cpu: [per("queries", 10, 1, perQueries)],
  memory: [per("queries", 10, 1, perQueries)],
} as const satisfies Rule;
export const queryFrontend = {
  pod: { cpu: 2, memory: 2 },
  cpu: [per("queries", 250, 1, perFrontendQueries)],
  memory: [per("queries", 250, 1, perFrontendQueries)],
} as const satisfies Rule;

/** Three pods at one and at ten million series; memcached has a fifth more than its items (the chart's own factor). */
export const cache = (podMemory: number, atMillion: number, atTenMillion: number, says: string): Rule => ({
  pod: { cpu: 0.5, memory: podMemory },
  memory: [
    {
      of: "series",
      points: [
        [1e6, atMillion],
        [10e6, atTenMillion],
      ],
      times: [],
      source: published(
        pages.mimirChart,
        `${says}; three pods at one and at ten million series (small.yaml, large.yaml)`,
      ),
    },
  ],
});

/** Pods are as large as those of the chart's large.yaml, which is for ten million series. */
export const mimir: Rules = {
  mimir: {
    gateway: {
      pod: { cpu: 1, memory: 0.5 },
      cpu: [per("samplesSent", 660_000, 3, perProxied)],
      memory: [per("samplesSent", 660_000, 1.5, perProxied)],
    },
    distributor,
    ingester,
    "query-frontend": queryFrontend,
    querier,
    "query-scheduler": {
      pod: { cpu: 1, memory: 0.5 },
      cpu: [per("queries", 500, 1, perScheduledQueries)],
      memory: [per("queries", 500, 0.1, perScheduledQueries)],
    },
    "store-gateway": {
      pod: { cpu: 1, memory: 6, disk: 50 },
      cpu: [per("queries", 10, 1, perStoreQueries)],
      memory: [per("queries", 10, 1, perStoreQueries)],
      disk: [per("seriesYears", 1e6, 13, perYear)],
    },
    compactor: {
      pod: { cpu: 1, memory: 4, disk: 450 },
      cpu: [per("series", 20e6, 1, perCompactor)],
      memory: [per("series", 20e6, 4, perCompactor)],
      disk: [per("series", 20e6, 300, perCompactor)],
    },
  },
  "mimir-cache": {
    chunks: cache(10, 30, 30, "8192 MB"),
    index: cache(2.5, 7.5, 7.5, "2048 MB"),
    metadata: cache(0.625, 1.875, 1.875, "512 MB"),
    results: cache(1.25, 1.875, 3.75, "512 MB, at ten million series 1024 MB"),
  },
};
