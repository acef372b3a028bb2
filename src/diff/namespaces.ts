import type { Same } from "./changes.ts";
import { stem } from "./names.ts";
import { clusterScoped, type Manifest } from "../core/kubernetes/manifest.ts";

/** A namespace before and after; empty where objects name none. */
export interface Renamed {
  readonly before: string;
  readonly after: string;
}

const namespaceOf = ({ kind, metadata }: Manifest): string | undefined => {
  if (kind === "Namespace") return metadata.name;
  return clusterScoped.has(kind) ? undefined : (metadata.namespace ?? "");
};

/** Objects by namespace, as `<kind> <name>`. */
function contents(objects: readonly Manifest[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const object of objects) {
    const namespace = namespaceOf(object);
    if (namespace === undefined) continue;
    const members = found.get(namespace) ?? new Set();
    if (object.kind !== "Namespace") members.add(`${object.kind} ${stem(object)}`);
    found.set(namespace, members);
  }
  return found;
}

/** Namespaces under another name: of those that stand on one side only, the ones that share most objects. */
export function renamed(before: readonly Manifest[], after: readonly Manifest[]): readonly Renamed[] {
  const [a, b] = [contents(before), contents(after)];
  const candidates = [...a]
    .filter(([name]) => !b.has(name))
    .flatMap(([one, members]) =>
      [...b]
        .filter(([name]) => !a.has(name))
        .map(([other, others]) => ({
          before: one,
          after: other,
          shared: [...members].filter((member) => others.has(member)).length,
          order: [one, other].sort().join(" "),
        })),
    )
    .filter(({ shared }) => shared > 0)
    .sort((x, y) => y.shared - x.shared || (x.order < y.order ? -1 : 1));
  const found: { before: string; after: string }[] = [];
  for (const one of candidates) {
    if (!found.some(({ before, after }) => before === one.before || after === one.after))
      found.push({ before: one.before, after: one.after });
  }
  return found.sort((x, y) => (x.before < y.before ? -1 : 1));
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Texts are the same if they are when both sides' names of a namespace are put for one another. */
export function sameness(namespaces: readonly Renamed[]): Same {
  const words = (pick: "after" | "before") =>
    namespaces
      .filter((names) => names.before !== "" && names.after !== "")
      .map((names, i) => [new RegExp(`(?<![\\w-])${quoted(names[pick])}(?![\\w-])`, "g"), `\u0000${i}`] as const);
  const neutral = (text: string, list: ReturnType<typeof words>): string =>
    list.reduce((now, [name, instead]) => now.replace(name, instead), text);
  const [before, after] = [words("before"), words("after")];
  return (a, b) => a === b || (before.length > 0 && neutral(a, before) === neutral(b, after));
}
