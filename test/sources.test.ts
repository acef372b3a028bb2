import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asked, cadvisorGroups, objectives, systemPods } from "./facts/kubernetes.ts";
import type { Labels } from "./lib/objects.ts";
import { type Job, relabelled, scrapeJobsOf, targetOf, targetsOf } from "./lib/scrape.ts";
import { dev, rendered, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* What Kubernetes says of itself: who is asked, as whom, and what is kept of the answers. */

const jobs = scrapeJobsOf(dev.objects);
const jobNamed = (name: string): Job => jobs.find(({ job_name }) => job_name === name) ?? assert.fail(name);
const kept = (job: string, sample: Labels): Labels | undefined =>
  relabelled(sample, jobNamed(job).metric_relabel_configs ?? []);

const ofNodes = ["kubelet", "cadvisor", "kubelet-resource", "kubelet-probes"];
const ofKubernetes = ["apiserver", ...ofNodes, "coredns", ...systemPods.map(({ job }) => job)];

test("every environment asks its cluster the same", () => {
  for (const { name, objects } of worlds) {
    const own = scrapeJobsOf(objects).filter(({ job_name }) => ofKubernetes.includes(job_name));
    assert.deepEqual(own, ofKubernetes.map(jobNamed), name);
  }
});
test("under Compose, where there is no Kubernetes, nobody is asked", () => {
  const text = rendered().get("overlays/demo/compose/config/prometheus-scrape/stack.yaml") ?? assert.fail();
  for (const job of ofKubernetes) assert.doesNotMatch(text, new RegExp(`job_name: ${job}\\b`));
});

describe("a node", () => {
  // What role node gives: docs/configuration/configuration.md of Prometheus 3.16.0; the address has the port of the kubelet's status.
  const meta = { __address__: "192.0.2.7:10250", __meta_kubernetes_node_name: "worker-1" };

  test("is asked for the metrics of its kubelet, containers, resources and probes, under its own name", () => {
    // Paths: pkg/kubelet/server/server.go of Kubernetes 1.35.
    const paths = ["/metrics", "/metrics/cadvisor", "/metrics/resource", "/metrics/probes"];
    assert.deepEqual(
      ofNodes.map((name) => targetOf(jobNamed(name), meta)),
      ofNodes.map((job, i) => ({ job, instance: "worker-1", node: "worker-1", metrics_path: paths[i] })),
    );
    for (const name of ofNodes) assert.deepEqual(jobNamed(name).kubernetes_sd_configs, [{ role: "node" }]);
  });
  test("is asked with Prometheus's own token, by TLS", () => {
    for (const name of ofNodes) {
      const { scheme, authorization } = jobNamed(name);
      assert.equal(scheme, "https");
      // https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
      assert.equal(authorization?.credentials_file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
    }
  });
  test("keeps the namespace, pod and container that its samples are about", () => {
    for (const name of ofNodes) assert.equal(jobNamed(name).honor_labels, true, name);
  });
  test("that is no machine is not asked: nobody would answer, and an alert would fire for ever", () => {
    // https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html; https://learn.microsoft.com/azure/aks/virtual-nodes-cli
    const virtual: readonly Labels[] = [
      { __meta_kubernetes_node_label_eks_amazonaws_com_compute_type: "fargate" },
      { __meta_kubernetes_node_label_type: "virtual-kubelet" },
      { __meta_kubernetes_node_label_liqo_io_type: "virtual-node" },
    ];
    for (const label of virtual)
      for (const name of ofNodes) assert.equal(targetOf(jobNamed(name), { ...meta, ...label }), undefined);
    for (const name of ofNodes)
      assert.ok(targetOf(jobNamed(name), { ...meta, __meta_kubernetes_node_label_type: "spot" }));
  });
  test("loses the series of a container that is gone, though they say when they were made", () => {
    for (const name of ["cadvisor", "kubelet-resource"]) assert.equal(jobNamed(name).track_timestamps_staleness, true);
  });
});

describe("of what Kubernetes says", () => {
  for (const [job, names] of Object.entries(asked))
    test(`${job} keeps what the community's dashboards and alerts ask for`, () => {
      const le = (name: string): Labels => (name.endsWith("_bucket") ? { le: "+Inf" } : {});
      const sample = job === "cadvisor" ? cadvisorGroups.container : {};
      const lost = names.filter((name) => !kept(job, { __name__: name, ...le(name), ...sample }));
      assert.deepEqual(lost, []);
    });

  test("what is asked for by nobody is dropped", () => {
    for (const [job, name] of [
      ["kubelet", "kubernetes_feature_enabled"],
      ["kubelet", "go_gc_heap_frees_by_size_bytes_bucket"],
      ["cadvisor", "container_tasks_state"],
      ["cadvisor", "container_memory_failures_total"],
      ["apiserver", "etcd_request_duration_seconds_bucket"],
      ["apiserver", "apiserver_request_duration_seconds_bucket"],
      ["kubelet-probes", "prober_probe_duration_seconds_bucket"],
    ] as const)
      assert.equal(kept(job, { __name__: name, le: "1.0", ...cadvisorGroups.container }), undefined, name);
  });

  test("buckets at upstream's objectives are kept, however the bound is written, and most others are not", () => {
    const of = (le: string) => kept("apiserver", { __name__: "apiserver_request_sli_duration_seconds_bucket", le });
    for (const le of objectives) assert.ok(of(le), le);
    for (const le of ["0.05", "0.15", "1.5", "15", "15.0", "300"]) assert.equal(of(le), undefined, le);
  });

  test("CPU and memory are those of containers and of the node, each once", () => {
    for (const name of ["container_cpu_usage_seconds_total", "container_memory_working_set_bytes"]) {
      const stays = Object.entries(cadvisorGroups)
        .filter(([, labels]) => kept("cadvisor", { __name__: name, ...labels }))
        .map(([group]) => group);
      assert.deepEqual(stays, ["node", "container"]);
    }
  });
  test("the network is that of pods and of the node", () => {
    for (const group of ["node", "pause", "dockerPause"] as const)
      assert.ok(
        kept("cadvisor", { __name__: "container_network_receive_bytes_total", ...cadvisorGroups[group] }),
        group,
      );
  });
  test("a container is not counted twice, by cAdvisor and among the node's resources", () => {
    const { namespace, pod, container } = cadvisorGroups.container;
    const sample = { __name__: "container_cpu_usage_seconds_total", namespace, pod, container };
    assert.equal(kept("kubelet-resource", sample), undefined);
    assert.ok(kept("kubelet-resource", { __name__: "node_memory_working_set_bytes" }));
  });
});

describe("the API servers", () => {
  const job = jobNamed("apiserver");
  const meta = {
    __address__: "192.0.2.1:6443",
    __meta_kubernetes_namespace: "default",
    __meta_kubernetes_service_name: "kubernetes",
    __meta_kubernetes_endpointslice_port_name: "https",
  };
  test("are asked one by one, where the Service of each cluster leads", () => {
    // pkg/controlplane/reconcilers of Kubernetes: the Service "kubernetes" of "default" has the port "https".
    assert.deepEqual(targetOf(job, meta), { job: "apiserver", instance: "192.0.2.1:6443", namespace: "default" });
    assert.equal(targetOf(job, { ...meta, __meta_kubernetes_endpointslice_port_name: "konnectivity" }), undefined);
    const [discovery] = job.kubernetes_sd_configs;
    assert.equal(discovery?.role, "endpointslice");
    assert.deepEqual(discovery.namespaces?.names, ["default"]);
  });
  test("have to show a certificate of the cluster's authority before they are told the token", () => {
    assert.equal(job.scheme, "https");
    assert.equal(job.tls_config?.insecure_skip_verify, undefined);
    assert.equal(job.tls_config?.ca_file, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
  });
});

describe("in kube-system", () => {
  const pod = (labels: Labels, ports?: object[], namespace = "kube-system") => ({
    apiVersion: "v1",
    kind: "Deployment",
    metadata: { name: "one", namespace },
    spec: { template: { metadata: { labels }, spec: { containers: [{ name: "one", ports }, { name: "two" }] } } },
  });
  const dnsPorts = [
    { name: "dns", containerPort: 53, protocol: "UDP" },
    { name: "metrics", containerPort: 9153 },
  ];
  const found = (job: string, one: ReturnType<typeof pod>) =>
    targetsOf(jobNamed(job), [one], "observability", "192.0.2.7");

  test("CoreDNS is asked once a pod", () => {
    const [target, ...more] = found("coredns", pod({ "k8s-app": "kube-dns" }, dnsPorts));
    assert.equal(target?.url, "http://192.0.2.7:9153/metrics");
    assert.deepEqual(more, []);
    const { namespace, pod: name, node } = target.labels;
    assert.deepEqual({ namespace, name, node }, { namespace: "kube-system", name: "one-0", node: "node1" });
  });
  test("another DNS under CoreDNS's label is not asked in vain", () => {
    // GKE's kube-dns has the same label: https://cloud.google.com/kubernetes-engine/docs/how-to/kube-dns
    assert.deepEqual(found("coredns", pod({ "k8s-app": "kube-dns" }, [{ name: "metrics", containerPort: 10054 }])), []);
  });
  test("nobody else's pod passes for the cluster's own", () => {
    assert.deepEqual(found("coredns", pod({ "k8s-app": "kube-dns" }, dnsPorts, "shop")), []);
    for (const { job, labels } of systemPods) assert.deepEqual(found(job, pod(labels, undefined, "shop")), []);
  });
  for (const { job, labels, url } of systemPods)
    test(`${job} is asked once, at its usual port, whatever ports its pod declares`, () => {
      for (const ports of [
        undefined,
        [
          { name: "probe-port", containerPort: 10259 },
          { name: "more", containerPort: 1 },
        ],
      ])
        assert.deepEqual(
          found(job, pod(labels, ports)).map((target) => target.url),
          [url],
        );
    });
});

test("alerts are silent of what a cluster may not let one reach", () => {
  // What that means is in test/alerts/prometheus.ts, for promtool.
  const own = ({ metadata }: Manifest): boolean => metadata.name === "prometheus-rules-prometheus";
  const rules = dev.objects.find(own)?.["data"] as Labels;
  const [, silent = ""] = /up\{job!~\\?"([^"\\]+)/.exec(rules["prometheus.yaml"] ?? "") ?? [];
  assert.deepEqual(silent.split("|").sort(), ["pods", ...systemPods.map(({ job }) => job)].sort());
});
