import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IContainer } from "kubernetes-models/v1/Container";
import { parse } from "yaml";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";
import { containersOf, type Labels, podTemplates, type PodTemplate } from "../src/core/kubernetes/reading.ts";
import { network } from "../src/core/kubernetes/network-rules.ts";
import { fileText } from "../src/core/util/text.ts";
import { SettingsError } from "../src/settings/validate.ts";
import { parseAlloy } from "./lib/alloy.ts";
import { built, environmentOf, type World, worldNamed, worlds } from "./lib/world.ts";

/** Programs that can trace themselves, by image. Promtail, nginx, exporters, Kafka and MinIO cannot, or by other means. */
const tracing = /\/(?:alloy|grafana|loki|mimir|tempo|thanos):/;

/** A container that can trace itself, and what its process is given, as kubelet does it. */
interface Traced {
  readonly pod: PodTemplate;
  readonly component: string;
  readonly env: Labels;
  readonly args: readonly string[];
}

const configMap = (objects: readonly Manifest[], name: string): Labels =>
  (objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name)?.["data"] ?? {}) as Labels;

/** Of two sources of one name the later counts, and `env` before all of `envFrom`. */
const environmentOfProcess = (objects: readonly Manifest[], { env = [], envFrom = [] }: IContainer): Labels => ({
  ...Object.assign({}, ...envFrom.map(({ configMapRef }) => configMap(objects, configMapRef?.name ?? ""))),
  ...Object.fromEntries(env.map(({ name, value = "" }) => [name, value])),
});

const tracedIn = ({ objects }: World): readonly Traced[] =>
  podTemplates(objects).flatMap((pod) =>
    containersOf(pod)
      .filter(({ image = "", name }) => tracing.test(image) && name !== "thanos-sidecar")
      .map((container) => {
        const env = environmentOfProcess(objects, container);
        return {
          pod,
          component: pod.labels["app.kubernetes.io/name"] ?? "",
          env,
          // What is no variable stays as it is written.
          args: (container.args ?? []).map((arg) =>
            arg.replace(/\$\(([A-Z0-9_]+)\)/g, (text, name: string) => env[name] ?? text),
          ),
        };
      }),
  );

/** What a process would do, whichever way it is told. */
interface Tracing {
  readonly to: string;
  readonly ratio: number;
  readonly resource: Labels;
}

const pairs = (text = ""): Labels => Object.fromEntries(text.split(",").map((pair) => pair.split(/=(.*)/, 2)));

/**
 * Loki, Mimir and Tempo trace themselves where OTEL_EXPORTER_OTLP_ENDPOINT is set (dskit's tracing/otel.go, Tempo's
 * cmd/tempo/main.go), by HTTP and protobuf where no protocol is said (go.opentelemetry.io/contrib/exporters/autoexport).
 */
function ofSdk({ env }: Traced): Tracing | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG } = env;
  if (!endpoint) return undefined;
  const { protocol, host } = new URL(endpoint);
  assert.equal(protocol, "http:");
  assert.equal(OTEL_TRACES_SAMPLER, "parentbased_traceidratio");
  return { to: host, ratio: Number(OTEL_TRACES_SAMPLER_ARG), resource: pairs(env["OTEL_RESOURCE_ATTRIBUTES"]) };
}

/** Keys of Config in pkg/tracing/otlp/config.go of Thanos 0.42.5, which is not told of those that it does not know. */
const thanosKeys = ["client_type", "service_name", "endpoint", "insecure", "sampler_type", "sampler_param"];

function ofThanos({ env, args }: Traced): Tracing | undefined {
  const flag = args.filter((arg) => arg.startsWith("--tracing.config="));
  assert.equal(flag.length, 1);
  const said = flag[0]?.replace("--tracing.config=", "");
  // Nothing is no configuration (cmd/thanos/main.go); what is no JSON ends the program.
  if (said === "") return undefined;
  const { type, config } = JSON.parse(said ?? "") as { type: string; config: Readonly<Record<string, unknown>> };
  assert.equal(type, "OTLP");
  assert.deepEqual(
    Object.keys(config).filter((key) => !thanosKeys.includes(key)),
    [],
  );
  assert.deepEqual([config["client_type"], config["insecure"]], ["http", true]);
  assert.equal(config["sampler_type"], "parentbasedtraceidratiobased");
  assert.ok(env["OTEL_SERVICE_NAME"], "Thanos names no service by itself");
  assert.equal(typeof config["sampler_param"], "string");
  return {
    to: String(config["endpoint"]),
    ratio: Number(config["sampler_param"]),
    resource: pairs(env["OTEL_RESOURCE_ATTRIBUTES"]),
  };
}

