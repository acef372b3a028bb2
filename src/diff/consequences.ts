import { isDeepStrictEqual } from "node:util";
import { immutable } from "../core/kubernetes/immutable.ts";
import { type PodTemplate, podTemplate } from "../core/kubernetes/reading.ts";
import { quantity } from "../core/kubernetes/requests.ts";
import { changes, isTable, type Same } from "./changes.ts";
import type { Refusal, Restart } from "./finding.ts";
import { isController, stem } from "./names.ts";
import type { Sides } from "./sides.ts";
import { contrast } from "./words.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

const exact: Same = (before, after) => before === after;

/** Objects as they are, by what the API server knows them by. */
const applied = (objects: readonly Manifest[]): ReadonlyMap<string, Manifest> =>
  new Map(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`, object]),
  );

/** Objects that stand under one kind, namespace and name on both sides, so that the one is applied over the other. */
function inPlace(before: readonly Manifest[], after: readonly Manifest[]): readonly (readonly [Manifest, Manifest])[] {
  const there = applied(before);
  return [...applied(after)].flatMap(([key, object]) => {
    const old = there.get(key);
    return old ? [[old, object] as const] : [];
  });
}

/** Fields of a pod by what people call them. */
const reasons: Readonly<Record<string, string>> = {
  args: "arguments",
  command: "arguments",
  env: "environment",
  envFrom: "environment",
  volumeMounts: "volumes",
};

/** The field of a pod or container that a path lies in. */
const fieldOf = (path: string): string => {
  const [, field = ""] =
    /^spec\.(?:(?:initC|c)ontainers\[[^\]]*\]\.?)?(\w*)/.exec(path) ?? /^metadata\.(\w+)/.exec(path) ?? [];
  return reasons[field] ?? (field || "containers");
};

interface Template {
  readonly metadata: object;
  readonly spec: object;
}
const templateOf = ({ labels, annotations, spec }: PodTemplate): Template => ({
  metadata: { labels, annotations },
  spec,
});

const isAmounts: ReadonlySet<string> = new Set(["limits", "requests"]);

/** A value with its amounts as numbers, as the API server compares them: `1` is `1000m`. */
function counted(value: unknown, at = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => counted(item));
  if (!isTable(value)) return value;
  const inner = (item: unknown, field: string): unknown =>
    isAmounts.has(at) ? (quantity(item) ?? item) : counted(item, field);
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, inner(item, field)]));
}

/** Every text in a value. */
const texts = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
};

/** Generated objects by what they are without a suffix, and the name that a template has for each. */
function readBy(template: Template, generated: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    texts(template).flatMap((name) => {
      const plain = generated.get(name);
      return plain === undefined ? [] : [[plain, name] as const];
    }),
  );
}

/** Generated objects that the pods read under another name than before: their content is another, or they came or went. */
function rolled(before: Template, after: Template, generated: ReadonlyMap<string, string>): readonly string[] {
  const [a, b] = [readBy(before, generated), readBy(after, generated)];
  return [...a].flatMap(([plain, name]) => (b.has(plain) && b.get(plain) !== name ? [plain] : []));
}

/** The workloads whose pods are made anew when `after` is applied over `before`. */
export function restarts(
  before: readonly Manifest[],
  after: readonly Manifest[],
  sides: Pick<Sides, "after" | "before">,
): readonly Restart[] {
  const suffixed = [...before, ...after].filter((object) => stem(object) !== object.metadata.name);
  const generated = new Map(
    suffixed.flatMap((object) =>
      // What is read and not there goes by its plain name.
      [object.metadata.name, stem(object)].map((name) => [name, `${object.kind} ${stem(object)}`] as const),
    ),
  );
  const plain = (objects: readonly Manifest[], raw: readonly Manifest[]): ReadonlyMap<Manifest, Manifest> =>
    new Map(raw.map((object, i) => [object, objects[i] as Manifest]));
  const [plainBefore, plainAfter] = [plain(sides.before, before), plain(sides.after, after)];
  const running = inPlace(before, after).flatMap(([old, now]): readonly Restart[] => {
    if (!isController(old) || podTemplate(old).replicas === 0) return [];
    const [a, b] = [templateOf(podTemplate(old)), templateOf(podTemplate(now))];
    if (isDeepStrictEqual(counted(a), counted(b))) return [];
    const own = changes(
      templateOf(podTemplate(plainBefore.get(old) ?? old)),
      templateOf(podTemplate(plainAfter.get(now) ?? now)),
      exact,
    );
    const because = [...rolled(a, b, generated), ...own.map(({ path }) => fieldOf(path))];
    return [{ workload: now.metadata.name, kind: now.kind, because: [...new Set(because)].sort() }];
  });
  const jobs = (objects: readonly Manifest[]): readonly Manifest[] => objects.filter(({ kind }) => kind === "Job");
  const again = jobs(after).flatMap((job): readonly Restart[] => {
    const same = jobs(before).filter(
      (old) => stem(old) === stem(job) && old.metadata.namespace === job.metadata.namespace,
    );
    const renamed = same.length > 0 && same.every(({ metadata }) => metadata.name !== job.metadata.name);
    return renamed ? [{ workload: stem(job), kind: job.kind, because: ["runs again"] }] : [];
  });
  return [...running, ...again].sort((x, y) => (x.workload < y.workload ? -1 : 1));
}

/** What the API server would refuse when `after` is applied over `before`. */
export const refusals = (before: readonly Manifest[], after: readonly Manifest[]): readonly Refusal[] =>
  inPlace(before, after)
    .flatMap(([old, now]) => {
      const { kind, metadata } = now;
      const object = `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
      const [a, b] = [immutable(old), immutable(now)];
      if (isDeepStrictEqual(counted(a), counted(b))) return [];
      return changes(a, b, exact).map((change): Refusal => {
        const told = contrast(change.before, change.after, exact);
        return { object, field: change.path, before: told.before, after: told.after };
      });
    })
    .sort((x, y) => (`${x.object} ${x.field}` < `${y.object} ${y.field}` ? -1 : 1));
