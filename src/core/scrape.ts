import { partOf } from "./objects.ts";
import type { Role, Workload } from "./plan.ts";
import { isRole, type Wiring } from "./wiring.ts";

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/**
 * Prometheus scrape jobs of the roles that `scraper` finds, in the order of their names.
 * @param silent roles without metrics: where one has pods of its own, they are no targets, whatever their ports are called
 */
export function scrapeJobs(scraper: Role, wiring: Wiring, silent: readonly Role[]): readonly object[] {
  const found = wiring.connections().filter(({ from, to, via }) => from === scraper && via === "member" && isRole(to));
  const targets = found.map(({ to, port }) => ({ role: to as Role, port: port as string }));
  return unique(targets.map(({ role }) => jobOf(role)))
    .sort()
    .map((job) => {
      const own = targets.filter(({ role }) => jobOf(role) === job);
      const { home } = own[0]?.role as Role;
      const components = unique(own.map(({ role }) => role.component)).sort();
      const ports = unique(own.map(({ port }) => port)).sort();
      const mute = silent.filter(
        (role) => components.includes(role.component) && ports.some((port) => port in role.ports),
      );
      return {
        job_name: job,
        metrics_path: own[0]?.role.metrics?.path,
        honor_labels: own[0]?.role.metrics?.honorLabels,
        kubernetes_sd_configs: [
          {
            role: "pod",
            namespaces: home === "stack" ? { own_namespace: true } : undefined,
            selectors: [
              {
                role: "pod",
                label: Object.entries(partOf)
                  .map(([k, v]) => `${k}=${v}`)
                  .join(","),
              },
            ],
          },
        ],
        relabel_configs: [
          keep(["__meta_kubernetes_pod_label_app_kubernetes_io_name"], components.join("|")),
          keep(["__meta_kubernetes_pod_container_port_name"], ports.join("|")),
          ...(mute.length > 0 ? [drop([componentLabel], mute.map(({ name }) => name).join("|"))] : []),
          ...processIdentity,
        ],
      };
    });
}

/** The same jobs where there is nobody to ask for pods: every role with metrics among these workloads, by name. */
export function staticJobs(workloads: readonly Workload[]): readonly object[] {
  const targets = workloads.flatMap(({ fullName, name: component, roles }) =>
    roles.flatMap((role) =>
      role.metrics
        ? [{ job: jobOf(role), role, target: `${fullName}:${role.ports[role.metrics.port]}`, labels: { component } }]
        : [],
    ),
  );
  return unique(targets.map(({ job }) => job))
    .sort()
    .map((job) => {
      const own = targets.filter((one) => one.job === job);
      const each = new Map(own.map(({ target, labels }) => [target, { targets: [target], labels }]));
      return {
        job_name: job,
        metrics_path: own[0]?.role.metrics?.path,
        honor_labels: own[0]?.role.metrics?.honorLabels,
        static_configs: [...each.values()],
      };
    });
}

const jobOf = ({ component, metrics }: Role): string => metrics?.job ?? component;

const componentLabel = "__meta_kubernetes_pod_label_app_kubernetes_io_component";
const keep = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "keep" });
const drop = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "drop" });
const copy = (source: string, target_label: string): object => ({ source_labels: [source], target_label });

const labels = {
  namespace: copy("__meta_kubernetes_namespace", "namespace"),
  pod: copy("__meta_kubernetes_pod_name", "pod"),
  container: copy("__meta_kubernetes_pod_container_name", "container"),
  node: copy("__meta_kubernetes_pod_node_name", "node"),
  component: copy(componentLabel, "component"),
} as const;

/** Labels that say which pod a sample is from. */
export const podIdentity: readonly object[] = [labels.namespace, labels.pod, labels.node];
/** And which of the stack's processes. */
const processIdentity: readonly object[] = Object.values(labels);
