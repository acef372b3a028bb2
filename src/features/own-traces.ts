import * as alloyGateway from "../components/alloy-gateway.ts";
import { grafana } from "../components/grafana.ts";
import { loki } from "../components/loki.ts";
import { mimir } from "../components/mimir.ts";
import { own } from "../components/otlp.ts";
import { tempo } from "../components/tempo.ts";
import { thanosReceive } from "../components/thanos-receive.ts";
import { thanos, tracing } from "../components/thanos.ts";
import type { Feature, Option } from "../core/assemble/feature.ts";
import { podIp } from "../core/derive/pod.ts";
import type { Manifest } from "../core/kubernetes/manifest.ts";
import { type Component, settingsName } from "../core/model/component.ts";
import { isSecure } from "../core/model/roles.ts";
import type { Ask } from "../core/model/wiring.ts";
import { template } from "../core/util/template.ts";

const { server: gateway } = alloyGateway.roles;

type Literals = Readonly<Record<string, string>>;

/** How a program is told to trace itself. */
interface Program {
  readonly changes: Component;
  /** The ConfigMap whose literals it takes as variables. */
  readonly config: string;
  /** Where it sends spans, as it says it. */
  readonly endpoint: (ask: Ask) => string;
  readonly on: (endpoint: string) => Literals;
  /** Those of its literals that say the share of requests. */
  readonly sampled: (on: Literals, ratio: string) => Literals;
}

/**
 * The share of requests of which each span is kept; who is called follows who calls
 * (https://opentelemetry.io/docs/languages/sdk-configuration/general/#otel_traces_sampler). Tempo
 * traces how it takes spans, its own too. What that adds is bounded at any ratio: a program sends
 * at most once in five seconds what it has, and one push is five spans.
 */
const standard = "0.1";

/** Attributes by which the gateway and Tempo's metrics-generator know a span of the stack's own. */
const attributes = ({ name }: Component, ...more: readonly string[]): string =>
  [`${own.attribute}=${own.value}`, `${own.app}=${name}`, ...more].join(",");

const ofSdk = (changes: Component): Program => ({
  changes,
  config: settingsName(changes.name),
  endpoint: (ask) => ask.url(gateway, "otlp-http"),
  on: (endpoint) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_RESOURCE_ATTRIBUTES: attributes(changes),
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
  }),
  sampled: (_, ratio) => ({ OTEL_TRACES_SAMPLER_ARG: ratio }),
});

/** https://thanos.io/tip/thanos/tracing.md/#opentelemetry-otlp ; it names no service by itself. */
const ofThanos = (changes: Component): Program => ({
  changes,
  config: tracing.configName(changes.name),
  endpoint: (ask) => ask.to(gateway, "otlp-http"),
  on: (endpoint) => ({
    OTEL_RESOURCE_ATTRIBUTES: attributes(changes),
    OTEL_SERVICE_NAME: changes.name,
    [tracing.variable]: JSON.stringify({
      type: "OTLP",
      config: {
        client_type: "http",
        endpoint,
        insecure: !isSecure(gateway, "otlp-http"),
        sampler_type: "parentbasedtraceidratiobased",
      },
    }),
  }),
  sampled: (on, ratio) => {
    const { type, config } = JSON.parse(on[tracing.variable] ?? "{}") as { type: string; config: object };
    return { [tracing.variable]: JSON.stringify({ type, config: { ...config, sampler_param: ratio } }) };
  },
});

/**
 * https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#tracingopentelemetry ;
 * by gRPC only.
 */
const ofGrafana: Program = {
  changes: grafana,
  config: settingsName(grafana.name),
  endpoint: (ask) => ask.to(gateway, "otlp-grpc"),
  on: (endpoint) => ({
    GF_TRACING_OPENTELEMETRY_OTLP_ADDRESS: endpoint,
    GF_TRACING_OPENTELEMETRY_OTLP_INSECURE: String(!isSecure(gateway, "otlp-grpc")),
    GF_TRACING_OPENTELEMETRY_OTLP_PROPAGATION: "w3c",
    GF_TRACING_OPENTELEMETRY_SAMPLER_TYPE: "probabilistic",
    OTEL_RESOURCE_ATTRIBUTES: attributes(grafana),
  }),
  sampled: (_, ratio) => ({ GF_TRACING_OPENTELEMETRY_SAMPLER_PARAM: ratio }),
};

export const ownTracesOptions = {
  ratio: { unit: "ratio", about: `The share of requests that are traced. Default \`${standard}\`.` },
} as const satisfies Readonly<Record<string, Option>>;

/** Another ratio than the Component's, in an overlay: a Component changes what an overlay generates. */
const patched = (name: string, data: Literals): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

const options = { options: ownTracesOptions, optionsIn: "ownTraces" } as const;

/** A component's programs send the spans of their own work to the OTLP gateway. */
const traces = (program: Program): Feature => ({
  name: `${program.changes.name}-traces`,
  changes: program.changes,
  ...options,
  build(wiring) {
    // Every process but nginx.
    const asking = Object.values(program.changes.roles).filter(({ passesOn }) => !passesOn);
    const [endpoint = ""] = asking.map((role) => program.endpoint(wiring.wire(role)));
    const literals = program.on(endpoint);
    return {
      configPatches: [
        { name: program.config, read: "start-up", literals: { ...literals, ...program.sampled(literals, standard) } },
      ],
    };
  },
  adapt: ({ ratio }, _, { configPatches }) =>
    ratio
      ? { patches: configPatches.map(({ name, literals = {} }) => patched(name, program.sampled(literals, ratio))) }
      : {},
});

const ratioOfGateway = "OTEL_TRACES_SAMPLER_ARG";

/**
 * The gateway's own spans begin where those begin that are pushed, without a way over the network.
 * So it says itself in which pod it runs.
 */
const ofGateway: Feature = {
  name: "alloy-gateway-traces",
  changes: alloyGateway.alloyGateway,
  ...options,
  build: () => ({
    configPatches: [
      {
        name: "alloy-gateway",
        read: "start-up",
        files: { "traces.alloy": template("alloy-gateway-traces.alloy", { ratio: ratioOfGateway }) },
      },
      { name: settingsName("alloy-gateway"), read: "start-up", literals: { [ratioOfGateway]: standard } },
    ],
    patches: [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "alloy-gateway" },
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: "alloy",
                  env: [
                    podIp,
                    {
                      name: "OTEL_RESOURCE_ATTRIBUTES",
                      value: attributes(alloyGateway.alloyGateway, `k8s.pod.ip=$(${podIp.name})`),
                    },
                  ],
                },
              ],
            },
          },
        },
      },
    ],
  }),
  adapt: ({ ratio }) =>
    ratio ? { patches: [patched(settingsName("alloy-gateway"), { [ratioOfGateway]: ratio })] } : {},
};

/** The stack's own traces, by component. */
export const ownTraces = {
  alloyGateway: ofGateway,
  grafana: traces(ofGrafana),
  loki: traces(ofSdk(loki)),
  mimir: traces(ofSdk(mimir)),
  tempo: traces(ofSdk(tempo)),
  thanos: traces(ofThanos(thanos)),
  thanosReceive: traces(ofThanos(thanosReceive)),
} as const satisfies Readonly<Record<string, Feature>>;
