import {
  type Component,
  type Config,
  type DataSource,
  dataSourceConfig,
  modesOf,
  namespaceNames,
  type SecretShape,
  settingsName,
  type SettingsTable,
  variable,
} from "./component.ts";
import type { Manifest } from "./objects.ts";
import { type Mode, plan, type Workload } from "./plan.ts";
import { networkPolicy } from "./policies.ts";
import { services } from "./services.ts";
import { createWiring, type Wiring } from "./wiring.ts";
import { account, budget, controllers } from "./workload.ts";

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
  readonly wiring: Wiring;
}

/** Every base of one choice of modes. All components are wired together, so each base knows all who may talk to it. */
export function bases(catalogue: readonly Component[], modeOf: (component: Component) => Mode): readonly Base[] {
  const planned = catalogue.map((component) => {
    const mode = modeOf(component);
    const grouping = component.grouping[mode];
    if (!grouping) throw new Error(`${component.name} has no mode ${mode}. It has ${modesOf(component).join(", ")}.`);
    return { component, mode, workloads: plan(Object.values(component.roles), grouping) };
  });
  const wiring = createWiring(
    planned.flatMap(({ workloads }) => workloads),
    namespaceNames,
  );
  const built = planned.map((base) => ({
    ...base,
    built: base.component.build({ wiring, workloads: base.workloads, mode: base.mode, catalogue }),
    source: base.component.dataSource?.(wiring),
    settings: base.component.settings?.(wiring, base.mode) ?? {},
  }));
  return built.map(
    ({ component, mode, workloads, built: { pods, configs = [], objects = [], secrets = [] }, source, settings }) => ({
      component,
      mode,
      workloads,
      wiring,
      path: `bases/${component.name}/${mode}`,
      objects: [
        ...pods.flatMap((p) => [
          ...controllers(p),
          ...budget(p.workload, p.replicas * (p.zones?.length ?? 1)),
          networkPolicy(p.workload, wiring),
        ]),
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
