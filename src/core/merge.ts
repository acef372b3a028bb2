type Table = Readonly<Record<string, unknown>>;
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lists that a strategic merge joins by a key instead of replacing them. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  env: "name",
  initContainers: "name",
  ports: "containerPort",
  volumeMounts: "mountPath",
  volumes: "name",
};

/** Two strategic-merge patches of one object as one: what the second names of a keyed list comes first. */
export function joined(first: unknown, second: unknown, field = ""): unknown {
  const key = mergeKeys[field];
  if (Array.isArray(first) && Array.isArray(second) && key) {
    const same = (a: unknown, b: unknown): boolean => (a as Table)[key] === (b as Table)[key];
    const named = second.map((item) => joined(first.find((old) => same(old, item)) ?? {}, item));
    return [...named, ...first.filter((old) => !second.some((item) => same(old, item)))];
  }
  if (!isTable(first) || !isTable(second)) return second;
  const fields = Object.entries(second).map(([name, value]) => [name, joined(first[name], value, name)]);
  return { ...first, ...Object.fromEntries(fields) };
}

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isTable(value)) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(fields.map(([name, item]) => [name, withoutNulls(item)]));
};

/** What a strategic-merge patch makes of an object, as kustomize does it; null removes a field. */
export const merged = (target: unknown, patch: unknown): unknown => withoutNulls(joined(target, patch));
