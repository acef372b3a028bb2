import { isTable, type Table } from "../core/util/values.ts";
import { align } from "./align.ts";

export { isTable, type Table };

/** Whether two texts say the same; texts that differ only by the name of a namespace may. */
export type Same = (before: string, after: string) => boolean;

/** A value at a path of keys that differs; undefined where there is none. */
export interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;

/** The fields without these. */
export const but = (fields: object | undefined, ...names: readonly string[]): Table =>
  Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => !names.includes(name)));

/** Keys of either, in order. */
export const keysOf = (before: object, after: object): readonly string[] =>
  union(Object.keys(before), Object.keys(after));

/** Fields that tell the items of a list apart. */
const identities: readonly string[] = ["name", "job_name", "alert", "record", "uid", "mountPath", "key"];

const identity = (item: unknown): string | undefined => {
  if (!isTable(item)) return undefined;
  const own = identities.map((field) => item[field]).find((value) => typeof value === "string");
  const inner = isTable(item["metadata"]) ? item["metadata"]["name"] : undefined;
  return (own ?? inner) as string | undefined;
};

/** The items by what tells them apart, the second of a name as `name (2)`; undefined where an item has no name. */
function named(list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const found = new Map<string, unknown>();
  for (const item of list) {
    const name = identity(item);
    if (name === undefined) return undefined;
    let unique = name;
    for (let count = 2; found.has(unique); count += 1) unique = `${name} (${count})`;
    found.set(unique, item);
  }
  return found;
}

/** One step further down: `a.b`, or `a[b.c]` where the key has dots of its own. */
const below = (path: string, key: string): string => {
  if (!/^[\w-]+$/.test(key)) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
};

const union = (before: Iterable<string>, after: Iterable<string>): readonly string[] =>
  [...new Set([...before, ...after])].sort();

/** Values that differ, by their paths. Items of lists go by their names, or by their places where they have none. */
export function changes(before: unknown, after: unknown, same: Same, path = ""): readonly Change[] {
  const [a, b] = [before ?? undefined, after ?? undefined];
  if (isTable(a) && isTable(b)) return keysOf(a, b).flatMap((key) => changes(a[key], b[key], same, below(path, key)));
  if (Array.isArray(a) && Array.isArray(b)) return listChanges(a, b, same, path);
  const equal = typeof a === "string" && typeof b === "string" ? same(a, b) : a === b;
  return equal ? [] : told(path, a, b);
}

const few = 4;

/** A small table that comes or goes, key by key; anything else, and an item of a list, as a whole. */
function told(path: string, before: unknown, after: unknown): readonly Change[] {
  const [there, other] = before === undefined ? [after, before] : [before, after];
  if (other !== undefined || !isTable(there) || path === "" || path.endsWith("]")) return [{ path, before, after }];
  const keys = Object.keys(there);
  if (keys.length === 0 || keys.length > few) return [{ path, before, after }];
  return keys.sort().flatMap((key) => {
    const value = there[key] ?? undefined;
    return told(below(path, key), before === undefined ? undefined : value, after === undefined ? undefined : value);
  });
}

function listChanges(
  before: readonly unknown[],
  after: readonly unknown[],
  same: Same,
  path: string,
): readonly Change[] {
  const equal = (a: unknown, b: unknown): boolean => changes(a, b, same).length === 0;
  if ([...before, ...after].every(isScalar)) {
    const alike = before.length === after.length && before.every((item, i) => equal(item, after[i]));
    return alike ? [] : [{ path, before, after }];
  }
  const [a, b] = [named(before), named(after)];
  if (a && b)
    return union(a.keys(), b.keys()).flatMap((key) => changes(a.get(key), b.get(key), same, `${path}[${key}]`));
  // Which of several alignments is found depends on the side that is looked at first: always the same one.
  const swapped = JSON.stringify(before) > JSON.stringify(after);
  const places = swapped
    ? align(after, before, (x, y) => equal(y, x)).map(([j, i]) => [i, j] as const)
    : align(before, after, equal);
  return places.flatMap(([i, j]) => {
    const place = i === undefined || j === undefined ? (i ?? j) : Math.min(i, j);
    return changes(
      i === undefined ? undefined : before[i],
      j === undefined ? undefined : after[j],
      same,
      `${path}[${place}]`,
    );
  });
}
