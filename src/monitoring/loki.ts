import type { Monitoring } from "../core/model/monitoring.ts";
import { alerts } from "./loki/alerts.ts";
import { logs } from "./loki/logs.ts";
import { maintenance, pushes, questions, reads, writes } from "./loki/pages.ts";

const rate = (matchers: string): string =>
  `sum by (namespace) (rate(loki_request_duration_seconds_count{${matchers}}[$range]))`;

/** What Loki is asked, what it keeps, and how one reads it. */
export const monitoring: Monitoring = {
  folder: "Logs",
  pages: [logs, writes, reads, maintenance],
  rules: {
    slis: [
      {
        signal: "logs",
        way: "writes",
        failed: rate(`${pushes}, status_code=~"5.."`),
        all: rate(pushes),
        page: "loki-writes",
      },
      {
        signal: "logs",
        way: "reads",
        failed: rate(`${questions}, status_code=~"5.."`),
        all: rate(questions),
        page: "loki-reads",
      },
    ],
    alerts,
  },
};
