import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { roleJobs, wholeJobs, zoneJobs } from "./facts/mixins.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf } from "./lib/objects.ts";
import { recorded } from "./lib/policies.ts";
import { scraped, scrapeJobsOf, type Target } from "./lib/scrape.ts";
import { rendered, type World, worldNamed } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* Whether the community's dashboards and alerts find the stack's processes, with the Component `mixin-labels` and without it. */

const file = rendered().get("components/mixin-labels/config/prometheus-scrape/stack.yaml") ?? assert.fail();
const withLabels = (objects: readonly Manifest[]): readonly Manifest[] => {
  const id = objects.map(idOf).find((one) => /^ConfigMap \S+\/prometheus-scrape$/.test(one)) ?? assert.fail();
  return altered(objects, id, ["data", "stack.yaml"], file);
};

/** Expressions of a mixin that find no target, or that of another role. */
const missed = ({ overlay }: World, objects: readonly Manifest[]): Findings => {
  const { nodes } = recorded(overlay, objects);
  const targets = scraped(objects);
  const rolesOf = ({ pod }: Target): readonly string[] =>
    nodes.find((node) => node.pod.id === pod.id)?.roles.map(({ name }) => name) ?? [];
  return Object.entries(roleJobs).flatMap(([component, roles]) => {
    const own = targets.filter(({ labels }) => labels["app"] === component);
    return Object.entries(roles).flatMap(([role, expression]) => {
      const running = own.filter((target) => rolesOf(target).includes(role));
      const namespace = running[0]?.labels["namespace"] ?? "";
      const wanted = new RegExp(`^(?:${expression.replace("<namespace>", namespace)})$`);
      const found = own.filter(({ labels }) => wanted.test(labels["job"] ?? ""));
      // Upstream's own do not tell these apart: Thanos's queriers from their front ends and its two kinds of receivers, and what is Mimir in one.
      const blind = /thanos-(query|receive)\.\*$/.test(expression);
      const strangers = found.filter(
        (one) => !blind && !rolesOf(one).includes(role) && !one.labels["job"]?.endsWith("/mimir"),
      );
      return [
        ...(running.every((one) => found.includes(one)) ? [] : [`${component}: nothing of ${role} is ${expression}`]),
        ...strangers.map(({ labels }) => `${component}: ${labels["job"]} passes for ${role}`),
      ];
    });
  });
};

describe("the community's dashboards find every role of", () => {
  for (const name of ["prod", "prod-mimir", "every-thanos-receive-microservices"])
    test(`${name}, by their own labels`, () => {
      const world = worldNamed(name);
      none(missed(world, withLabels(world.objects)));
    });
  test("Mimir in one process and in tiers, and Thanos", () => {
    for (const name of ["dev", "dev-mimir", "staging", "staging-mimir"]) {
      const world = worldNamed(name);
      none(missed(world, withLabels(world.objects)).filter((fault) => /^(mimir|thanos)/.test(fault)));
    }
  });
  test("nothing without them", () => {
    const world = worldNamed("prod-mimir");
    const faults = missed(world, world.objects);
    for (const component of ["loki", "tempo", "mimir"]) says(faults, new RegExp(`^${component}: nothing of querier`));
    says(missed(worldNamed("prod"), worldNamed("prod").objects), /^thanos: nothing of store/);
  });
});

test("zones are told apart where dashboards have a row for them", () => {
  const targets = scraped(withLabels(worldNamed("prod-mimir").objects));
  for (const [component, expression] of Object.entries(zoneJobs)) {
    const own = targets.filter(({ labels }) => labels["app"] === component);
    const wanted = new RegExp(`^${expression.replace("<namespace>", own[0]?.labels["namespace"] ?? "")}$`);
    assert.ok(own.filter(({ labels }) => wanted.test(labels["job"] ?? "")).length >= 2, component);
  }
});

test("what is found by its customary name is, with the labels and without", () => {
  for (const objects of [worldNamed("dev").objects, withLabels(worldNamed("dev").objects)]) {
    const names = scrapeJobsOf(objects).map(({ job_name }) => job_name);
    for (const job of wholeJobs) assert.ok(names.includes(job), job);
    for (const { job, labels } of scraped(objects)) if (wholeJobs.includes(job)) assert.equal(labels["job"], job);
  }
});

test("the bundle's own pages and rules go on: of a process nothing changes but its job", () => {
  const { objects } = worldNamed("prod-mimir");
  const without = ({ labels: { job: _, ...labels }, url, pod }: Target) => ({ labels, url, pod: pod.id });
  assert.deepEqual(scraped(withLabels(objects)).map(without), scraped(objects).map(without));
  const { scrape_configs } = parse(file) as { readonly scrape_configs: readonly object[] };
  assert.ok(scrape_configs.length > 10);
});
