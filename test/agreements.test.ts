import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parser } from "@prometheus-io/lezer-promql";
import { buckets, links, metrics, s3Keys, topics } from "./facts/agreements.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf, type Labels, specOf } from "./lib/objects.ts";
import { at, configOf, flag, flags, type Process, processesOf, running, type Tree, yamlOf } from "./lib/processes.ts";
import { scrapeJobsOf } from "./lib/scrape.ts";
import { worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* What two programs must call alike: data sources, topics, buckets, keys, labels of replicas, metrics, receivers (test/facts/agreements.ts). */

interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly jsonData: Tree;
}

const sourcesOf = (objects: readonly Manifest[]): readonly DataSource[] =>
  running(objects, "grafana").flatMap((grafana) =>
    [...grafana.files.keys()]
      .filter((path) => path.includes("/datasources/"))
      .flatMap((path) => (yamlOf(grafana, path) as { readonly datasources: readonly DataSource[] }).datasources),
  );

const uidsIn = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(uidsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "datasourceUid" ? uidsIn(inner) : []));
};

const linkFaults = (objects: readonly Manifest[]): Findings => {
  const sources = sourcesOf(objects);
  return sources.flatMap(({ name, jsonData = {} }) =>
    Object.entries(links).flatMap(([key, type]) =>
      uidsIn(jsonData[key])
        .filter((uid) => sources.find((one) => one.uid === uid)?.type !== type)
        .map((uid) => `${name}: ${key} leads to ${uid}, which is no data source of type ${type}`),
    ),
  );
};

/** Topics that somebody makes where there are brokers, and those that programs are told of. */
const topicFaults = (objects: readonly Manifest[]): Findings => {
  const keepers = running(objects, "kafka", "client");
  const made = new Set(
    keepers.flatMap(({ container }) =>
      [...(container.command ?? []).join("\n").matchAll(/([\w-]+):\$\{?KAFKA_PARTITIONS_\w+/g)].map(([, name]) => name),
    ),
  );
  const told = processesOf(objects).flatMap((process): (readonly [Process, string])[] => {
    const path = topics[process.program];
    const topic = path === undefined || process.first ? undefined : at(configOf(process), path);
    return topic === undefined ? [] : [[process, String(topic)]];
  });
  const owners = new Map(told.map(([{ program }, topic]) => [topic, program]));
  const asked = processesOf(objects).flatMap((process): (readonly [Process, string])[] => {
    const [, topic] = /--describe --topic (\S+?)\)?;/.exec((process.container.command ?? []).join("\n")) ?? [];
    return process.first && topic !== undefined ? [[process, topic]] : [];
  });
  return [
    ...(keepers.length === 0
      ? []
      : told
          .filter(([, topic]) => !made.has(topic))
          .map(([{ at: where }, topic]) => `${where} uses the topic ${topic}, which nobody makes`)),
    ...told
      .filter(([{ program }, topic]) => owners.get(topic) !== program)
      .map(([{ at: where }, topic]) => `${where} shares the topic ${topic} with ${owners.get(topic)}`),
    ...asked
      .filter(([{ pod }, topic]) => told.some(([one, own]) => one.pod.id === pod.id && own !== topic))
      .map(([{ at: where }, topic]) => `${where} waits for the topic ${topic}, which its program does not use`),
  ];
};

interface Kept {
  readonly process: Process;
  readonly bucket: string;
  readonly purpose: string;
}
/** What Thanos is told of its store, where the environment makes that Secret. */
const objstoreOf = (process: Process): unknown => {
  const path = flag(process, "--objstore.config-file") ?? "";
  return process.files.has(path) ? yamlOf(process, path) : undefined;
};
const bucketsOf = (objects: readonly Manifest[]): readonly Kept[] =>
  processesOf(objects)
    .filter(({ first }) => !first)
    .flatMap((process): readonly Kept[] => {
      const paths = buckets[process.program];
      if (paths)
        return paths.map(([path, purpose]) => ({
          process,
          bucket: String(at(configOf(process), path)),
          purpose: `${process.program} ${purpose}`,
        }));
      if (process.program !== "thanos" || flag(process, "--objstore.config-file") === undefined) return [];
      const bucket = at(objstoreOf(process), "config.bucket") as string | undefined;
      return bucket === undefined ? [] : [{ process, bucket, purpose: "thanos blocks" }];
    });

