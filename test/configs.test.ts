import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Config, settingsName, type Base } from "../src/core/model/component.ts";
import type { Overlay, Part } from "../src/core/assemble/overlay.ts";
import { contents, placed } from "../src/core/kustomize/build.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, configMapsOf, containersOf, idOf, isWorkload, podTemplates, secretsOf } from "./lib/objects.ts";
import { dev, environmentOf, type World, worldOf, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const hashed = /-[bcdfghkmt2456789]{10}$/;
const configsOf = ({ parts }: Overlay): readonly (Config & { readonly namespace: string })[] =>
  parts.flatMap(({ bases, namespace }) =>
    bases.flatMap(({ configs }) => configs.map((config) => ({ ...config, namespace }))),
  );

/** Whether start-up configurations, and only those, restart their readers by their names. */
function nameFaults(overlay: Overlay, objects: readonly Manifest[]): Findings {
  const maps = objects.filter(({ kind }) => kind === "ConfigMap");
  const pods = podTemplates(objects);
  return configsOf(overlay).flatMap(({ name, read, namespace }) => {
    const found = maps.filter(
      ({ metadata }) =>
        metadata.namespace === namespace && (metadata.name === name || metadata.name.replace(hashed, "") === name),
    );
    const [map] = found;
    if (!map || found.length > 1) return [`ConfigMap ${namespace}/${name} is there ${found.length} times`];
    const readers = pods.filter(
      (pod) => pod.namespace === namespace && configMapsOf(pod).some((one) => one.name === map.metadata.name),
    );
    const suffixed = map.metadata.name !== name;
    return [
      ...(read === "start-up" && !suffixed ? [`${idOf(map)} is read at the start and has no hash`] : []),
      ...(read === "runtime" && suffixed ? [`${idOf(map)} is read again by itself and has a hash`] : []),
      ...(readers.length === 0 ? [`${idOf(map)} is read by nobody`] : []),
    ];
  });
}

/** Files that are re-read must be mounted as folders: what is mounted by `subPath` never changes in a running pod. */
function frozenFaults(overlay: Overlay, objects: readonly Manifest[]): Findings {
  const runtime = new Set(
    configsOf(overlay)
      .filter(({ read }) => read === "runtime")
      .map(({ name }) => name),
  );
  return podTemplates(objects).flatMap((pod) => {
    const volumes = new Set(
      (pod.spec.volumes ?? []).filter(({ configMap }) => runtime.has(configMap?.name ?? "")).map(({ name }) => name),
    );
    return containersOf(pod).flatMap((container) =>
      (container.volumeMounts ?? [])
        .filter(({ name, subPath, subPathExpr }) => volumes.has(name) && (subPath ?? subPathExpr))
        .map(
          ({ name }) =>
            `${pod.id} containers.${container.name}: volume ${name} is mounted by subPath and never changes`,
        ),
    );
  });
}

/** Client-side apply keeps a copy of the object in an annotation, of which the API server takes 262144 bytes. */
const heavy = (objects: readonly Manifest[]): Findings =>
  objects
    .map((object) => ({ id: idOf(object), bytes: Buffer.byteLength(JSON.stringify(object)) }))
    .filter(({ bytes }) => bytes > 200 * 1024)
    .map(({ id, bytes }) => `${id} has ${bytes} bytes: split it`);

/** Pods whose template differs. */
const rolled = (before: readonly Manifest[], after: readonly Manifest[]): readonly string[] => {
  const templates = new Map(
    podTemplates(before).map((pod) => [pod.id, JSON.stringify([pod.labels, pod.annotations, pod.spec])]),
  );
  return podTemplates(after)
    .filter((pod) => templates.get(pod.id) !== JSON.stringify([pod.labels, pod.annotations, pod.spec]))
    .map(({ id }) => id)
    .sort();
};

/** Pods that read a ConfigMap or Secret, by the name that it has in the bases. */
const readers = (objects: readonly Manifest[], namespace: string, name: string): readonly string[] => {
  const own = (found: string): boolean =>
    found === name || (found.startsWith(`${name}-`) && hashed.test(found) && found.length === name.length + 11);
  return podTemplates(objects)
    .filter(
      (pod) => pod.namespace === namespace && [...configMapsOf(pod), ...secretsOf(pod)].some((one) => own(one.name)),
    )
    .map(({ id }) => id)
    .sort();
};

/** The base with one ConfigMap's content changed at its source. */
const withConfig = (base: Base, name: string): Base => ({
  ...base,
  configs: base.configs.map((config) =>
    config.name !== name
      ? config
      : {
          ...config,
          literals: config.literals && { ...config.literals, EXTRA: "1" },
          files: config.files && { ...config.files, "extra.yaml": "1" },
        },
  ),
});

/** Pods that restart when a ConfigMap of a part changes: nothing but the generated ones is made again. */
function rolledBy(part: Part, config: string): readonly string[] {
  const { objects, configMaps, secrets } = contents(part);
  const workloads = objects.filter(isWorkload);
  const changed = contents({
    ...part,
    objects: [],
    bases: part.bases.map((base) => ({ ...withConfig(base, config), objects: [] })),
  });
  return rolled(
    placed({ objects: workloads, configMaps, secrets }, part.namespace),
    placed({ objects: workloads, configMaps: changed.configMaps, secrets }, part.namespace),
  );
}

for (const { name, overlay, objects } of worlds) {
  describe(`the configuration of ${name}`, () => {
    test("restarts its readers by its name if they read it at their start, and does not if they re-read it", () => {
      assert.ok(configsOf(overlay).length > 15);
      none(nameFaults(overlay, objects));
      none(frozenFaults(overlay, objects));
    });
    test("when changed, rolls the pods that read it and no others", () => {
      for (const part of overlay.parts)
        for (const { configs } of part.bases)
          for (const config of configs) {
            const expected = config.read === "runtime" ? [] : readers(objects, part.namespace, config.name);
            assert.deepEqual(rolledBy(part, config.name), expected, config.name);
          }
    });
    test("fits into what the API server takes", () => none(heavy(objects)));
  });
}

test("a setting of an environment rolls the pods of its component and no others", () => {
  const { name, file, ...settings } = dev.environment;
  const values: Readonly<Record<string, string>> = {
    account: "seven",
    address: "store:1",
    boolean: "true",
    count: "7",
    duration: "744h",
    expression: "^INFO",
    selector: '{app="cart"}',
    host: "seven:7",
    name: "seven",
    store: "gcs",
    tenant: "seven",
    url: "http://seven",
  };
  const components = dev.overlay.parts.flatMap(({ bases }) => bases);
  const most = Math.max(...components.map((base) => Object.keys(base.settings).length));
  // One setting of every component at a time: a world for each of them alone would take longer than all other tests of objects.
  for (let i = 0; i < most; i++) {
    const changed = components.flatMap(({ component, settings: table }) => {
      // What follows the store or the tenants is said there. MinIO makes buckets, so that it restarts, too.
      const own = Object.entries(table).filter(([, { follows, unit }]) => !follows && unit !== "bucket");
      const [key, { unit, value }] = own[i] ?? ["", { unit: "name", value: "" } as const];
      const other = values[unit] === value ? "false" : values[unit];
      return key ? [{ component, key, other }] : [];
    });
    const world: World = worldOf(
      environmentOf(name, {
        ...settings,
        components: Object.fromEntries(changed.map(({ component, key, other }) => [component.name, { [key]: other }])),
      }),
    );
    const expected = changed.flatMap(({ component: { name: one, namespaceKind } }) => {
      const found = readers(dev.objects, dev.environment.namespaces[namespaceKind], settingsName(one));
      assert.ok(found.length > 0, one);
      return found;
    });
    const keys = changed.map(({ component, key }) => `${component.name}.${key}`);
    assert.deepEqual(rolled(dev.objects, world.objects), [...new Set(expected)].sort(), keys.join(", "));
  }
});

test("other names for the namespaces roll only those who write across from one to the other", () => {
  const { name, file, ...settings } = dev.environment;
  const world = worldOf(
    environmentOf(name, { ...settings, namespaces: { ...settings.namespaces, stack: "elsewhere" } }),
  );
  const moved = world.objects.map(
    (object) => JSON.parse(JSON.stringify(object).replaceAll("elsewhere", "observability")) as Manifest,
  );
  assert.deepEqual(rolled(dev.objects, moved), ["DaemonSet observability-agents/alloy"]);
});

describe("a configuration that restarts too much or too little is reported", () => {
  const map = (start: string): string =>
    dev.objects.map(idOf).find((id) => id.startsWith(`ConfigMap observability/${start}`)) ?? start;
  const renamed = (start: string, name: string) =>
    nameFaults(dev.overlay, altered(dev.objects, map(start), ["metadata", "name"], name));

  test("no hash where a restart is needed", () =>
    says(renamed("loki-settings-", "loki-settings"), /loki-settings is read at the start and has no hash/));
  test("a hash where none is", () =>
    says(renamed("prometheus-rules-prometheus", "prometheus-rules-prometheus-bcdfghkmt2"), /has a hash/));
  test("nobody who reads it", () => says(renamed("loki-settings-", "loki-settings-bcdfghkmt2"), /is read by nobody/));
  test("a file that is frozen by its mount", () => {
    const path = ["spec", "template", "spec", "containers", 0, "volumeMounts"];
    const mounts = [{ name: "config", mountPath: "/etc/prometheus/prometheus.yml", subPath: "prometheus.yml" }];
    const sidecar = podTemplates(dev.objects)
      .find(({ name }) => name === "prometheus")
      ?.spec.containers.findIndex(({ name }) => name === "prometheus");
    const at = path.map((step) => (step === 0 ? (sidecar ?? 0) : step));
    says(
      frozenFaults(dev.overlay, altered(dev.objects, "StatefulSet observability/prometheus", at, mounts)),
      /mounted by subPath/,
    );
  });
  test("an object that is too large", () => {
    says(
      heavy(altered(dev.objects, map("loki-settings-"), ["data", "X"], "x".repeat(210_000))),
      /loki-settings.* has 2\d+ bytes/,
    );
  });
  test("a pod that rolls", () => {
    const path = ["spec", "template", "spec", "terminationGracePeriodSeconds"];
    assert.deepEqual(rolled(dev.objects, altered(dev.objects, "StatefulSet observability/loki", path, 1)), [
      "StatefulSet observability/loki",
    ]);
  });
});
