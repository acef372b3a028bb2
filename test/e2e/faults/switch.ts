import { catalogue } from "../../../src/components/index.ts";
import { modesOf } from "../../../src/core/model/component.ts";
import type { Overlay } from "../../../src/core/assemble/overlay.ts";
import { isRole } from "../../../src/core/model/wiring.ts";
import type { Mode, Role } from "../../../src/core/model/roles.ts";
import { idOf, isWorkload, podTemplate, specOf } from "../../../src/core/kubernetes/reading.ts";
import { resolve } from "../../../src/core/kustomize/build.ts";
import { environments, foundation, overlayOf } from "../../../src/program.ts";
import { poll, seconds, sleep, type Signal } from "../context.ts";
import { apply, type Cluster, get, kubectl } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import { served } from "../signals.ts";
import type { Fault } from "./steps.ts";
import type { Manifest } from "../../../src/core/kubernetes/manifest.ts";

type Values = Readonly<Record<string, string>>;

/** How a writer makes blocks or chunks of what it holds, how one goes for good, and how long a reader needs to find them. */
interface Drain {
  readonly port: number;
  /** Nothing more is written to it, and it is still read. */
  readonly close: readonly string[];
  readonly flush: readonly string[];
  readonly leave: readonly string[];
  readonly seconds: number;
}

/** How one mode of a component gives way to another. */
interface Move {
  /** What is set in the mode that is there, before the other one comes. */
  readonly old: Values;
  /** In the other mode, and for some time after. */
  readonly fresh: Values;
  /**
   * In its readers, until the first mode is gone: every writer is asked. Of two modes that keep different numbers of copies, a reader of the
   * one could be content with writers that lack what the other alone has.
   */
  readonly readers: Values;
  readonly drain?: Drain;
  /** Why reads may fail meanwhile. */
  readonly because?: string;
}
const plain: Move = { old: {}, fresh: {}, readers: {} };
const atOnce = { blocksIgnoredWithin: "0s", blocksSyncInterval: "15s", storeQueriedAfter: "0s" };
const moves: Readonly<Record<string, Move>> = {
  loki: {
    ...plain,
    readers: { replicationFactor: "1" },
    drain: { port: 3100, close: [], flush: ["/flush"], leave: ["/ingester/shutdown"], seconds: 90 },
  },
  mimir: {
    // Both compact the same blocks and share them out among their store-gateways.
    old: atOnce,
    fresh: atOnce,
    readers: { replicationFactor: "1" },
    // Compactors list what is new each 15 s, readers take the list once a minute, a fifth more or less.
    drain: {
      port: 8080,
      close: ["/ingester/prepare-instance-ring-downscale"],
      flush: ["/ingester/flush?wait=true"],
      leave: ["/ingester/shutdown"],
      seconds: 120,
    },
    because: "of one copy each ingester is asked, also one that starts or ends",
  },
  tempo: {
    ...plain,
    // The live-stores of the one are not known to the readers of the other; its blocks are.
    fresh: { storeQueriedAfter: "3m" },
    // A client keeps its connection for a minute and a half; a search looks into blocks, of half a minute each and listed once a
    // minute, for what is older than three minutes.
    drain: { port: 3200, close: [], flush: [], leave: [], seconds: 330 },
    because: "the newest are searched in one mode's live-stores",
  },
};
const moveOf = (component: string): Move => moves[component] ?? plain;

/** A component in the mode that an environment has it in, and in another. */
interface Sides {
  readonly component: string;
  readonly mode: Mode;
  /** What is there, and what it is set to before the other mode comes. */
  readonly installed: readonly Manifest[];
  readonly before: readonly Manifest[];
  /** The other mode with readers that ask every writer, and as it is to be. */
  readonly together: readonly Manifest[];
  readonly after: readonly Manifest[];
  /** Workloads of which only one may work at a time, whatever mode they stand in. */
  readonly alone: readonly string[];
}

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
          .filter(({ roles }) => roles.some((role: Role) => isRole(role) && role.singleton))
          .map((one) => one.fullName),
      ),
  );

const componentOf = ({ labels }: ReturnType<typeof podTemplate>): string => labels["app.kubernetes.io/component"] ?? "";
const isOf = (component: string, { labels }: ReturnType<typeof podTemplate>): boolean =>
  labels["app.kubernetes.io/name"] === component;

