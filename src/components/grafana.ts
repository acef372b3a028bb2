import {
  type Component,
  type Config,
  type DataSource,
  dataSourceConfig,
  type SecretShape,
  type UidOf,
} from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import {
  configVolume,
  containerPorts,
  emptyDir,
  goMemoryLimit,
  httpGet,
  optionalConfigs,
  probes,
  resources,
  secretVolume,
  tcp,
} from "../core/derive/pod.ts";
import { images } from "../versions.ts";
import { onlyTenant } from "./dskit.ts";
import { patience } from "./patience.ts";
import { apart } from "../core/model/grouping.ts";
import { dashboardsConfig, type Folder, folders } from "../core/model/monitoring.ts";
import { monitoring } from "../monitoring/grafana.ts";

export const roles = defineRoles(
  "grafana",
  { ports: { http: 3000, gossip: 9094 }, metrics: { port: "http" } },
  {
    server: {
      tier: "read",
      disk: "2Gi",
      datagrams: ["gossip"],
      entryPoint: { name: "grafana", ports: ["http"] },
      unsized: "who looks at dashboards is no part of a load",
    },
  },
);

/** As much for a data source by itself, which a plugin that is a process of its own reads. */
export const patient = { timeout: patience.grafana } as const;

/** The data source of the metrics back end has one uid, whichever component that is. */
export const metricsSignal = { metrics: "metrics" } as const;

const admin: SecretShape = {
  name: "grafana-admin",
  // By its plain name: Grafana takes it into its database at the first start, so that no later
  // change need restart it.
  read: "runtime",
  files: { "admin-user": "admin", "admin-password": "strongpassword", "secret-key": "kube-lgtm-throw-away-key" },
};

/** Where the pages of a folder are. */
const folderPath = (folder: Folder): string => `/etc/grafana/dashboards/${folder.toLowerCase()}`;
const folderVolume = (folder: Folder): string => `dashboards-${folder.toLowerCase()}`;

/** Pages of people, beside those of the components. */
const ownDashboards = "grafana-dashboards-own";
const ownFolder = { path: "/etc/grafana/dashboards/own", volume: "dashboards-own", title: "Own" } as const;

const providersName = "grafana-dashboard-providers";

/**
 * Pages come from files only, so that a change in git is all there is; who wants another saves a copy
 * (https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards).
 */
const provider = (title: string, uid: string, path: string) => ({
  name: title,
  folder: title,
  folderUid: uid,
  type: "file",
  disableDeletion: true,
  allowUiUpdates: false,
  updateIntervalSeconds: 30,
  options: { path },
});
const providers = {
  apiVersion: 1,
  providers: [
    ...folders.map((folder) => provider(folder, `kube-lgtm-${folder.toLowerCase()}`, folderPath(folder))),
    provider(ownFolder.title, "kube-lgtm-own", ownFolder.path),
  ],
};

/** ConfigMaps with pages of a folder, of which a cluster has those of its components. */
const pagesOf = (catalogue: readonly Component[], folder: Folder): readonly string[] =>
  catalogue
    .filter(({ monitoring }) => monitoring?.pages && monitoring.folder === folder)
    .map(({ name }) => dashboardsConfig(name))
    .sort();

/**
 * https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/ ; all of it as
 * GF_<section>_<key>.
 */
