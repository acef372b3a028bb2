import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { fluxObjects } from "../src/core/assemble/flux.ts";
import type { Addition, Everywhere } from "../src/core/assemble/feature.ts";
import type { Part } from "../src/core/assemble/overlay.ts";
import { topology } from "../src/core/output/readme.ts";
import { additionFiles, baseFiles, type Files, overlayFiles } from "../src/core/output/render.ts";
import { quantity } from "../src/core/kubernetes/requests.ts";
import { contents, resolve } from "../src/core/kustomize/build.ts";
import { nameSuffix, secretObject } from "../src/core/kustomize/generators.ts";
import { type Base, type Config, settingsName } from "../src/core/model/component.ts";
import { none } from "./lib/findings.ts";
import { containersOf, type Labels, podTemplates, specOf } from "./lib/objects.ts";
import { built, environmentOf, type World, worldNamed, worldOf } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

type Fields = Readonly<Record<string, unknown>>;
const made = (settings: Fields): World =>
  worldOf(environmentOf("wish", { mode: "monolithic", metrics: "mimir", ...settings }));
const objectOf = ({ objects }: Pick<World, "objects">, kind: string, name: string): Manifest => {
  const found = objects.find(
    (one) =>
      one.kind === kind &&
      (one.metadata.name === name || one.metadata.name.replace(/-[bcdfghkmt2456789]{10}$/, "") === name),
  );
  assert.ok(found, `${kind} ${name}`);
  return found;
};
const literals = (world: World, name: string): Labels => objectOf(world, "ConfigMap", name)["data"] as Labels;

/** https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
interface Kustomization {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly generatorOptions?: { readonly labels?: Labels };
  readonly configMapGenerator?: readonly Generator[];
  readonly secretGenerator?: readonly Generator[];
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly patches?: readonly {
    readonly path?: string;
    readonly patch?: string;
    readonly target?: { readonly kind: string; readonly name?: string; readonly labelSelector?: string };
    readonly options?: { readonly allowNameChange?: boolean };
  }[];
}
interface Generator {
  readonly name: string;
  readonly behavior?: string;
  readonly files?: readonly string[];
  readonly envs?: readonly string[];
  readonly literals?: readonly string[];
  readonly options?: { readonly disableNameSuffixHash?: boolean };
}
const kustomization = (files: Files, folder: string): Kustomization =>
  parse(files.get(`${folder}/kustomization.yaml`) ?? "") as Kustomization;

/** Files that a kustomization names and that are not written. */
const unwritten = (files: Files, folder: string): readonly string[] => {
  const { resources = [], patches = [], configMapGenerator = [], secretGenerator = [] } = kustomization(files, folder);
  const generators = [...configMapGenerator, ...secretGenerator];
  const named = [
    ...resources.filter((one) => one.endsWith(".yaml")),
    ...patches.flatMap(({ path }) => path ?? []),
    ...generators.flatMap((one) => [...(one.files ?? []).map((file) => file.split("=")[1] ?? ""), ...(one.envs ?? [])]),
  ];
  return named.filter((path) => !files.has(`${folder}/${path}`)).map((path) => `${folder}/${path}`);
};

describe("the kustomization of a base", () => {
  const bases = built.bases.map((base) => ({
    base,
    files: baseFiles(base),
    own: kustomization(baseFiles(base), base.path),
  }));
  test("is one, and names each of its objects, in the order of their names", () => {
    for (const { base, own } of bases) {
      assert.deepEqual([own.apiVersion, own.kind], ["kustomize.config.k8s.io/v1beta1", "Kustomization"]);
      assert.deepEqual(
        own.resources,
        base.objects.map(({ kind, metadata }) => `${metadata.name}-${kind.toLowerCase()}.yaml`).toSorted(),
      );
    }
  });
  test("names no file that is not there", () => none(bases.flatMap(({ base, files }) => unwritten(files, base.path))));
  test("gives a ConfigMap that is read at the start a name with a hash, one that is read again a fixed one, and each its component's labels", () => {
    for (const { base, own } of bases) {
      const fixed = (own.configMapGenerator ?? [])
        .filter(({ options }) => options?.disableNameSuffixHash)
        .map(({ name }) => name);
      assert.deepEqual(
        fixed.toSorted(),
        base.configs
          .filter(({ read }) => read === "runtime")
          .map(({ name }) => name)
          .toSorted(),
        base.path,
      );
      if (base.configs.length > 0)
        assert.equal(own.generatorOptions?.labels?.["app.kubernetes.io/name"], base.component.name);
    }
  });
  test("writes a component's settings in the order of their names, so that a new one is one line of a difference", () => {
    for (const { base, own } of bases) {
      const keys =
        (own.configMapGenerator ?? [])
          .find(({ name }) => name === settingsName(base.component.name))
          ?.literals?.map((one) => one.split("=")[0]) ?? [];
      const names = Object.keys(base.settings);
      if (names.length === 0) continue;
      assert.equal(keys.length, names.length, base.path);
      assert.deepEqual(names, names.toSorted(), base.path);
    }
  });
});

