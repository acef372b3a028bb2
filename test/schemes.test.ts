import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as alertmanager from "../src/components/alertmanager.ts";
import { catalogue } from "../src/components/index.ts";
import * as minio from "../src/components/minio.ts";
import * as prometheus from "../src/components/prometheus.ts";
import { defineRoles, type Role, scheme, type Speaks } from "../src/core/model/roles.ts";
import { features } from "../src/features/index.ts";
import { foundation, type Foundation } from "../src/program.ts";
import { built } from "./lib/world.ts";

const overTls = { grpc: "grpcs", http: "https", tcp: "tls" } as const;
const secured = (spoken: Speaks): Speaks => (spoken in overTls ? overTls[spoken as keyof typeof overTls] : spoken);

/** What a build gives while these ports take TLS. */
function whileSecure(ports: readonly (readonly [Role, string])[]): Foundation {
  const tables = ports.map(([role, port]) => ({ port, speaks: role.speaks as Record<string, Speaks> }));
  const before = tables.map(({ port, speaks }) => speaks[port] as Speaks);
  try {
    for (const { port, speaks } of tables) speaks[port] = secured(speaks[port] as Speaks);
    return foundation();
  } finally {
    for (const [i, { port, speaks }] of tables.entries()) speaks[port] = before[i] as Speaks;
  }
}

/** Every text of the bases and Components, by where it stands, a line each. */
const linesOf = ({ bases, additions }: Foundation): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...bases, ...additions].map(({ path, objects, configs, ...more }) => {
      const {
        patches = [],
        configPatches = [],
        secrets = [],
      } = more as unknown as Partial<Record<string, readonly object[]>>;
      const text = JSON.stringify([objects, patches, configs, configPatches, secrets], null, 1);
      return [path, text.replaceAll("\\n", "\n").replaceAll(/,$/gm, "").split("\n")] as const;
    }),
  );

/** Lines that are there only after a change. */
function changed(after: Foundation): readonly string[] {
  const before = linesOf(built);
  return [...linesOf(after)].flatMap(([path, lines]) => {
    const old = new Set(before.get(path));
    return lines.filter((line) => !old.has(line)).map((line) => `${path}: ${line.trim()}`);
  });
}
const some = (lines: readonly string[], expected: RegExp): void =>
  assert.ok(
    lines.some((line) => expected.test(line)),
    `nothing is like ${expected}`,
  );

describe("a port that takes TLS takes it for everybody", () => {
  const roles = [
    ...catalogue.flatMap((component) => Object.values(component.roles)),
    ...features.flatMap(({ joins = [] }) => joins.map(({ role }) => role)),
  ];
  const all = roles.flatMap((role) => Object.keys(role.ports).map((port) => [role, port] as const));
  const everything = linesOf(whileSecure(all));
  const lines = [...everything].flatMap(([path, list]) => list.map((line) => `${path}: ${line.trim()}`));

  test("no URL of a port of ours is without it", () => {
    const plain = lines.filter((line) => /\bhttp:\/\/[\w$[]/.test(line));
    assert.deepEqual(plain, []);
  });
  test("every probe by HTTP asks with it", () => {
    const texts = [...everything.values()].map((list) => list.join("\n"));
    const probes = texts.flatMap((text) => text.match(/"httpGet": \{[^}]*\}/g) ?? []);
    assert.ok(probes.length > 100, "too few probes were found");
    assert.deepEqual(
      probes.filter((probe) => !probe.includes('"scheme": "HTTPS"')),
      [],
    );
  });
  test("no program is told that somebody else's port is without it", () => {
    assert.deepEqual(
      lines.filter((line) => /insecure"?[ :=]+"?true|otlp-insecure|"TLS_ENABLED": "false"/i.test(line)),
      [],
    );
  });
});

describe("one port that takes TLS", () => {
  test("of Prometheus changes its probes, its scrape job and everybody who asks it, and nothing else", () => {
    const lines = changed(whileSecure([[prometheus.roles.server, "http"]]));
    some(lines, /prometheus\/monolithic: "scheme": "HTTPS"/);
    some(lines, /prometheus\/scalable: "scheme": "https"/);
    some(lines, /alloy-gateway\/monolithic: .*https:\/\/prometheus:9090/);
    some(lines, /tempo\/microservices: .*https:\/\/prometheus:9090/);
    some(lines, /keda-loki: .*https:\/\/prometheus\.observability:9090/);
    some(lines, /thanos-sidecar: .*https:\/\/127\.0\.0\.1:9090/);
    assert.deepEqual(
      lines.filter((line) => !/HTTPS|"https"|https:\/\/[\w.]+:9090/.test(line)),
      [],
    );
  });
  test("of Alertmanager changes how it is found by Prometheus, Thanos, Loki and Mimir, and Grafana's data source", () => {
    const lines = changed(whileSecure([[alertmanager.roles.server, "http"]]));
    for (const asker of ["prometheus", "grafana|alertmanager", "thanos", "loki", "mimir"])
      some(lines, new RegExp(`(${asker})/.*https`));
  });
  test("of MinIO changes what every program is told of the store", () => {
    const lines = changed(whileSecure([[minio.roles.server, "s3"]]));
    for (const asker of ["loki", "mimir", "tempo"]) some(lines, new RegExp(`${asker}/.*INSECURE": "false"`));
    some(lines, /thanos\/.*"insecure": false/);
    some(lines, /tempo\/.*mc alias set store \\?"https:/);
  });
  test("has a URL only if it speaks HTTP", () => {
    const { server } = defineRoles("x", { ports: { grpc: 1, http: 2 } }, { server: { tier: "read" } });
    assert.equal(scheme(server, "http"), "http");
    assert.throws(() => scheme(server, "grpc"), /x\/server speaks grpc on its port grpc/);
  });
});
