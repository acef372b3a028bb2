import type { Overrides, Unit } from "../core/model/component.ts";
import type { OpenedPorts, Ports } from "../core/assemble/doors.ts";
import type { NamespaceKind, Mode } from "../core/model/roles.ts";
import type { Volume } from "../core/model/size.ts";
import type { kedas } from "../features/keda.ts";
import type { Load } from "../sizing/load.ts";
import { minioStore, type Store } from "../core/model/store.ts";
import type { Answers } from "./composition.ts";
import type { Repository } from "../core/assemble/overlay.ts";

/** How Grafana is reached from outside the cluster; the other fields are options of the kustomize Component of that name. */
export interface Exposure extends Readonly<Record<string, string>> {
  readonly by: Exclude<Answers["exposure"], "none">;
}

/**
 * What keeps the objects. Outside of the cluster there are no keys where the cloud knows the pods' accounts: `identity` is then `workload`,
 * or by "loki", "mimir", "tempo", "thanos" and "default" the role at AWS, service account at Google or client ID at Azure.
 */
export type StoreSetting =
  | { readonly kind: "minio" }
  | (Pick<Store, "bucketPrefix" | "region" | "endpoint"> & Identified & { readonly kind: "s3" })
  | (Pick<Store, "bucketPrefix"> & Identified & { readonly kind: "gcs" })
  | (Partial<Pick<Store, "bucketPrefix">> & Identified & { readonly kind: "azure"; readonly account: string });
interface Identified {
  readonly identity?: Store["identity"];
}

/** Where Grafana keeps what people make of it; the other fields are options of the kustomize Component that this brings. */
export interface Database extends Readonly<Record<string, string>> {
  readonly by: Exclude<Answers["database"], "none">;
}

/** A Kafka of somebody else, with the topics `mimir` and `tempo`; user and password are in the Secret `kafka-client`. */
export interface KafkaSetting {
  /** Host and port of a broker, which knows the others. */
  readonly address: string;
  /** Default `disabled`. Tempo knows no other. */
  readonly tls?: "enabled" | "disabled";
  /** How clients say who they are. Default: not at all. Tempo knows `PLAIN` only. */
  readonly sasl?: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
}

/** The way out of the cluster, for those who ask something there; a store or a receiver inside the company may be an exception. */
export interface ProxySetting {
  readonly url: string;
  /** Hosts that are asked without it, as NO_PROXY has them, beside those of the cluster. */
  readonly except?: string;
}

/** What the number of a component's queriers follows where it is not fixed: their CPU, or with `keda` the queries that there are. */
export interface Scaling extends Partial<Readonly<Record<keyof typeof kedas, Answers["scaling.loki"]>>> {
  /** Where KEDA's operator runs. Default `keda`. */
  readonly kedaNamespace?: string;
}

/** What the log agents find on the nodes. */
export interface Nodes {
  /** `docker`: some nodes' runtime is Docker (cri-dockerd), whose log files lie in a folder of its own. Default `cri`: none's is. */
  readonly runtime?: Answers["nodes.runtime"];
  /** `read`: the nodes' own services are in Loki, too, from their journal. Alloy only. Default `none`. */
  readonly journal?: Answers["nodes.journal"];
}

