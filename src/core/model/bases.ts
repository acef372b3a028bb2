import type { Base } from "./component.ts";
import { type Connection, isRole } from "./wiring.ts";

/** Whether something of another base asks for its address; who scrapes whatever is there does not. */
export const hasClients = ({ component: { name } }: Base, others: readonly Base[]): boolean =>
  others.some(({ component, wiring }) =>
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
      ),
  );

/** Whether pods of another base stand in zones. */
export const hasZones = (_: Base, others: readonly Base[]): boolean =>
  others.some(({ pods }) => pods.some(({ size }) => size.zones !== undefined));

/** What a base's own roles connect to, and who from outside the bundle may connect to them: beside others they are in another mode. */
export const ownConnections = ({ component: { name }, wiring }: Base): readonly Connection[] =>
  wiring.connections(name).filter(({ from, to }) => {
    const end = isRole(from) ? from : to;
    return isRole(end) && end.component === name;
  });
