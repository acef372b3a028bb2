import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import { variable } from "../src/core/model/component.ts";
import { environment } from "../src/settings/schema.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { references, schema } from "./lib/reference.ts";
import { built, dev, environmentOf, root, shipped } from "./lib/world.ts";

/** Every setting that there is, as a complaint lists them. */
const every = Object.keys(schema.entries)
  .map((key) => `"${key}"`)
  .join(", ");

const good = { mode: "monolithic", metrics: "mimir" };

/** What a settings file's author reads. */
function complaint(settings: unknown, name = "prod"): string {
  try {
    environmentOf(name, settings);
  } catch (error) {
    assert.ok(error instanceof SettingsError, `not a SettingsError: ${String(error)}`);
    return error.message;
  }
  return "(nothing)";
}

const lokiSettings = Object.keys(
  dev.overlay.parts.flatMap(({ bases }) => bases).find(({ component }) => component.name === "loki")?.settings ?? {},
);
const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(", ");

describe("a wrong setting stops the build with its path, what was found and what to do", () => {
  const s3 = { kind: "s3", region: "eu-central-1", bucketPrefix: "acme-" };
  const role = "arn:aws:iam::123456789012:role/lgtm";
  const loki = (settings: object): object => ({ ...good, components: { loki: settings } });
  const cases: readonly [string, unknown, RegExp | string][] = [
    [
      "an unknown key",
      { ...good, retention: "30d" },
      "src/environments/prod.ts: unknown setting retention; it is in components.loki.retention, components.mimir.retention, components.prometheus.retention, components.tempo.retention, components.thanos-receive.retention",
    ],
    [
      "an unknown mode",
      { ...good, mode: "distributed" },
      'src/environments/prod.ts: mode is "distributed": expected one of "monolithic", "scalable", "microservices"',
    ],
    [
      "no mode",
      { metrics: "mimir" },
      'src/environments/prod.ts: mode is missing: expected one of "monolithic", "scalable", "microservices"',
    ],
    [
      "an unknown metrics back end",
      { ...good, metrics: "cortex" },
      'src/environments/prod.ts: metrics is "cortex": expected one of "mimir", "thanos-receive", "thanos-sidecar"',
    ],
    [
      "a metrics back end that only JavaScript knows",
      { ...loki({ retention: "30d" }), metrics: "toString" },
      'src/environments/prod.ts: metrics is "toString": expected one of "mimir", "thanos-receive", "thanos-sidecar"',
    ],
    [
      "an unknown way of credentials",
      { ...good, credentials: "vault" },
      'src/environments/prod.ts: credentials is "vault": expected one of "by-name", "throw-away"',
    ],
    [
      "an unknown component",
      { ...good, components: { lokki: {} } },
      'src/environments/prod.ts: unknown setting components.lokki; did you mean "loki"?',
    ],
    [
      "an unknown setting of a component",
      loki({ retentoin: "30d" }),
      'src/environments/prod.ts: unknown setting components.loki.retentoin; did you mean "retention"?',
    ],
    [
      "a wrong unit",
      loki({ retention: "30days" }),
      'src/environments/prod.ts: components.loki.retention is "30days": expected a duration such as "720h" or "30d"',
    ],
    [
      "a number where text belongs",
      loki({ retention: 30 }),
      'src/environments/prod.ts: components.loki.retention is 30: expected a duration such as "720h" or "30d"',
    ],
    [
      "a boolean that is none",
      loki({ authEnabled: "yes" }),
      'src/environments/prod.ts: components.loki.authEnabled is "yes": expected "true" or "false"',
    ],
    [
      "a count that is none",
      loki({ replicationFactor: "0" }),
      'src/environments/prod.ts: components.loki.replicationFactor is "0": expected a whole number such as "3"',
    ],
    [
      "a URL without a scheme",
      { ...good, components: { tempo: { remoteWriteUrl: "prometheus:9090" } } },
      'src/environments/prod.ts: components.tempo.remoteWriteUrl is "prometheus:9090": expected a URL such as "http://prometheus:9090/api/v1/write"',
    ],
    [
      "an address with a scheme",
      { ...good, components: { "alloy-gateway": { tempoOtlpEndpoint: "http://tempo:4317" } } },
      'src/environments/prod.ts: components.alloy-gateway.tempoOtlpEndpoint is "http://tempo:4317": expected host and port such as "tempo-distributor:4317", without a scheme',
    ],
    [
      "a host with a scheme",
      loki({ s3Endpoint: "http://minio:9000" }),
      'src/environments/prod.ts: components.loki.s3Endpoint is "http://minio:9000": expected a host such as "minio:9000", without a scheme',
    ],
    [
      "a store of no kind that there is",
      loki({ store: "swift" }),
      'src/environments/prod.ts: components.loki.store is "swift": expected "s3", "gcs" or "azure"',
    ],
    [
      "a bucket that is none",
      loki({ bucket: "My Bucket" }),
      'src/environments/prod.ts: components.loki.bucket is "My Bucket": expected a bucket of 3 to 63 small letters, digits, "-" and "."',
    ],
    [
      "a value that smuggles in another line",
      loki({ bucket: "chunks\nLOKI_X=1" }),
      'src/environments/prod.ts: components.loki.bucket is "chunks\\nLOKI_X=1": expected a bucket of 3 to 63 small letters, digits, "-" and "."',
    ],
    [
      "settings of a component that the environment leaves out",
      { ...good, components: { thanos: { retentionRaw: "1d" } } },
      'src/environments/prod.ts: components.thanos has no effect: metrics "mimir" leaves it out. Remove one of the two.',
    ],
    [
      "settings that are no table",
      loki([]),
      `src/environments/prod.ts: components.loki is []: expected settings such as ${quoted(lokiSettings)}`,
    ],
    [
      "a port that is none",
      { ...good, network: { dnsPorts: [0], apiServerPorts: 7443 } },
      [
        "src/environments/prod.ts: network.apiServerPorts is 7443: expected a list of ports such as [7443]",
        "src/environments/prod.ts: network.dnsPorts[0] is 0: expected a port such as 443",
      ].join("\n"),
    ],
    [
      "ways out of a workload that is not there",
      { ...good, egress: { "loki-ruler": [{ port: 443 }] } },
      'src/environments/prod.ts: egress.loki-ruler has no effect: loki stands in mode "monolithic", whose workload is "loki"; "loki-ruler" is in "microservices". Name one of the first, or set modes.loki.',
    ],
    [
      "a way out that says no port, a range that is none, and a word that nobody knows",
      { ...good, egress: { grafana: [{ cidr: "::/0" }, { port: 25, cidr: "10.0.0.0/33" }, { port: 25, host: "a" }] } },
      [
        'src/environments/prod.ts: unknown setting egress.grafana[2].host; expected one of "port", "cidr"',
        "src/environments/prod.ts: egress.grafana[0].port is missing: expected a port such as 443",
        'src/environments/prod.ts: egress.grafana[1].cidr is "10.0.0.0/33": expected addresses such as "203.0.113.0/24"',
      ].join("\n"),
    ],
    [
      "a way out that is no list",
      { ...good, egress: { grafana: { port: 443 } } },
      'src/environments/prod.ts: egress.grafana is {"port":443}: expected a list of ways out such as [{ port: 587, cidr: "203.0.113.0/24" }]',
    ],
    [
      "an unknown mode of a component",
      { ...good, modes: { grafana: "microservices" } },
      'src/environments/prod.ts: modes.grafana is "microservices": expected one of "monolithic"',
    ],
    [
      "an unknown collector",
      { ...good, collector: "fluentd" },
      'src/environments/prod.ts: collector is "fluentd": expected one of "alloy", "promtail"',
    ],
    [
      "settings of the collector that was not chosen",
      { ...good, components: { promtail: { cluster: "x" } } },
      'src/environments/prod.ts: components.promtail has no effect: collector "alloy" leaves it out. Remove one of the two.',
    ],
    [
      "a Compose file that is neither wanted nor not",
      { ...good, compose: true },
      'src/environments/prod.ts: compose is true: expected one of "generated", "none"',
    ],
    [
      "an exposure by nothing known",
      { ...good, exposure: { by: "traefik" } },
      'src/environments/prod.ts: exposure.by is "traefik": expected one of "ingress", "gateway-api"',
    ],
    [
      "an exposure that is no table",
      { ...good, exposure: "ingress" },
      'src/environments/prod.ts: exposure is "ingress": expected a table with "by", one of "ingress", "gateway-api"',
    ],
    [
      "an option that the exposure does not have",
      { ...good, exposure: { by: "gateway-api", class: "nginx" } },
      'src/environments/prod.ts: unknown setting exposure.class; expected one of "by", "gateway", "gatewayNamespace", "host"',
    ],
    [
      "a host that is none",
      { ...good, exposure: { by: "ingress", host: "https://grafana" } },
      'src/environments/prod.ts: exposure.host is "https://grafana": expected a host such as "grafana.example.com", without a scheme and a port',
    ],
    [
      "replicas of a workload that is not there",
      { ...good, replicas: { "loki-read": 1 } },
      'src/environments/prod.ts: replicas.loki-read has no effect: loki stands in mode "monolithic", whose workload is "loki"; "loki-read" is in "scalable". Name one of the first, or set modes.loki.',
    ],
    [
      "a repository without a scheme",
      { ...good, repository: { url: "example.org/ours.git" } },
      'src/environments/prod.ts: repository.url is "example.org/ours.git": expected the address of a git repository such as "https://github.com/acme/obs.git" or "ssh://git@github.com/acme/obs.git", without a password',
    ],
    [
      "two states of a repository",
      { ...good, repository: { tag: "v1.2.0", semver: ">=1.0.0" } },
      'src/environments/prod.ts: repository has "tag" and "semver": expected one of them, or "commit" with "branch", because Flux follows one only. Remove the others.',
    ],
    [
      "half a replica",
      { ...good, replicas: { loki: 0.5 } },
      "src/environments/prod.ts: replicas.loki is 0.5: expected a whole number such as 3",
    ],
    [
      "a volume of a component that has none",
      { ...good, volumes: { "kube-state-metrics": "none" } },
      /^src\/environments\/prod\.ts: unknown setting volumes\.kube-state-metrics; expected one of "default", .*"loki"/,
    ],
    [
      "a volume of no size",
      { ...good, volumes: { loki: { size: "10G" } } },
      'src/environments/prod.ts: volumes.loki.size is "10G": expected whole gibibytes such as "10Gi"',
    ],
    [
      "a volume that is nothing known",
      { ...good, volumes: { default: "tmpfs" } },
      'src/environments/prod.ts: volumes.default is "tmpfs": expected "claim", "none", or a "class" and a "size"',
    ],
    [
      "components that are no table",
      { ...good, components: "loki" },
      'src/environments/prod.ts: components is "loki": expected settings by component',
    ],
    [
      "a runtime that is not known",
      { ...good, nodes: { runtime: "dockerd" } },
      'src/environments/prod.ts: nodes.runtime is "dockerd": expected one of "cri", "docker"',
    ],
    [
      "nodes that are no table",
      { ...good, nodes: "docker" },
      'src/environments/prod.ts: nodes is "docker": expected a table such as { runtime: "docker" }',
    ],
    [
      "the nodes' journal where nobody reads it",
      { ...good, collector: "promtail", nodes: { journal: "read" } },
      'src/environments/prod.ts: nodes.journal is "read": Promtail reads the log files of pods only. Set collector to "alloy", or remove it.',
    ],
    [
      "one namespace for both",
      { ...good, namespaces: { stack: "one", agents: "one" } },
      `src/environments/prod.ts: namespaces.agents is "one": expected another namespace than the stack's, because agents may touch the host and the stack may not`,
    ],
    [
      "a namespace that is no name",
      { ...good, namespaces: { stack: "My Stack" } },
      'src/environments/prod.ts: namespaces.stack is "My Stack": expected the name of a namespace',
    ],
    [
      "an unknown namespace",
      { ...good, namespaces: { gateway: "x" } },
      'src/environments/prod.ts: unknown setting namespaces.gateway; expected one of "stack", "agents"',
    ],
    [
      "namespaces that are no table",
      { ...good, namespaces: "monitoring" },
      'src/environments/prod.ts: namespaces is "monitoring": expected names by "stack" and "agents"',
    ],
    [
      "a store of an unknown kind",
      { ...good, store: { kind: "swift" } },
      'src/environments/prod.ts: store.kind is "swift": expected one of "minio", "s3", "gcs", "azure"',
    ],
    [
      "a store that is no table",
      { ...good, store: "s3" },
      'src/environments/prod.ts: store is "s3": expected a table with "kind", one of "minio", "s3", "gcs", "azure"',
    ],
    [
      "a store that nobody could find",
      { ...good, store: { kind: "s3" } },
      [
        'src/environments/prod.ts: store.region is missing: expected a region such as "eu-central-1"',
        `src/environments/prod.ts: store.bucketPrefix is missing: expected what the buckets' names begin with, such as "acme-prod-"`,
      ].join("\n"),
    ],
    [
      "another kind's field",
      { ...good, store: { kind: "gcs", bucketPrefix: "acme-", region: "eu" } },
      'src/environments/prod.ts: unknown setting store.region; expected one of "kind", "bucketPrefix", "identity"',
    ],
    [
      "a store in a folder of a host",
      { ...good, store: { ...s3, endpoint: "https://example.com/s3" } },
      'src/environments/prod.ts: store.endpoint is "https://example.com/s3": expected a URL without a path such as "https://ceph.example.com:8443"',
    ],
    [
      "an account that Azure would not have",
      { ...good, store: { kind: "azure", account: "Acme_Prod" } },
      'src/environments/prod.ts: store.account is "Acme_Prod": expected a storage account of 3 to 24 small letters and digits',
    ],
    [
      "an identity of another cloud",
      { ...good, store: { ...s3, identity: { default: "loki@acme.iam.gserviceaccount.com" } } },
      'src/environments/prod.ts: store.identity.default is "loki@acme.iam.gserviceaccount.com": expected the ARN of a role such as "arn:aws:iam::123456789012:role/loki"',
    ],
    [
      "an identity of somebody who keeps nothing",
      { ...good, store: { ...s3, identity: { grafana: "x", default: role } } },
      'src/environments/prod.ts: unknown setting store.identity.grafana; expected one of "loki", "mimir", "tempo", "thanos", "default"',
    ],
    [
      "an identity that is missing",
      { ...good, store: { ...s3, identity: { loki: role, thanos: role, tempo: role } } },
      'src/environments/prod.ts: store.identity.mimir is missing: expected the ARN of a role such as "arn:aws:iam::123456789012:role/loki"',
    ],
    [
      "an identity that Azure cannot guess",
      { ...good, store: { kind: "azure", account: "acme", identity: "workload" } },
      'src/environments/prod.ts: store.identity is "workload": expected "secret", or by component the client ID of a managed identity such as "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e"',
    ],
    [
      "made-up keys of somebody else's store",
      { ...good, store: s3, credentials: "throw-away" },
      'src/environments/prod.ts: credentials is "throw-away": expected "by-name", because nobody can make up the keys of a store outside the cluster',
    ],
    [
      "settings of a store that is left out",
      { ...good, store: s3, volumes: { minio: "none" } },
      'src/environments/prod.ts: volumes.minio has no effect: store "s3" leaves it out. Remove one of the two.',
    ],
    [
      "a tenant where nobody would name it",
      { ...good, mode: "monolithic", modes: { mimir: "scalable" }, tenant: "main" },
      'src/environments/prod.ts: tenant is "main": loki in mode "monolithic" has no gateway that would name it. Set modes.loki to one of "scalable", "microservices", or remove tenant.',
    ],
    [
      "a tenant that is none",
      { ...good, mode: "scalable", tenant: 'a"; evil' },
      'src/environments/prod.ts: tenant is "a\\"; evil": expected a tenant of letters, digits, "-", "_" and "."',
    ],
    [
      "what holds for a tenant of nobody",
      { ...good, overrides: { grafana: {} } },
      'src/environments/prod.ts: unknown setting overrides.grafana; expected one of "loki", "mimir", "tempo"',
    ],
    [
      "what holds for a tenant that is none",
      { ...good, overrides: { loki: { "team a": {} } } },
      'src/environments/prod.ts: overrides.loki has the key "team a": expected a tenant of letters, digits, "-", "_" and "."',
    ],
    [
      "what holds for a tenant and is no table",
      { ...good, overrides: { loki: { "team-a": "744h" } } },
      'src/environments/prod.ts: overrides.loki.team-a is "744h": expected a table of what loki has for one tenant, such as { retention_period: "744h" }',
    ],
    ["no settings at all", undefined, 'src/environments/prod.ts: expected "export default environment({ … })"'],
  ];
  for (const [what, settings, message] of cases)
    test(what, () =>
      typeof message === "string"
        ? assert.equal(complaint(settings), message)
        : assert.match(complaint(settings), message),
    );

  test("a name that Kubernetes would not take", () => {
    assert.equal(
      complaint(good, "Prod_1"),
      'src/environments/Prod_1.ts: name is "Prod_1": expected a file name of up to 45 small letters, digits and "-"',
    );
  });

  test("all problems of a file at once", () => {
    const settings = {
      mode: "big",
      metrics: "mimir",
      colour: "red",
      components: { loki: { retention: "x", authEnabled: 1 } },
    };
    assert.deepEqual(complaint(settings).split("\n"), [
      `src/environments/prod.ts: unknown setting colour; expected one of ${every}`,
      'src/environments/prod.ts: mode is "big": expected one of "monolithic", "scalable", "microservices"',
      'src/environments/prod.ts: components.loki.authEnabled is 1: expected "true" or "false"',
      'src/environments/prod.ts: components.loki.retention is "x": expected a duration such as "720h" or "30d"',
    ]);
  });
});

