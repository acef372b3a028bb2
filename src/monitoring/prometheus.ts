import type { Monitoring } from "../core/model/monitoring.ts";

/** Pages and rules about what scrapes and evaluates rules. */
export const monitoring: Monitoring = {
  folder: "Metrics",
  pages: [
    {
      uid: "prometheus",
      title: "Prometheus",
      question: "Is everything scraped, and is what is scraped kept?",
      rows: [
        {
          title: "Targets",
          panels: [
            {
              title: "Targets down",
              shows: "Targets that the last scrape did not reach, by job.",
              bad: "More than none: what they would show is missing meanwhile.",
              unit: "short",
              ask: [['sum by (job) (up{namespace=~"$namespace", job!="pods"} == bool 0)', "{{job}}"]],
            },
            {
              title: "Samples taken",
              shows: "Samples that Prometheus takes in a second, from targets and from senders.",
              bad: "None, or twice as many as yesterday without a reason that you know.",
              unit: "cps",
              ask: [
                [
                  "sum by (pod) (rate(prometheus_tsdb_head_samples_appended_total{@server}[$__rate_interval]))",
                  "{{pod}}",
                ],
              ],
            },
          ],
        },
      ],
    },
  ],
  rules: {
    alerts: [
      {
        alert: "Watchdog",
        severity: "none",
        ask: "vector(1)",
        summary: "Always fires: while it reaches its receiver, the way of alerts is open.",
        description: "The way from Prometheus to the receivers of Alertmanager is open.",
        page: "prometheus",
        means: "It always fires. A receiver outside the cluster expects it, and wakes you when it stops.",
        notice: "Nothing. While it does not arrive, no other alert does either.",
        act: ["Look whether Prometheus runs, and whether it reaches Alertmanager.", "Look at Alertmanager's log."],
      },
      {
        alert: "TargetDown",
        severity: "warning",
        // Not every port that a user's pod declares has metrics: it is down when none has.
        // Nor does every cluster let one reach what is beside its API server (`besideApiServer` of
        // src/components/kubernetes.ts).
        ask: 'up{job!~"pods|kube-scheduler|kube-controller-manager|etcd|kube-proxy"} == 0 or max by (job, namespace, pod) (up{job="pods"}) == 0',
        for: "10m",
        summary: "A target has not been scraped for ten minutes.",
        description: "{{ $labels.job }}: {{ or $labels.instance $labels.pod }} has not been scraped for ten minutes.",
        page: "prometheus",
        look: ["Targets down"],
        means: "Prometheus cannot read the metrics of a program, so no rule about it can fire.",
        notice: "Panels about the program are empty.",
        act: [
          "Look whether the pod runs: `kubectl get pod -A -o wide`.",
          "Open Prometheus's page of targets: it shows the error of the last scrape.",
          "A time-out or a refused connection of a pod that runs is often a NetworkPolicy of your own.",
        ],
      },
    ],
  },
};
