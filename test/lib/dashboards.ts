import { builtIn, model, panelTypes, streamLabels, units, without, worded } from "../facts/dashboards.ts";
import { once } from "../../src/core/util/once.ts";
import type { Findings } from "./findings.ts";
import { type Inventory, type Known, knownOf } from "./inventory.ts";
import type { PageFile, Placed, Rule } from "./monitoring.ts";
import {
  type Expression,
  labelsOf,
  logql,
  type Matcher,
  partsOf,
  promql,
  type Selector,
  traceql,
  withoutVariables,
} from "./queries.ts";

interface Source {
  readonly type: string;
  readonly uid: string;
}
export interface Target {
  readonly refId: string;
  readonly datasource?: Source;
  readonly expr?: string;
  readonly query?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
}
interface Step {
  readonly value: number | null;
}
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: Source;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets?: readonly Target[];
  readonly panels?: readonly Panel[];
  readonly collapsed?: boolean;
  readonly repeat?: string;
  readonly links?: readonly { readonly url?: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly Step[] };
      readonly links?: readonly { readonly url: string }[];
      readonly color?: object;
    };
    readonly overrides?: readonly {
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string; readonly label?: string; readonly stream?: string };
  readonly datasource?: Source;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
}
interface Link {
  readonly url?: string;
  readonly type: string;
  readonly tags?: readonly string[];
}
export interface Page {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly editable?: boolean;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly links?: readonly Link[];
  readonly templating?: { readonly list: readonly Variable[] };
  readonly annotations?: {
    readonly list: readonly { readonly name: string; readonly expr?: string; readonly datasource?: Source }[];
  };
}

export const pageOf = ({ text }: PageFile): Page => JSON.parse(text) as Page;

/** Panels, those of closed rows included, without the rows. */
export const panelsOf = (page: Page): readonly Panel[] =>
  page.panels.flatMap((one) => (one.type === "row" ? (one.panels ?? []) : [one]));

/** What pages and rules may ask for. */
export interface World {
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** All rules: what they record can be asked for. */
  readonly rules: readonly Placed[];
  /** Labels that a data source adds: of the cluster. */
  readonly external: readonly string[];
}

/** Where a query stands: whose it is, and in which mode. */
export interface Asked {
  readonly owner: string;
  readonly mode: string;
  readonly use: "page" | "rule";
}

const isFixed = ({ value }: Matcher): boolean => !value.includes("$");
const matches = ({ operator, value }: Matcher, text: string): boolean => {
  const is = operator.endsWith("~") ? new RegExp(`^(?:${value})$`, "s").test(text) : value === text;
  return operator.startsWith("=") ? is : !is;
};
const isPositive = ({ operator, value }: Matcher): boolean =>
  operator === "="
    ? value !== ""
    : operator === "=~" && isFixed({ label: "", operator, value }) && !new RegExp(`^(?:${value})$`).test("");

/** Labels of what rules record. */
const recorded = (name: string, world: World, depth = 0): ReadonlySet<string> | undefined => {
  const makers = world.rules.filter(({ rule }) => rule.record === name);
  if (makers.length === 0) return undefined;
  const all = recordings(world);
  const known = all.get(name);
  if (known) return known;
  const found = new Set<string>();
  all.set(name, found);
  for (const { rule } of makers) {
    const labels = depth > 5 ? "any" : labelsOf(promql(rule.expr).tree, (one) => seriesLabels(one, world, depth + 1));
    for (const label of labels === "any" ? ["*"] : labels) found.add(label);
    for (const label of Object.keys(rule.labels ?? {})) found.add(label);
  }
  return found;
};
const recordings = once((_: World) => new Map<string, Set<string>>());

/** Series whose labels nobody can list. */
const boundless = /^ALERTS(?:_FOR_STATE)?$/;

const candidates = ({ name, matchers }: Selector, world: World): readonly Known[] => {
  const fixed = matchers.filter(isFixed);
  return knownOf(name, world.inventories).filter(({ program, jobs, labels }) =>
    fixed.every((one) => {
      if (one.label === "app") return labels.has("app") ? matches(one, program) : !isPositive(one);
      if (one.label === "job") return jobs.length > 0 ? jobs.some((job) => matches(one, job)) : !isPositive(one);
      return true;
    }),
  );
};

