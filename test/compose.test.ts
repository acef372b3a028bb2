import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { addressesIn, listens } from "./lib/addresses.ts";
import { type ComposeFile, composeOf, namesIn, orderFaults, type Service, specificationFaults } from "./lib/compose.ts";
import { none, says } from "./lib/findings.ts";
import { containersOf, type Labels, type PodTemplate, podTemplates } from "./lib/objects.ts";
import { relabelled, type Rule } from "./lib/scrape.ts";
import { environmentOf, rendered, worldNamed } from "./lib/world.ts";

const demo = worldNamed("demo");
const files = rendered();
const folder = "overlays/demo/compose";
const file = composeOf(files, "demo");
const services = Object.entries(file.services);
const pods = podTemplates(demo.objects);

/** What a container of the demo on Kubernetes is called under Compose. */
const twins = pods.flatMap((pod) =>
  pod.spec.containers.map((container, i, all) => {
    const second = all.length > 1 && !["loki", "prometheus"].includes(container.name);
    return { pod, container, service: second ? `${pod.name}-${container.name}` : pod.name, i };
  }),
);

/** Files that a service mounts, by the path from the root of the project. */
const mounted = ({ volumes = [] }: Service): readonly string[] =>
  volumes
    .flatMap((volume) => {
      const [source = ""] = volume.split(":");
      return /^[\w.-]+$/.test(source) && source in file.volumes ? [] : source.startsWith("/") ? [] : [source];
    })
    .map((source) => posix.join(folder, source));

/** What Kubernetes calls the first of these pods, as far as that is known. */
const podName = ({ id, name }: PodTemplate): string => (id.startsWith("StatefulSet ") ? `${name}-0` : name);

