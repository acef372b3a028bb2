import { featuresIn } from "../../src/core/assemble/feature.ts";
import type { Overlay } from "../../src/core/assemble/overlay.ts";
import { type Role, type Workload } from "../../src/core/model/roles.ts";
import { network, type PolicySpec, type Target, targets } from "../../src/core/kubernetes/network-rules.ts";
import { selector } from "../../src/core/derive/labels.ts";
import { type Connection, isRole } from "../../src/core/model/wiring.ts";
import type { Edge } from "./addresses.ts";
import type { Findings } from "./findings.ts";
import { idOf, podTemplates, type PodTemplate, selects, specOf } from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";
import { ownConnections } from "../../src/core/model/bases.ts";

export { network, outside } from "../../src/core/kubernetes/network-rules.ts";

/** Pods of an environment, their roles, and the recorded connections between them. */
export interface Recorded {
  readonly nodes: readonly Node[];
  readonly base: readonly Connection[];
  readonly added: readonly Connection[];
}
interface Node {
  readonly pod: PodTemplate;
  readonly component: string;
  readonly roles: readonly Role[];
}

/** The recorded connections of an overlay, with the pods of these objects. */
export function recorded({ parts }: Overlay, objects: readonly Manifest[]): Recorded {
  const pods = podTemplates(objects);
  const joins = parts.flatMap(({ additions }) => featuresIn(additions).flatMap(({ joins }) => joins ?? []));
  const node = (workload: Workload, namespace: string): Node[] =>
    pods
      .filter((pod) => pod.namespace === namespace && selects({ matchLabels: selector(workload) }, pod.labels))
      .map((pod) => ({
        pod,
        component: workload.component,
        roles: [
          ...workload.roles,
          ...joins.filter(({ beside }) => workload.roles.includes(beside)).map(({ role }) => role),
        ],
      }));
  return {
    nodes: parts.flatMap(({ bases, namespace }) =>
      bases.flatMap(({ workloads }) => workloads.flatMap((workload) => node(workload, namespace))),
    ),
    base: parts.flatMap(({ bases }) => bases.flatMap(ownConnections)),
    added: parts.flatMap(({ additions }) => additions.flatMap(({ connections }) => connections)),
  };
}

const runs = ({ roles }: Node, role: Role): boolean =>
  roles.some(({ component, name }) => component === role.component && name === role.name);
const numberOf = (role: Role, port: string | undefined): number => role.ports[port ?? ""] as number;

/** Recorded connections between existing pods that the policies block. */
export function closedFaults({ nodes, base, added }: Recorded, objects: readonly Manifest[]): Findings {
  const net = network(objects);
  return [...base, ...added].flatMap(({ from, to, port, onlyIn }) => {
    if (!isRole(to) || !isRole(from)) return [];
    const target = { port: numberOf(to, port), name: port };
    return nodes
      .filter((node) => runs(node, from))
      .flatMap((a) =>
        nodes
          .filter((node) => runs(node, to))
          .flatMap((b) => {
            const text = `${a.pod.id} (${from.name}) may not reach ${b.pod.id} (${to.name}) port ${target.port}`;
            return [
              ...(onlyIn || net.open("Egress", a.pod, b.pod, target)
                ? []
                : [`${text}: egress of ${a.pod.id} is closed`]),
              ...(net.open("Ingress", b.pod, a.pod, target) ? [] : [`${text}: ingress of ${b.pod.id} is closed`]),
            ];
          }),
      );
  });
}

/**
 * Open connections between the environment's pods that no role asked for. Inside a component a peer
 * is its workload; across components, and through a ring, it is its component.
 */
export function openFaults({ nodes, base, added }: Recorded, objects: readonly Manifest[]): Findings {
  const net = network(objects);
  const wide = new Set(added);
  const asked = (a: Node, b: Node, target: Target): boolean => {
    const inner = (connection: Connection, role: Role, node: Node): boolean =>
      wide.has(connection) ? role.component === node.component : runs(node, role);
    const outer = (connection: Connection, role: Role, node: Node): boolean => {
      const { from, to, via } = connection;
      const exact = isRole(from) && isRole(to) && from.component === to.component && via !== "member";
      return exact && !wide.has(connection) ? runs(node, role) : role.component === node.component;
    };
    const some = (test: (connection: Connection, from: Role, to: Role) => boolean): boolean =>
      [...base, ...added].some((connection) => {
        const { from, to, port } = connection;
        if (!isRole(to) || !isRole(from)) return false;
        return numberOf(to, port) === target.port && test(connection, from, to);
      });
    return (
      some((c, from, to) => inner(c, from, a) && outer(c, to, b)) &&
      some((c, from, to) => outer(c, from, a) && inner(c, to, b))
    );
  };
  return nodes.flatMap((a) =>
    nodes.flatMap((b) =>
      targets(b.pod)
        .filter((target) => net.connects(a.pod, b.pod, target) && !asked(a, b, target))
        .map(({ port }) => `${a.pod.id} may reach ${b.pod.id} port ${port}, which nobody asked for`),
    ),
  );
}

