import {
  configMapsOf,
  containersOf,
  idOf,
  type Labels,
  type PodTemplate,
  podTemplates,
  secretsOf,
} from "../../src/core/kubernetes/reading.ts";
import { once } from "../../src/core/util/once.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

export {
  configMapsOf,
  containersOf,
  idOf,
  isWorkload,
  type Labels,
  podTemplate,
  type PodTemplate,
  podTemplates,
  quiet,
  secretsOf,
  type Selector,
  selects,
  specOf,
} from "../../src/core/kubernetes/reading.ts";

const collator = (a: Manifest, b: Manifest): number => (idOf(a) < idOf(b) ? -1 : 1);
export const sortedById = (objects: readonly Manifest[]): readonly Manifest[] => [...objects].sort(collator);

/** Objects by id; the last one wins. */
export const byId = once(
  (objects: readonly Manifest[]): ReadonlyMap<string, Manifest> =>
    new Map(objects.map((object) => [idOf(object), object])),
);

/** A text in an object that a program reads, with its pods. */
export interface Text {
  readonly where: string;
  readonly namespace: string;
  readonly text: string;
  readonly readers: readonly PodTemplate[];
}

const decoded = (value: string): string => Buffer.from(value, "base64").toString("utf8");

/**
 * Every text of ConfigMaps, Secrets (decoded), arguments, commands and plain environment values.
 */
export const textsOf = once((objects: readonly Manifest[]): readonly Text[] => {
  const pods = podTemplates(objects);
  const stored = objects.flatMap((object): Text[] => {
    if (object.kind !== "ConfigMap" && object.kind !== "Secret") return [];
    const { namespace = "", name } = object.metadata;
    const names = object.kind === "ConfigMap" ? configMapsOf : secretsOf;
    const readers = pods.filter((pod) => pod.namespace === namespace && names(pod).some((one) => one.name === name));
    return Object.entries((object["data"] ?? {}) as Labels).map(([key, value]) => ({
      where: `${idOf(object)} data.${key}`,
      namespace,
      text: object.kind === "Secret" ? decoded(value) : value,
      readers,
    }));
  });
  const given = pods.flatMap((pod) =>
    containersOf(pod).flatMap(({ name, args = [], command = [], env = [] }): Text[] => {
      const at = (path: string, text: string): Text => ({
        where: `${pod.id} containers.${name}.${path}`,
        namespace: pod.namespace,
        text,
        readers: [pod],
      });
      return [
        ...args.map((text, i) => at(`args.${i}`, text)),
        ...command.map((text, i) => at(`command.${i}`, text)),
        ...env.flatMap((one) => (one.value === undefined ? [] : [at(`env.${one.name}`, one.value)])),
      ];
    }),
  );
  return [...stored, ...given];
});

type Step = string | number;

/** The objects with one value replaced, or removed if it is undefined. */
export function altered(
  objects: readonly Manifest[],
  id: string,
  path: readonly Step[],
  value: unknown,
): readonly Manifest[] {
  const found = objects.find((object) => idOf(object) === id);
  if (!found) throw new Error(`no ${id}. There are ${objects.map(idOf).join(", ")}.`);
  const copy = structuredClone(found);
  const last = path.at(-1) as Step;
  let at = copy as unknown as Record<Step, unknown>;
  for (const step of path.slice(0, -1)) {
    at[step] ??= {};
    at = at[step] as Record<Step, unknown>;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
  return objects.map((object) => (object === found ? copy : object));
}

/** The objects without one of them. */
export function without(objects: readonly Manifest[], id: string): readonly Manifest[] {
  const rest = objects.filter((object) => idOf(object) !== id);
  if (rest.length === objects.length) throw new Error(`no ${id}. There are ${objects.map(idOf).join(", ")}.`);
  return rest;
}