describe("a right setting", () => {
  test("has its default where it is left out", () => {
    assert.deepEqual(environmentOf("prod", good), {
      name: "prod",
      file: "src/environments/prod.ts",
      mode: "monolithic",
      modes: {},
      metrics: "mimir",
      store: { kind: "minio" },
      overrides: {},
      platform: "kubernetes",
      collector: "alloy",
      nodes: {},
      monitors: "none",
      generators: "none",
      compose: "none",
      credentials: "by-name",
      repository: { url: "https://git.example.com/kube-lgtm.git" },
      namespaces: { stack: "observability", agents: "observability-agents" },
      replicas: {},
      scaling: {},
      stack: "full",
      volumes: {},
      components: {},
      network: {},
      objectives: {},
      egress: {},
    });
  });
  test("of a file may be composed from another's", () => {
    const other = environment({ ...dev.environment, metrics: "mimir" });
    assert.equal(other.metrics, "mimir");
  });
  test("is a variable that reads like its name", () => {
    assert.equal(variable("loki", "retention"), "LOKI_RETENTION");
    assert.equal(variable("loki", "bucketRuler"), "LOKI_BUCKET_RULER");
    assert.equal(variable("loki", "s3ForcePathStyle"), "LOKI_S3_FORCE_PATH_STYLE");
    assert.equal(variable("thanos", "retention5m"), "THANOS_RETENTION_5M");
    assert.equal(variable("alloy-gateway", "lokiOtlpUrl"), "ALLOY_GATEWAY_LOKI_OTLP_URL");
  });
  test("of every component passes its own check, and no two of them are one variable", () => {
    for (const { component, mode, settings } of built.bases) {
      const values = Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [key, value]));
      const answers = {
        modes: { [component.name]: mode },
        metrics: component.name === "mimir" ? "mimir" : "thanos-receive",
        collector: component.name === "promtail" ? "promtail" : "alloy",
        generators: "demo",
      };
      if (Object.keys(values).length > 0)
        assert.equal(complaint({ ...good, ...answers, mode, components: { [component.name]: values } }), "(nothing)");
      const variables = Object.keys(settings).map((key) => variable(component.name, key));
      assert.equal(new Set(variables).size, variables.length, component.name);
    }
  });
});

