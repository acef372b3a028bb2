import {
  configMapsOf,
  isWorkload,
  type Labels,
  podTemplate,
  scaledBy,
  secretsOf,
  selects,
  specOf,
} from "../core/kubernetes/reading.ts";
import { but, changes, type Same, type Table } from "./changes.ts";
import { configMapFindings, besideData, secretFindings } from "./config.ts";
import type { Finding } from "./finding.ts";
import type { Pair, Sides } from "./sides.ts";
import { claimFindings } from "./storage.ts";
import { findings, stated, words } from "./words.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

interface ServiceSpec {
  readonly clusterIP?: string;
  readonly selector?: Labels;
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
}

const roleLabel = "app.kubernetes.io/component";

/** Names of the workloads that a Service stands in front of. */
function behind(service: Manifest, objects: readonly Manifest[], nameOf: Sides["nameOf"]): readonly string[] {
  const { selector } = specOf<ServiceSpec>(service);
  const taken = objects
    .filter(isWorkload)
    .filter(({ metadata }) => metadata.namespace === service.metadata.namespace)
    .filter((object) => selector && selects({ matchLabels: selector }, podTemplate(object).labels));
  return taken.map(nameOf).sort();
}

const namesWords = (names: readonly string[]): string =>
  names.length > 6 ? `${names.length} workloads` : names.join(", ") || "none";

const serviceWords = (service: Manifest): string => {
  const { clusterIP, ports = [] } = specOf<ServiceSpec>(service);
  const listed = ports.map(({ name, port }) => (name === undefined ? `${port}` : `${name} ${port}`)).join(", ");
  return clusterIP === "None" ? `headless, ${listed}` : listed;
};

function serviceFindings(
  { name, before, after }: Pair,
  { before: old, after: now, nameOf, same }: Sides,
): readonly Finding[] {
  if (!before || !after)
    return [stated("services", name, undefined, before && serviceWords(before), after && serviceWords(after))];
  const [a, b] = [behind(before, old, nameOf), behind(after, now, nameOf)];
  const [x, y] = [specOf<ServiceSpec>(before), specOf<ServiceSpec>(after)];
  const moved = changes(a, b, same).length > 0;
  // The label names the workload behind it, which is told already.
  const told = (object: Manifest): Table => {
    const rest = labels(object);
    return moved ? { ...rest, labels: but(rest["labels"] as Labels | undefined, roleLabel) } : rest;
  };
  return [
    ...(moved ? [stated("services", name, "pods behind it", namesWords(a), namesWords(b))] : []),
    ...(moved ? [] : findings("services", name, changes(x.selector, y.selector, same, "selector"), same)),
    ...findings("services", name, changes(but(x, "selector"), but(y, "selector"), same), same),
    ...findings("services", name, changes(told(before), told(after), same), same),
  ];
}

/** Metadata without what tells which object it is. */
const labels = ({ metadata }: Manifest): Table => but(metadata, "name", "namespace");

const replicaWords = (autoscaler: Manifest): string => {
  const { least, most } = scaledBy(autoscaler) ?? {};
  return `${least} to ${most} replicas`;
};

/** An object that comes or goes, by its kind; others are told by their names alone. */
const summaries: Readonly<Record<string, (object: Manifest) => string>> = {
  HorizontalPodAutoscaler: replicaWords,
  Ingress: (object) => {
    const { rules = [], ingressClassName } = specOf<{
      readonly rules?: readonly { readonly host?: string }[];
      readonly ingressClassName?: string;
    }>(object);
    const hosts = rules.map(({ host }) => host ?? "every host").join(", ");
    return ingressClassName === undefined ? hosts : `${hosts}, class ${ingressClassName}`;
  },
  HTTPRoute: (object) => words(specOf<{ readonly hostnames?: readonly string[] }>(object).hostnames ?? "every host"),
  PodDisruptionBudget: (object) => words(but(specOf<Table>(object), "selector")),
  ScaledObject: replicaWords,
};

const plain = ({ kind, name, before, after }: Pair, same: Same): readonly Finding[] => {
  const subject = `${kind} ${name}`;
  const told = (object: Manifest): string => summaries[kind]?.(object) ?? "";
  if (!before || !after) return [stated("objects", subject, undefined, before && told(before), after && told(after))];
  const fields = (object: Manifest): Table => ({ ...object, metadata: labels(object) });
  return findings("objects", subject, changes(fields(before), fields(after), same), same);
};

const holders = (pair: Pair, same: Same): readonly Finding[] =>
  pair.before && pair.after
    ? plain({ ...pair, before: besideData(pair.before), after: besideData(pair.after) }, same)
    : [];

/** Workloads that need a ConfigMap or Secret on the side that does not bring it: it has to be there already. */
function readers({ kind, before, after }: Pair, { before: old, after: now, nameOf }: Sides): readonly string[] {
  const object = before ?? after;
  if (!object || (before && after)) return [];
  const read = kind === "Secret" ? secretsOf : configMapsOf;
  return (before ? now : old)
    .filter(isWorkload)
    .filter(({ metadata }) => metadata.namespace === object.metadata.namespace)
    .filter((one) => read(podTemplate(one)).some(({ name, optional }) => name === object.metadata.name && !optional))
    .map(nameOf)
    .sort();
}

/** Kinds that have words of their own. */
const byKind: Readonly<Record<string, (pair: Pair, sides: Sides) => readonly Finding[]>> = {
  ConfigMap: (pair, sides) => [
    ...configMapFindings(pair, readers(pair, sides), sides.same),
    ...holders(pair, sides.same),
  ],
  PersistentVolumeClaim: ({ name, before, after }) => claimFindings(name, before, after),
  Secret: (pair, sides) => [...secretFindings(pair, readers(pair, sides), sides.same), ...holders(pair, sides.same)],
  Service: serviceFindings,
};

/** What differs in an object that runs no pods. */
export const objectFindings = (pair: Pair, sides: Sides): readonly Finding[] =>
  byKind[pair.kind]?.(pair, sides) ?? plain(pair, sides.same);