describe("the Compose file of demo", () => {
  test("passes the schema of the Compose specification", () => none(specificationFaults(file)));

  test("has a service for every container of the environment, save what only Kubernetes needs", () => {
    const missing = twins.filter(({ service }) => !(service in file.services)).map(({ service }) => service);
    assert.deepEqual(missing, ["kube-state-metrics"]);
    const known = new Set(twins.map(({ service }) => service));
    assert.deepEqual(
      services.map(([name]) => name).filter((name) => !known.has(name)),
      ["volumes"],
    );
  });

  test("runs the same images with the same arguments", () => {
    for (const { pod, container, service } of twins.filter(({ service }) => service in file.services)) {
      const { image, command, entrypoint, environment = {} } = file.services[service] as Service;
      assert.equal(image, container.image, service);
      const inPod = (text: string): string =>
        text.replace(/\$\((\w+)\)/g, (_, name: string) =>
          name === "POD_NAME" ? podName(pod) : (environment[name] ?? name),
        );
      const unescaped = (texts: readonly string[] | undefined) => texts?.map((text) => text.replaceAll("$$", "$"));
      assert.deepEqual(unescaped(command), container.args?.map(inPod), service);
      assert.deepEqual(unescaped(entrypoint), container.command?.map(inPod), service);
    }
  });

  test("reads the same files, save Prometheus's targets, Promtail's and the OTLP gateway's, which ask Kubernetes there", () => {
    const all = services.flatMap(([, service]) => mounted(service));
    none(all.filter((path) => !files.has(path)).map((path) => `${path} is not there`));
    assert.deepEqual([...new Set(all)].filter((path) => path.startsWith(folder)).sort(), [
      `${folder}/config/alloy-gateway/config.alloy`,
      `${folder}/config/prometheus-scrape/stack.yaml`,
      `${folder}/config/promtail/promtail.yaml`,
    ]);
    const env = services.flatMap(([, { env_file = [] }]) => env_file).map((path) => posix.join(folder, path));
    none(env.filter((path) => !files.has(path)).map((path) => `${path} is not there`));
    assert.ok(all.length > 20 && env.length > 3);
  });

  test("names only addresses that somebody answers to, on a port of his", () => {
    const names = namesIn(file);
    const texts = [
      ...[...new Set(services.flatMap(([, service]) => mounted(service)))].map((path) => [path, files.get(path) ?? ""]),
      ...services.map(([name, { command = [], entrypoint = [], environment = {} }]) => [
        `services.${name}`,
        [...command, ...entrypoint, ...Object.values(environment)].join("\n"),
      ]),
    ];
    const found = texts.flatMap(([where = "", text = ""]) => addressesIn({ where, namespace: "", text, readers: [] }));
    const own = ["", "0.0.0.0", "127.0.0.1", "localhost"];
    const foreign = found.filter(({ host }) => !own.includes(host));
    assert.ok(foreign.length > 30);
    none(
      foreign.flatMap(({ where, host, port }) => {
        const behind = names.get(host);
        if (!behind) return [`${where}: ${host}:${port} is nobody's name`];
        const deaf = behind.filter((name) => {
          const ports = twins.filter(({ service }) => service === name).map(({ pod }) => listens(pod, port));
          return ports.every((one) => one === undefined);
        });
        return deaf.map((name) => `${where}: ${host}:${port} is no port of ${name}`);
      }),
    );
  });

  test("starts those first that others call", () => {
    none(orderFaults(file));
    assert.deepEqual(file.services["tempo"]?.depends_on?.["minio"], { condition: "service_started" });
    assert.deepEqual(Object.keys(file.services["loki-gateway"]?.depends_on ?? {}), [
      "loki-compactor",
      "loki-read",
      "loki-write",
    ]);
  });

  test("publishes the front doors on loopback alone, each port once", () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    assert.ok(ports.every((port) => port.startsWith("127.0.0.1:")));
    const numbers = ports.map((port) => port.split(":")[1]);
    assert.equal(new Set(numbers).size, numbers.length);
    for (const port of ["3000", "3100", "3200", "4317", "9090", "10902"]) assert.ok(numbers.includes(port), port);
  });

  test("scrapes what the environment scrapes, without Kubernetes's own", () => {
    const text = files.get(`${folder}/config/prometheus-scrape/stack.yaml`) ?? "";
    const jobs = [...text.matchAll(/job_name: (.+)/g)].map(([, job]) => job);
    assert.deepEqual(jobs, [
      "alertmanager",
      "alloy-gateway",
      "grafana",
      "loki",
      "minio",
      "minio-bucket",
      "minio-node",
      "node-exporter",
      "prometheus",
      "promtail",
      "tempo",
      "thanos",
      "thanos-sidecar",
    ]);
  });

  test("gives a service's metrics the labels of its lines", () => {
    const jobs = (
      parse(files.get(`${folder}/config/prometheus-scrape/stack.yaml`) ?? "") as {
        readonly scrape_configs: readonly {
          readonly job_name: string;
          readonly static_configs: readonly { readonly targets: readonly string[]; readonly labels: Labels }[];
        }[];
      }
    ).scrape_configs;
    const lines = (
      parse(files.get(`${folder}/config/promtail/promtail.yaml`) ?? "") as {
        readonly scrape_configs: readonly { readonly relabel_configs: readonly Rule[] }[];
      }
    ).scrape_configs[0]?.relabel_configs;
    assert.ok(lines);
    const scraped = jobs.flatMap(({ job_name, static_configs }) =>
      job_name === "node-exporter" ? [] : static_configs,
    );
    assert.ok(scraped.length > 10);
    for (const { targets, labels } of scraped) {
      const host = targets[0]?.split(":")[0] ?? "";
      const [name, service] = services.find(([, { hostname }]) => hostname === host) ?? assert.fail(host);
      // What the engine tells of a container: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#docker_sd_config
      const told: Labels = {
        ...Object.fromEntries(
          Object.entries({ ...service.labels, "com.docker.compose.service": name }).map(([key, value]) => [
            `__meta_docker_container_label_${key.replaceAll(/[^a-z]/g, "_")}`,
            value,
          ]),
        ),
        __meta_docker_container_name: `/kube-lgtm-demo-${name}-1`,
      };
      const { namespace, pod, app }: Labels = relabelled(told, lines) ?? {};
      assert.deepEqual(
        { namespace: labels["namespace"], pod: labels["pod"], app: labels["app"] },
        { namespace, pod, app },
      );
    }
  });

  test("mounts every volume that it declares, and declares every one that it mounts", () => {
    const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(":")[0] ?? ""));
    assert.deepEqual(
      Object.keys(file.volumes).filter((name) => !used.includes(name)),
      [],
    );
    // What begins with neither a dot nor a slash is a volume's name.
    assert.deepEqual(
      used.filter((name) => /^[^./]/.test(name) && !(name in file.volumes)),
      [],
    );
  });
});

describe("a Compose file that cannot work is reported", () => {
  const changed = (name: string, fields: object): ComposeFile => ({
    ...file,
    services: { ...file.services, [name]: { ...(file.services[name] as Service), ...fields } },
  });
  test("an unknown field", () => says(specificationFaults(changed("loki-read", { replica: 1 })), /loki-read.*replica/));
  test("a wrong type", () => says(specificationFaults(changed("loki-read", { ports: "3100" })), /loki-read\/ports/));
  test("a circle", () => {
    const circle = { depends_on: { grafana: { condition: "service_started" } } };
    says(orderFaults(changed("loki-gateway", circle)), /grafana.*loki-gateway/);
  });
  test("a service that is not there", () =>
    says(
      orderFaults(changed("tempo", { depends_on: { minoi: { condition: "service_started" } } })),
      /minoi, which is not there/,
    ));
});

test("an environment whose collector can only ask Kubernetes gets no Compose file, and its author is told what to do", () => {
  assert.throws(
    () => environmentOf("wish", { mode: "monolithic", metrics: "mimir", compose: "generated" }),
    /src\/environments\/wish\.ts: compose is "generated": collector "alloy" asks .* Set collector to "promtail"/,
  );
});

test("no environment has a Compose file that did not ask for one", () => {
  const found = [...files.keys()].filter((path) => path.includes("/compose/"));
  assert.ok(found.length > 0 && found.every((path) => path.startsWith(folder)));
});

test("containers of the demo are found under Compose", () => {
  assert.ok(twins.length > 20 && pods.every((pod) => containersOf(pod).length > 0));
});