const settings = {
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
  GF_ANALYTICS_REPORTING_ENABLED: "false",
  // What any data source waits for an answer, in seconds; 30 by itself.
  GF_DATAPROXY_TIMEOUT: String(patience.grafana),
  GF_NEWS_NEWS_FEED_ENABLED: "false",
  GF_PATHS_DATA: "/data",
  GF_PATHS_LOGS: "/data/log",
  GF_PATHS_PLUGINS: "/data/plugins",
  // Grafana 13 would replace its bundled data sources at each start and fail at a read-only root
  // (grafana/grafana#132528).
  GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
  GF_PLUGINS_PREINSTALL_DISABLED: "true",
  GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true",
  GF_SECURITY_DISABLE_GRAVATAR: "true",
  GF_SNAPSHOTS_EXTERNAL_ENABLED: "false",
  // The home page that it brings has a panel that fetches grafana.com's blog, whatever
  // GF_NEWS_NEWS_FEED_ENABLED says.
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${folderPath("Overview")}/overview.json`,
};

const settingsName = "grafana-settings";

/**
 * Variables of the same kind that carry credentials: of an identity provider, of mail. Nobody need
 * make the Secret.
 */
const own = "grafana-env";

/**
 * The variable that tells the data source of Tempo whose spans it asks for; a literal, because no
 * back end of its own has it.
 */
export const tempoTenant = "TEMPO_TENANT";

/** Settings of Grafana's own, by their variables. */
export const more = (literals: Readonly<Record<string, string>>): Config => ({
  name: settingsName,
  read: "start-up",
  literals,
});

/** Where browsers find Grafana, for the links that it sends. */
export const rootUrl = (url: string): Config => more({ GF_SERVER_ROOT_URL: url });

export const grafana: Component = {
  name: "grafana",
  namespaceKind: "stack",
  roles,
  monitoring,
  modes: {
    monolithic: {
      grouping: apart,
      sizes: { server: { replicas: 1, cpu: "50m", memory: "192Mi", memoryLimit: "512Mi" } },
    },
  },
  build({ workloads, catalogue, size, tenant }) {
    const sources = catalogue.filter(({ dataSource }) => dataSource).map(({ name }) => dataSourceConfig(name));
    return {
      pods: workloads.map((workload) => ({
        workload,
        size: size(workload),
        asksOutside: true,
        pod: {
          containers: [
            {
              name: "grafana",
              image: images.grafana,
              env: [
                ...goMemoryLimit,
                { name: "GF_SECURITY_ADMIN_USER__FILE", value: "/etc/grafana-admin/admin-user" },
                { name: "GF_SECURITY_ADMIN_PASSWORD__FILE", value: "/etc/grafana-admin/admin-password" },
                { name: "GF_SECURITY_SECRET_KEY__FILE", value: "/etc/grafana-admin/secret-key" },
              ],
              // Of two variables of one name that of the later source counts.
              envFrom: [{ configMapRef: { name: settingsName } }, { secretRef: { name: own, optional: true } }],
              ports: containerPorts(workload.roles),
              ...probes({ ready: httpGet("/api/health"), live: tcp("http"), startSeconds: 300 }),
              resources: resources(size(workload)),
              volumeMounts: [
                { name: "admin", mountPath: "/etc/grafana-admin", readOnly: true },
                { name: "datasources", mountPath: "/etc/grafana/provisioning/datasources", readOnly: true },
                { name: "dashboard-providers", mountPath: "/etc/grafana/provisioning/dashboards", readOnly: true },
                ...folders.map((folder) => ({
                  name: folderVolume(folder),
                  mountPath: folderPath(folder),
                  readOnly: true,
                })),
                { name: ownFolder.volume, mountPath: ownFolder.path, readOnly: true },
                { name: "data", mountPath: "/data" },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            secretVolume("admin", admin.name),
            optionalConfigs("datasources", sources.sort()),
            configVolume("dashboard-providers", providersName),
            ...folders.map((folder) => optionalConfigs(folderVolume(folder), pagesOf(catalogue, folder))),
            optionalConfigs(ownFolder.volume, [ownDashboards]),
            emptyDir("tmp"),
          ],
        },
      })),
      configs: [
        { name: settingsName, read: "start-up", literals: { ...settings, [tempoTenant]: tenant ?? onlyTenant.tempo } },
        { name: providersName, read: "start-up", files: { "kube-lgtm.yaml": providers } },
      ],
      secrets: [admin],
      mayHave: [{ name: own, keys: ["GF_…"] }],
    };
  },
};

/**
 * The data source of the metrics back end; whichever component an environment has, its identity is
 * the same, name and all: Grafana looks for it by name, inserts it when it finds none, and ends
 * when the uid is taken (pkg/services/provisioning/datasources).
 */
export const metricsSource = (
  prometheusType: "Mimir" | "Prometheus" | "Thanos",
  url: string,
  uidOf: UidOf,
): DataSource => ({
  name: "Metrics",
  uid: metricsSignal.metrics,
  type: "prometheus",
  url,
  isDefault: true,
  jsonData: {
    ...patient,
    prometheusType,
    httpMethod: "POST",
    timeInterval: "30s",
    manageAlerts: prometheusType === "Mimir",
    alertmanagerUid: uidOf("alerts"),
    // Tempo's generator names the label traceID, OpenTelemetry's libraries trace_id.
    exemplarTraceIdDestinations: ["traceID", "trace_id"].map((name) => ({
      name,
      datasourceUid: uidOf("traces"),
      urlDisplayLabel: "View trace",
    })),
  },
});
