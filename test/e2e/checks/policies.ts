import { type Check, type Context, seconds } from "../context.ts";
import { type Answer, get, type PodName, request } from "../kubectl.ts";

/** Who connects to which port of which Service of the stack. */
interface Attempt {
  readonly from: "sender" | "probe";
  readonly to: string;
  readonly port: number;
}

const who = { sender: "a user's pod", probe: "Grafana" } as const;

const podOf = (context: Context, from: Attempt["from"]): PodName => context[from];

const attempt = async (context: Context, { from, to, port }: Attempt): Promise<Answer | undefined> => {
  const { cluster } = context;
  if (!(await get(cluster, cluster.stack, "service", to))) return undefined;
  return request(cluster, podOf(context, from), `http://${to}.${cluster.stack}:${port}/`, { seconds: seconds.connect });
};

const open = (one: Attempt): Check => ({
  name: `${who[one.from]} reaches ${one.to}:${one.port}`,
  async run(context) {
    const answer = await attempt(context, one);
    if (!answer) throw new Error(`no Service ${one.to}`);
    if (!answer.connected) throw new Error(`no connection in ${seconds.connect} s (curl ${answer.exit})`);
    return "connected";
  },
});

const closed = (one: Attempt): Check => ({
  name: `${who[one.from]} does not reach ${one.to}:${one.port}`,
  async run(context) {
    const answer = await attempt(context, one);
    if (!answer) return { skipped: `no Service ${one.to} here` };
    if (answer.connected) throw new Error("connected");
    // Only a refusal (7) or silence (28) is the policies' work; an unknown host, say, would prove nothing.
    if (answer.exit !== 7 && answer.exit !== 28) throw new Error(`failed for another reason (curl ${answer.exit})`);
    return answer.exit === 7 ? "refused" : `no answer in ${seconds.connect} s`;
  },
});

const entrances = [4317, 4318, 14250, 14268, 9411];
const innerDoors: readonly Attempt[] = [
  { from: "sender", to: "loki-gateway", port: 3100 },
  { from: "sender", to: "tempo", port: 3200 },
  { from: "sender", to: "prometheus", port: 9090 },
  { from: "sender", to: "minio", port: 9000 },
  { from: "probe", to: "minio", port: 9000 },
];

/** Anybody may reach Grafana where it is exposed, and nobody of the users where it is not. */
const grafana: Check = {
  name: "a user's pod reaches Grafana only where it is exposed",
  async run(context) {
    const { cluster } = context;
    const door = { from: "sender", to: "grafana", port: 3000 } as const;
    for (const way of ["ingress", "gateway-api"]) {
      if (await get(cluster, cluster.stack, "networkpolicy", `grafana-${way}`))
        return `${way}: ${await open(door).run(context)}`;
    }
    return `not exposed: ${await closed(door).run(context)}`;
  },
};

export const policyChecks: readonly Check[] = [
  grafana,
  ...entrances.map((port) => open({ from: "sender", to: "otlp", port })),
  ...innerDoors.map(closed),
];
