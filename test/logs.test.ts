import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { alloyFaults, type Block, parseAlloy } from "./lib/alloy.ts";
import { none } from "./lib/findings.ts";
import { detected } from "./lib/levels.ts";
import { podTemplates } from "./lib/objects.ts";
import { relabelled, type Rule } from "./lib/relabel.ts";
import { built, worldNamed, worlds } from "./lib/world.ts";
import { fileText } from "../src/core/util/text.ts";

const file = (path: string, config: string, name: string): string => {
  const base = built.bases.find((one) => one.path === path);
  const content = base?.configs.find((one) => one.name === config)?.files?.[name];
  assert.ok(content !== undefined, `${path} has no ${config}/${name}`);
  return fileText(content);
};

const alloy = parseAlloy(file("bases/alloy/monolithic", "alloy", "config.alloy"));
const block = (name: string, label: string): Block => {
  const found = alloy.find((one) => one.name === name && one.label === label);
  assert.ok(found, `no ${name} "${label}"`);
  return found;
};
const inside = (name: string, { blocks }: Block): readonly Block[] => blocks.filter((one) => one.name === name);
const promtail = parse(file("bases/promtail/monolithic", "promtail", "promtail.yaml"));

/** What is written out as the value of an attribute. */
const value = <T>({ attributes }: Block, name: string): T | undefined => {
  const text = attributes[name];
  return text === undefined ? undefined : (JSON.parse(text) as T);
};
const ruleOf = (one: Block): Rule =>
  Object.fromEntries(Object.keys(one.attributes).map((name) => [name, value(one, name)]));

/** What each agent makes of what discovery says of a container, each from its own file. */
const agents: Readonly<Record<string, readonly Rule[]>> = {
  alloy: block("discovery.relabel", "pods").blocks.map(ruleOf),
  promtail: promtail.scrape_configs[0].relabel_configs,
};

/** How an agent pushes again: dskit's backoff.Config, which both read (loki.write's endpoint; a client of Promtail). */
interface Backoff {
  readonly min: string;
  readonly max: string;
  readonly retries: number;
}
const endpoint = block("loki.write", "loki").blocks.find(({ name }) => name === "endpoint") as Block;
const { min_period, max_period, max_retries } = promtail.clients[0].backoff_config ?? {};
const backoffs: Readonly<Record<string, Backoff>> = {
  alloy: {
    min: value(endpoint, "min_backoff_period") ?? "500ms",
    max: value(endpoint, "max_backoff_period") ?? "5m",
    retries: value(endpoint, "max_backoff_retries") ?? 10,
  },
  promtail: { min: min_period ?? "500ms", max: max_period ?? "5m", retries: max_retries ?? 10 },
};
const milliseconds = (duration: string): number => {
  const [, number, unit] = /^(\d+)(ms|s|m)$/.exec(duration) ?? [];
  return Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"] ?? Number.NaN);
};

/** The longest time in which it still pushes: each pause is twice the one before, at most `max`; 0 retries are no limit. */
const patience = ({ min, max, retries }: Backoff): number =>
  retries === 0
    ? Number.POSITIVE_INFINITY
    : Array.from({ length: retries }, (_, i) => Math.min(milliseconds(min) * 2 ** (i + 1), milliseconds(max))).reduce(
        (a, b) => a + b,
      );

const hash = "0123456789abcdef0123456789abcdef";
const uid = "ffaf6650-e761-402b-a268-4d4e26de1bb8";
const mirror = "__meta_kubernetes_pod_annotation_kubernetes_io_config_mirror";
/** As Kubernetes's discovery names what it finds: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod */
const found = {
  __meta_kubernetes_namespace: "kube-system",
  __meta_kubernetes_pod_name: "etcd-node1",
  __meta_kubernetes_pod_uid: uid,
  __meta_kubernetes_pod_container_name: "etcd",
};

/** `<namespace>_<name>_<uid>`: BuildPodLogsDirectory in Kubernetes's pkg/kubelet/kuberuntime/helpers.go. */
const folder = (id: string): string => `/var/log/pods/kube-system_etcd-node1_${id}`;

