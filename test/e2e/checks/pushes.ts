import { type Check, type Context, now, poll, seconds } from "../context.ts";
import { lines } from "./logs.ts";
import { instant } from "./metrics.ts";
import { spansOf } from "./traces.ts";

/** What a pod pushes that does not say which one it is: the gateway asks Kubernetes. */
const podsOf = ({ run }: Context): readonly string[] => Object.keys(run.twins.traceIds);

const expect = (what: string, found: unknown, expected: unknown): void => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`);
};

const series: Check = {
  name: "two pods of one program that push metrics are two series, with namespace, pod and node",
  run: (context) =>
    poll(seconds.metrics, async () => {
      const { cluster, run } = context;
      const found = await instant(context, `last_over_time(kube_lgtm_e2e_twin{run="${run.id}"}[1h])`);
      const labels = found.map(({ metric }) => metric);
      expect("pods", labels.map((one) => one["k8s_pod_name"]).sort(), [...podsOf(context)].sort());
      for (const one of labels) {
        expect("namespace", one["k8s_namespace_name"], cluster.users);
        expect("instance", one["instance"], `${cluster.users}.${one["k8s_pod_name"]}.${one["k8s_pod_name"]}`);
        if (!one["k8s_node_name"]) throw new Error("no k8s_node_name");
      }
      return labels.map((one) => `${one["instance"]} on ${one["k8s_node_name"]}`).join(", ");
    }),
};

const deltas: Check = {
  name: "what is pushed as deltas is added up, for each pod",
  run: (context) =>
    poll(seconds.metrics, async () => {
      const sum = `max_over_time(kube_lgtm_e2e_delta_total{run="${context.run.id}"}[1h])`;
      const found = await instant(context, `max by (k8s_pod_name) (${sum})`);
      const sums = Object.fromEntries(found.map(({ metric, value }) => [metric["k8s_pod_name"], Number(value[1])]));
      for (const pod of podsOf(context)) expect(`sum of ${pod}`, sums[pod], 6);
      return JSON.stringify(sums);
    }),
};

const records: Check = {
  name: "lines that a pod pushes are found by its namespace and name, as those of its files are",
  run: (context) =>
    poll(seconds.logs, async () => {
      const { cluster, run } = context;
      for (const pod of podsOf(context)) {
        const query = `{namespace="${cluster.users}", pod="${pod}"} |= "twin of run ${run.id}"`;
        if ((await lines(context, query, run.start, now())).length === 0) throw new Error(`nothing for ${query}`);
      }
      return podsOf(context).join(", ");
    }),
};

const spans: Check = {
  name: "spans that a pod pushes name its namespace, pod and node",
  run: (context) =>
    poll(seconds.trace, async () => {
      for (const pod of podsOf(context)) {
        const [span] = await spansOf(context, context.run.twins.traceIds[pod] ?? "");
        const { "k8s.namespace.name": namespace, "k8s.pod.name": name, "k8s.node.name": node } = span?.attributes ?? {};
        expect(pod, [namespace, name], [context.cluster.users, pod]);
        if (!node) throw new Error(`${pod}: no k8s.node.name`);
      }
      return podsOf(context).join(", ");
    }),
};

export const pushChecks: readonly Check[] = [series, deltas, records, spans];
