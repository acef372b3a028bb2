import * as mimir from "../components/mimir.ts";
import * as prometheus from "../components/prometheus.ts";
import * as tempo from "../components/tempo.ts";
import * as alloyGateway from "../components/alloy-gateway.ts";
import * as thanosReceive from "../components/thanos-receive.ts";
import * as thanos from "../components/thanos.ts";
import { settingsName, variable } from "../core/model/component.ts";
import type { Feature } from "../core/assemble/feature.ts";
import type { Role } from "../core/model/roles.ts";
import type { Wiring } from "../core/model/wiring.ts";

/** A back end that takes samples: its URL for each protocol. */
interface Receiver {
  readonly url: (wiring: Wiring, from: Role, protocol: Protocol) => string;
}
type Protocol = keyof typeof prometheus.paths;

/** A role beside Prometheus that pushes samples, and the setting that holds the URL. */
interface Pusher {
  readonly role: Role;
  readonly setting: string;
  readonly protocol: Protocol;
}
const pushers: readonly Pusher[] = [
  { role: tempo.roles["metrics-generator"], setting: "remoteWriteUrl", protocol: "remoteWrite" },
  { role: alloyGateway.roles.server, setting: "metricsOtlpUrl", protocol: "otlp" },
];

/**
 * The metrics back end takes what is pushed, instead of one Prometheus that would pass it on and
 * can be away; and Prometheus sends it what it scrapes.
 */
const remoteWrite = (name: string, { url }: Receiver, all = pushers): Feature => ({
  name,
  build: (wiring) => ({
    configPatches: [
      prometheus.config(wiring, [
        {
          url: url(wiring, prometheus.roles.server, "remoteWrite"),
          write_relabel_configs: [prometheus.namedCluster],
          queue_config: prometheus.patience,
          send_exemplars: true,
          send_native_histograms: true,
        },
      ]),
      ...all.map(({ role, setting, protocol }) => ({
        name: settingsName(role.component),
        read: "start-up" as const,
        literals: { [variable(role.component, setting)]: url(wiring, role, protocol) },
      })),
    ],
  }),
});

const mimirPaths = { otlp: mimir.paths.otlp, remoteWrite: mimir.paths.push } as const;
export const mimirRemoteWrite = remoteWrite("mimir-remote-write", {
  url: ({ wire }, from, protocol) => `${wire(from).url(mimir.roles.gateway, "http")}${mimirPaths[protocol]}`,
});

export const thanosRemoteWrite = remoteWrite(
  "thanos-remote-write",
  {
    url: ({ wire }, from, protocol) =>
      `${wire(from).url(thanosReceive.roles.router, "remote-write")}${thanosReceive.paths[protocol]}`,
  },
  [...pushers, { role: thanos.roles.rule, setting: "remoteWriteUrl", protocol: "remoteWrite" }],
);