/** An environment, as its author writes it in `src/environments/<name>.ts`. What is left out has its default. */
export interface Settings {
  readonly mode: Mode;
  /** Components that stand in another mode than the environment's. */
  readonly modes?: Readonly<Record<string, Mode>>;
  /** Where metrics are kept, and how they get there. */
  readonly metrics: Answers["metrics"];
  /** What keeps the objects of Loki, Tempo and the metrics. Default: MinIO, beside them. */
  readonly store?: StoreSetting;
  /** Default: brokers of its own, where somebody asks for one. */
  readonly kafka?: KafkaSetting | undefined;
  /** Default: what is outside of the cluster is asked without one. */
  readonly proxy?: ProxySetting | undefined;
  /** Who a client is that names no tenant. Default: there are no tenants. */
  readonly tenant?: string | undefined;
  /** What holds for single tenants, by component and tenant: keys and values as the program has them. */
  readonly overrides?: Readonly<Record<string, Overrides>>;
  /** The kind of cluster, where that is not like others: what it admits. Default `kubernetes`. */
  readonly platform?: Answers["platform"];
  /** What reads the log files of every node. Default `alloy`. */
  readonly collector?: Answers["collector"];
  readonly nodes?: Nodes;
  /** `demo`: programs that make up logs, traces and metrics, so that there is something to see. Default `none`. */
  readonly generators?: Answers["generators"];
  /** `generated`: the same environment as a Compose file, too. Default `none`. */
  readonly compose?: "generated" | "none";
  /** Default: Grafana keeps what people make of it in a file of its own, and there is one. */
  readonly database?: Database | undefined;
  /** Default: Grafana is reached from inside the cluster only. */
  readonly exposure?: Exposure | undefined;
  /** Where the cluster's API server and DNS listen, where that is none of the usual ports. */
  readonly network?: Ports;
  /** Ways out of the cluster, by workload: `{ alertmanager: [{ port: 443 }] }`. Default: none. */
  readonly egress?: OpenedPorts["egress"];
  /** `throw-away`: committed, for a laptop. `by-name`: the environment expects the Secrets to be there. */
  readonly credentials?: "by-name" | "throw-away";
  /** Where clusters fetch this repository from, for the Flux objects beside the overlay. */
  readonly repository?: Repository;
  readonly namespaces?: Partial<Readonly<Record<NamespaceKind, string>>>;
  /** What it has to take; replicas, requests, limits and volumes follow from it. Default: the sizes of the mode. */
  readonly load?: Load | undefined;
  /** Replicas of workloads that differ from those of their mode. */
  readonly replicas?: Readonly<Record<string, number>>;
  /** Default: by CPU. */
  readonly scaling?: Scaling;
  /** Volumes that differ from the bases', by component; `default` is for all that are not named. */
  readonly volumes?: Readonly<Record<string, Volume>>;
  /** Values of components' settings that differ from their defaults, by component. */
  readonly components?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** An environment whose settings have been checked. */
export interface Environment extends Required<
  Omit<Settings, "database" | "exposure" | "kafka" | "load" | "proxy" | "tenant">
> {
  readonly name: string;
  readonly kafka?: KafkaSetting | undefined;
  readonly proxy?: ProxySetting | undefined;
  readonly load?: Load | undefined;
  readonly tenant?: string | undefined;
  readonly database?: Database | undefined;
  readonly exposure?: Exposure | undefined;
  readonly namespaces: Readonly<Record<NamespaceKind, string>>;
}

/** What settings answer to each choice, defaults included. */
export const answersOf = (settings: Settings): Answers => ({
  metrics: settings.metrics,
  store: settings.store?.kind ?? "minio",
  kafka: settings.kafka ? "external" : "bundled",
  proxy: settings.proxy ? "between" : "none",
  platform: settings.platform ?? "kubernetes",
  collector: settings.collector ?? "alloy",
  "nodes.runtime": settings.nodes?.runtime ?? "cri",
  "nodes.journal": settings.nodes?.journal ?? "none",
  generators: settings.generators ?? "none",
  database: settings.database?.by ?? "none",
  "scaling.loki": settings.scaling?.loki ?? "cpu",
  "scaling.mimir": settings.scaling?.mimir ?? "cpu",
  "scaling.tempo": settings.scaling?.tempo ?? "cpu",
  exposure: settings.exposure?.by ?? "none",
});

/** The store of an environment, with its defaults. */
export const storeOf = ({ store }: Pick<Settings, "store">): Store => ({ ...minioStore, ...store });

/** Gives a settings file its type; composition is `environment({ ...other, … })`. */
export const environment = <const S extends Settings>(settings: S): S => settings;

/** What the text of each unit looks like. */
export const units: Readonly<Record<Unit, { readonly pattern: RegExp; readonly expected: string }>> = {
  account: { pattern: /^[a-z0-9]{3,24}$/, expected: "a storage account of 3 to 24 small letters and digits" },
  address: { pattern: /^[a-z0-9.-]+:\d{1,5}$/, expected: 'host and port such as "minio:9000", without a scheme' },
  boolean: { pattern: /^(true|false)$/, expected: '"true" or "false"' },
  bucket: {
    pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    expected: 'a bucket of 3 to 63 small letters, digits, "-" and "."',
  },
  count: { pattern: /^[1-9]\d*$/, expected: 'a whole number such as "3"' },
  duration: { pattern: /^\d+[smhdwy]$/, expected: 'a duration such as "720h" or "30d"' },
  endpoint: {
    pattern: /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/,
    expected: 'a URL without a path such as "https://ceph.example.com:8443"',
  },
  expression: { pattern: /^.+$/, expected: 'a regular expression such as "^\\d{4}-"' },
  host: {
    pattern: /^[a-z0-9.-]+(:\d{1,5})?$/,
    expected: 'a host such as "s3.eu-central-1.amazonaws.com" or "minio:9000", without a scheme',
  },
  hosts: {
    pattern: /^[a-z0-9.-]+(:\d{1,5})?(,[a-z0-9.-]+(:\d{1,5})?)*$/,
    expected: 'hosts such as "ceph.example.com,.internal.example.com"',
  },
  mechanism: {
    pattern: /^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$/,
    expected: '"PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512"',
  },
  name: { pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, expected: 'a name of small letters, digits, "-" and "."' },
  partitions: {
    pattern: /^\{[a-z0-9-]+: \[\d+(, \d+)*\](, [a-z0-9-]+: \[\d+(, \d+)*\])*\}$/,
    expected: 'partitions by pod such as "{tempo-block-builder-0: [0, 2], tempo-block-builder-1: [1, 3]}"',
  },
  prefix: {
    pattern: /^([a-z0-9][a-z0-9-]*)?$/,
    expected: `what the buckets' names begin with, such as "acme-prod-"`,
  },
  selector: { pattern: /^\{.+\}$/, expected: `a selector such as '{app="cart"}'` },
  size: { pattern: /^[1-9]\d*Gi$/, expected: 'whole gibibytes such as "10Gi"' },
  store: { pattern: /^(s3|gcs|azure)$/, expected: '"s3", "gcs" or "azure"' },
  switch: { pattern: /^(enabled|disabled)$/, expected: '"enabled" or "disabled"' },
  tenant: { pattern: /^[A-Za-z0-9][\w.-]{0,149}$/, expected: 'a tenant of letters, digits, "-", "_" and "."' },
  url: { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, expected: 'a URL such as "http://minio:9000"' },
};
