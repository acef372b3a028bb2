import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
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