for (const [agent, rules] of Object.entries(agents)) {
  describe(`${agent} reads the logs of`, () => {
    const read = (labels: Readonly<Record<string, string>>) => relabelled(rules, labels);

    test("a pod, from the folder that kubelet names by its uid", () =>
      assert.equal(read(found)["__path__"], `${folder(uid)}/etcd/*.log`));

    test("a static pod such as etcd or kube-apiserver, whose folder is named by the hash that its mirror carries", () =>
      assert.equal(read({ ...found, [mirror]: hash })["__path__"], `${folder(hash)}/etcd/*.log`));

    test("a static pod whose manifest says a uid, which the mirror then carries", () => {
      const own = "5b6a1c1e-8e0f-4c57-9d53-0e8a4b1c2d3e";
      assert.equal(read({ ...found, [mirror]: own })["__path__"], `${folder(own)}/etcd/*.log`);
    });

    test("no other pod, whatever somebody writes into his pod's annotations", () => {
      for (const wrong of ["*", "../other_pod_uid", `x/../../other_pod_${uid}`, "{a,b}", "", ";", "a b"])
        assert.equal(read({ ...found, [mirror]: wrong })["__path__"], `${folder(uid)}/etcd/*.log`, wrong);
      assert.equal(read({ ...found, [mirror]: "abc" })["__path__"], `${folder("abc")}/etcd/*.log`);
    });

    test("a node whose Loki is away for however long, and goes on within a minute of its return", () => {
      const backoff = backoffs[agent] as Backoff;
      assert.equal(patience(backoff), Number.POSITIVE_INFINITY);
      assert.ok(milliseconds(backoff.max) <= 60_000, `waits for ${backoff.max}`);
      assert.ok(milliseconds(backoff.min) >= 100, `asks again after ${backoff.min}`);
    });

    test("every container under the same labels: namespace, pod, container, app", () => {
      const labels = (more: Readonly<Record<string, string>>) =>
        Object.fromEntries(Object.entries(read({ ...found, ...more })).filter(([name]) => !name.startsWith("__")));
      const own = { namespace: "kube-system", pod: "etcd-node1", container: "etcd" };
      const named = { __meta_kubernetes_pod_label_app_kubernetes_io_name: "kvstore" };
      assert.deepEqual(labels({}), { ...own, app: "etcd" });
      assert.deepEqual(labels({ __meta_kubernetes_pod_label_app: "store" }), { ...own, app: "store" });
      assert.deepEqual(labels({ __meta_kubernetes_pod_label_app: "store", ...named }), { ...own, app: "kvstore" });
      assert.deepEqual(labels({ [mirror]: hash }), { ...own, app: "etcd" });
    });
  });
}

describe("where the runtime is Docker", () => {
  const [match] = inside("stage.match", block("loki.process", "pods"));
  const selectors = {
    alloy: match?.attributes["selector"]?.slice(1, -1),
    promtail: promtail.scrape_configs[0].pipeline_stages[0].match.selector,
  };
  /** The line filter of LogQL in a selector. */
  const filter = (selector: string): RegExp => new RegExp(JSON.parse(selector.slice(selector.indexOf("|~") + 2)));

  for (const [agent, selector] of Object.entries(selectors)) {
    const isDocker = (line: string): boolean => filter(selector ?? "").test(line);
    // As Moby's daemon/logger/jsonfilelog/jsonlog/jsonlogbytes.go writes them.
    test(`${agent} knows Docker's lines, parts of a long one and those with attributes among them`, () => {
      for (const line of [
        '{"log":"hello\\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}',
        '{"log":"a part of 16 KiB","stream":"stderr","time":"2026-01-02T03:04:05.678901234Z"}',
        '{"log":"{\\"level\\":\\"info\\"}\\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-01-02T03:04:05Z"}',
        '{"log":"\\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}',
      ])
        assert.ok(isDocker(line), line);
    });
    test(`${agent} takes no other line for one, JSON of a program under another runtime least of all`, () => {
      const json = '{"log":"hello\\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}';
      for (const line of [
        `2026-01-02T03:04:05Z stdout F ${json}`,
        '{"log":"cut off',
        '{"level":"info"}',
        `${json} and more`,
      ])
        assert.ok(!isDocker(line), line);
    });
  }

  test("the folder that kubelet's links lead to is there for the agent, read-only, under its own path", () => {
    const agentsOf = (name: string) =>
      podTemplates(worldNamed(name).objects).filter(({ spec }) =>
        spec.volumes?.some(({ hostPath }) => hostPath?.path === "/var/log/pods"),
      );
    for (const [name, agent] of Object.entries({ dev: "alloy", "dev-mimir": "alloy", demo: "promtail" })) {
      const [{ spec, name: found } = { spec: undefined, name: "" }] = agentsOf(name);
      assert.equal(found, agent, name);
      const volume = spec?.volumes?.find(({ hostPath }) => hostPath?.path === "/var/lib/docker/containers");
      const mount = spec?.containers[0]?.volumeMounts?.find((one) => one.name === volume?.name);
      assert.deepEqual(mount, { name: volume?.name, mountPath: "/var/lib/docker/containers", readOnly: true }, name);
    }
  });
});

