import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue } from "../src/components/index.ts";
import { asCommitted, bases } from "../src/core/base.ts";
import { type Component, modesOf, nearestMode } from "../src/core/component.ts";
import { apart, byTier, defineRoles, type Mode, modes, plan, together } from "../src/core/plan.ts";
import type { Size } from "../src/core/size.ts";
import { baseFiles, type Files } from "../src/core/render.ts";
import { difference } from "./lib/diff.ts";
import { type Findings, none, says } from "./lib/findings.ts";

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
  const first = new Map<string, Files>();
  return choices(components).flatMap((choice) =>
    bases(components, (component) => choice.get(component) as Mode, asCommitted).flatMap((base) => {
      const files = baseFiles(base);
      const before = first.get(base.path);
      first.set(base.path, before ?? files);
      const differs = before && difference(before, files);
      return differs ? [`${base.path} depends on its neighbours' modes: ${differs}`] : [];
    }),
  );
}

/** Roles that run in no workload of a mode, or in several. */
const roleFaults = (components: readonly Component[], planned = plan): Findings =>
  components.flatMap((component) =>
    modesOf(component).flatMap((mode) => {
      const roles = Object.values(component.roles);
      const workloads = planned(roles, component.modes[mode]?.grouping ?? together);
      const names = workloads.map(({ fullName }) => fullName);
      return [
        ...roles.flatMap((role) => {
          const count = workloads.filter((workload) => workload.roles.includes(role)).length;
          return count === 1 ? [] : [`${component.name}/${role.name} runs in ${count} workloads of ${mode}`];
        }),
        ...names
          .filter((name, i) => names.indexOf(name) !== i)
          .map((name) => `${component.name} has two workloads ${name} in ${mode}`),
      ];
    }),
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
            ...(distinct(roles.map(({ home }) => home)) ? [say("belong to two namespaces")] : []),
            ...(distinct(roles.map(({ runs }) => runs)) ? [say("run in different ways")] : []),
            ...clashes,
          ];
        },
      ),
    ),
  );

describe("every component, in every mode that it has", () => {
  test("has each of its roles in exactly one workload", () => none(roleFaults(catalogue)));
  test("groups only roles that can share pods", () => none(companyFaults(catalogue)));
  test("has one base, whatever modes its neighbours are in", () => none(neighbourFaults(catalogue)));
  test("belongs to the namespace that its roles say", () => {
    for (const { name, home, roles } of catalogue)
      for (const role of Object.values(roles)) assert.equal(role.home, home, `${name}/${role.name}`);
  });
});

const size: Size = { replicas: 1, cpu: "1m", memory: "1Mi", memoryLimit: "1Mi" };

/** Two components of two modes; `spies` looks at how its neighbour is grouped, which none may do. */
const invented = (spies: boolean): readonly Component[] => {
  const roles = defineRoles(
    "store",
    { ports: { http: 80 } },
    {
      door: { tier: "read", door: { name: "store", ports: ["http"] } },
      keeper: { tier: "backend", disk: "1Gi" },
    },
  );
  const client = defineRoles("client", { ports: { http: 81 } }, { server: { tier: "read" } });
  const image = "example.org/x:1";
  const store: Component = {
    name: "store",
    home: "stack",
    roles,
    modes: { monolithic: { grouping: together, sizes: {} }, microservices: { grouping: apart, sizes: {} } },
    build: ({ workloads, wiring }) => {
      wiring.wire(roles.door).to(roles.keeper, "http");
      return {
        pods: workloads.map((workload) => ({ workload, size, pod: { containers: [{ name: "store", image }] } })),
      };
    },
  };
  return [
    store,
    {
      name: "client",
      home: "stack",
      roles: client,
      modes: { monolithic: { grouping: together, sizes: {} } },
      build: ({ workloads, wiring }) => {
        const address = wiring.wire(client.server).to(roles.door, "http");
        const args = [address, ...(spies ? [wiring.home(roles.keeper).fullName] : [])];
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
  test("when a role is forgotten or in two workloads at once", () => {
    const forgetful: typeof plan = (...given) => plan(...given).slice(1);
    const doubling: typeof plan = (...given) => [...plan(...given), ...plan(...given)];
    says(roleFaults(invented(false), forgetful), /store\/door runs in 0 workloads of monolithic/);
    says(roleFaults(invented(false), doubling), /store\/door runs in 2 workloads of microservices/);
    says(roleFaults(invented(false), doubling), /store has two workloads store-door in microservices/);
  });
  test("when roles of two namespaces share pods", () => {
    const [store] = invented(false) as [Component];
    const keeper = { ...store.roles["keeper"], home: "agents", ports: { http: 82 } } as Component["roles"][string];
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
