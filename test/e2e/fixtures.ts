import type { INamespace } from "kubernetes-models/v1/Namespace";
import type { IPod } from "kubernetes-models/v1/Pod";
import { poll, type Run, seconds } from "./context.ts";
import { grafanaTemplate } from "./datasources.ts";
import { apply, type Cluster, type ClusterObject, get, kubectl, type PodName, remove } from "./kubectl.ts";

export const images = {
  curl: "docker.io/curlimages/curl:8.16.0",
  busybox: "docker.io/library/busybox:1.37",
  telemetrygen: "ghcr.io/open-telemetry/opentelemetry-collector-contrib/telemetrygen:v0.161.0",
} as const;

export const mark = { "kube-lgtm.io/e2e": "true" } as const;

export const probe = (cluster: Cluster): PodName => ({ namespace: cluster.stack, name: "kube-lgtm-e2e-grafana" });
export const sender = (cluster: Cluster): PodName => ({ namespace: cluster.users, name: "sender" });

type PodSpec = NonNullable<IPod["spec"]>;
type Container = Omit<PodSpec["containers"][number], "name">;
type Meta = Readonly<Record<"labels" | "annotations", Readonly<Record<string, string>>>>;

/** A pod of one container that Pod Security `restricted` admits. */
export const pod = (
  { namespace, name }: PodName,
  meta: Partial<Meta>,
  container: Container,
  more: Pick<PodSpec, "restartPolicy" | "volumes"> = {},
): IPod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { ...meta.labels, ...mark }, annotations: meta.annotations },
  spec: {
    ...more,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name,
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        ...container,
      },
    ],
  },
});

const idle = ["sh", "-c", "while :; do sleep 60; done"];

/**
 * Stands for another pod of the stack: the labels of its template, so the same NetworkPolicies. Never Ready and without ports,
 * so that neither its Service nor a scrape job takes it for a target; give it a name without an ordinal and without
 * pod-template-hash, so that no controller adopts it.
 */
export const standIn = (
  name: PodName,
  labels: Readonly<Record<string, string>>,
  container: Container,
  more: Pick<PodSpec, "volumes"> = {},
): IPod => {
  const readinessProbe = { exec: { command: ["false"] }, periodSeconds: 60 };
  return pod(name, { labels }, { ...container, readinessProbe }, more);
};

const namespace = ({ users }: Cluster): INamespace => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: users,
    labels: { "pod-security.kubernetes.io/enforce": "restricted", "kube-lgtm.io/scrape": "true", ...mark },
  },
});

const logLine = `i=0
while :; do
  i=$((i + 1))
  echo "level=info run=$RUN seq=$i traceID=$TRACE_ID msg=\\"order shipped\\""
  sleep 2
done`;

/** One HTTP answer on standard output; the request is read first, or closing the connection would reset it. */
const metricsAnswer = (metric: string): string => `while read -r line; do [ \${#line} -gt 1 ] || break; done
body="${metric}"
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain; version=0.0.4\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s\\n' \
  $((\${#body} + 1)) "$body"`;

type Environment = Readonly<Record<string, string>>;
const env = (values: Environment) => Object.entries(values).map(([name, value]) => ({ name, value }));

/** A user's pod that writes to its standard output. */
export const logger = (cluster: Cluster, app: string, script: string, values: Environment): IPod =>
  pod(
    { namespace: cluster.users, name: "logger" },
    { labels: { app, "app.kubernetes.io/name": app } },
    { image: images.busybox, command: ["sh", "-c", script], env: env(values) },
  );