const seriesLabels = (one: Selector, world: World, depth = 0): ReadonlySet<string> | "any" => {
  if (one.name === "" || boundless.test(one.name)) return "any";
  const own = recorded(one.name, world, depth);
  if (own) return own.has("*") ? "any" : new Set([...own, ...world.external]);
  return new Set([...candidates(one, world).flatMap(({ labels }) => [...labels]), ...world.external]);
};

/** Selectors that nothing has, or that contradict themselves. */
function selectorFaults(one: Selector, asked: Asked, world: World): Findings {
  const faults: string[] = [];
  const { name, matchers } = one;
  for (const a of matchers.filter(({ operator }) => operator === "="))
    for (const b of matchers)
      if (a !== b && a.label === b.label && isFixed(a) && isFixed(b) && !matches(b, a.value))
        faults.push(`${name} cannot have ${a.label}${a.operator}"${a.value}" and ${b.label}${b.operator}"${b.value}"`);
  if (boundless.test(name)) return faults;
  if (name === "") return [...faults, "a selector without a metric asks for everything"];
  const labels = seriesLabels(one, world);
  if (recorded(name, world)) {
    if (labels !== "any")
      for (const matcher of matchers)
        if (isPositive(matcher) && !labels.has(matcher.label))
          faults.push(
            `${name} is recorded without the label ${matcher.label}: it has ${[...labels].sort().join(", ")}`,
          );
    return faults;
  }
  if (name.includes(":")) return [...faults, `nobody records ${name}`];
  const found = candidates(one, world);
  if (found.length === 0) {
    const others = [...new Set(knownOf(name, world.inventories).map(({ program }) => program))];
    const whose = matchers
      .filter(({ label }) => label === "app" || label === "job")
      .map(({ operator, value, label }) => `${label}${operator}"${value}"`);
    return [
      ...faults,
      others.length > 0
        ? `${name} is a metric of ${others.join(", ")}, not of ${whose.join(", ")}`
        : `no program has ${name} (test/facts/metrics; what shows only once something fails stands in test/facts/unseen.ts)`,
    ];
  }
  for (const matcher of matchers) {
    if (matcher.label === "__name__" || (labels !== "any" && labels.has(matcher.label)) || !isPositive(matcher))
      continue;
    faults.push(
      `${name} has no label ${matcher.label}, so ${matcher.label}${matcher.operator}"${matcher.value}" finds nothing`,
    );
  }
  const workload = matchers.find((matcher) => matcher.label === "workload" && isFixed(matcher));
  if (workload) {
    const places = new Set(found.flatMap((known) => [...known.places]));
    const modes = new Set(
      [
        ...places,
        ...[...found.flatMap(({ program }) => [...(world.inventories.get(program)?.metrics.values() ?? [])])].flatMap(
          (metric) => [...metric.places],
        ),
      ].map((place) => place.split("/")[0]),
    );
    const own = found.every(({ program }) => program === asked.owner);
    // A mode that nobody has asked yet is not judged.
    if (own && !modes.has(asked.mode)) return faults;
    const here = [...places]
      .filter((place) => !own || place.startsWith(`${asked.mode}/`))
      .map((place) => place.split("/")[1] ?? "");
    if (places.size > 0 && !here.some((place) => matches(workload, place)))
      faults.push(
        `${name} is no metric of the workload "${workload.value}"${own ? ` in mode ${asked.mode}` : ""}: it is one of ${[...new Set(here)].sort().join(", ") || "none"}`,
      );
  }
  return faults;
}

/** Functions that make sense of a counter. */
const ofCounters =
  /^(?:rate|irate|increase|resets|changes|absent|absent_over_time|present_over_time|count_over_time|last_over_time|timestamp|delta|idelta|deriv|info)$/;
const ofRange = /^(?:rate|irate|increase)$/;

