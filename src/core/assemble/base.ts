import {
  type Built,
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
  type ZoneLabels,
} from "../model/component.ts";
import type { Manifest } from "../kubernetes/manifest.ts";
import { clientLabel } from "../derive/labels.ts";
import type { Mode, Workload } from "../model/roles.ts";
import { networkPolicy } from "../derive/network-policies.ts";
import { bucketName, minioStore, type Store } from "../model/store.ts";
import { leftAlone } from "../derive/substitution.ts";
import { sized, type Sizes } from "../model/size.ts";
import { createWiring, isRole, type Wiring } from "../model/wiring.ts";
import { account, autoscaler, budget, controllers } from "../derive/controllers.ts";
import { services } from "../derive/services.ts";
import { plan } from "../model/grouping.ts";
import {
  dashboardsConfig,
  evaluatedConfig,
  type Monitoring,
  rulesConfig,
  usualObjectives,
} from "../model/monitoring.ts";
import type { Scope } from "../derive/queries.ts";
import { dashboards } from "../derive/dashboards.ts";
import { linksTo, ruleFile } from "../derive/rules.ts";

/** `docs` of a repository on its host, as GitHub, GitLab, Gitea and their like show files. */
export const docsOf = ({ url, branch, tag, commit }: Origin): string => {
  const web = url.replace(/^(?:ssh:\/\/)?(?:[^@/]+@)?([^:/]+)(?::\d+)?[:/](?!\/)/, "https://$1/").replace(/\.git$/, "");
  return `${web}/blob/${commit ?? tag ?? branch ?? "main"}/docs`;
};

/** Where a repository is, and which of its states is meant. */
interface Origin {
  readonly url: string;
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly commit?: string | undefined;
}

/** Where clusters fetch this repository from, until a fork says its own. */
export const repositoryUrl = "https://git.example.com/kube-lgtm.git";

/** What the committed bases are built with, which follow no environment. */
export const asCommitted: EnvironmentValues = {
  namespaces: namespaceNames,
  resizing: {},
  volumes: {},
  components: {},
  store: minioStore,
  leftOut: [],
  tenant: undefined,
  overrides: {},
  alerts: undefined,
  objectives: usualObjectives,
  docs: docsOf({ url: repositoryUrl }),
};

/** A component in one of its modes, before anything is wired or built. */
interface Planned {
  readonly component: Component;
  readonly mode: Mode;
  readonly workloads: readonly Workload[];
  readonly sizes: Sizes;
}

/** @throws if the component has no such mode */
function planned(component: Component, mode: Mode): Planned {
  const layout = component.modes[mode];
  if (!layout) throw new Error(`${component.name} has no mode ${mode}. It has ${modesOf(component).join(", ")}.`);
  const workloads = plan(Object.values(component.roles), layout.grouping);
  return { component, mode, workloads, sizes: layout.sizes };
}

/** What a component is told when it is built. */
const contextOf = (
  { component: { name }, mode, workloads, sizes }: Planned,
  wiring: Wiring,
  catalogue: readonly Component[],
  { resizing, volumes, components, store, tenant, overrides, alerts, leftOut }: EnvironmentValues,
): Context => ({
  wiring,
  workloads,
  mode,
  size: (workload) => sized(workload, sizes, resizing, volumes),
  catalogue,
  store,
  has: ({ component }) => !leftOut.includes(component),
  tenant,
  overrides: overrides[name] ?? {},
  alerts,
  settingValues: components[name] ?? {},
  said: (component, setting) => components[component]?.[setting],
});

/**
 * The settings of a component with the values that an environment gives them, in the order of their
 * names.
 */
const settingsOf = (component: Component, context: Context): SettingsTable =>
  Object.fromEntries(
    Object.entries({ ...component.settings?.(context), ...bucketSettings(component, context.store) })
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, setting]) => {
        const said = context.settingValues[key];
        return [key, said === undefined ? setting : { ...setting, value: said, standard: setting.value }];
      }),
  );

/**
 * A component that has asked for its connections: its objects can be made when all others have
 * asked for theirs.
 */
interface Asked extends Planned {
  readonly built: Built;
  readonly settings: SettingsTable;
  readonly source: DataSource | readonly DataSource[] | undefined;
  readonly monitoringConfigs: readonly Config[];
}

const scopeOf = ({ component, mode, workloads }: Planned, name = component.name): Scope => ({
  component: name,
  roles: Object.values(component.roles),
  mode,
  workloads,
});

/** A ConfigMap of these files; none without a file. */
const filesConfig = (name: string, read: Config["read"], files: NonNullable<Config["files"]>): readonly Config[] =>
  Object.keys(files).length > 0 ? [{ name, read, files }] : [];

