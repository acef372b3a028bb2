import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { logRows, pageRows, queryRows, type Server, sourceRows } from "./e2e/grafana.ts";
import { pageOf } from "./lib/dashboards.ts";
import { pageFiles } from "./lib/monitoring.ts";

const [file] = pageFiles;
assert.ok(file);
const page = pageOf(file);
const folderTitle = page.tags[1] ?? "";
const good: Readonly<Record<string, unknown>> = {
  "/api/datasources": [
    { uid: "metrics", type: "prometheus", readOnly: true },
    { uid: "alertmanager", type: "alertmanager", readOnly: true },
  ],
  "/api/datasources/uid/metrics/health": { status: "OK" },
  [`/api/dashboards/uid/${page.uid}`]: { dashboard: page, meta: { provisioned: true, folderTitle } },
  "/api/ds/query": { results: { A: { status: 200 } } },
};
let answers = good;
const grafana = createServer((request, response) => {
  const found = request.headers.authorization === "Basic YWRtaW46c2VjcmV0" ? answers[request.url ?? ""] : undefined;
  response.statusCode = found === undefined ? 404 : 200;
  request.resume().on("end", () => response.end(JSON.stringify(found ?? { message: "not found" })));
});
await new Promise<void>((resolve) => grafana.listen(0, "127.0.0.1", resolve));
after(() => grafana.close());
const server: Server = {
  url: `http://127.0.0.1:${(grafana.address() as AddressInfo).port}`,
  user: "admin",
  password: "secret",
};
const expected = [{ page, path: file.path }];
const faults = async (changed: Readonly<Record<string, unknown>>): Promise<string> => {
  answers = { ...good, ...changed };
  const rows = [
    ...(await sourceRows(server)),
    ...(await pageRows(server, expected)),
    ...(await queryRows(server, expected)),
  ];
  return rows.flatMap(({ what, fault }) => (fault === undefined ? [] : [`${what}: ${fault}`])).join("\n");
};

describe("a running Grafana", () => {
  test("that has the pages and data sources is well", async () => assert.equal(await faults({}), ""));
  test("is found to lack a page, part of it, its folder, or its file", async () => {
    const at = `/api/dashboards/uid/${page.uid}`;
    assert.match(await faults({ [at]: undefined }), /answered 404/);
    const found = (dashboard: object, meta: object) => ({
      [at]: { dashboard: { ...page, ...dashboard }, meta: { provisioned: true, folderTitle, ...meta } },
    });
    assert.match(await faults(found({ panels: [] }, {})), /0 panels of/);
    assert.match(await faults(found({}, { provisioned: false })), /not from a file/);
    assert.match(await faults(found({}, { folderTitle: "General" })), /in the folder "General"/);
  });
  test("is found to fail at a query or a data source", async () => {
    assert.match(await faults({ "/api/ds/query": { results: { A: { error: "parse error" } } } }), /: parse error/);
    assert.match(
      await faults({ "/api/datasources/uid/metrics/health": { status: "ERROR", message: "refused" } }),
      /data source metrics: 200: refused/,
    );
    assert.match(
      await faults({ "/api/datasources": [{ uid: "mine", type: "loki", readOnly: false }] }),
      /not provisioned/,
    );
  });
  test("is found to have warned of its files", () => {
    assert.equal(
      logRows("logger=provisioning.dashboard level=warn msg=x")[0]?.fault,
      "logger=provisioning.dashboard level=warn msg=x",
    );
    assert.equal(
      logRows("logger=provisioning.dashboard level=info msg=x\nlogger=http level=warn")[0]?.fault,
      undefined,
    );
  });
});