/** What is wrong with a query for what it means. */
function meaningFaults(tree: Expression, asked: Asked, world: World): Findings {
  const faults: string[] = [];
  const visit = (one: Expression, isCounted: boolean): void => {
    switch (one.kind) {
      case "selector": {
        const known = candidates(one, world);
        if (!isCounted && known.length > 0 && known.every(({ type }) => type === "c"))
          faults.push(`${one.name} is a counter: only its rate or increase says something`);
        return;
      }
      case "call":
        if (one.name === "irate") faults.push("irate shows two samples of many: rate says what happened");
        for (const inner of one.of) {
          if (ofRange.test(one.name) && inner.kind === "selector" && asked.use === "rule" && (inner.range ?? 0) < 120)
            faults.push(`${one.name}(${inner.name}[${inner.range}s]): with a scrape each 30 s a range is at least 2m`);
          visit(inner, isCounted || ofCounters.test(one.name));
        }
        return;
      case "aggregate": {
        const inner = one.of.find(({ kind }) => kind !== "value");
        const there = inner ? labelsOf(inner, (selector) => seriesLabels(selector, world)) : "any";
        if (there !== "any")
          for (const label of one.by ?? [])
            if (!there.has(label) && !world.external.includes(label))
              faults.push(
                `${one.operation} by (${label}): there is no such label, only ${[...there].sort().join(", ") || "none"}`,
              );
        for (const each of one.of) visit(each, isCounted || /^(?:count|group)$/.test(one.operation));
        return;
      }
      case "binary": {
        const sides = [one.left, one.right].map((side) => labelsOf(side, (selector) => seriesLabels(selector, world)));
        for (const label of [...(one.on ?? []), ...(one.group?.labels ?? [])])
          if (sides.every((side) => side !== "any" && !side.has(label)))
            faults.push(`${one.operation} by the label ${label}, which neither side has`);
        for (const label of one.on ?? [])
          if (
            one.operation !== "or" &&
            sides.some((side) => side !== "any" && !side.has(label)) &&
            sides.some((side) => side === "any" || side.has(label))
          )
            faults.push(`${one.operation} on (${label}), which one side does not have: nothing matches`);
        // What is there or not, and zeros where a total is there.
        const isPresence = /^(?:and|unless)$/.test(one.operation);
        const isZero =
          one.operation === "*" &&
          [one.left, one.right].some((side) => side.kind === "value" && Number(side.text) === 0);
        visit(one.left, isCounted || isZero);
        visit(one.right, isCounted || isPresence || isZero);
        return;
      }
      case "subquery":
        return visit(one.of, isCounted);
      case "value":
    }
  };
  visit(tree, false);
  return faults;
}

const fixedRange = /\b(rate|increase|irate)\(\s*([\w:]*)[^()[\]]*\[([^\]]*)\]/g;
/** In a text there may be brackets. */
const withoutTexts = (text: string): string => text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
/** Whether an alert asks the same: its threshold is for that range, and for no other. */
const isOfAlert = (call: string, metric: string, range: string, { rules }: World): boolean =>
  rules.some(
    ({ rule }) =>
      rule.alert !== undefined &&
      [...withoutTexts(rule.expr).matchAll(fixedRange)].some(
        ([, own, of, over]) => own === call && of === metric && over === range,
      ),
  );

/** What is wrong with an expression of Prometheus. */
export function promqlFaults(
  text: string,
  asked: Asked,
  world: World,
  values: Readonly<Record<string, string>> = {},
): Findings {
  const { errors, tree } = promql(withoutVariables(text, values));
  if (errors.length > 0) return errors;
  const selectors = partsOf(tree).filter((part): part is Selector => part.kind === "selector");
  const faults = [
    ...selectors.flatMap((one) => selectorFaults(one, asked, world)),
    ...meaningFaults(tree, asked, world),
  ];
  if (asked.use === "page")
    for (const [, call = "", metric = "", range = ""] of withoutTexts(text).matchAll(fixedRange))
      if (!/^\$(?:__rate_interval|__range|\{__rate_interval\})$/.test(range) && !isOfAlert(call, metric, range, world))
        faults.push(`${call} over [${range}]: expected [$__rate_interval], which grows with the time that is shown`);
  return faults;
}

