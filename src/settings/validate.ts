import { isIP } from "node:net";
import {
  type Component,
  keepersOf,
  modesOf,
  namespaceNames,
  nearestMode,
  type SettingsTable,
  type Unit,
} from "../core/model/component.ts";
import type { SettingsTables } from "../core/assemble/base.ts";
import { type Mode, modes } from "../core/model/roles.ts";
import { expectedAmount, isAmount, loadFields } from "../sizing/load.ts";
import { identities } from "../components/store.ts";
import {
  type Answers,
  type Choice,
  choiceNames,
  choiceOf,
  choices,
  composition,
  featuresOf,
  shared,
  tabled,
} from "./composition.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { externalKafka } from "../features/external-kafka.ts";
import { kedas } from "../features/keda.ts";
import { proxy } from "../features/proxy.ts";
import { answersOf, type Environment, type Settings, units } from "./schema.ts";
import { type Repository, settingsFile } from "../core/assemble/overlay.ts";
import { plan } from "../core/model/grouping.ts";

/** The problems of settings files, one a line: where, what was found, what was expected or what to do. */
export class SettingsError extends Error {}

/** Every setting that there is. */
export const settingsKeys: Readonly<Record<keyof Settings, true>> = {
  mode: true,
  modes: true,
  metrics: true,
  store: true,
  kafka: true,
  proxy: true,
  tenant: true,
  overrides: true,
  platform: true,
  collector: true,
  nodes: true,
  generators: true,
  compose: true,
  database: true,
  exposure: true,
  network: true,
  egress: true,
  credentials: true,
  repository: true,
  namespaces: true,
  load: true,
  replicas: true,
  scaling: true,
  volumes: true,
  components: true,
};

const show = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value));
const list = (values: Iterable<string>): string => [...values].map((value) => `"${value}"`).join(", ");
type Table = Readonly<Record<string, unknown>>;
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const namespaceName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Collects the problems of one file, so that its author sees all of them at once. */
function report(name: string) {
  const problems: string[] = [];
  const add = (text: string): void => void problems.push(`${settingsFile(name)}: ${text}`);
  const say = (path: string, found: unknown, expected: string): void =>
    add(`${path} is ${show(found)}: expected ${expected}`);
  const unknownKeys = (path: string, value: Table, names: readonly string[]): void => {
    for (const key of Object.keys(value).filter((key) => !names.includes(key))) {
      add(`${path}${key} is no setting: expected one of ${list(names)}`);
    }
  };
  return {
    problems,
    add,
    say,
    unknownKeys,
    oneOf: (path: string, found: unknown, names: readonly string[]): void => {
      if (!names.includes(found as string)) say(path, found, `one of ${list(names)}`);
    },
    /** Gives a table's entries whose keys are known, and complains about the others; undefined stands for an empty table. */
    entries: (path: string, value: unknown, names: readonly string[], what: string): readonly [string, unknown][] => {
      if (value === undefined) return [];
      if (!isTable(value)) return (say(path, value, what), []);
      unknownKeys(`${path}.`, value, names);
      return Object.entries(value).filter(([key]) => names.includes(key));
    },
    /** Complains unless the value has the form of its unit. */
    fits: (path: string, value: unknown, unit: keyof typeof units): void => {
      const { pattern, expected } = units[unit];
      if (!(typeof value === "string" && pattern.test(value))) say(path, value, expected);
    },
  };
}
type Report = ReturnType<typeof report>;

function checkNamespaces(namespaces: unknown, { say, entries }: Report): void {
  const given = entries("namespaces", namespaces, Object.keys(namespaceNames), 'names by "stack" and "agents"');
  for (const [home, value] of given) {
    if (!(typeof value === "string" && namespaceName.test(value)))
      say(`namespaces.${home}`, value, "the name of a namespace");
  }
  const { stack, agents } = { ...namespaceNames, ...Object.fromEntries(given) };
  if (stack === agents) {
    const why = "because agents may touch the host and the stack may not";
    say("namespaces.agents", agents, `another namespace than the stack's, ${why}`);
  }
}

