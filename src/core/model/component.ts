import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import { type NamespaceKind, type Mode, modes, type Role, type Workload } from "./roles.ts";
import type { SizeOverrides, Sized, Sizes, Volume } from "./size.ts";
import type { Bucket, Identity, Store } from "./store.ts";
import type { Wiring } from "./wiring.ts";
import type { Manifest } from "../kubernetes/manifest.ts";
import type { Grouping } from "./grouping.ts";

/** A generated ConfigMap: files, or literals that containers take as environment variables. */
export interface Config {
  readonly name: string;
  readonly files?: Readonly<Record<string, string | object>>;
  readonly literals?: Readonly<Record<string, string>>;
  /** `start-up`: a change restarts the pods that read it (hash suffix). `runtime`: the program re-reads it by itself. */
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

/** What people change: a literal of `<component>-settings`, which the program expands itself. */
export interface Setting {
  readonly unit: Unit;
  readonly value: string;
}
export type SettingsTable = Readonly<Record<string, Setting>>;

export const settingsName = (component: string): string => `${component}-settings`;

/** The environment variable of a setting: `retention` of loki is LOKI_RETENTION. */
export const variable = (component: string, setting: string): string =>
  `${component}_${setting.replace(/[A-Z]|\d+[a-z]$/g, (word) => `_${word}`)}`.replaceAll("-", "_").toUpperCase();

/** A Secret that a component expects; an environment with throw-away credentials generates it. */
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
  /** Beside those that every pod has. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The program talks to the API server with its own account. */
  readonly usesApi?: true;
  /** Its programs are told to ask something outside of the cluster: a store, a queue, a database, somebody to notify. */
  readonly asksOutside?: true | undefined;
  /** So long a pod is to be ready before the next one of a StatefulSet is replaced. Default: not at all. */
  readonly settleSeconds?: number;
  /** Part of Pod Security `restricted` that these pods cannot keep, with the reason; only in the agents' namespace. */
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
  /** Secrets that its pods read where somebody has made them. */
  readonly mayHave?: readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** How a cloud knows its account and all of its pods. */
  readonly identity?: Identity | undefined;
}

/** What a program reads again by itself for each of its tenants, by tenant: keys and values as the program has them. */
export type Overrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Context {
  readonly wiring: Wiring;
  readonly workloads: readonly Workload[];
  readonly mode: Mode;
  /** How many pods a workload of the component has here, and what they may use. */
  size(workload: Workload): Sized;
  /** Every component there is, whether an environment has it or not. */
  readonly catalogue: readonly Component[];
  /** Where objects are kept. */
  readonly store: Store;
  /** Who a client is that names no tenant; undefined where there are no tenants. */
  readonly tenant: string | undefined;
  /** Of the component. */
  readonly overrides: Overrides;
  /** Values of its settings that differ from their defaults, for what cannot be a literal. */
  readonly settingValues: Readonly<Record<string, string>>;
}

/** How a component stands: which roles share pods, and how large each workload is. */
export interface ModeLayout {
  readonly grouping: Grouping;
  readonly sizes: Sizes;
}

export interface Component {
  readonly name: string;
  /** The file of `src/components` that describes it, without its ending. Default: its name. */
  readonly source?: string;
  readonly namespaceKind: NamespaceKind;
  readonly roles: Readonly<Record<string, Role>>;
  readonly modes: Partial<Readonly<Record<Mode, ModeLayout>>>;
  /** Whether an environment of these other bases needs it. Default: always. */
  readonly isNeeded?: (own: Base, others: readonly Base[]) => boolean;
  /** Has a data source, or several: Grafana mounts `grafana-datasource-<component>` when it is there. */
  readonly dataSource?: (wiring: Wiring, uidOf: UidOf) => DataSource | readonly DataSource[];
  /** Uids of its data sources by the signal that others' link to: `{ logs: "loki" }`. */
  readonly signals?: Readonly<Record<string, string>>;
  /** Buckets that it keeps objects in. Each setting that names one is made of it. */
  readonly buckets?: readonly Bucket[];
  /** It rolls the zones of a workload one after the other, and knows them by these labels. */
  readonly zoneLabels?: ZoneLabels;
  /** What it passes through Kafka, in the modes in which it does. */
  readonly topic?: Topic;
  /** How often it scrapes everything that has metrics. */
  readonly scrapeIntervalSeconds?: number;
  /** How long it keeps what others pass through it. */
  readonly queueHours?: number;
  /** Keeps what it is sent by tenant, and reads again what holds for each: its `<component>-overrides`. */
  readonly hasTenants?: true;
  /** Its `<component>-settings`, by the names that environments use. */
  readonly settings?: (context: Context) => SettingsTable;
  /** How its programs read their settings. Default: at their start. */
  readonly settingsRead?: Config["read"];
  /**
   * What cannot work in an environment of these bases, each as the path of the setting, what was found and what to do; beside the
   * others of the environment that it has.
   */
  readonly problems?: (own: Base, others: readonly Base[]) => readonly string[];
  /**
   * How it stands where there is no Kubernetes API to ask: not at all, or with pods and configuration that take the place of
   * its own, given the workloads that stand there. What asks the API and says nothing here cannot stand there.
   */
  readonly withoutApi?: "left out" | ((around: readonly Workload[]) => Partial<Pick<Built, "pods" | "configs">>);
  build(context: Context): Built;
}

export const dataSourceConfig = (component: string): string => `grafana-datasource-${component}`;

/** Names of the namespaces as the bases assume them; they appear only where an address crosses from one to the other. */
export const namespaceNames: Readonly<Record<NamespaceKind, string>> = {
  stack: "observability",
  agents: "observability-agents",
};

/** Names of the components that keep objects in buckets: "loki", "mimir", "tempo", "thanos". */
export const keepersOf = (catalogue: readonly Component[]): readonly string[] =>
  catalogue.filter(({ buckets }) => buckets).map(({ name }) => name);

export const modesOf = (component: Component): readonly Mode[] => Object.keys(component.modes) as Mode[];

/** The mode in which a component stands beside others that are in `mode`: that one, or the nearest before it, or the first it has. */
export const nearestMode = (component: Component, mode: Mode): Mode => {
  const own = modes.filter((one) => component.modes[one]);
  return (own.findLast((one) => modes.indexOf(one) <= modes.indexOf(mode)) ?? own[0]) as Mode;
};
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
export interface EnvironmentValues {
  readonly namespaces: Readonly<Record<NamespaceKind, string>>;
  readonly resizing: SizeOverrides;
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
