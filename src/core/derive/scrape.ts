import { unique } from "../util/values.ts";
import { partOf } from "./labels.ts";
import { type Metrics, type Role, scheme, type Workload } from "../model/roles.ts";
import { isRole, type Wiring } from "../model/wiring.ts";

/** An endpoint of a role, and the job that scrapes it. */
export interface Endpoint {
  readonly role: Role;
  readonly metrics: Metrics;
  readonly job: string;
}

export const endpoints = (role: Role): readonly Endpoint[] =>
  role.metrics.map((metrics) => ({ role, metrics, job: metrics.job ?? role.component }));

/** The endpoints by job, in the order of the jobs' names. */
const byJob = <E extends Endpoint>(all: readonly E[]): readonly (readonly [string, readonly E[]])[] =>
  unique(all.map(({ job }) => job))
    .sort()
    .map((job) => [job, all.filter((one) => one.job === job)]);

/**
 * Prometheus scrape jobs of the roles that `scraper` finds, in the order of their names.
 * @param silent roles without metrics: where one has pods of its own, they are no targets, whatever
 * their ports are called
 */
export function scrapeJobs(scraper: Role, wiring: Wiring, silent: readonly Role[]): readonly object[] {
  const found = wiring.connections().flatMap(({ from, to, via, port }) => {
    if (from !== scraper || via !== "member" || !isRole(to)) return [];
    return endpoints(to).filter(({ metrics }) => metrics.port === port);
  });
  return byJob(found).map(([job, own]) => {
    const { role, metrics } = own[0] as Endpoint;
    const components = unique(own.map(({ role }) => role.component)).sort();
    const ports = unique(own.map(({ metrics }) => metrics.port)).sort();
    const mute = mutedBy(own, silent);
    return {
      job_name: job,
      ...common(job, own),
      kubernetes_sd_configs: [
        {
          role: "pod",
          namespaces: role.namespaceKind === "stack" ? { own_namespace: true } : undefined,
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
        keep([nameLabel], components.join("|")),
        keep(["__meta_kubernetes_pod_container_port_name"], ports.join("|")),
        ...(mute.length > 0 ? [drop([componentLabel], mute.map(({ name }) => name).join("|"))] : []),
        ...targetLabels(own[0] as Endpoint),
      ],
      metric_relabel_configs: metrics.relabel,
    };
  });
}

/** What the namespace and the node are called where there is one machine, with Compose. */
export const compose = "compose";

/**
 * The same jobs where there is nobody to ask for pods: every role with metrics among these
 * workloads, by name.
 */
export function staticJobs(workloads: readonly Workload[]): readonly object[] {
  const targets = workloads.flatMap(({ component, fullName, name: workload, roles }) =>
    roles.flatMap((role) =>
      endpoints(role).map((endpoint) => ({
        ...endpoint,
        target: `${fullName}:${role.ports[endpoint.metrics.port]}`,
        labels:
          endpoint.metrics.about === "node"
            ? { node: compose, instance: compose }
            : { namespace: compose, pod: fullName, app: component, workload },
      })),
    ),
  );
  return byJob(targets).map(([job, own]) => {
    const each = new Map(own.map(({ target, labels }) => [target, { targets: [target], labels }]));
    const { relabel } = (own[0] as Endpoint).metrics;
    return {
      job_name: job,
      ...common(job, own),
      static_configs: [...each.values()],
      metric_relabel_configs: relabel,
    };
  });
}

/** How an endpoint is asked for its samples, and whether their own labels win. */
export const request = ({ role, metrics: { port, path, about } }: Endpoint) => ({
  scheme: scheme(role, port) === "https" ? ("https" as const) : undefined,
  metrics_path: path,
  honor_labels: about === "cluster" ? true : undefined,
});

/** Roles without metrics that have a port of the same name, in a component of these endpoints. */
export const mutedBy = (own: readonly Endpoint[], silent: readonly Role[]): readonly Role[] =>
  silent.filter((role) =>
    own.some(({ role: { component }, metrics: { port } }) => component === role.component && port in role.ports),
  );

/** @throws if the job's endpoints differ in what is said once for a job */
function common(job: string, own: readonly Endpoint[]) {
  const [one, ...others] = own.map(request);
  for (const other of others)
    for (const field of ["scheme", "metrics_path", "honor_labels"] as const)
      if (other[field] !== one?.[field])
        throw new Error(
          `The endpoints of the scrape job ${job} have as ${field} ${one?.[field] ?? "nothing"} and ${other[field] ?? "nothing"}. Give one a job.`,
        );
  return one;
}

const nameLabel = "__meta_kubernetes_pod_label_app_kubernetes_io_name";
const componentLabel = "__meta_kubernetes_pod_label_app_kubernetes_io_component";
const keep = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "keep" });
const drop = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "drop" });
const copy = (source: string, target_label: string): object => ({ source_labels: [source], target_label });

const label = {
  namespace: copy("__meta_kubernetes_namespace", "namespace"),
  pod: copy("__meta_kubernetes_pod_name", "pod"),
  container: copy("__meta_kubernetes_pod_container_name", "container"),
  node: copy("__meta_kubernetes_pod_node_name", "node"),
  // As the agents call it, which read the same pod's logs.
  app: copy(nameLabel, "app"),
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

/** Rules that give an endpoint's targets their labels. */
export const targetLabels = ({ job, metrics }: Endpoint): readonly object[] =>
  identity[metrics.about ?? "process"](job);