describe("a line of each of the stack's programs has its level in Loki", () => {
  const process = block("loki.process", "pods");
  const byMark = inside("stage.match", process).find(({ blocks }) => blocks.some(({ name }) => name === "stage.regex"));
  const raw = (name: string, attribute: string): string =>
    byMark?.blocks.find((one) => one.name === name)?.attributes[attribute]?.slice(1, -1) ?? assert.fail(name);
  const stages = (promtail.scrape_configs[0].pipeline_stages as readonly Readonly<Record<string, any>>[]).flatMap(
    ({ match }) => (match?.stages[0].regex ? [match.stages as readonly Readonly<Record<string, any>>[]] : []),
  )[0];
  /** Each agent's expression and template, from its own file. */
  const pipelines = {
    alloy: [raw("stage.regex", "expression"), raw("stage.template", "template")],
    promtail: [stages?.[0]?.["regex"].expression, stages?.[1]?.["template"].template],
  } as const;

  /** What a template of Go's makes of a mark: the text of the first `if eq` that holds. */
  const levelOf = (template: string, mark: string): string | undefined =>
    [...template.matchAll(/if eq \.mark ((?:"\w+" )+)\}\}(\w+)/g)].find(([, words = ""]) =>
      words.includes(`"${mark}"`),
    )?.[2];

  // As the programs of the versions here write them.
  const lines: readonly (readonly [program: string, level: string, line: string])[] = [
    [
      "Loki",
      "warn",
      'level=warn ts=2026-11-29T14:05:50Z caller=pool.go:282 msg="removing frontend" reason="rpc error"',
    ],
    [
      "Mimir",
      "info",
      'ts=2026-11-29T14:06:22Z caller=handler.go:414 level=info user=anonymous msg="query stats" err=null',
    ],
    ["Tempo", "error", 'level=error ts=2026-11-29T13:56:12Z caller=backendworker.go:529 msg="error calling scheduler"'],
    ["Thanos", "info", "ts=2026-11-29T13:56:12Z caller=main.go:77 level=info msg=exiting err=error"],
    [
      "Prometheus",
      "warn",
      'time=2026-11-29T14:06:01.882Z level=WARN source=queue_manager.go:1451 msg="Skipping resharding"',
    ],
    [
      "Grafana",
      "error",
      'logger=context userId=0 t=2026-11-29T14:06:01Z level=error msg="Request Completed" status=500',
    ],
    [
      "Alloy",
      "info",
      'ts=2026-11-29T14:06:09Z level=info msg="stopped tailing file" component_id=loki.source.file.pods',
    ],
    ["rollout-operator", "info", "level=info ts=2026-11-29T13:55:36Z msg=reconciled error=none"],
    [
      "Kafka",
      "info",
      "[2026-11-29 13:38:09,934] INFO [KafkaRaftServer nodeId=0] error=none (kafka.server.KafkaRaftServer)",
    ],
    ["Kafka", "error", "[2026-11-29 13:38:09,934] ERROR Shutdown broker because of info (kafka.server.BrokerServer)"],
    ["MinIO", "info", '{"level":"INFO","time":"2026-11-29T13:37:21Z","message":"API: http://127.0.0.1:9000 "}'],
    [
      "kube-state-metrics",
      "info",
      'I1129 13:55:36.432316       1 server.go:223] "Failed probe" err="no metrics to serve"',
    ],
    [
      "kube-state-metrics",
      "warn",
      "W1129 13:55:36.434253       1 client_config.go:682] Neither --kubeconfig nor --master",
    ],
    ["kube-state-metrics", "error", "E1129 13:55:36.434253       1 reflector.go:205] forbidden: info"],
    ["kube-state-metrics", "fatal", "F1129 13:55:36.434253       1 main.go:20] ended"],
    ["nginx", "error", "2026/11/29 13:55:36 [error] 7#7: *1 connect() failed (111: Connection refused)"],
    ["nginx", "critical", "2026/11/29 13:55:36 [emerg] 1#1: host not found in upstream, error"],
    ["nginx", "info", "2026/11/29 13:55:36 [notice] 7#7: signal process started"],
    ["nginx", "warn", '{"level":"warn","status":"404","method":"GET","route":"","tenant":"error","requests":1}'],
    ["mc", "error", "mc: <ERROR> Unable to initialize new alias from the provided credentials."],
    ["CoreDNS", "warn", "[WARNING] plugin/health: Local health request failed: error"],
  ];
  for (const [agent, [expression, template]] of Object.entries(pipelines))
    test(`read by ${agent}`, () => {
      // RE2 and JavaScript write the name of a group differently.
      const marked = new RegExp(expression.replace("(?P<", "(?<"));
      const found = lines.map(([program, , line]) => {
        const { mark = "" } = marked.exec(line)?.groups ?? {};
        return [program, levelOf(template, mark) ?? detected(line), line];
      });
      assert.deepEqual(found, lines);
    });
  test("because without it Loki would take some for others", () => {
    const alone = (start: string) => detected(lines.find(([, , line]) => line.startsWith(start))?.[2] ?? "");
    assert.deepEqual(
      [alone("I1129"), alone("W1129"), alone("mc:"), alone("2026/11/29 13:55:36 [notice]")],
      [...["error", "unknown", "unknown", "unknown"]],
    );
  });
  test("and a program whose lines only look like it is left alone", () => {
    const marked = new RegExp(pipelines.alloy[0].replace("(?P<", "(?<"));
    for (const line of [
      "Invoice1129 13:55:36.434253 paid",
      "I1129",
      "2026/11/29 13:55:36 [x] said: hello",
      "a I1129 13:55:36.1",
    ])
      assert.equal(levelOf(pipelines.alloy[1], marked.exec(line)?.groups?.["mark"] ?? ""), undefined, line);
  });
});

