import { type Component, modesOf, namespaceNames, nearestMode, type SettingsTable } from "../core/component.ts";
import type { Repository } from "../core/flux.ts";
import { type Mode, modes, plan } from "../core/plan.ts";
import { type Choice, choiceNames, choiceOf, choices, composition } from "./composition.ts";
import { answersOf, type Environment, type Settings, units } from "./schema.ts";

/** The problems of settings files, one a line: where, what was found, what was expected or what to do. */
export class SettingsError extends Error {}

/** Every setting that there is. */
export const settingsKeys: Readonly<Record<keyof Settings, true>> = {
  mode: true,
  modes: true,
  metrics: true,
  collector: true,
  generators: true,
  compose: true,
  exposure: true,
  credentials: true,
  repository: true,
  namespaces: true,
  replicas: true,
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
  const add = (text: string): void => void problems.push(`environments/${name}: ${text}`);
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
  for (const [component, values] of entries("components", value, [...tables.keys()], "settings by component")) {
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

function checkReplicas(value: unknown, workloads: readonly string[], { entries, say }: Report): void {
  for (const [workload, count] of entries("replicas", value, workloads, "numbers by workload")) {
    if (!(Number.isInteger(count) && (count as number) >= 0))
      say(`replicas.${workload}`, count, "a whole number such as 3");
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

function checkExposure(value: unknown, { add, entries, fits, oneOf }: Report): void {
  if (value === undefined) return;
  const by = isTable(value) ? value["by"] : undefined;
  const ways = Object.keys(choices.exposure).filter((way) => way !== "none");
  if (isTable(value)) oneOf("exposure.by", by, ways);
  else return add(`exposure is ${show(value)}: expected a table with "by", one of ${list(ways)}`);
  const part = Object.entries(choices.exposure).find(([way]) => way === by)?.[1];
  const options = Object.assign({}, ...(part?.features ?? []).map((feature) => feature.options ?? {}));
  if (!part) return;
  for (const [key, text] of entries("exposure", value, ["by", ...Object.keys(options)], "options")) {
    if (key !== "by") fits(`exposure.${key}`, text, options[key]);
  }
}

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
 * @param tables each component's settings, by its name
 * @throws SettingsError with every problem of the file, one a line
 */
export function validate(
  name: string,
  raw: unknown,
  catalogue: readonly Component[],
  tables: ReadonlyMap<string, SettingsTable>,
): Environment {
  const found = report(name);
  if (!namespaceName.test(name)) found.say("name", name, 'a file name of small letters, digits and "-"');
  if (!isTable(raw)) throw new SettingsError(`environments/${name}: expected "export default environment({ … })"`);
  const settings = raw as Partial<Settings>;
  const { mode, credentials = "by-name" } = settings;
  const answers = answersOf(raw as unknown as Settings);
  found.unknownKeys("", raw, Object.keys(settingsKeys));
  found.oneOf("mode", mode, shippedModes(catalogue));
  for (const choice of choiceNames.filter((one) => one !== "exposure"))
    found.oneOf(choice, answers[choice], Object.keys(choices[choice]));
  found.oneOf("credentials", credentials, ["by-name", "throw-away"]);
  if (settings.compose !== undefined) found.oneOf("compose", settings.compose, ["generated", "none"]);
  checkExposure(settings.exposure, found);
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
  checkModes(settings.modes, components, found);
  checkComponents(settings.components, tables, leftOut, found);
  const workloads = components.flatMap((component) => {
    const standing = component.modes[modeIn(settings, component)];
    return standing ? plan(Object.values(component.roles), standing.grouping) : [];
  });
  const scaled = workloads.filter(({ runs }) => runs === "replicas");
  checkReplicas(
    settings.replicas,
    scaled.map(({ fullName }) => fullName),
    found,
  );
  const withDisk = workloads.flatMap(({ component, disk }) => (disk ? [component] : []));
  checkVolumes(settings.volumes, [...new Set(withDisk)], found);
  if (found.problems.length > 0) throw new SettingsError(found.problems.join("\n"));
  return {
    modes: {},
    compose: "none",
    replicas: {},
    volumes: {},
    components: {},
    ...settings,
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
