import type { Config, Pods } from "../core/component.ts";
import type { Workload } from "../core/plan.ts";
import { configVolume, containerPorts, emptyDir, httpGet, probes, resources, tcp, untilUnrouted } from "../core/pod.ts";
import { template } from "../core/template.ts";
import type { Size, Sized } from "../core/size.ts";
import type { Address } from "../core/wiring.ts";
import { images } from "../versions.ts";

/** Requests whose path matches (nginx's `location`) go to this address. */
export interface Route {
  readonly path: string;
  readonly upstream: Address;
}

/** Two gateways, of which one may go away. */
export const size: Size = { replicas: 2, cpu: "20m", memory: "16Mi", memoryLimit: "128Mi" };

const health = "/-/healthy";

/** nginx's configuration of a gateway: its routes, the largest body it takes and how long an answer may take. */
const config = (port: number, routes: readonly Route[]): string =>
  template("nginx.conf", { port, routes, health, maxBody: "16m", timeout: "330s" });

/**
 * The pods of a component's gateway and the configuration that they read.
 * @param tenant who a client is that names none
 */
export const gateway = (
  workload: Workload,
  size: Sized,
  port: number,
  routes: readonly Route[],
  tenant: string,
): { readonly pods: Pods; readonly config: Config } => ({
  pods: {
    workload,
    size,
    pod: {
      containers: [
        {
          name: "nginx",
          image: images.nginx,
          // Not by the image's entry point, which would write into a root that is read-only.
          command: ["nginx", "-c", "/etc/gateway/nginx.conf", "-g", "daemon off;"],
          lifecycle: untilUnrouted,
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet(health), live: tcp("http"), startSeconds: 60 }),
          resources: resources(size),
          volumeMounts: [
            { name: "config", mountPath: "/etc/gateway", readOnly: true },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [configVolume("config", workload.fullName), emptyDir("tmp")],
    },
  },
  config: { name: workload.fullName, read: "start-up", files: { "nginx.conf": config(port, routes), "tenant.conf": `"" "${tenant}";\n` } },
});
