import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IProbe } from "kubernetes-models/v1/Probe";
import { quantity } from "../src/core/kubernetes/requests.ts";
import { type Findings, none } from "./lib/findings.ts";
import {
  containersOf,
  idOf,
  type Labels,
  type PodTemplate,
  podTemplates,
  quiet,
  type Selector,
  selects,
  specOf,
} from "./lib/objects.ts";
import { environmentOf, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/** One world of each mode, one whose volumes go with their pods, and one of Mimir. */
const worlds = ["dev", "staging", "prod", "prod-mimir", "every-thanos-receive-monolithic"].map(worldNamed);

const each = (faults: (objects: readonly Manifest[]) => Findings): void => {
  for (const { name, objects } of worlds) none(faults(objects), name);
};
const containers = (
  objects: readonly Manifest[],
  of: (container: IContainer, pod: PodTemplate) => Findings,
): Findings =>
  podTemplates(objects).flatMap((pod) =>
    pod.spec.containers.flatMap((one) => of(one, pod).map((text) => `${pod.id} ${one.name} ${text}`)),
  );
const ofKind = (objects: readonly Manifest[], kind: string): readonly Manifest[] =>
  objects.filter((one) => one.kind === kind);

/** https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
describe("a probe", () => {
  const period = ({ periodSeconds = 10 }: IProbe): number => periodSeconds;
  const patience = (probe: IProbe): number => period(probe) * (probe.failureThreshold ?? 3);
  const handler = ({ httpGet, tcpSocket, exec }: IProbe): string => JSON.stringify([httpGet, tcpSocket, exec]);

  test("of readiness sees within seconds that a pod can be sent requests, and within half a minute that it cannot", () =>
    each((objects) =>
      containers(objects, ({ readinessProbe: probe }) =>
        !probe || (period(probe) <= 10 && patience(probe) <= 30)
          ? []
          : [`asks each ${period(probe)} s, gives up after ${patience(probe)} s`],
      ),
    ));
  test("of liveness kills nobody for one late answer: it fails for a minute at least", () =>
    each((objects) =>
      containers(objects, ({ livenessProbe: probe }) =>
        !probe || patience(probe) >= 60 ? [] : [`is killed after ${patience(probe)} s`],
      ),
    ));
  test("of the start asks what that of liveness asks: nobody is killed because a neighbour is away", () =>
    each((objects) =>
      containers(objects, ({ startupProbe, livenessProbe }) =>
        startupProbe && livenessProbe && handler(startupProbe) !== handler(livenessProbe)
          ? ["asks at its start for more than to be alive"]
          : [],
      ),
    ));
  test("has given an answer up before it asks again", () =>
    each((objects) =>
      containers(objects, ({ startupProbe, readinessProbe, livenessProbe }) =>
        [startupProbe, readinessProbe, livenessProbe].flatMap((probe) =>
          probe && (probe.timeoutSeconds ?? 1) > period(probe)
            ? [`waits ${probe.timeoutSeconds} s and asks each ${period(probe)} s`]
            : [],
        ),
      ),
    ));
  /**
   * Who replays a write-ahead log: minutes. The operator of Prometheus gives it fifteen (makeStartupProbe in pkg/prometheus/statefulset.go), and
   * what keeps nothing half a minute.
   */
  test("of the start leaves who replays a log of their own five minutes and more", () =>
    each((objects) =>
      containers(objects, ({ name, startupProbe }, { claims, spec }) => {
        if (!startupProbe) return [];
        const keeps = claims.length > 0 || spec.volumes?.some((volume) => volume.name === "data");
        const replays = keeps && /^(loki|mimir|tempo|prometheus|thanos-receive)$/.test(name);
        return patience(startupProbe) >= (replays ? 300 : 30) ? [] : [`has ${patience(startupProbe)} s to start`];
      }),
    ));
});

