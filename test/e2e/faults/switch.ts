import { catalogue } from "../../../src/components/index.ts";
import { modesOf } from "../../../src/core/component.ts";
import type { Overlay } from "../../../src/core/overlay.ts";
import { isRole } from "../../../src/core/wiring.ts";
import type { Manifest } from "../../../src/core/objects.ts";
import type { Mode, Role } from "../../../src/core/plan.ts";
import { idOf, isWorkload, specOf } from "../../../src/core/reading.ts";
import { resolve } from "../../../src/core/resolve.ts";
import { environments, foundation, overlayOf } from "../../../src/program.ts";
import { poll, seconds, sleep, type Signal } from "../context.ts";
import { serves } from "../checks/durability.ts";
import { apply, type Cluster, get, kubectl } from "../kubectl.ts";
import { stackReady } from "../ready.ts";
import type { Fault } from "./steps.ts";

/** A component in the mode that an environment has it in, and in another. */
interface Sides {
  readonly component: string;
  readonly mode: Mode;
  readonly before: readonly Manifest[];
  readonly after: readonly Manifest[];
  /** Workloads of which only one may work at a time, whatever mode they stand in. */
  readonly alone: readonly string[];
}

/** How a pod of the mode that goes gives away what it alone has: posted to it, or left to it for so long. */
const drains: Readonly<
  Record<string, { readonly port: number; readonly posts: readonly string[]; readonly seconds: number }>
> = {
  loki: { port: 3100, posts: ["/flush"], seconds: 60 },
  mimir: { port: 8080, posts: ["/ingester/flush?wait=true"], seconds: 60 },
  // Its blocks are of half a minute each; a search looks into blocks for what is older than a quarter of an hour.
  tempo: { port: 3200, posts: [], seconds: 960 },
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
  const [before, after] = [found, { ...found, modes: { ...found.modes, [component]: mode as Mode } }].map((choice) =>
    overlayOf(choice, built),
  ) as [Overlay, Overlay];
  return {
    component,
    mode: mode as Mode,
    before: resolve(before),
    after: resolve(after),
    alone: aloneIn(after, component),
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

/**
 * Both modes of a component side by side on one ring and one bucket; then its front door leads to the other; then the first one
 * gives away what it alone has, and goes.
 */
export function switchMode(cluster: Cluster, sides: Sides): readonly Fault[] {
  const { component, mode, before, after, alone } = sides;
  const signals: readonly Signal[] = serves[component] ?? ["logs", "metrics", "traces"];
  const gone = before.filter((object) => !among(after, object) && object.kind !== "Namespace");
  const doors = after.filter((object) => isDoor(sides, object));
  const changed = after.filter((object) => {
    const old = among(before, object);
    return !isDoor(sides, object) && (old === undefined || differs(old, object));
  });
  const drain = drains[component];
  const first = gone.find(isWorkload)?.metadata.name;
  return [
    {
      name: `${component}: ${mode} beside what is there`,
      async run() {
        await apply(
          cluster,
          changed.map((object) => held(object, alone)),
        );
        await stackReady(cluster);
        return `${changed.length} objects; held still: ${alone.join(", ") || "nothing"}`;
      },
    },
    {
      name: `${component}: the front door leads to ${mode}`,
      // A search asks the live-stores of one mode for what is younger than a quarter of an hour.
      excuse:
        component === "tempo" ? { signals, because: "the newest are searched in one mode's live-stores" } : undefined,
      async run() {
        await apply(cluster, doors);
        await sleep(30);
        return doors.map(({ metadata }) => metadata.name).join(", ") || "the same pods";
      },
    },
    {
      name: `${component}: what goes gives away what it alone has`,
      excuse:
        component === "tempo" ? { signals, because: "the newest are searched in one mode's live-stores" } : undefined,
      async run() {
        if (!drain || !first) return "nothing goes";
        for (const path of drain.posts) {
          const at = `/api/v1/namespaces/${cluster.stack}/pods/${first}-0:${drain.port}/proxy${path}`;
          await kubectl(cluster, ["create", "--raw", at, "-f", "-"], "{}");
        }
        await sleep(drain.seconds);
        return `${drain.posts.map((path) => `POST ${path}, `).join("")}${drain.seconds} s`;
      },
    },
    {
      name: `${component}: what was there goes`,
      async run() {
        await remove(cluster, gone);
        await apply(
          cluster,
          changed.filter((object) => held(object, alone) !== object),
        );
        await stackReady(cluster);
        return gone.map(idOf).join(", ") || "nothing";
      },
    },
  ];
}
