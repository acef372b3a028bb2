import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { network } from "../src/core/kubernetes/network-rules.ts";
import { namespaceNames } from "../src/core/model/component.ts";
import { modes } from "../src/core/model/roles.ts";
import { additionFiles } from "../src/core/output/render.ts";
import { prometheusOperator } from "../src/features/prometheus-operator.ts";
import { none } from "./lib/findings.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { containersOf, idOf, type PodTemplate, podTemplates, sortedById, specOf, textsOf } from "./lib/objects.ts";
import { put, putAll, temporary } from "./lib/project.ts";
import { jobsOf, operatorObjects } from "./lib/prometheus-operator.ts";
import { schemaFaults } from "./lib/schema.ts";
import { type Job, scraped } from "./lib/scrape.ts";
import { built, root, worldNamed } from "./lib/world.ts";

const byName = (jobs: readonly Job[]) => jobs.toSorted((a, b) => (a.job_name < b.job_name ? -1 : 1));

test("PodMonitors are read as the operator itself reads them", () => {
  const fact = (name: string): unknown =>
    parse(readFileSync(join(root, "test/facts/prometheus-operator", name), "utf8"));
  const { scrape_configs: jobs } = fact("jobs.yaml") as { readonly scrape_configs: readonly Job[] };
  // Which of several Prometheuses scrapes a target; with one it scrapes all.
  const isOfShards = (rule: object): boolean => /__tmp_(hash|disable_sharding)/.test(JSON.stringify(rule));
  const unsharded = jobs.map((job) => ({
    ...job,
    relabel_configs: job.relabel_configs.filter((rule) => !isOfShards(rule)),
  }));
  assert.deepEqual(byName((fact("monitors.json") as readonly Manifest[]).flatMap(jobsOf)), byName(unsharded));
});

interface RuleFile {
  readonly groups: readonly { readonly name: string }[];
}

for (const { name, overlay, objects, environment } of [
  "every-mimir-scalable",
  "every-thanos-sidecar-microservices",
].map(worldNamed))
  describe(`prometheus-operator beside ${name}`, () => {
    const own = objects.filter(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/"));

    test("is given the objects of every base that there is", () => {
      assert.equal(environment.monitors, "prometheus-operator");
      const expected = operatorObjects(overlay).filter(({ kind }) => kind !== "NetworkPolicy");
      assert.ok(expected.length >= 12, `only ${expected.length}`);
      // Rules differ by environment: their alerts lead to its own runbooks.
      const monitors = (list: readonly Manifest[]) => sortedById(list.filter(({ kind }) => kind === "PodMonitor"));
      assert.deepEqual(monitors(own), monitors(expected));
      assert.deepEqual(own.map(idOf).sort(), expected.map(idOf).sort());
    });

    test("is given what the definitions of its kinds allow", () => none(schemaFaults(own)));

    test("evaluates the rules that the stack's own Prometheus does", () => {
      const groupsOf = (text: string) => (parse(text) as RuleFile).groups;
      const mounted = textsOf(objects).filter(({ where }) => / \S+\/prometheus-rules\S* data\./.test(where));
      const rules = own.filter(({ kind }) => kind === "PrometheusRule").map((one) => specOf<RuleFile>(one).groups);
      const sorted = (groups: RuleFile["groups"]) => groups.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      assert.ok(mounted.length > 0);
      assert.deepEqual(sorted(rules.flat()), sorted(mounted.flatMap(({ text }) => groupsOf(text))));
      // The API server takes a name once: `+listMapKey=name` in pkg/apis/monitoring/v1/prometheusrule_types.go of the operator.
      for (const groups of rules.map((list) => list.map((group) => group.name)))
        assert.deepEqual(groups, [...new Set(groups)]);
    });

    test("is let in to what it scrapes, from a namespace with the label, and nobody else is", () => {
      const namespaces = ["monitoring", "shop"].map((namespace) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: {
          name: namespace,
          labels: namespace === "monitoring" ? { "kube-lgtm.io/prometheus": "true" } : {},
        },
      }));
      const net = network([...objects, ...namespaces]);
      // The labels of its pods: `makeSelectorLabels` in pkg/prometheus/server/operator.go of 0.92.0.
      const operated = {
        "app.kubernetes.io/name": "prometheus",
        "app.kubernetes.io/managed-by": "prometheus-operator",
      };
      const opened = (namespace: string, labels: Readonly<Record<string, string>>): readonly string[] =>
        podTemplates(objects).flatMap((pod) =>
          containersOf(pod)
            .flatMap(({ ports = [] }) => ports)
            .filter(({ containerPort: port, name: called }) =>
              net.open("Ingress", pod, { namespace, labels }, { port, name: called }),
            )
            .map(({ containerPort }) => `${pod.id} ${containerPort}`),
        );
      const always = opened("shop", { app: "shop" });
      // A policy is for all pods of a component: also for a gateway that listens at the same port.
      const door = (pod: PodTemplate, port: number): string => `${pod.labels["app.kubernetes.io/name"]} ${port}`;
      const scrapes = new Set(scraped(objects).map(({ pod, port }) => door(pod, port)));
      const expected = podTemplates(objects).flatMap((pod) =>
        containersOf(pod)
          .flatMap(({ ports = [] }) => ports)
          .filter(({ containerPort: port }) => scrapes.has(door(pod, port)))
          .map(({ containerPort: port }) => `${pod.id} ${port}`),
      );
      const closed = (doors: readonly string[]) => doors.filter((one) => !always.includes(one));
      assert.deepEqual(closed(opened("monitoring", operated)), closed(expected));
      assert.deepEqual(opened("shop", operated), always);
      assert.deepEqual(opened("monitoring", { "app.kubernetes.io/name": "prometheus" }), always);
    });
  });

