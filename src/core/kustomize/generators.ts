import { createHash } from "node:crypto";
import type { Config, SecretShape } from "../model/component.ts";
import { leftAlone } from "../derive/substitution.ts";
import { fileText } from "../util/text.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

/** A ConfigMap or Secret as a kustomize generator makes it; objects refer to it by `name`, and find it as `finalName`. */
export interface Generated {
  readonly name: string;
  readonly finalName: string;
  readonly object: Manifest;
}

type Data = Readonly<Record<string, string>>;

/** Go's JSON: keys sorted, and some characters escaped that JavaScript leaves alone. */
const goJson = (value: unknown): string => {
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, item]) => `${goJson(key)}:${goJson(item)}`).join(",")}}`;
  }
  const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped);
};

const letters: Readonly<Record<string, string>> = { 0: "g", 1: "h", 3: "k", a: "m", e: "t" };

/**
 * The suffix that kustomize gives a generated object (kustomize, api/hasher/hasher.go). The object's name takes part as an empty
 * text, because it is looked up under a key that does not exist.
 */
export const nameSuffix = (content: { readonly kind: string; readonly type?: string; readonly data: Data }): string =>
  createHash("sha256")
    .update(goJson({ ...content, name: "" }))
    .digest("hex")
    .slice(0, 10)
    .replace(/[013ae]/g, (c) => letters[c] as string);

const texts = (files: Readonly<Record<string, string | object>> = {}): Data =>
  Object.fromEntries(Object.entries(files).map(([file, content]) => [file, fileText(content)]));

/** @param layers a base's ConfigMap, then what merges into it; all have one name */
export function configMap(layers: readonly [Config, ...Config[]], labels: Data): Generated {
  const [{ name, read }] = layers;
  const data: Data = Object.assign({}, ...layers.map(({ files, literals }) => ({ ...texts(files), ...literals })));
  const finalName = read === "runtime" ? name : `${name}-${nameSuffix({ kind: "ConfigMap", data })}`;
  return {
    name,
    finalName,
    object: leftAlone({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: finalName, labels }, data }),
  };
}

/** Base64 as kustomize writes it: in lines of 70 characters where one is not enough, and the line ends count in the hash. */
const base64 = (text: string): string => {
  const encoded = Buffer.from(text).toString("base64");
  return encoded.length < 70 ? encoded : encoded.replace(/.{1,70}/g, "$&\n");
};

export function secretObject({ name, read, env, files }: SecretShape): Generated {
  const plain = Object.entries({ ...env, ...texts(files) });
  const data = Object.fromEntries(plain.map(([key, value]) => [key, base64(value)]));
  const type = "Opaque";
  const finalName = read === "runtime" ? name : `${name}-${nameSuffix({ kind: "Secret", type, data })}`;
  return { name, finalName, object: { apiVersion: "v1", kind: "Secret", metadata: { name: finalName }, type, data } };
}
