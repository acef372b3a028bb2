import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { immutable } from "../src/core/kubernetes/immutable.ts";
import { clusterScoped, manifest, type Manifest } from "../src/core/kubernetes/manifest.ts";
import { network, type PolicySpec, targets } from "../src/core/kubernetes/network-rules.ts";
import { configMapsOf, containersOf, podTemplate, quiet, secretsOf, selects } from "../src/core/kubernetes/reading.ts";
import { quantity, requests } from "../src/core/kubernetes/requests.ts";
import { merged, patch } from "../src/core/kubernetes/strategic-merge.ts";
import { Service } from "../src/core/kubernetes/builders.ts";

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
describe("a label selector takes what Kubernetes's documentation says that it takes", () => {
  const labels = { app: "loki", zone: "a" };
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });
  const cases: readonly [string, Parameters<typeof selects>[0], boolean][] = [
    ["everything, where it says nothing", {}, true],
    ["all of its labels", { matchLabels: { app: "loki", zone: "a" } }, true],
    ["none with one label of two", { matchLabels: { app: "loki", zone: "b" } }, false],
    ["a value in a set", expression("zone", "In", "a", "b"), true],
    ["no value outside of a set", expression("zone", "In", "b"), false],
    ["a value that is not in a set", expression("zone", "NotIn", "b"), true],
    ["no value that is in a set it excludes", expression("zone", "NotIn", "a"), false],
    ["who lacks the label that it excludes values of", expression("tier", "NotIn", "x"), true],
    ["a label that is there", expression("zone", "Exists"), true],
    ["no label that is not there", expression("tier", "Exists"), false],
    ["who lacks a label", expression("tier", "DoesNotExist"), true],
    [
      "none of whom one of its expressions is wrong",
      {
        matchExpressions: [
          ...expression("zone", "In", "a").matchExpressions,
          ...expression("app", "In", "x").matchExpressions,
        ],
      },
      false,
    ],
    [
      "none of whom the labels are right and an expression is wrong",
      { matchLabels: { app: "loki" }, ...expression("zone", "In", "b") },
      false,
    ],
  ];
  for (const [what, selector, expected] of cases) test(what, () => assert.equal(selects(selector, labels), expected));
});

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
test("a quantity is the number that Kubernetes's API takes it for", () => {
  const numbers: Readonly<Record<string, number>> = {
    "100m": 0.1,
    "2": 2,
    "1.5": 1.5,
    "3u": 3e-6,
    "4n": 4e-9,
    "1k": 1000,
    "1M": 1_000_000,
    "1G": 1_000_000_000,
    "1T": 1e12,
    "1P": 1e15,
    "1Ki": 1024,
    "1Mi": 1_048_576,
    "1Gi": 1_073_741_824,
    "1Ti": 1_099_511_627_776,
    "2Pi": 2_251_799_813_685_248,
    "1e3": 1000,
    "12E2": 1200,
    "-1": -1,
  };
  for (const [text, expected] of Object.entries(numbers)) assert.equal(quantity(text), expected, text);
  for (const wrong of ["", "Gi", "1 Gi", "1gi", "1Gb", "ten"]) assert.equal(quantity(wrong), undefined, wrong);
});

const container = (name: string, more: object = {}) => ({ name, image: `example.org/${name}:1`, ...more });
const workload = (kind: string, spec: object, pod: object = {}, name = "a"): Manifest => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, namespace: "x" },
  spec: {
    ...spec,
    template: { metadata: { labels: { app: name } }, spec: { containers: [container("main")], ...pod } },
  },
});

