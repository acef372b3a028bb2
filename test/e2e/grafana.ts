/**
 * `npm run grafana -- ENV URL`: what a real Grafana makes of the pages and data sources of an environment: each page by its API, each data source's health, each
 * panel's query by /api/ds/query, and, with `--pictures DIR`, each page as a picture by headless Chromium ($CHROMIUM).
 * https://grafana.com/docs/grafana/latest/developers/http_api/
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type Given, main } from "../../src/core/util/command-line.ts";
import { type Page, pageOf, panelsOf } from "../lib/dashboards.ts";
import { pageFiles } from "../lib/monitoring.ts";
import { openBrowser } from "./browser.ts";
import { openedWith, type Question, questionsOfPage } from "./questions.ts";

export interface Server {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const call = async ({ url, user, password }: Server, path: string, body?: object): Promise<Answer> => {
  const headers = {
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
    "Content-Type": "application/json",
  };
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${url.replace(/\/$/, "")}${path}`, {
    headers,
    ...sent,
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  try {
    return { status: answer.status, body: JSON.parse(text) };
  } catch {
    return { status: answer.status, body: text.slice(0, 200) };
  }
};

interface Row {
  readonly what: string;
  /** Undefined if all is well. */
  readonly fault?: string;
}

/** Alertmanager's data source has no part in the server that could be asked: `/health` says "Plugin unavailable". */
const withoutHealth = ["alertmanager"];

export async function sourceRows(server: Server): Promise<readonly Row[]> {
  const { status, body } = await call(server, "/api/datasources");
  if (status !== 200) return [{ what: "data sources", fault: `answered ${status}: ${JSON.stringify(body)}` }];
  const sources = body as readonly { readonly uid: string; readonly type: string; readonly readOnly: boolean }[];
  const rows = sources.map(async ({ uid, type, readOnly }): Promise<Row> => {
    const what = `data source ${uid}`;
    if (!readOnly) return { what, fault: "it is not provisioned, so people may change it" };
    if (withoutHealth.includes(type)) return { what };
    const health = await call(server, `/api/datasources/uid/${uid}/health`);
    const said = health.body as { readonly status?: string; readonly message?: string };
    return health.status === 200 && said.status === "OK"
      ? { what }
      : { what, fault: `${health.status}: ${said.message ?? JSON.stringify(said)}` };
  });
  return Promise.all(rows);
}

export interface Expected {
  readonly page: Page;
  readonly path: string;
}

/** Whether Grafana has each page, from its file and whole. */
export async function pageRows(server: Server, pages: readonly Expected[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { page } of pages) {
    const what = `page ${page.uid}`;
    const { status, body } = await call(server, `/api/dashboards/uid/${page.uid}`);
    if (status !== 200) {
      rows.push({ what, fault: `answered ${status}` });
      continue;
    }
    const { dashboard, meta } = body as {
      readonly dashboard: Page;
      readonly meta: { readonly provisioned?: boolean; readonly folderTitle?: string };
    };
    const faults = [
      meta.provisioned === true ? [] : ["it is not from a file"],
      page.tags.includes((meta.folderTitle ?? "").toLowerCase()) ? [] : [`it is in the folder "${meta.folderTitle}"`],
      dashboard.title === page.title ? [] : [`it is called "${dashboard.title}"`],
      panelsOf(dashboard).length === panelsOf(page).length
        ? []
        : [`${panelsOf(dashboard).length} panels of ${panelsOf(page).length}`],
    ].flat();
    rows.push(faults.length > 0 ? { what, fault: faults.join(", ") } : { what });
  }
  return rows;
}

/** A query as a panel sends it. */
const dsQuery = ({ source, path, parameters }: Question, type: string): object => {
  const common = { refId: "A", datasource: { uid: source, type }, intervalMs: 60_000, maxDataPoints: 100 };
  const text = parameters["query"] ?? parameters["q"] ?? "";
  if (type === "tempo") return { ...common, queryType: "traceql", query: text, limit: 20, tableType: "traces" };
  return {
    ...common,
    expr: text,
    queryType: path.endsWith("query_range") || type === "loki" ? "range" : undefined,
    instant: type === "prometheus",
    range: type === "prometheus",
  };
};

const types: Readonly<Record<string, string>> = { metrics: "prometheus", loki: "loki", tempo: "tempo" };

