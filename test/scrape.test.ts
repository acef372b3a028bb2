import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { podTemplates, textsOf } from "./lib/objects.ts";
import { network, recorded } from "./lib/policies.ts";
import { jobsOf, operatorObjects } from "./lib/prometheus-operator.ts";
import { type Job, relabelled, scraped, scrapeJobsOf, targetsOf } from "./lib/scrape.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

for (const { name, overlay, objects, environment } of worlds) {
  describe(`Prometheus of ${name}`, () => {
    const targets = scraped(objects);
    const { stack } = environment.namespaces;
    const endpoint = (id: string, port: number, path: string): string => `${id} ${port}${path}`;

    test("scrapes every process that has metrics, once, where it serves them, and nothing else", () => {
      const expected = recorded(overlay, objects).nodes.flatMap(({ pod, roles }) =>
        roles.flatMap(({ metrics, ports }) =>
          metrics.map(({ port, path }) => endpoint(pod.id, ports[port] as number, path ?? "/metrics")),
        ),
      );
      assert.ok(targets.length > 8, `only ${targets.length} targets`);
      assert.deepEqual(
        targets.map(({ pod, port, path }) => endpoint(pod.id, port, path)).sort(),
        [...new Set(expected)].sort(),
      );
    });

    test("may reach all of them through the policies", () => {
      const prometheus = podTemplates(objects).find(({ name }) => name === "prometheus");
      assert.ok(prometheus);
      const net = network(objects);
      for (const { pod, port } of targets) assert.ok(net.connects(prometheus, pod, { port }), `${pod.id} ${port}`);
    });

    test("has the targets, labels and intervals that the Prometheus of prometheus-operator has", () => {
      const config = textsOf(objects).find(({ where }) => where.endsWith(" data.prometheus.yml"));
      const { global } = parse(config?.text ?? "") as { readonly global: { readonly scrape_interval: string } };
      const found = (jobs: readonly Job[]) =>
        jobs
          .flatMap((job) => {
            const { scrape_interval: interval, honor_labels: honors, metric_relabel_configs: rules } = job;
            const how = { interval: interval ?? global.scrape_interval, honors: honors ?? false, rules: rules ?? [] };
            return targetsOf(job, objects, stack).map(({ pod, url, labels }) => ({ pod: pod.id, url, labels, ...how }));
          })
          .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      const monitored = found(operatorObjects(overlay).flatMap(jobsOf));
      assert.equal(monitored.length, targets.length);
      assert.deepEqual(monitored, found(scrapeJobsOf(objects)));
    });

    test("gives no two jobs one name", () => {
      const names = scrapeJobsOf(objects).map(({ job_name }) => job_name);
      assert.deepEqual(names, [...new Set(names)]);
    });
  });
}

