import { mebibyte } from "../core/kubernetes/requests.ts";
import type { Config, Pods } from "../core/model/component.ts";
import type { Workload } from "../core/model/roles.ts";
import {
  configVolume,
  containerPorts,
  emptyDir,
  endsWhenTold,
  httpGet,
  probes,
  resources,
  tcp,
  untilUnrouted,
} from "../core/derive/pod.ts";
import { template } from "../core/util/template.ts";
import type { Size, Sized } from "../core/model/size.ts";
import { largestForwarded } from "./otlp.ts";
import { patience, seconds } from "./patience.ts";
import { images } from "../versions.ts";

/** Requests whose path matches (nginx's `location`) go to this URL. */
export interface Route {
  readonly path: string;
  /** "http://loki-distributor:3100". */
  readonly upstream: string;
}

/** Two gateways, of which one may go away. */
export const size: Size = { replicas: 2, cpu: "20m", memory: "16Mi", memoryLimit: "128Mi" };

const health = "/-/healthy";

const folder = "/etc/gateway";

/**
 * IPv6, too, where the node's kernel has it: a gateway that is told to listen by what is not there
 * ends. So does one that starts before the DNS knows the names that it sends requests to, some
 * seconds after the first apply: it is tested until it knows them.
 */
const start = (port: number): string =>
  [
    endsWhenTold,
    `[ ! -e /proc/net/if_inet6 ] || echo "listen [::]:${port};" >/tmp/ipv6.listen`,
    `until nginx -t -q -c ${folder}/nginx.conf; do sleep 2; done`,
    // Not by the image's entry point, which would write into a root that is read-only.
    `exec nginx -c ${folder}/nginx.conf -g "daemon off;"`,
  ].join("\n");

/**
 * nginx's configuration of a gateway: its routes, the largest body it takes and how long an answer
 * may take.
 */
const config = (port: number, routes: readonly Route[]): string =>
  template("nginx.conf", {
    port,
    routes: routes.map((route) => ({ ...route, name: route.path.replace(/^= /, "") })),
    health,
    maxBody: `${largestForwarded / mebibyte}m`,
    timeout: seconds(patience.gateway),
  });

/** The pods of a component's gateway and the configuration that they read. */
export interface Gateway {
  readonly pods: Pods;
  readonly config: Config;
}

/**
 * The gateway of a component.
 * @param tenant who a client is that names none
 */
export const gateway = (
  workload: Workload,
  size: Sized,
  port: number,
  routes: readonly Route[],
  tenant: string,
): Gateway => ({
  pods: {
    workload,
    size,
    pod: {
      containers: [
        {
          name: "nginx",
          image: images.nginx,
          command: ["/bin/sh", "-c", start(port)],
          lifecycle: untilUnrouted,
          ports: containerPorts(workload.roles),
          ...probes({ ready: httpGet(health), live: tcp("http"), startSeconds: 300 }),
          resources: resources(size),
          volumeMounts: [
            { name: "config", mountPath: folder, readOnly: true },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [configVolume("config", workload.fullName), emptyDir("tmp")],
    },
  },
  config: {
    name: workload.fullName,
    read: "start-up",
    files: { "nginx.conf": config(port, routes), "tenant.conf": `"" "${tenant}";\n` },
  },
});