/** Rules as a file by its name; no file without rules. */
const rulesIn = (
  name: string,
  rules: Pick<Monitoring, "rules">,
  scope: Scope,
  { docs, objectives }: EnvironmentValues,
): NonNullable<Config["files"]> => {
  const file = ruleFile(rules, scope, linksTo(docs), objectives);
  return file ? { [`${name}.yaml`]: file } : {};
};

/** A component's pages and rules, as Grafana and Prometheus read them. */
function monitoringConfigs(plan: Planned, uidOf: UidOf, values: EnvironmentValues): readonly Config[] {
  const { name, monitoring } = plan.component;
  if (!monitoring) return [];
  const sources = { metrics: uidOf("metrics"), logs: uidOf("logs"), traces: uidOf("traces") };
  return [
    ...filesConfig(dashboardsConfig(name), "runtime", dashboards(monitoring, scopeOf(plan), sources)),
    ...filesConfig(rulesConfig(name), "runtime", rulesIn(name, monitoring, scopeOf(plan), values)),
  ];
}

/** The rules that a component's own ruler evaluates. */
function evaluated(plan: Planned, values: EnvironmentValues): readonly Config[] {
  const { name, evaluates } = plan.component;
  if (!evaluates) return [];
  const { about, alerts, read } = evaluates;
  return filesConfig(evaluatedConfig(name), read, rulesIn(about, { rules: { alerts } }, scopeOf(plan, about), values));
}

function asked(plan: Planned, context: Context, values: EnvironmentValues): Asked {
  const { component } = plan;
  const uids = uidOf(context.catalogue);
  const settings = settingsOf(component, context);
  return {
    ...plan,
    settings,
    built: component.build(context),
    source: component.dataSource?.(context.wiring, uids),
    monitoringConfigs: [...monitoringConfigs(plan, uids, values), ...evaluated(plan, values)],
  };
}

/**
 * Controllers, budgets, policies, account and Services of a component, and what it gives itself.
 */
function objectsOf(
  { component, workloads, built: { pods, objects = [], identity } }: Asked,
  wiring: Wiring,
  zoneLabels: ZoneLabels | undefined,
): readonly Manifest[] {
  const labelled = pods.map((one) => ({
    ...one,
    labels: { ...clientLabels(one.workload, wiring), ...identity?.podLabels },
  }));
  return [
    ...labelled.flatMap((one) => [
      ...controllers(one, zoneLabels),
      ...autoscaler(one),
      ...budget(one),
      networkPolicy(one.workload, wiring),
    ]),
    ...(pods.length > 0 ? [account(component.name, identity?.annotations)] : []),
    ...services(workloads, wiring),
    ...objects,
  ].map(leftAlone);
}

/** The ConfigMaps of a component, with those of its settings and its data source. */
const configsOf = ({
  component,
  built: { configs = [] },
  settings,
  source,
  monitoringConfigs,
}: Asked): readonly Config[] => [
  ...configs,
  ...(Object.keys(settings).length > 0 ? [literals(component, settings)] : []),
  ...(source ? [provisioned(component, source)] : []),
  ...(component.namespaceKind === "stack" ? monitoringConfigs : []),
];

/**
 * The bases of one choice of modes. All components are wired together, so each base knows all who
 * may talk to it.
 * @param isWanted which of them to give. Default: all
 * @throws if a component has no such mode, or asks for an address that there is not
 */
export function bases(
  catalogue: readonly Component[],
  modeOf: (component: Component) => Mode,
  values: EnvironmentValues,
  isWanted: (component: Component, mode: Mode) => boolean = () => true,
): readonly Base[] {
  const plans = catalogue.map((component) => planned(component, modeOf(component)));
  const wiring = createWiring(
    plans.flatMap(({ workloads }) => workloads),
    values.namespaces,
  );
  const all = plans.map((one) => asked(one, contextOf(one, wiring, catalogue, values), values));
  const zoneLabels = catalogue.find((component) => component.zoneLabels)?.zoneLabels;
  return all
    .filter(({ component, mode }) => isWanted(component, mode))
    .map((one): Base => {
      const { component, mode, workloads, built, settings } = one;
      return {
        component,
        mode,
        workloads,
        pods: built.pods,
        wiring,
        path: `bases/${component.name}/${mode}`,
        objects: objectsOf(one, wiring, zoneLabels),
        configs: configsOf(one),
        monitoringConfigs: one.monitoringConfigs,
        secrets: built.secrets ?? [],
        mayHave: built.mayHave ?? [],
        settings,
      };
    });
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

/**
 * Labels that the pods of a workload need because a role that they connect to knows its clients by
 * label: MinIO's have `kube-lgtm.io/object-store: client`.
 */
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
