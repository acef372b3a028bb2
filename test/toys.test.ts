import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as grafana from "../src/components/grafana.ts";
import { catalogue } from "../src/components/index.ts";
import * as minio from "../src/components/minio.ts";
import * as store from "../src/components/store.ts";
import { settingsTables } from "../src/core/assemble/base.ts";
import { containerPorts, emptyDir, httpGet, oneContainer, probes, resources } from "../src/core/derive/pod.ts";
import { resolve } from "../src/core/kustomize/build.ts";
import { type Base, type Component, settingsName } from "../src/core/model/component.ts";
import { apart } from "../src/core/model/grouping.ts";
import { defineRoles, modes, type Workload } from "../src/core/model/roles.ts";
import { labels, selector } from "../src/core/derive/labels.ts";
import { additionsOver, type Feature } from "../src/core/assemble/feature.ts";
import { type Overlay, overlay as assembled } from "../src/core/assemble/overlay.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { additionFiles } from "../src/core/output/render.ts";
import { features } from "../src/features/index.ts";
import { basesOf, files, foundation, overlayOf, sizingOf, unloaded } from "../src/program.ts";
import { storeOf } from "../src/settings/schema.ts";
import { validate } from "../src/settings/validate.ts";
import { portFaults, resolution, serviceFaults } from "./lib/addresses.ts";
import { none } from "./lib/findings.ts";
import { build, kustomizes } from "./lib/kustomize.ts";
import { idOf, podTemplates, selects } from "./lib/objects.ts";
import { putAll, temporary } from "./lib/project.ts";
import { closedEdges } from "./lib/policies.ts";
import { dataSourceFaults, fileFaults, keyFaults, nameLinks, unusedSettings } from "./lib/references.ts";

/** A program that is not in the bundle, as its author would write it: all of it in one file. */
const roles = defineRoles(
  "profiler",
  { ports: { http: 4040 }, metrics: { port: "http" } },
  {
    server: {
      tier: "write",
      disk: "10Gi",
      entryPoint: { name: "profiler", ports: ["http"] },
      unsized: "no load says how many profiles there are",
    },
  },
);
const profiler: Component = {
  name: "profiler",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "50m", memory: "128Mi", memoryLimit: "512Mi" } },
    },
  },
  buckets: [{ name: "profiles", sharedName: "profiler-profiles", setting: "bucket" }],
  signals: { profiles: "profiler" },
  settings: ({ wiring: { wire }, store: kept }) =>
    store.settings(kept, wire(roles.server).to(minio.roles.server, "s3"), ["s3Endpoint"]),
  dataSource: ({ wire }, uidOf) => ({
    name: "Profiles",
    uid: uidOf("profiles"),
    type: "grafana-pyroscope-datasource",
    url: `http://${wire(grafana.roles.server).to(roles.server, "http")}`,
    jsonData: { tracesUid: uidOf("traces") },
  }),
  build(context) {
    const keys = store.access(context.store, "profiler");
    return {
      identity: store.identity(context.store, "profiler"),
      secrets: keys.secrets,
      pods: oneContainer(
        context,
        (workload, size) => ({
          name: "profiler",
          image: "docker.io/grafana/pyroscope:1.15.0",
          args: ["-bucket=$(PROFILER_BUCKET)", "-endpoint=$(PROFILER_S3_ENDPOINT)"],
          envFrom: [{ configMapRef: { name: settingsName("profiler") } }, ...keys.envFrom],
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet("/ready"), live: httpGet("/ready"), startSeconds: 60 }),
          resources: resources(size),
          volumeMounts: [
            { name: "data", mountPath: "/data" },
            { name: "tmp", mountPath: "/tmp" },
            ...keys.volumeMounts,
          ],
        }),
        { volumes: [emptyDir("tmp"), ...keys.volumes] },
      ),
    };
  },
};

/** A feature that knows no component: one PodMonitor for the metrics of each workload. */
const podMonitors: Feature = {
  name: "pod-monitors",
  changesFor: "each base",
  reshape: (base) => {
    const monitors = base.workloads.flatMap((workload) => {
      const found = [...new Set(workload.roles.flatMap(({ metrics }) => metrics.map(({ port }) => port)))];
      return found.length > 0 ? [podMonitor(workload, found)] : [];
    });
    return monitors.length > 0 ? { ...base, objects: [...base.objects, ...monitors] } : base;
  },
};
const podMonitor = (workload: Workload, ports: readonly string[]): Manifest => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PodMonitor",
  metadata: { name: workload.fullName, labels: labels(workload) },
  spec: {
    selector: { matchLabels: selector(workload) },
    podMetricsEndpoints: ports.map((port) => ({ port })),
  },
});

