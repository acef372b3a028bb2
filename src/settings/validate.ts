import { inspect } from "node:util";
import * as v from "valibot";
import { identities } from "../components/store.ts";
import type { SettingsTables } from "../core/assemble/base.ts";
import { settingsFile } from "../core/assemble/overlay.ts";
import { type Component, keepersOf, modesOf, nearestMode } from "../core/model/component.ts";
import { plan } from "../core/model/grouping.ts";
import type { Mode, Workload } from "../core/model/roles.ts";
import { kedas } from "../features/keda.ts";
import { once } from "../core/util/once.ts";
import { advice } from "./advice.ts";
import { choiceOf, composition, shared, withoutEffect } from "./composition.ts";
import { answersOf, type Environment, isTable, list, settingsSchema, storeOf } from "./schema.ts";
import { misshapen, type Path, paths } from "./shape.ts";

/** The problems of settings files, one a line: where, what was found, what was expected or what to do. */
export class SettingsError extends Error {}

/** A value as the author wrote it, on one line. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  const isPlain = value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
  const text = isPlain || !isJson(value) ? inspected(value) : (JSON.stringify(value) ?? inspected(value));
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
const inspected = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : inspect(value, { breakLength: Infinity, depth: 2 }).replaceAll(/\s+/g, " ");
function isJson(value: unknown): boolean {
  try {
    return typeof JSON.stringify(value) === "string" && (isTable(value) || Array.isArray(value));
  } catch {
    return false;
  }
}

/** The path of a setting, as its author would write it. */
export const pathText = (path: Path): string =>
  path
    .map((key, i) => {
      if (typeof key === "number") return `[${key}]`;
      if (!/^[\w-]+$/.test(key)) return `[${JSON.stringify(key)}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join("");

/** What the values that are `undefined` leave. */
const said = (value: unknown, depth = 0): unknown =>
  isTable(value) && depth < 10
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, one]) => one !== undefined)
          .map(([key, one]) => [key, said(one, depth + 1)]),
      )
    : value;

interface Problem {
  readonly path: Path;
  readonly text: string;
}

const begins = (path: Path, beginning: Path): boolean => beginning.every((key, i) => key === path[i]);

/** The issues of valibot that are not told already, each as a problem. */
function problemsOf(issues: readonly v.BaseIssue<unknown>[], told: readonly Path[]): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path: Path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
    const last = issue.path?.at(-1);
    if (issue.type === "strict_object" && issue.expected === "never") return [];
    if (told.some((one) => begins(path, one) || (issue.type === "union" && begins(one, path)))) return [];
    const text =
      issue.type !== "strict_object" && last && "origin" in last && last.origin === "key"
        ? `${pathText(path.slice(0, -1))} has the key ${show(path.at(-1))}: expected ${issue.message}`
        : `${pathText(path)} is ${show(issue.input)}: expected ${issue.message}`;
    return [{ path, text }];
  });
}

/** The settings without what is wrong in them. */
const without = (value: unknown, wrong: readonly Path[]): unknown => {
  if (!isTable(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !wrong.some((path) => path.length <= 1 && path[0] === key));
  return Object.fromEntries(
    kept.map(([key, one]) => {
      const inside = wrong.filter((path) => path[0] === key).map((path) => path.slice(1));
      return [key, inside.length > 0 ? without(one, inside) : one];
    }),
  );
};

/** Settings on which it depends what others mean. */
const decisive: readonly (string | number)[] = [
  "mode",
  "modes",
  "stack",
  "metrics",
  "store",
  "collector",
  "platform",
  "kafka",
  "tenant",
];

/** An environment's settings, and what the catalogue makes of them. */
interface World {
  readonly environment: Environment;
  readonly catalogue: readonly Component[];
  readonly components: readonly Component[];
  readonly tables: SettingsTables;
  /** Why a component is not there, if it is not. */
  readonly leftOut: (component: string) => string | undefined;
}

/** The mode in which a component stands in an environment. */
export const modeIn = ({ mode, modes }: Pick<Environment, "mode" | "modes">, component: Component): Mode =>
  nearestMode(component, modes[component.name] ?? mode);

const workloadsIn = (component: Component, mode: Mode): readonly Workload[] => {
  const standing = component.modes[mode];
  return standing ? plan(Object.values(component.roles), standing.grouping) : [];
};

const words = (names: readonly string[]): string =>
  names.map((name) => `"${name}"`).join(names.length > 2 ? ", " : " and ");

/** Whatever is said of a component that is not there. */
const ofComponents = ({ environment, leftOut }: World): readonly string[] =>
  (["modes", "components", "overrides", "volumes"] as const).flatMap((setting) =>
    Object.keys(environment[setting]).flatMap((name) => {
      const why = leftOut(name);
      return why ? [`${setting}.${name} has no effect: ${why} leaves it out. Remove one of the two.`] : [];
    }),
  );

/** Whatever is said of a workload that is not there in the mode of its component. */
const ofWorkloads = ({ environment, catalogue, leftOut }: World): readonly string[] =>
  (["replicas", "egress"] as const).flatMap((setting) =>
    Object.keys(environment[setting]).flatMap((name) => {
      const holders = (mode: Mode): Component | undefined =>
        catalogue.find((component) => workloadsIn(component, mode).some(({ fullName }) => fullName === name));
      const component = catalogue.find((one) =>
        modesOf(one).some((mode) => workloadsIn(one, mode).some(({ fullName }) => fullName === name)),
      );
      if (!component) return [];
      const why = leftOut(component.name);
      if (why) return [`${setting}.${name} has no effect: ${why} leaves ${component.name} out. Remove one of the two.`];
      const mode = modeIn(environment, component);
      const here = workloadsIn(component, mode).map(({ fullName }) => fullName);
      if (here.includes(name)) return [];
      const others = modesOf(component).filter((one) => holders(one) === component);
      const have = here.length === 1 ? "whose workload is" : "whose workloads are";
      return [
        `${setting}.${name} has no effect: ${component.name} stands in mode "${mode}", ${have} ${words(here)}; ` +
          `"${name}" is in ${words(others)}. Name one of the first, or set modes.${component.name}.`,
      ];
    }),
  );

/** Settings of components that they have in another mode. */
const ofModes = ({ environment, catalogue, tables, leftOut }: World): readonly string[] =>
  Object.entries(environment.components).flatMap(([name, values]) => {
    const component = catalogue.find((one) => one.name === name);
    if (!component || leftOut(name)) return [];
    const mode = modeIn(environment, component);
    const own = tables(component, mode);
    return Object.keys(values)
      .filter((key) => !Object.hasOwn(own, key))
      .map((key) => {
        const others = modesOf(component).filter((one) => Object.hasOwn(tables(component, one), key));
        return (
          `components.${name}.${key} has no effect: ${name} stands in mode "${mode}", and has it in ${words(others)} only. ` +
          `Remove it, or set modes.${name}.`
        );
      });
  });

/** More than one of what can be one only, because each would keep what the others do not know. */
const ofShared = ({ environment }: World): readonly string[] => {
  const answers = answersOf(environment);
  return Object.entries(environment.replicas).flatMap(([workload, count]) => {
    const choice = shared[workload];
    return choice && answers[choice] === "none" && count > 1
      ? [`replicas.${workload} is ${count}: expected 1, or a "${choice}" that all of them share`]
      : [];
  });
};

const ofNamespaces = ({ environment: { namespaces, scaling } }: World): readonly string[] => {
  const { stack, agents } = namespaces;
  // Its default-deny policies would shut everything that is there already; of the first three Kubernetes itself takes care.
  const taken = ["default", "kube-system", "kube-public", "kube-node-lease"];
  const wrong = Object.entries(namespaces)
    .filter(([, name]) => taken.includes(name))
    .map(
      ([kind, name]) =>
        `namespaces.${kind} is "${name}": expected a namespace of its own, because its policies shut all other pods there`,
    );
  const same = [
    `namespaces.agents is "${agents}": expected another namespace than the stack's, because agents may touch the host and the stack may not`,
  ];
  const operator = scaling.kedaNamespace;
  return [
    ...wrong,
    ...(stack === agents ? same : []),
    ...(operator === stack || operator === agents
      ? [
          `scaling.kedaNamespace is "${operator}": expected another namespace than the environment's own, whose policies shut KEDA's operator`,
        ]
      : []),
  ];
};

