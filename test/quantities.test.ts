import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apart, plan, together } from "../src/core/model/grouping.ts";
import { defineRoles } from "../src/core/model/roles.ts";
import { memoryLimit } from "../src/core/output/compose.ts";

/*
 * What Kubernetes reads (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/) and what Compose reads
 * (https://docs.docker.com/reference/compose-file/extension/#specifying-byte-values: whole numbers of b, k, m and g, each of 1024).
 */
describe("a quantity is read as Kubernetes reads it", () => {
  const limited = (memory: string): string => memoryLimit({ name: "x", resources: { limits: { memory } } });
  test("where a container's memory is limited under Compose", () => {
    for (const [memory, expected] of [
      ["768Mi", "768m"],
      ["2Gi", "2g"],
      ["1.5Gi", "1536m"],
      ["512M", "512000000"],
      ["1G", "1000000000"],
    ] as const)
      assert.equal(limited(memory), expected, memory);
    assert.throws(() => limited("much"), /x has the memory limit "much": expected a quantity/);
  });
  test("where roles that share pods share the largest disk", () => {
    const disk = (a: string, b: string) => {
      const roles = defineRoles("x", { ports: {} }, { a: { tier: "read", disk: a }, b: { tier: "read", disk: b } });
      return plan(Object.values(roles), together)[0]?.disk;
    };
    assert.equal(disk("1Gi", "1.5Gi"), "1.5Gi");
    assert.equal(disk("900Mi", "1Gi"), "1Gi");
    assert.equal(disk("1G", "1000Mi"), "1000Mi");
    const roles = defineRoles(
      "x",
      { ports: {} },
      { a: { tier: "read", disk: "large" }, b: { tier: "read", disk: "1Gi" } },
    );
    assert.throws(() => plan(Object.values(roles), together), /a disk of "large": expected a quantity/);
    assert.equal(plan(Object.values(roles), apart).length, 2);
  });
});
