import type { IPodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import type { IPrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import type { Manifest } from "../kubernetes/manifest.ts";
import type { Config } from "../model/component.ts";
import type { Role } from "../model/roles.ts";
import { isTable } from "../util/values.ts";
import { componentLabels } from "./labels.ts";
import { type Endpoint, endpoints, mutedBy, request, targetLabels } from "./scrape.ts";

type Spec<T extends { readonly spec?: unknown }> = NonNullable<T["spec"]>;
type PodEndpoint = Spec<IPodMonitor>["podMetricsEndpoints"][number];

/** As a file has it: without what is undefined. */
const written = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** "source_labels" of Prometheus's own configuration is "sourceLabels" in the operator's objects. */
const inObjects = (rules: readonly object[]): NonNullable<PodEndpoint["relabelings"]> =>
  rules.map((rule) =>
    Object.fromEntries(
      Object.entries(rule).map(([key, value]) => [key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), value]),
    ),
  );

/** What the operator labels each target of a PodMonitor with before the monitor's own rules. */
const operatorsOwn = { action: "labeldrop", regex: "container|endpoint|namespace|pod" } as const;

const podEndpoint = (endpoint: Endpoint, interval: string): PodEndpoint => {
  const { port, relabel } = endpoint.metrics;
  const { scheme, metrics_path: path, honor_labels: honorLabels } = request(endpoint);
  const job = { targetLabel: "job", replacement: endpoint.job };
  return {
    port,
    path,
    scheme,
    interval,
    honorLabels,
    relabelings: [operatorsOwn, job, ...inObjects(targetLabels(endpoint))],
    metricRelabelings: relabel && inObjects(relabel),
  };
};

/** One of those that are equal. */
const distinct = <T>(values: readonly T[]): T[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

/**
 * The scrape jobs of a component's roles, for the Prometheus of prometheus-operator: the same
 * targets with the same labels. Undefined if none has metrics.
 * @param roles all roles of the component, and those that share pods with them
 * @param everySeconds ranges in pages and rules fit it, whatever is the default of that Prometheus
 * https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
 */
export function podMonitor(component: string, roles: readonly Role[], everySeconds: number): Manifest | undefined {
  const found = roles.flatMap(endpoints);
  if (found.length === 0) return undefined;
  const mute = mutedBy(
    found,
    roles.filter(({ metrics }) => metrics.length === 0),
  );
  return written({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: component, labels: componentLabels(component) },
    spec: {
      selector: {
        matchLabels: componentLabels(component),
        matchExpressions:
          mute.length > 0
            ? [{ key: "app.kubernetes.io/component", operator: "NotIn", values: mute.map(({ name }) => name) }]
            : undefined,
      },
      podMetricsEndpoints: distinct(found.map((endpoint) => podEndpoint(endpoint, `${everySeconds}s`))),
    } satisfies Spec<IPodMonitor>,
  } satisfies IPodMonitor & Manifest);
}

/** The rule files of these ConfigMaps as one object. Undefined if they have no groups. */
export function prometheusRule(component: string, configs: readonly Config[]): Manifest | undefined {
  const groups = configs.flatMap(({ name, files = {} }) =>
    Object.entries(files).flatMap(([file, content]) => {
      if (isTable(content) && Array.isArray(content["groups"]))
        return written(content as { readonly groups: Groups }).groups;
      throw new Error(`${name}/${file} is no table with "groups". Give it to the ConfigMap as data, not as text.`);
    }),
  );
  if (groups.length === 0) return undefined;
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: component, labels: componentLabels(component) },
    spec: { groups: [...groups] },
  } satisfies IPrometheusRule & Manifest;
}
type Groups = NonNullable<Spec<IPrometheusRule>["groups"]>;
