import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue } from "../src/components/index.ts";
import { asCommitted, bases } from "../src/core/assemble/base.ts";
import { type Component, modesOf, nearestMode, type Base } from "../src/core/model/component.ts";
import { defineRoles, type Mode, modes, type Role } from "../src/core/model/roles.ts";
import { podsOf, type Size } from "../src/core/model/size.ts";
import { isRole } from "../src/core/model/wiring.ts";
import { baseFiles } from "../src/core/output/render.ts";
import { difference } from "./lib/diff.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { apart, byTier, plan, together, without } from "../src/core/model/grouping.ts";

/** Choices of modes in which every component stands in each of its modes beside each other in each of theirs. */
function choices(components: readonly Component[]): readonly ReadonlyMap<Component, Mode>[] {
  const all = modes.flatMap((common) => [
    new Map(components.map((component) => [component, nearestMode(component, common)])),
    ...components.flatMap((odd) =>
      modesOf(odd).map(
        (mode) => new Map(components.map((one) => [one, one === odd ? mode : nearestMode(one, common)])),
      ),
    ),
  ]);
  return [...new Map(all.map((choice) => [[...choice.values()].join(" "), choice])).values()];
}

/** Bases whose bytes change with their neighbours' modes. */
function neighbourFaults(components: readonly Component[]): Findings {
  const first = new Map<string, Base>();
  // What its files are made of.
  const parts = ({ objects, configs }: Base): string => JSON.stringify([objects, configs]);
  return choices(components).flatMap((choice) =>
    bases(components, (component) => choice.get(component) as Mode, asCommitted).flatMap((base) => {
      const before = first.get(base.path) ?? base;
      first.set(base.path, before);
      const differs = parts(before) === parts(base) ? undefined : difference(baseFiles(before), baseFiles(base));
      return differs ? [`${base.path} depends on its neighbours' modes: ${differs}`] : [];
    }),
  );
}

/** Roles that run in several workloads of a mode, or in none though its grouping names one; and those that run in no mode. */
const roleFaults = (components: readonly Component[], planned = plan): Findings =>
  components.flatMap((component) => [
    ...Object.values(component.roles)
      .filter((role) => modesOf(component).every((mode) => component.modes[mode]?.grouping(role) === undefined))
      .map((role) => `${component.name}/${role.name} runs in no mode`),
    ...modesOf(component).flatMap((mode) => {
      const roles = Object.values(component.roles);
      const grouping = component.modes[mode]?.grouping ?? together;
      const workloads = planned(roles, grouping);
      const names = workloads.map(({ fullName }) => fullName);
      return [
        ...roles.flatMap((role) => {
          const count = workloads.filter((workload) => workload.roles.includes(role)).length;
          const expected = grouping(role) === undefined ? 0 : 1;
          return count === expected ? [] : [`${component.name}/${role.name} runs in ${count} workloads of ${mode}`];
        }),
        ...names
          .filter((name, i) => names.indexOf(name) !== i)
          .map((name) => `${component.name} has two workloads ${name} in ${mode}`),
      ];
    }),
  ]);

/** Roles that a mode leaves out and that connect to others of their component, or are connected to by them, all the same. */
const absenceFaults = (components: readonly Component[]): Findings =>
  modes.flatMap((mode) =>
    bases(components, (component) => nearestMode(component, mode), asCommitted).flatMap(
      ({ component, wiring, path }) => {
        const absent = Object.values(component.roles).filter((role) => !wiring.runs(role));
        return wiring.connections().flatMap(({ from, to }) => {
          if (!isRole(from) || !isRole(to) || from.component !== to.component) return [];
          return [from, to]
            .filter((end) => absent.includes(end))
            .map((end) => `${path}: ${from.name} connects to ${to.name}, and ${end.name} is not there`);
        });
      },
    ),
  );

/** Workloads whose roles cannot share pods: of two namespaces, kinds of run or ports of one number or name. */
const companyFaults = (components: readonly Component[]): Findings =>
  components.flatMap((component) =>
    modesOf(component).flatMap((mode) =>
      plan(Object.values(component.roles), component.modes[mode]?.grouping ?? together).flatMap(
        ({ fullName, roles }) => {
          const say = (text: string): string => `${component.name} ${mode}: the roles of ${fullName} ${text}`;
          const distinct = (values: readonly unknown[]): boolean => new Set(values).size > 1;
          const ports = new Map<string, number>();
          const clashes = roles.flatMap((role) =>
            Object.entries(role.ports).flatMap(([name, number]) => {
              const before = ports.get(name) ?? number;
              ports.set(name, number);
              return before === number ? [] : [say(`give port ${name} two numbers`)];
            }),
          );
          return [
            ...(distinct(roles.map(({ namespaceKind }) => namespaceKind)) ? [say("belong to two namespaces")] : []),
            ...(distinct(roles.map(({ runs }) => runs)) ? [say("run in different ways")] : []),
            ...clashes,
          ];
        },
      ),
    ),
  );

/** Workloads of several pods, although one of their roles must be alone. */
const companionFaults = (components: readonly Component[]): Findings =>
  components.flatMap((component) =>
    modesOf(component).flatMap((mode) => {
      const standing = component.modes[mode];
      return plan(Object.values(component.roles), standing?.grouping ?? together).flatMap(({ name, roles }) => {
        const own = standing?.sizes[name];
        const several = own !== undefined && (podsOf(own) > 1 || own.maxReplicas !== undefined);
        return several
          ? roles
              .filter(({ singleton }) => singleton)
              .map((role) => `${component.name} ${mode}: two of ${role.name} would run`)
          : [];
      });
    }),
  );