/** Labels of a result that a text names: `{{pod}}`, or `$labels.pod`. */
export function namedFaults(text: string, expr: string, world: World, more: readonly string[] = []): Findings {
  const there = labelsOf(promql(withoutVariables(expr)).tree, (one) => seriesLabels(one, world));
  if (there === "any") return [];
  const named = [...text.matchAll(/\{\{\s*(\w+)\s*\}\}|\$labels\.(\w+)/g)].map(
    ([, legend, label]) => legend ?? label ?? "",
  );
  return named
    .filter((label) => !there.has(label) && !more.includes(label) && label !== "__name__")
    .map(
      (label) => `"${text}" names the label ${label}, and the query gives ${[...there].sort().join(", ") || "none"}`,
    );
}

const keyFaults = (where: string, object: object | undefined, kind: keyof typeof model): Findings =>
  Object.keys(object ?? {})
    .filter((key) => !model[kind].split(" ").includes(key))
    .map((key) => `${where}: Grafana knows no ${kind}.${key}`);

/** Whether the page is one that Grafana loads as it is meant. */
export function modelFaults(page: Page, bytes: number): Findings {
  const faults: string[] = [];
  const say = (fault: string): void => void faults.push(fault);
  faults.push(...keyFaults("page", page, "page"));
  if (!/^[\w-]{1,40}$/.test(page.uid ?? "")) say(`uid "${page.uid}": expected at most 40 letters, digits, - and _`);
  if (page.schemaVersion !== 42)
    say(`schemaVersion is ${page.schemaVersion}: expected 42, the last of the classic model`);
  if (page.editable !== false) say("editable is not false: what people save would be lost");
  if (!page.title) say("no title");
  if (!page.description?.includes("?"))
    say(`description "${page.description}": expected the question that the page answers`);
  if (!page.tags?.includes("kube-lgtm")) say("no tag kube-lgtm");
  if (bytes > 100 * 1024) say(`${bytes} bytes: expected at most 100 KB`);
  const panels = panelsOf(page);
  if (panels.length > 25) say(`${panels.length} panels: expected at most 25`);
  if (panels.length === 0) say("no panel");
  const ids = new Set<number>();
  for (const one of [...page.panels, ...page.panels.flatMap((row) => row.panels ?? [])]) {
    const where = `panel "${one.title}"`;
    if (ids.has(one.id)) say(`${where}: another has the id ${one.id}`);
    ids.add(one.id);
    faults.push(
      ...keyFaults(where, one, one.type === "row" ? "row" : "panel"),
      ...keyFaults(where, one.gridPos, "gridPos"),
    );
    if (!panelTypes.includes(one.type)) say(`${where}: Grafana brings no panel "${one.type}"`);
    const { x, y, w, h } = one.gridPos;
    if (!(x >= 0 && w > 0 && x + w <= 24 && y >= 0 && h > 0))
      say(`${where}: ${JSON.stringify(one.gridPos)} is not in the grid of 24 columns`);
    if (one.type === "row") continue;
    const { defaults, overrides } = one.fieldConfig ?? {};
    faults.push(
      ...keyFaults(where, one.fieldConfig, "fieldConfig"),
      ...keyFaults(where, defaults, "defaults"),
      ...keyFaults(where, defaults?.thresholds, "thresholds"),
      ...keyFaults(where, defaults?.color, "color"),
      ...keyFaults(where, one.datasource, "datasource"),
    );
    if (!one.title || /^panel title$/i.test(one.title)) say(`panel ${one.id}: no title`);
    if ((one.description ?? "").length < 20) say(`${where}: no description`);
    const used = [
      defaults?.unit,
      ...(overrides ?? []).flatMap(({ properties }) =>
        properties.filter(({ id }) => id === "unit").map(({ value }) => value as string),
      ),
    ];
    if (!without.unit.includes(one.type) && !defaults?.unit) say(`${where}: no unit`);
    for (const unit of used)
      if (unit !== undefined && !units.includes(unit) && !worded.includes(unit))
        say(`${where}: Grafana knows no unit "${unit}"`);
    if (!without.targets.includes(one.type) && (one.targets ?? []).length === 0) say(`${where}: it asks nothing`);
    const refs = (one.targets ?? []).map(({ refId }) => refId);
    if (new Set(refs).size < refs.length || refs.includes(""))
      say(`${where}: two queries are called ${refs.join(", ")}`);
  }
  const placed = [page.panels, ...page.panels.filter(({ type }) => type === "row").map((row) => row.panels ?? [])];
  for (const together of placed)
    together.forEach((a, i) => {
      for (const b of together.slice(i + 1)) {
        const [p, q] = [a.gridPos, b.gridPos];
        if (p.x < q.x + q.w && q.x < p.x + p.w && p.y < q.y + q.h && q.y < p.y + p.h)
          say(`panels "${a.title}" and "${b.title}" lie on each other`);
      }
    });
  return faults;
}

