import { specOf } from "./reading.ts";
import type { Manifest } from "./manifest.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Fields of a StatefulSet's spec that may change; the API server refuses any change of the others.
 */
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
