import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { configuration } from "../src/components/alertmanager.ts";
import { fileText } from "../src/core/util/text.ts";
import type { Row } from "./apiserver.ts";

/**
 * What only the real Alertmanager knows: which receiver is told of which alert, and what hushes what. $ALERTMANAGER and $AMTOOL name others
 * than those on the PATH.
 */
const alertmanager = process.env["ALERTMANAGER"] ?? "alertmanager";
const amtool = process.env["AMTOOL"] ?? "amtool";

const told = ["critical", "warning", "info", "switch", "team-a", "slack"] as const;

/** Every way to tell people, and a namespace with receivers of its own. */
const everyWay = configuration({
  critical: { webhook: "critical", pagerduty: "pagerduty-key", email: "on-call@example.com" },
  warning: { webhook: "warning", slack: "slack" },
  info: { webhook: "info" },
  deadManSwitch: { webhook: "switch" },
  namespaces: { "team-a": { critical: { webhook: "team-a" } } },
  smtp: { host: "smtp.example.com:587", from: "kube-lgtm@example.com", username: "kube-lgtm", password: "smtp" },
});

/** As amtool is asked, with the receivers that are to be found. */
const routes: readonly (readonly [string, string])[] = [
  ["alertname=Watchdog severity=none", "dead-man-switch"],
  ["alertname=RulerWatchdog severity=none", "nobody"],
  ["alertname=A severity=critical namespace=observability", "critical"],
  ["alertname=A severity=warning", "warning"],
  ["alertname=A severity=info", "info"],
  ["alertname=A severity=page", "warning"],
  ["alertname=A", "warning"],
  ["alertname=A severity=critical namespace=team-a", "team-a/critical"],
  ["alertname=A severity=warning namespace=team-a", "warning"],
];

type Labels = Readonly<Record<string, string>>;

/** What each receiver was told, oldest first. */
interface Told {
  readonly by: string;
  readonly at: number;
  readonly body: string;
}

async function receiving(): Promise<{ readonly server: Server; readonly port: number; readonly told: Told[] }> {
  const heard: Told[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      heard.push({ by: (request.url ?? "").slice(1), at: Date.now(), body: Buffer.concat(parts).toString("utf8") });
      response.end("ok");
    });
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  return { server, port: (server.address() as AddressInfo).port, told: heard };
}

const free = async (): Promise<number> => {
  const { server, port } = await receiving();
  await new Promise((done) => server.close(done));
  return port;
};

/** The configuration with the files of this machine, and times that a test can wait for. */
const here = (folder: string): string =>
  fileText(everyWay)
    .replaceAll("/etc/alertmanager", folder)
    .replaceAll("group_wait: 30s", "group_wait: 1s")
    .replaceAll(/group_interval: .*/g, "group_interval: 1s")
    .replaceAll("repeat_interval: 90s", "repeat_interval: 2s");

const names = (heard: readonly Told[], by: string): readonly string[] => [
  ...new Set(
    heard
      .filter((one) => one.by === by && by !== "slack")
      .flatMap(({ body }) => (JSON.parse(body) as { alerts: { labels: Labels }[] }).alerts)
      .map(({ labels }) => labels["alertname"] ?? ""),
  ),
];

const alert = (alertname: string, labels: Labels, annotations: Labels = {}): object => ({
  labels: { alertname, cluster: "c", ...labels },
  annotations,
  endsAt: new Date(Date.now() + 600_000).toISOString(),
});

/** One of each severity, and what hushes others: the source first, then those that nobody is to be told of. */
const alerts: readonly object[] = [
  alert("Watchdog", { severity: "none" }),
  alert("Grave", { severity: "critical", namespace: "n", app: "a" }),
  alert("Grave", { severity: "warning", namespace: "n", app: "a", pod: "hushed" }),
  alert(
    "Bad",
    { severity: "warning", namespace: "n" },
    { summary: "It is bad.", runbook_url: "https://example.com/b" },
  ),
  alert("Odd", { severity: "info", namespace: "n" }),
  alert("Theirs", { severity: "critical", namespace: "team-a" }),
  alert("Unknown", { namespace: "n" }),
  alert("NodeGone", { severity: "critical", node: "one", hushes: "node" }),
  alert("HushedByNode", { severity: "critical", node: "one" }),
  alert("OnAnotherNode", { severity: "critical", node: "two" }),
  alert("OnNoNode", { severity: "critical" }),
  alert("Quiet", { severity: "none", namespace: "quiet", hushes: "info" }),
  alert("HushedInfo", { severity: "info", namespace: "quiet" }),
];
const clusterDown = alert("ClusterGone", { severity: "critical", cluster: "down", hushes: "cluster" });
const inCluster = alert("HushedByCluster", { severity: "critical", cluster: "down" });

