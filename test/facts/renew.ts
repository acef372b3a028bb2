/**
 * `npm run facts`: asks the programs that are on the PATH which flags and which keys of configuration they know, and writes down what they said in
 * test/facts/flags and test/facts/keys. Says what has changed since; a program that is not there is named, and what it said before stays.
 *
 *     npm run facts -- loki mimir                    only these
 *     npm run facts -- tempo-keys=manifest.md        what a program does not print, from a file of its repository
 *     npm run facts -- alloy-keys=alloy              and from the pages of Alloy's, a checkout
 *
 * KAFKA_LIBS is the folder of Kafka's libraries (/opt/kafka/libs in its image), of which jshell prints the names of a broker's settings.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { folded, type Inventory, unfolded } from "./inventory.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const today = new Date().toISOString().slice(0, 10);
const [, , ...chosen] = process.argv;
const given = new Map(chosen.filter((one) => one.includes("=")).map((one) => one.split("=", 2) as [string, string]));
const isChosen = (name: string): boolean =>
  chosen.length === 0 || given.has(name) || chosen.some((one) => !one.includes("=") && name.startsWith(one));

const printed = (command: readonly string[], input?: string): string | undefined => {
  const [program = "", ...args] = command;
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", input, maxBuffer: 2 ** 26 });
  return error ? undefined : `${stdout}\n${stderr}`;
};
/** As the program says, or as Go has noted in it. */
const versionOf = (question: readonly string[]): string => {
  const number = "(RELEASE\\S+|\\d{4}-\\d{2}-\\d{2}T[\\d-]+Z|v?\\d+\\.\\d+\\.\\d+[\\w.-]*|[0-9a-f]{12})";
  const text = printed(question) ?? "";
  const [, said] = new RegExp(`(?:version|^k6|^\\w+ build)\\W+(?:\\w+\\.)?${number}`, "im").exec(text) ?? [];
  if (said) return said;
  const path = printed(["which", question[0] ?? ""])?.trim() ?? "";
  return new RegExp(`\\tmod\\t\\S+\\t${number}`).exec(printed(["go", "version", "-m", path]) ?? "")?.[1] ?? "unknown";
};

/** Flags of Go's own package, of kingpin and of cobra: the first word of an indented line. */
const flagsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^ {1,8}(?:-\w, )?(--?)(\[no-\])?([A-Za-z][\w.-]*)(?=[ =,[\n]|$)/gm)].flatMap(
    ([, dashes = "", negated, name = ""]) =>
      negated ? [`${dashes}${name}`, `${dashes}no-${name}`] : [`${dashes}${name}`],
  );

/** Dotted paths of a YAML file; below what is empty or an anonymous list there may be anything: `a.b.*`. */
function keysIn(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (isMap(node)) {
      if (node.items.length === 0) found.push(`${path}.*`);
      for (const { key, value } of node.items) {
        const at =
          path === ""
            ? String((key as Node & { value: unknown }).value)
            : `${path}.${(key as { value?: unknown }).value}`;
        found.push(at);
        visit(value, at);
      }
    } else if (isSeq(node) || (isScalar(node) && (node.value === null || node.value === "")) || node === null) {
      found.push(`${path}.*`);
    }
  };
  // Beside it the program says that it is well.
  visit(parseDocument(text.replace(/^level=.*$/gm, "")).contents, "");
  return found;
}

interface Question {
  readonly name: string;
  readonly command: readonly string[];
  /** What prints the version; by itself the program with `--version`. */
  readonly version?: readonly string[];
  readonly of?: (text: string) => readonly string[];
  /** A file that the question needs. */
  readonly file?: string;
}

