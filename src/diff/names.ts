import type { Manifest } from "../core/kubernetes/manifest.ts";

/** Workloads that run pods all the time: one name is one workload, whatever kind it has. */
const controllers: ReadonlySet<string> = new Set(["DaemonSet", "Deployment", "StatefulSet"]);
export const isController = ({ kind }: Pick<Manifest, "kind">): boolean => controllers.has(kind);

/** What kustomize appends to generated ConfigMaps and Secrets, and what we append to a Job whose pods cannot be changed. */
const suffixes: Readonly<Record<string, RegExp>> = {
  ConfigMap: /-[bcdfghkmt2456789]{10}$/,
  Job: /-[0-9a-f]{8}$/,
  Secret: /-[bcdfghkmt2456789]{10}$/,
};

/** An object's name without a generated suffix. */
export const stem = ({ kind, metadata: { name } }: Manifest): string => {
  const suffix = suffixes[kind];
  return suffix ? name.replace(suffix, "") : name;
};

/** Whether a generator may append something to the names of such objects. */
export const isSuffixed = ({ kind }: Manifest): boolean => kind in suffixes;
