import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";

/** An entry as the agent pushes it. */
export interface Entry {
  readonly labels: Readonly<Record<string, string>>;
  /** The time in the log file. */
  readonly time: string;
  readonly line: string;
  /** The level that comes with it. Promtail prints none. */
  readonly level?: string;
}

/**
 * Runs the real program over the log files of a simulated node. Returns its output and the entries
 * that it missed.
 */
export interface Reading {
  readonly there: boolean;
  readonly missing: readonly Entry[];
  readonly surplus: readonly Entry[];
  readonly output: string;
}

interface Container {
  /** Labels of Kubernetes's discovery: `__meta_kubernetes_pod_name`. */
  readonly found: Readonly<Record<string, string>>;
  /** Files in the node's folder, by path. */
  readonly file: string;
  readonly text: string;
  /** Target of the file, if it is a link. */
  readonly links?: string;
  readonly entries: readonly Entry[];
}

const hash = "0123456789abcdef0123456789abcdef";
const long = "x".repeat(16 * 1024);
const second = (n: number): string => `2026-01-02T03:04:${String(n).padStart(2, "0")}.123Z`;

const container = (
  namespace: string,
  pod: string,
  name: string,
  uid: string,
  lines: readonly string[],
  entries: readonly (readonly [stream: string, second: number, line: string, level?: string])[],
  more: { readonly mirror?: string; readonly links?: string } = {},
): Container => ({
  found: {
    __meta_kubernetes_namespace: namespace,
    __meta_kubernetes_pod_name: pod,
    __meta_kubernetes_pod_container_name: name,
    __meta_kubernetes_pod_uid: more.mirror ? "ffaf6650-e761-402b-a268-4d4e26de1bb8" : uid,
    ...(more.mirror ? { __meta_kubernetes_pod_annotation_kubernetes_io_config_mirror: more.mirror } : {}),
  },
  file: `pods/${namespace}_${pod}_${uid}/${name}/0.log`,
  text: lines.map((line) => `${line}\n`).join(""),
  ...(more.links ? { links: more.links } : {}),
  entries: entries.map(([stream, n, line, level]) => ({
    labels: { namespace, pod, container: name, app: name, stream },
    time: second(n),
    line,
    ...(level === undefined ? {} : { level }),
  })),
});

const json = (log: string, stream: string, n: number): string => JSON.stringify({ log, stream, time: second(n) });

/**
 * One container for each case: CRI with a split line, a static pod, Docker with a split line
 * between lines of the other stream, a stack trace.
 */
const containers: readonly Container[] = [
  container(
    "shop",
    "cart-1",
    "cart",
    "5b6a1c1e-8e0f-4c57-9d53-0e8a4b1c2d3e",
    [
      `${second(1)} stdout F {"log":"mine\\n","stream":"stdout","time":"x"}`,
      `${second(2)} stdout P ${long}`,
      `${second(3)} stderr F failed`,
      `${second(4)} stdout F and the end`,
    ],
    [
      ["stdout", 1, `{"log":"mine\\n","stream":"stdout","time":"x"}`],
      ["stderr", 3, "failed"],
      ["stdout", 4, `${long}and the end`],
    ],
  ),
  container("kube-system", "etcd-node1", "etcd", hash, [`${second(1)} stderr F ready`], [["stderr", 1, "ready"]], {
    mirror: hash,
  }),
  container(
    "shop",
    "till-1",
    "till",
    "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e",
    [
      json("hello\n", "stdout", 1),
      json(long, "stdout", 2),
      json("failed\n", "stderr", 3),
      json("and the end\n", "stdout", 4),
      json("\n", "stdout", 5),
    ],
    [
      ["stdout", 1, "hello"],
      ["stderr", 3, "failed"],
      ["stdout", 4, `${long}and the end`],
      ["stdout", 5, ""],
    ],
    { links: "docker/containers/abc/abc-json.log" },
  ),
];

/** Lines with a level that Loki would not see, or would take another for. */
const levelled: readonly (readonly [line: string, level?: string])[] = [
  ['I1129 13:57:17.935268       1 server.go:192] "Failed probe" err="no metrics to serve"', "info"],
  ["W1129 13:55:36.434253       1 client_config.go:682] Neither --kubeconfig nor --master was specified.", "warn"],
  ["E1129 13:43:23.659830       1 scraper.go:147] failed", "error"],
  ["2026/11/29 13:55:36 [notice] 7#7: signal process started", "info"],
  ["2026/11/29 13:55:36 [crit] 7#7: *1 connect() failed", "critical"],
  ["mc: <ERROR> Unable to initialize new alias from the provided credentials.", "error"],
  ["Invoice1129 13:55:36.434253 paid"],
  ["level=warn msg=slow"],
];
const levelledLines = container(
  "shop",
  "levels-1",
  "levels",
  "8a1b9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e",
  levelled.map(([line], i) => `${second(i + 1)} stderr F ${line}`),
  levelled.map(([line, level], i) => ["stderr", i + 1, line, level] as const),
);

/** A stack trace, whose lines the agent joins. */
export const traced = { selector: '{app="trace"}', firstLine: String.raw`^\d{4}-\d{2}-\d{2}` };
const trace = ["2026-01-02 failed", "java.lang.IllegalStateException: no", "\tat Cart.add(Cart.java:12)"];
const together = container(
  "shop",
  "trace-1",
  "trace",
  "7a1b9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e",
  [...trace, "2026-01-02 done"].map((line, i) => `${second(i + 1)} stdout F ${line}`),
  [
    ["stdout", 1, trace.join("\n")],
    ["stdout", 4, "2026-01-02 done"],
  ],
);

