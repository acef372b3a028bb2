import { isIP } from "node:net";
import * as v from "valibot";
import { identities } from "../components/store.ts";
import { repositoryUrl, type SettingsTables } from "../core/assemble/base.ts";
import type { Option } from "../core/assemble/feature.ts";
import {
  type Component,
  keepersOf,
  modesOf,
  namespaceNames,
  type Overrides,
  type Unit,
} from "../core/model/component.ts";
import { plan } from "../core/model/grouping.ts";
import { type Mode, modes } from "../core/model/roles.ts";
import { minioStore, type Store } from "../core/model/store.ts";
import { type Signal, usualObjectives } from "../core/model/monitoring.ts";
import type { Volume } from "../core/model/size.ts";
import { gatewayOptions, ingressOptions } from "../features/exposure.ts";
import { kafkaOptions } from "../features/external-kafka.ts";
import { databaseOptions } from "../features/grafana-postgres.ts";
import { kedas } from "../features/keda.ts";
import { ownTracesOptions } from "../features/own-traces.ts";
import { proxyOptions } from "../features/proxy.ts";
import { type LoadField, loadFields } from "../sizing/load.ts";
import { type Answers, choices } from "./composition.ts";
import type {
  ComponentName,
  SettingNames,
  StoreComponent,
  TenantComponent,
  VolumeComponent,
  WorkloadName,
} from "./names.ts";
import { expectedText, units } from "./units.ts";

/** What names in settings come from. */
export interface Known {
  readonly catalogue: readonly Component[];
  readonly tables: SettingsTables;
}

export const list = (values: Iterable<string>): string => [...values].map((value) => `"${value}"`).join(", ");

/* The message of each schema is what was expected; `validate` adds where it was and what was found. */

const expectedOf = (schema: unknown): string => {
  const { message } = (schema ?? {}) as { readonly message?: string | ((issue: object) => string) };
  return typeof message === "function" ? message({}) : (message ?? "a value");
};

const table = <const E extends v.ObjectEntries>(what: string, entries: E) =>
  v.strictObject(entries, ({ path }) => (path ? expectedOf(entries[String(path[0].key)]) : what));

const oneOf = <const T extends string>(values: readonly T[]) => v.picklist(values, `one of ${list(values)}`);

const matching = (pattern: RegExp, expected: string) => v.pipe(v.string(expected), v.regex(pattern, expected));
const text = (unit: Unit, example?: string) => matching(units[unit].pattern, expectedText(unit, example));
type Text = ReturnType<typeof text>;

/** With what it says, for the reference and for editors. */
const says = <const S extends v.GenericSchema>(about: string, schema: S) => v.pipe(schema, v.description(about));

/** A table with a field for each of these names, none of which need be there. */
const named = <N extends string, S extends v.GenericSchema>(
  what: string,
  names: readonly string[],
  schema: (name: string) => S,
) => {
  const entries = Object.fromEntries(names.map((name) => [name, v.optional(schema(name))]));
  return table(what, entries as { readonly [K in N]: v.OptionalSchema<S, undefined> });
};

type OptionEntries<O extends Readonly<Record<string, Option>>> = {
  readonly [K in keyof O]: O[K] extends { readonly needed: true } ? Text : v.OptionalSchema<Text, undefined>;
};
/** The options of a feature, as a table has them. */
const optionEntries = <const O extends Readonly<Record<string, Option>>>(options: O) =>
  Object.fromEntries(
    Object.entries(options).map(([key, { unit, about, example, needed }]) => {
      const schema = says(about, text(unit, example));
      return [key, needed ? schema : v.optional(schema)];
    }),
  ) as unknown as OptionEntries<O>;

/** A table of which one field says what kind it is. */
const kinds = <const K extends string, const O extends v.VariantOptions<K>>(key: K, options: O, names: string[]) =>
  v.variant(key, options, ({ path }) =>
    path ? `one of ${list(names)}` : `a table with "${key}", one of ${list(names)}`,
  );

const port = v.pipe(
  v.number("a port such as 443"),
  v.integer("a port such as 443"),
  v.minValue(1, "a port such as 443"),
  v.maxValue(65535, "a port such as 443"),
);
const ports = v.array(port, "a list of ports such as [7443]");

