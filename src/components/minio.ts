import type { Component, Pods, SecretShape } from "../core/component.ts";
import { apart, defineRoles, type Workload } from "../core/plan.ts";
import { containerPorts, emptyDir, httpGet, probes, resources } from "../core/pod.ts";
import type { Sized } from "../core/size.ts";
import type { Address, Wiring } from "../core/wiring.ts";
import { images } from "../versions.ts";

export const roles = defineRoles(
  "minio",
  { ports: {} },
  {
    server: {
      tier: "backend",
      ports: { s3: 9000, console: 9001 },
      metrics: { port: "s3", path: "/minio/v2/metrics/cluster" },
      disk: "10Gi",
      door: { name: "minio", ports: ["s3"] },
    },
    buckets: { tier: "backend", runs: "once" },
  },
);

/** The bucket of each component. A component's settings and the Job that makes the buckets both take the name from here. */
export const buckets = {
  lokiChunks: "chunks",
  lokiRuler: "ruler",
  lokiAdmin: "admin",
  mimirAlertmanager: "mimir-alertmanager",
  mimirBlocks: "mimir-blocks",
  mimirRuler: "mimir-ruler",
  tempo: "tempo",
  thanos: "thanos",
} as const;

/** Throw-away credentials of MinIO and of all that write to it; used only where an environment asks for them. */
export const throwAway = { accessKey: "rootuser", secretKey: "rootpass123" } as const;

/** The S3 credentials of one component, as the environment variables that its configuration names. */
export const s3Secret = (component: string): SecretShape => ({
  name: `${component}-s3`,
  read: "start-up",
  env: { S3_ACCESS_KEY_ID: throwAway.accessKey, S3_SECRET_ACCESS_KEY: throwAway.secretKey },
});

const rootSecret: SecretShape = {
  name: "minio-root",
  // Not by a hashed name, which would change the Job's pod template; after a change restart MinIO by hand.
  read: "runtime",
  env: { MINIO_ROOT_USER: throwAway.accessKey, MINIO_ROOT_PASSWORD: throwAway.secretKey },
};

const server = (workload: Workload, size: Sized): Pods => ({
  workload,
  size,
  pod: {
    containers: [
      {
        name: "minio",
        image: images.minio,
        args: ["server", "/data", "--address=:9000", "--console-address=:9001"],
        env: [
          { name: "HOME", value: "/tmp" },
          { name: "MINIO_UPDATE", value: "off" },
          { name: "MINIO_PROMETHEUS_AUTH_TYPE", value: "public" },
        ],
        envFrom: [{ secretRef: { name: rootSecret.name } }],
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

const makeBuckets = (store: Address): string =>
  [
    `until mc alias set store "http://${store}" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null; do sleep 2; done`,
    'for bucket in $BUCKETS; do mc mb --ignore-existing "store/$bucket" || exit 1; done',
  ].join("\n");

const bucketsJob = (workload: Workload, size: Sized, { wire }: Wiring): Pods => ({
  workload,
  size,
  pod: {
    containers: [
      {
        name: "mc",
        image: images.mc,
        command: ["/bin/sh", "-c", makeBuckets(wire(roles.buckets).to(roles.server, "s3"))],
        env: [{ name: "MC_CONFIG_DIR", value: "/tmp/mc" }],
        envFrom: [{ configMapRef: { name: "minio-buckets" } }, { secretRef: { name: rootSecret.name } }],
        resources: resources(size),
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      },
    ],
    volumes: [emptyDir("tmp")],
  },
});

export const minio: Component = {
  name: "minio",
  home: "stack",
  roles,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: {
        server: { replicas: 1, cpu: "50m", memory: "128Mi", memoryLimit: "512Mi" },
        buckets: { replicas: 1, cpu: "10m", memory: "32Mi", memoryLimit: "128Mi" },
      },
    },
  },
  build({ wiring, size }) {
    const [main, job] = [wiring.home(roles.server), wiring.home(roles.buckets)];
    return {
      pods: [server(main, size(main)), bucketsJob(job, size(job), wiring)],
      // Without a hash in its name, because a Job that named another ConfigMap would be another pod template.
      configs: [{ name: "minio-buckets", read: "runtime", literals: { BUCKETS: Object.values(buckets).join(" ") } }],
      secrets: [rootSecret],
    };
  },
};
