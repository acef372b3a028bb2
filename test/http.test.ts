import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { type Api, below, loki, mimir, onlyTenant, samples, tenantHeader } from "./facts/http.ts";
import type { Block } from "./lib/alloy.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf, type Labels } from "./lib/objects.ts";
import {
  at,
  type Behind,
  blocksOf,
  configOf,
  fileOf,
  flag,
  type Process,
  processesOf,
  reached,
  rolesOf,
  running,
  yamlOf,
} from "./lib/processes.ts";
import { type World, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* What is asked for by HTTP, of whom and as whom, is compared with what upstream's programs answer (test/facts/http.ts). */

interface Gateway {
  readonly process: Process;
  readonly program: "loki" | "mimir";
  readonly conf: string;
  readonly tenant: string;
}

const gatewaysOf = (objects: readonly Manifest[]): readonly Gateway[] =>
  (["loki", "mimir"] as const).flatMap((program) =>
    running(objects, "nginx-unprivileged", `${program}-gateway`).map((process) => ({
      process,
      program,
      conf: fileOf(process, "/etc/gateway/nginx.conf"),
      tenant: fileOf(process, "/etc/gateway/tenant.conf"),
    })),
  );

interface Location {
  readonly exact: boolean;
  readonly path: string;
  readonly to: string;
}

/** As nginx reads them: https://nginx.org/en/docs/http/ngx_http_core_module.html#location */
const locationsOf = (conf: string): readonly Location[] =>
  [...conf.matchAll(/location (= )?(\S+) \{\s+proxy_pass (\S+);/g)].map(([, equals, path = "", to = ""]) => ({
    exact: equals !== undefined,
    path,
    to,
  }));
const locationOf = (locations: readonly Location[], path: string): Location | undefined =>
  locations.find((one) => one.exact && one.path === path) ??
  locations
    .filter((one) => !one.exact && path.startsWith(one.path))
    .toSorted((a, b) => b.path.length - a.path.length)[0];

const apis: Readonly<Record<Gateway["program"], Api>> = { loki, mimir };

/** Paths of an API that a gateway sends to nobody, or to somebody who does not answer them. */
const routeFaults = (objects: readonly Manifest[]): Findings =>
  gatewaysOf(objects).flatMap(({ process, program, conf }) => {
    const locations = locationsOf(conf);
    return [
      ...locations
        .filter(({ to }) => !/^http:\/\/[^/]+$/.test(to))
        .map(({ path, to }) => `${process.at}: ${path} is sent to ${to}, by which its path is lost`),
      ...Object.entries(apis[program]).flatMap(([role, paths]) =>
        running(objects, program, role).length === 0
          ? []
          : paths.flatMap((path) => {
              const found = locationOf(locations, path);
              if (!found) return [`${process.at} has no route for ${path}`];
              const there = reached(objects, process.pod.namespace, found.to);
              return there.length > 0 && there.every((one) => rolesOf(one.process).includes(role))
                ? []
                : [`${process.at} sends ${path} to ${found.to}, where no ${role} is`];
            }),
      ),
    ];
  });

/** Who a gateway says that a client is, which names a tenant or none. */
function tenantOf({ conf, tenant }: Gateway, header: string, named: string): string | undefined {
  const [, sent] = new RegExp(`proxy_set_header ${header} (\\S+);`).exec(conf) ?? [];
  const variable = (name: string): string => `$http_${name.toLowerCase().replaceAll("-", "_")}`;
  const map = [...conf.matchAll(/map (\S+) (\S+) \{([^}]*)\}/g)].find(([, , to]) => to === sent);
  if (!map || map[1] !== variable(header)) return undefined;
  const rows = `${map[3]}\n${map[3]?.includes("tenant.conf") ? tenant : ""}`;
  const [, whoNone] = /"" "([^"]*)";/.exec(rows) ?? [];
  const [, otherwise] = /default (\S+);/.exec(rows) ?? [];
  return named === "" ? whoNone : otherwise === variable(header) ? named : otherwise;
}

/** The program that a request ends at, be it through nginx or not. */
const programAt = ({ process }: Behind): string =>
  process.program === "nginx-unprivileged" ? process.pod.name.replace(/-gateway$/, "") : process.program;

const textIn = (block: Block | undefined, attribute: string, { env }: Process): string => {
  const text = block?.attributes[attribute] ?? "";
  const [, name] = /^sys\.env \( "(\w+)" \)$/.exec(text) ?? [];
  return name === undefined ? text.replace(/^"|"$/g, "") : (env[name] ?? "");
};
const inner = (block: Block | undefined, name: string): Block | undefined =>
  block?.blocks.find((one) => one.name === name);