/** Sections tracing.opentelemetry and tracing.opentelemetry.otlp of Grafana's conf/defaults.ini; the exporter is gRPC's. */
function ofGrafana({ env }: Traced): Tracing | undefined {
  const of = (key: string): string | undefined => env[`GF_TRACING_OPENTELEMETRY_${key}`];
  const to = of("OTLP_ADDRESS");
  if (!to) return undefined;
  assert.deepEqual([of("SAMPLER_TYPE"), of("OTLP_INSECURE")], ["probabilistic", "true"]);
  return { to, ratio: Number(of("SAMPLER_PARAM")), resource: pairs(env["OTEL_RESOURCE_ATTRIBUTES"]) };
}

/** The block `tracing` of Alloy, which goes through its own pipeline and not over the network. */
function ofAlloy({ env, pod }: Traced, { objects }: World): Tracing | undefined {
  const mounted = pod.spec.volumes?.flatMap(({ configMap }) => configMap?.name ?? []) ?? [];
  const blocks = mounted.flatMap((name) => Object.values(configMap(objects, name)).flatMap(parseAlloy));
  const block = blocks.find(({ name }) => name === "tracing");
  if (!block) return undefined;
  const [, variable = ""] =
    /^encoding\.from_json ?\( ?sys\.env ?\( ?"(\w+)"/.exec(block.attributes["sampling_fraction"] ?? "") ?? [];
  return {
    to: block.attributes["write_to"] ?? "",
    ratio: Number(env[variable]),
    resource: pairs(env["OTEL_RESOURCE_ATTRIBUTES"]),
  };
}

const tracingOf = (traced: Traced, world: World): Tracing | undefined => {
  const { component } = traced;
  if (component.startsWith("thanos")) return ofThanos(traced);
  if (component === "grafana") return ofGrafana(traced);
  return component.startsWith("alloy") ? ofAlloy(traced, world) : ofSdk(traced);
};

/** Alloy that takes no pushes would trace nothing but how it reads its configuration. */
const isAgent = ({ component }: Traced): boolean => ["alloy", "alloy-events", "kafka-exporter"].includes(component);

const on = worlds.filter(({ environment }) => environment.ownTraces);
const off = worlds.filter(({ environment }) => !environment.ownTraces);

for (const world of on) {
  const ratio = Number(world.environment.ownTraces?.ratio ?? "0.1");
  test(`in ${world.name} every program of the stack traces the share of requests that is asked for, to the gateway`, () => {
    const programs = tracedIn(world).filter((one) => !isAgent(one));
    assert.ok(programs.length >= 5);
    for (const one of programs) {
      const found = tracingOf(one, world) ?? assert.fail(`${one.pod.id} does not trace itself`);
      const ways: Readonly<Record<string, string>> = {
        grafana: "otlp:4317",
        "alloy-gateway": "[ otelcol.processor.memory_limiter.push.input ]",
      };
      assert.equal(found.to, ways[one.component] ?? "otlp:4318", one.pod.id);
      assert.equal(found.ratio, ratio, one.pod.id);
    }
  });

  test(`in ${world.name} a span says whose it is by the label of the lines that its pod logs`, () => {
    for (const one of tracedIn(world).filter((one) => !isAgent(one))) {
      const { resource } = tracingOf(one, world) ?? assert.fail();
      // Agents give lines the label `app` of the pod's label (src/components/log-agent.ts), and Loki the label
      // `service_name` of `app` (loki's docs/sources/get-started/labels, discover_service_name).
      assert.equal(resource["app"], one.pod.labels["app.kubernetes.io/name"], one.pod.id);
      assert.equal(resource["service.namespace"], "kube-lgtm", one.pod.id);
    }
  });
}

describe("without the setting", () => {
  test("no program traces itself", () => {
    assert.ok(off.length > 5);
    for (const world of off)
      for (const one of tracedIn(world)) assert.equal(tracingOf(one, world), undefined, `${world.name}: ${one.pod.id}`);
  });

  test("no way to the gateway is open for programs that would push spans", () => {
    const { objects } = worldNamed("dev");
    const pods = podTemplates(objects);
    const podOf = (name: string): PodTemplate =>
      pods.find(({ labels }) => labels["app.kubernetes.io/name"] === name) ?? assert.fail(name);
    for (const from of ["grafana", "loki", "tempo", "thanos"])
      assert.ok(!network(objects).open("Egress", podOf(from), podOf("alloy-gateway"), { port: 4318 }), from);
  });
});

describe("the stack's own spans", () => {
  const marks = on.flatMap((world) =>
    tracedIn(world)
      .filter((one) => !isAgent(one))
      .map((one) => tracingOf(one, world)?.resource ?? {}),
  );

  test("make no series: Tempo's metrics-generator leaves out what they say of themselves, in both of its processors", () => {
    // filter_policies of modules/generator/processor/{servicegraphs,spanmetrics}/config.go in Tempo 3.0.3: `exclude`
    // leaves out a span that has all of the attributes.
    const tempos = built.bases.filter(({ component: { name } }) => name === "tempo");
    assert.equal(tempos.length, 3);
    for (const { configs } of tempos) {
      const file = configs.find(({ files = {} }) => "tempo.yaml" in files)?.files?.["tempo.yaml"];
      const { processor } = parse(fileText(file ?? "")).metrics_generator;
      for (const { filter_policies: [policy] = [] } of [processor.service_graphs, processor.span_metrics])
        for (const said of marks) {
          assert.equal(policy.exclude.match_type, "strict");
          for (const { key, value } of policy.exclude.attributes)
            assert.equal(said[(key as string).replace(/^resource\./, "")], value);
        }
    }
  });

  test("get the name of their component at the gateway, and those of others keep theirs", () => {
    const gateways = built.bases.filter(({ component: { name } }) => name === "alloy-gateway");
    for (const { configs } of gateways) {
      const text = fileText(configs.flatMap(({ files = {} }) => files["config.alloy"] ?? [])[0] ?? "");
      const naming = parseAlloy(text)
        .flatMap(({ blocks }) => blocks)
        .filter(
          ({ name, attributes }) =>
            name === "trace_statements" && /"service\.name"/.test(attributes["statements"] ?? ""),
        );
      assert.equal(naming.length, 1);
      const { conditions = "", statements = "" } = naming[0]?.attributes ?? {};
      const [, key = "", value = ""] = /resource\.attributes\["([^"]+)"\] == "([^"]+)"/.exec(conditions) ?? [];
      const [, from = ""] =
        /set\(resource\.attributes\["service\.name"\], resource\.attributes\["([^"]+)"\]\)/.exec(statements) ?? [];
      assert.ok(conditions.includes(` and resource.attributes["${from}"] != nil`));
      for (const said of marks) {
        assert.equal(said[key], value);
        assert.ok(said[from]);
      }
    }
  });
});

test("a share of requests is a number above 0 and up to 1: Grafana takes 0 for all, and others what they cannot read", () => {
  const refused = (ratio: unknown): void =>
    assert.throws(
      () => environmentOf("mine", { mode: "monolithic", metrics: "mimir", ownTraces: { ratio } }),
      (error) => error instanceof SettingsError && error.message.includes("ownTraces.ratio is"),
    );
  for (const ratio of ["0", "0.0", "1.5", "10%", "", "-0.1", ".5", 0.1]) refused(ratio);
  for (const ratio of ["1", "0.5", "0.01"])
    assert.equal(
      environmentOf("mine", { mode: "monolithic", metrics: "mimir", ownTraces: { ratio } }).ownTraces?.ratio,
      ratio,
    );
});
