import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dataFolders, rereads } from "./facts/files.ts";
import { directives, flags, hidden, keys } from "./facts/inventory.ts";
import type { Block } from "./lib/alloy.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, configMapsOf, idOf, podTemplates, secretsOf } from "./lib/objects.ts";
import {
  at,
  blocksOf,
  configOf,
  flag,
  flags as flagsOf,
  type Process,
  processesOf,
  rolesOf,
  yamlOf,
} from "./lib/processes.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";
import { once } from "../src/core/util/once.ts";
import { images } from "../src/versions.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* Arguments, keys and files are compared with what the programs themselves say that they know (test/facts; `npm run facts`). */

/** Programs whose flags depend on a sub-command. */
const commanding: readonly string[] = ["alloy", "k6", "minio", "telemetrygen", "thanos"];
const inventoryOf = ({ program, args }: Process): string =>
  commanding.includes(program) ? `${program}-${args[0]}` : program;

/** Those that are started by a shell, or by variables alone. */
const withoutFlags: readonly string[] = ["busybox", "grafana", "kafka", "mc", "nginx-unprivileged"];

const unknownFlags = (objects: readonly Manifest[]): Findings =>
  processesOf(objects)
    .filter(({ program }) => !withoutFlags.includes(program))
    .flatMap((process) => {
      const name = inventoryOf(process);
      const known = flags[name]?.names;
      if (!known) return [`${process.at}: nobody has asked ${name} for its flags: test/facts/renew.ts`];
      return process.args
        .filter((arg) => arg.startsWith("-"))
        .map((arg) => arg.split("=")[0] ?? "")
        .filter((arg) => !known.has(arg) && hidden[process.program]?.[arg] === undefined)
        .map((arg) => `${process.at}: ${name} ${flags[name]?.version} has no flag ${arg}`);
    });

/** Dotted paths of what is told, without what stands in lists. */
const paths = (value: unknown, path = ""): readonly string[] =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? [path]
    : Object.entries(value).flatMap(([key, inner]) => paths(inner, path === "" ? key : `${path}.${key}`));
const pathsIn = once((config: object) => paths(config));
/** Names of all keys, those in lists included. */
const names = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(names);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...names(inner)]);
};

const knownOf = (program: string): ReadonlySet<string> =>
  new Set([...(keys[program]?.names ?? []), ...Object.keys(hidden[program] ?? {})]);
const knownKeys = new Map(Object.keys(keys).map((program) => [program, knownOf(program)]));

const isKnown = (known: ReadonlySet<string>, path: string): boolean => {
  const parts = path.split(".");
  return known.has(path) || parts.some((_, i) => known.has(`${parts.slice(0, i + 1).join(".")}.*`));
};

/** Keys whose own keys are somebody's names. */
const named: readonly string[] = ["external_labels", "labels", "annotations", "headers", "structured_metadata"];
const withoutNames = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNames);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, named.includes(key) ? undefined : withoutNames(inner)]),
  );
};

/** Components, and what their pages name: blocks and arguments, at whatever depth. Outside of components are blocks of Alloy's own. */
function unknownInAlloy(block: Block, known: ReadonlySet<string>): readonly string[] {
  if (block.label === "") return [];
  if (!known.has(block.name)) return [block.name];
  const within = ({ attributes, blocks }: Block): readonly string[] => [
    ...Object.keys(attributes),
    ...blocks.flatMap((one) => [one.name, ...within(one)]),
  ];
  return within(block)
    .map((name) => `${block.name}.${name}`)
    .filter((name) => !known.has(name));
}

