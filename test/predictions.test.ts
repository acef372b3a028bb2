import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { difference } from "../src/diff/difference.ts";
import { markdown } from "../src/diff/markdown.ts";
import type { Difference, Finding, Topic } from "../src/diff/finding.ts";
import { text } from "../src/diff/text.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/*
 * Two small sets of objects, that differ in one thing: what is said of it, against what Kubernetes does. The pods of a Deployment, StatefulSet or
 * DaemonSet are made anew when, and only when, its template changes:
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment
 */
type Fields = Readonly<Record<string, unknown>>;
const object = (kind: string, name: string, fields: Fields = {}, labels: Fields = {}, apiVersion = "v1"): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "x", labels },
  ...fields,
});
const named = { "app.kubernetes.io/name": "shop" };
interface Shape {
  readonly spec?: Fields;
  readonly pod?: Fields;
  readonly container?: Fields;
  readonly meta?: Fields;
  readonly kind?: string;
}
const web = (
  { spec = {}, pod = {}, container = {}, meta = {}, kind = "Deployment" }: Shape = {},
  name = "web",
): Manifest =>
  object(
    kind,
    name,
    {
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name, ...named }, ...meta },
          spec: {
            containers: [
              {
                name,
                image: "example.org/shop:1.2",
                args: ["serve", "--port=80", "--tag=a", "--tag=b"],
                env: [{ name: "A", value: "1" }],
                resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
                ...container,
              },
            ],
            ...pod,
          },
        },
        ...spec,
      },
    },
    named,
    "apps/v1",
  );

const findingsOf = (found: Difference): readonly Finding[] => found.components.flatMap(({ findings }) => findings);
const told = (found: Difference, topic: Topic): readonly string[] =>
  findingsOf(found)
    .filter((one) => one.topic === topic)
    .map(({ subject, field, change, before, after }) =>
      [subject, field ?? "", change, before ?? "", after ?? ""].join("|"),
    );
const restarting = (found: Difference): readonly string[] =>
  found.restarts.map(({ workload, because }) => `${workload}: ${because.join(", ")}`);
const between = (a: Shape, b: Shape): Difference => difference([web(a)], [web(b)]);

describe("pods are said to restart when their template changes", () => {
  const changes: readonly [string, Shape, string][] = [
    ["by its image", { container: { image: "example.org/shop:1.3" } }, "image"],
    ["by its arguments", { container: { args: ["serve"] } }, "arguments"],
    ["by its command", { container: { command: ["sh"] } }, "arguments"],
    ["by its environment", { container: { env: [{ name: "A", value: "2" }] } }, "environment"],
    [
      "by what its variables are taken from",
      { container: { envFrom: [{ configMapRef: { name: "y" } }] } },
      "environment",
    ],
    ["by its resources", { container: { resources: { limits: { memory: "3Gi" } } } }, "resources"],
    ["by a probe", { container: { livenessProbe: { tcpSocket: { port: 80 } } } }, "livenessProbe"],
    ["by what it mounts", { container: { volumeMounts: [{ name: "v", mountPath: "/v" }] } }, "volumes"],
    ["by its volumes", { pod: { volumes: [{ name: "v", emptyDir: {} }] } }, "volumes"],
    ["by its grace", { pod: { terminationGracePeriodSeconds: 5 } }, "terminationGracePeriodSeconds"],
    ["by a label", { meta: { labels: { app: "web", ...named, zone: "a" } } }, "labels"],
    ["by an annotation", { meta: { annotations: { a: "b" } } }, "annotations"],
  ];
  for (const [what, shape, because] of changes) {
    test(what, () => {
      const found = restarting(between({}, shape));
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", new RegExp(`^web: .*\\b${because}\\b`));
    });
  }
  test("by a ConfigMap whose content, and so its name, is another: by the name that people know it by", () => {
    const side = (suffix: string, value: string): readonly Manifest[] => [
      web({ pod: { volumes: [{ name: "c", configMap: { name: `settings-${suffix}` } }] } }),
      object("ConfigMap", `settings-${suffix}`, { data: { a: value } }, named),
    ];
    assert.deepEqual(restarting(difference(side("bcdfghkmt2", "1"), side("245678bcdf", "2"))), [
      "web: ConfigMap settings",
    ]);
  });
});