/** Buckets of two purposes in one, and buckets that MinIO, where it is there, does not make. */
const bucketFaults = (objects: readonly Manifest[]): Findings => {
  const made = running(objects, "minio").map(({ env }) => (env["BUCKETS"] ?? "").split(" "));
  const all = bucketsOf(objects);
  const purposes = new Map(all.map(({ bucket, purpose }) => [bucket, purpose]));
  return all.flatMap(({ process, bucket, purpose }) => [
    ...(purposes.get(bucket) === purpose
      ? []
      : [`${process.at} keeps ${purpose} in ${bucket}, where ${purposes.get(bucket)} is kept`]),
    ...made
      .filter((names) => !names.includes(bucket))
      .map(() => `${process.at} keeps ${purpose} in ${bucket}, which MinIO does not make`),
  ]);
};

/** Programs that say something else to MinIO than its root user and password. */
const keyFaults = (objects: readonly Manifest[]): Findings => {
  const [minio] = running(objects, "minio");
  const [user, password] = [minio?.env["MINIO_ROOT_USER"], minio?.env["MINIO_ROOT_PASSWORD"]];
  if (user === undefined) return [];
  const said = processesOf(objects).flatMap((process): (readonly [Process, unknown, unknown])[] => {
    if (process.first) return [];
    const paths = s3Keys[process.program] ?? [];
    const thanos = objstoreOf(process);
    return [
      ...paths.map(([id, secret]) => [process, at(configOf(process), id), at(configOf(process), secret)] as const),
      ...(thanos ? [[process, at(thanos, "config.access_key"), at(thanos, "config.secret_key")] as const] : []),
    ];
  });
  return said
    .filter(([, id, secret]) => id !== user || secret !== password)
    .map(([{ at: where }, id]) => `${where} says to MinIO that it is ${String(id)}: expected ${user} and its password`);
};

/** Labels by which copies of a series differ, and who must take them away again. */
const replicaFaults = (objects: readonly Manifest[]): Findings => {
  const labelsOf = (process: Process): Tree => (at(configOf(process), "global.external_labels") ?? {}) as Tree;
  /** The label that is the pod's name. */
  const replicas = running(objects, "prometheus").flatMap((process) =>
    Object.entries(labelsOf(process))
      .filter(([, value]) => value === process.env["POD_NAME"])
      .map(([label]) => label),
  );
  const others = running(objects, "prometheus").flatMap((process) =>
    Object.keys(labelsOf(process)).filter((label) => !replicas.includes(label)),
  );
  const own = (role: string): readonly string[] =>
    running(objects, "thanos", role).flatMap((process) =>
      flags(process, "--label").flatMap((text) => {
        const [, label = "", value = ""] = /^(\w+)="(.*)"$/.exec(text) ?? [];
        return value === process.env["POD_NAME"] ? [label] : [];
      }),
    );
  const received = [...own("receive-router"), ...own("receive-ingester")];
  const ruled = own("rule");
  const wanted = [...new Set([...replicas, ...received, ...ruled])];
  return [
    ...(replicas.length === running(objects, "prometheus").length
      ? []
      : ["no external label of Prometheus is its pod's name, so nobody can tell one of a pair from the other"]),
    ...running(objects, "prometheus").flatMap((process) => {
      const rules = (at(configOf(process), "alerting.alert_relabel_configs") ?? []) as readonly Tree[];
      const dropped = rules.filter(({ action }) => action === "labeldrop").map(({ regex }) => regex);
      return replicas
        .filter((label) => !dropped.includes(label))
        .map((label) => `${process.at} tells of one alert by ${label}, once a replica`);
    }),
    ...running(objects, "thanos", "query").flatMap((process) =>
      wanted
        .filter((label) => !flags(process, "--query.replica-label").includes(label))
        .map((label) => `${process.at} takes no ${label} away: each series is there once a replica`),
    ),
    ...running(objects, "thanos", "compact").flatMap((process) =>
      [...new Set(received)]
        .filter((label) => !flags(process, "--deduplication.replica-label").includes(label))
        .map((label) => `${process.at} keeps copies that differ by ${label}`),
    ),
    ...running(objects, "thanos", "rule").flatMap((process) =>
      ruled
        .filter((label) => !flags(process, "--alert.label-drop").includes(label))
        .map((label) => `${process.at} tells of one alert by ${label}, once a replica`),
    ),
    ...processesOf(objects)
      .filter(({ program, first }) => program === "mimir" && !first)
      .flatMap((process) => {
        const limits = (at(configOf(process), "limits") ?? {}) as Tree;
        const dropped = (limits["drop_labels"] ?? []) as readonly string[];
        return [
          ...replicas
            .filter((label) => !dropped.includes(label))
            .map((label) => `${process.at} keeps ${label}: a series is another when the other replica sends it`),
          ...(replicas.includes(String(limits["ha_replica_label"]))
            ? []
            : [
                `${process.at} tells replicas by ${String(limits["ha_replica_label"])}, and Prometheus has ${replicas.join()}`,
              ]),
          ...(others.includes(String(limits["ha_cluster_label"]))
            ? []
            : [
                `${process.at} tells pairs by ${String(limits["ha_cluster_label"])}, and Prometheus has ${others.join()}`,
              ]),
        ];
      }),
  ];
};

