import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { Alerts } from "./alerts.ts";
import type { Way } from "./places.ts";
import { type NamespaceKind, type Mode, modes, type Role, type Workload } from "./roles.ts";
import type { SizeOverrides, Sized, Sizes, Volume } from "./size.ts";
import type { Bucket, Identity, Store } from "./store.ts";
import type { Wiring } from "./wiring.ts";
import type { Manifest } from "../kubernetes/manifest.ts";
import type { Grouping } from "./grouping.ts";
import type { Evaluated, Monitoring, Objectives } from "./monitoring.ts";

/** A generated ConfigMap: files, or literals that containers take as environment variables. */
export interface Config {
  /** "loki", without the hash that kustomize appends. */
  readonly name: string;
  readonly files?: Readonly<Record<string, string | object>>;
  readonly literals?: Readonly<Record<string, string>>;
  /**
   * `start-up`: a change restarts the pods, by the hash in the name. `runtime`: the program reads
   * the file again by itself.
   */
  readonly read: "start-up" | "runtime";
}

/** What the value of a setting must look like. */
export type Unit =
  | "account"
  | "address"
  | "boolean"
  | "branch"
  | "bucket"
  | "commit"
  | "count"
  | "duration"
  | "endpoint"
  | "expression"
  | "git"
  | "host"
  | "hostname"
  | "hosts"
  | "mechanism"
  | "name"
  | "namespace"
  | "partitions"
  | "prefix"
  | "ratio"
  | "region"
  | "selector"
  | "semver"
  | "size"
  | "sslMode"
  | "store"
  | "switch"
  | "tag"
  | "tenant"
  | "url";

/** A value that people change: `LOKI_RETENTION` in `loki-settings`. The program expands it. */
export interface Setting {
  readonly unit: Unit;
  readonly value: string;
  /** What it would be if an environment said nothing of it; of a base, where that is not its value. */
  readonly standard?: string;
  /** What an environment says in its place. */
  readonly follows?: Follows;
  readonly bounds?: Bounds;
}

/** The setting of an environment that a component's setting follows. */
export interface Follows {
  readonly setting: "store" | "kafka" | "tenant";
  /** Answers with which a component may have a value of its own: store "s3". Default: none. */
  readonly unless?: readonly string[];
}

/** What a duration means to the program that is given it. */
export interface Bounds {
  /** Less does not work. */
  readonly least?: string;
  /** Less works, and is hardly what somebody means. */
  readonly usual?: string;
  /** Other than multiples of it work, and mean less than they say. */
  readonly step?: string;
  /** What "0s" means: no end, or something that no author expects, which is refused. */
  readonly zero?: "for ever" | string;
  /** Why, and where upstream says so. */
  readonly because: string;
  /** The key of a tenant's overrides that says the same, with dots: "compaction.block_retention". */
  readonly override?: string;
  /** It says how long samples stay on each pod's own volume. */
  readonly fillsVolume?: true;
}
export type SettingsTable = Readonly<Record<string, Setting>>;

export const settingsName = (component: string): string => `${component}-settings`;

/** The environment variable of a setting: `retention` of loki is LOKI_RETENTION. */
export const variable = (component: string, setting: string): string =>
  `${component}_${setting.replace(/[A-Z]|\d+[a-z]$/g, (word) => `_${word}`)}`.replaceAll("-", "_").toUpperCase();

/** A Secret that pods read. An environment with throw-away credentials generates it. */
export interface SecretShape {
  readonly name: string;
  readonly read: Config["read"];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | object>>;
}

/** A workload's pods. */
export interface Pods {
  readonly workload: Workload;
  readonly size: Sized;
  readonly pod: IPodSpec;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further labels: every pod has those of its workload. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The program asks the API server, with the component's service account. */
  readonly usesApi?: true;
  /**
   * The program may ask something outside the cluster: a store, a queue, a database, a receiver.
   */
  readonly asksOutside?: true | undefined;
  /** Ways out of the cluster that the program needs, for what the environment says. */
  readonly waysOut?: readonly Way[] | undefined;
  /** `minReadySeconds` of a StatefulSet: the wait before the next pod is replaced. Default: 0. */
  readonly settleSeconds?: number;
  /** Why the pods break Pod Security `restricted`. Only the agents' namespace admits them. */
  readonly mustTouchHost?: string;
}

