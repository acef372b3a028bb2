import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import * as minio from "../components/minio.ts";
import { identity } from "../components/store.ts";
import * as prometheus from "../components/prometheus.ts";
import * as thanos from "../components/thanos.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { clientLabel, groupLabels } from "../core/derive/labels.ts";
import { defineRoles } from "../core/model/roles.ts";
import type { Store } from "../core/model/store.ts";
import { askingOutside, probedAs, resources, restrictedContainer } from "../core/derive/pod.ts";
import { scrapeJobs } from "../core/derive/scrape.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";

const { sidecar } = defineRoles(
  "prometheus",
  {
    ports: { grpc: thanos.ports.grpc, "sidecar-http": thanos.ports.http },
    metrics: { port: "sidecar-http", job: "thanos-sidecar" },
  },
  { sidecar: { tier: "write", groups: [thanos.storeApi] } },
);

/** Prometheus's account and pods, as far as the sidecar needs them known to a cloud. */
function known(store: Store): readonly Manifest[] {
  const found = identity(store, "thanos");
  if (!found) return [];
  const { component: name } = prometheus.roles.server;
  const { annotations, podLabels: labels } = found;
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, annotations } },
    ...(Object.keys(labels).length > 0
      ? [
          {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            metadata: { name },
            spec: { template: { metadata: { labels } } },
          },
        ]
      : []),
  ];
}

/** Thanos beside Prometheus: uploads its blocks and serves what is not uploaded yet. */
export const thanosSidecar: Feature = {
  name: "thanos-sidecar",
  adapt: (_, store) => ({ patches: known(store) }),
  joins: [{ role: sidecar, beside: prometheus.roles.server }],
  build(wiring) {
    const { wire } = wiring;
    wire(sidecar).to(minio.roles.server, "s3");
    wire(thanos.roles.query).discovers(sidecar, "grpc");
    wire(prometheus.roles.server).discovers(sidecar, "sidecar-http");
    const spec: IPodSpec = {
      containers: [
        restrictedContainer(
          probedAs([sidecar])(
            askingOutside(
              thanos.container(
                [sidecar],
                "sidecar",
                [
                  "--tsdb.path=/data",
                  `--prometheus.url=${wire(sidecar).url(prometheus.roles.server, "http")}`,
                  thanos.objectStore.flag,
                  // One block that cannot be read, or not be uploaded, keeps no other back:
                  // Prometheus goes on without it, too, and the compactor takes blocks that come
                  // later.
                  "--shipper.skip-corrupted-blocks",
                  "--shipper.allow-out-of-order-uploads",
                ],
                {
                  ...thanos.healthOn("sidecar-http"),
                  resources: resources({ cpu: "20m", memory: "32Mi", memoryLimit: "256Mi" }),
                  volumeMounts: [thanos.objectStore.mount, { name: "data", mountPath: "/data" }],
                },
              ),
            ),
          ),
        ),
      ],
      volumes: [thanos.objectStore.volume],
    };
    return {
      patches: [
        {
          apiVersion: "apps/v1",
          kind: "StatefulSet",
          metadata: { name: wiring.workloadOf(prometheus.roles.server).fullName },
          spec: {
            template: {
              metadata: { labels: { ...groupLabels(sidecar.groups), ...clientLabel(minio.roles.server) } },
              spec,
            },
          },
        },
      ],
      configPatches: [
        {
          name: "prometheus-scrape",
          read: "runtime",
          files: {
            "thanos-sidecar.yaml": {
              scrape_configs: scrapeJobs(prometheus.roles.server, wiring, []),
            },
          },
        },
      ],
    };
  },
};
