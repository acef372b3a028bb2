import { isDeepStrictEqual } from "node:util";
import type { Config, Base } from "../model/component.ts";
import { patch } from "../kubernetes/strategic-merge.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/** The difference between a committed base and the same base as one environment builds it. */
export interface Difference {
  /** Objects that only the second base has. */
  readonly objects: readonly Manifest[];
  /** Strategic-merge patches, one object each, by name. */
  readonly patches: readonly Manifest[];
  /** Numbers of pods that differ, by object: `{ "loki-write": 1 }`. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Literals and files that replace those of generated ConfigMaps. */
  readonly configPatches: readonly Config[];
}

const same = (a: Manifest, b: Manifest): boolean => a.kind === b.kind && a.metadata.name === b.metadata.name;

const named = (
  { apiVersion, kind, metadata: { name } }: Manifest,
  { metadata, ...rest }: ObjectDifference,
): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, ...metadata },
  ...rest,
});

type Fields = Readonly<Record<string, unknown>>;
interface ObjectDifference extends Fields {
  readonly metadata?: Fields;
  readonly spec?: Fields;
}

/** Splits off the number of pods: kustomize has a field of its own for it. */
function split(difference: ObjectDifference): {
  readonly count: number | undefined;
  readonly rest: Fields | undefined;
} {
  const { spec = {}, ...others } = difference;
  const { replicas, ...more } = spec;
  if (typeof replicas !== "number") return { count: undefined, rest: difference };
  const rest = Object.keys(more).length > 0 ? { ...others, spec: more } : others;
  return { count: replicas, rest: Object.keys(rest).length > 0 ? rest : undefined };
}

type Texts = Readonly<Record<string, string | object>>;

const changed = <T extends Texts>(before: T | undefined, after: T | undefined): T | undefined => {
  const entries = Object.entries(after ?? {}).filter(([key, value]) => !isDeepStrictEqual(before?.[key], value));
  return entries.length > 0 ? (Object.fromEntries(entries) as T) : undefined;
};

/** @param own the same base, as the environment builds it */
export function differenceTo(base: Base, own: Base): Difference {
  const differences = base.objects.flatMap((before) => {
    const after = own.objects.find((one) => same(one, before));
    const difference: ObjectDifference | undefined = after
      ? (patch(before, after) as ObjectDifference | undefined)
      : { $patch: "delete" };
    return difference ? [{ before, ...split(difference) }] : [];
  });
  return {
    objects: own.objects.filter((after) => !base.objects.some((before) => same(before, after))),
    patches: differences.flatMap(({ before, rest }) => (rest ? [named(before, rest)] : [])),
    replicas: Object.fromEntries(
      differences.flatMap(({ before, count }) => (count === undefined ? [] : [[before.metadata.name, count]])),
    ),
    configPatches: own.configs.flatMap((config): readonly Config[] => {
      const before = base.configs.find(({ name }) => name === config.name);
      const files = changed(before?.files, config.files);
      const literals = changed(before?.literals, config.literals);
      return files || literals ? [{ name: config.name, read: config.read, files, literals }] : [];
    }),
  };
}
