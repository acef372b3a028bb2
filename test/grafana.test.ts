import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { network, outside } from "../src/core/kubernetes/network-rules.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { podTemplates } from "./lib/objects.ts";
import { environmentOf, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const { name, file, ...settings } = worldNamed("every-thanos-sidecar-scalable").environment;
const database = { by: "postgres", host: "db.example.com:6432" };
const withDatabase = worldOf(environmentOf(name, { ...settings, database }));
const replicas = (objects: readonly Manifest[]): unknown =>
  objects.flatMap(({ kind, metadata, spec }) =>
    kind === "StatefulSet" && metadata.name === "grafana" ? [(spec as { replicas: number }).replicas] : [],
  )[0];
const fails = (given: object, message: string): void =>
  assert.throws(
    () => worldOf(environmentOf("prod", { ...settings, ...given })),
    (error) => error instanceof SettingsError && error.message.includes(message),
  );

describe("Grafana", () => {
  test("is one in every mode, and two where what people make of it is in a database", () => {
    assert.equal(replicas(worldNamed(name).objects), 1);
    assert.equal(replicas(withDatabase.objects), 2);
    const three = worldOf(environmentOf(name, { ...settings, database, replicas: { grafana: 3 } }));
    assert.equal(replicas(three.objects), 3);
  });
  test("reaches its database by its port, and nothing else outside", () => {
    const net = network(withDatabase.objects);
    const pod = podTemplates(withDatabase.objects).find((one) => one.name === "grafana") ?? assert.fail("no grafana");
    assert.ok(net.open("Egress", pod, outside, { port: 6432 }));
    for (const port of [443, 5432]) assert.ok(!net.open("Egress", pod, outside, { port }), String(port));
  });
  test("has a first page that fetches nothing from elsewhere", () => {
    // pkg/api/dashboard.go (12.4.0) sends browsers to this page, if one is set, and else shows public/dashboards/home.json with its news.
    const { objects } = worldNamed(name);
    const settings = objects.find(({ metadata }) => metadata.name.startsWith("grafana-settings"));
    const home = (settings?.["data"] as Record<string, string>)["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] ?? "";
    const [, folder = "", file = ""] = /^(.*)\/([^/]+)$/.exec(home) ?? [];
    const { spec } = podTemplates(objects).find(({ name }) => name === "grafana") ?? assert.fail();
    const mount = spec.containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === folder);
    const sources = spec.volumes?.find(({ name }) => name === mount?.name)?.projected?.sources ?? [];
    const files = sources.flatMap(({ configMap }) => {
      const found = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap?.name);
      return Object.keys((found?.["data"] ?? {}) as object);
    });
    assert.ok(files.includes(file), home);
  });
  test("takes variables of the Secret grafana-env, which need not be there and go before all others", () => {
    // https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables : the last source takes precedence
    const pod = podTemplates(withDatabase.objects).find((one) => one.name === "grafana") ?? assert.fail("no grafana");
    const last = pod.spec.containers.find((one) => one.name === "grafana")?.envFrom?.at(-1);
    assert.deepEqual(last, { secretRef: { name: "grafana-env", optional: true } });
  });
  test("reaches a provider of identities by the way that an environment opens, and nobody else does", () => {
    const { objects } = worldOf(environmentOf(name, { ...settings, egress: { grafana: [{ port: 443 }] } }));
    const net = network(objects);
    const out = (who: string, port: number): boolean =>
      net.open("Egress", podTemplates(objects).find((one) => one.name === who) ?? assert.fail(who), outside, { port });
    assert.deepEqual([out("grafana", 443), out("grafana", 587), out("loki-gateway", 443)], [true, false, false]);
  });
  test("gets its credentials from a Secret that is expected", () => {
    const expected = withDatabase.overlay.parts.flatMap(({ expects }) => expects);
    assert.deepEqual(expected.find((secret) => secret.name === "grafana-database")?.keys, ["user", "password"]);
  });
  test("is not made two that do not know of each other", () => {
    fails({ replicas: { grafana: 2 } }, 'replicas.grafana is 2: expected 1, or a "database" that all of them share');
  });
});

test("a setting that a kustomize Component would overrule stops the build", () => {
  fails(
    { metrics: "thanos-receive", components: { tempo: { remoteWriteUrl: "http://elsewhere/api/v1/push" } } },
    "components.tempo.remoteWriteUrl has no effect: components/thanos-remote-write says it. Remove the setting.",
  );
});