/** Whether a gateway has pods of its own in that mode, which can tell the others who a client is. */
const hasGateway = (component: Component, mode: Mode): boolean => {
  const { grouping } = component.modes[mode] ?? {};
  const roles = Object.values(component.roles);
  const gateway = roles.find(({ passesOn }) => passesOn);
  return (
    !gateway ||
    (grouping !== undefined && roles.every((role) => role === gateway || grouping(role) !== grouping(gateway)))
  );
};

const ofTenants = ({ environment, components }: World): readonly string[] =>
  environment.tenant === undefined
    ? []
    : components
        .filter((component) => !hasGateway(component, modeIn(environment, component)))
        .map((component) => {
          const ways = modesOf(component).filter((one) => hasGateway(component, one));
          return (
            `tenant is ${show(environment.tenant)}: ${component.name} in mode ${show(modeIn(environment, component))} has no gateway that would name it. ` +
            `Set modes.${component.name} to one of ${list(ways)}, or remove tenant.`
          );
        });

/** Keys of a store that nobody can make up, and accounts that nobody can guess. */
const ofStore = ({ environment, catalogue, components }: World): readonly string[] => {
  const { identity, kind } = storeOf(environment);
  const keepers = keepersOf(catalogue).filter((keeper) => components.some(({ name }) => name === keeper));
  return [
    ...(environment.credentials === "throw-away" && kind !== "minio"
      ? [
          'credentials is "throw-away": expected "by-name", because nobody can make up the keys of a store outside the cluster',
        ]
      : []),
    ...(typeof identity === "string" || "default" in identity
      ? []
      : keepers
          .filter((keeper) => !(keeper in identity))
          .map(
            (keeper) =>
              `store.identity.${keeper} is missing: expected ${identities[kind as keyof typeof identities].expected}`,
          )),
  ];
};