/** Modes that at least one component has; the others stand beside it in the one they have. */
const shippedModes = (catalogue: readonly Component[]): readonly Mode[] =>
  modes.filter((mode) => catalogue.some((component) => modesOf(component).includes(mode)));

function checkModes(value: unknown, components: readonly Component[], { entries, oneOf }: Report): void {
  const names = components.map(({ name }) => name);
  for (const [name, mode] of entries("modes", value, names, "modes by component")) {
    const component = components.find((one) => one.name === name);
    if (component) oneOf(`modes.${name}`, mode, modesOf(component));
  }
}

function checkComponents(
  value: unknown,
  tables: ReadonlyMap<string, SettingsTable>,
  leftOut: (component: string) => string | undefined,
  { add, entries, fits }: Report,
): void {
  for (const [component, values] of entries("components", value, [...tables.keys()].sort(), "settings by component")) {
    const path = `components.${component}`;
    const table = tables.get(component) ?? {};
    const why = leftOut(component);
    if (why) {
      add(`${path} has no effect: ${why} leaves it out. Remove one of the two.`);
      continue;
    }
    for (const [key, one] of entries(
      path,
      values,
      Object.keys(table),
      `settings such as ${list(Object.keys(table))}`,
    )) {
      if (table[key]) fits(`${path}.${key}`, one, table[key].unit);
    }
  }
}

function checkReplicas(value: unknown, workloads: readonly string[], answers: Answers, { entries, say }: Report): void {
  for (const [workload, count] of entries("replicas", value, workloads, "numbers by workload")) {
    if (!(Number.isInteger(count) && (count as number) >= 0))
      say(`replicas.${workload}`, count, "a whole number such as 3");
    const choice = shared[workload];
    if (choice && answers[choice] === "none" && (count as number) > 1)
      say(`replicas.${workload}`, count, `1, or a "${choice}" that all of them share`);
  }
}

function checkLoad(value: unknown, { entries, say }: Report): void {
  const fields = Object.keys(loadFields);
  for (const [field, amount] of entries("load", value, fields, `amounts such as ${list(fields)}`)) {
    if (!isAmount(amount)) say(`load.${field}`, amount, expectedAmount(field));
  }
}

/** Whether each answer is one that there is, is checked with those to the other choices. */
function checkScaling(value: unknown, { add, entries, say }: Report): void {
  const names = Object.keys(kedas);
  const given = new Map(entries("scaling", value, [...names, "kedaNamespace"], 'a table such as { loki: "keda" }'));
  const namespace = given.get("kedaNamespace");
  if (namespace === undefined) return;
  if (!(typeof namespace === "string" && namespaceName.test(namespace)))
    say("scaling.kedaNamespace", namespace, "the name of a namespace");
  if (!names.some((name) => given.get(name) === "keda"))
    add(`scaling.kedaNamespace has no effect: nothing is scaled by "keda". Remove it, or set one of ${list(names)}.`);
}

/** Whether each answer is one that there is, is checked with those to the other choices. */
function checkNodes(value: unknown, { collector, platform }: Answers, { add, entries }: Report): void {
  const given = new Map(entries("nodes", value, ["runtime", "journal"], 'a table such as { runtime: "docker" }'));
  const more = [...given].filter(([, what]) => what === "docker" || what === "read");
  if (platform === "gke-autopilot")
    for (const [field, what] of more)
      add(
        `nodes.${field} is ${show(what)}: "gke-autopilot" lets pods read no more of a node than /var/log. Remove it.`,
      );
  if (given.get("journal") === "read" && collector === "promtail")
    add('nodes.journal is "read": Promtail reads the log files of pods only. Set collector to "alloy", or remove it.');
}

const isPort = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535;

function checkNetwork(value: unknown, { entries, say }: Report): void {
  const fields = ["apiServerPorts", "dnsPorts"];
  for (const [field, ports] of entries("network", value, fields, `lists of ports such as { dnsPorts: [10053] }`))
    if (!(Array.isArray(ports) && ports.every(isPort)))
      say(`network.${field}`, ports, "a list of ports such as [7443]");
}

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ */
const isCidr = (value: unknown): boolean => {
  const [address = "", bits = "", ...more] = String(value).split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return typeof value === "string" && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
};

