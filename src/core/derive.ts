import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { INetworkPolicyPort } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort";
import { NetworkPolicy, Service } from "./models.ts";
import { componentLabels, groupLabel, labels, manifest, type Manifest, partOf, selector } from "./objects.ts";
import type { Group, Home, Role, Workload } from "./plan.ts";
import type { Connection, Place, Wiring } from "./wiring.ts";

const isRole = (end: Role | Place): end is Role => typeof end !== "string";
const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

// ---------------------------------------------------------------------------------------------- Services

interface Front {
  readonly name: string;
  readonly headless: "members" | "ready members" | undefined;
  readonly labels: Record<string, string>;
  readonly selects: Record<string, string>;
  readonly ports: Readonly<Record<string, number>>;
}

const serviceObject = (front: Front): Manifest =>
  manifest(
    new Service({
      metadata: { name: front.name, labels: front.labels },
      spec: {
        clusterIP: front.headless ? "None" : undefined,
        publishNotReadyAddresses: front.headless === "members" ? true : undefined,
        selector: front.selects,
        ports: Object.entries(front.ports).map(([name, port]) => ({ name, port, targetPort: name })),
      },
    }),
  );

/** The Services of one component: doors, the addresses that its own roles ask for, names of StatefulSets, groups. */
export function services(workloads: readonly Workload[], wiring: Wiring): readonly Manifest[] {
  const asked = (workload: Workload, via: Connection["via"]): Record<string, number> =>
    Object.fromEntries(
      wiring
        .connections()
        .filter(({ from, to }) => isRole(to) && isRole(from) && from.component === to.component)
        .filter((c) => c.via === via && wiring.home(c.to as Role) === workload)
        .map(({ to, port }) => [port as string, (to as Role).ports[port as string] as number]),
    );
  const all = workloads.flatMap((workload): Front[] => {
    const at = { labels: labels(workload), selects: selector(workload) };
    const doors = workload.roles.flatMap(({ door, ports }) => (door ? [{ ...door, numbers: ports }] : []));
    const front = (name: string): Front => ({
      ...at,
      name,
      headless: undefined,
      ports: {
        ...Object.fromEntries(
          doors.filter((d) => d.name === name).flatMap((d) => d.ports.map((port) => [port, d.numbers[port] as number])),
        ),
        ...(name === workload.fullName ? asked(workload, "service") : {}),
      },
    });
    const each = asked(workload, "each pod");
    return [
      ...unique([workload.fullName, ...doors.map(({ name }) => name)])
        .map(front)
        .filter(({ ports }) => Object.keys(ports).length > 0),
      ...(workload.disk || Object.keys(each).length > 0
        ? [
            {
              ...at,
              name: `${workload.fullName}-headless`,
              headless: "ready members" as const,
              ports: { ...firstPort(workload), ...each },
            },
          ]
        : []),
    ];
  });
  const groups = new Map<string, Front>();
  for (const { component, roles } of workloads) {
    for (const role of roles) {
      for (const { name, port, lists } of role.groups) {
        groups.set(name, {
          name,
          headless: lists,
          labels: componentLabels(component),
          selects: { [groupLabel(name)]: "member" },
          ports: { [port]: role.ports[port] as number },
        });
      }
    }
  }
  return [...all, ...groups.values()].sort(byName).map(serviceObject);
}

/** A headless Service must have a port in some clusters' DNS to be listed; the first one that is declared serves. */
const firstPort = ({ roles }: Workload): Record<string, number> => {
  const [first] = Object.entries(roles[0]?.ports ?? {});
  return first ? Object.fromEntries([first]) : {};
};

/** Labels that put a workload's pods into the groups of its roles. */
export const groupLabels = (groups: readonly Group[]): Record<string, string> =>
  Object.fromEntries(groups.map(({ name }) => [groupLabel(name), "member"]));

// ---------------------------------------------------------------------------------------------- NetworkPolicies

const tcp = (port: number): INetworkPolicyPort => ({ protocol: "TCP", port });