describe("what pods ask for is added up", () => {
  const asks = (cpu: string, memory: string, limit: string) => ({
    resources: { requests: { cpu, memory }, limits: { memory: limit } },
  });
  const two = {
    containers: [container("a", asks("100m", "64Mi", "128Mi")), container("b", asks("50m", "64Mi", "1Gi"))],
  };
  test("of each container, as often as there are replicas: requests, limits and claims each by itself", () =>
    assert.deepEqual(
      requests([
        workload(
          "StatefulSet",
          {
            replicas: 3,
            volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "10Gi" } } } }],
          },
          two,
        ),
      ]),
      { cpu: 3 * 150, memory: 3 * 128, memoryLimit: 3 * (128 + 1024), claims: 3 * 10 * 1024 },
    ));
  test("of one node for a DaemonSet, and of one replica where none are said", () =>
    assert.deepEqual(requests([workload("DaemonSet", {}, two), workload("Deployment", {}, two, "b")]).cpu, 300));
  test("with sidecars, which run on, and without containers that end before the others begin", () => {
    const pod = {
      containers: [container("a", asks("100m", "1Mi", "1Mi"))],
      initContainers: [
        container("waits", asks("1000m", "1Mi", "1Mi")),
        container("sidecar", { restartPolicy: "Always", ...asks("7m", "1Mi", "1Mi") }),
      ],
    };
    assert.equal(requests([workload("Deployment", { replicas: 1 }, pod)]).cpu, 107);
  });
  test("with claims that are objects of their own, and without Jobs", () =>
    assert.deepEqual(
      requests([
        workload("Job", {}, two),
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "c" },
          spec: { resources: { requests: { storage: "1Gi" } } },
        },
      ]),
      { cpu: 0, memory: 0, memoryLimit: 0, claims: 1024 },
    ));
  test("of the fewest pods that an autoscaler leaves: one, where it says no number, and KEDA's none", () => {
    const scaler = (kind: string, spec: object): Manifest => ({
      apiVersion: "x/v1",
      kind,
      metadata: { name: "a", namespace: "x" },
      spec: { scaleTargetRef: { kind: "Deployment", name: "a" }, ...spec },
    });
    const replicas = (object: Manifest): number =>
      podTemplate(quiet([workload("Deployment", { replicas: 9 }, two), object])[0] as Manifest).replicas;
    assert.equal(replicas(scaler("HorizontalPodAutoscaler", { minReplicas: 2, maxReplicas: 6 })), 2);
    assert.equal(replicas(scaler("HorizontalPodAutoscaler", { maxReplicas: 6 })), 1);
    assert.equal(replicas(scaler("ScaledObject", { minReplicaCount: 3 })), 3);
    assert.equal(replicas(scaler("ScaledObject", {})), 0);
  });
});