function checkEgress(value: unknown, workloads: readonly string[], { entries, say }: Report): void {
  const example = 'a list of ways out such as [{ port: 587, cidr: "203.0.113.0/24" }]';
  for (const [workload, ways] of entries("egress", value, workloads, "lists of ways out by workload")) {
    if (!Array.isArray(ways)) say(`egress.${workload}`, ways, example);
    for (const [i, way] of (Array.isArray(ways) ? ways : []).entries()) {
      const path = `egress.${workload}[${i}]`;
      const given = new Map(entries(path, way, ["port", "cidr"], "a way out such as { port: 443 }"));
      if (!isTable(way)) continue;
      if (!isPort(given.get("port"))) say(`${path}.port`, given.get("port"), "a port such as 443");
      const cidr = given.get("cidr");
      if (cidr !== undefined && !isCidr(cidr)) say(`${path}.cidr`, cidr, 'addresses such as "203.0.113.0/24"');
    }
  }
}

function checkVolumes(value: unknown, withDisk: readonly string[], { entries, fits }: Report): void {
  for (const [name, volume] of entries("volumes", value, ["default", ...withDisk], "volumes by component")) {
    const path = `volumes.${name}`;
    if (volume === "claim" || volume === "none") continue;
    const fields = entries(path, volume, ["class", "size"], '"claim", "none", or a "class" and a "size"');
    for (const [field, text] of fields) fits(`${path}.${field}`, text, field === "size" ? "size" : "name");
  }
}

/** A choice that is made by a table. */
function checkTable(choice: (typeof tabled)[number], value: unknown, { add, entries, fits, oneOf }: Report): void {
  if (value === undefined) return;
  const by = isTable(value) ? value["by"] : undefined;
  const ways = Object.keys(choices[choice]).filter((way) => way !== "none");
  if (isTable(value)) oneOf(`${choice}.by`, by, ways);
  else return add(`${choice} is ${show(value)}: expected a table with "by", one of ${list(ways)}`);
  if (!ways.includes(by as string)) return;
  const options = Object.assign({}, ...featuresOf(choice, by as string).map((feature) => feature.options ?? {}));
  for (const [key, text] of entries(choice, value, ["by", ...Object.keys(options)], "options")) {
    if (key !== "by") fits(`${choice}.${key}`, text, options[key]);
  }
}

/** A choice that is made by a table of a feature's options, of which one must be there. */
function checkOptions(
  name: string,
  value: unknown,
  { options = {} }: Feature,
  needed: string,
  { entries, fits }: Report,
): void {
  if (value === undefined) return;
  const given = new Map(entries(name, value, Object.keys(options), `a table with "${needed}"`));
  if (!isTable(value)) return;
  for (const [key, unit] of Object.entries(options))
    if (key === needed || given.has(key)) fits(`${name}.${key}`, given.get(key), unit);
}

interface Field {
  readonly unit: Unit;
  readonly need: "must be there" | "may be there";
}
const must = (unit: Unit): Field => ({ unit, need: "must be there" });
const may = (unit: Unit): Field => ({ unit, need: "may be there" });

/** What is said of each kind of store, beside its identity. */
const storeFields: Readonly<Record<keyof typeof choices.store, Readonly<Record<string, Field>>>> = {
  minio: {},
  s3: { region: must("name"), endpoint: may("endpoint"), bucketPrefix: must("prefix") },
  gcs: { bucketPrefix: must("prefix") },
  azure: { account: must("account"), bucketPrefix: may("prefix") },
};

const isKind = (kind: unknown): kind is keyof typeof storeFields => Object.hasOwn(storeFields, String(kind));

/**
 * @param keepers those components of the environment that keep objects
 * @param allKeepers those of all components
 */
