import { createHash } from "node:crypto";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { Pods } from "./component.ts";
import { DaemonSet, Deployment, Job, PodDisruptionBudget, ServiceAccount, StatefulSet } from "./models.ts";
import type { Workload } from "./plan.ts";
import { componentLabels, groupLabels, labels, manifest, type Manifest, selector } from "./objects.ts";
import { hardened, zoneLabel } from "./pod.ts";

/** The account that all pods of a component run as. */
export const account = (name: string): Manifest =>
  manifest(
    new ServiceAccount({
      metadata: { name, labels: componentLabels(name) },
      automountServiceAccountToken: false,
    }),
  );

/** A workload's controllers: one, or one a zone. */
export const controllers = (pods: Pods): readonly Manifest[] =>
  pods.zones ? pods.zones.map((zone) => controller(pods, zone)) : [controller(pods)];

/** Job or DaemonSet where the role says so, StatefulSet where it keeps a disk, else Deployment. */
function controller(pods: Pods, zone?: string): Manifest {
  const { workload, replicas } = pods;
  const own: Readonly<Record<string, string>> = zone ? { [zoneLabel]: zone } : {};
  const metadata = {
    name: zone ? `${workload.fullName}-${zone}` : workload.fullName,
    labels: { ...labels(workload), ...own },
  };
  const matching = { matchLabels: { ...selector(workload), ...own } };
  const template = {
    metadata: {
      labels: { ...labels(workload), ...own, ...groupLabels(workload.roles.flatMap(({ groups }) => groups)) },
      annotations: pods.annotations,
    },
    spec: hardened(pods, zone),
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
export const budget = (workload: Workload, replicas: number): readonly Manifest[] =>
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
