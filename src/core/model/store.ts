/** The object store: the bundle's own MinIO, or a store outside the cluster. */
export type StoreKind = "minio" | "s3" | "gcs" | "azure";

export interface Store {
  readonly kind: StoreKind;
  /**
   * Beginning of each bucket's name: "acme-". Buckets of a cloud share one namespace; MinIO's
   * don't.
   */
  readonly bucketPrefix: string;
  /** S3 only: "eu-central-1". */
  readonly region?: string | undefined;
  /** S3 only: "https://ceph.example.com:8443". Default: AWS's endpoint of the region. */
  readonly endpoint?: string | undefined;
  /** Azure only: the storage account. */
  readonly account?: string | undefined;
  /**
   * `secret`: clients have keys. `workload`: the cloud knows the pods' service accounts. A table
   * names an account at the cloud by component; `default` is for all others.
   */
  readonly identity: "secret" | "workload" | Readonly<Record<string, string>>;
}

/** The store of the committed bases. */
export const minioStore: Store = { kind: "minio", bucketPrefix: "", identity: "secret" };

/** The port of a store outside the cluster. */
export const portOf = ({ endpoint = "" }: Store): number => {
  const { protocol, port } = endpoint === "" ? { protocol: "https:", port: "" } : new URL(endpoint);
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
};

/** A bucket that a component keeps objects in. */
export interface Bucket {
  /** Its name in the bundle's own MinIO, which makes it: "chunks". */
  readonly name: string;
  /** Its name behind the prefix in a store that others use, too: "loki-chunks". Default: `name`. */
  readonly sharedName?: string;
  /**
   * The setting of the component that holds its name: "bucket". Default: nobody can change the
   * name.
   */
  readonly setting?: string;
}

/**
 * The name of a bucket in a store: "chunks" in MinIO, "acme-loki-chunks" behind the prefix "acme-".
 */
export const bucketName = ({ kind, bucketPrefix }: Store, { name, sharedName = name }: Bucket): string =>
  kind === "minio" ? name : `${bucketPrefix}${sharedName}`;

/** Annotations and labels by which a cloud knows a component's service account and pods. */
export interface Identity {
  readonly annotations: Readonly<Record<string, string>>;
  readonly podLabels: Readonly<Record<string, string>>;
}