/** How the program that rolls zones knows them. */
export interface ZoneLabels {
  /** Labels of each StatefulSet of a workload: "loki-ingester". */
  ofSets(workload: string): Readonly<Record<string, string>>;
  /** Labels of the pods of a StatefulSet: "loki-ingester-zone-a". */
  ofPods(set: string): Readonly<Record<string, string>>;
}

/** What passes from some roles of a component to others through Kafka. */
export interface Topic {
  /** Its name in Kafka: "mimir". */
  readonly name: string;
  /** Who keeps it: Kafka's brokers. */
  readonly broker: Role;
  /** Kafka's setting that says how many partitions it has: "partitionsMimir". */
  readonly partitions: string;
  /** Roles of which each pod owns a partition. */
  readonly owners: readonly Role[];
  /** What a load says of its size. */
  readonly carries: "sampleBytes" | "spans";
}

/** Finds the uid of the data source that answers for a signal: "loki" for "logs". */
export type UidOf = (signal: string) => string;

/** A data source of Grafana, in the form of its provisioning files. */
export interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly [field: string]: unknown;
}

export interface Built {
  readonly pods: readonly Pods[];
  readonly configs?: readonly Config[];
  readonly objects?: readonly Manifest[];
  readonly secrets?: readonly SecretShape[];
  /** Secrets that its pods read if they exist: `alertmanager-config`. */
  readonly mayHave?: readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** How a cloud knows its service account and pods. */
  readonly identity?: Identity | undefined;
}

/** Limits by tenant, in the program's own keys: `{ "team-a": { retention_period: "744h" } }`. */
export type Overrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Context {
  readonly wiring: Wiring;
  readonly workloads: readonly Workload[];
  readonly mode: Mode;
  /** Number of pods and their resources. */
  size(workload: Workload): Sized;
  /** All components, also those that the environment leaves out. */
  readonly catalogue: readonly Component[];
  readonly store: Store;
  /** Whether the environment has the role's component. The committed bases are told that it has. */
  has(role: Role): boolean;
  /** Tenant of clients that name none: "main". Undefined switches tenants off. */
  readonly tenant: string | undefined;
  /** Limits by tenant of the component itself. */
  readonly overrides: Overrides;
  /** Whom the environment tells of alerts. Undefined: nobody. */
  readonly alerts: Alerts | undefined;
  /** Values of its settings that the environment changes, for what cannot be a literal. */
  readonly settingValues: Readonly<Record<string, string>>;
  /** What an environment says of a setting of another component. */
  said(component: string, setting: string): string | undefined;
}

/** One mode of a component: which roles share pods, and the size of each workload. */
export interface ModeLayout {
  readonly grouping: Grouping;
  readonly sizes: Sizes;
}

