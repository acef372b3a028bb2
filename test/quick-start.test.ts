import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { specOf } from "./lib/objects.ts";
import { put, temporary } from "./lib/project.ts";
import { dev, root, worlds } from "./lib/world.ts";

const read = (page: string): string => readFileSync(join(root, page), "utf8");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);

interface Push {
  readonly url: string;
  readonly body: Readonly<Record<string, Record<string, unknown>[]>>;
}

const bin = temporary(after);
// What curl would have been told: its arguments and its standard input, one file a call.
put(
  bin,
  "curl",
  `#!/bin/sh
n=$(ls "$OUT" | wc -l)
for one; do last=$one; case $one in http*) url=$one ;; esac; done
{ echo "$url"; if [ "$last" = @- ]; then cat; else printf %s "$last"; fi; } > "$OUT/$n"
`,
);
put(bin, "openssl", "#!/bin/sh\nhead -c $(($3 * 2)) /dev/zero | tr '\\0' a; echo\n");
execFileSync("chmod", ["+x", join(bin, "curl"), join(bin, "openssl")]);

function pushesOf(page: string): readonly Push[] {
  const out = temporary(after);
  for (const [, script = ""] of read(page).matchAll(/<!-- push: \w+ -->\n```sh\n([^]*?)```/g))
    execFileSync("sh", ["-ec", script], { env: { ...process.env, OUT: out, PATH: `${bin}:${process.env["PATH"]}` } });
  return readdirSync(out)
    .sort()
    .map((file) => {
      const [url = "", ...lines] = readFileSync(join(out, file), "utf8").split("\n");
      return { url, body: JSON.parse(lines.join("\n")) as Push["body"] };
    });
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: names in lowerCamelCase, ids in hexadecimal digits, times as strings. */
const levels = {
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
} as const;

for (const page of ["README.md", "docs/quick-start.md"])
  test(`${page} sends one log, one trace and one metric that an OTLP receiver takes`, () => {
    const pushes = pushesOf(page);
    assert.deepEqual(
      pushes.map(({ url }) => url),
      Object.keys(levels).map((signal) => `http://localhost:4318/v1/${signal}`),
    );
    for (const [index, [outer, middle, inner]] of Object.values(levels).entries()) {
      const [resource] = pushes[index]?.body[outer] ?? [];
      assert.match(JSON.stringify(resource?.["resource"]), /"key":"service.name","value":\{"stringValue":"hello"\}/);
      const [scope] = resource?.[middle] as Record<string, Record<string, unknown>[]>[];
      const [item] = scope?.[inner] ?? [];
      const times = [...JSON.stringify(item).matchAll(/imeUnixNano":"(\d+)"/g)].map(([, time]) => Number(time) / 1e9);
      assert.ok(times.length > 0);
      for (const time of times) assert.ok(Math.abs(time - Date.now() / 1000) < 60, `${time} is not now`);
      if (inner === "spans") {
        assert.match(String(item?.["traceId"]), /^[0-9a-f]{32}$/);
        assert.match(String(item?.["spanId"]), /^[0-9a-f]{16}$/);
      } else if (inner === "metrics") assert.equal(item?.["name"], "hello_temperature");
      else assert.match(JSON.stringify(item?.["body"]), /hello from curl/);
    }
  });

const ports = new Map<string, Set<number>>();
for (const { objects } of worlds)
  for (const service of objects.filter(({ kind }) => kind === "Service")) {
    const { name } = service.metadata;
    const served = specOf<{ ports: { port: number }[] }>(service).ports.map(({ port }) => port);
    ports.set(name, new Set([...(ports.get(name) ?? []), ...served]));
  }

test("every port that the pages forward is one of a Service", () => {
  const said = pages.flatMap((page) =>
    [...read(page).matchAll(/port-forward service\/([\w-]+) (\d+)/g)].map(([, service = "", port]) => ({
      page,
      service,
      port: Number(port),
    })),
  );
  assert.ok(said.length > 8);
  assert.deepEqual(
    said.filter(({ service, port }) => !ports.get(service)?.has(port)),
    [],
  );
});

test("the addresses for programs, and what a reader clicks, are of the environment that was applied", () => {
  assert.ok(ports.get("otlp")?.has(4318));
  const sources = JSON.stringify(dev.objects.filter(({ metadata }) => metadata.name.startsWith("grafana-datasource-")));
  for (const page of ["README.md", "docs/quick-start.md"]) {
    assert.match(read(page), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/otlp\.observability:4318/);
    for (const name of ["Loki", "Tempo", "Metrics"]) {
      assert.ok(read(page).includes(name));
      assert.match(sources, new RegExp(`name: ${name}\\\\n`), `no data source ${name}`);
    }
    assert.ok(read(page).includes("password `strongpassword`"));
  }
});
