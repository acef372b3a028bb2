import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { caches, complete, type Edge, edges } from "./facts/edges.ts";
import { portsOf } from "./facts/ports.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, without } from "./lib/objects.ts";
import { network } from "./lib/policies.ts";
import { at, configOf, type Process, processesOf, rolesOf, running } from "./lib/processes.ts";
import { built, worldNamed, worlds } from "./lib/world.ts";
import type { Role } from "../src/core/model/roles.ts";
import { type Connection, isRole } from "../src/core/model/wiring.ts";
import { once } from "../src/core/util/once.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* Who asks whom is upstream's to say (test/facts/edges.ts), and on which port is what the asked program was told. */

interface Wanted {
  readonly from: Process;
  readonly to: Process;
  readonly port: number;
  readonly name: string;
  readonly why: string;
}

/** Between the replicas of one workload there is a way, too; between the containers of a pod there need be none. */
const isOne = (from: Process, to: Process): boolean =>
  from.pod.id === to.pod.id && (from !== to || from.pod.replicas < 2);

/** Whom each pod of Alloy asks, by what its configuration has: none asks all. */
const asks: Readonly<Record<string, readonly string[]>> = {
  alloy: ["nginx-unprivileged"],
  "alloy-events": ["nginx-unprivileged"],
  "alloy-gateway": ["nginx-unprivileged", "tempo"],
  "kafka-exporter": ["kafka"],
};

const applies = ({ to: [program], where }: Edge, from: Process): boolean => {
  if (where !== undefined) return at(configOf(from), where) !== undefined;
  if (from.program !== "alloy") return true;
  return (asks[from.pod.name] ?? assert.fail(from.pod.name)).includes(program);
};

function wantedIn(objects: readonly Manifest[]): readonly Wanted[] {
  const links = edges.flatMap((edge) => {
    const { from, to, port: name, why } = edge;
    return running(objects, ...from)
      .filter((one) => applies(edge, one))
      .flatMap((one) =>
        running(objects, ...to).flatMap((other): readonly Wanted[] => {
          const port = portsOf(other)[name]?.port;
          return isOne(one, other) || port === undefined ? [] : [{ from: one, to: other, port, name, why }];
        }),
      );
  });
  const cached = caches.flatMap(({ from, cache }) =>
    running(objects, ...from).flatMap((one) =>
      running(objects, "memcached")
        .filter(({ pod }) => pod.name === cache)
        .map((to): Wanted => ({
          from: one,
          to,
          port: portsOf(to)["memcached"]?.port ?? 0,
          name: "memcached",
          why: "cache",
        })),
    ),
  );
  return [...links, ...cached];
}

const networkOf = once(network);

const closed = (objects: readonly Manifest[]): Findings => {
  const net = networkOf(objects);
  return wantedIn(objects)
    .filter(({ from, to, port }) => !net.connects(from.pod, to.pod, { port }))
    .map(({ from, to, port, why }) => `${from.at} may not reach ${to.at} port ${port}: ${why}`);
};

/**
 * Ways by gRPC between processes of one program that upstream has no use for: out of one that asks none of its own, or into one that none asks. Within
 * a component a policy names the component, not its parts. Thanos's sidecar comes by a Component, which knows no parts either.
 */
function surplus(objects: readonly Manifest[]): Findings {
  const net = networkOf(objects);
  const own = processesOf(objects).filter((one) => !one.first && complete.includes(one.program));
  const within = edges.filter(({ from, to, port }) => port === "grpc" && from[0] === to[0]);
  const has = (one: Process, end: "from" | "to"): boolean =>
    within.some((edge) => edge[end][0] === one.program && rolesOf(one).includes(edge[end][1] ?? ""));
  return own.flatMap((from) =>
    own
      .filter((to) => to.program === from.program && !isOne(from, to) && !rolesOf(to).includes("sidecar"))
      .filter((to) => !has(from, "from") || !has(to, "to"))
      .flatMap((to) => {
        const port = portsOf(to)["grpc"]?.port;
        return port !== undefined && net.connects(from.pod, to.pod, { port })
          ? [`${from.at} may reach ${to.at} port ${port}, and ${rolesOf(from).join()} asks no ${rolesOf(to).join()}`]
          : [];
      }),
  );
}

