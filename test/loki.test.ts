import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { loki } from "../src/components/loki.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { podTemplates } from "./lib/objects.ts";
import { network } from "./lib/policies.ts";
import { built, environmentOf, type World, worldNamed, worldOf } from "./lib/world.ts";
import { fileText } from "../src/core/util/text.ts";
import type { Base } from "../src/core/model/component.ts";

const bases = built.bases.filter(({ component }) => component === loki);
const modeNamed = (mode: string): Base => bases.find((base) => base.mode === mode) ?? assert.fail(mode);
const apart = modeNamed("microservices");

const fileOf = (base: Base, config: string, file: string): string =>
  fileText(
    base.configs.find(({ name }) => name === config)?.files?.[file] ?? assert.fail(`${base.path}: no ${config}`),
  );

interface Config {
  readonly index_gateway: { readonly mode: string };
  readonly ingester: { readonly lifecycler: Readonly<Record<string, unknown>> };
  readonly memberlist: { readonly join_members: readonly string[] };
  readonly runtime_config: { readonly file: string };
  readonly query_range?: { readonly results_cache: object };
}
const configOf = (base: Base): Config => parse(fileOf(base, "loki", "loki.yaml")) as Config;

/** Processes of a mode whose ruler and index gateway would wait for each other: the gateway asks itself for the ruler's sake. */
const hanging = (processes: readonly (readonly string[])[], { index_gateway: { mode } }: Config): Findings =>
  processes
    .filter((roles) => mode === "ring" && roles.includes("ruler") && roles.includes("index-gateway"))
    .map((roles) => `${roles.join(",")}: a ruler asks the index gateway in its own process through the ring`);

const processesOf = ({ workloads }: Base): readonly (readonly string[])[] =>
  workloads.map(({ roles }) => roles.map(({ name }) => name));

