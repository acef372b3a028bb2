import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { network } from "../src/core/kubernetes/network-rules.ts";
import { difference } from "../src/diff/difference.ts";
import { text } from "../src/diff/text.ts";
import { kedas } from "../src/features/keda.ts";
import { modesOf } from "../src/core/model/component.ts";
import { catalogue } from "../src/components/index.ts";
import { modes } from "../src/core/model/roles.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { containersOf, idOf, podTemplates, quiet, sortedById, specOf } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { schemaFaults } from "./lib/schema.ts";
import { built, environmentOf, rendered, type World, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

interface Scaled {
  readonly scaleTargetRef: { readonly kind: string; readonly name: string };
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly fallback: { readonly replicas: number };
  readonly triggers: readonly { readonly type: string; readonly metadata: Readonly<Record<string, string>> }[];
}
interface Autoscaler {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metrics: readonly { readonly resource: { readonly target: { readonly averageValue: string } } }[];
  readonly behavior: unknown;
}

const names = Object.keys(kedas) as (keyof typeof kedas)[];
const all = Object.fromEntries(names.map((name) => [name, "keda"]));
const settings = { mode: "microservices", metrics: "mimir" };
const load = { logsGBPerDay: 5_000, activeSeries: 5_000_000, spansPerSecond: 50_000, metricQueriesPerSecond: 200 };
const world = (name: string, more: object): World => worldOf(environmentOf(name, { ...settings, ...more }));

const byCpu = world("by-cpu", {});
const byQueries = world("by-queries", { scaling: all });
const sized = { load, replicas: { "loki-querier": 7 } };
const loadedByCpu = world("by-cpu-loaded", sized);
const loaded = world("by-queries-loaded", {
  ...sized,
  scaling: { ...all, kedaNamespace: "autoscaling" },
  namespaces: { stack: "telemetry", agents: "telemetry-host" },
});
const worlds = [byQueries, loaded];

const object = ({ objects, name }: Pick<World, "objects" | "name">, kind: string, called: string): Manifest => {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === called);
  assert.ok(found, `${name} has no ${kind} ${called}`);
  return found;
};
const scaled = (of: World, component: string): Scaled =>
  specOf<Scaled>(object(of, "ScaledObject", `${component}-querier`));
const autoscaler = (of: World, component: string): Autoscaler =>
  specOf<Autoscaler>(object(of, "HorizontalPodAutoscaler", `${component}-querier`));

const refusal = (more: object): string => {
  try {
    world("prod", more);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.message;
  }
  return "(nothing)";
};