/** A user's pod whose /metrics is one line, which a shell expands at each scrape. */
export const scraped = (cluster: Cluster, metric: string, values: Environment): IPod =>
  pod(
    { namespace: cluster.users, name: "metrics" },
    {
      labels: { app: "metrics", "app.kubernetes.io/name": "metrics" },
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "8080" },
    },
    {
      image: images.busybox,
      command: ["nc", "-ll", "-p", "8080", "-e", "/bin/sh", "-c", metricsAnswer(metric)],
      env: env(values),
      ports: [{ name: "metrics", containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/metrics", port: "metrics" } },
    },
  );

/** Keeps the body of each request as one line, and says that all is well. */
const keepBody = `length=0
while read -r line; do
  line=$(printf %s "$line" | tr -d '\\r')
  [ -n "$line" ] || break
  case $line in [Cc]ontent-[Ll]ength:*) length=\${line#*: } ;; esac
done
body=$(head -c "$length")
echo "$body" >>/told/alerts
printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'`;

export const receiverPort = 8080;

/** A user's pod that is told of alerts. */
export const receiver = (cluster: Cluster): { readonly name: PodName; readonly pod: IPod } => {
  const name = { namespace: cluster.users, name: "receiver" };
  return {
    name,
    pod: pod(
      name,
      { labels: { app: "receiver", "app.kubernetes.io/name": "receiver" } },
      {
        image: images.busybox,
        command: ["nc", "-ll", "-p", String(receiverPort), "-e", "/bin/sh", "-c", keepBody],
        volumeMounts: [{ name: "told", mountPath: "/told" }],
      },
      { volumes: [{ name: "told", emptyDir: {} }] },
    ),
  };
};

const pods = (cluster: Cluster, run: Run): readonly IPod[] => [
  logger(cluster, run.caller, logLine, { RUN: run.id, TRACE_ID: run.traceIds.otlpHttp }),
  scraped(cluster, 'kube_lgtm_e2e_value{run=\\"$RUN\\"} 42', { RUN: run.id }),
  ...[sender(cluster), { ...sender(cluster), name: "twin" }].map((name) =>
    pod(
      name,
      { labels: { app: name.name, "app.kubernetes.io/name": name.name } },
      { image: images.curl, command: idle },
    ),
  ),
];

/** A pod that ends once it has sent one trace by OTLP over gRPC. */
export const telemetrygen = (cluster: Cluster, run: Run): IPod => {
  const to = ["--otlp-endpoint", `otlp.${cluster.stack}:4317`, "--otlp-insecure"];
  return pod(
    { namespace: cluster.users, name: "telemetrygen" },
    { labels: { app: "telemetrygen", "app.kubernetes.io/name": "telemetrygen" } },
    {
      image: images.telemetrygen,
      args: ["traces", ...to, "--traces", "1", "--rate", "0", "--service", run.services.otlpGrpc],
    },
    { restartPolicy: "Never" },
  );
};

const isRunning = ({ status }: ClusterObject): boolean =>
  status?.containerStatuses?.every(({ state }) => state["running"] !== undefined) ?? false;

export const running = ({ cluster, name }: { cluster: Cluster; name: PodName }): Promise<void> =>
  poll(seconds.podRunning, async () => {
    const found = await get<ClusterObject>(cluster, name.namespace, "pod", name.name);
    const waiting = found?.status?.containerStatuses?.[0]?.state["waiting"]?.reason ?? found?.status?.["phase"];
    if (!found || !isRunning(found)) throw new Error(`pod ${name.name} does not run: ${String(waiting ?? "no pod")}`);
  });

/** Removes what `start` made. Refuses to touch a namespace of that name that somebody else made. */
export const cleanUp = async (cluster: Cluster): Promise<void> => {
  const existing = await get<ClusterObject>(cluster, cluster.users, "namespace", cluster.users);
  if (existing && existing.metadata.labels?.["kube-lgtm.io/e2e"] !== "true") {
    throw new Error(`namespace ${cluster.users} exists and was not made by this program. Delete or rename it.`);
  }
  const [label] = Object.entries(mark).map(([name, value]) => `${name}=${value}`);
  await Promise.all([
    kubectl(cluster, [
      "-n",
      cluster.stack,
      "delete",
      "pods,configmaps,secrets,networkpolicies",
      "-l",
      `${label}`,
      "--timeout=120s",
    ]),
    existing ? remove(cluster, cluster.users, "namespace", cluster.users) : undefined,
  ]);
};

/**
 * Creates a user's namespace, the pod that stands for Grafana, the pods given and what else they need, and waits until the
 * pods run.
 */
export const start = async (
  cluster: Cluster,
  pods: readonly IPod[],
  needed: readonly object[] = [],
): Promise<string> => {
  await cleanUp(cluster);
  const { metadata } = await grafanaTemplate(cluster);
  const grafana = standIn(probe(cluster), metadata.labels, { image: images.curl, command: idle });
  const made = [...pods, grafana];
  // A new namespace has no service account for a moment, and admits no pod until then.
  await poll(seconds.sent, () => apply(cluster, [namespace(cluster), ...needed, ...made]));
  const names = made.map((one) => ({ namespace: one.metadata?.namespace ?? "", name: one.metadata?.name ?? "" }));
  await Promise.all(names.map((name) => running({ cluster, name })));
  return names.map(({ name }) => name).join(", ");
};

export const create = (cluster: Cluster, run: Run): Promise<string> => start(cluster, pods(cluster, run));
