import { Service } from "../kubernetes/builders.ts";
import { componentLabels, groupLabel, labels, selector } from "./labels.ts";
import { type Door, governing, type Workload } from "../model/roles.ts";
import { type Connection, isRole, type Wiring } from "../model/wiring.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

interface Front {
  readonly name: string;
  readonly headless: "members" | "ready members" | undefined;
  readonly keeps?: Door["keeps"];
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
        sessionAffinity: front.keeps ? "ClientIP" : undefined,
        ports: Object.entries(front.ports).map(([name, port]) => ({ name, port, targetPort: name })),
      },
    }),
  );

type Ports = Readonly<Record<string, number>>;

const about = (workload: Workload) => ({ labels: labels(workload), selects: selector(workload) });
const some = (ports: Ports): boolean => Object.keys(ports).length > 0;

/** Ports of a workload that roles of its own component have asked for in this way. */
const asked = (workload: Workload, via: Connection["via"], wiring: Wiring): Ports =>
  Object.fromEntries(
    wiring.connections(workload.component).flatMap(({ from, to, port, via: way }) => {
      const own = isRole(from) && isRole(to) && from.component === to.component && to.component === workload.component;
      return own && port && way === via && wiring.runs(to) && wiring.home(to) === workload
        ? [[port, to.ports[port] as number]]
        : [];
    }),
  );

/** The doors of its roles, and its own name where a role asked for it; they may be one. */
function fronts(workload: Workload, wiring: Wiring): readonly Front[] {
  const doors = workload.roles.flatMap(({ door, ports }) => (door ? [{ ...door, numbers: ports }] : []));
  const front = (name: string): Front => {
    const open = doors.filter((door) => door.name === name);
    const ports: Ports = Object.fromEntries(
      open.flatMap((d) => d.ports.map((port) => [port, d.numbers[port] as number])),
    );
    const inside = name === workload.fullName ? asked(workload, "service", wiring) : {};
    const each = open.some(({ lists }) => lists) ? listed(workload) : undefined;
    const keeps = open.find((door) => door.keeps)?.keeps;
    return { ...about(workload), name, headless: each, keeps, ports: { ...ports, ...inside } };
  };
  return unique([workload.fullName, ...doors.map(({ name }) => name)])
    .map(front)
    .filter(({ ports }) => some(ports));
}

/** Whom a name that lists pods has on it. */
const listed = ({ roles }: Workload): Front["headless"] =>
  roles.some(({ meets }) => meets) ? "members" : "ready members";

/** One name for each pod: what governs a StatefulSet, and where clients balance by themselves. */
function headless(workload: Workload, wiring: Wiring): readonly Front[] {
  const each = asked(workload, "each pod", wiring);
  if ((!workload.identity && !some(each)) || workload.roles.some(({ door }) => door?.lists)) return [];
  // Some clusters' DNS lists no Service without a port; the first one that is declared serves.
  const first = Object.entries(workload.roles[0]?.ports ?? {}).slice(0, 1);
  const ports: Ports = { ...Object.fromEntries(first), ...each };
  return [{ ...about(workload), name: governing(workload), headless: listed(workload), ports }];
}

/** Groups whose Service is this component's to make. */
function groups(workloads: readonly Workload[]): readonly Front[] {
  const all = workloads.flatMap(({ component, roles }) =>
    roles.flatMap(({ groups, ports }) =>
      groups
        .filter((group) => group.component === component)
        .map(({ name, port, lists }): [string, Front] => [
          name,
          {
            name,
            headless: lists,
            labels: componentLabels(component),
            selects: { [groupLabel(name)]: "member" },
            ports: { [port]: ports[port] as number },
          },
        ]),
    ),
  );
  return [...new Map(all).values()];
}

/** The Services of one component: doors, the addresses that its own roles ask for, names of StatefulSets, groups. */
export const services = (workloads: readonly Workload[], wiring: Wiring): readonly Manifest[] =>
  [
    ...workloads.flatMap((workload) => [...fronts(workload, wiring), ...headless(workload, wiring)]),
    ...groups(workloads),
  ]
    .sort(byName)
    .map(serviceObject);
