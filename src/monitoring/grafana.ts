import type { Monitoring } from "../core/model/monitoring.ts";

/** The page that Grafana opens with, and what is about Grafana itself. */
export const monitoring: Monitoring = {
  folder: "Overview",
  pages: [
    {
      uid: "overview",
      title: "Overview",
      question: "Is my telemetry arriving, is it readable, and what fails?",
      rows: [
        {
          title: "Signals",
          panels: [
            {
              title: "Requests",
              shows: "Requests in a second at the entrance of each signal.",
              bad: "A signal that is gone.",
              unit: "reqps",
              ask: [
                ['sum by (signal, way) (kube_lgtm:requests:rate5m{namespace=~"$namespace"})', "{{signal}} {{way}}"],
              ],
            },
          ],
        },
      ],
    },
  ],
};
