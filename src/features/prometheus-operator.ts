import { scrapeIntervalSeconds } from "../components/prometheus.ts";
import { podMonitor, prometheusRule } from "../core/derive/monitors.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { rulesConfig } from "../core/model/monitoring.ts";
import type { Place } from "../core/model/places.ts";
import { thanosSidecar } from "./thanos-sidecar.ts";

/**
 * The operator's Prometheus, in a namespace whose owner says so. Its pods are known by the label
 * that the operator gives them (`makeSelectorLabels` in pkg/prometheus/server/operator.go of
 * 0.92.0). What has metrics serves them beside its API, so no pod of any other namespace is let in.
 */
const operated: Place = {
  name: "prometheus-operator",
  peers: [
    {
      namespaceSelector: { matchLabels: { "kube-lgtm.io/prometheus": "true" } },
      podSelector: { matchLabels: { "app.kubernetes.io/managed-by": "prometheus-operator" } },
    },
  ],
};

/** Roles that features add to the pods of another role. A port that no pod has is no target. */
const guests = [thanosSidecar].flatMap(({ joins = [] }) => joins);

/** The scrape jobs and rules of each base as objects of prometheus-operator. */
export const prometheusOperator: Feature = {
  name: "prometheus-operator",
  changesFor: "each base",
  reshape(base, { allowFrom }) {
    const { component, monitoringConfigs } = base;
    const own = Object.values(component.roles);
    const roles = [...own, ...guests.filter(({ beside }) => own.includes(beside)).map(({ role }) => role)];
    const rules = monitoringConfigs.filter(({ name }) => name === rulesConfig(component.name));
    for (const role of roles) for (const { port } of role.metrics) allowFrom(operated, role, port);
    const added = [podMonitor(component.name, roles, scrapeIntervalSeconds), prometheusRule(component.name, rules)];
    const objects = added.filter((object) => object !== undefined);
    return objects.length > 0 ? { ...base, objects: [...base.objects, ...objects] } : base;
  },
};
