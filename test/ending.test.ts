import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, containersOf, idOf, podTemplate, specOf } from "./lib/objects.ts";
import { worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

type Selector = Readonly<Record<string, string>>;

const programOf = ({ metadata }: Manifest): string | undefined =>
  (metadata.labels as Selector | undefined)?.["app.kubernetes.io/name"];

/** Whether clients reach these pods by one address, behind which another pod answers when this one ends. */
const isReached = (objects: readonly Manifest[], { labels, namespace }: ReturnType<typeof podTemplate>): boolean =>
  objects
    .filter(({ kind, metadata }) => kind === "Service" && metadata.namespace === namespace)
    .map((service) => specOf<{ selector?: Selector; clusterIP?: string }>(service))
    .filter(({ clusterIP }) => clusterIP !== "None")
    .some(({ selector = {} }) => Object.entries(selector).every(([label, value]) => labels[label] === value));

/** Programs that answer for a while after they have been told to end, because their own configuration says so. */
const delayed = (objects: readonly Manifest[]): ReadonlySet<string | undefined> =>
  new Set(
    objects
      .filter(
        ({ kind, data }) =>
          kind === "ConfigMap" && /^shutdown_delay: [1-9]/m.test(JSON.stringify(data).replaceAll("\\n", "\n")),
      )
      .map(programOf),
  );

/** Deployments of which a pod stops listening while clients are still sent to it. */
function abruptEnds(objects: readonly Manifest[]): Findings {
  const late = delayed(objects);
  return (
    objects
      .filter(({ kind }) => kind === "Deployment")
      // A Deployment without a number of replicas has an autoscaler, which never keeps fewer than two.
      .filter((one) => (specOf<{ replicas?: number }>(one).replicas ?? 2) > 1 && isReached(objects, podTemplate(one)))
      .filter((one) => {
        const waits = containersOf(podTemplate(one)).some(
          ({ lifecycle }) => (lifecycle?.preStop?.sleep?.seconds ?? 0) > 0,
        );
        return !waits && !(late.has(programOf(one)) && !/-gateway$/.test(one.metadata.name));
      })
      .map((one) => `${idOf(one)} stops listening as soon as it is told to end`)
  );
}

describe("a pod that ends answers until nobody is sent to it", () => {
  for (const { name, objects } of worlds) test(`in ${name}`, () => none(abruptEnds(objects)));

  test("and one that does not is reported", () => {
    const { objects } = worldNamed("staging");
    for (const id of ["Deployment observability/loki-gateway", "Deployment observability/thanos-query"]) {
      const path = ["spec", "template", "spec", "containers", 0, "lifecycle"];
      says(abruptEnds(altered(objects, id, path, undefined)), new RegExp(`${id} stops listening`));
    }
    const scaled = "Deployment observability-prod/alloy-gateway";
    const path = ["spec", "template", "spec", "containers", 0, "lifecycle"];
    says(abruptEnds(altered(worldNamed("prod").objects, scaled, path, undefined)), new RegExp(scaled));
    const silent = objects.map((one) =>
      one.kind === "ConfigMap" && one.metadata.name.startsWith("tempo-") ? { ...one, data: {} } : one,
    );
    says(abruptEnds(silent), /tempo-distributor stops listening/);
    assert.ok(delayed(objects).has("tempo"));
  });
});
