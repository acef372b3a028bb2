import type { Config, SecretShape } from "../model/component.ts";

/** A component's own configuration lies in `config/`, any other ConfigMap's files in a folder of its name. */
export const configPath = (config: Config, file: string, component?: string): string =>
  config.name === component ? `config/${file}` : `config/${config.name}/${file}`;

/** The variables of a throw-away Secret, and its files. */
export const secretEnvPath = (secret: SecretShape): string => `secrets/${secret.name}.env`;
export const secretPath = (secret: SecretShape, file: string): string => `secrets/${secret.name}/${file}`;

/** Whether a file holds a throw-away credential: a build writes it once, and who changes it keeps the change. */
export const isThrowAway = (path: string): boolean => /^overlays\/[^/]+\/[^/]+\/secrets\//.test(path);
