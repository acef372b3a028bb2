import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, containersOf, idOf, podTemplates } from "./lib/objects.ts";
import { relabelled, type Rule } from "./lib/scrape.ts";
import { worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

type Table = Readonly<Record<string, string>>;

/**
 * Labels of applications' own metrics. `cluster`: github.com/prometheus-community/elasticsearch_exporter, RabbitMQ, Kubernetes's own;
 * `replica`: Ray Serve; `tenant_id`, `tenant`, `region`: whoever serves several; `prometheus_replica`, `prometheus`: what comes from a
 * Prometheus of the operator's (`replicaExternalLabelName` and `prometheusExternalLabelName` of its API have them as defaults).
 */
const ofApplications = ["cluster", "replica", "tenant_id", "tenant", "region", "prometheus_replica", "prometheus"];

const text = (objects: readonly Manifest[], config: string, file: string): string | undefined => {
  const named = new RegExp(`^${config}(-[bcdfghkmt2456789]{10})?$`);
  const map = objects.find(({ kind, metadata }) => kind === "ConfigMap" && named.test(metadata.name));
  return (map?.["data"] as Table | undefined)?.[file];
};

interface PrometheusConfig {
  readonly global: { readonly external_labels: Table };
  readonly alerting: { readonly alert_relabel_configs: readonly Rule[] };
  readonly remote_write?: readonly { readonly write_relabel_configs?: readonly Rule[] }[];
}
const prometheusOf = (objects: readonly Manifest[]): PrometheusConfig =>
  parse(text(objects, "prometheus", "prometheus.yml") ?? "") as PrometheusConfig;

interface MimirConfig {
  readonly limits: {
    readonly ha_cluster_label: string;
    readonly ha_replica_label: string;
    readonly drop_labels: readonly string[];
  };
}

/** Values of a flag in all arguments of containers of that name. */
const values = (objects: readonly Manifest[], container: string, flag: string): readonly string[] =>
  podTemplates(objects)
    .flatMap(containersOf)
    .filter(({ name }) => name === container)
    .flatMap(({ args = [] }) =>
      args.filter((arg) => arg.startsWith(`${flag}=`)).map((arg) => arg.slice(flag.length + 1)),
    );

const names = (labels: readonly string[]): readonly string[] => labels.map((label) => label.split("=")[0] ?? "");

/** Every label that the stack's programs put on samples of others, or take from them, by who does. */
const plumbing = (objects: readonly Manifest[]): Readonly<Record<string, readonly string[]>> => {
  const mimir = text(objects, "mimir", "mimir.yaml");
  const { limits } = mimir === undefined ? {} : (parse(mimir) as Partial<MimirConfig>);
  return {
    Prometheus: Object.keys(prometheusOf(objects).global.external_labels),
    Mimir: limits ? [limits.ha_cluster_label, limits.ha_replica_label, ...limits.drop_labels] : [],
    "Thanos query": values(objects, "thanos-query", "--query.replica-label"),
    "Thanos compact": values(objects, "thanos-compact", "--deduplication.replica-label"),
    "Thanos rule": names(values(objects, "thanos-rule", "--label")),
    "Thanos receive": [
      ...names(values(objects, "thanos-receive", "--label")),
      ...podTemplates(objects)
        .flatMap(containersOf)
        .filter(({ name }) => name === "thanos-receive")
        // Its default, cmd/thanos/receive.go in 0.42.5.
        .flatMap(
          ({ args = [] }) =>
            args.find((arg) => arg.startsWith("--receive.tenant-label-name="))?.split("=")[1] ?? "tenant_id",
        ),
    ],
  };
};

/** What an application's own labels would lose, or take others' samples with. */
const collisions = (objects: readonly Manifest[]): Findings =>
  Object.entries(plumbing(objects)).flatMap(([who, labels]) =>
    labels.filter((label) => ofApplications.includes(label)).map((label) => `${who} takes ${label} for its own`),
  );

/** Those who keep what two Prometheus send know them by the labels that the two have. */
const disagreements = (objects: readonly Manifest[]): Findings => {
  const [cluster = "", replica = ""] = Object.keys(prometheusOf(objects).global.external_labels);
  const known = plumbing(objects);
  const expected: readonly (readonly [string, readonly string[]])[] = [
    ["Mimir", [cluster, replica]],
    ["Thanos query", [replica]],
  ];
  return expected.flatMap(([who, labels]) =>
    known[who]?.length
      ? labels.filter((label) => !known[who]?.includes(label)).map((label) => `${who} does not know ${label}`)
      : [],
  );
};

describe("labels that tell one Prometheus from another, and one copy from the next", () => {
  test("have no name that an application's own labels have, in any environment", () => {
    for (const { name, objects } of worlds) none(collisions(objects), name);
  });
  test("are the same for who puts them on and who goes by them", () => {
    for (const { name, objects } of worlds) none(disagreements(objects), name);
  });
  test("would be seen to collide, or to differ", () => {
    const { objects } = worldNamed("every-mimir-scalable");
    const map = objects.find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "prometheus",
    ) as Manifest;
    const config = (map["data"] as Table)["prometheus.yml"] ?? "";
    const renamed = altered(
      objects,
      idOf(map),
      ["data", "prometheus.yml"],
      config.replaceAll("kube_lgtm_replica", "replica"),
    );
    says(collisions(renamed), /Prometheus takes replica for its own/);
    says(disagreements(renamed), /Mimir does not know replica/);
  });
});

