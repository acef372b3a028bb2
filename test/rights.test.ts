import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostPaths, rightsOf } from "./facts/rights.ts";
import { type Findings, none, says } from "./lib/findings.ts";
import { altered, idOf } from "./lib/objects.ts";
import { blocksOf, configOf, flag, type Process, processesOf, running } from "./lib/processes.ts";
import { dev, worldNamed, worlds } from "./lib/world.ts";
import type { Manifest } from "../src/core/kubernetes/manifest.ts";

/* What programs ask of the API server and of the node, by upstream (test/facts/rights.ts), is what they are given. */

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}
interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The rules that are bound to the account of a pod. */
const rulesOf = (objects: readonly Manifest[], { pod }: Process): readonly Rule[] =>
  objects
    .filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind))
    .filter((binding) =>
      ((binding["subjects"] ?? []) as readonly Subject[]).some(
        ({ kind, name, namespace }) =>
          kind === "ServiceAccount" && name === pod.spec.serviceAccountName && namespace === pod.namespace,
      ),
    )
    .flatMap((binding) => {
      const { kind, name } = binding["roleRef"] as Subject;
      const role = objects.find((one) => one.kind === kind && one.metadata.name === name);
      return (role?.["rules"] ?? []) as readonly Rule[];
    });

const missingRights = (objects: readonly Manifest[]): Findings =>
  processesOf(objects).flatMap((process) => {
    const rules = rulesOf(objects, process);
    return rightsOf(process).flatMap(({ group, resource, verbs }) =>
      verbs
        .filter(
          (verb) =>
            !rules.some(
              (rule) =>
                rule.apiGroups?.includes(group) && rule.resources?.includes(resource) && rule.verbs.includes(verb),
            ),
        )
        .map((verb) => `${process.at} may not ${verb} ${resource}${group && ` of ${group}`}`),
    );
  });

/** The folder of the node that a container sees at a path. */
const hostOf = ({ pod, container }: Process, path: string): string | undefined => {
  const mount = (container.volumeMounts ?? [])
    .filter(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))
    .toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];
  const volume = pod.spec.volumes?.find(({ name }) => name === mount?.name);
  return mount && volume?.hostPath ? `${volume.hostPath.path}${path.slice(mount.mountPath.length)}` : undefined;
};

const podLogs = "/var/log/pods";

/** Where agents look for log files, as a label's value: kubelet's folder, which the node shows under the same name. */
const looksIn = (process: Process): readonly string[] => {
  const text = process.program === "alloy" ? JSON.stringify(blocksOf(process)) : JSON.stringify(configOf(process));
  return text.includes("__path__") ? [...text.matchAll(/(\/[\w/]+)\/\$1\/\*\.log/g)].map(([, path = ""]) => path) : [];
};

const hostFaults = (objects: readonly Manifest[]): Findings => [
  ...hostPaths.flatMap(([program, name, host]) =>
    running(objects, program)
      .filter((process) => hostOf(process, flag(process, name) ?? "") !== host)
      .map((process) => `${process.at}: ${name} is ${flag(process, name)}, where the node's ${host} is not`),
  ),
  ...processesOf(objects)
    .filter(({ program, first }) => !first && ["alloy", "promtail"].includes(program))
    .flatMap((process) =>
      looksIn(process).flatMap((path) =>
        path === podLogs && hostOf(process, path) === podLogs
          ? []
          : [`${process.at} looks for log files in ${path}, where the node's ${podLogs} is not`],
      ),
    ),
];

/**
 * Agents that read the lines of other nodes' pods, too, each of them all; or that are not on some nodes. Alloy's discovery is told the node, by a
 * variable; Promtail takes HOSTNAME (clients/pkg/promtail/targets/file/filetargetmanager.go of Loki v3.6).
 */
const nodeFaults = (objects: readonly Manifest[]): Findings =>
  processesOf(objects)
    .filter(({ pod, first }) => pod.kind === "DaemonSet" && !first)
    .flatMap((process) => {
      const { pod, container, program } = process;
      const isNode = (variable: string | undefined): boolean =>
        container.env?.find(({ name }) => name === variable)?.valueFrom?.fieldRef?.fieldPath === "spec.nodeName";
      const asked = blocksOf(process)
        .filter(({ name }) => name === "discovery.kubernetes")
        .map(
          ({ blocks }) =>
            /^"spec\.nodeName=" \+ sys\.env \( "(\w+)" \)$/.exec(
              blocks.find(({ name }) => name === "selectors")?.attributes["field"] ?? "",
            )?.[1],
        );
      const fits =
        program === "alloy" ? asked.length > 0 && asked.every(isNode) : program !== "promtail" || isNode("HOSTNAME");
      const everywhere = pod.spec.tolerations?.some(
        ({ operator, key, effect }) => operator === "Exists" && !key && !effect,
      );
      return [
        ...(fits ? [] : [`${process.at} reads the lines of every node's pods`]),
        ...(everywhere ? [] : [`${process.at} is not on nodes with taints`]),
      ];
    });