describe("pods are not said to restart", () => {
  const others: readonly [string, Shape, Shape][] = [
    ["for more of them", {}, { spec: { replicas: 3 } }],
    ["for another way of updating", {}, { spec: { strategy: { type: "Recreate" } } }],
    [
      "for amounts in other words",
      {},
      { container: { resources: { requests: { cpu: "1000m", memory: "1024Mi" }, limits: { memory: "2Gi" } } } },
    ],
    [
      "where there are none",
      { spec: { replicas: 0 } },
      { spec: { replicas: 0 }, container: { image: "example.org/shop:2" } },
    ],
  ];
  for (const [what, a, b] of others) test(what, () => assert.deepEqual(restarting(between(a, b)), []));
  test("of another namespace", () => {
    const far = (image: string): Manifest => ({
      ...web({ container: { image } }),
      metadata: { name: "web", namespace: "far", labels: named },
    });
    const found = difference([web(), far("a:1")], [web(), far("a:2")]);
    assert.equal(found.restarts.length, 1);
    assert.deepEqual(restarting(difference([web()], [web(), far("a:2")])), []);
  });
  test("for a ConfigMap that they read again under one name", () => {
    const side = (value: string) => [
      web({ pod: { volumes: [{ name: "c", configMap: { name: "rules" } }] } }),
      object("ConfigMap", "rules", { data: { a: value } }, named),
    ];
    assert.deepEqual(restarting(difference(side("1"), side("2"))), []);
  });
});

describe("what the API server would refuse is said", () => {
  const refused = (a: Shape, b: Shape): readonly string[] =>
    between(a, b).refusals.map(({ object, field }) => `${object}: ${field}`);
  test("a Deployment's selector", () =>
    assert.deepEqual(refused({}, { spec: { selector: { matchLabels: { app: "other" } } } }), [
      "Deployment x/web: selector.matchLabels.app",
    ]));
  test("the Service of a StatefulSet, and not its template", () =>
    assert.deepEqual(
      refused(
        { kind: "StatefulSet", spec: { serviceName: "a" } },
        { kind: "StatefulSet", spec: { serviceName: "b" }, container: { image: "c" } },
      ),
      ["StatefulSet x/web: serviceName"],
    ));
  test("nothing that may change", () =>
    assert.deepEqual(refused({}, { spec: { replicas: 7 }, container: { image: "c" } }), []));
});

