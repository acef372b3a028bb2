import { nearest } from "../core/util/nearest.ts";
import { choices } from "./composition.ts";

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
  "components.alertmanager": 'say alerts: { critical: { slack: "slack-url" } }',
  "components.minio": `${inPatches}; its volume is volumes.minio`,
};

/** So many names are read at a glance. */
const few = 5;

/** Tables whose keys are names of components and workloads. */
const ofNames = /^(modes|overrides|egress|replicas|volumes|store\.identity)\.|^components\.[^.]+$/;

/** What is to be done about a key that its table does not have. */
export function advice(path: readonly string[], siblings: readonly string[], all: readonly string[]): string {
  const key = path.at(-1) ?? "";
  const near = nearest(key, siblings);
  if (near !== undefined) return `did you mean "${near}"?`;
  const these = `expected one of ${siblings.map((name) => `"${name}"`).join(", ")}`;
  if (siblings.length <= few) return these;
  const done = [path.join("."), key].find((one) => Object.hasOwn(elsewhere, one));
  if (done !== undefined) return elsewhere[done] as string;
  const same = all.filter((one) => one.split(".").at(-1) === key && one !== path.join(".") && !ofNames.test(one));
  if (same.length > 0) return `it is in ${same.slice(0, 6).join(", ")}`;
  return these;
}