/** DNS by port, wherever a cluster's DNS pods live or listen (5353 is OpenShift's). */
const dns: { ports: INetworkPolicyPort[] } = {
  ports: [53, 5353].flatMap((port) => (["UDP", "TCP"] as const).map((protocol) => ({ protocol, port }))),
};

/** Label by which an owner of a namespace opts in to having its annotated pods scraped. */
export const scrapeLabel = { "kube-lgtm.io/scrape": "true" } as const;

interface Opening {
  readonly peers: readonly INetworkPolicyPeer[];
  readonly ports: readonly INetworkPolicyPort[];
}

const places: Readonly<Record<Place, Opening>> = {
  // Behind its Service the API server listens on 443 or 6443, outside of any pod network that a selector could name.
  "api-server": { peers: [], ports: [443, 6443].map((port) => tcp(port)) },
  "any-pod": { peers: [{ namespaceSelector: {} }], ports: [] },
  "scraped-namespaces": { peers: [{ namespaceSelector: { matchLabels: scrapeLabel } }], ports: [] },
};

/** A peer's pods: the workload inside a component, any pod of the component from outside or through a ring. */
const peer = (
  self: { component: string; home: Home },
  other: Role,
  via: Connection["via"],
  wiring: Wiring,
): INetworkPolicyPeer => {
  const exact = self.component === other.component && via !== "member";
  const matchLabels = exact ? selector(wiring.home(other)) : { "app.kubernetes.io/name": other.component };
  return self.home === other.home
    ? { podSelector: { matchLabels } }
    : { namespaceSelector: { matchLabels: partOf }, podSelector: { matchLabels } };
};

const opening = (
  self: { component: string; home: Home },
  other: Role | Place,
  connection: Connection,
  wiring: Wiring,
): Opening => {
  const to = connection.to;
  const ports = isRole(to) ? [tcp(to.ports[connection.port as string] as number)] : [];
  if (!isRole(other)) return { peers: places[other].peers, ports: [...places[other].ports, ...ports] };
  return { peers: [peer(self, other, connection.via, wiring)], ports };
};

/** One rule a peer, with all of its ports, then one rule for all peers that have the same ports. */
const merged = (openings: readonly Opening[]): readonly Opening[] => {
  const group = (
    key: (o: Opening) => string,
    join: (a: Opening, b: Opening) => Opening,
    list: readonly Opening[],
  ): Opening[] => {
    const found = new Map<string, Opening>();
    for (const next of list) {
      const before = found.get(key(next));
      found.set(key(next), before ? join(before, next) : next);
    }
    return [...found.values()];
  };
  const distinct = <T>(values: readonly T[]): T[] => [...new Map(values.map((v) => [JSON.stringify(v), v])).values()];
  const order = (a: INetworkPolicyPort, b: INetworkPolicyPort): number => Number(a.port) - Number(b.port);
  const byPeer = group(
    (o) => JSON.stringify(o.peers),
    (a, b) => ({ peers: a.peers, ports: distinct([...a.ports, ...b.ports]).sort(order) }),
    openings,
  );
  return group(
    (o) => (o.peers.length === 0 ? "anywhere" : JSON.stringify(o.ports)),
    (a, b) => ({ peers: distinct([...a.peers, ...b.peers]), ports: a.ports }),
    byPeer,
  );
};

const asIngress = (list: readonly Opening[]) =>
  list.map(({ peers, ports }) => ({ from: [...peers], ports: ports.length > 0 ? [...ports] : undefined }));
const asEgress = (list: readonly Opening[]) =>
  list.map(({ peers, ports }) => ({
    to: peers.length > 0 ? [...peers] : undefined,
    ports: ports.length > 0 ? [...ports] : undefined,
  }));

interface Policed {
  readonly name: string;
  readonly component: string;
  readonly home: Home;
  readonly labels: Record<string, string>;
  readonly selects: Record<string, string>;
}

