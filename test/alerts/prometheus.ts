import type { AlertCases } from "../lib/alerts.ts";

const loki = 'job="loki",app="loki",workload="all",namespace="observability"';
const kubelet = 'job="kubelet",node="worker-1",instance="worker-1",metrics_path="/metrics"';
const beside = 'job="kube-scheduler",namespace="kube-system",pod="kube-scheduler-1",instance="192.0.2.7:10259"';
const cart = 'job="pods",namespace="shop",pod="cart-1"';

export const cases: AlertCases = {
  Watchdog: { labels: { severity: "none" }, fires: {}, neverSilent: "its absence is the alarm" },
  TargetDown: [
    {
      name: "a process of the stack is away",
      labels: { severity: "warning", job: "loki", pod: "loki-0" },
      fires: { [`up{${loki},pod="loki-0"}`]: 0, [`up{${loki},pod="loki-1"}`]: 1 },
      silent: { [`up{${loki},pod="loki-0"}`]: "0x18 1x1", [`up{${loki},pod="loki-1"}`]: 1 },
    },
    {
      name: "a node's kubelet is away, and what a cluster lets nobody reach never answered",
      labels: { severity: "warning", job: "kubelet", node: "worker-1" },
      fires: { [`up{${kubelet}}`]: 0, [`up{${beside}}`]: 0 },
      silent: { [`up{${kubelet}}`]: 1, [`up{${beside}}`]: 0 },
    },
    {
      name: "no port of a user's pod has metrics",
      labels: { severity: "warning", job: "pods", namespace: "shop", pod: "cart-1" },
      fires: { [`up{${cart},instance="10.1.2.3:8080"}`]: 0, [`up{${cart},instance="10.1.2.3:5432"}`]: 0 },
      silent: { [`up{${cart},instance="10.1.2.3:8080"}`]: 1, [`up{${cart},instance="10.1.2.3:5432"}`]: 0 },
    },
  ],
};
