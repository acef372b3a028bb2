import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as minio from "../src/components/minio.ts";
import type { Role } from "../src/core/model/roles.ts";
import { readme } from "../src/core/output/readme.ts";
import { portOf } from "../src/core/model/store.ts";
import { isRole } from "../src/core/model/wiring.ts";
import { storeOf } from "../src/settings/schema.ts";
import { none, says } from "./lib/findings.ts";
import { altered, idOf, podTemplates, specOf, without } from "./lib/objects.ts";
import {
  apiPorts,
  closedFaults,
  dnsPorts,
  network,
  nodePorts,
  openFaults,
  outside,
  recorded,
  unrestricted,
  wideRules,
} from "./lib/policies.ts";
import { dev, environmentOf, type World, worldNamed, worldOf, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const runsIn = (roles: readonly Role[], role: Role): boolean =>
  roles.some(({ component, name }) => component === role.component && name === role.name);

const pod = ({ objects }: World, name: string) => {
  const found = podTemplates(objects).find((one) => one.name === name);
  assert.ok(found, `${name} is not there`);
  return found;
};

for (const { name, overlay, objects, environment } of worlds) {
  describe(`the network of ${name}`, () => {
    const record = recorded(overlay, objects);
    // A controller may be anywhere, even in the nodes' own network.
    const store = storeOf(environment);
    const exposed = environment.exposure ? [`grafana-${environment.exposure.by}`] : [];

    test("lets every recorded connection through, out of the one and into the other", () => {
      assert.equal(record.nodes.length, podTemplates(objects).length, "pods that are no workload of the plan");
      assert.ok(record.base.length > 50);
      none(closedFaults(record, objects));
    });

    test("lets nothing else through between the environment's pods", () => {
      none(openFaults(record, objects));
    });

    test("restricts every pod in both directions", () => {
      none(unrestricted(objects));
    });

    test("names peers and ports in every rule", () => {
      const outward = [
        ...(store.kind === "minio" ? [] : ["external-store"]),
        ...(environment.kafka ? ["external-kafka"] : []),
        ...(environment.database ? ["grafana-database"] : []),
        ...(environment.proxy ? ["proxy"] : []),
      ];
      none(wideRules(objects, [...exposed, ...outward]));
    });

    test("lets in from elsewhere only what is pushed to the OTLP gateway, and Grafana's users where it is exposed", () => {
      const net = network(objects);
      const stranger = { namespace: "shop", labels: { app: "shop", "app.kubernetes.io/name": "grafana" } };
      const entered = podTemplates(objects).flatMap((one) =>
        one.spec.containers.flatMap(({ ports = [] }) =>
          ports
            .filter(({ containerPort }) => net.open("Ingress", one, stranger, { port: containerPort }))
            .map((port) => `${one.name} ${port.name}`),
        ),
      );
      const entrances = ["jaeger-grpc", "jaeger-http", "otlp-grpc", "otlp-http", "zipkin"];
      assert.deepEqual(entered.sort(), [
        ...entrances.map((entrance) => `alloy-gateway ${entrance}`),
        ...exposed.map(() => "grafana http"),
      ]);
    });

    test("lets only those out to the API server that have its token, and those to a store outside that keep objects", () => {
      const net = network(objects);
      const made = [...record.base, ...record.added].filter(
        ({ to, via }) => to === minio.roles.server && via === "service",
      );
      const keeps = (id: string): boolean =>
        record.nodes.some(
          ({ pod, roles }) => pod.id === id && made.some(({ from }) => isRole(from) && runsIn(roles, from)),
        );
      const kept = store.kind === "minio" ? [] : [portOf(store), ...(store.identity === "secret" ? [] : [443])];
      for (const one of podTemplates(objects)) {
        for (const port of new Set([...apiPorts, ...kept])) {
          const hasToken = apiPorts.includes(port) && one.spec.automountServiceAccountToken === true;
          const open = net.open("Egress", one, outside, { port });
          assert.equal(open, hasToken || (kept.includes(port) && keeps(one.id)), `${one.id} port ${port}`);
        }
      }
    });

    test("lets nobody but Prometheus out to the ports of nodes", () => {
      const net = network(objects);
      for (const one of podTemplates(objects))
        for (const port of nodePorts)
          assert.equal(net.open("Egress", one, outside, { port }), one.name === "prometheus", `${one.id} port ${port}`);
    });

    test("lets Prometheus out to the metrics of the cluster's DNS, and to nothing else in its namespace", () => {
      const net = network(objects);
      const prometheus = podTemplates(objects).find((one) => one.name === "prometheus") ?? assert.fail();
      const dns = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
      assert.ok(net.open("Egress", prometheus, dns, { port: 9153 }));
      assert.ok(!net.open("Egress", prometheus, dns, { port: 8080 }));
      assert.ok(!net.open("Egress", prometheus, { ...dns, labels: { app: "dashboard" } }, { port: 9153 }));
      assert.ok(!net.open("Egress", prometheus, { ...dns, namespace: "shop" }, { port: 9153 }));
    });

    test("lets those without keys ask who they are where their cloud answers, and nobody else", () => {
      const rules = specOf<{ egress: { to?: { ipBlock: { cidr: string } }[]; ports: { port: number }[] }[] }>(
        objects.find(({ metadata }) => metadata.name === "external-store") ?? {
          ...(dev.objects[0] as Manifest),
          spec: { egress: [] },
        },
      );
      const asked = rules.egress.flatMap(({ to = [], ports }) =>
        to.flatMap(({ ipBlock }) => ports.map(({ port }) => `${ipBlock.cidr} ${port}`)),
      );
      const metadata = ["169.254.169.254/32 80", "169.254.169.252/32 988"];
      const agent = ["169.254.170.23/32 80", "fd00:ec2::23/128 80"];
      const isKeyless = store.identity !== "secret";
      const expected = store.kind === "gcs" && isKeyless ? metadata : store.identity === "workload" ? agent : [];
      assert.deepEqual(asked, expected);
    });

    test("lets everybody who connects to a name look it up, and nobody else", () => {
      const net = network(objects);
      for (const one of podTemplates(objects)) {
        const talks =
          [...record.base, ...record.added].some(
            ({ from }) =>
              isRole(from) &&
              record.nodes.some(
                ({ pod, roles }) =>
                  pod.id === one.id &&
                  roles.some((role) => role.name === from.name && role.component === from.component),
              ),
          ) ||
          (environment.proxy !== undefined && one.labels["kube-lgtm.io/outside"] === "client");
        for (const port of dnsPorts) {
          for (const protocol of ["TCP", "UDP"] as const)
            assert.equal(net.open("Egress", one, outside, { port, protocol }), talks, `${one.id} ${protocol} ${port}`);
        }
      }
    });

    test("lets nobody out to the internet", () => {
      const net = network(objects);
      const loose = podTemplates(objects).filter((one) => net.open("Egress", one, outside, { port: 80 }));
      none(loose.map(({ id }) => id));
    });
  });
}

describe("who may talk to whom", () => {
  const net = network(dev.objects);
  const may = (from: string, to: string, port: number, world = dev): boolean =>
    network(world.objects).connects(pod(world, from), pod(world, to), { port });

  test("Loki may reach its object store", () => assert.ok(may("loki", "minio", 9000)));
  test("Loki may reach Alertmanager", () => assert.ok(may("loki", "alertmanager", 9093)));
  test("members of Loki's ring may gossip", () => assert.ok(may("loki", "loki", 7946)));
  test("the log collector may push to Loki from its own namespace", () => assert.ok(may("alloy", "loki", 3100)));
  test("Grafana may query Thanos, Loki, Tempo and Alertmanager", () => {
    assert.ok(may("grafana", "thanos-query-frontend", 10902));
    assert.ok(may("grafana", "loki", 3100));
    assert.ok(may("grafana", "tempo", 3200));
    assert.ok(may("grafana", "alertmanager", 9093));
  });
  test("Grafana may query Mimir where Mimir stands in the place of Thanos", () =>
    assert.ok(may("grafana", "mimir", 8080, worldNamed("dev-mimir"))));
  test("Thanos query may reach the sidecar beside Prometheus", () =>
    assert.ok(may("thanos-query", "prometheus", 10901)));
  test("the sidecar beside Prometheus may upload blocks", () => assert.ok(may("prometheus", "minio", 9000)));
  test("Thanos query may not ask Prometheus where it has no sidecar", () =>
    assert.ok(!may("thanos-query", "prometheus", 10901, worldNamed("every-thanos-receive-monolithic"))));
  test("Prometheus may send samples on to Mimir", () =>
    assert.ok(may("prometheus", "mimir", 8080, worldNamed("dev-mimir"))));
  test("Tempo may write its service graph to Prometheus", () => assert.ok(may("tempo", "prometheus", 9090)));
  test("Prometheus may scrape the agents in the other namespace", () => {
    assert.ok(may("prometheus", "node-exporter", 9100));
    assert.ok(may("prometheus", "alloy", 12345));
  });
  test("Grafana may not touch the object store", () => assert.ok(!may("grafana", "minio", 9000)));
  test("nobody may reach MinIO's console", () => {
    for (const { pod: from } of recorded(dev.overlay, dev.objects).nodes)
      assert.ok(!net.connects(from, pod(dev, "minio"), { port: 9001 }), from.id);
  });
  test("a pod that somebody starts beside the stack reaches nothing and is reached by nothing", () => {
    const guest = { namespace: "observability", labels: { app: "guest" } };
    for (const one of podTemplates(dev.objects)) {
      assert.ok(!net.connects(guest, one, { port: 3100 }), one.id);
      assert.ok(!net.open("Egress", guest, outside, { port: 443 }));
      assert.ok(!net.connects(one, guest, { port: 3100 }), one.id);
    }
  });
  test("Prometheus may scrape any port of a namespace whose owner opted in, and of no other", () => {
    const labels = { "kube-lgtm.io/scrape": "true" };
    const shop = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } };
    const open = network([...dev.objects, shop]);
    const target = { namespace: "shop", labels: { app: "shop" } };
    assert.ok(open.connects(pod(dev, "prometheus"), target, { port: 8123 }));
    assert.ok(!net.connects(pod(dev, "prometheus"), target, { port: 8123 }));
    assert.ok(!open.connects(pod(dev, "grafana"), target, { port: 8123 }));
  });
});

