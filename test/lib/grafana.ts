import { parse } from "yaml";
import { once } from "../../src/core/util/once.ts";
import type { Findings } from "./findings.ts";
import type { Labels } from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

interface Source {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
}

interface File {
  readonly prune?: boolean;
  readonly datasources: readonly Source[];
}

/** A data source in Grafana's database. */
interface Row extends Source {
  readonly prunable: boolean;
}

/** Provisioning files of an environment, in the order in which Grafana reads them. */
const provisioned = once((objects: readonly Manifest[]): readonly File[] =>
  objects
    .filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("grafana-datasource-"))
    .flatMap((config) => Object.entries((config["data"] ?? {}) as Labels))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => parse(text) as File),
);

/**
 * Simulates a start of Grafana on a database, like
 * pkg/services/provisioning/datasources/datasources.go of 12.4.0. At the very first start,
 * pkg/services/secrets/kvstore/migrations/datasource_mig.go removes the mark that a row may be
 * pruned.
 * @returns the error that stops Grafana, if there is one
 */
function start(
  before: readonly Row[],
  files: readonly File[],
): { readonly rows: readonly Row[]; readonly ends?: string } {
  const names = files.flatMap(({ datasources }) => datasources.map(({ name }) => name));
  let rows = before.filter(({ name, prunable }) => !prunable || names.includes(name));
  for (const { prune = false, datasources } of files)
    for (const { name, uid, type } of datasources) {
      const found = rows.find((row) => row.name === name);
      if (found && found.uid !== uid)
        return { rows, ends: `"data source not found": ${name} had the uid ${found.uid}` };
      if (!found && rows.some((row) => row.uid === uid))
        return { rows, ends: `"data source with the same uid already exists": ${uid} is not called ${name}` };
      rows = [...rows.filter((row) => row !== found), { name, uid, type, prunable: prune }];
    }
  return { rows: before.length > 0 ? rows : rows.map((row) => ({ ...row, prunable: false })) };
}

/**
 * The error that stops Grafana when one environment replaces another, on a volume that Grafana was
 * started on once.
 */
export function changeFaults(from: readonly Manifest[], to: readonly Manifest[]): Findings {
  const files = provisioned(to);
  const { rows, ends } = start(start([], provisioned(from)).rows, files);
  if (ends) return [ends];
  return files.flatMap(({ datasources }) =>
    datasources
      .filter(({ name, uid, type }) => !rows.some((row) => row.name === name && row.uid === uid && row.type === type))
      .map(({ name }) => `${name} is missing`),
  );
}
