import type { AlertCases } from "./alerts.ts";

/** The cases that every agent has which reads the log files of its node. */
export function agentCases({
  title,
  app,
  files,
  pushes,
}: Readonly<Record<"title" | "app" | "files" | "pushes", string>>): AlertCases {
  const one = `app="${app}",workload="server",namespace="agents",node="a"`;
  const where = { namespace: "agents", node: "a" };
  const pushed = (status: string): string => `${pushes}request_duration_seconds_count{${one},status_code="${status}"}`;
  const dropped = `${pushes}dropped_entries_total{${one},reason="ingester_error"}`;
  const bytes = (kind: string): string => `${files}${kind}_bytes_total{${one},path="/var/log/pods/a/0.log"}`;
  const nodes = (state: string): string => `kube_daemonset_status_${state}{namespace="agents",daemonset="${app}"}`;
  return {
    [`${title}LinesDropped`]: {
      labels: { severity: "critical", ...where, reason: "ingester_error" },
      fires: { [dropped]: "2/s" },
      // One batch that was refused is no program that keeps on.
      silent: { [dropped]: "0x5 900x20" },
    },
    [`${title}PushesFailing`]: {
      labels: { severity: "critical", namespace: "agents" },
      fires: { [pushed("204")]: "1/s", [pushed("500")]: "0.6/s", [pushed("-1")]: "0.5/s" },
      silent: { [pushed("204")]: "1/s", [pushed("500")]: "0.5/s", [pushed("-1")]: "0.4/s" },
    },
    [`${title}Behind`]: {
      labels: { severity: "warning", ...where },
      fires: { [bytes("file")]: "300000/s", [bytes("read")]: "199000/s" },
      silent: { [bytes("file")]: "300000/s", [bytes("read")]: "201000/s" },
    },
    [`${title}Missing`]: [
      {
        labels: { severity: "warning", namespace: "agents" },
        always: { [nodes("updated_number_scheduled")]: 3 },
        fires: { [nodes("desired_number_scheduled")]: 3, [nodes("number_ready")]: 2 },
        silent: { [nodes("desired_number_scheduled")]: 3, [nodes("number_ready")]: 3 },
      },
      {
        name: "a roll-out",
        labels: { severity: "warning", namespace: "agents" },
        fires: {
          [nodes("desired_number_scheduled")]: 99,
          [nodes("number_ready")]: 98,
          [nodes("updated_number_scheduled")]: 50,
        },
        silent: {
          [nodes("desired_number_scheduled")]: 99,
          [nodes("number_ready")]: 98,
          [nodes("updated_number_scheduled")]: "0.02/s",
        },
      },
    ],
  };
}