const scratch = mkdtempSync(join(tmpdir(), "kube-lgtm-facts-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(scratch, name), text);
  return join(scratch, name);
};
const loki = file(
  "loki.yaml",
  "common: { path_prefix: /tmp }\nschema_config:\n  configs: [{ from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: { prefix: i_, period: 24h } }]\n",
);
const kafkaLibs = process.env["KAFKA_LIBS"] ?? "";
const jars = existsSync(kafkaLibs) ? readdirSync(kafkaLibs).filter((name) => name.endsWith(".jar")) : [];
const settings = file(
  "settings.jsh",
  "org.apache.kafka.server.config.AbstractKafkaConfig.CONFIG_DEF.names().forEach(System.out::println);\n/exit\n",
);

/** Who is asked for flags, and how. */
const flags: readonly Question[] = [
  { name: "alertmanager", command: ["alertmanager", "--help"] },
  { name: "alloy-run", command: ["alloy", "run", "--help"] },
  { name: "flog", command: ["flog", "--help"] },
  { name: "k6-run", command: ["k6", "run", "--help"] },
  { name: "kube-state-metrics", command: ["kube-state-metrics", "--help"], version: ["kube-state-metrics", "version"] },
  { name: "loki", command: ["loki", "-help"] },
  { name: "memcached-exporter", command: ["memcached_exporter", "--help"] },
  { name: "mimir", command: ["mimir", "-help-all"] },
  { name: "minio-server", command: ["minio", "server", "--help"] },
  { name: "node-exporter", command: ["node_exporter", "--help"] },
  { name: "prometheus", command: ["prometheus", "--help"] },
  { name: "promtail", command: ["promtail", "-help"] },
  { name: "rollout-operator", command: ["rollout-operator", "-help"] },
  { name: "telemetrygen-metrics", command: ["telemetrygen", "metrics", "--help"] },
  { name: "tempo", command: ["tempo", "-help"] },
  ...["compact", "query", "query-frontend", "receive", "rule", "sidecar", "store"].map((sub) => ({
    name: `thanos-${sub}`,
    command: ["thanos", sub, "--help"],
  })),
].map((one) => ({ ...one, of: flagsIn }));

/** Names of keys in a page that describes a file, as Prometheus's and Alertmanager's do: `[ name: <type> ]`, whatever they are below. */
const describedIn = (text: string): readonly string[] =>
  [...text.matchAll(/```ya?ml\n([^]*?)```/g)].flatMap(([, block = ""]) =>
    [...block.matchAll(/^[\s[-]*([a-z][a-z0-9_]*):/gm)].map(([, name = ""]) => name),
  );
const described = (name: string): Question => ({ name, command: [], of: describedIn });

/** Families of Alloy's components that are used here; each page names its arguments and blocks in the first column of its tables. */
const families =
  /^(discovery\.(kubernetes|relabel)|local\.file_match|loki\.|otelcol\.(exporter\.otlp|processor|receiver)|prometheus\.exporter\.kafka)/;
const pages = (folder: string): string => {
  const sources = join(folder, "docs/sources");
  /** A page with those that it shares with others. */
  const read = (path: string): string => {
    const text = existsSync(join(sources, path)) ? readFileSync(join(sources, path), "utf8") : "";
    return [text, ...[...text.matchAll(/lookup="([^"]+)"/g)].map(([, one = ""]) => read(`shared/${one}`))].join("\n");
  };
  return readdirSync(join(sources, "reference/components"), { recursive: true, encoding: "utf8" })
    .filter((path) => families.test(path.replace(/^.*\//, "")) && path.endsWith(".md"))
    .map((path) => `@@ ${path.replace(/^.*\/|\.md$/g, "")}\n${read(`reference/components/${path}`)}`)
    .join("\n");
};
const componentsIn = (text: string): readonly string[] =>
  text.split(/^@@ /m).flatMap((page) => {
    const [component = ""] = page.split("\n", 1);
    const names = [...page.matchAll(/^\| *(?:`[^`]+` *> *)*\[?`([\w.]+)`/gm)].map(([, name]) => `${component}.${name}`);
    return component === "" ? [] : [component, ...names];
  });

/** Who is asked for the keys of its configuration. Some print none, and their pages or files have them. */
const keys: readonly Question[] = [
  {
    name: "loki-keys",
    command: ["loki", `-config.file=${loki}`, "-verify-config", "-print-config-stderr"],
    of: keysIn,
  },
  { name: "mimir-keys", command: ["mimir", "-print.config"], of: keysIn },
  described("prometheus-keys"),
  described("alertmanager-keys"),
  described("promtail-keys"),
  { name: "alloy-keys", command: [], of: componentsIn },
  {
    name: "tempo-keys",
    command: [],
    of: (text) => keysIn(/## Complete configuration\s+```yaml\n([^]*?)```/.exec(text)?.[1] ?? ""),
  },
  {
    name: "grafana-keys",
    command: [],
    of: (text) => {
      let section = "";
      return text.split("\n").flatMap((line) => {
        section = /^\[([\w.]+)\]/.exec(line)?.[1] ?? section;
        const [, key] = /^;?\s*(\w+)\s*=/.exec(line) ?? [];
        return key ? [`GF_${section}_${key}`.replaceAll(".", "_").toUpperCase()] : [];
      });
    },
  },
  {
    name: "kafka-keys",
    command:
      jars.length > 0 ? ["jshell", "--class-path", jars.map((jar) => join(kafkaLibs, jar)).join(":"), settings] : [],
    version: ["echo", `version ${/kafka-clients-(.*)\.jar/.exec(jars.join("\n"))?.[1]}`],
    of: (text) => [...text.matchAll(/^[a-z][\w.]+$/gm)].map(([name]) => name),
  },
];

const said = ({ name, command }: Question): string | undefined => {
  const path = given.get(name);
  if (path !== undefined) return name === "alloy-keys" ? pages(path) : readFileSync(path, "utf8");
  return command.length === 0 ? undefined : printed(command);
};

for (const [folder, question] of [
  ...flags.map((one) => ["flags", one] as const),
  ...keys.map((one) => ["keys", one] as const),
].filter(([, { name }]) => isChosen(name))) {
  const { name, command, version = [command[0] ?? "", "--version"], of = () => [] } = question;
  const path = join(here, folder, `${name.replace(/-keys$/, "")}.json`);
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Inventory) : undefined;
  const text = said(question);
  if (text === undefined) {
    console.log(`not there  ${name}${before ? `: stays as ${before.version} said on ${before.date}` : ""}`);
    continue;
  }
  const found = [...new Set(of(text))].sort();
  const shown = command.map((word) =>
    word.startsWith("/") || word.includes(":/") || word.includes("=/") ? "…" : word,
  );
  const by = given.has(name) ? (before?.by ?? name) : shown.join(" ");
  const told = given.has(name) ? (before?.version ?? "unknown") : versionOf(version);
  const known = new Set(before ? unfolded(before.names) : []);
  const gone = [...known].filter((one) => !found.includes(one));
  const added = found.filter((one) => !known.has(one));
  if (found.length === 0) {
    console.error(`nothing    ${name}: ${by} names nothing that is understood here`);
    process.exitCode = 1;
    continue;
  }
  if (before && gone.length === 0 && added.length === 0 && before.version === told) {
    console.log(`same       ${name} ${told}: ${found.length}`);
    continue;
  }
  mkdirSync(join(here, folder), { recursive: true });
  const inventory: Inventory = {
    program: name.replace(/-keys$/, ""),
    version: told,
    date: today,
    by,
    names: folded(found),
  };
  writeFileSync(path, `${JSON.stringify(inventory, null, 2)}\n`);
  console.log(
    `${before ? "changed" : "new"}`.padEnd(11) +
      `${name} ${before ? `${before.version} → ` : ""}${told}: ${found.length}`,
  );
  if (before)
    for (const one of [...gone.map((one) => `- ${one}`), ...added.map((one) => `+ ${one}`)])
      console.log(`           ${one}`);
}
rmSync(scratch, { recursive: true });