describe("what a pod may use", () => {
  const amount = (of: unknown): number => quantity(of) ?? NaN;
  test("has an end for what cannot be taken back: memory, with something to spare above the request, and local disk", () =>
    each((objects) =>
      containers(objects, ({ resources }) => [
        ...(amount(resources?.limits?.["memory"]) > amount(resources?.requests?.["memory"])
          ? []
          : ["has no memory to spare"]),
        ...(amount(resources?.limits?.["ephemeral-storage"]) > 0 ? [] : ["may fill the node's disk"]),
      ]),
    ));
  // https://home.robusta.dev/blog/stop-using-cpu-limits and the kernel's CFS: a limit throttles what nobody else wants.
  test("has none for CPU, of which another process can have more at any time", () =>
    each((objects) => containers(objects, ({ resources }) => (resources?.limits?.["cpu"] ? ["is throttled"] : []))));
  test("does not belong to root: user, group and the volumes' group are numbers of their own", () =>
    each((objects) =>
      podTemplates(objects)
        .filter(({ kind }) => kind !== "DaemonSet")
        .flatMap(({ id, spec: { securityContext: { runAsUser = 0, runAsGroup = 0, fsGroup = 0 } = {} } }) =>
          runAsUser >= 1000 && runAsGroup >= 1000 && fsGroup === runAsGroup
            ? []
            : [`${id}: ${runAsUser}, ${runAsGroup}, ${fsGroup}`],
        ),
    ));
  test("is its component's own account", () =>
    each((objects) =>
      podTemplates(objects).flatMap(({ id, labels, spec }) =>
        spec.serviceAccountName === labels["app.kubernetes.io/name"] ? [] : [`${id} is ${spec.serviceAccountName}`],
      ),
    ));
});

/** Kubernetes's labels without those by which a feature of ours groups pods. */
const identity = (labels: Labels, ...more: readonly string[]): Labels =>
  Object.fromEntries(
    ["app.kubernetes.io/name", "app.kubernetes.io/component", ...more].flatMap((key) =>
      labels[key] ? [[key, labels[key]]] : [],
    ),
  );
const zone = "kube-lgtm.io/zone";
const zoned = (pod: PodTemplate): boolean => pod.labels[zone] !== undefined;
interface Term {
  readonly topologyKey: string;
  readonly labelSelector: Selector;
}

describe("pods are replaced", () => {
  interface Spec {
    readonly podManagementPolicy?: string;
    readonly serviceName?: string;
    readonly minReadySeconds?: number;
    readonly updateStrategy?: {
      readonly type: string;
      readonly rollingUpdate?: { readonly maxUnavailable?: string | number };
    };
    readonly strategy?: { readonly rollingUpdate?: { readonly maxSurge?: number; readonly maxUnavailable?: number } };
  }
  const pairs = (objects: readonly Manifest[], kind: string) =>
    ofKind(objects, kind).map((object) => ({
      id: idOf(object),
      spec: specOf<Spec>(object),
      pod: podTemplates([object])[0] as PodTemplate,
      object,
    }));

  test("of a Deployment when there are new ones that are ready", () =>
    each((objects) =>
      pairs(objects, "Deployment").flatMap(({ id, spec: { strategy } }) =>
        strategy?.rollingUpdate?.maxUnavailable === 0 && (strategy.rollingUpdate.maxSurge ?? 0) > 0 ? [] : [id],
      ),
    ));
  test("of a DaemonSet on a part of the nodes at a time", () =>
    each((objects) =>
      pairs(objects, "DaemonSet").flatMap(({ id, spec: { updateStrategy } }) => {
        const { maxUnavailable = 1 } = updateStrategy?.rollingUpdate ?? {};
        return updateStrategy?.type === "RollingUpdate" && Number.parseInt(String(maxUnavailable), 10) <= 25
          ? []
          : [id];
      }),
    ));
  // https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-management-policies : else the first must be ready before the second starts.
  test("of a StatefulSet all at the start, because a member of a ring is ready when it knows another", () =>
    each((objects) =>
      pairs(objects, "StatefulSet").flatMap(({ id, spec }) => (spec.podManagementPolicy === "Parallel" ? [] : [id])),
    ));
  /** https://github.com/grafana/rollout-operator/blob/main/README.md#how-updates-work */
  test("of zones by the rollout-operator, which knows them by their labels, and of no other workload", () =>
    each((objects) => {
      const sets = pairs(objects, "StatefulSet");
      const isOperated = objects.some(
        ({ kind, metadata }) => kind === "Deployment" && metadata.name === "rollout-operator",
      );
      const groupOf = ({ metadata }: Manifest): string | undefined => (metadata["labels"] as Labels)["rollout-group"];
      return sets.flatMap(({ id, spec, pod, object }) => {
        if (!zoned(pod))
          return [
            ...(spec.updateStrategy?.type === "OnDelete" || groupOf(object) ? [`${id} is replaced by nobody`] : []),
          ];
        const kin = sets.filter(
          (other) => JSON.stringify(identity(other.pod.labels)) === JSON.stringify(identity(pod.labels)),
        );
        const named = sets.filter((other) => groupOf(other.object) === groupOf(object));
        return [
          ...(isOperated ? [] : [`${id} has no rollout-operator`]),
          ...(spec.updateStrategy?.type === "OnDelete" ? [] : [`${id} is rolled by Kubernetes, with its other zones`]),
          ...(pod.labels["name"] === pod.name ? [] : [`${id}: its pods' label "name" is ${pod.labels["name"]}`]),
          ...(kin.length > 1 && kin.length === named.length && named.every((one) => kin.includes(one))
            ? []
            : [`${id}: group ${groupOf(object)}`]),
        ];
      });
    }));
  /**
   * Kafka: until what it missed is with it again; Thanos: until a router, which looks names up each half minute (grpc-go, internal/resolver/dns), and
   * a querier, each five seconds, have its new address.
   */
  test("of those who are found by a name only when the one before is settled", () => {
    const least: Readonly<Record<string, number>> = {
      kafka: 30,
      prometheus: 15,
      "thanos-receive": 31,
      "thanos-receive-ingester": 31,
    };
    for (const name of ["staging", "prod", "prod-mimir"])
      none(
        pairs(worldNamed(name).objects, "StatefulSet").flatMap(({ id, spec, pod }) =>
          (spec.minReadySeconds ?? 0) >= (pod.replicas > 1 || pod.name === "kafka" ? (least[pod.name] ?? 0) : 0)
            ? []
            : [`${id}: ${spec.minReadySeconds}`],
        ),
      );
  });
});

