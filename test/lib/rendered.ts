import { parse } from "yaml";
import { all, type Block, parseAlloy } from "./alloy.ts";
import { containersOf, podTemplates } from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

type Table = Readonly<Record<string, string>>;

const data = (objects: readonly Manifest[], name: string): Table | undefined =>
  objects.find(
    ({ kind, metadata }) =>
      kind === "ConfigMap" && new RegExp(`^${name}(-[bcdfghkmt2456789]{10})?$`).test(metadata.name),
  )?.["data"] as Table | undefined;

/**
 * Configuration values of an environment's programs, as each program reads them; undefined without
 * that program.
 */
export interface Rendered {
  /** Literals of a ConfigMap. */
  literal(config: string, key: string): string | undefined;
  /**
   * A value of a YAML file, by its dotted path; variables are expanded from the program's settings.
   */
  yaml(config: string, file: string, path: string): unknown;
  has(config: string): boolean;
  /** A directive of a gateway's nginx.conf. */
  nginx(config: string, directive: string): string | undefined;
  /** Blocks of an Alloy configuration, at any depth. */
  alloy(config: string, name: string): readonly Block[];
  /** The value of a flag, with variables of a ConfigMap expanded. */
  flag(workload: RegExp, flag: string, settings?: string): string | undefined;
  /** Commands and arguments of a workload's containers, as one text. */
  script(workload: RegExp): string;
}

const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((now, step) => (now as Readonly<Record<string, unknown>> | undefined)?.[step], value);

/** Reads the objects of an environment like its programs. */
export function renderedOf(objects: readonly Manifest[]): Rendered {
  const files = new Map<string, unknown>();
  const parsed = (config: string, file: string): unknown => {
    const id = `${config}/${file}`;
    if (!files.has(id)) {
      const variables = data(objects, `${config}-settings`) ?? {};
      const text = data(objects, config)?.[file];
      files.set(id, text && parse(text.replace(/\$\{(\w+)\}/g, (whole, key: string) => variables[key] ?? whole)));
    }
    return files.get(id);
  };
  return {
    literal: (config, key) => data(objects, config)?.[key],
    yaml: (config, file, path) => at(parsed(config, file), path),
    has: (config) => data(objects, config) !== undefined,
    nginx: (config, directive) =>
      new RegExp(`^\\s*${directive} ([^;]+);`, "m").exec(data(objects, config)?.["nginx.conf"] ?? "")?.[1],
    alloy: (config, name) =>
      all(parseAlloy(data(objects, config)?.["config.alloy"] ?? "")).filter((block) => block.name === name),
    script: (workload) =>
      podTemplates(objects)
        .filter(({ name }) => workload.test(name))
        .flatMap((pod) => containersOf(pod).flatMap(({ command = [] }) => command))
        .join("\n"),
    flag: (workload, flag, settings) => {
      const args = podTemplates(objects)
        .filter(({ name }) => workload.test(name))
        .flatMap((pod) => containersOf(pod).flatMap(({ args = [] }) => args));
      const found = args.find((one) => one.startsWith(`${flag}=`))?.slice(flag.length + 1);
      const variables = data(objects, settings ?? "") ?? {};
      return found?.replace(/\$\((\w+)\)/g, (whole, key: string) => variables[key] ?? whole);
    },
  };
}
