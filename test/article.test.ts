import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Findings, none, says } from "./lib/findings.ts";
import { root } from "./lib/world.ts";

/** What the article says, part by part: every value, command, bucket, port, host and credential, as it stands there. */
const article: Readonly<Record<string, readonly string[]>> = {
  "The four projects": [
    "Loki",
    "Grafana",
    "Tempo",
    "Mimir",
    "[모놀리틱, 마이크로서비스, read-write]",
    "마이크로서비스 모드",
  ],
  "Loki: modes and components": [
    "8개의 컴포넌트",
    "[write, read, backend]",
    "stateless",
    "stateful",
    "[모노리틱 모드, 마이크로서비스 모드]",
    "Compactor(압축기)",
    "Distributor(분배기)",
    "Ingester(수집기)",
    "장기 스토리지 백엔드(DynamoDB, S3 등)",
    "Ruler(규칙기)",
  ],
  "Loki's default configuration": [
    "/etc/loki/local-config.yaml",
    "auth_enabled: false",
    "server: http_listen_port: 3100",
    "instance_addr: 127.0.0.1",
    "path_prefix: /loki",
    "chunks_directory: /loki/chunks",
    "rules_directory: /loki/rules",
    "replication_factor: 1",
    "kvstore: store: inmemory",
    "from: 2020-10-24",
    "store: tsdb",
    "object_store: filesystem",
    "schema: v13",
    "prefix: index_",
    "period: 24h",
    "ruler: alertmanager_url: http://localhost:9093",
    "#analytics: # reporting_enabled: false",
    "보존기간 설정 https://grafana.com/docs/loki/latest/operations/storage/retention/",
  ],
  "The Compose demo": [
    "https://grafana.com/docs/loki/latest/get-started/",
    "docker-compose",
    "flog: fake log generator",
    "apache-common, apache error and RFC3164 syslog",
    "promtail(log ship agent)",
    "gateway(nginx)",
    "grafana",
    "loki(read, write)",
    "minio(object storage)",
  ],
  "The Helm commands": [
    "helm repo add grafana https://grafana.github.io/helm-charts",
    "helm repo add prometheus-community https://prometheus-community.github.io/helm-charts",
    "helm search repo grafana",
    "helm search repo prometheus-community",
    "helm fetch grafana/loki loki-5.42.0.tgz",
    "helm fetch prometheus-community/kube-prometheus-stack kube-prometheus-stack-56.4.0.tgz",
    "helm fetch grafana/tempo tempo-1.7.1.tgz",
    "helm fetch grafana/grafana grafana-7.2.5.tgz",
    "tar zxvf loki-*.tgz",
    "tar zxvf kube-prometheus-stack-*.tgz",
    "tar zxvf tempo-*.tgz",
    "tar zxvf grafana-*.tgz",
    "mv loki loki-helm",
    "mv kube-prometheus-stack kube-prometheus-stack-helm",
    "mv tempo tempo-helm",
    "mv grafana grafana-helm",
    "helm install prometheus -f values.yaml . -n prometheus",
    "helm install grafana -f values.yaml . -n monitoring",
  ],
  "Loki by Helm": [
    "https://github.com/grafana/loki/tree/main/production/helm/loki",
    "test: enabled: false",
    "monitoring: selfMonitoring: enabled: false",
    "loki: auth_enabled: false",
    "bucketNames: chunks: chunks",
    "bucketNames: ruler: ruler",
    "bucketNames: admin: admin",
    "storage: type: s3",
    "s3: s3: null",
    "endpoint: http://minio.minio.svc.cluster.local:9000/loki",
    "region: null",
    "secretAccessKey: rootpass123",
    "accessKeyId: rootuser",
    "signatureVersion: null",
    "s3ForcePathStyle: true",
    "insecure: true",
    "http_config: {}",
    "replicas 수는 모두 1로 고정",
    "read: replicas: 1",
    "read: enableStatefulSetAutoDeletePVC: false",
    "write: replicas: 1",
    "write: volumeClaimsEnabled: false",
    "backend: replicas: 1",
    "backend: volumeClaimsEnabled: false",
    "uri 기반으로 bucket 이름을 설정해야함",
  ],
  Prometheus: [
    "미리 생성해둔 minio 서비스를 사용",
    "objstore.yml 파일명 고정 필수",
    "type: s3",
    "bucket: thanos",
    "endpoint: minio.minio.svc.cluster.local:9000",
    "access_key: rootuser",
    "secret_key: rootpass123",
    "insecure: true",
    "kubectl create secret generic thanos-objstore-secret --from-file=objstore.yml -n prometheus",
    "prometheusSpec: enableRemoteWriteReceiver: true",
    'objectStorageConfig: existingSecret: name: "thanos-objstore-secret"',
    'existingSecret: key: "objstore.yml"',
    "thanosService: enabled: true",
    "kubectl create namespace prometheus",
    "kubectl get pod/prometheus-prometheus-kube-prometheus-prometheus-0 -n prometheus -o=jsonpath='{.spec.containers[*].name}' | tr ' ' '\\n'",
    "# prometheus # config-reloader # thanos-sidecar",
    "Prometheus AlertManager",
    "Prometheus Thanos Discovery",
  ],
  Thanos: [
    "Query Frontend",
    "Query",
    "Ruler",
    "Store gateway",
    "Compact",
    "Receiver",
    "Thanos Sidecar",
    "직접 배포하는 헬름 차트는 존재하지 않는다",
    "https://github.com/bitnami/charts/tree/main/bitnami/thanos",
    "kubectl create secret generic thanos-objstore-secret --from-file=objstore.yml -n thanos",
    "receiver enabled: true",
    'existingObjstoreSecret: "thanos-objstore-secret"',
    "query: stores: - prometheus-kube-prometheus-thanos-discovery.prometheus.svc.cluster.local:10901",
    "queryFrontend: enabled: true",
    "queryFrontend: type: IN-MEMORY",
    "max_size: 512MB",
    "max_size_items: 100",
    "validity: 120s",
    "compactor: enabled: true",
    "retentionResolutionRaw: 30d",
    "retentionResolution5m: 30d",
    "retentionResolution1h: 1y # 10y is too long",
    "compactor: persistence: enabled: false",
    "storegateway: enabled: true",
    "storegateway: type: IN-MEMORY",
    "max_size: 300MB",
    "max_item_size: 120MB",
    "storegateway: persistence: enabled: false",
    "ruler: enabled: true",
    "alertmanagers: - http://prometheus-kube-prometheus-alertmanager.prometheus.svc.cluster.local:9093",
    'groups: - name: "metamonitoring"',
    '- : "PrometheusDown"',
    'expr: absent(up{prometheus="monitoring/prometheus-operator"})',
    "ruler: persistence: enabled: false",
    "일부 데이터가 유실되는것을 감안",
  ],
  Tempo: [
    "[jeager, zipkin, otel]",
    "https://github.com/grafana/helm-charts/tree/main/charts/tempo",
    "https://github.com/grafana/helm-charts/tree/main/charts/tempo-distributed",
    "모놀리식(single binary mode)",
    "persistence",
    "service graph",
    "prometheus remote write",
    "metricsGenerator: enabled: true",
    'remoteWriteUrl: "http://prometheus-kube-prometheus-prometheus.prometheus.svc.cluster.local:9090/api/v1/write"',
    "storage: trace: backend: s3",
    "bucket: tempo",
    "endpoint: minio.minio.svc.cluster.local:9000",
    "access_key: rootuser",
    "secret_key: rootpass123",
    "insecure: true",
    "# backend: local",
  ],
  Grafana: [
    "[zipkin, jeager, prometheus]",
    "stateless",
    "ingress: enabled: true",
    "kubernetes.io/ingress.class: nginx",
    'kubernetes.io/tls-acme: "true"',
    "labels: {}",
    "path: /",
    "persistence: type: pvc enabled: true",
    'storageClassName: "local-path"',
    'kubectl get secret --namespace monitoring grafana -o jsonpath="{.data.admin-password}" | base64 --decode ; echo',
    "# strongpassword",
    "chart-example.local",
  ],
  Connecting: ["[Loki, Temp, Thanos]", "https://github.com/Kouzie/local-k8s"],
};