export interface Component {
  /** "loki": its bases are `bases/loki/<mode>`. */
  readonly name: string;
  /** Its file in `src/components`, without the ending. Default: its name. */
  readonly source?: string;
  readonly namespaceKind: NamespaceKind;
  readonly roles: Readonly<Record<string, Role>>;
  readonly modes: Partial<Readonly<Record<Mode, ModeLayout>>>;
  /**
   * Whether the other bases of an environment need it: somebody connects to Kafka. Default: yes.
   */
  readonly isNeeded?: (own: Base, others: readonly Base[]) => boolean;
  /** Grafana's data sources: Grafana mounts `grafana-datasource-<component>` if it exists. */
  readonly dataSource?: (wiring: Wiring, uidOf: UidOf) => DataSource | readonly DataSource[];
  /** Uids of its data sources by the signal that others' link to: `{ logs: "loki" }`. */
  readonly signals?: Readonly<Record<string, string>>;
  /** Its pages of Grafana, and the rules that watch it. */
  readonly monitoring?: Monitoring;
  /** Rules that its own ruler evaluates: the ConfigMap `<component>-rules`. */
  readonly evaluates?: Evaluated;
  /** Buckets that it keeps objects in. A bucket with a `setting` becomes that setting. */
  readonly buckets?: readonly Bucket[];
  /** Labels by which it knows the zones that it rolls one after the other. */
  readonly zoneLabels?: ZoneLabels;
  /** Its topic in Kafka, in modes in which it connects to Kafka. */
  readonly topic?: Topic;
  /** Seconds between two scrapes, of the component that scrapes all others. */
  readonly scrapeIntervalSeconds?: number;
  /** Hours for which it keeps what others send through it. */
  readonly queueHours?: number;
  /** It keeps data by tenant, and has the ConfigMap `<component>-overrides` with their limits. */
  readonly hasTenants?: true;
  /** The ConfigMap `<component>-settings`, by the names in environments: `{ retention: … }`. */
  readonly settings?: (context: Context) => SettingsTable;
  /** How its programs read their settings. Default: "start-up". */
  readonly settingsRead?: Config["read"];
  /**
   * Problems of the environment that no single setting shows, as lines for its author: the path of
   * a setting, the value found, what was expected.
   */
  readonly problems?: (own: Base, others: readonly Base[]) => readonly string[];
  /** Likewise what works, and is hardly what somebody means. */
  readonly warnings?: (own: Base, others: readonly Base[]) => readonly string[];
  /**
   * What Compose runs, where there is no Kubernetes API: nothing, or these pods and ConfigMaps in
   * place of its own. A component that asks the API and lacks this field stops the build.
   */
  readonly withoutApi?: "left out" | ((around: readonly Workload[]) => Partial<Pick<Built, "pods" | "configs">>);
  build(context: Context): Built;
}

export const dataSourceConfig = (component: string): string => `grafana-datasource-${component}`;

/**
 * Names of the namespaces in the bases. They stand in addresses that cross from one to the other.
 */
export const namespaceNames: Readonly<Record<NamespaceKind, string>> = {
  stack: "observability",
  agents: "observability-agents",
};

/** Names of the components that keep objects in buckets: "loki", "mimir", "tempo", "thanos". */
export const keepersOf = (catalogue: readonly Component[]): readonly string[] =>
  catalogue.filter(({ buckets }) => buckets).map(({ name }) => name);

export const modesOf = (component: Component): readonly Mode[] => Object.keys(component.modes) as Mode[];

/** The mode of a component in an environment: `mode`, or the next smaller one, or its first. */
export const nearestMode = (component: Component, mode: Mode): Mode => {
  const own = modes.filter((one) => component.modes[one]);
  return (own.findLast((one) => modes.indexOf(one) <= modes.indexOf(mode)) ?? own[0]) as Mode;
};
/** The contents of `bases/<component>/<mode>`. */
export interface Base {
  readonly component: Component;
  readonly mode: Mode;
  readonly path: string;
  readonly objects: readonly Manifest[];
  readonly configs: readonly Config[];
  readonly secrets: readonly SecretShape[];
  /**
   * Its pages and rules. Grafana and Prometheus read them in the stack's namespace; those of agents
   * are brought there by a Component.
   */
  readonly monitoringConfigs: readonly Config[];
  readonly mayHave: NonNullable<Built["mayHave"]>;
  /** Values of the component's settings, by the names that environments use. */
  readonly settings: SettingsTable;
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pods[];
  readonly wiring: Wiring;
}

/** The values of one environment that change how bases are built. */
export interface EnvironmentValues {
  readonly namespaces: Readonly<Record<NamespaceKind, string>>;
  readonly resizing: SizeOverrides;
  /** By component: `{ loki: "none" }`; `default` is for all others. */
  readonly volumes: Readonly<Record<string, Volume>>;
  /** By component and setting: `{ loki: { retention: "720h" } }`. */
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly store: Store;
  /** Components that the environment lacks, by name. */
  readonly leftOut: readonly string[];
  /** Tenant of clients that name none. Undefined switches tenants off. */
  readonly tenant: string | undefined;
  /** By component. */
  readonly overrides: Readonly<Record<string, Overrides>>;
  readonly alerts: Alerts | undefined;
  readonly objectives: Objectives;
  /** Where browsers find `docs` of this repository: alerts link to their runbooks there. */
  readonly docs: string;
}
