import { isDeepStrictEqual } from "node:util";

/** One step of a JSON patch (RFC 6902). */
export interface Operation {
  readonly op: "add" | "copy" | "move" | "remove" | "replace" | "test";
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const needs: Readonly<Record<Operation["op"], readonly string[]>> = {
  add: ["op", "path", "value"],
  copy: ["op", "path", "from"],
  move: ["op", "path", "from"],
  remove: ["op", "path"],
  replace: ["op", "path", "value"],
  test: ["op", "path", "value"],
};

type Table = Record<string, unknown>;
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with a value that is to be an operation, if anything. */
export function operationProblem(value: unknown): string | undefined {
  if (!isTable(value)) return "expected an operation such as { op: replace, path: /spec/replicas, value: 3 }";
  const op = String(value["op"]);
  if (!Object.hasOwn(needs, op))
    return `op is ${JSON.stringify(value["op"])}: expected one of ${Object.keys(needs).join(", ")}`;
  const keys = needs[op as Operation["op"]];
  const missing = keys.filter((key) => !(key in value));
  if (missing.length > 0) return `${op} lacks ${missing.join(" and ")}`;
  const surplus = Object.keys(value).filter((key) => !keys.includes(key));
  if (surplus.length > 0) return `${op} has no ${surplus.join(" and ")}`;
  const pointer = ["path", "from"].find((key) => keys.includes(key) && !/^\//.test(String(value[key])));
  return pointer === undefined
    ? undefined
    : `${pointer} is ${JSON.stringify(value[pointer])}: expected a path such as /spec/replicas`;
}

const parts = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The place that a path names: what holds it, and the key or index there. */
function place(document: unknown, pointer: string): { readonly holder: Table | unknown[]; readonly key: string } {
  const all = parts(pointer);
  let holder = document;
  all.slice(0, -1).forEach((part, i) => {
    const next = isTable(holder) || Array.isArray(holder) ? (holder as Table)[part] : undefined;
    const at = `/${pointer
      .split("/")
      .slice(1, i + 2)
      .join("/")}`;
    if (!isTable(next) && !Array.isArray(next))
      throw new Error(`${at} is ${next === undefined ? "not there" : "no table and no list"}, so ${pointer} cannot be`);
    holder = next;
  });
  return { holder: holder as Table | unknown[], key: all.at(-1) ?? "" };
}

function index(list: readonly unknown[], key: string, pointer: string, most: number): number {
  const found = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : NaN;
  if (!(found <= most)) throw new Error(`${pointer} is not there: the list has ${list.length} items, counted from 0`);
  return found;
}

function valueAt(document: unknown, pointer: string): unknown {
  const { holder, key } = place(document, pointer);
  if (Array.isArray(holder)) return holder[index(holder, key, pointer, holder.length - 1)];
  if (!Object.hasOwn(holder, key)) {
    const keys = Object.keys(holder);
    throw new Error(`${pointer} is not there: expected one of ${keys.join(", ") || "nothing"}`);
  }
  return holder[key];
}

function add(document: unknown, pointer: string, value: unknown): void {
  const { holder, key } = place(document, pointer);
  if (!Array.isArray(holder)) holder[key] = value;
  else holder.splice(key === "-" ? holder.length : index(holder, key, pointer, holder.length), 0, value);
}

function remove(document: unknown, pointer: string): unknown {
  const value = valueAt(document, pointer);
  const { holder, key } = place(document, pointer);
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return value;
}

/**
 * What a JSON patch makes of a document.
 * @throws with the operation that cannot be done, counted from 1
 */
export function applied<T>(document: T, operations: readonly Operation[]): T {
  const result = structuredClone(document);
  operations.forEach(({ op, path, from = "", value }, i) => {
    try {
      if (op === "add") add(result, path, structuredClone(value));
      else if (op === "copy") add(result, path, structuredClone(valueAt(result, from)));
      else if (op === "move") add(result, path, remove(result, from));
      else if (op === "test") {
        const found = valueAt(result, path);
        if (!isDeepStrictEqual(found, value))
          throw new Error(`${path} is ${JSON.stringify(found)}: expected ${JSON.stringify(value)}`);
      } else {
        remove(result, path);
        if (op === "replace") add(result, path, structuredClone(value));
      }
    } catch (error) {
      throw new Error(`operation ${i + 1} (${op}): ${(error as Error).message}`);
    }
  });
  return result;
}