describe("who reads a ConfigMap or a Secret is known", () => {
  const pod = podTemplate(
    workload(
      "Deployment",
      {},
      {
        containers: [
          container("a", {
            envFrom: [{ configMapRef: { name: "all" } }, { secretRef: { name: "keys", optional: true } }],
            env: [
              { name: "A", valueFrom: { configMapKeyRef: { name: "one", key: "k" } } },
              { name: "B", valueFrom: { secretKeyRef: { name: "password", key: "k" } } },
            ],
          }),
        ],
        initContainers: [container("first", { envFrom: [{ configMapRef: { name: "before" } }] })],
        volumes: [
          { name: "v", configMap: { name: "files" } },
          { name: "w", secret: { secretName: "certificate" } },
          {
            name: "p",
            projected: {
              sources: [
                { configMap: { name: "base" } },
                { secret: { name: "own", optional: true } },
                { configMap: { name: "more" } },
              ],
            },
          },
        ],
      },
    ),
  );
  test("whether by a volume, a projected one, all variables or a single one, and before the others run", () => {
    assert.deepEqual(
      configMapsOf(pod)
        .map(({ name }) => name)
        .toSorted(),
      ["all", "base", "before", "files", "more", "one"],
    );
    assert.deepEqual(
      secretsOf(pod)
        .map(({ name, optional }) => `${name} ${optional}`)
        .toSorted(),
      ["certificate false", "keys true", "own true", "password false"],
    );
  });
  test("and containers that run first are containers", () =>
    assert.deepEqual(
      containersOf(pod).map(({ name }) => name),
      ["first", "a"],
    ));
});

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
describe("a network policy lets through what Kubernetes's documentation says that it lets through", () => {
  const pod = (name: string, namespace: string) => ({ namespace, labels: { app: name } });
  const [a, b, far] = [pod("a", "x"), pod("b", "x"), pod("b", "y")];
  const http = { port: 80, name: "http" };
  const objects = (...specs: readonly PolicySpec[]): readonly Manifest[] => [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "y", labels: { team: "other" } } },
    ...specs.map((spec, i) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: `p${i}`, namespace: "x" },
      spec,
    })),
  ];
  const onA = { podSelector: { matchLabels: { app: "a" } } };
  const into = (
    spec: PolicySpec,
    other: Parameters<ReturnType<typeof network>["open"]>[2] = b,
    target: object = http,
  ) => network(objects(spec)).open("Ingress", a, other, { ...http, ...target });

  test("everything, where no policy selects a pod", () => {
    const net = network(objects(onA));
    assert.ok(net.open("Ingress", b, a, http) && net.open("Egress", b, a, http) && !net.restricted("Ingress", b));
  });
  test("nothing, where one selects it and has no rule", () => assert.ok(!into(onA)));
  test("whatever a second policy lets through beside the first", () =>
    assert.ok(network(objects(onA, { ...onA, ingress: [{}] })).open("Ingress", a, b, http)));
  test("everybody, by a rule without peers", () => {
    assert.ok(into({ ...onA, ingress: [{ ports: [{ port: 80 }] }] }));
    assert.ok(into({ ...onA, ingress: [{ from: [], ports: [{ port: 80 }] }] }));
  });
  test("pods of its own namespace only, where it names no other", () => {
    const spec = { ...onA, ingress: [{ from: [{ podSelector: { matchLabels: { app: "b" } } }] }] };
    assert.ok(into(spec) && !into(spec, far));
  });
  test("pods of a namespace by its labels and its name", () => {
    const from = (namespaceSelector: object) => ({
      ...onA,
      ingress: [{ from: [{ namespaceSelector, podSelector: { matchLabels: { app: "b" } } }] }],
    });
    assert.ok(into(from({ matchLabels: { team: "other" } }), far) && !into(from({ matchLabels: { team: "other" } })));
    assert.ok(into(from({ matchLabels: { "kubernetes.io/metadata.name": "y" } }), far));
    assert.ok(into(from({}), far) && into(from({})) && !into(from({}), pod("c", "y")));
  });
  test("the port and the protocol that it names, TCP where it names none, and every port of a range with its ends", () => {
    const ports = (...list: object[]) => ({ ...onA, ingress: [{ ports: list }] });
    const opens = (list: object, target: object): boolean => into(ports(list), b, target);
    assert.ok(opens({ port: 80 }, { port: 80 }) && !opens({ port: 80 }, { port: 81 }));
    assert.ok(!opens({ port: 80 }, { port: 80, protocol: "UDP" }));
    assert.ok(opens({ port: 53, protocol: "UDP" }, { port: 53, protocol: "UDP" }));
    assert.ok(!opens({ port: 53, protocol: "UDP" }, { port: 53 }));
    assert.ok(opens({ port: "http" }, { port: 8080 }) && !opens({ port: "grpc" }, { port: 80 }));
    const range = { port: 8000, endPort: 8002 };
    assert.deepEqual(
      [7999, 8000, 8001, 8002, 8003].map((port) => opens(range, { port })),
      [false, true, true, true, false],
    );
  });
  test("both directions, where it says none and has rules for what goes out", () => {
    const net = network(objects({ ...onA, egress: [{}] }));
    assert.ok(!net.open("Ingress", a, b, http) && net.open("Egress", a, b, http));
    assert.ok(network(objects(onA)).open("Egress", a, b, http));
    assert.ok(!network(objects({ ...onA, policyTypes: ["Egress"] })).open("Egress", a, b, http));
  });
  test("a connection only where it may go out and come in", () => {
    const shut = network(objects({ podSelector: {}, policyTypes: ["Ingress", "Egress"] }));
    assert.ok(!shut.connects(a, b, http));
    const half = network(objects({ podSelector: {}, policyTypes: ["Ingress", "Egress"], egress: [{}] }));
    assert.ok(!half.connects(a, b, http));
  });
  test("the ports that a pod declares, with their protocols", () =>
    assert.deepEqual(
      targets(
        podTemplate(
          workload(
            "Deployment",
            {},
            {
              containers: [
                container("a", {
                  ports: [
                    { containerPort: 1, name: "x" },
                    { containerPort: 1, name: "y", protocol: "UDP" },
                  ],
                }),
              ],
            },
          ),
        ),
      ),
      [
        { port: 1, name: "x", protocol: "TCP" },
        { port: 1, name: "y", protocol: "UDP" },
      ],
    ));
});

