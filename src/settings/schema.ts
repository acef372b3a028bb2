import {
  type Component,
  modesOf,
  namespaceNames,
  type Setting,
  type SettingsTable,
  type Unit,
} from "../core/component.ts";
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
const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const namespaceName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

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
  const problems: string[] = [];
  const say = (path: string, found: unknown, expected: string): void =>
    void problems.push(`environments/${name}: ${path} is ${show(found)}: expected ${expected}`);
  const keys = (path: string, value: Readonly<Record<string, unknown>>, known: readonly string[]): void => {
    for (const key of Object.keys(value).filter((key) => !known.includes(key))) {
      problems.push(`environments/${name}: ${path}${key} is no setting: expected one of ${list(known)}`);
    }
  };
  const oneOf = (path: string, found: unknown, known: readonly string[]): void => {
    if (!known.includes(found as string)) say(path, found, `one of ${list(known)}`);
  };

  if (!namespaceName.test(name)) say("name", name, 'a file name of small letters, digits and "-"');
  if (!isTable(raw)) throw new SettingsError(`environments/${name}: expected "export default environment({ … })"`);
  const { mode, metrics, credentials = "by-name", namespaces = {}, components = {} } = raw as Partial<Settings>;
  keys("", raw, ["mode", "metrics", "credentials", "namespaces", "components"]);
  oneOf("mode", mode, shippedModes(catalogue));
  oneOf("metrics", metrics, Object.keys(metricsBackEnds));
  oneOf("credentials", credentials, ["by-name", "throw-away"]);

  const named = { ...namespaceNames, ...(isTable(namespaces) ? namespaces : {}) };
  keys("namespaces.", named, Object.keys(namespaceNames));
  for (const [home, value] of Object.entries(named)) {
    if (!namespaceName.test(String(value))) say(`namespaces.${home}`, value, "the name of a namespace");
  }
  if (named.stack === named.agents) {
    say(
      "namespaces.agents",
      named.agents,
      "another namespace than the stack's, because agents may touch the host and the stack may not",
    );
  }

  const present = (component: string): boolean =>
    !(metrics && metrics in metricsBackEnds) ||
    composition(metrics, catalogue).components.some((one) => one.name === component);
  if (!isTable(components)) say("components", components, "settings by component");
  for (const [component, values] of isTable(components) ? Object.entries(components) : []) {
    const table = tables.get(component);
    if (!table) keys("components.", { [component]: values }, [...tables.keys()]);
    else if (!present(component)) {
      problems.push(
        `environments/${name}: components.${component} has no effect: metrics ${show(metrics)} leaves it out. Remove one of the two.`,
      );
    } else if (!isTable(values)) say(`components.${component}`, values, `settings such as ${list(Object.keys(table))}`);
    else {
      keys(`components.${component}.`, values, Object.keys(table));
      for (const [key, value] of Object.entries(values)) {
        const unit = (table[key] as Setting | undefined)?.unit;
        if (unit && !(typeof value === "string" && units[unit].pattern.test(value))) {
          say(`components.${component}.${key}`, value, units[unit].expected);
        }
      }
    }
  }
  if (problems.length > 0) throw new SettingsError(problems.join("\n"));
  return { name, mode, metrics, credentials, namespaces: named, components } as Environment;
}

/** Modes that every component can stand in, itself or beside. */
const shippedModes = (catalogue: readonly Component[]): readonly Mode[] =>
  modes.filter((mode) => catalogue.some((component) => modesOf(component).includes(mode)));