const wholeNumber = `a whole number such as 3`;
/** Pods of one workload; a list of their names is part of some configurations. */
const mostReplicas = 1000;
const count = v.pipe(
  v.number(wholeNumber),
  v.integer(wholeNumber),
  v.minValue(0, wholeNumber),
  v.maxValue(mostReplicas, `a whole number up to ${mostReplicas}`),
);

const amount = ({ example, most, about }: (typeof loadFields)[LoadField]) => {
  const expected = `a number above 0 such as ${example}`;
  const beyond = `a number up to ${most.toLocaleString("en-US")}`;
  return v.optional(says(about, v.pipe(v.number(expected), v.gtValue(0, expected), v.maxValue(most, beyond))));
};

const identityTable = (kind: keyof typeof identities, keepers: readonly string[]) => {
  const { pattern, expected } = identities[kind];
  return named<StoreComponent | "default", Text>("accounts by component", [...keepers, "default"], () =>
    matching(pattern, expected),
  );
};
const identityText =
  'How the cloud knows who asks: `"secret"` by keys, `"workload"` by the pods\' accounts, or the account of each component.';
/** Azure guesses nobody's account. */
const identity = (kind: "s3" | "gcs", keepers: readonly string[]) => {
  const message = `"secret", "workload", or by component ${identities[kind].expected}`;
  return v.optional(
    says(identityText, v.union([v.picklist(["secret", "workload"]), identityTable(kind, keepers)], message)),
  );
};
const azureIdentity = (keepers: readonly string[]) =>
  v.optional(
    says(
      identityText,
      v.union(
        [v.picklist(["secret"]), identityTable("azure", keepers)],
        `"secret", or by component ${identities.azure.expected}`,
      ),
    ),
  );
const prefixText = "What the name of each bucket begins with: all customers of a cloud share the names.";

const store = (keepers: readonly string[]) =>
  kinds(
    "kind",
    [
      table("a table", { kind: v.literal("minio") }),
      table("a table", {
        kind: v.literal("s3"),
        region: says("The region.", text("region")),
        endpoint: v.optional(says("Where it is, if it is not at AWS.", text("endpoint"))),
        bucketPrefix: says(prefixText, text("prefix")),
        identity: identity("s3", keepers),
      }),
      table("a table", {
        kind: v.literal("gcs"),
        bucketPrefix: says(prefixText, text("prefix")),
        identity: identity("gcs", keepers),
      }),
      table("a table", {
        kind: v.literal("azure"),
        account: says("The storage account.", text("account")),
        bucketPrefix: v.optional(says(prefixText, text("prefix"))),
        identity: azureIdentity(keepers),
      }),
    ],
    Object.keys(choices.store),
  );

const exposure = kinds(
  "by",
  [
    table("a table", { by: v.literal("ingress"), ...optionEntries(ingressOptions) }),
    table("a table", { by: v.literal("gateway-api"), ...optionEntries(gatewayOptions) }),
  ],
  ["ingress", "gateway-api"],
);

const database = kinds(
  "by",
  [table("a table", { by: v.literal("postgres"), ...optionEntries(databaseOptions) })],
  ["postgres"],
);

const volume = v.union(
  [
    v.picklist(["claim", "none"]),
    table('"claim", "none", or a "class" and a "size"', {
      class: v.optional(says("The storage class.", text("name"))),
      size: v.optional(says("The size of each claim.", text("size"))),
    }),
  ],
  '"claim", "none", or a "class" and a "size"',
);

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ */
const isRange = (value: string): boolean => {
  const [address = "", bits = "", ...more] = value.split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return more.length === 0 && /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= most && !address.includes("%");
};
const addresses = 'addresses such as "203.0.113.0/24"';

const waysOut = v.array(
  table("a way out such as { port: 443 }", {
    port: says("The port, by TCP.", port),
    cidr: v.optional(says("The addresses. Default: any.", v.pipe(v.string(addresses), v.check(isRange, addresses)))),
  }),
  'a list of ways out such as [{ port: 587, cidr: "203.0.113.0/24" }]',
);