/** What the API server answers with "field is immutable" or "Forbidden": pkg/apis/{apps,core,rbac}/validation of Kubernetes 1.32. */
describe("what cannot change under one name is known", () => {
  const object = (kind: string, fields: object): Manifest => ({
    apiVersion: "v1",
    kind,
    metadata: { name: "a" },
    ...fields,
  });
  const differs = (kind: string, one: object, other: object): boolean =>
    JSON.stringify(immutable(object(kind, one))) !== JSON.stringify(immutable(object(kind, other)));
  const spec = (fields: object) => ({ spec: fields });
  const fixed: readonly [string, object, object][] = [
    ["Deployment", spec({ selector: { matchLabels: { a: "b" } } }), spec({ selector: { matchLabels: { a: "c" } } })],
    [
      "DaemonSet",
      spec({ selector: { matchLabels: { a: "b" } } }),
      spec({ selector: { matchLabels: { a: "b", c: "d" } } }),
    ],
    ["StatefulSet", spec({ serviceName: "a" }), spec({ serviceName: "b" })],
    ["StatefulSet", spec({ podManagementPolicy: "Parallel" }), spec({ podManagementPolicy: "OrderedReady" })],
    ["StatefulSet", spec({ volumeClaimTemplates: [1] }), spec({ volumeClaimTemplates: [2] })],
    ["StatefulSet", spec({ selector: 1 }), spec({ selector: 2 })],
    ["Service", spec({ clusterIP: "None" }), spec({})],
    ["PersistentVolumeClaim", spec({ storageClassName: "a" }), spec({ storageClassName: "b" })],
    [
      "ClusterRoleBinding",
      { roleRef: { kind: "ClusterRole", name: "a" } },
      { roleRef: { kind: "ClusterRole", name: "b" } },
    ],
    ["RoleBinding", { roleRef: { kind: "Role", name: "a" } }, { roleRef: { kind: "Role", name: "b" } }],
    ["Job", spec({ template: 1 }), spec({ template: 2 })],
    ["Secret", { type: "Opaque" }, { type: "kubernetes.io/tls" }],
    ["StorageClass", { provisioner: "a" }, { provisioner: "b" }],
  ];
  for (const [kind, one, other] of fixed)
    test(`${kind}: ${JSON.stringify(one)}`, () => assert.ok(differs(kind, one, other)));
  const free: readonly [string, object, object][] = [
    ["Deployment", spec({ replicas: 1, template: 1 }), spec({ replicas: 2, template: 2 })],
    [
      "StatefulSet",
      spec({
        replicas: 1,
        template: 1,
        updateStrategy: 1,
        minReadySeconds: 1,
        persistentVolumeClaimRetentionPolicy: 1,
      }),
      spec({
        replicas: 2,
        template: 2,
        updateStrategy: 2,
        minReadySeconds: 2,
        persistentVolumeClaimRetentionPolicy: 2,
      }),
    ],
    ["PersistentVolumeClaim", spec({ resources: 1 }), spec({ resources: 2 })],
    ["Service", spec({ ports: [1] }), spec({ ports: [2] })],
    ["ClusterRoleBinding", { subjects: [1] }, { subjects: [2] }],
    ["ConfigMap", { data: 1 }, { data: 2 }],
    ["Secret", { data: 1 }, { data: 2 }],
  ];
  for (const [kind, one, other] of free)
    test(`and ${kind} may have other ${Object.keys((one as { spec?: object }).spec ?? one).join(", ")}`, () =>
      assert.ok(!differs(kind, one, other)));
});

