import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { ISecret } from "kubernetes-models/v1/Secret";
import type { IService } from "kubernetes-models/v1/Service";
import { type Check, type Context, poll, seconds } from "../context.ts";
import { mark, receiver, receiverPort, running } from "../fixtures.ts";
import { apply, type Cluster, type ClusterObject, get, kubectl, list, remove, request } from "../kubectl.ts";

const secretName = "alertmanager-config";
const receiverName = "kube-lgtm-e2e";
const policyName = "kube-lgtm-e2e-alertmanager";

const url = ({ users }: Cluster): string => `http://receiver.${users}:${receiverPort}/`;

/** Tells one receiver of everything, at once. JSON is YAML. */
const secret = (cluster: Cluster): ISecret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: secretName, namespace: cluster.stack, labels: mark },
  stringData: {
    "alertmanager.yml": JSON.stringify({
      route: {
        receiver: receiverName,
        group_by: ["alertname"],
        group_wait: "1s",
        group_interval: "5s",
        repeat_interval: "1h",
      },
      receivers: [{ name: receiverName, webhook_configs: [{ url: url(cluster), send_resolved: true }] }],
    }),
  },
});

/** The way out as docs/alerts.md has it, by another port. */
const policy = (cluster: Cluster): INetworkPolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: policyName, namespace: cluster.stack, labels: mark },
  spec: {
    podSelector: { matchLabels: { "app.kubernetes.io/name": "alertmanager" } },
    policyTypes: ["Egress"],
    egress: [
      { ports: (["UDP", "TCP"] as const).map((protocol) => ({ protocol, port: 53 })) },
      { ports: [{ protocol: "TCP", port: receiverPort }] },
    ],
  },
});

const service = (cluster: Cluster): IService => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "receiver", namespace: cluster.users, labels: mark },
  spec: { selector: { app: "receiver" }, ports: [{ port: receiverPort }] },
});

/** Each Alertmanager by its own address: all are reloaded, and whoever notifies tells each. */
async function members({ cluster }: Context): Promise<readonly string[]> {
  const pods = await list(cluster, cluster.stack, "pods");
  const own = pods.filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === "alertmanager");
  const addresses = own.map(({ status }) => String(status?.["podIP"] ?? "")).filter((address) => address !== "");
  if (addresses.length === 0) throw new Error("no pod of alertmanager has an address");
  return addresses.map((address) => `http://${address.includes(":") ? `[${address}]` : address}:9093`);
}

/** Until every Alertmanager has read what the Secret says; kubelet brings a change within a minute or two. */
const reloaded = (context: Context, isThere: boolean): Promise<void> =>
  poll(seconds.secretRead, async () => {
    const { cluster, probe } = context;
    for (const member of await members(context)) {
      await request(cluster, probe, `${member}/-/reload`, { method: "POST" });
      const { body } = await request(cluster, probe, `${member}/api/v2/status`);
      // It shows names of receivers, and no address: those are secret.
      if (body.includes(`name: ${receiverName}`) !== isThere)
        throw new Error(`${member} ${isThere ? "does not have" : "still has"} the receiver: ${body.slice(0, 200)}`);
    }
  });

const post = async (context: Context, alert: object): Promise<void> => {
  const { cluster, probe } = context;
  for (const member of await members(context)) {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify([alert]);
    const { status } = await request(cluster, probe, `${member}/api/v2/alerts`, { method: "POST", headers, body });
    if (status !== 200) throw new Error(`${member} answered ${status}`);
  }
};

interface Notification {
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** Until the receiver has been told that the alert is in this state. */
const told = (context: Context, alertname: string, state: "firing" | "resolved"): Promise<void> =>
  poll(seconds.alerts, async () => {
    const { cluster } = context;
    const { namespace, name } = receiver(cluster).name;
    const text = await kubectl(cluster, ["-n", namespace, "exec", name, "--", "cat", "/told/alerts"]);
    const lines = text.split("\n").filter((line) => line.startsWith("{"));
    const alerts = lines.flatMap((line) => (JSON.parse(line) as Notification).alerts);
    if (!alerts.some(({ status, labels }) => status === state && labels["alertname"] === alertname))
      throw new Error(
        `of ${alertname} ${state} nothing was heard; ${alerts.length} alerts in ${lines.length} messages`,
      );
  });

const notified: Check = {
  name: "a receiver outside of the stack is told of alerts, and when they end",
  async run(context) {
    const { cluster, run } = context;
    const found = await get<ClusterObject>(cluster, cluster.stack, "secret", secretName);
    if (found && found.metadata.labels?.["kube-lgtm.io/e2e"] !== "true")
      return { skipped: `the Secret ${secretName} is there: its receivers are somebody's` };
    const { pod, name } = receiver(cluster);
    try {
      await apply(cluster, [service(cluster), pod, policy(cluster), secret(cluster)]);
      await running({ cluster, name });
      await reloaded(context, true);
      const labels = { alertname: `kube-lgtm-e2e-told-${run.id}` };
      await post(context, { labels, endsAt: new Date(Date.now() + 600_000).toISOString() });
      await told(context, labels.alertname, "firing");
      await post(context, { labels, endsAt: new Date().toISOString() });
      await told(context, labels.alertname, "resolved");
      await told(context, "Watchdog", "firing");
      return `${labels.alertname} fired and ended, and Prometheus's Watchdog fired, at ${url(cluster)}`;
    } finally {
      await remove(cluster, cluster.stack, "secret", secretName);
      await reloaded(context, false).catch(() => undefined);
      await remove(cluster, cluster.stack, "networkpolicy", policyName);
    }
  },
};

export const receiverChecks: readonly Check[] = [notified];
