import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import type { Findings } from "./findings.ts";
import { containersOf, idOf, isWorkload, podTemplate, specOf } from "./objects.ts";
import { root } from "./world.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

/*
 * kubernetes-models contains its schemas only as compiled checks, which accept unknown fields. Its type declarations come
 * from the same schemas, field by field, so strict JSON schemas are derived from the declarations.
 */

const modules = join(root, "node_modules");
/** Which package declares the kinds of a group; all others are Kubernetes's own. */
const packages: Readonly<Record<string, string>> = {
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};
const packageOf = (apiVersion: string): string => packages[apiVersion.split("/")[0] ?? ""] ?? "kubernetes-models";
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "");

type Schema = Readonly<Record<string, unknown>>;

/** Cache: JSON schemas of the declarations, by file. */
function declarations(): { readonly of: (file: string) => Schema; readonly all: Map<string, Schema> } {
  const all = new Map<string, Schema>();

  const read = (file: string): void => {
    if (all.has(file)) return;
    all.set(file, {});
    const text = withoutComments(readFileSync(`${file}.d.ts`, "utf8"));
    const imports = new Map(
      [...text.matchAll(/import \{ (\w+) \} from "([^"]+)"/g)].map(([, name = "", from = ""]) => [
        name,
        from.startsWith(".") ? join(dirname(file), from) : join(modules, from),
      ]),
    );
    const [, own, body] =
      /export (?:interface (?=(\w+))\w+(?: extends TypeMeta)? |(?:declare )?type \w+ = )([\s\S]*)/.exec(text) ?? [];
    if (body === undefined) throw new Error(`${file}.d.ts declares nothing that could be read`);
    const tokens = body.match(/"[^"]*"|\w+|[{}[\]<>|:;?]/g) ?? [];
    let at = 0;
    const next = (): string => tokens[at++] ?? "";
    const expect = (token: string): void => {
      const found = next();
      if (found !== token) throw new Error(`${file}.d.ts: found ${found}, expected ${token}`);
    };

    const single = (): Schema => {
      const token = next();
      if (token.startsWith('"')) return { const: JSON.parse(token) as string };
      if (token === "string" || token === "number" || token === "boolean") return { type: token };
      if (/^\d+$/.test(token)) return { const: Number(token) };
      if (token === "any" || token === "unknown" || token === "object") return {};
      if (token === "Array") {
        expect("<");
        const items = type();
        expect(">");
        return { type: "array", items };
      }
      if (token === "{") return fields();
      const from = token === own ? file : imports.get(token);
      if (from === undefined) throw new Error(`${file}.d.ts: type ${token} is not imported`);
      read(from);
      return { $ref: `#/$defs/${name(from)}` };
    };
    const type = (): Schema => {
      const options = [single()];
      while (tokens[at] === "|") {
        at += 1;
        options.push(single());
      }
      return options.length === 1 ? (options[0] as Schema) : { anyOf: options };
    };
    const fields = (): Schema => {
      const properties: Record<string, Schema> = {};
      const required: string[] = [];
      let rest: Schema | false = false;
      for (let token = next(); token !== "}"; token = next()) {
        if (token === "[") {
          for (const part of ["key", ":", "string", "]", ":"]) expect(part);
          rest = type();
        } else {
          const field = JSON.parse(token) as string;
          if (tokens[at] === "?") at += 1;
          else required.push(field);
          expect(":");
          properties[field] = type();
        }
        expect(";");
      }
      return { type: "object", properties, required, additionalProperties: rest };
    };
    all.set(file, type());
  };

  return { of: (file) => (read(file), { $ref: `#/$defs/${name(file)}` }), all };
}

const name = (file: string): string => file.slice(modules.length + 1).replace(/[^\w.-]/g, "_");

const closed = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const text: Schema = { type: "string", minLength: 1 };
const texts: Schema = { type: "object", additionalProperties: text };
const count: Schema = { type: "integer", minimum: 1 };

/** Kinds that no package declares: the fields that the bundle uses, all of them required. */
const own: Readonly<Record<string, Schema>> = {
  // https://keda.sh/docs/latest/reference/scaledobject-spec/
  "keda.sh/v1alpha1/ScaledObject": closed({
    apiVersion: text,
    kind: text,
    metadata: {
      type: "object",
      properties: { name: text, namespace: text, labels: texts, annotations: texts },
      required: ["name", "labels", "annotations"],
      additionalProperties: false,
    },
    spec: closed({
      scaleTargetRef: closed({ apiVersion: text, kind: text, name: text }),
      minReplicaCount: count,
      maxReplicaCount: count,
      fallback: closed({
        failureThreshold: count,
        replicas: count,
        behavior: {
          enum: ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"],
        },
      }),
      advanced: closed({
        horizontalPodAutoscalerConfig: closed({
          name: text,
          behavior: closed({
            scaleDown: closed({
              stabilizationWindowSeconds: { type: "integer", minimum: 0, maximum: 3600 },
              policies: {
                type: "array",
                items: closed({ type: { enum: ["Pods", "Percent"] }, value: count, periodSeconds: count }),
              },
            }),
          }),
        }),
      }),
      triggers: {
        type: "array",
        minItems: 1,
        items: closed({ type: text, metricType: { enum: ["AverageValue", "Utilization", "Value"] }, metadata: texts }),
      },
    }),
  }),
};

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const known = declarations();
const compiled = new Map<string, ValidateFunction>();

