import { unique } from "../util/values.ts";
import { Service } from "../kubernetes/builders.ts";
import { componentLabels, groupLabel, labels, selector } from "./labels.ts";
import { type EntryPoint, governingServiceName, type Workload } from "../model/roles.ts";
import { type Connection, isRole, type Wiring } from "../model/wiring.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

interface ServiceShape {
  readonly name: string;
  readonly headless: "members" | "ready members" | undefined;
  readonly sessionAffinity?: EntryPoint["sessionAffinity"];
  readonly labels: Record<string, string>;
  readonly selects: Record<string, string>;
  readonly ports: Readonly<Record<string, number>>;
}

const serviceObject = (front: ServiceShape): Manifest =>
  manifest(
    new Service({
      metadata: { name: front.name, labels: front.labels },
      spec: {
        clusterIP: front.headless ? "None" : undefined,
        publishNotReadyAddresses: front.headless === "members" ? true : undefined,
        selector: front.selects,
        sessionAffinity: front.sessionAffinity,
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
      return own && port && way === via && wiring.runs(to) && wiring.workloadOf(to) === workload
        ? [[port, to.ports[port] as number]]
        : [];
    }),
  );

/** The entry points of its roles, and a Service of its own name if a role asked for it. */
function entryServices(workload: Workload, wiring: Wiring): readonly ServiceShape[] {
  const entries = workload.roles.flatMap(({ entryPoint, ports }) =>
    entryPoint ? [{ ...entryPoint, numbers: ports }] : [],
  );
  const service = (name: string): ServiceShape => {
    const open = entries.filter((entry) => entry.name === name);
    const ports: Ports = Object.fromEntries(
      open.flatMap((d) => d.ports.map((port) => [port, d.numbers[port] as number])),
    );
    const each = open.some(({ headless }) => headless) ? listed(workload) : undefined;
    const inside = {
      ...(name === workload.fullName ? asked(workload, "service", wiring) : {}),
      ...(each && name === governingServiceName(workload) ? asked(workload, "each pod", wiring) : {}),
    };
    const sessionAffinity = open.find((entry) => entry.sessionAffinity)?.sessionAffinity;
    return { ...about(workload), name, headless: each, sessionAffinity, ports: { ...ports, ...inside } };
  };
  return unique([workload.fullName, ...entries.map(({ name }) => name)])
    .map(service)
    .filter(({ ports }) => some(ports));
}

/** Which pods a headless Service lists. */
const listed = ({ roles }: Workload): ServiceShape["headless"] =>
  roles.some(({ publishNotReadyAddresses }) => publishNotReadyAddresses) ? "members" : "ready members";

/** The headless Service that governs a StatefulSet, or that clients balance over. */
function headless(workload: Workload, wiring: Wiring): readonly ServiceShape[] {
  const each = asked(workload, "each pod", wiring);
  if ((!workload.podNames && !some(each)) || workload.roles.some(({ entryPoint }) => entryPoint?.headless)) return [];
  // Some clusters' DNS lists no Service without a port; the first one that is declared serves.
  const first = Object.entries(workload.roles[0]?.ports ?? {}).slice(0, 1);
  const ports: Ports = { ...Object.fromEntries(first), ...each };
  return [{ ...about(workload), name: governingServiceName(workload), headless: listed(workload), ports }];
}

/** Groups whose Service is this component's to make. */
function groups(workloads: readonly Workload[]): readonly ServiceShape[] {
  const all = workloads.flatMap(({ component, roles }) =>
    roles.flatMap(({ groups, ports }) =>
      groups
        .filter((group) => group.component === component)
        .map(({ name, port, lists }): [string, ServiceShape] => [
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

/** The Services of one component: entry points, those that its own roles ask for, groups. */
export const services = (workloads: readonly Workload[], wiring: Wiring): readonly Manifest[] =>
  [
    ...workloads.flatMap((workload) => [...entryServices(workload, wiring), ...headless(workload, wiring)]),
    ...groups(workloads),
  ]
    .sort(byName)
    .map(serviceObject);
