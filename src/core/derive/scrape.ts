import { unique } from "../util/values.ts";
import { partOf } from "./labels.ts";
import { type Metrics, type Role, scheme, type Workload } from "../model/roles.ts";
import { isRole, type Wiring } from "../model/wiring.ts";

/**
 * Prometheus scrape jobs of the roles that `scraper` finds, in the order of their names.
 * @param silent roles without metrics: where one has pods of its own, they are no targets, whatever
 * their ports are called
 */
export function scrapeJobs(scraper: Role, wiring: Wiring, silent: readonly Role[]): readonly object[] {
  const found = wiring.connections().filter(({ from, to, via }) => from === scraper && via === "member" && isRole(to));
  const targets = found.map(({ to, port }) => ({ role: to as Role, port: port as string }));
  return unique(targets.map(({ role }) => jobOf(role)))
    .sort()
    .map((job) => {
      const own = targets.filter(({ role }) => jobOf(role) === job);
      const { namespaceKind } = own[0]?.role as Role;
      const components = unique(own.map(({ role }) => role.component)).sort();
      const ports = unique(own.map(({ port }) => port)).sort();
      const mute = silent.filter(
        (role) => components.includes(role.component) && ports.some((port) => port in role.ports),
      );
      return {
        job_name: job,
        ...common(own.map(({ role }) => role)),
        kubernetes_sd_configs: [
          {
            role: "pod",
            namespaces: namespaceKind === "stack" ? { own_namespace: true } : undefined,
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
          ...identity[own[0]?.role.metrics?.about ?? "process"](job),
        ],
        metric_relabel_configs: own[0]?.role.metrics?.relabel,
      };
    });
}

/**
 * The same jobs where there is nobody to ask for pods: every role with metrics among these
 * workloads, by name.
 */
export function staticJobs(workloads: readonly Workload[]): readonly object[] {
  const targets = workloads.flatMap(({ fullName, name: workload, roles }) =>
    roles.flatMap((role) =>
      role.metrics
        ? [{ job: jobOf(role), role, target: `${fullName}:${role.ports[role.metrics.port]}`, labels: { workload } }]
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
        ...common(own.map(({ role }) => role)),
        static_configs: [...each.values()],
      };
    });
}

/** @throws if one of the job's roles takes TLS and another does not */
function common(roles: readonly Role[]) {
  const [role] = roles;
  const schemes = unique(roles.map((one) => scheme(one, one.metrics?.port ?? "")));
  if (schemes.length > 1)
    throw new Error(
      `The roles of the scrape job ${role && jobOf(role)} speak ${schemes.join(" and ")}. Give one a job.`,
    );
  return {
    scheme: schemes[0] === "https" ? "https" : undefined,
    metrics_path: role?.metrics?.path,
    honor_labels: role?.metrics?.about === "cluster" ? true : undefined,
  };
}

const jobOf = ({ component, metrics }: Role): string => metrics?.job ?? component;

const componentLabel = "__meta_kubernetes_pod_label_app_kubernetes_io_component";
const keep = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "keep" });
const drop = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "drop" });
const copy = (source: string, target_label: string): object => ({ source_labels: [source], target_label });

const label = {
  namespace: copy("__meta_kubernetes_namespace", "namespace"),
  pod: copy("__meta_kubernetes_pod_name", "pod"),
  container: copy("__meta_kubernetes_pod_container_name", "container"),
  node: copy("__meta_kubernetes_pod_node_name", "node"),
  // Not "component", which Loki, Mimir and Tempo have for the parts of a process (Mimir's own
  // dashboards go by it).
  workload: copy(componentLabel, "workload"),
} as const;

/** Labels that say which pod a sample is from. */
export const podIdentity: readonly object[] = [label.namespace, label.pod, label.node];

/**
 * What a job's samples carry, by what they are about. What is not about the process has no label
 * that ends with its pod.
 */
const identity: Readonly<Record<NonNullable<Metrics["about"]> | "process", (job: string) => readonly object[]>> = {
  process: () => Object.values(label),
  node: () => [label.node, copy("__meta_kubernetes_pod_node_name", "instance")],
  cluster: (job) => [{ target_label: "instance", replacement: job }],
};
