import * as grafana from "../components/grafana.ts";
import type { Feature } from "../core/assemble/feature.ts";
import type { Place } from "../core/model/places.ts";
import { grafanaPlugins } from "../versions.ts";

/** Where Grafana fetches plugins: grafana.com, or a mirror that an overlay names. */
const catalogue: Place = { name: "plugin-catalogue", ports: [443] };

/**
 * The apps behind Grafana's menu Drilldown, for logs, traces and metrics. Grafana starts before it
 * fetches them, so it also starts without internet; it keeps what it has in the pinned version
 * (pkg/services/pluginsintegration/plugininstaller/service.go). It checks their signatures with a
 * key of its own. Unless it is disabled, it would also fetch the app for profiles, which nothing
 * here keeps.
 */
export const grafanaDrilldown: Feature = {
  name: "grafana-drilldown",
  build(wiring) {
    wiring.wire(grafana.roles.server).toPlace(catalogue);
    return {
      configPatches: [
        grafana.more({
          GF_PLUGINS_DISABLE_PLUGINS: "grafana-pyroscope-app",
          GF_PLUGINS_PREINSTALL: Object.entries(grafanaPlugins)
            .map(([id, version]) => `${id}@${version}`)
            .join(","),
          GF_PLUGINS_PREINSTALL_DISABLED: "false",
        }),
      ],
    };
  },
};
