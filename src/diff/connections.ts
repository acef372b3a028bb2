import { type Direction, network, type Network, targets } from "../core/kubernetes/network-rules.ts";
import { isWorkload, podTemplate, selects } from "../core/kubernetes/reading.ts";
import type { Connection } from "./finding.ts";
import { anyPort, anywhere, nameService, type Node, type Opening, openings, portWords } from "./openings.ts";
import type { Sides } from "./sides.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

interface Way {
  readonly from: string;
  readonly to: string;
  readonly port: string;
}

interface Side {
  readonly nodes: readonly Node[];
  readonly net: Network;
  readonly hasPolicies: boolean;
  readonly openings: readonly Opening[];
}

const directions: readonly Direction[] = ["Egress", "Ingress"];

function side(objects: readonly Manifest[], nameOf: Sides["nameOf"]): Side {
  const nodes = objects.filter(isWorkload).map((object) => ({ name: nameOf(object), pod: podTemplate(object) }));
  const net = network(objects);
  const hasPolicies = objects.some(({ kind }) => kind === "NetworkPolicy");
  return { nodes, net, hasPolicies, openings: openings(objects, nodes, net) };
}

const has = ({ nodes }: Side, name: string): boolean => nodes.some((node) => node.name === name);
const restricted = ({ nodes, net }: Side, direction: Direction, name: string): boolean =>
  nodes.some((node) => node.name === name && net.restricted(direction, node.pod));

/** Whether both sides' policies speak of this direction of a workload's traffic, or neither side's do. */
const alike = (a: Side, b: Side, direction: Direction, name: string): boolean =>
  !has(a, name) || !has(b, name) || restricted(a, direction, name) === restricted(b, direction, name);

/** Ways between two workloads of this side, as far as a policy speaks of them on both. */
const between = (here: Side, there: Side): readonly Way[] => {
  const spoken = here.nodes.map(({ name, pod }) => ({
    name,
    pod,
    out: here.net.restricted("Egress", pod),
    in: here.net.restricted("Ingress", pod),
    outAlike: alike(here, there, "Egress", name),
    inAlike: alike(here, there, "Ingress", name),
  }));
  return spoken.flatMap((from) =>
    spoken
      .filter((to) => (from.out || to.in) && from.outAlike && to.inAlike)
      .flatMap((to) =>
        targets(to.pod)
          .filter((target) => here.net.connects(from.pod, to.pod, target))
          .map((target) => ({ from: from.name, to: to.name, port: portWords(target) })),
      ),
  );
};

const wayOf = ({ workload, direction, end, port }: Omit<Opening, "absent">): Way =>
  direction === "Ingress" ? { from: end, to: workload, port } : { from: workload, to: end, port };

/** Ways to what is no workload of this side. Pods that are absent count where they are on both sides. */
const outward = (here: Side, there: Side): readonly Way[] => [
  ...here.openings
    .filter(({ workload, end, absent }) => {
      if (end === nameService) return has(there, workload);
      if (!absent) return true;
      return has(there, workload) && !there.nodes.some(({ pod }) => selects(absent, pod.labels));
    })
    .map(wayOf),
  ...(here.hasPolicies || there.hasPolicies ? here.nodes : []).flatMap(({ name: workload, pod }) =>
    directions
      .filter((direction) => !here.net.restricted(direction, pod))
      .map((direction) => wayOf({ workload, direction, end: anywhere, port: anyPort })),
  ),
];

const keyOf = ({ from, to, port }: Way): string => [to, from, port.padStart(12)].join("\n");

/** What the policies of the two sides let through differently. */
export function connections({ before, after, nameOf }: Sides): readonly Connection[] {
  const [a, b] = [side(before, nameOf), side(after, nameOf)];
  const ways = (here: Side, there: Side): ReadonlyMap<string, Way> =>
    new Map([...between(here, there), ...outward(here, there)].map((way) => [keyOf(way), way]));
  const [old, now] = [ways(a, b), ways(b, a)];
  const only = (these: ReadonlyMap<string, Way>, those: ReadonlyMap<string, Way>): readonly Way[] =>
    [...these]
      .filter(([key]) => !those.has(key))
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([, way]) => way);
  return [
    ...only(now, old).map((way) => ({ change: "opened", ...way }) as const),
    ...only(old, now).map((way) => ({ change: "closed", ...way }) as const),
  ];
}