describe("a difference in a workload is told as what it is", () => {
  test("more replicas", () =>
    assert.deepEqual(told(between({}, { spec: { replicas: 5 } }), "replicas"), ["web||changed|2|5"]));
  test("a version of an image, by the image's name, and another image as a whole", () => {
    assert.deepEqual(told(between({}, { container: { image: "example.org/shop:1.3" } }), "images"), [
      "web|example.org/shop|changed|1.2|1.3",
    ]);
    assert.deepEqual(told(between({}, { container: { image: "example.org/mall:1.2" } }), "images"), [
      "web||changed|example.org/shop:1.2|example.org/mall:1.2",
    ]);
  });
  test("a limit as a limit and a request as a request, and amounts in other words not at all", () => {
    const resources = { requests: { cpu: "1000m", memory: "2Gi" }, limits: { memory: "3Gi" } };
    assert.deepEqual(told(between({}, { container: { resources } }), "resources"), [
      "web|memory limit|changed|2Gi|3Gi",
      "web|memory request|changed|1Gi|2Gi",
    ]);
  });
  test("flags by their names, with all values of one that is given twice", () => {
    const args = ["serve", "--port", "81", "--tag=a", "--tag=c", "--verbose"];
    assert.deepEqual(told(between({}, { container: { args } }), "arguments"), [
      "web|--port|changed|80|81",
      "web|--tag|changed|a, b|a, c",
      "web|--verbose|added||set",
    ]);
  });
  test("the order of arguments", () =>
    assert.match(
      told(between({}, { container: { args: ["serve", "--tag=a", "--tag=b", "--port=80"] } }), "arguments").join(),
      /^web\|order\|changed/,
    ));
  test("variables, and where they are from", () => {
    const from = (name: string, key: string) => ({
      container: { env: [{ name: "A", valueFrom: { secretKeyRef: { name, key } } }] },
    });
    assert.deepEqual(
      told(
        between(
          {},
          {
            container: {
              env: [
                { name: "A", value: "2" },
                { name: "B", value: "3" },
              ],
            },
          },
        ),
        "environment",
      ),
      ["web|A|changed|1|2", "web|B|added||3"],
    );
    assert.deepEqual(told(between(from("s", "k"), from("t", "k")), "environment"), [
      "web|A|changed|key k of Secret s|key k of Secret t",
    ]);
  });
  test("a security context, a label, the time to end", () => {
    const shape = {
      container: { securityContext: { privileged: true } },
      meta: { labels: { app: "web", ...named, tier: "x" } },
      pod: { terminationGracePeriodSeconds: 9 },
    };
    assert.deepEqual(told(between({ pod: { terminationGracePeriodSeconds: 5 } }, shape), "pods"), [
      "web|labels.tier|added||x",
      "web|securityContext.privileged|added||true",
      "web|terminationGracePeriodSeconds|changed|5|9",
    ]);
  });
  test("another kind, and not every field of it", () =>
    assert.deepEqual(told(between({}, { kind: "StatefulSet" }), "workloads"), [
      "web|kind|changed|Deployment|StatefulSet",
    ]));
  test("one that comes, with its pods, what they ask for and what they keep", () => {
    const claims = {
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { storageClassName: "fast", resources: { requests: { storage: "10Gi" } } },
        },
      ],
    };
    const found = difference([web()], [web(), web({ kind: "StatefulSet", spec: claims }, "db")]);
    assert.deepEqual(told(found, "workloads"), [
      "db||added||StatefulSet, 2 replicas; shop 1.2; 1000m CPU, 1Gi memory, at most 2Gi; data: claim of 10Gi, class fast",
    ]);
  });
});

describe("a difference in a volume is told as what it is", () => {
  const claim = (storage: string, storageClassName?: string) => ({
    kind: "StatefulSet",
    spec: {
      volumeClaimTemplates: [
        { metadata: { name: "data" }, spec: { storageClassName, resources: { requests: { storage } } } },
      ],
    },
  });
  const volume = (source: Fields) => ({ pod: { volumes: [{ name: "data", ...source }] } });
  test("a claim of another size or class", () => {
    assert.deepEqual(told(between(claim("1Gi"), claim("2Gi")), "storage"), [
      "web|volume data|changed|claim of 1Gi|claim of 2Gi",
    ]);
    assert.deepEqual(told(between(claim("1Gi"), claim("1Gi", "fast")), "storage"), [
      "web|volume data|changed|claim of 1Gi|claim of 1Gi, class fast",
    ]);
  });
  test("a folder of the node, and one that goes with the pod", () =>
    assert.deepEqual(
      told(between(volume({ hostPath: { path: "/a" } }), volume({ emptyDir: { sizeLimit: "1Gi" } })), "storage"),
      ["web|volume data|changed|/a of the node|gone with the pod, at most 1Gi"],
    ));
});

