import { containersOf, podTemplate, specOf } from "../core/kubernetes/reading.ts";
import { requests } from "../core/kubernetes/requests.ts";
import { but, changes, type Same, type Table } from "./changes.ts";
import { containersFindings, imageWords } from "./containers.ts";
import type { Finding } from "./finding.ts";
import type { Pair } from "./sides.ts";
import { storageFindings, volumesInWords } from "./storage.ts";
import { cpuWords, memoryWords } from "./amounts.ts";
import { findings, stated } from "./words.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

const runs: Readonly<Record<string, (replicas: number) => string>> = {
  CronJob: () => "again and again",
  DaemonSet: () => "on every node",
  Job: () => "once",
};

/** A workload that comes or goes, in one line. */
function inWords(object: Manifest): string {
  const pod = podTemplate(object);
  const replicas = `${pod.replicas} ${pod.replicas === 1 ? "replica" : "replicas"}`;
  const { cpu, memory, memoryLimit } = requests([{ ...object, spec: { ...(object["spec"] as Table), replicas: 1 } }]);
  const asked = [
    ...(cpu > 0 ? [`${cpuWords(cpu)} CPU`] : []),
    ...(memory > 0 ? [`${memoryWords([memory])} memory`] : []),
    ...(memoryLimit > 0 ? [`at most ${memoryWords([memoryLimit])}`] : []),
  ];
  const claims = [...volumesInWords(object)].filter(([, text]) => text.startsWith("claim"));
  return [
    `${object.kind}, ${runs[object.kind]?.(pod.replicas) ?? replicas}`,
    containersOf(pod)
      .map(({ image }) => imageWords(image))
      .join(" and "),
    ...(asked.length > 0 ? [asked.join(", ")] : []),
    ...claims.map(([name, text]) => `${name}: ${text}`),
  ].join("; ");
}

interface Templated {
  readonly template?: { readonly metadata?: Table };
}

/** What differs in one workload, the roles in it apart. */
export function workloadFindings({ name, before, after }: Pair, same: Same): readonly Finding[] {
  if (!before || !after)
    return [stated("workloads", name, undefined, before && inWords(before), after && inWords(after))];
  const [a, b] = [podTemplate(before), podTemplate(after)];
  const specs = [before, after].map((object) =>
    but(specOf<Table>(object), "jobTemplate", "replicas", "template", "volumeClaimTemplates"),
  );
  const counted = before.kind !== "DaemonSet" && after.kind !== "DaemonSet" && a.replicas !== b.replicas;
  const metadata = (object: Manifest): unknown => {
    const { jobTemplate, template } = specOf<Templated & { readonly jobTemplate?: { readonly spec: Templated } }>(
      object,
    );
    return (jobTemplate?.spec.template ?? template)?.metadata;
  };
  return [
    ...(before.kind === after.kind
      ? findings("workloads", name, changes(specs[0], specs[1], same), same)
      : [stated("workloads", name, "kind", before.kind, after.kind)]),
    ...findings(
      "workloads",
      name,
      changes(but(before.metadata, "name", "namespace"), but(after.metadata, "name", "namespace"), same),
      same,
    ),
    ...(counted ? [stated("replicas", name, undefined, `${a.replicas}`, `${b.replicas}`)] : []),
    ...findings("pods", name, changes(metadata(before), metadata(after), same), same),
    ...findings(
      "pods",
      name,
      changes(
        but(a.spec, "containers", "initContainers", "volumes"),
        but(b.spec, "containers", "initContainers", "volumes"),
        same,
      ),
      same,
    ),
    ...containersFindings(name, a, b, same),
    ...storageFindings(name, before, after, same),
  ];
}