function checkStore(
  value: unknown,
  keepers: readonly string[],
  allKeepers: readonly string[],
  { say, entries, fits, oneOf }: Report,
): void {
  if (value === undefined) return;
  const kinds = Object.keys(storeFields);
  if (!isTable(value)) return say("store", value, `a table with "kind", one of ${list(kinds)}`);
  const kind = value["kind"];
  oneOf("store.kind", kind, kinds);
  if (!isKind(kind)) return;
  const fields = storeFields[kind];
  const also = kind === "minio" ? [] : ["identity"];
  const given = new Map(entries("store", value, ["kind", ...Object.keys(fields), ...also], "a table"));
  for (const [field, { unit, need }] of Object.entries(fields))
    if (need === "must be there" || given.has(field)) fits(`store.${field}`, given.get(field), unit);
  const identity = given.get("identity");
  if (kind === "minio" || identity === undefined || identity === "secret") return;
  const { pattern, expected } = identities[kind];
  if (identity === "workload" && kind !== "azure") return;
  const words = kind === "azure" ? '"secret"' : '"secret", "workload"';
  const names = [...allKeepers, "default"];
  if (!isTable(identity)) return say("store.identity", identity, `${words}, or by component ${expected}`);
  const named = entries("store.identity", identity, names, "a table");
  for (const [name, one] of named)
    if (!(typeof one === "string" && pattern.test(one))) say(`store.identity.${name}`, one, expected);
  if ("default" in identity) return;
  for (const keeper of keepers.filter((one) => !(one in identity)))
    say(`store.identity.${keeper}`, undefined, expected);
}

/** Whether a gateway has pods of its own in that mode, which can tell the others who a client is. */
const hasGateway = (component: Component, mode: Mode): boolean => {
  const { grouping } = component.modes[mode] ?? {};
  const roles = Object.values(component.roles);
  const gateway = component.roles["gateway"];
  return (
    !gateway ||
    (grouping !== undefined && roles.every((role) => role === gateway || grouping(role) !== grouping(gateway)))
  );
};

function checkTenant(
  value: unknown,
  settings: Partial<Settings>,
  components: readonly Component[],
  { add, fits }: Report,
): void {
  if (value === undefined) return;
  fits("tenant", value, "tenant");
  for (const component of components) {
    const mode = modeIn(settings, component);
    if (hasGateway(component, mode)) continue;
    const ways = modesOf(component).filter((one) => hasGateway(component, one));
    add(
      `tenant is ${show(value)}: ${component.name} in mode ${show(mode)} has no gateway that would name it. ` +
        `Set modes.${component.name} to one of ${list(ways)}, or remove tenant.`,
    );
  }
}

function checkOverrides(
  value: unknown,
  catalogue: readonly Component[],
  leftOut: (component: string) => string | undefined,
  { add, entries, say }: Report,
): void {
  const names = catalogue.filter(({ hasTenants }) => hasTenants).map(({ name }) => name);
  for (const [component, tenants] of entries("overrides", value, names, "tables by component")) {
    const path = `overrides.${component}`;
    const why = leftOut(component);
    if (why) add(`${path} has no effect: ${why} leaves it out. Remove one of the two.`);
    if (!isTable(tenants)) {
      say(path, tenants, "tables by tenant");
      continue;
    }
    for (const [tenant, limits] of Object.entries(tenants)) {
      const { pattern, expected } = units.tenant;
      if (!pattern.test(tenant)) add(`${path} has the tenant ${show(tenant)}: expected ${expected}`);
      if (!isTable(limits))
        say(`${path}.${tenant}`, limits, `a table of what ${component} has for one tenant, such as ${example}`);
    }
  }
}
const example = '{ retention_period: "744h" }';

/** A fork says its own once; until then the objects name an address that does not exist. */
const repository: Repository = { url: "https://git.example.com/kube-lgtm.git", branch: "main" };

function checkRepository(value: unknown, { entries, fits, say }: Report): void {
  for (const [field, text] of entries("repository", value, Object.keys(repository), '"url" and "branch"')) {
    if (field === "url") fits("repository.url", text, "url");
    else if (typeof text !== "string" || !/^[\w./-]+$/.test(text))
      say("repository.branch", text, "the name of a branch");
  }
}

/**
 * The settings with their defaults filled in.
 * @throws SettingsError with every problem of the file, one a line
 */