interface Exporter {
  readonly signal: string;
  readonly block: Block;
}

/** Where Alloy takes a signal from a receiver, component by component. https://grafana.com/docs/alloy/latest/reference/components/otelcol/ */
function exportersOf(process: Process): readonly Exporter[] {
  const blocks = blocksOf(process);
  const named = (id: string): Block | undefined => blocks.find(({ name, label }) => `${name}.${label}` === id);
  const follow = (block: Block, signal: string, passed: readonly Block[]): readonly Block[] => {
    if (passed.includes(block)) throw new Error(`${process.at}: ${block.name}.${block.label} leads to itself`);
    if (block.name.startsWith("otelcol.exporter.")) return [block];
    const next = inner(block, "output")?.attributes[signal] ?? "";
    return [...next.matchAll(/([\w.]+)\.input/g)].flatMap(([, id = ""]) => {
      const found = named(id);
      return found ? follow(found, signal, [...passed, block]) : [];
    });
  };
  return blocks
    .filter(({ name }) => name.startsWith("otelcol.receiver."))
    .flatMap((receiver) =>
      Object.keys(inner(receiver, "output")?.attributes ?? {}).flatMap((signal) => {
        const found = follow(receiver, signal, []);
        if (found.length !== 1)
          throw new Error(`${process.at}: ${receiver.name} sends ${signal} to ${found.length} exporters`);
        return found.map((block) => ({ signal, block }));
      }),
    );
}

const keepers: Readonly<Record<string, readonly string[]>> = {
  traces: ["tempo"],
  logs: ["loki"],
  metrics: ["prometheus", "mimir", "thanos"],
};

/** Samples that are sent to a path where nobody takes them, by remote write or OTLP. */
const pathFault = (objects: readonly Manifest[], from: Process, url: string, protocol: "otlp" | "remote-write") =>
  reached(objects, from.pod.namespace, url).flatMap((there) => {
    const takes = samples[programAt(there) as keyof typeof samples]?.[protocol];
    return takes === new URL(url).pathname
      ? []
      : [`${from.at} sends samples to ${url}: ${programAt(there)} takes them at ${takes ?? "no path"}`];
  });

/** Where each signal that is pushed to the OTLP gateway ends. */
const signalFaults = (objects: readonly Manifest[]): Findings =>
  running(objects, "alloy")
    .filter(({ pod }) => pod.name === "alloy-gateway")
    .flatMap((process) =>
      exportersOf(process).flatMap(({ signal, block }) => {
        const client = inner(block, "client");
        const url = textIn(block, `${signal}_endpoint`, process) || textIn(client, "endpoint", process);
        const there = reached(objects, process.pod.namespace, url);
        const wrong = there.filter((one) => !keepers[signal]?.includes(programAt(one)));
        return [
          ...(there.length === 0 ? [`${process.at} sends ${signal} to ${url}, where nobody is`] : []),
          ...wrong.map((one) => `${process.at} sends ${signal} to ${url}: ${one.process.at}`),
          ...(signal === "metrics" ? pathFault(objects, process, url, "otlp") : []),
          // The exporter adds /v1/logs.
          ...(signal === "logs" && new URL(url).pathname !== "/otlp" ? [`${process.at} sends logs to ${url}`] : []),
        ];
      }),
    );

/** Where log agents push. */
const agentFaults = (objects: readonly Manifest[]): Findings => {
  const urls = processesOf(objects).flatMap((process): (readonly [Process, string])[] => {
    if (process.program === "promtail") {
      const clients = at(configOf(process), "clients") as readonly { readonly url: string }[];
      return clients.map(({ url }) => [process, url] as const);
    }
    if (process.program !== "alloy") return [];
    return blocksOf(process)
      .filter(({ name }) => name === "loki.write")
      .map((block) => [process, textIn(inner(block, "endpoint"), "url", process)] as const);
  });
  return [
    ...(urls.length > 0 ? [] : ["no agent pushes anything"]),
    ...urls.flatMap(([process, url]) => {
      const there = reached(objects, process.pod.namespace, url);
      const fits = there.length > 0 && there.every((one) => programAt(one) === "loki");
      return fits && loki["distributor"]?.includes(new URL(url).pathname)
        ? []
        : [`${process.at} pushes lines to ${url}, where Loki takes none`];
    }),
  ];
};