describe("a feature that adds an object to each workload", () => {
  const built = foundation(catalogue, [...features, podMonitors]);
  /** The overlay of an environment that has it, whatever its settings say. */
  const withMonitors = (name: string, settings: object): Overlay => {
    const tables = settingsTables(built.bases);
    const environment = validate(name, { metrics: "mimir", ...settings }, built.components, tables);
    const chosen = basesOf(environment, unloaded).map((own) => ({
      own,
      base: built.bases.find(({ path }) => path === own.path) as Base,
    }));
    const committed = chosen.map(({ base }) => base);
    return assembled(
      { ...environment, store: storeOf(environment), options: {}, warnings: [] },
      chosen,
      additionsOver(built.additions, [podMonitors], committed),
    );
  };
  const overlays = [
    ...modes.map((mode) => withMonitors(`monitors-${mode}`, { mode })),
    withMonitors("monitors-mixed", { mode: "monolithic", modes: { loki: "microservices", mimir: "scalable" } }),
  ];

  for (const one of overlays)
    test(`has a Component for each base of ${one.name}, and nothing of another mode`, () => {
      const objects = resolve(one);
      const monitors = objects.filter(({ kind }) => kind === "PodMonitor");
      const scraped = one.parts
        .flatMap(({ bases }) => bases.flatMap(({ workloads }) => workloads))
        .filter(({ roles }) => roles.some(({ metrics }) => metrics.length > 0));
      assert.deepEqual(
        monitors.map(({ metadata }) => metadata.name).sort(),
        scraped.map(({ fullName }) => fullName).sort(),
      );
      for (const monitor of monitors) {
        const { selector } = monitor["spec"] as { selector: { matchLabels: Record<string, string> } };
        const found = podTemplates(objects).filter(
          ({ labels, namespace }) => namespace === monitor.metadata.namespace && selects(selector, labels),
        );
        assert.ok(found.length > 0, `${idOf(monitor)} selects no pods`);
        assert.ok(
          found.every(({ name }) => name.startsWith(monitor.metadata.name)),
          `${idOf(monitor)} selects others`,
        );
      }
    });
  test("changes no Component that was there before", () => {
    const before = new Map(foundation().additions.flatMap((one) => [...additionFiles(one)]));
    const after = new Map(built.additions.flatMap((one) => [...additionFiles(one)]));
    for (const [path, text] of before) assert.equal(after.get(path), text, path);
  });
  test("is built by kustomize as it is in memory", async (context) => {
    if (kustomizes.length === 0) return context.skip("no kustomize");
    const folder = temporary((clean) => context.after(clean));
    putAll(
      folder,
      files(built, overlays, () => []),
    );
    // Components in three modes beside each other.
    const mixed = overlays.at(-1) as Overlay;
    const ids = (list: readonly Manifest[]): readonly string[] => list.map(idOf).sort();
    for (const program of kustomizes)
      assert.deepEqual(ids((await build(program, join(folder, mixed.path))).objects), ids(resolve(mixed)));
  });
});

describe("a component that is one file and a line in the list", () => {
  const built = foundation([...catalogue, profiler]);
  const environmentOf = (settings: object) =>
    validate(
      "toy",
      { mode: "monolithic", metrics: "mimir", ...settings },
      built.components,
      settingsTables(built.bases),
    );
  const overlay = overlayOf(environmentOf({ credentials: "throw-away" }), built);
  const objects = resolve(overlay);
  const textOf = (id: string): string =>
    JSON.stringify(objects.find((object) => idOf(object).replace(/-[bcdfghkmt2456789]{10}$/, "") === id));

  test("has a base, of which nothing leads nowhere", () => {
    const ids = objects.map(idOf);
    for (const kind of ["StatefulSet", "Service", "NetworkPolicy", "ServiceAccount"])
      assert.ok(ids.includes(`${kind} observability/profiler`), `${kind} is missing`);
    none([...nameLinks(objects), ...keyFaults(objects), ...fileFaults(objects), ...unusedSettings(objects)]);
    none([...serviceFaults(objects), ...portFaults(objects), ...resolution(objects).faults]);
  });
  test("is let in to the store, and Grafana to it", () => {
    none(closedEdges(resolution(objects).edges, objects));
    assert.match(textOf("NetworkPolicy observability/minio"), /"app.kubernetes.io\/name":"profiler"/);
    assert.match(textOf("NetworkPolicy observability/profiler"), /"app.kubernetes.io\/name":"grafana"/);
  });
  test("finds its bucket in MinIO, and elsewhere behind the prefix of the store", () => {
    assert.match(textOf("ConfigMap observability/minio-buckets"), / profiles /);
    const store = { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-", identity: "secret" };
    const [stack] = overlayOf(environmentOf({ store }), built).parts;
    assert.deepEqual(
      stack?.buckets.filter(({ component }) => component === "profiler"),
      [{ name: "acme-profiler-profiles", component: "profiler" }],
    );
  });
  test("may have an account of its own at a cloud", () => {
    const arn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
    const store = { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-" };
    const identity = { profiler: arn("profiler"), default: arn("others") };
    const account = resolve(overlayOf(environmentOf({ store: { ...store, identity } }), built)).find(
      (object) => idOf(object) === "ServiceAccount observability/profiler",
    );
    assert.deepEqual(account?.metadata["annotations"], { "eks.amazonaws.com/role-arn": arn("profiler") });
  });
  test("has a data source, which Grafana mounts and which links to others", () => {
    none(dataSourceFaults(objects));
    assert.match(textOf("StatefulSet observability/grafana"), /grafana-datasource-profiler-/);
    assert.match(textOf("ConfigMap observability/grafana-datasource-profiler"), /tracesUid: tempo/);
  });
  test("is scraped", () => {
    assert.match(textOf("ConfigMap observability/prometheus-scrape"), /job_name: profiler/);
  });
  test("stays as large as its mode has it, for the reason that it gives", () => {
    const { workloads } = sizingOf(environmentOf({ load: { logsGBPerDay: 500 } }), built.components);
    const found = workloads.find(({ workload }) => workload === "profiler");
    assert.deepEqual(found?.notes, ["as in the mode: no load says how many profiles there are"]);
  });
  test("and one without the data source that it links to is told so", () => {
    const lonely = { ...profiler, dataSource: (_: unknown, uidOf: (signal: string) => string) => source(uidOf) };
    const source = (uidOf: (signal: string) => string) => ({ name: "P", uid: uidOf("profits"), type: "p", url: "p" });
    assert.throws(() => foundation([...catalogue, lonely]), /No component has a data source for "profits"/);
  });
});