/** Where nginx sends a request: to the location that is the path, or else the longest that the path begins with. */
function upstream(conf: string, path: string): string | undefined {
  const locations = [...conf.matchAll(/location (= )?(\S+) \{\s+proxy_pass http:\/\/([^:]+):/g)];
  const exact = locations.find(([, equals, at]) => equals && at === path);
  const [longest] = locations
    .filter(([, equals, at = ""]) => !equals && path.startsWith(at))
    .sort(([, , a = ""], [, , b = ""]) => b.length - a.length);
  return (exact ?? longest)?.[3];
}

/** The paths of Loki's HTTP API (docs/sources/reference/loki-http-api.md and pkg/util/constants/api_paths.go in 3.7.8). */
const api: Readonly<Record<string, readonly string[]>> = {
  distributor: ["/loki/api/v1/push", "/otlp/v1/logs", "/api/prom/push"],
  querier: ["/loki/api/v1/tail", "/api/prom/tail"],
  ruler: [
    "/loki/api/v1/rules",
    "/loki/api/v1/rules/team/group",
    "/api/prom/rules/team",
    "/prometheus/api/v1/rules",
    "/prometheus/api/v1/alerts",
  ],
  compactor: ["/loki/api/v1/delete"],
  "query-frontend": [
    ...["query", "query_range", "labels", "label", "label/app/values", "series", "patterns"],
    ...["index/stats", "index/shards", "index/volume", "index/volume_range"],
    ...["detected_labels", "detected_fields", "detected_field/app/values"],
    ...["drilldown-limits", "format_query", "status/buildinfo"],
  ]
    .map((path) => `/loki/api/v1/${path}`)
    .concat("/api/prom/query", "/api/prom/label", "/api/prom/label/app/values", "/api/prom/series", "/ready"),
};

describe("Loki, in every mode that it has,", () => {
  for (const base of bases) {
    const { mode, wiring, pods } = base;
    test(`has no ruler that asks an index gateway in its own process through the ring (${mode})`, () =>
      none(hanging(processesOf(base), configOf(base))));

    test(`has one gateway for the whole of its HTTP API (${mode})`, () => {
      const gateway = pods.find(({ workload }) => workload.name === "gateway");
      if (!gateway) return;
      const conf = fileOf(base, "loki-gateway", "nginx.conf");
      for (const [role, paths] of Object.entries(api))
        for (const path of paths) {
          const answers = wiring.workloadOf(loki.roles[role] ?? assert.fail(role)).fullName;
          assert.equal(upstream(conf, path), answers, path);
        }
    });

    test(`reads the limits of tenants again while it runs (${mode})`, () => {
      const found = base.configs.find(({ name }) => name === "loki-overrides");
      assert.deepEqual([found?.read, found?.files], ["runtime", { "overrides.yaml": { overrides: {} } }]);
      for (const { pod, workload } of pods.filter(({ workload }) => workload.name !== "gateway")) {
        const mount = pod.containers[0]?.volumeMounts?.find(({ name }) => name === "overrides");
        assert.equal(`${mount?.mountPath}/overrides.yaml`, configOf(base).runtime_config.file, workload.fullName);
        assert.equal(mount?.subPath, undefined);
      }
    });

    test(`joins the ring, reads the bucket and stands behind the door of its other modes (${mode})`, () => {
      const door = ({ objects }: Base) =>
        objects.filter(({ kind, metadata }) => kind === "Service" && metadata.name === "loki-gossip");
      assert.deepEqual(door(base), door(apart));
      assert.deepEqual(configOf(base).memberlist, configOf(apart).memberlist);
      for (const key of ["bucket", "s3Endpoint"]) {
        assert.ok(base.settings[key], `loki has no setting ${key}`);
        assert.equal(base.settings[key].value, apart.settings[key]?.value);
      }
      assert.ok(base.objects.some(({ kind, metadata }) => kind === "Service" && metadata.name === "loki-gateway"));
    });

    // A compactor that is not the ring's choice takes requests for deletion, too, and nobody ever reads them.
    test(`has one compactor where it is a process of its own (${mode})`, () => {
      const { size, workload } =
        pods.find(({ workload }) => workload.roles.some(({ name }) => name === "compactor")) ?? assert.fail();
      if (workload.roles.length === 1)
        assert.deepEqual([size.replicas, size.maxReplicas, size.zones], [1, undefined, undefined]);
    });
  }
});

describe("Loki as microservices", () => {
  const world: World = worldNamed("every-thanos-sidecar-microservices");
  const named = (name: string) => podTemplates(world.objects).find((pod) => pod.name === name) ?? assert.fail(name);

  test("is one program a role, and no two roles share one", () =>
    assert.ok(processesOf(apart).every((roles) => roles.length === 1)));

  test("tells each ingester its zone, and keeps its place in the ring while it restarts", () => {
    const zones = ["zone-a", "zone-b", "zone-c"].map((zone) => named(`loki-ingester-${zone}`));
    for (const { name, labels, spec } of zones) {
      const [container] = spec.containers;
      assert.ok(container?.args?.includes("-ingester.availability-zone=$(ZONE)"), name);
      const from = container?.env?.find((one) => one.name === "ZONE")?.valueFrom?.fieldRef?.fieldPath;
      assert.equal(from, "metadata.labels['kube-lgtm.io/zone']");
      assert.ok(labels["kube-lgtm.io/zone"] && name.endsWith(labels["kube-lgtm.io/zone"]), name);
    }
    const { unregister_on_shutdown, ring } = configOf(apart).ingester.lifecycler;
    assert.deepEqual([unregister_on_shutdown, ring], [false, { zone_awareness_enabled: "${LOKI_ZONE_AWARENESS}" }]);
  });

  test("keeps a copy of each line in each zone, of however many ingesters", () => {
    const { name, file, ...settings } = world.environment;
    const larger = worldOf(environmentOf(name, { ...settings, replicas: { "loki-ingester": 2 } }));
    for (const { objects } of [world, larger]) {
      const found = objects.find(
        ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("loki-settings"),
      );
      const data = found?.["data"] as Readonly<Record<string, string>>;
      assert.deepEqual([data["LOKI_REPLICATION_FACTOR"], data["LOKI_ZONE_AWARENESS"]], ["3", "true"]);
    }
  });

  test("has its zones rolled one by one", () => assert.ok(named("rollout-operator")));

  test("adds programs when there is much to do only of what keeps and owns nothing", () =>
    assert.deepEqual(
      world.objects.flatMap(({ kind, metadata }) =>
        kind === "HorizontalPodAutoscaler" && metadata.name.startsWith("loki") ? [metadata.name] : [],
      ),
      ["loki-distributor", "loki-querier"],
    ));

  test("lets only those into its caches who ask one", () => {
    const net = network(world.objects);
    const cache = named("loki-cache-chunks");
    const asking = podTemplates(world.objects).filter((pod) => net.connects(pod, cache, { port: 11211 }));
    const zones = ["a", "b", "c"].map((zone) => `loki-ingester-zone-${zone}`);
    assert.deepEqual(asking.map(({ name }) => name).sort(), [
      ...zones,
      "loki-querier",
      "loki-query-frontend",
      "loki-ruler",
    ]);
  });

  test("needs no cache of its own where roles share programs", () => {
    for (const mode of ["monolithic", "scalable"]) {
      assert.equal(configOf(modeNamed(mode)).query_range, undefined);
      const { objects } = worldNamed(`every-thanos-sidecar-${mode}`);
      assert.deepEqual(
        objects.filter(({ metadata }) => metadata.name.startsWith("loki-cache")),
        [],
      );
    }
  });

  test("lets only those into the object store who read or write there", () => {
    const net = network(world.objects);
    const asking = podTemplates(world.objects)
      .filter(({ name }) => name.startsWith("loki-") && net.connects(named(name), named("minio"), { port: 9000 }))
      .map(({ name }) => name);
    const idle = ["distributor", "gateway", "pattern-ingester", "query-frontend", "query-scheduler"];
    for (const role of idle) assert.ok(!asking.includes(`loki-${role}`), role);
    assert.ok(asking.length >= 7, asking.join(" "));
  });
});

test("a ruler that would wait for itself is reported", () =>
  says(
    hanging([["ruler", "index-gateway"]], { ...configOf(apart), index_gateway: { mode: "ring" } }),
    /ruler,index-gateway/,
  ));
