import { nearest } from "../util/nearest.ts";
import { yaml } from "../util/text.ts";
import type { Overlay } from "../assemble/overlay.ts";
import { patchTargets, type Target } from "../kustomize/build.ts";
import { faults } from "../kubernetes/faults.ts";
import { applied, type Operation, operationProblem } from "../kubernetes/json-patch.ts";
import { deletes, merged } from "../kubernetes/strategic-merge.ts";
import type { Manifest } from "../kubernetes/manifest.ts";
import type { ByHand } from "./render.ts";
import { documentsOf, isTable, type Found, type Table, textsIn } from "./by-hand.ts";

const shape = "expected one object with apiVersion, kind and metadata.name. Put one patch into each file.";
const entry = "expected `target:` and `patch:`, as an entry of a kustomization's patches has them.";

/** A patch that can be applied: the objects that it is for, and what it makes of each; undefined where it takes it away. */
interface Patch {
  readonly targets: readonly Target[];
  readonly apply: (object: Manifest) => Manifest | undefined;
  readonly entry: object;
}

/** The object that a patch names, or what is wrong with the name. */
function named(patch: Manifest, targets: readonly Target[], objectsFolder: string): Target | string {
  const { name, namespace } = patch.metadata;
  const near = targets.filter(({ kind }) => kind === patch.kind);
  const fits = (target: Target): boolean =>
    target.apiVersion === patch.apiVersion && target.name === name && (!namespace || namespace === target.namespace);
  const found = near.find(fits);
  if (found) return found;
  const where = ({ apiVersion, namespace }: Target): string =>
    namespace ? `${apiVersion} in ${namespace}` : apiVersion;
  const elsewhere = near.filter((target) => target.name === name).map(where);
  const what = `${patch.kind}/${name}`;
  if (elsewhere.length > 0) {
    const said = namespace ? `${patch.apiVersion} in ${namespace}` : patch.apiVersion;
    return `it patches ${what} as ${said}: expected ${elsewhere.join(" or ")}. Correct apiVersion or metadata.namespace.`;
  }
  const names = near.map((target) => target.name).sort();
  const meant = nearest(name, names);
  const expected =
    names.length === 0
      ? "expected the kind and name of an object of this environment."
      : meant === undefined
        ? `expected one of ${names.join(", ")}.`
        : `did you mean "${meant}"?`;
  return `it patches ${what}, which is not there: ${expected} Correct metadata.name, or, to add an object, put it into ${objectsFolder}/.`;
}

/** A strategic merge of the one object that it names. */
function merge(path: string, value: unknown, targets: readonly Target[], objectsFolder: string): Patch | string {
  const patch = value as Manifest;
  if (!isTable(value) || !patch.apiVersion || !patch.kind || !patch.metadata?.name)
    return `it holds no object: ${shape}`;
  const target = named(patch, targets, objectsFolder);
  if (typeof target === "string") return target;
  return {
    targets: [target],
    apply: (object) => (deletes(patch) ? undefined : (merged(object, value) as Manifest)),
    entry: { path },
  };
}

/** Requirements of a label selector (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/). */
function selects(selector: string): ((labels: Table) => boolean) | undefined {
  const terms = selector.split(/,(?![^(]*\))/).map((term) => {
    const [, not, key = "", op, value = "", set = ""] =
      /^\s*(!?)\s*([\w./-]+)\s*(?:(==|=|!=)\s*([\w.-]*)|(?:not)?in\s*\(([^)]*)\))?\s*$/.exec(term) ?? [];
    if (key === "") return undefined;
    const values = set.split(",").map((one) => one.trim());
    const isIn = /\sin\s*\(/.test(term);
    const isNotIn = /\snotin\s*\(/.test(term);
    return (labels: Table): boolean => {
      if (isIn) return values.includes(String(labels[key]));
      if (isNotIn) return !values.includes(String(labels[key]));
      if (op === "!=") return labels[key] !== value;
      if (op !== undefined) return labels[key] === value;
      return not === "!" ? !(key in labels) : key in labels;
    };
  });
  return terms.some((term) => term === undefined)
    ? undefined
    : (labels) => terms.every((term) => term?.(labels) ?? false);
}

const selectorFields = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];

