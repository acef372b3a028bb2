import { alloy } from "../components/alloy.ts";
import { nodeExporter } from "../components/node-exporter.ts";
import { promtail } from "../components/promtail.ts";
import { asCommitted } from "../core/assemble/base.ts";
import type { Feature } from "../core/assemble/feature.ts";
import { type Component, type Config } from "../core/model/component.ts";
import { fileText } from "../core/util/text.ts";

/** The files of a ConfigMap as a patch of it, with links to the docs of another repository. */
const linked = ({ name, files = {} }: Config, docs: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: Object.fromEntries(
    Object.entries(files).map(([file, content]) => [file, fileText(content).replaceAll(asCommitted.docs, docs)]),
  ),
});

const hasLinks = ({ files = {} }: Config): boolean =>
  Object.values(files).some((content) => fileText(content).includes(asCommitted.docs));

/**
 * Agents have a namespace of their own, and Grafana and Prometheus mount pages and rules from
 * theirs: a Component brings them there.
 */
const pagesOf = (changes: Component): Feature => ({
  name: `${changes.name}-pages`,
  changes,
  build: (_, bases) => ({ configs: bases.find(({ component }) => component === changes)?.monitoringConfigs ?? [] }),
  adapt: (_options, _store, { configs }, docs) => ({
    patches: docs === asCommitted.docs ? [] : configs.filter(hasLinks).map((config) => linked(config, docs)),
  }),
});

/** By agent. */
export const agentPages = {
  alloy: pagesOf(alloy),
  nodeExporter: pagesOf(nodeExporter),
  promtail: pagesOf(promtail),
} as const satisfies Readonly<Record<string, Feature>>;
