import * as mimir from "../components/mimir.ts";
import * as prometheus from "../components/prometheus.ts";
import * as thanosReceive from "../components/thanos-receive.ts";
import type { Feature } from "../core/feature.ts";
import type { Address, Wiring } from "../core/wiring.ts";

/** Prometheus sends on what it scrapes and is sent; `url` asks for the receiver's address. */
const remoteWrite = (name: string, url: (wiring: Wiring) => string): Feature => ({
  name,
  build: (wiring) => ({
    merges: [prometheus.config(wiring, [{ url: url(wiring), send_exemplars: true, send_native_histograms: true }])],
  }),
});

const http = (address: Address, path: string): string => `http://${address}${path}`;

export const mimirRemoteWrite = remoteWrite("mimir-remote-write", ({ wire }) =>
  http(wire(prometheus.roles.server).to(mimir.roles.gateway, "http"), mimir.paths.push),
);

export const thanosRemoteWrite = remoteWrite("thanos-remote-write", ({ wire }) =>
  http(wire(prometheus.roles.server).to(thanosReceive.roles.server, "remote-write"), "/api/v1/receive"),
);
