import { createHash } from "node:crypto";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import { groupLabels, networkPolicy, services } from "./derive.ts";
import { DaemonSet, Deployment, Job, PodDisruptionBudget, ServiceAccount, StatefulSet } from "./models.ts";
import { componentLabels, labels, manifest, type Manifest, selector } from "./objects.ts";
import { type Grouping, type Home, type Mode, plan, type Role, type Workload } from "./plan.ts";
import { hardened } from "./pod.ts";
import { createWiring, type Wiring } from "./wiring.ts";

/** A generated ConfigMap: files, or literals that containers take as environment variables. */
export interface Config {
  readonly name: string;
  readonly files?: Readonly<Record<string, string | object>>;
  readonly literals?: Readonly<Record<string, string>>;
  /** `start-up`: a change restarts the pods that read it (hash suffix). `runtime`: the program re-reads it by itself. */
  readonly read: "start-up" | "runtime";
}

/** What the value of a setting must look like. */
export type Unit = "address" | "boolean" | "count" | "duration" | "name" | "url";

/** What people change: a literal of `<component>-settings`, which the program expands itself. */
export interface Setting {
  readonly unit: Unit;
  readonly value: string;
}
export type SettingsTable = Readonly<Record<string, Setting>>;

export const settingsName = (component: string): string => `${component}-settings`;

/** The environment variable of a setting: `retention` of loki is LOKI_RETENTION. */
export const variable = (component: string, setting: string): string =>
  `${component}_${setting.replace(/[A-Z]|\d+[a-z]$/g, (word) => `_${word}`)}`.replaceAll("-", "_").toUpperCase();

/** A Secret that a component expects; an environment with throw-away credentials generates it. */
export interface SecretShape {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | object>>;
}

/** A workload's pods. */
export interface Pods {
  readonly workload: Workload;
  readonly replicas: number;
  readonly pod: IPodSpec;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The program talks to the API server with its own account. */
  readonly usesApi?: true;
  /** Part of Pod Security `restricted` that these pods cannot keep, with the reason; only in the agents' namespace. */
  readonly mustTouchHost?: string;
}

/** A data source of Grafana, in the form of its provisioning files. */
export interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly [field: string]: unknown;
}

export interface Built {
  readonly pods: readonly Pods[];
  readonly configs?: readonly Config[];
  readonly objects?: readonly Manifest[];
  readonly secrets?: readonly SecretShape[];
}

export interface Context {
  readonly wiring: Wiring;
  readonly workloads: readonly Workload[];
  readonly mode: Mode;
  /** Every component there is, whether an environment has it or not. */
  readonly catalogue: readonly Component[];
}

export interface Component {
  readonly name: string;
  readonly home: Home;
  readonly roles: Readonly<Record<string, Role>>;
  readonly grouping: Partial<Readonly<Record<Mode, Grouping>>>;
  /** Has a data source: Grafana mounts `grafana-datasource-<component>` when it is there. */
  readonly dataSource?: (wiring: Wiring) => DataSource;
  /** Its `<component>-settings`, by the names that environments use. */
  readonly settings?: (wiring: Wiring) => SettingsTable;
  build(context: Context): Built;
}

/** What `bases/<component>/<mode>` holds. */
export interface Base {
  readonly component: Component;
  readonly mode: Mode;
  readonly path: string;
  readonly objects: readonly Manifest[];
  readonly configs: readonly Config[];
  readonly secrets: readonly SecretShape[];
  readonly workloads: readonly Workload[];
  readonly wiring: Wiring;
}

/** Names of the namespaces as the bases assume them; they appear only where an address crosses from one to the other. */
export const namespaceNames: Readonly<Record<Home, string>> = {
  stack: "observability",
  agents: "observability-agents",
};

export const modesOf = (component: Component): readonly Mode[] => Object.keys(component.grouping) as Mode[];

/** The mode in which a component stands beside others that are in `mode`: that one, or the first that it has. */
export const nearestMode = (component: Component, mode: Mode): Mode =>
  component.grouping[mode] ? mode : (modesOf(component)[0] as Mode);