describe("the journal of a node's own services", () => {
  const addition = built.additions.find(({ feature }) => feature.name === "alloy-journal");
  const text = fileText(addition?.configPatches[0]?.files?.["journal.alloy"] ?? "");
  const journal = parseAlloy(text);

  test("goes where Alloy's own file sends what it reads: both are read as one", () => {
    none(alloyFaults("both", `${file("bases/alloy/monolithic", "alloy", "config.alloy")}\n${text}`));
    const args = podTemplates(worldNamed("prod").objects).find(({ name }) => name === "alloy")?.spec.containers[0]
      ?.args;
    assert.ok(args?.includes("/etc/alloy"), `${args}`);
  });

  test("has one stream for each service of a node, whatever instances and sessions come and go", () => {
    const rules = journal.find(({ name }) => name === "loki.relabel")?.blocks.map(ruleOf) ?? [];
    // As loki.source.journal names a journal's fields: internal/component/loki/source/journal/tailer.go.
    const unit = (fields: Readonly<Record<string, string>>) => relabelled(rules, fields)["unit"];
    const of = (name: string) => unit({ __journal__systemd_unit: name, __journal__transport: "journal" });
    assert.equal(of("kubelet.service"), "kubelet");
    assert.equal(of("containerd.service"), "containerd");
    assert.equal(of("user@1000.service"), "user");
    assert.equal(of("sshd@7-10.0.0.1:22-10.0.0.2:51514.service"), "sshd");
    assert.equal(of("run-r4f1c2.service"), undefined);
    assert.equal(of("session-12.scope"), undefined);
    assert.equal(of("cri-containerd-0123456789ab.scope"), undefined);
    assert.equal(unit({ __journal__transport: "kernel" }), "kernel");
  });

  test("makes no folder that journald would take for the wish to keep it there", () => {
    const volumes = podTemplates(worldNamed("prod").objects).find(({ name }) => name === "alloy")?.spec.volumes ?? [];
    const made = volumes.filter(({ hostPath }) => hostPath && hostPath.type !== "Directory");
    // Storage=auto: https://www.freedesktop.org/software/systemd/man/latest/journald.conf.html
    assert.ok(made.every(({ hostPath }) => !hostPath?.path.startsWith("/var/log")));
  });
});

