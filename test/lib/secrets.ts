import { parse } from "yaml";
import type { SecretShape } from "../../src/core/model/component.ts";
import type { Findings } from "./findings.ts";
import { containersOf, idOf, podTemplates, textsOf } from "./objects.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

const leaves = (value: unknown, key = ""): readonly (readonly [string, string])[] => {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => leaves(inner, name));
  return [[key, String(value)]];
};
const secretKey = /pass(word|wd)?$|secret|token|private|credential|(access|api|account)[_-]?key|_key$|[_-]user$/i;

/** Values of a Secret that must appear nowhere else. Other keys (a bucket, an endpoint) may. */
export const secretValues = ({ env = {}, files = {} }: SecretShape): readonly string[] => {
  const inFiles = Object.entries(files).flatMap(([name, content]) => {
    if (typeof content !== "string") return leaves(content);
    return secretKey.test(name) || !content.includes(":") ? [[name, content] as const] : leaves(parse(content));
  });
  const found = [...Object.entries(env), ...inFiles].filter(([key]) => secretKey.test(key)).map(([, value]) => value);
  // A word such as "admin" appears in many texts.
  return [...new Set(found.filter((value) => value.length > 6))];
};

const assigned =
  /(?:pass(?:word|wd)?|secret(?:[_-]?\w*key)?|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key|credentials?)["']?\s*[:=]\s*["']?([^\s"',;}]+)/gi;
/** Values that are no credential: a variable, a path, a switch, an empty text. */
const reference = /^(\$|\/|<|true$|false$|null$|~$|\||>|\{|\[|sys\.env\()/;
const inUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']+:([^\s/@"']+)@/gi;

/** Credentials outside Secrets: in ConfigMaps, arguments, commands or plain environment values. */
export function leaks(objects: readonly Manifest[], values: readonly string[]): Findings {
  const open = textsOf(objects).filter(({ where }) => !where.startsWith("Secret "));
  const plain = podTemplates(objects).flatMap((pod) =>
    containersOf(pod).flatMap(({ name, env = [] }) =>
      env
        .filter((one) => one.value !== undefined && secretKey.test(one.name) && !reference.test(one.value))
        .map((one) => `${pod.id} containers.${name}.env.${one.name} is a plain value`),
    ),
  );
  const literal = objects
    .filter(({ kind }) => kind === "ConfigMap")
    .flatMap((object) =>
      Object.entries((object["data"] ?? {}) as Readonly<Record<string, string>>)
        .filter(([key, value]) => secretKey.test(key) && !key.includes(".") && !reference.test(value))
        .map(([key]) => `${idOf(object)} data.${key} is a plain value`),
    );
  const annotated = objects.flatMap((object) =>
    values
      .filter((value) => JSON.stringify(object.metadata).includes(value))
      .map((value) => `${idOf(object)} metadata holds the credential "${value}"`),
  );
  return [
    ...plain,
    ...literal,
    ...annotated,
    ...open.flatMap(({ where, text }) => [
      ...values.filter((value) => text.includes(value)).map((value) => `${where} holds the credential "${value}"`),
      ...[...text.matchAll(assigned)]
        .filter(([, value = ""]) => !reference.test(value))
        .map(([match]) => `${where} holds what looks like a credential: ${match}`),
      ...[...text.matchAll(inUrl)]
        .filter(([, value = ""]) => !reference.test(value))
        .map(([match]) => `${where} holds a URL with a password: ${match}`),
    ]),
  ];
}
