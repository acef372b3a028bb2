import type { Base } from "./component.ts";
import { type Connection, isRole } from "./wiring.ts";

const isClientOf = ({ component, wiring }: Base, name: string): boolean =>
  wiring
    .connections(name)
    .some(
      ({ from, to, via, onlyIn }) =>
        isRole(from) &&
        isRole(to) &&
        from.component === component.name &&
        to.component === name &&
        via === "service" &&
        !onlyIn,
    );

/**
 * Whether another component connects to this one by its Service, and is there: not one that only
 * looks at the others' and that nobody else needs. Scraping does not count.
 */
export const hasClients = ({ component: { name } }: Base, others: readonly Base[]): boolean =>
  others.some((base) => {
    const rest = others.filter((one) => one !== base);
    return isClientOf(base, name) && (base.component.isNeeded?.(base, rest) ?? true);
  });

/** Whether a workload of another base has zones. */
export const hasZones = (_: Base, others: readonly Base[]): boolean =>
  others.some(({ pods }) => pods.some(({ size }) => size.zones !== undefined));

/** Connections that the base's own roles make, and those from outside the bundle to them. */
export const ownConnections = ({ component: { name }, wiring }: Base): readonly Connection[] =>
  wiring.connections(name).filter(({ from, to }) => {
    const end = isRole(from) ? from : to;
    return isRole(end) && end.component === name;
  });