describe("pods stand apart", () => {
  const others = (pod: PodTemplate, objects: readonly Manifest[]): readonly PodTemplate[] =>
    podTemplates(objects).filter(
      (other) =>
        other !== pod &&
        other.id !== pod.id &&
        JSON.stringify(identity(other.labels)) === JSON.stringify(identity(pod.labels)),
    );
  test("those of one zone from those of the others, on other nodes and in other zones of the cloud, if there are any", () =>
    each((objects) =>
      podTemplates(objects)
        .filter(zoned)
        .flatMap((pod) => {
          const { podAntiAffinity } = pod.spec.affinity ?? {};
          const terms = (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
            ({ podAffinityTerm }) => podAffinityTerm as Term,
          );
          const required = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
          const wrong = terms.filter(
            ({ labelSelector }) =>
              selects(labelSelector, pod.labels) ||
              !others(pod, objects).every((other) => selects(labelSelector, other.labels)),
          );
          const keys = terms.map(({ topologyKey }) => topologyKey);
          return [
            ...(["topology.kubernetes.io/zone", "kubernetes.io/hostname"].every((key) => keys.includes(key))
              ? []
              : [`${pod.id}: ${keys.join(", ")}`]),
            ...wrong.map(
              ({ topologyKey }) => `${pod.id}: ${topologyKey} keeps it from its own, or not from the others`,
            ),
            ...(required.length === 0 ? [] : [`${pod.id} waits for ever on few nodes`]),
          ];
        }),
    ));
  test("replicas from their own kind on other nodes, and run all the same where there is one node", () =>
    each((objects) =>
      podTemplates(quiet(objects))
        .filter(({ kind, replicas }) => kind !== "DaemonSet" && replicas > 1)
        .flatMap((pod) => {
          const spread = pod.spec.topologySpreadConstraints ?? [];
          return [
            ...(spread.some(({ topologyKey }) => topologyKey === "kubernetes.io/hostname")
              ? []
              : [`${pod.id}: any number on one node`]),
            ...spread.flatMap(({ whenUnsatisfiable, labelSelector, topologyKey }) => [
              ...(whenUnsatisfiable === "ScheduleAnyway" ? [] : [`${pod.id} waits for ${topologyKey}`]),
              ...(selects(labelSelector as Selector, pod.labels)
                ? []
                : [`${pod.id}: ${topologyKey} counts other pods`]),
              ...podTemplates(objects)
                .filter(
                  (other) =>
                    other.id !== pod.id &&
                    other.namespace === pod.namespace &&
                    selects(labelSelector as Selector, other.labels),
                )
                .map((other) => `${pod.id}: ${topologyKey} counts those of ${other.id}, too`),
            ]),
          ];
        }),
    ));
  test("and agents are on every node, whatever its taints", () =>
    each((objects) =>
      podTemplates(objects)
        .filter(({ kind }) => kind === "DaemonSet")
        .flatMap(({ id, spec }) =>
          spec.tolerations?.some(({ operator, key, effect }) => operator === "Exists" && !key && !effect) ? [] : [id],
        ),
    ));
});

