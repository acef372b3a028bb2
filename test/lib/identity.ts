import type { Manifest } from "../../src/core/objects.ts";
import type { Findings } from "./findings.ts";
import { excerpt } from "./diff.ts";
import { podTemplates, specOf } from "./objects.ts";
import { namespaceNames } from "../../src/core/component.ts";
import { yaml } from "../../src/core/render.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Fields of a StatefulSet's spec that may change; the API server refuses any change of the others. */
const mutable: readonly string[] = [
  "minReadySeconds",
  "ordinals",
  "persistentVolumeClaimRetentionPolicy",
  "replicas",
  "revisionHistoryLimit",
  "template",
  "updateStrategy",
];
const only = (fields: Fields, keep: (name: string) => boolean): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => keep(name)));

/** What of an object cannot change under its name; undefined where everything can. */
export function immutable(object: Manifest): Fields | undefined {
  const spec = specOf<Fields | undefined>(object) ?? {};
  switch (object.kind) {
    case "DaemonSet":
    case "Deployment":
      return { selector: spec["selector"] };
    case "Job":
      return only(
        spec,
        (name) =>
          !["activeDeadlineSeconds", "backoffLimit", "parallelism", "suspend", "ttlSecondsAfterFinished"].includes(
            name,
          ),
      );
    case "StatefulSet":
      return only(spec, (name) => !mutable.includes(name));
    case "Service":
      return { headless: spec["clusterIP"] === "None", type: spec["type"] ?? "ClusterIP" };
    case "PersistentVolumeClaim":
      return only(spec, (name) => name !== "resources" && name !== "volumeAttributesClassName");
    case "ClusterRoleBinding":
    case "RoleBinding":
      return { roleRef: object["roleRef"] };
    case "Secret":
      return { type: object["type"] ?? "Opaque" };
    case "StorageClass":
      return only(object, (name) => ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"].includes(name));
    default:
      return undefined;
  }
}

const clusterScoped: ReadonlySet<string> = new Set(["ClusterRole", "ClusterRoleBinding", "Namespace", "StorageClass"]);

/** Objects and where they come from: a base, an environment, a released version. */
export interface Origin {
  readonly from: string;
  readonly objects: readonly Manifest[];
}

/** Objects of one kind, namespace and name that differ in what cannot change, so that an upgrade or a switch would be refused. */
export function shapeFaults(origins: readonly Origin[]): Findings {
  const first = new Map<string, { readonly from: string; readonly text: string }>();
  return origins.flatMap(({ from, objects }) =>
    objects.flatMap((object) => {
      const shape = immutable(object);
      if (!shape) return [];
      // What no namespace is named for goes where the environments do that do not name one either.
      const { name, namespace = clusterScoped.has(object.kind) ? "" : namespaceNames.stack } = object.metadata;
      const id = `${object.kind} ${namespace ? `${namespace}/` : ""}${name}`;
      const text = yaml(shape);
      const before = first.get(id);
      if (!before) {
        first.set(id, { from, text });
        return [];
      }
      return before.text === text
        ? []
        : [`${id} of ${from} differs from that of ${before.from}\n${excerpt(id, before.text, text)}`];
    }),
  );
}

const ownLabels = /^(app\.kubernetes\.io\/(name|component|part-of)|kube-lgtm\.io\/[a-z-]+)$/;
const releaseWord = /version|chart|release|checksum|hash|revision|build|managed-by/i;
const releaseValue = /^v?\d+(\.\d+)+|[0-9a-f]{16,}/;

/** What in a pod template would restart pods between two builds for nothing. */
export function restartFaults(objects: readonly Manifest[]): Findings {
  return podTemplates(objects).flatMap(({ id, labels, annotations }) => [
    ...Object.keys(labels)
      .filter((key) => !ownLabels.test(key))
      .map((key) => `${id} template.metadata.labels.${key} is no label of ours`),
    ...Object.entries({ ...labels, ...annotations })
      .filter(([key, value]) => releaseWord.test(key) || releaseValue.test(value))
      .map(([key, value]) => `${id} template.metadata ${key}: ${value} changes with a release`),
  ]);
}
