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
import { worldNamed } from "./lib/world.ts";

const isThere = spawnSync("nginx", ["-v"]).error === undefined;

/** What a back end behind the gateway of an environment sees of a request with these headers. */
async function seen(
  world: string,
  gateway: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const files = worldNamed(world)
    .objects.filter(({ kind }) => kind === "ConfigMap")
    .find(({ metadata }) => metadata.name.startsWith(`${gateway}-`))?.["data"] as Record<string, string>;
  const backend = createServer((received, answer) => answer.end(String(received.headers["x-scope-orgid"]))).listen(0);
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
      .replace(/listen \d+;/, `listen 127.0.0.1:${port};`)
      .replace(/proxy_pass http:\/\/[^;]+;/g, `proxy_pass http://127.0.0.1:${to};`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), here(text));
  const nginx = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"], { stdio: "ignore" });
  try {
    for (let tries = 0; ; tries += 1) {
      const answer = await new Promise<string | Error>((resolve) => {
        const sent = request({ host: "127.0.0.1", port, path: "/ready", headers }, (received) => {
          let text = "";
          received.on("data", (part) => (text += part)).on("end", () => resolve(text));
        });
        sent.on("error", resolve).end();
      });
      if (typeof answer === "string") return answer;
      if (tries > 100) throw answer;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    nginx.kill();
    backend.close();
  }
}

describe("the gateway", { skip: isThere ? false : "nginx is not there" }, () => {
  test("names the environment's tenant for a client that names none", async () =>
    assert.equal(await seen("every-mimir-scalable", "loki-gateway", {}), "main"));
  test("leaves the tenant that a client names", async () =>
    assert.equal(await seen("every-mimir-scalable", "mimir-gateway", { "X-Scope-OrgID": "team-a" }), "team-a"));
  test("names the one who has everything, where there are no tenants", async () => {
    assert.equal(await seen("staging", "loki-gateway", {}), "fake");
    assert.equal(await seen("staging-mimir", "mimir-gateway", {}), "anonymous");
  });
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
