import { catalogue } from "../../../src/components/index.ts";
import { modesOf } from "../../../src/core/component.ts";
import type { Overlay } from "../../../src/core/overlay.ts";
import { isRole } from "../../../src/core/wiring.ts";
import type { Manifest } from "../../../src/core/objects.ts";
import type { Mode, Role } from "../../../src/core/plan.ts";
import { idOf, isWorkload, podTemplate, specOf } from "../../../src/core/reading.ts";
import { resolve } from "../../../src/core/resolve.ts";
import { environments, foundation, overlayOf } from "../../../src/program.ts";
import { poll, seconds, sleep, type Signal } from "../context.ts";
import { apply, type Cluster, get, kubectl } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import { served } from "../signals.ts";
import type { Fault } from "./steps.ts";

type Values = Readonly<Record<string, string>>;

/** What both modes are set to while they stand side by side, and for some time after. */
interface Between {
  /**
   * One copy of each item, and every ingester is asked: of two modes that keep different numbers of copies, a reader of the one could
   * be content with ingesters that lack what the other alone has.
   */
  readonly together: Values;
  readonly after: Values;
}
const reading = { blocksIgnoredWithin: "0s", blocksSyncInterval: "15s", storeQueriedAfter: "0s" };
const between: Readonly<Record<string, Between>> = {
  loki: { together: { replicationFactor: "1" }, after: {} },
  // For as long as its readers would otherwise leave to ingesters what is in blocks by then.
  mimir: { together: { replicationFactor: "1", ...reading }, after: reading },
};

/** A component in the mode that an environment has it in, and in another. */
interface Sides {
  readonly component: string;
  readonly mode: Mode;
  readonly before: readonly Manifest[];
  readonly together: readonly Manifest[];
  readonly after: readonly Manifest[];
  /** Workloads of which only one may work at a time, whatever mode they stand in. */
  readonly alone: readonly string[];
}

/** How a writer makes blocks or chunks of what it holds, how one goes for good, and how long a reader needs to find them. */
interface Drain {
  readonly port: number;
  readonly flush: readonly string[];
  readonly leave: readonly string[];
  readonly seconds: number;
}
const drains: Readonly<Record<string, Drain>> = {
  loki: { port: 3100, flush: ["/flush"], leave: ["/ingester/shutdown"], seconds: 90 },
  mimir: { port: 8080, flush: ["/ingester/flush?wait=true"], leave: ["/ingester/shutdown"], seconds: 60 },
  // Its blocks are of half a minute each; a search looks into blocks for what is older than a quarter of an hour.
  tempo: { port: 3200, flush: [], leave: [], seconds: 960 },
};

const same = (a: Manifest, b: Manifest): boolean => idOf(a) === idOf(b);
const among = (objects: readonly Manifest[], one: Manifest): Manifest | undefined =>
  objects.find((other) => same(other, one));
const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

/** A Service of both modes that leads to other pods in the one than in the other. */
const isDoor = ({ before }: Sides, object: Manifest): boolean => {
  const old = object.kind === "Service" ? among(before, object) : undefined;
  const selector = (service: Manifest): unknown => specOf<{ readonly selector?: unknown }>(service).selector;
  return old !== undefined && differs(selector(old), selector(object));
};

const aloneIn = (overlay: Overlay, component: string): readonly string[] =>
  overlay.parts.flatMap(({ bases }) =>
    bases
      .filter((base) => base.component.name === component)
      .flatMap(({ workloads }) =>
        workloads
          .filter(({ roles }) => roles.some((role: Role) => isRole(role) && role.alone))
          .map((one) => one.fullName),
      ),
  );

/** @throws if there is no such environment, component or mode */
export async function sidesOf(environment: string, component: string, mode: string): Promise<Sides> {
  const one = catalogue.find(({ name }) => name === component);
  if (!one) throw new Error(`--switch: ${component} is no component.`);
  const modes = modesOf(one);
  if (!modes.includes(mode as Mode)) throw new Error(`--switch: ${component} has the modes ${modes.join(", ")}.`);
  const built = foundation();
  const found = (await environments(built)).find(({ name }) => name === environment);
  if (!found) throw new Error(`environment ${environment} is not there.`);
  const inMode = (values: Values): Overlay =>
    overlayOf(
      {
        ...found,
        modes: { ...found.modes, [component]: mode as Mode },
        components: { ...found.components, [component]: { ...found.components[component], ...values } },
      },
      built,
    );
  const { together, after } = between[component] ?? { together: {}, after: {} };
  return {
    component,
    mode: mode as Mode,
    before: resolve(overlayOf(found, built)),
    together: resolve(inMode(together)),
    after: resolve(inMode(after)),
    alone: aloneIn(inMode(after), component),
  };
}

