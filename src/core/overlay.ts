import type { Base } from "./base.ts";
import { type Config, type SecretShape, settingsName, variable } from "./component.ts";
import type { Addition } from "./feature.ts";
import { Namespace, NetworkPolicy } from "./models.ts";
import { manifest, type Manifest, partOf } from "./objects.ts";
import type { Home } from "./plan.ts";
import { createWiring } from "./wiring.ts";

/** What an overlay needs to know of its environment. */
export interface Choice {
  readonly name: string;
  readonly credentials: "by-name" | "throw-away";
  readonly namespaces: Readonly<Record<Home, string>>;
  /** Values that differ from the defaults, by component and setting. */
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** One namespace of an environment: `overlays/<environment>/<home>`. */
export interface Part {
  readonly home: Home;
  readonly path: string;
  readonly namespace: string;
  readonly objects: readonly Manifest[];
  readonly bases: readonly Base[];
  readonly additions: readonly Addition[];
  readonly merges: readonly Config[];
  readonly secrets: readonly SecretShape[];
}

/** `overlays/<environment>`. */
export interface Overlay {
  readonly name: string;
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
  return own.flatMap(({ component: { name, settings }, settings: before }): readonly Config[] => {
    const here = Object.entries(settings?.(wiring) ?? {}).map(([key, { value }]) => [key, value] as const);
    const now = { ...Object.fromEntries(here), ...choice.components[name] };
    const changed = Object.entries(now).filter(([key, value]) => before[key]?.value !== value);
    const literals = Object.fromEntries(changed.map(([key, value]) => [variable(name, key), value]));
    return changed.length > 0 ? [{ name: settingsName(name), read: "start-up", literals }] : [];
  });
}

/** An environment's overlay over these bases and features. */
export function overlay(choice: Choice, bases: readonly Base[], additions: readonly Addition[]): Overlay {
  const path = `overlays/${choice.name}`;
  const homes: readonly Home[] = ["stack", "agents"];
  const part = (home: Home): Part => {
    const own = bases.filter(({ component }) => component.home === home);
    return {
      home,
      path: `${path}/${home}`,
      namespace: choice.namespaces[home],
      objects: [namespaceObject(choice.namespaces[home], home), defaultDeny()],
      bases: own,
      additions: home === "stack" ? additions : [],
      merges: settingsMerges(choice, bases, own),
      secrets: choice.credentials === "throw-away" ? own.flatMap(({ secrets }) => secrets) : [],
    };
  };
  return { name: choice.name, path, parts: homes.map(part) };
}