describe("the kustomization of a Component", () => {
  const all = built.additions.map((addition) => ({
    addition,
    files: additionFiles(addition),
    own: kustomization(additionFiles(addition), addition.path),
  }));
  /** https://kubectl.docs.kubernetes.io/guides/config_management/components/ */
  test("is one of the version that kustomize knows", () => {
    for (const { own } of all)
      assert.deepEqual([own.apiVersion, own.kind], ["kustomize.config.k8s.io/v1alpha1", "Component"]);
  });
  test("names no file that is not there", () =>
    none(all.flatMap(({ addition, files }) => unwritten(files, addition.path))));
  test("merges into ConfigMaps that a base has, and makes those that are its own", () => {
    for (const { addition, own } of all)
      for (const { name, behavior } of own.configMapGenerator ?? [])
        assert.equal(
          behavior,
          addition.configs.some((config) => config.name === name) ? undefined : "merge",
          `${addition.path}: ${name}`,
        );
  });
  test("changes all objects of a kind, or those that carry the bundle's label", () => {
    const targets = (name: string) =>
      all.find(({ addition }) => addition.feature.name === name)?.own.patches?.flatMap(({ target }) => target ?? []);
    assert.deepEqual(
      targets("openshift"),
      ["Deployment", "StatefulSet"].map((kind) => ({ kind, labelSelector: "app.kubernetes.io/part-of=kube-lgtm" })),
    );
    assert.deepEqual(targets("flux-keep-config"), [{ kind: "ConfigMap" }, { kind: "Secret" }]);
  });
});

describe("the kustomization of an environment", () => {
  const world = worldNamed("demo");
  const files = overlayFiles(
    world.overlay,
    [{ resource: "objects/c.yaml" }, { patch: { path: "patches/a.yaml" } }, { patch: { path: "patches/b.yaml" } }],
    "busybox",
  );
  const [stack, agents] = world.overlay.parts.map(({ path }) => kustomization(files, path));
  test("is of two parts, each in its namespace, and of the objects and patches that people have written", () => {
    const whole = kustomization(files, world.overlay.path);
    assert.deepEqual(
      [whole.resources, whole.patches],
      [
        ["agents", "stack", "objects/c.yaml"],
        [{ path: "patches/a.yaml" }, { path: "patches/b.yaml" }],
      ],
    );
    assert.deepEqual([stack?.namespace, agents?.namespace], ["monitoring", "monitoring-agents"]);
  });
  test("takes the Components of its answers, each in the namespace that it changes", () => {
    const names = (list: readonly string[] = []) => list.map((path) => path.replace("../../../components/", ""));
    assert.deepEqual(names(stack?.components), ["ingress", "node-exporter-pages", "promtail-pages", "thanos-sidecar"]);
    assert.deepEqual(names(agents?.components), ["promtail-docker"]);
  });
  test("says numbers of pods where kustomize has a field for them, and in no patch", () => {
    assert.deepEqual((stack?.replicas ?? []).map(({ name, count }) => `${name} ${count}`).toSorted(), [
      "loki-backend 1",
      "loki-gateway 1",
      "loki-read 1",
      "loki-write 1",
    ]);
    none(
      world.overlay.parts.flatMap(({ patches }) =>
        patches
          .filter(({ spec }) => (spec as { replicas?: number } | undefined)?.replicas !== undefined)
          .map(({ metadata }) => metadata.name),
      ),
    );
  });
  test("merges its literals into those of the bases", () =>
    assert.ok(
      (stack?.configMapGenerator ?? []).length > 0 &&
        stack?.configMapGenerator?.every(({ behavior }) => behavior === "merge"),
    ));
  test("names no file that is not there, throw-away Secrets included", () => {
    none(world.overlay.parts.flatMap(({ path }) => unwritten(files, path)));
    const generated = stack?.secretGenerator ?? [];
    assert.ok(
      generated.length > 3 && generated.every(({ envs = [], files: own = [] }) => envs.length + own.length > 0),
    );
    for (const { name, envs = [] } of generated)
      for (const path of envs) assert.ok((files.get(`${world.overlay.parts[0]?.path}/${path}`) ?? "").length > 0, name);
  });
  test("gives what no namespace holds a name of its own, which kustomize must be allowed", () => {
    const renaming = [...(stack?.patches ?? []), ...(agents?.patches ?? [])].filter(({ target }) =>
      target?.kind.startsWith("ClusterRole"),
    );
    assert.ok(renaming.length > 3);
    for (const { target, patch = "", options } of renaming) {
      const [{ path, value }] = parse(patch) as [{ path: string; value: string }];
      assert.deepEqual([path, options?.allowNameChange], ["/metadata/name", true]);
      assert.match(value, new RegExp(`^${target?.name}-monitoring(-agents)?$`));
    }
  });
});

