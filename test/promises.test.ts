import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IPodAffinityTerm } from "kubernetes-models/v1/PodAffinityTerm";
import * as facts from "./facts/promises.ts";
import { quantity } from "../src/core/kubernetes/requests.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf, type Labels, podTemplates, type Selector, selects, specOf } from "./lib/objects.ts";
import {
  at,
  configOf,
  flag,
  type Process,
  processesOf,
  reached,
  rolesOf,
  running,
  type Tree,
} from "./lib/processes.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* Switches, numbers and orders of numbers that upstream asks for (test/facts/promises.ts), looked up in what the programs are told. */

const longRunning = (objects: readonly Manifest[]): readonly Process[] =>
  processesOf(objects).filter(({ first }) => !first);

const units: Readonly<Record<string, number>> = { s: 1 / 3600, m: 1 / 60, h: 1, d: 24, w: 168, y: 8760 };
const hours = (text: unknown): number => {
  const parts = [...String(text).matchAll(/(\d+)(ms|[smhdwy])/g)];
  assert.ok(parts.length > 0 && parts.map(([part]) => part).join("") === text, `${String(text)} is no duration`);
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
};

const versioned = /^[^:@]+:(v?\d+\.\d+\.\d+(-[a-z]+)?|RELEASE\.\d{4}-\d\d-\d\dT[\d-]+Z)$/;
const imageFaults = (objects: readonly Manifest[]): Findings =>
  processesOf(objects).flatMap(({ at: where, container: { image = "" }, program }) => [
    ...(versioned.test(image) ? [] : [`${where}: ${image} is no full version, and may be another tomorrow`]),
    ...(image.startsWith(`${facts.images[program]}/${program}:`)
      ? []
      : [`${where}: ${image} is not from ${facts.images[program]}, where its makers publish it`]),
  ]);

const step = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((now, key) => (now as Readonly<Record<string, unknown>> | undefined)?.[key], value);
const switchFaults = (objects: readonly Manifest[]): Findings => [
  ...facts.switches.flatMap(({ program, path, is, why }) =>
    longRunning(objects)
      .filter((process) => process.program === program)
      .filter((process) => step(configOf(process), path) !== is)
      .map(({ at: where }) => `${where}: ${path} is not ${String(is)}: ${why}`),
  ),
  ...facts.arguments_.flatMap(({ program, role = program, arg, why }) =>
    running(objects, program, role)
      .filter(({ args }) => !args.includes(arg))
      .map(({ at: where }) => `${where} has no ${arg}: ${why}`),
  ),
  ...facts.variables.flatMap(([program, name, value]) =>
    running(objects, program)
      .filter(({ env }) => env[name] !== value)
      .map(({ at: where, env }) => `${where}: ${name} is ${env[name]}: expected ${value}`),
  ),
  ...running(objects, "thanos", "compact")
    .filter((one) => flag(one, "--deduplication.replica-label") !== undefined)
    .filter(({ args }) => !args.includes("--compact.enable-vertical-compaction"))
    .map(({ at: where }) => `${where} merges copies, for which it needs --compact.enable-vertical-compaction`),
  ...running(objects, "flog")
    .filter((one) => !facts.logFormats.includes(flag(one, "--format") ?? ""))
    .map((one) => `${one.at} writes ${flag(one, "--format")}, which flog does not know`),
];

/** Pods that must be alone and are not, or that must be three and are fewer. */
const countFaults = (objects: readonly Manifest[]): Findings => [
  ...facts.alone.flatMap(([program, role]) => {
    const found = running(objects, program, role);
    return podsOf(found) === 1 ? [] : [`${podsOf(found)} pods run ${program}'s ${role}: expected one`];
  }),
  ...running(objects, "loki", "index-gateway")
    .filter(
      (one) =>
        at(configOf(one), "index_gateway.mode") === "ring" &&
        one.pod.replicas > 1 &&
        one.pod.replicas < facts.leastIndexGateways,
    )
    .map((one) => `${one.at} is ${one.pod.replicas} in a ring: expected one, or ${facts.leastIndexGateways}`),
  ...running(objects, "thanos", "compact")
    .filter(({ pod, args }) => pod.replicas > 1 && !args.some((arg) => arg.includes("hashmod")))
    .map((one) => `${one.at} is ${one.pod.replicas}, and each compacts all: two undo each other's work`),
];

