import type { INetworkPolicyEgressRule } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule";
import * as kafka from "../components/kafka.ts";
import { kafkaExporter } from "../components/kafka-exporter.ts";
import { mimir } from "../components/mimir.ts";
import { tempo } from "../components/tempo.ts";
import type { Feature, Option, Options } from "../core/assemble/feature.ts";
import { NetworkPolicy } from "../core/kubernetes/builders.ts";
import { clientLabel, partOf } from "../core/derive/labels.ts";
import { manifest, type Manifest } from "../core/kubernetes/manifest.ts";

const name = "external-kafka";
const defaultPort = 9092;
const { server } = kafka.roles;

const egress = (port: number): INetworkPolicyEgressRule[] => [{ ports: [{ protocol: "TCP", port }] }];

const policy = (): Manifest =>
  manifest(
    new NetworkPolicy({
      metadata: { name, labels: partOf },
      spec: {
        podSelector: { matchLabels: clientLabel(server) },
        policyTypes: ["Egress"],
        egress: egress(defaultPort),
      },
    }),
  );

const portOf = ({ address = "" }: Options): number => Number(address.split(":")[1] ?? defaultPort);

/** What Tempo's client of Kafka does not know (pkg/ingest/writer_client.go in 3.0.3). */
const beyondTempo = ({ tls = "disabled", sasl = "PLAIN" }: Options): readonly string[] => [
  ...(tls === "disabled" ? [] : [`kafka.tls is "${tls}": Tempo speaks to Kafka without TLS only`]),
  ...(sasl === "PLAIN" ? [] : [`kafka.sasl is "${sasl}": of SASL Tempo knows "PLAIN" only`]),
];

export const kafkaOptions = {
  address: {
    unit: "address",
    about: "Host and port of a broker, which knows the others.",
    example: "kafka.example.com:9092",
    needed: true,
  },
  sasl: {
    unit: "mechanism",
    about: "How clients say who they are, by the Secret `kafka-client`. Default: not at all. Tempo knows `PLAIN` only.",
  },
  tls: {
    unit: "switch",
    about: "Whether Mimir and the exporter speak to it by TLS. Default `disabled`. Tempo knows no TLS.",
  },
} as const satisfies Readonly<Record<string, Option>>;

/** A Kafka outside the bundle: opens the way to it. Its topics must exist. */
export const externalKafka: Feature = {
  name,
  options: kafkaOptions,
  optionsIn: "kafka",
  replaces: { role: server, by: { name, ports: [defaultPort] } },
  build: () => ({ objects: [policy()] }),
  settings: ({ address = "", tls = "disabled", sasl = "PLAIN" }): Readonly<Record<string, Options>> => {
    const secure = { kafkaAddress: address, kafkaTlsEnabled: String(tls === "enabled"), kafkaSaslMechanism: sasl };
    return { [kafkaExporter.name]: secure, [mimir.name]: secure, [tempo.name]: { kafkaAddress: address } };
  },
  adapt: (options) => {
    const { apiVersion, kind } = policy();
    const port = portOf(options);
    return {
      expects: options["sasl"]
        ? [{ name: kafka.credentials.secret, keys: kafka.credentials.env.map((variable) => variable.name) }]
        : [],
      patches: port === defaultPort ? [] : [{ apiVersion, kind, metadata: { name }, spec: { egress: egress(port) } }],
    };
  },
  warnings: ({ sasl, tls }) =>
    sasl === "PLAIN" && tls !== "enabled"
      ? ['kafka.sasl is "PLAIN" without kafka.tls: the password is sent where others may read it']
      : [],
  problems: (options, bases) => {
    if (!bases.some(kafka.asksKafka))
      return ["kafka has no effect: nobody asks for one. Remove it, or put tempo or mimir into a mode that does."];
    const ways = '. Give it a listener without, or set modes.tempo to "monolithic".';
    return bases.some((base) => base.component === tempo && kafka.asksKafka(base))
      ? beyondTempo(options).map((problem) => problem + ways)
      : [];
  },
};
