import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { resolve } from "../src/core/kustomize/build.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { additionsOver, featuresIn } from "../src/core/assemble/feature.ts";
import { files } from "../src/program.ts";
import { portFaults, resolution, serviceFaults } from "./lib/addresses.ts";
import { none, says } from "./lib/findings.ts";
import { build, kustomizes } from "./lib/kustomize.ts";
import { idOf, podTemplates } from "./lib/objects.ts";
import { closedEdges, unrestricted } from "./lib/policies.ts";
import { putAll, temporary } from "./lib/project.ts";
import { fileFaults, keyFaults, nameLinks, unusedSettings } from "./lib/references.ts";
import { schemaFaults } from "./lib/schema.ts";
import { built, environmentOf, worldNamed, worldOf } from "./lib/world.ts";

/** What agents push to is somewhere else: here, by names that no Service of theirs has. */
const elsewhere = {
  components: {
    alloy: { lokiUrl: "https://logs.example.com/loki/api/v1/push" },
    "alloy-events": { lokiUrl: "https://logs.example.com/loki/api/v1/push" },
    "alloy-gateway": { lokiOtlpUrl: "https://logs.example.com/otlp", tempoOtlpEndpoint: "traces.example.com:4317" },
  },
  egress: { alloy: [{ port: 443 }], "alloy-events": [{ port: 443 }], "alloy-gateway": [{ port: 443 }] },
} as const;
const promtail = { lokiUrl: "https://logs.example.com/loki/api/v1/push" };
const { "alloy-gateway": gateway } = elsewhere.components;

const monitors = "prometheus-operator";

const agents = Object.entries({
  plain: elsewhere,
  "plain-scalable": { ...elsewhere, mode: "scalable", generators: "demo", nodes: { journal: "read" }, monitors },
  "plain-promtail": { collector: "promtail", components: { promtail, "alloy-gateway": gateway } },
  "plain-openshift": { ...elsewhere, platform: "openshift", metrics: "thanos-sidecar" },
  "plain-autopilot": { ...elsewhere, mode: "microservices", platform: "gke-autopilot", credentials: "throw-away" },
}).map(([name, settings]) =>
  worldOf(environmentOf(name, { mode: "monolithic", metrics: "mimir", stack: "agents", ...settings })),
);

const componentsOf = (objects: readonly Manifest[]): readonly string[] => [
  ...new Set(podTemplates(objects).map(({ labels }) => labels["app.kubernetes.io/name"] ?? "")),
];

describe("agents without back ends", () => {
  const backEnds = ["alertmanager", "grafana", "loki", "mimir", "minio", "tempo", "thanos", "kafka"];
  for (const { name, objects } of agents)
    test(`have nothing in ${name} that leads nowhere`, () => {
      const found = componentsOf(objects);
      assert.deepEqual(
        found.filter((component) => backEnds.some((one) => component.startsWith(one))),
        [],
      );
      for (const component of ["alloy-gateway", "kube-state-metrics", "prometheus"])
        assert.ok(found.includes(component), `${component} is missing`);
      assert.ok(found.includes("alloy") !== found.includes("promtail"), "nobody reads logs, or two do");
      none([...nameLinks(objects), ...keyFaults(objects), ...fileFaults(objects), ...unusedSettings(objects)]);
      none([...serviceFaults(objects), ...portFaults(objects), ...schemaFaults(objects), ...unrestricted(objects)]);
      const { faults, edges } = resolution(objects, ["logs.example.com", "traces.example.com"]);
      none(faults);
      none(closedEdges(edges, objects));
    });

  test("push to the names of the back ends until they are told where those are", () => {
    const { objects } = worldOf(environmentOf("told", { mode: "monolithic", metrics: "mimir", stack: "agents" }));
    const { faults } = resolution(objects);
    for (const host of ["loki-gateway", "tempo-distributor"])
      says(faults, new RegExp(`${host}[.\\w]*:\\d+ is no Service`));
    assert.deepEqual(
      faults.filter((fault) => !/-settings.* (loki-gateway|tempo-distributor)/.test(fault)),
      [],
    );
  });

  test("send alerts to nobody, and the full stack to its Alertmanager", () => {
    const alerting = (objects: readonly Manifest[]): unknown => {
      const config = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "prometheus");
      const text = (config?.["data"] as Record<string, string>)["prometheus.yml"] ?? "";
      return (parse(text) as { alerting?: unknown }).alerting;
    };
    assert.equal(alerting(agents[0]?.objects ?? []), undefined);
    assert.ok(alerting(worldNamed("dev").objects));
  });

  test("have no settings of back ends", () => {
    const refused = (settings: object): string => {
      try {
        environmentOf("edge", { mode: "monolithic", metrics: "mimir", stack: "agents", ...settings });
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    assert.match(
      refused({ components: { loki: { retention: "720h" } } }),
      /components\.loki has no effect: stack "agents"/,
    );
    assert.match(refused({ replicas: { mimir: 2 } }), /replicas\.mimir has no effect: stack "agents" leaves mimir out/);
    assert.match(refused({ database: { by: "postgres", host: "db:5432" } }), /database has no effect: stack "agents"/);
    assert.match(refused({ stack: "half" }), /stack is "half": expected one of "full", "agents"/);
  });

  test("are built by kustomize as they are in memory", async (context) => {
    if (kustomizes.length === 0) return context.skip("no kustomize");
    const folder = temporary((clean) => context.after(clean));
    const one = agents[1]?.overlay;
    assert.ok(one);
    const bases = one.parts.flatMap((part) => part.bases);
    const features = featuresIn(one.parts.flatMap(({ additions }) => additions));
    const used = { ...built, bases, additions: additionsOver(built.additions, features, bases) };
    putAll(
      folder,
      files(used, [one], () => []),
    );
    const ids = (list: readonly Manifest[]): readonly string[] => list.map(idOf).sort();
    for (const program of kustomizes)
      assert.deepEqual(ids((await build(program, join(folder, one.path))).objects), ids(resolve(one)));
  });
});