/** Orders and bounds of how long things are kept. */
const retentionFaults = (objects: readonly Manifest[]): Findings => {
  const found: string[] = [];
  const least = (process: Process, what: string, value: unknown, lowest: number): void => {
    if (value === undefined || hours(value) < lowest)
      found.push(`${process.at}: ${what} is ${String(value)}: expected at least ${lowest}h`);
  };
  for (const one of longRunning(objects)) {
    if (one.program === "loki") {
      least(
        one,
        "limits_config.retention_period",
        at(configOf(one), "limits_config.retention_period"),
        facts.leastLokiHours,
      );
      const asked = at(configOf(one), "limits_config.max_query_length");
      // 721h by itself, which is less than some keep.
      if (
        asked === undefined ||
        (hours(asked) > 0 && hours(asked) < hours(at(configOf(one), "limits_config.retention_period")))
      )
        found.push(`${one.at}: limits_config.max_query_length is ${String(asked)}, less than lines are kept`);
      const labels = at(configOf(one), "distributor.otlp_config.default_resource_attributes_as_index_labels");
      if ((labels as readonly string[]).length > Number(at(configOf(one), "limits_config.max_label_names_per_series")))
        found.push(`${one.at} makes more labels of a push than it takes`);
      if (at(configOf(one), "compactor.delete_request_store") === undefined)
        found.push(`${one.at}: compactor.delete_request_store is not said, without which the start is refused`);
    }
    if (one.program === "tempo" && hours(at(configOf(one), "query_frontend.search.max_duration")) !== 0)
      found.push(`${one.at}: searches are bounded by query_frontend.search.max_duration`);
    if (one.program === "tempo")
      least(one, "block_retention", at(configOf(one), "overrides.defaults.compaction.block_retention"), 1);
    if (one.program === "mimir")
      least(
        one,
        "compactor_blocks_retention_period",
        at(configOf(one), "limits.compactor_blocks_retention_period"),
        hours(at(configOf(one), "querier.query_store_after")),
      );
    if (one.program === "prometheus") {
      const [shortest, longest] = ["min", "max"].map((end) => flag(one, `--storage.tsdb.${end}-block-duration`));
      if (shortest !== longest || hours(shortest) !== facts.blockHours)
        found.push(
          `${one.at} makes blocks of ${shortest} to ${longest}: a sidecar uploads those of ${facts.blockHours}h`,
        );
      least(one, "retention", flag(one, "--storage.tsdb.retention.time"), facts.leastBlocksKept * facts.blockHours);
    }
  }
  for (const one of running(objects, "thanos", "compact")) {
    const [raw, five, hour] = ["raw", "5m", "1h"].map((name) => flag(one, `--retention.resolution-${name}`));
    least(one, "raw", raw, facts.downsampledAfter.raw);
    least(one, "5m", five, facts.downsampledAfter["5m"]);
    if (hours(raw) > hours(five) || hours(five) > hours(hour))
      found.push(
        `${one.at} keeps raw ${raw}, 5m ${five}, 1h ${hour}: what is coarser is to be kept as long as what is finer`,
      );
  }
  for (const one of running(objects, "thanos", "receive-ingester"))
    least(one, "--tsdb.retention", flag(one, "--tsdb.retention"), facts.leastBlocksKept * facts.blockHours);
  return found;
};

