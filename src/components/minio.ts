import type { Component, Context, Pods, SecretShape } from "../core/model/component.ts";
import { defineRoles, type Workload } from "../core/model/roles.ts";
import { containerPorts, emptyDir, httpGet, probes, resources } from "../core/derive/pod.ts";
import type { Sized } from "../core/model/size.ts";
import { images } from "../versions.ts";
import { apart } from "../core/model/grouping.ts";
import { monitoring } from "../monitoring/minio.ts";

const ports = { s3: 9000, console: 9001 } as const;

const keepNames = (regex: string): readonly object[] => [{ source_labels: ["__name__"], regex, action: "keep" }];

export const roles = defineRoles(
  "minio",
  { ports: {} },
  {
    server: {
      tier: "backend",
      ports,
      metrics: [
        { port: "s3", path: "/minio/v2/metrics/cluster" },
        // Each path says some of what another one does, too: of these only what is theirs.
        {
          port: "s3",
          job: "minio-bucket",
          path: "/minio/v2/metrics/bucket",
          relabel: keepNames("minio_bucket_(requests|traffic|usage)_.*"),
        },
        { port: "s3", job: "minio-node", path: "/minio/v2/metrics/node", relabel: keepNames("minio_node_drive_.*") },
      ],
      disk: "10Gi",
      // One server with one disk: of two behind one Service each would have a part of the objects.
      singleton: true,
      entryPoint: { name: "minio", ports: ["s3"] },
      clientLabel: "object-store",
    },
  },
);

/** Every bucket of every component, in the order of the components' names. */
const bucketsOf = ({ catalogue, said }: Context): readonly string[] =>
  catalogue
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name: component, buckets = [] }) =>
      buckets.map(({ name, setting }) => (setting && said(component, setting)) ?? name),
    );

/**
 * Throw-away credentials of MinIO and of all that write to it; used only where an environment asks
 * for them.
 */
export const throwAway = { accessKey: "rootuser", secretKey: "rootpass123" } as const;

/**
 * The S3 credentials of one component, as the environment variables that its configuration names.
 */
export const s3Secret = (component: string): SecretShape => ({
  name: `${component}-s3`,
  read: "start-up",
  env: { S3_ACCESS_KEY_ID: throwAway.accessKey, S3_SECRET_ACCESS_KEY: throwAway.secretKey },
});

const rootSecret: SecretShape = {
  name: "minio-root",
  read: "start-up",
  env: { MINIO_ROOT_USER: throwAway.accessKey, MINIO_ROOT_PASSWORD: throwAway.secretKey },
};

/**
 * A folder of MinIO's is a bucket: they are there before anybody is let in, and after a volume was
 * lost.
 */
const withBuckets = 'for bucket in $BUCKETS; do mkdir -p "/data/$bucket" || exit 1; done; exec minio "$@"';

const server = (workload: Workload, size: Sized): Pods => ({
  workload,
  size,
  pod: {
    containers: [
      {
        name: "minio",
        image: images.minio,
        command: ["/bin/sh", "-c", withBuckets, "minio"],
        // Else an entry has many lines, and none its level.
        args: ["server", "/data", "--json", `--address=:${ports.s3}`, `--console-address=:${ports.console}`],
        env: [
          { name: "HOME", value: "/tmp" },
          { name: "MINIO_UPDATE", value: "off" },
          { name: "MINIO_PROMETHEUS_AUTH_TYPE", value: "public" },
        ],
        envFrom: [{ configMapRef: { name: "minio-buckets" } }, { secretRef: { name: rootSecret.name } }],
        ports: containerPorts(workload.roles),
        ...probes({
          ready: httpGet("/minio/health/ready", "s3"),
          live: httpGet("/minio/health/live", "s3"),
          startSeconds: 120,
        }),
        resources: resources(size),
        volumeMounts: [
          { name: "data", mountPath: "/data" },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [emptyDir("tmp")],
  },
});

export const minio: Component = {
  name: "minio",
  namespaceKind: "stack",
  monitoring,
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "50m", memory: "128Mi", memoryLimit: "512Mi" } },
    },
  },
  warnings: ({ pods }) =>
    pods.some(({ size }) => size.disk?.keeps === "nothing")
      ? ['volumes.minio is "none": all objects of Loki, Tempo and the metrics go with MinIO\'s pod']
      : [],
  build(context) {
    const { wiring, size } = context;
    const main = wiring.workloadOf(roles.server);
    return {
      pods: [server(main, size(main))],
      configs: [{ name: "minio-buckets", read: "start-up", literals: { BUCKETS: bucketsOf(context).join(" ") } }],
      secrets: [rootSecret],
    };
  },
};
