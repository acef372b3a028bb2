import {
  type Component,
  type Config,
  type Context,
  type DataSource,
  dataSourceConfig,
  modesOf,
  namespaceNames,
  settingsName,
  type SettingsTable,
  variable,
  type Base,
  type EnvironmentValues,
  type UidOf,
} from "../model/component.ts";
import { clientLabel } from "../derive/labels.ts";
import type { Mode, Workload } from "../model/roles.ts";
import { networkPolicy } from "../derive/network-policies.ts";
import { bucketName, minioStore, type Store } from "../model/store.ts";
import { leftAlone } from "../derive/substitution.ts";
import { sized } from "../model/size.ts";
import { createWiring, isRole, type Wiring } from "../model/wiring.ts";
import { account, autoscaler, budget, controllers } from "../derive/controllers.ts";
import { services } from "../derive/services.ts";
import { plan } from "../model/grouping.ts";

/** The bases as they are committed: as no environment in particular would have them. */
export const asCommitted: EnvironmentValues = {
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
  { namespaces, resizing, volumes, components, store, tenant, overrides }: EnvironmentValues,
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
      settingValues: components[component.name] ?? {},
    };
    const settings = Object.entries({ ...component.settings?.(context), ...bucketSettings(component, store) })
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { unit, value }]) => [key, { unit, value: components[component.name]?.[key] ?? value }] as const);
    return {
      component,
      mode,
      workloads,
      built: component.build(context),
      source: component.dataSource?.(wiring, uidOf(catalogue)),
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

/** The settings that name a component's buckets. */
const bucketSettings = ({ buckets = [] }: Component, store: Store): SettingsTable =>
  Object.fromEntries(
    buckets.flatMap((bucket) =>
      bucket.setting ? [[bucket.setting, { unit: "bucket" as const, value: bucketName(store, bucket) }]] : [],
    ),
  );

/** @throws if no component answers for the signal, or two by different uids */
const uidOf =
  (catalogue: readonly Component[]): UidOf =>
  (signal) => {
    const [uid, other] = new Set(catalogue.flatMap(({ signals }) => signals?.[signal] ?? []));
    if (uid === undefined) throw new Error(`No component has a data source for "${signal}". Add it to its signals.`);
    if (other !== undefined) throw new Error(`"${signal}" has the data sources "${uid}" and "${other}". Keep one.`);
    return uid;
  };

/** Labels of the pods of a workload that connects to roles of other components whose clients have one. */
const clientLabels = ({ component, roles }: Workload, wiring: Wiring): Readonly<Record<string, string>> => {
  // Who scrapes a role is no client of it.
  const made = wiring
    .connections(component)
    .filter(({ from, via }) => via !== "member" && isRole(from) && roles.includes(from));
  const asked = made.flatMap(({ to }) => (isRole(to) && to.component !== component ? [to] : []));
  return Object.assign({}, ...asked.map(clientLabel));
};
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
