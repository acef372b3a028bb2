import type { INamespace } from "kubernetes-models/v1/Namespace";
import type { IPod } from "kubernetes-models/v1/Pod";
import { poll, type Run, seconds } from "./context.ts";
import { grafanaTemplate } from "./datasources.ts";
import { apply, type Cluster, type ClusterObject, get, type PodName, remove } from "./kubectl.ts";

const images = {
  curl: "docker.io/curlimages/curl:8.16.0",
  busybox: "docker.io/library/busybox:1.37",
  telemetrygen: "ghcr.io/open-telemetry/opentelemetry-collector-contrib/telemetrygen:v0.161.0",
} as const;

const mark = { "kube-lgtm.io/e2e": "true" } as const;

export const probe = (cluster: Cluster): PodName => ({ namespace: cluster.stack, name: "kube-lgtm-e2e-grafana" });
export const sender = (cluster: Cluster): PodName => ({ namespace: cluster.users, name: "sender" });

type Container = NonNullable<IPod["spec"]>["containers"][number];
type Meta = Readonly<Record<"labels" | "annotations", Readonly<Record<string, string>>>>;

/** A pod of one container that Pod Security `restricted` admits. */
const pod = (
  { namespace, name }: PodName,
  meta: Partial<Meta>,
  container: Omit<Container, "name">,
  restartPolicy: "Always" | "Never" = "Always",
): IPod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { ...meta.labels, ...mark }, annotations: meta.annotations },
  spec: {
    restartPolicy,
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
 * Stands for Grafana: its labels, so the same NetworkPolicies. Never Ready and without ports, so that neither Grafana's
 * Service nor a scrape job takes it for a target; the name has no ordinal, so that no StatefulSet adopts it.
 */
const grafanaProbe = (cluster: Cluster, labels: Readonly<Record<string, string>>): IPod =>
  pod(
    probe(cluster),
    { labels },
    { image: images.curl, command: idle, readinessProbe: { exec: { command: ["false"] }, periodSeconds: 60 } },
  );

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
const metricsAnswer = `while read -r line; do [ \${#line} -gt 1 ] || break; done
body="kube_lgtm_e2e_value{run=\\"$RUN\\"} 42"
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain; version=0.0.4\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s\\n' \
  $((\${#body} + 1)) "$body"`;

const pods = (cluster: Cluster, run: Run): readonly IPod[] => [
  pod(
    { namespace: cluster.users, name: "logger" },
    { labels: { app: run.caller, "app.kubernetes.io/name": run.caller } },
    {
      image: images.busybox,
      command: ["sh", "-c", logLine],
      env: [
        { name: "RUN", value: run.id },
        { name: "TRACE_ID", value: run.traceIds.otlpHttp },
      ],
    },
  ),
  pod(
    { namespace: cluster.users, name: "metrics" },
    {
      labels: { app: "metrics", "app.kubernetes.io/name": "metrics" },
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "8080" },
    },
    {
      image: images.busybox,
      command: ["nc", "-ll", "-p", "8080", "-e", "/bin/sh", "-c", metricsAnswer],
      env: [{ name: "RUN", value: run.id }],
      ports: [{ name: "metrics", containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/metrics", port: "metrics" } },
    },
  ),
  pod(
    sender(cluster),
    { labels: { app: "sender", "app.kubernetes.io/name": "sender" } },
    { image: images.curl, command: idle },
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
    "Never",
  );
};

const isRunning = ({ status }: ClusterObject): boolean =>
  status?.containerStatuses?.every(({ state }) => state["running"] !== undefined) ?? false;

const running = ({ cluster, name }: { cluster: Cluster; name: PodName }): Promise<void> =>
  poll(seconds.podRunning, async () => {
    const found = await get<ClusterObject>(cluster, name.namespace, "pod", name.name);
    const waiting = found?.status?.containerStatuses?.[0]?.state["waiting"]?.reason ?? found?.status?.["phase"];
    if (!found || !isRunning(found)) throw new Error(`pod ${name.name} does not run: ${String(waiting ?? "no pod")}`);
  });

/** Removes what `create` made. Refuses to touch a namespace of that name that somebody else made. */
export const cleanUp = async (cluster: Cluster): Promise<void> => {
  const existing = await get<ClusterObject>(cluster, cluster.users, "namespace", cluster.users);
  if (existing && existing.metadata.labels?.["kube-lgtm.io/e2e"] !== "true") {
    throw new Error(`namespace ${cluster.users} exists and was not made by this program. Delete or rename it.`);
  }
  const { namespace: stack, name } = probe(cluster);
  await Promise.all([
    remove(cluster, stack, "pod", name),
    existing ? remove(cluster, cluster.users, "namespace", cluster.users) : undefined,
  ]);
};

/** Creates the pod that stands for Grafana and a user's namespace with its pods, and waits until they run. */
export const create = async (cluster: Cluster, run: Run): Promise<string> => {
  await cleanUp(cluster);
  const { metadata } = await grafanaTemplate(cluster);
  const made = [...pods(cluster, run), grafanaProbe(cluster, metadata.labels)];
  // A new namespace has no service account for a moment, and admits no pod until then.
  await poll(seconds.sent, () => apply(cluster, [namespace(cluster), ...made]));
  const names = made.map((one) => ({ namespace: one.metadata?.namespace ?? "", name: one.metadata?.name ?? "" }));
  await Promise.all(names.map((name) => running({ cluster, name })));
  return names.map(({ name }) => name).join(", ");
};
