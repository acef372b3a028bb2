import { isDeepStrictEqual } from "node:util";
import type { INetworkPolicySpec } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicySpec";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import * as grafana from "../components/grafana.ts";
import type { Feature, Option } from "../core/assemble/feature.ts";
import { NetworkPolicy, PodDisruptionBudget } from "../core/kubernetes/builders.ts";
import { componentLabels, labels, selector } from "../core/derive/labels.ts";
import { podIp, secretVolume, spread } from "../core/derive/pod.ts";
import type { Wiring } from "../core/model/wiring.ts";
import { manifest } from "../core/kubernetes/manifest.ts";

const name = "grafana-postgres";
const { server } = grafana.roles;
const replicas = 2;

/** https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#database */
const defaults = { host: "postgres:5432", name: "grafana", sslMode: "require" };
type Database = Readonly<typeof defaults>;

const literals = ({ host, name: database, sslMode }: Database): Readonly<Record<string, string>> => ({
  GF_DATABASE_HOST: host,
  GF_DATABASE_NAME: database,
  GF_DATABASE_SSL_MODE: sslMode,
});

/** Opens the database's port, to any address. */
const way = (host: string): INetworkPolicySpec => ({
  podSelector: { matchLabels: { "app.kubernetes.io/name": server.component } },
  policyTypes: ["Egress"],
  egress: [{ ports: [{ protocol: "TCP", port: Number(host.split(":")[1]) }] }],
});

const secret = { name: "grafana-database", keys: ["user", "password"] } as const;
const folder = "/etc/grafana-database";

/** The pods read the credentials, and tell each other about notified alerts. */
const pod = (wiring: Wiring): IPodSpec => ({
  topologySpreadConstraints: spread(selector(wiring.workloadOf(server))),
  containers: [
    {
      name: "grafana",
      env: [
        { name: "GF_DATABASE_USER__FILE", value: `${folder}/user` },
        { name: "GF_DATABASE_PASSWORD__FILE", value: `${folder}/password` },
        podIp,
        { name: "GF_UNIFIED_ALERTING_HA_ADVERTISE_ADDRESS", value: `[$(POD_IP)]:${server.ports.gossip}` },
      ],
      volumeMounts: [{ name: "database", mountPath: folder, readOnly: true }],
    },
  ],
  volumes: [secretVolume("database", secret.name)],
});

export const databaseOptions = {
  host: {
    unit: "address",
    about: "Host and port of the server.",
    example: "db.example.com:5432",
    needed: true,
  },
  name: { unit: "name", about: "The database. Default `grafana`." },
  sslMode: { unit: "sslMode", about: "How it is asked by TLS. Default `require`." },
} as const satisfies Readonly<Record<string, Option>>;

/** Grafana keeps its database in PostgreSQL, so that it can have two replicas. */
export const grafanaPostgres: Feature = {
  name,
  options: databaseOptions,
  optionsIn: "database",
  build(wiring) {
    const workload = wiring.workloadOf(server);
    const peers = wiring.wire(server).toPods(server, "gossip", replicas);
    return {
      objects: [
        manifest(
          new NetworkPolicy({
            metadata: { name: "grafana-database", labels: componentLabels(server.component) },
            spec: way(defaults.host),
          }),
        ),
        manifest(
          new PodDisruptionBudget({
            metadata: { name: workload.fullName, labels: labels(workload) },
            spec: { maxUnavailable: 1, selector: { matchLabels: selector(workload) } },
          }),
        ),
      ],
      patches: [
        {
          apiVersion: "apps/v1",
          kind: "StatefulSet",
          metadata: { name: workload.fullName },
          spec: { replicas, template: { spec: pod(wiring) } },
        },
      ],
      // Nothing that an overlay says: kustomize runs its Components after it has merged what it
      // says itself.
      configPatches: [grafana.more({ GF_DATABASE_TYPE: "postgres", GF_UNIFIED_ALERTING_HA_PEERS: peers.join(",") })],
    };
  },
  adapt(options) {
    const database = { ...defaults, ...options };
    const { egress } = way(database.host);
    const isDefault = isDeepStrictEqual(egress, way(defaults.host).egress);
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "grafana-database" },
    };
    return {
      expects: [secret],
      configPatches: [grafana.more(literals(database))],
      patches: isDefault ? [] : [{ ...policy, spec: { egress } }],
    };
  },
};