/** https://kubernetes.io/docs/tasks/run-application/configure-pdb/ */
test("a disruption budget lets one pod be away at a time, and is there for no workload of one pod", () =>
  each((objects) => {
    const pods = podTemplates(quiet(objects));
    return ofKind(objects, "PodDisruptionBudget").flatMap((budget) => {
      const { maxUnavailable, selector = {} } = specOf<{ maxUnavailable?: number; selector?: Selector }>(budget);
      const count = pods
        .filter(({ labels, namespace }) => namespace === budget.metadata.namespace && selects(selector, labels))
        .reduce((sum, { replicas }) => sum + replicas, 0);
      return [
        ...(maxUnavailable === 1 ? [] : [`${idOf(budget)}: ${maxUnavailable}`]),
        ...(count > 1 ? [] : [`${idOf(budget)}: ${count} pods`]),
      ];
    });
  }));

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ */
describe("an autoscaler", () => {
  interface Spec {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics: readonly {
      readonly resource: { readonly name: string; readonly target: { readonly averageValue: string } };
    }[];
    readonly behavior?: {
      readonly scaleDown?: {
        readonly stabilizationWindowSeconds?: number;
        readonly policies?: readonly { readonly type: string; readonly value: number }[];
      };
    };
  }
  const found = (objects: readonly Manifest[]) =>
    ofKind(objects, "HorizontalPodAutoscaler").map((object) => {
      const spec = specOf<Spec>(object);
      const target = objects.find(
        ({ kind, metadata }) => kind === spec.scaleTargetRef.kind && metadata.name === spec.scaleTargetRef.name,
      );
      return { id: idOf(object), spec, target };
    });
  test("scales a Deployment that says no number itself, which each apply would set it back to, between a pair and more", () => {
    assert.ok(found(worldNamed("prod").objects).length > 5);
    each((objects) =>
      found(objects).flatMap(({ id, spec, target }) => [
        ...(target?.kind === "Deployment" && specOf<{ replicas?: number }>(target).replicas === undefined
          ? []
          : [`${id}: ${target ? "replicas are said" : "no target"}`]),
        ...((spec.minReplicas ?? 1) >= 2 && spec.maxReplicas > (spec.minReplicas ?? 1)
          ? []
          : [`${id}: ${spec.minReplicas} to ${spec.maxReplicas}`]),
      ]),
    );
  });
  test("adds pods before those there are have used what they ask for: at half of it or more, and below all of it", () =>
    each((objects) =>
      found(objects).flatMap(({ id, spec, target }) => {
        const [pod] = target ? podTemplates([target]) : [];
        const asked = quantity(pod?.spec.containers[0]?.resources?.requests?.["cpu"]) ?? NaN;
        const share = (quantity(spec.metrics[0]?.resource.target.averageValue) ?? NaN) / asked;
        return share >= 0.5 && share < 1 ? [] : [`${id}: at ${share}`];
      }),
    ));
  test("takes one away at a time, and after at least as long as Kubernetes waits by itself: five minutes", () =>
    each((objects) =>
      found(objects).flatMap(({ id, spec: { behavior } }) => {
        const { stabilizationWindowSeconds = 300, policies = [] } = behavior?.scaleDown ?? {};
        return stabilizationWindowSeconds >= 300 &&
          policies.length > 0 &&
          policies.every(({ type, value }) => type === "Pods" && value === 1)
          ? []
          : [id];
      }),
    ));
  test("is there for every workload whose size has a most, and nothing else says how many pods it has", () =>
    each((objects) =>
      ofKind(objects, "Deployment").flatMap((object) => {
        const scaled = found(objects).some(({ target }) => target === object);
        return scaled || specOf<{ replicas?: number }>(object).replicas !== undefined ? [] : [idOf(object)];
      }),
    ));
});

describe("a Service", () => {
  interface Spec {
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly selector: Labels;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
  }
  const found = (objects: readonly Manifest[]) =>
    ofKind(objects, "Service").map((object) => ({
      id: idOf(object),
      name: object.metadata.name,
      spec: specOf<Spec>(object),
    }));
  test("leads to a port by its name, so that a pod may listen on another number", () =>
    each((objects) =>
      found(objects).flatMap(({ id, spec }) =>
        spec.ports.flatMap(({ name, targetPort }) => (targetPort === name ? [] : [`${id}: ${targetPort}`])),
      ),
    ));
  /** Of a ring; of a quorum; of caches, of which each item has its own; of those who are ready only when somebody has found them. */
  const beforeReady =
    /^((loki|mimir|tempo)-gossip|kafka-headless|alertmanager(-headless)?|.+-cache(-\w+)?|tempo-query-frontend-headless|thanos-receive(-ingester)?-headless)$/;
  test("lists pods before they are ready where they must find each other to become so, and nowhere else", () => {
    for (const name of ["staging", "prod", "prod-mimir"])
      none(
        found(worldNamed(name).objects).flatMap(({ id, name: own, spec }) => {
          if (spec.publishNotReadyAddresses && spec.clusterIP !== "None")
            return [`${id} sends requests to pods that are not ready`];
          return (spec.clusterIP === "None" && beforeReady.test(own)) === Boolean(spec.publishNotReadyAddresses)
            ? []
            : [id];
        }),
        name,
      );
  });
  test("that governs a StatefulSet, or is a ring's, has no address of its own", () =>
    each((objects) => {
      const governing = ofKind(objects, "StatefulSet").map(
        (object) => specOf<{ serviceName: string }>(object).serviceName,
      );
      return found(objects).flatMap(({ id, name, spec }) =>
        spec.clusterIP !== "None" && (governing.includes(name) || /-(gossip|members|store-api)$/.test(name))
          ? [id]
          : [],
      );
    }));
  test("of a group takes whoever has the group's label, of whatever component", () =>
    each((objects) =>
      found(objects).flatMap(({ id, name, spec }) =>
        /-(gossip|members|store-api)$/.test(name) &&
        Object.keys(spec.selector).some((key) => key.startsWith("app.kubernetes.io/"))
          ? [id]
          : [],
      ),
    ));
});