/** What somebody sends is taken by the one to whom it is sent. */
const receiverFaults = (objects: readonly Manifest[]): Findings => {
  const taking = (process: Process, url: string, needs: string): Findings =>
    reached(objects, process.pod.namespace, url)
      .filter((there) => there.process.program === "prometheus" && !there.process.args.includes(needs))
      .map((there) => `${process.at} sends to ${url}, and ${there.process.at} has no ${needs}`);
  const generators = running(objects, "tempo", "metrics-generator").flatMap((one) => {
    const made = (at(configOf(one), "overrides.defaults.metrics_generator.processors") ?? []) as readonly string[];
    const urls = (at(configOf(one), "metrics_generator.storage.remote_write") ?? []) as readonly {
      readonly url: string;
      readonly send_exemplars?: boolean;
    }[];
    return [
      ...["service-graphs", "span-metrics"]
        .filter((name) => !made.includes(name))
        .map((name) => `${one.at} makes no ${name}, which Grafana's data sources show`),
      ...(urls.length > 0 ? [] : [`${one.at} writes what it makes to nobody`]),
      ...urls.filter((url) => url.send_exemplars !== true).map(({ url }) => `${one.at} sends no exemplars to ${url}`),
      ...urls.flatMap(({ url }) => taking(one, url, "--web.enable-remote-write-receiver")),
    ];
  });
  const written = running(objects, "prometheus").flatMap((one) =>
    ((at(configOf(one), "remote_write") ?? []) as readonly Tree[]).flatMap((to) =>
      ["send_exemplars", "send_native_histograms"]
        .filter((key) => to[key] !== true)
        .map((key) => `${one.at} writes to ${String(to["url"])} without ${key}`),
    ),
  );
  const pushed = running(objects, "alloy").flatMap((one) =>
    one.env["ALLOY_GATEWAY_METRICS_OTLP_URL"]
      ? taking(one, one.env["ALLOY_GATEWAY_METRICS_OTLP_URL"], "--web.enable-otlp-receiver")
      : [],
  );
  const keeping = [
    ...running(objects, "prometheus")
      .filter((one) => !(Number(at(configOf(one), "storage.exemplars.max_exemplars")) > 0))
      .map((one) => `${one.at} keeps no exemplars`),
    ...longRunning(objects)
      .filter(({ program }) => program === "mimir")
      .filter((one) => !(Number(at(configOf(one), "limits.max_global_exemplars_per_user")) > 0))
      .map((one) => `${one.at} keeps no exemplars`),
    ...running(objects, "thanos", "receive-ingester")
      .filter((one) => !(Number(flag(one, "--tsdb.max-exemplars")) > 0))
      .map((one) => `${one.at} keeps no exemplars`),
  ];
  return [...generators, ...written, ...pushed, ...keeping];
};

const podsOf = (processes: readonly Process[]): number => processes.reduce((sum, { pod }) => sum + pod.replicas, 0);

/** Where a ring says how many copies it keeps, by whose pods keep them. */
const rings: readonly (readonly [program: string, role: string, path: string])[] = [
  ["loki", "ingester", "common.replication_factor"],
  ["mimir", "ingester", "ingester.ring.replication_factor"],
  ["mimir", "store-gateway", "store_gateway.sharding_ring.replication_factor"],
];
const copyFaults = (objects: readonly Manifest[]): Findings => {
  const expected = (keepers: readonly Process[]): number => Math.min(facts.copies, podsOf(keepers));
  const found = rings.flatMap(([program, role, path]) => {
    const keepers = running(objects, program, role);
    return longRunning(objects)
      .filter((one) => one.program === program && keepers.length > 0)
      .filter((one) => Number(at(configOf(one), path)) !== expected(keepers))
      .map(
        (one) => `${one.at}: ${path} is ${String(at(configOf(one), path))}, and ${podsOf(keepers)} pods keep copies`,
      );
  });
  const receivers = running(objects, "thanos", "receive-ingester");
  const brokers = running(objects, "kafka");
  return [
    ...found,
    ...running(objects, "thanos", "receive-router")
      .filter((one) => Number(flag(one, "--receive.replication-factor")) !== expected(receivers))
      .map(
        (one) =>
          `${one.at} keeps ${flag(one, "--receive.replication-factor")} copies at ${podsOf(receivers)} receivers`,
      ),
    ...brokers.flatMap(({ at: where, env }) => {
      const wanted = expected(brokers);
      const all = ["DEFAULT", "OFFSETS_TOPIC", "TRANSACTION_STATE_LOG"].map(
        (name) => `KAFKA_${name}_REPLICATION_FACTOR`,
      );
      return [
        ...all
          .filter((name) => Number(env[name]) !== wanted)
          .map((name) => `${where}: ${name} is ${env[name]}: expected ${wanted}`),
        // One of three may be away, and what is acknowledged is at two.
        ...["KAFKA_MIN_INSYNC_REPLICAS", "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"]
          .filter((name) => Number(env[name]) !== Math.max(1, wanted - 1))
          .map((name) => `${where}: ${name} is ${env[name]} of ${wanted} copies`),
      ];
    }),
  ];
};