describe("Kubernetes's events", () => {
  const events = parseAlloy(file("bases/alloy-events/monolithic", "alloy-events", "config.alloy"));
  const [process, source, write] = ["loki.process", "loki.source.kubernetes_events", "loki.write"].map((name) =>
    events.find((one) => one.name === name),
  );

  for (const { name, objects, environment } of worlds)
    if (environment.collector === "alloy")
      test(`of ${name} are read by one pod, which never runs twice and finds again how far it was`, () => {
        const readers = podTemplates(objects).filter(({ spec }) => spec.serviceAccountName === "alloy-events");
        // A Deployment would start the next pod before the last one has ended.
        assert.deepEqual(
          readers.map(({ kind, replicas }) => [kind, replicas]),
          [["StatefulSet", 1]],
        );
        const set = objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "alloy-events");
        const { volumeClaimTemplates: claims = [] } = set?.["spec"] as { volumeClaimTemplates?: readonly object[] };
        assert.equal(claims.length, environment.volumes["default"] === "none" ? 0 : 1);
        const { args, volumeMounts } = readers[0]?.spec.containers[0] ?? {};
        assert.ok(args?.includes("--storage.path=/data"));
        assert.ok(volumeMounts?.some(({ name: volume, mountPath }) => volume === "data" && mountPath === "/data"));
      });

  test("are all that their reader may see, and it may change nothing", () => {
    const { objects } = worldNamed("prod");
    const roles = objects.filter(
      ({ kind, metadata }) => kind === "ClusterRole" && metadata.name.startsWith("kube-lgtm-alloy-events"),
    );
    assert.deepEqual(
      roles.map((role) => role["rules"]),
      [[{ apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] }]],
    );
  });

  test("are few streams: of a namespace one for each kind of object, whatever their names and reasons are", () => {
    // Labels that loki.source.kubernetes_events sets itself: namespace, job, instance (event_controller.go).
    const stages = process?.blocks ?? [];
    const names = (stage: string) => stages.find(({ name }) => name === stage)?.attributes["values"];
    assert.equal(names("stage.labels"), '{ kind = "" }');
    assert.equal(names("stage.label_drop"), '[ "instance" ]');
    assert.equal(source?.attributes["job_name"], '"kubernetes-events"');
  });

  test("wait for Loki for as long as it is away", () => {
    const [own] = inside("endpoint", write as Block);
    assert.equal(value(own as Block, "max_backoff_retries"), 0);
  });
});

test("lines of several are put together for those containers alone that somebody names", () => {
  const base = built.bases.find(({ path }) => path === "bases/alloy/monolithic");
  // Every line has a container, so this selects none.
  assert.equal(base?.settings["multilineSelector"]?.value, '{container=""}');
  const first = new RegExp(base?.settings["multilineFirstLine"]?.value ?? "");
  assert.ok(first.test("2026-01-02 03:04:05 ERROR failed"));
  for (const next of ["java.lang.IllegalStateException: no", "\tat org.example.Cart.add(Cart.java:12)", "Caused by: x"])
    assert.ok(!first.test(next), next);
});