/** Variables that queries use and those that the page has. */
export function variableFaults(page: Page): Findings {
  const faults: string[] = [];
  const variables = page.templating?.list ?? [];
  for (const one of variables) faults.push(...keyFaults(`variable ${one.name}`, one, "variable"));
  for (const one of page.links ?? []) faults.push(...keyFaults("link", one, "link"));
  const names = new Set(variables.map(({ name }) => name));
  const source = variables.find(({ type }) => type === "datasource");
  if (!source) faults.push("no variable for the data source");
  const { templating: _, ...rest } = page;
  const everything = JSON.stringify([rest, variables.map(({ query, datasource }) => [query, datasource])]);
  const used = new Set(
    [...everything.matchAll(/\$(?:\{(\w+)(?:[:.][\w.]+)*\}|(\w+))/g)]
      .map(([, braced, bare]) => braced ?? bare ?? "")
      .filter((name) => !/^\d/.test(name)),
  );
  for (const name of used)
    if (!names.has(name) && !builtIn.test(name) && name !== "labels")
      faults.push(`$${name} is no variable of the page`);
  for (const name of names) if (!used.has(name)) faults.push(`the variable ${name} changes nothing`);
  const several = variables.filter(({ multi, includeAll }) => multi || includeAll).map(({ name }) => name);
  for (const panel of panelsOf(page))
    for (const { expr = "" } of panel.targets ?? [])
      for (const name of several)
        if (new RegExp(`[^!=~]=\\s*"[^"]*\\$\\{?${name}\\b`).test(expr))
          faults.push(`panel "${panel.title}": $${name} may be several, so it is matched by =~: ${expr}`);
  return faults;
}

const isVariable = (uid: string | undefined): boolean => uid?.startsWith("$") ?? false;

/** What is wrong with what a page asks for. */
export function queryFaults(page: Page, asked: Asked, world: World): Findings {
  const faults: string[] = [];
  const ask = (
    where: string,
    one: { readonly expr?: string; readonly query?: string; readonly legendFormat?: string },
    source: Source | undefined,
  ): void => {
    const say = (found: Findings, text: string): void =>
      void faults.push(...found.map((fault) => `${where}: ${fault}, in ${text}`));
    const text = one.expr ?? one.query ?? "";
    if (text === "") return void faults.push(`${where}: an empty query`);
    switch (source?.type) {
      case "prometheus":
        if (!isVariable(source.uid))
          faults.push(`${where}: the data source is ${source.uid}: expected the page's variable`);
        say(promqlFaults(text, asked, world), text);
        say(namedFaults(one.legendFormat ?? "", text, world), text);
        if (/\bnamespace="[^$"]+"/.test(text)) faults.push(`${where}: a namespace is written out in ${text}`);
        return;
      case "loki": {
        const { errors, tree } = logql(withoutVariables(text));
        say(errors, text);
        for (const matcher of tree.selectors.flat())
          if (
            !streamLabels.includes(matcher.label) &&
            !world.external.includes(matcher.label) &&
            !/^(?:k8s|service|deployment|cloud)_/.test(matcher.label)
          )
            faults.push(`${where}: no stream has the label ${matcher.label}, in ${text}`);
        if (errors.length === 0 && tree.selectors.every((all) => !all.some((one) => isPositive(one) || !isFixed(one))))
          faults.push(`${where}: Loki refuses a selector that may be empty, in ${text}`);
        return;
      }
      case "tempo":
        return say(traceql(withoutVariables(text)).errors, text);
      default:
        faults.push(`${where}: no data source of a type that is known here: ${JSON.stringify(source)}`);
    }
  };
  for (const panel of panelsOf(page))
    for (const target of panel.targets ?? [])
      ask(`panel "${panel.title}" ${target.refId}`, target, target.datasource ?? panel.datasource);
  for (const one of page.annotations?.list ?? [])
    if (one.expr !== undefined) ask(`annotation "${one.name}"`, { expr: one.expr }, one.datasource);
  for (const { name, type, query, datasource } of page.templating?.list ?? []) {
    const text = typeof query === "string" ? query : (query?.query ?? "");
    const [, of = "", label = ""] = /^label_values\((?:(.*),\s*)?(\w+)\)$/s.exec(text) ?? [];
    if (type !== "query" || datasource?.type !== "prometheus") continue;
    if (of === "") continue;
    const where = `variable ${name}`;
    const found = promqlFaults(of, asked, world).filter((fault) => !/is a counter/.test(fault));
    faults.push(...found.map((fault) => `${where}: ${fault}, in ${text}`));
    const there = labelsOf(promql(withoutVariables(of)).tree, (one) => seriesLabels(one, world));
    if (there !== "any" && found.length === 0 && !there.has(label))
      faults.push(`${where}: ${of} has no label ${label}`);
  }
  return faults;
}