/** The objects that a target selects; kustomize takes each field but the selectors as a regular expression of the whole text. */
function selected(target: unknown, targets: readonly Target[]): readonly Target[] | string {
  if (!isTable(target) || Object.keys(target).length === 0)
    return `target is ${JSON.stringify(target)}: expected a table with one or more of ${selectorFields.join(", ")}.`;
  const unknown = Object.keys(target).find((field) => !selectorFields.includes(field));
  if (unknown !== undefined) {
    const meant = nearest(unknown, selectorFields);
    return `target.${unknown} is no field of a target: ${meant ? `did you mean "${meant}"?` : `expected one of ${selectorFields.join(", ")}.`}`;
  }
  const wrong = Object.entries(target).find(([, value]) => typeof value !== "string" || value === "");
  if (wrong) return `target.${wrong[0]} is ${JSON.stringify(wrong[1])}: expected text.`;
  const said = target as Readonly<Record<string, string>>;
  const tests: ((target: Target) => boolean)[] = [];
  for (const [field, of] of Object.entries({
    group: ({ apiVersion }: Target) => (apiVersion.includes("/") ? apiVersion.split("/")[0] : ""),
    version: ({ apiVersion }: Target) => apiVersion.split("/").at(-1),
    kind: ({ kind }: Target) => kind,
    name: ({ name }: Target) => name,
    namespace: ({ namespace }: Target) => namespace ?? "",
  })) {
    const text = said[field];
    if (text === undefined) continue;
    try {
      const pattern = new RegExp(`^(?:${text})$`);
      tests.push((one) => pattern.test(of(one) ?? ""));
    } catch {
      return `target.${field} is "${text}": expected a regular expression.`;
    }
  }
  for (const [field, of] of Object.entries({ labelSelector: "labels", annotationSelector: "annotations" })) {
    const text = said[field];
    if (text === undefined) continue;
    const matches = selects(text);
    if (!matches) return `target.${field} is "${text}": expected a selector such as "app.kubernetes.io/name=loki".`;
    tests.push(({ object }) => matches((object.metadata[of] ?? {}) as Table));
  }
  const found = targets.filter((one) => tests.every((test) => test(one)));
  if (found.length > 0) return found;
  const ofKind = targets.filter(({ kind }) => said["kind"] === undefined || kind === said["kind"]);
  const names = [
    ...new Set((ofKind.length > 0 ? ofKind : targets).map((one) => (ofKind.length > 0 ? one.name : one.kind))),
  ].sort();
  const asked = ofKind.length > 0 ? said["name"] : said["kind"];
  const meant = asked === undefined ? undefined : nearest(asked, names);
  const text = Object.entries(said)
    .map(([field, value]) => `${field} ${value}`)
    .join(", ");
  return `no object is ${text}: ${meant === undefined ? `expected one of ${names.join(", ")}.` : `did you mean "${meant}"?`} Correct target.`;
}

