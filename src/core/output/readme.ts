import { podTemplates, secretsOf } from "../kubernetes/reading.ts";
import { connectionsOf } from "../assemble/connections.ts";
import { contents } from "../kustomize/build.ts";
import type { Overlay } from "../assemble/overlay.ts";
import type { Role } from "../model/roles.ts";
import { unique } from "../util/values.ts";
import type { Place } from "../model/places.ts";
import { type Connection, isRole } from "../model/wiring.ts";
import type { Base } from "../model/component.ts";
import type { Manifest } from "../kubernetes/manifest.ts";

const byName = (bases: readonly Base[]): readonly Base[] =>
  bases.toSorted((a, b) => (a.component.name < b.component.name ? -1 : 1));

/** Scrapes are left out of the picture: Prometheus has one with every component. */
const isScrape = ({ to, port, via }: Connection): boolean =>
  isRole(to) && via === "member" && to.metrics.some((one) => one.port === port);

/** Who talks to whom, as a Mermaid flowchart: one node a component, one arrow a pair, with the names of the ports. */
export function topology(overlay: Overlay): string {
  const name = (end: Role | Place): string => (isRole(end) ? end.component : end.name);
  const arrows = new Map<string, readonly string[]>();
  for (const { from, to, port = "" } of connectionsOf(overlay).filter((connection) => !isScrape(connection))) {
    const pair = `${name(from)} --> ${name(to)}`;
    if (name(from) !== name(to)) arrows.set(pair, unique([...(arrows.get(pair) ?? []), port]));
  }
  const lines = [...arrows].map(([pair, ports]) => {
    const label = ports
      .filter((port) => port !== "")
      .sort()
      .join(", ");
    return `  ${label ? pair.replace("-->", `-->|${label}|`) : pair}`;
  });
  const groups = overlay.parts.flatMap(({ namespace, bases }) => [
    `  subgraph ${namespace}`,
    ...byName(bases).map(({ component }) => `    ${component.name}`),
    "  end",
  ]);
  return ["flowchart LR", ...groups, ...lines.sort()].join("\n");
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const yours = "you";

interface Claim {
  readonly spec: {
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

const claimsOf = ({ kind, metadata, spec }: Manifest): readonly (readonly string[])[] => {
  if (kind !== "StatefulSet") return [];
  const { volumeClaimTemplates = [] } = spec as { readonly volumeClaimTemplates?: readonly Claim[] };
  return volumeClaimTemplates.map(({ spec: { storageClassName, resources } }) => [
    `\`${metadata.name}\``,
    resources.requests.storage,
    storageClassName ? `\`${storageClassName}\`` : "the cluster's default",
  ]);
};

/** ServiceAccounts with the identity that the cloud knows them by: `eks.amazonaws.com/role-arn: arn:aws:iam::…`. */
const known = ({ kind, metadata }: Manifest): readonly (readonly string[])[] =>
  kind === "ServiceAccount"
    ? Object.entries((metadata["annotations"] ?? {}) as Readonly<Record<string, string>>).map(([key, value]) => [
        `\`${metadata.name}\``,
        `\`${key}: ${value}\``,
      ])
    : [];

/** Buckets and accounts that a store outside the cluster must have. */
function outside({ parts }: Overlay): string {
  const buckets = parts.flatMap(({ buckets }) => buckets.map(({ name, component }) => [`\`${name}\``, component]));
  if (buckets.length === 0) return "";
  const accounts = parts.flatMap((part) => contents(part).objects.flatMap(known)).toSorted(byFirst);
  // A file of Thanos's names its bucket, and is a Secret because it may hold keys.
  const files = parts.flatMap(({ expects }) => expects.filter(({ keys }) => keys.includes("objstore.yml")));
  const others = files.map(({ name }) => name);
  return `
## Object store

The store is outside the cluster.
Create these buckets before you apply the environment.
${others.map((name) => `The Secret \`${name}\` names one more.\n`).join("")}
${table(["bucket", "used by"], buckets.toSorted(byFirst))}
${accounts.length > 0 ? `\nThe store recognises pods by their ServiceAccounts, without keys.\nGrant these accounts access:\n\n${table(["ServiceAccount", "identity in the cloud"], accounts)}\n` : ""}`;
}

/** For each Secret of the user: the command that restarts exactly its readers. A generated Secret gets a new name when it changes. */
function restarts({ parts }: Overlay): string {
  const commands = parts.flatMap((part) => {
    const names = part.expects.flatMap(({ name, read }) => (read === "runtime" ? [] : [name])).sort();
    const pods = podTemplates(contents(part).objects);
    return names.flatMap((secret) => {
      const readers = pods.filter((pod) => secretsOf(pod).some(({ name }) => name === secret));
      const list = readers.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`).sort();
      return list.length > 0
        ? [`# ${secret}`, `kubectl --namespace ${part.namespace} rollout restart ${list.join(" ")}`]
        : [];
    });
  });
  if (commands.length === 0) return "";
  return `
After you change a Secret, restart the pods that read it.
[Change a credential](../../docs/use.md#change-a-credential) lists the other steps.

${commands.map((line) => `    ${line}`).join("\n")}
`;
}

