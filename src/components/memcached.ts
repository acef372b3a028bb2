import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { Component, Pods } from "../core/model/component.ts";
import { defineRoles, type Role, type Workload } from "../core/model/roles.ts";
import { containerPorts, goMemoryLimit, httpGet, probes, resources, tcp } from "../core/derive/pod.ts";
import { mebibyte, quantity } from "../core/kubernetes/requests.ts";
import type { Sized, Sizes } from "../core/model/size.ts";
import type { Address } from "../core/model/wiring.ts";
import { cacheMonitoring } from "../monitoring/memcached.ts";
import { images } from "../versions.ts";
import { apart } from "../core/model/grouping.ts";
import { hasClients } from "../core/model/bases.ts";

const ports = { memcached: 11211, exporter: 9150 } as const;

/**
 * Part of a pod's memory that holds items; the rest is for connections and what memcached keeps
 * about the items.
 */
const forItems = 0.8;

/**
 * https://docs.memcached.org/serverguide/configuring/ ; an item is as large as the largest that a
 * client writes.
 */
const flags = (size: Sized, largestItem: string): string[] => [
  `--memory-limit=${Math.floor(((quantity(size.memory) ?? 0) * forItems) / mebibyte)}`,
  `--max-item-size=${largestItem}`,
  "--conn-limit=16384",
];

const pods = (workload: Workload, size: Sized, largestItem: string): Pods => ({
  workload,
  size,
  annotations: { "kubectl.kubernetes.io/default-container": "memcached" },
  pod: {
    containers: [
      {
        name: "memcached",
        image: images.memcached,
        args: flags(size, largestItem),
        ports: containerPorts(workload.roles).filter(({ name }) => name === "memcached"),
        ...probes({ ready: tcp("memcached"), live: tcp("memcached"), startSeconds: 30 }),
        resources: resources(size),
      },
      {
        name: "exporter",
        image: images.memcachedExporter,
        args: [`--memcached.address=127.0.0.1:${ports.memcached}`, `--web.listen-address=:${ports.exporter}`],
        env: [...goMemoryLimit],
        ports: containerPorts(workload.roles).filter(({ name }) => name === "exporter"),
        ...probes({ ready: httpGet("/metrics", "exporter"), live: tcp("exporter"), startSeconds: 30 }),
        resources: resources({ cpu: "5m", memory: "16Mi", memoryLimit: "64Mi" }),
      },
    ],
  },
});

/**
 * A cache's address as Loki, Mimir, Tempo and Thanos take it: each pod by its own name, which a
 * restart does not change. By their IPs (`dns+`) the pods would be in another order after one, and
 * items would be looked for where they are not.
 */
export const eachPod = (address: Address): string => `dnssrvnoa+_memcached._tcp.${address.split(":")[0]}`;

/** The namespace of a pod, for a program that must have whole names. */
export const namespaceVariable: IEnvVar = {
  name: "NAMESPACE",
  valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
};

/**
 * The same by its whole name, for a program that asks the DNS by itself and knows no search
 * domains.
 */
export const eachPodWhole = (address: Address, clusterDomain: string): string =>
  `${eachPod(address)}.\${${namespaceVariable.name}}.svc.${clusterDomain}.`;

/** What one cache is used for. */
interface Use {
  /** Largest item, as memcached reads it ("5m"). */
  readonly largestItem: string;
}

/**
 * The caches of a component as a component of their own, `<owner>-cache`: there only where a
 * program uses one. A client asks each pod by itself, under the cache's one name
 * (`eachPod(wire(…).to(role, "memcached"))`).
 */
export function caches<const T extends Readonly<Record<string, Use>>>(
  owner: string,
  uses: T,
  sizes: Sizes,
): { readonly component: Component; readonly roles: { readonly [N in keyof T]: Role<keyof typeof ports> } } {
  const name = `${owner}-cache`;
  const doorOf = (use: string): string => (use === "server" ? name : `${name}-${use}`);
  const roles = defineRoles(
    name,
    { ports, speaks: { memcached: "tcp" }, metrics: { port: "exporter", job: "memcached" } },
    Object.fromEntries(
      Object.keys(uses).map((use) => [
        use,
        {
          tier: "read",
          podNames: "stable",
          // A client that finds nobody when it starts may give up (Thanos's store does), and one
          // that finds fewer looks elsewhere.
          publishNotReadyAddresses: true,
          entryPoint: { name: doorOf(use), ports: ["memcached"], headless: true },
        },
      ]),
    ),
  ) as { readonly [N in keyof T]: Role<keyof typeof ports> };
  return {
    roles,
    component: {
      name,
      source: owner,
      namespaceKind: "stack",
      monitoring: cacheMonitoring(owner),
      roles,
      modes: { microservices: { grouping: apart, sizes } },
      isNeeded: hasClients,
      build: ({ workloads, size }) => ({
        pods: workloads.map((workload) => pods(workload, size(workload), uses[workload.name]?.largestItem ?? "1m")),
      }),
    },
  };
}