function lay(root: string, all: readonly Container[]): void {
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const { file, links, text } of all) {
    put(links ?? file, text);
    if (links === undefined) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    symlinkSync(join(root, links), join(root, file));
  }
}

const key = ({ labels, time, line, level }: Entry): string =>
  JSON.stringify([Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)), time, line, level]);

/** Runs a program until it has printed all entries and a little longer, at most twenty seconds. */
async function read(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  expected: readonly Entry[],
  entriesIn: (output: string) => readonly Entry[],
): Promise<Reading> {
  let output = "";
  const child = spawn(program, args, { env: { ...process.env, ...env } });
  const gone = new Promise<"gone">((resolve) => {
    child.once("error", () => resolve("gone"));
    child.once("exit", () => resolve("gone"));
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  const missing = (): readonly Entry[] => {
    const seen = new Set(entriesIn(output).map(key));
    return expected.filter((entry) => !seen.has(key(entry)));
  };
  const pause = (ms: number) => Promise.race([gone, new Promise((resolve) => setTimeout(resolve, ms))]);
  for (let waited = 0; waited < 20_000 && missing().length > 0; waited += 500) if ((await pause(500)) === "gone") break;
  await pause(1000);
  child.kill("SIGKILL");
  await gone;
  const known = new Set(expected.map(key));
  return {
    there: child.pid !== undefined,
    missing: missing(),
    surplus: entriesIn(output).filter((entry) => !known.has(key(entry))),
    output,
  };
}

const field = (line: string, name: string): string => {
  const found = new RegExp(`(?:^| )${name}=("(?:\\\\.|[^"\\\\])*"|\\S*)`).exec(line)?.[1] ?? "";
  return found.startsWith('"') ? (JSON.parse(found) as string) : found;
};
const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/([a-z]+)="((?:\\.|[^"\\])*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );

const levelOf = (metadata: string): { readonly level?: string } => {
  const { level } = JSON.parse(metadata || "{}") as { readonly level?: string };
  return level === undefined ? {} : { level };
};

/** A free port on loopback. Alloy does not accept port 0. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/**
 * Alloy on that node, with its own configuration except for discovery and the target of its pushes.
 */
export async function alloyReads(root: string, config: string): Promise<Reading> {
  const all = [...containers, levelledLines, together];
  lay(root, all);
  const targets = all.map(({ found }) => `{${Object.entries(found).map(([k, v]) => `${k} = ${JSON.stringify(v)}`)}}`);
  const blocks = config.split(/\n(?=[a-z.]+ )/).filter((block) => !/^(discovery\.kubernetes|loki\.write) /.test(block));
  const text = [...blocks, 'loki.echo "seen" { }\n']
    .join("\n")
    .replaceAll("discovery.kubernetes.pods.targets", `[${targets.join(", ")}]`)
    .replaceAll("loki.write.loki.receiver", "loki.echo.seen.receiver")
    .replaceAll("/var/log/pods", join(root, "pods"));
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/config.alloy"), text);
  const listen = `--server.http.listen-addr=127.0.0.1:${await freePort()}`;
  return read(
    "alloy",
    ["run", join(root, "etc"), `--storage.path=${join(root, "data")}`, listen, "--disable-reporting"],
    { ALLOY_MULTILINE_SELECTOR: traced.selector, ALLOY_MULTILINE_FIRST_LINE: traced.firstLine },
    all.flatMap(({ entries }) => entries),
    (output) =>
      output
        .split("\n")
        .filter((line) => line.includes('msg="received log entry"'))
        .map((line) => ({
          labels: labelsOf(field(line, "labels")),
          time: field(line, "entry_timestamp"),
          line: field(line, "entry"),
          ...levelOf(field(line, "structured_metadata")),
        })),
  );
}

/** Promtail on that node, in the same way. */
export function promtailReads(root: string, config: string): Promise<Reading> {
  const all = [...containers, levelledLines];
  lay(root, all);
  const { scrape_configs: jobs, ...rest } = parse(config.replaceAll("/var/log/pods", join(root, "pods")));
  const { kubernetes_sd_configs: _, ...job } = jobs[0];
  const found = all.map((one) => ({ targets: ["localhost"], labels: one.found }));
  const file = join(root, "promtail.yaml");
  const own = {
    ...rest,
    server: { ...rest.server, http_listen_address: "127.0.0.1", grpc_listen_address: "127.0.0.1", http_listen_port: 0 },
    positions: { filename: join(root, "pos") },
  };
  writeFileSync(file, stringify({ ...own, scrape_configs: [{ ...job, static_configs: found }] }));
  return read(
    "promtail",
    [`-config.file=${file}`, "-config.expand-env=true", "-dry-run"],
    { PROMTAIL_LOKI_URL: "http://127.0.0.1:9/", PROMTAIL_CLUSTER: "here" },
    all.flatMap(({ entries }) => entries.map(({ level: _, ...rest }) => rest)),
    (output) =>
      output
        // Its colours.
        .replaceAll(/\u001b\[\d*m/g, "")
        .split("\n")
        .flatMap((line) => {
          const [, time = "", labels = "", text = ""] = /^(\S+)\t(\{.*?\})\t(.*)$/.exec(line) ?? [];
          const { cluster: _cluster, ...own } = labelsOf(labels);
          return time ? [{ labels: own, time: time.replace(/\+0000$/, "Z"), line: text }] : [];
        }),
  );
}
