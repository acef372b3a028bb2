import type { AlertCases } from "./alerts.ts";

/** Cases of the alerts of one back end's caches. */
export function cacheCases(owner: string, title: string, workload: string): AlertCases {
  const pod = `${owner}-cache-${workload}-0`;
  const all = `app="${owner}-cache",workload="${workload}",namespace="observability",pod="${pod}"`;
  const labels = { severity: "warning", namespace: "observability", workload };
  const connections = (kind: string): string => `memcached_${kind}_connections{${all}}`;
  return {
    [`${title}CacheDown`]: {
      labels: { ...labels, pod },
      fires: { [`memcached_up{${all}}`]: 0 },
      silent: { [`memcached_up{${all}}`]: 1 },
    },
    [`${title}CacheConnectionsFull`]: {
      labels: { ...labels, pod },
      fires: { [connections("current")]: 13200, [connections("max")]: 16384 },
      silent: { [connections("current")]: 13000, [connections("max")]: 16384 },
    },
    [`${title}CacheOutOfMemory`]: {
      labels,
      fires: { [`memcached_item_no_memory_total{${all}}`]: "1/s" },
      silent: { [`memcached_item_no_memory_total{${all}}`]: 7 },
    },
  };
}
