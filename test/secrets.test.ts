import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { none, says } from "./lib/findings.ts";
import { altered, idOf } from "./lib/objects.ts";
import { namedSecrets } from "./lib/references.ts";
import { leaks, secretValues } from "./lib/secrets.ts";
import { built, dev, invented, rendered, worlds } from "./lib/world.ts";

const values = [...new Set(built.bases.flatMap(({ secrets }) => secrets.flatMap(secretValues)))];

test("the throw-away credentials are known to this test", () => {
  assert.deepEqual([...values].sort(), ["kube-lgtm-throw-away-key", "rootpass123", "rootuser", "strongpassword"]);
});

for (const { name, objects } of worlds) {
  test(`no credential of ${name} stands in a ConfigMap, an argument or a plain variable`, () =>
    none(leaks(objects, values)));
}

test("no base or feature holds a Secret or a credential, so that a user's own are the only ones", () => {
  none(built.bases.flatMap(({ objects }) => objects.filter(({ kind }) => kind === "Secret").map(idOf)));
  for (const [path, text] of rendered([]))
    none(values.filter((value) => text.includes(value)).map((value) => `${path}: ${value}`));
});

for (const world of invented) {
  test(`${world.name} names the Secrets that it needs and brings none`, () => {
    none(world.objects.filter(({ kind }) => kind === "Secret").map(idOf));
    for (const [path, text] of rendered([world])) {
      if (!path.startsWith(world.overlay.path)) continue;
      assert.ok(!text.includes("secretGenerator"), path);
      assert.ok(!path.includes("/secrets/"), path);
    }
    const expected = world.overlay.parts.flatMap(({ expects }) => expects.map(({ name }) => name));
    const { exposure, kafka } = world.environment;
    // That of TLS is named by the Ingress; without that of Kafka a pod starts, because a broker may want none.
    const others = [exposure?.by === "ingress" ? exposure.tlsSecret : undefined, kafka?.sasl && "kafka-client"].filter(
      (name) => name !== undefined,
    );
    assert.deepEqual([...namedSecrets(world.objects), ...others].sort(), expected.sort());
  });
}

test("an environment that generates its Secrets generates those that it names, and no other", () => {
  const generated = dev.objects
    .filter(({ kind }) => kind === "Secret")
    .map(({ metadata }) => metadata.name.replace(/-[bcdfghkmt2456789]{10}$/, ""));
  assert.deepEqual(generated.sort(), namedSecrets(dev.objects));
});

/** Grafana takes its own into its database once (docs/use.md, "Change a credential"): no restart would take another over. */
test("who generates credentials restarts all that read one when it changes, MinIO with its clients", () => {
  for (const { name, objects } of worlds) {
    const secrets = objects.filter(({ kind }) => kind === "Secret").map(({ metadata }) => metadata.name);
    const fixed = secrets.filter((secret) => !/-[bcdfghkmt2456789]{10}$/.test(secret));
    assert.deepEqual(fixed, secrets.length > 0 ? ["grafana-admin"] : [], name);
  }
});

describe("a credential that anybody may read is reported", () => {
  const loki = "StatefulSet observability/loki";
  const container = ["spec", "template", "spec", "containers", 0];
  const config = dev.objects.map(idOf).find((id) => id.startsWith("ConfigMap observability/loki-settings-")) ?? "";
  const found = (id: string, path: readonly (string | number)[], value: unknown) =>
    leaks(altered(dev.objects, id, path, value), values);

  test("in a ConfigMap", () => {
    says(found(config, ["data", "X"], "rootpass123"), /loki-settings.*data.X holds the credential/);
    says(
      found(config, ["data", "x.yaml"], "s3:\n  secret_access_key: abcdef\n"),
      /looks like a credential: secret_access_key: abcdef/,
    );
    says(found(config, ["data", "x.yaml"], 'password = "hunter2"'), /looks like a credential/);
    says(found(config, ["data", "x.yaml"], "url: https://me:hunter2@example.org"), /URL with a password/);
  });
  test("in an argument", () => {
    says(found(loki, [...container, "args", 0], "--s3.secret-key=abcdef"), /args.0 holds what looks like a credential/);
  });
  test("in a plain variable", () => {
    says(
      found(loki, [...container, "env", 0], { name: "S3_SECRET_ACCESS_KEY", value: "abc" }),
      /S3_SECRET_ACCESS_KEY is a plain value/,
    );
  });
  test("in an annotation", () => {
    says(found(loki, ["metadata", "annotations"], { last: "strongpassword" }), /loki metadata holds/);
  });
  test("and a reference to one is none", () => {
    none(
      found(
        config,
        ["data", "x.yaml"],
        "secret_access_key: ${S3_SECRET_ACCESS_KEY}\npassword_file: /etc/x\ntoken: $(TOKEN)\n",
      ),
    );
  });
});