describe("KEDA's ScaledObjects", () => {
  for (const of of worlds) {
    test(`of ${of.name} take the place of the queriers' autoscalers, and of no other`, () => {
      const autoscalers = ({ objects }: World): readonly string[] =>
        objects.filter(({ kind }) => kind === "HorizontalPodAutoscaler").map(({ metadata }) => metadata.name);
      const queriers = names.map((name) => `${name}-querier`);
      assert.deepEqual(
        autoscalers(of),
        autoscalers(byCpu).filter((name) => !queriers.includes(name)),
      );
      assert.deepEqual(
        of.objects.filter(({ kind }) => kind === "ScaledObject").map(({ metadata }) => metadata.name),
        queriers,
      );
    });

    test(`of ${of.name} scale a Deployment that is there and says no number itself`, () => {
      for (const name of names) {
        const { kind, name: target } = scaled(of, name).scaleTargetRef;
        assert.equal(specOf<{ readonly replicas?: number }>(object(of, kind, target)).replicas, undefined);
      }
    });

    test(`of ${of.name} pass the schema of their kind`, () => assert.deepEqual(schemaFaults(of.objects), []));

    test(`of ${of.name} ask the stack's Prometheus, whose door is open to KEDA's operator and to nobody else`, () => {
      const { stack } = of.environment.namespaces;
      const { kedaNamespace: keda = "keda" } = of.environment.scaling;
      for (const name of names) {
        const [queries] = scaled(of, name).triggers;
        assert.equal(queries?.metadata["serverAddress"], `http://prometheus.${stack}:9090`);
      }
      const net = network(of.objects);
      const may = (namespace: string, app: string): readonly string[] =>
        podTemplates(of.objects).flatMap((pod) =>
          containersOf(pod)
            .flatMap(({ ports = [] }) => ports)
            .filter(({ containerPort: port, name }) =>
              net.open("Ingress", pod, { namespace, labels: { app } }, { port, name }),
            )
            .map(({ containerPort }) => `${pod.name} ${containerPort}`),
        );
      const always = may("shop", "shop");
      assert.deepEqual(
        may(keda, "keda-operator").filter((door) => !always.includes(door)),
        ["prometheus 9090"],
      );
      for (const [namespace, app] of [
        [keda, "keda-metrics-apiserver"],
        ["shop", "keda-operator"],
        [keda === "keda" ? "autoscaling" : "keda", "keda-operator"],
      ] as const)
        assert.deepEqual(may(namespace, app), always, `${app} of ${namespace}`);
    });
  }

  test(
    "come out of kustomize as they are meant, with a load and in another namespace",
    { skip: kustomizes.length === 0 && missing },
    async () => {
      const folder = temporary(after);
      putAll(folder, rendered([loaded]));
      for (const kustomize of kustomizes) {
        const { objects } = await build(kustomize, `${folder}/overlays/${loaded.name}`);
        assert.deepEqual(sortedById(objects), sortedById(loaded.objects), kustomize.name);
      }
    },
  );

  test("have the bounds, the CPU and the pace of the autoscalers in whose place they are, whatever the load", () => {
    for (const [before, after] of [
      [byCpu, byQueries],
      [loadedByCpu, loaded],
    ] as const) {
      for (const name of names) {
        const [was, is] = [autoscaler(before, name), scaled(after, name)];
        assert.equal(is.minReplicaCount, was.minReplicas);
        assert.equal(is.fallback.replicas, was.minReplicas);
        assert.equal(is.maxReplicaCount, was.maxReplicas);
        const cpu = is.triggers.find(({ type }) => type === "cpu");
        assert.equal(cpu?.metadata["value"], was.metrics[0]?.resource.target.averageValue);
        const { advanced } = specOf<{
          readonly advanced: {
            readonly horizontalPodAutoscalerConfig: { readonly name: string; readonly behavior: unknown };
          };
        }>(object(after, "ScaledObject", `${name}-querier`));
        const { name: own, behavior } = advanced.horizontalPodAutoscalerConfig;
        assert.deepEqual(behavior, was.behavior);
        assert.equal(own, `${name}-querier`);
      }
    }
    assert.ok(scaled(loaded, "mimir").minReplicaCount > scaled(byQueries, "mimir").minReplicaCount);
  });

  test("count in a difference as autoscalers do", () => {
    const replicas = (objects: readonly Manifest[]): unknown =>
      specOf<{ readonly replicas: number }>(
        object({ name: "quiet", objects: quiet(objects) }, "Deployment", "loki-querier"),
      ).replicas;
    assert.equal(replicas(loaded.objects), 7);
    const told = text("by-cpu", "by-queries", difference(byCpu.objects, byQueries.objects));
    assert.match(told, /removed HorizontalPodAutoscaler loki-querier \(2 to 6 replicas\)/);
    assert.match(told, /added ScaledObject loki-querier \(2 to 6 replicas\)/);
    assert.match(told, /opened app=keda-operator → prometheus:9090/);
  });

  test(
    "are a Component each, which takes the autoscaler out of a base alone",
    { skip: kustomizes.length === 0 && missing },
    async () => {
      const folder = temporary(after);
      putAll(folder, rendered([]));
      for (const name of names) {
        const lines = ["bases", "components"].map((kind) =>
          kind === "bases"
            ? `resources:\n  - ../../bases/${name}/microservices`
            : `components:\n  - ../../components/keda-${name}`,
        );
        put(folder, `overlays/${name}/kustomization.yaml`, `kind: Kustomization\n${lines.join("\n")}\n`);
        for (const kustomize of kustomizes) {
          const { objects } = await build(kustomize, `${folder}/overlays/${name}`);
          const ids = objects.map(idOf);
          assert.ok(ids.includes(`ScaledObject ${name}-querier`));
          assert.ok(!ids.includes(`HorizontalPodAutoscaler ${name}-querier`));
        }
      }
    },
  );

  test("say the number of queries at which there are more pods, which is below what the pods can do at once", () => {
    const thresholds = names.map((name) => scaled(byQueries, name).triggers[0]?.metadata["threshold"]);
    assert.deepEqual(thresholds, ["3", "15", "15"]);
  });
});

describe("a wrong choice of what KEDA scales stops the build", () => {
  for (const name of names) {
    const component = catalogue.find((one) => one.name === name);
    assert.ok(component);
    for (const mode of modesOf(component).filter((one) => one !== modes.at(-1)))
      test(`${name} in mode ${mode}`, () =>
        assert.equal(
          // Another fault of a single Mimir, which a pair of Prometheuses sends the same to, is not the question here.
          refusal({ modes: { [name]: mode }, scaling: { [name]: "keda" }, replicas: { prometheus: 1 } }),
          `src/environments/prod.ts: scaling.${name} is "keda": in mode "${mode}" ${name} has no querier that is scaled. ` +
            `Set modes.${name} to "microservices", or remove it.`,
        ));
  }

  test("a component that is not there", () =>
    assert.equal(
      refusal({ metrics: "thanos-receive", scaling: { mimir: "keda" } }),
      'src/environments/prod.ts: scaling.mimir is "keda": expected an environment with mimir. Remove it.',
    ));

  const cases: readonly [string, unknown, string][] = [
    ["another way", { loki: "vpa" }, 'scaling.loki is "vpa": expected one of "cpu", "keda"'],
    [
      "another component",
      { thanos: "keda" },
      'unknown setting scaling.thanos; expected one of "loki", "mimir", "tempo", "kedaNamespace"',
    ],
    ["no table", "keda", 'scaling is "keda": expected a table such as { loki: "keda" }'],
    [
      "a namespace that none can be called",
      { loki: "keda", kedaNamespace: "Keda" },
      'scaling.kedaNamespace is "Keda": expected the name of a namespace',
    ],
    [
      "a namespace without KEDA",
      { kedaNamespace: "autoscaling" },
      'scaling.kedaNamespace has no effect: nothing is scaled by "keda". Remove it, or set one of "loki", "mimir", "tempo".',
    ],
  ];
  for (const [what, scaling, expected] of cases)
    test(what, () => assert.equal(refusal({ scaling }), `src/environments/prod.ts: ${expected}`));
});

test("the Components of KEDA are there for every component whose queriers are scaled", () => {
  const queriers = built.bases.flatMap(({ component, pods }) =>
    pods.flatMap(({ workload, size }) =>
      size.maxReplicas !== undefined && workload.name === "querier" ? [component.name] : [],
    ),
  );
  assert.deepEqual([...new Set(queriers)].sort(), names);
});