/** Pages that a page leads to, with the variables that it gives them. */
export const linksOf = (
  page: Page,
): readonly { readonly where: string; readonly uid: string; readonly variables: readonly string[] }[] => {
  const urls = [
    ...(page.links ?? []).map(({ url }) => ["page", url] as const),
    ...panelsOf(page).flatMap(({ title, links = [], fieldConfig }) =>
      [
        ...links,
        ...(fieldConfig?.defaults.links ?? []),
        ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
          properties
            .filter(({ id }) => id === "links")
            .flatMap(({ value }) => value as readonly { readonly url: string }[]),
        ),
      ].map(({ url }) => [`panel "${title}"`, url] as const),
    ),
  ];
  return urls.flatMap(([where, url = ""]) => {
    const [, uid, query = ""] = /^\/d\/([\w-]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(url) ?? [];
    return uid === undefined
      ? []
      : [{ where, uid, variables: [...query.matchAll(/var-(\w+)=/g)].map(([, name = ""]) => name) }];
  });
};

/** An expression without what a page's reader chooses, and whatever the range is. */
const plain = (text: string): string =>
  text
    .replace(/,?\s*\w+=~?"\$\{?\w+(?::\w+)?\}?"/g, "")
    .replace(/\{\s*,\s*/g, "{")
    .replace(/\{\}/g, "")
    .replace(/\[[^\]]*\]/g, "[]")
    .replace(/\s+/g, "")
    .replace(/^\((.*)\)$/, (whole, inner: string) => (balanced(inner) ? inner : whole));
const balanced = (text: string): boolean => {
  let open = 0;
  for (const c of text) {
    if (c === "(") open += 1;
    if (c === ")") open -= 1;
    if (open < 0) return false;
  }
  return open === 0;
};

/** What an alert compares with what: the expression and the number. */
export const thresholdOf = ({ expr }: Rule): { readonly of: string; readonly limit: number } | undefined => {
  const [, of = "", , limit] = /^(.*?)\s*(>=?|<=?)\s*(-?[\d.]+(?:e-?\d+)?)$/s.exec(expr.trim()) ?? [];
  return limit === undefined || !balanced(of) ? undefined : { of: plain(of), limit: Number(limit) };
};

/** Panels of what an alert is about draw its threshold, and no other. */
export function thresholdFaults(page: Page, alerts: readonly Rule[]): Findings {
  return panelsOf(page).flatMap((panel) =>
    (panel.targets ?? []).flatMap(({ expr = "" }) => {
      const about = alerts.flatMap((rule) => {
        const found = thresholdOf(rule);
        return found && expr !== "" && found.of === plain(expr) ? [{ rule, limit: found.limit }] : [];
      });
      const drawn = (panel.fieldConfig?.defaults.thresholds?.steps ?? []).flatMap(({ value }) =>
        value === null ? [] : [value],
      );
      return about.length === 0 || about.some(({ limit }) => drawn.includes(limit))
        ? []
        : about.map(
            ({ rule, limit }) =>
              `panel "${panel.title}" draws ${drawn.join(", ") || "no threshold"}, and the alert ${rule.alert} on the same query fires at ${limit}`,
          );
    }),
  );
}
