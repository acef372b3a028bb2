import type { Monitoring } from "../core/model/monitoring.ts";
import { alerts } from "./mimir/alerts.ts";
import { queries } from "./mimir/cost.ts";
import { asks, pushes } from "./mimir/queries.ts";
import { queue } from "./mimir/queue.ts";
import { reads } from "./mimir/reads.ts";
import { rulesPage } from "./mimir/rules.ts";
import { storage } from "./mimir/storage.ts";
import { tenants } from "./mimir/tenants.ts";
import { writes } from "./mimir/writes.ts";

const failed = 'status_code=~"5.."';
const count = (matchers: string): string =>
  `sum by (namespace) (rate(cortex_request_duration_seconds_count{${matchers}}[$range]))`;

/** Pages and rules about Mimir. */
export const monitoring: Monitoring = {
  folder: "Metrics",
  pages: [writes, reads, queries, rulesPage, storage, queue, tenants],
  rules: {
    slis: [
      {
        signal: "metrics",
        way: "writes",
        failed: count(`${pushes}, ${failed}`),
        all: count(pushes),
        page: "mimir-writes",
      },
      { signal: "metrics", way: "reads", failed: count(`${asks}, ${failed}`), all: count(asks), page: "mimir-reads" },
    ],
    alerts,
  },
};