/** The tables after the parts, which take up again what the parts have. */
const wrong = "Faults of the article, fixed here";
const chosen = "What differs by choice";
const upstream = "What changed upstream since";

interface Row {
  readonly section: string;
  readonly line: number;
  readonly cells: readonly string[];
}
interface Table {
  readonly section: string;
  readonly header: readonly string[];
  readonly rows: readonly Row[];
}

const cellsOf = (line: string): readonly string[] =>
  line
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** The tables of a page, each under its heading. */
const tablesOf = (markdown: string): readonly Table[] => {
  const tables: { section: string; header: readonly string[]; rows: Row[] }[] = [];
  let section = "";
  let open = false;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (line.startsWith("#")) section = line.replace(/^#+ /, "");
    if (!line.startsWith("|")) open = false;
    else if (!open) {
      tables.push({ section, header: cellsOf(line), rows: [] });
      open = true;
    } else if (!/^[|\s:-]+$/.test(line)) tables.at(-1)?.rows.push({ section, line: index + 1, cells: cellsOf(line) });
  }
  return tables;
};

const plain = (text: string): string => text.replace(/\s+/g, " ").trim();
const codes = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => plain((code as string).replaceAll("\\|", "|")));
const urls = (cell: string): readonly string[] =>
  [...cell.matchAll(/\]\((https:\/\/[^)\s]+)\)/g)].map(([, url]) => url as string);