for (const { name, objects } of worlds)
  describe(`in ${name}`, () => {
    test("who asks the API server may do all that its program does", () => {
      assert.ok(processesOf(objects).flatMap(rightsOf).length > 10);
      none(missingRights(objects));
    });
    test("who is on every node is on those with taints, too, and reads the pods of its own", () =>
      none(nodeFaults(objects)));
    test("who looks at the node sees the folders that its program is told of", () => none(hostFaults(objects)));
  });

test("Prometheus may read the metrics of nodes and API servers, and do nothing else with them", () => {
  // https://kubernetes.io/docs/concepts/security/rbac-good-practices/ : nodes/proxy runs commands in any container of the node.
  for (const { objects } of worlds) {
    const [prometheus] = running(objects, "prometheus");
    const rules = rulesOf(objects, prometheus ?? assert.fail());
    const may = rules.flatMap(({ resources = [], verbs, nonResourceURLs = [] }) =>
      [...resources, ...nonResourceURLs].flatMap((what) => verbs.map((verb) => `${verb} ${what}`)),
    );
    assert.deepEqual(may.sort(), [
      "get /metrics",
      "get namespaces",
      "get nodes/metrics",
      "get pods",
      ...["endpointslices", "namespaces", "nodes", "pods", "services"].map((what) => `list ${what}`),
      ...["endpointslices", "namespaces", "nodes", "pods", "services"].map((what) => `watch ${what}`),
    ]);
    assert.equal(prometheus?.pod.spec.automountServiceAccountToken, true, "the token that the jobs send");
  }
});

describe("a right or a folder that is missing is reported", () => {
  const role = (list: readonly Manifest[], start: string): string =>
    list.map(idOf).find((id) => id === `ClusterRole ${start}`) ?? assert.fail(start);
  test("a right", () => {
    says(
      missingRights(altered(dev.objects, role(dev.objects, "kube-lgtm-alloy"), ["rules", 0, "verbs"], ["get", "list"])),
      /alloy alloy may not watch pods/,
    );
    says(
      missingRights(
        altered(
          dev.objects,
          role(dev.objects, "kube-lgtm-kube-state-metrics"),
          ["rules", 1, "resources"],
          ["daemonsets"],
        ),
      ),
      /may not list deployments of apps/,
    );
  });
  test("an agent that reads everybody's lines, or leaves out nodes", () => {
    const id = dev.objects.map(idOf).find((one) => /^DaemonSet .*\/alloy$/.test(one)) ?? assert.fail();
    const env = ["spec", "template", "spec", "containers", 0, "env"];
    says(nodeFaults(altered(dev.objects, id, env, [])), /reads the lines of every node's pods/);
    says(
      nodeFaults(altered(dev.objects, id, ["spec", "template", "spec", "tolerations"], [])),
      /is not on nodes with taints/,
    );
  });
  test("a folder", () => {
    const id = dev.objects.map(idOf).find((one) => /^DaemonSet .*node-exporter$/.test(one)) ?? assert.fail();
    const args = ["spec", "template", "spec", "containers", 0, "args", 0];
    says(
      hostFaults(altered(dev.objects, id, args, "--path.procfs=/host/sys")),
      /--path.procfs is \/host\/sys, where the node's \/proc is not/,
    );
    const demo = worldNamed("demo").objects;
    const agent = demo.map(idOf).find((one) => /^DaemonSet .*promtail$/.test(one)) ?? assert.fail();
    const volumes = (
      demo.find((one) => idOf(one) === agent) as {
        spec: { template: { spec: { volumes: { name: string }[] } } };
      } & Manifest
    ).spec.template.spec.volumes;
    const i = volumes.findIndex(({ name }) => name === "logs");
    says(
      hostFaults(altered(demo, agent, ["spec", "template", "spec", "volumes", i, "hostPath", "path"], "/var/log")),
      /looks for log files in \/var\/log\/pods/,
    );
  });
});
