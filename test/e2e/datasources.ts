import { parse } from "yaml";
import type { Context } from "./context.ts";
import { type Answer, type Cluster, get, request, type Request } from "./kubectl.ts";

export interface DerivedField {
  readonly datasourceUid?: string;
  readonly matcherType?: string;
  readonly matcherRegex: string;
}

export interface Tag {
  readonly key: string;
  readonly value?: string;
}

/** Of the jsonData of all kinds of data source, what the correlations are made of. */
export interface JsonData {
  readonly implementation?: string;
  readonly derivedFields?: readonly DerivedField[];
  readonly tracesToLogsV2?: {
    readonly datasourceUid?: string;
    readonly tags?: readonly Tag[];
    readonly filterByTraceID?: boolean;
    readonly filterBySpanID?: boolean;
    readonly customQuery?: boolean;
    readonly query?: string;
    readonly spanStartTimeShift?: string;
    readonly spanEndTimeShift?: string;
  };
  readonly tracesToMetrics?: {
    readonly datasourceUid?: string;
    readonly tags?: readonly Tag[];
    readonly queries?: readonly { readonly name?: string; readonly query?: string }[];
  };
  readonly serviceMap?: { readonly datasourceUid?: string };
  readonly exemplarTraceIdDestinations?: readonly { readonly name: string; readonly datasourceUid?: string }[];
  readonly [other: string]: unknown;
}

export interface DataSource {
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly jsonData?: JsonData;
  readonly secureJsonData?: Readonly<Record<string, string>>;
}

interface Grafana {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly {
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
          readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
        }[];
        readonly volumes?: readonly {
          readonly name: string;
          readonly projected?: { readonly sources: readonly { readonly configMap?: { readonly name: string } }[] };
        }[];
      };
    };
  };
}

/** Grafana's pod template. */
export const grafanaTemplate = async (cluster: Cluster): Promise<Grafana["spec"]["template"]> => {
  const grafana = await get<Grafana>(cluster, cluster.stack, "statefulset", "grafana");
  if (!grafana) throw new Error(`no StatefulSet grafana in namespace ${cluster.stack}. Apply an overlay first.`);
  return grafana.spec.template;
};

/** Expands variables in every text of a provisioning file as Grafana does: `$NAME` is the environment, `$$` a dollar. */
export const expand = <T>(value: T, environment: ReadonlyMap<string, string>): T => {
  const text = (part: string): string =>
    part.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => environment.get(braced ?? bare) ?? "");
  return JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === "string" ? item.split("$$").map(text).join("$") : item,
  );
};

/** The variables of Grafana's pods that are no secrets. */
const environmentOf = async (
  cluster: Cluster,
  containers: Grafana["spec"]["template"]["spec"]["containers"],
): Promise<ReadonlyMap<string, string>> => {
  const names = containers.flatMap(({ envFrom = [] }) =>
    envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []),
  );
  const maps = names.map((name) => get<{ data?: Record<string, string> }>(cluster, cluster.stack, "configmap", name));
  const literals = (await Promise.all(maps)).flatMap((map) => Object.entries(map?.data ?? {}));
  const own = containers.flatMap(({ env = [] }) => env.map(({ name, value = "" }) => [name, value] as const));
  return new Map([...literals, ...own]);
};

/** The data sources that Grafana reads at its start: all files of those ConfigMaps of its volume that exist. */
export const readDataSources = async (cluster: Cluster): Promise<ReadonlyMap<string, DataSource>> => {
  const { spec } = await grafanaTemplate(cluster);
  const environment = await environmentOf(cluster, spec.containers);
  const volume = spec.volumes?.find(({ name }) => name === "datasources");
  const names = (volume?.projected?.sources ?? []).flatMap(({ configMap }) => (configMap ? [configMap.name] : []));
  const found = new Map<string, DataSource>();
  for (const name of names) {
    const map = await get<{ data?: Record<string, string> }>(cluster, cluster.stack, "configmap", name);
    for (const [file, text] of Object.entries(map?.data ?? {})) {
      const content: { datasources?: readonly DataSource[] } = parse(text);
      for (const source of expand(content.datasources ?? [], environment)) {
        if (found.has(source.uid)) throw new Error(`${name}/${file}: a second data source has the uid ${source.uid}`);
        found.set(source.uid, source);
      }
    }
  }
  if (found.size === 0) throw new Error(`Grafana's volume "datasources" holds no data source (looked at ${names})`);
  return found;
};

export const dataSource = async (context: Context, uid: string): Promise<DataSource> => {
  const sources = await context.dataSources();
  const source = sources.get(uid);
  if (!source) throw new Error(`no data source has the uid ${uid}; there are ${[...sources.keys()].join(", ")}`);
  return source;
};

/** The HTTP headers that Grafana sends to a data source, such as a tenant. */
export const headers = ({ jsonData = {}, secureJsonData = {} }: DataSource): Record<string, string> =>
  Object.fromEntries(
    Object.entries(jsonData).flatMap(([key, value]) => {
      const number = /^httpHeaderName(\d+)$/.exec(key)?.[1];
      return number ? [[String(value), secureJsonData[`httpHeaderValue${number}`] ?? ""]] : [];
    }),
  );

export type Parameters = Readonly<Record<string, string | number>>;

/** A request to exactly the address of a data source, made by the pod that stands for Grafana. */
export const ask = async (
  context: Context,
  uid: string,
  path: string,
  parameters: Parameters = {},
  rest: Request = {},
): Promise<Answer> => {
  const source = await dataSource(context, uid);
  const query = new URLSearchParams(
    Object.entries(parameters).map(([key, value]): [string, string] => [key, `${value}`]),
  );
  const prefix = source.type === "alertmanager" && source.jsonData?.implementation === "mimir" ? "/alertmanager" : "";
  const url = `${source.url.replace(/\/$/, "")}${prefix}${path}${query.size > 0 ? `?${query}` : ""}`;
  const answer = await request(context.cluster, context.probe, url, {
    ...rest,
    headers: { ...headers(source), ...rest.headers },
  });
  if (answer.status === 0) throw new Error(`${url} gave no answer (curl ${answer.exit})`);
  return answer;
};

/** The answer's JSON; throws unless the status is 200. */
export const askJson = async <T>(
  context: Context,
  uid: string,
  path: string,
  parameters: Parameters = {},
): Promise<T> => {
  const { status, body } = await ask(context, uid, path, parameters);
  if (status !== 200) throw new Error(`${uid} ${path} answered ${status}: ${body.slice(0, 200)}`);
  return JSON.parse(body);
};
