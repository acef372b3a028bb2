import { catalogue } from "../../src/components/index.ts";
import { burnRunbooks, condition } from "../../src/core/derive/rules.ts";
import { resolved, type Scope } from "../../src/core/derive/queries.ts";
import { type Component, modesOf } from "../../src/core/model/component.ts";
import { plan } from "../../src/core/model/grouping.ts";
import { type Alert, folders, type Page, pageUid } from "../../src/core/model/monitoring.ts";

/** The scopes of a component, from its most divided mode to the least. */
const scopesOf = (component: Component): readonly Scope[] =>
  modesOf(component)
    .toReversed()
    .map((mode) => {
      const roles = Object.values(component.roles);
      return {
        component: component.name,
        roles,
        mode,
        workloads: plan(roles, component.modes[mode]?.grouping ?? (() => "all")),
      };
    });

/**
 * What an alert asks in the most divided mode that has it.
 * @throws if no mode has what it asks for
 */
const asked = (alert: Alert, scopes: readonly Scope[]): string => {
  const [found] = scopes
    .filter(({ mode }) => alert.modes?.includes(mode) ?? true)
    .flatMap((scope) => resolved(condition(alert), scope, "rule") ?? []);
  if (found === undefined) throw new Error(`No mode has what the alert ${alert.alert} asks for.`);
  return found;
};

const pages: ReadonlyMap<string, Page> = new Map(
  catalogue.flatMap(({ monitoring }) => (monitoring?.pages ?? []).map((page) => [page.uid, page] as const)),
);

/** A line a sentence, so that a diff shows the one that changed. */
const sentences = (text: string): string => text.replace(/(?<=[a-z0-9)`%][.?!]) (?=[A-Z`])/g, "\n");

/** What a runbook says of an alert, with the query that it fires by. */
export type Section = Omit<Alert, "ask" | "description"> & { readonly query: string };

/** A section: its heading is the anchor that the alert's `runbook_url` names. */
const section = ({ alert, severity, summary, means, notice, act, page, look = [], query, for: wait }: Section) => {
  const where = `\`${pages.get(page)?.title ?? page}\` of Grafana, \`/d/${pageUid(page)}\``;
  const panels = look.length > 0 ? `: ${look.map((one) => `\`${one}\``).join(", ")}` : "";
  return [
    `## ${alert}`,
    `Severity: ${severity}.\n${sentences(summary)}`,
    "What it means:",
    sentences(means),
    "What users notice:",
    sentences(notice),
    `Look at the page ${where}${panels}.`,
    "Do this:",
    act.map((step, i) => `${i + 1}. ${sentences(step).replaceAll("\n", "\n   ")}`).join("\n"),
    `It fires ${wait ? `after ${wait}` : "at once"}, while this has an answer:`,
    `\`\`\`promql\n${query}\n\`\`\``,
  ].join("\n\n");
};

const pageOf = (title: string, sections: readonly Section[]): string =>
  [
    `# Runbooks: ${title}`,
    "`npm run runbooks` writes this page from the rules themselves.",
    "| alert | severity | in short |\n| --- | --- | --- |\n" +
      sections
        .map(({ alert, severity, summary }) => `| [${alert}](#${alert.toLowerCase()}) | ${severity} | ${summary} |`)
        .join("\n"),
    ...sections.map(section),
    "",
  ].join("\n\n");

const sectionsOf = (alerts: readonly Alert[], component: Component): readonly Section[] => {
  const scopes = scopesOf(component);
  return alerts.map((alert) => ({ ...alert, query: asked(alert, scopes) }));
};

/** What there is of pages and alerts, by component. */
const index = (): string =>
  [
    "# Pages and runbooks",
    "`npm run runbooks` writes this page from the components themselves.",
    "## Pages of Grafana",
    "A mode has the pages and panels of the roles that it has.",
    "| folder | page | its question |\n| --- | --- | --- |\n" +
      folders
        .flatMap((folder) =>
          catalogue
            .filter(({ monitoring }) => monitoring?.folder === folder)
            .flatMap(({ monitoring }) => monitoring?.pages ?? [])
            .map(({ title, question }) => `| ${folder} | ${title} | ${question} |`),
        )
        .join("\n"),
    "## Alerts by component",
    "| runbooks | critical | warning | info |\n| --- | --- | --- | --- |\n" +
      catalogue
        .flatMap(({ name, monitoring }) => {
          const alerts = monitoring?.rules?.alerts ?? [];
          if (alerts.length === 0) return [];
          const count = (severity: string): number => alerts.filter((alert) => alert.severity === severity).length;
          return [`| [${name}](${name}.md) | ${count("critical")} | ${count("warning")} | ${count("info")} |`];
        })
        .join("\n"),
    "[slo.md](slo.md) is about the alerts on objectives, which page when users are hurt.",
    "",
  ].join("\n\n");

/** The pages of docs/runbooks by their paths. */
export const runbooks = (): Readonly<Record<string, string>> => {
  const found = new Map<string, readonly Section[]>();
  const add = (name: string, sections: readonly Section[]): void => {
    const before = found.get(name) ?? [];
    const news = sections.filter(({ alert }) => !before.some((one) => one.alert === alert));
    if (news.length > 0) found.set(name, [...before, ...news]);
  };
  for (const component of catalogue)
    add(component.name, sectionsOf(component.monitoring?.rules?.alerts ?? [], component));
  // Several rulers may evaluate the same.
  for (const component of catalogue)
    if (component.evaluates) add(component.evaluates.about, sectionsOf(component.evaluates.alerts, component));
  const ofComponents = [...found].map(([name, sections]) => [name, pageOf(name, sections)] as const);
  return Object.fromEntries(
    [
      ["README", index()] as const,
      ...ofComponents,
      ["slo", pageOf("what users ask of the stack", burnRunbooks())] as const,
    ].map(([name, text]) => [`docs/runbooks/${name}.md`, text]),
  );
};
