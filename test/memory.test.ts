import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IContainer } from "kubernetes-models/v1/Container";
import { quantity } from "../src/core/kubernetes/requests.ts";
import { images } from "../src/versions.ts";
import { type Findings, none } from "./lib/findings.ts";
import { containersOf, type PodTemplate, podTemplates } from "./lib/objects.ts";
import { type World, worlds } from "./lib/world.ts";

const memory = (value: unknown): number => quantity(value) ?? assert.fail(`no quantity: ${String(value)}`);

/** A variable of a container as the kubelet gives it: a limit divided and rounded up, `$(NAME)` expanded from those before it. */
function variable({ env = [], resources }: IContainer, name: string): string | undefined {
  const found = new Map<string, string>();
  for (const { name, value, valueFrom } of env) {
    const { resource, divisor = "1" } = valueFrom?.resourceFieldRef ?? {};
    const limit = resource === "limits.memory" ? memory(resources?.limits?.["memory"]) / memory(divisor) : undefined;
    const text = value?.replace(/\$\((\w+)\)/g, (whole, one: string) => found.get(one) ?? whole);
    found.set(name, text ?? (limit === undefined ? "" : String(Math.ceil(limit))));
  }
  return found.get(name);
}

/** What a program keeps to, as a part of its container's limit. */
type Part = (container: IContainer, world: World) => number | undefined;

/** GOMEMLIMIT in bytes (https://pkg.go.dev/runtime#hdr-Environment_Variables). */
const byVariable: Part = (container) =>
  Number(variable(container, "GOMEMLIMIT")) / memory(container.resources?.limits?.["memory"]);
const byItself =
  (part: number): Part =>
  () =>
    part;
const configured = (world: World, name: string): string =>
  JSON.stringify(
    world.objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(`${name}-`)),
  );

/** By program; upstream's source says what each does without being told. */
const parts: Readonly<Partial<Record<keyof typeof images, Part>>> = {
  alertmanager: byVariable,
  // internal/alloycli/automemlimit_linux.go
  alloy: byItself(0.9),
  flog: byVariable,
  grafana: byVariable,
  k6: byVariable,
  kubeStateMetrics: byVariable,
  loki: byVariable,
  memcachedExporter: byVariable,
  mimir: byVariable,
  // cmd/handler-api.go, availableMemory
  minio: byItself(0.9),
  nodeExporter: byVariable,
  promtail: byVariable,
  // cmd/prometheus/main.go, --auto-gomemlimit and its ratio
  prometheus: byItself(0.9),
  rolloutOperator: byVariable,
  telemetrygen: byVariable,
  // cmd/tempo/app/config.go, automemlimit_ratio
  tempo: (_, world) => (configured(world, "tempo").includes("automemlimit_enabled: true") ? 0.8 : undefined),
  // cmd/thanos/config.go, auto-gomemlimit.ratio
  thanos: ({ args = [] }) => (args.includes("--enable-auto-gomemlimit") ? 0.9 : undefined),
  kafka: (container, { objects }) => {
    const settings = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("kafka-"));
    const heap =
      variable(container, "KAFKA_HEAP_OPTS") ?? (settings?.["data"] as Record<string, string>)["KAFKA_HEAP_OPTS"];
    const [, most] = /-Xmx(\d+)m/.exec(heap ?? "") ?? [];
    return (Number(most) * 2 ** 20) / memory(container.resources?.limits?.["memory"]);
  },
  memcached: ({ args = [], resources }) => {
    const [, items] = /--memory-limit=(\d+)/.exec(args.join(" ")) ?? [];
    return (Number(items) * 2 ** 20) / memory(resources?.limits?.["memory"]);
  },
};
/** A collector's 4.6 % are Go's; a heap of Java and memcached's items leave out threads, connections and what is kept of each item. */
const most: Readonly<Partial<Record<keyof typeof images, number>>> = { kafka: 0.6, memcached: 0.8 };
/** They hold next to nothing, or end. */
const small: readonly (keyof typeof images)[] = ["busybox", "mc", "nginx"];

const programOf = ({ image }: IContainer): keyof typeof images =>
  (Object.keys(images) as (keyof typeof images)[]).find((name) => images[name] === image) ?? assert.fail(image);

/** Containers that may take all of their memory before they begin to save, or are told nothing. */
const unbounded = (world: World, pods: readonly PodTemplate[]): Findings =>
  pods.flatMap((pod) =>
    containersOf(pod).flatMap((container) => {
      const program = programOf(container);
      const isWait = container.command?.some((text) => /\bnc -z\b/.test(text));
      if (small.includes(program) || isWait) return [];
      const part = parts[program]?.(container, world);
      const least = parts[program] === byVariable ? 0.7 : 0;
      return part !== undefined && part > least && part <= (most[program] ?? 0.955)
        ? []
        : [`${pod.id}, ${container.name}: ${part} of its limit`];
    }),
  );

/** The pods with another limit in the place of every container's, as a small patch of an overlay says it. */
const limited = (pods: readonly PodTemplate[], limit: string): readonly PodTemplate[] =>
  pods.map((pod) => ({
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map((container) => ({
        ...container,
        resources: { ...container.resources, limits: { ...container.resources?.limits, memory: limit } },
      })),
    },
  }));

describe("no program takes all of the memory that its container may have: what its collector does not see has room", () => {
  for (const world of worlds)
    test(world.name, () => {
      const pods = podTemplates(world.objects);
      none(unbounded(world, pods));
      // Java's heap and memcached's items are sized with the environment.
      const collected = pods.map((pod) => ({
        ...pod,
        spec: { ...pod.spec, containers: pod.spec.containers.filter((one) => parts[programOf(one)] === byVariable) },
      }));
      for (const limit of ["96Mi", "2Gi"]) none(unbounded(world, limited(collected, limit)));
    });
});