const byFirst = ([a = ""]: readonly string[], [b = ""]: readonly string[]): number => (a < b ? -1 : 1);

/** The page of an environment, `overlays/<environment>/README.md`: components, addresses, volumes, Secrets, connections. */
export function readme(overlay: Overlay): string {
  const bases = overlay.parts.flatMap(({ bases, namespace }) => byName(bases).map((base) => ({ ...base, namespace })));
  const features = overlay.parts.flatMap(({ additions }) => additions.map(({ path }) => `\`${path}\``)).sort();
  const addresses = bases.flatMap(({ workloads, namespace }) =>
    workloads.flatMap(({ roles }) =>
      roles.flatMap(({ entryPoint, ports }) =>
        entryPoint
          ? [
              [
                `\`${entryPoint.name}.${namespace}\``,
                entryPoint.ports.map((port) => `${port} ${ports[port]}`).join(", "),
              ],
            ]
          : [],
      ),
    ),
  );
  const listed = (name: string, keys: readonly string[], from: string): readonly string[] => [
    `\`${name}\``,
    keys.map((key) => `\`${key}\``).join(", "),
    from,
  ];
  const secrets = [
    ...overlay.parts.flatMap((part) =>
      part.secrets.map(({ name, env = {}, files = {} }) =>
        listed(name, [...Object.keys(env), ...Object.keys(files)], "this overlay, with throw-away values"),
      ),
    ),
    ...overlay.parts.flatMap(({ expects }) => expects.map(({ name, keys }) => listed(name, keys, yours))),
    ...overlay.parts.flatMap(({ mayHave }) =>
      mayHave.map(({ name, keys }) => listed(name, keys, `${yours}, optional`)),
    ),
  ].toSorted(byFirst);
  const also =
    overlay.compose === "generated"
      ? `\n\`${overlay.path}/compose/compose.yaml\` runs the same with Docker Compose.\n`
      : "";
  const claims = overlay.parts.flatMap((part) => contents(part).objects.flatMap(claimsOf).toSorted(byFirst));
  const row = ({ component, namespace, mode }: (typeof bases)[number]): readonly string[] => [
    component.name,
    mode,
    namespace,
  ];
  return `<!-- Generated by kube-lgtm from ${overlay.file}; do not edit. Change the source and run make. -->
# ${overlay.name}

    kubectl apply -k ${overlay.path}
${also}
${table(["component", "mode", "namespace"], bases.map(row))}

Kustomize Components: ${features.join(", ") || "none"}.

## Addresses

${table(["Service", "ports"], addresses)}

## Volumes

${claims.length > 0 ? table(["claim of StatefulSet", "size", "storage class"], claims) : "None: data are lost when their pod is deleted."}
${outside(overlay)}
## Secrets

${secrets.some(([, , whose]) => whose === yours) ? "Create your Secrets before you apply the environment.\n\n" : ""}${table(["Secret", "keys", "created by"], secrets)}
${restarts(overlay)}
## Connections

The NetworkPolicies allow exactly these connections.
Prometheus also scrapes every component.

\`\`\`mermaid
${topology(overlay)}
\`\`\`
`;
}