/** An expression in the language of Prometheus: https://prometheus.io/docs/prometheus/latest/querying/basics/ */
interface Expression {
  readonly where: string;
  readonly text: string;
  readonly alert: boolean;
  /** test/alerts.test.ts asks who makes the metrics of rules. */
  readonly isRule?: true;
}

const expressionsOf = (objects: readonly Manifest[]): readonly Expression[] => {
  const rules = processesOf(objects).flatMap((process) =>
    [...process.files.keys()]
      .filter((path) => /\/rules\/.*\.yaml$/.test(path))
      .flatMap((path) => {
        const { groups } = yamlOf(process, path) as {
          readonly groups: readonly { readonly rules: readonly { readonly alert?: string; readonly expr: string }[] }[];
        };
        return groups.flatMap(({ rules }) =>
          rules.map(({ alert, expr }) => ({
            where: `${process.at} ${alert}`,
            text: expr,
            alert: alert !== undefined,
            isRule: true as const,
          })),
        );
      }),
  );
  const scaling = objects
    .filter(({ kind }) => kind === "ScaledObject")
    .flatMap((object) =>
      specOf<{ readonly triggers: readonly { readonly metadata: Labels }[] }>(object).triggers.flatMap(
        ({ metadata: { query } }) => (query === undefined ? [] : [{ where: idOf(object), text: query, alert: false }]),
      ),
    );
  const shown = sourcesOf(objects).flatMap(({ name, jsonData }) =>
    ((at(jsonData, "tracesToMetrics.queries") ?? []) as readonly { readonly query: string }[]).map(({ query }) => ({
      where: `data source ${name}`,
      // As Grafana puts it in; $$ is a $ in a file of provisioning.
      text: query.replaceAll("$$__tags", 'service="x"'),
      alert: false,
    })),
  );
  return [...rules, ...scaling, ...shown];
};