/** YAML has no other values, and nobody nests deeper. */
const isData = (value: unknown, depth = 0): boolean =>
  depth < 10 &&
  (value === null ||
    ["string", "boolean"].includes(typeof value) ||
    (typeof value === "number" && Number.isFinite(value)) ||
    (Array.isArray(value) ? value.every((one) => isData(one, depth + 1)) : isTable(value) && ofData(value, depth)));
const ofData = (value: object, depth: number): boolean => Object.values(value).every((one) => isData(one, depth + 1));

/** A table as a person writes it, whatever prototypes there are. */
export const isTable = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const limit = v.custom<unknown>((value) => isData(value), "a value that YAML can say");
const tenantLimits = (component: string) =>
  v.record(
    matching(units.tenant.pattern, units.tenant.expected),
    v.record(
      v.string(),
      limit,
      `a table of what ${component} has for one tenant, such as { retention_period: "744h" }`,
    ),
    "tables by tenant",
  );

const secretKey = (about: string, example: string) =>
  v.optional(
    says(
      `The key of the Secret \`alertmanager-config\` with ${about}.`,
      matching(/^(?!alertmanager\.yml$)[\w-][\w.-]{0,252}$/, `a key of the Secret such as "${example}"`),
    ),
  );
/** https://datatracker.ietf.org/doc/html/rfc5321#section-4.1.2 , without quoted ones. */
const mailbox = "[\\w.!#%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}";
const receiver = (about: string) =>
  v.optional(
    says(
      about,
      v.pipe(
        table('a table such as { slack: "slack-url" }', {
          webhook: secretKey("the URL of a webhook", "webhook-url"),
          slack: secretKey("the URL of a Slack webhook", "slack-url"),
          pagerduty: secretKey("the routing key of a PagerDuty service", "pagerduty-key"),
          email: v.optional(
            says(
              "Addresses of mail, with commas between them.",
              matching(new RegExp(`^${mailbox}(?:, *${mailbox})*$`), 'addresses such as "on-call@example.com"'),
            ),
          ),
        }),
        v.check((ways) => Object.keys(ways).length > 0, 'a table such as { slack: "slack-url" }'),
      ),
    ),
  );
const bySeverity = {
  critical: receiver("Who is told of `critical` alerts, which cannot wait."),
  warning: receiver("Who is told of `warning` alerts, which can."),
  info: receiver("Who is told of `info` alerts."),
};
const percent = "a percentage from 50 to 99.99";
const objective = (about: string, usual: number) =>
  v.optional(
    says(`${about} Default: ${usual}.`, v.pipe(v.number(percent), v.minValue(50, percent), v.maxValue(99.99, percent))),
  );
const objectivesOf = (signal: Signal) =>
  v.optional(
    table(`percentages by "writes" and "reads"`, {
      writes: objective(`Of requests that bring ${signal}.`, usualObjectives[signal].writes),
      reads: objective(`Of requests that ask for ${signal}.`, usualObjectives[signal].reads),
    }),
  );
const objectives = table("a table such as { logs: { writes: 99.95 } }", {
  logs: objectivesOf("logs"),
  metrics: objectivesOf("metrics"),
  traces: objectivesOf("traces"),
});