/** The objects of a mode, those that read as another build of it has them. */
const withReaders = (component: string, all: readonly Manifest[], other: readonly Manifest[]): readonly Manifest[] => {
  const reads = (object: Manifest): boolean =>
    isWorkload(object) &&
    isOf(component, podTemplate(object)) &&
    /^(read|backend|querier|query-frontend|ruler)$/.test(componentOf(podTemplate(object)));
  return [
    ...all.map((object) => (reads(object) ? (among(other, object) ?? object) : object)),
    ...other.filter((object) => !among(all, object)),
  ];
};

/** @throws if there is no such environment, component or mode */
export async function sidesOf(environment: string, component: string, mode: string): Promise<Sides> {
  const one = catalogue.find(({ name }) => name === component);
  if (!one) throw new Error(`--switch: ${component} is no component.`);
  const modes = modesOf(one);
  if (!modes.includes(mode as Mode)) throw new Error(`--switch: ${component} has the modes ${modes.join(", ")}.`);
  const built = foundation();
  const found = (await environments(built)).find(({ name }) => name === environment);
  if (!found) throw new Error(`environment ${environment} is not there.`);
  const set = (modes: typeof found.modes, values: Values): Overlay =>
    overlayOf(
      {
        ...found,
        modes,
        components: { ...found.components, [component]: { ...found.components[component], ...values } },
      },
      built,
    );
  const { old, fresh, readers } = moveOf(component);
  const modesAfter = { ...found.modes, [component]: mode as Mode };
  const overlay = set(modesAfter, fresh);
  const after = resolve(overlay);
  return {
    component,
    mode: mode as Mode,
    installed: resolve(overlayOf(found, built)),
    before: resolve(set(found.modes, old)),
    together: withReaders(component, after, resolve(set(modesAfter, { ...fresh, ...readers }))),
    after,
    alone: aloneIn(overlay, component),
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

/** Pods of a component that hold what is in no store yet. */
const writers = (component: string, objects: readonly Manifest[]): readonly string[] =>
  objects
    .filter(({ kind }) => kind === "StatefulSet")
    .map(podTemplate)
    .filter((template) => isOf(component, template) && /^(all|ingester|write)$/.test(componentOf(template)))
    .flatMap(({ name, replicas }) => Array.from({ length: replicas }, (_, i) => `${name}-${i}`));

const post = async (
  { stack, ...cluster }: Cluster,
  { port }: Pick<Drain, "port">,
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
  const { component, mode, installed, before, together, after, alone } = sides;
  const signals: readonly Signal[] = served(component) ?? ["logs", "metrics", "traces"];
  const { drain, because } = moveOf(component);
  const excuse = because ? { signals, because } : undefined;
  const gone = before.filter((object) => !among(after, object) && object.kind !== "Namespace");
  const doors = together.filter((object) => isDoor(sides, object));
  const differing = (from: readonly Manifest[], to: readonly Manifest[]): readonly Manifest[] =>
    to.filter((object) => !isDoor(sides, object) && differs(among(from, object), object));
  const prepared = differing(installed, before);
  const added = differing(before, together);
  const flush = async (pods: readonly string[], { seconds, ...how }: Drain): Promise<string> => {
    await post(cluster, how, pods, how.flush);
    await sleep(seconds);
    return `${pods.join(", ")}: ${[...how.flush, `${seconds} s`].join(", ")}`;
  };
  const ready: Fault = {
    name: `${component}: what is there reads the store at once`,
    excuse: { signals, because: "the only pod" },
    async run() {
      await apply(cluster, prepared);
      await stackReady(cluster);
      return prepared.map(idOf).join(", ");
    },
  };
  return [
    ...(prepared.length > 0 ? [ready] : []),
    {
      name: `${component}: ${mode} beside what is there`,
      excuse,
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
        await post(cluster, drain, going, drain.close);
        if (drain.close.length > 0) await sleep(15);
        const flushed = await flush(going, drain);
        await post(cluster, drain, going, drain.leave);
        return [...drain.close, flushed, ...drain.leave].join(", ");
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
      name: `${component}: readers are content with as many copies as ${mode} has`,
      async run() {
        const rest = differing(together, after);
        if (!drain || rest.length === 0) return "the same";
        const staying = writers(component, after);
        const flushed = await flush(staying, drain);
        await apply(cluster, rest);
        await stackReady(cluster);
        // Of what rulers have written meanwhile there is one copy.
        await post(cluster, drain, staying, drain.flush);
        await remove(
          cluster,
          together.filter((object) => !among(after, object)),
        );
        return `${flushed}; ${rest.length} objects`;
      },
    },
  ];
}
