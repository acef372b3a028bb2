import type { IContainer } from "kubernetes-models/v1/Container";
import type { IVolume } from "kubernetes-models/v1/Volume";
import { configVolume, emptyDir, resources } from "../core/derive/pod.ts";
import { settingsName, type SettingsTable, variable } from "../core/model/component.ts";
import { evaluatedConfig } from "../core/model/monitoring.ts";
import { images } from "../versions.ts";

/**
 * Loki's and Mimir's rulers take rules by their API only: in a folder of files they would take
 * nobody else's (https://grafana.com/docs/mimir/latest/references/architecture/components/ruler/).
 */
export interface Ruler {
  /** "loki": its settings name the tenant. */
  readonly program: string;
  /** The API: "http://127.0.0.1:3100/loki/api/v1/rules". */
  readonly url: string;
}

/** The namespace of the stack's rules, as rulers have namespaces: all groups of others are left alone. */
export const namespace = "kube-lgtm";

/** Where the rules are, in the container that looks after them. */
const files = { name: "RULES", folder: "/rules", value: "/rules/*.yaml" } as const;

/** How long until it is looked whether the rules are still there, in seconds. */
const lookEvery = 60;

/**
 * Hands the ruler each group, and takes away groups of the namespace that are no more. It does so
 * again when a file changes, and when what the ruler has is not what it had after the last time.
 * The API takes one group at a time, as it stands in a rule file, without the indentation. BusyBox's
 * wget knows no DELETE, and its `-T` may crash it. A client that has closed its end is one that has
 * gone, for a server of Go, which then gives up what it was asked.
 */
const keepRules = ({ program, url }: Ruler): string => {
  const { host, hostname, port, pathname } = new URL(`${url}/${namespace}`);
  return [
    "trap 'exit 0' QUIT TERM",
    `tenant="X-Scope-OrgID: $${variable(program, "ruleTenant")}"`,
    `ask() { timeout 30 wget -q -Y off -O - --header "$tenant" "$@" ${url}/${namespace}; }`,
    `names() { sed -n 's/^ *- name: //p' "$@"; }`,
    "remove() {",
    `  { printf 'DELETE ${pathname}/%s HTTP/1.1\\r\\nHost: ${host}\\r\\n%s\\r\\nConnection: close\\r\\n\\r\\n' "$1" "$tenant"; sleep 3; } |`,
    `    nc -w 10 ${hostname} ${port} | grep -q '^HTTP/1.1 202'`,
    "}",
    "load() {",
    "  rm -f /tmp/group-*",
    `  awk '/^  - name: /{n++} /^    |^  - /{print substr($0, 5) >("/tmp/group-" n)}' /tmp/wanted`,
    "  for group in /tmp/group-*; do",
    `    ask --header 'Content-Type: application/yaml' --post-file "$group" >/tmp/answer || return 1`,
    "  done",
    "  ask >/tmp/there || return 1",
    "  names /tmp/there | while read -r name; do",
    `    names /tmp/wanted | grep -qxF "$name" || remove "$(echo "$name" | sed 's/ /%20/g')" || exit 1`,
    "  done || return 1",
    "  ask >/tmp/loaded && cp /tmp/wanted /tmp/sent",
    "}",
    "while true; do",
    `  cat $${files.name} >/tmp/wanted`,
    `  pause=${lookEvery}`,
    "  ask >/tmp/there 2>/dev/null",
    "  if ! cmp -s /tmp/wanted /tmp/sent || ! cmp -s /tmp/there /tmp/loaded; then",
    `    if load; then echo "groups of rules in the ruler: $(names /tmp/loaded | wc -l)"; else echo "the ruler did not take them"; pause=5; fi`,
    "  fi",
    '  sleep "$pause" & wait $!',
    "done",
  ].join("\n");
};

/** The tenant whose rules these are: that of the stack's own data. */
export const ruleTenant = (tenant: string): SettingsTable => ({
  ruleTenant: { unit: "tenant", value: tenant, follows: { setting: "tenant" } },
});

/** What looks after the rules of a ruler, in its pod. */
export const ruleLoader = (ruler: Ruler): { readonly container: IContainer; readonly volumes: readonly IVolume[] } => ({
  container: {
    name: "rules",
    image: images.busybox,
    command: ["/bin/sh", "-c", keepRules(ruler)],
    env: [{ name: files.name, value: files.value }],
    envFrom: [{ configMapRef: { name: settingsName(ruler.program) } }],
    resources: resources({ cpu: "1m", memory: "4Mi", memoryLimit: "32Mi" }),
    volumeMounts: [
      { name: "rules", mountPath: files.folder, readOnly: true },
      { name: "loaded", mountPath: "/tmp" },
    ],
  },
  volumes: [configVolume("rules", evaluatedConfig(ruler.program)), emptyDir("loaded")],
});