function policy(
  at: Policed,
  ins: readonly Connection[],
  outs: readonly Connection[],
  lookUps: (typeof dns)[],
  wiring: Wiring,
): Manifest {
  const ingress = asIngress(merged(ins.map((c) => opening(at, c.from, c, wiring))));
  const egress = [...lookUps, ...asEgress(merged(outs.map((c) => opening(at, c.to, c, wiring))))];
  return manifest(
    new NetworkPolicy({
      metadata: { name: at.name, labels: at.labels },
      spec: {
        podSelector: { matchLabels: at.selects },
        policyTypes: ["Ingress", "Egress"],
        ingress: ingress.length > 0 ? ingress : undefined,
        egress: egress.length > 0 ? egress : undefined,
      },
    }),
  );
}

/** What a workload may be reached by and may reach: exactly the recorded connections, and DNS if it has any to make. */
export function networkPolicy(workload: Workload, wiring: Wiring): Manifest {
  const here = (end: Role | Place): boolean =>
    isRole(end) && end.component === workload.component && wiring.home(end) === workload;
  const ins = wiring.connections().filter(({ to }) => here(to));
  const outs = wiring.connections().filter(({ from }) => here(from));
  const at = { name: workload.fullName, component: workload.component, home: workload.home };
  return policy(
    { ...at, labels: labels(workload), selects: selector(workload) },
    ins,
    outs,
    outs.length > 0 ? [dns] : [],
    wiring,
  );
}

/** Policies that a feature adds to those of the bases: one for each component that its connections touch. */
export function addedPolicies(
  feature: string,
  connections: readonly Connection[],
  wiring: Wiring,
): readonly Manifest[] {
  const ends = connections.flatMap(({ from, to }) => [from, to].filter(isRole));
  const homes = new Map(ends.map(({ component, home }) => [component, home]));
  return [...homes.keys()].sort().map((component) => {
    const of = (end: Role | Place): boolean => isRole(end) && end.component === component;
    const ins = connections.filter(({ to }) => of(to));
    const outs = connections.filter(({ from }) => of(from));
    const at = { name: `${component}-${feature}`, component, home: homes.get(component) as Home };
    const added = policy(
      { ...at, labels: componentLabels(component), selects: { "app.kubernetes.io/name": component } },
      ins,
      outs,
      [],
      wiring,
    );
    const types = [...(ins.length > 0 ? ["Ingress"] : []), ...(outs.length > 0 ? ["Egress"] : [])];
    return { ...added, spec: { ...(added["spec"] as object), policyTypes: types } };
  });
}

// ---------------------------------------------------------------------------------------------- scrape jobs

/** Prometheus scrape jobs of the roles that `scraper` finds, one a component, in the order of their names. */
export function scrapeJobs(scraper: Role, wiring: Wiring): readonly object[] {
  const found = wiring.connections().filter(({ from, to, via }) => from === scraper && via === "member" && isRole(to));
  const targets = found.map(({ to, port }) => ({ role: to as Role, port: port as string }));
  return unique(targets.map(({ role }) => role.component))
    .sort()
    .map((component) => {
      const own = targets.filter(({ role }) => role.component === component);
      const home = own[0]?.role.home;
      return {
        job_name: component,
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
          keep(["__meta_kubernetes_pod_label_app_kubernetes_io_name"], component),
          keep(
            ["__meta_kubernetes_pod_container_port_name"],
            unique(own.map(({ port }) => port))
              .sort()
              .join("|"),
          ),
          ...identity,
        ],
      };
    });
}

const keep = (source_labels: readonly string[], regex: string): object => ({ source_labels, regex, action: "keep" });
const copy = (source: string, target_label: string): object => ({ source_labels: [source], target_label });

/** Labels that say which pod a sample is from. */
export const identity: readonly object[] = [
  copy("__meta_kubernetes_namespace", "namespace"),
  copy("__meta_kubernetes_pod_name", "pod"),
  copy("__meta_kubernetes_pod_container_name", "container"),
  copy("__meta_kubernetes_pod_node_name", "node"),
  copy("__meta_kubernetes_pod_label_app_kubernetes_io_component", "component"),
];