interface RemoteWrite {
  readonly url: string;
}

/** Where samples are written to by Prometheus, by Tempo's generators and by Thanos's rulers. */
const writeFaults = (objects: readonly Manifest[]): Findings => {
  const of = (process: Process, list: unknown): (readonly [Process, string])[] =>
    ((list ?? []) as readonly RemoteWrite[]).map(({ url }) => [process, url] as const);
  const urls = [
    ...running(objects, "prometheus").flatMap((one) => of(one, at(configOf(one), "remote_write"))),
    ...running(objects, "tempo", "metrics-generator").flatMap((one) =>
      of(one, at(configOf(one), "metrics_generator.storage.remote_write")),
    ),
    ...running(objects, "thanos", "rule").flatMap((one) =>
      of(one, at(parse(flag(one, "--remote-write.config") ?? "{}"), "remote_write")),
    ),
  ];
  return [
    ...(urls.length > 0 ? [] : ["nobody writes samples"]),
    ...urls.flatMap(([process, url]) =>
      reached(objects, process.pod.namespace, url).length === 0
        ? [`${process.at} writes samples to ${url}, where nobody is`]
        : pathFault(objects, process, url, "remote-write"),
    ),
  ];
};

interface DataSource {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly jsonData: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Labels;
}

const grafanaOf = (objects: readonly Manifest[]): Process => {
  const [grafana] = running(objects, "grafana");
  assert.ok(grafana, "no Grafana");
  return grafana;
};
const sourcesOf = (grafana: Process): readonly DataSource[] =>
  [...grafana.files.keys()]
    .filter((path) => path.includes("/provisioning/datasources/"))
    .flatMap((path) => (yamlOf(grafana, path) as { readonly datasources: readonly DataSource[] }).datasources);

/** Data sources that ask another program than they think, or below another path. */
const sourceFaults = (objects: readonly Manifest[]): Findings => {
  const grafana = grafanaOf(objects);
  return sourcesOf(grafana).flatMap(({ name, type, url, jsonData }) => {
    const [there] = reached(objects, grafana.pod.namespace, url);
    if (!there) return [`${name} asks ${url}, where nobody is`];
    const program = programAt(there);
    const kind = String(jsonData["prometheusType"] ?? type).toLowerCase();
    const expected = type === "alertmanager" && jsonData["implementation"] === "mimir" ? "mimir" : kind;
    const path = new URL(url).pathname.replace(/\/$/, "");
    const fits = below[(type === "alertmanager" ? type : expected) as keyof typeof below];
    return [
      ...(program === expected ? [] : [`${name} asks ${url} as if it were ${expected}: ${there.process.at}`]),
      ...(path === fits ? [] : [`${name} asks below ${path || "/"}: expected ${fits || "/"}`]),
    ];
  });
};

const hasTenants = ({ environment }: World): boolean => environment.tenant !== undefined;

for (const world of worlds) {
  const { name, objects, environment } = world;
  describe(`in ${name}`, () => {
    test("a gateway sends each path of its program's API to a role that answers it", () => none(routeFaults(objects)));
    test("a gateway says who the tenant is in the header that its program reads, unless the client says so", () => {
      for (const gateway of gatewaysOf(objects)) {
        const who = environment.tenant ?? onlyTenant[gateway.program];
        assert.equal(tenantOf(gateway, tenantHeader.kit, ""), who, gateway.program);
        assert.equal(tenantOf(gateway, tenantHeader.kit, "team-a"), "team-a", gateway.program);
      }
    });
    test("who asks Tempo names the tenant in the header that it reads", () => {
      const who = environment.tenant ?? onlyTenant.tempo;
      const grafana = grafanaOf(objects);
      const tempo = sourcesOf(grafana).find(({ type }) => type === "tempo") ?? assert.fail("no data source of Tempo");
      assert.equal(tempo.jsonData["httpHeaderName1"], tenantHeader.kit);
      assert.equal(tempo.secureJsonData?.["httpHeaderValue1"], who);
      const [gateway] = running(objects, "alloy").filter(({ pod }) => pod.name === "alloy-gateway");
      const exporter = blocksOf(gateway ?? assert.fail()).find((one) => one.name === "otelcol.exporter.otlp");
      const [, header, variable = ""] =
        /"([^"]+)" = sys\.env \( "(\w+)" \)/.exec(inner(exporter, "client")?.attributes["headers"] ?? "") ?? [];
      assert.deepEqual([header, gateway?.env[variable]], [tenantHeader.kit, who]);
    });
    test("programs ask for a tenant where the environment has one", () => {
      const asked = { loki: "auth_enabled", mimir: "multitenancy_enabled", tempo: "multitenancy_enabled" };
      for (const [program, key] of Object.entries(asked))
        for (const one of processesOf(objects).filter((process) => !process.first && process.program === program))
          assert.equal(String(configOf(one)[key]), String(hasTenants(world)), one.at);
    });
    test("Thanos's receivers read the tenant from the header that Thanos calls so", () => {
      for (const role of ["receive-router", "receive-ingester"])
        for (const one of running(objects, "thanos", role))
          assert.equal(flag(one, "--receive.tenant-header")?.toUpperCase(), tenantHeader.thanos, one.at);
    });
    test("the OTLP gateway sends traces to Tempo, logs to Loki and metrics to what keeps metrics", () =>
      none(signalFaults(objects)));
    test("log agents push where Loki takes lines", () => none(agentFaults(objects)));
    test("samples are written where their receiver takes them", () => none(writeFaults(objects)));
    test("a data source asks the program that it is of, below the path that its API has there", () =>
      none(sourceFaults(objects)));
  });
}