const path = /^(?:bases|components|overlays|src|test|docs)\/[\w./-]+$/;
const command = /^(?:kubectl|docker compose|make) /;
const reason = /(?:no counterpart|대응하는 것 없음): \S.{9,}/;

/** Text of a file, `""` of a folder, nothing where there is neither. */
type Read = (path: string) => string | undefined;
const repository: Read = (file) => {
  const at = join(root, file);
  if (!existsSync(at)) return undefined;
  return statSync(at).isDirectory() ? "" : readFileSync(at, "utf8");
};

/** Where a quote ends in a text, as whole words, or -1: `replicas: 1` is not in `replicas: 10`. */
const endOf = (text: string, quote: string, from: number): number => {
  const literal = quote.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const word = new RegExp(`(?<![\\w.-])${literal}${/\w$/.test(quote) ? "(?![\\w.-])" : ""}`, "g");
  word.lastIndex = from;
  return word.exec(text) ? word.lastIndex : -1;
};

/**
 * What is wrong with a cell `here`. It names paths, commands or a reason why there is neither; after a path, a colon and quotes with
 * commas between, which stand in that file in that order.
 */
const hereFaults = (cell: string, read: Read = repository): Findings => {
  const found: string[] = [];
  let [file, text, from] = ["", "", 0];
  let counterparts = 0;
  for (const [, gap, raw] of cell.matchAll(/([^`]*)`([^`]+)`/g) as IterableIterator<[string, string, string]>) {
    const code = raw.replaceAll("\\|", "|");
    if (path.test(code)) {
      const there = read(code);
      if (there === undefined) found.push(`${code} is not there`);
      else counterparts += 1;
      [file, text, from] = [code, there ?? "", 0];
    } else if (file !== "" && /^(?:: |, )$/.test(gap)) {
      const end = endOf(text, code, from);
      if (end < 0) found.push(`${file} does not hold "${code}"${from > 0 ? " there" : ""}`);
      else from = end;
    } else if (command.test(code)) {
      for (const word of code.split(" "))
        if (path.test(word) && read(word) === undefined) found.push(`${word} is not there`);
      file = "";
    } else found.push(`"${code}" follows no file`);
  }
  if (counterparts === 0 && !reason.test(cell))
    found.push(cell === "" ? "is empty" : "has neither a path nor a reason");
  return found;
};

/** Rows without a counterpart, of the wrong width, or that quote what is not there. */
const rowFaults = (tables: readonly Table[], read: Read = repository): Findings =>
  tables.flatMap(({ header, rows }) =>
    rows.flatMap(({ section, line, cells }) => {
      const here = cells[header.findIndex((name) => name === "here" || name === "여기")];
      return [
        ...(cells.length === header.length ? [] : [`has ${cells.length} cells, not ${header.length}`]),
        ...(cells[0] ? [] : ["has nothing on the left"]),
        ...(here === undefined ? ["has no cell for here"] : hereFaults(here, read)),
      ].map((fault) => `${section}, line ${line}: ${fault}`);
    }),
  );

const left = ({ cells }: Row): readonly string[] => codes(cells[0] ?? "");

/** What the article says and the tables do not, and what the tables quote and the article does not say. */
const coverageFaults = (tables: readonly Table[], parts: typeof article = article): Findings => {
  const of = (section: string): readonly Row[] =>
    tables.filter((table) => table.section === section).flatMap(({ rows }) => rows);
  const strange = (section: string, values: readonly string[]): Findings =>
    of(section)
      .flatMap(left)
      .filter((code) => !values.some((value) => value.includes(code)))
      .map((code) => `${section}: "${code}" is not of the article`);
  return [
    ...Object.entries(parts).flatMap(([section, values]) => [
      ...values
        .filter((value) => !of(section).some((row) => endOf(left(row).join(" "), value, 0) >= 0))
        .map((value) => `${section}: no row has "${value}"`),
      ...strange(section, values),
    ]),
    ...[wrong, chosen].flatMap((section) => strange(section, Object.values(parts).flat())),
  ];
};

const words = (cell: string): string =>
  cell
    .replace(/`[^`]*`/g, "")
    .replace(/\]\([^)]*\)/g, "")
    .replace(/<br>/g, " ");

/** Where two pages, one a translation of the other, do not say the same. */
const translationFaults = (english: readonly Table[], korean: readonly Table[]): Findings => {
  const shape = (tables: readonly Table[]): string => tables.map(({ rows }) => rows.length).join(" ");
  if (shape(english) !== shape(korean)) return [`the tables have ${shape(english)} rows, and ${shape(korean)}`];
  const others = korean.flatMap(({ rows }) => rows);
  const sorted = (list: readonly string[]): string => JSON.stringify([...list].sort());
  return english
    .flatMap(({ rows }) => rows)
    .flatMap((row, index) =>
      row.cells.flatMap((cell, column) => {
        const other = others[index]?.cells[column] ?? "";
        const place = `${row.section}, line ${row.line}, cell ${column + 1}`;
        return [
          ...(sorted(codes(cell)) === sorted(codes(other)) ? [] : [`${place}: other quotes`]),
          ...(sorted(urls(cell)) === sorted(urls(other)) ? [] : [`${place}: other links`]),
          ...((cell === "") === (other === "") ? [] : [`${place}: one is empty`]),
          ...(/[a-z]+ [a-z]+ [a-z]+/.test(words(other)) && !/[가-힣]/.test(words(other))
            ? [`${place}: not translated`]
            : []),
        ];
      }),
    );
};

/** Rows of what changed upstream that say so on nobody's word. */
const sourceFaults = (tables: readonly Table[]): Findings =>
  tables
    .flatMap(({ rows }) => rows)
    .filter(({ cells }) => urls(cells.at(-1) ?? "").length === 0)
    .map(({ section, line }) => `${section}, line ${line}: has no source`);

const page = (name: string): string => readFileSync(join(root, "docs", name), "utf8");
const pages = { english: page("from-the-article.md"), korean: page("from-the-article.ko.md") };
const [english, korean] = [tablesOf(pages.english), tablesOf(pages.korean)];

/** Links within a page that no heading of it answers. */
const anchorFaults = (markdown: string): Findings => {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
  return [...markdown.matchAll(/\]\(#([^)]+)\)/g)]
    .map(([, anchor]) => anchor as string)
    .filter((anchor) => !headings.includes(anchor))
    .map((anchor) => `no heading for #${anchor}`);
};

describe("docs/from-the-article.md", () => {
  test("has a table for each part of the article, in its order, and three more", () =>
    assert.deepEqual(
      english.map(({ section }) => section),
      [...Object.keys(article), wrong, chosen, upstream],
    ));
  test("has every value and command of the article, and no other", () => none(coverageFaults(english)));
  test("has in every row a counterpart that is there, or a reason", () => none(rowFaults(english)));
  test("has a source for every change upstream", () => {
    const rows = english.filter(({ section }) => section === upstream);
    assert.ok(rows.flatMap((table) => table.rows).length >= 9);
    none(sourceFaults(rows));
  });
  test("leads to its own headings", () => none(anchorFaults(pages.english)));
});

describe("docs/from-the-article.ko.md", () => {
  test("has the same rows, quotes and links, in Korean", () => none(translationFaults(english, korean)));
  test("has in every row a counterpart that is there, or a reason", () => none(rowFaults(korean)));
  test("leads to its own headings", () => none(anchorFaults(pages.korean)));
});

describe("what is wrong with the tables is reported:", () => {
  const one = (here: string, left = "`a: 1`", rest = "") =>
    tablesOf(`## Part\n\n| the article | here | why |\n| --- | --- | --- |\n| ${left} | ${here} | ${rest} |\n`);
  const files: Read = (file) => ({ "bases/a.yaml": "kind: A\nspec:\n  replicas: 10\n  a: 1\n" })[file];
  const faults = (here: string): Findings => rowFaults(one(here), files);

  test("nothing, where all is well", () => {
    none(faults("`bases/a.yaml`: `spec:`, `a: 1`<br>`kubectl apply -k bases/a.yaml`"));
    none(faults("no counterpart: nothing is fetched"));
  });
  test("a row without a counterpart", () => {
    says(faults(""), /Part, line 5: is empty/);
    says(faults("the same"), /neither a path nor a reason/);
    says(faults("`kubectl get pods`"), /neither a path nor a reason/);
    says(faults("no counterpart: ."), /neither a path nor a reason/);
  });
  test("a file that is not there", () => {
    says(faults("`bases/b.yaml`"), /bases\/b\.yaml is not there/);
    says(faults("`bases/a.yaml`<br>`kubectl apply -k overlays/none`"), /overlays\/none is not there/);
  });
  test("a quote that is not in its file, is there in another order, or is part of another word", () => {
    says(faults("`bases/a.yaml`: `a: 2`"), /bases\/a\.yaml does not hold "a: 2"/);
    says(faults("`bases/a.yaml`: `a: 1`, `spec:`"), /does not hold "spec:" there/);
    says(faults("`bases/a.yaml`: `replicas: 1`"), /does not hold "replicas: 1"/);
    says(faults("`bases/a.yaml`<br>`a: 1`"), /"a: 1" follows no file/);
  });
  test("a row that is too wide", () =>
    says(rowFaults(one("`bases/a.yaml`", "`a` | `b`"), files), /has 4 cells, not 3/));
  test("a value of the article that no row has, and a quote that the article does not have", () => {
    const tables = one("`bases/a.yaml`", "`spec:` `a: 1`");
    none(coverageFaults(tables, { Part: ["spec: a: 1"] }));
    says(coverageFaults(tables, { Part: ["spec: a: 1", "b: 2"] }), /Part: no row has "b: 2"/);
    says(coverageFaults(tables, { Part: ["spec: a: 11"] }), /no row has "spec: a: 11"/);
    says(coverageFaults(tables, { Part: ["a: 1"] }), /Part: "spec:" is not of the article/);
    const again = tablesOf(`## ${wrong}\n| the article | here |\n| --- | --- |\n| \`b: 2\` | |\n`);
    says(coverageFaults([...tables, ...again], { Part: ["spec: a: 1"] }), /fixed here: "b: 2" is not of the article/);
  });
  test("a translation that is short, quotes otherwise, or is none", () => {
    const long = one("`bases/a.yaml`", "`a`", "one two three [x](https://x)");
    says(translationFaults(long, []), /the tables have 1 rows, and /);
    says(translationFaults(long, one("`bases/b.yaml`", "`a`", "하나")), /line 5, cell 2: other quotes/);
    says(translationFaults(long, one("`bases/a.yaml`", "`a`", "하나 [x](https://y)")), /cell 3: other links/);
    says(translationFaults(long, one("`bases/a.yaml`", "`a`", "")), /cell 3: one is empty/);
    says(translationFaults(long, long), /cell 3: not translated/);
  });
  test("a change without a source", () => {
    says(sourceFaults(one("`bases/a.yaml`", "Loki", "somebody said so")), /Part, line 5: has no source/);
    none(sourceFaults(one("`bases/a.yaml`", "Loki", "[notes](https://example.com)")));
  });
  test("a link to a heading that is not there", () => {
    none(anchorFaults("# Loki's own: 고친 것\n[a](#lokis-own-고친-것)"));
    says(anchorFaults("# A\n[b](#b)"), /no heading for #b/);
  });
});