/** Expressions that are none, ask for what nobody makes, for a job that is not scraped, or that alert of what is well. */
function expressionFaults(objects: readonly Manifest[]): Findings {
  const jobs = new Set([...scrapeJobsOf(objects).map(({ job_name }) => job_name)]);
  // Rules about lines of logs are read in test/rulers.test.ts.
  const ofPrometheus = expressionsOf(objects).filter(({ text }) => !/\|[=~] "/.test(text));
  return ofPrometheus.flatMap(({ where, text, alert, isRule }) => {
    const faults: string[] = [];
    const say = (fault: string): void => void faults.push(`${where}: ${text}: ${fault}`);
    parser.parse(text).iterate({
      enter(node) {
        const here = text.slice(node.from, node.to);
        if (node.type.isError) say(`no expression of Prometheus at ${text.slice(node.from) || "its end"}`);
        if (node.name === "VectorSelector" && !isRule) {
          const [name = ""] = /^\w+/.exec(here) ?? [];
          if (metrics[name] === undefined) say(`who makes ${name} is not written down in test/facts/agreements.ts`);
        }
        if (node.name === "UnquotedLabelMatcher") {
          const [, label, operator, value = ""] = /^(\w+)\s*(=~|!=|!~|=)\s*"(.*)"$/.exec(here) ?? [];
          if (label === "job" && operator === "=" && !jobs.has(value)) say(`no job is called ${value}`);
        }
        const isCounted = node.node.parent?.name === "FunctionCallBody";
        if (alert && node.name === "BinaryExpr" && !isCounted) {
          const [, compared, to] =
            /^(?:up\b|\w+ by \([^)]*\) \(up\b).*?\)?\s*(==|!=|<|>|<=|>=)\s*(\d+)$/.exec(here) ?? [];
          if (compared !== undefined && !((compared === "==" && to === "0") || (compared === "<" && to === "1")))
            say("what is up is alerted of");
        }
      },
    });
    return faults;
  });
}

interface Route {
  readonly receiver?: string;
  readonly routes?: readonly Route[];
}
const receiversOf = ({ receiver, routes = [] }: Route): readonly string[] => [
  ...(receiver === undefined ? [] : [receiver]),
  ...routes.flatMap(receiversOf),
];

/** Receivers that routes name and that are not there. https://prometheus.io/docs/alerting/latest/configuration/ */
const receiverFaults = (objects: readonly Manifest[]): Findings =>
  processesOf(objects).flatMap((process) =>
    [...process.files.keys()]
      .filter((path) => ["alertmanager", "mimir"].includes(process.program) && /alertmanager[^/]*\.ya?ml$/.test(path))
      .flatMap((path) => {
        const { route, receivers } = yamlOf(process, path) as {
          readonly route: Route;
          readonly receivers: readonly { readonly name: string }[];
        };
        return receiversOf(route)
          .filter((name) => !receivers.some((one) => one.name === name))
          .map((name) => `${process.at} ${path}: no receiver is called ${name}`);
      }),
  );

