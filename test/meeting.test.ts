import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf, type Labels, podTemplates, specOf } from "./lib/objects.ts";
import {
  at,
  behind,
  configOf,
  fileOf,
  flag,
  flags,
  type Process,
  processesOf,
  reached,
  rolesOf,
  running,
  type Tree,
  yamlOf,
} from "./lib/processes.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* How programs find each other where a name stands for several: by the DNS, by their own names, by zones; each as its own program has it. */

interface Asked {
  readonly process: Process;
  readonly what: string;
  readonly address: string;
  /** How the program is told to look all of them up. */
  readonly by: RegExp;
}

/**
 * Addresses that stand for all pods behind a name. Thanos: docs/service-discovery.md of v0.42.5. Loki and Mimir: dskit's dns/provider.go, which Tempo
 * has, too; Mimir's ruler: pkg/ruler/remotequerier.go.
 */
const everybody = (objects: readonly Manifest[]): readonly Asked[] =>
  processesOf(objects)
    .filter(({ first }) => !first)
    .flatMap((process): readonly Asked[] => {
      const ask = (what: string, address: unknown, by: RegExp): readonly Asked[] =>
        [address ?? []].flat().map((one) => ({ process, what, address: String(one), by }));
      const dns = /^dns(srv|srvnoa)?\+/;
      const caches = (value: unknown): readonly Asked[] => {
        if (typeof value !== "object" || value === null) return [];
        const { addresses } = value as Tree;
        return [
          ...ask("addresses of memcached", addresses, dns),
          ...Object.values(value).flatMap((one) => caches(one)),
        ];
      };
      const { program } = process;
      if (program === "thanos") {
        const endpoints = flag(process, "--endpoint.sd-config-file");
        const list =
          endpoints === undefined
            ? []
            : ((yamlOf(process, endpoints) as Tree)["endpoints"] as readonly { readonly address: string }[]);
        const files = [...process.files.keys()].filter((path) => path.endsWith("cache.yml"));
        return [
          ...list.flatMap(({ address }) => ask("an endpoint", address, dns)),
          ...flags(process, "--alertmanagers.url").flatMap((url) => ask("--alertmanagers.url", url, dns)),
          ...files.flatMap((path) => caches(yamlOf(process, path))),
        ];
      }
      if (!["loki", "mimir", "tempo"].includes(program)) return [];
      return [
        ...caches(configOf(process)),
        ...(program === "mimir"
          ? ask("ruler.query_frontend.address", at(configOf(process), "ruler.query_frontend.address"), /^dns:\/\/\//)
          : []),
      ];
    });
const lookupFaults = (objects: readonly Manifest[]): Findings =>
  everybody(objects)
    .filter(({ address, by }) => !by.test(address))
    .map(({ process, what, address }) => `${process.at}: ${what} is ${address}, by which one pod is found of several`);

/** Kafka's listeners by name: https://kafka.apache.org/41/documentation.html#brokerconfigs_listeners */
const listenerFaults = (objects: readonly Manifest[]): Findings =>
  running(objects, "kafka").flatMap((process) => {
    const { env, pod, at: where } = process;
    const named = (key: string): readonly (readonly [string, string])[] =>
      (env[key] ?? "")
        .split(",")
        .filter(Boolean)
        .map((one) => {
          const [, name = "", rest = ""] = /^([A-Z_]+):(?:\/\/)?(.*)$/.exec(one) ?? [];
          return [name, rest] as const;
        });
    const there = new Map(named("KAFKA_LISTENERS"));
    const speak = new Map(named("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"));
    const voters = (env["KAFKA_CONTROLLER_QUORUM_VOTERS"] ?? "").split(",");
    const controller = env["KAFKA_CONTROLLER_LISTENER_NAMES"] ?? "";
    const { serviceName } = specOf<{ readonly serviceName?: string }>(
      objects.find((one) => idOf(one) === pod.id) as Manifest,
    );
    const ofPods = Array.from(
      { length: pod.replicas },
      (_, i) => `${i}@${pod.name}-${i}.${serviceName}${there.get(controller)}`,
    );
    const [, cluster = ""] = /^([\w-]{22})$/.exec(env["CLUSTER_ID"] ?? "") ?? [];
    const id = process.container.env?.find(({ name }) => name === "KAFKA_NODE_ID")?.valueFrom?.fieldRef?.fieldPath;
    return [
      ...[...there.keys()]
        .filter((name) => !speak.has(name))
        .map((name) => `${where}: nobody says what ${name} speaks`),
      ...[controller, env["KAFKA_INTER_BROKER_LISTENER_NAME"] ?? ""]
        .filter((name) => !there.has(name))
        .map((name) => `${where} has no listener ${name}`),
      ...named("KAFKA_ADVERTISED_LISTENERS")
        .filter(
          ([name, address]) => name === controller || address !== `${pod.name}-0.${serviceName}${there.get(name)}`,
        )
        .map(([name, address]) => `${where} says that ${name} is at ${address}`),
      ...(voters.join() === ofPods.join()
        ? []
        : [`${where} has the voters ${voters.join()}: expected ${ofPods.join()}`]),
      ...(cluster ? [] : [`${where}: CLUSTER_ID is ${env["CLUSTER_ID"]}: expected 22 characters of base64url`]),
      ...(id === "metadata.labels['apps.kubernetes.io/pod-index']" ? [] : [`${where} has the number ${id}`]),
    ];
  });

/** Where a program learns the zone of its pod, and where it says that zones count. */
const zones: readonly (readonly [program: string, role: string, flag: string, counts?: string])[] = [
  ["loki", "ingester", "-ingester.availability-zone", "ingester.lifecycler.ring.zone_awareness_enabled"],
  ["mimir", "ingester", "-ingester.ring.instance-availability-zone", "ingester.ring.zone_awareness_enabled"],
  [
    "mimir",
    "store-gateway",
    "-store-gateway.sharding-ring.instance-availability-zone",
    "store_gateway.sharding_ring.zone_awareness_enabled",
  ],
  // Whoever shares a partition is known by it: zones count always.
  ["tempo", "live-store", "-live-store.instance-availability-zone"],
];
const zoneOf = ({ pod }: Process): string | undefined =>
  Object.entries(pod.labels).find(([key]) => key.endsWith("/zone"))?.[1];

/** Zones that a program does not know of, or that the rollout-operator would not roll one by one (README.md of v0.28.8). */
const zoneFaults = (objects: readonly Manifest[]): Findings => {
  const told = zones.flatMap(([program, role, name, counts]) =>
    running(objects, program, role)
      .filter((process) => zoneOf(process) !== undefined)
      .flatMap((process) => {
        const field = process.container.env?.find((one) => one.name === "ZONE")?.valueFrom?.fieldRef?.fieldPath ?? "";
        const [, label = ""] = /^metadata\.labels\['(.+)'\]$/.exec(field) ?? [];
        const knows = flag(process, name) === "$(ZONE)" && process.pod.labels[label] === zoneOf(process);
        return [
          ...(knows ? [] : [`${process.at} is not told its zone by ${name}`]),
          ...(counts === undefined || String(at(configOf(process), counts)) === "true"
            ? []
            : [`${process.at}: ${counts} is not true, and copies may be in one zone`]),
        ];
      }),
  );
  const sets = objects.filter(
    ({ kind, metadata }) =>
      kind === "StatefulSet" && Object.keys((metadata["labels"] ?? {}) as Labels).some((key) => key.endsWith("/zone")),
  );
  const groups = new Map<string, string>();
  const rolled = sets.flatMap((set) => {
    const { updateStrategy } = specOf<{ readonly updateStrategy?: { readonly type?: string } }>(set);
    const labels = (set.metadata["labels"] ?? {}) as Labels;
    const pod = podTemplates([set])[0];
    const part = `${labels["app.kubernetes.io/name"]}-${labels["app.kubernetes.io/component"]}`;
    const group = labels["rollout-group"] ?? "";
    const other = groups.get(part) ?? group;
    groups.set(part, group);
    return [
      ...(updateStrategy?.type === "OnDelete" ? [] : [`${idOf(set)} is rolled by itself, whatever the other zones do`]),
      ...(group !== "" && group === other
        ? []
        : [`${idOf(set)} is of the group ${group || "of nobody"}, and ${part} of ${other}`]),
      ...(pod?.labels["name"] === set.metadata.name
        ? []
        : [`${idOf(set)}: the operator does not find its pods, for none has its name`]),
    ];
  });
  const operators = running(objects, "rollout-operator").filter(
    (one) => flag(one, "-kubernetes.namespace") === one.pod.namespace,
  ).length;
  return [...told, ...rolled, ...(sets.length > 0 && operators === 0 ? ["nobody rolls the zones"] : [])];
};

/** A sidecar that does not see its Prometheus's blocks or does not ask it: docs/components/sidecar.md of Thanos v0.42.5. */
const sidecarFaults = (objects: readonly Manifest[]): Findings =>
  running(objects, "thanos", "sidecar").flatMap((sidecar) => {
    const beside = running(objects, "prometheus").find(({ pod }) => pod.id === sidecar.pod.id);
    if (!beside) return [`${sidecar.at} stands beside no Prometheus`];
    const volume = ({ container }: Process, path = ""): string | undefined =>
      container.volumeMounts?.find(({ mountPath }) => mountPath === path)?.name;
    const [own, its] = [
      volume(sidecar, flag(sidecar, "--tsdb.path")),
      volume(beside, flag(beside, "--storage.tsdb.path")),
    ];
    const port = /:(\d+)$/.exec(flag(beside, "--web.listen-address") ?? ":9090")?.[1];
    const url = new URL(flag(sidecar, "--prometheus.url") ?? "http://nowhere");
    return [
      ...(own !== undefined && own === its
        ? []
        : [`${sidecar.at} looks for blocks on ${own}, and Prometheus writes them to ${its}`]),
      ...(["127.0.0.1", "localhost"].includes(url.hostname) && url.port === port
        ? []
        : [`${sidecar.at} asks ${url.href} for its Prometheus`]),
    ];
  });

/** What is exposed leads to Grafana's own port. */
const exposureFaults = (objects: readonly Manifest[]): Findings => {
  const backends = (value: unknown): readonly (readonly [string, number | string])[] => {
    if (Array.isArray(value)) return value.flatMap(backends);
    if (typeof value !== "object" || value === null) return [];
    const { service, backendRefs } = value as {
      readonly service?: { readonly name: string; readonly port: { readonly name?: string; readonly number?: number } };
      readonly backendRefs?: readonly { readonly name: string; readonly port: number }[];
    };
    return [
      ...(service ? [[service.name, service.port.name ?? service.port.number ?? 0] as const] : []),
      ...(backendRefs ?? []).map(({ name, port }) => [name, port] as const),
      ...Object.entries(value)
        .filter(([key]) => key !== "service" && key !== "backendRefs")
        .flatMap(([, inner]) => backends(inner)),
    ];
  };
  return objects
    .filter(({ kind }) => /^(Ingress|HTTPRoute)$/.test(kind))
    .flatMap((object) => {
      const found = backends(specOf<unknown>(object));
      return found.length === 0
        ? [`${idOf(object)} leads nowhere`]
        : found.flatMap(([name, port]) => {
            const service = objects.find(
              (one) =>
                one.kind === "Service" &&
                one.metadata.name === name &&
                one.metadata.namespace === object.metadata.namespace,
            );
            const there = service ? behind(objects, service, port) : [];
            return there.some(({ process }) => process.program === "grafana")
              ? []
              : [`${idOf(object)} leads to ${name}:${port}, where no Grafana is`];
          });
    });
};

/** A data source's step is how often Prometheus scrapes; a tail of lines is a web socket. */
const clientFaults = (objects: readonly Manifest[]): Findings => {
  const intervals = running(objects, "prometheus").map((one) => String(at(configOf(one), "global.scrape_interval")));
  const steps = running(objects, "grafana").flatMap((grafana) =>
    [...grafana.files.keys()]
      .filter((path) => path.includes("/datasources/"))
      .flatMap(
        (path) =>
          (
            yamlOf(grafana, path) as {
              readonly datasources: readonly { readonly name: string; readonly jsonData: Tree }[];
            }
          ).datasources,
      )
      .flatMap(({ name, jsonData }) =>
        jsonData["timeInterval"] === undefined ? [] : [[name, String(jsonData["timeInterval"])] as const],
      ),
  );
  const gateways = running(objects, "nginx-unprivileged", "loki-gateway").flatMap((process) => {
    const conf = fileOf(process, "/etc/gateway/nginx.conf");
    // https://nginx.org/en/docs/http/websocket.html
    const needs = [
      /proxy_http_version 1\.1;/,
      /proxy_set_header Upgrade \$http_upgrade;/,
      /proxy_set_header Connection \$connection_upgrade;/,
      /map \$http_upgrade \$connection_upgrade \{[^}]*default upgrade;/,
    ];
    return needs.filter((one) => !one.test(conf)).map((one) => `${process.at} passes no web socket on: ${one.source}`);
  });
  return [
    ...(steps.length > 0 ? [] : ["no data source says how often its metrics come"]),
    ...steps
      .filter(([, step]) => intervals.some((one) => one !== step))
      .map(([name, step]) => `${name} has steps of ${step}, and Prometheus scrapes each ${intervals.join()}`),
    ...gateways,
  ];
};

/** Hours of durations such as "13h". */
const hours = (text: unknown): number => Number(/^(\d+)h$/.exec(String(text))?.[1] ?? Number.NaN);
/**
 * What is asked of ingesters alone must still be there: docs/sources/mimir/references/architecture/components/querier.md, and
 * `blocks_storage.tsdb.retention_period`, 13h by itself.
 */
const handoverFaults = (objects: readonly Manifest[]): Findings =>
  processesOf(objects)
    .filter(({ program, first }) => program === "mimir" && !first)
    .flatMap((process) => {
      const config = configOf(process);
      const ignored = hours(at(config, "blocks_storage.bucket_store.ignore_blocks_within"));
      const asked = hours(at(config, "querier.query_store_after"));
      const kept = hours(at(config, "blocks_storage.tsdb.retention_period") ?? "13h");
      return ignored < asked && asked < kept
        ? []
        : [`${process.at}: blocks are ignored for ${ignored}h, asked for after ${asked}h, and ingesters keep ${kept}h`];
    });

for (const { name, objects } of worlds)
  describe(`in ${name}`, () => {
    test("who asks all pods behind a name looks all of them up", () => none(lookupFaults(objects)));
    test("Kafka's brokers know each other by the names and ports that they have", () => none(listenerFaults(objects)));
    test("programs know their zones, and zones are rolled one by one", () => none(zoneFaults(objects)));
    test("a sidecar sees the blocks of the Prometheus beside it", () => none(sidecarFaults(objects)));
    test("what is exposed leads to Grafana", () => none(exposureFaults(objects)));
    test("data sources step as Prometheus scrapes, and lines are tailed through the gateway", () =>
      none(clientFaults(objects)));
    test("Mimir's ingesters keep what nobody asks the store for", () => none(handoverFaults(objects)));
  });

test("some environment has each of these", () => {
  const all = worlds.flatMap(({ objects }) => processesOf(objects));
  assert.ok(worlds.some(({ objects }) => everybody(objects).length > 20));
  assert.ok(all.some((one) => one.program === "kafka" && rolesOf(one).includes("kafka") && one.pod.replicas === 3));
  assert.ok(all.some((one) => rolesOf(one).includes("sidecar")));
  assert.ok(
    zones.every(([program, role]) =>
      all.some((one) => one.program === program && rolesOf(one).includes(role) && zoneOf(one)),
    ),
  );
  assert.ok(worlds.some(({ objects }) => objects.some(({ kind }) => kind === "Ingress")));
});

describe("programs that do not meet are reported", () => {
  const prod = worldNamed("every-mimir-microservices").objects;
  const thanos = worldNamed("every-thanos-sidecar-microservices").objects;
  const changed = (list: readonly Manifest[], name: RegExp, key: string, from: string, to: string) => {
    const found = list.find((one) => name.test(idOf(one))) ?? assert.fail(String(name));
    const before = (found["data"] as Labels)[key] ?? assert.fail(key);
    assert.ok(before.includes(from), `${key} has no ${from}`);
    return altered(list, idOf(found), ["data", key], before.replaceAll(from, to));
  };
  const id = (list: readonly Manifest[], end: string): string =>
    list.map(idOf).find((one) => one.startsWith("StatefulSet") && one.endsWith(`/${end}`)) ?? assert.fail(end);
  test("one of several", () => {
    says(
      lookupFaults(changed(thanos, /\/thanos-query-[bcdfghkmt2456789]{10}$/, "endpoints.yaml", "dns+", "")),
      /an endpoint is thanos-store-api:10901/,
    );
    says(
      lookupFaults(changed(prod, /\/mimir-[bcdfghkmt2456789]{10}$/, "mimir.yaml", "dnssrvnoa+", "")),
      /addresses of memcached is _memcached/,
    );
  });
  test("a voter too few, a listener of another name", () => {
    says(
      listenerFaults(
        changed(
          thanos,
          /\/kafka-[bcdfghkmt2456789]{10}$/,
          "KAFKA_CONTROLLER_QUORUM_VOTERS",
          ",2@kafka-2.kafka-headless:9093",
          "",
        ),
      ),
      /has the voters/,
    );
    says(
      listenerFaults(
        changed(thanos, /\/kafka-[bcdfghkmt2456789]{10}$/, "KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER", "QUORUM"),
      ),
      /has no listener QUORUM/,
    );
  });
  test("a zone that nobody knows or rolls", () => {
    const set = id(prod, "mimir-ingester-zone-a");
    says(zoneFaults(altered(prod, set, ["spec", "updateStrategy", "type"], "RollingUpdate")), /is rolled by itself/);
    says(zoneFaults(altered(prod, set, ["metadata", "labels", "rollout-group"], "ingester")), /is of the group/);
    const args = podTemplates(prod).find((pod) => pod.id === set)?.spec.containers[0]?.args ?? [];
    says(
      zoneFaults(
        altered(
          prod,
          set,
          ["spec", "template", "spec", "containers", 0, "args"],
          args.filter((one) => !one.includes("availability-zone")),
        ),
      ),
      /is not told its zone/,
    );
  });
  test("a sidecar that sees nothing", () => {
    const set = id(dev.objects, "prometheus");
    const i =
      podTemplates(dev.objects)
        .find((pod) => pod.id === set)
        ?.spec.containers.findIndex(({ name }) => name === "thanos-sidecar") ?? 0;
    says(
      sidecarFaults(
        altered(dev.objects, set, ["spec", "template", "spec", "containers", i, "args", 1], "--tsdb.path=/prometheus"),
      ),
      /looks for blocks on undefined/,
    );
  });
  test("a step, a web socket, a hole in time", () => {
    says(
      clientFaults(
        changed(
          dev.objects,
          /^ConfigMap \S+\/prometheus$/,
          "prometheus.yml",
          "scrape_interval: 30s",
          "scrape_interval: 60s",
        ),
      ),
      /has steps of 30s/,
    );
    says(
      clientFaults(
        changed(
          prod,
          /\/loki-gateway-[bcdfghkmt2456789]{10}$/,
          "nginx.conf",
          "proxy_set_header Upgrade",
          "proxy_set_header Upgrades",
        ),
      ),
      /passes no web socket on/,
    );
    says(
      handoverFaults(changed(prod, /\/mimir-settings-/, "MIMIR_STORE_QUERIED_AFTER", "12h", "15h")),
      /asked for after 15h/,
    );
  });
  test("a way in that leads elsewhere", () => {
    const list = worldNamed("every-thanos-receive-monolithic").objects;
    const way = list.map(idOf).find((one) => one.startsWith("Ingress")) ?? assert.fail();
    says(
      exposureFaults(
        altered(list, way, ["spec", "rules", 0, "http", "paths", 0, "backend", "service", "name"], "prometheus"),
      ),
      /leads to prometheus:http, where no Grafana is/,
    );
  });
  test("whom an address leads to is found out", () =>
    assert.ok(reached(dev.objects, "observability", "http://grafana:3000").length === 1));
});

test("the second Prometheus of a pair is replaced when Thanos has found the first again", () => {
  const pairs = worlds.flatMap(({ objects }) =>
    objects
      .filter(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "prometheus")
      .filter((object) => specOf<{ replicas: number }>(object).replicas > 1)
      .flatMap((object) => running(objects, "thanos", "query").map((query) => ({ object, query }))),
  );
  assert.ok(pairs.length > 0);
  for (const { object, query } of pairs) {
    // How often a querier looks its stores up (thanos query --help, --store.sd-dns-interval).
    const interval = Number(/^(\d+)s$/.exec(flag(query, "--store.sd-dns-interval") ?? "")?.[1]);
    assert.ok(interval > 0, query.at);
    const { minReadySeconds = 0 } = specOf<{ minReadySeconds?: number }>(object);
    assert.ok(
      minReadySeconds > interval,
      `${idOf(object)} waits ${minReadySeconds} s, Thanos looks each ${interval} s`,
    );
  }
});
