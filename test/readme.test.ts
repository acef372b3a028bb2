import assert from "node:assert/strict";
import { test } from "node:test";
import { readme, topology } from "../src/core/output/readme.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";

for (const { name, overlay, objects, environment } of worlds) {
  test(`the page of ${name} names every Secret that its pods cannot do without`, () => {
    const page = readme(overlay);
    const wanted = [
      ...JSON.stringify(objects).matchAll(/"(?:secretRef":\{"name|secretName)":"([a-z0-9-]+)"(?!,"optional":true)/g),
    ].map(([, one]) => one as string);
    assert.ok(wanted.length > 0);
    const listed = overlay.parts.flatMap(({ secrets, expects }) => [...secrets, ...expects].map(({ name }) => name));
    assert.deepEqual(
      wanted.filter((secret) => !listed.some((one) => secret.startsWith(one) && page.includes(`| \`${one}\` |`))),
      [],
    );
  });

  test(`the page of ${name} restarts exactly those who read a Secret that was changed`, () => {
    const page = readme(overlay);
    for (const { name: secret } of overlay.parts.flatMap(({ expects }) => expects)) {
      const command = new RegExp(`^ {4}# ${secret}\\n {4}kubectl --namespace (\\S+) rollout restart (.+)$`, "m").exec(
        page,
      );
      const readers = objects
        .filter(
          (object) =>
            object["spec"] && new RegExp(`"(name|secretName)":"${secret}"`).test(JSON.stringify(object["spec"])),
        )
        .filter(({ kind }) => ["DaemonSet", "Deployment", "StatefulSet"].includes(kind));
      // Grafana takes its own into its database once; nobody's pods read the certificate of an Ingress.
      if (secret === "grafana-admin" || readers.length === 0) assert.equal(command, null, secret);
      else {
        const wanted = readers.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
        assert.deepEqual(command?.[2]?.split(" ").sort(), wanted.sort(), secret);
        assert.ok(readers.every(({ metadata }) => metadata.namespace === command?.[1]));
      }
    }
  });

  test(`every address on the page of ${name} is a Service of it, with those ports`, () => {
    const rows = [...readme(overlay).matchAll(/^\| `([a-z-]+)\.([a-z-]+)` \| (.+) \|$/gm)];
    assert.ok(rows.length > 5);
    for (const [, service, namespace, ports] of rows) {
      const found = objects.find(
        ({ kind, metadata }) => kind === "Service" && metadata.name === service && metadata.namespace === namespace,
      );
      const numbers = (found?.["spec"] as { ports: { name: string; port: number }[] } | undefined)?.ports;
      for (const port of (ports as string).split(", ")) {
        assert.ok(
          numbers?.some((one) => `${one.name} ${one.port}` === port),
          `${service}.${namespace} has no port ${port}`,
        );
      }
    }
    assert.ok(rows.every(([, , namespace]) => Object.values(environment.namespaces).includes(namespace as string)));
  });
}

test("the picture shows the way of a span, and nothing that is not there", () => {
  const picture = topology(dev.overlay);
  assert.match(picture, /any-pod -->\|.*otlp-grpc.*\| alloy-gateway\n/);
  assert.match(picture, /alloy-gateway -->\|otlp-grpc\| tempo\n/);
  assert.match(picture, /tempo -->\|s3\| minio\n/);
  assert.doesNotMatch(picture, /mimir/);
  assert.match(topology(worldNamed("dev-mimir").overlay), /prometheus -->\|http\| mimir/);
});