/** STYLE: a selector cannot change under its name, so it is what cannot change of the pods. */
test("a controller takes pods by name, component and zone, and by nothing that may grow", () =>
  each((objects) =>
    podTemplates(objects).flatMap((pod) =>
      JSON.stringify(pod.selector) === JSON.stringify({ matchLabels: identity(pod.labels, zone) })
        ? []
        : [`${pod.id}: ${JSON.stringify(pod.selector)}`],
    ),
  ));

test("who keeps data keeps it in a volume of one node at a time, in a folder that an end is set to where it goes with the pod", () =>
  each((objects) =>
    ofKind(objects, "StatefulSet").flatMap((object) => {
      const { volumeClaimTemplates = [] } = specOf<{
        volumeClaimTemplates?: readonly {
          readonly metadata: { readonly name: string };
          readonly spec: { readonly accessModes: readonly string[] };
        }[];
      }>(object);
      const [pod] = podTemplates([object]);
      const mounts = (pod ? containersOf(pod) : []).flatMap(({ volumeMounts = [] }) =>
        volumeMounts.map(({ name }) => name),
      );
      const folder = pod?.spec.volumes?.find(({ name }) => name === "data")?.emptyDir;
      const bounded = (folder: { sizeLimit?: unknown }): boolean =>
        pod?.spec.containers.some(({ resources }) => resources?.limits?.["ephemeral-storage"] === folder.sizeLimit) ??
        false;
      const claimed = volumeClaimTemplates.some(({ metadata }) => metadata.name === "data");
      return [
        ...volumeClaimTemplates
          .filter(({ spec }) => spec.accessModes.join() !== "ReadWriteOnce")
          .map(({ metadata }) => `${idOf(object)}: ${metadata.name}`),
        // Pods that only keep their names keep nothing else.
        ...(mounts.includes("data") && !claimed && !folder ? [`${idOf(object)} has no volume for its data`] : []),
        ...(folder && pod?.labels["app.kubernetes.io/component"] !== "pattern-ingester" && !bounded(folder)
          ? [`${idOf(object)}: its folder may grow beyond what it may have`]
          : []),
      ];
    }),
  ));

test("a container's ports are listed by their numbers, as a reader looks for them", () =>
  each((objects) =>
    containers(objects, ({ ports = [] }) => {
      const numbers = ports.map(({ containerPort }) => containerPort);
      return numbers.join() === numbers.toSorted((a, b) => a - b).join() ? [] : [numbers.join()];
    }),
  ));

test("claims have the storage class and the size that the environment says for their component, and no others", () => {
  const world = worldOf(
    environmentOf("claims", {
      mode: "monolithic",
      metrics: "mimir",
      volumes: { default: { class: "slow" }, loki: { class: "fast", size: "50Gi" } },
    }),
  );
  /** https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/persistent-volume-claim-v1/ */
  const claimOf = (name: string) =>
    specOf<{
      readonly volumeClaimTemplates: readonly {
        readonly spec: { readonly storageClassName?: string; readonly resources: { readonly requests: object } };
      }[];
    }>(ofKind(world.objects, "StatefulSet").find(({ metadata }) => metadata.name === name) ?? assert.fail(name))
      .volumeClaimTemplates[0]?.spec;
  assert.equal(claimOf("loki")?.storageClassName, "fast");
  assert.deepEqual(claimOf("loki")?.resources.requests, { storage: "50Gi" });
  assert.equal(claimOf("tempo")?.storageClassName, "slow");
});
