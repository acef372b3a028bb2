/** The imports between files of `src`, and between its rooms (folders). */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** "core/model/roles.ts" → the files that it imports, also for types only; paths from `src`. */
export type Imports = ReadonlyMap<string, readonly string[]>;

const relativeImport = /\b(?:from|import\()\s*"(\.[^"]+)"/g;

export function importsOf(folder: string): Imports {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .sort();
  return new Map(
    files.map((file) => {
      const text = readFileSync(posix.join(folder, file), "utf8");
      const targets = [...text.matchAll(relativeImport)].map(([, to]) => posix.join(posix.dirname(file), to as string));
      return [file, [...new Set(targets)]];
    }),
  );
}

/**
 * The room of a file: its folder, in `core` the folder below, and for a file directly in `src` its
 * own name.
 */
export const roomOf = (file: string): string =>
  file
    .replace(/\.ts$/, "")
    .split("/")
    .slice(0, file.startsWith("core/") ? 2 : 1)
    .join("/");

/** Circular imports, each as a list of files. */
export function circles(imports: Imports): readonly string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    way.push(file);
    for (const next of imports.get(file) ?? []) {
      if (way.includes(next)) found.push([...way.slice(way.indexOf(next)), next].join(" → "));
      else if (!done.has(next)) visit(next);
    }
    way.pop();
    done.add(file);
  };
  for (const file of imports.keys()) if (!done.has(file)) visit(file);
  return found;
}

/** Pairs of rooms: the first imports from the second. */
export function importsBetween(imports: Imports): readonly (readonly [string, string])[] {
  const pairs = [...imports].flatMap(([file, targets]) =>
    targets.map((to): [string, string] => [roomOf(file), roomOf(to)]).filter(([from, to]) => from !== to),
  );
  return [...new Map(pairs.map((pair) => [pair.join(" "), pair])).values()];
}

export const source = fileURLToPath(new URL("../../src", import.meta.url));

/** The rooms in order: each may import only from rooms before it. */
export const rooms = [
  ["versions", "images and their versions"],
  ["core/util", "text, templates, tables"],
  ["core/kubernetes", "objects as Kubernetes has them"],
  ["core/model", "roles, connections, components, sizes"],
  ["core/derive", "objects that follow from the model"],
  ["core/assemble", "bases, features, overlays"],
  ["core/kustomize", "kustomize, run and in memory"],
  ["core/output", "files"],
  ["sizing", "sizes that follow from a load"],
  ["monitoring", "pages of Grafana, rules, runbooks"],
  ["components", "Loki, Mimir, Tempo and the others"],
  ["features", "kustomize Components"],
  ["settings", "what an environment may say"],
  ["environments", "the seven environments"],
  ["program", "all of it together"],
  ["diff", "what differs between two sets of objects"],
  ["cli", "the commands"],
] as const;

/**
 * The rooms as a picture (https://mermaid.js.org/syntax/flowchart.html); an arrow leads to the room
 * that is imported.
 */
export function picture(imports: Imports): string {
  const id = (room: string): string => room.replace("/", "_");
  const boxes = rooms.map(([room, what]) => `  ${id(room)}["${room}<br>${what}"]`);
  const arrows = importsBetween(imports)
    .filter(([, to]) => to !== "versions")
    .map(([from, to]) => `  ${id(from)} --> ${id(to)}`);
  return ["flowchart BT", ...boxes, ...arrows.sort(), ""].join("\n");
}