/** Bytes of a size as Java, memcached or YAML has it. */
const bytes = (text: unknown): number => {
  const [, count, unit = ""] = /^(\d+)([kmg]?)$/i.exec(String(text)) ?? assert.fail(`${String(text)} is no size`);
  return Number(count) * 2 ** ({ "": 0, k: 10, m: 20, g: 30 }[unit.toLowerCase()] ?? 0);
};
const memoryFaults = (objects: readonly Manifest[]): Findings =>
  processesOf(objects).flatMap((process) => {
    const { at: where, container, env, program } = process;
    const limit = quantity(container.resources?.limits?.["memory"]) ?? 0;
    const request = quantity(container.resources?.requests?.["memory"]) ?? 0;
    const [, heap] = /-Xmx(\w+)/.exec(env["KAFKA_HEAP_OPTS"] ?? "") ?? [];
    const store = program === "memcached" ? bytes(`${flag(process, "--memory-limit")}m`) : 0;
    return [
      ...(request > 0 && request <= limit ? [] : [`${where} asks for ${request} bytes and may have ${limit}`]),
      ...(heap === undefined || bytes(heap) <= facts.largestHeap * limit
        ? []
        : [`${where} has a heap of ${heap} in ${limit} bytes`]),
      ...(program === "loki" && rolesOf(process).includes("ingester")
        ? [Number.parseFloat(String(at(configOf(process), "ingester.wal.replay_memory_ceiling"))) * 1e6]
            .filter((ceiling) => !(ceiling <= facts.largestReplay * limit))
            .map((ceiling) => `${where} may take ${ceiling} bytes to read its log again, of ${limit}`)
        : []),
      ...(program === "kafka" && heap === undefined && !container.command?.some((text) => /\bnc -z\b/.test(text))
        ? [`${where} says no heap`]
        : []),
      ...(store <= facts.largestStore * request
        ? []
        : [`${where} keeps ${store} bytes of items, and asks for ${request}`]),
    ];
  });

/** Largest items of clients of a cache, and of the cache. */
const itemFaults = (objects: readonly Manifest[]): Findings => {
  const clients = (value: unknown, path: string): readonly (readonly [string, string, number])[] => {
    if (Array.isArray(value)) return value.flatMap((one, i) => clients(one, `${path}.${i}`));
    if (typeof value !== "object" || value === null) return [];
    const { addresses, max_item_size: size } = value as Tree;
    const own = /_memcached\._tcp\.([a-z0-9-]+)/.exec(String(addresses));
    return [
      ...(own?.[1] !== undefined ? [[path, own[1], size === undefined ? 2 ** 20 : bytes(size)] as const] : []),
      ...Object.entries(value).flatMap(([key, inner]) => clients(inner, `${path}.${key}`)),
    ];
  };
  return longRunning(objects)
    .filter(({ program }) => ["loki", "mimir", "tempo"].includes(program))
    .flatMap((process) =>
      clients(configOf(process), "").flatMap(([path, cache, size]) =>
        running(objects, "memcached")
          .filter(({ pod }) => pod.name === cache)
          .filter((one) => bytes(flag(one, "--max-item-size")) < size)
          .map(
            (one) =>
              `${process.at}${path} writes items of ${size} bytes: ${one.at} takes ${flag(one, "--max-item-size")}`,
          ),
      ),
    );
};