const held = (object: Manifest, alone: readonly string[]): Manifest =>
  isWorkload(object) && alone.includes(object.metadata.name)
    ? { ...object, spec: { ...specOf<object>(object), replicas: 0 } }
    : object;

const remove = async (cluster: Cluster, objects: readonly Manifest[]): Promise<void> => {
  for (const { kind, metadata } of objects)
    await kubectl(cluster, ["-n", metadata.namespace ?? "", "delete", kind, metadata.name, "--ignore-not-found"]);
  const workloads = objects.filter(isWorkload);
  await poll(seconds.restart, async () => {
    for (const { kind, metadata } of workloads) {
      const left = await get(cluster, metadata.namespace ?? "", kind, metadata.name);
      if (left) throw new Error(`${kind} ${metadata.name} is still there`);
    }
  });
};

const writes = /^(all|ingester|write)$/;

/** Pods of a component that hold what is in no store yet. */
const writers = (component: string, objects: readonly Manifest[]): readonly string[] =>
  objects
    .filter(({ kind }) => kind === "StatefulSet")
    .map(podTemplate)
    .filter(({ labels }) => labels["app.kubernetes.io/name"] === component)
    .filter(({ labels }) => writes.test(labels["app.kubernetes.io/component"] ?? ""))
    .flatMap(({ name, replicas }) => Array.from({ length: replicas }, (_, i) => `${name}-${i}`));

const post = async (
  { stack, ...cluster }: Cluster,
  { port }: Drain,
  pods: readonly string[],
  paths: readonly string[],
): Promise<void> => {
  for (const path of paths)
    for (const pod of pods) {
      const at = `/api/v1/namespaces/${stack}/pods/${pod}:${port}/proxy${path}`;
      await kubectl({ stack, ...cluster }, ["create", "--raw", at, "-f", "-"], "{}");
    }
};

/**
 * Both modes of a component side by side on one ring and one bucket; then its front door leads to the other; then the first one
 * gives away what it alone has, and goes.
 */
export function switchMode(cluster: Cluster, sides: Sides): readonly Fault[] {
  const { component, mode, before, together, after, alone } = sides;
  const signals: readonly Signal[] = served(component) ?? ["logs", "metrics", "traces"];
  // A search asks the live-stores of one mode for what is younger than a quarter of an hour.
  const excuse =
    component === "tempo" ? { signals, because: "the newest are searched in one mode's live-stores" } : undefined;
  const gone = before.filter((object) => !among(after, object) && object.kind !== "Namespace");
  const doors = together.filter((object) => isDoor(sides, object));
  const differing = (from: readonly Manifest[], to: readonly Manifest[]): readonly Manifest[] =>
    to.filter((object) => !isDoor(sides, object) && differs(among(from, object), object));
  const added = differing(before, together);
  const drain = drains[component];
  return [
    {
      name: `${component}: ${mode} beside what is there`,
      async run() {
        const still = added.map((object) => held(object, alone));
        await apply(cluster, still);
        await stackReady(cluster);
        const names = added.filter((object, i) => still[i] !== object).map(({ metadata }) => metadata.name);
        return `${added.length} objects; held still: ${names.join(", ") || "nothing"}`;
      },
    },
    {
      name: `${component}: the front door leads to ${mode}`,
      excuse,
      async run() {
        await apply(cluster, doors);
        await sleep(30);
        return doors.map(({ metadata }) => metadata.name).join(", ") || "the same pods";
      },
    },
    {
      name: `${component}: what goes gives away what it alone has`,
      excuse,
      async run() {
        const going = drain ? writers(component, gone) : [];
        if (!drain || going.length === 0) return "nothing goes";
        await post(cluster, drain, going, drain.flush);
        await sleep(drain.seconds);
        await post(cluster, drain, going, drain.leave);
        return `${going.join(", ")}: ${[...drain.flush, `${drain.seconds} s`, ...drain.leave].join(", ")}`;
      },
    },
    {
      name: `${component}: what was there goes`,
      async run() {
        await remove(cluster, gone);
        await apply(
          cluster,
          added.filter((object) => held(object, alone) !== object),
        );
        await stackReady(cluster);
        return gone.map(idOf).join(", ") || "nothing";
      },
    },
    {
      name: `${component}: as many copies as ${mode} has`,
      async run() {
        const rest = differing(together, after);
        if (!drain || rest.length === 0) return "the same";
        const staying = writers(component, after);
        await post(cluster, drain, staying, drain.flush);
        await sleep(drain.seconds);
        await apply(cluster, rest);
        await stackReady(cluster);
        return `${staying.join(", ")}: ${drain.flush.join(", ")}, ${drain.seconds} s; ${rest.length} objects`;
      },
    },
  ];
}