describe("a request that goes wrong is reported", () => {
  const { objects } = worldNamed("staging-mimir");
  const id = (kind: string, start: string): string =>
    objects.map(idOf).find((one) => one.startsWith(`${kind} observability/${start}`)) ?? assert.fail(start);
  const dataOf = (config: string, key: string): string =>
    (objects.find((one) => idOf(one) === config)?.["data"] as Labels)[key] ?? assert.fail(key);
  const replaced = (config: string, key: string, from: string | RegExp, to: string): readonly Manifest[] => {
    const before = dataOf(config, key);
    const after = before.replace(from, to);
    assert.notEqual(after, before);
    return altered(objects, config, ["data", key], after);
  };
  const nginx = id("ConfigMap", "mimir-gateway-");
  test("a route that is missing, leads elsewhere or cuts the path", () => {
    says(
      routeFaults(replaced(nginx, "nginx.conf", /location = \/api\/v1\/push \{[^}]*\}/, "")),
      /mimir-gateway nginx has no route for \/api\/v1\/push/,
    );
    says(
      routeFaults(
        replaced(
          nginx,
          "nginx.conf",
          /(location = \/otlp\/v1\/metrics \{\s+proxy_pass http:\/\/)[^:]+/,
          "$1mimir-read",
        ),
      ),
      /sends \/otlp\/v1\/metrics to .*, where no distributor is/,
    );
    says(
      routeFaults(replaced(nginx, "nginx.conf", /(proxy_pass http:\/\/[^;]+);/, "$1/;")),
      /by which its path is lost/,
    );
  });
  test("a tenant's header that nobody reads", () => {
    const wrong = replaced(nginx, "nginx.conf", "proxy_set_header X-Scope-OrgID", "proxy_set_header X-OrgID");
    const gateway = gatewaysOf(wrong).find(({ program }) => program === "mimir");
    assert.equal(gateway && tenantOf(gateway, tenantHeader.kit, ""), undefined);
  });
  test("a signal that is sent to another's exporter", () => {
    const alloy = id("ConfigMap", "alloy-gateway-");
    const config = objects.map(idOf).find((one) => /alloy-gateway-[bcdfghkmt2456789]{10}$/.test(one)) ?? alloy;
    says(
      signalFaults(
        replaced(
          config,
          "config.alloy",
          "otelcol.exporter.otlphttp.loki.input",
          "otelcol.exporter.otlphttp.metrics.input",
        ),
      ),
      /sends logs to .*: Deployment observability\/mimir-gateway/,
    );
  });
  test("samples at a path where nobody takes them", () => {
    const tempo = id("ConfigMap", "tempo-settings-");
    says(
      writeFaults(replaced(tempo, "TEMPO_REMOTE_WRITE_URL", "/api/v1/push", "/api/v1/write")),
      /tempo-metrics-generator tempo sends samples to .*: mimir takes them at \/api\/v1\/push/,
    );
  });
  test("a data source below another path", () =>
    says(
      sourceFaults(replaced(id("ConfigMap", "grafana-datasource-mimir"), "mimir.yaml", "/prometheus", "/prom")),
      /Metrics asks below \/prom: expected \/prometheus/,
    ));
});