/** Rates and the bursts that must be at least as large. */
const rates: readonly (readonly [program: string, rate: string, burst: string])[] = [
  ["loki", "limits_config.ingestion_rate_mb", "limits_config.ingestion_burst_size_mb"],
  ["loki", "limits_config.per_stream_rate_limit", "limits_config.per_stream_rate_limit_burst"],
  ["mimir", "limits.ingestion_rate", "limits.ingestion_burst_size"],
  ["tempo", "overrides.defaults.ingestion.rate_limit_bytes", "overrides.defaults.ingestion.burst_size_bytes"],
];
const rateFaults = (objects: readonly Manifest[]): Findings =>
  rates.flatMap(([program, rate, burst]) =>
    longRunning(objects)
      .filter((one) => one.program === program)
      .flatMap((one) => {
        const [lasting, once] = [rate, burst].map((path) => Number.parseFloat(String(at(configOf(one), path))));
        return (lasting ?? 0) > 0 && (once ?? 0) >= (lasting ?? 0)
          ? []
          : [`${one.at}: ${rate} is ${lasting}, ${burst} ${once}`];
      }),
  );

/** Pods that are drawn to where their doubles are, or whose rule is about other pods. */
const placementFaults = (objects: readonly Manifest[]): Findings => {
  const pods = podTemplates(objects);
  return pods.flatMap((pod) => {
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    const terms: readonly IPodAffinityTerm[] = [
      ...(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => one.podAffinityTerm),
    ];
    const zone = Object.entries(pod.labels).find(([key]) => key.endsWith("/zone"));
    const twins = pods.filter(
      (one) =>
        one.namespace === pod.namespace &&
        one !== pod &&
        ["name", "component"].every(
          (key) => one.labels[`app.kubernetes.io/${key}`] === pod.labels[`app.kubernetes.io/${key}`],
        ),
    );
    const avoids = (labels: Labels): boolean =>
      terms.some(({ labelSelector }) => selects((labelSelector ?? {}) as Selector, labels));
    return [
      ...(podAffinity ? [`${pod.id} is drawn to other pods: together they are lost with one node`] : []),
      ...(zone && !twins.every(({ labels }) => avoids(labels))
        ? [`${pod.id} does not keep away from the pods of other zones`]
        : []),
      ...(zone && avoids(pod.labels)
        ? [`${pod.id} keeps away from its own zone's pods, and so may share nodes with others'`]
        : []),
      ...(pod.spec.topologySpreadConstraints ?? [])
        .filter(
          ({ labelSelector, maxSkew }) => maxSkew !== 1 || !selects((labelSelector ?? {}) as Selector, pod.labels),
        )
        .map(({ topologyKey }) => `${pod.id} is not spread over ${topologyKey}: the constraint is about other pods`),
      ...(pod.kind !== "DaemonSet" &&
      pod.replicas > 1 &&
      !pod.spec.topologySpreadConstraints?.some(({ topologyKey }) => topologyKey === "kubernetes.io/hostname")
        ? [`${pod.id} may have all of its ${pod.replicas} pods on one node`]
        : []),
    ];
  });
};

const graceFaults = (objects: readonly Manifest[]): Findings =>
  facts.leastGrace.flatMap(([program, role, seconds]) =>
    running(objects, program, role)
      .filter(({ pod }) => (pod.spec.terminationGracePeriodSeconds ?? 30) < seconds)
      .map(
        ({ at: where, pod }) =>
          `${where} has ${pod.spec.terminationGracePeriodSeconds ?? 30} s to end: expected ${seconds}`,
      ),
  );

/** Names by which pods find each other before they are ready: of rings, quorums and caches. */
const meetingFaults = (objects: readonly Manifest[]): Findings => {
  const services = objects.filter(({ kind }) => kind === "Service");
  const meets = (name: string): boolean => /-gossip$|^kafka-headless$|-cache(-\w+)?$/.test(name);
  const brokers = objects.filter(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "kafka");
  return [
    ...services
      .filter(({ metadata }) => meets(metadata.name))
      .filter((one) => specOf<{ readonly publishNotReadyAddresses?: boolean }>(one).publishNotReadyAddresses !== true)
      .map((one) => `${idOf(one)} lists ready pods only, and its pods get ready by finding each other`),
    ...brokers
      .filter((one) => specOf<{ readonly podManagementPolicy?: string }>(one).podManagementPolicy !== "Parallel")
      .map((one) => `${idOf(one)} starts its pods one by one: the first waits for a quorum that never comes`),
  ];
};

