import type { GenericSchema } from "valibot";
import { isTable } from "./schema.ts";

/* What valibot says of a table is its first unknown key only, and a list or a Map is a table to it. */

/** What is looked at here of a schema. */
interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly wrapped?: Schema;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly options?: readonly Schema[];
  readonly key?: string | Schema;
  readonly literal?: unknown;
  readonly message?: string | ((issue: object) => string);
}

export type Path = readonly (string | number)[];

/** A key that a table does not have, or a value that should be a table. */
export type Misshapen =
  | { readonly path: Path; readonly siblings: readonly string[] }
  | { readonly path: Path; readonly found: unknown; readonly expected: string };

const messageOf = ({ message }: Schema): string =>
  typeof message === "function" ? message({}) : (message ?? "a table");

/** The schema of a value, of those that it may have. */
function schemaFor(schema: Schema, value: unknown): Schema | undefined {
  if (schema.wrapped) return schemaFor(schema.wrapped, value);
  if (!schema.options || typeof schema.options[0] !== "object") return schema;
  const { key } = schema;
  if (typeof key !== "string") return isTable(value) ? schema.options.find(({ entries }) => entries) : undefined;
  return isTable(value) ? schema.options.find(({ entries }) => entries?.[key]?.literal === value[key]) : schema;
}

/** Keys that JavaScript gives a meaning of its own. */
const reserved = ["__proto__", "constructor", "prototype"];

/** Where a value has not the shape of its schema. */
export function misshapen(schema: GenericSchema | Schema, value: unknown, path: Path = []): readonly Misshapen[] {
  const one = schemaFor(schema as unknown as Schema, value);
  if (!one || value === undefined) return [];
  const inside = (inner: Schema | undefined, key: string | number, held: unknown): readonly Misshapen[] =>
    inner ? misshapen(inner, held, [...path, key]) : [];
  if (Array.isArray(value) && one.item) return value.flatMap((held, i) => inside(one.item, i, held));
  if (!one.entries && !one.value) return [];
  if (!isTable(value)) return [{ path, found: value, expected: messageOf(one) }];
  const { entries } = one;
  if (!entries)
    return Object.keys(value).flatMap((key) =>
      reserved.includes(key)
        ? [{ path: [...path, key], siblings: ["another name"] }]
        : inside(one.value, key, value[key]),
    );
  return Object.keys(value).flatMap((key) =>
    Object.hasOwn(entries, key)
      ? inside(entries[key], key, value[key])
      : [{ path: [...path, key], siblings: Object.keys(entries) }],
  );
}

/** Every path of a schema, as settings are written. */
export function paths(schema: GenericSchema | Schema, path = ""): readonly string[] {
  const { wrapped, entries, options } = schema as unknown as Schema;
  if (wrapped) return paths(wrapped, path);
  const inner = entries ?? Object.assign({}, ...(options ?? []).map((one) => one.entries ?? {}));
  return Object.entries(inner as Readonly<Record<string, Schema>>).flatMap(([key, one]) => {
    const here = path === "" ? key : `${path}.${key}`;
    return [here, ...paths(one, here)];
  });
}
