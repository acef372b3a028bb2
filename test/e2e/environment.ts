import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Check } from "./context.ts";
import { WrongUsage } from "../../src/core/util/command-line.ts";
import { nearest } from "../../src/core/util/nearest.ts";
import { type Cluster, kubectl, list } from "./kubectl.ts";

const file = (path: string): URL => new URL(`../../overlays/${path}/kustomization.yaml`, import.meta.url);

/** @throws WrongUsage with the overlays that there are, unless there is one of that name */
export function mustExist(environment: string): void {
  if (existsSync(file(environment))) return;
  const names = readdirSync(new URL("../../overlays", import.meta.url));
  const meant = nearest(environment, names);
  throw new WrongUsage(
    `overlays/${environment} does not exist. ${meant ? `Did you mean ${meant}?` : `There are ${names.join(", ")}.`}`,
  );
}

/** What a run is about to work on, said before it does. */
export async function whereTo(cluster: Cluster, environment: string): Promise<string> {
  const context = await kubectl(cluster, ["config", "current-context"]).then(
    (text) => text.trim(),
    () => "none",
  );
  return `environment ${environment}, context ${context}, namespaces ${cluster.stack} and ${cluster.agents}`;
}

/** The namespace that a part of an overlay puts its objects into. */
const namespaceOf = (environment: string, part: "agents" | "stack"): string =>
  (parse(readFileSync(file(`${environment}/${part}`), "utf8")) as { readonly namespace: string }).namespace;

/** The cluster that $KUBECTL points at, with the overlay's own namespaces where none are given. */
export const clusterOf = (
  environment: string,
  given: { readonly stack?: string | undefined; readonly agents?: string | undefined },
): Cluster => {
  const stack = given.stack ?? namespaceOf(environment, "stack");
  return {
    command: (process.env["KUBECTL"] ?? "kubectl").split(" ").filter((word) => word !== ""),
    stack,
    agents: given.agents ?? namespaceOf(environment, "agents"),
    // Two stacks of one cluster can be tried at the same time.
    users: `${stack}-e2e`,
  };
};

/** The addresses that clients and data sources use, whatever mode is behind them. */
const doors = (environment: string): Readonly<Record<string, string>> => ({
  loki: "loki-gateway:3100",
  tempo: "tempo:3200",
  metrics: environment.endsWith("-mimir") ? "mimir-gateway:8080" : "thanos-query-frontend:10902",
});

export const dataSourcesNameTheDoors = (environment: string): Check => ({
  name: `data sources name the front doors of ${environment}`,
  async run({ dataSources }) {
    const sources = await dataSources();
    const wrong = Object.entries(doors(environment)).flatMap(([uid, door]) => {
      const url = sources.get(uid)?.url;
      return url && new URL(url).host === door ? [] : [`${uid} is ${url ?? "missing"}, expected http://${door}`];
    });
    if (wrong.length > 0) throw new Error(`${wrong.join("; ")}. Is overlays/${environment} what was applied?`);
    return [...sources.values()].map(({ uid, url }) => `${uid} ${url}`).join(", ");
  },
});

/** At once, before anything is waited for: a cluster that answers and holds the stack. */
export const installed = (environment: string): Check => ({
  name: "the namespace holds a stack",
  async run({ cluster }) {
    const { length } = await list(cluster, cluster.stack, "deployments,statefulsets");
    if (length === 0)
      throw new Error(`nothing is in ${cluster.stack}. First: kubectl apply -k overlays/${environment}`);
    return `${length} Deployments and StatefulSets in ${cluster.stack}`;
  },
});
