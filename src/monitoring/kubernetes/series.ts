import { clusterLabel } from "../../core/derive/queries.ts";

/*
 * Series of Kubernetes that pages and rules both ask for. `of` are further matchers, each with a
 * comma before it.
 */

const selector = (metric: string, job: string, matchers: readonly string[]): string =>
  `${metric}{${[`job="${job}"`, ...matchers].join(", ")}}`;

/** Of the objects of the cluster, by kube-state-metrics. */
export const ksm = (metric: string, ...matchers: readonly string[]): string =>
  selector(metric, "kube-state-metrics", matchers);
/** Of containers, by the kubelets. */
export const cadvisor = (metric: string, ...matchers: readonly string[]): string =>
  selector(metric, "cadvisor", matchers);

/** What a page's reader chose. */
export const clusters = `${clusterLabel}=~"$cluster"`;
export const namespaces = `namespace=~"$namespace", ${clusters}`;

/** Volumes that nobody can write to are full for good. */
const readOnly = ksm("kube_persistentvolumeclaim_access_mode", 'access_mode="ReadOnlyMany"');
const claimShare = (of: string, left: string, size: string): string =>
  `min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_${left}{job="kubelet"${of}}) / min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_${size}{job="kubelet"${of}} > 0) unless on (namespace, persistentvolumeclaim) ${readOnly} == 1`;
/** What is left of each claim's volume: 0 to 1. */
export const claimFree = (of: string): string => claimShare(of, "available_bytes", "capacity_bytes");
/** What is left of each volume's room for files. */
export const claimInodesFree = (of: string): string => claimShare(of, "inodes_free", "inodes");

/** The share of periods in which a container reached its limit of CPU. */
export const throttled = (of: string, range: string): string =>
  `sum by (namespace, pod, container) (rate(container_cpu_cfs_throttled_periods_total{job="cadvisor", container!=""${of}}[${range}])) / (sum by (namespace, pod, container) (rate(container_cpu_cfs_periods_total{job="cadvisor", container!=""${of}}[${range}])) > 0)`;

/** The share of answers of the cluster's DNS that say that it could not find out. */
export const dnsFailed = (of: string, range: string): string =>
  `sum by (namespace) (rate(coredns_dns_responses_total{job="coredns", rcode="SERVFAIL"${of}}[${range}])) / sum by (namespace) (rate(coredns_dns_responses_total{job="coredns"${of}}[${range}]))`;
/** How long the slowest one of a hundred answers takes, by zone. */
export const dnsSlowest = (of: string, range: string): string =>
  `histogram_quantile(0.99, sum by (namespace, zone, le) (rate(coredns_dns_request_duration_seconds_bucket{job="coredns"${of}}[${range}])))`;
