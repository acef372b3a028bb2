import { stringify } from "yaml";
import { once } from "./once.ts";

/**
 * YAML as all readers understand it: kustomize still reads parts of YAML 1.1, in which "1_000" and
 * dates are no strings, and a shared object must come out in full both times.
 */
export const yaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" });

/** The same text, made once for an object that does not change. */
export const yamlOnce = once(yaml);

/** The text of a config file: as it is, or as YAML. */
export const fileText = (content: string | object): string =>
  typeof content === "string" ? content : yamlOnce(content);

export const envText = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");

/** "Loki" of "loki". */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
