import type { IVolume } from "kubernetes-models/v1/Volume";
import { alloy } from "../components/alloy.ts";
import { promtail } from "../components/promtail.ts";
import type { Component, Config } from "../core/model/component.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { template } from "../core/util/template.ts";

/** A folder of the node that an agent reads, and where it finds it. */
interface Folder {
  readonly name: string;
  readonly path: string;
  readonly type: "Directory" | "DirectoryOrCreate";
  readonly mountPath: string;
}

/** An agent reads more of its node than the log files of pods. */
const more = (
  what: string,
  changes: Component,
  folders: readonly Folder[],
  configPatches: readonly Config[] = [],
): Feature => ({
  name: `${changes.name}-${what}`,
  namespaceKind: "agents",
  changes,
  build: () => ({
    configPatches,
    patches: [
      {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { name: changes.name },
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: changes.name,
                  volumeMounts: folders.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
                },
              ],
              volumes: folders.map(({ name, path, type }): IVolume => ({ name, hostPath: { path, type } })),
            },
          },
        },
      },
    ],
  }),
});

/**
 * What links in the pods' folders lead to where the runtime is Docker: under the same path, because
 * the links are absolute.
 */
const containers: Folder = {
  name: "docker",
  path: "/var/lib/docker/containers",
  // Of nodes with another runtime it is an empty folder, and all nodes of a cluster need not be
  // alike.
  type: "DirectoryOrCreate",
  mountPath: "/var/lib/docker/containers",
};

/** By agent. */
export const dockers = {
  alloy: more("docker", alloy, [containers]),
  promtail: more("docker", promtail, [containers]),
} as const satisfies Readonly<Record<string, Feature>>;

/**
 * The journal of the node's own services. Where a node keeps it on disk is not made where it does
 * not: journald would begin to keep it there (`Storage=auto` in journald.conf), so the folder above
 * is mounted.
 */
export const journal: Feature = more(
  "journal",
  alloy,
  [
    { name: "journal", path: "/var/log", type: "Directory", mountPath: "/node/var/log" },
    { name: "journal-volatile", path: "/run/log", type: "DirectoryOrCreate", mountPath: "/node/run/log" },
  ],
  [{ name: "alloy", read: "start-up", files: { "journal.alloy": template("alloy-journal.alloy", {}) } }],
);