/** Every base of one choice of modes. All components are wired together, so each base knows all who may talk to it. */
export function bases(catalogue: readonly Component[], modeOf: (component: Component) => Mode): readonly Base[] {
  const planned = catalogue.map((component) => {
    const mode = modeOf(component);
    const grouping = component.grouping[mode];
    if (!grouping) throw new Error(`${component.name} has no mode ${mode}. It has ${modesOf(component).join(", ")}.`);
    return { component, mode, workloads: plan(Object.values(component.roles), grouping) };
  });
  const wiring = createWiring(
    planned.flatMap(({ workloads }) => workloads),
    namespaceNames,
  );
  const built = planned.map((base) => ({
    ...base,
    built: base.component.build({ wiring, workloads: base.workloads, mode: base.mode, catalogue }),
    source: base.component.dataSource?.(wiring),
    settings: base.component.settings?.(wiring),
  }));
  return built.map(
    ({ component, mode, workloads, built: { pods, configs = [], objects = [], secrets = [] }, source, settings }) => ({
      component,
      mode,
      workloads,
      wiring,
      path: `bases/${component.name}/${mode}`,
      objects: [
        ...pods.flatMap((p) => [controller(p), ...budget(p), networkPolicy(p.workload, wiring)]),
        ...(pods.length > 0 ? [account(component)] : []),
        ...services(workloads, wiring),
        ...objects,
      ],
      configs: [
        ...configs,
        ...(settings ? [literals(component, settings)] : []),
        ...(source ? [provisioned(component, source)] : []),
      ],
      secrets,
    }),
  );
}

const literals = ({ name }: Component, settings: SettingsTable): Config => ({
  name: settingsName(name),
  read: "start-up",
  literals: Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [variable(name, key), value])),
});

export const dataSourceConfig = (component: string): string => `grafana-datasource-${component}`;

const provisioned = (component: Component, source: DataSource): Config => ({
  name: dataSourceConfig(component.name),
  read: "start-up",
  files: {
    [`${component.name}.yaml`]: {
      apiVersion: 1,
      prune: true,
      datasources: [{ access: "proxy", editable: false, ...source }],
    },
  },
});

const account = (component: Component): Manifest =>
  manifest(
    new ServiceAccount({
      metadata: { name: component.name, labels: componentLabels(component.name) },
      automountServiceAccountToken: false,
    }),
  );

/** Job or DaemonSet where the role says so, StatefulSet where it keeps a disk, else Deployment. */
function controller(pods: Pods): Manifest {
  const { workload, replicas } = pods;
  const metadata = { name: workload.fullName, labels: labels(workload) };
  const matching = { matchLabels: selector(workload) };
  const template = {
    metadata: {
      labels: { ...labels(workload), ...groupLabels(workload.roles.flatMap(({ groups }) => groups)) },
      annotations: pods.annotations,
    },
    spec: hardened(pods),
  };
  if (workload.runs === "once") return job(pods);
  if (workload.runs === "every node") {
    const updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } } as const;
    return manifest(new DaemonSet({ metadata, spec: { selector: matching, updateStrategy, template } }));
  }
  if (workload.disk === undefined) {
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } as const;
    return manifest(new Deployment({ metadata, spec: { replicas, selector: matching, strategy, template } }));
  }
  return manifest(
    new StatefulSet({
      metadata,
      spec: {
        replicas,
        serviceName: `${workload.fullName}-headless`,
        podManagementPolicy: "Parallel",
        selector: matching,
        template,
        volumeClaimTemplates: [
          // With the fields that the API server fills in, so that what is applied and what is there read alike.
          {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: "data" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              resources: { requests: { storage: workload.disk } },
              volumeMode: "Filesystem",
            },
          },
        ],
      },
    }),
  );
}

/**
 * A Job's pod template cannot be changed once it is applied, so its name carries a hash of the template; and the Job goes
 * ten minutes after it is done, so that a later apply runs it again with what its ConfigMap says then.
 */
function job(pods: Pods): Manifest {
  const spec: IPodSpec = { restartPolicy: "OnFailure", ...hardened(pods) };
  const hash = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 8);
  return manifest(
    new Job({
      metadata: { name: `${pods.workload.fullName}-${hash}`, labels: labels(pods.workload) },
      spec: {
        backoffLimit: 20,
        ttlSecondsAfterFinished: 600,
        template: { metadata: { labels: labels(pods.workload) }, spec },
      },
    }),
  );
}

/** With one replica a budget would either block every drain or say nothing, so there is none. */
const budget = ({ workload, replicas }: Pods): readonly Manifest[] =>
  replicas < 2
    ? []
    : [
        manifest(
          new PodDisruptionBudget({
            metadata: { name: workload.fullName, labels: labels(workload) },
            spec: { maxUnavailable: 1, selector: { matchLabels: selector(workload) } },
          }),
        ),
      ];
