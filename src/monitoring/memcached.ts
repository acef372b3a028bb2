import type { Monitoring } from "../core/model/monitoring.ts";
import { capital } from "../core/util/text.ts";
import { resources } from "./shapes.ts";

const connections =
  "max by (namespace, workload, pod) (memcached_current_connections{@all} / memcached_max_connections{@all})";
const hits = (status: string): string =>
  `sum by (workload) (rate(memcached_commands_total{@all, command="get"${status}}[$__rate_interval]))`;

/** The page and the alerts of the caches of one back end. None of them is critical: a cache has nothing that is not elsewhere, too. */
export const cacheMonitoring = (owner: string): Monitoring => {
  const name = `${owner}-cache`;
  const title = `${capital(owner)}Cache`;
  const pods = `kubectl -n <namespace> get pod -l app.kubernetes.io/name=${name} -o wide`;
  const without = `Questions to ${capital(owner)} take longer, and the object store has more requests.`;
  return {
    folder: "Platform",
    pages: [
      {
        uid: name,
        title: `${capital(owner)}: caches`,
        question: `Do the caches of ${capital(owner)} spare it requests, and are they large enough?`,
        rows: [
          {
            title: "Use",
            panels: [
              {
                title: "Found",
                shows: "The share of items asked for that a cache had.",
                bad: "A fall that stays. An index or metadata cache below a half is too small.",
                unit: "percentunit",
                max: 1,
                ask: [[`${hits(', status="hit"')} / (${hits("")} > 0)`, "{{workload}}"]],
              },
              {
                title: "Items asked for",
                shows: "Items in a second that clients ask a cache for.",
                bad: "None while people ask: clients do not find the cache.",
                unit: "cps",
                ask: [[hits(""), "{{workload}}"]],
              },
              {
                title: "Items written",
                shows: "Items in a second that clients write.",
                bad: "None, while items are asked for and not found.",
                unit: "cps",
                ask: [
                  [
                    'sum by (workload) (rate(memcached_commands_total{@all, command="set"}[$__rate_interval]))',
                    "{{workload}}",
                  ],
                ],
              },
              {
                title: "Bytes sent",
                shows: "Bytes in a second that a cache sends to its clients.",
                bad: "Close to what the network of a node carries.",
                unit: "Bps",
                ask: [
                  ["sum by (workload) (rate(memcached_written_bytes_total{@all}[$__rate_interval]))", "{{workload}}"],
                ],
              },
              {
                title: "Bytes received",
                shows: "Bytes in a second that clients write to a cache.",
                bad: "More than it sends: items leave before they are asked for.",
                unit: "Bps",
                ask: [["sum by (workload) (rate(memcached_read_bytes_total{@all}[$__rate_interval]))", "{{workload}}"]],
              },
              {
                title: "Caches that answer",
                shows: "Whether the exporter beside each cache gets an answer of it.",
                bad: "Zero.",
                unit: "short",
                alert: `${title}Down`,
                ask: [["min by (namespace, workload, pod) (memcached_up{@all})", "{{pod}}"]],
              },
            ],
          },
          {
            title: "Room",
            panels: [
              {
                title: "Memory of items",
                shows: "Memory that items take, as a share of what they may.",
                bad: "Nothing: a cache that is used is full.",
                unit: "percentunit",
                max: 1,
                ask: [["max by (pod) (memcached_current_bytes{@all} / memcached_limit_bytes{@all})", "{{pod}}"]],
              },
              {
                title: "Items pushed out",
                shows: "Items in a second that made room for others before their time.",
                bad: "Many, while few are found: the cache is too small for what is asked.",
                unit: "cps",
                ask: [
                  ["sum by (workload) (rate(memcached_items_evicted_total{@all}[$__rate_interval]))", "{{workload}}"],
                ],
              },
              {
                title: "Items not stored",
                shows: "Items in a second for which there was no memory, or which are too large.",
                bad: "Any: they are never found.",
                unit: "cps",
                ask: [
                  [
                    "sum by (workload) (rate(memcached_item_no_memory_total{@all}[$__rate_interval]))",
                    "{{workload}} no memory",
                  ],
                  [
                    "sum by (workload) (rate(memcached_item_too_large_total{@all}[$__rate_interval]))",
                    "{{workload}} too large",
                  ],
                ],
              },
              {
                title: "Items",
                shows: "Items that a cache has.",
                bad: "A fall to zero: the pod is new, and cold.",
                unit: "short",
                ask: [["sum by (pod) (memcached_current_items{@all})", "{{pod}}"]],
              },
              {
                title: "Connections",
                shows: "Connections of clients, as a share of the most that a cache takes.",
                bad: "At 1 clients wait for one.",
                unit: "percentunit",
                max: 1,
                alert: `${title}ConnectionsFull`,
                ask: [[connections, "{{pod}}"]],
              },
              {
                title: "Connections refused",
                shows: "Connections in a second that a cache refused, and times that it stopped to listen.",
                bad: "Any.",
                unit: "cps",
                ask: [
                  [
                    "sum by (workload) (rate(memcached_connections_rejected_total{@all}[$__rate_interval]))",
                    "{{workload}} refused",
                  ],
                  [
                    "sum by (workload) (rate(memcached_connections_listener_disabled_total{@all}[$__rate_interval]))",
                    "{{workload}} not listening",
                  ],
                ],
              },
            ],
          },
          resources(),
        ],
      },
    ],
    rules: {
      alerts: [
        {
          alert: `${title}Down`,
          severity: "warning",
          ask: "min by (namespace, workload, pod) (memcached_up{@all})",
          below: 1,
          for: "15m",
          summary: `A cache of ${capital(owner)} does not answer.`,
          description: "{{ $labels.pod }} does not answer its exporter.",
          page: name,
          look: ["Caches that answer", "Found"],
          means:
            "The exporter in the pod runs, and memcached beside it does not answer. A restart takes seconds: a quarter of an hour is none.",
          notice: without,
          act: [
            `See how the pod is: \`${pods}\`.`,
            "If memcached was ended for want of memory, raise its memory limit: connections take memory beside the items.",
            "Delete the pod: nothing is lost but what the back end reads again.",
          ],
        },
        {
          alert: `${title}ConnectionsFull`,
          severity: "warning",
          ask: connections,
          above: 0.8,
          for: "15m",
          summary: `A cache of ${capital(owner)} soon takes no new connections.`,
          description: "{{ $labels.pod }} has {{ $value | humanizePercentage }} of the connections that it may have.",
          page: name,
          look: ["Connections", "Connections refused"],
          means:
            "Each process of the back end has connections to each pod of the cache, more of them the more it asks at once.",
          notice: `Nothing yet. At the limit clients wait in vain. ${without}`,
          act: [
            "Look whether the number of queriers has grown, or whether they open connections that they do not close.",
            "Raise `replicas` of the cache: each of its pods has as many connections again.",
          ],
        },
        {
          alert: `${title}OutOfMemory`,
          severity: "warning",
          ask: "sum by (namespace, workload) (rate(memcached_item_no_memory_total{@all}[10m]))",
          above: 0,
          for: "15m",
          summary: `A cache of ${capital(owner)} has no memory for items.`,
          description: "The cache {{ $labels.workload }} could not store {{ $value | humanize }} items in a second.",
          page: name,
          look: ["Items not stored", "Memory of items"],
          means:
            "Usually the oldest items make room. Here none of the right size could: all memory went to items of other sizes.",
          notice: without,
          act: [
            `Restart the pods one by one, which deals the memory anew: \`kubectl -n <namespace> rollout restart statefulset -l app.kubernetes.io/name=${name}\`.`,
            "If it comes again, raise `--memory-limit` of memcached, and the container's memory by as much.",
          ],
        },
      ],
    },
  };
};