describe("a difference in what objects hold is told as what it is", () => {
  const map = (data: Fields): Manifest => object("ConfigMap", "settings", { data }, named);
  test("a value of a file by the path of its key, a key that comes or goes, and a comment by its lines", () => {
    const file = (body: string) => ({ "a.yaml": body });
    assert.deepEqual(told(difference([map(file("a: 1\nb: {c: 2}\n"))], [map(file("a: 1\nb: {c: 3}\n"))]), "config"), [
      "settings|b.c|changed|2|3",
    ]);
    assert.deepEqual(told(difference([map({ A: "1", B: "2" })], [map({ A: "1", C: "3" })]), "config"), [
      "settings|B|removed|2|",
      "settings|C|added||3",
    ]);
    const [comment] = findingsOf(difference([map(file("a: 1 # x\n"))], [map(file("a: 1 # y\n"))]));
    assert.deepEqual(comment?.lines, { added: 1, removed: 1 });
  });
  test("items of a list by their names, so that one that comes in between is one line", () => {
    const list = (...names: string[]) =>
      map({ "a.yaml": JSON.stringify({ jobs: names.map((name) => ({ name, port: 1 })) }) });
    assert.deepEqual(told(difference([list("a", "c")], [list("a", "b", "c")]), "config"), [
      "settings|jobs[b]|added||name: b, port: 1",
    ]);
  });
  test("null as nothing", () =>
    assert.deepEqual(findingsOf(difference([map({ "a.json": '{"a":null}' })], [map({ "a.json": "{}" })])).length, 1));
  test("a Secret's key, and never its value", () => {
    const secret = (value: string): Manifest =>
      object("Secret", "keys", { type: "Opaque", data: { password: Buffer.from(value).toString("base64") } }, named);
    const found = difference([secret("hunter22")], [secret("correct-horse")]);
    assert.deepEqual(told(found, "secrets"), ["keys|password|changed||"]);
    for (const words of [text("a", "b", found), markdown("a", "b", found), JSON.stringify(found)])
      assert.doesNotMatch(words, /hunter22|correct-horse|aHVudGVyMjI/);
  });
  test("what is gone and still read, with who reads it", () => {
    const reads = web({ container: { envFrom: [{ configMapRef: { name: "settings" } }] } });
    assert.deepEqual(told(difference([reads, map({ A: "1" })], [reads]), "config"), [
      "settings||removed|A; web reads it either way|",
    ]);
    const may = web({ container: { envFrom: [{ configMapRef: { name: "settings", optional: true } }] } });
    assert.deepEqual(told(difference([may, map({ A: "1" })], [may]), "config"), ["settings||removed|A|"]);
  });
  test("what nobody owns is of no component", () => {
    const { components } = difference([], [object("Role", "free")]);
    assert.deepEqual(
      components.map(({ name }) => name),
      ["other"],
    );
  });
});

describe("a difference in a Service or an autoscaler is told as what it is", () => {
  const service = (spec: Fields): Manifest =>
    object(
      "Service",
      "web",
      { spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80 }], ...spec } },
      named,
    );
  test("an address that it has no more", () =>
    assert.deepEqual(told(difference([web(), service({})], [web(), service({ clusterIP: "None" })]), "services"), [
      "web|clusterIP|added||None",
    ]));
  test("other pods behind it", () =>
    assert.deepEqual(
      told(
        difference([web(), web({}, "db"), service({})], [web(), web({}, "db"), service({ selector: { app: "db" } })]),
        "services",
      ),
      ["web|pods behind it|changed|web|db"],
    ));
  test("its bounds, the least first", () => {
    const scaler = object(
      "HorizontalPodAutoscaler",
      "web",
      { spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas: 2, maxReplicas: 6 } },
      named,
      "autoscaling/v2",
    );
    assert.deepEqual(told(difference([web()], [web(), scaler]), "objects"), [
      "HorizontalPodAutoscaler web||added||2 to 6 replicas",
    ]);
  });
  test("the pods at rest are counted, which an autoscaler leaves", () => {
    const scaler = (minReplicas: number) =>
      object(
        "HorizontalPodAutoscaler",
        "web",
        { spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas, maxReplicas: 9 } },
        named,
        "autoscaling/v2",
      );
    const { total } = difference(
      [web({ spec: { replicas: undefined } }), scaler(2)],
      [web({ spec: { replicas: undefined } }), scaler(3)],
    );
    assert.deepEqual(
      [total.before.cpu, total.after.cpu, total.before.memoryLimit, total.after.memory],
      [2000, 3000, 4096, 3072],
    );
  });
  test("what a server writes into an object is no difference", () => {
    const served = {
      resourceVersion: "7",
      uid: "u",
      creationTimestamp: "t",
      generation: 3,
      managedFields: [],
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    };
    const live: Manifest = { ...web(), metadata: { ...web().metadata, ...served }, status: { replicas: 2 } };
    assert.deepEqual(findingsOf(difference([web()], [live])), []);
  });
});

