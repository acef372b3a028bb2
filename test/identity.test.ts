import { describe, test } from "node:test";
import { none, says } from "./lib/findings.ts";
import { restartFaults, shapeFaults } from "./lib/identity.ts";
import { altered, podTemplates } from "./lib/objects.ts";
import { built, dev, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const origins = [
  ...built.bases.map(({ path, objects }) => ({ from: path, objects })),
  ...worlds.map(({ name, objects }) => ({ from: name, objects })),
];

test("no switch of mode or environment can be refused: one kind and name of a namespace has one shape everywhere", () => {
  none(shapeFaults(origins));
});

/** Of a Job nothing of the template can change, of all other controllers everything (apis/batch/validation, apps/validation). */
test("no overlay of images, labels or tolerations is refused: nothing has pods that cannot be changed under its name", () => {
  for (const { from, objects } of origins)
    none(podTemplates(objects).flatMap(({ id, kind }) => (kind === "Job" || kind === "Pod" ? [`${from}: ${id}`] : [])));
});

test("no pod restarts because a version changed that is not its own: no label or annotation says one", () => {
  for (const { objects } of origins) none(restartFaults(objects));
});

describe("a shape that cannot be changed is reported when it differs", () => {
  const claim = ["spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage"];
  const cases: readonly [string, string, readonly (string | number)[], unknown, RegExp][] = [
    [
      "a Service that becomes headless",
      "Service observability/minio",
      ["spec", "clusterIP"],
      "None",
      /Service observability\/minio of changed differs from that of dev/,
    ],
    [
      "the claims of a StatefulSet",
      "StatefulSet observability/loki",
      claim,
      "20Gi",
      /StatefulSet observability\/loki[^]*-.*10Gi[^]*\+.*20Gi/,
    ],
    [
      "its Service",
      "StatefulSet observability/loki",
      ["spec", "serviceName"],
      "loki",
      /StatefulSet observability\/loki/,
    ],
    [
      "its order of start",
      "StatefulSet observability/loki",
      ["spec", "podManagementPolicy"],
      "OrderedReady",
      /StatefulSet observability\/loki/,
    ],
    [
      "a selector",
      "Deployment observability/thanos-query",
      ["spec", "selector", "matchLabels", "app"],
      "x",
      /Deployment observability\/thanos-query/,
    ],
    [
      "a binding's role",
      "ClusterRoleBinding kube-lgtm-alloy",
      ["roleRef", "name"],
      "admin",
      /ClusterRoleBinding kube-lgtm-alloy/,
    ],
  ];
  for (const [what, start, path, value, message] of cases) {
    test(what, () => {
      const id = dev.objects
        .map(({ kind, metadata }) => `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`)
        .find((one) => one.startsWith(start));
      const objects = altered(dev.objects, id ?? start, path, value);
      says(
        shapeFaults([
          { from: "dev", objects: dev.objects },
          { from: "changed", objects },
        ]),
        message,
      );
    });
  }
  test("and what may change is not", () => {
    const shift = (objects: readonly Manifest[]): readonly Manifest[] =>
      altered(
        altered(objects, "StatefulSet observability/loki", ["spec", "replicas"], 3),
        "Service observability/minio",
        ["spec", "ports", 0, "port"],
        9,
      );
    none(
      shapeFaults([
        { from: "dev", objects: dev.objects },
        { from: "changed", objects: shift(dev.objects) },
      ]),
    );
  });
});

describe("what would restart pods for nothing is reported", () => {
  const at = (...path: readonly string[]) => ["spec", "template", "metadata", ...path];
  const faults = (path: readonly string[], value: string) =>
    restartFaults(altered(dev.objects, "StatefulSet observability/loki", path, value));

  test("a version", () =>
    says(faults(at("labels", "app.kubernetes.io/version"), "3.7.8"), /loki.*app.kubernetes.io\/version/));
  test("a chart", () => says(faults(at("labels", "helm.sh/chart"), "loki-6"), /helm.sh\/chart/));
  test("a checksum", () => says(faults(at("annotations", "checksum/config"), "abc"), /checksum\/config/));
  test("a bundle's release under any name", () =>
    says(faults(at("annotations", "bundle"), "v1.2.3"), /bundle: v1.2.3 changes/));
});
