import { docsOf } from "./base.ts";
import { type Difference, differenceTo } from "./difference.ts";
import { allWays, type OpenedPorts, openedPolicies, waysOut } from "./opened-ports.ts";
import { type Config, namespaceNames, type SecretShape, type Base } from "../model/component.ts";
import { type Addition, featuresIn, reshaped } from "./feature.ts";
import { Namespace, NetworkPolicy } from "../kubernetes/builders.ts";
import { mergePatches } from "../kubernetes/strategic-merge.ts";
import { partOf } from "../derive/labels.ts";
import type { NamespaceKind } from "../model/roles.ts";
import type { Store } from "../model/store.ts";
import type { Connection } from "../model/wiring.ts";
import { manifest, type Manifest } from "../kubernetes/manifest.ts";

/** The part of an environment's settings that an overlay needs. */
export interface Choice {
  readonly name: string;
  /** Where its settings are, from the root of the project. */
  readonly file: string;
  readonly credentials: "by-name" | "throw-away";
  readonly namespaces: Readonly<Record<NamespaceKind, string>>;
  readonly compose: "generated" | "none";
  readonly repository: Repository;
  readonly store: Store;
  readonly network: OpenedPorts["network"];
  readonly egress: OpenedPorts["egress"];
  /** What works, and hardly anybody means: `make` prints each as a line. */
  readonly warnings: readonly string[];
  /** Options by feature: `{ ingress: { host: "grafana.example.com" } }`. */
  readonly options: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** An object that has another name than in its base. */
export interface Renamed {
  readonly kind: string;
  readonly name: string;
  readonly to: string;
}

/** One namespace of an environment: `overlays/dev/stack`. */
export interface Part {
  readonly namespaceKind: NamespaceKind;
  /** "overlays/dev/stack". */
  readonly path: string;
  /** "observability". */
  readonly namespace: string;
  /** Objects of its own: the namespace, policies, and what no base has. */
  readonly objects: readonly Manifest[];
  readonly bases: readonly Base[];
  readonly additions: readonly Addition[];
  /** Connections that the setting `egress` opens. */
  readonly waysOut: readonly Connection[];
  /** The environment's difference to the bases: strategic-merge patches, one object each. */
  readonly patches: readonly Manifest[];
  /** The same for numbers of pods: `{ "loki-write": 1 }`. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Cluster-scoped objects, renamed with the namespace as suffix. */
  readonly renamed: readonly Renamed[];
  /** The same for generated ConfigMaps: literals and files that are merged into them. */
  readonly configPatches: readonly Config[];
  /** Those of `configPatches` that come from settings, not from features. */
  readonly settingPatches: readonly Config[];
  readonly secrets: readonly SecretShape[];
  /** Buckets that must exist. None with MinIO, which makes its own. */
  readonly buckets: readonly { readonly name: string; readonly component: string }[];
  /** Secrets that must exist, because the environment does not generate them. */
  readonly expects: readonly {
    readonly name: string;
    readonly keys: readonly string[];
    /** Default: "start-up". */
    readonly read?: Config["read"];
  }[];
  /** Secrets that are read if they exist. */
  readonly mayHave: Part["expects"];
}

/** `overlays/<environment>`. */
export interface Overlay {
  readonly name: string;
  readonly file: Choice["file"];
  readonly warnings: Choice["warnings"];
  readonly credentials: Choice["credentials"];
  readonly repository: Repository;
  readonly compose: Choice["compose"];
  readonly path: string;
  readonly parts: readonly Part[];
}

const podSecurity: Readonly<Record<NamespaceKind, string>> = { stack: "restricted", agents: "privileged" };

const namespaceObject = (name: string, kind: NamespaceKind): Manifest =>
  manifest(
    new Namespace({
      metadata: { name, labels: { ...partOf, "pod-security.kubernetes.io/enforce": podSecurity[kind] } },
    }),
  );

/** Closes every way that no other policy opens. */
const defaultDeny = (): Manifest =>
  manifest(
    new NetworkPolicy({
      metadata: { name: "default-deny", labels: partOf },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    }),
  );

/** Cluster-scoped objects of which each environment has its own. */
const isRight = ({ kind }: Manifest): boolean => kind === "ClusterRole" || kind === "ClusterRoleBinding";

/**
 * Two environments in one cluster must not share a ClusterRole or its binding: removing one would
 * take the rights of the other. In another namespace than the bases', both get its name as suffix.
 */
const rightsOf = (bases: readonly Base[], kind: NamespaceKind, namespace: string): readonly Renamed[] =>
  namespace === namespaceNames[kind]
    ? []
    : bases
        .flatMap(({ objects }) => objects.filter(isRight))
        .map(({ kind, metadata: { name } }) => ({ kind, name, to: `${name}-${namespace}` }))
        .sort((a, b) => (`${a.name} ${a.kind}` < `${b.name} ${b.kind}` ? -1 : 1));

/** All patches of one object as one patch. */
function perObject(patches: readonly Manifest[]): readonly Manifest[] {
  const found = new Map<string, Manifest>();
  for (const patch of patches) {
    const id = `${patch.kind} ${patch.metadata.name}`;
    found.set(id, mergePatches(found.get(id) ?? {}, patch) as Manifest);
  }
  return [...found.values()];
}

const expected = ({ name, read, env = {}, files = {} }: SecretShape): Part["expects"][number] => ({
  name,
  read,
  keys: [...Object.keys(env), ...Object.keys(files)],
});

/** All merges into one ConfigMap as one merge. */
function perConfig(merges: readonly Config[]): readonly Config[] {
  const found = new Map<string, Config>();
  for (const config of merges) {
    const { files, literals } = found.get(config.name) ?? {};
    found.set(config.name, {
      ...config,
      files: files || config.files ? { ...files, ...config.files } : undefined,
      literals: literals || config.literals ? { ...literals, ...config.literals } : undefined,
    });
  }
  return [...found.values()];
}

/** A base of an environment. */
export interface Chosen {
  /** As it is committed. */
  readonly base: Base;
  /** As the environment's own values build it. */
  readonly own: Base;
}

/** An environment's overlay over these bases and features. */
export function overlay(choice: Choice, chosen: readonly Chosen[], additions: readonly Addition[]): Overlay {
  const path = `overlays/${choice.name}`;
  const kinds: readonly NamespaceKind[] = ["stack", "agents"];
  const features = featuresIn(additions);
  const open: OpenedPorts = {
    network: choice.network,
    egress: allWays(
      choice.egress,
      chosen.flatMap(({ own }) => own.pods),
    ),
  };
  const shapedBases = reshaped(
    features,
    chosen.map(({ base }) => base),
    namespaceNames,
  );
  const shapedOwn = reshaped(
    features,
    chosen.map(({ own }) => own),
    choice.namespaces,
  );
  const changed = shapedBases.map((base, i) => ({ base, ...differenceTo(base, shapedOwn[i] as Base) }));
  const part = (namespaceKind: NamespaceKind): Part => {
    const here = chosen.filter(({ base }) => base.component.namespaceKind === namespaceKind);
    const bases = here.map(({ base }) => base);
    const secrets = here.flatMap(({ own }) => own.secrets);
    // kustomize applies Components in the order of its list, which is that of their paths.
    const added = additions
      .filter((one) => one.namespaceKind === namespaceKind)
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const differences: readonly Difference[] = changed.filter(
      ({ base }) => base.component.namespaceKind === namespaceKind,
    );
    const settingPatches = differences.flatMap(({ configPatches }) => configPatches);
    const options = added.flatMap((one) =>
      one.base
        ? []
        : (one.feature.adapt?.(choice.options[one.feature.name] ?? {}, choice.store, one, docsOf(choice.repository)) ??
          []),
    );
    return {
      namespaceKind,
      path: `${path}/${namespaceKind}`,
      namespace: choice.namespaces[namespaceKind],
      objects: [
        namespaceObject(choice.namespaces[namespaceKind], namespaceKind),
        defaultDeny(),
        ...openedPolicies(open, bases),
        ...differences.flatMap(({ objects }) => objects),
      ],
      bases,
      additions: added,
      waysOut: waysOut(open, bases),
      patches: perObject([
        ...differences.flatMap(({ patches }) => patches),
        ...options.flatMap(({ patches = [] }) => patches),
      ]),
      replicas: Object.assign({}, ...differences.map(({ replicas }) => replicas)),
      settingPatches,
      renamed: rightsOf(bases, namespaceKind, choice.namespaces[namespaceKind]),
      configPatches: perConfig([...settingPatches, ...options.flatMap(({ configPatches = [] }) => configPatches)]),
      buckets:
        choice.store.kind === "minio"
          ? []
          : here.flatMap(({ own: { component, settings } }) =>
              Object.values(settings)
                .filter(({ unit }) => unit === "bucket")
                .map(({ value }) => ({ name: value, component: component.name })),
            ),
      secrets: choice.credentials === "throw-away" ? secrets : [],
      expects: [
        ...(choice.credentials === "throw-away" ? [] : secrets.map(expected)),
        ...options.flatMap(({ expects = [] }) => expects),
      ],
      mayHave: [...new Map(here.flatMap(({ own }) => own.mayHave.map((secret) => [secret.name, secret]))).values()],
    };
  };
  return {
    name: choice.name,
    file: choice.file,
    warnings: choice.warnings,
    credentials: choice.credentials,
    repository: choice.repository,
    compose: choice.compose,
    path,
    parts: kinds.map(part),
  };
}
/**
 * The file in which an environment's settings are, from the root of the project: errors name it, so
 * that it can be clicked.
 */
export const settingsFile = (environment: string): string => `src/environments/${environment}.ts`;

/** Where a cluster fetches this repository from. */
export interface Repository {
  readonly url: string;
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly semver?: string | undefined;
  readonly commit?: string | undefined;
  /** The Secret with its keys or its password. */
  readonly secretRef?: string | undefined;
}