/** kustomize, api/hasher/hasher_test.go: its own examples of a ConfigMap and a Secret with one key. */
test("a generated name ends in the hash that kustomize's own tests expect", () => {
  assert.equal(nameSuffix({ kind: "ConfigMap", data: { one: "" } }), "9g67k2htb6");
  assert.equal(nameSuffix({ kind: "Secret", type: "my-type", data: { one: "" } }), "74bd68bm66");
  // Go's encoding/json writes "&" as \u0026 (https://pkg.go.dev/encoding/json#Marshal); hashed and encoded here by hand.
  const digest = createHash("sha256")
    .update('{"data":{"one":"a\\u0026b"},"kind":"ConfigMap","name":""}')
    .digest("hex")
    .slice(0, 10);
  const letters: Labels = { "0": "g", "1": "h", "3": "k", a: "m", e: "t" };
  assert.equal(
    nameSuffix({ kind: "ConfigMap", data: { one: "a&b" } }),
    [...digest].map((one) => letters[one] ?? one).join(""),
  );
});

/** https://github.com/kubernetes-sigs/kustomize/blob/master/api/internal/generators/utils.go : lines of 70 letters. */
test("a long value of a Secret is written in lines, as kustomize writes it, and a short one in none", () => {
  const data = (text: string): string =>
    (secretObject({ name: "s", read: "start-up", env: { a: text } }).object["data"] as Labels)["a"] ?? "";
  assert.equal(data("short"), "c2hvcnQ=");
  const long = data("x".repeat(200));
  assert.ok(long.split("\n").every((line) => line.length <= 70) && long.endsWith("\n"));
  assert.equal(Buffer.from(long, "base64").toString(), "x".repeat(200));
});

