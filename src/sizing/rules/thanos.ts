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

const index = assumed(
  "index headers as Mimir's store-gateway: 13 GB every million series kept for a year in three copies",
);
const blocks = published(
  pages.thanosCompact,
  "twice two weeks of blocks in the worst case; 2 bytes a sample (https://prometheus.io/docs/prometheus/latest/storage/)",
);
const memoryOfCompactor = published(pages.thanosCompact, "10 GB of memory where 100 GB of disk are enough");

const router = like("distributor", mimir.distributor);
/** Blocks stay for a day, which Mimir's ingesters keep for 13 hours: twice the disk. */
const ingester: Rule = {
  ...like("ingester", mimir.ingester),
  disk: [
    per(
      "series",
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
    // Each is asked by every query, and what it holds follows from how the blocks are sharded, not from its number.
    store: {
      cpu: likeMimir("querier", mimir.querier.cpu),
      memory: likeMimir("querier", mimir.querier.memory),
      disk: [per("seriesYears", 3e6, 13, index)],
    },
    compact: {
      cpu: [always("samples", 1, published(pages.thanosCompact, "as many cores as compact.concurrency, which is 1"))],
      memory: [per("samples", 100_000, 48, memoryOfCompactor)],
      disk: [per("samples", 100_000, 484, blocks)],
    },
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
