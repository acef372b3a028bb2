import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as kafka from "../src/components/kafka.ts";
import * as minio from "../src/components/minio.ts";
import { clientLabel } from "../src/core/derive/labels.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { addressesOf } from "./lib/addresses.ts";
import { containersOf, isWorkload, type Labels, type PodTemplate, podTemplates } from "./lib/objects.ts";
import { none } from "./lib/findings.ts";
import { network, outside } from "./lib/policies.ts";
import { isDirect } from "./lib/proxy.ts";
import { built, environmentOf, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/** Pods that are told to ask something outside of the cluster: those that keep objects or use Kafka say so by a label. */
const askOutside = ({ name, labels }: PodTemplate): boolean =>
  ["alertmanager", "grafana"].includes(name) ||
  [minio.roles.server, kafka.roles.server].some((role) =>
    Object.entries(clientLabel(role)).every(([key, value]) => labels[key] === value),
  );

/** What keeps one of them from what a company's cluster has: its certificates, in a folder that Go reads, and its proxy. */
const outsideFaults = (objects: readonly Manifest[]): readonly string[] =>
  podTemplates(objects)
    .filter(askOutside)
    .flatMap(({ id, spec: { containers, volumes = [] } }) =>
      containers.flatMap(({ name, env = [], envFrom = [], volumeMounts = [] }) => {
        const folder = env.find((variable) => variable.name === "SSL_CERT_DIR")?.value;
        const mount = volumeMounts.find(({ mountPath }) => mountPath === folder);
        const volume = volumes.find((one) => one.name === mount?.name);
        const proxy = envFrom.find(({ configMapRef }) => configMapRef?.name?.startsWith("proxy-settings"));
        return [
          ...(volume?.configMap?.name?.startsWith("ca-bundle") && volume.configMap.optional
            ? []
            : [`${id} containers.${name} does not trust what is in ca-bundle`]),
          ...(proxy?.configMapRef?.optional ? [] : [`${id} containers.${name} does not take proxy-settings`]),
        ];
      }),
    );

for (const { name, objects } of worlds) {
  test(`in ${name} all who ask something outside trust a company's certificates and take its proxy, where there are any`, () => {
    assert.ok(podTemplates(objects).some(askOutside));
    none(outsideFaults(objects));
  });
}

describe("a proxy", () => {
  const world = worldNamed("every-thanos-receive-microservices");
  const settings = (objects: readonly Manifest[]): Labels =>
    (objects.find(({ metadata }) => metadata.name.startsWith("proxy-settings-"))?.["data"] ?? {}) as Labels;

  test("is told to the programs with what is an exception to it", () => {
    const { HTTPS_PROXY, NO_PROXY = "" } = settings(world.objects);
    assert.equal(HTTPS_PROXY, "http://proxy.example.com:8118");
    for (const host of ["hooks.example.com", "ceph.corp.example.com", "10.1.2.3", "fd00::7"])
      assert.ok(isDirect(host, NO_PROXY), host);
    for (const host of ["acme-tempo.s3.dualstack.eu-central-1.amazonaws.com", "sts.amazonaws.com", "prod.example.com"])
      assert.ok(!isDirect(host, NO_PROXY), host);
  });
  test("is not asked for what is inside the cluster, which gRPC would else send there, beside whatever modes and components", () => {
    const { NO_PROXY = "" } = settings(world.objects);
    for (const { objects } of worlds) {
      const services = objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
      const addresses = addressesOf(objects).filter(
        ({ host, readers }) => services.includes(host.split(".").at(-1) ?? "") && readers.some(askOutside),
      );
      assert.ok(addresses.length > 5);
      none(addresses.filter(({ host }) => !isDirect(host, NO_PROXY)).map(({ where, host }) => `${where}: ${host}`));
    }
  });
  test("is reached by those who ask something outside, and by nobody else", () => {
    const net = network(world.objects);
    for (const pod of podTemplates(world.objects))
      assert.equal(
        net.open("Egress", pod, outside, { port: 8118 }),
        containersOf(pod).some(({ envFrom = [] }) =>
          envFrom.some(({ configMapRef }) => configMapRef?.name?.startsWith("proxy-settings-")),
        ),
        pod.id,
      );
  });
  test("is written as a URL of a host and a port, and its exceptions as hosts", () => {
    const fails = (proxy: unknown, message: string): void =>
      assert.throws(
        () => environmentOf("prod", { mode: "monolithic", metrics: "mimir", proxy }),
        (error) => error instanceof SettingsError && error.message.includes(message),
      );
    fails({ url: "http://me:secret@proxy.example.com:3128" }, 'proxy.url is "http://me:secret@');
    fails({}, "proxy.url is missing");
    fails({ url: "http://proxy:3128", except: "a b" }, 'proxy.except is "a b": expected hosts such as');
    fails({ url: "http://proxy:3128", port: 1 }, "unknown setting proxy.port");
    fails("http://proxy:3128", 'expected a table with "url"');
  });
});

describe("OpenShift", () => {
  const all = worlds.filter(({ environment }) => environment.platform === "openshift");
  /** What its policy `restricted-v2` refuses beyond Pod Security: users and groups that are not the namespace's, SELinux options. */
  const refused = ({ id, spec }: PodTemplate): readonly string[] =>
    [spec, ...containersOf({ spec } as PodTemplate)].flatMap(({ securityContext = {} }) =>
      (["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups", "seLinuxOptions"] as const)
        .filter((field) => field in securityContext)
        .map((field) => `${id} says ${field}`),
    );
  test("is refused nothing of the stack: no pod says who it runs as", () => {
    assert.ok(all.length > 1);
    for (const { objects, environment } of all) {
      const stack = podTemplates(objects).filter(({ namespace }) => namespace === environment.namespaces.stack);
      assert.ok(stack.length > 8);
      none(stack.flatMap(refused));
    }
    assert.ok(podTemplates(worldNamed("dev").objects).flatMap(refused).length > 20);
  });
  test("has no base whose pods the Component passes by", () => {
    const { everywhere = [] } = built.additions.find(({ path }) => path === "components/openshift") ?? {};
    const kinds = built.bases
      .filter(({ component }) => component.namespaceKind === "stack")
      .flatMap(({ objects }) => objects.filter(isWorkload).map(({ kind }) => kind));
    assert.deepEqual([...new Set(kinds)].sort(), everywhere.map(({ kind }) => kind).sort());
  });
  test("lets each agent read the node: by a policy that its account may use, and out of SELinux's confinement", () => {
    for (const { objects, environment } of all) {
      const agents = podTemplates(objects).filter(({ namespace }) => namespace === environment.namespaces.agents);
      const bindings = objects.filter(({ roleRef }) =>
        /scc:/.test((roleRef as { name?: string } | undefined)?.name ?? ""),
      );
      assert.deepEqual(
        bindings
          .map(({ metadata, kind, subjects }) => [kind, metadata.namespace, (subjects as { name: string }[])[0]?.name])
          .sort(),
        agents.map(({ spec, namespace }) => ["RoleBinding", namespace, spec.serviceAccountName]).sort(),
      );
      // Of the policies that OpenShift brings, these let a pod mount the node's folders as root (docs.openshift.com,
      // authentication/managing-security-context-constraints).
      for (const { roleRef } of bindings)
        assert.match(
          (roleRef as { name: string }).name,
          /^system:openshift:scc:(privileged|hostmount-anyuid|node-exporter)$/,
        );
      for (const { id, spec } of agents) assert.equal(spec.securityContext?.seLinuxOptions?.type, "spc_t", id);
    }
  });
  test("has no Compose file, which would not say who its containers run as", () => {
    const settings = { mode: "monolithic", metrics: "mimir", collector: "promtail", compose: "generated" };
    assert.throws(
      () => environmentOf("x", { ...settings, platform: "openshift" }),
      (error) => error instanceof SettingsError && error.message.includes('compose is "generated": expected "none"'),
    );
  });
});

describe("GKE's Autopilot", () => {
  // Its own words: "Allowed path prefixes for hostPath volumes are: [/var/log/]", and none "accessed in write mode".
  test("is asked for nothing of its nodes but to read /var/log", () => {
    const all = worlds.filter(({ environment }) => environment.platform === "gke-autopilot");
    assert.ok(all.length > 1);
    for (const { objects } of all)
      for (const { id, spec } of podTemplates(objects)) {
        const host = (spec.volumes ?? []).filter(({ hostPath }) => hostPath);
        none(host.filter(({ hostPath }) => !hostPath?.path.startsWith("/var/log/")).map(({ name }) => `${id} ${name}`));
        const mounts = containersOf({ spec } as PodTemplate).flatMap(({ volumeMounts = [] }) => volumeMounts);
        none(
          mounts
            .filter(({ name, readOnly }) => !readOnly && host.some((one) => one.name === name))
            .map(({ name }) => `${id} writes to ${name}`),
        );
        assert.ok(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, id);
      }
  });
  test("is not asked for what it refuses", () => {
    const settings = { mode: "monolithic", metrics: "mimir", platform: "gke-autopilot" };
    for (const nodes of [{ runtime: "docker" }, { journal: "read" }])
      assert.throws(
        () => environmentOf("x", { ...settings, nodes }),
        (error) =>
          error instanceof SettingsError && /"gke-autopilot" lets pods read no more of a node/.test(error.message),
      );
  });
});