for (const { name, objects } of worlds)
  describe(`in ${name}`, () => {
    test("every image is its makers' own, in a full version", () => none(imageFaults(objects)));
    test("programs have switched on what the bundle is for, and report to nobody", () => none(switchFaults(objects)));
    test("what is kept is kept as long as the next who needs it asks, and no shorter than its program allows", () =>
      none(retentionFaults(objects)));
    test("span metrics, service graphs and exemplars are made, sent, taken and kept", () =>
      none(receiverFaults(objects)));
    test("rings and brokers keep three copies where there are three to keep them", () => none(copyFaults(objects)));
    test("who must be alone is, and who must be three are", () => none(countFaults(objects)));
    test("heaps and stores of items fit into their containers, and requests below limits", () =>
      none(memoryFaults(objects)));
    test("a cache takes the largest item that its clients write", () => none(itemFaults(objects)));
    test("a burst is no smaller than the rate that it is of", () => none(rateFaults(objects)));
    test("pods keep away from their doubles in other zones, and spread over nodes", () =>
      none(placementFaults(objects)));
    test("a writer has the time to end that upstream gives it", () => none(graceFaults(objects)));
    test("who gets ready by finding others is found before it is ready", () => none(meetingFaults(objects)));
  });

test("Mimir takes series with more labels than its own limit of 30, because Prometheus scrapes any number", () => {
  // limits.max_label_names_per_series (docs/sources/mimir/configure/configuration-parameters in 3.2). A sample beyond is refused for good.
  const mimirs = worlds.flatMap(({ objects }) => running(objects, "mimir", "distributor"));
  assert.ok(mimirs.length > 0);
  for (const one of mimirs) assert.ok(Number(at(configOf(one), "limits.max_label_names_per_series")) >= 60, one.at);
});

test("Mimir's compactors that start together wait until each knows the other", () => {
  // compactor.sharding_ring.wait_stability_min_duration is 0s by default, so each would take the blocks of all at first.
  const pairs = worlds.flatMap(({ objects }) =>
    podTemplates(objects)
      .filter(({ name, replicas }) => name === "mimir-compactor" && replicas > 1)
      .flatMap(() => running(objects, "mimir", "compactor")),
  );
  assert.ok(pairs.length > 0);
  for (const one of pairs)
    assert.ok(
      hours(at(configOf(one), "compactor.sharding_ring.wait_stability_min_duration")) > 0,
      `${one.at} begins at once`,
    );
});

