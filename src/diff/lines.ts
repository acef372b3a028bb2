import { cpuWords, memoryWords } from "./amounts.ts";
import {
  type ComponentDifference,
  type Difference,
  type Finding,
  type Placed,
  type Regrouping,
  type Sums,
  type Topic,
  topics,
} from "./finding.ts";
import { connectionTexts } from "./ways.ts";

/** One line of a component's part, without its topic. */
export interface Line {
  readonly topic: Topic;
  readonly text: string;
}

const unset = "(unset)";
export const arrow = (before: string, after: string): string => `${before} → ${after}`;

/** A workload with its roles, unless its name tells them. */
const placedText = ({ workload, roles }: Placed): string => {
  const [role = "", ...others] = roles;
  const plain = others.length === 0 && (role === "" || workload === role || workload.endsWith(`-${role}`));
  return plain ? workload : `${workload} (${roles.join(", ")})`;
};
const placedTexts = (placed: readonly Placed[]): string => placed.map(placedText).join(", ");
const names = (placed: readonly Placed[]): string => placed.map(({ workload }) => workload).join(", ");

/** What became of the workloads, by how many there were and are. */
function regroupingText({ before, after }: Regrouping): string {
  const [first, second] = [before[0], after[0]];
  if (before.length === 1 && after.length === 1 && first?.workload === second?.workload)
    return `${first?.workload}: ${arrow(first?.roles.join(", ") || unset, second?.roles.join(", ") || unset)}`;
  if (before.length === 1 && after.length === 1) return `renamed: ${arrow(names(before), names(after))}`;
  if (before.length === 1) return `split: ${arrow(names(before), placedTexts(after))}`;
  if (after.length === 1) return `merged: ${arrow(placedTexts(before), names(after))}`;
  return `regrouped: ${arrow(placedTexts(before), placedTexts(after))}`;
}

const plural = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

/** An object that came or went. */
const whole = (topic: Topic, subject: string, change: string, told: string): string => {
  if (topic === "workloads") return `${change} ${subject}: ${told}`;
  return told === "" ? `${change} ${subject}` : `${change} ${subject} (${told})`;
};

function findingText({ topic, subject, field, change, before, after, lines }: Finding): string {
  const at = field === undefined ? subject : `${subject}: ${field}`;
  if (lines) return `${at}: ${plural(lines.added, "line")} added, ${lines.removed} removed`;
  if (before === undefined && after === undefined) return `${subject}: key ${field} ${change}`;
  if (field === undefined && change !== "changed") return whole(topic, subject, change, before ?? after ?? "");
  return `${at}: ${arrow(before ?? unset, after ?? unset)}`;
}

/** What differs in a component, a line each, in the order of the topics. */
export function componentLines(
  { regroupings, findings, connections }: ComponentDifference,
  { workloads }: Pick<Difference, "workloads">,
): readonly Line[] {
  return topics.flatMap((topic): readonly Line[] => {
    const texts = [
      ...(topic === "roles" ? regroupings.map(regroupingText) : []),
      ...(topic === "connections" ? connectionTexts(connections, workloads) : []),
      ...findings.filter((one) => one.topic === topic).map(findingText),
    ];
    return texts.map((text) => ({ topic, text }));
  });
}

export const componentTitle = ({ name, change }: ComponentDifference): string =>
  change === "changed" ? name : `${name} (${change})`;

/** Columns of the table of sums. */
export const sumsHead: readonly string[] = ["CPU requests", "memory requests", "memory limits", "claims"];

/** One row of the table of sums: its name, then a cell for each column. */
export function sumsRow({ name, before, after }: Sums): readonly string[] {
  const both = ([a = "", b = ""]: readonly string[]): string => (a === b ? a : arrow(a, b));
  return [
    name,
    both([cpuWords(before.cpu), cpuWords(after.cpu)]),
    ...(["memory", "memoryLimit", "claims"] as const).map((sum) => both(memoryWords([before[sum], after[sum]]))),
  ];
}

export const sumsNote = "Replicas count each; a DaemonSet counts once, for one node; Jobs end and do not count.";

const renamed = ({ before, after }: Difference["namespaces"][number]): string =>
  arrow(before || "(none)", after || "(none)");

/** Namespaces with other names, and what that means. */
export const namespaceLines = ({ namespaces }: Difference): readonly string[] =>
  namespaces.length === 0
    ? []
    : [
        namespaces.map(renamed).join(", "),
        "Objects in them are other objects: applying one leaves those of the other as they are.",
      ];

export const restartLines = ({ restarts }: Difference): readonly string[] =>
  restarts.map(({ workload, kind, because }) => `${workload} (${kind}): ${because.join(", ") || "order of its lists"}`);

export const refusalLines = ({ refusals }: Difference): readonly string[] =>
  refusals.map(({ object, field, before = unset, after = unset }) => `${object}: ${field}: ${arrow(before, after)}`);

export const refusalAdvice = "These fields cannot be changed under one name: keep them, or delete the object first.";
export const nothing = "Nothing differs.";
