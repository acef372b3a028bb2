import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { fileText } from "../src/core/render.ts";
import { type Block, parseAlloy } from "./lib/alloy.ts";
import { relabelled, type Rule } from "./lib/relabel.ts";
import { built } from "./lib/world.ts";

const file = (path: string, config: string, name: string): string => {
  const base = built.bases.find((one) => one.path === path);
  const content = base?.configs.find((one) => one.name === config)?.files?.[name];
  assert.ok(content !== undefined, `${path} has no ${config}/${name}`);
  return fileText(content);
};

const alloy = parseAlloy(file("bases/alloy/monolithic", "alloy", "config.alloy"));
const block = (name: string, label: string): Block => {
  const found = alloy.find((one) => one.name === name && one.label === label);
  assert.ok(found, `no ${name} "${label}"`);
  return found;
};
const promtail = parse(file("bases/promtail/monolithic", "promtail", "promtail.yaml"));

/** What is written out as the value of an attribute. */
const value = <T>({ attributes }: Block, name: string): T | undefined => {
  const text = attributes[name];
  return text === undefined ? undefined : (JSON.parse(text) as T);
};
const ruleOf = (one: Block): Rule =>
  Object.fromEntries(Object.keys(one.attributes).map((name) => [name, value(one, name)]));

/** What each agent makes of what discovery says of a container, each from its own file. */
const agents: Readonly<Record<string, readonly Rule[]>> = {
  alloy: block("discovery.relabel", "pods").blocks.map(ruleOf),
  promtail: promtail.scrape_configs[0].relabel_configs,
};

/** How an agent pushes again: dskit's backoff.Config, which both read (loki.write's endpoint; a client of Promtail). */
interface Backoff {
  readonly min: string;
  readonly max: string;
  readonly retries: number;
}
const endpoint = block("loki.write", "loki").blocks.find(({ name }) => name === "endpoint") as Block;
const { min_period, max_period, max_retries } = promtail.clients[0].backoff_config ?? {};
const backoffs: Readonly<Record<string, Backoff>> = {
  alloy: {
    min: value(endpoint, "min_backoff_period") ?? "500ms",
    max: value(endpoint, "max_backoff_period") ?? "5m",
    retries: value(endpoint, "max_backoff_retries") ?? 10,
  },
  promtail: { min: min_period ?? "500ms", max: max_period ?? "5m", retries: max_retries ?? 10 },
};
const milliseconds = (duration: string): number => {
  const [, number, unit] = /^(\d+)(ms|s|m)$/.exec(duration) ?? [];
  return Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"] ?? Number.NaN);
};

/** The longest time in which it still pushes: each pause is twice the one before, at most `max`; 0 retries are no limit. */
const patience = ({ min, max, retries }: Backoff): number =>
  retries === 0
    ? Number.POSITIVE_INFINITY
    : Array.from({ length: retries }, (_, i) => Math.min(milliseconds(min) * 2 ** (i + 1), milliseconds(max))).reduce(
        (a, b) => a + b,
      );

const hash = "0123456789abcdef0123456789abcdef";
const uid = "ffaf6650-e761-402b-a268-4d4e26de1bb8";
const mirror = "__meta_kubernetes_pod_annotation_kubernetes_io_config_mirror";
/** As Kubernetes's discovery names what it finds: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod */
const found = {
  __meta_kubernetes_namespace: "kube-system",
  __meta_kubernetes_pod_name: "etcd-node1",
  __meta_kubernetes_pod_uid: uid,
  __meta_kubernetes_pod_container_name: "etcd",
};

/** `<namespace>_<name>_<uid>`: BuildPodLogsDirectory in Kubernetes's pkg/kubelet/kuberuntime/helpers.go. */
const folder = (id: string): string => `/var/log/pods/kube-system_etcd-node1_${id}`;

for (const [agent, rules] of Object.entries(agents)) {
  describe(`${agent} reads the logs of`, () => {
    const read = (labels: Readonly<Record<string, string>>) => relabelled(rules, labels);

    test("a pod, from the folder that kubelet names by its uid", () =>
      assert.equal(read(found)["__path__"], `${folder(uid)}/etcd/*.log`));

    test("a static pod such as etcd or kube-apiserver, whose folder is named by the hash that its mirror carries", () =>
      assert.equal(read({ ...found, [mirror]: hash })["__path__"], `${folder(hash)}/etcd/*.log`));

    test("a static pod whose manifest says a uid, which the mirror then carries", () => {
      const own = "5b6a1c1e-8e0f-4c57-9d53-0e8a4b1c2d3e";
      assert.equal(read({ ...found, [mirror]: own })["__path__"], `${folder(own)}/etcd/*.log`);
    });

    test("no other pod, whatever somebody writes into his pod's annotations", () => {
      for (const wrong of ["*", "../other_pod_uid", `x/../../other_pod_${uid}`, "{a,b}", "", ";", "a b"])
        assert.equal(read({ ...found, [mirror]: wrong })["__path__"], `${folder(uid)}/etcd/*.log`, wrong);
      assert.equal(read({ ...found, [mirror]: "abc" })["__path__"], `${folder("abc")}/etcd/*.log`);
    });

    test("a node whose Loki is away for however long, and goes on within a minute of its return", () => {
      const backoff = backoffs[agent] as Backoff;
      assert.equal(patience(backoff), Number.POSITIVE_INFINITY);
      assert.ok(milliseconds(backoff.max) <= 60_000, `waits for ${backoff.max}`);
      assert.ok(milliseconds(backoff.min) >= 100, `asks again after ${backoff.min}`);
    });

    test("every container under the same labels: namespace, pod, container, app", () => {
      const labels = (more: Readonly<Record<string, string>>) =>
        Object.fromEntries(Object.entries(read({ ...found, ...more })).filter(([name]) => !name.startsWith("__")));
      const own = { namespace: "kube-system", pod: "etcd-node1", container: "etcd" };
      const named = { __meta_kubernetes_pod_label_app_kubernetes_io_name: "kvstore" };
      assert.deepEqual(labels({}), { ...own, app: "etcd" });
      assert.deepEqual(labels({ __meta_kubernetes_pod_label_app: "store" }), { ...own, app: "store" });
      assert.deepEqual(labels({ __meta_kubernetes_pod_label_app: "store", ...named }), { ...own, app: "kvstore" });
      assert.deepEqual(labels({ [mirror]: hash }), { ...own, app: "etcd" });
    });
  });
}