describe("a promise that is not kept is reported", () => {
  const prod = worldNamed("every-mimir-microservices").objects;
  const dataOf = (list: readonly Manifest[], start: RegExp, key: string, from: string | RegExp, to: string) => {
    const found = list.find((one) => start.test(idOf(one))) ?? assert.fail(String(start));
    const before = (found["data"] as Labels)[key] ?? assert.fail(key);
    const after = before.replace(from, to);
    assert.notEqual(after, before, key);
    return altered(list, idOf(found), ["data", key], after);
  };
  const container = ["spec", "template", "spec", "containers", 0];
  const workload = (list: readonly Manifest[], name: string): string =>
    list.map(idOf).find((id) => /^(StatefulSet|Deployment) /.test(id) && id.endsWith(`/${name}`)) ?? assert.fail(name);
  test("an image", () => {
    const id = workload(dev.objects, "loki");
    says(
      imageFaults(altered(dev.objects, id, [...container, "image"], "docker.io/grafana/loki:3")),
      /is no full version/,
    );
    says(
      imageFaults(altered(dev.objects, id, [...container, "image"], "docker.io/bitnami/loki:3.7.8")),
      /is not from docker.io\/grafana/,
    );
  });
  test("a switch", () =>
    says(
      switchFaults(
        dataOf(
          dev.objects,
          /\/loki-[bcdfghkmt2456789]{10}$/,
          "loki.yaml",
          "allow_structured_metadata: true",
          "allow_structured_metadata: false",
        ),
      ),
      /limits_config.allow_structured_metadata is not true/,
    ));
  test("a retention", () => {
    says(
      retentionFaults(dataOf(dev.objects, /\/loki-settings-/, "LOKI_RETENTION", "168h", "168m")),
      /is 168m: expected at least 24h/,
    );
    says(
      retentionFaults(dataOf(dev.objects, /\/thanos-settings-/, "THANOS_RETENTION_RAW", "30d", "1y")),
      /what is coarser/,
    );
  });
  test("span metrics that nobody makes or takes", () => {
    const tempo = /\/tempo-[bcdfghkmt2456789]{10}$/;
    says(receiverFaults(dataOf(dev.objects, tempo, "tempo.yaml", /^ *- span-metrics\n/m, "")), /makes no span-metrics/);
    const id = workload(dev.objects, "prometheus");
    const args =
      podTemplates(dev.objects)
        .find((pod) => pod.id === id)
        ?.spec.containers.map(({ args = [] }) => args) ?? [];
    const i = args.findIndex((list) => list.includes("--web.enable-remote-write-receiver"));
    const without = args[i]?.filter((arg) => arg !== "--web.enable-remote-write-receiver");
    says(
      receiverFaults(altered(dev.objects, id, ["spec", "template", "spec", "containers", i, "args"], without)),
      /has no --web.enable-remote-write-receiver/,
    );
  });
  test("two where there may be one", () => {
    says(
      countFaults(altered(prod, workload(prod, "loki-compactor"), ["spec", "replicas"], 2)),
      /2 pods run loki's compactor/,
    );
    says(
      countFaults(altered(prod, workload(prod, "loki-index-gateway"), ["spec", "replicas"], 2)),
      /is 2 in a ring: expected one, or 3/,
    );
    says(
      countFaults(altered(dev.objects, workload(dev.objects, "thanos-compact"), ["spec", "replicas"], 2)),
      /each compacts all/,
    );
  });
  test("copies, a heap, an item, a burst", () => {
    says(
      copyFaults(dataOf(prod, /\/loki-settings-/, "LOKI_REPLICATION_FACTOR", "3", "2")),
      /replication_factor is 2, and 3 pods/,
    );
    const kafka = worldNamed("staging").objects;
    says(
      memoryFaults(dataOf(kafka, /\/kafka-[bcdfghkmt2456789]{10}$/, "KAFKA_HEAP_OPTS", /-Xmx\d+m/, "-Xmx1024m")),
      /has a heap of 1024m/,
    );
    says(
      itemFaults(altered(prod, workload(prod, "loki-cache-results"), [...container, "args", 1], "--max-item-size=1m")),
      /writes items of 5242880 bytes/,
    );
    says(
      rateFaults(dataOf(dev.objects, /\/loki-settings-/, "LOKI_INGESTION_BURST_MB", /\d+/, "1")),
      /ingestion_burst_size_mb 1/,
    );
  });
  test("pods that stay together, that end too soon, or never find each other", () => {
    const id = workload(prod, "loki-ingester-zone-a");
    const term = [
      "spec",
      "template",
      "spec",
      "affinity",
      "podAntiAffinity",
      "preferredDuringSchedulingIgnoredDuringExecution",
    ];
    const inverted = [0, 1].reduce(
      (list, i) =>
        altered(list, id, [...term, i, "podAffinityTerm", "labelSelector", "matchExpressions", 0, "operator"], "In"),
      prod,
    );
    says(placementFaults(inverted), /loki-ingester-zone-a does not keep away/);
    says(
      placementFaults(altered(prod, id, ["spec", "template", "spec", "affinity", "podAffinity"], {})),
      /is drawn to other pods/,
    );
    says(
      graceFaults(altered(prod, id, ["spec", "template", "spec", "terminationGracePeriodSeconds"], 30)),
      /has 30 s to end/,
    );
    const gossip = prod.map(idOf).find((one) => one.endsWith("/loki-gossip")) ?? assert.fail();
    says(
      meetingFaults(altered(prod, gossip, ["spec", "publishNotReadyAddresses"], undefined)),
      /lists ready pods only/,
    );
  });
});