const ofScaling = ({ environment: { scaling } }: World): readonly string[] =>
  scaling.kedaNamespace !== undefined && !Object.values(scaling).includes("keda")
    ? [
        `scaling.kedaNamespace has no effect: nothing is scaled by "keda". Remove it, or set one of ${list(Object.keys(kedas))}.`,
      ]
    : [];

const ofNodes = ({ environment: { nodes, collector, platform } }: World): readonly string[] => [
  ...(platform === "gke-autopilot"
    ? Object.entries(nodes)
        .filter(([, what]) => what === "docker" || what === "read")
        .map(
          ([field, what]) =>
            `nodes.${field} is ${show(what)}: "gke-autopilot" lets pods read no more of a node than /var/log. Remove it.`,
        )
    : []),
  ...(nodes.journal === "read" && collector === "promtail"
    ? ['nodes.journal is "read": Promtail reads the log files of pods only. Set collector to "alloy", or remove it.']
    : []),
];

/** Back ends of an environment that has none. */
const ofStack = ({ environment }: World): readonly string[] =>
  withoutEffect(answersOf(environment))
    .filter((setting) => environment[setting] !== undefined)
    .map((setting) => `${setting} has no effect: stack "agents" leaves the back ends out. Remove one of the two.`);

const ofCompose = ({ environment: { compose, platform, collector } }: World): readonly string[] => {
  if (compose !== "generated") return [];
  return [
    ...(platform === "openshift"
      ? ['compose is "generated": expected "none", because on "openshift" no container says who it runs as']
      : []),
    ...(collector === "alloy"
      ? [
          'compose is "generated": collector "alloy" asks the Kubernetes API, which Compose has not. Set collector to "promtail", or leave compose out.',
        ]
      : []),
  ];
};

/** Of what Flux calls a reference, one counts; a commit may be looked for in one branch. */
const ofRepository = ({ environment: { repository } }: World): readonly string[] => {
  const named = (["branch", "tag", "semver", "commit"] as const).filter((key) => repository[key] !== undefined);
  return named.length < 2 || (named.length === 2 && named.includes("branch") && named.includes("commit"))
    ? []
    : [
        `repository has ${words(named)}: expected one of them, or "commit" with "branch", because Flux follows one only. Remove the others.`,
      ];
};