describe("what kustomize makes of bases, Components and an overlay", () => {
  const deployment = (name: string, kind = "Deployment"): Manifest => ({
    apiVersion: "apps/v1",
    kind,
    metadata: { name, labels: { "app.kubernetes.io/part-of": "kube-lgtm" } },
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [
            {
              name: "a",
              image: "x",
              envFrom: [{ configMapRef: { name: "all" } }],
              env: [{ name: "K", valueFrom: { secretKeyRef: { name: "keys", key: "k" } } }],
            },
          ],
          volumes: [
            { name: "c", configMap: { name: "all" } },
            { name: "s", secret: { secretName: "keys" } },
          ],
        },
      },
    },
  });
  const part = (
    own: Partial<Part> & { readonly base?: Partial<Base>; readonly addition?: Partial<Addition> },
  ): Part => {
    const none = { objects: [], configs: [], patches: [], configPatches: [] };
    const { base, addition, ...more } = own;
    return {
      ...none,
      namespace: "n",
      additions: addition
        ? [{ ...none, feature: { name: "f" }, everywhere: [], replicas: {}, ...addition } as unknown as Addition]
        : [],
      bases: [{ ...none, component: { name: "shop" }, ...base } as unknown as Base],
      replicas: {},
      renamed: [],
      secrets: [],
      ...more,
    } as unknown as Part;
  };
  const objects = (own: Parameters<typeof part>[0]): readonly Manifest[] =>
    resolve({ parts: [part(own)] } as unknown as Parameters<typeof resolve>[0]);
  const config = (literals: Labels, read: Config["read"] = "start-up"): Config => ({ name: "all", read, literals });
  const only = (list: readonly Manifest[], kind: string): Manifest => {
    const [found] = list.filter((one) => one.kind === kind);
    assert.ok(found, kind);
    return found;
  };
  const secrets = [{ name: "keys", read: "start-up" as const, env: { k: "v" } }];

  test("follows a generated name into variables, volumes and keys of variables", () => {
    const found = objects({ base: { objects: [deployment("a")], configs: [config({ A: "1" })] }, secrets });
    const [map, secret] = [only(found, "ConfigMap").metadata.name, only(found, "Secret").metadata.name];
    assert.match(map, /^all-[bcdfghkmt2456789]{10}$/);
    const { containers, volumes = [] } = podTemplates(found)[0]?.spec ?? { containers: [] };
    assert.equal(containers[0]?.envFrom?.[0]?.configMapRef?.name, map);
    assert.equal(containers[0]?.env?.[0]?.valueFrom?.secretKeyRef?.name, secret);
    assert.deepEqual([volumes[0]?.configMap?.name, volumes[1]?.secret?.secretName], [map, secret]);
  });
  test("gives what is read again its plain name", () =>
    assert.equal(
      only(objects({ base: { configs: [config({ A: "1" }, "runtime")] } }), "ConfigMap").metadata.name,
      "all",
    ));
  /** Its generators run before its Components, and a Component's generators merge after the overlay's: accumulateTarget in api/internal/target/kusttarget.go. */
  test("merges an overlay's literals into a base's, and a Component's over both", () => {
    const found = objects({
      base: { configs: [config({ A: "base", B: "base", C: "base" })] },
      configPatches: [config({ B: "overlay", C: "overlay" })],
      addition: { configPatches: [config({ C: "component" })] },
    });
    assert.deepEqual(only(found, "ConfigMap")["data"], { A: "base", B: "overlay", C: "component" });
  });
  test("patches by a Component first, then by the overlay", () => {
    const patch = (value: string): Manifest => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: { paused: value },
    });
    const found = objects({
      base: { objects: [deployment("a")] },
      addition: { patches: [patch("component")] },
      patches: [patch("overlay")],
    });
    assert.equal(specOf<{ paused: string }>(only(found, "Deployment")).paused, "overlay");
  });
  test("scales Deployments and StatefulSets by their names, and no DaemonSet", () => {
    const count = (kind: string): unknown =>
      specOf<{ replicas: number }>(
        only(objects({ base: { objects: [deployment("a", kind)] }, replicas: { a: 7 } }), kind),
      ).replicas;
    assert.deepEqual([count("Deployment"), count("StatefulSet"), count("DaemonSet")], [7, 7, 2]);
  });
  test("changes of a kind what carries the bundle's label, or everybody's", () => {
    const foreign = { ...deployment("b"), metadata: { name: "b" } };
    const change = (whose: Everywhere["whose"]) => {
      const everywhere: Everywhere[] = [
        { apiVersion: "apps/v1", kind: "Deployment", whose, change: { spec: { paused: true } } },
      ];
      return objects({
        base: { objects: [deployment("a"), foreign, deployment("c", "StatefulSet")] },
        addition: { everywhere },
      })
        .filter((one) => specOf<{ paused?: boolean }>(one)?.paused)
        .map(({ metadata }) => metadata.name);
    };
    assert.deepEqual([change("ours"), change("anybody's")], [["a"], ["a", "b"]]);
  });
  test("takes away what a patch deletes, and puts all that a namespace holds into it, subjects of bindings too", () => {
    const role = (kind: string, more: Fields = {}): Manifest => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind,
      metadata: { name: "r" },
      ...more,
    });
    const subjects = [{ kind: "ServiceAccount", name: "shop" }];
    const found = objects({
      base: {
        objects: [
          deployment("a"),
          deployment("b"),
          role("ClusterRole"),
          role("ClusterRoleBinding", { roleRef: { kind: "ClusterRole", name: "r" }, subjects }),
        ],
      },
      patches: [{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "b" }, $patch: "delete" }],
      renamed: [
        { kind: "ClusterRole", name: "r", to: "r-n" },
        { kind: "ClusterRoleBinding", name: "r", to: "r-n" },
      ],
    });
    assert.deepEqual(
      found.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`),
      ["Deployment n/a", "ClusterRole /r-n", "ClusterRoleBinding /r-n"],
    );
    const binding = only(found, "ClusterRoleBinding");
    assert.deepEqual(
      [binding["roleRef"], binding["subjects"]],
      [{ kind: "ClusterRole", name: "r-n" }, [{ kind: "ServiceAccount", name: "shop", namespace: "n" }]],
    );
  });
  test("labels what it generates by its component", () =>
    assert.equal(
      (contents(part({ base: { configs: [config({})] } })).configMaps[0]?.object.metadata["labels"] as Labels)[
        "app.kubernetes.io/name"
      ],
      "shop",
    ));
});

describe("Grafana seen from outside", () => {
  interface Ingress {
    readonly ingressClassName?: string;
    readonly tls?: readonly { readonly hosts: readonly string[]; readonly secretName: string }[];
    readonly rules: readonly {
      readonly host: string;
      readonly http: {
        readonly paths: readonly {
          readonly path: string;
          readonly pathType: string;
          readonly backend: { readonly service: { readonly name: string; readonly port: { readonly name: string } } };
        }[];
      };
    }[];
  }
  const tls = made({
    exposure: { by: "ingress", host: "grafana.example.com", class: "traefik", tlsSecret: "grafana-tls" },
  });
  const plain = made({ exposure: { by: "ingress", host: "grafana.example.com" } });
  /** https://kubernetes.io/docs/concepts/services-networking/ingress/ */
  test("by an Ingress: every path of its host leads to a port that Grafana's Service has", () => {
    const { rules, ingressClassName, tls: certificates } = specOf<Ingress>(objectOf(tls, "Ingress", "grafana"));
    assert.deepEqual(
      [rules[0]?.host, ingressClassName, certificates],
      ["grafana.example.com", "traefik", [{ hosts: ["grafana.example.com"], secretName: "grafana-tls" }]],
    );
    const [path] = rules[0]?.http.paths ?? [];
    assert.deepEqual([path?.path, path?.pathType, path?.backend.service.name], ["/", "Prefix", "grafana"]);
    const ports = specOf<{ ports: { name: string }[] }>(objectOf(tls, "Service", "grafana")).ports.map(
      ({ name }) => name,
    );
    assert.ok(ports.includes(path?.backend.service.port.name ?? ""));
    assert.equal(specOf<Ingress>(objectOf(plain, "Ingress", "grafana")).ingressClassName, undefined);
  });
  test("by an Ingress: nginx waits for a query for as long as Grafana does", () => {
    // Its own value is 60 (ingress-nginx, docs/user-guide/nginx-configuration/annotations.md).
    const annotations = objectOf(plain, "Ingress", "grafana").metadata["annotations"] as Labels;
    const nginx = Number(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]);
    const grafana = Number(literals(plain, "grafana-settings")["GF_DATAPROXY_TIMEOUT"]);
    assert.ok(grafana >= 60, `Grafana waits ${grafana} s`);
    assert.ok(nginx >= grafana, `nginx waits ${nginx} s, Grafana ${grafana} s`);
  });
  test("sends links by the scheme that browsers come by, and expects the certificate by Kubernetes's keys", () => {
    assert.equal(literals(tls, "grafana-settings")["GF_SERVER_ROOT_URL"], "https://grafana.example.com/");
    assert.equal(literals(plain, "grafana-settings")["GF_SERVER_ROOT_URL"], "http://grafana.example.com/");
    const expects = (world: World) =>
      world.overlay.parts
        .flatMap((one) => one.expects)
        .filter(({ keys }) => keys.some((key) => key.startsWith("tls.")));
    assert.deepEqual([expects(tls), expects(plain)], [[{ name: "grafana-tls", keys: ["tls.crt", "tls.key"] }], []]);
  });
  /** https://gateway-api.sigs.k8s.io/api-types/httproute/ */
  test("by an HTTPRoute: of a Gateway in its own namespace, to the number of Grafana's port", () => {
    const world = made({
      exposure: { by: "gateway-api", host: "grafana.example.com", gateway: "public", gatewayNamespace: "gateways" },
    });
    const spec = specOf<{
      parentRefs: unknown;
      hostnames: unknown;
      rules: { backendRefs: { name: string; port: number }[] }[];
    }>(objectOf(world, "HTTPRoute", "grafana"));
    assert.deepEqual(
      [spec.parentRefs, spec.hostnames],
      [[{ name: "public", namespace: "gateways" }], ["grafana.example.com"]],
    );
    const ports = specOf<{ ports: { port: number }[] }>(objectOf(world, "Service", "grafana")).ports.map(
      ({ port }) => port,
    );
    assert.ok(ports.includes(spec.rules[0]?.backendRefs[0]?.port ?? 0));
  });
  test("is let in from anywhere, by whichever it is", () => {
    for (const world of [plain, made({ exposure: { by: "gateway-api", host: "grafana.example.com" } })]) {
      const open = world.objects
        .filter(({ kind }) => kind === "NetworkPolicy")
        .filter((one) => {
          const { ingress = [], podSelector } = specOf<{
            ingress?: { from?: unknown[] }[];
            podSelector: { matchLabels?: Labels };
          }>(one);
          return (
            podSelector.matchLabels?.["app.kubernetes.io/name"] === "grafana" &&
            ingress.some(({ from }) => from === undefined)
          );
        });
      assert.equal(open.length, 1);
    }
  });
});

describe("Grafana with a database of its own", () => {
  const world = made({ database: { by: "postgres", host: "db.example.com:6432", name: "dashboards" } });
  const settings = literals(world, "grafana-settings");
  /** https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#database */
  test("asks PostgreSQL by TLS, the database that the environment names, and reads user and password from files of their own", () => {
    assert.deepEqual(
      ["TYPE", "HOST", "NAME", "SSL_MODE"].map((key) => settings[`GF_DATABASE_${key}`]),
      ["postgres", "db.example.com:6432", "dashboards", "require"],
    );
    const [grafana] = podTemplates([objectOf(world, "StatefulSet", "grafana")]);
    const env = Object.fromEntries((grafana?.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
    const mount = grafana?.spec.containers[0]?.volumeMounts?.find(({ name }) => name === "database")?.mountPath;
    assert.deepEqual(
      [env["GF_DATABASE_USER__FILE"], env["GF_DATABASE_PASSWORD__FILE"]],
      [`${mount}/user`, `${mount}/password`],
    );
  });
  /** https://grafana.com/docs/grafana/latest/alerting/set-up/configure-high-availability/ : every peer, itself included. */
  test("tells people of an alert once: each of the two knows both", () =>
    assert.deepEqual(settings["GF_UNIFIED_ALERTING_HA_PEERS"]?.split(","), [
      "grafana-0.grafana-headless:9094",
      "grafana-1.grafana-headless:9094",
    ]));
  test("may go to the database's port, and one of the two may be away", () => {
    const { egress } = specOf<{ egress: { ports: { port: number }[] }[] }>(
      objectOf(world, "NetworkPolicy", "grafana-database"),
    );
    assert.deepEqual(
      egress[0]?.ports.map(({ port }) => port),
      [6432],
    );
    assert.equal(
      specOf<{ maxUnavailable: number }>(objectOf(world, "PodDisruptionBudget", "grafana")).maxUnavailable,
      1,
    );
  });
});

describe("a proxy", () => {
  const port = (url: string): unknown =>
    specOf<{ egress: { ports: { port: number }[] }[] }>(objectOf(made({ proxy: { url } }), "NetworkPolicy", "proxy"))
      .egress[0]?.ports[0]?.port;
  /** RFC 9110, 4.2: http is 80, https 443. */
  test("is asked at the port of its URL, or at its scheme's", () =>
    assert.deepEqual(
      ["http://p.example.com:3129", "http://p.example.com", "https://p.example.com"].map(port),
      [3129, 80, 443],
    ));
  test("is not asked for what is inside the cluster, exceptions or not", () => {
    const listed =
      literals(made({ proxy: { url: "http://p.example.com:1", except: "a.example.com" } }), "proxy-settings")[
        "NO_PROXY"
      ]?.split(",") ?? [];
    for (const name of [".svc", ".cluster.local", "loki-gateway", "a.example.com"])
      assert.ok(listed.includes(name), name);
  });
});

describe("what sends samples on to where metrics are kept", () => {
  for (const [metrics, path, otlp] of [
    ["mimir", "http://mimir-gateway:8080/api/v1/push", "http://mimir-gateway:8080/otlp/v1/metrics"],
    ["thanos-receive", "http://thanos-receive:19291/api/v1/receive", "http://thanos-receive:19291/api/v1/otlp"],
  ] as const) {
    const world = made({ metrics });
    test(`${metrics}: Prometheus, with exemplars and native histograms, each with the cluster's name`, () => {
      const text = (objectOf(world, "ConfigMap", "prometheus")["data"] as Labels)["prometheus.yml"] ?? "";
      const [remote, ...more] = (
        parse(text) as {
          remote_write: {
            url: string;
            send_exemplars: boolean;
            send_native_histograms: boolean;
            write_relabel_configs: { target_label: string }[];
          }[];
        }
      ).remote_write;
      assert.deepEqual(
        [remote?.url, remote?.send_exemplars, remote?.send_native_histograms, more.length],
        [path, true, true, 0],
      );
      assert.ok(remote?.write_relabel_configs.some(({ target_label }) => target_label === "cluster"));
    });
    test(`${metrics}: Tempo's generator by remote write, applications by OTLP`, () => {
      assert.equal(literals(world, "tempo-settings")["TEMPO_REMOTE_WRITE_URL"], path);
      assert.equal(literals(world, "alloy-gateway-settings")["ALLOY_GATEWAY_METRICS_OTLP_URL"], otlp);
    });
  }
  test("the sidecar reads what Prometheus writes, passes no block on to nobody, and is found by Thanos", () => {
    const world = made({ metrics: "thanos-sidecar" });
    const [pod] = podTemplates([objectOf(world, "StatefulSet", "prometheus")]);
    const args = (name: string) => pod?.spec.containers.find((one) => one.name === name)?.args ?? [];
    const value = (name: string, flag: string): string | undefined =>
      args(name)
        .find((arg) => arg.startsWith(`${flag}=`))
        ?.slice(flag.length + 1);
    assert.equal(value("thanos-sidecar", "--tsdb.path"), value("prometheus", "--storage.tsdb.path"));
    // cmd/thanos/sidecar.go of 0.42.5: off, a block that cannot be read stops all uploads.
    assert.ok(args("thanos-sidecar").includes("--shipper.skip-corrupted-blocks"));
    const { selector } = specOf<{ selector: Labels }>(objectOf(world, "Service", "thanos-store-api"));
    assert.ok(Object.entries(selector).every(([key, label]) => pod?.labels[key] === label));
  });
});