describe("an author of settings", () => {
  /** `make lint` fails where one of these lines has no error of its types. */
  test("is told of a misspelt name by the editor", () => {
    const wrong = [
      // @ts-expect-error a setting
      environment({ mode: "monolithic", metric: "mimir", metrics: "mimir" }),
      // @ts-expect-error a component
      environment({ mode: "monolithic", metrics: "mimir", modes: { lokki: "scalable" } }),
      // @ts-expect-error a component's setting
      environment({ mode: "monolithic", metrics: "mimir", components: { loki: { retenton: "30d" } } }),
      // @ts-expect-error a workload
      environment({ mode: "scalable", metrics: "mimir", replicas: { "loki-reed": 3 } }),
      // @ts-expect-error a component with a volume
      environment({ mode: "scalable", metrics: "mimir", volumes: { promtail: "none" } }),
      // @ts-expect-error a field of a store
      environment({ mode: "scalable", metrics: "mimir", store: { kind: "gcs", bucketPrefix: "a-", region: "eu" } }),
      // @ts-expect-error an option
      environment({ mode: "scalable", metrics: "mimir", exposure: { by: "ingress", hosts: "a.example.com" } }),
      // @ts-expect-error where it goes
      environment({ ...dev.environment, egress: { grafana: [{ port: 443, range: "10.0.0.0/8" }] } }),
    ];
    for (const one of wrong) assert.notEqual(complaint(one), "(nothing)");
  });
  test("has the files for editors as the table of settings has them (npm run reference)", () => {
    const plain = (text: string): string => text.replaceAll(/[\s,;|]+|-{3,}/g, "");
    for (const [path, text] of Object.entries(references()))
      assert.equal(plain(readFileSync(`${root}/${path}`, "utf8")), plain(text), path);
  });
  test("has an editor that takes every shipped environment and marks a misspelt key in YAML", () => {
    const text = readFileSync(`${root}/src/settings/environment.schema.json`, "utf8");
    const check = new Ajv({ strict: false }).compile(JSON.parse(text) as object);
    for (const { environment } of shipped) {
      const { name, file, ...settings } = environment;
      assert.ok(check(settings), `${name} ${file} ${JSON.stringify(check.errors)}`);
    }
    const good = { mode: "scalable", metrics: "mimir" };
    assert.ok(check(good));
    for (const wrong of [
      { ...good, metric: "mimir" },
      { mode: "scalable" },
      { ...good, components: { loki: { retenton: "30d" } } },
      { ...good, components: { loki: { retention: "30days" } } },
      { ...good, replicas: { loki: 1.5 } },
      { ...good, network: { dnsPorts: [70000] } },
    ])
      assert.ok(!check(wrong), JSON.stringify(wrong));
  });
});