/**
 * Addresses in texts that no reader of the text can reach through the policies. Not all roles that
 * share a file need to.
 */
export function closedEdges(edges: readonly Edge[], objects: readonly Manifest[]): Findings {
  const net = network(objects);
  const open = edges.filter(({ from, to, port }) => net.connects(from, to, { port }));
  return edges
    .filter((edge) => !open.some(({ where, to, port }) => where === edge.where && to === edge.to && port === edge.port))
    .map(({ where, from, to, port }) => `${where}: ${from.id} may not reach ${to.id} port ${port}`);
}

/** Pods without a policy for ingress or for egress. */
export function unrestricted(objects: readonly Manifest[]): Findings {
  const net = network(objects);
  return podTemplates(objects).flatMap((pod) =>
    (["Egress", "Ingress"] as const).flatMap((direction) =>
      net.restricted(direction, pod) ? [] : [`${pod.id} ${direction}: no NetworkPolicy selects it`],
    ),
  );
}

const scraped = { matchLabels: { "kube-lgtm.io/scrape": "true" } };
/**
 * Ports of a cluster's DNS pods. Gardener:
 * https://gardener.cloud/docs/gardener/networking/custom-dns-config/ , vCluster:
 * loft-sh/vcluster-docs#2336, OpenShift: dns-default of
 * https://github.com/openshift/cluster-dns-operator .
 */
export const dnsPorts: readonly number[] = [53, 1053, 5353, 8053];
/**
 * Ports of API servers. Clouds: 443. kubeadm:
 * https://kubernetes.io/docs/reference/networking/ports-and-protocols/ , k3s beside another
 * program: sympozium-ai/sympozium#26, minikube: its `--apiserver-port`, MicroK8s:
 * canonical/microk8s#88.
 */
export const apiPorts: readonly number[] = [443, 6443, 6444, 8443, 16443];
/**
 * Where Kubernetes's own processes on nodes have metrics:
 * https://kubernetes.io/docs/reference/networking/ports-and-protocols/ (kubelet,
 * kube-controller-manager, kube-scheduler); kube-proxy's `metricsBindAddress`; the
 * `--listen-metrics-urls` that kubeadm gives etcd.
 */
export const nodePorts: readonly number[] = [10250, 10257, 10259, 10249, 2381];

/**
 * Rules without peers or without ports.
 * @param exposed policies that allow ingress on a port from any peer
 */
export function wideRules(objects: readonly Manifest[], exposed: readonly string[] = []): Findings {
  return objects
    .filter(({ kind }) => kind === "NetworkPolicy")
    .flatMap((object) => {
      const { ingress = [], egress = [] } = specOf<PolicySpec>(object);
      const rules = [
        ...ingress.map((rule, i) => ({ at: `ingress.${i}`, peers: rule.from ?? [], ports: rule.ports ?? [] })),
        ...egress.map((rule, i) => ({ at: `egress.${i}`, peers: rule.to ?? [], ports: rule.ports ?? [] })),
      ];
      return rules.flatMap(({ at, peers, ports }) => {
        const say = (text: string): string => `${idOf(object)} spec.${at} ${text}`;
        const only = (allowed: readonly number[]): boolean =>
          at.startsWith("egress") &&
          ports.length > 0 &&
          ports.every(({ port, endPort }) => allowed.includes(Number(port)) && !endPort);
        const named = peers.every(
          ({ podSelector, namespaceSelector }) =>
            JSON.stringify({ podSelector, namespaceSelector }) === JSON.stringify({ namespaceSelector: scraped }),
        );
        return [
          ...(peers.length === 0 &&
          !only(dnsPorts) &&
          !only(apiPorts) &&
          !(object.metadata.name === "prometheus" && only([...apiPorts, ...nodePorts])) &&
          !exposed.includes(object.metadata.name)
            ? [say("has no peers: only DNS, the API server and, by Prometheus, nodes may be named by port alone")]
            : []),
          ...(ports.length === 0 && !(peers.length > 0 && named) ? [say("has no ports")] : []),
          ...(ports.some(({ port }) => port === undefined) ? [say("has a port without a number")] : []),
          ...(at.startsWith("egress") && peers.some((peer) => peer.namespaceSelector && !peer.podSelector && !named)
            ? [say("lets every pod of a namespace be reached")]
            : []),
        ];
      });
    });
}