/** The labels of streams by which a data source looks for a span's lines: Loki makes them of the attributes that it is told. */
const labelFaults = (objects: readonly Manifest[]): Findings => {
  const told = new Set(
    running(objects, "loki", "distributor").flatMap((process) =>
      (
        (at(configOf(process), "distributor.otlp_config.default_resource_attributes_as_index_labels") ??
          []) as readonly string[]
      ).map((name) => name.replaceAll(".", "_")),
    ),
  );
  return sourcesOf(objects).flatMap(({ name, jsonData }) => {
    const query = String(at(jsonData, "tracesToLogsV2.query") ?? "");
    return [...query.matchAll(/\{(\w+)=/g)]
      .filter(([, label = ""]) => !told.has(label))
      .map(([, label]) => `data source ${name} looks for lines by ${label}, which no stream has`);
  });
};

for (const { name, objects } of worlds)
  describe(`in ${name}`, () => {
    test("a link of a data source leads to one of the type that it is for", () => {
      assert.ok(sourcesOf(objects).length >= 4);
      none(linkFaults(objects));
    });
    test("a span's lines are looked for by a label that they have", () => none(labelFaults(objects)));
    test("each program's topic is made, is its own, and is the one that its pods wait for", () =>
      none(topicFaults(objects)));
    test("each bucket is made, and holds things of one kind", () => {
      assert.ok(bucketsOf(objects).length > 2);
      none(bucketFaults(objects));
    });
    test("who keeps objects in MinIO gives its name for a name and its password for a password", () =>
      none(keyFaults(objects)));
    test("labels that tell replicas are taken away by all who put their series together", () =>
      none(replicaFaults(objects)));
    test("rules, autoscalers and links ask for metrics that somebody makes, in the language of Prometheus", () => {
      assert.ok(expressionsOf(objects).length > 2);
      none(expressionFaults(objects));
    });
    test("routes of alerts lead to receivers that are there", () => none(receiverFaults(objects)));
  });

describe("names that do not agree are reported", () => {
  const { objects } = worldNamed("every-mimir-microservices");
  const demo = worldNamed("demo").objects;
  const changed = (list: readonly Manifest[], name: RegExp, key: string, from: string, to: string) => {
    const found = list.find((one) => name.test(idOf(one))) ?? assert.fail(String(name));
    const before = (found["data"] as Labels)[key] ?? assert.fail(key);
    assert.ok(before.includes(from), `${key} has no ${from}`);
    return altered(list, idOf(found), ["data", key], before.replaceAll(from, to));
  };
  test("a link to a data source of another type", () =>
    says(
      linkFaults(
        changed(demo, /grafana-datasource-loki/, "loki.yaml", "datasourceUid: tempo", "datasourceUid: metrics"),
      ),
      /Loki: derivedFields leads to metrics, which is no data source of type tempo/,
    ));
  test("a topic that nobody makes", () =>
    says(
      topicFaults(
        changed(
          worldNamed("staging").objects,
          /ConfigMap \S+\/tempo-[bcdfghkmt2456789]{10}$/,
          "tempo.yaml",
          "topic: tempo",
          "topic: traces",
        ),
      ),
      /uses the topic traces, which nobody makes/,
    ));
  test("a bucket that MinIO does not make", () =>
    says(
      bucketFaults(changed(demo, /minio-buckets/, "BUCKETS", "tempo", "traces")),
      /keeps tempo blocks in tempo, which MinIO does not make/,
    ));
  test("a name for a password", () =>
    says(
      keyFaults(
        changed(
          demo,
          /ConfigMap \S+\/tempo-[bcdfghkmt2456789]{10}$/,
          "tempo.yaml",
          "access_key: ${S3_ACCESS_KEY_ID}",
          "access_key: ${S3_SECRET_ACCESS_KEY}",
        ),
      ),
      /tempo says to MinIO that it is/,
    ));
  test("a label of replicas that nobody takes away", () => {
    says(
      replicaFaults(changed(demo, /ConfigMap \S+\/prometheus$/, "prometheus.yml", "kube_lgtm_replica", "replica")),
      /thanos-query takes no replica away/,
    );
    says(
      replicaFaults(changed(objects, /ConfigMap \S+\/prometheus$/, "prometheus.yml", "kube_lgtm_replica", "replica")),
      /mimir tells replicas by kube_lgtm_replica, and Prometheus has replica/,
    );
  });
  test("an expression that assigns, a job that is not scraped, an alert of what is well", () => {
    const rules = (from: string, to: string) =>
      expressionFaults(changed(demo, /ConfigMap \S+\/prometheus-rules-prometheus/, "prometheus.yaml", from, to));
    says(rules("== 0", "= 0"), /no expression of Prometheus at =/);
    says(rules("== 0", "== 1"), /what is up is alerted of/);
    says(
      expressionFaults(
        changed(demo, /ConfigMap \S+\/thanos-rules/, "prometheus.yaml", 'app="prometheus"', 'job="prometheuses"'),
      ),
      /no job is called prometheuses/,
    );
  });
  test("a receiver that is not there", () =>
    says(
      receiverFaults(
        changed(
          demo,
          /ConfigMap \S+\/alertmanager-[bcdfghkmt2456789]{10}$/,
          "alertmanager.yml",
          "receiver: dead-man-switch",
          "receiver: no-one",
        ),
      ),
      /no receiver is called no-one/,
    ));
  test("a label that no stream has", () =>
    says(
      labelFaults(
        changed(demo, /ConfigMap \S+\/loki-[bcdfghkmt2456789]{10}$/, "loki.yaml", "- service.name\n", "- service.id\n"),
      ),
      /looks for lines by service_name, which no stream has/,
    ));
});
