import type { Unit } from "../core/component.ts";
import type { Home, Mode } from "../core/plan.ts";
import type { Repository } from "../core/flux.ts";
import type { Volume } from "../core/size.ts";
import type { Answers } from "./composition.ts";

/** How Grafana is reached from outside the cluster; the other fields are options of the kustomize Component of that name. */
export interface Exposure extends Readonly<Record<string, string>> {
  readonly by: Exclude<Answers["exposure"], "none">;
}

/** An environment, as its author writes it in `src/environments/<name>.ts`. What is left out has its default. */
export interface Settings {
  readonly mode: Mode;
  /** Components that stand in another mode than the environment's. */
  readonly modes?: Readonly<Record<string, Mode>>;
  /** Where metrics are kept, and how they get there. */
  readonly metrics: Answers["metrics"];
  /** What reads the log files of every node. Default `alloy`. */
  readonly collector?: Answers["collector"];
  /** `demo`: programs that make up logs, traces and metrics, so that there is something to see. Default `none`. */
  readonly generators?: Answers["generators"];
  /** `generated`: the same environment as a Compose file, too. Default `none`. */
  readonly compose?: "generated" | "none";
  /** Default: Grafana is reached from inside the cluster only. */
  readonly exposure?: Exposure | undefined;
  /** `throw-away`: committed, for a laptop. `by-name`: the environment expects the Secrets to be there. */
  readonly credentials?: "by-name" | "throw-away";
  /** Where clusters fetch this repository from, for the Flux objects beside the overlay. */
  readonly repository?: Repository;
  readonly namespaces?: Partial<Readonly<Record<Home, string>>>;
  /** Replicas of workloads that differ from those of their mode. */
  readonly replicas?: Readonly<Record<string, number>>;
  /** Volumes that differ from the bases', by component; `default` is for all that are not named. */
  readonly volumes?: Readonly<Record<string, Volume>>;
  /** Values of components' settings that differ from their defaults, by component. */
  readonly components?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** An environment whose settings have been checked. */
export interface Environment extends Required<Omit<Settings, "exposure">> {
  readonly name: string;
  readonly exposure?: Exposure | undefined;
  readonly namespaces: Readonly<Record<Home, string>>;
}

/** What settings answer to each choice, defaults included. */
export const answersOf = (settings: Settings): Answers => ({
  metrics: settings.metrics,
  collector: settings.collector ?? "alloy",
  generators: settings.generators ?? "none",
  exposure: settings.exposure?.by ?? "none",
});

/** Gives a settings file its type; composition is `environment({ ...other, … })`. */
export const environment = <const S extends Settings>(settings: S): S => settings;

/** What the text of each unit looks like. */
export const units: Readonly<Record<Unit, { readonly pattern: RegExp; readonly expected: string }>> = {
  address: { pattern: /^[a-z0-9.-]+:\d{1,5}$/, expected: 'host and port such as "minio:9000", without a scheme' },
  boolean: { pattern: /^(true|false)$/, expected: '"true" or "false"' },
  count: { pattern: /^[1-9]\d*$/, expected: 'a whole number such as "3"' },
  duration: { pattern: /^\d+[smhdwy]$/, expected: 'a duration such as "720h" or "30d"' },
  name: { pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, expected: 'a name of small letters, digits, "-" and "."' },
  size: { pattern: /^[1-9]\d*Gi$/, expected: 'whole gibibytes such as "10Gi"' },
  url: { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, expected: 'a URL such as "http://minio:9000"' },
};
