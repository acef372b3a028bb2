import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import * as kafka from "../src/components/kafka.ts";
import * as minio from "../src/components/minio.ts";
import type { Manifest } from "../src/core/objects.ts";
import { clientLabel } from "../src/core/objects.ts";
import { build, kustomizes, missing } from "./lib/kustomize.ts";
import { type PodTemplate, podTemplates } from "./lib/objects.ts";
import { none } from "./lib/findings.ts";
import { generated, put, putAll, snapshot, temporary } from "./lib/project.ts";
import { root, worlds } from "./lib/world.ts";

const page = readFileSync(join(root, "docs/clusters.md"), "utf8");
const skip = kustomizes.length === 0 ? missing : false;

/** The project with the overlays that the page shows. */
const tree = temporary(after);
putAll(tree, snapshot(root, generated));
for (const [, path = "", text = ""] of page.matchAll(/<!-- file: (\S+) -->\n```\w*\n([\s\S]*?)```/g))
  put(tree, path, text);

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

for (const one of kustomizes) {
  describe(`as ${one.name} builds the page's overlays`, { skip }, () => {
    test("a company's certificates reach the pods, and a change of them restarts those", async () => {
      const { objects } = await build(one, join(tree, "overlays/private-ca"));
      const bundle = objects.find(({ metadata }) => metadata.name.startsWith("ca-bundle-"));
      assert.match((bundle?.["data"] as Record<string, string>)["ca.crt"] ?? "", /BEGIN CERTIFICATE/);
      const volumes = podTemplates(objects).flatMap(({ spec }) => spec.volumes ?? []);
      const named = volumes.flatMap(({ name, configMap }) => (name === "ca-bundle" ? [configMap?.name] : []));
      assert.ok(named.length > 5);
      assert.deepEqual([...new Set(named)], [bundle?.metadata.name]);
    });
  });
}
