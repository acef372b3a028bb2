import type { IVolume } from "kubernetes-models/v1/Volume";
import { podTemplate, specOf } from "../core/kubernetes/reading.ts";
import { but, changes, isTable, type Same, type Table } from "./changes.ts";
import type { Finding } from "./finding.ts";
import { findings, stated, words } from "./words.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

interface Claim {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly storageClassName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
}

/** A claim in words: `claim of 10Gi, class fast`. */
function claimWords({ spec }: Claim): string {
  const size = spec?.resources?.requests?.storage;
  const storageClass = spec?.storageClassName;
  return `claim${size === undefined ? "" : ` of ${size}`}${storageClass === undefined ? "" : `, class ${storageClass}`}`;
}

/** What volumes are that hold no configuration. */
const kinds: Readonly<Record<string, (source: Table) => string>> = {
  emptyDir: ({ sizeLimit, medium }) =>
    `gone with the pod${sizeLimit === undefined ? "" : `, at most ${words(sizeLimit)}`}${medium === undefined ? "" : `, ${words(medium)}`}`,
  hostPath: ({ path }) => `${words(path)} of the node`,
  persistentVolumeClaim: ({ claimName }) => `claim ${words(claimName)}`,
};

const claimsOf = (object: Manifest): readonly Claim[] => {
  const { volumeClaimTemplates } = specOf<{ readonly volumeClaimTemplates?: readonly Claim[] }>(object);
  return volumeClaimTemplates ?? [];
};

const sourceOf = (volume: IVolume): readonly [string, Table] => {
  const [kind = "", source] = Object.entries(volume).find(([field]) => field !== "name") ?? [];
  return [kind, isTable(source) ? source : {}];
};

/** The volumes of a workload that hold data, in words, by their names. */
export const volumesInWords = (object: Manifest): ReadonlyMap<string, string> =>
  new Map([
    ...(podTemplate(object).spec.volumes ?? []).flatMap((volume): [string, string][] => {
      const [kind, source] = sourceOf(volume);
      const told = kinds[kind];
      return told ? [[volume.name, told(source)]] : [];
    }),
    ...claimsOf(object).map((claim): [string, string] => [claim.metadata?.name ?? "", claimWords(claim)]),
  ]);

/** What words do not tell of a claim. */
const rest = (claims: readonly Claim[]): Table =>
  Object.fromEntries(
    claims.map(({ metadata, spec }) => [metadata?.name ?? "", but(spec, "resources", "storageClassName")]),
  );

const configVolumes = (object: Manifest): Table =>
  Object.fromEntries(
    (podTemplate(object).spec.volumes ?? []).flatMap((volume) => {
      const [kind, source] = sourceOf(volume);
      return kind in kinds ? [] : [[volume.name, { [kind]: source }]];
    }),
  );

/** What differs in the volumes of a workload. */
export function storageFindings(workload: string, before: Manifest, after: Manifest, same: Same): readonly Finding[] {
  const [a, b] = [volumesInWords(before), volumesInWords(after)];
  const volumes = [...new Set([...a.keys(), ...b.keys()])].sort();
  const claims = [rest(claimsOf(before)), rest(claimsOf(after))] as const;
  const both = Object.keys(claims[0]).filter((name) => name in claims[1]);
  return [
    ...volumes
      .filter((name) => a.get(name) !== b.get(name))
      .map((name) => stated("storage", workload, `volume ${name}`, a.get(name), b.get(name))),
    ...both.flatMap((name) =>
      findings("storage", workload, changes(claims[0][name], claims[1][name], same, `volume ${name}`), same),
    ),
    ...findings("pods", workload, changes(configVolumes(before), configVolumes(after), same, "volumes"), same),
  ];
}

/** Claims that are objects of their own. */
export function claimFindings(
  name: string,
  before: Manifest | undefined,
  after: Manifest | undefined,
): readonly Finding[] {
  const told = (object: Manifest | undefined): string | undefined => object && claimWords(object as Claim);
  const [a, b] = [told(before), told(after)];
  return a === b ? [] : [stated("storage", `claim ${name}`, undefined, a, b)];
}
