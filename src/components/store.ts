import type { IContainer } from "kubernetes-models/v1/Container";
import type { IVolume } from "kubernetes-models/v1/Volume";
import { type Follows, type SecretShape, settingsName, type SettingsTable, variable } from "../core/model/component.ts";
import { endsWhenTold, resources, secretVolume } from "../core/derive/pod.ts";
import { isSecure, scheme } from "../core/model/roles.ts";
import type { Identity, Store, StoreKind } from "../core/model/store.ts";
import type { Address } from "../core/model/wiring.ts";
import { images } from "../versions.ts";
import * as minio from "./minio.ts";

/* What Loki, Mimir, Tempo and Thanos have in common of where their objects are kept. */

/**
 * By kind of store: the annotation that names the account's role, identity or client there, and
 * what it looks like.
 */
export const identities = {
  s3: {
    annotation: "eks.amazonaws.com/role-arn",
    podLabels: {},
    pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    expected: 'the ARN of a role such as "arn:aws:iam::123456789012:role/loki"',
  },
  gcs: {
    annotation: "iam.gke.io/gcp-service-account",
    podLabels: {},
    pattern: /^[a-z][a-z0-9-]*@[a-z0-9.-]+\.iam\.gserviceaccount\.com$/,
    expected: 'a service account such as "loki@my-project.iam.gserviceaccount.com"',
  },
  azure: {
    annotation: "azure.workload.identity/client-id",
    podLabels: { "azure.workload.identity/use": "true" },
    pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    expected: 'the client ID of a managed identity such as "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e"',
  },
} as const;

/**
 * How the cloud knows the account and the pods of a component; undefined where it has keys, or
 * needs to be told nothing.
 * @param keeper the component whose buckets they use: Thanos's are also those of the receiver and
 * of Prometheus's sidecar
 */
export function identity({ kind, identity: named }: Store, keeper: string): Identity | undefined {
  if (kind === "minio" || typeof named === "string") return undefined;
  const { annotation, podLabels } = identities[kind];
  const name = named[keeper] ?? named["default"];
  return name === undefined ? undefined : { annotations: { [annotation]: name }, podLabels };
}

interface BucketRule {
  readonly pattern: RegExp;
  readonly expected: string;
}
const length: BucketRule = {
  pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  expected: 'a bucket of 3 to 63 small letters, digits, "-" and "."',
};
/** What each kind of store takes for the name of a bucket. */
export const bucketRules = {
  minio: [length],
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  s3: [
    length,
    {
      pattern:
        /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)(?!.*\.\.)(?!(\d+\.){3}\d+$)/,
      expected: "a name that S3 has not taken for itself",
    },
  ],
  // https://cloud.google.com/storage/docs/buckets#naming
  gcs: [
    length,
    { pattern: /^(?!goog)(?!.*(google|g00gle))/, expected: 'a name without "google" that does not begin with "goog"' },
  ],
  // https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#container-names
  azure: [
    length,
    { pattern: /^(?!.*--)[a-z0-9-]+$/, expected: 'small letters, digits and single "-", as containers at Azure have' },
  ],
} as const satisfies Readonly<Record<StoreKind, readonly BucketRule[]>>;

/** With these kinds of store a component may have a value of its own. */
const at = (...unless: readonly StoreKind[]): Follows => ({ setting: "store", unless });

const tableOf = ({ kind, region, endpoint, account, identity }: Store, address: Address) => {
  const asked = endpoint === undefined ? undefined : new URL(endpoint);
  const host = kind === "minio" ? address : (asked?.host ?? `s3.${region ?? "us-east-1"}.amazonaws.com`);
  return {
    azureAccount: { unit: "account", value: account ?? "account", follows: at("azure") },
    // "true": Azure is asked with the token of the pod's account.
    azureFederatedToken: {
      unit: "boolean",
      value: String(kind === "azure" && identity !== "secret"),
      follows: at("azure"),
    },
    s3Endpoint: { unit: "host", value: host, follows: at("s3") },
    // A store outside is addressed by path where it is no cloud of buckets with host names of their
    // own.
    s3ForcePathStyle: {
      unit: "boolean",
      value: String(kind === "minio" || endpoint !== undefined),
      follows: at("s3"),
    },
    s3Insecure: {
      unit: "boolean",
      value: String(kind === "minio" ? !isSecure(minio.roles.server, "s3") : asked?.protocol === "http:"),
      follows: at("s3"),
    },
    s3Region: { unit: "region", value: region ?? "us-east-1", follows: at("s3") },
    store: { unit: "store", value: kind === "minio" ? "s3" : kind, follows: at() },
  } as const satisfies SettingsTable;
};
export type StoreSetting = keyof ReturnType<typeof tableOf>;

