import type { IContainer } from "kubernetes-models/v1/Container";
import { quantity } from "../core/kubernetes/requests.ts";
import { containersOf, type PodTemplate } from "../core/kubernetes/reading.ts";
import { but, changes, keysOf, type Same, type Table } from "./changes.ts";
import type { Finding } from "./finding.ts";
import { finding, findings, stated, words } from "./words.ts";

/** `docker.io/grafana/loki:3.7.8` as its name and its version, a digest counting as part of the version. */
const imageParts = (image: string): readonly [string, string] => {
  const [, name = image, version = ""] = /^(.+?)(?::([\w][\w.-]*(?:@.+)?)|@(.+))?$/.exec(image) ?? [];
  return [name, version || image.slice(name.length + 1)];
};

/** An image as people speak of it: `loki 3.7.8`. */
export const imageWords = (image = "no image"): string => {
  const [name, version] = imageParts(image);
  return [name.split("/").at(-1), version].filter((text) => text !== "").join(" ");
};

function imageFinding(subject: string, before: string | undefined, after: string | undefined): readonly Finding[] {
  if (before === after) return [];
  const [[oldName, oldVersion], [newName, newVersion]] = [imageParts(before ?? ""), imageParts(after ?? "")];
  return oldName === newName
    ? [stated("images", subject, oldName, oldVersion || "(no tag)", newVersion || "(no tag)")]
    : [stated("images", subject, undefined, before, after)];
}

/** Arguments by their flags; what is no flag stands under its place. Values of a flag that is given again are a list. */
function flags(args: readonly string[]): Table {
  const found = new Map<string, string[]>();
  const note = (flag: string, value: string): void => void found.set(flag, [...(found.get(flag) ?? []), value]);
  let open: string | undefined;
  let place = 0;
  for (const arg of args) {
    const [, flag, value] = /^(--?[A-Za-z][^=\s]*)(?:=([^]*))?$/.exec(arg) ?? [];
    if (open !== undefined) {
      note(open, flag === undefined ? arg : "set");
      open = undefined;
      if (flag === undefined) continue;
    }
    if (flag === undefined) note(`argument ${(place += 1)}`, arg);
    else if (value === undefined) open = flag;
    else note(flag, value);
  }
  if (open !== undefined) note(open, "set");
  return Object.fromEntries([...found].map(([flag, values]) => [flag, values.length === 1 ? values[0] : values]));
}

const argumentFindings = (subject: string, before: IContainer, after: IContainer, same: Same): readonly Finding[] => {
  const [a, b] = [flags(before.args ?? []), flags(after.args ?? [])];
  const names = keysOf(a, b);
  const found = names.flatMap((name) =>
    changes(a[name], b[name], same).map((change) =>
      finding("arguments", subject, name, change.before, change.after, same),
    ),
  );
  const order = changes(before.args, after.args, same).length > 0 && found.length === 0;
  return [
    ...found,
    ...(order ? [finding("arguments", subject, "order", words(before.args), words(after.args), same)] : []),
    ...changes(before.command, after.command, same).map((change) =>
      finding("arguments", subject, "command", change.before, change.after, same),
    ),
  ];
};

/** Where the value of a variable comes from, if it is not given. */
const source = (from: object): string => {
  const [[kind, reference]] = Object.entries(from) as [[string, Table]];
  const { name, key, fieldPath, resource } = reference;
  const kinds: Readonly<Record<string, string>> = {
    configMapKeyRef: `key ${String(key)} of ConfigMap ${String(name)}`,
    fieldRef: `field ${String(fieldPath)}`,
    resourceFieldRef: `${String(resource)} of the container`,
    secretKeyRef: `key ${String(key)} of Secret ${String(name)}`,
  };
  return kinds[kind] ?? words(from);
};

const variables = ({ env = [], envFrom = [] }: IContainer): Table => ({
  ...Object.fromEntries(env.map(({ name, value = "", valueFrom }) => [name, valueFrom ? source(valueFrom) : value])),
  ...Object.fromEntries(
    envFrom.map(({ prefix = "", configMapRef, secretRef }) => [
      `${prefix}* of ${configMapRef ? "ConfigMap" : "Secret"} ${configMapRef?.name ?? secretRef?.name}`,
      "all",
    ]),
  ),
});

const environmentFindings = (
  subject: string,
  before: IContainer,
  after: IContainer,
  same: Same,
): readonly Finding[] => {
  const [a, b] = [variables(before), variables(after)];
  const names = keysOf(a, b);
  return names.flatMap((name) =>
    changes(a[name], b[name], same).map((change) =>
      finding("environment", subject, name, change.before, change.after, same),
    ),
  );
};

/** Whether two amounts are one: `1` and `1000m`. */
const sameAmount = (before: unknown, after: unknown): boolean =>
  before === after || (quantity(before) !== undefined && quantity(before) === quantity(after));

function resourceFindings(subject: string, before: IContainer, after: IContainer, same: Same): readonly Finding[] {
  const kinds = { requests: "request", limits: "limit" } as const;
  return (["requests", "limits"] as const).flatMap((kind) => {
    const [a, b] = [(before.resources?.[kind] ?? {}) as Table, (after.resources?.[kind] ?? {}) as Table];
    return keysOf(a, b)
      .filter((resource) => !sameAmount(a[resource], b[resource]))
      .map((resource) => finding("resources", subject, `${resource} ${kinds[kind]}`, a[resource], b[resource], same));
  });
}

/** What no words of its own are for. */
const rest = (container: IContainer): Table =>
  but(container, "args", "command", "env", "envFrom", "image", "name", "resources");

/** What differs in one container of a workload. */
const containerFindings = (subject: string, before: IContainer, after: IContainer, same: Same): readonly Finding[] => [
  ...imageFinding(subject, before.image, after.image),
  ...resourceFindings(subject, before, after, same),
  ...argumentFindings(subject, before, after, same),
  ...environmentFindings(subject, before, after, same),
  ...findings("pods", subject, changes(rest(before), rest(after), same), same),
];

/** The one container of a pod that stays; undefined where there are several. */
const only = ({ spec: { containers } }: PodTemplate): string | undefined =>
  containers.length === 1 ? containers[0]?.name : undefined;

/** Differences in the containers of a workload, init containers included. A workload's only container goes by the workload's name. */
export function containersFindings(
  workload: string,
  before: PodTemplate,
  after: PodTemplate,
  same: Same,
): readonly Finding[] {
  const byName = (pod: PodTemplate): ReadonlyMap<string, IContainer> =>
    new Map(containersOf(pod).map((container) => [container.name, container]));
  const [a, b] = [byName(before), byName(after)];
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  const main = only(before) === only(after) ? only(before) : undefined;
  return names.flatMap((name) => {
    const [x, y] = [a.get(name), b.get(name)];
    const subject = name === main ? workload : `${workload}/${name}`;
    if (x && y) return containerFindings(subject, x, y, same);
    return [stated("pods", workload, `container ${name}`, x && imageWords(x.image), y && imageWords(y.image))];
  });
}
