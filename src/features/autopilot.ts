import type { IVolume } from "kubernetes-models/v1/Volume";
import { alloy } from "../components/alloy.ts";
import { positions } from "../components/log-agent.ts";
import { promtail } from "../components/promtail.ts";
import type { Component } from "../core/model/component.ts";
import type { Feature } from "../core/assemble/feature.ts";

/**
 * GKE's Autopilot lets pods read the node's /var/log and nothing else of it: how far files have
 * been read goes with the pod.
 */
const agent = (changes: Component): Feature => {
  const { name } = changes;
  const volume = { name: positions(name).name, hostPath: null, emptyDir: {} } as unknown as IVolume;
  return {
    name: `${name}-autopilot`,
    namespaceKind: "agents",
    changes,
    build: () => ({
      patches: [
        {
          apiVersion: "apps/v1",
          kind: "DaemonSet",
          metadata: { name },
          spec: { template: { spec: { volumes: [volume] } } },
        },
      ],
    }),
  };
};

/** By agent. */
export const autopilots = { alloy: agent(alloy), promtail: agent(promtail) } as const satisfies Readonly<
  Record<string, Feature>
>;
