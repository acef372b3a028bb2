import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as kafka from "../src/components/kafka.ts";
import * as minio from "../src/components/minio.ts";
import type { Manifest } from "../src/core/objects.ts";
import { clientLabel } from "../src/core/objects.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { addressesOf } from "./lib/addresses.ts";
import { containersOf, type Labels, type PodTemplate, podTemplates } from "./lib/objects.ts";
import { none } from "./lib/findings.ts";
import { network, outside } from "./lib/policies.ts";
import { isDirect } from "./lib/proxy.ts";
import { environmentOf, worldNamed, worlds } from "./lib/world.ts";

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
    fails({ url: "http://proxy:3128", port: 1 }, "proxy.port is no setting");
    fails("http://proxy:3128", 'expected a table with "url"');
  });
});