describe("an annotated pod of a user's", () => {
  const job = scrapeJobsOf(dev.objects).find(({ job_name }) => job_name === "pods");
  assert.ok(job);
  const namespace = (labels: object) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } });
  const shop = (annotations: object) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", namespace: "shop" },
    spec: {
      template: {
        metadata: { annotations },
        spec: { containers: [{ name: "shop", ports: [{ name: "web", containerPort: 8080 }] }] },
      },
    },
  });
  const found = (annotations: object, labels: object): number =>
    targetsOf(job, [namespace(labels), shop(annotations)], "observability").length;
  const asked = { "prometheus.io/scrape": "true" };
  const opened = { "kube-lgtm.io/scrape": "true" };

  test("is scraped where it asks for it and its namespace's owner opted in", () =>
    assert.equal(found(asked, opened), 1));
  test("is left alone where it does not ask", () => {
    assert.equal(found({}, opened), 0);
    assert.equal(found({ "prometheus.io/scrape": "false" }, opened), 0);
  });
  test("is no target where no policy lets Prometheus reach it", () => assert.equal(found(asked, {}), 0));

  /** Addresses that are scraped of a pod with these containers; the same one twice would count its numbers twice. */
  const scrapedOf = (spec: object, annotations: object = {}, podIp?: string): readonly string[] => {
    const metadata = { annotations: { ...asked, ...annotations } };
    const pod = { ...shop({}), spec: { template: { metadata, spec } } };
    return targetsOf(job, [namespace(opened), pod], "observability", podIp).map(({ url }) => url);
  };
  const port = (containerPort: number, protocol?: string) => ({ containerPort, protocol });
  const meshed = {
    initContainers: [
      { name: "migrate", ports: [port(5000)] },
      { name: "istio-proxy", restartPolicy: "Always", ports: [port(15090)] },
    ],
    containers: [
      { name: "cart", ports: [port(8080), port(9090), port(9090, "UDP"), port(53, "UDP")] },
      { name: "metrics", ports: [port(9090)] },
      { name: "vault-agent" },
    ],
  };

  test("is scraped once at the port that it names, however many containers it has", () => {
    assert.deepEqual(scrapedOf(meshed, { "prometheus.io/port": "9090" }), ["http://10.1.2.3:9090/metrics"]);
    assert.deepEqual(scrapedOf({ containers: [{ name: "a" }, { name: "b" }] }, { "prometheus.io/port": "80" }), [
      "http://10.1.2.3:80/metrics",
    ]);
  });
  test("is scraped at a sidecar that starts before its containers, where it names that one's port", () =>
    assert.deepEqual(scrapedOf(meshed, { "prometheus.io/port": "15090" }), ["http://10.1.2.3:15090/metrics"]));
  test("is scraped once at each TCP port that its containers declare, where it names none", () => {
    const both = ["http://10.1.2.3:8080/metrics", "http://10.1.2.3:9090/metrics"];
    assert.deepEqual(scrapedOf(meshed), both);
    assert.deepEqual(scrapedOf(meshed, { "prometheus.io/port": "web" }), both);
    assert.deepEqual(scrapedOf({ containers: [{ name: "vault-agent" }] }), []);
  });
  test("is scraped by the scheme and at the path that it names", () => {
    const named = { "prometheus.io/port": "8443", "prometheus.io/scheme": "https", "prometheus.io/path": "/stats" };
    assert.deepEqual(scrapedOf(meshed, named), ["https://10.1.2.3:8443/stats"]);
    assert.deepEqual(scrapedOf(meshed, { ...named, "prometheus.io/scheme": "file" }), ["http://10.1.2.3:8443/stats"]);
  });
  test("is scraped by IPv6", () => {
    assert.deepEqual(scrapedOf(meshed, { "prometheus.io/port": "9090" }, "fd00::1:2"), [
      "http://[fd00::1:2]:9090/metrics",
    ]);
    assert.deepEqual(scrapedOf(meshed, {}, "fd00::1:2"), [
      "http://[fd00::1:2]:8080/metrics",
      "http://[fd00::1:2]:9090/metrics",
    ]);
  });
  test("is down when none of its ports has metrics, not when one has none", () => {
    const text = dev.objects.find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "prometheus-rules-prometheus",
    );
    const { groups } = parse((text?.["data"] as Record<string, string>)["prometheus.yaml"] ?? "") as {
      readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
    };
    const { expr } = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === "TargetDown") ?? assert.fail();
    // Of other jobs each target by itself. What it means is in test/alerts/prometheus.ts, for promtool.
    assert.match(expr, /up\{job!~"pods\b[^"]*"\} == 0/);
    assert.match(expr, /max by \([^)]*\bpod\b[^)]*\) \(up\{job="pods"\}\) == 0/);
  });
});

