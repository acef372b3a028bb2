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

/** What Grafana's database holds of a data source. */
interface Row extends Source {
  readonly prunable: boolean;
}

/** Files of provisioning that an environment gives to Grafana, in the order in which it reads them. */
const provisioned = once((objects: readonly Manifest[]): readonly File[] =>
  objects
    .filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("grafana-datasource-"))
    .flatMap((config) => Object.entries((config["data"] ?? {}) as Labels))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => parse(text) as File),
);

/**
 * A start of Grafana on a database, as pkg/services/provisioning/datasources/datasources.go of 12.4.0 has it; and at the first start of
 * all, pkg/services/secrets/kvstore/migrations/datasource_mig.go then takes away what says that a row may be pruned.
 * @returns what it ends with, if it does
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

/** What Grafana ends with when an environment gives way to another on the volume of a Grafana that was started once. */
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
