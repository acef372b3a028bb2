import type { Component } from "../core/model/component.ts";
import { defineRoles } from "../core/model/roles.ts";
import { goMemoryLimit, resources } from "../core/derive/pod.ts";
import type { Size } from "../core/model/size.ts";
import { images } from "../versions.ts";
import { apart } from "../core/model/grouping.ts";

/**
 * What flog calls each format, by the role that writes it
 * (https://github.com/mingrammer/flog#usage).
 */
const formats: Readonly<Record<string, string>> = {
  "apache-common": "apache_common",
  "apache-error": "apache_error",
  rfc3164: "rfc3164",
};

export const roles = defineRoles(
  "flog",
  { ports: {}, unsized: "it makes a load" },
  { "apache-common": { tier: "write" }, "apache-error": { tier: "write" }, rfc3164: { tier: "write" } },
);

const size: Size = { replicas: 1, cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" };

/** Makes up log lines: one pod a format, four lines a second each. */
export const flog: Component = {
  name: "flog",
  namespaceKind: "stack",
  roles,
  modes: {
    monolithic: { grouping: apart, sizes: { "apache-common": size, "apache-error": size, rfc3164: size } },
  },
  build: ({ workloads }) => ({
    pods: workloads.map((workload) => ({
      workload,
      size,
      pod: {
        // It does not listen to the signal that asks it to end.
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: workload.name,
            image: images.flog,
            args: [`--format=${formats[workload.name]}`, "--loop", "--delay=250ms"],
            env: [...goMemoryLimit],
            resources: resources(size),
          },
        ],
      },
    })),
  }),
};
