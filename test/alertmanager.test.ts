import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readFileSync } from "node:fs";
import { network, outside } from "../src/core/kubernetes/network-rules.ts";
import { overlayFiles } from "../src/core/output/render.ts";
import { none } from "./lib/findings.ts";
import { containersOf, podTemplates, secretsOf } from "./lib/objects.ts";
import { environmentOf, type World, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

const pod = ({ objects }: World, name: string) =>
  podTemplates(objects).find((one) => one.name === name) ?? assert.fail(`no ${name}`);
const argsOf = (world: World): readonly string[] =>
  containersOf(pod(world, "alertmanager")).flatMap(({ args = [] }) => args);
const pair = worldNamed("every-thanos-sidecar-scalable");

describe("two Alertmanagers", () => {
  test("tell people of an alert once: each knows the other by its own name", () => {
    const peers = argsOf(pair).filter((arg) => arg.startsWith("--cluster.peer="));
    assert.deepEqual(
      peers,
      [0, 1].map((i) => `--cluster.peer=alertmanager-${i}.alertmanager-headless:9094`),
    );
  });
  test("are as many as an environment asks for", () => {
    const { name, file, ...settings } = pair.environment;
    const three = worldOf(environmentOf(name, { ...settings, replicas: { alertmanager: 3 } }));
    assert.equal(argsOf(three).filter((arg) => arg.startsWith("--cluster.peer=")).length, 3);
  });
  test("gossip in datagrams as well as over streams, and with nobody else", () => {
    const net = network(pair.objects);
    const one = pod(pair, "alertmanager");
    for (const protocol of ["TCP", "UDP"] as const) {
      assert.ok(net.connects(one, one, { port: 9094, protocol }), protocol);
      assert.ok(!net.connects(pod(pair, "prometheus"), one, { port: 9094, protocol }), protocol);
    }
    assert.ok(!net.connects(one, one, { port: 9093, protocol: "UDP" }));
  });
  test("alone listens to nobody", () =>
    assert.ok(argsOf(worldNamed("every-thanos-sidecar-monolithic")).includes("--cluster.listen-address=")));
});

describe("whoever notifies tells every Alertmanager of an alert, in every mode", () => {
  /** Lines that name Alertmanager by the one address for all. */
  const throughOneAddress = (objects: readonly Manifest[]): readonly string[] =>
    objects
      .filter(({ kind, metadata }) => !metadata.name.startsWith("grafana-datasource-") && kind !== "Service")
      .flatMap((object) =>
        (JSON.stringify(object).match(/[^"\\]*\balertmanager:9093[^"\\]*/g) ?? []).map(
          (line) => `${object.kind} ${object.metadata.name}: ${line}`,
        ),
      );
  for (const mode of ["monolithic", "scalable", "microservices"])
    for (const metrics of ["thanos-sidecar", "mimir"]) {
      test(`${metrics}, ${mode}`, () => {
        const { objects } = worldNamed(`every-${metrics}-${mode}`);
        none(throughOneAddress(objects));
        assert.match(JSON.stringify(objects), /alertmanager-members/);
      });
    }
});

type Texts = Readonly<Record<string, string>>;

/**
 * The files of a projected volume, as kubelet makes them (`collectData` in pkg/volume/projected/projected.go of Kubernetes 1.35): one source
 * after the other, later ones over earlier ones; `items` choose keys and name their files; what is optional may be missing.
 */
function filesOf(world: World, name: string, volume: string, secrets: Readonly<Record<string, Texts>>): Texts {
  const { spec, namespace } = pod(world, name);
  const sources = spec.volumes?.find((one) => one.name === volume)?.projected?.sources ?? assert.fail("not projected");
  return Object.assign(
    {},
    ...sources.map(({ configMap, secret }): Texts => {
      const found = configMap
        ? (world.objects.find((one) => one.kind === "ConfigMap" && one.metadata.name === configMap.name)?.[
            "data"
          ] as Texts)
        : secrets[secret?.name ?? ""];
      const { items, optional = false } = configMap ?? secret ?? {};
      assert.ok(found ?? optional, `${namespace}: ${configMap?.name ?? secret?.name} is neither there nor optional`);
      return items
        ? Object.fromEntries(items.flatMap(({ key, path }) => (found?.[key] ? [[path, found[key]]] : [])))
        : (found ?? {});
    }),
  ) as Texts;
}

/** Ways to tell somebody, of a whole configuration: "slack_configs". */
const integrationsOf = (config: string): readonly string[] => config.match(/\w+_configs\b/g) ?? [];

describe("receivers of alerts", () => {
  const own = "route: {receiver: mine}\nreceivers: [{name: mine}]\n";
  const world = worldNamed("every-mimir-microservices");
  const file = argsOf(world).flatMap((arg) => /^--config.file=\/etc\/alertmanager\/(.+)$/.exec(arg)?.slice(1) ?? [])[0];

  test("are none until somebody makes the Secret: the pods start without it, and keep every alert", () => {
    const { [file ?? ""]: config = "" } = filesOf(world, "alertmanager", "config", {});
    none(integrationsOf(config));
    assert.match(config, /^receivers:$/m);
  });
  test("are those of the Secret alertmanager-config, with the files that they name", () => {
    const secret = { "alertmanager.yml": own, "webhook-url": "https://example.com" };
    const files = filesOf(world, "alertmanager", "config", { "alertmanager-config": secret });
    assert.equal(files[file ?? ""], own);
    assert.equal(files["webhook-url"], "https://example.com");
  });
  test("are told of Mimir's alerts, too, where a tenant says nothing itself", () => {
    const config = containersOf(pod(world, "mimir-alertmanager")).flatMap(({ volumeMounts = [] }) =>
      volumeMounts.filter(({ name }) => name === "config").map(({ mountPath }) => mountPath),
    )[0];
    const secrets = { "alertmanager-config": { "alertmanager.yml": own } };
    const files = filesOf(world, "mimir-alertmanager", "config", secrets);
    const fallback = /fallback_config_file: (\S+)/.exec(files["mimir.yaml"] ?? "")?.[1];
    assert.equal(files[fallback?.replace(`${config}/`, "") ?? ""], own);
    const silent = filesOf(world, "mimir-alertmanager", "config", {})[fallback?.replace(`${config}/`, "") ?? ""];
    assert.match(silent ?? "", /^receivers:$/m);
    none(integrationsOf(silent ?? ""));
  });
  test("credentials of theirs are in no pod but Alertmanagers'", () => {
    const readers = podTemplates(world.objects).filter((one) =>
      secretsOf(one).some((secret) => secret.name === "alertmanager-config"),
    );
    assert.deepEqual(readers.map((one) => one.name).sort(), ["alertmanager", "mimir-alertmanager"]);
  });
});

describe("receivers that an environment names", () => {
  const alerts = {
    critical: { pagerduty: "pagerduty-key", email: "on-call@example.com" },
    warning: { slack: "slack-url" },
    deadManSwitch: { webhook: "heartbeat-url" },
    namespaces: { shop: { critical: { slack: "shop-url" } } },
    smtp: { host: "smtp.example.com:587", from: "kube-lgtm@example.com", username: "me", password: "smtp-password" },
  } as const;
  const settings = { mode: "microservices", metrics: "mimir" } as const;
  const told = worldOf(environmentOf("told", { ...settings, alerts }));
  const keys = ["heartbeat-url", "pagerduty-key", "shop-url", "slack-url", "smtp-password"];
  const secret = { "alertmanager-config": Object.fromEntries(keys.map((key) => [key, `credential of ${key}`])) };
  const config = filesOf(told, "alertmanager", "config", secret)["alertmanager.yml"] ?? "";

  test("find each credential in a file of the Secret, and none of them is in git", () => {
    const named = [...config.matchAll(/\w+_file: (\S+)/g)].map(([, file = ""]) => file);
    assert.deepEqual(
      named.toSorted(),
      keys.map((key) => `/etc/alertmanager/${key}`),
    );
    const mounts = containersOf(pod(told, "alertmanager")).flatMap(({ volumeMounts = [] }) => volumeMounts);
    assert.equal(mounts.find(({ name }) => name === "config")?.mountPath, "/etc/alertmanager");
    const there = Object.keys(filesOf(told, "alertmanager", "config", secret));
    assert.deepEqual(there.toSorted(), ["alertmanager.yml", ...keys]);
  });
  test("are written with keys that Alertmanager's documentation has", () => {
    const { names } = JSON.parse(readFileSync("test/facts/keys/alertmanager.json", "utf8")) as {
      names: Readonly<Record<string, string>>;
    };
    const known = new Set((names[""] ?? "").split(" "));
    none([...config.matchAll(/^[ -]*(\w+):/gm)].map(([, key = ""]) => key).filter((key) => !known.has(key)));
  });
  test("are reached from Alertmanager and from Mimir's own, and nobody else is let out for them", () => {
    const ways = network(told.objects);
    for (const port of [443, 587]) {
      const open = podTemplates(told.objects).filter((one) => ways.open("Egress", one, outside, { port }));
      const named = open.map(({ name }) => name).filter((name) => name.includes("alertmanager"));
      assert.deepEqual(named.toSorted(), ["alertmanager", "mimir-alertmanager"], `port ${port}`);
      const before = network(worldOf(environmentOf("told", settings)).objects);
      none(
        open
          .filter((one) => !named.includes(one.name) && !before.open("Egress", one, outside, { port }))
          .map(({ name }) => name),
      );
    }
  });
  test("are told by Mimir's own Alertmanager in the same words, from the same files", () => {
    const own = filesOf(told, "mimir-alertmanager", "config", {});
    assert.ok(Object.values(own).includes(config));
    const mounts = containersOf(pod(told, "mimir-alertmanager")).flatMap(({ volumeMounts = [] }) => volumeMounts);
    const volume = mounts.find(({ mountPath }) => mountPath === "/etc/alertmanager")?.name;
    const { spec } = pod(told, "mimir-alertmanager");
    assert.deepEqual(spec.volumes?.find(({ name }) => name === volume)?.secret, {
      secretName: "alertmanager-config",
      optional: true,
    });
  });
  test("have their credentials listed where the owner of the environment looks", () => {
    const readme = [...overlayFiles(told.overlay, [], "shell")].find(([path]) => path.endsWith("README.md"))?.[1] ?? "";
    assert.match(readme, new RegExp(`alertmanager-config.*${keys.map((key) => `.${key}.`).join(", ")}`));
  });

  const refused = (wrong: object, text: string): void =>
    assert.throws(
      () => environmentOf("told", { mode: "monolithic", metrics: "mimir", ...wrong }),
      (error: Error) => error.message === `src/environments/told.ts: ${text}`,
    );
  test("are refused where they would never be told", () => {
    refused(
      { alerts: { namespaces: { shop: { info: { email: "a@example.com" } } } } },
      'alerts.namespaces.shop.info.email is "a@example.com": expected alerts.smtp, the server that takes mail. Set it.',
    );
    refused({ alerts: { critical: {} } }, 'alerts.critical is {}: expected a table such as { slack: "slack-url" }');
    refused(
      { alerts: { critical: { slack: "https://hooks.slack.com/services/T000" } } },
      'alerts.critical.slack is "https://hooks.slack.com/services/T000": expected a key of the Secret such as "slack-url"',
    );
    refused(
      { alerts: { namespaces: { "a b": {} } } },
      'alerts.namespaces has the key "a b": expected the name of a namespace',
    );
    refused(
      { stack: "agents", metrics: "thanos-sidecar", alerts: { critical: { slack: "slack-url" } } },
      'alerts has no effect: stack "agents" leaves alertmanager out. Remove one of the two.',
    );
  });
});