const unknownIn = (process: Process): Findings => {
  const { program } = process;
  const known = knownKeys.get(program) ?? new Set<string>();
  const say = (one: string): string => `${process.at}: ${program} ${keys[program]?.version} knows no ${one}`;
  if (["loki", "mimir", "tempo"].includes(program))
    return pathsIn(configOf(process))
      .filter((path) => !isKnown(known, path))
      .map(say);
  if (["alertmanager", "prometheus", "promtail"].includes(program)) {
    const rules = /\/rules\//;
    const files = [...process.files.keys()].filter((path) => /\.ya?ml$/.test(path) && !rules.test(path));
    return files
      .flatMap((path) => names(withoutNames(yamlOf(process, path))))
      .filter((name) => !known.has(name))
      .map(say);
  }
  if (program === "alloy") return blocksOf(process).flatMap((block) => unknownInAlloy(block, known).map(say));
  if (program === "nginx-unprivileged") {
    const conf = [...process.files].find(([path]) => path.endsWith("nginx.conf"))?.[1] ?? "";
    return [...conf.matchAll(/^ *([a-z_]+) [^;{]*[;{]$/gm)]
      .map(([, name = ""]) => name)
      .filter((name) => !directives.includes(name))
      .map((name) => `${process.at}: nginx knows no ${name}`);
  }
  if (program === "grafana")
    return Object.keys(process.env)
      .filter((name) => name.startsWith("GF_") && !known.has(name.replace(/__FILE$/, "")))
      .map(say);
  if (program !== "kafka" || !process.env["KAFKA_LISTENERS"]) return [];
  // docker/resources of 4.1.0: KAFKA_LOG_DIRS is log.dirs; the rest tells the JVM.
  return Object.keys(process.env)
    .filter((name) => name.startsWith("KAFKA_") && !/^KAFKA_(HEAP_OPTS|OPTS|JVM_PERFORMANCE_OPTS)$/.test(name))
    .map((name) => name.slice("KAFKA_".length).toLowerCase().replaceAll("_", "."))
    .filter((name) => !known.has(name))
    .map(say);
};
const unknownKeys = (objects: readonly Manifest[]): Findings =>
  processesOf(objects)
    .filter(({ first }) => !first)
    .flatMap(unknownIn);

const below = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`);

const toldOf = (process: Process, { config, flag: name, env, argument }: (typeof dataFolders)[number]): unknown => {
  if (config !== undefined) return at(configOf(process), config);
  if (name !== undefined) return flag(process, name);
  return env === undefined ? process.args[argument ?? 0] : process.env[env];
};

/** Folders that a program writes to and that lie on no volume. */
const strayFolders = (objects: readonly Manifest[]): Findings =>
  processesOf(objects)
    .filter(({ first }) => !first)
    .flatMap((process) =>
      dataFolders
        .filter(({ program, role }) => program === process.program && (!role || rolesOf(process).includes(role)))
        .flatMap((folder) => {
          const told = toldOf(process, folder);
          const name = folder.config ?? folder.flag ?? folder.env ?? `argument ${folder.argument}`;
          if (told === undefined)
            return [`${process.at} is not told ${name}, and would take what it has: ${folder.otherwise}`];
          return process.writable.some((mount) => below(mount, String(told)))
            ? []
            : [`${process.at}: ${name} is ${String(told)}, which is on no volume that it can write to`];
        }),
    );

/** Absolute paths in the values of a configuration, arguments and variables. */
function pathsOf(process: Process): readonly (readonly [string, string])[] {
  const inTree = (value: unknown, path: string): readonly (readonly [string, string])[] => {
    if (Array.isArray(value)) return value.flatMap((one, i) => inTree(one, `${path}.${i}`));
    if (typeof value === "object" && value !== null)
      return Object.entries(value).flatMap(([key, inner]) => inTree(inner, path === "" ? key : `${path}.${key}`));
    return typeof value === "string" && /(^|[._])(dir|path|file|filename|filepath|files(\.\d+)?)$/.test(path)
      ? [[path, value] as const]
      : [];
  };
  const hasConfig = ["loki", "mimir", "tempo", "prometheus", "promtail"].includes(process.program);
  return [
    ...(hasConfig ? inTree(configOf(process), "") : []),
    ...process.args.map((arg) => {
      const [name = "", value = name] = arg.split(/=(.*)/s);
      return [name, value] as const;
    }),
    ...Object.entries(process.env).filter(([name]) => /(_FILE|_DIR|_DIRS|_PATH|CREDENTIALS)$/.test(name)),
  ].filter(([, path]) => /^\/[\w./*-]+$/.test(path));
}

/** Names that are paths of an API, of the node, or regular expressions. */
const noFile = /^(.*(http_path_prefix|http_prefix|metrics_path|external-prefix|web\.route-prefix))$/;

/** Files and folders that somebody is told of and that are not there. */
const missingFiles = (objects: readonly Manifest[]): Findings =>
  processesOf(objects).flatMap((process) => {
    const { files, writable, foreign, container } = process;
    const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    return pathsOf(process)
      .filter(([name]) => !noFile.test(name))
      .filter(([, path]) => {
        if ([...writable, ...foreign].some((mount) => below(mount, path))) return false;
        const glob = new RegExp(`^${path.replace(/[.+]/g, "\\$&").replaceAll("*", "[^/]*")}$`);
        const shown = [...files.keys()].some((file) => glob.test(file) || below(path, file));
        const ofHost =
          mounts.some((mount) => below(mount, path)) &&
          ![...files.keys()].some((file) => below(path.split("/").slice(0, -1).join("/"), file));
        return !shown && !ofHost;
      })
      .map(([name, path]) => `${process.at}: ${name} is ${path}, which nothing shows it`);
  });

/** Names of the ConfigMaps and Secrets that a process shows as files which its program reads again. */
function rereadBy(process: Process): ReadonlySet<string> {
  const { pod, container } = process;
  const named = rereads
    .filter(({ program }) => program === process.program)
    .flatMap(({ by }) => {
      if (by.startsWith("-")) return flagsOf(process, by);
      if (by.startsWith("folder ")) return [`${by.slice(7)}/any`];
      if (by.startsWith("env ")) return [process.env[by.slice(4)] ?? ""];
      return [at(configOf(process), by) ?? []].flat().map(String);
    })
    .filter((path) => path !== "");
  const folders = named.map((path) => path.replace(/\/[^/]*$/, ""));
  const mounts = (container.volumeMounts ?? []).filter(({ mountPath }) => folders.includes(mountPath));
  const volumes = (pod.spec.volumes ?? []).filter(({ name }) => mounts.some((mount) => mount.name === name));
  const spec = { ...pod.spec, containers: [], initContainers: [], volumes };
  return new Set([...configMapsOf({ ...pod, spec }), ...secretsOf({ ...pod, spec })].map(({ name }) => name));
}

/** Generated files that would change under a program which does not look again, because their name stays the same. */
function stale(objects: readonly Manifest[]): Findings {
  const hashed = /-[bcdfghkmt2456789]{10}$/;
  const there = new Set(objects.map(idOf));
  const again = new Map<string, Set<string>>();
  for (const process of processesOf(objects)) {
    const known = again.get(process.pod.id) ?? new Set();
    for (const name of rereadBy(process)) known.add(name);
    again.set(process.pod.id, known);
  }
  return podTemplates(objects).flatMap((pod) =>
    [
      ...configMapsOf(pod).map(({ name }) => ["ConfigMap", name] as const),
      ...secretsOf(pod).map(({ name }) => ["Secret", name] as const),
    ]
      .filter(([kind, name]) => there.has(`${kind} ${pod.namespace}/${name}`))
      .filter(([, name]) => !hashed.test(name) && !again.get(pod.id)?.has(name))
      .map(([kind, name]) => `${pod.id} reads ${kind} ${name} at its start only, and the name has no hash`),
  );
}

for (const { name, objects } of worlds)
  describe(`in ${name}`, () => {
    test("every argument is a flag that the program says it has", () => none(unknownFlags(objects)));
    test("every key of a configuration is one that the program says it knows", () => none(unknownKeys(objects)));
    test("programs write to their volumes, and are told so where they would write elsewhere", () =>
      none(strayFolders(objects)));
    test("every file that a program is told of is shown to it, or on a volume that it writes to", () =>
      none(missingFiles(objects)));
    test("what a program does not read again is named by what it holds, so that a change restarts it", () =>
      none(stale(objects)));
  });

/** What was asked is of another minor version than what is deployed, because that could not be had; looked at by hand. */
const others: Readonly<Record<string, string>> = {
  mimir: "aced80d74930 is between 3.1 and 3.2",
  minio: "2026-02-12 is built from source; the newest image is of 2025-09-07",
  "memcached-exporter": "0.14.3",
  grafana: "12.4.0",
};

describe("what programs said", () => {
  const minor = (version: string): string => /\d+\.\d+/.exec(version)?.[0] ?? version;
  const imageOf = (program: string): string =>
    Object.values(images).find((one) => new RegExp(`/${program}(-unprivileged)?:`).test(one)) ?? "";
  for (const [kind, all] of Object.entries({ flags, keys }))
    for (const [name, { program, version, date, by, names: known }] of Object.entries(all))
      test(`of the ${kind} of ${name} is of the version that is deployed`, () => {
        const whole =
          Object.keys(images).length > 0 && [program, program.split("-")[0] ?? ""].find((one) => imageOf(one));
        assert.ok(whole, `no image of ${program}`);
        assert.ok(known.size > 5 && /^\d{4}-\d\d-\d\d$/.test(date) && by !== "");
        if (others[whole] === undefined)
          assert.equal(
            minor(version),
            minor(/:v?([^:]+)$/.exec(imageOf(whole))?.[1] ?? ""),
            `ask again: npm run facts ${name}`,
          );
      });
});

describe("an argument, a key or a file that is wrong is reported", () => {
  const { objects } = dev;
  const loki = "StatefulSet observability/loki";
  const container = ["spec", "template", "spec", "containers", 0];
  const config = (start: RegExp): string =>
    objects.map(idOf).find((id) => start.test(id)) ?? assert.fail(String(start));
  const replaced = (id: string, key: string, from: string | RegExp, to: string): readonly Manifest[] => {
    const data = objects.find((one) => idOf(one) === id)?.["data"] as Readonly<Record<string, string>>;
    const after = (data[key] ?? "").replace(from, to);
    assert.notEqual(after, data[key]);
    return altered(objects, id, ["data", key], after);
  };
  const lokiYaml = config(/ConfigMap observability\/loki-[bcdfghkmt2456789]{10}$/);
  test("a flag", () =>
    says(
      unknownFlags(altered(objects, loki, [...container, "args", 1], "-config.expand-environment=true")),
      /loki loki: loki 3\.\S+ has no flag -config.expand-environment/,
    ));
  test("a key", () =>
    says(
      unknownKeys(replaced(lokiYaml, "loki.yaml", "retention_enabled", "retention_on")),
      /knows no compactor.retention_on/,
    ));
  test("a folder on no volume", () => {
    says(
      strayFolders(replaced(lokiYaml, "loki.yaml", "path_prefix: /data", "path_prefix: /var/loki")),
      /common.path_prefix is \/var\/loki, which is on no volume/,
    );
    says(strayFolders(replaced(lokiYaml, "loki.yaml", /^ *path_prefix:.*\n/m, "")), /is not told common.path_prefix/);
  });
  test("a file that is not shown", () =>
    says(
      missingFiles(replaced(lokiYaml, "loki.yaml", "overrides.yaml", "limits.yaml")),
      /runtime_config.file is \/etc\/overrides\/limits.yaml, which nothing shows it/,
    ));
  test("a configuration without a hash", () => {
    const name = lokiYaml.split("/")[1] ?? "";
    const volumes = podTemplates(objects).find(({ id }) => id === loki)?.spec.volumes ?? [];
    const plain = volumes.map((one) => (one.configMap?.name === name ? { ...one, configMap: { name: "loki" } } : one));
    const renamed = altered(
      altered(objects, lokiYaml, ["metadata", "name"], "loki"),
      loki,
      ["spec", "template", "spec", "volumes"],
      plain,
    );
    says(stale(renamed), /loki reads ConfigMap loki at its start only, and the name has no hash/);
  });
  test("a setting of a broker, a variable of Grafana, a component of Alloy", () => {
    const staging = worldNamed("staging").objects;
    const id =
      staging.map(idOf).find((one) => /ConfigMap \S+\/kafka-[bcdfghkmt2456789]{10}$/.test(one)) ?? assert.fail();
    says(unknownKeys(altered(staging, id, ["data", "KAFKA_LOG_RETENTION_HOUR"], "1")), /knows no log.retention.hour$/);
    says(
      unknownKeys(altered(objects, config(/ConfigMap \S+\/grafana-settings-/), ["data", "GF_USERS_HOMEPAGE"], "/")),
      /knows no GF_USERS_HOMEPAGE/,
    );
    says(
      unknownKeys(
        replaced(
          config(/ConfigMap \S+\/alloy-gateway-[bcdfghkmt2456789]{10}$/),
          "config.alloy",
          'otelcol.processor.memory_limiter "',
          'otelcol.processor.memory_limit "',
        ),
      ),
      /knows no otelcol.processor.memory_limit$/,
    );
    const alloy = config(/ConfigMap \S+\/alloy-gateway-[bcdfghkmt2456789]{10}$/);
    says(
      unknownKeys(replaced(alloy, "config.alloy", "max_stale", "max_age")),
      /knows no otelcol.processor.deltatocumulative.max_age$/,
    );
    const nginx =
      staging.map(idOf).find((one) => /ConfigMap \S+\/loki-gateway-[bcdfghkmt2456789]{10}$/.test(one)) ?? assert.fail();
    const conf = (staging.find((one) => idOf(one) === nginx)?.["data"] as Readonly<Record<string, string>>)[
      "nginx.conf"
    ];
    says(
      unknownKeys(
        altered(staging, nginx, ["data", "nginx.conf"], conf?.replace("client_max_body_size", "client_body_size")),
      ),
      /nginx knows no client_body_size$/,
    );
  });
});
