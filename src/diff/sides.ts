import { quiet } from "../core/kubernetes/reading.ts";
import type { Same } from "./changes.ts";
import { isController } from "./names.ts";
import { type Renamed, renamed, sameness } from "./namespaces.ts";
import { neutral } from "./neutral.ts";
import { chosen, owners } from "./owners.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

/** One object before and after, under one name; undefined where it is not there. */
export interface Pair {
  readonly kind: string;
  /** Its name without what a generator appends, with its namespace where another object has the same. */
  readonly name: string;
  readonly component: string;
  readonly before: Manifest | undefined;
  readonly after: Manifest | undefined;
}

/** Two sets of objects, brought together. Generated names have lost their hashes, and namespaces of one role have one name. */
export interface Sides {
  readonly namespaces: readonly Renamed[];
  readonly before: readonly Manifest[];
  readonly after: readonly Manifest[];
  readonly pairs: readonly Pair[];
  /** Name of an object's pair. */
  readonly nameOf: (object: Manifest) => string;
  readonly same: Same;
}

/** The objects of both sides, brought together by kind, name and the role of their namespace. */
export function sides(rawBefore: readonly Manifest[], rawAfter: readonly Manifest[]): Sides {
  const namespaces = renamed(rawBefore, rawAfter);
  const before = neutral(quiet(rawBefore), new Map());
  const after = neutral(quiet(rawAfter), new Map(namespaces.map((names) => [names.after, names.before])));
  const several = (objects: readonly Manifest[]): readonly string[] => {
    const names = objects.filter(isController).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    return names.filter((name, i) => names.indexOf(name) !== i);
  };
  const twice = new Set([...several(before), ...several(after)]);
  const place = ({ metadata }: Manifest): string => `${metadata.namespace ?? ""}/${metadata.name}`;
  const key = (object: Manifest): string =>
    isController(object) && !twice.has(place(object))
      ? `workload ${place(object)}`
      : `${object.apiVersion.replace(/\/.*/, "")} ${object.kind} ${place(object)}`;
  const byKey = (objects: readonly Manifest[]): ReadonlyMap<string, Manifest> =>
    new Map(objects.map((object) => [key(object), object]));
  const [a, b] = [byKey(before), byKey(after)];
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort();
  const [ownersBefore, ownersAfter] = [owners(before), owners(after)];
  const short = (object: Manifest): string =>
    `${isController(object) ? "workload" : object.kind} ${object.metadata.name}`;
  const shorts = keys.map((one) => short((a.get(one) ?? b.get(one)) as Manifest));
  const pairs = keys.map((one, i): Pair => {
    const [x, y] = [a.get(one), b.get(one)];
    const { kind, metadata } = (x ?? y) as Manifest;
    const unique = shorts.indexOf(shorts[i] as string) === shorts.lastIndexOf(shorts[i] as string);
    const name = unique ? metadata.name : `${metadata.namespace}/${metadata.name}`;
    const candidates = [...(x ? ownersBefore(x) : []), ...(y ? ownersAfter(y) : [])];
    return { kind, name, component: chosen(metadata.name, candidates), before: x, after: y };
  });
  const names = new Map(
    pairs.flatMap(({ name, ...pair }) => [pair.before, pair.after].map((object) => [object, name])),
  );
  const nameOf = (object: Manifest): string => names.get(object) ?? object.metadata.name;
  return { namespaces, before, after, pairs, nameOf, same: sameness(namespaces) };
}
