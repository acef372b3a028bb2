import * as loki from "../components/loki.ts";
import * as mimir from "../components/mimir.ts";
import * as prometheus from "../components/prometheus.ts";
import * as tempo from "../components/tempo.ts";
import * as thanosReceive from "../components/thanos-receive.ts";
import * as thanos from "../components/thanos.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { zoneLabel } from "../core/derive/pod.ts";

/** A rule that calls a target's job after these labels. */
const job = (source_labels: readonly string[], regex: string, replacement: string): object => ({
  source_labels,
  regex,
  target_label: "job",
  replacement,
});
const place = ["namespace", "workload"] as const;

/** Workloads of several roles, which no mixin knows: "all", and the tiers of `scalable`. */
const several = "all|write|read|backend";

/** "observability/distributor", and of a zone "observability/live-store-zone-a". */
const byRole: readonly object[] = [
  job(place, "(.+);(.+)", "$1/$2"),
  job(["job", `__meta_kubernetes_pod_label_${zoneLabel.replaceAll(/\W/g, "_")}`], "(.+);(.+)", "$1-$2"),
];

/**
 * What each component's mixin calls its jobs: config.libsonnet of loki-mixin, tempo-mixin and
 * mimir-mixin (where "mimir" is every role), and of thanos-mixin.
 */
const named: Readonly<Record<string, readonly object[]>> = {
  [loki.loki.name]: [
    ...byRole,
    job(place, "(.+);all", "$1/loki"),
    job(place, "(.+);(write|read|backend)", "$1/loki-$2"),
  ],
  [tempo.tempo.name]: [...byRole, job(place, "(.+);all", "$1/tempo")],
  [mimir.mimir.name]: [...byRole, job(place, `(.+);(${several})`, "$1/mimir")],
  [thanos.thanos.name]: [job(["workload"], "(.+)", "thanos-$1")],
  [thanosReceive.thanosReceive.name]: [job(["workload"], "(.+)", "thanos-receive-$1")],
};

interface Job {
  readonly job_name: string;
  readonly relabel_configs: readonly object[];
}

/** The label `job` as the community's dashboards and alerts have it. Nothing of the bundle goes by it. */
export const mixinLabels: Feature = {
  name: "mixin-labels",
  changes: prometheus.prometheus,
  build(_, bases) {
    const config = bases
      .find(({ component }) => component === prometheus.prometheus)
      ?.configs.find(({ name }) => name === prometheus.scrapeFiles.config);
    const { scrape_configs } = config?.files?.[prometheus.scrapeFiles.stack] as { scrape_configs: readonly Job[] };
    return {
      configPatches: [
        {
          name: prometheus.scrapeFiles.config,
          read: "runtime",
          files: {
            [prometheus.scrapeFiles.stack]: {
              scrape_configs: scrape_configs.map((one) => ({
                ...one,
                relabel_configs: [...one.relabel_configs, ...(named[one.job_name] ?? [])],
              })),
            },
          },
        },
      ],
    };
  },
};