describe("every component, in every mode that it has", () => {
  test("has each of its roles in one workload, or leaves it out and has nobody connect to it", () =>
    none([...roleFaults(catalogue), ...absenceFaults(catalogue)]));
  test("groups only roles that can share pods", () => none(companyFaults(catalogue)));
  test("runs once what two of would undo each other's work", () => none(companionFaults(catalogue)));
  test("has one base, whatever modes its neighbours are in", () => none(neighbourFaults(catalogue)));
  test("belongs to the namespace that its roles say", () => {
    for (const { name, namespaceKind, roles } of catalogue)
      for (const role of Object.values(roles)) assert.equal(role.namespaceKind, namespaceKind, `${name}/${role.name}`);
  });
});

const size: Size = { replicas: 1, cpu: "1m", memory: "1Mi", memoryLimit: "1Mi" };

/** Two components of two modes; `spies` looks at how its neighbour is grouped, which none may do. */
const invented = (spies: boolean): readonly Component[] => {
  const roles = defineRoles(
    "store",
    { ports: { http: 80 } },
    {
      front: { tier: "read", entryPoint: { name: "store", ports: ["http"] } },
      keeper: { tier: "backend", disk: "1Gi" },
    },
  );
  const client = defineRoles("client", { ports: { http: 81 } }, { server: { tier: "read" } });
  const image = "example.org/x:1";
  const store: Component = {
    name: "store",
    namespaceKind: "stack",
    roles,
    modes: { monolithic: { grouping: together, sizes: {} }, microservices: { grouping: apart, sizes: {} } },
    build: ({ workloads, wiring }) => {
      wiring.wire(roles.front).to(roles.keeper, "http");
      return {
        pods: workloads.map((workload) => ({ workload, size, pod: { containers: [{ name: "store", image }] } })),
      };
    },
  };
  return [
    store,
    {
      name: "client",
      namespaceKind: "stack",
      roles: client,
      modes: { monolithic: { grouping: together, sizes: {} } },
      build: ({ workloads, wiring }) => {
        const address = wiring.wire(client.server).to(roles.front, "http");
        const args = [address, ...(spies ? [wiring.workloadOf(roles.keeper).fullName] : [])];
        return {
          pods: workloads.map((workload) => ({
            workload,
            size,
            pod: { containers: [{ name: "client", image, args }] },
          })),
        };
      },
    },
  ];
};

describe("a component that cannot stand in its modes is reported", () => {
  test("when it looks at its neighbours' modes", () => {
    says(neighbourFaults(invented(true)), /bases\/client\/monolithic depends.*\n(.*\n)*-.*- store\n\+.*- store-keeper/);
  });
  test("and one that asks for addresses does not", () => none(neighbourFaults(invented(false))));
  test("when a role is in no mode, or is left out and connected to", () => {
    const [store] = invented(false) as [Component];
    const grouping = without(["keeper"], together);
    const standing = { grouping, sizes: {} };
    const nowhere = { ...store, modes: { monolithic: standing } };
    says(roleFaults([nowhere]), /store\/keeper runs in no mode/);
    const finding: Component = {
      ...nowhere,
      build: (context) => {
        context.wiring.wire(store.roles["front"] as Role).discovers(store.roles["keeper"] as Role, "http");
        return { pods: [] };
      },
    };
    says(absenceFaults([finding]), /store\/monolithic: front connects to keeper, and keeper is not there/);
    const asking = { ...finding, build: store.build };
    assert.throws(() => absenceFaults([asking]), /store\/keeper runs in no workload/);
  });
  test("when a role is forgotten or in two workloads at once", () => {
    const forgetful: typeof plan = (...given) => plan(...given).slice(1);
    const doubling: typeof plan = (...given) => [...plan(...given), ...plan(...given)];
    says(roleFaults(invented(false), forgetful), /store\/front runs in 0 workloads of monolithic/);
    says(roleFaults(invented(false), doubling), /store\/front runs in 2 workloads of microservices/);
    says(roleFaults(invented(false), doubling), /store has two workloads store-front in microservices/);
  });
  test("when it runs twice what must be alone", () => {
    const [store] = invented(false) as [Component];
    const keeper = { ...store.roles["keeper"], singleton: true } as Component["roles"][string];
    const sizes = { store: { ...size, replicas: 2 }, all: { ...size, zones: 2 } };
    const twice = { ...store, roles: { ...store.roles, keeper }, modes: { monolithic: { grouping: together, sizes } } };
    says(companionFaults([twice]), /store monolithic: two of keeper would run/);
  });
  test("when roles of two namespaces share pods", () => {
    const [store] = invented(false) as [Component];
    const keeper = {
      ...store.roles["keeper"],
      namespaceKind: "agents",
      ports: { http: 82 },
    } as Component["roles"][string];
    const mixed = { ...store, roles: { ...store.roles, keeper } };
    says(companyFaults([mixed]), /store monolithic: the roles of store belong to two namespaces/);
    says(companyFaults([mixed]), /give port http two numbers/);
  });
});

test("grouping by tier makes one workload a tier", () => {
  const [store] = invented(false) as [Component];
  assert.deepEqual(
    plan(Object.values(store.roles), byTier).map(({ fullName, disk }) => [fullName, disk]),
    [
      ["store-read", undefined],
      ["store-backend", "1Gi"],
    ],
  );
});