describe("labels of what is scraped", () => {
  const everywhere = ["dev", "prod-mimir", "every-thanos-receive-scalable"].map((name) => worldNamed(name).objects);
  const of = (objects: readonly Manifest[], job: string) => {
    const found = scraped(objects).filter((target) => target.job === job);
    assert.ok(found.length > 0, `nothing of ${job}`);
    return found;
  };
  const jobNamed = (name: string) =>
    scrapeJobsOf(dev.objects).find((job) => job.job_name === name) ?? assert.fail(name);

  test("a process of the stack is known by its pod, container, node, component and workload", () => {
    const [loki] = of(dev.objects, "loki");
    assert.deepEqual(loki?.labels, {
      job: "loki",
      instance: "10.1.2.3:3100",
      namespace: "observability",
      pod: "loki-0",
      container: "loki",
      node: "node1",
      app: "loki",
      workload: "all",
    });
  });

  test("a process is called by one name in its metrics and in its logs", () => {
    // What agents label lines with: the first of these that a pod has (docs/logs.md, "app").
    for (const objects of everywhere) {
      const named = scraped(objects).filter(({ labels }) => labels["pod"] !== undefined);
      assert.ok(named.length > 8);
      for (const { pod, labels } of named) assert.equal(labels["app"], pod.labels["app.kubernetes.io/name"], pod.id);
    }
  });

  test("kube-state-metrics says whether it can list and watch, as a process of its own name", () => {
    // Its docs/README.md, "Self metrics": kube_state_metrics_list_total and _watch_total on the telemetry port.
    for (const objects of everywhere) {
      const [own] = of(objects, "kube-state-metrics-telemetry");
      assert.equal(own?.port, 8081);
      assert.deepEqual([own.labels["app"], own.labels["container"]], ["kube-state-metrics", "kube-state-metrics"]);
      assert.equal(jobNamed("kube-state-metrics-telemetry").honor_labels, undefined);
    }
  });

  test("what kube-state-metrics says of a pod is of that pod, and the same series whichever pod says it", () => {
    // As upstream's users take its own labels away: https://github.com/prometheus-operator/kube-prometheus/pull/233
    for (const objects of everywhere) {
      for (const { labels } of of(objects, "kube-state-metrics"))
        assert.deepEqual(labels, { instance: "kube-state-metrics", job: "kube-state-metrics" });
    }
    assert.equal(jobNamed("kube-state-metrics").honor_labels, true);
  });

  test("a node's metrics are the same series whichever pod of node-exporter they are from", () => {
    for (const objects of everywhere) {
      for (const { labels } of of(objects, "node-exporter"))
        assert.deepEqual(labels, { instance: "node1", job: "node-exporter", node: "node1" });
    }
  });
  test("a node is called by its own name, not by that of node-exporter's pod", () => {
    const rules = jobNamed("node-exporter").metric_relabel_configs ?? [];
    const sample = { __name__: "node_uname_info", nodename: "node-exporter-x7k2p", instance: "node1", node: "node1" };
    assert.deepEqual(relabelled(sample, rules), { ...sample, nodename: "node1" });
    const other = { ...sample, __name__: "node_os_info" };
    assert.deepEqual(relabelled(other, rules), other);
  });

  test("none hides a label that the stack's own programs have", () => {
    // Mimir 3: pkg/storage/bucket/client.go, pkg/storage/ingest/reader_client.go; Loki 3.7: pkg/storage/store.go; Prometheus:
    // prometheus_sd_kubernetes_events_total; labels of requests, rings, tenants and caches as upstream's dashboards have them.
    const own = [
      "component",
      "role",
      "method",
      "route",
      "status_code",
      "name",
      "state",
      "user",
      "tenant",
      "operation",
      "backend",
    ];
    const used = new Set(
      worlds.flatMap(({ objects }) => scraped(objects).flatMap(({ labels }) => Object.keys(labels))),
    );
    assert.deepEqual(
      [...used].filter((label) => own.includes(label)),
      [],
    );
  });
});

describe("MinIO", () => {
  // Some of what each path says: MinIO's docs/metrics/prometheus/list.md; asked of RELEASE.2025-09-07 and later.
  const says: Readonly<Record<string, readonly string[]>> = {
    "/minio/v2/metrics/cluster": [
      "minio_cluster_health_status",
      "minio_s3_requests_total",
      "minio_s3_traffic_sent_bytes",
    ],
    "/minio/v2/metrics/bucket": [
      ...["minio_bucket_usage_total_bytes", "minio_bucket_usage_object_total", "minio_bucket_traffic_received_bytes"],
      ...["minio_bucket_requests_total", "minio_bucket_replication_received_bytes"],
    ],
    "/minio/v2/metrics/node": [
      ...["minio_node_drive_latency_us", "minio_node_drive_errors_ioerror", "minio_node_drive_errors_timeout"],
      ...["minio_s3_requests_total", "minio_s3_traffic_sent_bytes", "minio_cluster_nodes_online_total"],
    ],
  };
  const jobs = scrapeJobsOf(dev.objects).filter(({ metrics_path = "" }) => metrics_path in says);
  const kept = jobs.flatMap(({ metrics_path = "", metric_relabel_configs = [] }) =>
    (says[metrics_path] ?? []).filter((__name__) => relabelled({ __name__ }, metric_relabel_configs) !== undefined),
  );

  test("is asked for its requests, what each bucket holds and how its drives do", () => {
    for (const name of ["minio_s3_requests_total", "minio_bucket_usage_total_bytes", "minio_node_drive_latency_us"])
      assert.ok(kept.includes(name), name);
    for (const name of [
      "minio_bucket_requests_total",
      "minio_node_drive_errors_timeout",
      "minio_cluster_health_status",
    ])
      assert.ok(kept.includes(name), name);
  });
  test("says nothing twice, by which sums over its pod would be double", () =>
    assert.deepEqual(kept.toSorted(), [...new Set(kept)].sort()));
});

test("a job that keeps nothing is seen", () => {
  const [job] = scrapeJobsOf(dev.objects).filter(({ job_name }) => job_name === "loki");
  assert.ok(job);
  const deaf = {
    ...job,
    relabel_configs: [
      { source_labels: ["__meta_kubernetes_pod_container_port_name"], regex: "metrics", action: "keep" },
    ],
  };
  assert.equal(targetsOf(job, dev.objects, "observability").length, 1);
  assert.equal(targetsOf(deaf, dev.objects, "observability").length, 0);
  assert.equal(targetsOf(job, dev.objects, "elsewhere").length, 0);
});
