import { type Check, checkOf, type Context, poll, type Reading, seconds } from "../context.ts";
import { ask, askJson } from "../datasources.ts";
import { get, kubectl, request } from "../kubectl.ts";
import { instant } from "./metrics.ts";

interface Alert {
  readonly status: { readonly state: string };
}

interface Silence {
  readonly id: string;
  readonly status: { readonly state: string };
}

const silenceFilter = ({ run }: Context) => ({ filter: `alertname="${run.silenced}"` });

const silences = (context: Context): Promise<readonly Silence[]> =>
  askJson<readonly Silence[]>(context, "alertmanager", "/api/v2/silences", silenceFilter(context));

/** Something for Alertmanager to keep. */
export const silence: Check = {
  name: "Alertmanager takes a silence",
  run: (context) =>
    poll(seconds.sent, async () => {
      const matcher = { name: "alertname", value: context.run.silenced, isRegex: false, isEqual: true };
      const body = JSON.stringify({
        matchers: [matcher],
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 3_600_000).toISOString(),
        createdBy: "kube-lgtm-e2e",
        comment: "matches no alert; made to see whether it outlives a restart",
      });
      const headers = { "Content-Type": "application/json" };
      const answer = await ask(context, "alertmanager", "/api/v2/silences", {}, { method: "POST", headers, body });
      if (answer.status !== 200)
        throw new Error(`Alertmanager answered ${answer.status}: ${answer.body.slice(0, 200)}`);
      return answer.body.trim();
    }),
};

/** Ends the silence of this run. */
export const endSilence = async (context: Context): Promise<void> => {
  for (const { id, status } of await silences(context)) {
    if (status.state !== "expired")
      await ask(context, "alertmanager", `/api/v2/silence/${id}`, {}, { method: "DELETE" });
  }
};

export const alertReadings: readonly Reading[] = [
  {
    name: "the alert Watchdog is active at Alertmanager",
    signal: "alerts",
    seconds: seconds.alerts,
    async read(context) {
      const filter = { filter: 'alertname="Watchdog"' };
      const found = await askJson<readonly Alert[]>(context, "alertmanager", "/api/v2/alerts", filter);
      const active = found.filter(({ status }) => status.state === "active").length;
      return { amount: Math.min(active, 1), detail: `${active} active of ${found.length}` };
    },
  },
  {
    name: "Alertmanager keeps a silence",
    signal: "alerts",
    seconds: seconds.alerts,
    async read(context) {
      const active = (await silences(context)).filter(({ status }) => status.state === "active");
      return { amount: Math.min(active.length, 1), detail: active.map(({ id }) => id).join(", ") || "no silence" };
    },
  },
];

const thanosRule: Check = {
  name: "Thanos rule has loaded its rules",
  async run(context) {
    const { cluster } = context;
    if (!(await get(cluster, cluster.stack, "statefulset", "thanos-rule"))) return { skipped: "no thanos-rule here" };
    return poll(seconds.metrics, async () => {
      const loaded = await instant(context, "sum(thanos_rule_loaded_rules) > 0");
      if (loaded.length === 0) throw new Error("thanos_rule_loaded_rules is 0 or missing");
      return `${loaded[0]?.value[1]} rules`;
    });
  },
};

/** Where no policy lets Grafana call itself, the API server asks in its place. */
export const dashboardReadings: readonly Reading[] = [
  {
    name: "Grafana is healthy",
    signal: "dashboards",
    seconds: seconds.sent,
    async read({ cluster, probe }) {
      const url = "http://grafana:3000/api/health";
      const { status, body } = await request(cluster, probe, url, { seconds: seconds.connect });
      if (status === 200) return { amount: 1, detail: `${url}: ${body.replaceAll(/\s+/g, " ")}` };
      const path = `/api/v1/namespaces/${cluster.stack}/services/grafana:3000/proxy/api/health`;
      const health = await kubectl(cluster, ["get", "--raw", path]);
      return { amount: 1, detail: `by way of the API server: ${health.replaceAll(/\s+/g, " ")}` };
    },
  },
];

export const alertChecks: readonly Check[] = [
  ...alertReadings.map(checkOf),
  thanosRule,
  ...dashboardReadings.map(checkOf),
];