/** Mail that nobody would send, and receivers where no Alertmanager is. */
const ofAlerts = ({ environment: { alerts }, leftOut }: World): readonly string[] => {
  if (!alerts) return [];
  const why = leftOut("alertmanager");
  if (why) return [`alerts has no effect: ${why} leaves alertmanager out. Remove one of the two.`];
  const { smtp, namespaces = {}, deadManSwitch, ...own } = alerts;
  const tables = { alerts: { ...own, deadManSwitch } } as Record<
    string,
    Readonly<Record<string, { email?: string } | undefined>>
  >;
  for (const [name, table] of Object.entries(namespaces)) tables[pathText(["alerts", "namespaces", name])] = table;
  return Object.entries(tables).flatMap(([path, table]) =>
    Object.entries(table).flatMap(([key, ways]) =>
      ways?.email !== undefined && smtp === undefined
        ? [`${path}.${key}.email is ${show(ways.email)}: expected alerts.smtp, the server that takes mail. Set it.`]
        : [],
    ),
  );
};

const checks: readonly ((world: World) => readonly string[])[] = [
  ofStore,
  ofStack,
  ofCompose,
  ofRepository,
  ofNamespaces,
  ofTenants,
  ofComponents,
  ofWorkloads,
  ofModes,
  ofShared,
  ofScaling,
  ofNodes,
  ofAlerts,
];

const schemaOf = once((catalogue: readonly Component[]) =>
  once((tables: SettingsTables) => settingsSchema({ catalogue, tables })),
);

/**
 * The settings with their defaults filled in.
 * @throws SettingsError with every problem of the file, one a line
 */
export function validate(
  name: string,
  raw: unknown,
  catalogue: readonly Component[],
  tables: SettingsTables,
  file = settingsFile(name),
): Environment {
  const fail = (problems: readonly string[]): never => {
    throw new SettingsError([...new Set(problems)].map((text) => `${file}: ${text}`).join("\n"));
  };
  if (!isTable(raw)) return fail(['expected "export default environment({ … })"']);
  const schema = schemaOf(catalogue)(tables);
  const settings = said(raw);
  const wrong = misshapen(schema, settings);
  const result = v.safeParse(schema, settings);
  const problems: readonly Problem[] = [
    ...wrong.map((one) => ({
      path: one.path,
      text:
        "siblings" in one
          ? `unknown setting ${pathText(one.path)}; ${advice(one.path.map(String), one.siblings, paths(schema))}`
          : `${pathText(one.path)} is ${show(one.found)}: expected ${one.expected}`,
    })),
    ...problemsOf(
      result.issues ?? [],
      wrong.map(({ path }) => path),
    ),
  ];
  const texts = [...ofName(name), ...problems.map(({ text }) => text)];
  const rest = problems.some(({ path }) => decisive.includes(path[0] ?? ""))
    ? undefined
    : v.safeParse(
        schema,
        without(
          settings,
          problems.map(({ path }) => path),
        ),
      );
  if (rest?.success) {
    const environment = { ...(said(rest.output) as object), name, file } as Environment;
    const found = checks.flatMap((check) => check(worldOf(environment, catalogue, tables)));
    if (texts.length + found.length === 0) return environment;
    texts.push(...found);
  }
  return fail(texts);
}

/** Flux labels what it applies with the name of its Kustomization, kube-lgtm-<name>-secrets among them; a label has 63 letters. */
const longestName = 63 - "kube-lgtm--secrets".length;
const ofName = (name: string): readonly string[] =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= longestName
    ? []
    : [`name is ${show(name)}: expected a file name of up to ${longestName} small letters, digits and "-"`];

function worldOf(environment: Environment, catalogue: readonly Component[], tables: SettingsTables): World {
  const answers = answersOf(environment);
  const { components } = composition(answers, catalogue);
  const leftOut = (component: string): string | undefined => {
    const choice = choiceOf(component, answers);
    const isHere = components.some(({ name }) => name === component);
    const isComponent = catalogue.some(({ name }) => name === component);
    return isHere || !isComponent ? undefined : `${choice} ${show(answers[choice])}`;
  };
  return { environment, catalogue, components, tables, leftOut };
}
