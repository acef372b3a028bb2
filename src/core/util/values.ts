/** What YAML and JSON call a mapping. */
export type Table<T = unknown> = Readonly<Record<string, T>>;

export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The values, each once, in the order in which they first stand. */
export const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
