import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Labels } from "./objects.ts";
import { root } from "./world.ts";

/* Pages and rules as they are generated, whoever wrote them. */

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

/** Who evaluates a file of rules. */
export type Evaluator = "prometheus" | "thanos" | "mimir" | "loki";

/** A file of a base or of a Component. */
interface Place {
  /** "loki", or the name of a Component. */
  readonly owner: string;
  /** "scalable"; "" in a Component. */
  readonly mode: string;
  /** The ConfigMap: "prometheus-rules-loki". */
  readonly config: string;
  /** From the project's folder. */
  readonly path: string;
}
export interface RuleFile extends Place {
  readonly evaluator: Evaluator;
  readonly groups: readonly { readonly name: string; readonly interval?: string; readonly rules: readonly Rule[] }[];
}
export interface PageFile extends Place {
  readonly text: string;
}

const folders = (at: string): readonly string[] =>
  existsSync(join(root, at))
    ? readdirSync(join(root, at), { withFileTypes: true })
        .filter((one) => one.isDirectory())
        .map(({ name }) => name)
    : [];

/** Every file below the `config` folders whose ConfigMap has such a name. */
const configFiles = (config: RegExp, file: RegExp): readonly Place[] => {
  const homes = [
    ...folders("bases").flatMap((owner) =>
      folders(`bases/${owner}`).map((mode) => ({ owner, mode, at: `bases/${owner}/${mode}` })),
    ),
    ...folders("components").flatMap((owner) => [
      // Pages and rules of agents, which have one mode each.
      owner.endsWith("-pages")
        ? { owner: owner.slice(0, -"-pages".length), mode: "monolithic", at: `components/${owner}` }
        : { owner, mode: "", at: `components/${owner}` },
      ...folders(`components/${owner}`)
        .filter((mode) => mode !== "config")
        .map((mode) => ({ owner, mode, at: `components/${owner}/${mode}` })),
    ]),
  ];
  return homes.flatMap(({ owner, mode, at }) =>
    folders(`${at}/config`)
      .filter((name) => config.test(name))
      .flatMap((name) =>
        readdirSync(join(root, at, "config", name))
          .filter((one) => file.test(one))
          .map((one) => ({ owner, mode, config: name, path: `${at}/config/${name}/${one}` })),
      ),
  );
};

const evaluators: readonly (readonly [RegExp, Evaluator])[] = [
  [/^thanos-/, "thanos"],
  [/^mimir-/, "mimir"],
  [/^loki-/, "loki"],
  [/./, "prometheus"],
];

const text = (path: string): string => readFileSync(join(root, path), "utf8");

export const ruleFiles: readonly RuleFile[] = configFiles(/-rules(?:-|$)/, /\.ya?ml$/).map((place) => ({
  ...place,
  evaluator: evaluators.find(([name]) => name.test(place.config))?.[1] ?? "prometheus",
  groups: (parse(text(place.path)) as Pick<RuleFile, "groups">).groups,
}));

export const pageFiles: readonly PageFile[] = configFiles(/^grafana-dashboards-/, /\.json$/).map((place) => ({
  ...place,
  text: text(place.path),
}));

/** A rule with the file that it stands in. */
export interface Placed {
  readonly rule: Rule;
  readonly file: RuleFile;
}
export const rulesOf = (files: readonly RuleFile[]): readonly Placed[] =>
  files.flatMap((file) => file.groups.flatMap(({ rules }) => rules.map((rule) => ({ rule, file }))));
export const rules: readonly Placed[] = rulesOf(ruleFiles);
export const alerts: readonly Placed[] = rules.filter(({ rule }) => rule.alert !== undefined);
