import type { IIngressSpec } from "kubernetes-models/networking.k8s.io/v1/IngressSpec";
import * as grafana from "../components/grafana.ts";
import { patience } from "../components/patience.ts";
import type { Feature, Option } from "../core/assemble/feature.ts";
import { Ingress } from "../core/kubernetes/builders.ts";
import { componentLabels } from "../core/derive/labels.ts";
import { anywhere } from "../core/model/places.ts";
import type { Wiring } from "../core/model/wiring.ts";
import { manifest, type Manifest } from "../core/kubernetes/manifest.ts";

/**
 * Where the Components expect Grafana to be asked for, until an environment or a user's patch says
 * otherwise.
 */
const host = "grafana.localhost";

type Options = Readonly<Record<string, string>>;

const { server } = grafana.roles;
const service = server.component;
const metadata = { name: service, labels: componentLabels(service) };
/** ingress-nginx gives an answer up after 60 s by itself; other controllers do not read it. */
const annotations = { "nginx.ingress.kubernetes.io/proxy-read-timeout": String(patience.edge) };

/**
 * A controller may run in any namespace or in the nodes' own network, which no policy could name.
 */
const open = ({ allowFrom }: Wiring): void => allowFrom(anywhere, server, "http");

/**
 * https://kubernetes.io/docs/concepts/services-networking/ingress/ ; without a class, the cluster's
 * default one serves it.
 */
const ingressSpec = (options: Options): IIngressSpec => {
  const { class: ingressClassName, host: asked = host, tlsSecret: secretName } = options;
  const backend = { service: { name: service, port: { name: "http" } } };
  return {
    ingressClassName,
    tls: secretName ? [{ hosts: [asked], secretName }] : undefined,
    rules: [{ host: asked, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
  };
};

export const ingressOptions = {
  class: { unit: "name", about: "The IngressClass. Default: the cluster's." },
  host: { unit: "hostname", about: "The host. Default `grafana.localhost`." },
  tlsSecret: { unit: "name", about: "The Secret with the certificate of the host. Default: no TLS." },
} as const satisfies Readonly<Record<string, Option>>;

/** Grafana behind an Ingress of any class. */
export const ingress: Feature = {
  name: "ingress",
  options: ingressOptions,
  optionsIn: "exposure",
  build: (wiring) => {
    open(wiring);
    return { objects: [manifest(new Ingress({ metadata: { ...metadata, annotations }, spec: ingressSpec({}) }))] };
  },
  adapt: (options) => ({
    expects: options["tlsSecret"] ? [{ name: options["tlsSecret"], keys: ["tls.crt", "tls.key"] }] : [],
    patches: [manifest(new Ingress({ metadata: { name: service }, spec: ingressSpec(options) }))],
    configPatches: [grafana.rootUrl(`${options["tlsSecret"] ? "https" : "http"}://${options["host"] ?? host}/`)],
  }),
};

/**
 * https://gateway-api.sigs.k8s.io/api-types/httproute/ ; the Gateway is there already, in whatever
 * namespace.
 */
const httpRoute = (options: Options): Manifest => {
  const { gateway = "gateway", gatewayNamespace: namespace, host: asked = host } = options;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata,
    spec: {
      parentRefs: [namespace ? { name: gateway, namespace } : { name: gateway }],
      hostnames: [asked],
      rules: [{ backendRefs: [{ name: service, port: server.ports.http }] }],
    },
  };
};

export const gatewayOptions = {
  gateway: { unit: "name", about: "The Gateway. Default `gateway`." },
  gatewayNamespace: { unit: "namespace", about: "Its namespace. Default: the stack's." },
  host: { unit: "hostname", about: "The host. Default `grafana.localhost`." },
} as const satisfies Readonly<Record<string, Option>>;

/** Grafana behind a Gateway of the Gateway API, whose definitions the cluster must have. */
export const gatewayApi: Feature = {
  name: "gateway-api",
  options: gatewayOptions,
  optionsIn: "exposure",
  build: (wiring) => {
    open(wiring);
    return { objects: [httpRoute({})] };
  },
  adapt: (options) => ({ patches: [{ ...httpRoute(options), metadata: { name: service } }] }),
};
