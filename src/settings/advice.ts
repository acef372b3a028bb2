import { choices } from "./composition.ts";

/** Steps from one word to another: letters that are added, left out, exchanged with the next one, or another one. */
export function steps(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i += 1) {
    const before = rows[i - 1] as number[];
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(
          (before[j] as number) + 1,
          (row[j - 1] as number) + 1,
          (before[j - 1] as number) + (same ? 0 : 1),
          swapped ? ((rows[i - 2] as number[])[j - 2] as number) + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return (rows[from.length] as number[])[to.length] as number;
}

/** The name that was probably meant, if one is near enough. */
export function meant(word: string, names: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[-_]/g, "");
  const ranked = names
    .map((name) => ({ name, away: steps(plain(word), plain(name)) }))
    .filter(({ name, away }) => away <= Math.min(3, Math.floor(Math.max(word.length, name.length) / 3)))
    .sort((a, b) => a.away - b.away);
  return ranked[0]?.name;
}

const inPatches = "patch the object from overlays/<environment>/patches/";

/** What is done elsewhere: by the last word of the setting, or by all of it. */
const elsewhere: Readonly<Record<string, string>> = {
  image: 'an overlay of your own says it, under "images:"',
  images: 'an overlay of your own says them, under "images:"',
  registry: 'an overlay of your own says it for each image, under "images:"',
  version: "src/versions.ts has it, for all environments",
  resources: `say "load", or ${inPatches}`,
  ...Object.fromEntries(
    ["affinity", "annotations", "labels", "nodeSelector", "tolerations", "env"].map((key) => [key, inPatches]),
  ),
  storageClass: 'say volumes: { default: { class: "…" } }',
  ingress: 'say exposure: { by: "ingress" }',
  gateway: 'say exposure: { by: "gateway-api" }',
  postgres: 'say database: { by: "postgres" }',
  keda: 'say scaling: { loki: "keda" }',
  ...Object.fromEntries(Object.keys(choices.store).map((kind) => [kind, `say store: { kind: "${kind}" }`])),
  dashboards: "say them in a ConfigMap of an overlay of your own",
  "components.grafana": 'its settings are variables: literals of "grafana-settings" in an overlay of your own',
  "components.alertmanager": 'receivers are in the Secret "alertmanager-config"',
  "components.minio": `${inPatches}; its volume is volumes.minio`,
};

/** So many names are read at a glance. */
const few = 5;

/** Tables whose keys are names of components and workloads. */
const ofNames = /^(modes|overrides|egress|replicas|volumes|store\.identity)\.|^components\.[^.]+$/;

/** What is to be done about a key that its table does not have. */
export function advice(path: readonly string[], siblings: readonly string[], all: readonly string[]): string {
  const key = path.at(-1) ?? "";
  const near = meant(key, siblings);
  if (near !== undefined) return `did you mean "${near}"?`;
  const these = `expected one of ${siblings.map((name) => `"${name}"`).join(", ")}`;
  if (siblings.length <= few) return these;
  const done = [path.join("."), key].find((one) => Object.hasOwn(elsewhere, one));
  if (done !== undefined) return elsewhere[done] as string;
  const same = all.filter((one) => one.split(".").at(-1) === key && one !== path.join(".") && !ofNames.test(one));
  if (same.length > 0) return `it is in ${same.slice(0, 6).join(", ")}`;
  return these;
}
