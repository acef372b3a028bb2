import { lines } from "./align.ts";
import { isScalar, isTable, type Same } from "./changes.ts";
import type { Finding, Topic } from "./finding.ts";

const longest = 100;

const size = (value: unknown): number => {
  if (isScalar(value)) return 1;
  return Object.values(value as object).reduce((sum: number, item) => sum + size(item), 0);
};

const count = (number: number, one: string): string => `${number} ${number === 1 ? one : `${one}s`}`;

/** A value with all that it holds; undefined where that is too much for a line. */
function inFull(value: unknown): string | undefined {
  if (isScalar(value)) return typeof value === "string" ? value : String(value);
  const items = isTable(value)
    ? Object.entries(value).map(([key, item]) => [`${key}: `, item] as const)
    : (value as readonly unknown[]).map((item) => ["", item] as const);
  const texts = items.map(([start, item]) => {
    const text = inFull(item);
    return text === undefined ? undefined : start + (isTable(item) ? `{${text}}` : text);
  });
  const text = texts.join(", ");
  return texts.includes(undefined) || text.length > longest || text.includes("\n") ? undefined : text;
}

/** A value in a line: a small table in full, of a large one how much it holds. */
export function words(value: unknown): string {
  if (!isScalar(value) && size(value) === 0) return "(empty)";
  const many = isTable(value) ? count(size(value), "value") : count((value as readonly unknown[]).length, "item");
  return inFull(value) ?? many;
}

/** Long texts in one line, from where they begin to differ. */
function excerpts(before: string, after: string): readonly [string, string] {
  if (before.length <= longest && after.length <= longest) return [before, after];
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  const from = Math.max(0, start - 20);
  const cut = (text: string): string => {
    const end = from + longest;
    return `${from > 0 ? "…" : ""}${text.slice(from, end)}${text.length > end ? "…" : ""}`;
  };
  return [cut(before), cut(after)];
}

/** What of two lists of words stands in only one of them, in the order of the list. */
const only = (list: readonly unknown[], other: readonly unknown[]): readonly unknown[] =>
  list.filter((item) => !other.includes(item));

type Told = Pick<Finding, "after" | "before" | "change" | "lines">;

const told = (value: unknown): string => (isScalar(value) ? excerpts(words(value), "")[0] : words(value));

/** Two values, of which one may be undefined, in words. */
export function contrast(before: unknown, after: unknown, same: Same): Told {
  if (before === undefined) return { change: "added", after: oneLine(told(after)) };
  if (after === undefined) return { change: "removed", before: oneLine(told(before)) };
  if (typeof before === "string" && typeof after === "string" && `${before}${after}`.trimEnd().includes("\n"))
    return { change: "changed", lines: lines(before, after, same) };
  if (Array.isArray(before) && Array.isArray(after) && inFull([...before, ...after]) === undefined)
    return { change: "changed", ...lists(before, after) };
  const [a, b] = excerpts(words(before), words(after));
  if (a !== b) return { change: "changed", before: a, after: b };
  return { change: "changed", before: JSON.stringify(before), after: JSON.stringify(after) };
}

/** Of two long lists what stands in only one of them, or from where their order differs. */
function lists(before: readonly unknown[], after: readonly unknown[]): Pick<Finding, "after" | "before"> {
  const [gone, come] = [only(before, after), only(after, before)];
  if (gone.length + come.length > 0) return { before: listed(gone, before), after: listed(come, after) };
  const start = before.findIndex((item, i) => item !== after[i]);
  return {
    before: listed(before.slice(start, start + 3), before),
    after: listed(after.slice(start, start + 3), after),
  };
}

/** Some items of a list, with how many more it has. */
const listed = (some: readonly unknown[], all: readonly unknown[]): string => {
  const rest = all.length - some.length;
  const more = rest > 0 ? `${rest} others` : "";
  return [...some.map(words), more].filter((text) => text !== "").join(", ");
};

const oneLine = (text: string): string =>
  text.trimEnd().includes("\n") ? count(text.trimEnd().split("\n").length, "line") : text;

/** What differs at one place. */
export const finding = (
  topic: Topic,
  subject: string,
  field: string | undefined,
  before: unknown,
  after: unknown,
  same: Same,
): Finding => ({ topic, subject, field, ...contrast(before, after, same) });

/** The same where both sides are words already; undefined where there is nothing. */
export const stated = (
  topic: Topic,
  subject: string,
  field: string | undefined,
  before: string | undefined,
  after: string | undefined,
): Finding => {
  const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  return { topic, subject, field, change, before, after };
};

/** Findings of one topic about one subject, by their paths. */
export const findings = (
  topic: Topic,
  subject: string,
  changed: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[],
  same: Same,
): readonly Finding[] => changed.map(({ path, before, after }) => finding(topic, subject, path, before, after, same));
