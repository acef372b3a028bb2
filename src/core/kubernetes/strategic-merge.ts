import { isDeepStrictEqual } from "node:util";
import { isTable, type Table } from "../util/values.ts";

/** Lists that a strategic merge joins by a key instead of replacing them. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  env: "name",
  hostAliases: "ip",
  imagePullSecrets: "name",
  initContainers: "name",
  ports: "containerPort",
  topologySpreadConstraints: "topologyKey",
  volumeDevices: "devicePath",
  volumeMounts: "mountPath",
  volumes: "name",
};

/**
 * The key that items of a list are known by; a Service names its ports otherwise than a container.
 */
const keyOf = (field: string, list: readonly unknown[]): string | undefined => {
  const key = mergeKeys[field];
  return key !== undefined && list.every((item) => isTable(item) && key in item) ? key : undefined;
};

/** Whether a patch takes its object, or an item of a list, away. */
export const deletes = (patch: unknown): boolean => isTable(patch) && patch["$patch"] === "delete";

const replaces = (patch: unknown): boolean => isTable(patch) && patch["$patch"] === "replace";

/**
 * Two strategic-merge patches of one object as one: what the second names of a keyed list comes
 * first.
 */
export function mergePatches(first: unknown, second: unknown, field = ""): unknown {
  if (Array.isArray(first) && Array.isArray(second)) {
    // kustomize knows `$patch: replace` as an item of a list with keys, and nowhere else in a list.
    const rest = second.filter((item) => !(replaces(item) && Object.keys(item as Table).length === 1));
    const key = keyOf(field, [...first, ...rest]);
    if (key === undefined) return second;
    if (rest.length < second.length) return rest;
    const same = (a: unknown, b: unknown): boolean => (a as Table)[key] === (b as Table)[key];
    const named = second.map((item) => mergeFields(first.find((old) => same(old, item)) ?? {}, item as Table));
    return [...named, ...first.filter((old) => !second.some((item) => same(old, item)))];
  }
  if (replaces(second))
    return Object.fromEntries(Object.entries(second as Table).filter(([name]) => name !== "$patch"));
  return isTable(first) && isTable(second) ? mergeFields(first, second) : second;
}

function mergeFields(first: Table, second: Table): Table {
  const fields = Object.entries(second).map(([name, value]) => [name, mergePatches(first[name], value, name)]);
  return { ...first, ...Object.fromEntries(fields) };
}

const cleaned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.filter((item) => !deletes(item)).map(cleaned);
  if (!isTable(value)) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(fields.map(([name, item]) => [name, cleaned(item)]));
};

/**
 * What a strategic-merge patch makes of an object, as kustomize does it; null removes a field,
 * `$patch: delete` an item.
 */
export const merged = (target: unknown, patch: unknown): unknown => cleaned(mergePatches(target, patch));

/** The strategic-merge patch that makes the one of the other; undefined where nothing differs. */
export function patch(before: unknown, after: unknown, field = ""): unknown {
  if (isDeepStrictEqual(before, after)) return undefined;
  const key = Array.isArray(before) && Array.isArray(after) ? keyOf(field, [...before, ...after]) : undefined;
  if (Array.isArray(before) && Array.isArray(after) && key) {
    const of = (list: readonly Table[], item: Table): Table | undefined => list.find((one) => one[key] === item[key]);
    const [old, now] = [before as Table[], after as Table[]];
    const changed = now.flatMap((item) => {
      const difference = patch(of(old, item) ?? {}, item);
      return difference === undefined ? [] : [{ [key]: item[key], ...(difference as Table) }];
    });
    const gone = old.filter((item) => !of(now, item)).map((item) => ({ $patch: "delete", [key]: item[key] }));
    return [...changed, ...gone];
  }
  if (!isTable(before) || !isTable(after)) return after;
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  const fields = names.flatMap((name) => {
    if (!(name in after)) return [[name, null]];
    const difference = name in before ? patch(before[name], after[name], name) : after[name];
    return difference === undefined ? [] : [[name, difference]];
  });
  return Object.fromEntries(fields);
}
