import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { none, says } from "./lib/findings.ts";
import { altered, idOf } from "./lib/objects.ts";
import { nameFaults, schemaFaults } from "./lib/schema.ts";
import { built, dev, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const base = built.bases.flatMap(({ objects }) => objects);
const loki = "StatefulSet observability/loki";
const container = ["spec", "template", "spec", "containers", 0];

const withoutNulls = (patch: Manifest): Manifest =>
  JSON.parse(JSON.stringify(patch, (_, value) => (value === null ? undefined : value)));

describe("the API server accepts every object", () => {
  test("each object of each base passes the strict schema of its kind", () => {
    assert.ok(base.length > 50);
    none(schemaFaults(base));
  });

  test("each object and patch of each feature passes the strict schema of its kind", () => {
    for (const { feature, objects, patches } of built.additions) {
      none(schemaFaults(objects), feature.name);
      // A patch leaves out what it does not change, so only fields that the schema does not know count; null takes a field away.
      const whole = patches.filter((patch) => !("$patch" in patch)).map(withoutNulls);
      none(
        schemaFaults(whole).filter((fault) => !/required property/.test(fault)),
        feature.name,
      );
    }
  });

  for (const { name, objects } of worlds) {
    test(`each object of ${name} passes the strict schema of its kind`, () => {
      none(schemaFaults(objects));
      none(nameFaults(objects));
    });

    test(`no two objects of ${name} have one kind and name`, () => {
      const ids = objects.map(idOf);
      none(ids.filter((id, i) => ids.indexOf(id) !== i));
    });
  }
});

describe("the schema test is strict", () => {
  test("an unknown field in a container is refused", () => {
    says(
      schemaFaults(altered(dev.objects, loki, [...container, "imagePullPolice"], "Always")),
      /loki.*imagePullPolice/,
    );
  });
  test("an unknown field in a policy's peer is refused", () => {
    const path = ["spec", "ingress", 0, "from", 0, "podSelektor"];
    says(schemaFaults(altered(dev.objects, "NetworkPolicy observability/loki", path, {})), /podSelektor/);
  });
  test("an unknown field in a claim is refused", () => {
    const path = ["spec", "volumeClaimTemplates", 0, "spec", "storageClass"];
    says(schemaFaults(altered(dev.objects, loki, path, "fast")), /storageClass/);
  });
  test("a number where text belongs is refused", () => {
    says(schemaFaults(altered(dev.objects, loki, [...container, "args", 0], 3)), /args\/0 must be string/);
  });
  test("a missing container name is refused", () => {
    says(schemaFaults(altered(dev.objects, loki, [...container, "name"], undefined)), /required property 'name'/);
  });
  test("an amount of memory that is none is refused", () => {
    const path = [...container, "resources", "limits", "memory"];
    says(schemaFaults(altered(dev.objects, loki, path, "1 gig")), /memory/);
  });
  test("a port that is none is refused", () => {
    says(nameFaults(altered(dev.objects, loki, [...container, "ports", 0, "containerPort"], 99999)), /no port 99999/);
    says(
      nameFaults(altered(dev.objects, loki, [...container, "ports", 0, "name"], "a-name-that-is-too-long")),
      /no port name/,
    );
  });
  test("a name that is no DNS name is refused", () => {
    says(nameFaults(altered(dev.objects, loki, ["metadata", "name"], "Loki")), /no DNS name/);
    says(nameFaults(altered(dev.objects, loki, ["metadata", "labels", "app"], "a b")), /no label/);
  });
});
