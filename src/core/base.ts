import {
  type Built,
  type Component,
  type Config,
  type Context,
  type DataSource,
  dataSourceConfig,
  modesOf,
  namespaceNames,
  type Overrides,
  type Pods,
  type SecretShape,
  settingsName,
  type SettingsTable,
  variable,
} from "./component.ts";
import { clientLabel, type Manifest } from "./objects.ts";
import { type Home, type Mode, plan, type Workload } from "./plan.ts";
import { networkPolicy } from "./policies.ts";
import { services } from "./services.ts";
import { minioStore, type Store } from "./store.ts";
import { leftAlone } from "./substitution.ts";
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
  readonly mayHave: NonNullable<Built["mayHave"]>;
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
  readonly store: Store;
  /** Who a client is that names no tenant; undefined where there are no tenants. */
  readonly tenant: string | undefined;
  /** By component. */
  readonly overrides: Readonly<Record<string, Overrides>>;
}

/** The bases as they are committed: as no environment in particular would have them. */
export const asCommitted: Variation = {
  namespaces: namespaceNames,
  resizing: {},
  volumes: {},
  components: {},
  store: minioStore,
  tenant: undefined,
  overrides: {},
};

/**
 * The bases of one choice of modes. All components are wired together, so each base knows all who may talk to it.
 * @param isWanted which of them to give. Default: all
 */
export function bases(
  catalogue: readonly Component[],
  modeOf: (component: Component) => Mode,
  { namespaces, resizing, volumes, components, store, tenant, overrides }: Variation,
  isWanted: (component: Component, mode: Mode) => boolean = () => true,
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
    const context: Context = {
      wiring,
      workloads,
      mode,
      size,
      catalogue,
      store,
      tenant,
      overrides: overrides[component.name] ?? {},
      said: components[component.name] ?? {},
    };
    const settings = Object.entries(component.settings?.(context) ?? {})
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { unit, value }]) => [key, { unit, value: components[component.name]?.[key] ?? value }] as const);
    return {
      component,
      mode,
      workloads,
      built: component.build(context),
      source: component.dataSource?.(wiring),
      settings: Object.fromEntries(settings),
    };
  });
  const wanted = built.filter(({ component, mode }) => isWanted(component, mode));
  return wanted.map(
    ({
      component,
      mode,
      workloads,
      built: { pods, configs = [], objects = [], secrets = [], mayHave = [], identity },
      source,
      settings,
    }) => ({
      component,
      mode,
      workloads,
      pods,
      wiring,
      path: `bases/${component.name}/${mode}`,
      objects: [
        ...pods
          .map((p) => ({ ...p, labels: { ...clientLabels(p.workload, wiring), ...identity?.podLabels } }))
          .flatMap((p) => [...controllers(p), ...autoscaler(p), ...budget(p), networkPolicy(p.workload, wiring)]),
        ...(pods.length > 0 ? [account(component.name, identity?.annotations)] : []),
        ...services(workloads, wiring),
        ...objects,
      ].map(leftAlone),
      configs: [
        ...configs,
        ...(Object.keys(settings).length > 0 ? [literals(component, settings)] : []),
        ...(source ? [provisioned(component, source)] : []),
      ],
      secrets,
      mayHave,
      settings,
    }),
  );
}

/** Labels of the pods of a workload that connects to roles of other components whose clients have one. */
const clientLabels = ({ component, roles }: Workload, wiring: Wiring): Readonly<Record<string, string>> => {
  // Who scrapes a role is no client of it.
  const made = wiring
    .connections(component)
    .filter(({ from, via }) => via !== "member" && isRole(from) && roles.includes(from));
  const asked = made.flatMap(({ to }) => (isRole(to) && to.component !== component ? [to] : []));
  return Object.assign({}, ...asked.map(clientLabel));
};

/** Whether something of another base asks for its address; who scrapes whatever is there does not. */
export const hasClients = ({ component: { name } }: Base, others: readonly Base[]): boolean =>
  others.some(({ component, wiring }) =>
    wiring
      .connections(name)
      .some(
        ({ from, to, via, made }) =>
          isRole(from) &&
          isRole(to) &&
          from.component === component.name &&
          to.component === name &&
          via === "service" &&
          !made,
      ),
  );

/** Whether pods of another base stand in zones. */
export const hasZones = (_: Base, others: readonly Base[]): boolean =>
  others.some(({ pods }) => pods.some(({ size }) => size.zones !== undefined));

const literals = ({ name, settingsRead = "start-up" }: Component, settings: SettingsTable): Config => ({
  name: settingsName(name),
  read: settingsRead,
  literals: Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [variable(name, key), value])),
});

const provisioned = (component: Component, source: DataSource | readonly DataSource[]): Config => ({
  name: dataSourceConfig(component.name),
  read: "start-up",
  files: {
    [`${component.name}.yaml`]: {
      apiVersion: 1,
      prune: true,
      datasources: [source].flat().map((one) => ({ access: "proxy", editable: false, ...one })),
    },
  },
});

/** The settings that components have in each of their modes. */
export type SettingsTables = (component: Component, mode: Mode) => SettingsTable;
export const settingsTables =
  (bases: readonly Base[]): SettingsTables =>
  (component, mode) =>
    bases.find((base) => base.component === component && base.mode === mode)?.settings ?? {};