describe("who asks another program, by upstream's sources, is let through by the policies", () => {
  for (const { name, objects } of worlds)
    test(`of ${name}`, () => {
      assert.ok(wantedIn(objects).length > 5, "too few connections were found");
      none(closed(objects));
    });
  test("and every such connection is in some environment", () => {
    const found = new Set(worlds.flatMap(({ objects }) => wantedIn(objects).map(({ why, name }) => `${name} ${why}`)));
    none(edges.filter(({ port, why }) => !found.has(`${port} ${why}`)).map(({ why }) => `nowhere: ${why}`));
  });
});

describe("whoever asks nobody of its own program by gRPC gets to none, and to whom nobody asks gets nobody", () => {
  for (const { name, objects } of worlds) test(`of ${name}`, () => none(surplus(objects)));
});

/**
 * The same on record, which pictures, diffs and policies are made from. A policy that names a whole component as its peer hides that one of several
 * ways is missing.
 */
describe("what is on record of who asks whom by gRPC is what upstream's sources say", () => {
  const ends = ({ from, to }: Connection): readonly [Role, Role] | undefined =>
    isRole(from) && isRole(to) ? [from, to] : undefined;
  const ofPrograms = built.bases.filter(({ component }) => complete.includes(component.name));
  for (const { component, mode, wiring, configs } of ofPrograms) {
    const own = component.name;
    const config = configs.find(({ name }) => name === own)?.files?.[`${own}.yaml`];
    const processOf = (name = ""): string | undefined => {
      const role = component.roles[name];
      return role && wiring.runs(role) ? wiring.workloadOf(role).fullName : undefined;
    };
    const areTwo = (from: string | undefined, to: string | undefined): boolean => {
      const [one, other] = [processOf(from), processOf(to)];
      return one !== undefined && other !== undefined && (one !== other || from === to);
    };
    const said = edges
      .filter(({ from, to, port }) => port === "grpc" && from[0] === own && to[0] === own && areTwo(from[1], to[1]))
      .filter(({ where }) => where === undefined || at(config, where) !== undefined)
      .map(({ from, to }) => `${from[1]} asks ${to[1]}`);
    const recorded = wiring.connections(own).flatMap((one) => {
      const [from, to] = ends(one) ?? [];
      const within = from?.component === own && to?.component === own && areTwo(from.name, to.name);
      return within && one.port === "grpc" && !one.onlyIn ? [`${from.name} asks ${to.name}`] : [];
    });
    test(`within ${own}, ${mode}`, () => assert.deepEqual([...new Set(recorded)].sort(), [...new Set(said)].sort()));
  }
});

describe("a way that is closed is reported", () => {
  const { objects } = worldNamed("every-mimir-microservices");
  const policy = (name: string): string =>
    `NetworkPolicy ${objects.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === name)?.metadata.namespace}/${name}`;
  for (const [name, of] of [
    ["mimir-querier", /mimir-querier mimir may not reach .*mimir-store-gateway.*blocks/],
    ["loki-ruler", /loki-ruler loki may not reach .*loki-ingester.*newest lines/],
  ] as const)
    test(`when ${name} has lost its ways out`, () => {
      says(closed(altered(objects, policy(name), ["spec", "egress"], [])), of);
    });
  test("and one that is open to anybody", () => {
    const open = objects
      .filter(({ kind }) => kind === "NetworkPolicy")
      .reduce((left, one) => without(left, `NetworkPolicy ${one.metadata.namespace}/${one.metadata.name}`), objects);
    says(surplus(open), /loki-distributor loki may reach .*loki-querier/);
  });
});
