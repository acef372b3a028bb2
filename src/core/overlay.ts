import type { Base } from "./base.ts";
import { type Config, namespaceNames, type SecretShape, settingsName, variable } from "./component.ts";
import type { Addition } from "./feature.ts";
import { Namespace, NetworkPolicy } from "./models.ts";
import type { Repository } from "./flux.ts";
import { joined } from "./merge.ts";
import { manifest, type Manifest, partOf } from "./objects.ts";
import type { Home } from "./plan.ts";
import { type Volume, volumeChanges } from "./volumes.ts";
import { scaledUp } from "./replicas.ts";
import { createWiring } from "./wiring.ts";

/** What an overlay needs to know of its environment. */
export interface Choice {
  readonly name: string;
  readonly credentials: "by-name" | "throw-away";
  readonly namespaces: Readonly<Record<Home, string>>;
  /** Values that differ from the defaults, by component and setting. */
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly replicas: Readonly<Record<string, number>>;
  readonly volumes: Readonly<Record<string, Volume>>;
  readonly compose: "generated" | "none";
  readonly repository: Repository;
  /** What it says of the features that it has, by their names. */
  readonly options: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** One namespace of an environment: `overlays/<environment>/<home>`. */
export interface Part {
  readonly home: Home;
  readonly path: string;
  readonly namespace: string;
  readonly objects: readonly Manifest[];
  readonly bases: readonly Base[];
  readonly additions: readonly Addition[];
  /** Patches of its own, one object each, by name. */
  readonly changes: readonly Manifest[];
  readonly replicas: Readonly<Record<string, number>>;
  /** ClusterRoleBindings that get another name, by the one they have in their base. */
  readonly bindings: Readonly<Record<string, string>>;
  readonly merges: readonly Config[];
  /** Of the merges, those that come from the components' own settings. */
  readonly settings: readonly Config[];
  readonly secrets: readonly SecretShape[];
  /** Secrets that are to be there already, whatever the environment generates. */
  readonly expects: readonly { readonly name: string; readonly keys: readonly string[] }[];
}

/** `overlays/<environment>`. */
export interface Overlay {
  readonly name: string;
  readonly credentials: Choice["credentials"];
  readonly repository: Repository;
  readonly compose: Choice["compose"];
  readonly path: string;
  readonly parts: readonly Part[];
}

const podSecurity: Readonly<Record<Home, string>> = { stack: "restricted", agents: "privileged" };

const namespaceObject = (name: string, home: Home): Manifest =>
  manifest(
    new Namespace({
      metadata: { name, labels: { ...partOf, "pod-security.kubernetes.io/enforce": podSecurity[home] } },
    }),
  );

/** Nothing comes in or goes out that no other policy lets through. */
const defaultDeny = (): Manifest =>
  manifest(
    new NetworkPolicy({
      metadata: { name: "default-deny", labels: partOf },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    }),
  );

/** Settings whose value differs from the base's: because the author says so, or because a namespace has another name. */
function settingsMerges(choice: Choice, all: readonly Base[], own: readonly Base[]): readonly Config[] {
  const wiring = createWiring(
    all.flatMap(({ workloads }) => workloads),
    choice.namespaces,
  );
  return own.flatMap(({ component: { name, settings }, mode, settings: before }): readonly Config[] => {
    const here = Object.entries(settings?.(wiring, mode) ?? {}).map(([key, { value }]) => [key, value] as const);
    const now = { ...Object.fromEntries(here), ...choice.components[name] };
    const changed = Object.entries(now).filter(([key, value]) => before[key]?.value !== value);
    const literals = Object.fromEntries(changed.map(([key, value]) => [variable(name, key), value]));
    return changed.length > 0 ? [{ name: settingsName(name), read: "start-up", literals }] : [];
  });
}

/**
 * A second environment in one cluster must not take the rights of the first away: in a namespace of another name than the bases
 * assume, a binding carries that name.
 */
const bindingNames = (bases: readonly Base[], home: Home, namespace: string): Readonly<Record<string, string>> => {
  if (namespace === namespaceNames[home]) return {};
  const bindings = bases.flatMap(({ objects }) => objects.filter(({ kind }) => kind === "ClusterRoleBinding"));
  const names = bindings.map(({ metadata }) => metadata.name).sort();
  return Object.fromEntries(names.map((name) => [name, `${name}-${namespace}`]));
};

/** One patch an object, whoever wants something of it changed. */
function perObject(patches: readonly Manifest[]): readonly Manifest[] {
  const found = new Map<string, Manifest>();
  for (const patch of patches) {
    const id = `${patch.kind} ${patch.metadata.name}`;
    found.set(id, joined(found.get(id) ?? {}, patch) as Manifest);
  }
  return [...found.values()];
}

/** An environment's overlay over these bases and features. */
export function overlay(choice: Choice, bases: readonly Base[], additions: readonly Addition[]): Overlay {
  const path = `overlays/${choice.name}`;
  const homes: readonly Home[] = ["stack", "agents"];
  const part = (home: Home): Part => {
    const own = bases.filter(({ component }) => component.home === home);
    const here = (workload: string): boolean =>
      own.some(({ workloads }) => workloads.some(({ fullName }) => fullName === workload));
    const added = home === "stack" ? additions : [];
    const settings = settingsMerges(choice, bases, own);
    const scaled = scaledUp(own, choice.replicas);
    const adapted = added.flatMap(({ feature }) => feature.adapt?.(choice.options[feature.name] ?? {}) ?? []);
    return {
      home,
      path: `${path}/${home}`,
      namespace: choice.namespaces[home],
      objects: [namespaceObject(choice.namespaces[home], home), defaultDeny(), ...scaled.objects],
      bases: own,
      additions: added,
      changes: perObject([
        ...volumeChanges(own, choice.volumes),
        ...scaled.patches,
        ...adapted.flatMap(({ patches = [] }) => patches),
      ]),
      replicas: Object.fromEntries(Object.entries(choice.replicas).filter(([workload]) => here(workload))),
      settings,
      bindings: bindingNames(own, home, choice.namespaces[home]),
      merges: [...settings, ...adapted.flatMap(({ merges = [] }) => merges)],
      secrets: choice.credentials === "throw-away" ? own.flatMap(({ secrets }) => secrets) : [],
      expects: adapted.flatMap(({ expects = [] }) => expects),
    };
  };
  return {
    name: choice.name,
    credentials: choice.credentials,
    repository: choice.repository,
    compose: choice.compose,
    path,
    parts: homes.map(part),
  };
}