/** https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md */
describe("a strategic merge", () => {
  const pod = { containers: [container("a", { args: ["x"] }), container("b")], volumes: [{ name: "v", emptyDir: {} }] };
  test("changes a container by its name, leaves the others, and puts a new one before them", () => {
    const result = merged({ spec: pod }, { spec: { containers: [{ name: "b", image: "c" }, { name: "new" }] } });
    assert.deepEqual(result, {
      spec: { ...pod, containers: [{ name: "b", image: "c" }, { name: "new" }, pod.containers[0]] },
    });
  });
  test("replaces a list that has no key", () =>
    assert.deepEqual(
      merged({ containers: [container("a", { args: ["x"] })] }, { containers: [{ name: "a", args: ["y"] }] }),
      {
        containers: [container("a", { args: ["y"] })],
      },
    ));
  test("takes away what is null, and the items that it deletes", () =>
    assert.deepEqual(
      merged(
        { a: 1, b: { c: 2, d: 3 }, env: [{ name: "x" }, { name: "y" }] },
        { a: null, b: { c: null }, env: [{ name: "x", $patch: "delete" }] },
      ),
      {
        b: { d: 3 },
        env: [{ name: "y" }],
      },
    ));
  test("of the difference of two objects makes the second of the first", () => {
    const before = {
      a: 1,
      gone: { x: 1 },
      list: [1],
      env: [
        { name: "p", value: "1" },
        { name: "q", value: "2" },
        { name: "r", value: "3" },
      ],
    };
    const after = {
      a: 2,
      list: [1, 2],
      env: [
        { name: "p", value: "1" },
        { name: "r", value: "4" },
      ],
      new: true,
    };
    assert.deepEqual(patch(before, after), {
      a: 2,
      list: [1, 2],
      env: [
        { name: "r", value: "4" },
        { $patch: "delete", name: "q" },
      ],
      new: true,
      gone: null,
    });
    const made = merged(before, patch(before, after)) as typeof after;
    assert.deepEqual({ ...made, env: made.env.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }, after);
    assert.equal(patch(before, before), undefined);
    // Several of one list that are gone.
    assert.deepEqual(merged(before, patch(before, { ...before, env: [before.env[2]] })), {
      ...before,
      env: [before.env[2]],
    });
  });
});

/** https://kubernetes.io/docs/reference/kubernetes-api/ : kinds whose path has no namespace. */
test("kinds of the whole cluster are in no namespace, and all others in one", () => {
  for (const kind of [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "StorageClass",
    "PersistentVolume",
    "CustomResourceDefinition",
    "PriorityClass",
    "IngressClass",
  ])
    assert.ok(clusterScoped.has(kind), kind);
  for (const kind of [
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "PersistentVolumeClaim",
    "Service",
    "Ingress",
    "NetworkPolicy",
  ])
    assert.ok(!clusterScoped.has(kind), kind);
});

test("an object that the API server would refuse stops the build, with its kind and name", () =>
  assert.throws(
    () => manifest(new Service({ metadata: { name: "loki" }, spec: { ports: [{ port: "80" as unknown as number }] } })),
    /^Error: Service loki does not pass the schema of its kind: /,
  ));
