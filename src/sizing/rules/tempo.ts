import { type Need, per, type Rules } from "../rule.ts";
import { assumed, pages, published, type Source } from "../sources.ts";

const size = (says: string): Source => published(pages.tempoSize, says);
const jsonnet = (says: string): Source =>
  published(pages.tempoJsonnet, `${says}, without a volume; taken at 10 MB a second`);

/** Upstream's range without a volume: its lower end at 10 MB a second, its upper end at 100. */
const between = (low: number, high: number, source: Source): readonly Need[] => [
  {
    of: "spans",
    points: [
      [10, low],
      [100, high],
    ],
    times: [],
    source,
  },
];

const perDistributor = size("1 replica of 2 cores and 2 GB per 10 MB a second");
const perLiveStore = size("1 replica of 1 core and 4-20 GB per 6-10 MB a second; the lower ends are taken");
const perBlockBuilder = size(
  "1 replica of 0.5 cores and 5-10 GB a partition; a partition for each live-store of a zone",
);
const perQuerier = size("1 replica of 4-20 GB per 1-2 MB a second; 4 GB per 2 MB are taken");
const perFrontend = size("4-20 GB; taken at 10 and at 100 MB a second");
const perScheduler = size("0.5 cores and 1-2 GB; taken at 10 and at 100 MB a second");
const perWorker = assumed("a backend-worker of 0.5 cores and 1 GB, upstream's size, for each 10 MB a second");
const cached = jsonnet("3 pods of 1024 MB");

export const tempo: Rules = {
  tempo: {
    distributor: {
      pod: { cpu: 2, memory: 2 },
      cpu: [per("spans", 10, 2, perDistributor)],
      memory: [per("spans", 10, 2, perDistributor)],
    },
    "live-store": {
      pod: { cpu: 1, memory: 4, disk: 35 },
      cpu: [per("spans", 6, 1, perLiveStore, "copies")],
      memory: [per("spans", 6, 4, perLiveStore, "copies")],
      disk: [
        per(
          "spans",
          1,
          3.6,
          published(pages.tempoMigration, "the last 30 minutes to 1 hour; an hour is taken"),
          "copies",
        ),
      ],
    },
    "block-builder": {
      pod: { cpu: 0.5, memory: 5, disk: 10 },
      cpu: [per("spans", 6, 0.5, perBlockBuilder)],
      memory: [per("spans", 6, 5, perBlockBuilder)],
      disk: [per("spans", 1, 0.6, assumed("a block-builder holds ten minutes of spans: two of its default cycles"))],
    },
    "metrics-generator": {
      pod: { cpu: 0.5, memory: 1 },
      cpu: [per("spans", 10, 0.5, jsonnet("500m and 1 Gi"))],
      memory: [per("spans", 10, 1, jsonnet("500m and 1 Gi"))],
    },
    "query-frontend": {
      cpu: [per("spans", 10, 0.5, jsonnet("500m"))],
      memory: between(4, 20, perFrontend),
    },
    querier: {
      pod: { cpu: 0.5, memory: 4 },
      cpu: [per("spans", 2, 0.5, jsonnet("500m for each querier"))],
      memory: [per("spans", 2, 4, perQuerier)],
    },
    "backend-scheduler": { cpu: between(0.5, 0.5, perScheduler), memory: between(1, 2, perScheduler) },
    "backend-worker": {
      pod: { cpu: 0.5, memory: 1 },
      cpu: [per("spans", 10, 0.5, perWorker)],
      memory: [per("spans", 10, 1, perWorker)],
    },
  },
  "tempo-cache": {
    server: { pod: { cpu: 0.5, memory: 1.25 }, memory: [per("spans", 10, 3.75, cached)] },
    pages: { pod: { cpu: 0.5, memory: 1.25 }, memory: [per("spans", 10, 3.75, cached)] },
  },
};
