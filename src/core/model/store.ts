/** What keeps the objects of Loki, Mimir, Tempo and Thanos: MinIO beside them, or a store outside the cluster. */
export type StoreKind = "minio" | "s3" | "gcs" | "azure";

export interface Store {
  readonly kind: StoreKind;
  /** Stands before the name of each bucket, because a cloud's are shared by all of its customers. MinIO's have none. */
  readonly bucketPrefix: string;
  /** Of S3. */
  readonly region?: string | undefined;
  /** Of S3, as a URL; where it is left out, it is that of the region at AWS. */
  readonly endpoint?: string | undefined;
  /** The storage account at Azure. */
  readonly account?: string | undefined;
  /**
   * `secret`: by keys. Otherwise no keys, because the cloud knows the pods' accounts: `workload`, or by component, with `default` for
   * all that are not named, as whom.
   */
  readonly identity: "secret" | "workload" | Readonly<Record<string, string>>;
}

/** The store that the bases are wired to. */
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
  /** The setting of the component that holds its name: "bucket". Default: nobody can change the name. */
  readonly setting?: string;
}

/** The name of a bucket in a store: "chunks" in MinIO, "acme-loki-chunks" behind the prefix "acme-". */
export const bucketName = ({ kind, bucketPrefix }: Store, { name, sharedName = name }: Bucket): string =>
  kind === "minio" ? name : `${bucketPrefix}${sharedName}`;

/** What a component's account and pods carry, so that a cloud knows them. */
export interface Identity {
  readonly annotations: Readonly<Record<string, string>>;
  readonly podLabels: Readonly<Record<string, string>>;
}