const alerts = table('a table such as { critical: { slack: "slack-url" } }', {
  ...bySeverity,
  deadManSwitch: receiver("A service that is told of `Watchdog` every two minutes, and alarms you when it is not."),
  namespaces: v.optional(
    says(
      "Receivers of the alerts of single namespaces, by severity.",
      v.record(
        matching(units.namespace.pattern, units.namespace.expected),
        table('a table such as { critical: { slack: "slack-url" } }', bySeverity),
        "tables by namespace",
      ),
    ),
  ),
  smtp: v.optional(
    says(
      "The server that takes mail.",
      table('a table with "host" and "from"', {
        host: says("Its host and port; TLS begins by STARTTLS.", text("address", "smtp.example.com:587")),
        from: says(
          "The sender.",
          matching(new RegExp(`^${mailbox}$`), 'an address such as "alertmanager@example.com"'),
        ),
        username: v.optional(says("The user, if it asks for one.", matching(/^[^\s"]{1,253}$/, "a user name"))),
        password: secretKey("the password", "smtp-password"),
      }),
    ),
  ),
});

const answers = <C extends keyof Answers>(choice: C) => oneOf(Object.keys(choices[choice]) as Answers[C][]);

type ComponentTables = {
  readonly [C in keyof SettingNames]: v.OptionalSchema<
    v.StrictObjectSchema<{ readonly [K in SettingNames[C]]: v.OptionalSchema<Text, undefined> }, undefined>,
    undefined
  >;
};

/** Units whose example is better taken from the setting itself. */
const shownBy = ["address", "host", "url"];

/** The settings that components have in any of their modes. */
function componentTables({ catalogue, tables }: Known): ComponentTables {
  const entries = catalogue.flatMap((component) => {
    const all = Object.assign({}, ...modesOf(component).map((mode) => tables(component, mode)));
    const settings = Object.entries(all as ReturnType<SettingsTables>);
    if (settings.length === 0) return [];
    const fields = settings.map(([key, { unit, value }]) => [
      key,
      v.optional(text(unit, shownBy.includes(unit) ? value : undefined)),
    ]);
    const names = settings.map(([key]) => key);
    return [[component.name, v.optional(table(`settings such as ${list(names)}`, Object.fromEntries(fields)))]];
  });
  return Object.fromEntries(entries) as ComponentTables;
}

const workloadsOf = (component: Component) =>
  modesOf(component).flatMap((mode) => {
    const grouping = component.modes[mode]?.grouping;
    return grouping ? plan(Object.values(component.roles), grouping) : [];
  });

/** Modes that at least one component has; the others stand beside it in the one they have. */
const shippedModes = (catalogue: readonly Component[]): Mode[] =>
  modes.filter((mode) => catalogue.some((component) => modesOf(component).includes(mode)));

/** All that an environment may say: what each setting is, how it is checked, and its default. */
export function settingsSchema(known: Known) {
  const { catalogue } = known;
  const names = catalogue.map(({ name }) => name);
  const workloads = catalogue.flatMap(workloadsOf);
  const scaled = [...new Set(workloads.filter(({ runs }) => runs === "replicas").map(({ fullName }) => fullName))];
  const anywhere = [...new Set(workloads.map(({ fullName }) => fullName))];
  const withDisk = [...new Set(workloads.filter(({ disk }) => disk).map(({ component }) => component))];
  const withTenants = catalogue.filter(({ hasTenants }) => hasTenants).map(({ name }) => name);
  return table('"export default environment({ … })"', {
    mode: says(
      "How roles are grouped into workloads. A component without this mode has the next smaller one.",
      oneOf(shippedModes(catalogue)),
    ),
    modes: v.optional(
      says(
        "Components in another mode.",
        named<ComponentName, v.GenericSchema<Mode>>("modes by component", names, (name) => {
          const component = catalogue.find((one) => one.name === name);
          return oneOf(component ? modesOf(component) : modes);
        }),
      ),
      {},
    ),
    stack: v.optional(
      says(
        "`agents`: the log agent, exporters, Prometheus and the OTLP gateway, for a cluster whose back ends are elsewhere.",
        answers("stack"),
      ),
      "full",
    ),
    metrics: says("The back end of metrics, and the way of samples to it.", answers("metrics")),
    store: v.optional(says("The object store of Loki, Tempo and the metrics.", store(keepersOf(catalogue))), {
      kind: "minio",
    }),
    kafka: v.optional(
      says(
        "A Kafka outside, with the topics `mimir` and `tempo`. Default: brokers of the stack, where a component uses Kafka.",
        table('a table with "address"', optionEntries(kafkaOptions)),
      ),
    ),
    proxy: v.optional(
      says(
        "A proxy between the stack and addresses outside the cluster.",
        table('a table with "url"', optionEntries(proxyOptions)),
      ),
    ),
    ownTraces: v.optional(
      says(
        "The stack's programs send traces of their own work to Tempo. Default: none.",
        table('a table such as { ratio: "0.1" }', optionEntries(ownTracesOptions)),
      ),
    ),
    tenant: v.optional(says("Turns tenants on. Clients that name no tenant belong to this one.", text("tenant"))),
    overrides: v.optional(
      says(
        "Limits of single tenants, by component and tenant. Keys and values are the program's own.",
        named<TenantComponent, ReturnType<typeof tenantLimits>>("tables by component", withTenants, tenantLimits),
      ),
      {},
    ),
    alerts: v.optional(says("Who is notified of alerts. Default: no one.", alerts)),
    objectives: v.optional(
      says("How many percent of requests are to succeed over 30 days, by signal.", objectives),
      {},
    ),
    platform: v.optional(
      says("The kind of cluster, where it admits less than others.", answers("platform")),
      "kubernetes",
    ),
    collector: v.optional(says("The agent that reads the log files of every node.", answers("collector")), "alloy"),
    nodes: v.optional(
      says(
        "What the log agents find on the nodes.",
        table('a table such as { runtime: "docker" }', {
          runtime: v.optional(
            says(
              "`docker`: the runtime of some nodes is Docker, whose log files are in a folder of its own.",
              answers("nodes.runtime"),
            ),
          ),
          journal: v.optional(
            says("`read`: logs of the nodes' own services, from their journal. Alloy only.", answers("nodes.journal")),
          ),
        }),
      ),
      {},
    ),
    monitors: v.optional(
      says(
        "`prometheus-operator`: scrape jobs and rules for its Prometheus, as PodMonitors and PrometheusRules.",
        answers("monitors"),
      ),
      "none",
    ),
    generators: v.optional(
      says("`demo`: programs that make up logs, traces and metrics.", answers("generators")),
      "none",
    ),
    compose: v.optional(
      says("`generated`: the environment as a Compose file, too.", oneOf(["generated", "none"])),
      "none",
    ),
    database: v.optional(
      says("Where Grafana keeps what people make. Default: a file on its volume, and one pod.", database),
    ),
    exposure: v.optional(says("How Grafana is reached from outside. Default: not at all.", exposure)),
    network: v.optional(
      says(
        "Where the cluster listens, beside the usual ports.",
        table("lists of ports such as { dnsPorts: [10053] }", {
          apiServerPorts: v.optional(says("Ports of the API server.", ports)),
          dnsPorts: v.optional(says("Ports of the DNS pods.", ports)),
        }),
      ),
      {},
    ),
    egress: v.optional(
      says(
        "Ways out of the cluster, by workload.",
        named<WorkloadName, typeof waysOut>("lists of ways out by workload", anywhere, () => waysOut),
      ),
      {},
    ),
    credentials: v.optional(
      says(
        "`throw-away`: public ones, committed. `by-name`: the Secrets are yours, and there before.",
        oneOf(["by-name", "throw-away"]),
      ),
      "by-name",
    ),
    repository: v.optional(
      says(
        "Where clusters fetch this repository from, for the Flux objects.",
        table('a table with "url"', {
          url: v.optional(says("Its address, by http, https or ssh.", text("git")), repositoryUrl),
          branch: v.optional(says("The branch. Default `main`, if nothing else is said.", text("branch"))),
          tag: v.optional(says("A tag in place of a branch.", text("tag"))),
          semver: v.optional(says("The newest tag in this range, in place of a branch.", text("semver"))),
          commit: v.optional(says("One commit, of the branch.", text("commit"))),
          secretRef: v.optional(says("The Secret in `flux-system` with the keys or the password.", text("name"))),
        }),
      ),
      {},
    ),
    namespaces: v.optional(
      says(
        "Names of the two namespaces.",
        table('names by "stack" and "agents"', {
          stack: v.optional(says("Of the stack.", text("namespace")), namespaceNames.stack),
          agents: v.optional(
            says("Of the agents, which may touch the node.", text("namespace")),
            namespaceNames.agents,
          ),
        }),
      ),
      {},
    ),
    load: v.optional(
      says(
        "What it has to take. Replicas, requests, limits and volumes follow from it. Default: the sizes of the mode.",
        table(`amounts such as ${list(Object.keys(loadFields))}`, {
          logsGBPerDay: amount(loadFields.logsGBPerDay),
          activeSeries: amount(loadFields.activeSeries),
          spansPerSecond: amount(loadFields.spansPerSecond),
          bytesPerSpan: amount(loadFields.bytesPerSpan),
          metricQueriesPerSecond: amount(loadFields.metricQueriesPerSecond),
        }),
      ),
    ),
    replicas: v.optional(
      says(
        "Pods by workload. Default: as the mode or the load has them.",
        named<WorkloadName, typeof count>("numbers by workload", scaled, () => count),
      ),
      {},
    ),
    scaling: v.optional(
      says(
        "What the number of queriers follows: their CPU, or by KEDA the queries.",
        table('a table such as { loki: "keda" }', {
          loki: v.optional(answers("scaling.loki")),
          mimir: v.optional(answers("scaling.mimir")),
          tempo: v.optional(answers("scaling.tempo")),
          kedaNamespace: v.optional(says("Where KEDA's operator runs. Default `keda`.", text("namespace"))),
        } satisfies Record<keyof typeof kedas | "kedaNamespace", v.GenericSchema<string | undefined>>),
      ),
      {},
    ),
    volumes: v.optional(
      says(
        'Volumes by component: `"claim"`, `"none"`, or another class and size; `default` is for all others.',
        named<VolumeComponent | "default", typeof volume>(
          "volumes by component",
          ["default", ...withDisk],
          () => volume,
        ),
      ),
      {},
    ),
    components: v.optional(
      says(
        "Values of components' settings that differ from their defaults.",
        table("settings by component", componentTables(known)),
      ),
      {},
    ),
  });
}
export type SettingsSchema = ReturnType<typeof settingsSchema>;

type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T;

/** An environment, as its author writes it in `src/environments`. What is left out has its default. */
export type Settings = Deep<v.InferInput<SettingsSchema>>;
export type StoreSetting = NonNullable<Settings["store"]>;

/** Where clusters fetch this repository from, and which state of it. */
type Checked = Deep<v.InferOutput<SettingsSchema>>;
type ByName = "components" | "egress" | "modes" | "overrides" | "replicas" | "volumes";

/** An environment whose settings have been checked, with their defaults. */
export interface Environment extends Omit<Checked, ByName> {
  readonly name: string;
  /** Where its settings are, from the root of the project. */
  readonly file: string;
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly egress: Readonly<Record<string, readonly { readonly port: number; readonly cidr?: string }[]>>;
  readonly modes: Readonly<Record<string, Mode>>;
  readonly overrides: Readonly<Record<string, Overrides>>;
  readonly replicas: Readonly<Record<string, number>>;
  readonly volumes: Readonly<Record<string, Volume>>;
}

/** What an environment answers to each choice. */
export const answersOf = (environment: Environment): Answers => ({
  stack: environment.stack,
  metrics: environment.metrics,
  store: environment.store.kind,
  kafka: environment.kafka ? "external" : "bundled",
  proxy: environment.proxy ? "between" : "none",
  platform: environment.platform,
  collector: environment.collector,
  "nodes.runtime": environment.nodes.runtime ?? "cri",
  "nodes.journal": environment.nodes.journal ?? "none",
  monitors: environment.monitors,
  generators: environment.generators,
  database: environment.database?.by ?? "none",
  "scaling.loki": environment.scaling.loki ?? "cpu",
  "scaling.mimir": environment.scaling.mimir ?? "cpu",
  "scaling.tempo": environment.scaling.tempo ?? "cpu",
  ownTraces: environment.ownTraces ? "sampled" : "none",
  exposure: environment.exposure?.by ?? "none",
});

/** The store of an environment, with its defaults. */
export const storeOf = ({ store }: Pick<Environment, "store">): Store => ({ ...minioStore, ...store }) as Store;

/** Gives a settings file its type: a misspelt setting is an error in the editor. Composition is `environment({ ...other, … })`. */
export const environment = (settings: Settings): Settings => settings;