/** A patch of all objects that it selects: a list of operations (JSON6902), or a strategic merge. */
function selecting(file: Table, targets: readonly Target[]): Patch | string {
  const surplus = Object.keys(file).find((key) => key !== "target" && key !== "patch");
  if (surplus !== undefined) return `it has ${surplus}: ${entry}`;
  const found = selected(file["target"], targets);
  if (typeof found === "string") return found;
  const inner = typeof file["patch"] === "string" ? documentsOf(file["patch"]) : [file["patch"]];
  if (typeof inner === "string") return `patch: ${inner}`;
  const [patch, second] = inner;
  if (second !== undefined) return `patch holds ${inner.length} documents: expected one.`;
  if (Array.isArray(patch)) {
    const wrong = patch.map(operationProblem).map((text, i) => (text ? `operation ${i + 1}: ${text}.` : ""));
    if (patch.length === 0) return "patch holds no operation: expected one or more.";
    if (wrong.some((text) => text !== "")) return wrong.filter((text) => text !== "").join(" ");
    return {
      targets: found,
      apply: (object) => applied(object, patch as Operation[]),
      entry: { target: file["target"], patch: yaml(patch) },
    };
  }
  if (!isTable(patch))
    return `patch is ${JSON.stringify(patch)}: expected a list of operations, or what is to be merged.`;
  // kustomize gives the patch the kind and name of each object, and still wants both to be there.
  const { apiVersion, kind, metadata, ...rest } = patch as Partial<Manifest>;
  const whole = {
    apiVersion: apiVersion ?? found[0]?.apiVersion,
    kind: kind ?? found[0]?.kind,
    metadata: { name: "any", ...metadata },
    ...rest,
  };
  const { name: _, ...others } = { ...metadata };
  return {
    targets: found,
    apply: (object) => (deletes(patch) ? undefined : (merged(object, { metadata: others, ...rest }) as Manifest)),
    entry: { target: file["target"], patch: yaml(whole) },
  };
}

function read(path: string, text: string, targets: readonly Target[], objectsFolder: string): Patch | string {
  const documents = documentsOf(text);
  if (typeof documents === "string") return documents;
  const [value] = documents;
  if (documents.length > 1) return `it holds ${documents.length} objects: ${shape}`;
  if (Array.isArray(value)) return `it is a list of operations and does not say for which object: ${entry}`;
  return isTable(value) && ("target" in value || "patch" in value)
    ? selecting(value, targets)
    : merge(path, value, targets, objectsFolder);
}

const id = ({ apiVersion, kind, name, namespace = "" }: Target): string =>
  [apiVersion, kind, namespace, name].join(" ");

/** What a patch makes of an object, undefined where it takes it away, or why it cannot be applied. */
function outcome(
  patch: Patch,
  { apiVersion, kind, name, namespace }: Target,
  before: Manifest,
): Manifest | string | undefined {
  let after: Manifest | undefined;
  try {
    after = patch.apply(before);
  } catch (error) {
    return `${(error as Error).message}. Correct the patch.`;
  }
  const said = after?.metadata;
  const isSame =
    after?.kind === kind && after.apiVersion === apiVersion && said?.name === name && said.namespace === namespace;
  return after === undefined || isSame
    ? after
    : "it would have another kind, name or namespace. Leave these as they are.";
}

/**
 * Hand-written patches of an overlay, in the order of their files' names: each changes an object that is there into one that an API server
 * takes.
 */
export function patches(root: string, overlay: Overlay): Found {
  const { texts, problems } = textsIn(root, overlay, "patches");
  const found = [...problems];
  const entries: ByHand[] = [];
  const targets = texts.length > 0 ? patchTargets(overlay) : [];
  /** What the patches so far have made of the objects, and which file took one away. */
  const now = new Map<string, Manifest>();
  const gone = new Map<string, string>();
  for (const [path, text] of texts) {
    const say = (problem: string): void => void found.push(`${overlay.path}/${path}: ${problem}`);
    const patch = read(path, text, targets, `${overlay.path}/objects`);
    if (typeof patch === "string") {
      say(patch);
      continue;
    }
    entries.push({ patch: patch.entry });
    for (const target of patch.targets) {
      const what = `${target.kind}/${target.name}`;
      const taken = gone.get(id(target));
      if (taken !== undefined) {
        say(`it patches ${what}, which ${taken} deletes. Remove one of the two.`);
        continue;
      }
      const before = now.get(id(target)) ?? target.object;
      const after = outcome(patch, target, before);
      if (typeof after === "string") say(`${what}: ${after}`);
      else if (after === undefined) gone.set(id(target), path);
      else {
        for (const fault of faults(after, before)) say(`${what}: ${fault}`);
        now.set(id(target), after);
      }
    }
  }
  return { entries, problems: found };
}