export async function queryRows(server: Server, pages: readonly Expected[]): Promise<readonly Row[]> {
  const sources = new Map(Object.entries(types).map(([uid, type]) => [uid, { uid, type, url: "" }]));
  const now = Math.floor(Date.now() / 1000);
  const questions = pages.flatMap(({ page }) => questionsOfPage(page, openedWith(page), sources, now));
  const rows: Row[] = [];
  for (const question of questions) {
    const asked = { queries: [dsQuery(question, types[question.source] ?? "")], from: "now-1h", to: "now" };
    const { status, body } = await call(server, "/api/ds/query", asked);
    const { results } = body as { readonly results?: Readonly<Record<string, { readonly error?: string }>> };
    const error = Object.values(results ?? {}).find((one) => one.error !== undefined)?.error;
    const fault = error ?? (status === 200 ? undefined : `answered ${status}: ${JSON.stringify(body).slice(0, 200)}`);
    rows.push(fault === undefined ? { what: question.where } : { what: question.where, fault });
  }
  return rows;
}

/** What Grafana wrote while it read its files. */
export const logRows = (log: string): readonly Row[] => {
  const bad = log
    .split("\n")
    .filter((line) => /provision/i.test(line) && /level=(?:warn|error)|"level":"(?:warn|error)"/.test(line));
  return bad.length > 0
    ? bad.map((line) => ({ what: "log", fault: line.slice(0, 300) }))
    : [{ what: "log: no warning of provisioning" }];
};

/** Each page as a picture; a panel that shows an error is a fault. */
async function pictureRows(server: Server, pages: readonly Expected[], folder: string): Promise<readonly Row[]> {
  mkdirSync(folder, { recursive: true });
  const browser = await openBrowser(process.env["CHROMIUM"] ?? "chromium", server);
  try {
    const rows: Row[] = [];
    for (const { page } of pages) {
      const { picture, errors } = await browser.picture(`${server.url}/d/${page.uid}?kiosk&from=now-1h&to=now`);
      const file = join(folder, `${page.uid}.png`);
      writeFileSync(file, picture);
      rows.push(
        errors.length > 0 ? { what: file, fault: `panels with an error: ${errors.join(", ")}` } : { what: file },
      );
    }
    return rows;
  } finally {
    await browser.close();
  }
}

const command: Command = {
  name: "grafana",
  operands: ["ENV", "URL"],
  help: "what a running Grafana makes of an environment's pages and data sources",
  more: "It asks Grafana's API, and with --pictures a headless Chromium ($CHROMIUM, else chromium).",
  make: "npm run -s grafana -- dev http://127.0.0.1:3000",
  options: {
    user: { takes: "NAME", help: "who logs in; admin if it is not said" },
    password: { takes: "TEXT", help: "with this password; admin if it is not said" },
    log: { takes: "FILE", help: "Grafana's log: warnings of provisioning are faults" },
    pictures: { takes: "DIR", help: "a picture of each page, into that folder" },
  },
  run,
};

async function run(given: Given): Promise<number> {
  const [environment = "", url = ""] = given.operands;
  const { shipped } = await import("../lib/world.ts");
  const world = shipped.find(({ name }) => name === environment);
  if (!world)
    throw new Error(`no environment ${environment}. There are ${shipped.map(({ name }) => name).join(", ")}.`);
  const paths = world.overlay.parts.flatMap(({ bases, additions }) =>
    [...bases, ...additions].map((one) => `${one.path}/config/`),
  );
  const pages = pageFiles
    .filter(({ path }) => paths.some((one) => path.startsWith(one)))
    .map((file) => ({ page: pageOf(file), path: file.path }));
  const server = { url, user: given.value("user") ?? "admin", password: given.value("password") ?? "admin" };
  const log = given.value("log");
  const pictures = given.value("pictures");
  const parts = [
    log === undefined ? [] : logRows(readFileSync(log, "utf8")),
    await sourceRows(server),
    await pageRows(server, pages),
    await queryRows(server, pages),
    pictures === undefined ? [] : await pictureRows(server, pages, pictures),
  ];
  const rows = parts.flat();
  for (const { what, fault } of rows)
    console.log(
      `${(fault === undefined ? "ok" : "failed").padEnd(8)}${what}${fault === undefined ? "" : `: ${fault}`}`,
    );
  const failed = rows.filter(({ fault }) => fault !== undefined).length;
  console.log(`${pages.length} pages, ${parts[3]?.length ?? 0} queries: ${rows.length} checks, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main([command]);
