import { type Component, modesOf, namespaceNames, type SettingsTable, type Unit } from "../core/component.ts";
import { type Home, type Mode, modes } from "../core/plan.ts";
import { composition, metricsBackEnds, type MetricsBackEnd } from "./composition.ts";

/** An environment, as its author writes it in `src/environments/<name>.ts`. What is left out has its default. */
export interface Settings {
  readonly mode: Mode;
  /** Where metrics are kept, and how they get there. */
  readonly metrics: MetricsBackEnd;
  /** `throw-away`: committed, for a laptop. `by-name`: the environment expects the Secrets to be there. */
  readonly credentials?: "by-name" | "throw-away";
  readonly namespaces?: Partial<Readonly<Record<Home, string>>>;
  /** Values of components' settings that differ from their defaults, by component. */
  readonly components?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** An environment whose settings have been checked. */
export interface Environment extends Required<Settings> {
  readonly name: string;
  readonly namespaces: Readonly<Record<Home, string>>;
}

/** Gives a settings file its type; composition is `environment({ ...other, … })`. */
export const environment = <const S extends Settings>(settings: S): S => settings;

/** One problem of a settings file: where, what was found, what was expected or what to do. */
export class SettingsError extends Error {}

const units: Readonly<Record<Unit, { readonly pattern: RegExp; readonly expected: string }>> = {
  address: { pattern: /^[a-z0-9.-]+:\d{1,5}$/, expected: 'host and port such as "minio:9000", without a scheme' },
  boolean: { pattern: /^(true|false)$/, expected: '"true" or "false"' },
  count: { pattern: /^[1-9]\d*$/, expected: 'a whole number such as "3"' },
  duration: { pattern: /^\d+[smhdwy]$/, expected: 'a duration such as "720h" or "30d"' },
  name: { pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, expected: 'a name of small letters, digits, "-" and "."' },
  url: { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, expected: 'a URL such as "http://minio:9000"' },
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
  return {
    problems,
    add,
    say: (path: string, found: unknown, expected: string): void =>
      add(`${path} is ${show(found)}: expected ${expected}`),
    unknownKeys: (path: string, value: Table, known: readonly string[]): void => {
      for (const key of Object.keys(value).filter((key) => !known.includes(key))) {
        add(`${path}${key} is no setting: expected one of ${list(known)}`);
      }
    },
    oneOf: (path: string, found: unknown, known: readonly string[]): void => {
      if (!known.includes(found as string)) add(`${path} is ${show(found)}: expected one of ${list(known)}`);
    },
  };
}
type Report = ReturnType<typeof report>;

function checkNamespaces(namespaces: unknown, { say, unknownKeys }: Report): void {
  if (!isTable(namespaces)) return say("namespaces", namespaces, 'names by "stack" and "agents"');
  unknownKeys("namespaces.", namespaces, Object.keys(namespaceNames));
  for (const home of Object.keys(namespaceNames).filter((home) => home in namespaces)) {
    const value = namespaces[home];
    if (!(typeof value === "string" && namespaceName.test(value)))
      say(`namespaces.${home}`, value, "the name of a namespace");
  }
  const { stack, agents } = { ...namespaceNames, ...namespaces };
  if (stack === agents) {
    const why = "because agents may touch the host and the stack may not";
    say("namespaces.agents", agents, `another namespace than the stack's, ${why}`);
  }
}

function checkComponents(
  components: unknown,
  tables: ReadonlyMap<string, SettingsTable>,
  leftOut: (component: string) => string | undefined,
  { add, say, unknownKeys }: Report,
): void {
  if (!isTable(components)) return say("components", components, "settings by component");
  unknownKeys("components.", components, [...tables.keys()]);
  for (const [component, values] of Object.entries(components)) {
    const path = `components.${component}`;
    const table = tables.get(component);
    const why = leftOut(component);
    if (!table) continue;
    if (why) add(`${path} has no effect: ${why} leaves it out. Remove one of the two.`);
    else if (!isTable(values)) say(path, values, `settings such as ${list(Object.keys(table))}`);
    else {
      unknownKeys(`${path}.`, values, Object.keys(table));
      for (const [key, value] of Object.entries(values)) {
        const unit = table[key]?.unit;
        const fits = unit === undefined || (typeof value === "string" && units[unit].pattern.test(value));
        if (!fits) say(`${path}.${key}`, value, units[unit].expected);
      }
    }
  }
}

/** Modes that at least one component has; the others stand beside it in the one they have. */
const shippedModes = (catalogue: readonly Component[]): readonly Mode[] =>
  modes.filter((mode) => catalogue.some((component) => modesOf(component).includes(mode)));

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
  const { mode, metrics, credentials = "by-name", namespaces = {}, components = {} } = raw as Partial<Settings>;
  found.unknownKeys("", raw, ["mode", "metrics", "credentials", "namespaces", "components"]);
  found.oneOf("mode", mode, shippedModes(catalogue));
  found.oneOf("metrics", metrics, Object.keys(metricsBackEnds));
  found.oneOf("credentials", credentials, ["by-name", "throw-away"]);
  checkNamespaces(namespaces, found);
  const chosen =
    metrics && Object.hasOwn(metricsBackEnds, metrics) ? composition(metrics, catalogue).components : catalogue;
  const leftOut = (component: string): string | undefined =>
    chosen.some((one) => one.name === component) ? undefined : `metrics ${show(metrics)}`;
  checkComponents(components, tables, leftOut, found);
  if (found.problems.length > 0) throw new SettingsError(found.problems.join("\n"));
  return {
    name,
    mode,
    metrics,
    credentials,
    namespaces: { ...namespaceNames, ...namespaces },
    components,
  } as Environment;
}
