import { Service } from "./models.ts";
import { componentLabels, groupLabel, labels, manifest, type Manifest, selector } from "./objects.ts";
import type { Role, Workload } from "./plan.ts";
import { type Connection, isRole, type Wiring } from "./wiring.ts";

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

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