/**
 * What a program is told of the store.
 * @param address MinIO's
 * @param names the settings that the program knows. Default: all
 */
export function settings(kept: Store, address: Address, names?: readonly StoreSetting[]): SettingsTable {
  const table = tableOf(kept, address);
  return names === undefined ? table : Object.fromEntries(names.map((name) => [name, table[name]]));
}

/** How a program's pods get at their keys. */
export interface Access {
  readonly envFrom: NonNullable<IContainer["envFrom"]>;
  readonly env: NonNullable<IContainer["env"]>;
  readonly volumeMounts: NonNullable<IContainer["volumeMounts"]>;
  readonly volumes: readonly IVolume[];
  readonly secrets: readonly SecretShape[];
}

const nothing: Access = { envFrom: [], env: [], volumeMounts: [], volumes: [], secrets: [] };
const fromSecret = (secret: SecretShape): Access => ({
  ...nothing,
  envFrom: [{ secretRef: { name: secret.name } }],
  secrets: [secret],
});

/**
 * Google's libraries look there for the key of a service account
 * (https://cloud.google.com/docs/authentication/application-default-credentials).
 */
const keyFile = (component: string): Access => {
  const secret: SecretShape = { name: `${component}-gcs`, read: "start-up", files: { "key.json": "" } };
  return {
    ...nothing,
    env: [{ name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/etc/gcs/key.json" }],
    volumeMounts: [{ name: "gcs", mountPath: "/etc/gcs", readOnly: true }],
    volumes: [secretVolume("gcs", secret.name)],
    secrets: [secret],
  };
};

export function access({ kind, identity }: Store, component: string): Access {
  if (identity !== "secret") return nothing;
  if (kind === "gcs") return keyFile(component);
  if (kind === "azure")
    return fromSecret({ name: `${component}-azure`, read: "start-up", env: { AZURE_STORAGE_KEY: "" } });
  return fromSecret(minio.s3Secret(component));
}

/**
 * What a pod waits with until its buckets are in MinIO, for a program that ends without them: MinIO
 * makes them at its start. Elsewhere they are there before, and a base that has been led to another
 * store does not wait.
 * @param buckets settings of the program that name them
 */
export function untilBuckets(
  { kind }: Store,
  program: string,
  address: Address,
  buckets: readonly string[],
): readonly IContainer[] {
  if (kind !== "minio") return [];
  const value = (setting: string): string => `$${variable(program, setting)}`;
  // Where a base is led to another store, there need be no such keys.
  const keys = { secretRef: { name: minio.s3Secret(program).name, optional: true } };
  return [
    {
      name: "buckets",
      image: images.mc,
      command: [
        "/bin/sh",
        "-c",
        [
          endsWhenTold,
          `[ "${value("store")} ${value("s3Endpoint")}" = "s3 ${address}" ] || exit 0`,
          `until mc alias set store "${scheme(minio.roles.server, "s3")}://${address}" "$S3_ACCESS_KEY_ID" "$S3_SECRET_ACCESS_KEY" >/dev/null; do sleep 2; done`,
          `for bucket in ${buckets.map((setting) => `"${value(setting)}"`).join(" ")}; do`,
          '  until mc ls "store/$bucket" >/dev/null; do sleep 2; done',
          "done",
        ].join("\n"),
      ],
      env: [{ name: "MC_CONFIG_DIR", value: "/tmp/mc" }],
      envFrom: [{ configMapRef: { name: settingsName(program) } }, keys],
      resources: resources({ cpu: "10m", memory: "32Mi", memoryLimit: "128Mi" }),
      volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
    },
  ];
}
