import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { containersOf, podTemplates } from "./lib/objects.ts";
import { temporary } from "./lib/project.ts";
import { worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const isThere = spawnSync("nginx", ["-v"]).error === undefined;

interface Asked {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Answered {
  readonly status: number | undefined;
  readonly text: string;
}

/** The files of an environment's gateway. */
const filesOf = (world: string, gateway: string): Readonly<Record<string, string>> =>
  worldNamed(world)
    .objects.filter(({ kind }) => kind === "ConfigMap")
    .find(({ metadata }) => metadata.name.startsWith(`${gateway}-`))?.["data"] as Record<string, string>;

/**
 * What the gateway of an environment answers, and the lines that it logs meanwhile. A back end behind it answers with the
 * tenant that it sees, and with the code that a header names.
 */
async function through(world: string, gateway: string, requests: readonly Asked[]) {
  const backend = createServer((received, answer) => {
    answer.statusCode = Number(received.headers["x-code"] ?? 200);
    answer.end(String(received.headers["x-scope-orgid"]));
  }).listen(0);
  const free = createServer().listen(0);
  await Promise.all([once(backend, "listening"), once(free, "listening")]);
  const [{ port: to }, { port }] = [backend, free].map((one) => one.address()) as [AddressInfo, AddressInfo];
  free.close();
  await once(free, "close");
  const folder = temporary(after);
  const here = (text: string): string =>
    text
      .replaceAll("/tmp/", `${folder}/`)
      .replaceAll("/etc/gateway", folder)
      .replaceAll("/dev/stdout", `${folder}/access.log`)
      .replace(/listen \d+;/, `listen 127.0.0.1:${port};`)
      .replace(/proxy_pass http:\/\/[^;]+;/g, `proxy_pass http://127.0.0.1:${to};`);
  for (const [name, text] of Object.entries(filesOf(world, gateway))) writeFileSync(join(folder, name), here(text));
  const nginx = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"], { stdio: "ignore" });
  const ask = ({ path, headers = {} }: Asked) =>
    new Promise<Answered | Error>((resolve) => {
      const sent = request({ host: "127.0.0.1", port, path, headers }, (received) => {
        let text = "";
        received.on("data", (part) => (text += part)).on("end", () => resolve({ status: received.statusCode, text }));
      });
      sent.on("error", resolve).end();
    });
  try {
    for (let tries = 0, up: Answered | Error; ; tries += 1) {
      up = await ask({ path: "/-/healthy" });
      if (!(up instanceof Error)) break;
      if (tries > 100) throw up;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const answers: Answered[] = [];
    for (const one of requests) {
      const answer = await ask(one);
      if (answer instanceof Error) throw answer;
      answers.push(answer);
    }
    nginx.kill("SIGQUIT");
    await once(nginx, "exit");
    const lines = readFileSync(join(folder, "access.log"), "utf8").split("\n").filter(Boolean);
    return { answers, lines };
  } finally {
    nginx.kill();
    backend.close();
  }
}

/** What a back end behind the gateway of an environment sees of a request with these headers. */
const seen = async (world: string, gateway: string, headers: Asked["headers"] = {}): Promise<string | undefined> =>
  (await through(world, gateway, [{ path: "/ready", headers }])).answers[0]?.text;

describe("the gateway", { skip: isThere ? false : "nginx is not there" }, () => {
  test("names the environment's tenant for a client that names none", async () =>
    assert.equal(await seen("every-mimir-scalable", "loki-gateway", {}), "main"));
  test("leaves the tenant that a client names", async () =>
    assert.equal(await seen("every-mimir-scalable", "mimir-gateway", { "X-Scope-OrgID": "team-a" }), "team-a"));
  test("names the one who has everything, where there are no tenants", async () => {
    assert.equal(await seen("staging", "loki-gateway", {}), "fake");
    assert.equal(await seen("staging-mimir", "mimir-gateway", {}), "anonymous");
  });

  const code = (status: number, headers: Asked["headers"] = {}) => ({ "x-code": String(status), ...headers });
  test("logs of each request that failed its code, time, tenant and route, and nothing of what was asked for", async () => {
    const { lines } = await through("every-mimir-scalable", "loki-gateway", [
      { path: "/loki/api/v1/query_range?query=%7Bsecret%3D%22hunter2%22%7D", headers: code(500) },
      { path: "/loki/api/v1/label/hunter2/values", headers: code(429, { "X-Scope-OrgID": "team-a" }) },
      { path: "/loki/api/v1/push", headers: code(400, { "User-Agent": 'a "b" \\c' }) },
      { path: "/hunter2?password=hunter2" },
    ]);
    assert.doesNotMatch(lines.join("\n"), /hunter2/);
    const found = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.deepEqual(
      found.map(({ level, status, upstream_status, tenant, route, requests }) => [
        ...[level, status, upstream_status, tenant, route, requests],
      ]),
      [
        ["error", "500", "500", "main", "/loki/api/", 1],
        ["warn", "429", "429", "team-a", "/loki/api/", 1],
        ["warn", "400", "400", "main", "/loki/api/v1/push", 1],
        ["warn", "404", "", "main", "", 1],
      ],
    );
    for (const { request_time } of found) assert.equal(typeof request_time, "number");
    assert.equal(found[2]?.["user_agent"], 'a "b" \\c');
  });
  test("logs as many requests that went well as there were, in a tenth of their lines", async () => {
    const well = Array.from({ length: 2000 }, () => ({ path: "/loki/api/v1/push" }));
    const { lines } = await through("staging", "loki-gateway", well);
    const sum = lines.reduce((all, line) => all + (JSON.parse(line) as { requests: number }).requests, 0);
    // Six times the deviation of what is drawn.
    assert.ok(Math.abs(sum - well.length) < 6 * 134, `${sum} of ${well.length}`);
    assert.ok(lines.length < well.length / 5, `${lines.length} lines`);
  });
  test("logs no line of somebody who asks whether it is ready", async () => {
    const probes = Array.from({ length: 100 }, (_, i) =>
      i % 2 ? { path: "/-/healthy" } : { path: "/ready", headers: code(503) },
    );
    const { lines, answers } = await through("staging-mimir", "mimir-gateway", probes);
    assert.equal(answers[0]?.status, 503);
    assert.deepEqual(lines, []);
  });
});

test("no gateway's log has room for a query, a path or a header that says who somebody is", () => {
  for (const { name, objects } of worlds)
    for (const { kind, metadata, data } of objects as readonly (Manifest & { data?: Record<string, string> })[]) {
      const conf = kind === "ConfigMap" ? (data?.["nginx.conf"] ?? "") : "";
      const [, format = ""] = /log_format ([^;]+);/.exec(conf) ?? [];
      assert.equal(conf === "", format === "", `${name} ${metadata.name}`);
      // https://nginx.org/en/docs/http/ngx_http_core_module.html#variables
      assert.doesNotMatch(
        format,
        /\$(args|arg_|query_string|request\b(?!_)|request_uri|request_body|uri|document_uri|http_(authorization|cookie|referer))/,
      );
    }
});

/** What an nginx that a gateway's command starts would listen on, where the kernel has IPv6 or not; `late` times it is told of a name that nobody knows yet. */
function listens(world: string, gateway: string, { ipv6, late }: { readonly ipv6: boolean; readonly late: number }) {
  const { objects } = worldNamed(world);
  const pod = podTemplates(objects).find(({ name }) => name === gateway) ?? assert.fail(gateway);
  const [container] = containersOf(pod);
  const folder = temporary(after);
  const here = (text: string): string => text.replaceAll("/tmp/", `${folder}/`).replaceAll("/proc/", `${folder}/`);
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
  program("sleep", "exit 0\n");
  program("nginx", `echo "$@" >>${folder}/asked; [ $(wc -l <${folder}/asked) -gt ${late} ]\n`);
  mkdirSync(join(folder, "net"));
  if (ipv6) writeFileSync(join(folder, "net/if_inet6"), "");
  const [shell = "", ...args] = (container?.command ?? []).map(here);
  const env = { PATH: `${folder}:${process.env["PATH"]}` };
  assert.equal(spawnSync(shell, args, { env, timeout: 10_000 }).status, 0);
  const conf = Object.values(
    objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(`${gateway}-`))?.["data"] ??
      {},
  ).join("\n");
  const included = [...here(conf).matchAll(/include (\S+)\/\*(\S+);/g)].flatMap(([, at = "", ending = ""]) =>
    readdirSync(at)
      .filter((file) => file.endsWith(ending))
      .map((file) => readFileSync(join(at, file), "utf8")),
  );
  const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
  return { on: [conf, ...included].flatMap((text) => text.match(/listen [^;]+/g) ?? []), asked };
}

describe("a gateway", () => {
  for (const [gateway, port] of [
    ["loki-gateway", 3100],
    ["mimir-gateway", 8080],
  ] as const) {
    test(`${gateway} is reached by either family where the node has both`, () =>
      assert.deepEqual(listens("staging-mimir", gateway, { ipv6: true, late: 0 }).on, [
        `listen ${port}`,
        `listen [::]:${port}`,
      ]));
    test(`${gateway} starts on a node whose kernel has no IPv6`, () =>
      assert.deepEqual(listens("staging-mimir", gateway, { ipv6: false, late: 0 }).on, [`listen ${port}`]));
    test(`${gateway} waits for names that the DNS does not know yet, instead of ending`, () => {
      const { asked } = listens("staging-mimir", gateway, { ipv6: true, late: 3 });
      assert.equal(asked.filter((args) => args.startsWith("-t ")).length, 4);
      assert.match(asked.at(-1) ?? "", /daemon off;$/);
    });
  }
});