describe("what was probably meant is found", () => {
  const cases: readonly [object, string][] = [
    [{ mode: "monolithic", metric: "mimir", metrics: "mimir" }, 'unknown setting metric; did you mean "metrics"?'],
    [{ ...good, components: { loki: { retension: "30d" } } }, 'components.loki.retension; did you mean "retention"?'],
    [
      { ...good, components: { loki: { s3endpoint: "a:1" } } },
      'components.loki.s3endpoint; did you mean "s3Endpoint"?',
    ],
    [{ ...good, replicas: { "loki-raed": 1 } }, 'unknown setting replicas.loki-raed; did you mean "loki-read"?'],
    [{ ...good, images: {} }, 'unknown setting images; an overlay of your own says them, under "images:"'],
    [{ ...good, components: { grafana: {} } }, 'literals of "grafana-settings"'],
    [
      { ...good, metrics: "thanos-sidecar", modes: { mimir: "scalable" } },
      'modes.mimir has no effect: metrics "thanos-sidecar" leaves it out.',
    ],
    [{ ...good, replicas: { thanos: 2 } }, "unknown setting replicas.thanos"],
    [{ ...good, egress: { promtail: [{ port: 443 }] } }, 'egress.promtail has no effect: collector "alloy" leaves'],
    [{ ...good, kafka: { address: "kafka.example.com" } }, 'such as "kafka.example.com:9092", without a scheme'],
    [{ ...good, database: { by: "postgres" } }, 'database.host is missing: expected host and port such as "db.'],
    [{ ...good, region: "eu-central-1" }, "unknown setting region; it is in store.region"],
  ];
  for (const [settings, text] of cases)
    test(text, () => assert.ok(complaint(settings).includes(text), complaint(settings)));

  test("addresses of git that Flux's users have are taken", () => {
    for (const url of [
      "git@github.com:acme/obs.git",
      "ssh://git@github.com/acme/obs.git",
      "https://git.acme.com/o.git",
    ])
      assert.equal(complaint({ ...good, repository: { url, secretRef: "git" } }), "(nothing)");
    assert.match(
      complaint({ ...good, repository: { url: "https://me:secret@git.acme.com/o.git" } }),
      /without a password/,
    );
  });
  test("values that no text has are shown, too", () => {
    const ring: Record<string, unknown> = {};
    ring["ring"] = ring;
    for (const value of [10n, ring, Symbol("a"), () => 1, new Map(), new Date(), NaN, [], null, "\n"])
      for (const settings of [
        value,
        { ...good, tenant: value },
        { ...good, components: value },
        { ...good, overrides: { loki: { a: { b: value } } } },
      ])
        assert.match(`${complaint(settings)}\n`, /^(src\/environments\/prod\.ts: .+\n)+$|^\(nothing\)\n$/);
  });
});
