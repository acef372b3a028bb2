import { featuresIn } from "./feature.ts";
import type { Overlay } from "./overlay.ts";
import type { Role } from "../model/roles.ts";
import type { Place } from "../model/places.ts";
import { type Connection, connectionKey, isRole } from "../model/wiring.ts";
import { ownConnections } from "../model/bases.ts";

/** Connections between what an environment has, each once. */
export function connectionsOf({ parts }: Overlay): readonly Connection[] {
  const bases = parts.flatMap((part) => part.bases);
  const present = new Set(bases.map(({ component }) => component.name));
  const here = (end: Role | Place): boolean => !isRole(end) || present.has(end.component);
  const replaced = parts.flatMap(({ additions }) => featuresIn(additions).flatMap(({ replaces }) => replaces ?? []));
  const placed = (connection: Connection): Connection => {
    const found = replaced.find(({ role }) => role === connection.to);
    return found ? { from: connection.from, to: found.by, via: "member" } : connection;
  };
  const all = [
    ...bases.flatMap((base) => ownConnections(base).filter(({ onlyIn }) => !onlyIn)),
    ...parts.flatMap((part) => [...part.additions.flatMap((addition) => addition.connections), ...part.waysOut]),
  ]
    .map(placed)
    .filter(({ from, to }) => here(from) && here(to));
  return [...new Map(all.map((connection) => [connectionKey(connection), connection])).values()];
}
