import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { edges, formats } from "./checks/generators.ts";
import { poll } from "./context.ts";

const usage = `usage: node --import tsx test/e2e/compose.ts [options]
Starts the demo with Docker Compose, if it is not running, and reads logs, metrics and traces back through its front doors.

  --allow-down JOB  targets of this scrape job need not be up: the component is a stand-in (may be repeated)
  --help            this text

$COMPOSE is the command to use in the place of "docker compose". Exit code 0: all held; 1: a check failed; 2: wrong usage.`;

const file = "overlays/demo/compose/compose.yaml";
const command = (process.env["COMPOSE"] ?? "docker compose").split(" ");
const limit = { start: 120, data: 180 } as const;

const compose = (...args: readonly string[]): string => {
  const [program = "docker", ...first] = command;
  const { status, stdout, stderr, error } = spawnSync(program, [...first, "--file", file, ...args], {
    encoding: "utf8",
  });
  if (error)
    throw new Error(`${program} does not run (${error.message}). Install Docker, or name its command in $COMPOSE.`);
  if (status !== 0)
    throw new Error(`${command.join(" ")} ${args[0]}: ${stderr.trim().split("\n").slice(-3).join(" ")}`);
  return stdout;
};

const read = async <T>(url: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> => {
  const answer = await fetch(`http://127.0.0.1:${url}?${new URLSearchParams(parameters)}`);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  return (await answer.json()) as T;
};

interface Vector {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

const metrics = async (query: string): Promise<Vector["data"]["result"]> =>
  (await read<Vector>("10902/api/v1/query", { query })).data.result;

interface Service {
  readonly Service: string;
  readonly State: string;
  readonly ExitCode: number;
}

const started = (): Promise<string> =>
  poll(limit.start, async () => {
    const all = compose("ps", "--all", "--format", "json")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Service);
    const bad = all.filter(({ State, ExitCode }) => State !== "running" && !(State === "exited" && ExitCode === 0));
    if (bad.length > 0) throw new Error(bad.map(({ Service, State }) => `${Service} is ${State}`).join(", "));
    return `${all.length} services`;
  });

const logs = (format: string, pattern: RegExp): Promise<string> =>
  poll(limit.data, async () => {
    interface Streams {
      readonly data: { readonly result: readonly { readonly values: readonly (readonly [string, string])[] }[] };
    }
    const query = `{app="flog", container="${format}"}`;
    const { data } = await read<Streams>("3100/loki/api/v1/query_range", { query, since: "1m", limit: "1000" });
    const lines = data.result.flatMap(({ values }) => values.map(([, line]) => line));
    const other = lines.find((line) => !pattern.test(line));
    if (other) throw new Error(`not in that format: ${other}`);
    if (lines.length < 20) throw new Error(`${lines.length} lines of ${query} in a minute`);
    return `${lines.length} lines in a minute`;
  });

const some = (query: string): Promise<string> =>
  poll(limit.data, async () => {
    const found = await metrics(query);
    if (found.length === 0) throw new Error(`${query} gives nothing`);
    return `${found.length} series of ${query}`;
  });

const traces = (): Promise<string> =>
  poll(limit.data, async () => {
    const q = '{ resource.service.name = "shop" && name = "POST /purchase" }';
    const found = await read<{ traces?: readonly { readonly traceID: string }[] }>("3200/api/search", {
      q,
      limit: "5",
    });
    const id = found.traces?.[0]?.traceID;
    if (!id) throw new Error(`no trace of ${q}`);
    await read(`3200/api/v2/traces/${id}`);
    return `${id} of ${q}`;
  });

const targets = (allowed: readonly string[]): Promise<string> =>
  poll(limit.data, async () => {
    const all = await metrics("up");
    const down = all.filter(({ metric, value }) => value[1] === "0" && !allowed.includes(metric["job"] ?? ""));
    if (all.length === 0 || down.length > 0)
      throw new Error(`down: ${down.map(({ metric }) => metric["instance"]).join(", ") || "nothing is scraped"}`);
    return `${all.length} targets`;
  });

const watchdog = (): Promise<string> =>
  poll(limit.data, async () => {
    const found = await read<readonly object[]>("9093/api/v2/alerts", { filter: 'alertname="Watchdog"' });
    if (found.length === 0) throw new Error("no alert Watchdog at Alertmanager");
    return "active";
  });

const options = { "allow-down": { type: "string", multiple: true }, help: { type: "boolean" } } as const;
let values;
try {
  values = parseArgs({ options }).values;
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exit(2);
}
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const checks: readonly (readonly [string, () => Promise<string> | string])[] = [
  ["docker compose up", () => (compose("up", "--detach"), "started")],
  ["every service runs, or is done", started],
  ...Object.entries(formats).map(
    ([format, pattern]) => [`flog's lines in ${format} are in Loki`, () => logs(format, pattern)] as const,
  ),
  ...edges.map(
    ([from, to]) =>
      [
        `the service graph has the edge from ${from} to ${to}`,
        () => some(`traces_service_graph_request_total{client="${from}", server="${to}"}`),
      ] as const,
  ),
  ["the generated metric is in Thanos", () => some("shop_stock")],
  ["a generated trace is found by TraceQL and by its id", traces],
  ["every scrape target is up", () => targets(values["allow-down"] ?? [])],
  ["the alert Watchdog is active at Alertmanager", watchdog],
];
let failed = 0;
for (const [name, run] of checks) {
  try {
    console.log(`ok      ${name}: ${await run()}`);
  } catch (error) {
    failed += 1;
    console.log(`failed  ${name}: ${(error as Error).message}`);
  }
}
console.log(`${checks.length} checks, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
