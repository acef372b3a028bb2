import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Manifest } from "./manifest.ts";

/*
 * What the fields of a kind are called. The models of `kubernetes-models` check types and required fields, and accept any field that they do
 * not know; their declarations have all names, so those are read.
 */

type Type =
  | { readonly is: "anything" }
  | { readonly is: "list"; readonly items: Type }
  | { readonly is: "declared"; readonly file: string }
  | { readonly is: "either"; readonly ways: readonly Type[] }
  | { readonly is: "table"; readonly fields: ReadonlyMap<string, Type>; readonly others: Type | undefined };

const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const anything: Type = { is: "anything" };
const declared = new Map<string, Type>();

/** What a file of the models declares: one interface, or another name for a type. */
function declaration(file: string): Type {
  const before = declared.get(file);
  if (before) return before;
  const text = readFileSync(`${file}.d.ts`, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const imports = new Map(
    [...text.matchAll(/import \{ (\w+) \} from "([^"]+)"/g)].map(([, name = "", from = ""]) => [
      name,
      from.startsWith(".") ? join(dirname(file), from) : join(modules, from),
    ]),
  );
  const [, own, body = ""] =
    /export (?:interface (?=(\w+))\w+(?: extends TypeMeta)? |(?:declare )?type \w+ = )([\s\S]*)/.exec(text) ?? [];
  const tokens = body.match(/"[^"]*"|\w+|[{}[\]<>|:;?]/g) ?? [];
  let at = 0;
  const take = (): string => tokens[at++] ?? "";
  const single = (): Type => {
    const token = take();
    if (token === "Array") {
      take(); // <
      const items = type();
      take(); // >
      return { is: "list", items };
    }
    if (token === "{") return table();
    if (token === own) return { is: "declared", file };
    const from = imports.get(token);
    return from === undefined ? anything : { is: "declared", file: from };
  };
  const type = (): Type => {
    const ways = [single()];
    while (tokens[at] === "|") {
      at += 1;
      ways.push(single());
    }
    return ways.length === 1 ? (ways[0] as Type) : { is: "either", ways };
  };
  const table = (): Type => {
    const fields = new Map<string, Type>();
    let others: Type | undefined;
    for (let token = take(); token !== "}" && token !== ""; token = take()) {
      if (token === "[") {
        at += 5; // key: string]:
        others = type();
      } else {
        if (tokens[at] === "?") at += 1;
        take(); // :
        fields.set(JSON.parse(token) as string, type());
      }
      take(); // ;
    }
    return { is: "table", fields, others };
  };
  const found = type();
  declared.set(file, found);
  return found;
}

/** Packages of models; the second is there for development only. */
const packages = ["kubernetes-models", "@kubernetes-models/gateway-api"];

const fileOf = (apiVersion: string, kind: string): string | undefined =>
  /^[\w.-]+(\/[\w.-]+)?$/.test(apiVersion) && /^\w+$/.test(kind)
    ? packages.map((one) => join(modules, one, apiVersion, kind)).find((file) => existsSync(`${file}.d.ts`))
    : undefined;

/** Whether the fields of a kind are known; those of most custom resources are not. */
export const isKnown = ({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">): boolean =>
  fileOf(apiVersion, kind) !== undefined;

export interface UnknownField {
  /** "spec.template.spec.containers[0].imagee" */
  readonly path: string;
  readonly name: string;
  readonly expected: readonly string[];
}

/** Fields of an object that its kind does not have. */
export function unknownFields(object: Manifest): readonly UnknownField[] {
  const file = fileOf(object.apiVersion, object.kind);
  const within = (value: unknown, type: Type, path: string): readonly UnknownField[] => {
    if (typeof value !== "object" || value === null) return [];
    if (type.is === "declared") return within(value, declaration(type.file), path);
    if (type.is === "either") {
      const ways = type.ways.map((way) => within(value, way, path));
      return ways.some((way) => way.length === 0) ? [] : (ways[0] ?? []);
    }
    if (type.is === "list")
      return Array.isArray(value) ? value.flatMap((item, i) => within(item, type.items, `${path}[${i}]`)) : [];
    if (type.is === "anything" || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([name, item]) => {
      const at = path === "" ? name : `${path}.${name}`;
      const field = type.fields.get(name) ?? type.others;
      return field ? within(item, field, at) : [{ path: at, name, expected: [...type.fields.keys()] }];
    });
  };
  return file === undefined ? [] : within(object, { is: "declared", file }, "");
}

interface Model {
  validate(): void;
}
const load = createRequire(import.meta.url);

/** kustomize breaks long base64 into lines, which the API server reads and the models' format does not. */
const unbroken = (object: Manifest): Manifest => {
  if (object.kind !== "Secret" || typeof object["data"] !== "object") return object;
  const data = Object.entries(object["data"] ?? {}).map(([key, value]) => [key, String(value).replaceAll("\n", "")]);
  return { ...object, data: Object.fromEntries(data) as object };
};

/** What is wrong with the types, required fields or amounts of an object whose kind is known. */
export function schemaProblem(object: Manifest): string | undefined {
  const file = fileOf(object.apiVersion, object.kind);
  if (file === undefined) return undefined;
  const Kind = (load(file) as Record<string, new (data: Manifest) => Model>)[object.kind];
  try {
    if (Kind) new Kind(unbroken(object)).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
