import type { INetworkPolicyEgressRule } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule";
import type { Feature, Option, Options } from "../core/assemble/feature.ts";
import { NetworkPolicy } from "../core/kubernetes/builders.ts";
import { outsideLabel, partOf } from "../core/derive/labels.ts";
import { listening } from "../core/kubernetes/network-rules.ts";
import { outside } from "../core/derive/pod.ts";
import { names, tcp } from "../core/derive/network-policies.ts";
import type { Base } from "../core/model/component.ts";
import { manifest, type Manifest } from "../core/kubernetes/manifest.ts";

const name = "proxy";
const defaultPort = 3128;

/**
 * What is asked without the proxy: gRPC takes HTTPS_PROXY for every address, those of the stack's
 * own Services and of single pods too (grpc-go, internal/resolver/delegatingresolver). A name
 * counts for all that end in it, and no address of a store is a number.
 */
const inside = (bases: readonly Base[]): readonly string[] => [
  "0.0.0.0/0",
  "::/0",
  ".svc",
  ".cluster.local",
  ...[
    ...new Set(
      bases
        .flatMap(({ objects }) => objects)
        .filter(({ kind }) => kind === "Service")
        .map(({ metadata }) => metadata.name),
    ),
  ].sort(),
];

const rule = (port: number): INetworkPolicyEgressRule => ({ ports: [tcp(port)] });

/** Policies add up, and the port of one of them is all that a patch need say. */
const policy = (policyName: string, egress: INetworkPolicyEgressRule): Manifest =>
  manifest(
    new NetworkPolicy({
      metadata: { name: policyName, labels: partOf },
      spec: { podSelector: { matchLabels: outsideLabel }, policyTypes: ["Egress"], egress: [egress] },
    }),
  );
const way = policy(name, rule(defaultPort));

const portOf = ({ url = "" }: Options): number => {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
};

export const proxyOptions = {
  url: {
    unit: "endpoint",
    about: "The proxy, for HTTPS.",
    example: "http://proxy.example.com:8080",
    needed: true,
  },
  except: {
    unit: "hosts",
    about: "Hosts that are asked without it, beside those of the cluster.",
  },
} as const satisfies Readonly<Record<string, Option>>;

/** Programs reach what is outside the cluster through a proxy. */
export const proxy: Feature = {
  name,
  options: proxyOptions,
  optionsIn: "proxy",
  build: (_, bases) => ({
    // Without other connections a program needs no DNS, until it has a proxy.
    objects: [way, policy(`${name}-dns`, names(listening.dns))],
    configs: [{ name: outside.proxy, read: "start-up", literals: { NO_PROXY: inside(bases).join(",") } }],
  }),
  adapt(options, _, { configs }) {
    const { apiVersion, kind } = way;
    const port = portOf(options);
    const listed = configs[0]?.literals?.["NO_PROXY"] ?? "";
    const { url, except } = options;
    const data = { HTTPS_PROXY: url, ...(except ? { NO_PROXY: `${listed},${except}` } : {}) };
    return {
      patches: [
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: outside.proxy }, data },
        ...(port === defaultPort ? [] : [{ apiVersion, kind, metadata: { name }, spec: { egress: [rule(port)] } }]),
      ],
    };
  },
};
