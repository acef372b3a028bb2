import type { Component } from "../core/component.ts";
import { apart, defineRoles } from "../core/plan.ts";
import { resources } from "../core/pod.ts";
import * as minio from "./minio.ts";
import * as thanos from "./thanos.ts";

export const roles = defineRoles(
  "thanos-receive",
  { ports: { ...thanos.ports, "remote-write": 19291 }, metrics: { port: "http" }, groups: [thanos.storeApi] },
  {
    server: { tier: "write", disk: "10Gi", door: { name: "thanos-receive", ports: ["remote-write"] } },
  },
);

/** Takes samples by remote write and uploads blocks: the alternative to a sidecar beside Prometheus. */
export const thanosReceive: Component = {
  name: "thanos-receive",
  home: "stack",
  roles,
  modes: { monolithic: { grouping: apart, sizes: { server: { replicas: 1, cpu: "50m", memory: "96Mi", memoryLimit: "1Gi" } } } },
  build({ wiring, workloads, size }) {
    wiring.wire(roles.server).to(minio.roles.server, "s3");
    wiring.wire(thanos.roles.query).finds(roles.server, "grpc");
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        pod: {
          terminationGracePeriodSeconds: 300,
          containers: [
            thanos.container(
              roles.server,
              "receive",
              [
                "--tsdb.path=/data",
                "--tsdb.retention=24h",
                "--tsdb.out-of-order.time-window=10m",
                "--tsdb.max-exemplars=100000",
                thanos.objectStore.flag,
                '--label=receive_replica="$(POD_NAME)"',
              ],
              {
                env: [thanos.podName],
                resources: resources(size(workload)),
                volumeMounts: [thanos.objectStore.mount, { name: "data", mountPath: "/data" }],
              },
            ),
          ],
          volumes: [thanos.objectStore.volume],
        },
      })),
    };
  },
};
