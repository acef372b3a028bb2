import { isDeepStrictEqual } from "node:util";
import type { INetworkPolicyEgressRule } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule";
import * as minio from "../components/minio.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { clientLabel, partOf } from "../core/derive/labels.ts";
import { NetworkPolicy } from "../core/kubernetes/builders.ts";
import { portOf, type Store } from "../core/model/store.ts";
import { manifest, type Manifest } from "../core/kubernetes/manifest.ts";

const tcp = (...ports: readonly number[]): INetworkPolicyEgressRule => ({
  ports: [...new Set(ports)].map((port) => ({ protocol: "TCP", port })),
});
const to = (cidrs: readonly string[], port: number): INetworkPolicyEgressRule => ({
  to: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
  ...tcp(port),
});

/**
 * Where pods without keys ask who they are; roles at AWS and identities at Azure come from the
 * internet, by 443.
 * https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity#network-policy
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
const tokens = ({ kind, identity }: Store): readonly INetworkPolicyEgressRule[] => {
  if (identity === "secret") return [];
  if (kind === "gcs") return [to(["169.254.169.254/32"], 80), to(["169.254.169.252/32"], 988)];
  return kind === "s3" && identity === "workload" ? [to(["169.254.170.23/32", "fd00:ec2::23/128"], 80)] : [];
};

const egress = (store: Store): INetworkPolicyEgressRule[] => [
  tcp(portOf(store), ...(store.identity === "secret" ? [] : [443])),
  ...tokens(store),
];

const name = "external-store";
const asBuilt: Store = { kind: "s3", bucketPrefix: "", identity: "secret" };

const policy = (): Manifest =>
  manifest(
    new NetworkPolicy({
      metadata: { name, labels: partOf },
      spec: {
        podSelector: { matchLabels: clientLabel(minio.roles.server) },
        policyTypes: ["Egress"],
        egress: egress(asBuilt),
      },
    }),
  );

/** An object store outside the cluster: opens the way to it. */
export const externalStore: Feature = {
  name,
  replaces: { role: minio.roles.server, by: { name: "object-store", ports: [443] } },
  build: () => ({ objects: [policy()] }),
  adapt: (_, store) => {
    const rules = egress(store);
    const { apiVersion, kind } = policy();
    const isSame = isDeepStrictEqual(rules, egress(asBuilt));
    return { patches: isSame ? [] : [{ apiVersion, kind, metadata: { name }, spec: { egress: rules } }] };
  },
};
