import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import { listening } from "../kubernetes/network-rules.ts";

/** What lies outside the bundle: an API server, a store, the applications of a cluster. */
export interface Place {
  /** As a picture calls it: "api-server". */
  readonly name: string;
  /** Whom a policy means by it. Default: anybody. */
  readonly peers?: readonly INetworkPolicyPeer[];
  /** TCP ports that are open there, beside those that a connection names. */
  readonly ports?: readonly number[];
}

/** A TCP port to open towards a range of addresses, or towards any address. */
export interface Way {
  readonly port: number;
  readonly cidr?: string;
}

export const anywhere: Place = { name: "anywhere" };

/** Pods of all namespaces. */
export const anyPod: Place = { name: "any-pod", peers: [{ namespaceSelector: {} }] };

/** Kubernetes's own. It is outside of any pod network that a selector could name. */
export const apiServer: Place = { name: "api-server", ports: listening.apiServer };
