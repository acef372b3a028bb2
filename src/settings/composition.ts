import type { Component } from "../core/component.ts";
import type { Feature } from "../core/feature.ts";
import { mimir } from "../components/mimir.ts";
import { thanosReceive } from "../components/thanos-receive.ts";
import { thanos } from "../components/thanos.ts";
import { mimirRemoteWrite, thanosRemoteWrite } from "../features/remote-write.ts";
import { thanosSidecar } from "../features/thanos-sidecar.ts";

interface Part {
  readonly components: readonly Component[];
  readonly features: readonly Feature[];
}

/** What each way of keeping metrics adds to Prometheus. */
export const metricsBackEnds = {
  mimir: { components: [mimir], features: [mimirRemoteWrite] },
  "thanos-receive": { components: [thanos, thanosReceive], features: [thanosRemoteWrite] },
  "thanos-sidecar": { components: [thanos], features: [thanosSidecar] },
} as const satisfies Readonly<Record<string, Part>>;
export type MetricsBackEnd = keyof typeof metricsBackEnds;

/** The components and features of an environment: all of the catalogue, save the metrics back ends it did not choose. */
export function composition(metrics: MetricsBackEnd, catalogue: readonly Component[]): Part {
  const chosen: Part = metricsBackEnds[metrics];
  const others = Object.values(metricsBackEnds).flatMap(({ components }): readonly Component[] => components);
  const left = others.filter((component) => !chosen.components.includes(component));
  return { components: catalogue.filter((component) => !left.includes(component)), features: chosen.features };
}