export function validate(
  name: string,
  raw: unknown,
  catalogue: readonly Component[],
  tables: SettingsTables,
): Environment {
  const found = report(name);
  if (!namespaceName.test(name)) found.say("name", name, 'a file name of small letters, digits and "-"');
  if (!isTable(raw)) throw new SettingsError(`${settingsFile(name)}: expected "export default environment({ … })"`);
  const settings = raw as Partial<Settings>;
  const { mode, credentials = "by-name" } = settings;
  const answers = answersOf(raw as unknown as Settings);
  found.unknownKeys("", raw, Object.keys(settingsKeys));
  found.oneOf("mode", mode, shippedModes(catalogue));
  const ownTables: readonly string[] = ["kafka", "proxy", "store", ...tabled];
  for (const choice of choiceNames.filter((one) => !ownTables.includes(one)))
    found.oneOf(choice, answers[choice], Object.keys(choices[choice]));
  found.oneOf("credentials", credentials, ["by-name", "throw-away"]);
  if (settings.compose !== undefined) found.oneOf("compose", settings.compose, ["generated", "none"]);
  if (settings.compose === "generated" && answers.platform === "openshift")
    found.say("compose", settings.compose, '"none", because on "openshift" no container says who it runs as');
  for (const choice of tabled) checkTable(choice, settings[choice], found);
  checkRepository(settings.repository, found);
  checkNamespaces(settings.namespaces, found);

  const answered = (choice: Choice): boolean => Object.hasOwn(choices[choice], String(answers[choice]));
  const components = choiceNames.every(answered) ? composition(answers, catalogue).components : catalogue;
  const leftOut = (component: string): string | undefined => {
    const choice = choiceOf(component);
    return components.some((one) => one.name === component) || !choice
      ? undefined
      : `${choice} ${show(answers[choice])}`;
  };
  const allKeepers = keepersOf(catalogue);
  const keepers = allKeepers.filter((keeper) => components.some(({ name }) => name === keeper));
  checkStore(settings.store, keepers, allKeepers, found);
  checkOptions("kafka", settings.kafka, externalKafka, "address", found);
  checkOptions("proxy", settings.proxy, proxy, "url", found);
  if (credentials === "throw-away" && answers.store !== "minio")
    found.say(
      "credentials",
      credentials,
      `"by-name", because nobody can make up the keys of a store outside the cluster`,
    );
  checkModes(settings.modes, components, found);
  checkTenant(settings.tenant, settings, components, found);
  checkOverrides(settings.overrides, catalogue, leftOut, found);
  const inMode = catalogue.map((one): [string, SettingsTable] => [one.name, tables(one, modeIn(settings, one))]);
  const offered = new Map(inMode.filter(([, table]) => Object.keys(table).length > 0));
  checkComponents(settings.components, offered, leftOut, found);
  const workloads = components.flatMap((component) => {
    const standing = component.modes[modeIn(settings, component)];
    return standing ? plan(Object.values(component.roles), standing.grouping) : [];
  });
  const scaled = workloads.filter(({ runs }) => runs === "replicas");
  checkReplicas(
    settings.replicas,
    scaled.map(({ fullName }) => fullName),
    answers,
    found,
  );
  const withDisk = workloads.flatMap(({ component, disk }) => (disk ? [component] : []));
  checkLoad(settings.load, found);
  checkScaling(settings.scaling, found);
  checkNodes(settings.nodes, answers, found);
  checkNetwork(settings.network, found);
  checkEgress(
    settings.egress,
    workloads.map(({ fullName }) => fullName),
    found,
  );
  checkVolumes(settings.volumes, [...new Set(withDisk)], found);
  if (found.problems.length > 0) throw new SettingsError(found.problems.join("\n"));
  return {
    modes: {},
    compose: "none",
    replicas: {},
    volumes: {},
    components: {},
    overrides: {},
    network: {},
    egress: {},
    scaling: {},
    nodes: {},
    store: { kind: "minio" },
    ...settings,
    platform: answers.platform,
    collector: answers.collector,
    generators: answers.generators,
    name,
    credentials,
    repository: { ...repository, ...settings.repository },
    namespaces: { ...namespaceNames, ...settings.namespaces },
  } as Environment;
}

/** The mode in which a component stands in an environment. */
export const modeIn = ({ mode, modes = {} }: Partial<Pick<Settings, "mode" | "modes">>, component: Component): Mode =>
  nearestMode(component, modes[component.name] ?? mode ?? "monolithic");