const expected: Readonly<Record<string, readonly string[]>> = {
  critical: ["ClusterGone", "Grave", "NodeGone", "OnAnotherNode", "OnNoNode"],
  warning: ["Bad", "Unknown"],
  info: ["Odd"],
  switch: ["Watchdog"],
  "team-a": ["Theirs"],
};

async function ready(url: string, program: ChildProcess): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (program.exitCode !== null) throw new Error(`alertmanager ended with ${program.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await wait(100);
  }
  throw new Error("alertmanager is not ready after 10 s");
}

const post = async (url: string, list: readonly object[]): Promise<void> => {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}/api/v2/alerts`, { method: "POST", headers, body: JSON.stringify(list) });
  if (!answer.ok) throw new Error(`alertmanager answered ${answer.status} ${await answer.text()}`);
};

/** What each receiver was told of these alerts, and how often the dead man's switch. */
async function tried(folder: string): Promise<readonly string[]> {
  const { server, port, told: heard } = await receiving();
  for (const name of told) writeFileSync(join(folder, name), `http://127.0.0.1:${port}/${name}`);
  const own = await free();
  const url = `http://127.0.0.1:${own}`;
  const flags = [`--web.listen-address=127.0.0.1:${own}`, "--cluster.listen-address=", `--storage.path=${folder}/data`];
  const program = spawn(alertmanager, [`--config.file=${folder}/alertmanager.yml`, ...flags], { stdio: "ignore" });
  try {
    await ready(url, program);
    await post(url, [clusterDown, inCluster, ...alerts]);
    await wait(8000);
    const slack = heard.filter(({ by }) => by === "slack").map(({ body }) => body);
    const pulses = heard.filter(({ by }) => by === "switch").length;
    return [
      ...Object.entries(expected).flatMap(([by, wanted]) => {
        const found = names(heard, by).toSorted();
        return JSON.stringify(found) === JSON.stringify(wanted)
          ? []
          : [`${by} was told of ${found.join()}: expected ${wanted.join()}`];
      }),
      ...(pulses >= 3 ? [] : [`the dead man's switch was told ${pulses} times in 8 s: expected 3 or more`]),
      ...(slack.some((body) => body.includes("It is bad.") && body.includes("https://example.com/b"))
        ? []
        : [`Slack was not told the summary with its runbook: ${slack.join()}`]),
    ];
  } finally {
    const ended = new Promise((done) => program.once("exit", done));
    program.kill();
    await ended;
    server.close();
  }
}

/** The rows of `make programs` about receivers of alerts. */
export async function* alertRows(): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), "kube-lgtm-alerts-"));
  const row = (program: string, what: string, faults: readonly string[]): Row => ({
    result: faults.length === 0 ? "ok" : "failed",
    program,
    what,
    faults,
  });
  try {
    mkdirSync(join(folder, "data"));
    const file = join(folder, "alertmanager.yml");
    writeFileSync(file, here(folder));
    const ask = (...args: readonly string[]) => spawnSync(amtool, args, { encoding: "utf8" });
    const whole = ask("check-config", file);
    if (whole.error) {
      yield { result: "not there", program: "amtool", what: "receivers of alerts", faults: [] };
      return;
    }
    yield row("amtool", "every way to tell people of alerts", whole.status === 0 ? [] : [whole.stderr + whole.stdout]);
    const misled = routes.flatMap(([labels, receiver]) => {
      const { stdout, stderr } = ask("config", "routes", "test", `--config.file=${file}`, ...labels.split(" "));
      return stdout.trim() === receiver ? [] : [`${labels} goes to ${stdout.trim()}${stderr}: expected ${receiver}`];
    });
    yield row("amtool", "each alert goes to the receiver of its severity and namespace", misled);
    if (spawnSync(alertmanager, ["--version"]).error) {
      yield { result: "not there", program: "alertmanager", what: "receivers are told", faults: [] };
      return;
    }
    yield row("alertmanager", "receivers are told, of what nothing else explains", await tried(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