describe("objects that controllers of other people read", () => {
  const annotations = (name: string): Labels =>
    (
      built.additions.find(({ feature }) => feature.name === name)?.everywhere[0]?.change["metadata"] as {
        annotations: Labels;
      }
    ).annotations;
  /** https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources */
  test("Flux leaves a ConfigMap and a Secret that is gone from its source", () =>
    assert.deepEqual(annotations("flux-keep-config"), { "kustomize.toolkit.fluxcd.io/prune": "disabled" }));
  /** https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#no-prune-resources and compare-options/#ignoring-resources-that-are-extraneous */
  test("so does Argo CD, which calls an Application in sync all the same", () =>
    assert.deepEqual(annotations("argocd-keep-config"), {
      "argocd.argoproj.io/sync-options": "Prune=false",
      "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    }));
  test("of each kind that generators make", () => {
    for (const name of ["flux-keep-config", "argocd-keep-config"])
      assert.deepEqual(
        built.additions.find(({ feature }) => feature.name === name)?.everywhere.map(({ kind }) => kind),
        ["ConfigMap", "Secret"],
      );
  });
  /** https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources */
  test("Grafana asks its data sources itself, lets nobody change what is written down, and forgets those that are gone", () => {
    for (const { configs } of built.bases)
      for (const { name, files = {} } of configs.filter((config) => config.name.startsWith("grafana-datasource-")))
        for (const file of Object.values(files) as {
          apiVersion: number;
          prune: boolean;
          datasources: { access: string; editable: boolean }[];
        }[]) {
          assert.deepEqual([file.apiVersion, file.prune], [1, true], name);
          for (const { access, editable } of file.datasources)
            assert.deepEqual([access, editable], ["proxy", false], name);
        }
  });
});

describe("the picture of who talks to whom", () => {
  const arrows = (name: string): readonly string[] =>
    topology(worldNamed(name).overlay)
      .split("\n")
      .filter((line) => line.includes("-->"))
      .map((line) => line.trim());
  test("has an arrow from who asks to who answers, with the names of the ports", () => {
    const dev = arrows("dev");
    for (const line of [
      "grafana -->|http| loki",
      "alloy -->|http| loki",
      "alloy-gateway -->|otlp-grpc| tempo",
      "loki -->|s3| minio",
      "prometheus --> api-server",
    ])
      assert.ok(dev.includes(line), `${line} of\n${dev.join("\n")}`);
    none(dev.filter((line) => /^(loki|minio|tempo) -->.* (grafana|alloy|alloy-gateway)$/.test(line)));
  });
  test("has nothing that is not there: no component that an environment lacks, no way of another mode, nobody whom something else stands for", () => {
    none(arrows("dev").filter((line) => /mimir|kafka|cache|receive/.test(line)));
    none(arrows("prod").filter((line) => /\bminio\b/.test(line)));
    assert.ok(arrows("prod").some((line) => /^loki --> object-store$/.test(line)));
  });
  test("leaves out that everybody is scraped", () => {
    const dev = arrows("dev");
    none(dev.filter((line) => /^prometheus -->.* (loki|tempo|grafana|node-exporter)$/.test(line)));
  });
});

/** https://docs.docker.com/reference/compose-file/services/ */
test("under Compose each container has the user, the memory and the time to end that its pod has", () => {
  const { overlay, objects } = worldNamed("demo");
  const file =
    [...overlayFiles(overlay, [], "busybox")].find(([path]) => path.endsWith("compose/compose.yaml"))?.[1] ?? "";
  const { services } = parse(file) as {
    services: Readonly<Record<string, { user: string; mem_limit: string; stop_grace_period: string }>>;
  };
  for (const pod of podTemplates(objects).filter(({ name }) => services[name])) {
    const service = services[pod.name];
    const { securityContext, terminationGracePeriodSeconds = 30, containers } = pod.spec;
    const memory = String(containers[0]?.resources?.limits?.["memory"]).replace(/i$/, "").toLowerCase();
    assert.deepEqual(
      [service?.user, service?.stop_grace_period, service?.mem_limit],
      [`${securityContext?.runAsUser}:${securityContext?.runAsGroup}`, `${terminationGracePeriodSeconds}s`, memory],
      pod.name,
    );
  }
});

/** https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically : variables are not. */
test("what a program takes as variables is named by what it holds, because no process reads its variables again", () => {
  for (const name of ["dev", "prod"])
    none(
      podTemplates(worldNamed(name).objects).flatMap((pod) =>
        containersOf(pod).flatMap(({ envFrom = [] }) =>
          envFrom.flatMap(({ configMapRef }) =>
            !configMapRef || configMapRef.optional || /-[bcdfghkmt2456789]{10}$/.test(configMapRef.name ?? "")
              ? []
              : [`${pod.id}: ${configMapRef.name}`],
          ),
        ),
      ),
      name,
    );
});

test("a workload that a load and a feature change at once has both changes", () => {
  const client = "6f2d9a0c-1b7e-4c57-9d53-0e8a4b1c2d3e";
  const store = { kind: "azure", account: "acmeprod", identity: { default: client } };
  const world = made({ metrics: "thanos-sidecar", store, load: { activeSeries: 3_000_000 } });
  const { labels, spec } = podTemplates([objectOf(world, "StatefulSet", "prometheus")])[0] ?? assert.fail();
  // https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html#pod
  assert.equal(labels["azure.workload.identity/use"], "true");
  const memory = spec.containers.find(({ name }) => name === "prometheus")?.resources?.requests?.["memory"];
  // Three million series take some 3 KiB each, more than any laptop's Prometheus has.
  assert.ok((quantity(memory) ?? 0) > 6 * 2 ** 30, `Prometheus asks for ${memory}`);
});

test("settings of Grafana from two choices are in its ConfigMap together", () => {
  const settings = literals(
    made({
      exposure: { by: "ingress", host: "grafana.example.com" },
      database: { by: "postgres", host: "db.example.com:5432" },
    }),
    "grafana-settings",
  );
  assert.equal(settings["GF_SERVER_ROOT_URL"], "http://grafana.example.com/");
  assert.equal(settings["GF_DATABASE_HOST"], "db.example.com:5432");
});

describe("the namespaces of an environment", () => {
  const worlds = ["dev", "staging", "prod", "every-thanos-receive-monolithic"].map(worldNamed);
  test("enforce the Pod Security that their pods keep: only where pods mount the node's folders it is privileged", () => {
    // Below "privileged" no pod has a hostPath volume: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    for (const { name, objects } of worlds) {
      const levels = objects
        .filter(({ kind }) => kind === "Namespace")
        .map(({ metadata }) => {
          const mounts = podTemplates(objects).some(
            ({ namespace, spec }) => namespace === metadata.name && spec.volumes?.some(({ hostPath }) => hostPath),
          );
          const level = (metadata["labels"] as Labels)["pod-security.kubernetes.io/enforce"];
          assert.equal(level, mounts ? "privileged" : "restricted", `${name}: ${metadata.name}`);
          return level;
        });
      assert.deepEqual(levels.toSorted(), ["privileged", "restricted"], name);
    }
  });
  test("let nothing in and nothing out that no other policy opens", () => {
    // https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-ingress-and-all-egress-traffic
    for (const { name, objects } of worlds)
      for (const { metadata } of objects.filter(({ kind }) => kind === "Namespace")) {
        const policy = objects.find(
          (one) =>
            one.kind === "NetworkPolicy" &&
            one.metadata.namespace === metadata.name &&
            one.metadata.name === "default-deny",
        );
        assert.deepEqual(
          policy?.["spec"],
          { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
          `${name}: ${metadata.name}`,
        );
      }
  });
});

test("the page of an environment with a store outside names the buckets that must be there", () => {
  const page = (name: string): string =>
    overlayFiles(worldNamed(name).overlay, [], "busybox").get(`overlays/${name}/README.md`) ?? assert.fail(name);
  for (const bucket of ["example-loki-chunks", "example-loki-ruler", "example-tempo"])
    assert.match(page("prod"), new RegExp(`\`${bucket}\``));
  assert.doesNotMatch(page("dev"), /Create these buckets/);
});

test("Flux waits for a roll-out for longer than the pods of all zones may take to end, one zone after the other", () => {
  for (const { overlay, objects } of ["prod", "prod-mimir"].map(worldNamed)) {
    const groups = new Map<string, number>();
    for (const object of objects) {
      const group = (object.metadata["labels"] as Labels | undefined)?.["rollout-group"];
      if (!group) continue;
      // Pods of one zone end together (rollout-operator, README).
      const { spec } = podTemplates([object])[0] ?? assert.fail(group);
      groups.set(group, (groups.get(group) ?? 0) + (spec.terminationGracePeriodSeconds ?? 30));
    }
    const longest = Math.max(...groups.values());
    const timeout = fluxObjects(overlay).flatMap((one) => specOf<{ timeout?: string }>(one).timeout ?? [])[0];
    const minutes = Number(/^(\d+)m$/.exec(timeout ?? "")?.[1]);
    assert.ok(longest > 0 && minutes * 60 >= longest, `Flux waits ${timeout}, the zones take ${longest} s`);
  }
});