test("the jobs of Kubernetes are a list for the operator, after the command of docs/use.md", () => {
  assert.match(readFileSync(join(root, "docs/use.md"), "utf8"), /data\.kubernetes\\\.yaml\}' \|\n {2}tail -n \+2 \|/);
  // `additionalScrapeConfigs` is a list: `generateAdditionalScrapeConfigs` in pkg/prometheus/promcfg.go of 0.92.0.
  const { text = "" } =
    textsOf(worldNamed("dev").objects).find(({ where }) => where.endsWith(" data.kubernetes.yaml")) ?? {};
  const listed = parse(text.split("\n").slice(1).join("\n")) as readonly Job[];
  assert.deepEqual(listed, (parse(text) as { readonly scrape_configs: readonly Job[] }).scrape_configs);
  assert.ok(listed.some(({ job_name }) => job_name === "cadvisor"));
});

test("who does not ask for monitors has none", () => {
  const { objects } = worldNamed("dev");
  assert.deepEqual(objects.filter(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/")).map(idOf), []);
});

test(
  "the Component of every base comes out of kustomize as it is meant",
  { skip: kustomizes.length === 0 && missing },
  async () => {
    const folder = temporary(after);
    const all = built.additions.filter(({ feature }) => feature === prometheusOperator);
    for (const one of all) putAll(folder, additionFiles(one));
    for (const mode of modes) {
      const here = all.filter(({ base }) => base?.mode === mode);
      const parts = (["stack", "agents"] as const).filter((kind) => here.some((one) => one.namespaceKind === kind));
      const at = `overlays/${mode}`;
      for (const kind of parts) {
        const from = (path: string): string => relative(`${at}/${kind}`, path).replaceAll("\\", "/");
        const chosen = here.filter(({ namespaceKind }) => namespaceKind === kind);
        const kustomization = {
          namespace: namespaceNames[kind],
          components: chosen.map(({ path }) => from(path)),
        };
        put(folder, `${at}/${kind}/kustomization.yaml`, stringify(kustomization));
      }
      put(folder, `${at}/kustomization.yaml`, stringify({ resources: parts }));
      const expected = here.flatMap(({ objects, namespaceKind }) =>
        objects.map((object) => ({
          ...object,
          metadata: { ...object.metadata, namespace: namespaceNames[namespaceKind] },
        })),
      );
      // Beside their bases, kustomize.test.ts builds them.
      for (const kustomize of kustomizes) {
        const { objects } = await build(kustomize, join(folder, at));
        assert.deepEqual(sortedById(objects), sortedById(expected), `${mode} ${kustomize.name}`);
      }
    }
    // Every base with metrics has its Component.
    const without = built.bases.filter(({ path }) => !all.some(({ base }) => base?.path === path));
    assert.deepEqual(
      without.filter(({ component }) => Object.values(component.roles).some(({ metrics }) => metrics.length > 0)),
      [],
    );
  },
);