describe("a way that policies open or close is told", () => {
  const policy = (name: string, spec: Fields): Manifest =>
    object(
      "NetworkPolicy",
      name,
      { spec: { policyTypes: ["Ingress", "Egress"], ...spec } },
      named,
      "networking.k8s.io/v1",
    );
  const shut = policy("shut", { podSelector: {} });
  const ports = (port: number, protocol = "TCP") => [{ port, protocol }];
  const db = web({ container: { ports: [{ name: "sql", containerPort: 5432 }] } }, "db");
  const way = ({ change, from, to, port }: { change: string; from: string; to: string; port: string }): string =>
    `${change} ${from} to ${to} ${port}`;
  const ways = (before: readonly Manifest[], after: readonly Manifest[]): readonly string[] =>
    difference(before, after).components.flatMap(({ connections }) => connections.map(way));
  const open = [
    policy("web", {
      podSelector: { matchLabels: { app: "web" } },
      egress: [{ to: [{ podSelector: { matchLabels: { app: "db" } } }], ports: ports(5432) }],
    }),
    policy("db", {
      podSelector: { matchLabels: { app: "db" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: "web" } } }], ports: ports(5432) }],
    }),
  ];
  test("between two workloads, where it goes out and comes in", () => {
    assert.deepEqual(ways([web(), db, shut], [web(), db, shut, ...open]), ["opened web to db 5432"]);
    assert.deepEqual(ways([web(), db, shut, ...open], [web(), db, shut]), ["closed web to db 5432"]);
    assert.deepEqual(ways([web(), db, shut], [web(), db, shut, ...open.slice(0, 1)]), []);
  });
  test("to a range of addresses, by its range and protocol, and to the DNS by its name", () => {
    const to = (rule: Fields) =>
      policy("out", { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Egress"], egress: [rule] });
    assert.deepEqual(
      ways(
        [web(), shut],
        [
          web(),
          shut,
          to({ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }], ports: ports(123, "UDP") }),
        ],
      ),
      ["opened web to 10.0.0.0/8 without 10.1.0.0/16 123/UDP"],
    );
    assert.deepEqual(
      ways([web(), shut], [web(), shut, to({ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: ports(5) })]),
      ["opened web to 10.0.0.0/8 5"],
    );
    assert.deepEqual(ways([web(), shut], [web(), shut, to({ ports: [...ports(53, "UDP"), ...ports(53)] })]), [
      "opened web to DNS ",
    ]);
  });
  test("to pods that are not there", () => {
    const absent = policy("web", {
      podSelector: { matchLabels: { app: "web" } },
      egress: [{ to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "kafka" } } }], ports: ports(9092) }],
    });
    assert.deepEqual(ways([web(), shut], [web(), shut, absent]), ["opened web to kafka 9092"]);
  });
});

test("the sums are of each component whose pods ask for something else, in one unit", () => {
  const found = between(
    {},
    { container: { resources: { requests: { cpu: "1", memory: "1536Mi" }, limits: { memory: "2Gi" } } } },
  );
  assert.match(text("a", "b", found), /\n {2}shop +2000m +2048Mi → 3072Mi|\n {2}shop +2000m +2Gi → 3Gi +4Gi/);
});