/** The strict check of one kind, such as `apps/v1` `StatefulSet`. */
function validator(apiVersion: string, kind: string): ValidateFunction {
  const key = `${apiVersion}/${kind}`;
  const before = compiled.get(key);
  if (before) return before;
  const written = own[key];
  if (written) {
    const check = ajv.compile(written);
    compiled.set(key, check);
    return check;
  }
  const { $ref } = known.of(join(modules, packageOf(apiVersion), key));
  const defs = Object.fromEntries([...known.all].map(([file, schema]) => [name(file), schema]));
  const check = ajv.compile({ $ref, $defs: defs });
  compiled.set(key, check);
  return check;
}

interface Model {
  validate(): void;
}
const load = createRequire(import.meta.url);

/** kustomize wraps long base64. The API server accepts it; the format of the models does not. */
const unbroken = (object: Manifest): Manifest => {
  if (object.kind !== "Secret") return object;
  const data = Object.entries(object["data"] ?? {}).map(([key, value]) => [key, String(value).replaceAll("\n", "")]);
  return { ...object, data: Object.fromEntries(data) as object };
};

interface Rules {
  readonly groups: readonly { readonly rules: readonly object[] }[];
}
/** Without the one field of rules that the declarations do not have yet: the operator has it since 0.66.0. */
const declared = (object: Manifest): Manifest => {
  if (object.kind !== "PrometheusRule") return object;
  const groups = specOf<Rules>(object).groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) =>
      Object.fromEntries(Object.entries(rule).filter(([key]) => key !== "keep_firing_for")),
    ),
  }));
  return { ...object, spec: { groups } };
};

/** Errors that kubernetes-models finds: types, required fields, quantities. */
function objection(object: Manifest): string | undefined {
  if (own[`${object.apiVersion}/${object.kind}`]) return undefined;
  const loaded = load(`${packageOf(object.apiVersion)}/${object.apiVersion}/${object.kind}`) as Record<
    string,
    new (data: Manifest) => Model
  >;
  const Kind = loaded[object.kind];
  if (!Kind) return `kind ${object.kind} is not known`;
  try {
    new Kind(unbroken(object)).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Errors of every object against the schema of its kind, unknown fields included. */
export function schemaFaults(objects: readonly Manifest[]): Findings {
  return objects.map(declared).flatMap((object) => {
    const check = validator(object.apiVersion, object.kind);
    check(object);
    const strict = (check.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = "additionalProperty" in params ? ` ("${params["additionalProperty"]}")` : "";
      return `${idOf(object)} ${instancePath || "/"} ${message}${extra}`;
    });
    const other = strict.length === 0 ? objection(object) : undefined;
    return other ? [`${idOf(object)} ${other}`] : strict;
  });
}

const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const portName = /^(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;
const labelKey = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

/**
 * Longest names of a kind. Controllers append to them: pods of a StatefulSet have a label with its
 * name and a hash.
 */
const longest: Readonly<Record<string, number>> = {
  DaemonSet: 52,
  Deployment: 52,
  Job: 63,
  Service: 63,
  StatefulSet: 52,
};

const port = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536;

interface ServicePorts {
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number | string }[];
}

/** Names, labels and ports with the right type that the API server refuses. */
export function nameFaults(objects: readonly Manifest[]): Findings {
  return objects.flatMap((object) => {
    const id = idOf(object);
    const say = (wrong: boolean, text: string): string[] => (wrong ? [`${id} ${text}`] : []);
    const { name: own } = object.metadata;
    const rbac = object.apiVersion.startsWith("rbac.");
    const pattern = object.kind === "Service" || object.kind === "Namespace" ? dnsLabel : subdomain;
    const labels = (where: string, table: object): string[] =>
      Object.entries(table).flatMap(([key, value]) =>
        say(!labelKey.test(key) || !labelValue.test(String(value)), `${where}.${key}: "${value}" is no label`),
      );
    const pod = isWorkload(object) ? podTemplate(object) : undefined;
    const service = object.kind === "Service" ? specOf<ServicePorts>(object) : undefined;
    return [
      ...say(!rbac && !pattern.test(own), "metadata.name is no DNS name"),
      ...say(own.length > (longest[object.kind] ?? 253), `metadata.name has more than ${longest[object.kind]} letters`),
      ...labels("metadata.labels", (object.metadata["labels"] ?? {}) as object),
      ...labels("template.metadata.labels", pod?.labels ?? {}),
      ...(pod ? containersOf(pod) : []).flatMap((container) => [
        ...say(!dnsLabel.test(container.name), `containers.${container.name}: the name is no DNS label`),
        ...(container.ports ?? []).flatMap((one) => [
          ...say(!portName.test(one.name ?? "a"), `containers.${container.name}.ports.${one.name} is no port name`),
          ...say(
            !port(one.containerPort),
            `containers.${container.name}.ports.${one.name}: no port ${one.containerPort}`,
          ),
        ]),
      ]),
      ...(service?.ports ?? []).flatMap((one) => [
        ...say(!dnsLabel.test(one.name ?? "a"), `spec.ports.${one.name} is no DNS label`),
        ...say(!port(one.port), `spec.ports.${one.name}: no port ${one.port}`),
        ...say(
          typeof one.targetPort === "string" && !portName.test(one.targetPort),
          `spec.ports.${one.name}: targetPort ${one.targetPort} is no port name`,
        ),
      ]),
    ];
  });
}