describe("what an environment says of its cluster and of ways out", () => {
  const open = worldOf(
    environmentOf("open", {
      mode: "microservices",
      metrics: "mimir",
      network: { apiServerPorts: [31443], dnsPorts: [10053] },
      egress: {
        alertmanager: [{ port: 443 }, { port: 587, cidr: "203.0.113.0/24" }],
        "mimir-alertmanager": [{ port: 8443 }],
      },
    }),
  );
  const net = network(open.objects);
  const pods = podTemplates(open.objects);
  const out = (port: number, protocol: "TCP" | "UDP" = "TCP"): readonly string[] =>
    pods.filter((one) => net.open("Egress", one, outside, { port, protocol })).map(({ name }) => name);
  const components = (names: readonly string[]): readonly string[] => [
    ...new Set(
      pods.filter(({ name }) => names.includes(name)).map(({ labels }) => labels["app.kubernetes.io/name"] ?? ""),
    ),
  ];

  test("those with a token reach an API server on a port of its own, and nobody else gets there", () => {
    const tokens = pods.filter(({ spec }) => spec.automountServiceAccountToken).map(({ name }) => name);
    assert.deepEqual(out(31443), tokens);
    assert.deepEqual([...tokens].sort(), [
      "alloy",
      "alloy-events",
      "alloy-gateway",
      "kube-state-metrics",
      "prometheus",
      "rollout-operator",
    ]);
  });

  test("those who look names up reach a DNS on a port of its own, by UDP and TCP, and no component gets there that does not", () => {
    for (const protocol of ["TCP", "UDP"] as const)
      assert.deepEqual(components(out(10053, protocol)), components(out(53, protocol)));
    assert.ok(!out(10053).includes("node-exporter"));
    assert.ok(out(10053).includes("alloy"), "the agents' namespace, too");
  });

  test("a workload gets out by the ports that are named for it, and no other workload does", () => {
    assert.deepEqual(
      out(443).filter((name) => !out(6443).includes(name)),
      ["alertmanager"],
    );
    assert.ok(out(8443).includes("mimir-alertmanager"));
    assert.ok(!out(8443).includes("mimir-ruler"));
  });

  test("a way out to a range of addresses leads nowhere else", () => {
    const policy = open.objects.find(({ metadata }) => metadata.name === "alertmanager-egress") as Manifest;
    const { egress } = specOf<{ egress: readonly { to?: unknown; ports: readonly { port: number }[] }[] }>(policy);
    const rules = egress.filter(({ ports }) => ports.some(({ port }) => port === 587));
    assert.deepEqual(rules, [
      { to: [{ ipBlock: { cidr: "203.0.113.0/24" } }], ports: [{ protocol: "TCP", port: 587 }] },
    ]);
  });

  test("who has a way out can look names up, even one that connects to nobody else", () => {
    const alone = { mode: "monolithic", metrics: "mimir", egress: { alertmanager: [{ port: 443 }] } };
    const { objects } = worldOf(environmentOf("alone", alone));
    const alertmanager = podTemplates(objects).find(({ name }) => name === "alertmanager");
    assert.ok(alertmanager);
    assert.ok(network(objects).open("Egress", alertmanager, outside, { port: 53, protocol: "UDP" }));
  });

  test("its picture shows the ways out", () => {
    assert.match(readme(open.overlay), /^ {2}alertmanager -->\|443, 587\| anywhere$/m);
  });

  test("ways out of what the environment does not have stop the build", () => {
    const settings = { mode: "monolithic", metrics: "mimir", egress: { kafka: [{ port: 443 }] } };
    assert.throws(
      () => worldOf(environmentOf("idle", settings)),
      /environments\/idle\.ts: egress.kafka has no effect: nothing here uses kafka\. Remove it\./,
    );
  });

  test("nothing opens further without a word", () => {
    const names = dev.objects.filter(({ kind }) => kind === "NetworkPolicy").map(({ metadata }) => metadata.name);
    assert.deepEqual(
      names.filter((name) => name.endsWith("-egress") || name.endsWith("-ports")),
      [],
    );
  });
});