describe("people may ask by `cluster`", () => {
  const origin = { kube_lgtm_cluster: "north", kube_lgtm_replica: "prometheus-0" };
  const sent = worlds.filter(({ environment: { metrics } }) => metrics !== "thanos-sidecar");

  test("where samples are sent on, and an application's own `cluster` stays its own", () => {
    assert.ok(sent.length > 5);
    for (const { name, objects } of sent) {
      for (const { write_relabel_configs: rules = [] } of prometheusOf(objects).remote_write ?? assert.fail(name)) {
        assert.deepEqual(relabelled({ __name__: "up", ...origin }, rules), {
          __name__: "up",
          cluster: "north",
          ...origin,
        });
        const own = { __name__: "elasticsearch_up", cluster: "search-b", ...origin };
        assert.deepEqual(relabelled(own, rules), own);
      }
    }
  });
  test("and in alerts, which do not tell the two of a pair apart, but leave an application's `replica`", () => {
    const { kube_lgtm_replica: _, ...told } = origin;
    for (const { objects } of worlds) {
      const rules = prometheusOf(objects).alerting.alert_relabel_configs;
      assert.deepEqual(relabelled({ alertname: "A", replica: "abc#1", ...origin }, rules), {
        alertname: "A",
        replica: "abc#1",
        cluster: "north",
        ...told,
      });
      for (const json of values(objects, "thanos-rule", "--alert.relabel-config")) {
        assert.deepEqual(relabelled({ alertname: "A", ...told }, JSON.parse(json) as Rule[]), {
          alertname: "A",
          cluster: "north",
          ...told,
        });
      }
    }
  });
});

describe("samples that come late, because who keeps them was away", () => {
  const hours = (duration: unknown): number => Number(/^(\d+)h$/.exec(String(duration))?.[1] ?? 0);
  /** What a sender still has of the time before, https://prometheus.io/docs/practices/remote_write/ : "more than 2 hours" are lost. */
  const kept = 2;

  test("are taken as long as a sender has them", () => {
    for (const { name, objects } of worlds) {
      const prometheus = parse(text(objects, "prometheus", "prometheus.yml") ?? "") as {
        readonly storage: { readonly tsdb: { readonly out_of_order_time_window: string } };
      };
      const mimir = parse(text(objects, "mimir", "mimir.yaml") ?? "{}") as {
        readonly limits?: { readonly out_of_order_time_window: string };
      };
      const receive = text(objects, "thanos-receive-settings", "THANOS_RECEIVE_OUT_OF_ORDER_WINDOW");
      const windows = [
        prometheus.storage.tsdb.out_of_order_time_window,
        mimir.limits?.out_of_order_time_window,
        receive,
      ];
      for (const window of windows) if (window !== undefined) assert.ok(hours(window) >= kept, `${name}: ${window}`);
    }
  });
  test("are sent again after status 429, which Prometheus's library takes for the end", () => {
    // `retry_on_http_429`, https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
    interface Writes {
      readonly remote_write?: readonly { readonly queue_config?: { readonly retry_on_http_429?: boolean } }[];
    }
    for (const { name, objects } of worlds) {
      const tempo = parse(text(objects, "tempo", "tempo.yaml") ?? "{}") as {
        readonly metrics_generator?: { readonly storage: Writes };
      };
      const rules = values(objects, "thanos-rule", "--remote-write.config").map((json) => JSON.parse(json) as Writes);
      const senders = [prometheusOf(objects) as Writes, tempo.metrics_generator?.storage, ...rules];
      const writes = senders.flatMap((sender) => sender?.remote_write ?? []);
      assert.ok(writes.length > 0, name);
      for (const { queue_config } of writes) assert.equal(queue_config?.retry_on_http_429, true, name);
    }
  });
});