test("text that Markdown would take for its own is written so that it does not", () => {
  const found = between({}, { container: { env: [{ name: "A", value: "*_|<b>`" }] } });
  assert.match(markdown("a", "b", found), /A: 1 → \\\*\\_\\\|\\<b\\>\\`/);
});

describe("two sets of objects are brought together", () => {
  test("where a namespace has another name: its objects are the same ones", () => {
    const there = (namespace: string): readonly Manifest[] =>
      [web(), object("ConfigMap", "settings", { data: { url: `http://db.${namespace}:5432` } }, named)].map((one) => ({
        ...one,
        metadata: { ...one.metadata, namespace },
      }));
    const found = difference(there("old"), there("new"));
    assert.deepEqual(found.namespaces, [{ before: "old", after: "new" }]);
    assert.deepEqual(findingsOf(found), []);
  });
  test("and nothing differs between one and itself, whatever an autoscaler makes of it", () => {
    const scaler = object(
      "HorizontalPodAutoscaler",
      "web",
      { spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas: 2, maxReplicas: 9 } },
      named,
      "autoscaling/v2",
    );
    const objects = [web({ spec: { replicas: undefined } }), scaler];
    assert.deepEqual(difference(objects, objects).components, []);
    assert.deepEqual(told(difference([web({ spec: { replicas: 2 } })], objects), "replicas"), []);
  });
  test("what two components read is nobody's, unless it is named for one of them", () => {
    const reads = (name: string, component: string): Manifest => {
      const one = web(
        {
          container: {
            envFrom: [{ configMapRef: { name: "shared" } }, { configMapRef: { name: `${component}-own` } }],
          },
        },
        name,
      );
      const labels = { "app.kubernetes.io/name": component };
      return {
        ...one,
        metadata: { ...one.metadata, labels },
        spec: {
          ...(one["spec"] as Fields),
          template: { metadata: { labels }, spec: (one["spec"] as { template: { spec: unknown } }).template.spec },
        },
      };
    };
    const pods = [reads("a", "shop"), reads("b", "mall")];
    const maps = (value: string) => [
      object("ConfigMap", "shared", { data: { A: value } }),
      object("ConfigMap", "mall-own", { data: { A: value } }),
    ];
    const { components } = difference([...pods, ...maps("1")], [...pods, ...maps("2")]);
    assert.deepEqual(
      components.map(({ name, findings }) => [name, findings.map(({ subject }) => subject)]),
      [
        ["mall", ["mall-own"]],
        ["other", ["shared"]],
      ],
    );
  });
  test("a list of what has no names: what comes first is one line, and what follows it none", () => {
    const list = (...values: number[]) =>
      object(
        "ConfigMap",
        "settings",
        { data: { "a.json": JSON.stringify({ rules: values.map((x) => ({ x })) }) } },
        named,
      );
    assert.deepEqual(told(difference([list(1, 2, 3)], [list(0, 1, 2, 3)]), "config"), [
      "settings|rules[0]|added||x: 0",
    ]);
    assert.deepEqual(told(difference([list(1, 2, 3)], [list(1, 9, 3)]), "config"), ["settings|rules[1].x|changed|2|9"]);
  });
});

describe("roles that stand in other workloads than before are told", () => {
  const running = (name: string, ...roles: string[]): Manifest =>
    web({ container: { args: [`-target=${roles.join(",")}`] } }, name);
  const line = (before: readonly Manifest[], after: readonly Manifest[]): string | undefined =>
    text("a", "b", difference(before, after))
      .split("\n")
      .find((one) => /^ {2}roles/.test(one))
      ?.replace(/^ {2}roles +/, "");
  test("as split, where one becomes several", () =>
    assert.equal(
      line([running("shop", "till", "store")], [running("shop-till", "till"), running("shop-store", "store")]),
      "split: shop → shop-store, shop-till",
    ));
  test("as merged, where several become one", () =>
    assert.equal(
      line([running("shop-till", "till"), running("shop-store", "store")], [running("shop", "till", "store")]),
      "merged: shop-store, shop-till → shop",
    ));
});
