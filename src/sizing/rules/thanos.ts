import { always, type Need, per, type Rule, type Rules } from "../rule.ts";
import { assumed, pages, published } from "../sources.ts";
import * as mimir from "./mimir.ts";

/** Thanos publishes no figures here; where its role does the work of one of Mimir's on the same TSDB, that one's are taken. */
const likeMimir = (name: string, needs: readonly Need[] = []): readonly Need[] =>
  needs.map((need) => ({ ...need, source: assumed(`as Mimir's ${name}: ${need.source.says}`) }));
const like = (name: string, { pod, cpu, memory, disk }: Rule): Rule => ({
  pod,
  cpu: likeMimir(name, cpu),
  memory: likeMimir(name, memory),
  disk: disk && likeMimir(name, disk),
});

const likeCache = (name: string, ...cache: Parameters<typeof mimir.cache>): Rule =>
  like(`${name} cache`, mimir.cache(...cache));

const queried = assumed("as Mimir's querier: 1 core and 1 GB for every 10 queries a second");
const index = assumed(
  "index headers as Mimir's store-gateway: 13 GB every million series kept for a year in three copies",
);
const blocks = published(
  pages.thanosCompact,
  "twice two weeks of blocks in the worst case; 2 bytes a sample (https://prometheus.io/docs/prometheus/latest/storage/)",
);
const memoryOfCompactor = published(pages.thanosCompact, "10 GB of memory where 100 GB of disk are enough");

const router = like("distributor", mimir.distributor);
/** Nobody takes one of a pair's samples away, as Mimir's distributors do; and blocks stay a day instead of 13 hours. */
const ingester: Rule = {
  pod: mimir.ingester.pod,
  cpu: likeMimir("ingester", mimir.ingester.cpu).map((need) => ({ ...need, of: "seriesSent" })),
  memory: likeMimir("ingester", mimir.ingester.memory).map((need) => ({ ...need, of: "seriesSent" })),
  disk: [
    per(
      "seriesSent",
      300_000,
      10,
      assumed("twice Mimir's 5 GB of disk for every 300,000 series, because blocks stay twice as long"),
      "copies",
    ),
  ],
};

export const thanos: Rules = {
  thanos: {
    query: like("querier", mimir.querier),
    "query-frontend": like("query-frontend", mimir.queryFrontend),
    // Every query asks all of them; only in zones each has a share of the blocks.
    store: {
      pod: { cpu: 2, memory: 6, disk: 50 },
      shared: "in a zone",
      cpu: [per("queries", 10, 1, queried, "zones")],
      memory: [per("queries", 10, 1, queried, "zones")],
      disk: [per("seriesYears", 3e6, 13, index, "copies", "zones")],
    },
    compact: {
      cpu: [
        always("samplesSent", 1, published(pages.thanosCompact, "as many cores as compact.concurrency, which is 1")),
      ],
      memory: [per("samplesSent", 100_000, 48, memoryOfCompactor)],
      disk: [per("samplesSent", 100_000, 484, blocks)],
    },
  },
  "thanos-cache": {
    chunks: likeCache("chunks", 10, 30, 30, "8192 MB"),
    index: likeCache("index", 2.5, 7.5, 7.5, "2048 MB"),
    results: likeCache("results", 1.25, 1.875, 3.75, "512 MB, at ten million series 1024 MB"),
  },
  "thanos-receive": {
    router,
    ingester,
    server: {
      cpu: [...(router.cpu ?? []), ...(ingester.cpu ?? [])],
      memory: [...(router.memory ?? []), ...(ingester.memory ?? [])],
      disk: ingester.disk,
    },
  },
};
