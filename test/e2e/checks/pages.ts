import { unseen } from "../../facts/unseen.ts";
import { type Page, pageOf } from "../../lib/dashboards.ts";
import type { Rule } from "../../lib/monitoring.ts";
import { parse } from "yaml";
import { type Check, type Context, now, seconds, sleep } from "../context.ts";
import { askJson, type DataSource, headers } from "../datasources.ts";
import { mayBeEmpty } from "../empty.ts";
import { kubectl } from "../kubectl.ts";
import {
  chosenBy,
  curlAnswers,
  curlConfig,
  openedWith,
  type Question,
  questionsOfPage,
  questionsOfRule,
  type Values,
  verdict,
  type Verdict,
} from "../questions.ts";

/** Files of the stack's ConfigMaps whose names begin so. */
async function filesOf({ cluster }: Context, prefix: RegExp): Promise<readonly (readonly [string, string])[]> {
  const { items }: { items: readonly { metadata: { name: string }; data?: Readonly<Record<string, string>> }[] } =
    JSON.parse(await kubectl(cluster, ["-n", cluster.stack, "get", "configmaps", "-o", "json"]));
  return items.filter(({ metadata }) => prefix.test(metadata.name)).flatMap(({ data = {} }) => Object.entries(data));
}

/** Asks all in one process of the pod that stands for Grafana: a call of kubectl for each would take minutes. */
async function answersTo(
  context: Context,
  questions: readonly Question[],
  sources: ReadonlyMap<string, DataSource>,
): Promise<readonly Verdict[]> {
  const found: Verdict[] = [];
  const together = 100;
  for (let at = 0; at < questions.length; at += together) {
    const some = questions.slice(at, at + together);
    const config = curlConfig(
      some.map(({ source, path, parameters }) => {
        const { url } = sources.get(source) as DataSource;
        return {
          url: `${url.replace(/\/$/, "")}${path}?${new URLSearchParams(parameters)}`,
          headers: headers(sources.get(source) as DataSource),
        };
      }),
    );
    const { namespace, name } = context.probe;
    const output = await kubectl(
      context.cluster,
      // curl ends with the code of what failed last; what it wrote says which.
      ["-n", namespace, "exec", "-i", name, "--", "sh", "-c", "curl -K - || true"],
      config,
    );
    const answers = curlAnswers(output);
    some.forEach((question, i) => {
      const { status, body } = answers[i] ?? { status: 0, body: "no answer" };
      found.push(verdict(question, status, body));
    });
  }
  return found;
}

const unseenNames = Object.values(unseen).flatMap((metrics) => Object.keys(metrics));
const isExcused = ({ question: { where, parameters } }: Verdict): boolean => {
  const text = `${where} ${parameters["query"] ?? parameters["q"] ?? ""}`;
  return mayBeEmpty.some(({ of }) => of.test(text)) || unseenNames.some((name) => text.includes(name));
};

/** Every question of the pages and rules that are applied. */
async function questionsOf(context: Context, sources: ReadonlyMap<string, DataSource>) {
  const pages = (await filesOf(context, /^grafana-dashboards-/)).map(([file, text]): Page => {
    return pageOf({ text, path: file, owner: "", mode: "", config: "" });
  });
  const files = await filesOf(context, /^prometheus-rules(-|$)/);
  const rules = files.flatMap(([, text]) =>
    ((parse(text) as { readonly groups?: readonly { readonly rules: readonly Rule[] }[] }).groups ?? []).flatMap(
      (group) => group.rules,
    ),
  );
  const at = now();
  const ofPages = await Promise.all(
    pages.map(async (page) => {
      const values: Record<string, string> = { ...openedWith(page) };
      for (const { name, of, label } of chosenBy(page)) {
        const parameters = { "match[]": of.replace(/\$\{?\w+\}?/g, ".*") };
        const { data } = await askJson<{ data: readonly string[] }>(
          context,
          "metrics",
          `/api/v1/label/${label}/values`,
          parameters,
        );
        values[name] = data[0] ?? "";
      }
      return questionsOfPage(page, values satisfies Values, sources, at);
    }),
  );
  const ofRules = rules.flatMap((rule) => questionsOfRule(rule, at));
  return { pages, rules, questions: [...ofPages.flat(), ...ofRules] };
}

const line = ({ question: { where, parameters }, error }: Verdict): string =>
  `${where}: ${error ?? "empty"}: ${parameters["query"] ?? parameters["q"]}`;

export const pageChecks: readonly Check[] = [
  {
    name: "each query of each page and rule is answered, and has a result",
    async run(context) {
      const sources = await context.dataSources();
      const { pages, rules, questions } = await questionsOf(context, sources);
      if (pages.length === 0 && rules.length === 0) return { skipped: "no page and no rule is applied" };
      let verdicts = await answersTo(context, questions, sources);
      const isBad = (one: Verdict): boolean =>
        one.error !== undefined || (one.isEmpty && one.question.expects === "result" && !isExcused(one));
      // A series that has just begun has no rate yet.
      for (const end = Date.now() + seconds.metrics * 1000; verdicts.some(isBad) && Date.now() < end;) {
        await sleep(30);
        const time = `${now()}`;
        const again = verdicts.filter(isBad).map(({ question }) => ({
          ...question,
          parameters: question.path === "/api/v1/query" ? { ...question.parameters, time } : question.parameters,
        }));
        verdicts = [...verdicts.filter((one) => !isBad(one)), ...(await answersTo(context, again, sources))];
      }
      const failed = verdicts.filter(({ error }) => error !== undefined);
      const empty = verdicts.filter((one) => one.error === undefined && isBad(one));
      const excused = verdicts.filter((one) => one.isEmpty && one.question.expects === "result" && isExcused(one));
      const detail = `${questions.length} queries of ${pages.length} pages and ${rules.length} rules: ${failed.length} failed, ${empty.length} empty, ${excused.length} empty for a known reason`;
      if (failed.length + empty.length > 0)
        throw new Error(`${detail}\n  ${[...failed, ...empty].map(line).join("\n  ")}`);
      return detail;
    },
  },
];
