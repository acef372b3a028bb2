import { parseAllDocuments } from "yaml";
import { but, changes, isScalar, keysOf, type Same, type Table } from "./changes.ts";
import type { Finding } from "./finding.ts";
import type { Pair } from "./sides.ts";
import { finding, findings, stated } from "./words.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";
import { isTable } from "../core/util/values.ts";

const structured = /\.(json|ya?ml)$/;

/** What a text says that is YAML or JSON with keys or items; undefined where it is anything else. */
function parsed(key: string, text: string): unknown {
  const multiLine = text.trimEnd().includes("\n");
  if (!structured.test(key) && !(multiLine && !key.includes("."))) return undefined;
  const documents = parseAllDocuments(text, { logLevel: "silent" });
  if ("empty" in documents || documents.some(({ errors }) => errors.length > 0)) return undefined;
  const values = documents.map((document) => document.toJS() as unknown);
  const value = values.length === 1 ? values[0] : values;
  return isScalar(value) ? undefined : value;
}

const data = (object: Manifest | undefined): Readonly<Record<string, string>> => ({
  ...((object?.["data"] ?? {}) as Readonly<Record<string, string>>),
  ...((object?.["binaryData"] ?? {}) as Readonly<Record<string, string>>),
});

/** The keys that an object brings, or how many they are, and who reads it although one side does not bring it. */
function keyWords(
  object: Manifest | undefined,
  of: (object: Manifest) => object,
  readers: readonly string[],
): string | undefined {
  if (!object) return undefined;
  const keys = Object.keys(of(object)).sort();
  const told = keys.length > 3 ? `${keys.length} keys` : keys.join(", ");
  if (readers.length === 0) return told;
  return `${told}; ${readers.join(", ")} ${readers.length === 1 ? "reads" : "read"} it either way`;
}

/** The parts of a page of Grafana, or of a file of rules, by their names. */
interface Parts {
  readonly what: "panels" | "rules";
  readonly byName: ReadonlyMap<string, string>;
}

const listOf = (value: unknown, field: string): readonly Table[] => {
  const found = isTable(value) ? value[field] : undefined;
  return Array.isArray(found) ? found.filter(isTable) : [];
};

/** Panels by their titles, rules by their names and severities; undefined of any other file. */
function partsOf(value: unknown): Parts | undefined {
  const named = (what: Parts["what"], all: readonly Table[], nameOf: (one: Table) => unknown): Parts => ({
    what,
    byName: new Map(all.map((one) => [JSON.stringify(nameOf(one)), JSON.stringify(one["targets"] ?? one)])),
  });
  if (isTable(value) && "schemaVersion" in value) {
    const all = listOf(value, "panels").flatMap((panel) =>
      panel["type"] === "row" ? listOf(panel, "panels") : [panel],
    );
    return named("panels", all, ({ title }) => title);
  }
  const rules = listOf(value, "groups").flatMap((group) => listOf(group, "rules"));
  if (rules.length === 0) return undefined;
  return named("rules", rules, ({ alert, record, labels }) => [alert, record, labels]);
}

/** More changes of a page or of a file of rules are counted. */
const mostTold = 5;

/** How many parts both sides have, and ask otherwise for. */
const changedParts = (before: Parts, after: Parts): number =>
  [...after.byName].filter(([name, text]) => before.byName.has(name) && before.byName.get(name) !== text).length;

/**
 * What differs in a ConfigMap: by the paths of its files' keys where they have any, else by how many lines.
 * @param readers who reads it on the side that does not have it
 */
export function configMapFindings(
  { name, before, after }: Pair,
  readers: readonly string[],
  same: Same,
): readonly Finding[] {
  if (!before || !after)
    return [stated("config", name, undefined, keyWords(before, data, readers), keyWords(after, data, readers))];
  const [a, b] = [data(before), data(after)];
  const keys = keysOf(a, b);
  return keys.flatMap((key) => {
    const [x, y] = [a[key], b[key]];
    if (x === undefined || y === undefined) return [finding("config", name, key, x, y, same)];
    if (same(x, y)) return [];
    const [valueBefore, valueAfter] = [parsed(key, x), parsed(key, y)];
    const subject = keys.length === 1 && structured.test(key) ? name : `${name}/${key}`;
    if (valueBefore !== undefined && valueAfter !== undefined) {
      const found = findings("config", subject, changes(valueBefore, valueAfter, same), same);
      const [before, after] = [partsOf(valueBefore), partsOf(valueAfter)];
      if (found.length > mostTold && before && after)
        return [
          stated(
            "config",
            subject,
            `${before.what}, ${changedParts(before, after)} of them changed`,
            String(before.byName.size),
            String(after.byName.size),
          ),
        ];
      // Comments, or the order of keys.
      return found.length > 0 ? found : [finding("config", subject, undefined, `${x}\n`, `${y}\n`, same)];
    }
    if (!`${x}${y}`.trimEnd().includes("\n")) return [finding("config", name, key, x, y, same)];
    return [
      finding(
        "config",
        keys.length === 1 ? name : `${name}/${key}`,
        keys.length === 1 ? key : undefined,
        `${x}\n`,
        `${y}\n`,
        same,
      ),
    ];
  });
}

/** Texts of a Secret's keys, decoded. */
const secrets = (object: Manifest): Readonly<Record<string, string>> => {
  const encoded = Object.entries((object["data"] ?? {}) as Readonly<Record<string, string>>);
  return {
    ...Object.fromEntries(encoded.map(([key, text]) => [key, Buffer.from(text, "base64").toString("latin1")])),
    ...((object["stringData"] ?? {}) as Readonly<Record<string, string>>),
  };
};

/**
 * Keys of a Secret that came, went or changed; never a value.
 * @param readers who reads it on the side that does not have it
 */
export function secretFindings(
  { name, before, after }: Pair,
  readers: readonly string[],
  same: Same,
): readonly Finding[] {
  if (!before || !after)
    return [stated("secrets", name, undefined, keyWords(before, secrets, readers), keyWords(after, secrets, readers))];
  const [a, b] = [secrets(before), secrets(after)];
  const type = changes(before["type"], after["type"], same, "type");
  return [
    ...keysOf(a, b).flatMap((key): readonly Finding[] => {
      const [x, y] = [a[key], b[key]];
      if (x !== undefined && y !== undefined && same(x, y)) return [];
      const change = x === undefined ? "added" : y === undefined ? "removed" : "changed";
      return [{ topic: "secrets", subject: name, field: key, change }];
    }),
    ...findings("secrets", name, type, same),
  ];
}

/** An object without the data that it holds: labels, annotations, `immutable`. */
export const besideData = (object: Manifest): Manifest =>
  but(object, "binaryData", "data", "stringData", "type") as Table & Manifest;