describe("a policy that opens too much or too little is reported", () => {
  const { overlay, objects } = dev;
  const record = recorded(overlay, objects);
  const loki = "NetworkPolicy observability/loki";

  test("too little: no ingress", () => {
    says(
      closedFaults(record, altered(objects, loki, ["spec", "ingress"], undefined)),
      /may not reach StatefulSet .*loki .*3100: ingress/,
    );
  });
  test("too little: no egress", () => {
    says(
      closedFaults(record, altered(objects, loki, ["spec", "egress"], [])),
      /loki .*may not reach .*minio.*9000: egress/,
    );
  });
  test("too little: the namespace of the agents has lost its label", () => {
    const path = ["metadata", "labels"];
    says(
      closedFaults(record, altered(objects, "Namespace observability-agents", path, {})),
      /alloy.*may not reach.*loki/,
    );
  });
  test("too much: everybody in the namespace", () => {
    const rule = { from: [{ podSelector: {} }], ports: [{ protocol: "TCP", port: 9000 }] };
    const path = ["spec", "ingress", 0];
    const changed = altered(objects, "NetworkPolicy observability/minio", path, rule);
    const out = { to: [{ podSelector: {} }], ports: [{ protocol: "TCP", port: 9000 }] };
    says(
      openFaults(record, altered(changed, "NetworkPolicy observability/grafana", ["spec", "egress", 0], out)),
      /grafana may reach .*minio port 9000/,
    );
  });
  test("too much: no policy at all", () => {
    const bare = objects.filter(({ kind }) => kind !== "NetworkPolicy");
    says(openFaults(record, bare), /grafana may reach .*minio port 9001/);
    says(unrestricted(bare), /StatefulSet observability\/loki Egress/);
  });
  test("too much: only the default policy of a namespace is gone", () => {
    const changed = without(
      without(objects, "NetworkPolicy observability/default-deny"),
      "NetworkPolicy observability/grafana",
    );
    says(unrestricted(changed), /grafana Ingress/);
  });
  test("rules without peers or ports", () => {
    says(
      wideRules(altered(objects, loki, ["spec", "ingress", 0, "from"], undefined)),
      /loki spec.ingress.0 has no peers/,
    );
    says(
      wideRules(altered(objects, loki, ["spec", "ingress", 0, "ports"], undefined)),
      /loki spec.ingress.0 has no ports/,
    );
    says(wideRules(altered(objects, loki, ["spec", "egress"], [{}])), /loki spec.egress.0 has no peers/);
    says(wideRules(altered(objects, loki, ["spec", "egress"], [{ ports: [{ port: 80 }] }])), /has no peers/);
    says(
      wideRules(altered(objects, loki, ["spec", "ingress", 0, "ports"], [{ protocol: "TCP" }])),
      /port without a number/,
    );
    const everywhere = [{ to: [{ namespaceSelector: {} }], ports: [{ port: 80 }] }];
    says(wideRules(altered(objects, loki, ["spec", "egress"], everywhere)), /every pod of a namespace/);
  });
});

test("each workload's policy carries the workload's name, so that a reader finds it", () => {
  const policies = new Set(dev.objects.filter(({ kind }) => kind === "NetworkPolicy").map(idOf));
  for (const { name, namespace, kind } of podTemplates(dev.objects))
    assert.ok(policies.has(`NetworkPolicy ${namespace}/${name}`), `${kind} ${name}`);
});
