import type { Findings } from "./findings.ts";
import { excerpt } from "./diff.ts";
import { podTemplates } from "./objects.ts";
import { namespaceNames } from "../../src/core/model/component.ts";
import { immutable } from "../../src/core/kubernetes/immutable.ts";
import { yaml } from "../../src/core/util/text.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

const clusterScoped: ReadonlySet<string> = new Set(["ClusterRole", "ClusterRoleBinding", "Namespace", "StorageClass"]);

/** Objects and their source: a base, an environment, a release. */
export interface Origin {
  readonly from: string;
  readonly objects: readonly Manifest[];
}

/**
 * Objects with the same kind, namespace and name that differ in immutable fields: the API server
 * would refuse an upgrade or switch.
 */
export function shapeFaults(origins: readonly Origin[]): Findings {
  const first = new Map<string, { readonly from: string; readonly text: string }>();
  return origins.flatMap(({ from, objects }) =>
    objects.flatMap((object) => {
      const shape = immutable(object);
      if (!shape) return [];
      // Objects without a namespace count as in the default one, like environments that set none.
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

/**
 * The rollout-operator finds the pods of a zone by `name`; Azure's webhook finds the pods that need
 * a token by its own label.
 */
const ownLabels =
  /^(name|azure\.workload\.identity\/use|app\.kubernetes\.io\/(name|component|part-of)|kube-lgtm\.io\/[a-z-]+)$/;
const releaseWord = /version|chart|release|checksum|hash|revision|build|managed-by/i;
const releaseValue = /^v?\d+(\.\d+)+|[0-9a-f]{16,}/;

/** Parts of a pod template that would restart pods with every release: versions, hashes. */
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
