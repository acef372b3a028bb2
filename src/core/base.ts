import {
  type Component,
  type Config,
  type Context,
  type DataSource,
  dataSourceConfig,
  modesOf,
  namespaceNames,
  type Pods,
  type SecretShape,
  settingsName,
  type SettingsTable,
  variable,
} from "./component.ts";
import type { Manifest } from "./objects.ts";
import { type Home, type Mode, plan, type Workload } from "./plan.ts";
import { networkPolicy } from "./policies.ts";
import { services } from "./services.ts";
import { type Resizing, sized, type Volume } from "./size.ts";
import { createWiring, isRole, type Wiring } from "./wiring.ts";
import { account, autoscaler, budget, controllers } from "./workload.ts";

/** What `bases/<component>/<mode>` holds. */
export interface Base {
  readonly component: Component;
  readonly mode: Mode;
  readonly path: string;
  readonly objects: readonly Manifest[];
  readonly configs: readonly Config[];
  readonly secrets: readonly SecretShape[];
  /** Values of the component's settings, by the names that environments use. */
  readonly settings: SettingsTable;
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pods[];
  readonly wiring: Wiring;
}

/** What one environment says that changes how bases are built. */
export interface Variation {
  readonly namespaces: Readonly<Record<Home, string>>;
  readonly resizing: Resizing;
  /** By component; `default` is for all that are not named. */
  readonly volumes: Readonly<Record<string, Volume>>;
  /** Values that differ from the defaults, by component and setting. */
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The bases as they are committed: as no environment in particular would have them. */
export const asCommitted: Variation = { namespaces: namespaceNames, resizing: {}, volumes: {}, components: {} };

/** Every base of one choice of modes. All components are wired together, so each base knows all who may talk to it. */
export function bases(
  catalogue: readonly Component[],
  modeOf: (component: Component) => Mode,
  { namespaces, resizing, volumes, components }: Variation,
): readonly Base[] {
  const planned = catalogue.map((component) => {
    const mode = modeOf(component);
    const standing = component.modes[mode];
    if (!standing) throw new Error(`${component.name} has no mode ${mode}. It has ${modesOf(component).join(", ")}.`);
    const workloads = plan(Object.values(component.roles), standing.grouping);
    return { component, mode, workloads, sizes: standing.sizes };
  });
  const wiring = createWiring(
    planned.flatMap(({ workloads }) => workloads),
    namespaces,
  );
  const built = planned.map(({ component, mode, workloads, sizes }) => {
    const size: Context["size"] = (workload) => sized(workload, sizes, resizing, volumes);
    const context: Context = { wiring, workloads, mode, size, catalogue };
    const settings = Object.entries(component.settings?.(context) ?? {}).map(
      ([key, { unit, value }]) => [key, { unit, value: components[component.name]?.[key] ?? value }] as const,
    );
    return {
      component,
      mode,
      workloads,
      built: component.build(context),
      source: component.dataSource?.(wiring),
      settings: Object.fromEntries(settings),
    };
  });
  return built.map(
    ({ component, mode, workloads, built: { pods, configs = [], objects = [], secrets = [] }, source, settings }) => ({
      component,
      mode,
      workloads,
      pods,
      wiring,
      path: `bases/${component.name}/${mode}`,
      objects: [
        ...pods.flatMap((p) => [...controllers(p), ...autoscaler(p), ...budget(p), networkPolicy(p.workload, wiring)]),
        ...(pods.length > 0 ? [account(component.name)] : []),
        ...services(workloads, wiring),
        ...objects,
      ],
      configs: [
        ...configs,
        ...(Object.keys(settings).length > 0 ? [literals(component, settings)] : []),
        ...(source ? [provisioned(component, source)] : []),
      ],
      secrets,
      settings,
    }),
  );
}

/** Whether something of another base connects to it. */
export const hasClients = ({ component: { name } }: Base, others: readonly Base[]): boolean =>
  others.some(({ component, wiring }) =>
    wiring
      .connections()
      .some(
        ({ from, to, made }) =>
          isRole(from) && isRole(to) && from.component === component.name && to.component === name && !made,
      ),
  );

/** Whether pods of another base stand in zones. */
export const hasZones = (_: Base, others: readonly Base[]): boolean =>
  others.some(({ pods }) => pods.some(({ size }) => size.zones !== undefined));

const literals = ({ name }: Component, settings: SettingsTable): Config => ({
  name: settingsName(name),
  read: "start-up",
  literals: Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [variable(name, key), value])),
});

const provisioned = (component: Component, source: DataSource): Config => ({
  name: dataSourceConfig(component.name),
  read: "start-up",
  files: {
    [`${component.name}.yaml`]: {
      apiVersion: 1,
      prune: true,
      datasources: [{ access: "proxy", editable: false, ...source }],
    },
  },
});

/** The settings of every component that has any, by its name. */
export const settingsTables = (bases: readonly Base[]): ReadonlyMap<string, SettingsTable> =>
  new Map(
    bases
      .filter(({ settings }) => Object.keys(settings).length > 0)
      .map(({ component, settings }) => [component.name, settings]),
  );
