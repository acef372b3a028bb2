import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { idOf, isWorkload } from "../src/core/kubernetes/reading.ts";
import type { Environment } from "../src/settings/schema.ts";
import { images } from "../src/versions.ts";
import { composeOf } from "./lib/compose.ts";
import { none, says } from "./lib/findings.ts";
import { altered, containersOf, podTemplate, podTemplates, without } from "./lib/objects.ts";
import {
  accessFaults,
  budgetFaults,
  hardeningFaults,
  imageFaults,
  placementFaults,
  probeFaults,
  restrictedFaults,
} from "./lib/security.ts";
import { built, dev, rendered, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/** What the agents that read log files ask of their nodes, beside what an environment says of them. */
const logAgent = (name: string): readonly string[] => [
  "volumes.logs is the host's /var/log/pods",
  `volumes.data is the host's /var/lib/kube-lgtm/${name}`,
  `containers.${name} may run as root`,
  `containers.${name} runs as user 0`,
  `containers.${name}.volumeMounts.data may write to the host`,
];

/** Everything that the agents ask of their nodes. */
const asked = (agent: string, { nodes: { runtime, journal }, platform }: Environment): readonly string[] => [
  ...(platform === "openshift" ? [`containers.${agent} sets an SELinux type`] : []),
  ...(agent === "node-exporter"
    ? ["volumes.proc is the host's /proc", "volumes.sys is the host's /sys", "volumes.root is the host's /"]
    : [
        // Where it may not write to the node, how far it has read goes with its pod.
        ...logAgent(agent).filter(
          (fault) => platform !== "gke-autopilot" || !/volumes.data|volumeMounts.data/.test(fault),
        ),
        ...(runtime === "docker" ? ["volumes.docker is the host's /var/lib/docker/containers"] : []),
        ...(journal === "read"
          ? ["volumes.journal is the host's /var/log", "volumes.journal-volatile is the host's /run/log"]
          : []),
      ]),
];

for (const { name, objects, environment } of worlds) {
  describe(`the pods of ${name}`, () => {
    const pods = podTemplates(objects);
    const of = (namespace: string) => pods.filter((pod) => pod.namespace === namespace);
    const { stack, agents } = environment.namespaces;

    test("keep Pod Security `restricted` in the stack's namespace, which enforces it", () => {
      assert.ok(of(stack).length > 8);
      none(of(stack).flatMap((pod) => [...restrictedFaults(pod), ...hardeningFaults(pod)]));
      const namespace = objects.find(({ kind, metadata }) => kind === "Namespace" && metadata.name === stack);
      assert.deepEqual(namespace?.metadata["labels"], {
        "app.kubernetes.io/part-of": "kube-lgtm",
        "pod-security.kubernetes.io/enforce": "restricted",
      });
    });

    test("touch the host only in the agents' namespace, and only where they must", () => {
      assert.deepEqual(
        of(agents)
          .map((pod) => pod.name)
          .sort(),
        [environment.collector, ...(environment.platform === "gke-autopilot" ? [] : ["node-exporter"])].sort(),
      );
      for (const pod of of(agents)) {
        const faults = [...restrictedFaults(pod), ...hardeningFaults(pod)];
        assert.deepEqual(
          faults.map((fault) => fault.slice(pod.id.length + 1)).toSorted(),
          asked(pod.name, environment).toSorted(),
          pod.id,
        );
      }
    });

    test("come to no Windows node, and those of every node to no Fargate and no virtual one, where they would wait for ever", () =>
      none(pods.flatMap(placementFaults)));
    test("are asked whether they have started, are ready and are alive", () => none(pods.flatMap(probeFaults)));
    test("have no more rights over the cluster than to read what they watch", () => none(accessFaults(objects)));
    test("run images that are pinned in src/versions.ts", () => none(imageFaults(objects, Object.values(images))));
    test("can be drained, and never all at once", () => none(budgetFaults(objects)));
  });
}

const compose = composeOf(rendered(), "demo");

test("no image stands in src/versions.ts that nobody runs", () => {
  const used = new Set([
    ...podTemplates(built.bases.flatMap(({ objects }) => objects))
      .flatMap(containersOf)
      .map(({ image }) => image),
    ...Object.values(compose.services).map(({ image }) => image),
    ...built.additions.flatMap(({ patches }) =>
      patches
        .filter(isWorkload)
        .flatMap((patch) => (podTemplate(patch).spec.containers ?? []).map(({ image }) => image)),
    ),
  ]);
  none(Object.values(images).filter((image) => !used.has(image)));
});

test("environments in namespaces of their own share nothing that no namespace holds", () => {
  const all = worlds.map(({ name, environment: { namespaces }, objects }) => ({
    name,
    spaces: new Set(Object.values(namespaces)),
    ids: objects.filter(({ metadata }) => metadata.namespace === undefined).map(idOf),
  }));
  const shared = all.flatMap((one) =>
    all
      .filter(({ spaces }) => [...spaces].every((space) => !one.spaces.has(space)))
      .flatMap((other) =>
        one.ids.filter((id) => other.ids.includes(id)).map((id) => `${one.name} and ${other.name}: ${id}`),
      ),
  );
  assert.ok(all.every(({ ids }) => ids.length > 4));
  none(shared);
});

describe("a pod that is not careful is reported", () => {
  const loki = "StatefulSet observability/loki";
  const spec = ["spec", "template", "spec"];
  const container = [...spec, "containers", 0];
  const changed = (path: readonly (string | number)[], value: unknown, id = loki): readonly Manifest[] =>
    altered(dev.objects, id, path, value);
  const pods = (path: readonly (string | number)[], value: unknown) => podTemplates(changed(path, value));

  const restricted: readonly [string, readonly (string | number)[], unknown, RegExp][] = [
    ["the host's network", [...spec, "hostNetwork"], true, /uses the host's network/],
    ["the host's processes", [...spec, "hostPID"], true, /sees the host's processes/],
    ["the host's memory", [...spec, "hostIPC"], true, /shares the host's memory/],
    [
      "a folder of the host",
      [...spec, "volumes", 0],
      { name: "x", hostPath: { path: "/etc" } },
      /volumes.x is the host's \/etc/,
    ],
    ["a port of the host", [...container, "ports", 0, "hostPort"], 80, /takes a port of the host/],
    ["all privileges", [...container, "securityContext", "privileged"], true, /is privileged/],
    [
      "more privileges later",
      [...container, "securityContext", "allowPrivilegeEscalation"],
      undefined,
      /may gain privileges/,
    ],
    [
      "capabilities",
      [...container, "securityContext", "capabilities", "add"],
      ["SYS_ADMIN"],
      /adds capabilities SYS_ADMIN/,
    ],
    [
      "the usual capabilities",
      [...container, "securityContext", "capabilities", "drop"],
      ["NET_RAW"],
      /does not drop ALL/,
    ],
    ["to be root", [...spec, "securityContext", "runAsNonRoot"], undefined, /may run as root/],
    ["to be root in one container", [...container, "securityContext", "runAsUser"], 0, /runs as user 0/],
    ["every system call", [...spec, "securityContext", "seccompProfile"], undefined, /no seccomp profile/],
    [
      "an unsafe sysctl",
      [...spec, "securityContext", "sysctls"],
      [{ name: "kernel.msgmax", value: "1" }],
      /unsafe sysctls/,
    ],
    ["an unmasked /proc", [...container, "securityContext", "procMount"], "Unmasked", /unmasks \/proc/],
  ];
  for (const [what, path, value, message] of restricted)
    test(`when it takes ${what}`, () => says(pods(path, value).flatMap(restrictedFaults), message));

  const careless: readonly [string, readonly (string | number)[], unknown, RegExp][] = [
    [
      "may write to its root",
      [...container, "securityContext", "readOnlyRootFilesystem"],
      false,
      /loki containers.loki may write/,
    ],
    ["requests no memory", [...container, "resources", "requests", "memory"], undefined, /requests no memory/],
    ["requests no CPU", [...container, "resources", "requests", "cpu"], undefined, /requests no cpu/],
    ["has no memory limit", [...container, "resources", "limits", "memory"], undefined, /no memory limit/],
    ["takes service links", [...spec, "enableServiceLinks"], undefined, /every Service's address/],
  ];
  for (const [what, path, value, message] of careless)
    test(`when it ${what}`, () => says(pods(path, value).flatMap(hardeningFaults), message));

  const agent = "DaemonSet observability-agents/alloy";
  const terms = [
    ...spec,
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
  ];
  const placed: readonly [string, string, readonly (string | number)[], unknown, RegExp][] = [
    ["may come to Windows", loki, [...spec, "nodeSelector"], undefined, /loki may come to a node of Windows/],
    ["waits on Fargate", agent, [...terms, 0, "matchExpressions", 0], undefined, /alloy may come to a node of Fargate/],
    ["waits on a virtual node", agent, [...spec, "affinity"], undefined, /alloy may come to a node of virtual-kubelet/],
    ["runs nowhere", agent, [...terms, 0, "matchExpressions", 0, "operator"], "In", /alloy runs on no machine/],
  ];
  for (const [what, id, path, value, message] of placed)
    test(`when it ${what}`, () => says(podTemplates(changed(path, value, id)).flatMap(placementFaults), message));

  const probed: readonly [string, readonly (string | number)[], unknown, RegExp][] = [
    ["cannot say it is ready", [...container, "readinessProbe"], undefined, /has no readinessProbe/],
    ["cannot say it is alive", [...container, "livenessProbe"], undefined, /has no livenessProbe/],
    ["cannot say it has started", [...container, "startupProbe"], undefined, /has no startupProbe/],
    ["is asked the same twice", [...container, "livenessProbe", "httpGet", "path"], "/ready", /asks the same/],
    ["is asked at a number", [...container, "livenessProbe", "httpGet", "port"], 3100, /livenessProbe names no port/],
    [
      "is asked at a port it does not have",
      [...container, "livenessProbe", "httpGet", "port"],
      "web",
      /names port web/,
    ],
  ];
  for (const [what, path, value, message] of probed)
    test(`when it ${what}`, () => says(pods(path, value).flatMap(probeFaults), message));

  const role = "ClusterRole kube-lgtm-prometheus";
  const access: readonly [string, string, readonly (string | number)[], unknown, RegExp][] = [
    ["its role may write", role, ["rules", 0, "verbs", 0], "delete", /kube-lgtm-prometheus rules.0 allows delete/],
    ["its role may do anything", role, ["rules", 0, "verbs", 0], "*", /allows \*/],
    ["its role reads secrets", role, ["rules", 0, "resources", 0], "secrets", /opens secrets/],
    ["its role reads everything", role, ["rules", 0, "resources", 0], "*", /opens \*/],
    ["its role is in every API group", role, ["rules", 0, "apiGroups", 0], "*", /every API group/],
    [
      "it has a token without use",
      loki,
      [...spec, "automountServiceAccountToken"],
      true,
      /loki has a token that nothing/,
    ],
    [
      "its binding names another account",
      "ClusterRoleBinding kube-lgtm-prometheus",
      ["subjects", 0, "name"],
      "prom",
      /no ServiceAccount observability\/prom/,
    ],
    [
      "its account hands out tokens",
      "ServiceAccount observability/loki",
      ["automountServiceAccountToken"],
      undefined,
      /hands out its token/,
    ],
  ];
  for (const [what, id, path, value, message] of access)
    test(`when ${what}`, () => says(accessFaults(changed(path, value, id)), message));
  test("when its role is missing", () =>
    says(accessFaults(without(dev.objects, role)), /no ClusterRole kube-lgtm-prometheus/));

  test("when its image is not pinned", () => {
    const faults = (image: string) => imageFaults(changed([...container, "image"], image), Object.values(images));
    says(faults("docker.io/grafana/loki"), /has no tag/);
    says(faults("localhost:5000/loki"), /has no tag/);
    says(faults("docker.io/grafana/loki:latest"), /whatever is newest/);
    says(faults("docker.io/grafana/loki:1.0"), /does not stand in src\/versions.ts/);
  });

  test("when it has replicas and no budget", () => {
    const many = changed(["spec", "replicas"], 3);
    says(budgetFaults(many), /loki has 0 PodDisruptionBudgets/);
    says(budgetFaults(many), /all replicas on one node/);
    const selector = { matchLabels: { "app.kubernetes.io/name": "loki" } };
    const budget = (numbers: object): Manifest => ({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "loki", namespace: "observability" },
      spec: { selector, ...numbers },
    });
    says(budgetFaults([...many, budget({})]), /says no number/);
    says(budgetFaults([...many, budget({ minAvailable: 3 })]), /blocks every drain/);
    says(budgetFaults([...many, budget({ minAvailable: "100%" })]), /blocks every drain/);
    says(budgetFaults([...many, budget({ maxUnavailable: 0 })]), /blocks every drain/);
    says(
      budgetFaults([...many, budget({ maxUnavailable: 1, selector: { matchLabels: { a: "b" } } })]),
      /selects no pod/,
    );
    none(budgetFaults([...many, budget({ maxUnavailable: 1 })]).filter((fault) => fault.includes("Budget")));
  });
});
