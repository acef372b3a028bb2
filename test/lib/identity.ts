import type { Findings } from "./findings.ts";
import { excerpt } from "./diff.ts";
import { podTemplates } from "./objects.ts";
import { namespaceNames } from "../../src/core/model/component.ts";
import { immutable } from "../../src/core/kubernetes/immutable.ts";
import { yaml } from "../../src/core/util/text.ts";
import type { Manifest } from "../../src/core/kubernetes/manifest.ts";

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

/** `name` is how the rollout-operator finds the pods of a zone, and Azure's how its webhook finds those that it gives a token. */
const ownLabels =
  /^(name|azure\.workload\.identity\/use|app\.kubernetes\.io\/(name|component|part-of)|kube-lgtm\.io\/[a-z-]+)$/;
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
